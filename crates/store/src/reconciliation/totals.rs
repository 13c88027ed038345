//! What banks stated of their windows, and what we counted then.

use domain::{BankId, Currency};
use jiff::{Timestamp, civil::Date};
use tokio_postgres::Row;

use crate::{Pool, StoreError, columns};

/// A window of a bank.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatedTotals {
    /// The bank.
    pub bank: BankId,
    /// Its code.
    pub bank_code: String,
    /// The window.
    pub date: Date,
    /// The currency of the totals, if there is one.
    pub currency: Option<Currency>,
    /// What the bank stated last, as `DE74=...|DE75=...`; `None`: nothing, though it must.
    pub stated: Option<String>,
    /// What we counted, in the same form; empty if there was no total to give.
    pub counted: String,
    /// Why there was none.
    pub reason: String,
    /// When the bank said it, or closed the window, or the window's date ended.
    pub at: Timestamp,
    /// The currencies of the window's messages, if we counted nothing in the currency of the totals.
    pub others: Vec<Currency>,
}

/// The windows from `from` to `until`: the last totals of each currency, and those of which nothing was stated that must be.
///
/// A bank is to state a currency from the first window on of which it stated something in it that we had, too. A window that
/// holds messages in that currency must be stated; of a bank that cuts over only those that it has closed, and these also if
/// they are empty.
pub async fn stated_totals(
    pool: &Pool,
    (from, until): (Date, Date),
) -> Result<Vec<StatedTotals>, StoreError> {
    let text = format!(
        "SELECT t.bank_id, b.code, t.bank_date, t.currency, t.stated, t.counted, t.reason, t.received_at, \
         CASE WHEN t.counted <> '' AND NOT t.counted ~ '{SOMETHING}' THEN ARRAY(SELECT DISTINCT m.currency FROM message m \
         WHERE m.bank_id = t.bank_id AND m.bank_date = t.bank_date AND m.source = 'online' \
         AND m.currency NOT IN (0, coalesce(t.currency, 0)) ORDER BY 1) ELSE '{{}}' END \
         FROM (SELECT DISTINCT ON (bank_id, bank_date, currency) * FROM bank_totals WHERE bank_date >= $1 \
         ORDER BY bank_id, bank_date, currency, received_at DESC) t JOIN bank b USING (bank_id) \
         ORDER BY t.bank_id, t.bank_date, t.currency"
    );
    let client = pool.get().await?;
    let rows = client.query(text.as_str(), &[&from]).await?;
    let mut all = rows.iter().map(totals).collect::<Result<Vec<_>, _>>()?;
    let text = format!(
        "SELECT s.bank_id, b.code, d.date, s.currency, NULL::text, '', '', coalesce(w.cut_at, d.day + '1 day'), \
         '{{}}'::int[] FROM (SELECT bank_id, currency, min(bank_date) AS first FROM bank_totals WHERE currency IS NOT NULL \
         AND counted ~ '{SOMETHING}' GROUP BY 1, 2) s JOIN bank b USING (bank_id) CROSS JOIN LATERAL \
         generate_series(greatest(s.first, $1)::timestamp AT TIME ZONE 'UTC', $2::date::timestamp AT TIME ZONE 'UTC', \
         '1 day') AS g(day) CROSS JOIN LATERAL (SELECT g.day, (g.day AT TIME ZONE 'UTC')::date AS date) AS d \
         LEFT JOIN LATERAL (SELECT min(cut_at) AS cut_at FROM bank_window WHERE bank_id = s.bank_id \
         AND closed_date = d.date) AS w ON true WHERE NOT EXISTS (SELECT FROM bank_totals t WHERE t.bank_id = s.bank_id \
         AND t.bank_date = d.date AND (t.currency = s.currency OR t.currency IS NULL)) \
         AND (w.cut_at IS NOT NULL OR NOT EXISTS (SELECT FROM bank_window o WHERE o.bank_id = s.bank_id)) \
         AND EXISTS (SELECT FROM message m WHERE m.bank_id = s.bank_id AND m.bank_date = d.date AND m.source = 'online' \
         AND m.currency = s.currency) ORDER BY 1, 3, 4"
    );
    for row in client.query(text.as_str(), &[&from, &until]).await? {
        all.push(totals(&row)?);
    }
    let text = "SELECT w.bank_id, b.code, w.closed_date, NULL::int, NULL::text, '', '', w.cut_at, '{}'::int[] \
                FROM bank_window w JOIN bank b USING (bank_id) WHERE w.closed_date >= $1 AND NOT EXISTS (SELECT FROM \
                bank_totals t WHERE t.bank_id = w.bank_id AND t.bank_date = w.closed_date) AND w.closed_date > (SELECT \
                min(t.bank_date) FROM bank_totals t WHERE t.bank_id = w.bank_id) ORDER BY 1, 3";
    for row in client.query(text, &[&from]).await? {
        let window = totals(&row)?;
        // Said by currency already.
        if !all.iter().any(|other| (other.bank, other.date) == (window.bank, window.date)) {
            all.push(window);
        }
    }
    Ok(all)
}

/// That one of the elements of totals is not zero.
const SOMETHING: &str = "=[A-Za-z]?0*[1-9]";

fn totals(row: &Row) -> Result<StatedTotals, StoreError> {
    let (currency, others): (Option<i32>, Vec<i32>) = (row.try_get(3)?, row.try_get(8)?);
    Ok(StatedTotals {
        bank: BankId(row.try_get(0)?),
        bank_code: row.try_get(1)?,
        date: row.try_get(2)?,
        currency: currency.map(columns::currency_numbered).transpose()?,
        stated: row.try_get(4)?,
        counted: row.try_get(5)?,
        reason: row.try_get(6)?,
        at: row.try_get(7)?,
        others: others.into_iter().map(columns::currency_numbered).collect::<Result<_, _>>()?,
    })
}

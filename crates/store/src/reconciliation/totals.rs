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
    /// What the bank stated last, as `DE74=...|DE75=...`; `None`: nothing, though it closed the window and states others.
    pub stated: Option<String>,
    /// What we counted, in the same form; empty if there was no total to give.
    pub counted: String,
    /// Why there was none.
    pub reason: String,
    /// When the bank said it, or closed the window.
    pub at: Timestamp,
}

/// The windows from `from` on: the last totals of each currency, and those that were closed and of which nothing was stated.
pub async fn stated_totals(pool: &Pool, from: Date) -> Result<Vec<StatedTotals>, StoreError> {
    let text = "SELECT DISTINCT ON (t.bank_id, t.bank_date, t.currency) t.bank_id, b.code, t.bank_date, t.currency, \
                t.stated, t.counted, t.reason, t.received_at FROM bank_totals t JOIN bank b USING (bank_id) \
                WHERE t.bank_date >= $1 ORDER BY t.bank_id, t.bank_date, t.currency, t.received_at DESC";
    let client = pool.get().await?;
    let mut all = client.query(text, &[&from]).await?.iter().map(totals).collect::<Result<Vec<_>, _>>()?;
    let text = "SELECT w.bank_id, b.code, w.closed_date, NULL::int, NULL::text, '', '', w.cut_at FROM bank_window w \
                JOIN bank b USING (bank_id) WHERE w.closed_date >= $1 AND NOT EXISTS (SELECT FROM bank_totals t \
                WHERE t.bank_id = w.bank_id AND t.bank_date = w.closed_date) AND EXISTS (SELECT FROM bank_totals t \
                WHERE t.bank_id = w.bank_id) ORDER BY 1, 3";
    for row in client.query(text, &[&from]).await? {
        all.push(totals(&row)?);
    }
    Ok(all)
}

fn totals(row: &Row) -> Result<StatedTotals, StoreError> {
    let currency: Option<i32> = row.try_get(3)?;
    Ok(StatedTotals {
        bank: BankId(row.try_get(0)?),
        bank_code: row.try_get(1)?,
        date: row.try_get(2)?,
        currency: currency.map(columns::currency_numbered).transpose()?,
        stated: row.try_get(4)?,
        counted: row.try_get(5)?,
        reason: row.try_get(6)?,
        at: row.try_get(7)?,
    })
}

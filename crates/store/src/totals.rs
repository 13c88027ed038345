//! Totals with a bank: what its window holds, what the bank said of it, and its cut-over messages.

use domain::{BankId, Currency, MessageKey};
use jiff::{Timestamp, civil::Date};
use tokio_postgres::Row;

use crate::{Pool, StoreError, columns, error::damaged};

/// Messages of a bank's window that count alike, as far as the stored messages tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WindowGroup {
    /// DE49; `None` if it was not sent.
    pub currency: Option<Currency>,
    /// The message type as it was sent, such as `0220` or `0221`; `file` for a record of a clearing file.
    pub mti: String,
    /// DE3 positions 1-2; empty if it was not sent.
    pub transaction: String,
    /// DE39 of an advice without blanks at its end; `None` if it was not sent.
    pub response: Option<String>,
    /// The message type in DE90 of a reversal; empty if it was not sent.
    pub original_mti: String,
    /// Whether DE4 was sent.
    pub has_amount: bool,
    /// How many.
    pub messages: u64,
    /// The sum of DE4 in minor units of DE49; of a partial reversal, of what it takes back: DE4 less what remains by
    /// DE95.
    pub minor: u64,
}

/// The online messages that are stored for one bank date, grouped. A repeat has no row, nor has a message that was
/// refused. Everything that was answered before the call is in it: it was committed before it was answered.
pub async fn window_groups(pool: &Pool, bank: BankId, date: Date) -> Result<Vec<WindowGroup>, StoreError> {
    // Of the content, `|DE39=00|...` and its like: no value holds the sign that divides them. A sum that no data
    // element has room for is given as the greatest that fits here.
    let text = "SELECT currency, mti, transaction, response, original, has_amount, count(*), \
                least(sum(greatest(amount_minor - remaining, 0)), 9000000000000000000)::bigint \
                FROM (SELECT currency, mti, amount_minor, left(split_part(fields, '|DE3=', 2), 2) AS transaction, \
                CASE WHEN mti LIKE '0_2_' AND strpos(fields, '|DE39=') > 0 \
                THEN split_part(split_part(fields, '|DE39=', 2), '|', 1) END AS response, \
                CASE WHEN mti LIKE '04__' THEN left(split_part(fields, '|DE90=', 2), 4) ELSE '' END AS original, \
                CASE WHEN mti LIKE '04__' THEN ('0' || left(split_part(fields, '|DE95=', 2), 12))::bigint ELSE 0 END \
                AS remaining, strpos(fields, '|DE4=') > 0 AS has_amount \
                FROM (SELECT currency, mti, amount_minor, '|' || content AS fields FROM message \
                WHERE bank_id = $1 AND bank_date = $2 AND source = 'online') sent) counted \
                GROUP BY 1, 2, 3, 4, 5, 6 ORDER BY 1, 2, 3, 4, 5, 6";
    let rows = pool.get().await?.query(text, &[&bank.0, &date]).await?;
    rows.iter().map(group).collect()
}

fn group(row: &Row) -> Result<WindowGroup, StoreError> {
    let (messages, minor): (i64, i64) = (row.try_get(6)?, row.try_get(7)?);
    Ok(WindowGroup {
        currency: Some(columns::currency(row, 0)?).filter(|currency| currency.0 != 0),
        mti: row.try_get(1)?,
        transaction: row.try_get(2)?,
        response: row.try_get(3)?,
        original_mti: row.try_get(4)?,
        has_amount: row.try_get(5)?,
        messages: u64::try_from(messages).map_err(|_| damaged("number of messages", messages))?,
        minor: u64::try_from(minor).map_err(|_| damaged("sum of amounts", minor))?,
    })
}

/// What a bank said of a window, what we counted, and what came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BankTotals {
    /// The bank.
    pub bank: BankId,
    /// The key of the reconciliation message, the same in its repeats.
    pub key: MessageKey,
    /// The canonical text of the key.
    pub key_text: String,
    /// What a true repeat must repeat, as [`domain::Content::to_text`] writes it.
    pub content: String,
    /// The message type as it was sent.
    pub mti: String,
    /// DE11.
    pub stan: String,
    /// DE7 as it was sent.
    pub transmitted: String,
    /// When it reached us.
    pub received_at: Timestamp,
    /// The window.
    pub bank_date: Date,
    /// The currency of the totals, if there is one.
    pub currency: Option<Currency>,
    /// What the bank said, as `DE74=0000000001|...`.
    pub stated: String,
    /// What we counted, in the same form; empty if there was no total to give.
    pub counted: String,
    /// DE66: 1 in balance, 2 out of balance, 9 not balanced.
    pub balance: i16,
    /// A code for the reason.
    pub reason: String,
    /// The first element that differs; empty if none does.
    pub differs_at: String,
}

/// The totals that were answered under this key; `None` if there are none.
pub async fn bank_totals(
    pool: &Pool,
    bank: BankId,
    key: MessageKey,
) -> Result<Option<BankTotals>, StoreError> {
    let text = "SELECT key_text, content, mti, stan, transmitted, received_at, bank_date, currency, stated, counted, \
                balance, reason, differs_at FROM bank_totals WHERE bank_id = $1 AND totals_key = $2";
    let found = pool.get().await?.query_opt(text, &[&bank.0, &key.as_bytes().as_slice()]).await?;
    found.map(|row| kept_totals(&row, bank, key)).transpose()
}

fn kept_totals(row: &Row, bank: BankId, key: MessageKey) -> Result<BankTotals, StoreError> {
    let number: Option<i32> = row.try_get(7)?;
    Ok(BankTotals {
        bank,
        key,
        key_text: row.try_get(0)?,
        content: row.try_get(1)?,
        mti: row.try_get(2)?,
        stan: row.try_get(3)?,
        transmitted: row.try_get(4)?,
        received_at: row.try_get(5)?,
        bank_date: row.try_get(6)?,
        currency: number.map(columns::currency_numbered).transpose()?,
        stated: row.try_get(8)?,
        counted: row.try_get(9)?,
        balance: row.try_get(10)?,
        reason: row.try_get(11)?,
        differs_at: row.try_get(12)?,
    })
}

/// Keeps totals for good and returns what is kept under their key: of two at once, the first.
pub async fn keep_bank_totals(pool: &Pool, totals: &BankTotals) -> Result<BankTotals, StoreError> {
    let text = "INSERT INTO bank_totals (bank_id, totals_key, key_text, content, mti, stan, transmitted, received_at, \
                bank_date, currency, stated, counted, balance, reason, differs_at) \
                VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15) ON CONFLICT DO NOTHING";
    let currency = totals.currency.map(|currency| i32::from(currency.0));
    let client = pool.get().await?;
    client
        .execute(
            text,
            &[
                &totals.bank.0,
                &totals.key.as_bytes().as_slice(),
                &totals.key_text,
                &totals.content,
                &totals.mti,
                &totals.stan,
                &totals.transmitted,
                &totals.received_at,
                &totals.bank_date,
                &currency,
                &totals.stated,
                &totals.counted,
                &totals.balance,
                &totals.reason,
                &totals.differs_at,
            ],
        )
        .await?;
    drop(client);
    let kept = bank_totals(pool, totals.bank, totals.key).await?;
    kept.ok_or_else(|| damaged("totals of a bank, which must be there", &totals.key_text))
}

/// A bank date that a cut-over message opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CutOver {
    /// The bank.
    pub bank: BankId,
    /// The date that began.
    pub bank_date: Date,
    /// The date that ended.
    pub closed_date: Date,
    /// When the message reached us.
    pub cut_at: Timestamp,
}

/// The latest date of each bank that a cut-over message opened.
pub async fn last_cut_overs(pool: &Pool) -> Result<Vec<CutOver>, StoreError> {
    let text = "SELECT DISTINCT ON (bank_id) bank_id, bank_date, closed_date, cut_at FROM bank_window \
                ORDER BY bank_id, bank_date DESC";
    let rows = pool.get().await?.query(text, &[]).await?;
    let cut_over = |row: &Row| {
        Ok(CutOver {
            bank: BankId(row.try_get(0)?),
            bank_date: row.try_get(1)?,
            closed_date: row.try_get(2)?,
            cut_at: row.try_get(3)?,
        })
    };
    rows.iter().map(cut_over).collect()
}

/// Keeps a cut-over for good; if the date was opened before, the first one stays.
pub async fn keep_cut_over(pool: &Pool, cut: &CutOver) -> Result<(), StoreError> {
    let text = "INSERT INTO bank_window (bank_id, bank_date, closed_date, cut_at) VALUES ($1, $2, $3, $4) \
                ON CONFLICT DO NOTHING";
    let client = pool.get().await?;
    client.execute(text, &[&cut.bank.0, &cut.bank_date, &cut.closed_date, &cut.cut_at]).await?;
    Ok(())
}

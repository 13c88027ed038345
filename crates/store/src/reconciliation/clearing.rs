//! What banks have cleared by file, beside what was asked for by the link.

use std::pin::Pin;

use bb8::PooledConnection;
use bb8_postgres::PostgresConnectionManager;
use domain::reconciliation::{Transaction, Whose};
use domain::{BankId, Currency, CycleId, MessageKey, OriginalRef, ProgramId};
use futures_util::TryStreamExt;
use jiff::civil::Date;
use tokio_postgres::{NoTls, Row, RowStream, types::ToSql};

use crate::{EventTold, Pool, StoreError, columns, error::damaged, replay::event_told};

/// Banks that have sent clearing files: numbers and codes.
pub async fn banks_that_clear(pool: &Pool) -> Result<Vec<(BankId, String)>, StoreError> {
    let text = "SELECT b.bank_id, b.code FROM bank b WHERE EXISTS (SELECT FROM clearing_file f \
                WHERE f.bank_id = b.bank_id) ORDER BY 1";
    let rows = pool.get().await?.query(text, &[]).await?;
    rows.iter().map(|row| Ok((BankId(row.try_get(0)?), row.try_get(1)?))).collect()
}

/// A day of purchases of a bank.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClearedDay {
    /// The local date of the purchases.
    pub date: Date,
    /// What tells its messages apart from others: how many, and a hash of all keys.
    pub messages: String,
    /// Whether money moves online on it: then presentments of the link are what is cleared.
    pub is_online: bool,
    /// Whether records came for it that were not taken because the bank clears online.
    pub has_records_beside: bool,
}

/// Of what kinds of message the rows are.
const KINDS: &str =
    "(m.mti LIKE '01__' OR m.mti LIKE '02__' OR m.mti LIKE '04__' OR m.mti IN ('file', 'file-reversal'))";

/// The messages of the bank `$1` that may be of a day since `$2`, each with the day of its purchase:
///
/// - the day of the purchase to which the books have put it, whatever the message itself says;
/// - of a reversal that of the message which it names, as the books read the name: both are in the bucket of their card;
/// - else the nearest day on which the same acquirer asked for the same merchant under the same retrieval reference;
/// - else its own.
///
/// A bank's date is that of its cut-over and may be before the local date: what a week does not bridge is of no such day.
fn dated() -> String {
    format!(
        "WITH told AS (SELECT m.bucket, m.message_key, m.mti, m.source, m.purchase_key, m.retrieval, m.card_acceptor, \
         ltrim(m.acquirer, '0') AS acquirer, m.mti LIKE '01__' OR m.mti LIKE '02__' AS is_asking, \
         CASE WHEN m.event LIKE '%\"own\":\"%' THEN m.event::jsonb ->> 'own' \
         ELSE concat_ws(':', m.mti, m.stan, m.transmitted, ltrim(m.acquirer, '0')) END AS own, \
         CASE WHEN m.event LIKE '%\"names\":\"%' THEN m.event::jsonb ->> 'names' END AS names, \
         m.event LIKE '%\"clears_by\":\"file\"%' AS by_file, m.event LIKE '%\"clears_by\":%' AS by_something, \
         coalesce(p.purchase_date, m.local_time::date) AS made \
         FROM message m LEFT JOIN purchase p ON p.bucket = m.bucket AND p.purchase_key = m.purchase_key \
         WHERE m.bank_id = $1 AND m.bank_date >= $2::date - 7 AND {KINDS}), \
         named AS (SELECT r.bucket, r.message_key, min(a.made) AS made FROM told r JOIN told a ON a.bucket = r.bucket \
         AND a.own = r.names WHERE r.mti LIKE '04__' AND r.purchase_key IS NULL AND a.is_asking GROUP BY 1, 2), \
         lost AS MATERIALIZED (SELECT r.* FROM told r WHERE NOT r.is_asking AND r.purchase_key IS NULL AND r.retrieval ~ '[^0 ]' \
         AND NOT EXISTS (SELECT FROM told a WHERE a.is_asking AND a.retrieval = r.retrieval \
         AND a.card_acceptor = r.card_acceptor AND a.acquirer = r.acquirer AND a.made = r.made)), \
         near AS (SELECT r.bucket, r.message_key, (array_agg(a.made ORDER BY abs(a.made - r.made), a.made))[1] AS made \
         FROM lost r JOIN told a ON a.retrieval = r.retrieval AND a.card_acceptor = r.card_acceptor \
         AND a.acquirer = r.acquirer WHERE a.is_asking AND a.made BETWEEN r.made - 7 AND r.made + 1 GROUP BY 1, 2), \
         dated AS (SELECT t.*, coalesce(o.made, n.made, t.made) AS day FROM told t \
         LEFT JOIN named o ON o.bucket = t.bucket AND o.message_key = t.message_key \
         LEFT JOIN near n ON n.bucket = t.bucket AND n.message_key = t.message_key)"
    )
}

/// The days of purchases since `from`, each with everything that has come for it.
pub async fn cleared_days(pool: &Pool, bank: BankId, from: Date) -> Result<Vec<ClearedDay>, StoreError> {
    let text = format!(
        "{} SELECT d.day, concat_ws(' ', count(*), \
         sum(hashtextextended(encode(d.message_key, 'hex'), 0)::numeric)), \
         coalesce(bool_or(d.by_file) FILTER (WHERE d.source = 'online'), false), \
         coalesce(bool_or(d.by_something) FILTER (WHERE d.source = 'online'), false), \
         bool_or(d.mti LIKE '01__'), bool_or(d.mti LIKE '02__'), bool_or(d.mti = 'file' AND NOT d.by_file) \
         FROM dated d WHERE d.day >= $2 GROUP BY 1 ORDER BY 1",
        dated()
    );
    let rows = pool.get().await?.query(text.as_str(), &[&bank.0, &from]).await?;
    let day = |row: &Row| {
        let (by_file, is_known): (bool, bool) = (row.try_get(2)?, row.try_get(3)?);
        let (has_requests, has_financial): (bool, bool) = (row.try_get(4)?, row.try_get(5)?);
        Ok(ClearedDay {
            date: row.try_get(0)?,
            messages: row.try_get(1)?,
            // Messages of before it was kept do not say how the bank cleared.
            is_online: if is_known { !by_file } else { has_financial && !has_requests },
            has_records_beside: row.try_get(6)?,
        })
    };
    rows.iter().map(day).collect()
}

/// A message or record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClearingRow {
    /// The local date of the purchase that it is of.
    pub date: Date,
    /// Where it is.
    pub transaction: Transaction,
    /// Whose it is.
    pub of: Whose,
    /// `online`, or the id of the file.
    pub source: String,
    /// The message type, or `file...`.
    pub mti: String,
    /// DE37.
    pub retrieval: String,
    /// DE38.
    pub approval: String,
    /// The acquirer reference number.
    pub arn: String,
    /// DE32.
    pub acquirer: String,
    /// DE42.
    pub card_acceptor: String,
    /// DE41.
    pub terminal: String,
    /// The card's last digits.
    pub last4: String,
    /// DE4.
    pub amount_minor: i64,
    /// DE49.
    pub currency: Currency,
    /// `DE3=...|...`, or `kind=...|...`.
    pub content: String,
    /// What the reply leaves to be paid, if that is less.
    pub remains_minor: Option<i64>,
    /// The currency of the program, if there is one only.
    pub billed_in: Option<Currency>,
    /// The business date on which it came.
    pub came: Date,
    /// The purchase to which the books have put it.
    pub purchase: Option<MessageKey>,
    /// What it is to the books; `None` of what was stored before that was kept.
    pub event: Option<EventTold>,
    /// How a reversal names it.
    pub own: OriginalRef,
}

/// The messages of some days of purchases, read one after another.
pub struct ClearingRows {
    rows: Pin<Box<RowStream>>,
    bank: BankId,
    /// The stream is of this connection.
    _connection: PooledConnection<'static, PostgresConnectionManager<NoTls>>,
}

impl ClearingRows {
    /// The next one, in the order of days; `None` behind the last.
    pub async fn next(&mut self) -> Result<Option<ClearingRow>, StoreError> {
        let row = self.rows.try_next().await?;
        row.map(|row| clearing_row(&row, self.bank)).transpose()
    }
}

/// Streams the messages of these days of purchases, day by day.
pub async fn clearing_rows(
    pool: &Pool,
    (bank, from): (BankId, Date),
    days: &[Date],
) -> Result<ClearingRows, StoreError> {
    let text = format!(
        "{}, came AS (SELECT source, max(business_date) AS date FROM message WHERE bank_id = $1 \
         AND bank_date >= $2::date - 7 AND source <> 'online' GROUP BY source), \
         own AS (SELECT min(program_id) AS program_id, min(currency) AS currency FROM program WHERE bank_id = $1 \
         HAVING count(*) = 1) \
         SELECT d.day, m.bucket, m.message_key, m.source, m.mti, m.retrieval, m.approval, m.arn, m.acquirer, \
         m.card_acceptor, m.terminal, m.last4, m.amount_minor, m.currency, m.content, \
         CASE WHEN m.reply LIKE '{{%' THEN coalesce((m.reply::jsonb #>> '{{miles,1}}')::bigint, \
         (m.reply::jsonb #>> '{{till,0}}')::bigint) END, \
         coalesce(p.currency, own.currency), coalesce(p.program_id, own.program_id), \
         CASE WHEN m.source = 'online' THEN m.cycle_id END, coalesce(m.business_date, came.date, m.bank_date), \
         m.purchase_key, m.event, d.own \
         FROM dated d JOIN message m ON m.bucket = d.bucket AND m.message_key = d.message_key \
         LEFT JOIN settlement_cycle c ON c.cycle_id = m.cycle_id \
         LEFT JOIN program p ON p.program_id = c.program_id LEFT JOIN own ON true LEFT JOIN came ON came.source = m.source \
         WHERE d.day = ANY($3) ORDER BY 1, m.message_key, m.bucket",
        dated()
    );
    let connection = pool.get_owned().await?;
    let values: [&(dyn ToSql + Sync); 3] = [&bank.0, &from, &days];
    let rows = Box::pin(connection.query_raw(text.as_str(), values).await?);
    Ok(ClearingRows { rows, bank, _connection: connection })
}

fn clearing_row(row: &Row, bank: BankId) -> Result<ClearingRow, StoreError> {
    let billed_in: Option<i32> = row.try_get(16)?;
    let (program, cycle): (Option<i32>, Option<i32>) = (row.try_get(17)?, row.try_get(18)?);
    Ok(ClearingRow {
        date: row.try_get(0)?,
        transaction: Transaction { bucket: columns::bucket(row, 1)?, key: columns::message_key(row, 2)? },
        of: Whose {
            program: program.map(ProgramId),
            bank: Some(bank),
            partner: None,
            cycle: cycle.map(CycleId),
        },
        source: row.try_get(3)?,
        mti: row.try_get(4)?,
        retrieval: row.try_get(5)?,
        approval: row.try_get(6)?,
        arn: row.try_get(7)?,
        acquirer: row.try_get(8)?,
        card_acceptor: row.try_get(9)?,
        terminal: row.try_get(10)?,
        last4: row.try_get(11)?,
        amount_minor: row.try_get(12)?,
        currency: columns::currency(row, 13)?,
        content: row.try_get(14)?,
        remains_minor: row.try_get(15)?,
        billed_in: billed_in.map(columns::currency_numbered).transpose()?,
        came: row.try_get(19)?,
        purchase: columns::message_key_if_any(row, 20)?,
        event: event_told(row.try_get(21)?)?,
        own: OriginalRef(row.try_get(22)?),
    })
}

/// A clearing file that came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceivedFile {
    /// Its id.
    pub file_id: String,
    /// SHA-256 of its bytes.
    pub sha256: Vec<u8>,
    /// Whether its records are booked, or being booked.
    pub is_taken: bool,
    /// Files of one series are numbered one after the other; empty: it is in none.
    pub series: String,
    /// The date that begins the series again.
    pub series_date: Option<Date>,
    /// Its number.
    pub sequence: Option<i32>,
    /// Why it was put aside.
    pub reason: String,
    /// The same in words.
    pub told: String,
    /// Records that could not be booked.
    pub put_aside: i64,
    /// The business date on which it came.
    pub came: Date,
}

/// All clearing files of a bank.
pub async fn received_files(pool: &Pool, bank: BankId) -> Result<Vec<ReceivedFile>, StoreError> {
    let text = "SELECT f.file_id, f.sha256, f.state IN ('checked', 'taken'), f.series, f.series_date, f.sequence, \
                f.reason, f.told, f.put_aside, coalesce((SELECT max(c.business_date) FROM settlement_cycle c \
                JOIN program p USING (program_id) WHERE p.bank_id = f.bank_id AND c.business_date <= f.received_at::date), \
                f.received_at::date) FROM clearing_file f WHERE f.bank_id = $1 AND f.state <> 'received' \
                ORDER BY f.series, f.series_date NULLS FIRST, f.sequence NULLS FIRST, f.file_id, f.sha256";
    let rows = pool.get().await?.query(text, &[&bank.0]).await?;
    rows.iter().map(received).collect()
}

fn received(row: &Row) -> Result<ReceivedFile, StoreError> {
    let hash: Vec<u8> = row.try_get(1)?;
    if hash.len() != 32 {
        return Err(damaged("file hash", hash.len()));
    }
    Ok(ReceivedFile {
        file_id: row.try_get(0)?,
        sha256: hash,
        is_taken: row.try_get(2)?,
        series: row.try_get(3)?,
        series_date: row.try_get(4)?,
        sequence: row.try_get(5)?,
        reason: row.try_get(6)?,
        told: row.try_get(7)?,
        put_aside: row.try_get(8)?,
        came: row.try_get(9)?,
    })
}

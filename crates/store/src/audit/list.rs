//! Entries as they are read: filtered by who, what, which object and when, page by page by their numbers.

use jiff::Timestamp;
use serde_json::Value;
use tokio_postgres::Row;

use crate::{Pool, StoreError, error::damaged};

/// Which entries are wanted; what is `None` is not asked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct AuditFilter<'a> {
    /// Who acted.
    pub by: Option<&'a str>,
    /// The word of what was done, or a word's beginning up to its dot: `user` finds `user.add`.
    pub what: Option<&'a str>,
    /// Which kind of object.
    pub object_kind: Option<&'a str>,
    /// Which object.
    pub object: Option<&'a str>,
    /// Not before.
    pub from: Option<Timestamp>,
    /// Before.
    pub until: Option<Timestamp>,
    /// Older than this entry: the last one of the page before.
    pub before_entry: Option<i64>,
}

/// An entry with its place in the chain.
#[derive(Debug, Clone, PartialEq)]
pub struct AuditRow {
    /// Its number.
    pub entry: i64,
    /// When, by the clock of the database.
    pub at: Timestamp,
    /// Who.
    pub by: String,
    /// What.
    pub what: String,
    /// On which kind of object.
    pub object_kind: String,
    /// On which.
    pub object: String,
    /// How it was.
    pub before: Option<Value>,
    /// How it is.
    pub after: Option<Value>,
    /// Why.
    pub note: String,
    /// Place and hash of its seal, as soon as it has one.
    pub seal: Option<(i64, [u8; 32])>,
}

const SELECTED: &str = "SELECT e.entry_id, e.at, e.by, e.what, e.object_kind, e.object, e.before, e.after, e.note, \
    s.place, s.hash FROM audit_entry e LEFT JOIN audit_seal s ON s.entry_id = e.entry_id";

/// The newest that pass, at most `limit`; [`AuditFilter::before_entry`] goes on behind them.
pub async fn entries(pool: &Pool, filter: &AuditFilter<'_>, limit: u32) -> Result<Vec<AuditRow>, StoreError> {
    let text = format!(
        "{SELECTED} WHERE ($1::text IS NULL OR e.by = $1) \
         AND ($2::text IS NULL OR e.what = $2 OR starts_with(e.what, $2 || '.')) \
         AND ($3::text IS NULL OR e.object_kind = $3) AND ($4::text IS NULL OR e.object = $4) \
         AND ($5::timestamptz IS NULL OR e.at >= $5) AND ($6::timestamptz IS NULL OR e.at < $6) \
         AND ($7::bigint IS NULL OR e.entry_id < $7) ORDER BY e.entry_id DESC LIMIT $8"
    );
    let AuditFilter { by, what, object_kind, object, from, until, before_entry } = filter;
    let client = pool.get().await?;
    let rows = client
        .query(text.as_str(), &[by, what, object_kind, object, from, until, before_entry, &i64::from(limit)])
        .await?;
    rows.iter().map(row_of).collect()
}

/// One entry.
pub async fn entry(pool: &Pool, entry: i64) -> Result<Option<AuditRow>, StoreError> {
    let text = format!("{SELECTED} WHERE e.entry_id = $1");
    let row = pool.get().await?.query_opt(text.as_str(), &[&entry]).await?;
    row.as_ref().map(row_of).transpose()
}

/// The words of [`AuditRow::what`] that have ever been used, in order: a list to choose from.
pub async fn words(pool: &Pool) -> Result<Vec<String>, StoreError> {
    // From word to word through the index, whatever the number of entries.
    let text = "WITH RECURSIVE word (what) AS ((SELECT what FROM audit_entry ORDER BY what LIMIT 1) UNION ALL \
                SELECT (SELECT e.what FROM audit_entry e WHERE e.what > word.what ORDER BY e.what LIMIT 1) FROM word \
                WHERE word.what IS NOT NULL) SELECT what FROM word WHERE what IS NOT NULL";
    let rows = pool.get().await?.query(text, &[]).await?;
    rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
}

fn row_of(row: &Row) -> Result<AuditRow, StoreError> {
    let (place, hash): (Option<i64>, Option<&[u8]>) = (row.try_get(9)?, row.try_get(10)?);
    let hash = hash.map(|hash| hash.try_into().map_err(|_| damaged("hash of the audit chain", hash.len())));
    Ok(AuditRow {
        entry: row.try_get(0)?,
        at: row.try_get(1)?,
        by: row.try_get(2)?,
        what: row.try_get(3)?,
        object_kind: row.try_get(4)?,
        object: row.try_get(5)?,
        before: row.try_get(6)?,
        after: row.try_get(7)?,
        note: row.try_get(8)?,
        seal: place.zip(hash.transpose()?),
    })
}

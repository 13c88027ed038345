//! What came by the inboxes of partners.

use std::collections::BTreeSet;

use domain::PartnerId;
use jiff::{Timestamp, civil::Date};

use crate::{Pool, StoreError};

/// A file of an inbox and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InboxFile<'a> {
    /// Tells this edition of the file from another one of its name.
    pub mark: &'a str,
    /// Its name.
    pub name: &'a str,
    /// SHA-256 of its bytes, if they were fetched.
    pub sha256: Option<[u8; 32]>,
    /// A word for what became of it.
    pub outcome: &'a str,
    /// Why it was not taken; empty if it was.
    pub problem: &'a str,
    /// When.
    pub at: Timestamp,
}

/// The marks of all files that were taken in by a way.
pub async fn inbox_marks(
    pool: &Pool,
    partner: PartnerId,
    endpoint: &str,
) -> Result<BTreeSet<String>, StoreError> {
    let text = "SELECT mark FROM partner_inbox WHERE partner_id = $1 AND endpoint = $2";
    let rows = pool.get().await?.query(text, &[&partner.0, &endpoint]).await?;
    rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
}

/// Keeps what became of a file; false if it was known before.
pub async fn keep_inbox_file(
    pool: &Pool,
    partner: PartnerId,
    endpoint: &str,
    file: &InboxFile<'_>,
) -> Result<bool, StoreError> {
    let text = "INSERT INTO partner_inbox (partner_id, endpoint, mark, name, sha256, outcome, problem, taken_at) \
                VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING";
    let hash = file.sha256.as_ref().map(<[u8; 32]>::as_slice);
    let InboxFile { mark, name, outcome, problem, at, .. } = file;
    let client = pool.get().await?;
    Ok(client.execute(text, &[&partner.0, &endpoint, mark, name, &hash, outcome, problem, at]).await? == 1)
}

/// Forgets which files were left where they are, but for the newest `kept` of a way: a partner may rename such a file for
/// ever. What was fetched is never forgotten.
pub async fn forget_refused_files(
    pool: &Pool,
    partner: PartnerId,
    endpoint: &str,
    kept: i64,
) -> Result<(), StoreError> {
    let text = "DELETE FROM partner_inbox WHERE partner_id = $1 AND endpoint = $2 AND mark IN \
                (SELECT mark FROM partner_inbox WHERE partner_id = $1 AND endpoint = $2 AND outcome = 'not_fetched' \
                ORDER BY taken_at DESC, mark OFFSET $3)";
    pool.get().await?.execute(text, &[&partner.0, &endpoint, &kept]).await?;
    Ok(())
}

/// A file of an inbox that was not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InboxProblem {
    /// The partner's code.
    pub partner: String,
    /// The way.
    pub endpoint: String,
    /// The name of the file.
    pub name: String,
    /// SHA-256 of its bytes, if they were fetched.
    pub sha256: Option<Vec<u8>>,
    /// A word for what became of it.
    pub outcome: String,
    /// Why.
    pub problem: String,
    /// When.
    pub at: Timestamp,
}

/// A file of an inbox that was left there for one reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftInInbox {
    /// The partner.
    pub partner: PartnerId,
    /// Its code.
    pub code: String,
    /// The way.
    pub endpoint: String,
    /// The name of the file.
    pub name: String,
    /// When it was found first.
    pub date: Date,
    /// Whether one of its name was taken since.
    pub is_followed: bool,
}

/// The files that were left in inboxes for this reason since `from`.
pub async fn left_in_inboxes(pool: &Pool, reason: &str, from: Date) -> Result<Vec<LeftInInbox>, StoreError> {
    let text = "SELECT i.partner_id, p.code, i.endpoint, i.name, min(i.taken_at)::date, bool_or(EXISTS (SELECT FROM \
                partner_inbox l WHERE l.partner_id = i.partner_id AND l.endpoint = i.endpoint AND l.name = i.name \
                AND l.problem = '' AND l.taken_at > i.taken_at)) FROM partner_inbox i JOIN partner p USING (partner_id) \
                WHERE i.outcome = 'not_fetched' AND i.problem = $1 AND i.taken_at >= $2::date \
                GROUP BY 1, 2, 3, 4 ORDER BY 2, 3, 4";
    let rows = pool.get().await?.query(text, &[&reason, &from]).await?;
    let left = |row: &tokio_postgres::Row| {
        Ok(LeftInInbox {
            partner: PartnerId(row.try_get(0)?),
            code: row.try_get(1)?,
            endpoint: row.try_get(2)?,
            name: row.try_get(3)?,
            date: row.try_get(4)?,
            is_followed: row.try_get(5)?,
        })
    };
    rows.iter().map(left).collect()
}

/// The newest files that were not taken, of one partner if it is named.
pub async fn inbox_problems(
    pool: &Pool,
    partner: Option<&str>,
    limit: u32,
) -> Result<Vec<InboxProblem>, StoreError> {
    let text = "SELECT p.code, i.endpoint, i.name, i.sha256, i.outcome, i.problem, i.taken_at FROM partner_inbox i \
                JOIN partner p ON p.partner_id = i.partner_id WHERE i.problem <> '' \
                AND ($1::text IS NULL OR p.code = $1) ORDER BY i.taken_at DESC, i.mark LIMIT $2";
    let rows = pool.get().await?.query(text, &[&partner, &i64::from(limit)]).await?;
    let problem = |row: &tokio_postgres::Row| {
        Ok(InboxProblem {
            partner: row.try_get(0)?,
            endpoint: row.try_get(1)?,
            name: row.try_get(2)?,
            sha256: row.try_get(3)?,
            outcome: row.try_get(4)?,
            problem: row.try_get(5)?,
            at: row.try_get(6)?,
        })
    };
    rows.iter().map(problem).collect()
}

//! Where the lines stand, for people.

use domain::{LineState, ProgramId};
use jiff::civil::Date;
use tokio_postgres::Row;

use super::files::state;
use crate::{Pool, StoreError};

/// The lines in one state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LineSums {
    /// The state.
    pub state: LineState,
    /// How many lines.
    pub lines: i64,
    /// Their miles, signed, as the partner was or will be told.
    pub miles: i64,
    /// The oldest activity among them.
    pub oldest: Date,
}

/// Counts and miles by state.
pub async fn accruals_by_state(pool: &Pool, program: ProgramId) -> Result<Vec<LineSums>, StoreError> {
    let text = "SELECT state, count(*), sum(miles + absorbed_miles)::bigint, min(activity_date) FROM partner_line \
                WHERE program_id = $1 GROUP BY state";
    let rows = pool.get().await?.query(text, &[&program.0]).await?;
    let sums = |row: &Row| {
        Ok(LineSums {
            state: state(row.try_get(0)?)?,
            lines: row.try_get(1)?,
            miles: row.try_get(2)?,
            oldest: row.try_get(3)?,
        })
    };
    let mut sums = rows.iter().map(sums).collect::<Result<Vec<_>, StoreError>>()?;
    sums.sort_by_key(|sums| sums.state);
    Ok(sums)
}

/// A line that waits for somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaitingLine {
    /// Its id.
    pub id: String,
    /// How far it has come.
    pub state: LineState,
    /// Why it is held, or the partner's code.
    pub reason: String,
    /// The member's number; empty if there is none.
    pub member_number: String,
    /// Signed miles.
    pub miles: i64,
    /// When they were earned or taken back.
    pub activity_date: Date,
    /// The file in which it went out.
    pub file: Option<i32>,
}

/// At most `max` lines that are held, sent or rejected, oldest activity first.
pub async fn accruals_waiting(
    pool: &Pool,
    program: ProgramId,
    max: u16,
) -> Result<Vec<WaitingLine>, StoreError> {
    let text = "SELECT l.line_id, l.state, coalesce(l.code, l.held_reason, ''), a.member_number, \
                l.miles + l.absorbed_miles, l.activity_date, l.file_sequence FROM partner_line l \
                JOIN member_account a ON a.bucket = l.account_bucket AND a.account_id = l.account_id \
                WHERE l.program_id = $1 AND l.state IN ('held', 'sent', 'rejected') \
                ORDER BY l.activity_date, l.line_id LIMIT $2";
    let rows = pool.get().await?.query(text, &[&program.0, &i64::from(max)]).await?;
    let line = |row: &Row| {
        Ok(WaitingLine {
            id: row.try_get(0)?,
            state: state(row.try_get(1)?)?,
            reason: row.try_get(2)?,
            member_number: row.try_get(3)?,
            miles: row.try_get(4)?,
            activity_date: row.try_get(5)?,
            file: row.try_get(6)?,
        })
    };
    rows.iter().map(line).collect()
}

/// Bucket and account of the member behind a line.
pub async fn line_account(
    pool: &Pool,
    program: ProgramId,
    id: &str,
) -> Result<Option<(i32, i64)>, StoreError> {
    let text = "SELECT account_bucket, account_id FROM partner_line WHERE program_id = $1 AND line_id = $2";
    let row = pool.get().await?.query_opt(text, &[&program.0, &id]).await?;
    Ok(row.map(|row| Ok::<_, tokio_postgres::Error>((row.try_get(0)?, row.try_get(1)?))).transpose()?)
}

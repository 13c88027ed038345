//! What the pages of breaks show beside the cases themselves.

use domain::{
    MessageKey, PartnerId, ProgramId,
    case::{CaseState, Severity},
};
use jiff::civil::Date;
use tokio_postgres::Row;

use crate::{Pool, StoreError, error::damaged};

/// How many breaks of the business dates from `since` on, by date and class, of all states.
///
/// # Errors
/// The database.
pub async fn breaks_by_day(pool: &Pool, since: Date) -> Result<Vec<(Date, String, i64)>, StoreError> {
    let text = "SELECT business_date, class, count(*) FROM reconciliation_break WHERE business_date >= $1 \
                GROUP BY 1, 2 ORDER BY 1, 2";
    let rows = pool.get().await?.query(text, &[&since]).await?;
    rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?))).collect()
}

/// People to whom a case can be given.
///
/// # Errors
/// The database.
pub async fn assignable_people(pool: &Pool) -> Result<Vec<String>, StoreError> {
    let text = "SELECT name FROM staff_user WHERE locked_at IS NULL ORDER BY name LIMIT 500";
    let rows = pool.get().await?.query(text, &[]).await?;
    rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
}

/// A break in few words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BreakBrief {
    /// Its number.
    pub id: i64,
    /// The stored word of the class.
    pub class: String,
    /// The stored word of the source.
    pub source: String,
    /// The business date.
    pub business_date: Date,
    /// The partner's code.
    pub partner: Option<String>,
    /// What it is about.
    pub subject: String,
    /// The unit.
    pub unit: String,
    /// What is left of the difference.
    pub left: i64,
    /// Where its case stands.
    pub state: CaseState,
    /// How severe.
    pub severity: Severity,
}

const BRIEF: &str = "SELECT b.break_id, b.class, b.source, b.business_date, r.code, b.subject, c.unit, c.left_amount, \
    c.state, c.severity FROM reconciliation_break b JOIN break_case c ON c.case_id = b.break_id \
    LEFT JOIN partner r ON r.partner_id = b.partner_id";

fn brief(row: &Row) -> Result<BreakBrief, StoreError> {
    let (state, severity): (&str, &str) = (row.try_get(8)?, row.try_get(9)?);
    Ok(BreakBrief {
        id: row.try_get(0)?,
        class: row.try_get(1)?,
        source: row.try_get(2)?,
        business_date: row.try_get(3)?,
        partner: row.try_get(4)?,
        subject: row.try_get(5)?,
        unit: row.try_get(6)?,
        left: row.try_get(7)?,
        state: CaseState::parse(state).ok_or_else(|| damaged("state of a case", state))?,
        severity: Severity::parse(severity).ok_or_else(|| damaged("severity of a case", severity))?,
    })
}

/// The breaks of a transaction, the oldest first.
///
/// # Errors
/// The database.
pub async fn breaks_of_message(
    pool: &Pool,
    bucket: i32,
    key: MessageKey,
) -> Result<Vec<BreakBrief>, StoreError> {
    let text = format!("{BRIEF} WHERE b.bucket = $1 AND b.message_key = $2 ORDER BY b.break_id LIMIT 50");
    let rows = pool.get().await?.query(text.as_str(), &[&bucket, &key.as_bytes().as_slice()]).await?;
    rows.iter().map(brief).collect()
}

/// Unresolved breaks of a program up to a business date, of one partner if it is named: the oldest first, at most `limit`.
///
/// # Errors
/// The database.
pub async fn breaks_carried(
    pool: &Pool,
    program: ProgramId,
    until: Date,
    partner: Option<PartnerId>,
    limit: i64,
) -> Result<Vec<BreakBrief>, StoreError> {
    let text = format!(
        "{BRIEF} WHERE b.program_id = $1 AND b.business_date <= $2 AND c.state <> 'resolved' \
         AND ($3::int IS NULL OR b.partner_id = $3) ORDER BY b.business_date, b.break_id LIMIT $4"
    );
    let partner = partner.map(|partner| partner.0);
    let rows = pool.get().await?.query(text.as_str(), &[&program.0, &until, &partner, &limit]).await?;
    rows.iter().map(brief).collect()
}

/// The comparisons that found a break first and last, and the one that no longer found it.
///
/// # Errors
/// The database.
pub async fn break_runs(pool: &Pool, id: i64) -> Result<(i64, i64, Option<i64>), StoreError> {
    let text = "SELECT first_run, last_run, cured_run FROM reconciliation_break WHERE break_id = $1";
    let row = pool.get().await?.query_one(text, &[&id]).await?;
    Ok((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?))
}

//! What the pages of breaks show beside the cases themselves.

use domain::{
    MessageKey, PartnerId, ProgramId,
    case::{CaseState, Severity},
};
use jiff::civil::Date;
use tokio_postgres::Row;

use crate::{NUMBER_IN_DATE, Pool, StoreError, error::damaged};

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

/// Unresolved breaks of a program ($1) up to a business date ($2), of one partner ($3) if it is named. What was found with
/// the bank alone, such as its totals and the sequence of its files, is of each of its programs and of no partner.
const CARRIED: &str = "b.business_date <= $2 AND c.state <> 'resolved' AND CASE WHEN $3::int IS NULL \
    THEN b.program_id = $1 OR (b.program_id IS NULL AND b.bank_id = (SELECT bank_id FROM program WHERE program_id = $1)) \
    ELSE b.program_id = $1 AND b.partner_id = $3 END";

/// Unresolved breaks of a program up to a business date, the bank's own among them, or of one partner: the oldest first,
/// at most `limit`.
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
    let text = format!("{BRIEF} WHERE {CARRIED} ORDER BY b.business_date, b.break_id LIMIT $4");
    let partner = partner.map(|partner| partner.0);
    let rows = pool.get().await?.query(text.as_str(), &[&program.0, &until, &partner, &limit]).await?;
    rows.iter().map(brief).collect()
}

/// What all breaks of [`breaks_carried`] come to in a unit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BreaksLeft {
    /// The code of a currency, `MILES`, or empty where nothing is counted.
    pub unit: String,
    /// How many.
    pub breaks: i64,
    /// What is left of them, in minor units or miles: sizes, so that a minus never hides a plus.
    pub size: i64,
}

/// What the breaks of [`breaks_carried`] come to, without a limit, by unit.
///
/// # Errors
/// The database.
pub async fn breaks_left(
    pool: &Pool,
    program: ProgramId,
    until: Date,
    partner: Option<PartnerId>,
) -> Result<Vec<BreaksLeft>, StoreError> {
    let text = format!(
        "SELECT c.unit, count(*), least(sum(abs(c.left_amount::numeric)), {})::bigint \
         FROM reconciliation_break b JOIN break_case c ON c.case_id = b.break_id WHERE {CARRIED} GROUP BY 1 ORDER BY 1",
        i64::MAX
    );
    let partner = partner.map(|partner| partner.0);
    let rows = pool.get().await?.query(text.as_str(), &[&program.0, &until, &partner]).await?;
    let left =
        |row: &Row| Ok(BreaksLeft { unit: row.try_get(0)?, breaks: row.try_get(1)?, size: row.try_get(2)? });
    rows.iter().map(left).collect()
}

/// Where a break comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BreakRuns {
    /// The comparison that found it first.
    pub first: i64,
    /// The one that found it last.
    pub last: i64,
    /// The one that no longer found it.
    pub cured: Option<i64>,
    /// The place of its cycle in its date, from 1, if it is of one and the date has several.
    pub cycle_number: Option<i64>,
}

/// The comparisons that found a break, and its cycle.
///
/// # Errors
/// The database.
pub async fn break_runs(pool: &Pool, id: i64) -> Result<BreakRuns, StoreError> {
    let text = format!(
        "SELECT b.first_run, b.last_run, b.cured_run, {NUMBER_IN_DATE} \
         FROM reconciliation_break b LEFT JOIN settlement_cycle c ON c.cycle_id = b.cycle_id WHERE b.break_id = $1"
    );
    let row = pool.get().await?.query_one(text.as_str(), &[&id]).await?;
    Ok(BreakRuns {
        first: row.try_get(0)?,
        last: row.try_get(1)?,
        cured: row.try_get(2)?,
        cycle_number: row.try_get(3)?,
    })
}

//! What the page of a program's health reads: all of it from what was kept of its cycles.

use domain::{CycleId, ProgramId};
use jiff::{Timestamp, civil::Date};
use store::{Pool, StoreError};

/// The last cycle that was counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Counted {
    pub(crate) cycle: CycleId,
    pub(crate) sequence: i32,
    pub(crate) date: Date,
    pub(crate) at: Timestamp,
    pub(crate) members: i64,
    pub(crate) active: i64,
}

/// The last counted cycle of a program; `None` before the first.
pub(crate) async fn last_counted(pool: &Pool, program: ProgramId) -> Result<Option<Counted>, StoreError> {
    let text = "SELECT c.cycle_id, c.sequence, c.business_date, k.counted_at, k.members, k.active_members \
                FROM settlement_cycle c JOIN cycle_counted k USING (cycle_id) WHERE c.program_id = $1 \
                ORDER BY c.sequence DESC LIMIT 1";
    let row = pool.get().await?.query_opt(text, &[&program.0]).await?;
    row.map(|row| {
        Ok(Counted {
            cycle: CycleId(row.try_get(0)?),
            sequence: row.try_get(1)?,
            date: row.try_get(2)?,
            at: row.try_get(3)?,
            members: row.try_get(4)?,
            active: row.try_get(5)?,
        })
    })
    .transpose()
}

/// Miles that members held at the end of a cycle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Lots {
    /// The month in which they were granted.
    pub(crate) granted: Date,
    /// The month in which they expire; `None`: they do not.
    pub(crate) expires: Option<Date>,
    pub(crate) miles: i64,
}

/// By month of grant and month of expiry.
pub(crate) async fn lots(pool: &Pool, cycle: CycleId) -> Result<Vec<Lots>, StoreError> {
    let text = "SELECT granted, CASE WHEN expires < 'infinity' THEN expires END, miles FROM cycle_lots \
                WHERE cycle_id = $1 ORDER BY granted, expires";
    let rows = pool.get().await?.query(text, &[&cycle.0]).await?;
    rows.iter()
        .map(|row| Ok(Lots { granted: row.try_get(0)?, expires: row.try_get(1)?, miles: row.try_get(2)? }))
        .collect()
}

/// A day of a program, as it was counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DayTotal {
    pub(crate) date: Date,
    /// `told`, `given`, `taken`, or `counted` for the turnover of all members' cards.
    pub(crate) side: String,
    pub(crate) subject: String,
    pub(crate) amount: i64,
}

/// The totals of a program's counted cycles of a period, by day.
pub(crate) async fn day_totals(
    pool: &Pool,
    program: ProgramId,
    (from, until): (Date, Date),
) -> Result<Vec<DayTotal>, StoreError> {
    let text = "SELECT c.business_date, t.side, t.subject, sum(t.amount)::bigint FROM settlement_cycle c \
                JOIN cycle_total t USING (cycle_id) WHERE c.program_id = $1 AND c.business_date BETWEEN $2 AND $3 \
                GROUP BY 1, 2, 3 UNION ALL SELECT c.business_date, 'counted', '', sum(a.counted_minor)::bigint \
                FROM settlement_cycle c JOIN cycle_arrival a USING (cycle_id) WHERE c.program_id = $1 \
                AND c.business_date BETWEEN $2 AND $3 GROUP BY 1 ORDER BY 1, 2, 3";
    let rows = pool.get().await?.query(text, &[&program.0, &from, &until]).await?;
    rows.iter()
        .map(|row| {
            Ok(DayTotal {
                date: row.try_get(0)?,
                side: row.try_get(1)?,
                subject: row.try_get(2)?,
                amount: row.try_get(3)?,
            })
        })
        .collect()
}

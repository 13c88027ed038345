//! Settlement cycles and the cut between them.

use std::time::Duration;

use domain::{BUCKETS, CycleId, ProgramId, RulesHash};
use jiff::civil::Date;
use tokio_postgres::{Row, error::SqlState};

use crate::{Fence, Pool, StoreError, error::damaged};

/// A lock for opening and preparing cycles.
const LOCK: i64 = 0x636f_6272_616e_6403;
/// A switch gives up its place in the queue so soon, so that no message waits behind it for long.
pub(crate) const CUT_LOCK_WAIT_MAX_MS: u32 = 60;
/// With the pauses between them, about half a minute of trying.
pub(crate) const CUT_ATTEMPTS_MAX: u32 = 200;

/// Where a cycle stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum CycleState {
    /// Written down, not yet taking transfers.
    Prepared,
    /// Taking transfers.
    Open,
    /// Cut: complete, being settled.
    Closing,
    /// Its batches and positions are on the books.
    Computed,
    /// Its files may go out.
    Approved,
    /// Its files are published.
    Published,
    /// Every file has reached its receiver.
    Delivered,
    /// Every receiver has taken its file.
    Acknowledged,
}

impl CycleState {
    /// All, in the order in which a cycle goes through them.
    pub const ALL: [Self; 8] = [
        Self::Prepared,
        Self::Open,
        Self::Closing,
        Self::Computed,
        Self::Approved,
        Self::Published,
        Self::Delivered,
        Self::Acknowledged,
    ];

    /// Whether it takes no more movements.
    pub fn is_cut(self) -> bool {
        self >= Self::Closing
    }

    /// Whether what it came to stands: nobody has to approve it any more.
    pub fn is_approved(self) -> bool {
        self >= Self::Approved
    }

    /// Whether its files are published.
    pub fn is_published(self) -> bool {
        self >= Self::Published
    }

    /// The stored word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Prepared => "prepared",
            Self::Open => "open",
            Self::Closing => "closing",
            Self::Computed => "computed",
            Self::Approved => "approved",
            Self::Published => "published",
            Self::Delivered => "delivered",
            Self::Acknowledged => "acknowledged",
        }
    }

    fn parse(text: &str) -> Result<Self, StoreError> {
        Self::ALL.into_iter().find(|state| state.name() == text).ok_or_else(|| damaged("cycle state", text))
    }
}

/// A settlement cycle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cycle {
    /// Its number.
    pub id: CycleId,
    /// Its program.
    pub program: ProgramId,
    /// Its place among the program's cycles, from 1.
    pub sequence: i32,
    /// Its business date.
    pub business_date: Date,
    /// Where it stands.
    pub state: CycleState,
}

/// The place of a cycle `c` among those of its date, from 1; NULL if the date has no other. A part of a statement.
pub const NUMBER_IN_DATE: &str = "(SELECT CASE WHEN count(*) > 1 THEN count(*) FILTER (WHERE d.sequence <= c.sequence) END \
    FROM settlement_cycle d WHERE d.program_id = c.program_id AND d.business_date = c.business_date)";

const CYCLE_COLUMNS: &str = "cycle_id, program_id, sequence, business_date, state";

fn cycle(row: &Row) -> Result<Cycle, StoreError> {
    Ok(Cycle {
        id: CycleId(row.try_get(0)?),
        program: ProgramId(row.try_get(1)?),
        sequence: row.try_get(2)?,
        business_date: row.try_get(3)?,
        state: CycleState::parse(row.try_get(4)?)?,
    })
}

/// All cycles of a program, oldest first.
pub async fn cycles(pool: &Pool, program: ProgramId) -> Result<Vec<Cycle>, StoreError> {
    let text =
        format!("SELECT {CYCLE_COLUMNS} FROM settlement_cycle WHERE program_id = $1 ORDER BY sequence");
    let rows = pool.get().await?.query(text.as_str(), &[&program.0]).await?;
    rows.iter().map(cycle).collect()
}

/// The cycles in a state, of all programs, by program and sequence: those whose published files are to be delivered, or
/// acknowledged.
pub async fn cycles_in(pool: &Pool, state: CycleState) -> Result<Vec<Cycle>, StoreError> {
    let text = format!(
        "SELECT {CYCLE_COLUMNS} FROM settlement_cycle WHERE state = $1 ORDER BY program_id, sequence"
    );
    let rows = pool.get().await?.query(text.as_str(), &[&state.name()]).await?;
    rows.iter().map(cycle).collect()
}

/// A cycle by its number.
pub async fn cycle_by_id(pool: &Pool, id: CycleId) -> Result<Cycle, StoreError> {
    let text = format!("SELECT {CYCLE_COLUMNS} FROM settlement_cycle WHERE cycle_id = $1");
    let row = pool.get().await?.query_opt(text.as_str(), &[&id.0]).await?;
    row.as_ref().map(cycle).ok_or_else(|| StoreError::NotFound { what: "cycle", name: id.to_string() })?
}

/// The first cycle of a program with this business date.
pub async fn cycle_by_date(pool: &Pool, program: ProgramId, date: Date) -> Result<Option<Cycle>, StoreError> {
    let text = format!(
        "SELECT {CYCLE_COLUMNS} FROM settlement_cycle WHERE program_id = $1 AND business_date = $2 \
         ORDER BY sequence LIMIT 1"
    );
    let row = pool.get().await?.query_opt(text.as_str(), &[&program.0, &date]).await?;
    row.as_ref().map(cycle).transpose()
}

/// Opens the first cycle of a program with the gates of all buckets; does nothing if there is one.
pub async fn open_first(
    pool: &Pool,
    program: ProgramId,
    date: Date,
    rules: RulesHash,
) -> Result<(), StoreError> {
    let mut client = pool.get().await?;
    let transaction = client.transaction().await?;
    transaction.execute("SELECT pg_advisory_xact_lock($1)", &[&LOCK]).await?;
    let exists = transaction
        .query_opt("SELECT 1 FROM settlement_cycle WHERE program_id = $1 LIMIT 1", &[&program.0])
        .await?;
    if exists.is_none() {
        let insert = "INSERT INTO settlement_cycle (cycle_id, program_id, sequence, business_date, state) \
                      SELECT 1 + coalesce(max(cycle_id), 0), $1, 1, $2, 'open' FROM settlement_cycle RETURNING cycle_id";
        let row = transaction.query_one(insert, &[&program.0, &date]).await?;
        let cycle: i32 = row.try_get(0)?;
        let buckets: Vec<i32> = (0..i32::from(BUCKETS)).collect();
        let gates = "INSERT INTO cycle_gate (bucket, program_id, cycle_id, rules_hash) \
                     SELECT b, $2, $3, $4 FROM unnest($1::int[]) u(b)";
        transaction.execute(gates, &[&buckets, &program.0, &cycle, &rules.0.as_slice()]).await?;
    }
    transaction.commit().await?;
    Ok(())
}

/// Writes down the cycle after the last one, if it is not there yet; it is committed before the switch.
pub async fn prepare_next(pool: &Pool, after: &Cycle, date: Date) -> Result<Cycle, StoreError> {
    prepare(pool, None, after, date).await
}

/// [`prepare_next`] for whoever holds the lease of the close.
pub async fn prepare_next_fenced(
    pool: &Pool,
    fence: &Fence,
    after: &Cycle,
    date: Date,
) -> Result<Cycle, StoreError> {
    prepare(pool, Some(fence), after, date).await
}

async fn prepare(pool: &Pool, fence: Option<&Fence>, after: &Cycle, date: Date) -> Result<Cycle, StoreError> {
    let mut client = pool.get().await?;
    let transaction = client.transaction().await?;
    hold(fence, &transaction).await?;
    transaction.execute("SELECT pg_advisory_xact_lock($1)", &[&LOCK]).await?;
    let insert = "INSERT INTO settlement_cycle (cycle_id, program_id, sequence, business_date, state) \
                  SELECT 1 + coalesce(max(cycle_id), 0), $1, $2, $3, 'prepared' FROM settlement_cycle \
                  ON CONFLICT (program_id, sequence) DO NOTHING";
    let sequence = after.sequence.saturating_add(1);
    transaction.execute(insert, &[&after.program.0, &sequence, &date]).await?;
    let text =
        format!("SELECT {CYCLE_COLUMNS} FROM settlement_cycle WHERE program_id = $1 AND sequence = $2");
    let row = transaction.query_one(text.as_str(), &[&after.program.0, &sequence]).await?;
    transaction.commit().await?;
    cycle(&row)
}

/// Cuts `old` and opens `next`; returns false if `old` was cut already.
///
/// The switch waits for every batch that holds a gate of the program, but never long: it takes its place in the
/// queue for a moment only and tries again after a pause, so that no message misses its deadline behind it.
pub async fn cut(pool: &Pool, old: &Cycle, next: &Cycle) -> Result<bool, StoreError> {
    cut_by(pool, None, old, next).await
}

/// [`cut`] for whoever holds the lease of the close.
pub async fn cut_fenced(pool: &Pool, fence: &Fence, old: &Cycle, next: &Cycle) -> Result<bool, StoreError> {
    cut_by(pool, Some(fence), old, next).await
}

async fn cut_by(pool: &Pool, fence: Option<&Fence>, old: &Cycle, next: &Cycle) -> Result<bool, StoreError> {
    for attempt in 1..=CUT_ATTEMPTS_MAX {
        match try_cut(pool, fence, old, next).await {
            Err(StoreError::Database(error)) if may_retry(&error) => give_way(attempt).await,
            other => return other,
        }
    }
    Err(StoreError::GateBusy { attempts: CUT_ATTEMPTS_MAX })
}

pub(crate) async fn give_way(attempt: u32) {
    tracing::debug!(attempt, "the switch gave way to running batches");
    // Uneven pauses, so that two closers do not keep meeting.
    let pause = 20 + u64::from(attempt * 37 % 101) + u64::from(std::process::id() % 17);
    tokio::time::sleep(Duration::from_millis(pause)).await;
}

pub(crate) fn may_retry(error: &tokio_postgres::Error) -> bool {
    let retried =
        [SqlState::LOCK_NOT_AVAILABLE, SqlState::T_R_DEADLOCK_DETECTED, SqlState::T_R_SERIALIZATION_FAILURE];
    error.code().is_some_and(|code| retried.contains(code))
}

async fn hold(
    fence: Option<&Fence>,
    transaction: &tokio_postgres::Transaction<'_>,
) -> Result<(), StoreError> {
    match fence {
        Some(fence) => fence.hold(transaction).await,
        None => Ok(()),
    }
}

async fn try_cut(pool: &Pool, fence: Option<&Fence>, old: &Cycle, next: &Cycle) -> Result<bool, StoreError> {
    let mut client = pool.get().await?;
    let transaction = client.transaction().await?;
    transaction.execute(format!("SET LOCAL lock_timeout = {CUT_LOCK_WAIT_MAX_MS}").as_str(), &[]).await?;
    hold(fence, &transaction).await?;
    // Reference tables first, then the gates: the order that a distributed PostgreSQL asks for.
    let close = "UPDATE settlement_cycle SET state = 'closing' WHERE cycle_id = $1 AND state = 'open'";
    if transaction.execute(close, &[&old.id.0]).await? == 0 {
        transaction.rollback().await?;
        return Ok(false);
    }
    let open = "UPDATE settlement_cycle SET state = 'open' \
                WHERE cycle_id = $1 AND program_id = $2 AND state = 'prepared'";
    if transaction.execute(open, &[&next.id.0, &old.program.0]).await? == 0 {
        transaction.rollback().await?;
        let state = "not a prepared cycle of the program".to_owned();
        return Err(StoreError::WrongState { cycle: next.id.0, state, step: "opening it" });
    }
    transaction
        .execute("UPDATE cycle_gate SET cycle_id = $1 WHERE program_id = $2", &[&next.id.0, &old.program.0])
        .await?;
    transaction.commit().await?;
    Ok(true)
}

/// Puts another version of a program into force for all gateways at one instant; gives way as the cut does.
pub async fn switch_rules(pool: &Pool, program: ProgramId, rules: RulesHash) -> Result<bool, StoreError> {
    for attempt in 1..=CUT_ATTEMPTS_MAX {
        match try_switch_rules(pool, program, rules).await {
            Err(StoreError::Database(error)) if may_retry(&error) => give_way(attempt).await,
            other => return other,
        }
    }
    Err(StoreError::GateBusy { attempts: CUT_ATTEMPTS_MAX })
}

async fn try_switch_rules(pool: &Pool, program: ProgramId, rules: RulesHash) -> Result<bool, StoreError> {
    let mut client = pool.get().await?;
    let transaction = client.transaction().await?;
    transaction.execute(format!("SET LOCAL lock_timeout = {CUT_LOCK_WAIT_MAX_MS}").as_str(), &[]).await?;
    let switched = switch_gates(&transaction, program, rules, None).await?;
    transaction.commit().await?;
    Ok(switched)
}

/// Changes the version in all gates of a program; with `from` only if that is the one in force.
pub(crate) async fn switch_gates(
    transaction: &tokio_postgres::Transaction<'_>,
    program: ProgramId,
    rules: RulesHash,
    from: Option<RulesHash>,
) -> Result<bool, StoreError> {
    let text = "UPDATE cycle_gate SET rules_hash = $1 \
                WHERE program_id = $2 AND rules_hash <> $1 AND rules_hash = coalesce($3, rules_hash)";
    let from = from.map(|hash| hash.0.to_vec());
    Ok(transaction.execute(text, &[&rules.0.as_slice(), &program.0, &from]).await? > 0)
}

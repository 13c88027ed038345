//! Settlement cycles, the cut between them, and the records of what was settled.

use std::time::Duration;

use domain::{BUCKETS, Currency, CycleId, PartnerId, ProgramId, RulesHash, settlement::Direction};
use jiff::civil::Date;
use tokio_postgres::{Row, error::SqlState};

use crate::{Pool, StoreError, columns, error::damaged};

/// A lock for opening and preparing cycles.
const LOCK: i64 = 0x636f_6272_616e_6403;
/// A switch gives up its place in the queue so soon, so that no message waits behind it for long.
pub(crate) const CUT_LOCK_WAIT_MAX_MS: u32 = 60;
/// With the pauses between them, about half a minute of trying.
pub(crate) const CUT_ATTEMPTS_MAX: u32 = 200;

/// Where a cycle stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CycleState {
    /// Written down, not yet taking transfers.
    Prepared,
    /// Taking transfers.
    Open,
    /// Cut: complete, being settled.
    Closing,
    /// Its files are published.
    Published,
}

impl CycleState {
    /// The stored word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Prepared => "prepared",
            Self::Open => "open",
            Self::Closing => "closing",
            Self::Published => "published",
        }
    }

    fn parse(text: &str) -> Result<Self, StoreError> {
        [Self::Prepared, Self::Open, Self::Closing, Self::Published]
            .into_iter()
            .find(|state| state.name() == text)
            .ok_or_else(|| damaged("cycle state", text))
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
    let mut client = pool.get().await?;
    let transaction = client.transaction().await?;
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
    for attempt in 1..=CUT_ATTEMPTS_MAX {
        match try_cut(pool, old, next).await {
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

async fn try_cut(pool: &Pool, old: &Cycle, next: &Cycle) -> Result<bool, StoreError> {
    let mut client = pool.get().await?;
    let transaction = client.transaction().await?;
    transaction.execute(format!("SET LOCAL lock_timeout = {CUT_LOCK_WAIT_MAX_MS}").as_str(), &[]).await?;
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

/// What is owed between the bank and a partner for a cycle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PositionRow {
    /// The partner.
    pub partner: PartnerId,
    /// The currency.
    pub currency: Currency,
    /// Who pays.
    pub direction: Direction,
    /// How many lines.
    pub lines: i32,
    /// Miles that were paid for.
    pub miles: i64,
    /// Net, rounding included.
    pub net_minor: i64,
    /// Value added tax.
    pub vat_minor: i64,
    /// The rounding amount.
    pub rounding_minor: i64,
    /// To be paid.
    pub to_pay_minor: i64,
}

/// Records the positions of a cycle; a second recording changes nothing.
pub async fn record_positions(pool: &Pool, cycle: CycleId, rows: &[PositionRow]) -> Result<(), StoreError> {
    let mut client = pool.get().await?;
    let transaction = client.transaction().await?;
    let insert = "INSERT INTO settlement_position (cycle_id, partner_id, currency, direction, lines, miles, net_minor, \
                  vat_minor, rounding_minor, to_pay_minor) VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10) ON CONFLICT DO NOTHING";
    for row in rows {
        let currency = i32::from(row.currency.0);
        transaction
            .execute(
                insert,
                &[
                    &cycle.0,
                    &row.partner.0,
                    &currency,
                    &row.direction.name(),
                    &row.lines,
                    &row.miles,
                    &row.net_minor,
                    &row.vat_minor,
                    &row.rounding_minor,
                    &row.to_pay_minor,
                ],
            )
            .await?;
    }
    transaction.commit().await?;
    Ok(())
}

/// The positions of a cycle, by partner and currency.
pub async fn positions_of(pool: &Pool, cycle: CycleId) -> Result<Vec<PositionRow>, StoreError> {
    let text = "SELECT partner_id, currency, direction, lines, miles, net_minor, vat_minor, rounding_minor, to_pay_minor \
                FROM settlement_position WHERE cycle_id = $1 ORDER BY partner_id, currency";
    let rows = pool.get().await?.query(text, &[&cycle.0]).await?;
    rows.iter().map(position).collect()
}

fn position(row: &Row) -> Result<PositionRow, StoreError> {
    let direction: &str = row.try_get(2)?;
    Ok(PositionRow {
        partner: PartnerId(row.try_get(0)?),
        currency: columns::currency(row, 1)?,
        direction: Direction::parse(direction).ok_or_else(|| damaged("direction", direction))?,
        lines: row.try_get(3)?,
        miles: row.try_get(4)?,
        net_minor: row.try_get(5)?,
        vat_minor: row.try_get(6)?,
        rounding_minor: row.try_get(7)?,
        to_pay_minor: row.try_get(8)?,
    })
}

/// A settlement file in the books.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileRow {
    /// The code of the partner or bank that receives it.
    pub receiver: String,
    /// The cycle that it settles.
    pub cycle: CycleId,
    /// Its place among the receiver's files, from 1, without gaps.
    pub sequence: i32,
    /// 0 for the first edition.
    pub revision: i32,
    /// Its name.
    pub file_name: String,
    /// SHA-256 of its bytes.
    pub sha256: [u8; 32],
    /// SHA-256 of the receiver's file before it.
    pub previous_sha256: Option<[u8; 32]>,
    /// How many records it has.
    pub records: i32,
    /// Whether it has been published.
    pub published: bool,
}

const FILE_COLUMNS: &str =
    "receiver, cycle_id, sequence, revision, file_name, sha256, previous_sha256, records, published";

fn file(row: &Row) -> Result<FileRow, StoreError> {
    let hash = |bytes: &[u8]| <[u8; 32]>::try_from(bytes).map_err(|_| damaged("file hash", bytes.len()));
    Ok(FileRow {
        receiver: row.try_get(0)?,
        cycle: CycleId(row.try_get(1)?),
        sequence: row.try_get(2)?,
        revision: row.try_get(3)?,
        file_name: row.try_get(4)?,
        sha256: hash(row.try_get(5)?)?,
        previous_sha256: row.try_get::<_, Option<&[u8]>>(6)?.map(hash).transpose()?,
        records: row.try_get(7)?,
        published: row.try_get(8)?,
    })
}

/// Books a file before it is published; a second booking of the same file changes nothing.
pub async fn record_file(pool: &Pool, row: &FileRow) -> Result<(), StoreError> {
    let insert = format!(
        "INSERT INTO settlement_file ({FILE_COLUMNS}) VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9) \
         ON CONFLICT (receiver, cycle_id, revision) DO NOTHING"
    );
    let previous = row.previous_sha256.map(|hash| hash.to_vec());
    let hash = row.sha256.to_vec();
    pool.get()
        .await?
        .execute(
            insert.as_str(),
            &[
                &row.receiver,
                &row.cycle.0,
                &row.sequence,
                &row.revision,
                &row.file_name,
                &hash,
                &previous,
                &row.records,
                &row.published,
            ],
        )
        .await?;
    Ok(())
}

/// The receiver's newest file of an earlier cycle: the one that the next is chained to.
pub async fn last_file(pool: &Pool, receiver: &str, before: CycleId) -> Result<Option<FileRow>, StoreError> {
    let text = format!(
        "SELECT {FILE_COLUMNS} FROM settlement_file WHERE receiver = $1 AND cycle_id <> $2 \
         AND sequence < coalesce((SELECT min(sequence) FROM settlement_file WHERE receiver = $1 AND cycle_id = $2), 2147483647) \
         ORDER BY sequence DESC, revision DESC LIMIT 1"
    );
    let row = pool.get().await?.query_opt(text.as_str(), &[&receiver, &before.0]).await?;
    row.as_ref().map(file).transpose()
}

/// The files of a cycle, by receiver.
pub async fn files_of(pool: &Pool, cycle: CycleId) -> Result<Vec<FileRow>, StoreError> {
    let text =
        format!("SELECT {FILE_COLUMNS} FROM settlement_file WHERE cycle_id = $1 ORDER BY receiver, revision");
    let rows = pool.get().await?.query(text.as_str(), &[&cycle.0]).await?;
    rows.iter().map(file).collect()
}

/// Marks the files of a cycle and the cycle itself as published.
pub async fn mark_published(pool: &Pool, cycle: CycleId) -> Result<(), StoreError> {
    let mut client = pool.get().await?;
    let transaction = client.transaction().await?;
    transaction
        .execute("UPDATE settlement_file SET published = true WHERE cycle_id = $1", &[&cycle.0])
        .await?;
    let text = "UPDATE settlement_cycle SET state = 'published' WHERE cycle_id = $1 AND state = 'closing'";
    transaction.execute(text, &[&cycle.0]).await?;
    transaction.commit().await?;
    Ok(())
}

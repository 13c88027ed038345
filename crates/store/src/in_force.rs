//! Which version of a program is in force, which ones were, and how an approved one follows at its instant.

use domain::{ProgramId, RulesHash};
use jiff::Timestamp;
use tokio_postgres::{GenericClient, Row, Transaction};

use crate::{
    Pool, StoreError,
    cycles::{CUT_ATTEMPTS_MAX, CUT_LOCK_WAIT_MAX_MS, give_way, may_retry, switch_gates},
    error::damaged,
    proposals::LOCK,
};

/// A version that is or was in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InForce {
    /// The program.
    pub program: ProgramId,
    /// The version.
    pub hash: RulesHash,
    /// From when on.
    pub since: Timestamp,
    /// The proposal that brought it; without one it came from the program's file.
    pub proposal: Option<i32>,
}

/// An approved version whose instant is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scheduled {
    /// The proposal.
    pub proposal: i32,
    /// The program.
    pub program: ProgramId,
    /// The version.
    pub hash: RulesHash,
    /// Its text.
    pub body: String,
    /// The version that it follows, and no other one.
    pub against: RulesHash,
    /// When it is to come into force.
    pub effective_at: Timestamp,
}

fn hash(bytes: &[u8]) -> Result<RulesHash, StoreError> {
    bytes.try_into().map(RulesHash).map_err(|_| damaged("rules hash", bytes.len()))
}

fn in_force(row: &Row) -> Result<InForce, StoreError> {
    Ok(InForce {
        program: ProgramId(row.try_get(0)?),
        hash: hash(row.try_get(1)?)?,
        since: row.try_get(2)?,
        proposal: row.try_get(3)?,
    })
}

/// The version that a program's gates name; `None` if the program was never in force.
pub async fn running_version(pool: &Pool, program: ProgramId) -> Result<Option<RulesHash>, StoreError> {
    running_version_in(&*pool.get().await?, program).await
}

/// The same on somebody's connection or in somebody's transaction.
pub async fn running_version_in(
    client: &impl GenericClient,
    program: ProgramId,
) -> Result<Option<RulesHash>, StoreError> {
    let text = "SELECT rules_hash FROM cycle_gate WHERE bucket = 0 AND program_id = $1";
    client.query_opt(text, &[&program.0]).await?.map(|row| hash(row.try_get(0)?)).transpose()
}

/// The versions of a program that were in force, the last one first, at most `limit`.
pub async fn versions_in_force(
    pool: &Pool,
    program: ProgramId,
    limit: u32,
) -> Result<Vec<InForce>, StoreError> {
    let text = "SELECT program_id, rules_hash, since, proposal_id FROM rules_in_force WHERE program_id = $1 \
                ORDER BY sequence DESC LIMIT $2";
    let rows = pool.get().await?.query(text, &[&program.0, &i64::from(limit)]).await?;
    rows.iter().map(in_force).collect()
}

/// The version that was in force just before an instant; the first one, if the instant lies before all of them.
pub async fn version_before(
    pool: &Pool,
    program: ProgramId,
    instant: Timestamp,
) -> Result<Option<RulesHash>, StoreError> {
    let text = "SELECT rules_hash FROM rules_in_force WHERE program_id = $1 \
                ORDER BY since < $2 DESC, CASE WHEN since < $2 THEN -sequence ELSE sequence END LIMIT 1";
    let client = pool.get().await?;
    client.query_opt(text, &[&program.0, &instant]).await?.map(|row| hash(row.try_get(0)?)).transpose()
}

/// Writes down that a version came into force by its file, if it was not the last one already.
pub async fn note_in_force(
    pool: &Pool,
    program: ProgramId,
    version: RulesHash,
    at: Timestamp,
) -> Result<(), StoreError> {
    let mut client = pool.get().await?;
    let transaction = client.transaction().await?;
    transaction.execute("SELECT pg_advisory_xact_lock($1)", &[&LOCK]).await?;
    follow(&transaction, program, version, at, None).await?;
    transaction.commit().await?;
    Ok(())
}

async fn follow(
    transaction: &Transaction<'_>,
    program: ProgramId,
    version: RulesHash,
    at: Timestamp,
    proposal: Option<i32>,
) -> Result<(), StoreError> {
    // A clock that was set back must not bring a version before the one that it follows.
    let insert = "INSERT INTO rules_in_force (program_id, sequence, rules_hash, since, proposal_id) \
                  SELECT $1, 1 + coalesce(max(sequence), 0), $2, greatest($3, max(since) + interval '1 microsecond'), $4::int \
                  FROM rules_in_force WHERE program_id = $1 HAVING $4::int IS NOT NULL OR $2 IS DISTINCT FROM \
                  (SELECT rules_hash FROM rules_in_force WHERE program_id = $1 ORDER BY sequence DESC LIMIT 1)";
    transaction.execute(insert, &[&program.0, &version.0.as_slice(), &at, &proposal]).await?;
    Ok(())
}

/// The approved versions that wait for their instant, the first one first.
pub async fn scheduled_versions(pool: &Pool) -> Result<Vec<Scheduled>, StoreError> {
    let text = "SELECT p.proposal_id, p.program_id, p.rules_hash, p.body, p.against_hash, d.effective_at \
                FROM cycle_gate g \
                JOIN rules_proposal p ON p.program_id = g.program_id AND p.against_hash = g.rules_hash \
                JOIN rules_decision d ON d.proposal_id = p.proposal_id \
                WHERE g.bucket = $1 AND d.verdict = 'approved' \
                AND NOT EXISTS (SELECT FROM rules_withdrawal w WHERE w.proposal_id = p.proposal_id) \
                AND NOT EXISTS (SELECT FROM rules_in_force f WHERE f.proposal_id = p.proposal_id) \
                ORDER BY d.effective_at, p.proposal_id";
    // All gates of a program say the same: the first one is asked.
    let rows = pool.get().await?.query(text, &[&0_i32]).await?;
    let one = |row: &Row| {
        Ok(Scheduled {
            proposal: row.try_get(0)?,
            program: ProgramId(row.try_get(1)?),
            hash: hash(row.try_get(2)?)?,
            body: row.try_get(3)?,
            against: hash(row.try_get(4)?)?,
            effective_at: row.try_get(5)?,
        })
    };
    rows.iter().map(one).collect()
}

/// Puts an approved version into force for all gateways at one instant; false if another process did, if it was taken
/// back, or if another version is in force than the one that it was compared with. Its text must be registered.
pub async fn put_into_force(pool: &Pool, next: &Scheduled, at: Timestamp) -> Result<bool, StoreError> {
    for attempt in 1..=CUT_ATTEMPTS_MAX {
        match try_put_into_force(pool, next, at).await {
            Err(StoreError::Database(error)) if may_retry(&error) => give_way(attempt).await,
            other => return other,
        }
    }
    Err(StoreError::GateBusy { attempts: CUT_ATTEMPTS_MAX })
}

async fn try_put_into_force(pool: &Pool, next: &Scheduled, at: Timestamp) -> Result<bool, StoreError> {
    let mut client = pool.get().await?;
    let transaction = client.transaction().await?;
    transaction.execute(format!("SET LOCAL lock_timeout = {CUT_LOCK_WAIT_MAX_MS}").as_str(), &[]).await?;
    transaction.execute("SELECT pg_advisory_xact_lock($1)", &[&LOCK]).await?;
    let may = "SELECT 1 FROM rules_decision d WHERE d.proposal_id = $1 AND d.verdict = 'approved' AND d.effective_at <= $2 \
               AND NOT EXISTS (SELECT FROM rules_withdrawal w WHERE w.proposal_id = d.proposal_id) \
               AND NOT EXISTS (SELECT FROM rules_in_force f WHERE f.proposal_id = d.proposal_id)";
    if transaction.query_opt(may, &[&next.proposal, &at]).await?.is_none() {
        return Ok(false);
    }
    follow(&transaction, next.program, next.hash, at, Some(next.proposal)).await?;
    if !switch_gates(&transaction, next.program, next.hash, Some(next.against)).await? {
        return Ok(false);
    }
    transaction.commit().await?;
    Ok(true)
}

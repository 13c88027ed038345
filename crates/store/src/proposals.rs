//! Proposed versions of programs: who proposed what, who decided, and what came into force. Rows are only added.

use domain::{ProgramId, ProposalFacts, ProposalState, RulesHash};
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio_postgres::{Row, Transaction};

use crate::{
    Pool, StoreError,
    audit::{self, AuditEntry},
    error::damaged,
};

/// One lock for all that is said of proposals, and for putting them into force.
pub(crate) const LOCK: i64 = 0x636f_6272_616e_6404;

/// When a version is to come into force.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// As soon as it is approved.
    Now,
    /// At the first cut-off after the approval.
    CutOff,
    /// At this instant, or when it is approved, if that is later.
    At(Timestamp),
}

impl Wanted {
    /// The stored word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Now => "now",
            Self::CutOff => "cut-off",
            Self::At(_) => "at",
        }
    }

    fn instant(self) -> Option<Timestamp> {
        match self {
            Self::At(instant) => Some(instant),
            Self::Now | Self::CutOff => None,
        }
    }

    fn parse(name: &str, instant: Option<Timestamp>) -> Result<Self, StoreError> {
        match (name, instant) {
            ("now", None) => Ok(Self::Now),
            ("cut-off", None) => Ok(Self::CutOff),
            ("at", Some(instant)) => Ok(Self::At(instant)),
            _ => Err(damaged("instant of a proposal", name)),
        }
    }
}

/// A text that somebody wants in force.
#[derive(Debug, Clone, Copy)]
pub struct NewProposal<'a> {
    /// The program.
    pub program: ProgramId,
    /// SHA-256 of the text.
    pub hash: RulesHash,
    /// The text.
    pub body: &'a str,
    /// The version in force that it was compared with.
    pub against: RulesHash,
    /// Who proposes it.
    pub by: &'a str,
    /// When.
    pub at: Timestamp,
    /// What for.
    pub comment: &'a str,
    /// When it is to come into force.
    pub wanted: Wanted,
    /// What was found out about it, as JSON.
    pub assessment: &'a str,
    /// Whether it may be approved.
    pub approvable: bool,
    /// A back-test's report, as JSON.
    pub backtest: Option<&'a str>,
}

/// What a person says of a proposal.
#[derive(Debug, Clone, Copy)]
pub struct ProposalDecision<'a> {
    /// Who.
    pub by: &'a str,
    /// When.
    pub at: Timestamp,
    /// Why.
    pub reason: &'a str,
    /// When it is to come into force, if it is approved.
    pub effective_at: Option<Timestamp>,
}

/// What became of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProposalStep {
    /// It was done.
    Done,
    /// There is no such proposal.
    NotFound,
    /// The proposal does not stand where this is possible.
    Stands(ProposalState),
    /// Nobody decides on his own proposal.
    SamePerson,
    /// The text cannot be read, contradicts itself or fails its tests.
    NotApprovable,
    /// Another version waits for its instant; it would make this one outdated.
    AnotherScheduled(i32),
}

/// A decision that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecisionRow {
    /// Who.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// Why.
    pub reason: String,
    /// From when on, if it was approved.
    pub effective_at: Option<Timestamp>,
}

/// A proposal with what was said of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProposalRow {
    /// Its number.
    pub id: i32,
    /// The program.
    pub program: ProgramId,
    /// SHA-256 of the text.
    pub hash: RulesHash,
    /// The version that it was compared with.
    pub against: RulesHash,
    /// Who proposed it.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// What for.
    pub comment: String,
    /// When it is to come into force.
    pub wanted: Wanted,
    /// Whether it may be approved.
    pub approvable: bool,
    /// The decision, if there is one.
    pub decision: Option<DecisionRow>,
    /// Who took it back, when and why.
    pub withdrawal: Option<DecisionRow>,
    /// When it came into force.
    pub since: Option<Timestamp>,
    /// Where it stands.
    pub state: ProposalState,
}

/// What is attached to a proposal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProposalTexts {
    /// The text.
    pub body: String,
    /// What was found out about it, as JSON.
    pub assessment: String,
    /// A back-test's report, as JSON.
    pub backtest: Option<String>,
}

async fn in_turn(transaction: &Transaction<'_>) -> Result<(), StoreError> {
    transaction.execute("SELECT pg_advisory_xact_lock($1)", &[&LOCK]).await?;
    Ok(())
}

/// Keeps a proposal and returns its number; `None` if another version than `against` is in force by now.
pub async fn propose(
    transaction: &Transaction<'_>,
    new: &NewProposal<'_>,
) -> Result<Option<i32>, StoreError> {
    in_turn(transaction).await?;
    let insert = "INSERT INTO rules_proposal (proposal_id, program_id, rules_hash, body, against_hash, proposed_by, \
                  proposed_at, comment, wanted, wanted_at, assessment, approvable, backtest) \
                  SELECT 1 + coalesce((SELECT max(proposal_id) FROM rules_proposal), 0), program_id, $2, $3, rules_hash, \
                  $5, $6, $7, $8, $9, $10, $11, $12 FROM cycle_gate \
                  WHERE bucket = 0 AND program_id = $1 AND rules_hash = $4 RETURNING proposal_id";
    let row = transaction
        .query_opt(
            insert,
            &[
                &new.program.0,
                &new.hash.0.as_slice(),
                &new.body,
                &new.against.0.as_slice(),
                &new.by,
                &new.at,
                &new.comment,
                &new.wanted.name(),
                &new.wanted.instant(),
                &new.assessment,
                &new.approvable,
                &new.backtest,
            ],
        )
        .await?;
    let id: Option<i32> = row.map(|row| row.try_get(0)).transpose()?;
    if let Some(id) = id {
        let is = json!({ "program": new.program.0, "version": new.hash.to_string(), "wanted": new.wanted.name(),
                         "approvable": new.approvable });
        said(transaction, new.by, "program.propose", id, is, new.comment).await?;
    }
    Ok(id)
}

/// Leaves the entry of what a person says of a proposal.
async fn said(
    transaction: &Transaction<'_>,
    by: &str,
    what: &str,
    id: i32,
    is: Value,
    why: &str,
) -> Result<(), StoreError> {
    let object = id.to_string();
    audit::record(transaction, &AuditEntry::new(by, what, "proposal", &object).to(is).why(why)).await
}

/// Approves or rejects. Of several people at once one decides; the database refuses the proposer himself. The
/// transaction must not be committed if it is not done.
pub async fn decide_proposal(
    transaction: &Transaction<'_>,
    id: i32,
    decision: &ProposalDecision<'_>,
) -> Result<ProposalStep, StoreError> {
    in_turn(transaction).await?;
    let Some(proposal) = proposal_in(transaction, id).await? else { return Ok(ProposalStep::NotFound) };
    let approves = decision.effective_at.is_some();
    // What is outdated may still be rejected: so it leaves the list of what waits.
    let possible = match proposal.state {
        ProposalState::Proposed => true,
        ProposalState::Outdated => !approves && proposal.decision.is_none(),
        _ => false,
    };
    if !possible {
        return Ok(ProposalStep::Stands(proposal.state));
    }
    if approves && let Some(other) = scheduled(transaction, proposal.program).await? {
        return Ok(ProposalStep::AnotherScheduled(other));
    }
    let insert = "INSERT INTO rules_decision (proposal_id, proposed_by, approvable, verdict, decided_by, decided_at, \
                  reason, effective_at) \
                  SELECT proposal_id, proposed_by, approvable, $2, $3, $4, $5, $6 FROM rules_proposal WHERE proposal_id = $1";
    let verdict = if approves { "approved" } else { "rejected" };
    let done = transaction
        .execute(
            insert,
            &[&id, &verdict, &decision.by, &decision.at, &decision.reason, &decision.effective_at],
        )
        .await;
    match done {
        Ok(_) => {
            let what = if approves { "program.approve" } else { "program.reject" };
            let since = decision.effective_at.map(|instant| instant.to_string());
            let is = json!({ "proposed_by": proposal.by, "verdict": verdict, "effective_at": since });
            said(transaction, decision.by, what, id, is, decision.reason).await?;
            Ok(ProposalStep::Done)
        }
        Err(error) => match refusing(&error) {
            Some("rules_decision_by_another_person") => Ok(ProposalStep::SamePerson),
            Some("rules_decision_of_what_may_be_approved") => Ok(ProposalStep::NotApprovable),
            _ => Err(error.into()),
        },
    }
}

/// The name of the constraint that refused.
fn refusing(error: &tokio_postgres::Error) -> Option<&str> {
    error.as_db_error()?.constraint()
}

async fn scheduled(transaction: &Transaction<'_>, program: ProgramId) -> Result<Option<i32>, StoreError> {
    let rows = transaction.query(of_program().as_str(), &[&program.0, &i64::MAX]).await?;
    for row in &rows {
        let proposal = proposal(row)?;
        if proposal.state == ProposalState::Scheduled {
            return Ok(Some(proposal.id));
        }
    }
    Ok(None)
}

/// Takes a proposal back before it comes into force. The transaction must not be committed if it is not done.
pub async fn withdraw_proposal(
    transaction: &Transaction<'_>,
    id: i32,
    by: &str,
    at: Timestamp,
    reason: &str,
) -> Result<ProposalStep, StoreError> {
    in_turn(transaction).await?;
    let Some(proposal) = proposal_in(transaction, id).await? else { return Ok(ProposalStep::NotFound) };
    if !proposal.state.is_open() {
        return Ok(ProposalStep::Stands(proposal.state));
    }
    let insert = "INSERT INTO rules_withdrawal (proposal_id, withdrawn_by, withdrawn_at, reason) VALUES ($1, $2, $3, $4)";
    transaction.execute(insert, &[&id, &by, &at, &reason]).await?;
    let is = json!({ "proposed_by": proposal.by, "verdict": "withdrawn" });
    said(transaction, by, "program.withdraw", id, is, reason).await?;
    Ok(ProposalStep::Done)
}

const PROPOSALS: &str = "SELECT p.proposal_id, p.program_id, p.rules_hash, p.against_hash, p.proposed_by, p.proposed_at, \
    p.comment, p.wanted, p.wanted_at, p.approvable, d.decided_by, d.decided_at, d.reason, d.effective_at, \
    w.withdrawn_by, w.withdrawn_at, w.reason, f.since, \
    f.sequence = (SELECT max(sequence) FROM rules_in_force l WHERE l.program_id = p.program_id), \
    p.against_hash = (SELECT g.rules_hash FROM cycle_gate g WHERE g.bucket = 0 AND g.program_id = p.program_id) \
    FROM rules_proposal p LEFT JOIN rules_decision d ON d.proposal_id = p.proposal_id \
    LEFT JOIN rules_withdrawal w ON w.proposal_id = p.proposal_id \
    LEFT JOIN rules_in_force f ON f.proposal_id = p.proposal_id";

/// The last ones, and whatever still waits for a decision or its instant, however old.
fn of_program() -> String {
    format!(
        "{PROPOSALS} WHERE p.program_id = $1 AND (p.proposal_id > coalesce((SELECT l.proposal_id FROM rules_proposal l \
         WHERE l.program_id = $1 ORDER BY l.proposal_id DESC OFFSET $2 LIMIT 1), 0) OR (w.proposal_id IS NULL \
         AND f.proposal_id IS NULL AND (d.proposal_id IS NULL OR d.effective_at IS NOT NULL) \
         AND p.against_hash = (SELECT g.rules_hash FROM cycle_gate g WHERE g.bucket = 0 AND g.program_id = $1))) \
         ORDER BY p.proposal_id DESC"
    )
}

fn hash(bytes: &[u8]) -> Result<RulesHash, StoreError> {
    bytes.try_into().map(RulesHash).map_err(|_| damaged("rules hash", bytes.len()))
}

fn proposal(row: &Row) -> Result<ProposalRow, StoreError> {
    let said = |by: usize, effective: Option<usize>| -> Result<Option<DecisionRow>, StoreError> {
        let Some(name) = row.try_get::<_, Option<String>>(by)? else { return Ok(None) };
        let (at, reason) = (row.try_get(by + 1)?, row.try_get(by + 2)?);
        let effective_at = effective.map(|place| row.try_get(place)).transpose()?.flatten();
        Ok(Some(DecisionRow { by: name, at, reason, effective_at }))
    };
    let (decision, withdrawal) = (said(10, Some(13))?, said(14, None)?);
    let facts = ProposalFacts {
        approved: decision.as_ref().map(|decision| decision.effective_at.is_some()),
        withdrawn: withdrawal.is_some(),
        came_into_force: row.try_get(18)?,
        compared_with_the_running: row.try_get::<_, Option<bool>>(19)?.unwrap_or(false),
    };
    Ok(ProposalRow {
        id: row.try_get(0)?,
        program: ProgramId(row.try_get(1)?),
        hash: hash(row.try_get(2)?)?,
        against: hash(row.try_get(3)?)?,
        by: row.try_get(4)?,
        at: row.try_get(5)?,
        comment: row.try_get(6)?,
        wanted: Wanted::parse(row.try_get(7)?, row.try_get(8)?)?,
        approvable: row.try_get(9)?,
        decision,
        withdrawal,
        since: row.try_get(17)?,
        state: ProposalState::of(facts),
    })
}

/// A proposal, in somebody's transaction.
pub async fn proposal_in(transaction: &Transaction<'_>, id: i32) -> Result<Option<ProposalRow>, StoreError> {
    let text = format!("{PROPOSALS} WHERE p.proposal_id = $1");
    transaction.query_opt(text.as_str(), &[&id]).await?.as_ref().map(proposal).transpose()
}

/// A program's proposals, newest first, at most `limit`.
pub async fn proposals(pool: &Pool, program: ProgramId, limit: u32) -> Result<Vec<ProposalRow>, StoreError> {
    let client = pool.get().await?;
    let rows = client.query(of_program().as_str(), &[&program.0, &i64::from(limit)]).await?;
    rows.iter().map(proposal).collect()
}

/// A proposal and what is attached to it.
pub async fn proposal_by_id(
    pool: &Pool,
    id: i32,
) -> Result<Option<(ProposalRow, ProposalTexts)>, StoreError> {
    let mut client = pool.get().await?;
    let transaction = client.transaction().await?;
    let Some(row) = proposal_in(&transaction, id).await? else { return Ok(None) };
    let text = "SELECT body, assessment, backtest FROM rules_proposal WHERE proposal_id = $1";
    let texts = transaction.query_one(text, &[&id]).await?;
    let texts =
        ProposalTexts { body: texts.try_get(0)?, assessment: texts.try_get(1)?, backtest: texts.try_get(2)? };
    Ok(Some((row, texts)))
}

/// The text of a version of a program, whether it was ever in force or only proposed.
pub async fn version_text(
    pool: &Pool,
    program: ProgramId,
    version: RulesHash,
) -> Result<Option<String>, StoreError> {
    let text = "SELECT body FROM program_version WHERE rules_hash = $2 AND program_id = $1 \
                UNION ALL SELECT body FROM rules_proposal WHERE rules_hash = $2 AND program_id = $1 LIMIT 1";
    let client = pool.get().await?;
    let row = client.query_opt(text, &[&program.0, &version.0.as_slice()]).await?;
    Ok(row.map(|row| row.try_get(0)).transpose()?)
}

//! Adjustments: one person proposes, another one decides, and the next close takes what was approved.

use domain::{AdjustedItem, Currency, CycleId, DisputeState, PartnerId, ProgramId, settlement::Direction};
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio_postgres::{GenericClient, Row, Transaction};

use super::{
    PROPOSALS_LOCK, disputes,
    items::{ItemsOf, items, keep_items, of_id},
};
use crate::{
    Fence, Pool, StoreError,
    audit::{self, AuditEntry},
    columns::currency,
    error::damaged,
};

/// What a person proposes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAdjustment<'a> {
    /// The disputed line, if it is about one.
    pub dispute: Option<i64>,
    /// The program.
    pub program: ProgramId,
    /// The partner.
    pub partner: PartnerId,
    /// The currency of the settlement.
    pub currency: Currency,
    /// The direction in which the amounts are positive.
    pub stated: Direction,
    /// What is corrected, by line id or by another reference.
    pub original: &'a str,
    /// What is added to what was settled; empty: the disputed line stands as it is.
    pub items: &'a [AdjustedItem],
    /// Why.
    pub reason: &'a str,
    /// Who.
    pub by: &'a str,
    /// When.
    pub at: Timestamp,
}

/// What came of a proposal or a decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AdjustmentStep {
    /// It is kept, under this number.
    Done(i64),
    /// There is no such dispute or proposal.
    NotFound,
    /// The dispute stands where nothing can be proposed.
    Stands(DisputeState),
    /// Another person has decided already.
    Decided,
    /// Nobody approves his own proposal.
    SamePerson,
    /// A case has given up or adjusted what the line is about: it would count twice.
    SettledByItsCase,
}

/// A decision about a proposal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AdjustmentDecision<'a> {
    /// The proposal.
    pub proposal: i64,
    /// Whether it is approved.
    pub approves: bool,
    /// Why.
    pub reason: &'a str,
    /// Who.
    pub by: &'a str,
    /// When.
    pub at: Timestamp,
}

async fn begin(client: &mut tokio_postgres::Client) -> Result<Transaction<'_>, StoreError> {
    let transaction = client.transaction().await?;
    transaction.execute("SELECT pg_advisory_xact_lock($1)", &[&PROPOSALS_LOCK]).await?;
    Ok(transaction)
}

/// Keeps a proposal. A dispute has one that waits, at most.
pub async fn propose_adjustment(pool: &Pool, new: &NewAdjustment<'_>) -> Result<AdjustmentStep, StoreError> {
    let mut client = pool.get().await?;
    let transaction = begin(&mut client).await?;
    if let Some(id) = new.dispute {
        match disputes::one(&transaction, id).await? {
            None => return Ok(AdjustmentStep::NotFound),
            Some(dispute) if dispute.state != DisputeState::Open => {
                return Ok(AdjustmentStep::Stands(dispute.state));
            }
            Some(_) => {}
        }
    }
    let text = "INSERT INTO adjustment_proposal (verdict, dispute_id, program_id, partner_id, currency, stated, original, \
                reason, proposed_by, proposed_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) RETURNING proposal_id";
    let verdict = if new.items.is_empty() { "reject" } else { "adjust" };
    let kept = transaction
        .query_one(
            text,
            &[
                &verdict,
                &new.dispute,
                &new.program.0,
                &new.partner.0,
                &i32::from(new.currency.0),
                &new.stated.name(),
                &new.original,
                &new.reason,
                &new.by,
                &new.at,
            ],
        )
        .await;
    let id: i64 = match kept {
        Ok(row) => row.try_get(0)?,
        Err(error) => {
            let constraint = error.as_db_error().and_then(|error| error.constraint());
            return match constraint {
                Some("dispute_leaves_the_case_alone") => Ok(AdjustmentStep::SettledByItsCase),
                _ => Err(error.into()),
            };
        }
    };
    keep_items(&transaction, ItemsOf::Proposal, id, new.items).await?;
    let is = json!({ "verdict": verdict, "dispute": new.dispute, "program": new.program.0,
                     "partner": new.partner.0, "original": new.original, "items": new.items.len() });
    said(&transaction, new.by, "adjustment.propose", id, is, new.reason).await?;
    transaction.commit().await?;
    Ok(AdjustmentStep::Done(id))
}

/// Approves or rejects. Of several people at once one decides; the database refuses the proposer's own approval.
pub async fn decide_adjustment(
    pool: &Pool,
    decision: &AdjustmentDecision<'_>,
) -> Result<AdjustmentStep, StoreError> {
    let mut client = pool.get().await?;
    let transaction = begin(&mut client).await?;
    let id = decision.proposal;
    let text = "SELECT p.verdict, d.proposal_id IS NOT NULL FROM adjustment_proposal p \
                LEFT JOIN adjustment_decision d ON d.proposal_id = p.proposal_id WHERE p.proposal_id = $1";
    let Some(row) = transaction.query_opt(text, &[&id]).await? else { return Ok(AdjustmentStep::NotFound) };
    let (adjusts, decided) = (row.try_get::<_, &str>(0)? == "adjust", row.try_get(1)?);
    if decided {
        return Ok(AdjustmentStep::Decided);
    }
    let insert = "INSERT INTO adjustment_decision (proposal_id, proposed_by, proposed_verdict, verdict, decided_by, \
                  decided_at, reason) SELECT proposal_id, proposed_by, verdict, $2, $3, $4, $5 \
                  FROM adjustment_proposal WHERE proposal_id = $1";
    let verdict = if decision.approves { "approved" } else { "rejected" };
    let done =
        transaction.execute(insert, &[&id, &verdict, &decision.by, &decision.at, &decision.reason]).await;
    if let Err(error) = done {
        let constraint = error.as_db_error().and_then(|error| error.constraint());
        return match constraint {
            Some("adjustment_decision_by_another_person") => Ok(AdjustmentStep::SamePerson),
            _ => Err(error.into()),
        };
    }
    if adjusts && decision.approves {
        let text = "INSERT INTO settlement_adjustment (proposal_id) VALUES ($1)";
        transaction.execute(text, &[&id]).await?;
    }
    let what = if decision.approves { "adjustment.approve" } else { "adjustment.reject" };
    let is = json!({ "verdict": verdict, "adjusts": adjusts });
    said(&transaction, decision.by, what, id, is, decision.reason).await?;
    transaction.commit().await?;
    Ok(AdjustmentStep::Done(id))
}

/// Leaves the entry of what a person says of an adjustment.
async fn said(
    transaction: &Transaction<'_>,
    by: &str,
    what: &str,
    id: i64,
    is: Value,
    why: &str,
) -> Result<(), StoreError> {
    let object = id.to_string();
    audit::record(transaction, &AuditEntry::new(by, what, "adjustment", &object).to(is).why(why)).await
}

/// A proposal with what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdjustmentProposal {
    /// Its number, also of the adjustment that comes of it.
    pub id: i64,
    /// Whether something is corrected; otherwise a disputed line stands as it is.
    pub adjusts: bool,
    /// The dispute that it is about.
    pub dispute: Option<i64>,
    /// The program.
    pub program: ProgramId,
    /// The partner.
    pub partner: PartnerId,
    /// The currency.
    pub currency: Currency,
    /// The direction in which the amounts are positive.
    pub stated: Direction,
    /// What is corrected.
    pub original: String,
    /// Why.
    pub reason: String,
    /// Who proposed it.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// What is added.
    pub items: Vec<AdjustedItem>,
    /// Whether it was approved, who decided and why.
    pub decision: Option<(bool, String, String)>,
    /// The cycle that has taken it.
    pub cycle: Option<CycleId>,
}

const PROPOSALS: &str = "SELECT p.proposal_id, p.verdict, p.dispute_id, p.program_id, p.partner_id, p.currency, p.stated, \
     p.original, p.reason, p.proposed_by, p.proposed_at, d.verdict, d.decided_by, d.reason, a.cycle_id \
     FROM adjustment_proposal p LEFT JOIN adjustment_decision d ON d.proposal_id = p.proposal_id \
     LEFT JOIN settlement_adjustment a ON a.proposal_id = p.proposal_id";

fn direction(row: &Row, column: usize) -> Result<Direction, StoreError> {
    let name: &str = row.try_get(column)?;
    Direction::parse(name).ok_or_else(|| damaged("direction", name))
}

fn proposal(row: &Row) -> Result<AdjustmentProposal, StoreError> {
    let verdict: Option<&str> = row.try_get(11)?;
    let decision = match verdict {
        Some(verdict) => Some((verdict == "approved", row.try_get(12)?, row.try_get(13)?)),
        None => None,
    };
    Ok(AdjustmentProposal {
        id: row.try_get(0)?,
        adjusts: row.try_get::<_, &str>(1)? == "adjust",
        dispute: row.try_get(2)?,
        program: ProgramId(row.try_get(3)?),
        partner: PartnerId(row.try_get(4)?),
        currency: currency(row, 5)?,
        stated: direction(row, 6)?,
        original: row.try_get(7)?,
        reason: row.try_get(8)?,
        by: row.try_get(9)?,
        at: row.try_get(10)?,
        items: Vec::new(),
        decision,
        cycle: row.try_get::<_, Option<i32>>(14)?.map(CycleId),
    })
}

async fn with_items(
    client: &impl GenericClient,
    rows: &[Row],
) -> Result<Vec<AdjustmentProposal>, StoreError> {
    let mut found = rows.iter().map(proposal).collect::<Result<Vec<_>, _>>()?;
    let ids: Vec<i64> = found.iter().map(|proposal| proposal.id).collect();
    let items = items(client, ItemsOf::Proposal, &ids).await?;
    found.iter_mut().for_each(|proposal| proposal.items = of_id(&items, proposal.id));
    Ok(found)
}

/// The proposal of this number.
pub async fn adjustment_proposal(pool: &Pool, id: i64) -> Result<Option<AdjustmentProposal>, StoreError> {
    let client = pool.get().await?;
    let rows = client.query(format!("{PROPOSALS} WHERE p.proposal_id = $1").as_str(), &[&id]).await?;
    Ok(with_items(&*client, &rows).await?.pop())
}

/// At most `limit` proposals, newest first; all that are not decided, or approved and not in a file yet, come before.
pub async fn adjustment_proposals(pool: &Pool, limit: u32) -> Result<Vec<AdjustmentProposal>, StoreError> {
    let text = format!(
        "{PROPOSALS} ORDER BY (d.proposal_id IS NULL OR (a.proposal_id IS NOT NULL AND a.cycle_id IS NULL)) DESC, \
         p.proposal_id DESC LIMIT $1"
    );
    let client = pool.get().await?;
    let rows = client.query(text.as_str(), &[&i64::from(limit)]).await?;
    with_items(&*client, &rows).await
}

/// An adjustment that a cycle has taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdjustmentRow {
    /// Its number; a batch's adjustments come in this order.
    pub id: i64,
    /// The partner.
    pub partner: PartnerId,
    /// The currency.
    pub currency: Currency,
    /// The direction in which the amounts are positive; turn them where the batch states the other one.
    pub stated: Direction,
    /// Why, as staff said it.
    pub reason: String,
    /// What is corrected: the id of a line of an earlier file, or another reference.
    pub original: String,
    /// The record of the disputed line as it stands in the earlier file, with its references.
    pub record: Option<String>,
    /// What is added, item by item.
    pub items: Vec<AdjustedItem>,
}

/// The adjustments of a batch. The first call gives the open ones to the cycle, every later call returns the same ones.
///
/// Call it for a cycle that is cut, before it is computed. An adjustment whose item the
/// terms do not price any more is still returned: the caller puts it into the first item's column.
pub async fn take_adjustments(
    transaction: &Transaction<'_>,
    cycle: CycleId,
    partner: PartnerId,
    currency: Currency,
) -> Result<Vec<AdjustmentRow>, StoreError> {
    let number = i32::from(currency.0);
    // Whoever is second waits here for the first, and then finds what that one has taken.
    let first = "INSERT INTO settlement_adjustments_taken (cycle_id, partner_id, currency) VALUES ($1, $2, $3) \
                 ON CONFLICT DO NOTHING";
    if transaction.execute(first, &[&cycle.0, &partner.0, &number]).await? == 1 {
        let take = "UPDATE settlement_adjustment a SET cycle_id = $1 FROM adjustment_proposal p, settlement_cycle c \
                    WHERE p.proposal_id = a.proposal_id AND c.cycle_id = $1 AND p.program_id = c.program_id \
                    AND p.partner_id = $2 AND p.currency = $3 AND a.cycle_id IS NULL";
        transaction.execute(take, &[&cycle.0, &partner.0, &number]).await?;
    }
    let all = of_cycle(transaction, cycle).await?;
    Ok(all.into_iter().filter(|row| row.partner == partner && row.currency == currency).collect())
}

/// Gives the open adjustments of these batches to a cut cycle, for whoever holds the lease of the close: once for each batch,
/// whatever is approved later.
pub async fn take_adjustments_of(
    pool: &Pool,
    fence: &Fence,
    cycle: CycleId,
    batches: &[(PartnerId, Currency)],
) -> Result<(), StoreError> {
    let mut client = pool.get().await?;
    let transaction = client.transaction().await?;
    fence.hold(&transaction).await?;
    for (partner, currency) in batches {
        take_adjustments(&transaction, cycle, *partner, *currency).await?;
    }
    transaction.commit().await?;
    Ok(())
}

/// All adjustments that a cycle has taken, in the order of their numbers.
pub async fn adjustments_of(pool: &Pool, cycle: CycleId) -> Result<Vec<AdjustmentRow>, StoreError> {
    let client = pool.get().await?;
    of_cycle(&*client, cycle).await
}

async fn of_cycle(client: &impl GenericClient, cycle: CycleId) -> Result<Vec<AdjustmentRow>, StoreError> {
    let text = "SELECT p.proposal_id, p.partner_id, p.currency, p.stated, p.reason, p.original, d.record \
                FROM settlement_adjustment a JOIN adjustment_proposal p ON p.proposal_id = a.proposal_id \
                LEFT JOIN settlement_dispute d ON d.dispute_id = p.dispute_id WHERE a.cycle_id = $1 ORDER BY p.proposal_id";
    let rows = client.query(text, &[&cycle.0]).await?;
    let adjustment = |row: &Row| {
        Ok(AdjustmentRow {
            id: row.try_get(0)?,
            partner: PartnerId(row.try_get(1)?),
            currency: currency(row, 2)?,
            stated: direction(row, 3)?,
            reason: row.try_get(4)?,
            original: row.try_get(5)?,
            record: row.try_get(6)?,
            items: Vec::new(),
        })
    };
    let mut found = rows.iter().map(adjustment).collect::<Result<Vec<_>, StoreError>>()?;
    let ids: Vec<i64> = found.iter().map(|adjustment| adjustment.id).collect();
    let items = items(client, ItemsOf::Proposal, &ids).await?;
    found.iter_mut().for_each(|adjustment| adjustment.items = of_id(&items, adjustment.id));
    Ok(found)
}

//! What staff do about cases: assign, propose, decide, take back. Each is one transaction under the row locks.

use domain::case::{
    AfterStep, CaseProposalKind, CaseRefusal, CaseState, Proposed, WriteOffAccount, adjustment_fits,
    check_case_text,
};
use domain::{
    AdjustedItem, Currency,
    settlement::{Basis, Direction},
};
use jiff::{Timestamp, civil::Date};
use serde_json::json;
use tokio_postgres::Transaction;

use super::{
    CaseError, CaseStep,
    underway::{Underway, begin, facts, lock},
};
use crate::{Pool, StoreError};

/// So many cases are assigned at once.
pub const ASSIGN_MAX: usize = 500;

/// What became of cases that were to be assigned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Assigned {
    /// All of them; so many.
    All(usize),
    /// None: these stand in the way, each with its reason.
    None(Vec<(i64, CaseRefusal)>),
}

/// Gives cases to somebody, or back to nobody: all of them or none. With each case stands the version that was seen; `None`:
/// whatever it is now.
pub async fn assign(
    pool: &Pool,
    cases: &[(i64, Option<i32>)],
    to: Option<&str>,
    (by, at): (&str, Timestamp),
) -> Result<Assigned, CaseError> {
    let mut client = pool.get().await.map_err(StoreError::from)?;
    let transaction = client.transaction().await?;
    let assigned = assign_in(&transaction, cases, to, (by, at)).await?;
    if matches!(assigned, Assigned::All(_)) {
        transaction.commit().await?;
    }
    Ok(assigned)
}

/// The same in a transaction of the caller's, which must be committed only if all were assigned.
pub async fn assign_in(
    transaction: &Transaction<'_>,
    cases: &[(i64, Option<i32>)],
    to: Option<&str>,
    (by, at): (&str, Timestamp),
) -> Result<Assigned, CaseError> {
    let mut asked = cases.to_vec();
    asked.sort_unstable();
    asked.dedup_by_key(|(case, _)| *case);
    if asked.len() > ASSIGN_MAX {
        return Err(CaseRefusal::TooLong.into());
    }
    let ids: Vec<i64> = asked.iter().map(|(case, _)| *case).collect();
    if let Some(name) = to {
        is_active(transaction, name).await?;
    }
    lock(transaction, &ids).await?;
    let found = facts(transaction, &ids, at).await?;
    let refusals: Vec<_> =
        asked.iter().filter_map(|one| Some((one.0, stands_in_the_way(&found, *one, to)?))).collect();
    if !refusals.is_empty() {
        return Ok(Assigned::None(refusals));
    }
    for case in found {
        give(transaction, case, to, (by, at)).await?;
    }
    Ok(Assigned::All(ids.len()))
}

fn stands_in_the_way(
    found: &[Underway],
    (case, version): (i64, Option<i32>),
    to: Option<&str>,
) -> Option<CaseRefusal> {
    let Some(found) = found.iter().find(|found| found.case == case) else {
        return Some(CaseRefusal::NotFound);
    };
    match version.is_some_and(|seen| seen != found.version) {
        true => Some(CaseRefusal::Outdated),
        false => found.standing.assign(to.is_some()).err(),
    }
}

async fn give(
    transaction: &Transaction<'_>,
    mut case: Underway,
    to: Option<&str>,
    (by, at): (&str, Timestamp),
) -> Result<(), CaseError> {
    let state = case.standing.assign(to.is_some())?;
    if case.assigned_to.as_deref() == to {
        return Ok(());
    }
    let text = "UPDATE break_case SET assigned_to = $2, state = $3, version = version + 1 WHERE case_id = $1";
    transaction.execute(text, &[&case.case, &to, &state.name()]).await?;
    let body = json!({ "from": case.assigned_to, "to": to });
    case.note(transaction, at, Some(by), "assigned", &body).await?;
    Ok(case.audit(transaction, (by, at), "case.assign", "").await?)
}

async fn is_active(transaction: &Transaction<'_>, name: &str) -> Result<(), CaseError> {
    // PostgreSQL has no text with a zero byte.
    if name.contains('\0') {
        return Err(CaseRefusal::NoSuchPerson.into());
    }
    let text = "SELECT FROM staff_user WHERE name = $1 AND locked_at IS NULL AND is_staff";
    match transaction.query_opt(text, &[&name]).await? {
        Some(_) => Ok(()),
        None => Err(CaseRefusal::NoSuchPerson.into()),
    }
}

/// An adjustment as the partner's next file is to have it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewCaseAdjustment<'a> {
    /// The currency of the settlement; there must be terms with the break's partner in it.
    pub currency: Currency,
    /// Its three letters.
    pub currency_code: &'a str,
    /// In which direction the amounts are positive.
    pub stated: Direction,
    /// What is corrected, by line id or by another reference.
    pub original: &'a str,
    /// What is added: together it comes to the amount of the proposal.
    pub item: AdjustedItem,
}

/// What somebody proposes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewCaseProposal<'a> {
    /// What.
    pub kind: CaseProposalKind,
    /// How much, with the sign of the difference; `None`: all that is left.
    pub amount: Option<i64>,
    /// Until when nothing is done.
    pub wait_until: Option<Date>,
    /// With what it is matched on their side; may be empty.
    pub their_ref: &'a str,
    /// With what it is matched on ours; may be empty.
    pub our_ref: &'a str,
    /// On which account it is written off; `None`: the usual one of the class.
    pub account: Option<WriteOffAccount>,
    /// The adjustment, if it is one.
    pub adjustment: Option<NewCaseAdjustment<'a>>,
    /// Why. In an adjustment the partner reads it.
    pub reason: &'a str,
}

fn check_texts(new: &NewCaseProposal<'_>) -> Result<(), CaseRefusal> {
    check_case_text(new.reason)?;
    let original = new.adjustment.map(|adjustment| adjustment.original);
    original.map(check_case_text).transpose()?;
    [new.their_ref, new.our_ref].into_iter().filter(|text| !text.is_empty()).try_for_each(check_case_text)
}

/// Keeps a proposal for another person and returns its number. A case has one that waits, at most.
pub async fn propose(pool: &Pool, step: &CaseStep<'_>, new: &NewCaseProposal<'_>) -> Result<i64, CaseError> {
    let mut client = pool.get().await.map_err(StoreError::from)?;
    let transaction = client.transaction().await?;
    let id = propose_in(&transaction, step, new).await?;
    transaction.commit().await?;
    Ok(id)
}

/// The same in a transaction of the caller's, which must not be committed after an error.
pub async fn propose_in(
    transaction: &Transaction<'_>,
    step: &CaseStep<'_>,
    new: &NewCaseProposal<'_>,
) -> Result<i64, CaseError> {
    check_texts(new)?;
    let mut case = begin(transaction, step).await?;
    let suggested = suggested(transaction, &case, new).await?;
    let new = &match &suggested {
        Some((ours, theirs)) => NewCaseProposal { our_ref: ours, their_ref: theirs, ..*new },
        None => *new,
    };
    let proposed = proposed(&case, new);
    case.standing.propose(&proposed, case.today)?;
    let account = account(&case, new)?;
    adjusts_what_it_says(&case, new, proposed.amount)?;
    let id = keep_proposal(transaction, &case, step, new, (proposed.amount, account)).await?;
    let text = "UPDATE break_case SET version = version + 1 WHERE case_id = $1";
    transaction.execute(text, &[&case.case]).await?;
    let body = json!({
        "proposal": id, "kind": new.kind.name(), "amount": proposed.amount, "unit": case.standing.unit,
        "wait_until": new.wait_until.map(|date| date.to_string()), "their_ref": new.their_ref, "our_ref": new.our_ref,
        "account": account.map(WriteOffAccount::name), "reason": new.reason,
    });
    case.note(transaction, step.at, Some(step.by), "proposed", &body).await?;
    case.audit(transaction, (step.by, step.at), "case.propose", new.reason).await?;
    Ok(id)
}

/// What is suggested names both sides itself: whoever agrees need not.
async fn suggested(
    transaction: &Transaction<'_>,
    case: &Underway,
    new: &NewCaseProposal<'_>,
) -> Result<Option<(String, String)>, CaseError> {
    let is_named = !new.our_ref.is_empty() || !new.their_ref.is_empty();
    if new.kind != CaseProposalKind::Match || is_named || !case.standing.is_suggested() {
        return Ok(None);
    }
    let text = "SELECT array_to_string(our_refs, ' + '), array_to_string(their_refs, ' + ') \
                FROM reconciliation_break WHERE break_id = $1";
    let row = transaction.query_one(text, &[&case.case]).await?;
    Ok(Some((row.try_get(0)?, row.try_get(1)?)))
}

fn proposed(case: &Underway, new: &NewCaseProposal<'_>) -> Proposed {
    let whole = match new.kind {
        CaseProposalKind::Match | CaseProposalKind::WriteOff | CaseProposalKind::Adjust => case.standing.left,
        CaseProposalKind::SendBack
        | CaseProposalKind::WaitUntil
        | CaseProposalKind::Explain
        | CaseProposalKind::KeepApart => 0,
    };
    Proposed {
        kind: new.kind,
        amount: new.amount.unwrap_or(whole),
        wait_until: new.wait_until,
        has_reference: !new.their_ref.is_empty() || !new.our_ref.is_empty(),
    }
}

fn account(case: &Underway, new: &NewCaseProposal<'_>) -> Result<Option<WriteOffAccount>, CaseRefusal> {
    let (class, unit) = (&case.standing.class, &case.standing.unit);
    match (new.kind, new.account) {
        (CaseProposalKind::WriteOff, None) => Ok(Some(WriteOffAccount::usual(class, unit))),
        (CaseProposalKind::WriteOff, Some(account)) if account.takes(unit) => Ok(Some(account)),
        (_, None) => Ok(None),
        (_, Some(_)) => Err(CaseRefusal::Account),
    }
}

fn adjusts_what_it_says(case: &Underway, new: &NewCaseProposal<'_>, amount: i64) -> Result<(), CaseRefusal> {
    let fits = match (new.kind, &new.adjustment) {
        (CaseProposalKind::Adjust, Some(adjustment)) => {
            adjustment_fits(&case.standing.unit, amount, adjustment.currency_code, &adjustment.item)
        }
        (CaseProposalKind::Adjust, None) => false,
        (_, adjustment) => adjustment.is_none(),
    };
    if fits { Ok(()) } else { Err(CaseRefusal::AdjustmentDiffers) }
}

async fn keep_proposal(
    transaction: &Transaction<'_>,
    case: &Underway,
    step: &CaseStep<'_>,
    new: &NewCaseProposal<'_>,
    (amount, account): (i64, Option<WriteOffAccount>),
) -> Result<i64, CaseError> {
    let text = "INSERT INTO case_proposal (case_id, previous, kind, unit, amount_minor, wait_until, their_ref, our_ref, \
                account, program_id, partner_id, currency, stated, original, basis, quantity, net_minor, vat_minor, reason, \
                proposed_by, proposed_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, \
                $17, $18, $19, $20, $21) RETURNING proposal_id";
    let said = new.adjustment.as_ref();
    let (program, partner) = match said {
        Some(_) => (case.program.map(|id| id.0), case.partner.map(|id| id.0)),
        None => (None, None),
    };
    let row = transaction
        .query_one(
            text,
            &[
                &case.case,
                &case.previous,
                &new.kind.name(),
                &case.standing.unit,
                &amount,
                &new.wait_until,
                &new.their_ref,
                &new.our_ref,
                &account.map(WriteOffAccount::name),
                &program,
                &partner,
                &said.map(|said| i32::from(said.currency.0)),
                &said.map(|said| said.stated.name()),
                &said.map(|said| said.original),
                &said.and_then(|said| said.item.basis).map(Basis::name),
                &said.map(|said| said.item.quantity),
                &said.map(|said| said.item.net_minor),
                &said.map(|said| said.item.vat_minor),
                &new.reason,
                &step.by,
                &step.at,
            ],
        )
        .await
        .map_err(refused_by_the_database)?;
    Ok(row.try_get(0)?)
}

/// What the database itself refuses is a refusal like all others.
fn refused_by_the_database(error: tokio_postgres::Error) -> CaseError {
    match error.as_db_error().and_then(|error| error.constraint()) {
        Some("case_decision_by_another_person") => CaseRefusal::SamePerson.into(),
        Some("case_booking_within_what_is_left" | "case_proposal_within_what_is_left") => {
            CaseRefusal::PastWhatIsLeft.into()
        }
        Some("case_corrects_a_line_once") => CaseRefusal::CorrectedAlready.into(),
        Some("case_corrects_a_line_whole") => CaseRefusal::NotAllOfTheLine.into(),
        _ => error.into(),
    }
}

/// A decision about the proposal that waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CaseDecision<'a> {
    /// The proposal that the person has seen.
    pub proposal: i64,
    /// Whether it is approved.
    pub approves: bool,
    /// Why.
    pub reason: &'a str,
}

/// What came of a decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CaseDecided {
    /// Where the case stands, what was booked and what is left.
    pub after: AfterStep,
    /// The adjustment that the next close takes, if it is one.
    pub adjustment: Option<i64>,
}

/// Approves or rejects: the decision, its booking and the change of state are one transaction. Of several at once one
/// decides; nobody approves his own, and the database refuses it, too.
pub async fn decide(
    pool: &Pool,
    step: &CaseStep<'_>,
    decision: &CaseDecision<'_>,
) -> Result<CaseDecided, CaseError> {
    let mut client = pool.get().await.map_err(StoreError::from)?;
    let transaction = client.transaction().await?;
    let decided = decide_in(&transaction, step, decision).await?;
    transaction.commit().await?;
    Ok(decided)
}

/// The same in a transaction of the caller's, which must not be committed after an error.
pub async fn decide_in(
    transaction: &Transaction<'_>,
    step: &CaseStep<'_>,
    decision: &CaseDecision<'_>,
) -> Result<CaseDecided, CaseError> {
    check_case_text(decision.reason)?;
    let mut case = begin(transaction, step).await?;
    let (_, proposed) = the_waiting(&case, decision.proposal)?;
    let after = case.standing.decide(&proposed, decision.approves, step.by)?;
    let verdict = if decision.approves { "approved" } else { "rejected" };
    keep_decision(transaction, &case, step, decision, verdict).await?;
    let waits = proposed.wait_until.filter(|_| decision.approves).or(case.wait_until);
    let waits = waits.filter(|_| after.state == CaseState::PendingExternal);
    case.stand(transaction, step.at, (after.state, after.resolution), waits).await?;
    let text = "SELECT adjustment_id FROM case_booking WHERE proposal_id = $1";
    let row = transaction.query_opt(text, &[&decision.proposal]).await?;
    let adjustment = row.map(|row| row.try_get(0)).transpose()?.flatten();
    let body = json!({
        "proposal": decision.proposal, "kind": proposed.kind.name(), "amount": proposed.amount, "reason": decision.reason,
        "state": after.state.name(), "left": after.left, "adjustment": adjustment,
    });
    case.note(transaction, step.at, Some(step.by), verdict, &body).await?;
    let what = if decision.approves { "case.approve" } else { "case.reject" };
    case.audit(transaction, (step.by, step.at), what, decision.reason).await?;
    Ok(CaseDecided { after, adjustment })
}

fn the_waiting(case: &Underway, proposal: i64) -> Result<(i64, Proposed), CaseRefusal> {
    case.waiting.filter(|(id, _)| *id == proposal).ok_or(CaseRefusal::NothingProposed)
}

async fn keep_decision(
    transaction: &Transaction<'_>,
    case: &Underway,
    step: &CaseStep<'_>,
    decision: &CaseDecision<'_>,
    verdict: &str,
) -> Result<(), CaseError> {
    let text = "INSERT INTO case_decision (proposal_id, case_id, proposed_by, verdict, decided_by, decided_at, reason) \
                SELECT proposal_id, case_id, proposed_by, $3, $4, $5, $6 FROM case_proposal \
                WHERE proposal_id = $1 AND case_id = $2";
    let values: [&(dyn tokio_postgres::types::ToSql + Sync); 6] =
        [&decision.proposal, &case.case, &verdict, &step.by, &step.at, &decision.reason];
    transaction.execute(text, &values).await.map_err(refused_by_the_database)?;
    Ok(())
}

/// Takes one's own proposal back.
pub async fn take_back(
    pool: &Pool,
    step: &CaseStep<'_>,
    proposal: i64,
    reason: &str,
) -> Result<(), CaseError> {
    let mut client = pool.get().await.map_err(StoreError::from)?;
    let transaction = client.transaction().await?;
    take_back_in(&transaction, step, proposal, reason).await?;
    transaction.commit().await?;
    Ok(())
}

/// The same in a transaction of the caller's, which must not be committed after an error.
pub async fn take_back_in(
    transaction: &Transaction<'_>,
    step: &CaseStep<'_>,
    proposal: i64,
    reason: &str,
) -> Result<(), CaseError> {
    check_case_text(reason)?;
    let mut case = begin(transaction, step).await?;
    the_waiting(&case, proposal)?;
    case.standing.take_back(step.by)?;
    let decision = CaseDecision { proposal, approves: false, reason };
    keep_decision(transaction, &case, step, &decision, "rejected").await?;
    let text = "UPDATE break_case SET version = version + 1 WHERE case_id = $1";
    transaction.execute(text, &[&case.case]).await?;
    let body = json!({ "proposal": proposal, "reason": reason });
    case.note(transaction, step.at, Some(step.by), "taken_back", &body).await?;
    case.audit(transaction, (step.by, step.at), "case.take_back", reason).await?;
    Ok(())
}

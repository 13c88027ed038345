//! What waits for somebody's decision.

use domain::{ProposalState, case::CaseState};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store::{
    cases::{CaseFilter, CaseOrder, LIST_MAX},
    proposals,
};

use super::{
    call::{Answer, Call, PAGE_MAX},
    problems::Problem,
};
use crate::access::Deed;

/// Something that waits for a decision.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Waiting {
    /// `program_version`, `adjustment`, `case`.
    kind: String,
    /// The number of the proposal.
    id: i64,
    /// What it is about: a program's code, a file, a case.
    about: String,
    /// Who proposed it.
    by: String,
    /// When; of a case, when that was opened.
    at: String,
    /// What for; of a case the kind of the proposal.
    reason: String,
    /// Whether you may approve it: your roles are good for it, and another person proposed it.
    yours: bool,
}

/// What waits.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Approvals {
    /// The oldest first.
    approvals: Vec<Waiting>,
}

pub(super) async fn list(call: Call) -> Result<Answer, Problem> {
    let mut approvals = versions(&call).await?;
    approvals.extend(adjustments(&call).await?);
    approvals.extend(cases(&call).await?);
    approvals.sort_by(|one, other| one.at.cmp(&other.at));
    Answer::ok(&Approvals { approvals })
}

async fn versions(call: &Call) -> Result<Vec<Waiting>, Problem> {
    let (who, mut waiting) = (call.who(), Vec::new());
    for program in &call.console().programs {
        let rows = proposals(call.pool(), program.id, u32::from(PAGE_MAX)).await?;
        let rows = rows.into_iter().filter(|row| row.state == ProposalState::Proposed);
        waiting.extend(rows.map(|row| Waiting {
            kind: "program_version".to_owned(),
            id: i64::from(row.id),
            about: program.code.clone(),
            yours: who.may(Deed::DecidePrograms) && row.by != who.user,
            by: row.by,
            at: row.at.to_string(),
            reason: row.comment,
        }));
    }
    Ok(waiting)
}

async fn adjustments(call: &Call) -> Result<Vec<Waiting>, Problem> {
    let who = call.who();
    let rows = store::adjustment_proposals(call.pool(), u32::from(PAGE_MAX)).await?;
    let rows = rows.into_iter().filter(|row| row.decision.is_none());
    let waiting = rows.map(|row| Waiting {
        kind: "adjustment".to_owned(),
        id: row.id,
        about: row.original.clone(),
        yours: who.may(Deed::DecideAdjustments) && row.by != who.user,
        by: row.by,
        at: row.at.to_string(),
        reason: row.reason,
    });
    Ok(waiting.collect())
}

async fn cases(call: &Call) -> Result<Vec<Waiting>, Problem> {
    let who = call.who();
    let unresolved = CaseState::ALL.into_iter().filter(|state| *state != CaseState::Resolved);
    // Those that anybody has proposed: nobody has the empty name.
    let filter =
        CaseFilter { states: unresolved.collect(), waits_for: Some(String::new()), ..CaseFilter::default() };
    let order = CaseOrder { limit: LIST_MAX, ..CaseOrder::default() };
    let found = store::cases::list(call.pool(), &filter, &order, call.now()).await?;
    let mut waiting = Vec::new();
    for row in found.rows {
        let Some(proposal) = row.waiting else { continue };
        waiting.push(Waiting {
            kind: "case".to_owned(),
            id: proposal.id,
            about: row.id.to_string(),
            yours: who.may(Deed::DecideCases) && proposal.by != who.user,
            by: proposal.by,
            at: row.opened_at.to_string(),
            reason: proposal.kind.name().to_owned(),
        });
    }
    Ok(waiting)
}

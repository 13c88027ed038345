//! Proposed versions of programs: what waits, what was found out about it, and what people decide.

use axum::http::StatusCode;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::{DecisionRow, ProposalRow, Wanted, proposal_by_id, proposals};

use super::{
    call::{Answer, Call, PAGE_MAX},
    change::once,
    problems::Problem,
};
use crate::{
    ProgramInfo,
    approval::{self, ApprovalError, Proposing, Saying},
};

/// Something that a person said of a proposal.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SaidOf {
    /// Who.
    by: String,
    /// When.
    at: String,
    /// Why.
    reason: String,
    /// From when on it is in force, if it was approved.
    effective_at: Option<String>,
}

/// A proposed version.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ProposalListed {
    /// Its number.
    id: i32,
    /// The program's code.
    program: String,
    /// SHA-256 of its text, hexadecimal.
    version: String,
    /// The version that it was compared with.
    against: String,
    /// Who proposed it.
    by: String,
    /// When.
    at: String,
    /// What for.
    comment: String,
    /// When it is to come into force: `now`, `cut-off`, `at`.
    wanted: String,
    /// `proposed`, `scheduled`, `in-force`, `outdated` ...
    state: String,
    /// Whether it may be approved: its text can be read, does not contradict itself and passes its tests.
    approvable: bool,
    /// The decision, if there is one.
    decision: Option<SaidOf>,
    /// Who took it back.
    withdrawal: Option<SaidOf>,
}

/// The proposals of a program.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Proposals {
    /// The newest first.
    proposals: Vec<ProposalListed>,
}

/// A proposal with what is attached to it.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ProposalShown {
    /// As in a list.
    proposal: ProposalListed,
    /// The text, TOML.
    text: String,
    /// What was found out about it: changes, tests, examples.
    assessment: Value,
    /// A back-test's report.
    backtest: Option<Value>,
}

/// A version that somebody wants in force.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewVersion {
    /// The text of the program, TOML.
    text: String,
    /// What for.
    comment: String,
    /// `now`, `cut-off`, or an instant such as `2026-11-01T00:00:00Z`.
    wanted: String,
    /// A back-test's report.
    backtest: Option<Value>,
}

/// What is decided of a proposal.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Verdict {
    /// `approved` or `rejected`.
    verdict: String,
    /// Why.
    reason: String,
}

/// Why something is taken back.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct TakenBack {
    /// Why.
    pub(super) reason: String,
}

/// The longest body with a program and a back-test; in JSON a byte may take two, and seldom more.
pub(super) const BODY_BYTES_MAX: usize =
    2 * (approval::PROGRAM_BYTES_MAX + approval::BACKTEST_BYTES_MAX) + 16 * 1024;

impl From<ApprovalError> for Problem {
    fn from(error: ApprovalError) -> Self {
        let text = error.to_string();
        match error {
            ApprovalError::NoComment
            | ApprovalError::TextLength
            | ApprovalError::BadBacktest
            | ApprovalError::CardNumber => Self::refused("wrong_value", text),
            ApprovalError::NotFound(_) => Self::not_found("proposal"),
            ApprovalError::SamePerson(_) => {
                let next = "ask a colleague to decide";
                Self::new(StatusCode::FORBIDDEN, "four_eyes", text, next)
            }
            ApprovalError::NotApprovable => Self::conflict("not_approvable", text),
            ApprovalError::Overtaken | ApprovalError::Outdated => Self::conflict("outdated", text),
            ApprovalError::AnotherScheduled(_) => Self::conflict("another_scheduled", text),
            ApprovalError::Stands(_) => Self::conflict("decided_before", text),
            ApprovalError::NeverInForce(_) | ApprovalError::ByFile => Self::conflict("not_by_approval", text),
            ApprovalError::Store(error) => error.into(),
            ApprovalError::NoInstant(_) | ApprovalError::NotCompared => {
                Self::broken("a proposal was not carried out", &text)
            }
        }
    }
}

pub(super) async fn list(call: Call) -> Result<Answer, Problem> {
    let program = call.program()?;
    let rows = proposals(call.pool(), program.id, u32::from(PAGE_MAX)).await?;
    Answer::ok(&Proposals { proposals: rows.iter().map(|row| listed(program, row)).collect() })
}

pub(super) fn listed(program: &ProgramInfo, row: &ProposalRow) -> ProposalListed {
    let said = |said: &DecisionRow| SaidOf {
        by: said.by.clone(),
        at: said.at.to_string(),
        reason: said.reason.clone(),
        effective_at: said.effective_at.map(|at| at.to_string()),
    };
    ProposalListed {
        id: row.id,
        program: program.code.clone(),
        version: row.hash.to_string(),
        against: row.against.to_string(),
        by: row.by.clone(),
        at: row.at.to_string(),
        comment: row.comment.clone(),
        wanted: match row.wanted {
            Wanted::At(instant) => instant.to_string(),
            other => other.name().to_owned(),
        },
        state: row.state.name().to_owned(),
        approvable: row.approvable,
        decision: row.decision.as_ref().map(said),
        withdrawal: row.withdrawal.as_ref().map(said),
    }
}

/// The proposal of the path, and its program.
async fn found(call: &Call) -> Result<(ProgramInfo, ProposalShown), Problem> {
    let none = || Problem::not_found("proposal");
    let (row, texts) = proposal_by_id(call.pool(), call.number("id", "proposal")?).await?.ok_or_else(none)?;
    let program = call.console().programs.iter().find(|program| program.id == row.program);
    let program = program.ok_or_else(none)?.clone();
    let read = |text: &str| {
        let read = serde_json::from_str(text);
        read.map_err(|error| Problem::broken("a stored finding cannot be read", &error))
    };
    let shown = ProposalShown {
        proposal: listed(&program, &row),
        text: texts.body,
        assessment: read(&texts.assessment)?,
        backtest: texts.backtest.as_deref().map(read).transpose()?,
    };
    Ok((program, shown))
}

pub(super) async fn show(call: Call) -> Result<Answer, Problem> {
    Answer::ok(&found(&call).await?.1)
}

pub(super) async fn propose(call: Call) -> Result<Answer, Problem> {
    let (program, new): (_, NewVersion) = (call.program()?, call.json()?);
    if !call.console().by_approval {
        return Err(ApprovalError::ByFile.into());
    }
    let wanted = match new.wanted.as_str() {
        "now" => Wanted::Now,
        "cut-off" => Wanted::CutOff,
        text => {
            let instant = text.parse().map(Wanted::At);
            instant
                .map_err(|_| Problem::body("expected now, cut-off or an instant with its offset", "wanted"))?
        }
    };
    let backtest = new.backtest.map(|report| report.to_string());
    let (by, comment, backtest) = (call.who().user.as_str(), new.comment.as_str(), backtest.as_deref());
    let proposing = Proposing { text: &new.text, by, comment, wanted, backtest };
    once!(call, |change| {
        let proposed = approval::propose_in(&change.transaction, program, call.now(), &proposing).await?;
        Answer::created(&Numbered { id: proposed.0 })?
    })
}

/// What was made, by its number.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Numbered {
    /// The number.
    pub(super) id: i32,
}

/// What became of a proposal.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Decided {
    /// Its number.
    id: i32,
    /// `approved`, `rejected` or `withdrawn`.
    verdict: String,
    /// From when on it is in force, if it was approved.
    effective_at: Option<String>,
}

pub(super) async fn decide(call: Call) -> Result<Answer, Problem> {
    let (program, shown) = found(&call).await?;
    let Verdict { verdict, reason } = call.json()?;
    if !["approved", "rejected"].contains(&verdict.as_str()) {
        return Err(Problem::body("expected approved or rejected", "verdict"));
    }
    let id = shown.proposal.id;
    once!(call, |change| {
        let step = &change.transaction;
        let saying = Saying { by: &call.who().user, reason: &reason, now: call.now() };
        let effective_at = if verdict == "approved" {
            Some(approval::approve_in(step, &program, id, saying).await?.to_string())
        } else {
            approval::reject_in(step, &program, id, saying).await?;
            None
        };
        Answer::ok(&Decided { id, verdict, effective_at })?
    })
}

pub(super) async fn withdraw(call: Call) -> Result<Answer, Problem> {
    let (program, shown) = found(&call).await?;
    let TakenBack { reason } = call.json()?;
    let id = shown.proposal.id;
    once!(call, |change| {
        let saying = Saying { by: &call.who().user, reason: &reason, now: call.now() };
        approval::withdraw_in(&change.transaction, &program, id, saying).await?;
        Answer::ok(&Decided { id, verdict: "withdrawn".to_owned(), effective_at: None })?
    })
}

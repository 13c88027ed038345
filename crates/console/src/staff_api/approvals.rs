//! What waits for somebody's decision: the list that pages show.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    call::{Answer, Call, PAGE_MAX},
    problems::Problem,
};
use crate::queries::waiting::{self, WaitingKind, WaitingOf, waiting};

/// Something that waits for a decision.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Waiting {
    /// `program_version`, `adjustment`, `case`, `day`, `correction`, `prepaid`.
    kind: String,
    /// The number of the proposal, of a day's cycle, of a run of corrections, or of a prepaid block.
    id: i64,
    /// What it is about: a program's code, a line of a file, a case, a business date, the dates of a run, an invoice.
    about: String,
    /// The program's code, where it is of one.
    program: Option<String>,
    /// Who proposed it; empty: the scheduler.
    by: String,
    /// When; of a day that is not kept.
    at: Option<String>,
    /// What for; of a case the kind of the proposal, of a run of corrections also its kind.
    reason: String,
    /// Whether you may approve it: your roles are good for it, and another person proposed it.
    yours: bool,
}

/// What waits.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Approvals {
    /// Days first, then the oldest first; at most 200.
    approvals: Vec<Waiting>,
    /// How much waits, also beyond these.
    all: i64,
}

pub(super) async fn list(call: Call) -> Result<Answer, Problem> {
    let found = waiting(call.pool(), WaitingOf::Everybody, None, i64::from(PAGE_MAX)).await?;
    let who = call.who();
    let entry = |row: waiting::Waiting| Waiting {
        kind: match row.kind {
            WaitingKind::Program => "program_version".to_owned(),
            kind => kind.name().to_owned(),
        },
        id: row.id,
        yours: who.may(row.kind.deed()) && row.by != who.user,
        about: about(&row),
        reason: match row.kind {
            WaitingKind::Case => row.detail,
            WaitingKind::Correction => format!("{}: {}", row.detail, row.reason),
            _ => row.reason,
        },
        program: row.program,
        by: row.by,
        at: row.since.map(|at| at.to_string()),
    };
    Answer::ok(&Approvals { approvals: found.rows.into_iter().map(entry).collect(), all: found.all })
}

fn about(row: &waiting::Waiting) -> String {
    match (row.kind, row.day) {
        (WaitingKind::Case, _) => row.of.to_string(),
        (WaitingKind::Program, _) => row.program.clone().unwrap_or_default(),
        (_, Some((date, None))) => date.to_string(),
        (_, Some((date, Some(number)))) => format!("{date}, cycle {number}"),
        _ => row.about.clone(),
    }
}

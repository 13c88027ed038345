//! Programs and the versions that are or were in force.

use domain::{ProposalState, RulesHash};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::{proposals, running_version, version_text, versions_in_force};

use super::{
    call::{Answer, Call, PAGE_MAX},
    problems::Problem,
};
use crate::{ProgramInfo, approval};

/// A program.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ProgramListed {
    /// Its code.
    program: String,
    /// Its bank's code.
    bank: String,
    /// The alphabetic code of its currency.
    currency: String,
    /// Its IANA time zone.
    time_zone: String,
    /// The times of day at which the cycles of its business date end.
    cut_offs: Vec<String>,
    /// The version in force, by its SHA-256; none before the first.
    running: Option<String>,
    /// The proposal that waits for its instant.
    scheduled: Option<i32>,
    /// Proposals that wait for a decision.
    waiting: Vec<i32>,
}

/// The programs.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Programs {
    /// All of them.
    programs: Vec<ProgramListed>,
}

/// A version that is or was in force.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct VersionListed {
    /// SHA-256 of its text, hexadecimal.
    version: String,
    /// Since when.
    since: String,
    /// The proposal by which it came; none if a file brought it.
    proposal: Option<i32>,
}

/// The versions of a program.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Versions {
    /// The newest first.
    versions: Vec<VersionListed>,
}

/// A version with its text.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct VersionShown {
    /// SHA-256 of its text, hexadecimal.
    version: String,
    /// The text, TOML.
    text: String,
    /// Compared with the version that `with` names: changes, tests, examples. None without `with`.
    compared: Option<Value>,
}

pub(super) async fn list(call: Call) -> Result<Answer, Problem> {
    let mut programs = Vec::new();
    for program in &call.console().programs {
        programs.push(listed(&call, program).await?);
    }
    Answer::ok(&Programs { programs })
}

async fn listed(call: &Call, program: &ProgramInfo) -> Result<ProgramListed, Problem> {
    let rows = proposals(call.pool(), program.id, u32::from(PAGE_MAX)).await?;
    let running = running_version(call.pool(), program.id).await?;
    let waits = |row: &&store::ProposalRow| row.state == ProposalState::Proposed;
    Ok(ProgramListed {
        program: program.code.clone(),
        bank: program.bank_code.clone(),
        currency: crate::money::code(program.currency),
        time_zone: program.time_zone.clone(),
        cut_offs: program.cut_offs.times().iter().map(|time| time.strftime("%H:%M").to_string()).collect(),
        running: running.map(|hash| hash.to_string()),
        scheduled: rows.iter().find(|row| row.state == ProposalState::Scheduled).map(|row| row.id),
        waiting: rows.iter().filter(waits).map(|row| row.id).collect(),
    })
}

pub(super) async fn versions(call: Call) -> Result<Answer, Problem> {
    let program = call.program()?;
    let rows = versions_in_force(call.pool(), program.id, u32::from(PAGE_MAX)).await?;
    let listed = |row: store::InForce| VersionListed {
        version: row.hash.to_string(),
        since: row.since.to_string(),
        proposal: row.proposal,
    };
    Answer::ok(&Versions { versions: rows.into_iter().map(listed).collect() })
}

pub(super) async fn version(call: Call) -> Result<Answer, Problem> {
    let program = call.program()?;
    let (hash, text) = text_of(&call, program, call.part("version")).await?;
    let compared = match call.asked("with") {
        None => None,
        Some(with) => {
            let old = text_of(&call, program, with).await?;
            let found = approval::compare(old, (hash, text.clone())).await;
            let found =
                found.map_err(|error| Problem::broken("two versions could not be compared", &error))?;
            let found = serde_json::to_value(&found);
            Some(found.map_err(|error| Problem::broken("a comparison cannot be written", &error))?)
        }
    };
    Answer::ok(&VersionShown { version: hash.to_string(), text, compared })
}

/// A version that was in force or proposed.
async fn text_of(call: &Call, program: &ProgramInfo, name: &str) -> Result<approval::OwnText, Problem> {
    let bytes = hex::decode(name).ok().and_then(|bytes| bytes.try_into().ok());
    let hash = RulesHash(bytes.ok_or_else(|| Problem::not_found("version"))?);
    let text = version_text(call.pool(), program.id, hash).await?;
    Ok((hash, text.ok_or_else(|| Problem::not_found("version"))?))
}

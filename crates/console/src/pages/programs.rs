//! The programs: what is in force, what is scheduled, what waits for a decision.

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::{Path, Query, State, rejection::QueryRejection},
    http::StatusCode,
    response::Response,
};
use domain::{ProposalState, RulesHash};
use program_files::{AssessedChange, AssessedTest, Assessment, Entry, Language, VersionText, entries_of};
use store::{InForce, ProposalRow, proposals, running_version, version_text, versions_in_force};

use super::{
    Frame, PageError, Values,
    clock::{Clock, Moment},
    html, program,
    proposal::ExampleRow,
};
use crate::{
    ProgramInfo,
    access::{Deed, signed_in::SignedIn},
    app::App,
    approval::{self, ApprovalError, OwnText},
    words::{Labels, Word, labels},
};

/// So many proposals and versions are listed.
const ROWS_MAX: u32 = 50;

#[derive(Template)]
#[template(path = "programs.html")]
struct ProgramsPage {
    frame: Frame,
    w: &'static Labels,
    programs: Vec<ProgramRow>,
}

struct ProgramRow {
    code: String,
    running: Option<(String, Option<Moment>)>,
    scheduled: Option<(i32, Moment)>,
    waiting: Vec<i32>,
}

/// A proposal in a list.
struct ProposalLine {
    id: i32,
    version: String,
    by: String,
    at: Moment,
    comment: String,
    state: Word,
    code: &'static str,
}

/// A version that is or was in force.
struct VersionLine {
    hash: String,
    short: String,
    since: Moment,
    proposal: Option<i32>,
}

#[derive(Template)]
#[template(path = "program.html")]
struct ProgramPage {
    frame: Frame,
    w: &'static Labels,
    code: String,
    zone: String,
    running: Option<String>,
    versions: Vec<VersionLine>,
    proposals: Vec<ProposalLine>,
    entries: Vec<Entry>,
    tests: Vec<(AssessedTest, Word)>,
    text: String,
    may_propose: bool,
}

#[derive(Template)]
#[template(path = "versions.html")]
struct DifferencesPage {
    frame: Frame,
    w: &'static Labels,
    code: String,
    old: String,
    new: String,
    changes: Vec<AssessedChange>,
    looked_at: usize,
    differing: usize,
    examples: Vec<ExampleRow>,
}

/// Whether this person is asked to decide.
fn waits_for(who: &SignedIn, row: &ProposalRow) -> bool {
    row.state == ProposalState::Proposed && row.by != who.user && who.may(Deed::DecidePrograms)
}

/// Lists the programs.
pub(crate) async fn list(State(app): State<Arc<App>>, who: SignedIn) -> Result<Response, PageError> {
    let mut programs = Vec::new();
    for program in &app.console.programs {
        programs.push(program_row(&app, &who, program).await?);
    }
    let frame = Frame::of(&app, &who).await?;
    html(StatusCode::OK, &ProgramsPage { frame, w: labels(who.language), programs })
}

async fn program_row(app: &App, who: &SignedIn, program: &ProgramInfo) -> Result<ProgramRow, PageError> {
    let (pool, clock) = (&app.console.pool, Clock::of(&program.time_zone).spoken(who.language));
    let running = running_version(pool, program.id).await?;
    let last = versions_in_force(pool, program.id, 1).await?.pop();
    let rows = proposals(pool, program.id, ROWS_MAX).await?;
    let scheduled = rows.iter().find(|row| row.state == ProposalState::Scheduled);
    let instant = scheduled.and_then(|row| Some((row.id, row.decision.as_ref()?.effective_at?)));
    let since = |hash: RulesHash| last.filter(|last| last.hash == hash).map(|last| clock.moment(last.since));
    Ok(ProgramRow {
        code: program.code.clone(),
        running: running.map(|hash| (hash.short(), since(hash))),
        scheduled: instant.map(|(id, at)| (id, clock.moment(at))),
        waiting: rows.iter().filter(|row| waits_for(who, row)).map(|row| row.id).collect(),
    })
}

/// Shows a program.
pub(crate) async fn show(
    State(app): State<Arc<App>>,
    who: SignedIn,
    Path(code): Path<String>,
) -> Result<Response, PageError> {
    let program = program(&app, &code)?;
    let (pool, clock) = (&app.console.pool, Clock::of(&program.time_zone).spoken(who.language));
    let running = running_version(pool, program.id).await?;
    let text = match running {
        Some(hash) => version_text(pool, program.id, hash).await?,
        None => None,
    };
    let version = running.zip(text.as_deref()).map(|(hash, text)| VersionText { hash, text });
    let tests = match running.zip(text.clone()) {
        Some(version) => compared(version.clone(), version).await?.tests,
        None => Vec::new(),
    };
    let versions = versions_in_force(pool, program.id, ROWS_MAX).await?;
    let rows = proposals(pool, program.id, ROWS_MAX).await?;
    let instants = versions.iter().map(|version| version.since).chain(rows.iter().map(|row| row.at));
    let page = ProgramPage {
        frame: Frame::of(&app, &who).await?,
        w: labels(who.language),
        zone: clock.label(instants),
        running: running.map(|hash| hash.short()),
        versions: versions.iter().map(|version| version_line(version, &clock)).collect(),
        proposals: rows.iter().map(|row| proposal_line(row, &clock, who.language)).collect(),
        entries: version.and_then(|version| entries_of(version).ok()).unwrap_or_default(),
        tests: tests
            .into_iter()
            .map(|test| {
                let word = Word::test(test.passed, who.language);
                (test, word)
            })
            .collect(),
        text: text.unwrap_or_default(),
        may_propose: who.may(Deed::ProposePrograms),
        code,
    };
    html(StatusCode::OK, &page)
}

fn version_line(version: &InForce, clock: &Clock) -> VersionLine {
    VersionLine {
        hash: version.hash.to_string(),
        short: version.hash.short(),
        since: clock.moment(version.since),
        proposal: version.proposal,
    }
}

fn proposal_line(row: &ProposalRow, clock: &Clock, language: Language) -> ProposalLine {
    ProposalLine {
        id: row.id,
        version: row.hash.short(),
        by: row.by.clone(),
        at: clock.moment(row.at),
        comment: row.comment.clone(),
        state: Word::proposal(row.state, language),
        code: row.state.name(),
    }
}

async fn compared(old: OwnText, new: OwnText) -> Result<Assessment, PageError> {
    approval::compare(old, new).await.map_err(|error| match error {
        ApprovalError::Store(error) => error.into(),
        error => PageError::broken("two versions could not be compared", &error),
    })
}

/// Compares `?old=…` with `?new=…`, two versions by their whole hashes.
pub(crate) async fn compare(
    State(app): State<Arc<App>>,
    who: SignedIn,
    Path(code): Path<String>,
    query: Result<Values, QueryRejection>,
) -> Result<Response, PageError> {
    let Query(values) = query?;
    let program = program(&app, &code)?;
    let old = version(&app, program, values.get("old")).await?;
    let new = version(&app, program, values.get("new")).await?;
    let (old_name, new_name) = (old.0.short(), new.0.short());
    let found = compared(old, new).await?;
    let page = DifferencesPage {
        frame: Frame::of(&app, &who).await?,
        w: labels(who.language),
        code,
        old: old_name,
        new: new_name,
        looked_at: found.looked_at,
        differing: found.differing,
        examples: found.examples.iter().map(|one| ExampleRow::of(one, who.language)).collect(),
        changes: found.changes,
    };
    html(StatusCode::OK, &page)
}

/// A version that was in force or proposed, and its text.
async fn version(app: &App, program: &ProgramInfo, wanted: Option<&String>) -> Result<OwnText, PageError> {
    let bytes = wanted.and_then(|text| hex::decode(text).ok()).and_then(|bytes| bytes.try_into().ok());
    let hash = RulesHash(bytes.ok_or(PageError::NotFound)?);
    let text = version_text(&app.console.pool, program.id, hash).await?;
    Ok((hash, text.ok_or(PageError::NotFound)?))
}

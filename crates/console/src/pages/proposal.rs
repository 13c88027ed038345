//! The page of a proposal, and the decision about it.

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::{Path, State, rejection::FormRejection},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use domain::ProposalState;
use program_files::{AssessedExample, Assessment, Language};
use store::{ProposalRow, ProposalTexts, Wanted, proposal_by_id};

use super::{
    Frame, PageError,
    clock::{Clock, Moment},
    html,
    posted::{self, Fields},
};
use crate::{
    ProgramInfo,
    access::{Deed, signed_in::SignedIn},
    app::App,
    approval::{self, ApprovalError, Proposing},
    words::{Labels, Word, labels},
};

/// An example purchase in one language.
pub(super) struct ExampleRow {
    pub(super) test: Option<String>,
    pub(super) purchase: String,
    pub(super) old: String,
    pub(super) new: String,
    /// The partner, and what is owed before and after.
    pub(super) owed: Vec<(String, String, String)>,
}

impl ExampleRow {
    pub(super) fn of(example: &AssessedExample, language: Language) -> Self {
        let debt = |debt: &program_files::AssessedDebt| {
            (debt.partner.clone(), debt.old.text(language).to_owned(), debt.new.text(language).to_owned())
        };
        Self {
            test: example.test.clone(),
            purchase: example.purchase.text(language).to_owned(),
            old: example.old.text(language).to_owned(),
            new: example.new.text(language).to_owned(),
            owed: example.owed.iter().map(debt).collect(),
        }
    }
}

/// Something that was said of the proposal.
struct Happened {
    at: Moment,
    who: String,
    what: &'static str,
    /// The instant of an approval.
    instant: Option<Moment>,
    reason: String,
}

#[derive(Template)]
#[template(path = "proposal.html")]
struct ProposalPage {
    frame: Frame,
    w: &'static Labels,
    problem: Option<String>,
    id: i32,
    program: String,
    version: String,
    against: String,
    by: String,
    comment: String,
    state: Word,
    code: &'static str,
    zone: String,
    wanted: &'static str,
    instant: Option<Moment>,
    if_now: Option<Moment>,
    found: Assessment,
    tests: Vec<(program_files::AssessedTest, Word)>,
    examples: Vec<ExampleRow>,
    backtest: Option<String>,
    history: Vec<Happened>,
    may: May,
    text: String,
}

/// What this person may do, and if he may not approve, why.
struct May {
    approve: bool,
    reject: bool,
    withdraw: bool,
    propose_again: bool,
    why_not: Option<&'static str>,
}

impl May {
    fn of(row: &ProposalRow, who: &SignedIn, w: &'static Labels) -> Self {
        let (own, undecided) = (row.by == who.user, row.decision.is_none());
        let decides = who.may(Deed::DecidePrograms);
        let waits = row.state == ProposalState::Proposed;
        let outdated = row.state == ProposalState::Outdated;
        let why_not = match row.state {
            ProposalState::Outdated => Some(w.may_not_outdated),
            ProposalState::Proposed if own => Some(w.may_not_maker),
            ProposalState::Proposed if !decides => Some(w.may_not_role),
            ProposalState::Proposed if !row.approvable => Some(w.may_not_text),
            ProposalState::Proposed => None,
            _ => Some(w.may_not_decided),
        };
        Self {
            approve: waits && !own && row.approvable && decides,
            reject: (waits || outdated && undecided) && !own && decides,
            withdraw: row.state.is_open() && who.may(Deed::WithdrawPrograms),
            propose_again: outdated && who.may(Deed::ProposePrograms),
            why_not,
        }
    }
}

async fn read(app: &Arc<App>, id: &str) -> Result<(ProgramInfo, ProposalRow, ProposalTexts), PageError> {
    let id: i32 = id.parse().map_err(|_| PageError::NotFound)?;
    let (row, texts) = proposal_by_id(&app.console.pool, id).await?.ok_or(PageError::NotFound)?;
    let program = app.console.programs.iter().find(|program| program.id == row.program);
    Ok((program.ok_or(PageError::NotFound)?.clone(), row, texts))
}

/// Shows a proposal.
pub(crate) async fn show(
    State(app): State<Arc<App>>,
    who: SignedIn,
    Path(id): Path<String>,
) -> Result<Response, PageError> {
    page(&app, &who, &id, StatusCode::OK, None).await
}

async fn page(
    app: &Arc<App>,
    who: &SignedIn,
    id: &str,
    status: StatusCode,
    problem: Option<String>,
) -> Result<Response, PageError> {
    let (program, row, texts) = read(app, id).await?;
    let (w, clock) = (labels(who.language), Clock::of(&program.time_zone).spoken(who.language));
    let found: Assessment = serde_json::from_str(&texts.assessment)
        .map_err(|error| PageError::broken("a stored assessment cannot be read", &error))?;
    let if_now = approval::effective_at(row.wanted, &program, (app.console.now)()).ok();
    let (wanted, instant) = match row.wanted {
        Wanted::Now => (w.wanted_now, None),
        Wanted::CutOff => (w.wanted_cut_off, None),
        Wanted::At(instant) => (w.wanted_at, Some(clock.moment(instant))),
    };
    let test = |test: &program_files::AssessedTest| (test.clone(), Word::test(test.passed, who.language));
    let page = ProposalPage {
        frame: Frame::of(app, who).await?,
        problem,
        id: row.id,
        program: program.code.clone(),
        version: row.hash.short(),
        against: row.against.short(),
        by: row.by.clone(),
        comment: row.comment.clone(),
        state: Word::proposal(row.state, who.language),
        code: row.state.name(),
        zone: clock.label([row.at].into_iter()),
        wanted,
        instant,
        if_now: if_now.filter(|_| row.state == ProposalState::Proposed).map(|at| clock.moment(at)),
        tests: found.tests.iter().map(test).collect(),
        examples: found.examples.iter().map(|one| ExampleRow::of(one, who.language)).collect(),
        backtest: texts.backtest.map(|text| indented(&text)),
        history: history(&row, w, &clock),
        may: May::of(&row, who, w),
        text: texts.body,
        found,
        w,
    };
    html(status, &page)
}

/// JSON as people read it.
fn indented(text: &str) -> String {
    let value = serde_json::from_str::<serde_json::Value>(text);
    value.and_then(|value| serde_json::to_string_pretty(&value)).unwrap_or_else(|_| text.to_owned())
}

fn history(row: &ProposalRow, w: &'static Labels, clock: &Clock) -> Vec<Happened> {
    let happened = |at, who: &str, what, instant: Option<jiff::Timestamp>, reason: &str| Happened {
        at: clock.moment(at),
        who: who.to_owned(),
        what,
        instant: instant.map(|instant| clock.moment(instant)),
        reason: reason.to_owned(),
    };
    let mut all = vec![happened(row.at, &row.by, w.ev_proposed, None, &row.comment)];
    if let Some(decision) = &row.decision {
        let what = if decision.effective_at.is_some() { w.ev_approved } else { w.ev_rejected };
        all.push(happened(decision.at, &decision.by, what, decision.effective_at, &decision.reason));
    }
    if let Some(since) = row.since {
        all.push(happened(since, "", w.ev_running, None, ""));
    }
    if let Some(withdrawal) = &row.withdrawal {
        all.push(happened(withdrawal.at, &withdrawal.by, w.ev_withdrawn, None, &withdrawal.reason));
    }
    all
}

/// What the error says to the reader.
pub(super) fn problem_words(error: &ApprovalError, w: &'static Labels) -> String {
    let text = match error {
        ApprovalError::NoComment => w.e_comment,
        ApprovalError::TextLength => w.e_text,
        ApprovalError::BadBacktest => w.e_backtest,
        ApprovalError::CardNumber => w.e_card,
        ApprovalError::NeverInForce(_) => w.e_never,
        ApprovalError::ByFile => w.e_by_file,
        ApprovalError::Overtaken => w.e_overtaken,
        ApprovalError::SamePerson(_) => w.may_not_maker,
        ApprovalError::NotApprovable => w.may_not_text,
        ApprovalError::Outdated => w.may_not_outdated,
        ApprovalError::NotCompared => return error.to_string(),
        ApprovalError::AnotherScheduled(other) => return format!("{} {other}.", w.e_another),
        _ => w.e_stands,
    };
    text.to_owned()
}

/// What is done with a proposal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Approve,
    Reject,
    Withdraw,
    /// Proposes its text anew.
    Again,
}

type Sent = Result<Fields, FormRejection>;

/// Approves.
pub(crate) async fn approve(app: State<Arc<App>>, who: SignedIn, id: Path<String>, fields: Sent) -> Answer {
    take(app, who, id, fields, Step::Approve).await
}

/// Rejects.
pub(crate) async fn reject(app: State<Arc<App>>, who: SignedIn, id: Path<String>, fields: Sent) -> Answer {
    take(app, who, id, fields, Step::Reject).await
}

/// Takes back.
pub(crate) async fn withdraw(app: State<Arc<App>>, who: SignedIn, id: Path<String>, fields: Sent) -> Answer {
    take(app, who, id, fields, Step::Withdraw).await
}

/// Proposes anew.
pub(crate) async fn again(app: State<Arc<App>>, who: SignedIn, id: Path<String>, fields: Sent) -> Answer {
    take(app, who, id, fields, Step::Again).await
}

type Answer = Result<Response, PageError>;

async fn take(
    State(app): State<Arc<App>>,
    who: SignedIn,
    Path(id): Path<String>,
    fields: Sent,
    step: Step,
) -> Answer {
    let fields = posted::of_session(&who, fields)?;
    let reason = posted::given(&fields, "reason");
    let (program, row, texts) = read(&app, &id).await?;
    let (pool, now, by) = (&app.console.pool, (app.console.now)(), &who.user);
    let done = match step {
        Step::Approve | Step::Again if !app.console.by_approval => Err(ApprovalError::ByFile),
        Step::Approve => approval::approve(pool, &program, row.id, by, reason, now).await.map(|_| row.id),
        Step::Reject => approval::reject(pool, &program, row.id, by, reason, now).await.map(|()| row.id),
        Step::Withdraw => approval::withdraw(pool, &program, row.id, by, reason, now).await.map(|()| row.id),
        Step::Again => {
            let (text, backtest) = (texts.body.as_str(), texts.backtest.as_deref());
            let proposing = Proposing { text, by, comment: reason, wanted: row.wanted, backtest };
            approval::propose(pool, &program, now, &proposing).await.map(|(id, _)| id)
        }
    };
    match done {
        Ok(id) => Ok(Redirect::to(&format!("/proposals/{id}")).into_response()),
        Err(ApprovalError::Store(error)) => Err(error.into()),
        Err(error) => {
            let problem = problem_words(&error, labels(who.language));
            page(&app, &who, &id, StatusCode::CONFLICT, Some(problem)).await
        }
    }
}

//! Refunds that came without their purchase: those that wait for a person, and the decision about one.

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::{
        Path, Query, State,
        rejection::{FormRejection, QueryRejection},
    },
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use domain::{Merchant, MessageKey};
use program_files::Language;
use store::{LoneRefund, RefundDecision, RefundLook};

use super::{
    Frame, PageError, Values,
    clock::{Clock, Moment},
    html,
    posted::{self, Fields},
};
use crate::{
    access::{Deed, signed_in::SignedIn},
    app::App,
    locale::Locale,
    refund_desk::{self, RefundChoice, RefundDeskError, RefundKey},
    words::{Labels, Word, labels, reason},
};

/// So many refunds of a page; each reads the purchases of its account.
const ROWS_MAX: u16 = 50;
/// So many purchases of the account may be chosen.
const CANDIDATES_MAX: usize = 50;
/// So many decisions about one refund are shown.
const DECISIONS_MAX: u32 = 20;

/// A refund in a list and on its own page.
struct RefundRow {
    /// The address behind `/refunds/`.
    place: String,
    came: Moment,
    age_days: i64,
    amount: String,
    merchant: String,
    last4: String,
    account: String,
    found: Word,
    /// How many purchases are likely.
    likely: usize,
}

struct CandidateRow {
    key: String,
    /// The page of its first message.
    address: String,
    date: String,
    merchant: String,
    left: String,
    score: u32,
    /// What they have in common, each with what it adds.
    parts: Vec<(String, u32)>,
    awaits_clearing: bool,
}

struct DecisionRow {
    at: Moment,
    by: String,
    reason: String,
    what: &'static str,
    result: String,
}

#[derive(Template)]
#[template(path = "refunds.html")]
struct RefundsPage {
    frame: Frame,
    w: &'static Labels,
    zone: String,
    rows: Vec<RefundRow>,
    next: Option<String>,
}

#[derive(Template)]
#[template(path = "refund.html")]
struct RefundPage {
    frame: Frame,
    w: &'static Labels,
    problem: Option<&'static str>,
    zone: String,
    row: RefundRow,
    candidates: Vec<CandidateRow>,
    decisions: Vec<DecisionRow>,
    may_decide: bool,
    given_reason: String,
}

fn clock_of(app: &App, language: Language, refund: &LoneRefund) -> Clock {
    let program = app.console.programs.iter().find(|program| program.id == refund.place.member.program);
    Clock::of(program.map_or("UTC", |program| &program.time_zone)).spoken(language)
}

/// Card acceptor and terminal, as the acquirer writes them.
fn shop(merchant: &Merchant) -> String {
    format!("{} {}", merchant.card_acceptor, merchant.terminal).trim().to_owned()
}

fn minor(language: Language, amount: u64, of: &domain::Purchase) -> String {
    Locale(language).money(i64::try_from(amount).unwrap_or(i64::MAX), of.currency)
}

fn row(app: &App, language: Language, refund: &LoneRefund, look: &RefundLook) -> RefundRow {
    let purchase = &refund.at.purchase;
    let age = (app.console.now)().duration_since(refund.received_at).as_hours() / 24;
    let likely = look.likenesses.iter().filter(|(candidate, _)| candidate.is_plausible()).count();
    RefundRow {
        place: RefundKey::of(refund).to_string(),
        came: clock_of(app, language, refund).moment(refund.received_at),
        age_days: age,
        amount: minor(language, purchase.refunded_minor, purchase),
        merchant: shop(&refund.at.merchant),
        last4: refund.last4.clone(),
        account: refund.place.member.account.to_string(),
        found: Word::refund(look.verdict, refund.is_decided, labels(language)),
        likely,
    }
}

/// Lists what waits, oldest first.
pub(crate) async fn list(
    State(app): State<Arc<App>>,
    who: SignedIn,
    query: Result<Values, QueryRejection>,
) -> Result<Response, PageError> {
    let Query(values) = query?;
    let after = match values.get("after") {
        Some(text) => Some(behind(text).ok_or(PageError::NotFound)?),
        None => None,
    };
    let (pool, w) = (&app.console.pool, labels(who.language));
    let refunds = refund_desk::refunds_waiting(pool, (app.console.now)(), after, ROWS_MAX).await?;
    let mut rows = Vec::with_capacity(refunds.len());
    for refund in &refunds {
        rows.push(row(&app, who.language, refund, &store::look_at_refund(pool, refund).await?));
    }
    let last = refunds.last().filter(|_| refunds.len() == usize::from(ROWS_MAX));
    let zones = Clock::of_all(app.console.programs.iter().map(|program| program.time_zone.as_str()))
        .spoken(who.language);
    let page = RefundsPage {
        frame: Frame::of(&app, &who).await?,
        w,
        zone: zones.label(refunds.iter().map(|refund| refund.received_at)),
        rows,
        next: last.map(|last| format!("{}/{}", last.at.purchase.date, RefundKey::of(last))),
    };
    html(StatusCode::OK, &page)
}

/// Reads `2026-10-10/7/00…`.
fn behind(text: &str) -> Option<(jiff::civil::Date, RefundKey)> {
    let mut parts = text.splitn(3, '/');
    RefundKey::place(parts.next()?, parts.next()?, parts.next()?)
}

/// Shows a refund with the purchases that it may take back.
pub(crate) async fn show(
    State(app): State<Arc<App>>,
    who: SignedIn,
    Path((bucket, key)): Path<(String, String)>,
) -> Result<Response, PageError> {
    let refund = RefundKey::parse(&bucket, &key).ok_or(PageError::NotFound)?;
    page(&app, &who, refund, StatusCode::OK, None, "").await
}

async fn page(
    app: &Arc<App>,
    who: &SignedIn,
    key: RefundKey,
    status: StatusCode,
    problem: Option<&'static str>,
    given_reason: &str,
) -> Result<Response, PageError> {
    let (pool, w) = (&app.console.pool, labels(who.language));
    let found = store::lone_refund(pool, (app.console.now)(), key.bucket, key.key).await?;
    let refund = found.ok_or(PageError::NotFound)?;
    let look = store::look_at_refund(pool, &refund).await?;
    let decisions = store::refund_decisions(pool, Some((key.bucket, key.key)), DECISIONS_MAX).await?;
    let clock = clock_of(app, who.language, &refund);
    let decided = |decision: &RefundDecision| DecisionRow {
        at: clock.moment(decision.at),
        by: decision.by.clone(),
        reason: decision.reason.clone(),
        what: if decision.purchase.is_some() { w.takes_back } else { w.stays_alone },
        result: match &decision.result {
            Some(code) => reason(code, who.language),
            None => w.waits_to_be_booked.to_owned(),
        },
    };
    let page = RefundPage {
        frame: Frame::of(app, who).await?,
        w,
        problem,
        zone: clock.label([refund.received_at].into_iter()),
        row: row(app, who.language, &refund, &look),
        candidates: candidates(who, &look, key),
        decisions: decisions.iter().map(decided).collect(),
        may_decide: refund_desk::stands_alone(&refund) && !refund.is_decided && who.may(Deed::DecideRefunds),
        given_reason: given_reason.to_owned(),
    };
    html(status, &page)
}

fn candidates(who: &SignedIn, look: &RefundLook, refund: RefundKey) -> Vec<CandidateRow> {
    let shown = look.likenesses.iter().take(CANDIDATES_MAX);
    let shown = shown.map(|(candidate, at)| CandidateRow {
        key: candidate.purchase.to_string(),
        address: format!("/t/{}/{}", refund.bucket, candidate.purchase),
        date: Locale(who.language).date(candidate.date),
        merchant: shop(&at.merchant),
        left: minor(who.language, candidate.left_minor, &at.purchase),
        score: candidate.parts.score(),
        parts: candidate.parts.iter().map(|part| (reason(part.code(), who.language), part.score())).collect(),
        awaits_clearing: candidate.awaits_clearing,
    });
    shown.collect()
}

/// Keeps what was chosen: `choice` is the key of a purchase, or `alone`.
pub(crate) async fn submit(
    State(app): State<Arc<App>>,
    who: SignedIn,
    Path((bucket, key)): Path<(String, String)>,
    fields: Result<Fields, FormRejection>,
) -> Result<Response, PageError> {
    let fields = posted::of_session(&who, fields)?;
    let refund = RefundKey::parse(&bucket, &key).ok_or(PageError::NotFound)?;
    let (why, w) = (posted::given(&fields, "reason"), labels(who.language));
    let choice = match posted::given(&fields, "choice") {
        "alone" => Some(RefundChoice::Alone),
        key => MessageKey::parse(key).map(RefundChoice::Purchase),
    };
    let Some(choice) = choice else {
        return page(&app, &who, refund, StatusCode::CONFLICT, Some(w.e_choice), why).await;
    };
    let now = (app.console.now)();
    match refund_desk::decide_refund(&app.console.pool, refund, choice, &who.user, why, now).await {
        Ok(_) => Ok(Redirect::to(&format!("/refunds/{refund}")).into_response()),
        Err(RefundDeskError::Store(error)) => Err(error.into()),
        Err(RefundDeskError::NotFound(_)) => Err(PageError::NotFound),
        Err(error) => {
            // What looks like a card number is not shown again.
            let again = if matches!(error, RefundDeskError::CardNumber) { "" } else { why };
            page(&app, &who, refund, StatusCode::CONFLICT, Some(problem_words(&error, w)), again).await
        }
    }
}

fn problem_words(error: &RefundDeskError, w: &'static Labels) -> &'static str {
    match error {
        RefundDeskError::Reason => w.e_comment,
        RefundDeskError::CardNumber => w.e_card,
        RefundDeskError::NotOfAccount => w.e_not_of_account,
        RefundDeskError::NotCleared => w.e_not_cleared,
        RefundDeskError::Waits => w.e_waits,
        RefundDeskError::Closed | RefundDeskError::NotFound(_) | RefundDeskError::Store(_) => w.e_closed,
    }
}

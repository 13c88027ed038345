//! What staff do about one break: assign, comment, attach, propose, take back, decide.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    body::Bytes,
    extract::{
        Path, State,
        rejection::{BytesRejection, FormRejection},
    },
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Redirect, Response},
};
use domain::{
    AdjustedItem,
    case::{CaseProposalKind, MILES_UNIT, WriteOffAccount},
};
use jiff::civil::Date;
use store::cases::{Assigned, CaseDecision, CaseError, CaseStep, NewCaseAdjustment, NewCaseProposal};

use super::{
    PageError,
    breaks::refused,
    one_break::{Given, number, page},
    posted::{self, Fields, given},
    upload,
};
use crate::{
    access::signed_in::SignedIn,
    app::App,
    case_adjustment::{AskedAdjustment, CaseAdjustment, case_adjustment},
    money, reference,
    words::{self, BreakWords},
};

/// What was done, or what the page says instead.
type Done = Result<Result<(), &'static str>, PageError>;

fn step<'a>(app: &App, who: &'a SignedIn, case: i64, version: Option<i32>) -> CaseStep<'a> {
    CaseStep { case, version, by: &who.user, at: (app.console.now)() }
}

/// The version that the form was made for.
fn seen(fields: &BTreeMap<String, String>) -> Result<Option<i32>, PageError> {
    given(fields, "version").parse().map(Some).map_err(|_| PageError::BadRequest)
}

fn in_words(done: Result<(), CaseError>, who: &SignedIn) -> Done {
    match done {
        Ok(()) => Ok(Ok(())),
        Err(error) => Ok(Err(refused(error, who.language)?)),
    }
}

/// Back to the page, or the page again with what is wrong.
async fn answer(
    app: &Arc<App>,
    who: &SignedIn,
    id: i64,
    done: Done,
    again: Given,
) -> Result<Response, PageError> {
    match done? {
        Ok(()) => Ok(Redirect::to(&format!("/breaks/{id}")).into_response()),
        Err(problem) => page(app, who, id, StatusCode::CONFLICT, Some(problem), again).await,
    }
}

/// What had been entered; what looks like a card number is not shown again.
fn entered(fields: &BTreeMap<String, String>) -> Given {
    let text = |name: &str| {
        let text = given(fields, name);
        if domain::holds_card_number(text) { String::new() } else { text.to_owned() }
    };
    Given {
        kind: text("kind"),
        amount: text("amount"),
        vat: text("vat"),
        reason: text("reason"),
        their_ref: text("their_ref"),
        our_ref: text("our_ref"),
        text: text("text"),
    }
}

/// Gives a case to somebody.
pub(crate) async fn assign(
    State(app): State<Arc<App>>,
    who: SignedIn,
    Path(id): Path<String>,
    fields: Result<Fields, FormRejection>,
) -> Result<Response, PageError> {
    let fields = posted::of_session(&who, fields)?;
    let (id, now) = (number(&id)?, (app.console.now)());
    let to = Some(given(&fields, "to")).filter(|name| !name.is_empty());
    let cases = [(id, seen(&fields)?)];
    let done = match store::cases::assign(&app.console.pool, &cases, to, (&who.user, now)).await {
        Ok(Assigned::All(_)) => Ok(Ok(())),
        Ok(Assigned::None(refusals)) => match refusals.first() {
            Some((_, refusal)) => Ok(Err(words::refusal(*refusal, who.language))),
            None => Ok(Ok(())),
        },
        Err(error) => in_words(Err(error), &who),
    };
    answer(&app, &who, id, done, Given::default()).await
}

/// Adds a comment.
pub(crate) async fn comment(
    State(app): State<Arc<App>>,
    who: SignedIn,
    Path(id): Path<String>,
    fields: Result<Fields, FormRejection>,
) -> Result<Response, PageError> {
    let fields = posted::of_session(&who, fields)?;
    let id = number(&id)?;
    let step = step(&app, &who, id, None);
    let done = store::cases::comment(&app.console.pool, &step, given(&fields, "text")).await.map(|_| ());
    answer(&app, &who, id, in_words(done, &who), entered(&fields)).await
}

/// Keeps a file with the case.
pub(crate) async fn attach(
    State(app): State<Arc<App>>,
    who: SignedIn,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, PageError> {
    let body = body.map_err(|_| PageError::TooLarge)?;
    let form = upload::of_session(&who, &headers, &body)?;
    let id = number(&id)?;
    let done = match &form.file {
        None => Ok(Err(BreakWords::of(who.language).e_upload)),
        Some((name, bytes)) => {
            let step = step(&app, &who, id, None);
            let done = store::cases::attach(&app.console.pool, &step, name.trim(), bytes).await;
            in_words(done.map(|_| ()), &who)
        }
    };
    answer(&app, &who, id, done, Given::default()).await
}

/// Proposes what becomes of the break.
pub(crate) async fn propose(
    State(app): State<Arc<App>>,
    who: SignedIn,
    Path(id): Path<String>,
    fields: Result<Fields, FormRejection>,
) -> Result<Response, PageError> {
    let fields = posted::of_session(&who, fields)?;
    let id = number(&id)?;
    let done = proposed(&app, &who, id, &fields).await;
    answer(&app, &who, id, done, entered(&fields)).await
}

async fn proposed(app: &App, who: &SignedIn, id: i64, fields: &BTreeMap<String, String>) -> Done {
    let w = BreakWords::of(who.language);
    let Some(kind) = CaseProposalKind::parse(given(fields, "kind")) else { return Ok(Err(w.e_kind)) };
    let view = store::cases::show(&app.console.pool, id).await?.ok_or(PageError::NotFound)?;
    let row = &view.row;
    let counts =
        matches!(kind, CaseProposalKind::Match | CaseProposalKind::WriteOff | CaseProposalKind::Adjust);
    // Only those move an amount.
    let Ok(amount) = minor(fields, "amount", &row.unit, counts) else { return Ok(Err(w.e_amount)) };
    let adjusts = kind == CaseProposalKind::Adjust;
    let Ok(vat) = minor(fields, "vat", &row.unit, adjusts && row.unit != MILES_UNIT) else {
        return Ok(Err(w.e_amount));
    };
    let waits = matches!(kind, CaseProposalKind::WaitUntil | CaseProposalKind::SendBack);
    let wait_until = match given(fields, "wait_until").trim() {
        "" => None,
        _ if !waits => None,
        text => match text.parse::<Date>() {
            Ok(date) => Some(date),
            Err(_) => return Ok(Err(w.e_date)),
        },
    };
    let (their_ref, our_ref) = (given(fields, "their_ref").trim(), given(fields, "our_ref").trim());
    let original = if our_ref.is_empty() { row.subject.as_str() } else { our_ref };
    let asked = AskedAdjustment { view: &view, original, amount: amount.unwrap_or(row.left), currency: None };
    let made = if adjusts { made(app, &asked, vat).await? } else { None };
    let adjustment = match &made {
        None if adjusts => return Ok(Err(w.e_adjust)),
        None => None,
        Some(CaseAdjustment { currency, code, stated: Some(stated), item: Some(item) }) => {
            let (currency, currency_code) = (*currency, code.as_str());
            Some(NewCaseAdjustment { currency, currency_code, stated: *stated, original, item: *item })
        }
        Some(_) => return Ok(Err(w.e_not_known)),
    };
    let account = match kind {
        CaseProposalKind::WriteOff => WriteOffAccount::parse(given(fields, "account")),
        _ => None,
    };
    let names = kind == CaseProposalKind::Match;
    let new = NewCaseProposal {
        kind,
        amount,
        wait_until,
        their_ref: if names { their_ref } else { "" },
        our_ref: if names { our_ref } else { "" },
        account,
        adjustment,
        reason: given(fields, "reason").trim(),
    };
    let step = step(app, who, id, seen(fields)?);
    in_words(store::cases::propose(&app.console.pool, &step, &new).await.map(|_| ()), who)
}

/// How many decimals the unit of a break has.
fn places(unit: &str) -> u32 {
    match (unit, money::from_code(unit)) {
        (MILES_UNIT, _) => 0,
        (_, Some(currency)) => u32::try_from(money::places(currency)).unwrap_or(2),
        _ => 2,
    }
}

/// A decimal number of a form, if it counts there at all.
fn minor(fields: &BTreeMap<String, String>, name: &str, unit: &str, counts: bool) -> Result<Option<i64>, ()> {
    match given(fields, name).trim() {
        text if text.is_empty() || !counts => Ok(None),
        text => reference::minor(text, places(unit)).map(Some).ok_or(()),
    }
}

/// What an adjustment is made of, with the tax that a person says if one does; `None`: no file of the partner's would have it.
async fn made(
    app: &App,
    asked: &AskedAdjustment<'_>,
    vat: Option<i64>,
) -> Result<Option<CaseAdjustment>, PageError> {
    let programs = &app.console.programs;
    let Some(program) = programs.iter().find(|info| Some(info.id) == asked.view.row.program) else {
        return Ok(None);
    };
    let made = case_adjustment(&app.console.pool, &app.console.out_dir, program, asked).await?;
    let said = vat.map(|vat| {
        let net_minor = asked.amount.saturating_sub(vat);
        AdjustedItem { basis: None, quantity: 0, net_minor, vat_minor: vat }
    });
    Ok(made.map(|made| CaseAdjustment { item: said.or(made.item), ..made }))
}

/// The proposal that a form is about.
fn proposal(fields: &BTreeMap<String, String>) -> Result<i64, PageError> {
    given(fields, "proposal").parse().map_err(|_| PageError::BadRequest)
}

/// Takes one's own proposal back.
pub(crate) async fn take_back(
    State(app): State<Arc<App>>,
    who: SignedIn,
    Path(id): Path<String>,
    fields: Result<Fields, FormRejection>,
) -> Result<Response, PageError> {
    let fields = posted::of_session(&who, fields)?;
    let id = number(&id)?;
    let step = step(&app, &who, id, seen(&fields)?);
    let reason = given(&fields, "reason").trim();
    let done = store::cases::take_back(&app.console.pool, &step, proposal(&fields)?, reason).await;
    answer(&app, &who, id, in_words(done, &who), entered(&fields)).await
}

/// Approves or rejects what another person proposed.
pub(crate) async fn decide(
    State(app): State<Arc<App>>,
    who: SignedIn,
    Path(id): Path<String>,
    fields: Result<Fields, FormRejection>,
) -> Result<Response, PageError> {
    let fields = posted::of_session(&who, fields)?;
    let id = number(&id)?;
    let approves = match given(&fields, "verdict") {
        "approve" => true,
        "reject" => false,
        _ => return Err(PageError::BadRequest),
    };
    let decision =
        CaseDecision { proposal: proposal(&fields)?, approves, reason: given(&fields, "reason").trim() };
    let step = step(&app, &who, id, seen(&fields)?);
    let done = store::cases::decide(&app.console.pool, &step, &decision).await.map(|_| ());
    answer(&app, &who, id, in_words(done, &who), entered(&fields)).await
}

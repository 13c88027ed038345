//! One break: both sides field by field, what is left, what it may be, and what is proposed, decided and booked about it.

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::{Path, Query, State, rejection::QueryRejection},
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use domain::case::{CaseProposalKind, CaseStanding, CaseState, WriteOffAccount, case_age_days};
use serde_json::Value;
use store::{
    BreakRuns,
    cases::{CaseProposalRow, CaseRow, CaseView},
};

use super::{
    Frame, PageError, Values,
    breaks::amounts,
    clock::{Clock, Moment},
    day_address, html,
};
use crate::{
    access::{Deed, signed_in::SignedIn},
    address::escaped,
    app::App,
    export::{self, Cell, ExportTable},
    locale::Locale,
    money,
    words::{self, BreakWords, Word},
};

#[derive(Template)]
#[template(path = "break.html")]
struct BreakPage {
    frame: Frame,
    w: &'static BreakWords,
    problem: Option<&'static str>,
    given: Given,
    id: i64,
    version: i32,
    class: &'static str,
    cause: &'static str,
    why: &'static str,
    state: Word,
    severity: Word,
    difference: String,
    decided: String,
    left: String,
    sides: Vec<Side>,
    facts: Vec<Fact>,
    times: String,
    kinds: Vec<(&'static str, &'static str)>,
    no_action: &'static str,
    accounts: Vec<(&'static str, &'static str)>,
    waiting: Option<Waiting>,
    people: Vec<String>,
    owner: String,
    attachments: Vec<Attached>,
    events: Vec<Event>,
    proposals: ExportTable,
    bookings: ExportTable,
    may_work: bool,
    is_resolved: bool,
}

/// What somebody had entered in a form that was refused.
#[derive(Debug, Clone, Default)]
pub(super) struct Given {
    pub(super) kind: String,
    pub(super) amount: String,
    pub(super) reason: String,
    pub(super) their_ref: String,
    pub(super) our_ref: String,
    pub(super) text: String,
}

/// A field of both sides.
struct Side {
    field: String,
    ours: String,
    theirs: String,
    compared: Word,
    differs: bool,
}

struct Fact {
    name: &'static str,
    text: String,
    href: Option<String>,
    moment: Option<Moment>,
}

/// The proposal that waits, as whoever looks at it may deal with it.
struct Waiting {
    id: i64,
    kind: &'static str,
    amount: String,
    details: Vec<(&'static str, String)>,
    reason: String,
    by: String,
    at: Moment,
    is_own: bool,
    may_decide: bool,
}

struct Attached {
    place: i32,
    name: String,
    size: String,
    sha256: String,
}

struct Event {
    at: Moment,
    by: String,
    what: &'static str,
    text: String,
}

/// Shows a break, or one of its tables as a file.
pub(crate) async fn show(
    State(app): State<Arc<App>>,
    who: SignedIn,
    Path(id): Path<String>,
    query: Result<Values, QueryRejection>,
) -> Result<Response, PageError> {
    let Query(values) = query?;
    let id = number(&id)?;
    let page = made(&app, &who, id, (None, Given::default())).await?;
    match export::respond(&values, &format!("break-{id}"), &[&page.proposals, &page.bookings])? {
        Some(file) => Ok(file),
        None => html(StatusCode::OK, &page),
    }
}

/// The number of a case in an address.
pub(super) fn number(text: &str) -> Result<i64, PageError> {
    text.parse().ok().filter(|id| *id > 0).ok_or(PageError::NotFound)
}

/// The page, perhaps again with what is wrong and with what had been entered.
pub(super) async fn page(
    app: &Arc<App>,
    who: &SignedIn,
    id: i64,
    status: StatusCode,
    problem: Option<&'static str>,
    given: Given,
) -> Result<Response, PageError> {
    html(status, &made(app, who, id, (problem, given)).await?)
}

async fn made(
    app: &Arc<App>,
    who: &SignedIn,
    id: i64,
    refused: (Option<&'static str>, Given),
) -> Result<BreakPage, PageError> {
    let pool = &app.console.pool;
    let view = store::cases::show(pool, id).await?.ok_or(PageError::NotFound)?;
    let program = app.console.programs.iter().find(|program| Some(program.id) == view.row.program);
    let zones = app.console.programs.iter().map(|program| program.time_zone.as_str());
    let clock = match program {
        Some(program) => Clock::of(&program.time_zone),
        None => Clock::of_all(zones),
    };
    let clock = clock.spoken(who.language);
    let runs = store::break_runs(pool, id).await?;
    let people = store::assignable_people(pool).await?;
    let frame = Frame::of(app, who).await?;
    let around = Around { app, who, clock: &clock, w: BreakWords::of(who.language) };
    Ok(around.page(frame, &view, runs, people, refused))
}

struct Around<'a> {
    app: &'a App,
    who: &'a SignedIn,
    clock: &'a Clock,
    w: &'static BreakWords,
}

/// Where a case stands for whoever would propose something.
pub(super) fn standing(row: &CaseRow) -> CaseStanding {
    CaseStanding {
        state: row.state,
        resolution: row.resolved.map(|(_, resolution)| resolution),
        is_assigned: row.assigned_to.is_some(),
        class: row.class.clone(),
        unit: row.unit.clone(),
        difference: row.difference,
        left: row.left,
        cured: 0,
        has_file: row.program.is_some() && row.partner.is_some(),
        proposed_by: row.waiting.as_ref().map(|waiting| waiting.by.clone()),
    }
}

impl Around<'_> {
    fn page(
        &self,
        frame: Frame,
        view: &CaseView,
        runs: BreakRuns,
        people: Vec<String>,
        (problem, given): (Option<&'static str>, Given),
    ) -> BreakPage {
        let (row, language) = (&view.row, self.who.language);
        let standing = standing(row);
        let kinds = standing.kinds();
        let decided = row.difference.saturating_sub(row.left);
        let instants = view.events.iter().map(|event| event.at).chain([row.opened_at, row.due_at]);
        BreakPage {
            frame,
            w: self.w,
            problem,
            given,
            id: row.id,
            version: row.version,
            class: words::class(&row.class, language).0,
            cause: words::class(&row.class, language).1,
            why: words::why(&row.reason, language),
            state: Word::case(row.state, language),
            severity: Word::severity(row.severity, language),
            difference: self.amount(&row.unit, row.difference),
            decided: self.amount(&row.unit, decided),
            left: self.amount(&row.unit, row.left),
            sides: self.sides(view),
            facts: self.facts(row, runs),
            times: self.clock.label(instants),
            no_action: match (&row.waiting, row.state) {
                (_, CaseState::Resolved) => self.w.is_resolved,
                (Some(_), _) => self.w.proposal_waits,
                _ => self.w.no_action,
            },
            kinds: kinds.iter().map(|kind| (kind.name(), words::kind(*kind, language))).collect(),
            accounts: WriteOffAccount::ALL
                .into_iter()
                .filter(|account| account.takes(&row.unit))
                .map(|account| (account.name(), words::account(account, language)))
                .collect(),
            waiting: self.waiting(view),
            people,
            owner: row.assigned_to.clone().unwrap_or_default(),
            attachments: view.attachments.iter().map(|file| self.attached(file)).collect(),
            events: view.events.iter().rev().map(|event| self.event(row, event)).collect(),
            proposals: self.proposals(view),
            bookings: self.bookings(view),
            may_work: self.who.may(Deed::WorkCases),
            is_resolved: row.state == CaseState::Resolved,
        }
    }

    /// An amount with its unit, or that nothing is counted.
    fn amount(&self, unit: &str, amount: i64) -> String {
        let locale = Locale(self.who.language);
        match (unit, money::from_code(unit)) {
            ("", _) => self.w.nothing_counted.to_owned(),
            ("MILES", _) => locale.miles(amount),
            (_, Some(currency)) => locale.money(amount, currency),
            (other, None) => format!("{} {other}", locale.number(amount)),
        }
    }

    fn sides(&self, view: &CaseView) -> Vec<Side> {
        let fields = view.fields.as_array().map(Vec::as_slice).unwrap_or_default();
        let text = |field: &Value, side: &str| match field.get(side) {
            None | Some(Value::Null) => self.w.absent.to_owned(),
            Some(Value::String(text)) if text.is_empty() => self.w.absent.to_owned(),
            Some(Value::String(text)) => text.clone(),
            Some(other) => other.to_string(),
        };
        let side = |field: &Value| {
            let name = field.get("field").and_then(Value::as_str).unwrap_or_default();
            let differs = field.get("differs").and_then(Value::as_bool).unwrap_or(true);
            Side {
                field: words::side_field(name, self.who.language),
                ours: text(field, "ours"),
                theirs: text(field, "theirs"),
                compared: Word::sides(differs, self.w),
                differs,
            }
        };
        fields.iter().map(side).collect()
    }

    fn facts(&self, row: &CaseRow, runs: BreakRuns) -> Vec<Fact> {
        let (w, language, locale) = (self.w, self.who.language, Locale(self.who.language));
        let fact = |name, text: String| Fact { name, text, href: None, moment: None };
        let moment = |name, at| Fact { moment: Some(self.clock.moment(at)), ..fact(name, String::new()) };
        let mut facts = vec![
            fact(w.about, row.subject.clone()),
            fact(w.source, words::source(&row.source, language).to_owned()),
            fact(w.scope, row.scope.clone()),
            fact(w.kind_of, if row.timing == "timing" { w.timing } else { w.data }.to_owned()),
        ];
        if let Some(partner) = row.partner {
            facts.push(fact(w.partner, self.app.console.partner(partner)));
        }
        let program = self.app.console.programs.iter().find(|program| Some(program.id) == row.program);
        let date = locale.date(row.business_date);
        facts.push(match program {
            Some(program) => Fact {
                href: Some(day_address(&program.code, row.business_date, runs.cycle_number)),
                ..fact(w.business_date, format!("{date}, {}", program.code))
            },
            None => fact(w.business_date, date),
        });
        if let Some(transaction) = row.transaction {
            let href = format!("/t/{}/{}", transaction.bucket, transaction.key);
            facts.push(Fact { href: Some(href), ..fact(w.transaction, w.to_message.to_owned()) });
        }
        facts.push(moment(w.opened, row.opened_at));
        facts.push(fact(w.age, locale.number(case_age_days(row.opened_at, (self.app.console.now)()))));
        facts.push(moment(w.due, row.due_at));
        if let Some(until) = row.wait_until {
            facts.push(fact(w.waits_until, locale.date(until)));
        }
        if let Some((at, resolution)) = row.resolved {
            let text = words::resolution(resolution, language).to_owned();
            facts.push(Fact { moment: Some(self.clock.moment(at)), ..fact(w.resolution, text) });
        }
        facts.push(fact(w.first_seen, locale.number(runs.first)));
        facts.push(fact(w.last_seen, locale.number(runs.last)));
        facts.extend(runs.cured.map(|run| fact(w.cured_by, locale.number(run))));
        facts
    }

    fn waiting(&self, view: &CaseView) -> Option<Waiting> {
        let waiting = view.proposals.iter().find(|proposal| proposal.decision.is_none())?;
        let is_own = waiting.by == self.who.user;
        Some(Waiting {
            id: waiting.id,
            kind: words::kind(waiting.kind, self.who.language),
            amount: self.proposed(&view.row.unit, waiting),
            details: self.details(waiting),
            reason: waiting.reason.clone(),
            by: waiting.by.clone(),
            at: self.clock.moment(waiting.at),
            is_own,
            may_decide: !is_own && self.who.may(Deed::DecideCases),
        })
    }

    fn proposed(&self, unit: &str, proposal: &CaseProposalRow) -> String {
        match proposal.kind {
            CaseProposalKind::Match | CaseProposalKind::WriteOff | CaseProposalKind::Adjust => {
                self.amount(unit, proposal.amount)
            }
            _ => self.w.nothing_counted.to_owned(),
        }
    }

    fn details(&self, proposal: &CaseProposalRow) -> Vec<(&'static str, String)> {
        let (w, language) = (self.w, self.who.language);
        let mut details = Vec::new();
        if let Some(until) = proposal.wait_until {
            details.push((w.waits_until, Locale(language).date(until)));
        }
        if let Some(account) = proposal.account {
            details.push((w.account, words::account(account, language).to_owned()));
        }
        for (name, text) in [(w.their_ref, &proposal.their_ref), (w.our_ref, &proposal.our_ref)] {
            if !text.is_empty() {
                details.push((name, text.clone()));
            }
        }
        if let Some(adjustment) = &proposal.adjustment {
            details.push((w.about, adjustment.original.clone()));
        }
        details
    }

    fn attached(&self, file: &store::cases::CaseAttachmentRow) -> Attached {
        let size = Locale(self.who.language).number(i64::from(file.length));
        Attached {
            place: file.place,
            name: file.name.clone(),
            size: format!("{size} {}", self.who.language.choose("bytes", "байт")),
            sha256: file.sha256.chars().take(12).collect(),
        }
    }

    fn event(&self, row: &CaseRow, event: &store::cases::CaseEventRow) -> Event {
        Event {
            at: self.clock.moment(event.at),
            by: event.by.clone().unwrap_or_else(|| self.w.done_by_comparison.to_owned()),
            what: words::event(&event.what, self.who.language),
            text: self.said(row, &event.body),
        }
    }

    /// What an event says, in an order that reads well.
    fn said(&self, row: &CaseRow, body: &Value) -> String {
        let language = self.who.language;
        let word = |name: &str| body.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
        let mut parts = Vec::new();
        if let Some(kind) = word("kind").and_then(CaseProposalKind::parse) {
            parts.push(words::kind(kind, language).to_owned());
        }
        if let Some(amount) = body.get("amount").and_then(Value::as_i64).filter(|amount| *amount != 0) {
            parts.push(self.amount(&row.unit, amount));
        }
        if body.get("to").is_some() && body.get("from").is_some() {
            let name = |name| word(name).unwrap_or(self.w.nobody);
            parts.push(format!("{} → {}", name("from"), name("to")));
        }
        for name in ["text", "name", "reason"] {
            parts.extend(word(name).map(str::to_owned));
        }
        parts.join(": ")
    }

    fn proposals(&self, view: &CaseView) -> ExportTable {
        let (w, language) = (self.w, self.who.language);
        let columns = vec![
            export::text(w.proposal),
            export::money(w.amount_name),
            export::number(language.choose("Miles", "Мили")),
            export::text(w.reason),
            export::text(w.proposed_by),
            export::text(w.proposed_at),
            export::text(w.decision),
            export::text(w.decided_by),
            export::text(w.decision_reason),
        ];
        let row = |one: &CaseProposalRow| {
            let [amount, miles] = match one.amount {
                0 => [Cell::Empty, Cell::Empty],
                amount => amounts(&view.row.unit, amount),
            };
            let verdict =
                one.decision.as_ref().map(|decision| if decision.approved { "approved" } else { "rejected" });
            let decided = one.decision.as_ref();
            vec![
                Cell::text(words::kind(one.kind, language)),
                amount,
                miles,
                Cell::text(&one.reason),
                Cell::text(&one.by),
                Cell::Moment(one.at, self.clock.moment(one.at)),
                Cell::Word(Word::case_proposal(verdict, language)),
                decided.map_or(Cell::Empty, |decision| Cell::text(&decision.by)),
                decided.map_or(Cell::Empty, |decision| Cell::text(&decision.reason)),
            ]
        };
        let here = format!("/breaks/{}", view.row.id);
        ExportTable::new(Locale(language), "proposals", &here, w.proposals_caption, columns)
            .or_else(w.no_proposals)
            .with(view.proposals.iter().map(row))
    }

    fn bookings(&self, view: &CaseView) -> ExportTable {
        let (w, language) = (self.w, self.who.language);
        let columns = vec![
            export::text(w.booking),
            export::money(w.amount_name),
            export::number(language.choose("Miles", "Мили")),
            export::text(w.account_name),
            export::text(w.booked),
            export::text(w.decided_by),
        ];
        let row = |one: &store::cases::CaseBookingRow| {
            let [amount, miles] = amounts(&view.row.unit, one.amount);
            let proposal = view.proposals.iter().find(|proposal| Some(proposal.id) == one.proposal);
            let by =
                proposal.and_then(|proposal| proposal.decision.as_ref()).map(|decision| decision.by.as_str());
            vec![
                Cell::text(words::booking(one.kind.name(), language)),
                amount,
                miles,
                one.account.map_or(Cell::Empty, |account| Cell::text(words::account(account, language))),
                Cell::Moment(one.at, self.clock.moment(one.at)),
                Cell::text(by.unwrap_or(w.done_by_comparison)),
            ]
        };
        let here = format!("/breaks/{}", view.row.id);
        ExportTable::new(Locale(language), "bookings", &here, w.bookings_caption, columns)
            .or_else(w.no_bookings)
            .with(view.bookings.iter().map(row))
    }
}

/// Gives an attachment out as a file: never shown by the browser as a page of ours, whatever is in it.
pub(crate) async fn attachment(
    State(app): State<Arc<App>>,
    _who: SignedIn,
    Path((id, place)): Path<(String, String)>,
) -> Result<Response, PageError> {
    let (id, place) = (number(&id)?, place.parse().map_err(|_| PageError::NotFound)?);
    let found = store::cases::attachment(&app.console.pool, id, place).await?;
    let (row, bytes) = found.ok_or(PageError::NotFound)?;
    let disposition = format!("attachment; filename*=UTF-8''{}", escaped(&row.name));
    let disposition = HeaderValue::from_str(&disposition).map_err(|_| PageError::NotFound)?;
    let mut response = bytes.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
    headers.insert(header::CONTENT_DISPOSITION, disposition);
    Ok(response)
}

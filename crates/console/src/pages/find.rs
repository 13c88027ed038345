//! A transaction found by any of its references, or by its day with its card, amount, code or merchant.

use std::{collections::BTreeMap, sync::Arc};

use askama::Template;
use axum::{
    extract::{Query, State, rejection::QueryRejection},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use domain::{MessageKey, ProgramId};
use settlement::LineId;
use store::{FoundMessage, MessageSearch};

use super::{Frame, PageError, Values, clock::Clock, html, pager::Pager};
use crate::{
    access::signed_in::SignedIn,
    address::escaped,
    app::App,
    effect,
    export::{self, Cell, Column, ExportTable},
    locale::Locale,
    money,
    queries::{self, Chosen, Listed},
    reference::{self, Around, Unclear, Wanted},
    words::{TraceWords, Word, message_type, reason},
};

/// So many messages on a page.
const ROWS_MAX: usize = 50;

#[derive(Template)]
#[template(path = "find.html")]
struct FindPage {
    frame: Frame,
    w: &'static TraceWords,
    entered: BTreeMap<String, String>,
    problem: Option<&'static str>,
    is_asked: bool,
    table: ExportTable,
    pager: Pager,
}

impl FindPage {
    /// What was entered in a field.
    fn entered(&self, name: &str) -> &str {
        self.entered.get(name).map(String::as_str).unwrap_or_default()
    }
}

/// Looks up `?q=…`, or what the other fields say.
pub(crate) async fn show(
    State(app): State<Arc<App>>,
    who: SignedIn,
    query: Result<Values, QueryRejection>,
) -> Result<Response, PageError> {
    let Query(values) = query?;
    let w = TraceWords::of(who.language);
    let codes: Vec<&str> = app.console.programs.iter().map(|program| program.code.as_str()).collect();
    let now = (app.console.now)();
    let zones = app.console.programs.iter().map(|program| program.time_zone.as_str());
    let clock = Clock::of_all(zones).spoken(who.language);
    let places = app.console.programs.first().map_or(2, |program| money::places(program.currency));
    let places = u32::try_from(places).unwrap_or(2);
    let around = Around { programs: &codes, places, today: clock.date(now), now };
    let wanted = reference::wanted(&values, around);
    let mut problem = wanted.as_ref().err().map(|unclear| unclear.words(w));
    let (mut found, mut next) = (Vec::new(), None);
    match &wanted {
        Ok(Wanted::Line(line)) => match page_of_line(&app, line).await? {
            Some(page) => return Ok(Redirect::to(&page).into_response()),
            None => problem = Some(w.no_line),
        },
        Ok(Wanted::Messages(searches)) => {
            (found, next) = self::found(&app, searches, place(&values)?).await?;
        }
        Ok(Wanted::Nothing) | Err(_) => {}
    }
    let mut frame = Frame::of(&app, &who).await?;
    let mut entered = values.clone();
    if let Some(old) = entered.get("retrieval").filter(|_| !values.contains_key("q")) {
        let old = old.clone();
        entered.insert("q".to_owned(), old);
    }
    if wanted == Err(Unclear::CardNumber) || wanted == Err(Unclear::Long) {
        // What may be a card number is not repeated anywhere on the page.
        entered.clear();
        "/find".clone_into(&mut frame.here);
    }
    let label = clock.label(found.iter().map(|listed| listed.received_at));
    let table = table(&who, &clock, &label, &frame.here, &found);
    if let Some(file) = export::respond(&values, "find", &[&table])? {
        return Ok(file);
    }
    let is_asked = problem.is_none() && wanted != Ok(Wanted::Nothing);
    let pager = Pager::new(who.language, "/find", &values, next);
    html(StatusCode::OK, &FindPage { frame, w, entered, problem, is_asked, table, pager })
}

fn table(who: &SignedIn, clock: &Clock, label: &str, here: &str, found: &[Listed]) -> ExportTable {
    let w = TraceWords::of(who.language);
    let here = if here.starts_with("/find") { here } else { "/find" };
    let caption = format!("{}; {} {label}", w.found, w.times_in);
    ExportTable::new(Locale(who.language), "found", here, caption, columns(w))
        .or_else(w.nothing_found)
        .with(found.iter().map(|listed| row(who, clock, listed)))
}

/// The columns of a list of messages.
pub(super) fn columns(w: &'static TraceWords) -> Vec<Column> {
    vec![
        export::text(w.message),
        export::text(w.reached),
        export::text("DE37"),
        export::text(w.card),
        export::money(w.shown_amount),
        export::text(w.result),
        export::text(w.reason),
    ]
}

/// A message in a list.
pub(super) fn row(who: &SignedIn, clock: &Clock, listed: &Listed) -> Vec<Cell> {
    let (minor, currency) = effect::signed(listed);
    let why = reason(&listed.reason, who.language);
    // What a reversal said itself, where it took back another amount.
    let said = effect::amount(listed).note.map(|note| format!("{why} ({note})"));
    let meaning = message_type(&listed.mti, effect::is_refund(listed), who.language);
    vec![
        Cell::link(format!("{} {meaning}", listed.mti), format!("/t/{}/{}", listed.bucket, listed.key)),
        Cell::Moment(listed.received_at, clock.moment(listed.received_at)),
        Cell::Code(listed.retrieval.clone()),
        if listed.last4.is_empty() {
            Cell::Empty
        } else {
            Cell::text(format!("•••• {}", listed.last4))
        },
        Cell::Money(minor, currency),
        Cell::Word(Word::told(&listed.status, who.language)),
        Cell::text(said.unwrap_or(why)),
    ]
}

/// `?after=<bucket>.<key>`.
pub(super) fn place(values: &BTreeMap<String, String>) -> Result<Option<FoundMessage>, PageError> {
    let Some(text) = values.get("after") else { return Ok(None) };
    let parsed = text.split_once('.').and_then(|(bucket, key)| {
        Some(FoundMessage { key: MessageKey::parse(key)?, bucket: bucket.parse().ok()? })
    });
    parsed.map(Some).ok_or(PageError::NotFound)
}

/// A page of what any of the searches finds, and where the next begins.
async fn found(
    app: &App,
    searches: &[MessageSearch],
    after: Option<FoundMessage>,
) -> Result<(Vec<Listed>, Option<String>), PageError> {
    let programs: Vec<ProgramId> = app.console.programs.iter().map(|program| program.id).collect();
    let limit = i64::try_from(ROWS_MAX + 1).unwrap_or(i64::MAX);
    let mut all = Vec::new();
    for search in searches {
        all.extend(store::search_messages(&app.console.pool, &programs, search, after, limit).await?);
    }
    all.sort();
    all.dedup();
    let more = all.len() > ROWS_MAX;
    all.truncate(ROWS_MAX);
    let next = all.last().filter(|_| more).map(|last| format!("{}.{}", last.bucket, last.key));
    Ok((listed(app, &all).await?, next))
}

/// What a list shows of messages.
pub(super) async fn listed(app: &App, found: &[FoundMessage]) -> Result<Vec<Listed>, PageError> {
    let buckets: Vec<i32> = found.iter().map(|found| found.bucket).collect();
    let keys: Vec<&[u8]> = found.iter().map(|found| found.key.as_bytes().as_slice()).collect();
    Ok(queries::messages(&app.console.pool, Chosen::These { buckets: &buckets, keys: &keys }).await?)
}

/// The page on which a line stands, if its cycle is there.
async fn page_of_line(app: &App, line: &LineId) -> Result<Option<String>, PageError> {
    let Some(program) = app.console.programs.iter().find(|program| program.code == line.program) else {
        return Ok(None);
    };
    let cycles = store::cycles(&app.console.pool, program.id).await?;
    let Some(cycle) = cycles.iter().find(|cycle| cycle.sequence == line.batch.cycle_sequence) else {
        return Ok(None);
    };
    let same_date = |other: &&store::Cycle| other.business_date == cycle.business_date;
    let number =
        cycles.iter().filter(same_date).position(|other| other.id == cycle.id).map_or(1, |at| at + 1);
    let batch = &line.batch;
    Ok(Some(format!(
        "/day/{}/{}/positions/{}/{}?cycle={number}&line={}",
        escaped(&program.code),
        cycle.business_date,
        escaped(&batch.partner),
        escaped(&batch.currency),
        line.number
    )))
}

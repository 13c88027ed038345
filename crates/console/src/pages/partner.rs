//! The partners, and the page of one: its statement, files with their answers, ways, terms, how fast it answers.

mod charts;
mod tables;

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::{Path, Query, State, rejection::QueryRejection},
    http::StatusCode,
    response::Response,
};
use domain::PartnerId;
use jiff::{Timestamp, civil::Date};
use program_files::{VersionText, entries_of};

use super::{Frame, PageError, Values, clock::Clock, filter::Filter, html, today::days_before};
use crate::{
    access::signed_in::SignedIn,
    app::App,
    asked_date::asked_date,
    charts::Chart,
    export::{Cell, ExportTable, number, respond, text},
    locale::Locale,
    queries::{
        books::{self, Cycles},
        partner,
    },
    words::partners::FurtherLabels,
};

/// The period that is shown unless the address names one, and the longest.
const DAYS_SHOWN: i64 = 30;
const DAYS_MAX: i64 = 400;
const FILES_MAX: i64 = 500;

#[derive(Template)]
#[template(path = "partners.html")]
struct PartnersPage {
    frame: Frame,
    w: &'static FurtherLabels,
    table: ExportTable,
}

#[derive(Template)]
#[template(path = "partner.html")]
struct PartnerPage {
    frame: Frame,
    w: &'static FurtherLabels,
    code: String,
    zone: String,
    of_staff: bool,
    filter: Filter,
    statement: ExportTable,
    files: ExportTable,
    ways: ExportTable,
    terms: ExportTable,
    answers: Chart,
    accrued: Option<Chart>,
}

/// What the tables and charts of a partner are made with.
struct Making<'a> {
    app: &'a App,
    w: &'static FurtherLabels,
    locale: Locale,
    clock: Clock,
    now: Timestamp,
    here: String,
    /// Somebody of the staff; people of the partner itself see no page of a whole day.
    of_staff: bool,
}

/// Lists the partners.
pub(crate) async fn list(
    State(app): State<Arc<App>>,
    who: SignedIn,
    query: Result<Values, QueryRejection>,
) -> Result<Response, PageError> {
    let Query(values) = query?;
    let (w, locale) = (FurtherLabels::of(who.language), Locale(who.language));
    let columns = vec![
        text(w.partner),
        number(w.last_file),
        number(w.ways),
        number(w.ways_down),
        number(w.overdue),
        number(w.open_breaks),
    ];
    let rows = partner::all(&app.console.pool, (app.console.now)()).await?;
    let row = |one: &partner::Listed| {
        vec![
            Cell::link(one.code.as_str(), format!("/partners/{}", one.code)),
            one.last_sequence.map_or(Cell::Empty, |sequence| Cell::Number(i64::from(sequence))),
            Cell::Number(one.ways),
            Cell::Number(one.ways_down),
            Cell::Number(one.overdue),
            Cell::LinkNumber(one.breaks, format!("/breaks?partner={}", one.code)),
        ]
    };
    let table = ExportTable::new(locale, "partners", "/partners", w.partners_caption, columns)
        .or_else(w.no_partners)
        .with(rows.iter().map(row));
    match respond(&values, "partners", &[&table])? {
        Some(file) => Ok(file),
        None => html(StatusCode::OK, &PartnersPage { frame: Frame::of(&app, &who).await?, w, table }),
    }
}

/// Shows a partner; somebody of a partner sees his own only. `?from=&until=` is the period.
pub(crate) async fn show(
    State(app): State<Arc<App>>,
    who: SignedIn,
    Path(code): Path<String>,
    query: Result<Values, QueryRejection>,
) -> Result<Response, PageError> {
    let Query(mut values) = query?;
    if who.partner.as_ref().is_some_and(|own| own.code != code) {
        return Err(PageError::NotFound);
    }
    let id = app.console.partner_codes.iter().find(|(_, found)| **found == code).map(|(id, _)| *id);
    let id = id.ok_or(PageError::NotFound)?;
    let (pool, now) = (&app.console.pool, (app.console.now)());
    let zones = app.console.programs.iter().map(|program| program.time_zone.as_str());
    let clock = Clock::of_all(zones).spoken(who.language);
    let (from, until) = period(&values, clock.date(now))?;
    for (name, date) in [("from", from), ("until", until)] {
        values.insert(name.to_owned(), date.to_string());
    }
    let w = FurtherLabels::of(who.language);
    let here = format!("/partners/{code}?from={from}&until={until}");
    let (locale, of_staff) = (Locale(who.language), who.partner.is_none());
    let making = Making { app: &app, w, locale, clock, now, here, of_staff };

    let only_approved = who.partner.is_some();
    let settled = books::settled(pool, Cycles::Of { partner: id, from, until, only_approved }).await?;
    let editions = partner::editions(pool, &code, (from, until), FILES_MAX).await?;
    let page = PartnerPage {
        zone: making.clock.label([now].into_iter()),
        of_staff,
        filter: Filter::new(who.language, format!("/partners/{code}"))
            .input(&values, "from", w.from, "date")
            .input(&values, "until", w.until, "date"),
        statement: making.statement(&settled),
        files: making.files(&editions),
        ways: making.ways(&store::endpoints(pool, id).await?),
        terms: making.terms(&terms_with(&app, id).await?),
        answers: making.answers(&editions),
        accrued: making.accrued(&settled),
        w,
        frame: Frame::of(&app, &who).await?,
        code,
    };
    let mut tables = vec![&page.statement, &page.files, &page.ways, &page.terms, &page.answers.table];
    tables.extend(page.accrued.iter().map(|chart| &chart.table));
    match respond(&values, &format!("partner-{}", page.code), &tables)? {
        Some(file) => Ok(file),
        None => html(StatusCode::OK, &page),
    }
}

/// The period of the address, or the last month.
fn period(
    values: &std::collections::BTreeMap<String, String>,
    today: Date,
) -> Result<(Date, Date), PageError> {
    let given = |name: &str| {
        let text = values.get(name).filter(|text| !text.is_empty());
        text.map(|text| asked_date(text).ok_or(PageError::BadRequest)).transpose()
    };
    let until = given("until")?.unwrap_or(today);
    let from = given("from")?.unwrap_or(days_before(until, DAYS_SHOWN));
    Ok((from.max(days_before(until, DAYS_MAX)), until))
}

/// Names and values of the terms with a partner, of every program in force.
async fn terms_with(app: &App, partner: PartnerId) -> Result<Vec<[String; 3]>, PageError> {
    let (pool, code) = (&app.console.pool, app.console.partner(partner));
    let mut rows = Vec::new();
    for program in &app.console.programs {
        let Some(hash) = store::running_version(pool, program.id).await? else { continue };
        let Some(text) = store::version_text(pool, program.id, hash).await? else { continue };
        let entries = entries_of(VersionText { hash, text: &text }).unwrap_or_default();
        let ours = |id: &str| id == code || id.strip_prefix(&code).is_some_and(|rest| rest.starts_with(' '));
        for entry in entries.into_iter().filter(|entry| entry.kind == "terms" && ours(&entry.id)) {
            rows.extend(entry.fields.into_iter().map(|(name, value)| [program.code.clone(), name, value]));
        }
    }
    Ok(rows)
}

//! The days of each program, newest first: state, net and breaks of a month at a time.

use std::{collections::BTreeMap, sync::Arc};

use askama::Template;
use axum::{
    extract::{Query, State, rejection::QueryRejection},
    http::StatusCode,
    response::Response,
};
use jiff::civil::Date;
use program_files::Language;

use super::{Frame, PageError, Values, day_address, html, zone};
use crate::{
    ProgramInfo,
    access::signed_in::SignedIn,
    app::App,
    export::{Cell, ExportTable, Keys, money, number, respond, text},
    locale::Locale,
    queries::{self, Day, books, morning},
    words::day::{DayLabels, cycle_state},
};

/// A month and a day to compare with.
const DAYS_MAX: usize = 32;

#[derive(Template)]
#[template(path = "days.html")]
struct DaysPage {
    frame: Frame,
    w: &'static DayLabels,
    programs: Vec<ProgramDays>,
}

struct ProgramDays {
    code: String,
    bank: String,
    zone: String,
    cut_off: String,
    table: ExportTable,
    older_before: Option<i32>,
}

/// Lists the days; `?program=…&before=…` goes back in one program's past.
pub(crate) async fn show(
    State(app): State<Arc<App>>,
    who: SignedIn,
    query: Result<Values, QueryRejection>,
) -> Result<Response, PageError> {
    let Query(values) = query?;
    let mut programs = Vec::with_capacity(app.console.programs.len());
    for program in &app.console.programs {
        programs.push(days_of(&app, program, &values, who.language).await?);
    }
    let tables: Vec<&ExportTable> = programs.iter().map(|program| &program.table).collect();
    if let Some(file) = respond(&values, "days", &tables)? {
        return Ok(file);
    }
    let w = DayLabels::of(who.language);
    html(StatusCode::OK, &DaysPage { frame: Frame::of(&app, &who).await?, w, programs })
}

async fn days_of(
    app: &App,
    program: &ProgramInfo,
    values: &BTreeMap<String, String>,
    language: Language,
) -> Result<ProgramDays, PageError> {
    let before = values.get("before").filter(|_| values.get("program") == Some(&program.code));
    let before = before.map(|text| text.parse::<i32>().map_err(|_| PageError::NotFound)).transpose()?;
    // One more than is shown tells whether there are older ones.
    let limit = i64::try_from(DAYS_MAX + 1).unwrap_or(i64::MAX);
    let mut found = queries::days(&app.console.pool, program.id, before.unwrap_or(i32::MAX), limit).await?;
    let is_cut = found.len() > DAYS_MAX;
    found.truncate(DAYS_MAX);
    let here = match before {
        Some(before) => format!("/days?program={}&before={before}", program.code),
        None => "/days".to_owned(),
    };
    Ok(ProgramDays {
        code: program.code.clone(),
        bank: program.bank_code.clone(),
        zone: found.first().map_or_else(|| program.time_zone.clone(), |day| zone(program, day.business_date)),
        cut_off: program.cut_off_text(),
        older_before: found.last().filter(|_| is_cut).map(|day| day.sequence),
        table: table(app, program, &found, (Locale(language), &here)).await?,
    })
}

async fn table(
    app: &App,
    program: &ProgramInfo,
    found: &[Day],
    (locale, here): (Locale, &str),
) -> Result<ExportTable, PageError> {
    let (pool, w) = (&app.console.pool, DayLabels::of(locale.0));
    let caption = format!("{} {}, {}", w.days_of, program.code, w.newest_first);
    let columns = vec![
        text(w.business_date),
        text(w.state),
        text(w.files),
        money(w.net_all),
        money(w.gross),
        number(w.found_breaks),
        number(w.open_breaks),
    ];
    let table =
        ExportTable::new(locale, format!("days-{}", program.code), here, caption, columns).or_else(w.no_days);
    let (Some(newest), Some(oldest)) = (found.first(), found.last()) else { return Ok(table) };
    let nets = books::nets(pool, program.id, (oldest.sequence, newest.sequence)).await?;
    let breaks =
        morning::breaks_by_date(pool, program.id, (oldest.business_date, newest.business_date)).await?;
    let rows = found.iter().flat_map(|day| {
        let nets: Vec<_> = nets.iter().filter(|net| net.sequence == day.sequence).collect();
        // A day with several currencies has a row for each: amounts of different ones are never added up.
        let paid: Vec<[Cell; 2]> = match nets.is_empty() {
            true => vec![[Cell::Empty, Cell::Empty]],
            false => nets
                .iter()
                .map(|net| [Cell::Money(net.net, net.currency), Cell::Money(net.turnover, net.currency)])
                .collect(),
        };
        paid.into_iter().map(|paid| row(program, day, paid, &breaks, locale)).collect::<Vec<_>>()
    });
    Ok(table.with_keys(rows))
}

fn row(
    program: &ProgramInfo,
    day: &Day,
    [net, gross]: [Cell; 2],
    breaks: &[(Date, i64, i64)],
    locale: Locale,
) -> (Keys, Vec<Cell>) {
    let w = DayLabels::of(locale.0);
    let (all, open) = breaks
        .iter()
        .find(|(date, ..)| *date == day.business_date)
        .map_or((0, 0), |(_, all, open)| (*all, *open));
    let mut name = locale.long_date(day.business_date);
    if let Some(number) = day.number {
        name = format!("{name}, {} {number}", w.cycle);
    }
    let href = day_address(&program.code, day.business_date, day.number);
    let files = match day.files {
        0 => w.none_yet.to_owned(),
        files => format!("{} {} {files} {}", day.published, w.of_all, w.published),
    };
    let list = format!("/breaks?from={0}&until={0}", day.business_date);
    let keys = vec![
        ("program", program.code.clone()),
        ("date", day.business_date.to_string()),
        ("state", day.state.clone()),
    ];
    let cells = vec![
        Cell::link(name, href),
        Cell::Word(cycle_state(&day.state, locale.0)),
        Cell::Text(files),
        net,
        gross,
        Cell::LinkNumber(all, list),
        Cell::Number(open),
    ];
    (keys, cells)
}

//! The pages.

pub(crate) mod answers;
pub(crate) mod approvals;
pub(crate) mod audit;
pub(crate) mod break_steps;
pub(crate) mod breaks;
mod clock;
pub(crate) mod day;
pub(crate) mod days;
mod filter;
pub(crate) mod find;
mod frame;
pub(crate) mod health;
pub(crate) mod language;
pub(crate) mod lines;
pub(crate) mod links;
pub(crate) mod one_break;
mod pager;
pub(crate) mod partner;
mod posted;
pub(crate) mod programs;
pub(crate) mod proof;
pub(crate) mod proposal;
pub(crate) mod propose;
pub(crate) mod refunds;
mod refusal;
pub(crate) mod second_factor;
pub(crate) mod sign_in;
mod spoken;
pub(crate) mod statement;
pub(crate) mod today;
pub(crate) mod transaction;
pub(crate) mod transactions;
mod upload;
mod waiting;

use std::{collections::BTreeMap, sync::Arc};

use askama::Template;
use axum::{
    extract::Query,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use domain::InDay;
use jiff::civil::Date;
use store::{Cycle, CycleState};

pub(crate) use clock::Moment;
pub(crate) use frame::Frame;
pub(crate) use refusal::PageError;
pub(crate) use spoken::accepted;

use crate::{ProgramInfo, address::escaped, app::App, asked_date::asked_date, masking::mask_card_numbers};

/// Values of a query, by name.
type Values = Query<BTreeMap<String, String>>;

/// A finished page. This is the only way by which text from the books reaches a browser.
fn html(status: StatusCode, page: &impl Template) -> Result<Response, PageError> {
    let text = page.render().map_err(|error| PageError::broken("a page cannot be written", &error))?;
    let content_type = [(header::CONTENT_TYPE, "text/html; charset=utf-8")];
    Ok((status, content_type, mask_card_numbers(&text)).into_response())
}

fn program<'a>(app: &'a Arc<App>, code: &str) -> Result<&'a ProgramInfo, PageError> {
    app.console.programs.iter().find(|program| program.code == code).ok_or(PageError::NotFound)
}

/// The address of a day's page; `number` is the place of the cycle in the date, if that has several: without it the address
/// is that of the first cycle that is not done.
pub(crate) fn day_address(program: &str, date: Date, number: Option<i64>) -> String {
    let place = number.map(|number| format!("?cycle={number}")).unwrap_or_default();
    format!("/day/{}/{date}{place}", escaped(program))
}

/// A cycle of a business date.
pub(crate) struct DayCycle {
    pub(crate) cycle: Cycle,
    pub(crate) place: InDay,
    /// How many of the date's cycles take messages or did.
    pub(crate) begun: usize,
}

impl DayCycle {
    /// Its number, if the date has several.
    pub(crate) fn number(&self) -> Option<usize> {
        let InDay { cycle, is_last } = self.place;
        (self.begun > 1 || !is_last).then_some(cycle.number)
    }

    /// The time of day at which it nominally ends.
    pub(crate) fn cut_off(&self, program: &ProgramInfo) -> String {
        let times = program.cut_offs.times();
        let own = times.get(self.place.cycle.number.saturating_sub(1)).filter(|_| !self.place.is_last);
        own.copied().unwrap_or(program.cut_offs.last()).strftime("%H:%M").to_string()
    }
}

/// The program and the cycle that an address names: `?cycle=2` the second of its date. Without it, it is the first that
/// is not done, or else the last.
pub(crate) async fn cycle<'a>(
    app: &'a Arc<App>,
    code: &str,
    date: &str,
    values: &BTreeMap<String, String>,
) -> Result<(&'a ProgramInfo, DayCycle), PageError> {
    let program = program(app, code)?;
    let date = asked_date(date).ok_or(PageError::NotFound)?;
    let wanted = values.get("cycle").map(|text| text.parse::<usize>().map_err(|_| PageError::NotFound));
    let wanted = wanted.transpose()?;
    let all = store::cycles(&app.console.pool, program.id).await?;
    let begun = |cycle: &&Cycle| cycle.business_date == date && cycle.state != CycleState::Prepared;
    let of_date: Vec<&Cycle> = all.iter().filter(begun).collect();
    let found = match wanted {
        Some(number) => number.checked_sub(1).and_then(|at| of_date.get(at)),
        None => of_date.iter().find(|cycle| !cycle.state.is_published()).or(of_date.last()),
    };
    let cycle = **found.ok_or(PageError::NotFound)?;
    let place = settlement::in_day(&program.cut_offs, &all, &cycle);
    Ok((program, DayCycle { cycle, place, begun: of_date.len() }))
}

/// `Europe/Moscow (UTC+03:00)`: the zone with its offset on that day.
fn zone(program: &ProgramInfo, date: Date) -> String {
    match date.in_tz(&program.time_zone) {
        Ok(zoned) => format!("{} (UTC{})", program.time_zone, zoned.strftime("%:z")),
        Err(_) => program.time_zone.clone(),
    }
}

/// The stylesheet.
pub(crate) async fn style() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], include_str!("../templates/style.css"))
}

/// The keys of tables and of the search field.
pub(crate) async fn keys() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/javascript; charset=utf-8")], include_str!("../templates/keys.js"))
}

/// The icon of the browser's tab.
pub(crate) async fn icon() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "image/svg+xml")], include_str!("../templates/icon.svg"))
}

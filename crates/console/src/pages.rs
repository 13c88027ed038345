//! The pages.

pub(crate) mod answers;
mod clock;
pub(crate) mod day;
pub(crate) mod days;
pub(crate) mod find;
pub(crate) mod language;
mod posted;
pub(crate) mod programs;
pub(crate) mod proposal;
pub(crate) mod propose;
pub(crate) mod refunds;
mod refusal;
pub(crate) mod sign_in;
pub(crate) mod transaction;
pub(crate) mod transactions;

use std::{collections::BTreeMap, sync::Arc};

use askama::Template;
use axum::{
    extract::Query,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use jiff::civil::Date;
use program_files::Language;
use store::{Cycle, cycle_by_date};

pub(crate) use refusal::PageError;

use crate::{
    ProgramInfo,
    access::signed_in::SignedIn,
    app::App,
    masking::mask_card_numbers,
    words::{Labels, labels},
};

/// Values of a query, by name.
type Values = Query<BTreeMap<String, String>>;

/// What surrounds every page of somebody who has signed in.
pub(crate) struct Frame {
    environment: String,
    user: String,
    csrf: String,
    w: &'static Labels,
    /// The page's address, if it is shown in several languages.
    here: Option<String>,
    speaks_russian: bool,
}

impl Frame {
    fn new(app: &App, who: &SignedIn) -> Self {
        Self {
            environment: app.console.environment.clone(),
            user: who.user.clone(),
            csrf: who.csrf.clone(),
            w: labels(Language::English),
            here: None,
            speaks_russian: who.language == Language::Russian,
        }
    }

    /// Of a page that is shown in the language of the session.
    fn spoken(app: &App, who: &SignedIn, here: &str) -> Self {
        Self { w: labels(who.language), here: Some(here.to_owned()), ..Self::new(app, who) }
    }
}

/// A finished page. This is the only way by which text from the books reaches a browser.
fn html(status: StatusCode, page: &impl Template) -> Result<Response, PageError> {
    let text = page.render().map_err(|error| PageError::broken("a page cannot be written", &error))?;
    let content_type = [(header::CONTENT_TYPE, "text/html; charset=utf-8")];
    Ok((status, content_type, mask_card_numbers(&text)).into_response())
}

fn program<'a>(app: &'a Arc<App>, code: &str) -> Result<&'a ProgramInfo, PageError> {
    app.console.programs.iter().find(|program| program.code == code).ok_or(PageError::NotFound)
}

/// The program and the cycle that an address names.
async fn cycle<'a>(app: &'a Arc<App>, code: &str, date: &str) -> Result<(&'a ProgramInfo, Cycle), PageError> {
    let program = program(app, code)?;
    let date: Date = date.parse().map_err(|_| PageError::NotFound)?;
    let cycle = cycle_by_date(&app.console.pool, program.id, date).await?;
    Ok((program, cycle.ok_or(PageError::NotFound)?))
}

/// `Saturday 10 October 2026`.
fn long_date(date: Date) -> String {
    date.strftime("%A %-d %B %Y").to_string()
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

/// The icon of the browser's tab.
pub(crate) async fn icon() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "image/svg+xml")], include_str!("../templates/icon.svg"))
}

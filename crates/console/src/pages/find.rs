//! Messages found by their retrieval reference number, DE37.

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::{Query, State, rejection::QueryRejection},
    http::StatusCode,
    response::Response,
};

use super::{
    Frame, PageError, Values,
    clock::Clock,
    html,
    transactions::{ListRow, list_row},
};
use crate::{
    access::signed_in::SignedIn,
    app::App,
    queries::{self, Chosen, Listed},
};

/// DE37 has so many characters.
const RETRIEVAL_CHARS_MAX: usize = 12;
/// So many messages are shown.
const ROWS_MAX: usize = 200;

#[derive(Template)]
#[template(path = "find.html")]
struct FindPage {
    frame: Frame,
    retrieval: String,
    problem: Option<&'static str>,
    caption: String,
    rows: Vec<ListRow>,
    is_cut: bool,
}

/// Looks up `?retrieval=…`.
pub(crate) async fn show(
    State(app): State<Arc<App>>,
    who: SignedIn,
    query: Result<Values, QueryRejection>,
) -> Result<Response, PageError> {
    let Query(values) = query?;
    let wanted = values.get("retrieval").map(|text| text.trim()).unwrap_or_default();
    let (problem, retrieval) = match wanted.chars().count() {
        0 => (Some("Enter a retrieval reference number (DE37), such as 628312000017."), ""),
        // It is not repeated: it may be a card number that somebody pasted.
        n if n > RETRIEVAL_CHARS_MAX => {
            (Some("A retrieval reference number (DE37) has at most 12 characters."), "")
        }
        _ if wanted.contains('\0') => return Err(PageError::BadRequest),
        _ => (None, wanted),
    };
    let mut found = if problem.is_none() { messages(&app, retrieval).await? } else { Vec::new() };
    let is_cut = found.len() > ROWS_MAX;
    found.truncate(ROWS_MAX);
    // A found message may be of any program.
    let clock = Clock::of_all(app.console.programs.iter().map(|program| program.time_zone.as_str()));
    let label = clock.label(found.iter().map(|listed| listed.received_at));
    let mut frame = Frame::of(&app, &who).await?;
    if problem.is_some() {
        // What cannot be a reference is not repeated anywhere on the page.
        "/find".clone_into(&mut frame.here);
    }
    let page = FindPage {
        frame,
        retrieval: retrieval.to_owned(),
        problem,
        caption: format!("Messages with this retrieval reference number, oldest first; times in {label}"),
        rows: found.iter().map(|listed| list_row(listed, clock.moment(listed.received_at))).collect(),
        is_cut,
    };
    html(StatusCode::OK, &page)
}

async fn messages(app: &App, retrieval: &str) -> Result<Vec<Listed>, PageError> {
    let limit = i64::try_from(ROWS_MAX + 1).unwrap_or(i64::MAX);
    Ok(queries::messages(&app.console.pool, Chosen::WithRetrieval { retrieval, limit }).await?)
}

//! Messages found by their retrieval reference number, DE37.

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::{Query, State, rejection::QueryRejection},
    http::StatusCode,
    response::Response,
};
use store::MessageView;

use super::{
    Frame, PageError, Values, html,
    transactions::{ListRow, clock, currency},
};
use crate::{
    access::signed_in::SignedIn,
    app::App,
    money,
    words::{self, Word},
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
    let page = FindPage {
        frame: Frame::new(&app, &who),
        retrieval: retrieval.to_owned(),
        problem,
        rows: found.iter().map(list_row).collect(),
        is_cut,
    };
    html(StatusCode::OK, &page)
}

async fn messages(app: &App, retrieval: &str) -> Result<Vec<MessageView>, PageError> {
    let limit = i64::try_from(ROWS_MAX + 1).unwrap_or(i64::MAX);
    Ok(store::find_messages(&app.console.pool, retrieval, limit).await?)
}

/// A found message may be of any program, so its time is shown in UTC.
pub(super) fn list_row(message: &MessageView) -> ListRow {
    ListRow {
        bucket: message.bucket,
        key: message.key.to_string(),
        mti: message.mti.clone(),
        meaning: words::mti(&message.mti),
        time: clock(message.received_at, "UTC"),
        utc: message.received_at.to_string(),
        retrieval: message.retrieval.clone(),
        last4: message.last4.clone(),
        amount: money::money(message.amount_minor, currency(message.currency)),
        result: Word::result(message.reply.result.status.name()),
        reason: words::reason(&message.reply.result.reason),
    }
}

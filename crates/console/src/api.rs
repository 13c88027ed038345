//! The API: answers in JSON for programs of staff. It reads; nothing changes by it.

use std::sync::Arc;

use axum::{
    extract::{Path, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

use crate::{
    access::signed_in::SignedIn, app::App, explained::explained, masking::mask_card_numbers, pages::PageError,
};

fn answer(status: StatusCode, value: &Value) -> Response {
    // The same last net as under every page.
    let text = mask_card_numbers(&value.to_string());
    (status, [(header::CONTENT_TYPE, "application/json")], text).into_response()
}

fn problem(status: StatusCode, code: &str, text: &str) -> Response {
    answer(status, &json!({ "error": { "code": code, "text": text } }))
}

/// Why a request of the API was not let in.
pub(crate) enum NotLetIn {
    /// No token or session, or one that does not count.
    Unknown,
    /// The roles are not trusted with it.
    NotAllowed,
    /// It is none of the asker's.
    NotFound,
    /// We could not look.
    Broken(PageError),
}

impl IntoResponse for NotLetIn {
    fn into_response(self) -> Response {
        match self {
            Self::Unknown => {
                let text = "send `Authorization: Bearer TOKEN` with a token of `cobrand user token NAME`, or sign in";
                let mut response = problem(StatusCode::UNAUTHORIZED, "not_signed_in", text);
                response
                    .headers_mut()
                    .insert(header::WWW_AUTHENTICATE, header::HeaderValue::from_static("Bearer"));
                response
            }
            Self::NotAllowed => {
                let text = "none of your roles may do this; an administrator gives roles: cobrand user roles";
                problem(StatusCode::FORBIDDEN, "not_allowed", text)
            }
            Self::NotFound => problem(StatusCode::NOT_FOUND, "not_found", "there is nothing here for you"),
            Self::Broken(error) => broken(error),
        }
    }
}

fn broken(error: PageError) -> Response {
    let text = match error {
        PageError::Broken(incident) => {
            format!("something of ours failed; its number in the log is {incident}")
        }
        _ => "something of ours failed".to_owned(),
    };
    problem(StatusCode::INTERNAL_SERVER_ERROR, "failed", &text)
}

/// Explains every message that the reference names: a key or a retrieval reference number.
pub(crate) async fn explanation(
    State(app): State<Arc<App>>,
    who: SignedIn,
    Path(reference): Path<String>,
) -> Response {
    let console = &app.console;
    match explained(&console.pool, &console.programs, &console.partner_codes, &reference).await {
        Err(error) => broken(error.into()),
        Ok(told) if told.is_empty() => {
            let text = "no stored message has this key (48 hexadecimal digits) or this retrieval reference number (DE37)";
            problem(StatusCode::NOT_FOUND, "not_found", text)
        }
        Ok(told) => {
            tracing::debug!(user = who.user, messages = told.len(), "explained by the API");
            let messages: Vec<Value> = told.iter().map(|message| message.to_json()).collect();
            answer(StatusCode::OK, &json!({ "messages": messages }))
        }
    }
}

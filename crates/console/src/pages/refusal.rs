//! Pages for what cannot be shown, in plain words and without internals.

use askama::Template;
use axum::{
    extract::rejection::{FormRejection, QueryRejection},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use store::StoreError;

use crate::access::random::{self, NoRandomness};

/// Why a page is not shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum PageError {
    /// There is nothing under this address.
    NotFound,
    /// The address is there, for other requests.
    WrongMethod,
    /// What was sent cannot be read.
    BadRequest,
    /// The form is longer than any of ours.
    TooLarge,
    /// The form does not come from one of our pages, or its session is another.
    Forbidden,
    /// None of the roles is trusted with it.
    NotAllowed,
    /// Something of ours failed; the log knows more under this number.
    Broken(String),
}

impl PageError {
    /// Logs what happened and keeps only the number of the incident.
    pub(crate) fn broken(what: &'static str, error: &dyn std::fmt::Display) -> Self {
        let incident: String = random::token().unwrap_or_default().chars().take(8).collect();
        tracing::error!(%incident, %error, "{what}");
        Self::Broken(incident)
    }

    fn words(&self) -> (StatusCode, &'static str, &'static str) {
        match self {
            Self::NotFound => (
                StatusCode::NOT_FOUND,
                "There is no such page",
                "The address may be mistyped, or what it names does not exist.",
            ),
            Self::WrongMethod => (
                StatusCode::METHOD_NOT_ALLOWED,
                "This cannot be done here",
                "The page exists, but not for this kind of request. Go to it by its link.",
            ),
            Self::BadRequest => (
                StatusCode::BAD_REQUEST,
                "This request cannot be read",
                "Go back and try it once more from the page you came from.",
            ),
            Self::TooLarge => (
                StatusCode::PAYLOAD_TOO_LARGE,
                "This is too long",
                "No form of the console is that long. Go back and shorten what you entered.",
            ),
            Self::Forbidden => (
                StatusCode::FORBIDDEN,
                "This request was refused",
                "It did not come from a page of your session. Go to the start page and try it again from there.",
            ),
            Self::NotAllowed => (
                StatusCode::FORBIDDEN,
                "Your roles do not allow this",
                "Ask a colleague whose work it is, or an administrator for the role.",
            ),
            Self::Broken(_) => (
                StatusCode::INTERNAL_SERVER_ERROR,
                "Something went wrong on our side",
                "Nothing was changed. Try again in a minute; if it stays, tell the operators the number below.",
            ),
        }
    }
}

impl From<StoreError> for PageError {
    fn from(error: StoreError) -> Self {
        Self::broken("the console could not read the books", &error)
    }
}

impl From<NoRandomness> for PageError {
    fn from(error: NoRandomness) -> Self {
        Self::broken("no session could be opened", &error)
    }
}

impl From<QueryRejection> for PageError {
    fn from(_: QueryRejection) -> Self {
        Self::BadRequest
    }
}

impl From<FormRejection> for PageError {
    fn from(rejection: FormRejection) -> Self {
        match rejection.status() {
            StatusCode::PAYLOAD_TOO_LARGE => Self::TooLarge,
            _ => Self::BadRequest,
        }
    }
}

#[derive(Template)]
#[template(path = "refusal.html")]
struct RefusalPage {
    title: &'static str,
    advice: &'static str,
    incident: Option<String>,
}

impl IntoResponse for PageError {
    fn into_response(self) -> Response {
        let (status, title, advice) = self.words();
        let incident = match self {
            Self::Broken(incident) => Some(incident),
            _ => None,
        };
        // Only literals and digits stand on this page; it cannot fail to be written.
        let text = RefusalPage { title, advice, incident }.render().unwrap_or_else(|_| title.to_owned());
        (status, [(header::CONTENT_TYPE, "text/html; charset=utf-8")], text).into_response()
    }
}

//! Pages for what cannot be shown, in plain words and without internals.

use askama::Template;
use axum::{
    extract::rejection::{FormRejection, QueryRejection},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use program_files::Language;
use store::StoreError;

use crate::{
    access::random::{self, NoRandomness},
    words::AccessWords,
};

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

    fn words(&self, w: &'static AccessWords) -> (StatusCode, &'static str, &'static str) {
        match self {
            Self::NotFound => (StatusCode::NOT_FOUND, w.no_such_page, w.no_such_page_advice),
            Self::WrongMethod => (StatusCode::METHOD_NOT_ALLOWED, w.wrong_method, w.wrong_method_advice),
            Self::BadRequest => (StatusCode::BAD_REQUEST, w.bad_request, w.bad_request_advice),
            Self::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, w.too_large, w.too_large_advice),
            Self::Forbidden => (StatusCode::FORBIDDEN, w.refused, w.refused_advice),
            Self::NotAllowed => (StatusCode::FORBIDDEN, w.not_allowed, w.not_allowed_advice),
            Self::Broken(_) => (StatusCode::INTERNAL_SERVER_ERROR, w.broken, w.broken_advice),
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
    w: &'static AccessWords,
    title: &'static str,
    advice: &'static str,
    incident: Option<String>,
}

impl PageError {
    /// The page in a language.
    pub(crate) fn page(&self, language: Language) -> Response {
        let w = AccessWords::of(language);
        let (status, title, advice) = self.words(w);
        let incident = match self {
            Self::Broken(incident) => Some(incident.clone()),
            _ => None,
        };
        // Only literals and digits stand on this page; it cannot fail to be written.
        let text = RefusalPage { w, title, advice, incident }.render().unwrap_or_else(|_| title.to_owned());
        (status, [(header::CONTENT_TYPE, "text/html; charset=utf-8")], text).into_response()
    }
}

impl IntoResponse for PageError {
    /// In English; whoever stands around all routes knows the language of who asked, and finds the error in the response.
    fn into_response(self) -> Response {
        let mut response = self.page(Language::English);
        response.extensions_mut().insert(self);
        response
    }
}

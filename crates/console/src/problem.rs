//! What went wrong with a request, as `application/problem+json` (RFC 9457), for the interfaces of partners and of staff.

use std::borrow::Cow;

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use schemars::JsonSchema;
use serde::Serialize;

use crate::masking::mask_card_numbers;

const BUSY: &str = "busy";

/// A problem.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(crate) struct Problem {
    /// A stable code, such as `wrong_parameter`.
    #[serde(rename = "type")]
    pub(crate) code: &'static str,
    /// The HTTP status.
    pub(crate) status: u16,
    /// What happened, in words.
    pub(crate) detail: String,
    /// Who is to blame: `caller` or `cobrand`.
    who: &'static str,
    /// The parameter or header at fault, if it is one.
    #[serde(rename = "where", skip_serializing_if = "Option::is_none")]
    place: Option<Box<str>>,
    /// What to do.
    next: String,
    #[serde(skip)]
    head: Box<Head>,
    /// The same as it was told before there were problem documents, to programs that know that form.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(skip)]
    error: Option<Box<Before>>,
}

/// What the head of the answer tells.
#[derive(Debug, Clone, Default)]
struct Head {
    /// Seconds after which it may be tried again.
    after: Option<u64>,
    /// The methods that the path has.
    methods: String,
}

/// A problem in its first form.
#[derive(Debug, Clone, Serialize)]
struct Before {
    code: &'static str,
    text: String,
}

impl Problem {
    pub(crate) fn new(
        status: StatusCode,
        code: &'static str,
        detail: impl Into<String>,
        next: impl Into<String>,
    ) -> Self {
        let who = if status.is_server_error() { "cobrand" } else { "caller" };
        // A caller may have put a card number anywhere, and nobody hears it again from us.
        let (detail, next) = (mask_card_numbers(&detail.into()), next.into());
        let (place, head, error) = (None, Box::default(), None);
        Self { code, status: status.as_u16(), detail, who, place, next, head, error }
    }

    pub(crate) fn at(mut self, place: impl Into<Cow<'static, str>>) -> Self {
        self.place = Some(place.into().into_owned().into_boxed_str());
        self
    }

    /// Also in the form of before.
    pub(crate) fn also_as_before(self) -> Self {
        let error = Some(Box::new(Before { code: self.code, text: self.detail.clone() }));
        Self { error, ..self }
    }

    pub(crate) fn after(mut self, seconds: u64) -> Self {
        self.head.after = Some(seconds);
        self
    }

    pub(crate) fn parameter(name: impl Into<Cow<'static, str>>, detail: impl Into<String>) -> Self {
        let next = "send query parameters as the OpenAPI document says";
        Self::new(StatusCode::BAD_REQUEST, "wrong_parameter", detail, next).at(name)
    }

    pub(crate) fn header(name: &'static str, detail: &str) -> Self {
        let next = "send the header as the OpenAPI document says";
        Self::new(StatusCode::BAD_REQUEST, "wrong_header", detail, next).at(name)
    }

    pub(crate) fn too_often(seconds: u64) -> Self {
        let detail = "more requests in a minute than agreed";
        let next = format!("send it again in {seconds} s");
        Self::new(StatusCode::TOO_MANY_REQUESTS, "too_many_requests", detail, next).after(seconds)
    }

    pub(crate) fn no_route() -> Self {
        let next = "call a path of the OpenAPI document";
        Self::new(StatusCode::NOT_FOUND, "no_such_path", "there is no such path", next)
    }

    pub(crate) fn no_method() -> Self {
        let next = "call it with a method of the OpenAPI document";
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "no_such_method", "the path has no such method", next)
    }

    /// The same, of a path that has these methods.
    pub(crate) fn only_methods(methods: String) -> Self {
        let head = Box::new(Head { methods, ..Head::default() });
        Self { head, ..Self::no_method() }
    }

    pub(crate) fn busy() -> Self {
        let detail = "too many requests are waiting";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, BUSY, detail, "send it again in a second").after(1)
    }

    pub(crate) fn unavailable() -> Self {
        let detail = "the books cannot be reached";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", detail, "send it again soon").after(5)
    }
}

impl From<store::StoreError> for Problem {
    fn from(error: store::StoreError) -> Self {
        tracing::error!(%error, "a request was not carried out");
        Self::unavailable()
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        // A struct of strings and numbers always has a JSON form.
        let mut response = (status, serde_json::to_string(&self).unwrap_or_default()).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(seconds) = self.head.after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if let Ok(methods) = HeaderValue::try_from(&self.head.methods)
            && !methods.is_empty()
        {
            headers.insert(header::ALLOW, methods);
        }
        if self.code == BUSY || status == StatusCode::UNAUTHORIZED {
            // Nobody keeps a place of the few connections with what was refused.
            headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

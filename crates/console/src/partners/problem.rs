//! What went wrong with a request, as `application/problem+json` (RFC 9457).

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use schemars::JsonSchema;
use serde::Serialize;

const BUSY: &str = "busy";

/// A problem.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(crate) struct Problem {
    /// A stable code, such as `wrong_parameter`.
    #[serde(rename = "type")]
    code: &'static str,
    /// The HTTP status.
    status: u16,
    /// What happened, in words.
    detail: String,
    /// Who is to blame: `caller` or `cobrand`.
    who: &'static str,
    /// The parameter or header at fault, if it is one.
    #[serde(rename = "where", skip_serializing_if = "Option::is_none")]
    place: Option<&'static str>,
    /// What to do.
    next: String,
    /// Seconds after which it may be tried again.
    #[serde(skip)]
    after: Option<u64>,
}

impl Problem {
    pub(super) fn new(
        status: StatusCode,
        code: &'static str,
        detail: impl Into<String>,
        next: impl Into<String>,
    ) -> Self {
        let who = if status.is_server_error() { "cobrand" } else { "caller" };
        let (detail, next) = (detail.into(), next.into());
        Self { code, status: status.as_u16(), detail, who, place: None, next, after: None }
    }

    fn at(mut self, place: &'static str) -> Self {
        self.place = Some(place);
        self
    }

    fn after(mut self, seconds: u64) -> Self {
        self.after = Some(seconds);
        self
    }

    pub(super) fn code(&self) -> (u16, &'static str) {
        (self.status, self.code)
    }

    pub(super) fn no_token() -> Self {
        let next = "send the header `Authorization: Bearer <token>` with the token that you were given";
        Self::new(StatusCode::UNAUTHORIZED, "no_such_token", "no partner has this token", next)
            .at("Authorization")
    }

    pub(super) fn too_often(seconds: u64) -> Self {
        let detail = "more requests in a minute than agreed";
        let next = format!("send it again in {seconds} s");
        Self::new(StatusCode::TOO_MANY_REQUESTS, "too_many_requests", detail, next).after(seconds)
    }

    pub(super) fn parameter(name: &'static str, detail: &str) -> Self {
        let next = "send query parameters as the OpenAPI document says";
        Self::new(StatusCode::BAD_REQUEST, "wrong_parameter", detail, next).at(name)
    }

    pub(super) fn header(name: &'static str, detail: &str) -> Self {
        let next = "send the header as the OpenAPI document says";
        Self::new(StatusCode::BAD_REQUEST, "wrong_header", detail, next).at(name)
    }

    pub(super) fn events_gone(kept_after: i64) -> Self {
        let detail = format!("events up to {kept_after} are no longer kept");
        let next = format!("go on with after={kept_after}; the settlement files have everything");
        Self::new(StatusCode::GONE, "events_gone", detail, next).at("after")
    }

    pub(super) fn no_file() -> Self {
        let next = "name a file of GET /v1/files";
        Self::new(StatusCode::NOT_FOUND, "no_such_file", "you have no such file", next)
    }

    pub(super) fn file_is_away() -> Self {
        let detail = "the file is on the books and not in its place";
        let next = "send it again later; tell the bank if it lasts";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "file_is_away", detail, next).after(60)
    }

    pub(super) fn answer_refused(detail: String) -> Self {
        let next = "mend the answer and send it with a new Idempotency-Key";
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "answer_refused", detail, next)
    }

    pub(super) fn too_large() -> Self {
        let detail = "the answer is longer than any settlement file needs";
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", detail, "send it as a file")
    }

    pub(super) fn no_answers() -> Self {
        let detail = "answers are not taken here now";
        let next = "send it again later, or give it by the way on which files come";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "answers_not_taken", detail, next).after(60)
    }

    pub(super) fn no_route() -> Self {
        let next = "call a path of the OpenAPI document";
        Self::new(StatusCode::NOT_FOUND, "no_such_path", "there is no such path", next)
    }

    pub(super) fn no_method() -> Self {
        let next = "call it with a method of the OpenAPI document";
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "no_such_method", "the path has no such method", next)
    }

    pub(super) fn busy() -> Self {
        let detail = "too many requests are waiting";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, BUSY, detail, "send it again in a second").after(1)
    }

    pub(super) fn unavailable() -> Self {
        let detail = "the books cannot be reached";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", detail, "send it again soon").after(5)
    }
}

impl From<store::StoreError> for Problem {
    fn from(error: store::StoreError) -> Self {
        tracing::error!(%error, "a partner's request was not carried out");
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
        if let Some(seconds) = self.after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
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

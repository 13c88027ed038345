//! The problems that callers of staff can have.

use axum::http::StatusCode;
use store::TokenScope;

pub(super) use crate::problem::Problem;
use crate::{access::Deed, pages::PageError};

/// The codes that every operation may fail with: status, code, meaning.
pub(super) const OF_ALL: &[(u16, &str, &str)] = &[
    (400, "wrong_parameter", "a parameter of the query is unknown or cannot be read"),
    (401, "not_signed_in", "there is no token, or one that does not count"),
    (403, "not_allowed", "neither token nor role is good for this"),
    (404, "not_found", "there is nothing of this name, or it is not for you"),
    (405, "no_such_method", "the path has no such method"),
    (429, "too_many_requests", "more requests in a minute than agreed; Retry-After says when to come again"),
    (503, "busy", "too many requests are waiting, or the books cannot be reached"),
    (504, "not_in_time", "the request was not done in time"),
];

/// Those of operations that change something.
pub(super) const OF_CHANGES: &[(u16, &str, &str)] = &[
    (400, "wrong_header", "the Idempotency-Key is missing or none"),
    (400, "wrong_body", "the body cannot be read"),
    (413, "body_too_large", "the body is longer than this operation needs"),
    (415, "wrong_media_type", "the body is of another type"),
    (422, "key_used_for_another_request", "the Idempotency-Key was used for another request"),
];

impl Problem {
    pub(super) fn no_token() -> Self {
        let detail = "there is no token, or one that does not count";
        let next = "send `Authorization: Bearer TOKEN` with a token of `cobrand user token`; to read, signing in is enough";
        Self::new(StatusCode::UNAUTHORIZED, "not_signed_in", detail, next).at("Authorization")
    }

    pub(super) fn scope(has: TokenScope, asked: TokenScope) -> Self {
        let detail = format!("the token may {}, and this asks for {}", has.name(), asked.name());
        let next = format!("make a token with `cobrand user token --may {}`", asked.name());
        Self::new(StatusCode::FORBIDDEN, "not_allowed", detail, next).at("Authorization")
    }

    pub(super) fn role(deed: Deed) -> Self {
        let roles: Vec<&str> = deed.roles().iter().map(|role| role.name()).collect();
        let detail = format!("this asks for one of these roles: {}", roles.join(", "));
        let next = "ask a colleague who has it, or an administrator for the role";
        Self::new(StatusCode::FORBIDDEN, "not_allowed", detail, next)
    }

    pub(super) fn second_factor() -> Self {
        let detail = "whoever decides must have a second factor here";
        let next = "enroll an authenticator on the page /second-factor";
        Self::new(StatusCode::FORBIDDEN, "not_allowed", detail, next)
    }

    pub(super) fn not_found(what: &str) -> Self {
        let detail = format!("there is no such {what}, or it is not for you");
        let next = format!("name a {what} of a list of the API");
        Self::new(StatusCode::NOT_FOUND, "not_found", detail, next)
    }

    pub(super) fn body(detail: impl Into<String>, place: impl Into<String>) -> Self {
        let next = "send a body as the OpenAPI document says";
        Self::new(StatusCode::BAD_REQUEST, "wrong_body", detail, next).at(place.into())
    }

    pub(super) fn too_large(bytes_max: usize) -> Self {
        let detail = format!("the body has more than {bytes_max} bytes");
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", detail, "send less")
    }

    pub(super) fn media_type(expected: &str) -> Self {
        let detail = format!("expected a body of the type {expected}");
        let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
        Self::new(status, "wrong_media_type", detail, "name that type").at("Content-Type")
    }

    pub(super) fn other_request() -> Self {
        let detail = "this Idempotency-Key was used for another request";
        let next = "repeat a request byte for byte, or give a new one a new key";
        let status = StatusCode::UNPROCESSABLE_ENTITY;
        Self::new(status, "key_used_for_another_request", detail, next).at("Idempotency-Key")
    }

    pub(super) fn late() -> Self {
        let detail = "the request was not done in time; it may still be done";
        let next = "send it again with the same Idempotency-Key: what was done is answered, not done twice";
        Self::new(StatusCode::GATEWAY_TIMEOUT, "not_in_time", detail, next)
    }

    /// Nothing that a caller did wrong with the form, and still it cannot be: what stands in the books is against it.
    pub(super) fn conflict(code: &'static str, detail: impl Into<String>) -> Self {
        let next = "look at it again, and decide what to do by what stands there now";
        Self::new(StatusCode::CONFLICT, code, detail, next)
    }

    /// The values of a body, each readable, cannot be meant.
    pub(super) fn refused(code: &'static str, detail: impl Into<String>) -> Self {
        let next = "mend the body and send it with a new Idempotency-Key";
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, code, detail, next)
    }

    /// Something of ours failed; the log knows more under a number.
    pub(super) fn broken(what: &'static str, error: &dyn std::fmt::Display) -> Self {
        PageError::broken(what, error).into()
    }
}

impl From<PageError> for Problem {
    fn from(error: PageError) -> Self {
        match error {
            PageError::Broken(incident) => {
                let detail = format!("something of ours failed; its number in the log is {incident}");
                let next = "send it again later; tell the operator the number if it lasts";
                Self::new(StatusCode::INTERNAL_SERVER_ERROR, "failed", detail, next)
            }
            PageError::NotFound => Self::not_found("object"),
            _ => Self::parameter("query", "it cannot be read"),
        }
    }
}

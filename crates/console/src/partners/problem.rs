//! The problems that only partners can have.

use axum::http::StatusCode;

pub(super) use crate::problem::Problem;

impl Problem {
    pub(super) fn no_partner_token() -> Self {
        let next = "send the header `Authorization: Bearer <token>` with the token that you were given";
        Self::new(StatusCode::UNAUTHORIZED, "no_such_token", "no partner has this token", next)
            .at("Authorization")
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

    pub(crate) fn file_is_away() -> Self {
        let detail = "the file is on the books and not in its place";
        let next = "send it again later; tell the bank if it lasts";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "file_is_away", detail, next).after(60)
    }

    pub(super) fn answer_refused(detail: String) -> Self {
        let next = "mend the answer and send it with a new Idempotency-Key";
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "answer_refused", detail, next)
    }

    pub(super) fn answer_too_large() -> Self {
        let detail = "the answer is longer than any settlement file needs";
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", detail, "send it as a file")
    }

    pub(super) fn no_answers() -> Self {
        let detail = "answers are not taken here now";
        let next = "send it again later, or give it by the way on which files come";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "answers_not_taken", detail, next).after(60)
    }

    pub(super) fn code(&self) -> (u16, &'static str) {
        (self.status, self.code)
    }
}

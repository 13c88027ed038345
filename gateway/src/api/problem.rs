//! What went wrong with a request, as `application/problem+json` (RFC 9457): who is to blame, where, what was expected,
//! and what to do. Never shows a card number.

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use schemars::JsonSchema;
use serde::Serialize;
use store::{ChangeError, Refused};

use crate::enrollment::{entry::FieldProblem, why};

/// A problem.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(crate) struct Problem {
    /// A stable code, such as `wrong_value`.
    #[serde(rename = "type")]
    pub(crate) code: &'static str,
    /// The HTTP status.
    pub(crate) status: u16,
    /// What happened, in words.
    pub(crate) detail: String,
    /// Who is to blame: `caller` or `gateway`.
    pub(crate) who: &'static str,
    /// The field or header at fault, if it is one.
    #[serde(rename = "where", skip_serializing_if = "Option::is_none")]
    pub(crate) place: Option<String>,
    /// What to do.
    pub(crate) next: &'static str,
}

/// Digits in a row that no field's name and no expectation has.
const DIGITS_MAX: usize = 11;

/// Whatever is quoted may hold a card number that stands where none belongs, also one with a wrong check digit.
fn masked(text: &str) -> String {
    let text = iso8583::mask_text(text);
    let mut masked = String::with_capacity(text.len());
    let mut rest: &str = &text;
    while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
        let (before, digits) = rest.split_at(start);
        let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
        let (digits, after) = digits.split_at(end);
        masked.push_str(before);
        masked.push_str(if digits.len() > DIGITS_MAX { "****" } else { digits });
        rest = after;
    }
    masked + rest
}

impl Problem {
    fn new(status: StatusCode, code: &'static str, detail: impl AsRef<str>, next: &'static str) -> Self {
        let who = if status.is_server_error() { "gateway" } else { "caller" };
        Self { code, status: status.as_u16(), detail: masked(detail.as_ref()), who, place: None, next }
    }

    fn at(mut self, place: impl AsRef<str>) -> Self {
        self.place = Some(masked(place.as_ref()));
        self
    }

    pub(crate) fn header(name: &'static str, detail: &str) -> Self {
        let next = "send the header as the OpenAPI document says";
        Self::new(StatusCode::BAD_REQUEST, "wrong_header", detail, next).at(name)
    }

    pub(crate) fn body(detail: impl AsRef<str>, place: impl AsRef<str>) -> Self {
        let next = "send a body as the OpenAPI document says";
        Self::new(StatusCode::BAD_REQUEST, "wrong_body", detail, next).at(place)
    }

    pub(crate) fn too_large() -> Self {
        let detail = "the body is longer than any request needs";
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", detail, "send one change in one request")
    }

    pub(crate) fn media_type() -> Self {
        let detail = "expected a body of the type application/json";
        let problem =
            Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "wrong_media_type", detail, "name that type");
        problem.at("Content-Type")
    }

    pub(crate) fn no_route() -> Self {
        let next = "call a path of the OpenAPI document";
        Self::new(StatusCode::NOT_FOUND, "no_such_path", "there is no such path", next)
    }

    pub(crate) fn no_method() -> Self {
        let next = "call it with a method of the OpenAPI document";
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "no_such_method", "the path has no such method", next)
    }

    pub(crate) fn no_member() -> Self {
        refused(Refused::NoMember)
    }

    pub(crate) fn other_request() -> Self {
        let detail = "this Idempotency-Key was used for another request";
        let next = "repeat a request byte for byte, or give a new one a new key";
        let problem =
            Self::new(StatusCode::UNPROCESSABLE_ENTITY, "key_used_for_another_request", detail, next);
        problem.at("Idempotency-Key")
    }

    pub(crate) fn busy() -> Self {
        let next = "wait a second and send it again with the same Idempotency-Key";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "busy", "too many requests are waiting", next)
    }

    fn held() -> Self {
        let next = "wait a second and send it again with the same Idempotency-Key";
        let detail = "other work holds this member, card or Idempotency-Key; nothing was changed";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "busy", detail, next)
    }

    pub(crate) fn late() -> Self {
        let detail = "the request was not done in time; it may still be done";
        let next = "send it again with the same Idempotency-Key: what was done is answered, not done twice";
        Self::new(StatusCode::GATEWAY_TIMEOUT, "not_in_time", detail, next)
    }

    pub(crate) fn unavailable() -> Self {
        let next = "send it again later with the same Idempotency-Key";
        let detail = "the gateway cannot reach its books";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "books_unavailable", detail, next)
    }
}

/// What the books refuse: the code of the reason, and what to do about it.
const MILES_REFUSED: &[(&str, &str)] = &[
    ("redemption_not_offered", "ask for nothing that the program does not offer"),
    ("household_spends_apart", "spend from the member's own account, without pooled"),
    ("household_too_large", "spend from the member's own account, without pooled"),
    ("below_redemption_minimum", "ask for at least as many miles as the program says"),
    ("above_redemption_share", "ask for fewer miles, or name a larger amount"),
    ("currency_without_billing_amount", "name the amount in the currency of the program"),
    ("not_enough_miles", "look at the balance, and ask for fewer with a new Idempotency-Key"),
    ("account_blocked", "take the block back, then ask with a new Idempotency-Key"),
    ("account_closed_before_the_purchase", "nothing can be spent from a closed account"),
    ("redemption_is_not_open", "look at the redemption"),
    ("redemption_is_a_transfer", "ask the member who has the miles now to send them back"),
    ("redemption_is_part_of_a_pool", "confirm or cancel the pool, of the member who asked for it"),
    ("transfers_nothing", "name another member"),
    ("adjusts_nothing", "name other miles than none"),
    ("receiver_is_closed", "send the miles to a member whose account is open"),
    ("redemption_follows_its_purchase", "clear, reverse or refund the purchase that it pays for"),
    ("miles_kept_by_the_partner", "ask the partner: the program leaves its miles there"),
];

/// Words for those reasons that no decision gives.
const MILES_WORDS: &[(&str, &str)] = &[
    ("household_too_large", "more accounts than may spend together have this household"),
    ("redemption_is_part_of_a_pool", "other accounts of the household have given to this redemption, too"),
    ("receiver_is_closed", "the account of the member who would get the miles is closed"),
];

impl Problem {
    /// Decided by the books, for a reason that they gave.
    pub(crate) fn miles(reason: &str) -> Self {
        if reason == "redemption_not_found" {
            return Self::no_redemption();
        }
        let own = MILES_WORDS.iter().find(|(code, _)| *code == reason).map(|(_, words)| *words);
        let words = own.or_else(|| program_files::reason_words(reason, program_files::Language::English));
        let known = MILES_REFUSED.iter().find(|(code, _)| *code == reason);
        let (code, next) = known.copied().unwrap_or(("refused", "look at the member"));
        Self::new(StatusCode::CONFLICT, code, words.unwrap_or(reason), next)
    }

    pub(crate) fn no_redemption() -> Self {
        let detail = "the member has no such redemption";
        let next = "name one that the list of the member's redemptions has";
        Self::new(StatusCode::NOT_FOUND, "no_such_redemption", detail, next)
    }

    pub(crate) fn no_receiver() -> Self {
        Self::no_member().at("to")
    }

    pub(crate) fn query(name: &str, detail: &str) -> Self {
        let next = "send query parameters as the OpenAPI document says";
        Self::new(StatusCode::BAD_REQUEST, "wrong_parameter", detail, next).at(name)
    }
}

fn refused(refused: Refused) -> Problem {
    let (status, code, next) = match refused {
        Refused::NoMember => (StatusCode::NOT_FOUND, "no_such_member", "enroll the member first"),
        Refused::NoCard => {
            (StatusCode::NOT_FOUND, "no_such_card", "enroll the card first, or name its program")
        }
        Refused::CardOfAnotherAccount => {
            (StatusCode::CONFLICT, "card_of_another_account", "look at the member, and name another card")
        }
        Refused::ReplacedByAnother => {
            (StatusCode::CONFLICT, "replaced_before", "replace the card that took its place")
        }
        Refused::NumberOfAnotherMember => (
            StatusCode::CONFLICT,
            "number_of_another_member",
            "give the number that the partner has for this member",
        ),
        Refused::NoConsent => (StatusCode::CONFLICT, "no_such_consent", "withdraw what was given"),
    };
    Problem::new(status, code, why(refused), next)
}

impl From<ChangeError> for Problem {
    fn from(error: ChangeError) -> Self {
        match error {
            ChangeError::Refused(reason) => refused(reason),
            ChangeError::Store(error) => error.into(),
        }
    }
}

impl From<store::StoreError> for Problem {
    fn from(error: store::StoreError) -> Self {
        if error.is_lock_timeout() {
            tracing::warn!(%error, "a request of the API gave up waiting");
            return Self::held();
        }
        tracing::error!(%error, "a request of the API was not carried out");
        Self::unavailable()
    }
}

impl From<FieldProblem> for Problem {
    fn from(FieldProblem { field, problem }: FieldProblem) -> Self {
        let next = "mend the field and send the request with a new Idempotency-Key";
        Self::new(StatusCode::BAD_REQUEST, "wrong_value", problem, next).at(field)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        // A struct of strings and numbers always has a JSON form.
        let body = serde_json::to_string(&self).unwrap_or_default();
        let mut response = (status, body).into_response();
        let kind = HeaderValue::from_static("application/problem+json");
        response.headers_mut().insert(header::CONTENT_TYPE, kind);
        response
    }
}

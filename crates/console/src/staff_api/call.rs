//! A request as its handler gets it, and the answer that the handler gives.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use jiff::{Timestamp, civil::Date};
use serde::{Serialize, de::DeserializeOwned};
use store::Pool;

use super::{admit::Admitted, cursor, operation::Operation, problems::Problem};
use crate::{
    ConsoleState, ProgramInfo, access::signed_in::SignedIn, app::App, asked_date::asked_date,
    masking::mask_card_numbers,
};

/// Entries of a page, if the caller says nothing.
pub(super) const PAGE: u16 = 50;
/// Entries of a page at most.
pub(super) const PAGE_MAX: u16 = 200;

/// What an operation answers.
#[derive(Debug)]
pub(super) enum Answer {
    /// JSON.
    Json(StatusCode, String),
    /// A file.
    File {
        /// What it is called.
        name: String,
        /// What it is.
        media_type: String,
        /// It.
        bytes: Vec<u8>,
    },
}

impl Answer {
    /// Done: this.
    pub(super) fn ok(body: &impl Serialize) -> Result<Self, Problem> {
        Self::with(StatusCode::OK, body)
    }

    /// Made: this.
    pub(super) fn created(body: &impl Serialize) -> Result<Self, Problem> {
        Self::with(StatusCode::CREATED, body)
    }

    fn with(status: StatusCode, body: &impl Serialize) -> Result<Self, Problem> {
        let text = serde_json::to_string(body);
        let text = text.map_err(|error| Problem::broken("an answer cannot be written", &error))?;
        // The same last net as under every page.
        Ok(Self::Json(status, mask_card_numbers(&text)))
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let (status, kind, name, bytes) = match self {
            Self::Json(status, text) => (status, "application/json".to_owned(), None, text.into_bytes()),
            Self::File { name, media_type, bytes } => (StatusCode::OK, media_type, Some(name), bytes),
        };
        let mut response = (status, bytes).into_response();
        let headers = response.headers_mut();
        let kind = HeaderValue::try_from(kind);
        headers.insert(
            header::CONTENT_TYPE,
            kind.unwrap_or(HeaderValue::from_static("application/octet-stream")),
        );
        let plain = |c: char| if c.is_ascii_alphanumeric() || "._-".contains(c) { c } else { '_' };
        let saved = name.map(|name| name.chars().map(plain).collect::<String>());
        let saved =
            saved.and_then(|name| HeaderValue::try_from(format!("attachment; filename=\"{name}\"")).ok());
        headers.extend(saved.map(|saved| (header::CONTENT_DISPOSITION, saved)));
        response
    }
}

/// A request.
pub(super) struct Call {
    pub(super) app: Arc<App>,
    pub(super) operation: &'static Operation,
    pub(super) admitted: Admitted,
    /// The parameters of the path.
    pub(super) path: BTreeMap<String, String>,
    /// The parameters of the query.
    pub(super) query: BTreeMap<String, String>,
    /// Path and query as they were sent.
    pub(super) address: String,
    /// The key of a change.
    pub(super) key: String,
    pub(super) media_type: String,
    pub(super) body: Vec<u8>,
}

impl Call {
    pub(super) fn pool(&self) -> &Pool {
        &self.app.console.pool
    }

    pub(super) fn console(&self) -> &ConsoleState {
        &self.app.console
    }

    pub(super) fn who(&self) -> &SignedIn {
        &self.admitted.who
    }

    /// By the clock of the business.
    pub(super) fn now(&self) -> Timestamp {
        (self.app.console.now)()
    }

    /// A parameter of the path.
    pub(super) fn part(&self, name: &str) -> &str {
        self.path.get(name).map(String::as_str).unwrap_or_default()
    }

    /// A number in the path; what is none names nothing.
    pub(super) fn number<N: std::str::FromStr>(&self, name: &str, what: &str) -> Result<N, Problem> {
        self.part(name).parse().map_err(|_| Problem::not_found(what))
    }

    /// A parameter of the query; an empty one is none.
    pub(super) fn asked(&self, name: &str) -> Option<&str> {
        self.query.get(name).map(String::as_str).filter(|text| !text.is_empty())
    }

    /// A parameter of the query that is of a type.
    pub(super) fn read<T: std::str::FromStr>(
        &self,
        name: &'static str,
        expected: &str,
    ) -> Result<Option<T>, Problem> {
        let read =
            |text: &str| text.parse().map_err(|_| Problem::parameter(name, format!("expected {expected}")));
        self.asked(name).map(read).transpose()
    }

    pub(super) fn date(&self, name: &'static str) -> Result<Option<Date>, Problem> {
        let wrong = || Problem::parameter(name, "expected a date such as 2026-10-10");
        self.asked(name).map(|text| asked_date(text).ok_or_else(wrong)).transpose()
    }

    /// How many entries the page has at most.
    pub(super) fn limit(&self) -> Result<u16, Problem> {
        let limit = self.read("limit", "a number from 1 to 200")?.unwrap_or(PAGE);
        let fits = (1..=PAGE_MAX).contains(&limit);
        fits.then_some(limit).ok_or_else(|| Problem::parameter("limit", "expected a number from 1 to 200"))
    }

    /// Where the page begins.
    pub(super) fn after<const N: usize>(&self) -> Result<Option<[String; N]>, Problem> {
        let wrong = || Problem::parameter("after", "expected what the page before named as next");
        let parts = |text: &str| cursor::parts(self.operation.name, text).ok_or_else(wrong);
        self.asked("after").map(parts).transpose()
    }

    /// The same, of one number.
    pub(super) fn after_number<T: std::str::FromStr>(&self) -> Result<Option<T>, Problem> {
        let wrong = |_| Problem::parameter("after", "expected what the page before named as next");
        self.after::<1>()?.map(|[text]| text.parse().map_err(wrong)).transpose()
    }

    /// The cursor behind a row.
    pub(super) fn behind(&self, parts: &[&str]) -> String {
        cursor::behind(self.operation.name, parts)
    }

    /// Cuts the row off that only told that there are more; the cursor behind the last that stays.
    pub(super) fn cut<T>(
        &self,
        rows: &mut Vec<T>,
        limit: u16,
        place: impl Fn(&T) -> Vec<String>,
    ) -> Option<String> {
        let more = rows.len() > usize::from(limit);
        rows.truncate(usize::from(limit));
        let last = rows.last().filter(|_| more).map(place)?;
        Some(self.behind(&last.iter().map(String::as_str).collect::<Vec<_>>()))
    }

    /// The program of the path.
    pub(super) fn program(&self) -> Result<&ProgramInfo, Problem> {
        let code = self.part("program");
        let mut programs = self.console().programs.iter();
        programs.find(|program| program.code == code).ok_or_else(|| Problem::not_found("program"))
    }

    /// The body as the type that the operation takes.
    pub(super) fn json<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        let text = std::str::from_utf8(&self.body).map_err(|_| Problem::body("it is not UTF-8", "body"))?;
        // PostgreSQL keeps no text with one.
        if text.contains("\\u0000") {
            return Err(Problem::body("a text in it has a zero byte", "body"));
        }
        let mut reader = serde_json::Deserializer::from_str(text);
        let parsed = T::deserialize(&mut reader).map_err(|error| match error.classify() {
            serde_json::error::Category::Data => Problem::body(error.to_string(), "body"),
            _ => Problem::body("it is not JSON", "body"),
        })?;
        reader.end().map_err(|_| Problem::body("it goes on behind its JSON", "body"))?;
        Ok(parsed)
    }
}

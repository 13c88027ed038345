//! The list of a day's messages, paged by their keys.

use std::{collections::BTreeMap, sync::Arc};

use askama::Template;
use axum::{
    extract::{Path, Query, State, rejection::QueryRejection},
    http::StatusCode,
    response::Response,
};
use domain::Currency;
use jiff::Timestamp;

use super::{Frame, PageError, Values, cycle, html, long_date, zone};
use crate::{
    access::signed_in::SignedIn,
    app::App,
    money,
    queries::{self, Listed},
    words::{self, Word},
};

/// Messages on one page.
const ROWS_MAX: usize = 50;

#[derive(Template)]
#[template(path = "transactions.html")]
struct TransactionsPage {
    frame: Frame,
    program: String,
    date: String,
    long_date: String,
    zone: String,
    mti: String,
    mti_meaning: &'static str,
    rows: Vec<ListRow>,
    is_first: bool,
    next: Option<String>,
}

/// A message in a list.
pub(super) struct ListRow {
    pub(super) bucket: i32,
    pub(super) key: String,
    pub(super) mti: String,
    pub(super) meaning: &'static str,
    pub(super) time: String,
    pub(super) utc: String,
    pub(super) retrieval: String,
    pub(super) last4: String,
    pub(super) amount: String,
    pub(super) result: Word,
    pub(super) reason: String,
}

/// Lists a page: `?after=<bucket>.<key>` goes on behind that message, `?mti=` keeps one message type.
pub(crate) async fn show(
    State(app): State<Arc<App>>,
    who: SignedIn,
    Path((code, date)): Path<(String, String)>,
    query: Result<Values, QueryRejection>,
) -> Result<Response, PageError> {
    let Query(values) = query?;
    let (program, cycle) = cycle(&app, &code, &date).await?;
    let mti = values.get("mti").map(String::as_str).unwrap_or_default();
    if mti.len() > 4 || !mti.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(PageError::NotFound);
    }
    let after = place(&values)?;
    let is_first = after.is_none();
    let after = after.unwrap_or((-1, Vec::new()));
    // One more than is shown tells whether there is a next page.
    let limit = i64::try_from(ROWS_MAX + 1).unwrap_or(i64::MAX);
    let found = queries::messages(&app.console.pool, cycle.id, after, mti, limit).await?;
    let last = found.get(ROWS_MAX - 1).filter(|_| found.len() > ROWS_MAX);
    let page = TransactionsPage {
        frame: Frame::new(&app, &who),
        program: program.code.clone(),
        date: cycle.business_date.to_string(),
        long_date: long_date(cycle.business_date),
        zone: zone(program, cycle.business_date),
        mti: mti.to_owned(),
        mti_meaning: words::mti(mti),
        next: last.map(|listed| format!("{}.{}", listed.bucket, listed.key)),
        rows: found.iter().take(ROWS_MAX).map(|listed| list_row(listed, &program.time_zone)).collect(),
        is_first,
    };
    html(StatusCode::OK, &page)
}

/// The place behind which the page begins.
fn place(values: &BTreeMap<String, String>) -> Result<Option<(i32, Vec<u8>)>, PageError> {
    let Some(text) = values.get("after") else { return Ok(None) };
    let parsed = text.split_once('.').and_then(|(bucket, key)| {
        let key = hex::decode(key).ok().filter(|key| key.len() == 24)?;
        Some((bucket.parse().ok()?, key))
    });
    parsed.map(Some).ok_or(PageError::NotFound)
}

fn list_row(listed: &Listed, time_zone: &str) -> ListRow {
    ListRow {
        bucket: listed.bucket,
        key: listed.key.to_string(),
        mti: listed.mti.clone(),
        meaning: words::mti(&listed.mti),
        time: clock(listed.received_at, time_zone),
        utc: listed.received_at.to_string(),
        retrieval: listed.retrieval.clone(),
        last4: listed.last4.clone(),
        amount: money::money(listed.amount_minor, currency(listed.currency)),
        result: Word::result(&listed.status),
        reason: words::reason(&listed.reason),
    }
}

/// `2026-10-10 12:00:01`, in the zone if it is known, else in UTC.
pub(super) fn clock(instant: Timestamp, time_zone: &str) -> String {
    let format = "%Y-%m-%d %H:%M:%S";
    match instant.in_tz(time_zone) {
        Ok(zoned) => zoned.strftime(format).to_string(),
        Err(_) => format!("{} UTC", instant.strftime(format)),
    }
}

/// A stored currency number; one out of range is no currency that ISO 4217 knows.
pub(super) fn currency(number: i32) -> Currency {
    Currency(u16::try_from(number).unwrap_or(0))
}

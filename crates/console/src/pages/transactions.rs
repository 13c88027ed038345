//! The list of a day's messages by their time, paged by their keys.

use std::{collections::BTreeMap, sync::Arc};

use askama::Template;
use axum::{
    extract::{Path, Query, State, rejection::QueryRejection},
    http::StatusCode,
    response::Response,
};
use jiff::civil::Date;

use super::{
    Frame, PageError, Values,
    clock::{Clock, Moment},
    cycle, html,
    pager::{self, Pager},
    zone,
};
use crate::{
    access::signed_in::SignedIn,
    address::escaped,
    app::App,
    effect::{self, Amount},
    export::{Cell, ExportTable, money, respond, text},
    locale::Locale,
    queries::{self, Chosen, Listed},
    words::{
        self, Word,
        day::{DayLabels, mti_in},
        message_type,
    },
};

/// Messages on one page.
const ROWS_MAX: usize = 50;
/// The longest name of a message type: four digits of a message, or words such as `file-reversal` and `hold-expiry`.
const TYPE_BYTES_MAX: usize = 40;

#[derive(Template)]
#[template(path = "transactions.html")]
struct TransactionsPage {
    frame: Frame,
    program: String,
    date: String,
    long_date: String,
    times: String,
    /// The cycle's number, if the date has several.
    number: Option<usize>,
    mti: String,
    mti_meaning: &'static str,
    rows: Vec<ListRow>,
    is_first: bool,
    table: ExportTable,
    pager: Pager,
    w: &'static DayLabels,
}

/// The address of the list of a day, or of one of its cycles.
pub(super) fn list_address(program: &str, date: Date, number: Option<i64>) -> String {
    let place = number.map(|number| format!("?cycle={number}")).unwrap_or_default();
    format!("/day/{}/{date}/transactions{place}", escaped(program))
}

/// A message in a list.
pub(super) struct ListRow {
    pub(super) bucket: i32,
    pub(super) key: String,
    pub(super) mti: String,
    pub(super) meaning: String,
    pub(super) reached: Moment,
    pub(super) retrieval: String,
    pub(super) last4: String,
    pub(super) amount: Amount,
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
    let (program, of) = cycle(&app, &code, &date, &values).await?;
    let cycle = of.cycle;
    let mti = values.get("mti").map(String::as_str).unwrap_or_default();
    let is_plain = |byte: u8| byte.is_ascii_digit() || byte.is_ascii_lowercase() || byte == b'-';
    if mti.len() > TYPE_BYTES_MAX || !mti.bytes().all(is_plain) {
        return Err(PageError::NotFound);
    }
    let after = place(&values)?;
    let is_first = after.is_none();
    let (key, bucket) = after.unwrap_or((Vec::new(), -1));
    // One more than is shown tells whether there is a next page.
    let limit = i64::try_from(ROWS_MAX + 1).unwrap_or(i64::MAX);
    let chosen = Chosen::OfCycle { cycle: cycle.id, after: (&key, bucket), mti, limit };
    let mut found = queries::messages(&app.console.pool, chosen).await?;
    let is_cut = found.len() > ROWS_MAX;
    found.truncate(ROWS_MAX);
    let clock = Clock::of(&program.time_zone).spoken(who.language);
    let label = match found.is_empty() {
        true => zone(program, cycle.business_date),
        false => clock.label(found.iter().map(|listed| listed.received_at)),
    };
    // The date is said once if it is that of all rows.
    let on_the_day = found.iter().all(|listed| clock.date(listed.received_at) == cycle.business_date);
    let reached = |listed: &Listed| match on_the_day {
        true => clock.time(listed.received_at),
        false => clock.moment(listed.received_at),
    };
    let (w, locale) = (DayLabels::of(who.language), Locale(who.language));
    let date = locale.date(cycle.business_date);
    let path = format!("/day/{}/{}/transactions", program.code, cycle.business_date);
    let after = found.last().filter(|_| is_cut).map(|listed| format!("{}.{}", listed.bucket, listed.key));
    let rows: Vec<ListRow> = found.iter().map(|listed| list_row(listed, reached(listed), locale)).collect();
    let page = TransactionsPage {
        frame: Frame::of(&app, &who).await?,
        program: program.code.clone(),
        date: cycle.business_date.to_string(),
        long_date: locale.long_date(cycle.business_date),
        times: match on_the_day {
            true => format!("{} {date} {} {label}.", w.times_of, w.in_zone),
            false => format!("{} {label}.", w.times),
        },
        number: of.number(),
        mti: mti.to_owned(),
        mti_meaning: mti_in(mti, who.language),
        table: table(&found, &rows, (locale, &pager::address_of(&path, &values))),
        rows,
        is_first,
        pager: Pager::new(who.language, &path, &values, after),
        w,
    };
    match respond(&values, &format!("transactions-{}-{}", page.program, page.date), &[&page.table])? {
        Some(file) => Ok(file),
        None => html(StatusCode::OK, &page),
    }
}

/// The rows of the page as files have them; an amount has its currency, what the message itself said stays with it.
fn table(found: &[Listed], rows: &[ListRow], (locale, here): (Locale, &str)) -> ExportTable {
    let w = DayLabels::of(locale.0);
    let columns = vec![
        text(w.reached),
        text(w.message),
        text("DE37"),
        text(w.card),
        money(w.amount),
        text(w.said),
        text(w.result),
        text(w.reason),
    ];
    let rows = found.iter().zip(rows).map(|(listed, row)| {
        let (minor, currency) = effect::signed(listed);
        vec![
            Cell::Moment(listed.received_at, row.reached.clone()),
            Cell::Text(format!("{} {}", row.mti, row.meaning)),
            Cell::Code(row.retrieval.clone()),
            Cell::text(row.last4.as_str()),
            Cell::Money(minor, currency),
            Cell::text(row.amount.note.clone().unwrap_or_default()),
            Cell::Word(row.result),
            Cell::text(row.reason.as_str()),
        ]
    });
    ExportTable::new(locale, "messages", here, w.list_caption, columns).with(rows)
}

/// The place behind which the page begins.
fn place(values: &BTreeMap<String, String>) -> Result<Option<(Vec<u8>, i32)>, PageError> {
    let Some(text) = values.get("after") else { return Ok(None) };
    let parsed = text.split_once('.').and_then(|(bucket, key)| {
        let key = domain::MessageKey::parse(key)?;
        Some((key.as_bytes().to_vec(), bucket.parse().ok()?))
    });
    parsed.map(Some).ok_or(PageError::NotFound)
}

fn list_row(listed: &Listed, reached: Moment, locale: Locale) -> ListRow {
    ListRow {
        bucket: listed.bucket,
        key: listed.key.to_string(),
        mti: listed.mti.clone(),
        meaning: message_type(&listed.mti, effect::is_refund(listed), locale.0),
        reached,
        retrieval: listed.retrieval.clone(),
        last4: listed.last4.clone(),
        amount: effect::amount_in(listed, locale),
        result: Word::told(&listed.status, locale.0),
        reason: words::reason(&listed.reason, locale.0),
    }
}

//! The journal: who changed what, before and after, and whether the chain of seals is whole.

use std::{collections::BTreeMap, sync::Arc};

use askama::Template;
use axum::{
    extract::{Query, State, rejection::QueryRejection},
    http::StatusCode,
    response::Response,
};
use jiff::civil::Date;
use store::audit::{self, AuditFilter, AuditRow};

use super::{Frame, PageError, Values, clock::Clock, filter::Filter, html, pager::Pager};
use crate::{
    access::signed_in::SignedIn,
    app::App,
    asked_date::asked_date,
    export::{Cell, ExportTable, respond, text},
    locale::Locale,
    words::{Word, partners::FurtherLabels, word},
};

const ROWS_MAX: usize = 50;
/// A longer chain is computed when somebody asks for it, not with each look at the page.
const VERIFIED_AT_ONCE_MAX: i64 = 5_000;

#[derive(Template)]
#[template(path = "audit.html")]
struct AuditPage {
    frame: Frame,
    w: &'static FurtherLabels,
    zone: String,
    chain: Chain,
    filter: Filter,
    table: ExportTable,
    pager: Pager,
}

struct Chain {
    word: Word,
    /// What is wrong, in words.
    fault: Option<String>,
    places: String,
    waiting: String,
    head: String,
    is_computed: bool,
}

/// Lists what was changed: `?by=&what=&object=&from=&until=`, `&after=` goes on behind an entry; `?verify=now` computes the
/// chain however long it is.
pub(crate) async fn show(
    State(app): State<Arc<App>>,
    who: SignedIn,
    query: Result<Values, QueryRejection>,
) -> Result<Response, PageError> {
    let Query(values) = query?;
    // PostgreSQL has no text with a zero byte.
    if values.values().any(|value| value.contains('\0')) {
        return Err(PageError::BadRequest);
    }
    let (pool, locale) = (&app.console.pool, Locale(who.language));
    let w = FurtherLabels::of(who.language);
    let zones = app.console.programs.iter().map(|program| program.time_zone.as_str());
    let clock = Clock::of_all(zones).spoken(who.language);
    audit::seal(pool).await?;
    let given = |name: &str| values.get(name).map(|text| text.trim()).filter(|text| !text.is_empty());
    let filter = AuditFilter {
        by: given("by"),
        what: given("what"),
        object_kind: given("kind"),
        object: given("object"),
        from: date(given("from"))?.map(|date| clock.begin_of(date)),
        until: date(given("until"))?.and_then(|date| date.tomorrow().ok()).map(|next| clock.begin_of(next)),
        before_entry: given("after")
            .map(|text| text.parse().map_err(|_| PageError::BadRequest))
            .transpose()?,
    };
    let limit = u32::try_from(ROWS_MAX + 1).unwrap_or(u32::MAX);
    let mut rows = audit::entries(pool, &filter, limit).await?;
    let is_cut = rows.len() > ROWS_MAX;
    rows.truncate(ROWS_MAX);
    let after = rows.last().filter(|_| is_cut).map(|row| row.entry.to_string());
    let words = audit::words(pool).await?;
    let page = AuditPage {
        zone: clock.label(rows.iter().map(|row| row.at)),
        chain: chain(&app, &values, w, locale).await?,
        filter: Filter::new(who.language, "/audit")
            .input(&values, "by", w.by, "text")
            .choice(&values, "what", w.what, words.into_iter().map(|word| (word.clone(), word)))
            .input(&values, "object", w.object, "text")
            .input(&values, "from", w.from, "date")
            .input(&values, "until", w.until, "date"),
        table: table(&rows, &clock, locale, &who.here),
        pager: Pager::new(who.language, "/audit", &values, after),
        w,
        frame: Frame::of(&app, &who).await?,
    };
    match respond(&values, "audit", &[&page.table])? {
        Some(file) => Ok(file),
        None => html(StatusCode::OK, &page),
    }
}

/// The begin of a day in the zone of the page.
fn date(text: Option<&str>) -> Result<Option<Date>, PageError> {
    text.map(|text| asked_date(text).ok_or(PageError::BadRequest)).transpose()
}

async fn chain(
    app: &App,
    values: &BTreeMap<String, String>,
    w: &'static FurtherLabels,
    locale: Locale,
) -> Result<Chain, PageError> {
    let pool = &app.console.pool;
    let head = audit::head(pool).await?;
    let is_asked = values.get("verify").is_some_and(|verify| verify == "now");
    if head.place > VERIFIED_AT_ONCE_MAX && !is_asked {
        return Ok(Chain {
            word: word("–", w.chain_unread, "plain"),
            fault: None,
            places: locale.number(head.place),
            waiting: "–".to_owned(),
            head: hex::encode(head.hash),
            is_computed: false,
        });
    }
    let found = audit::verify(pool, Some(&head)).await?;
    Ok(Chain {
        word: match &found.fault {
            None => word("✓", w.chain_whole, "good"),
            Some(_) => word("✗", w.chain_broken, "bad"),
        },
        fault: found.fault.map(|fault| fault.to_string()),
        places: locale.number(found.head.place),
        waiting: locale.number(found.waiting),
        head: hex::encode(found.head.hash),
        is_computed: true,
    })
}

fn table(rows: &[AuditRow], clock: &Clock, locale: Locale, here: &str) -> ExportTable {
    let w = FurtherLabels::of(locale.0);
    let columns = vec![
        text(w.at),
        text(w.by),
        text(w.what),
        text(w.object),
        text(w.before),
        text(w.after),
        text(w.note),
        text(w.seal),
    ];
    let value = |value: &Option<serde_json::Value>| {
        value.as_ref().map_or(Cell::Empty, |value| Cell::Code(value.to_string()))
    };
    let row = |row: &AuditRow| {
        let seal = row.seal.map_or(Cell::Empty, |(place, hash)| {
            let short: String = hex::encode(hash).chars().take(12).collect();
            Cell::Code(format!("{place} {short}"))
        });
        vec![
            Cell::Moment(row.at, clock.moment(row.at)),
            Cell::text(row.by.as_str()),
            Cell::Code(row.what.clone()),
            Cell::Text(format!("{} {}", row.object_kind, row.object)),
            value(&row.before),
            value(&row.after),
            Cell::text(row.note.as_str()),
            seal,
        ]
    };
    ExportTable::new(locale, "audit", without_format(here), w.audit_caption, columns)
        .or_else(w.no_entries)
        .with(rows.iter().map(row))
}

/// The page's own address: a file of a file is none.
fn without_format(here: &str) -> &str {
    here.split("&table=").next().and_then(|here| here.split("?table=").next()).unwrap_or("/audit")
}

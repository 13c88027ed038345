//! The page of the morning: did everything arrive, does it tie, what broke, what is mine, what failed, what goes stale.

mod charts;
mod tables;

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::{Query, State, rejection::QueryRejection},
    http::StatusCode,
    response::Response,
};
use jiff::{Span, Timestamp, civil::Date};

use super::{Frame, PageError, Values, clock::Clock, html};
use crate::{
    access::signed_in::SignedIn,
    app::App,
    charts::Chart,
    export::{ExportTable, respond},
    locale::{Counted, Locale},
    queries::{
        books::{self, Cycles},
        morning::{self, Breaks},
        waiting::{WaitingOf, waiting},
    },
    words::{Word, today},
    words::{today::TodayLabels, word},
};

/// So many breaks stand in each of the two lists.
const BREAKS_SHOWN: i64 = 10;
/// So many rows stand in the other lists; their pages have all.
const ROWS_MAX: i64 = 100;
/// Days of the chart of matches.
const CHART_DAYS: i64 = 30;

#[derive(Template)]
#[template(path = "today.html")]
struct TodayPage {
    frame: Frame,
    w: &'static TodayLabels,
    zone: String,
    tiles: [Tile; 6],
    inputs: ExportTable,
    missing: ExportTable,
    files: ExportTable,
    ties: ExportTable,
    biggest: ExportTable,
    oldest: ExportTable,
    waiting: ExportTable,
    failed: ExportTable,
    stale: ExportTable,
    rate: Chart,
    ages: Chart,
}

/// A question with its answer in short.
struct Tile {
    anchor: &'static str,
    question: &'static str,
    answer: String,
    word: Word,
}

/// What the tables and charts are made with.
struct Making<'a> {
    app: &'a App,
    w: &'static TodayLabels,
    locale: Locale,
    clock: Clock,
    now: Timestamp,
    here: &'a str,
}

/// Shows the morning.
pub(crate) async fn show(
    State(app): State<Arc<App>>,
    who: SignedIn,
    query: Result<Values, QueryRejection>,
) -> Result<Response, PageError> {
    let Query(values) = query?;
    let (pool, now) = (&app.console.pool, (app.console.now)());
    let zones = app.console.programs.iter().map(|program| program.time_zone.as_str());
    let clock = Clock::of_all(zones).spoken(who.language);
    let today = clock.date(now);
    let w = TodayLabels::of(who.language);
    let making = Making { app: &app, w, locale: Locale(who.language), clock, now, here: "/" };

    let compared = morning::compared(pool, days_before(today, 2), today).await?;
    let missing = morning::open_breaks(pool, Breaks::Missing, ROWS_MAX).await?;
    let settled = books::settled(pool, Cycles::Last).await?;
    let sides = morning::breaks_by_partner(pool).await?;
    let waiting = waiting(pool, WaitingOf::Others(&who.user), None, ROWS_MAX).await?;
    let failed = morning::failed(pool, now, ROWS_MAX).await?;
    let stale = morning::open_breaks(pool, Breaks::Waiting, ROWS_MAX).await?;
    let aged = morning::ages(pool, now).await?;
    let open: i64 = aged.iter().map(|aged| aged.breaks).sum();
    let differing = settled.iter().filter(|row| row.difference() != 0).count();
    let differing = i64::try_from(differing).unwrap_or(i64::MAX);

    let page = TodayPage {
        zone: making.clock.label([now].into_iter()),
        inputs: making.inputs(&compared),
        missing: making.missing(&missing),
        files: making.files(&morning::clearing_files(pool, now - Span::new().hours(24)).await?),
        ties: making.ties(&settled, &sides),
        biggest: making.breaks(
            "biggest",
            w.biggest_caption,
            &morning::open_breaks(pool, Breaks::Biggest, BREAKS_SHOWN).await?.rows,
        ),
        oldest: making.breaks(
            "oldest",
            w.oldest_caption,
            &morning::open_breaks(pool, Breaks::Oldest, BREAKS_SHOWN).await?.rows,
        ),
        waiting: making.waiting(&waiting),
        failed: making.failed(&failed),
        stale: making.stale(&stale),
        rate: making
            .rate(&morning::match_rates(pool, days_before(today, CHART_DAYS - 1), today).await?, today),
        ages: making.ages(&aged),
        tiles: [
            making.tile(
                "arrived",
                w.arrived,
                missing.all,
                &today::SOURCES,
                missing.all == 0 && compared.iter().all(|one| one.unreadable == 0),
            ),
            making.tile("ties", w.ties, differing, &today::POSITIONS, differing == 0),
            making.tile("breaks", w.breaks, open, &today::BREAKS, open == 0),
            making.tile("waiting", w.waiting, waiting.all, &today::PROPOSALS, waiting.all == 0),
            making.tile("failed", w.failed, failed.all, &today::FAILURES, failed.all == 0),
            making.tile(
                "stale",
                w.stale,
                stale.all,
                &today::WAITS,
                stale.rows.iter().all(|one| one.wait_until.is_none_or(|until| until >= today)),
            ),
        ],
        w,
        frame: Frame::of(&app, &who).await?,
    };
    let tables = [
        &page.inputs,
        &page.missing,
        &page.files,
        &page.ties,
        &page.biggest,
        &page.oldest,
        &page.waiting,
        &page.failed,
        &page.stale,
        &page.rate.table,
        &page.ages.table,
    ];
    match respond(&values, &format!("today-{today}"), &tables)? {
        Some(file) => Ok(file),
        None => html(StatusCode::OK, &page),
    }
}

/// The first of so many days that end with this one.
pub(super) fn days_before(date: Date, days: i64) -> Date {
    date.checked_sub(Span::new().days(days)).unwrap_or(date)
}

impl Making<'_> {
    fn tile(
        &self,
        anchor: &'static str,
        question: &'static str,
        number: i64,
        what: &Counted,
        good: bool,
    ) -> Tile {
        let word = match (good, number) {
            (true, 0) => self.w.order(true),
            (true, _) => word("◔", self.w.ok, "plain"),
            (false, _) => self.w.order(false),
        };
        Tile { anchor, question, answer: self.locale.count(number, what), word }
    }
}

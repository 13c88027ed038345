//! The health of a program: miles outstanding, members, accrual and redemption, who pays, purchases at partners.

mod figures;

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::{Path, Query, State, rejection::QueryRejection},
    http::StatusCode,
    response::Response,
};
use domain::ProgramId;
use store::{Pool, StoreError};

use super::{
    Frame, PageError, Values,
    clock::{Clock, Moment},
    day::members_hold,
    html, program,
    today::days_before,
    zone,
};
use crate::{
    access::signed_in::SignedIn,
    app::App,
    charts::Chart,
    export::{ExportTable, respond},
    locale::Locale,
    queries::{
        books,
        health::{self, Counted, Lots},
    },
    words::partners::FurtherLabels,
};
use figures::Figures;

/// Business dates of the sums and charts.
const DAYS: i64 = 30;

#[derive(Template)]
#[template(path = "health.html")]
struct HealthPage {
    frame: Frame,
    w: &'static FurtherLabels,
    code: String,
    health: Option<Health>,
}

struct Health {
    zone: String,
    date: String,
    at: Moment,
    liability: String,
    members: String,
    active: String,
    share: String,
    by_age: Chart,
    by_expiry: Chart,
    accrual: Chart,
    cost: ExportTable,
    turnover: ExportTable,
}

/// What members hold at the end of a cycle. Lots are those of the instant at which they were counted; the books have what
/// was held at the end of the cycle, unless one of the cycles before was never counted.
pub(crate) async fn held(
    pool: &Pool,
    program: ProgramId,
    sequence: i32,
    lots: &[Lots],
) -> Result<i64, StoreError> {
    Ok(match books::posted(pool, program, (0, sequence)).await? {
        (totals, 0) => members_hold(&totals),
        _ => lots.iter().map(|lots| lots.miles).sum(),
    })
}

/// Shows the health of a program, as its last counted cycle left it.
pub(crate) async fn show(
    State(app): State<Arc<App>>,
    who: SignedIn,
    Path(code): Path<String>,
    query: Result<Values, QueryRejection>,
) -> Result<Response, PageError> {
    let Query(values) = query?;
    let found = program(&app, &code)?;
    let pool = &app.console.pool;
    let w = FurtherLabels::of(who.language);
    let health = match health::last_counted(pool, found.id).await? {
        None => None,
        Some(Counted { cycle, sequence, date, at, members, active }) => {
            let locale = Locale(who.language);
            let lots = health::lots(pool, cycle).await?;
            let held = held(pool, found.id, sequence, &lots).await?;
            let totals = health::day_totals(pool, found.id, (days_before(date, DAYS - 1), date)).await?;
            let here = format!("/programs/{code}/health");
            let figures =
                Figures { app: &app, program: found, w, locale, here, lots: &lots, totals: &totals };
            Some(Health {
                zone: zone(found, date),
                date: locale.long_date(date),
                at: Clock::of(&found.time_zone).spoken(who.language).moment(at),
                liability: locale.miles(held),
                members: locale.number(members),
                active: locale.number(active),
                share: figures.share(),
                by_age: figures.by_age(),
                by_expiry: figures.by_expiry(),
                accrual: figures.accrual(),
                cost: figures.cost(),
                turnover: figures.turnover(),
            })
        }
    };
    if let Some(shown) = &health {
        let tables =
            [&shown.by_age.table, &shown.by_expiry.table, &shown.accrual.table, &shown.cost, &shown.turnover];
        if let Some(file) = respond(&values, &format!("health-{code}"), &tables)? {
            return Ok(file);
        }
    }
    html(StatusCode::OK, &HealthPage { frame: Frame::of(&app, &who).await?, w, code, health })
}

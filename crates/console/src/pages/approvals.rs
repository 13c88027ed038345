//! What waits for a decision: for whoever looks, for others, and of his own. Each is decided where its row leads to, never
//! several at once.

use std::{collections::BTreeMap, sync::Arc};

use askama::Template;
use axum::{
    extract::{Query, State, rejection::QueryRejection},
    http::StatusCode,
    response::Response,
};

use super::{Frame, PageError, Values, clock::Clock, filter::Filter, html, pager, waiting::WaitingTables};
use crate::{
    access::signed_in::SignedIn,
    app::App,
    export::{self, ExportTable},
    queries::waiting::{Waiting, WaitingKind, WaitingOf, waiting},
    words::{
        BreakWords,
        waiting::{WaitingLabels, waiting_kind},
    },
};

/// So many rows are shown, of all kinds together; the filter by kind shows the others.
const ROWS_MAX: i64 = 500;

#[derive(Template)]
#[template(path = "approvals.html")]
struct ApprovalsPage {
    frame: Frame,
    w: &'static BreakWords,
    may_decide: bool,
    filter: Filter,
    /// What whoever looks may decide.
    waiting: ExportTable,
    /// What he may not: other roles are asked.
    others: ExportTable,
    mine: ExportTable,
}

/// Shows what waits; `?kind=` keeps one kind.
pub(crate) async fn show(
    State(app): State<Arc<App>>,
    who: SignedIn,
    query: Result<Values, QueryRejection>,
) -> Result<Response, PageError> {
    let Query(values) = query?;
    let kind = kind(&values)?;
    let w = BreakWords::of(who.language);
    let found = waiting(&app.console.pool, WaitingOf::Everybody, kind, ROWS_MAX).await?;
    let of = |row: &&Waiting| (row.by == who.user, who.may(row.kind.deed()));
    let chosen = |wanted: fn((bool, bool)) -> bool| -> Vec<&Waiting> {
        found.rows.iter().filter(|row| wanted(of(row))).collect()
    };
    let zones = app.console.programs.iter().map(|program| program.time_zone.as_str());
    let clock = Clock::of_all(zones).spoken(who.language);
    let here = pager::address_of("/approvals", &values);
    let tables = WaitingTables { app: &app, language: who.language, clock: &clock, here: &here };
    // What is beyond the limit may be of any of the tables, so none says more than it shows.
    let table = |words, rows: &[&Waiting]| tables.table(words, rows, 0);
    let page = ApprovalsPage {
        frame: Frame::of(&app, &who).await?,
        w,
        may_decide: WaitingKind::ALL.into_iter().any(|kind| who.may(kind.deed())),
        filter: filter(&who, &values),
        waiting: table(("waiting", w.for_me, w.for_me_none), &chosen(|(is_own, may)| !is_own && may)),
        others: table(("others", w.by_others, w.by_others_none), &chosen(|(is_own, may)| !is_own && !may)),
        mine: table(("mine", w.mine, w.mine_none), &chosen(|(is_own, _)| is_own)),
    };
    match export::respond(&values, "approvals", &[&page.waiting, &page.others, &page.mine])? {
        Some(file) => Ok(file),
        None => html(StatusCode::OK, &page),
    }
}

fn kind(values: &BTreeMap<String, String>) -> Result<Option<WaitingKind>, PageError> {
    let given = values.get("kind").map(String::as_str).filter(|name| !name.is_empty());
    given.map(|name| WaitingKind::parse(name).ok_or(PageError::NotFound)).transpose()
}

fn filter(who: &SignedIn, values: &BTreeMap<String, String>) -> Filter {
    let choice = |kind: WaitingKind| (kind.name().to_owned(), waiting_kind(kind, who.language).to_owned());
    let label = WaitingLabels::of(who.language).kind;
    Filter::new(who.language, "/approvals").choice(values, "kind", label, WaitingKind::ALL.map(choice))
}

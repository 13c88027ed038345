//! What waits for a decision: for whoever looks, and of his own. Each is decided on its own page, never several at once.

use std::{collections::BTreeMap, sync::Arc};

use askama::Template;
use axum::{
    extract::{Query, State, rejection::QueryRejection},
    http::StatusCode,
    response::Response,
};
use domain::case::{CaseState, case_age_days};
use store::cases::{CaseFilter, CaseOrder, CaseRow, CaseSort, LIST_MAX};

use super::{Frame, PageError, Values, breaks::amounts, html};
use crate::{
    access::{Deed, signed_in::SignedIn},
    app::App,
    export::{self, Cell, ExportTable},
    locale::Locale,
    words::{self, BreakWords, Word},
};

#[derive(Template)]
#[template(path = "approvals.html")]
struct ApprovalsPage {
    frame: Frame,
    w: &'static BreakWords,
    may_decide: bool,
    waiting: ExportTable,
    mine: ExportTable,
}

/// Shows what waits.
pub(crate) async fn show(
    State(app): State<Arc<App>>,
    who: SignedIn,
    query: Result<Values, QueryRejection>,
) -> Result<Response, PageError> {
    let Query(values): Query<BTreeMap<String, String>> = query?;
    let w = BreakWords::of(who.language);
    let unresolved = CaseState::ALL.into_iter().filter(|state| *state != CaseState::Resolved);
    // No person has an empty name: this is everything that waits.
    let filter =
        CaseFilter { states: unresolved.collect(), waits_for: Some(String::new()), ..CaseFilter::default() };
    let order = CaseOrder { sort: CaseSort::Severity, reversed: false, after: None, limit: LIST_MAX };
    let found = store::cases::list(&app.console.pool, &filter, &order, (app.console.now)()).await?;
    let is_mine = |row: &CaseRow| row.waiting.as_ref().is_some_and(|waiting| waiting.by == who.user);
    let (mine, waiting): (Vec<CaseRow>, Vec<CaseRow>) = found.rows.into_iter().partition(is_mine);
    let may_decide = who.may(Deed::DecideCases);
    let heading = if may_decide { w.for_me } else { w.by_others };
    let page = ApprovalsPage {
        frame: Frame::of(&app, &who).await?,
        w,
        may_decide,
        waiting: table(&app, &who, ("waiting", heading, w.for_me_none), &waiting),
        mine: table(&app, &who, ("mine", w.mine, w.mine_none), &mine),
    };
    match export::respond(&values, "approvals", &[&page.waiting, &page.mine])? {
        Some(file) => Ok(file),
        None => html(StatusCode::OK, &page),
    }
}

fn table(
    app: &App,
    who: &SignedIn,
    (id, caption, empty): (&'static str, &str, &'static str),
    rows: &[CaseRow],
) -> ExportTable {
    let (w, language) = (BreakWords::of(who.language), who.language);
    let miles = language.choose("miles", "мили");
    let columns = vec![
        export::text(w.number),
        export::text(w.proposal),
        export::text(w.class),
        export::text(w.partner),
        export::text(w.about),
        export::money(w.left),
        export::number(format!("{}, {miles}", w.left)),
        export::text(w.proposed_by),
        export::number(w.age),
        export::text(w.severity),
    ];
    let now = (app.console.now)();
    let row = |row: &CaseRow| {
        let [left, left_miles] = amounts(&row.unit, row.left);
        let waiting = row.waiting.as_ref();
        vec![
            Cell::link(format!("#{}", row.id), format!("/breaks/{}#four-eyes", row.id)),
            waiting.map_or(Cell::Empty, |waiting| Cell::text(words::kind(waiting.kind, language))),
            Cell::text(words::class(&row.class, language).0),
            Cell::text(row.partner.map(|id| app.console.partner(id)).unwrap_or_default()),
            Cell::Code(row.subject.clone()),
            left,
            left_miles,
            waiting.map_or(Cell::Empty, |waiting| Cell::text(&waiting.by)),
            Cell::Number(case_age_days(row.opened_at, now)),
            Cell::Word(Word::severity(row.severity, language)),
        ]
    };
    ExportTable::new(Locale(language), id, "/approvals", caption, columns)
        .or_else(empty)
        .with(rows.iter().map(row))
}

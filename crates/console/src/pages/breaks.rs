//! Breaks as a list: filtered by the address, sorted, paged by keys, exported as they are shown; views that a person keeps;
//! assigning and commenting for several at once. Nothing is decided for several at once.

mod bulk;
mod view;

use std::{collections::BTreeMap, sync::Arc};

use askama::Template;
use axum::{
    extract::{Query, State, rejection::QueryRejection},
    http::StatusCode,
    response::Response,
};
use domain::case::{AgeBucket, CaseState, case_age_days};
use jiff::{Timestamp, ToSpan};
use store::{
    SavedView,
    cases::{CaseAgeing, CaseOrder, CasePage, CaseRow, LIST_MAX},
};

use super::{Frame, PageError, Values, clock::Clock, filter::Filter, html, pager::Pager};
use crate::{
    access::signed_in::SignedIn,
    app::App,
    charts::{About, Chart, Series, stacked_bars},
    export::{self, Cell, Column, ExportTable, Shown},
    locale::Locale,
    money,
    words::{self, BreakWords, Word},
};

pub(super) use bulk::refused;
pub(crate) use bulk::{bulk, forget_view, save_view};
use view::View;

/// So many breaks on a page.
const ROWS_MAX: u32 = 50;
/// So many in a file; whoever has more of them narrows the view down.
const EXPORT_MAX: usize = 50_000;
/// So many days stand in the chart.
const CHART_DAYS: i64 = 30;

#[derive(Template)]
#[template(path = "breaks.html")]
struct BreaksPage {
    frame: Frame,
    w: &'static BreakWords,
    problem: Option<&'static str>,
    filter: Filter,
    ages: ExportTable,
    chart: Chart,
    table: ExportTable,
    rows: Vec<ListRow>,
    pager: Pager,
    views: Vec<SavedView>,
    query: String,
    people: Vec<String>,
    may_work: bool,
}

/// A row with the field by which it is chosen.
struct ListRow {
    id: i64,
    version: i32,
    cells: Vec<Shown>,
}

/// Shows the list that the address asks for.
pub(crate) async fn show(
    State(app): State<Arc<App>>,
    who: SignedIn,
    query: Result<Values, QueryRejection>,
) -> Result<Response, PageError> {
    let Query(values) = query?;
    page(&app, &who, values, StatusCode::OK, None).await
}

async fn page(
    app: &Arc<App>,
    who: &SignedIn,
    mut values: BTreeMap<String, String>,
    status: StatusCode,
    problem: Option<&'static str>,
) -> Result<Response, PageError> {
    // What waits is not left out: only what is resolved, as long as no days and nothing else are asked for.
    let of_days = ["from", "until"].iter().any(|name| values.contains_key(*name));
    let usual = if of_days { "" } else { "unresolved" };
    values.entry("state".to_owned()).or_insert_with(|| usual.to_owned());
    let (pool, now) = (&app.console.pool, (app.console.now)());
    let view = View::of(app, who, &values)?;
    let found = match values.contains_key("format") {
        true => everything(app, &view, &values, now).await?,
        false => store::cases::list(pool, &view.filter, &view.order(&values, ROWS_MAX), now).await?,
    };
    let zones = app.console.programs.iter().map(|program| program.time_zone.as_str());
    let clock = Clock::of_all(zones).spoken(who.language);
    let table = table(app, who, &clock, &view, &found, now);
    let ages = ages(who, &store::cases::ageing(pool, now).await?);
    let chart = chart(app, who, &clock, now).await?;
    if let Some(file) = export::respond(&values, "breaks", &[&table, &ages, &chart.table])? {
        return Ok(file);
    }
    let shown = table.shown();
    let row =
        |(row, (_, cells)): (&CaseRow, (_, Vec<Shown>))| ListRow { id: row.id, version: row.version, cells };
    let rows = found.rows.iter().zip(shown).map(row).collect();
    let page = BreaksPage {
        frame: Frame::of(app, who).await?,
        w: BreakWords::of(who.language),
        problem,
        filter: view.form(app, who, &values),
        ages,
        chart,
        rows,
        table,
        pager: Pager::new(who.language, "/breaks", &values, found.next.as_deref().map(view::swapped)),
        views: store::saved_views(pool, &who.user, "breaks").await?,
        query: view.query(&values),
        people: store::assignable_people(pool).await?,
        may_work: who.may(crate::access::Deed::WorkCases),
    };
    html(status, &page)
}

/// All rows of a view for a file, from the first on: none is left out without a word.
async fn everything(
    app: &App,
    view: &View,
    values: &BTreeMap<String, String>,
    now: Timestamp,
) -> Result<CasePage, PageError> {
    let mut order = CaseOrder { after: None, ..view.order(values, LIST_MAX) };
    let mut rows = Vec::new();
    loop {
        let page = store::cases::list(&app.console.pool, &view.filter, &order, now).await?;
        rows.extend(page.rows);
        match page.next {
            None => return Ok(CasePage { rows, next: None }),
            Some(_) if rows.len() >= EXPORT_MAX => return Err(PageError::TooLarge),
            Some(next) => order.after = Some(next),
        }
    }
}

/// A difference stands in one of two columns: money and miles never share one.
pub(super) fn amounts(unit: &str, amount: i64) -> [Cell; 2] {
    match (unit, money::from_code(unit)) {
        ("MILES", _) => [Cell::Empty, Cell::Number(amount)],
        (_, Some(currency)) => [Cell::Money(amount, currency), Cell::Empty],
        _ => [Cell::Empty, Cell::Empty],
    }
}

fn table(
    app: &App,
    who: &SignedIn,
    clock: &Clock,
    view: &View,
    found: &CasePage,
    now: Timestamp,
) -> ExportTable {
    let w = BreakWords::of(who.language);
    let here = match view.address.as_str() {
        "" => "/breaks".to_owned(),
        query => format!("/breaks?{query}"),
    };
    let times = clock.label(found.rows.iter().map(|row| row.due_at));
    let caption = format!("{}. {} {times}", w.list, w.times_in);
    ExportTable::new(Locale(who.language), "breaks", &here, caption, columns(who))
        .or_else(w.none)
        .with(found.rows.iter().map(|row| cells(app, who, clock, row, now)))
}

fn columns(who: &SignedIn) -> Vec<Column> {
    let w = BreakWords::of(who.language);
    let miles = |name: &str| format!("{name}, {}", who.language.choose("miles", "мили"));
    vec![
        export::text(w.number),
        export::text(w.class),
        export::text(w.kind_of),
        export::text(w.source),
        export::text(w.partner),
        export::text(w.business_date),
        export::text(w.about),
        export::money(w.difference),
        export::number(miles(w.difference)),
        export::money(w.left),
        export::number(miles(w.left)),
        export::number(w.age),
        export::text(w.severity),
        export::text(w.state),
        export::text(w.owner),
        export::text(w.due),
        export::text(w.next_step),
    ]
}

fn cells(app: &App, who: &SignedIn, clock: &Clock, row: &CaseRow, now: Timestamp) -> Vec<Cell> {
    let language = who.language;
    let w = BreakWords::of(language);
    let [difference, difference_miles] = amounts(&row.unit, row.difference);
    let [left, left_miles] = amounts(&row.unit, row.left);
    let partner = row.partner.map(|id| app.console.partner(id)).unwrap_or_default();
    vec![
        Cell::link(format!("#{}", row.id), format!("/breaks/{}", row.id)),
        Cell::text(words::class(&row.class, language).0),
        Cell::text(if row.timing == "timing" { w.timing } else { w.data }),
        Cell::text(words::source(&row.source, language)),
        Cell::text(partner),
        Cell::Date(row.business_date),
        Cell::Code(row.subject.clone()),
        difference,
        difference_miles,
        left,
        left_miles,
        Cell::Number(case_age_days(row.opened_at, now)),
        Cell::Word(Word::severity(row.severity, language)),
        Cell::Word(Word::case(row.state, language)),
        Cell::text(row.assigned_to.clone().unwrap_or_else(|| w.nobody.to_owned())),
        Cell::Moment(row.due_at, clock.moment(row.due_at)),
        Cell::text(next_step(who, row)),
    ]
}

/// What somebody who reads the row is to do.
fn next_step(who: &SignedIn, row: &CaseRow) -> String {
    let language = who.language;
    let locale = Locale(language);
    match (&row.waiting, row.state) {
        (Some(waiting), _) if waiting.by == who.user => {
            language.choose("another person decides", "решает другой человек").to_owned()
        }
        (Some(waiting), _) => {
            let what = words::kind(waiting.kind, language);
            language.choose(
                format!("decide: {what} ({})", waiting.by),
                format!("решить: {what} ({})", waiting.by),
            )
        }
        (None, CaseState::Resolved) => String::new(),
        (None, CaseState::PendingExternal) => match row.wait_until {
            Some(date) => {
                let date = locale.date(date);
                language.choose(format!("waits until {date}"), format!("ждёт до {date}"))
            }
            None => language.choose("waits for an answer", "ждёт ответа").to_owned(),
        },
        (None, CaseState::Open) => language.choose("assign", "назначить").to_owned(),
        (None, CaseState::Assigned) => language.choose("propose", "предложить решение").to_owned(),
    }
}

/// The words of an age.
pub(super) fn age_words(age: AgeBucket, w: &'static BreakWords) -> &'static str {
    match age {
        AgeBucket::UpTo1 => w.days_0_1,
        AgeBucket::Days2To3 => w.days_2_3,
        AgeBucket::Days4To7 => w.days_4_7,
        AgeBucket::Days8To30 => w.days_8_30,
        AgeBucket::Over30 => w.days_30,
    }
}

fn ages(who: &SignedIn, found: &[CaseAgeing]) -> ExportTable {
    let w = BreakWords::of(who.language);
    let miles = who.language.choose("miles", "мили");
    let columns = vec![
        export::text(w.age_bucket),
        export::number(w.count),
        export::money(w.left_size),
        export::number(format!("{}, {miles}", w.left_size)),
    ];
    let row = |one: &CaseAgeing| {
        let size = i64::try_from(one.exposure).unwrap_or(i64::MAX);
        let [left, left_miles] = amounts(&one.unit, size);
        let address = format!("/breaks?state=unresolved&age={}", crate::address::escaped(one.bucket.name()));
        vec![Cell::link(age_words(one.bucket, w), address), Cell::Number(one.cases), left, left_miles]
    };
    ExportTable::new(Locale(who.language), "ages", "/breaks", w.by_age_caption, columns)
        .or_else(w.none)
        .with(found.iter().map(row))
}

async fn chart(app: &App, who: &SignedIn, clock: &Clock, now: Timestamp) -> Result<Chart, PageError> {
    let (w, locale) = (BreakWords::of(who.language), Locale(who.language));
    let today = clock.date(now);
    let since = today.checked_sub((CHART_DAYS - 1).days()).unwrap_or(today);
    let found = store::breaks_by_day(&app.console.pool, since).await?;
    let dates: Vec<_> = since.series(1.day()).take_while(|date| *date <= today).collect();
    let mut classes: Vec<&str> = found.iter().map(|(_, class, _)| class.as_str()).collect();
    classes.sort_unstable();
    classes.dedup();
    let count = |date, class: &str| {
        found.iter().find(|one| one.0 == date && one.1 == class).map(|(_, _, count)| *count)
    };
    let say = |value: i64| locale.number(value);
    let series: Vec<Series<'_>> = classes
        .iter()
        .map(|class| Series {
            name: words::class(class, who.language).0.to_owned(),
            values: dates.iter().map(|date| count(*date, class)).collect(),
            say: &say,
        })
        .collect();
    let columns = vec![export::text(w.business_date), export::text(w.class), export::number(w.count)];
    let row = |(date, class, count): &(jiff::civil::Date, String, i64)| {
        vec![Cell::Date(*date), Cell::text(words::class(class, who.language).0), Cell::Number(*count)]
    };
    let table = ExportTable::new(locale, "per-day", "/breaks", w.per_day_caption, columns)
        .or_else(w.none)
        .with(found.iter().map(row));
    let about = About {
        id: "per-day-chart",
        title: w.per_day.to_owned(),
        about: w.per_day.to_owned(),
        places: dates.iter().map(|date| locale.short_date(*date)).collect(),
    };
    Ok(stacked_bars(about, &series, table))
}

//! The page of a business day: what arrived, control totals, from opening to closing, positions, files, tie-out.

mod arrived;
mod control;
mod exported;
mod steps;
mod tie;
mod waterfalls;

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::{Path, Query, State, rejection::QueryRejection},
    http::StatusCode,
    response::Response,
};
use domain::settlement::Direction;
use program_files::Language;
use store::{Cycle, FileRow, PositionRow};

use super::{
    Frame, PageError, Values,
    clock::{Clock, Moment},
    cycle, html, zone,
};
use crate::{
    ProgramInfo,
    access::signed_in::SignedIn,
    app::App,
    charts::Chart,
    day_books,
    export::respond,
    files::Found,
    locale::Locale,
    money,
    queries::{
        self,
        books::{self, Cycles},
        morning,
    },
    tie_out::Files,
    words::{
        Word,
        day::{DayLabels, Shows, cycle_state},
    },
};
use arrived::Numbers;
pub(crate) use arrived::numbers;
pub(crate) use waterfalls::members_hold;

#[derive(Template)]
#[template(path = "day.html")]
struct DayPage {
    frame: Frame,
    w: &'static DayLabels,
    program: String,
    bank: String,
    date: String,
    shown_date: String,
    long_date: String,
    zone: String,
    cut_off: String,
    /// The cycle's number, if the date has several, and how many of them have begun.
    number: Option<usize>,
    begun: usize,
    state: Word,
    state_code: &'static str,
    steps: Vec<steps::Step>,
    breaks: String,
    /// When the numbers were kept; `None`: they were counted for this page.
    kept: Option<Moment>,
    is_counted: bool,
    /// The address that counts again.
    again: String,
    arrivals: Vec<arrived::ArrivalRow>,
    arrived: String,
    /// Of the same business day of the bank, without a cycle.
    of_no_member: i64,
    of_no_member_text: String,
    quarantined: i64,
    quarantined_text: String,
    positions: Vec<PositionView>,
    is_closed: bool,
    files: Vec<FileView>,
    tie: Option<tie::TieOut>,
    waterfall: Option<Chart>,
    miles: Option<Chart>,
    tables: exported::Tables,
}

struct PositionView {
    partner: String,
    direction: &'static str,
    words: String,
    currency: String,
    lines: String,
    miles: i64,
    miles_text: String,
    net_minor: i64,
    net: String,
    vat_minor: i64,
    vat: String,
    to_pay_minor: i64,
    to_pay: String,
}

struct FileView {
    receiver: String,
    name: String,
    sequence: i32,
    revision: i32,
    sha256: String,
    sha256_short: String,
    records: String,
    published: Word,
    result: Word,
    reason: Option<String>,
}

/// The day in a language.
struct Day<'a> {
    app: &'a App,
    program: &'a ProgramInfo,
    cycle: Cycle,
    w: &'static DayLabels,
    locale: Locale,
    here: String,
}

/// Shows the day that the address names; of several cycles one, see [`cycle`]. `?count=now` counts messages and movements
/// again, `?partner=` chooses whose waterfall is drawn.
pub(crate) async fn show(
    State(app): State<Arc<App>>,
    who: SignedIn,
    Path((code, date)): Path<(String, String)>,
    query: Result<Values, QueryRejection>,
) -> Result<Response, PageError> {
    let Query(values) = query?;
    let (program, of) = cycle(&app, &code, &date, &values).await?;
    let (cycle, pool) = (of.cycle, &app.console.pool);
    let locale = Locale(who.language);
    let place = of.number().map(|number| format!("?cycle={number}")).unwrap_or_default();
    let here = format!("/day/{}/{}{place}", program.code, cycle.business_date);
    let w = DayLabels::of(who.language);
    let day = Day { app: &app, program, cycle, w, locale, here };
    let numbers =
        self::numbers(pool, &cycle, values.get("count").is_some_and(|count| count == "now")).await?;
    let positions = store::positions_of(pool, cycle.id).await?;
    let (files, stated, rows) = day.files().await?;
    let settled = books::settled(pool, Cycles::One(cycle.id)).await?;
    let of_no_member = queries::of_no_member(pool, program.id, cycle.business_date).await?;
    let quarantined = store::quarantined_count(pool).await?;
    let dates = (cycle.business_date, cycle.business_date);
    let breaks: i64 =
        morning::breaks_by_date(pool, program.id, dates).await?.iter().map(|(_, all, _)| all).sum();
    let tie = match &numbers {
        Some(numbers) => Some(day.tie_out(numbers, &positions, &stated).await?),
        None => None,
    };
    let (miles, waterfall) = (day.miles().await?, day.waterfall(&settled, values.get("partner")));
    let tables = exported::Tables {
        arrivals: day.arrivals_table(numbers.as_ref()),
        positions: day.positions_table(&positions),
        files: day.files_table(&files, &rows),
        tie: day.tie_table(tie.as_ref()),
        control: day.control(&positions, &stated),
        balances: day.balances(&settled),
    };
    let clock = Clock::of(&program.time_zone).spoken(who.language);
    let page = DayPage {
        program: program.code.clone(),
        bank: program.bank_code.clone(),
        date: cycle.business_date.to_string(),
        shown_date: locale.date(cycle.business_date),
        long_date: locale.long_date(cycle.business_date),
        zone: zone(program, cycle.business_date),
        cut_off: of.cut_off(program),
        number: of.number(),
        begun: of.begun,
        state: cycle_state(cycle.state.name(), who.language),
        state_code: cycle.state.name(),
        steps: steps::of(&cycle, &books::steps(pool, cycle.id).await?, w),
        breaks: locale.number(breaks),
        kept: numbers.as_ref().and_then(|numbers| numbers.kept_at).map(|at| clock.moment(at)),
        is_counted: numbers.is_some(),
        again: day.again(),
        arrived: locale.number(arrived::messages(numbers.as_ref())),
        arrivals: day.arrivals(numbers.as_ref()),
        of_no_member,
        of_no_member_text: day.of_no_member(of_no_member),
        quarantined,
        quarantined_text: day.quarantined(quarantined),
        positions: positions.iter().map(|row| day.position(row)).collect(),
        is_closed: cycle.state.is_cut(),
        files,
        tie,
        waterfall,
        miles,
        tables,
        w,
        frame: Frame::of(&app, &who).await?,
    };
    let mut exported = page.tables.all();
    exported.extend(page.waterfall.iter().chain(&page.miles).map(|chart| &chart.table));
    match respond(&values, &format!("day-{}-{}", page.program, page.date), &exported)? {
        Some(file) => Ok(file),
        None => html(StatusCode::OK, &page),
    }
}

impl Day<'_> {
    fn again(&self) -> String {
        let joint = if self.here.contains('?') { '&' } else { '?' };
        format!("{}{joint}count=now", self.here)
    }

    fn language(&self) -> Language {
        self.locale.0
    }

    fn position(&self, row: &PositionRow) -> PositionView {
        let (locale, partner) = (self.locale, self.app.console.partner(row.partner));
        let bank_pays = row.direction == Direction::BankPaysPartner;
        PositionView {
            words: self.w.pays(&partner, bank_pays, self.language()),
            partner,
            direction: row.direction.name(),
            currency: money::code(row.currency),
            lines: locale.number(i64::from(row.lines)),
            miles: row.miles,
            miles_text: locale.number(row.miles),
            net_minor: row.net_minor,
            net: locale.money(row.net_minor, row.currency),
            vat_minor: row.vat_minor,
            vat: locale.money(row.vat_minor, row.currency),
            to_pay_minor: row.to_pay_minor,
            to_pay: locale.money(row.to_pay_minor, row.currency),
        }
    }

    /// The files for the page, and what the published ones state, by receiver; the last revision counts.
    async fn files(&self) -> Result<(Vec<FileView>, Files, Vec<FileRow>), PageError> {
        let found = day_books::files_of(&self.app.console, &self.cycle).await?;
        let stated = day_books::stated(&self.cycle, &found);
        let views = found.iter().map(|(row, found)| self.file(row, found.as_ref())).collect();
        Ok((views, stated, found.into_iter().map(|(row, _)| row).collect()))
    }

    fn file(&self, row: &FileRow, found: Option<&Found>) -> FileView {
        let sha256 = hex::encode(row.sha256);
        let (result, reason) = match found {
            None => (Shows::Unpublished, None),
            Some(Found::Verified(_)) => (Shows::Verified, None),
            Some(Found::Gone) => (Shows::Gone, None),
            Some(Found::Altered) => (Shows::Altered, None),
            Some(Found::Refused(reason)) => (Shows::Refused, Some(reason.clone())),
        };
        let published = if row.published { Shows::Published } else { Shows::Unpublished };
        FileView {
            receiver: row.receiver.clone(),
            name: row.file_name.clone(),
            sequence: row.sequence,
            revision: row.revision,
            sha256_short: sha256.chars().take(12).collect(),
            sha256,
            records: self.locale.number(i64::from(row.records)),
            published: published.word(self.language()),
            result: result.word(self.language()),
            reason,
        }
    }

    async fn tie_out(
        &self,
        numbers: &Numbers,
        positions: &[PositionRow],
        files: &Files,
    ) -> Result<tie::TieOut, PageError> {
        let (console, of) = (&self.app.console, (self.program, &self.cycle));
        let lines = day_books::lines(console, of, &numbers.totals, positions, files).await?;
        Ok(tie::view(self, &lines))
    }
}

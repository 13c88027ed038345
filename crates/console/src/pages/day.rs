//! The page of a business day: what arrived, positions, files, tie-out.

mod tie;

use std::{collections::BTreeMap, sync::Arc};

use askama::Template;
use axum::{
    extract::{Path, Query, State, rejection::QueryRejection},
    http::StatusCode,
    response::Response,
};
use domain::{Currency, settlement::Direction};
use store::{Arrival, Cycle, CycleState, FileRow, PositionRow};

use super::{Frame, PageError, Values, cycle, html, long_date, zone};
use crate::{
    ProgramInfo,
    access::signed_in::SignedIn,
    app::App,
    files::{self, Found},
    money, queries,
    tie_out::{self, Books, Files},
    words::{self, Word},
};

#[derive(Template)]
#[template(path = "day.html")]
struct DayPage {
    frame: Frame,
    program: String,
    bank: String,
    date: String,
    long_date: String,
    zone: String,
    cut_off: String,
    /// The cycle's number, if the date has several, and how many of them have begun.
    number: Option<usize>,
    begun: usize,
    state: Word,
    state_code: &'static str,
    arrivals: Vec<ArrivalRow>,
    arrived: String,
    /// Of the same business day of the bank, without a cycle.
    of_no_member: i64,
    of_no_member_text: String,
    quarantined: i64,
    positions: Vec<PositionView>,
    is_closed: bool,
    files: Vec<FileView>,
    tie: tie::TieOut,
}

struct ArrivalRow {
    mti: String,
    meaning: &'static str,
    messages: String,
    matched: String,
    unmatched: String,
    counted: String,
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

/// Shows the day that the address names; of several cycles one, see [`cycle`].
pub(crate) async fn show(
    State(app): State<Arc<App>>,
    who: SignedIn,
    Path((code, date)): Path<(String, String)>,
    query: Result<Values, QueryRejection>,
) -> Result<Response, PageError> {
    let Query(values) = query?;
    let (program, of) = cycle(&app, &code, &date, &values).await?;
    let cycle = of.cycle;
    let pool = &app.console.pool;
    let arrivals = store::day_arrivals(pool, cycle.id).await?;
    let positions = store::positions_of(pool, cycle.id).await?;
    let (files, stated) = files_of(&app, &cycle).await?;
    let of_no_member = queries::of_no_member(pool, program.id, cycle.business_date).await?;
    let page = DayPage {
        frame: Frame::of(&app, &who).await?,
        program: program.code.clone(),
        bank: program.bank_code.clone(),
        date: cycle.business_date.to_string(),
        long_date: long_date(cycle.business_date),
        zone: zone(program, cycle.business_date),
        cut_off: of.cut_off(program),
        number: of.number(),
        begun: of.begun,
        state: Word::state(cycle.state.name()),
        state_code: cycle.state.name(),
        arrived: money::number(arrivals.iter().map(|arrival| arrival.messages).sum()),
        arrivals: arrivals.iter().map(|arrival| arrival_row(arrival, program.currency)).collect(),
        of_no_member,
        of_no_member_text: money::number(of_no_member),
        quarantined: store::quarantined_count(pool).await?,
        tie: tie_out(&app, program, &cycle, &positions, &stated).await?,
        positions: positions.iter().map(|row| position_view(&app, row)).collect(),
        is_closed: cycle.state.is_cut(),
        files,
    };
    html(StatusCode::OK, &page)
}

fn arrival_row(arrival: &Arrival, currency: Currency) -> ArrivalRow {
    ArrivalRow {
        mti: arrival.mti.clone(),
        meaning: words::mti(&arrival.mti),
        messages: money::number(arrival.messages),
        matched: money::number(arrival.matched),
        unmatched: money::number(arrival.messages - arrival.matched),
        counted: money::money(arrival.counted_minor, currency),
    }
}

fn position_view(app: &App, row: &PositionRow) -> PositionView {
    let partner = app.console.partner(row.partner);
    let words = match row.direction {
        Direction::BankPaysPartner => format!("bank pays {partner}"),
        Direction::PartnerPaysBank => format!("{partner} pays bank"),
    };
    PositionView {
        partner,
        direction: row.direction.name(),
        words,
        currency: money::code(row.currency),
        lines: money::number(i64::from(row.lines)),
        miles: row.miles,
        miles_text: money::number(row.miles),
        net_minor: row.net_minor,
        net: money::money(row.net_minor, row.currency),
        vat_minor: row.vat_minor,
        vat: money::money(row.vat_minor, row.currency),
        to_pay_minor: row.to_pay_minor,
        to_pay: money::money(row.to_pay_minor, row.currency),
    }
}

/// The files for the page, and what the published ones state, by receiver; the last revision counts.
async fn files_of(app: &App, cycle: &Cycle) -> Result<(Vec<FileView>, Files), PageError> {
    let rows = store::files_of(&app.console.pool, cycle.id).await?;
    let (mut views, mut stated) = (Vec::with_capacity(rows.len()), BTreeMap::new());
    for row in &rows {
        let found = if row.published { Some(files::look_at(&app.console, row).await) } else { None };
        views.push(file_view(row, found.as_ref()));
        if let Some(found) = found {
            let totals = match found {
                Found::Verified(totals) => Some(totals),
                _ => None,
            };
            stated.insert(row.receiver.clone(), totals);
        }
    }
    let files = match cycle.state {
        CycleState::Prepared | CycleState::Open => Files::NotClosed,
        CycleState::Closing | CycleState::Computed | CycleState::Approved if stated.is_empty() => {
            Files::NotPublished
        }
        _ => Files::Published(stated.into_iter().collect()),
    };
    Ok((views, files))
}

fn file_view(row: &FileRow, found: Option<&Found>) -> FileView {
    let sha256 = hex::encode(row.sha256);
    let (result, reason) = match found {
        None => (Word::UNPUBLISHED, None),
        Some(Found::Verified(_)) => (Word::VERIFIED, None),
        Some(Found::Gone) => (Word::GONE, None),
        Some(Found::Altered) => (Word::ALTERED, None),
        Some(Found::Refused(reason)) => (Word::REFUSED, Some(reason.clone())),
    };
    FileView {
        receiver: row.receiver.clone(),
        name: row.file_name.clone(),
        sequence: row.sequence,
        revision: row.revision,
        sha256_short: sha256.chars().take(12).collect(),
        sha256,
        records: money::number(i64::from(row.records)),
        published: if row.published { Word::PUBLISHED } else { Word::UNPUBLISHED },
        result,
        reason,
    }
}

async fn tie_out(
    app: &App,
    program: &ProgramInfo,
    cycle: &Cycle,
    positions: &[PositionRow],
    files: &Files,
) -> Result<tie::TieOut, PageError> {
    let pool = &app.console.pool;
    let totals = queries::totals(pool, cycle.id).await?;
    let books = Books {
        cobrand: queries::cobrand_partner(pool, program.id).await?,
        currency: program.currency,
        partner_codes: &app.console.partner_codes,
        totals: &totals,
        positions,
        files,
    };
    let lines =
        tie_out::lines(&books).map_err(|error| PageError::broken("a tie-out cannot be made", &error))?;
    Ok(tie::view(&app.console, program.currency, &lines))
}

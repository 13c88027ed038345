//! The lines of a position, as they stand in the published settlement file, each with the way to its transaction.

use std::{collections::BTreeMap, sync::Arc};

use askama::Template;
use axum::{
    extract::{Path, Query, State, rejection::QueryRejection},
    http::StatusCode,
    response::Response,
};
use domain::{Currency, MessageKey, PartnerId, settlement::Direction};
use settlement::{BatchPlace, FileLine};
use store::{PositionRow, TracedFile};

use super::{DayCycle, Frame, PageError, Values, cycle, html, pager::Pager, zone};
use crate::{
    ProgramInfo,
    access::signed_in::SignedIn,
    address::escaped,
    app::App,
    export::{self, Cell, ExportTable},
    line_source,
    locale::Locale,
    money,
    words::{TraceWords, basis, line_kind},
};

/// So many lines on a page.
const ROWS_MAX: usize = 50;

#[derive(Template)]
#[template(path = "lines.html")]
struct LinesPage {
    frame: Frame,
    w: &'static TraceWords,
    day: String,
    printed: String,
    here: String,
    program: String,
    partner: String,
    date: String,
    shown_date: String,
    zone: String,
    number: Option<usize>,
    direction: &'static str,
    booked_lines: String,
    to_pay: String,
    /// Its name and its SHA-256, if it is there.
    file: Option<(String, String)>,
    problem: Option<&'static str>,
    first_line: u64,
    table: ExportTable,
    pager: Pager,
}

/// Shows `?line=<number>` and those behind it.
pub(crate) async fn show(
    State(app): State<Arc<App>>,
    who: SignedIn,
    Path((code, date, partner, currency)): Path<(String, String, String, String)>,
    query: Result<Values, QueryRejection>,
) -> Result<Response, PageError> {
    let Query(values) = query?;
    let (program, of) = cycle(&app, &code, &date, &values).await?;
    let asked = ["line", "after"].iter().find_map(|name| values.get(*name));
    let first_line: u64 = match asked.map(|text| text.trim()).filter(|text| !text.is_empty()) {
        None => 1,
        Some(text) => text.parse().map_err(|_| PageError::NotFound)?,
    };
    let (id, of_currency) = known(&app, &partner, &currency)?;
    // Somebody of a partner sees his own, and nothing that nobody has approved yet.
    if who.partner.as_ref().is_some_and(|own| own.id != id || !of.cycle.state.is_approved()) {
        return Err(PageError::NotFound);
    }
    let positions = store::positions_of(&app.console.pool, of.cycle.id).await?;
    let position = positions.into_iter().find(|row| row.partner == id && row.currency == of_currency);
    let position = position.ok_or(PageError::NotFound)?;
    let batch = BatchPlace { partner, currency, cycle_sequence: of.cycle.sequence };
    let read = read(&app, program, &of, &batch, first_line, who.partner.is_some()).await?;
    let page = page(&app, &who, (program, &of), (&batch, &position), &values, first_line, read).await?;
    match export::respond(&values, &format!("lines-{}-{}", page.program, page.date), &[&page.table])? {
        Some(file) => Ok(file),
        None => html(StatusCode::OK, &page),
    }
}

fn known(app: &App, partner: &str, currency: &str) -> Result<(PartnerId, Currency), PageError> {
    let id = app.console.partner_codes.iter().find(|(_, code)| *code == partner).map(|(id, _)| *id);
    id.zip(money::from_code(currency)).ok_or(PageError::NotFound)
}

/// What was found in the file.
struct Read {
    file: Option<TracedFile>,
    /// The items of the batch and its lines, one more than is shown; `None` if the file cannot be searched.
    lines: Option<(Vec<String>, Vec<FileLine>)>,
}

/// Reads the bank's file, which has the batches of every partner on the day itself; somebody of a partner sees that
/// partner's own.
async fn read(
    app: &App,
    program: &ProgramInfo,
    of: &DayCycle,
    batch: &BatchPlace,
    first: u64,
    own_file: bool,
) -> Result<Read, PageError> {
    let receiver = if own_file { &batch.partner } else { &program.bank_code };
    let pool = &app.console.pool;
    let file = store::file_with_cycle(pool, receiver, program.id, of.cycle.sequence).await?;
    let Some(found) = &file else { return Ok(Read { file, lines: None }) };
    let batch = batch.clone();
    let lines = line_source::search(&app.console, &found.file_name, found.sha256, move |file| {
        let items = file.items(&batch)?.unwrap_or_default();
        Ok((items, file.page(&batch, first, ROWS_MAX + 1)?))
    });
    let lines = lines.await;
    Ok(Read { file, lines })
}

async fn page(
    app: &Arc<App>,
    who: &SignedIn,
    (program, of): (&ProgramInfo, &DayCycle),
    (batch, position): (&BatchPlace, &PositionRow),
    values: &BTreeMap<String, String>,
    first_line: u64,
    read: Read,
) -> Result<LinesPage, PageError> {
    let (w, locale) = (TraceWords::of(who.language), Locale(who.language));
    let day = format!("/day/{}/{}", escaped(&program.code), of.cycle.business_date);
    let path = format!("{day}/positions/{}/{}", escaped(&batch.partner), escaped(&batch.currency));
    let problem = match (&read.file, &read.lines) {
        (None, _) => Some(w.not_in_file),
        (Some(_), None) => Some(w.file_gone),
        _ => None,
    };
    let (items, mut lines) = read.lines.unwrap_or_default();
    let next = lines.get(ROWS_MAX).map(|line| line.id.number.to_string());
    lines.truncate(ROWS_MAX);
    let here = match values.get("cycle") {
        Some(cycle) => format!("{path}?cycle={}&line={first_line}", escaped(cycle)),
        None => format!("{path}?line={first_line}"),
    };
    let places = places(app, of, &lines).await?;
    let currencies = (position.currency, program.currency);
    let row = |line: &FileLine| row(who, currencies, &items, &places, line);
    let caption = format!("{} ({})", w.lines_caption, batch.currency);
    let table = ExportTable::new(locale, "lines", &here, caption, columns(who, w, &items))
        .or_else(w.no_lines)
        .with(lines.iter().map(row));
    let mut kept = values.clone();
    kept.remove("line");
    Ok(LinesPage {
        frame: Frame::of(app, who).await?,
        w,
        printed: match of.number() {
            Some(number) => format!("{day}/statement.pdf?cycle={number}"),
            None => format!("{day}/statement.pdf"),
        },
        day: match of.number() {
            Some(number) => format!("{day}?cycle={number}"),
            None => day,
        },
        here: path.clone(),
        program: program.code.clone(),
        partner: batch.partner.clone(),
        date: of.cycle.business_date.to_string(),
        shown_date: locale.date(of.cycle.business_date),
        zone: zone(program, of.cycle.business_date),
        number: of.number(),
        direction: match position.direction {
            Direction::BankPaysPartner => who.language.choose("bank pays partner", "банк платит партнёру"),
            Direction::PartnerPaysBank => who.language.choose("partner pays bank", "партнёр платит банку"),
        },
        booked_lines: locale.number(i64::from(position.lines)),
        to_pay: locale.money(position.to_pay_minor, position.currency),
        file: read.file.map(|file| (file.file_name, hex::encode(file.sha256))),
        problem,
        first_line,
        table,
        pager: Pager::new(who.language, &path, &kept, next),
    })
}

/// Where the messages of these lines lie.
async fn places(
    app: &App,
    of: &DayCycle,
    lines: &[FileLine],
) -> Result<BTreeMap<MessageKey, i32>, PageError> {
    let keys: Vec<MessageKey> = lines.iter().filter_map(|line| MessageKey::parse(&line.message)).collect();
    Ok(store::places_of_messages(&app.console.pool, of.cycle.id, &keys).await?)
}

fn columns(who: &SignedIn, w: &'static TraceWords, items: &[String]) -> Vec<export::Column> {
    let mut columns = vec![
        export::text(w.line_id),
        export::text(w.kind),
        export::text(w.date),
        export::text(w.member),
        export::text("DE37"),
    ];
    columns.extend(items.iter().map(|item| export::number(basis(item, who.language))));
    columns.extend([export::money(w.net), export::money(w.vat), export::money(w.total)]);
    columns
}

fn row(
    who: &SignedIn,
    // Of the batch, and of the program, in which quantities of money are counted.
    (currency, counted_in): (Currency, Currency),
    items: &[String],
    places: &BTreeMap<MessageKey, i32>,
    line: &FileLine,
) -> Vec<Cell> {
    let key = MessageKey::parse(&line.message);
    // People of a partner have no page of a message.
    let place = key.filter(|_| who.partner.is_none()).and_then(|key| Some((places.get(&key)?, key)));
    let mut cells = vec![
        match place {
            Some((bucket, key)) => Cell::link(&line.id_text, format!("/t/{bucket}/{key}")),
            None => Cell::Code(line.id_text.clone()),
        },
        Cell::text(line_kind(&line.record_type, &line.kind, who.language)),
        match line.party.local_date.parse() {
            Ok(date) => Cell::Date(date),
            Err(_) => Cell::Empty,
        },
        Cell::Code(line.party.member_number.clone()),
        Cell::Code(line.party.retrieval.clone()),
    ];
    let of_transaction = matches!(line.record_type.as_str(), "TX" | "AJ");
    for (at, item) in items.iter().enumerate() {
        let quantity = line.items.get(at).filter(|_| of_transaction).map(|(quantity, ..)| *quantity);
        cells.push(match quantity {
            None => Cell::Empty,
            Some(quantity) if item.contains("miles") => Cell::Number(quantity),
            Some(minor) => Cell::Amount(minor, counted_in),
        });
    }
    let money = |minor| Cell::Money(minor, currency);
    cells.extend([money(line.net_minor()), money(line.vat_minor()), money(line.total_minor)]);
    cells
}

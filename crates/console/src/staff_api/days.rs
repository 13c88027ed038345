//! Days: the list, one day with its totals and how they tie, its files.

use std::collections::BTreeMap;

use domain::Currency;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store::{Arrival, FileRow, PositionRow};

use super::{
    call::{Answer, Call},
    problems::Problem,
    values::{Money, Quantity},
};
use crate::{
    ConsoleState, ProgramInfo, day_books,
    files::Found,
    money,
    pages::{self, DayCycle, PageError},
    queries,
    tie_out::{Line, Measure, Side, Verdict},
};

/// A day in a list, or one of its cycles.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct DayListed {
    /// The business date.
    date: String,
    /// Which cycle of the date it is, from 1, where the date has several.
    cycle: Option<i64>,
    /// `open`, `closing`, `computed`, `approved`, `published` ...
    state: String,
    /// How many settlement files it has.
    files: i64,
    /// How many of them are published.
    published: i64,
}

/// A page of days.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Days {
    /// The newest first.
    days: Vec<DayListed>,
    /// `after` of the next page; none on the last.
    next: Option<String>,
}

/// What arrived of one message type.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Arrived {
    /// The message type, or `file` for records of clearing files.
    mti: String,
    /// How many.
    messages: i64,
    /// How many of them belong to a purchase.
    matched: i64,
    /// The sum with which they counted, signed.
    counted: Money,
}

/// What is owed between the bank and a partner.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Position {
    /// The partner's code.
    partner: String,
    /// `bank_pays_partner` or `partner_pays_bank`, as settlement files write it.
    direction: String,
    /// How many lines.
    lines: i32,
    /// Miles that are paid for.
    miles: i64,
    /// Net, rounding included.
    net: Money,
    /// Value added tax.
    vat: Money,
    /// To be paid.
    to_pay: Money,
}

/// A settlement file of the day.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct DayFile {
    /// The code of its receiver.
    receiver: String,
    /// Its name.
    file: String,
    /// Its place among the receiver's files.
    sequence: i32,
    /// 0 for the first edition.
    revision: i32,
    /// SHA-256 as the books have it, hexadecimal.
    sha256: String,
    /// How many records it has.
    records: i32,
    /// What was found in the folder: `unpublished`, `verified`, `gone`, `altered`, `refused`.
    found: String,
    /// Why it does not verify.
    reason: Option<String>,
}

/// One of the numbers of a line of the tie-out.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Told {
    /// `is`, `not_stated`, `not_closed`, `not_published`, `missing`, `disagree`.
    state: String,
    /// The number, if it `is`.
    amount: Option<i64>,
    /// By receiver, if files `disagree`.
    stated: BTreeMap<String, i64>,
}

/// A line of the tie-out. Money that the bank pays is positive.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct TieLine {
    /// The partner's code.
    partner: String,
    /// `miles`, `turnover`, `discount`, `discount-share`, `net`, `vat`, `to-pay`.
    measure: String,
    /// What the bank was told.
    transactions: Told,
    /// What was posted and booked.
    ledger: Told,
    /// What the published files state.
    files: Told,
    /// The distance between the largest and the smallest number, never netted; and the unit of all of them.
    difference: Quantity,
    /// `ties`, `broken`, or `so_far` while files are still to come.
    verdict: String,
}

/// A day, or one of its cycles.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Day {
    /// The program's code.
    program: String,
    /// The bank's code.
    bank: String,
    /// The business date.
    date: String,
    /// The IANA time zone of the business date.
    time_zone: String,
    /// The time of day at which it nominally ends, in that zone.
    cut_off: String,
    /// Which cycle of the date it is, from 1, where the date has several.
    cycle: Option<usize>,
    /// How many cycles of the date have begun.
    cycles: usize,
    /// `open`, `closing`, `computed`, `approved`, `published` ...
    state: String,
    /// Whether its messages are counted: of a day with many, that nobody has counted yet, arrivals and tie-out are empty.
    counted: bool,
    /// When they were counted, if the numbers were kept.
    counted_at: Option<String>,
    /// By message type.
    arrivals: Vec<Arrived>,
    /// Messages of the bank's same business day that are of no member's card.
    of_no_member: i64,
    /// Messages in quarantine, whatever their day.
    quarantined: i64,
    /// By partner and currency.
    positions: Vec<Position>,
    /// Its settlement files.
    files: Vec<DayFile>,
    /// Transactions = ledger = files, for every partner.
    tie_out: Vec<TieLine>,
    /// Whether no line of the tie-out is broken.
    ties: bool,
}

/// The files of a day.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct DayFiles {
    /// By receiver.
    files: Vec<DayFile>,
}

pub(super) async fn list(call: Call) -> Result<Answer, Problem> {
    let (program, limit) = (call.program()?, call.limit()?);
    let before = call.after_number::<i32>()?.unwrap_or(i32::MAX);
    let mut rows = queries::days(call.pool(), program.id, before, i64::from(limit) + 1).await?;
    let next = call.cut(&mut rows, limit, |day| vec![day.sequence.to_string()]);
    let listed = |day: queries::Day| DayListed {
        date: day.business_date.to_string(),
        cycle: day.number,
        state: day.state,
        files: day.files,
        published: day.published,
    };
    Answer::ok(&Days { days: rows.into_iter().map(listed).collect(), next })
}

/// The cycle that path and query name.
pub(super) async fn cycle(call: &Call) -> Result<(&ProgramInfo, DayCycle), Problem> {
    let found = pages::cycle(&call.app, call.part("program"), call.part("date"), &call.query).await;
    found.map_err(|error| match error {
        PageError::NotFound => Problem::not_found("day"),
        error => error.into(),
    })
}

pub(super) async fn show(call: Call) -> Result<Answer, Problem> {
    let (program, of) = cycle(&call).await?;
    let console = call.console();
    let count_now = call.asked("count").is_some();
    let books = day_books::read(console, program, &of.cycle, count_now).await?;
    let lines = books.lines.unwrap_or_default();
    let tie_out: Vec<TieLine> = lines.iter().map(|line| tie_line(console, program.currency, line)).collect();
    let counted_at = books.numbers.as_ref().and_then(|numbers| numbers.kept_at);
    let arrivals = books.numbers.iter().flat_map(|numbers| &numbers.arrivals);
    Answer::ok(&Day {
        program: program.code.clone(),
        bank: program.bank_code.clone(),
        date: of.cycle.business_date.to_string(),
        time_zone: program.time_zone.clone(),
        cut_off: of.cut_off(program),
        cycle: of.number(),
        cycles: of.begun,
        state: of.cycle.state.name().to_owned(),
        counted: books.numbers.is_some(),
        counted_at: counted_at.map(|at| at.to_string()),
        arrivals: arrivals.map(|arrival| arrived(arrival, program.currency)).collect(),
        of_no_member: books.of_no_member,
        quarantined: store::quarantined_count(call.pool()).await?,
        positions: books.positions.iter().map(|row| position(console, row)).collect(),
        files: books.files.iter().map(file).collect(),
        ties: !lines.iter().any(|line| line.verdict() == Verdict::Broken),
        tie_out,
    })
}

pub(super) async fn files(call: Call) -> Result<Answer, Problem> {
    let (_, of) = cycle(&call).await?;
    let files = day_books::files_of(call.console(), &of.cycle).await?;
    Answer::ok(&DayFiles { files: files.iter().map(file).collect() })
}

fn arrived(arrival: &Arrival, currency: Currency) -> Arrived {
    let Arrival { mti, messages, matched, counted_minor } = arrival;
    let counted = Money::new(*counted_minor, currency);
    Arrived { mti: mti.clone(), messages: *messages, matched: *matched, counted }
}

fn position(console: &ConsoleState, row: &PositionRow) -> Position {
    Position {
        partner: console.partner(row.partner),
        direction: row.direction.name().to_owned(),
        lines: row.lines,
        miles: row.miles,
        net: Money::new(row.net_minor, row.currency),
        vat: Money::new(row.vat_minor, row.currency),
        to_pay: Money::new(row.to_pay_minor, row.currency),
    }
}

fn file((row, found): &(FileRow, Option<Found>)) -> DayFile {
    let (word, reason) = match found {
        None => ("unpublished", None),
        Some(Found::Verified(_)) => ("verified", None),
        Some(Found::Gone) => ("gone", None),
        Some(Found::Altered) => ("altered", None),
        Some(Found::Refused(reason)) => ("refused", Some(reason.clone())),
    };
    DayFile {
        receiver: row.receiver.clone(),
        file: row.file_name.clone(),
        sequence: row.sequence,
        revision: row.revision,
        sha256: hex::encode(row.sha256),
        records: row.records,
        found: word.to_owned(),
        reason,
    }
}

fn tie_line(console: &ConsoleState, currency: Currency, line: &Line) -> TieLine {
    let unit = match line.measure {
        Measure::Miles => "MILES".to_owned(),
        Measure::Turnover | Measure::Discount | Measure::DiscountShare => money::code(currency),
        Measure::Net(currency) | Measure::Vat(currency) | Measure::ToPay(currency) => money::code(currency),
    };
    let verdict = match line.verdict() {
        Verdict::Ties => "ties",
        Verdict::Broken => "broken",
        Verdict::SoFar => "so_far",
    };
    TieLine {
        partner: console.partner(line.partner),
        measure: line.measure.name().to_owned(),
        transactions: told(&line.transactions),
        ledger: told(&line.ledger),
        files: told(&line.files),
        difference: Quantity { unit, amount: line.difference() },
        verdict: verdict.to_owned(),
    }
}

fn told(side: &Side) -> Told {
    let (state, amount, stated) = match side {
        Side::Is(amount) => ("is", Some(*amount), BTreeMap::new()),
        Side::NotStated => ("not_stated", None, BTreeMap::new()),
        Side::NotClosed => ("not_closed", None, BTreeMap::new()),
        Side::NotPublished => ("not_published", None, BTreeMap::new()),
        Side::Missing => ("missing", None, BTreeMap::new()),
        Side::Disagree(stated) => ("disagree", None, stated.iter().cloned().collect()),
    };
    Told { state: state.to_owned(), amount, stated }
}

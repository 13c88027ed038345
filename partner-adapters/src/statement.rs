//! A receiver's statement, in any of the formats that we read, as one value. Our own CSV is read here:
//! `reference,date,amount_minor,currency,direction,text`, a header and a row for each line.

mod settings;

use std::io::BufReader;

pub use settings::{IncomingFormat, StatementComes, StatementEvery, StatementSettings};

use crate::canonical::{self, Environment};
use crate::formats::Summary;
use crate::formats::incoming::{self, CsvMapping, Limits};
use domain::{IncomingStatement, StatementLine, is_card_number, settlement::Direction};
use jiff::civil::Date;

/// The largest statement that is read.
pub const STATEMENT_BYTES_MAX: usize = 32 << 20;
/// So many lines at most.
const LINES_MAX: usize = 200_000;
/// The longest text of the receiver's own making.
const TEXT_CHARS_MAX: usize = 500;
const COLUMNS: [&str; 6] = ["reference", "date", "amount_minor", "currency", "direction", "text"];

/// What is wrong with a statement, and where. Nothing of it is taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {problem}")]
pub struct StatementError {
    /// `line 3` (the header is the first), or the entry or element.
    pub place: String,
    /// What was expected, and what to do. Never what was found.
    pub problem: String,
}

fn problem(line: u64, problem: impl Into<String>) -> StatementError {
    StatementError { place: format!("line {line}"), problem: problem.into() }
}

/// Reads a statement of a format: CSV by the columns of `mapping`, or our own CSV without one. `name` stands for its
/// reference where the format has none.
///
/// # Errors
/// The first thing that is wrong; nothing of the statement is taken then.
pub fn statement_of(
    format: IncomingFormat,
    mapping: Option<&CsvMapping>,
    ours: Environment,
    name: &str,
    bytes: &[u8],
) -> Result<IncomingStatement, StatementError> {
    let limits = Limits { bytes: STATEMENT_BYTES_MAX as u64, lines: LINES_MAX as u64, ..Limits::default() };
    let read = match (format, mapping) {
        (IncomingFormat::Csv, None) => return read_statement(name, bytes),
        (IncomingFormat::Csv, Some(mapping)) => incoming::csv(bytes, mapping, &limits),
        (IncomingFormat::Camt, _) => incoming::camt(bytes, &limits),
        (IncomingFormat::Payout, _) => incoming::payout_csv(bytes, &limits),
        (IncomingFormat::Native, _) => {
            let records = || canonical::Reader::new(BufReader::new(bytes));
            let whole = |error: &dyn std::fmt::Display| StatementError {
                place: "the statement".to_owned(),
                problem: error.to_string(),
            };
            let summary = Summary::read(records()).map_err(|error| whole(&error))?;
            incoming::native(&summary, records(), &limits)
        }
    };
    // Says its place by itself.
    let read = read.map_err(|error| {
        let (place, text) = (error.place().to_owned(), error.to_string());
        let problem = text.strip_prefix(&format!("{place}: ")).map(str::to_owned).unwrap_or(text);
        match domain::card_numbers(&problem).is_empty() {
            true => StatementError { place, problem },
            false => {
                StatementError { place, problem: "expected another value, and no card number".to_owned() }
            }
        }
    })?;
    if let Some(found) = read.environment.filter(|found| *found != ours) {
        let problem = format!("expected {}, found {}; is it for another system?", ours.name(), found.name());
        return Err(StatementError { place: "environment".to_owned(), problem });
    }
    let reference = if read.reference.is_empty() { name.to_owned() } else { read.reference };
    let lines = read.lines.into_iter().map(kept).collect::<Result<Vec<_>, _>>()?;
    let reference = text(&reference, 0).map_err(|(_, expected)| problem(1, expected))?;
    Ok(IncomingStatement { reference, lines })
}

fn kept(line: incoming::StatementLine) -> Result<StatementLine, StatementError> {
    let place = line.place;
    let checked = |of: &str, what: &str| {
        // Texts of several lines are one line for us.
        let one_line = of.split_whitespace().collect::<Vec<_>>().join(" ");
        text(&one_line, 0).map_err(|(_, expected)| problem(place, format!("{what}: expected {expected}")))
    };
    Ok(StatementLine {
        reference: checked(&line.reference, "reference")?,
        text: checked(&line.text, "text")?,
        date: line.date,
        amount_minor: line.amount_minor,
        currency: line.currency,
        direction: line.direction,
    })
}

/// Reads a statement in our own CSV. `reference` is the receiver's reference of the whole, such as the name of its file.
pub fn read_statement(reference: &str, bytes: &[u8]) -> Result<IncomingStatement, StatementError> {
    if bytes.len() > STATEMENT_BYTES_MAX {
        return Err(problem(
            1,
            format!("expected at most {STATEMENT_BYTES_MAX} bytes; send smaller statements"),
        ));
    }
    let mut reader = csv::ReaderBuilder::new().has_headers(true).flexible(false).from_reader(bytes);
    let unreadable = |error: &csv::Error| {
        let line = error.position().map_or(1, csv::Position::line);
        problem(line, format!("expected UTF-8 and {} columns, with quotes in pairs", COLUMNS.len()))
    };
    let header = reader.headers().map_err(|error| unreadable(&error))?;
    if header.iter().ne(COLUMNS) {
        return Err(problem(1, format!("expected the header {}", COLUMNS.join(","))));
    }
    let mut lines = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| unreadable(&error))?;
        let line = record.position().map_or(1, csv::Position::line);
        if lines.len() == LINES_MAX {
            return Err(problem(
                line,
                format!("expected at most {LINES_MAX} lines; send smaller statements"),
            ));
        }
        lines.push(statement_line(&record).map_err(|(field, expected)| {
            problem(line, format!("{}: expected {expected}", COLUMNS.get(field).copied().unwrap_or_default()))
        })?);
    }
    Ok(IncomingStatement {
        reference: text(reference, 0).map_err(|(_, expected)| problem(1, expected))?,
        lines,
    })
}

type Wrong = (usize, &'static str);

fn text(of: &str, field: usize) -> Result<String, Wrong> {
    let plain = of.chars().count() <= TEXT_CHARS_MAX && !of.chars().any(char::is_control);
    match (plain, is_card_number(of)) {
        (false, _) => Err((field, "at most 500 characters, none of them a control character")),
        (true, true) => Err((field, "no card number")),
        // One that stands among other words may be one by chance.
        (true, false) => Ok(domain::hide_card_numbers(of)),
    }
}

fn statement_line(record: &csv::StringRecord) -> Result<StatementLine, Wrong> {
    let field = |field: usize| record.get(field).unwrap_or_default();
    let written_as = |date: &Date| date.to_string() == field(1);
    let date = field(1).parse::<Date>().ok().filter(written_as).ok_or((1, "a date such as 2026-10-31"))?;
    let amount = field(2).parse::<i64>().ok().filter(|amount| amount.to_string() == field(2));
    let currency = field(3);
    if currency.len() != 3 || !currency.bytes().all(|byte| byte.is_ascii_uppercase()) {
        return Err((3, "the three letters of a currency"));
    }
    Ok(StatementLine {
        reference: text(field(0), 0)?,
        date,
        amount_minor: amount.ok_or((2, "minor units, a whole number without plus sign and leading zeros"))?,
        currency: currency.to_owned(),
        direction: Direction::parse(field(4)).ok_or((4, "bank_pays_partner or partner_pays_bank"))?,
        text: text(field(5), 5)?,
    })
}

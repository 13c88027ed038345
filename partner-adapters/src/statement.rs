//! A receiver's statement in our own CSV: `reference,date,amount_minor,currency,direction,text`, a header and a row for each
//! line. Other formats are read into the same value.

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
#[error("line {line}: {problem}")]
pub struct StatementError {
    /// The line, from 1; the header is the first.
    pub line: u64,
    /// What was expected, and what to do. Never what was found.
    pub problem: String,
}

fn problem(line: u64, problem: impl Into<String>) -> StatementError {
    StatementError { line, problem: problem.into() }
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

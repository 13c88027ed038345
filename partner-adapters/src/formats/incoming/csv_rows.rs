//! A partner's statement as CSV.

use std::io::Read;

use ::csv::{ReaderBuilder, StringRecord, Trim};
use domain::{hide_card_numbers, settlement::Direction};
use jiff::civil::Date;

use super::error::StatementError;
use super::mapping::CsvMapping;
use super::{Limits, Statement, StatementLine, amount, bounded, checked_text, shown};
use crate::formats::encoding::ENCODINGS;

/// Reads a CSV by a mapping of its columns.
///
/// # Errors
/// The first line and column that is wrong, or what in the mapping the file does not have.
pub fn csv(input: impl Read, mapping: &CsvMapping, limits: &Limits) -> Result<Statement, StatementError> {
    let mut lines = Vec::new();
    rows(
        input,
        mapping,
        limits,
        |_| false,
        |row| {
            lines.push(row.line);
            Ok(())
        },
    )?;
    Ok(Statement { reference: String::new(), environment: None, lines, not_booked: 0 })
}

/// A line with all its cells, for readers that look at more of them.
pub(super) struct Row<'r> {
    pub(super) line: StatementLine,
    pub(super) cells: Cells<'r>,
}

/// The cells of a line by the names of their columns.
#[derive(Clone, Copy)]
pub(super) struct Cells<'r> {
    columns: &'r Columns<'r>,
    record: &'r StringRecord,
}

impl<'r> Cells<'r> {
    /// The cell of a column; empty if there is none.
    pub(super) fn of(self, name: &str) -> &'r str {
        self.columns.place(name).and_then(|place| self.record.get(place)).unwrap_or_default()
    }
}

pub(super) fn rows(
    input: impl Read,
    mapping: &CsvMapping,
    limits: &Limits,
    leave_out: impl Fn(Cells<'_>) -> bool,
    mut each: impl FnMut(Row<'_>) -> Result<(), StatementError>,
) -> Result<(), StatementError> {
    let bytes = bounded(input, limits)?;
    let text = decoded(&bytes, mapping)?;
    let body = after_lines(&text, mapping.skip_lines);
    let delimiter = u8::try_from(mapping.delimiter)
        .ok()
        .filter(u8::is_ascii)
        .ok_or_else(|| mapping_error("delimiter", "one ASCII character", mapping.delimiter.to_string()))?;
    let mut reader = ReaderBuilder::new()
        .delimiter(delimiter)
        .trim(Trim::None)
        .flexible(false)
        .from_reader(body.as_bytes());
    let mut lines =
        LineNumbers { body: body.as_bytes(), counted: 0, line: u64::from(mapping.skip_lines) + 1 };
    let header = reader.headers().map_err(|error| broken(&error, &mut lines))?.clone();
    let columns = Columns::new(&header, mapping)?;
    let mut records = 0;
    for record in reader.records() {
        let record = record.map_err(|error| broken(&error, &mut lines))?;
        let number = lines.at(record.position());
        records += 1;
        if records > limits.lines {
            let expected = format!("at most {} lines", limits.lines);
            return Err(StatementError::file(expected, "more", "ask the partner for several statements"));
        }
        if leave_out(Cells { columns: &columns, record: &record }) {
            continue;
        }
        if let Some(line) = columns.line(&record, number, mapping, limits)? {
            each(Row { line, cells: Cells { columns: &columns, record: &record } })?;
        }
    }
    Ok(())
}

fn mapping_error(key: &str, expected: impl Into<String>, found: impl Into<String>) -> StatementError {
    StatementError::at(format!("the mapping, {key}"), expected, found, "mend the partner's settings")
}

fn decoded(bytes: &[u8], mapping: &CsvMapping) -> Result<String, StatementError> {
    let known = ENCODINGS.iter().find(|(name, _)| *name == mapping.encoding);
    let Some((name, encoding)) = known else {
        let names: Vec<&str> = ENCODINGS.iter().map(|(name, _)| *name).collect();
        return Err(mapping_error(
            "encoding",
            format!("one of {}", names.join(", ")),
            shown(&mapping.encoding),
        ));
    };
    let text = encoding.decode(bytes).map_err(|offset| {
        let line = bytes.iter().take(offset).filter(|byte| **byte == b'\n').count() + 1;
        let found = format!("the byte {:02X}", bytes.get(offset).copied().unwrap_or_default());
        let advice = "ask the partner for the encoding, and write it into the mapping";
        StatementError::at(
            format!("line {line}, byte {offset} of the file"),
            (*name).to_owned(),
            found,
            advice,
        )
    })?;
    Ok(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text))
}

fn after_lines(text: &str, lines: u8) -> &str {
    let mut rest = text;
    for _ in 0..lines {
        rest = rest.split_once('\n').map_or("", |(_, rest)| rest);
    }
    rest
}

/// Which line of the file a record begins on: the csv crate counts the two bytes of a line end in its own way.
struct LineNumbers<'b> {
    body: &'b [u8],
    counted: usize,
    line: u64,
}

impl LineNumbers<'_> {
    /// Positions must not go back.
    fn at(&mut self, position: Option<&::csv::Position>) -> u64 {
        let byte = position.and_then(|position| usize::try_from(position.byte()).ok()).unwrap_or(0);
        let rest = self.body.get(byte..).unwrap_or_default();
        let ends = rest.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        let begin = byte.saturating_add(ends);
        let passed = self.body.get(self.counted..begin).unwrap_or_default();
        self.line += passed.iter().filter(|byte| **byte == b'\n').map(|_| 1).sum::<u64>();
        self.counted = self.counted.max(begin);
        self.line
    }
}

fn broken(error: &::csv::Error, lines: &mut LineNumbers<'_>) -> StatementError {
    let line = lines.at(error.position());
    let found = match error.kind() {
        ::csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
            format!("{len} fields where the names of the columns are {expected_len}")
        }
        other => format!("{other:?}"),
    };
    let advice = "ask the partner for a file with the same columns in each line";
    StatementError::at(format!("line {line}"), "CSV", found, advice)
}

/// Where the columns of the mapping stand.
struct Columns<'h> {
    header: &'h StringRecord,
    reference: usize,
    date: usize,
    amount: usize,
    side: Option<usize>,
    currency: Option<usize>,
    text: Option<usize>,
    only: Vec<(usize, &'h str)>,
}

impl<'h> Columns<'h> {
    fn new(header: &'h StringRecord, mapping: &'h CsvMapping) -> Result<Self, StatementError> {
        let find = |key: &str, name: &str| {
            let mut places = header.iter().enumerate().filter(|(_, column)| column.trim() == name);
            match (places.next(), places.next()) {
                (Some((place, _)), None) => Ok(place),
                (Some(_), Some(_)) => Err(mapping_error(key, format!("one column {name:?}"), "several")),
                (None, _) => {
                    let names: Vec<String> = header.iter().take(60).map(shown).collect();
                    let found = names.join(", ");
                    Err(mapping_error(key, format!("a column {name:?} in the file"), found))
                }
            }
        };
        let maybe = |key: &str, name: &Option<String>| name.as_ref().map(|name| find(key, name)).transpose();
        if mapping.currency.is_some() == mapping.only_currency.is_some() {
            return Err(mapping_error("currency", "either `currency` or `only_currency`", "both or none"));
        }
        Ok(Self {
            header,
            reference: find("reference", &mapping.reference)?,
            date: find("date", &mapping.date)?,
            amount: find("amount", &mapping.amount)?,
            side: maybe("side", &mapping.side)?,
            currency: maybe("currency", &mapping.currency)?,
            text: maybe("text", &mapping.text)?,
            only: mapping
                .only
                .iter()
                .map(|(name, value)| Ok((find("only", name)?, value.as_str())))
                .collect::<Result<_, StatementError>>()?,
        })
    }

    fn place(&self, name: &str) -> Option<usize> {
        self.header.iter().position(|column| column == name)
    }

    /// A line; `None` if the mapping leaves it out.
    fn line(
        &self,
        record: &StringRecord,
        number: u64,
        mapping: &CsvMapping,
        limits: &Limits,
    ) -> Result<Option<StatementLine>, StatementError> {
        let cell = |place: usize| record.get(place).unwrap_or_default();
        if !self.only.iter().all(|(place, value)| cell(*place).trim() == *value) {
            return Ok(None);
        }
        let at = |place: usize| {
            format!("line {number}, column {}", shown(self.header.get(place).unwrap_or_default()))
        };
        let text = |place: usize| {
            let text = checked_text(cell(place), limits, || at(place))?;
            no_formula(&text, || at(place))
        };
        let currency = match (self.currency, &mapping.only_currency) {
            (Some(place), _) => text(place)?,
            (None, only) => only.clone().unwrap_or_default(),
        };
        let amount_text = checked_text(cell(self.amount), limits, || at(self.amount))?;
        let minor = amount(&amount_text, &currency, mapping.point, || at(self.amount))?;
        let minor = self.signed(minor, record, mapping, &at)?;
        Ok(Some(StatementLine {
            place: number,
            reference: hide_card_numbers(&text(self.reference)?),
            date: date(&text(self.date)?, mapping, || at(self.date))?,
            amount_minor: minor,
            currency,
            direction: Direction::BankPaysPartner,
            text: hide_card_numbers(&self.text.map(text).transpose()?.unwrap_or_default()),
        }))
    }

    /// The amount from the partner's side.
    fn signed(
        &self,
        minor: i64,
        record: &StringRecord,
        mapping: &CsvMapping,
        at: &impl Fn(usize) -> String,
    ) -> Result<i64, StatementError> {
        let owed = match self.side {
            None => mapping.positive_is_owed_by_partner,
            Some(place) => {
                let word = record.get(place).unwrap_or_default().trim();
                if minor < 0 || (word != mapping.credit && word != mapping.debit) {
                    let expected =
                        format!("{:?} or {:?}, and an amount without sign", mapping.credit, mapping.debit);
                    let advice = "compare it with the partner's layout";
                    return Err(StatementError::at(at(place), expected, shown(word), advice));
                }
                word == mapping.debit
            }
        };
        let turned = if owed { minor.checked_neg() } else { Some(minor) };
        turned.ok_or_else(|| {
            let found = minor.to_string();
            StatementError::at(at(self.amount), "a smaller amount", found, "ask the partner")
        })
    }
}

fn date(text: &str, mapping: &CsvMapping, at: impl Fn() -> String) -> Result<Date, StatementError> {
    Date::strptime(&mapping.date_format, text).map_err(|_| {
        let expected = format!("a date like {}", mapping.date_format);
        StatementError::at(at(), expected, shown(text), "compare it with the partner's layout")
    })
}

/// A text that a spreadsheet would run. What we have neutralized ourselves comes back as it was.
fn no_formula(text: &str, at: impl Fn() -> String) -> Result<String, StatementError> {
    let formula = |text: &str| {
        text.starts_with(['=', '@', '＝', '＠'])
            || (text.starts_with(['+', '-']) && !text.chars().skip(1).all(|letter| letter.is_ascii_digit()))
    };
    if let Some(quoted) = text.strip_prefix('\'') {
        return Ok(quoted.to_owned());
    }
    if formula(text) {
        let advice = "it may run in a spreadsheet: ask the partner for the text without it";
        return Err(StatementError::at(at(), "a text", format!("the formula {}", shown(text)), advice));
    }
    Ok(text.to_owned())
}

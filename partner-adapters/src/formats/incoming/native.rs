//! Our own forms, as a partner hands them back: the canonical file and the payout CSV.

use std::collections::BTreeMap;
use std::error::Error;
use std::io::Read;

use domain::settlement::Direction;

use super::csv_rows::{Cells, Row, rows};
use super::error::StatementError;
use super::mapping::CsvMapping;
use super::{Limits, Statement, StatementLine, bounded, shown};
use crate::canonical::{Environment, Record};
use crate::formats::movement::{Step, Summary, walk};
use crate::formats::payout_csv::VERSION;

/// Our canonical file: a line for each movement, by its line id. The records come from the strict reader.
///
/// # Errors
/// What the reader of the records says, or a file with more lines than there may be.
pub fn native<E>(
    summary: &Summary,
    records: impl Iterator<Item = Result<Record, E>>,
    limits: &Limits,
) -> Result<Statement, StatementError>
where
    E: Error + Send + Sync + 'static,
{
    if summary.movements() > limits.lines {
        let expected = format!("at most {} lines", limits.lines);
        let found = summary.movements().to_string();
        return Err(StatementError::file(expected, found, "ask the partner for several statements"));
    }
    let mut lines = Vec::new();
    let walked = walk(summary, records, |step| {
        if let Step::Movement(batch, movement) = step {
            lines.push(StatementLine {
                place: lines.len() as u64 + 1,
                reference: movement.line_id,
                date: movement.date,
                amount_minor: movement.amount_minor,
                currency: batch.header.currency.clone(),
                direction: Direction::BankPaysPartner,
                text: movement.kind.name().to_owned(),
            });
        }
        Ok(())
    });
    walked.map_err(|error| {
        StatementError::file("a whole canonical file", error.to_string(), "ask the partner for it again")
    })?;
    let environment = Some(summary.header.environment);
    Ok(Statement { reference: summary.file_id(), environment, lines, not_booked: 0 })
}

/// Our payout CSV (`payout/1`), with or without rows of the partner's own: the items of a line are one line again.
///
/// # Errors
/// As [`super::csv`], and for a file that is not all of one version, environment and file.
pub fn payout_csv(input: impl Read, limits: &Limits) -> Result<Statement, StatementError> {
    let mut found = Payout::default();
    let bytes = bounded(input, limits)?;
    // Rows that sum up have no amount of their own.
    let sums = |cells: Cells<'_>| matches!(cells.of("row_type"), "payout" | "file");
    rows(bytes.as_slice(), &mapping(&bytes), limits, sums, |row| found.take(&row))?;
    Ok(Statement {
        reference: found.file_id.unwrap_or_default(),
        environment: found.environment,
        lines: found.lines,
        not_booked: 0,
    })
}

/// The mapping of our columns; the name of the date's column has the zone, so the file is looked into first.
fn mapping(bytes: &[u8]) -> CsvMapping {
    let first = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let header = String::from_utf8_lossy(first);
    let date = header.split(',').find(|name| name.trim().starts_with("business_date"));
    let date = date.unwrap_or("business_date").trim().to_owned();
    CsvMapping {
        delimiter: ',',
        encoding: "utf-8".into(),
        skip_lines: 0,
        point: '.',
        date_format: "%Y-%m-%d".into(),
        reference: "line_id".into(),
        date,
        amount: "amount".into(),
        side: None,
        credit: "CR".into(),
        debit: "DR".into(),
        positive_is_owed_by_partner: false,
        currency: Some("currency".into()),
        only_currency: None,
        text: Some("row_type".into()),
        only: BTreeMap::new(),
    }
}

#[derive(Default)]
struct Payout {
    file_id: Option<String>,
    environment: Option<Environment>,
    lines: Vec<StatementLine>,
}

impl Payout {
    fn take(&mut self, row: &Row<'_>) -> Result<(), StatementError> {
        let at = |column: &str| format!("line {}, column {column:?}", row.line.place);
        if row.cells.of("columns") != VERSION {
            let found = shown(row.cells.of("columns"));
            return Err(StatementError::at(
                at("columns"),
                VERSION,
                found,
                "ask the partner for our own columns",
            ));
        }
        let environment = Environment::parse(row.cells.of("environment"));
        let known = environment.ok_or_else(|| {
            let found = shown(row.cells.of("environment"));
            StatementError::at(
                at("environment"),
                "TEST or LIVE",
                found,
                "ask the partner for our own columns",
            )
        })?;
        let file_id = row.cells.of("file_id");
        let same = self.environment.is_none_or(|first| first == known)
            && self.file_id.as_ref().is_none_or(|first| first == file_id);
        if !same {
            let found = shown(file_id);
            return Err(StatementError::at(
                at("file_id"),
                "rows of one file",
                found,
                "send each file by itself",
            ));
        }
        self.environment = Some(known);
        self.file_id.get_or_insert_with(|| file_id.to_owned());
        self.add(row)
    }

    fn add(&mut self, row: &Row<'_>) -> Result<(), StatementError> {
        let line = &row.line;
        match self
            .lines
            .last_mut()
            .filter(|last| last.reference == line.reference && !line.reference.is_empty())
        {
            Some(last) => {
                let place = || format!("line {}", line.place);
                if last.currency != line.currency {
                    let found = line.currency.clone();
                    let advice = "ask the partner for our rows as they were";
                    return Err(StatementError::at(place(), last.currency.clone(), found, advice));
                }
                last.amount_minor = last.amount_minor.checked_add(line.amount_minor).ok_or_else(|| {
                    StatementError::at(
                        place(),
                        "a sum that fits",
                        "more",
                        "ask the partner for the right amounts",
                    )
                })?;
            }
            None => self.lines.push(line.clone()),
        }
        Ok(())
    }
}

//! Enrollment by file: cards and members, tokenized while they are read.

use std::{collections::BTreeMap, io::Read};

use domain::{BankId, ProgramId};
use iso8583::Pan;
use jiff::civil::Date;
use serde::Deserialize;
use store::{CardToken, NewMember, Pool};

use crate::{CardKeys, Link};

/// Lines of one file; a larger membership comes in several files.
const LINES_MAX: usize = 1_000_000;
/// Errors that are listed before reading stops.
const ERRORS_MAX: usize = 20;

/// Why an enrollment file was not taken. Nothing of it was enrolled unless `Store` says otherwise.
#[derive(Debug, thiserror::Error)]
pub enum EnrollmentError {
    /// Lines that cannot be used; card numbers are never shown.
    #[error("the enrollment file was not taken, mend these lines and import it again:\n{}", .0.join("\n"))]
    Lines(Vec<String>),
    /// The database failed in the middle; importing the same file again completes it.
    #[error(
        "enrollment stopped after {enrolled} cards: {source}. Import the same file again: known cards stay as they are"
    )]
    Store {
        /// How many cards were enrolled before.
        enrolled: usize,
        /// The database's reason.
        source: store::StoreError,
    },
}

/// What an import did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct EnrollmentReport {
    /// Cards that are new.
    pub enrolled: usize,
    /// Cards that were known.
    pub known: usize,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    pan: String,
    program: String,
    member_number: String,
    enrolled_on: String,
}

/// Imports `pan,program,member_number,enrolled_on`; the first line names the columns.
pub async fn import_enrollment(
    file: impl Read,
    link: &Link,
    programs: &BTreeMap<String, ProgramId>,
    keys: &CardKeys,
    pool: &Pool,
) -> Result<EnrollmentReport, EnrollmentError> {
    let members = read(file, link.bank, link, programs, keys)?;
    let mut report = EnrollmentReport::default();
    for (tokens, member) in &members {
        // A card that is known under an older key stays as it is, too.
        let found = store::routes(pool, tokens).await;
        let found = found.map_err(|source| EnrollmentError::Store { enrolled: report.enrolled, source })?;
        if found.iter().any(Option::is_some) {
            report.known += 1;
            continue;
        }
        let enrolled = store::enroll(pool, member).await;
        let enrolled =
            enrolled.map_err(|source| EnrollmentError::Store { enrolled: report.enrolled, source })?;
        if enrolled.created {
            report.enrolled += 1;
        } else {
            report.known += 1;
        }
    }
    Ok(report)
}

fn read(
    file: impl Read,
    bank: BankId,
    link: &Link,
    programs: &BTreeMap<String, ProgramId>,
    keys: &CardKeys,
) -> Result<Vec<(Vec<CardToken>, NewMember)>, EnrollmentError> {
    let (mut members, mut errors) = (Vec::new(), Vec::new());
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(file);
    for (index, line) in reader.deserialize::<Line>().enumerate() {
        let number = index + 2;
        if index >= LINES_MAX {
            errors.push(format!("line {number}: a file holds at most {LINES_MAX} cards; split it"));
        }
        match line {
            Err(error) => errors.push(at_line(number, &csv_problem(&error))),
            Ok(line) => match member(&line, bank, link, programs, keys) {
                Ok(member) => members.push(member),
                Err(problem) => errors.push(at_line(number, &problem)),
            },
        }
        if errors.len() >= ERRORS_MAX {
            break;
        }
    }
    if errors.is_empty() { Ok(members) } else { Err(EnrollmentError::Lines(errors)) }
}

/// A line with its problem. Where columns have moved or the first line is missing, the value or the column's name
/// that the problem quotes may be a card number.
pub(crate) fn at_line(number: usize, problem: &str) -> String {
    format!("line {number}: {}", iso8583::mask_text(problem))
}

/// What is wrong with a line, without its content.
pub(crate) fn csv_problem(error: &csv::Error) -> String {
    match error.kind() {
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
            format!("expected {expected_len} columns as in the first line, found {len}")
        }
        csv::ErrorKind::Utf8 { .. } => "is not UTF-8".to_owned(),
        csv::ErrorKind::Deserialize { err, .. } => match err.kind() {
            csv::DeserializeErrorKind::Message(text) if text.starts_with("missing field") => {
                format!("{text}: the first line must name every column")
            }
            csv::DeserializeErrorKind::Message(text) if text.starts_with("unknown field") => text.clone(),
            _ => format!("column {} cannot be read", err.field().map_or(0, |field| field + 1)),
        },
        _ => "cannot be read as CSV".to_owned(),
    }
}

fn member(
    line: &Line,
    bank: BankId,
    link: &Link,
    programs: &BTreeMap<String, ProgramId>,
    keys: &CardKeys,
) -> Result<(Vec<CardToken>, NewMember), String> {
    let pan = Pan::parse(&line.pan).ok_or("column pan: expected 12 to 19 digits")?;
    if !link.bins.iter().any(|range| range.contains(&pan)) {
        return Err(format!("column pan: the card is in no BIN range of {}", link.code));
    }
    let program = programs.get(&line.program).ok_or_else(|| {
        let known = programs.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
        format!("column program: {:?} is not configured; known are {known}", line.program)
    })?;
    let enrolled_on: Date = line
        .enrolled_on
        .parse()
        .map_err(|_| "column enrolled_on: expected a date such as 2026-10-01".to_owned())?;
    if iso8583::mask_text(&line.member_number) != line.member_number {
        return Err(
            "column member_number: looks like a card number; it would stand in settlement files".to_owned()
        );
    }
    let tokens = keys.tokens(&pan);
    let token = tokens.first().copied().ok_or("no card key is configured")?;
    let member = NewMember {
        token,
        last4: pan.last4().to_owned(),
        bank,
        program: *program,
        member_number: line.member_number.clone(),
        enrolled_on,
    };
    Ok((tokens, member))
}

//! What a partner answers to a file of lines: read strictly, and compared with what was sent.

use std::collections::{BTreeMap, BTreeSet};

use domain::{LineState, PartnerVerdict, RejectCode, after};
use store::{AccrualFile, AccrualLine, AnsweredLine, Handback};

use partner_adapters::sha256;

use super::{LAYOUT_VERSION, SEPARATOR};
use crate::ProgramSetup;

/// What is wrong with a hand-back file, and where. Nothing of such a file is taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {problem}")]
pub struct HandbackError {
    /// The line, from 1.
    pub line: usize,
    /// The column, in characters from 1.
    pub column: usize,
    /// What was expected, what was found, and what to do.
    pub problem: String,
}

/// An answer and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Answer {
    line: usize,
    id: String,
    verdict: PartnerVerdict,
}

/// A hand-back file that can be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HandbackFile {
    environment: String,
    partner: String,
    bank: String,
    program: String,
    file_sequence: i32,
    sequence: i32,
    sha256: [u8; 32],
    answers: Vec<Answer>,
    /// Accepted and rejected lines with their miles, as the trailer says them.
    totals: [i64; 4],
    lines: usize,
}

/// One record, with its place.
struct Record<'a> {
    line: usize,
    text: &'a str,
    fields: Vec<&'a str>,
}

impl<'a> Record<'a> {
    fn of((number, text): (usize, &'a str)) -> Self {
        Self { line: number + 1, text, fields: text.split(SEPARATOR).collect() }
    }

    fn problem(&self, field: usize, problem: impl Into<String>) -> HandbackError {
        let before = self.fields.iter().take(field).map(|field| field.chars().count() + 1);
        let column = before.sum::<usize>() + 1;
        HandbackError { line: self.line, column, problem: problem.into() }
    }

    /// Refuses another type of record or another number of fields.
    fn expect(&self, kind: &str, what: &str, fields: usize) -> Result<(), HandbackError> {
        if self.fields.first() != Some(&kind) {
            return Err(self.problem(0, format!("expected {what}, a record {kind}, found another")));
        }
        if self.fields.len() != fields {
            let found = self.fields.len();
            let at = found.min(fields).saturating_sub(1);
            return Err(self.problem(at, format!("expected {fields} fields in {what}, found {found}")));
        }
        Ok(())
    }

    fn field(&self, field: usize) -> &'a str {
        self.fields.get(field).copied().unwrap_or_default()
    }

    fn number<T: std::str::FromStr + ToString>(&self, field: usize, what: &str) -> Result<T, HandbackError> {
        let text = self.field(field);
        // As we would write it: no plus sign, no leading zeros.
        let number = text.parse::<T>().ok().filter(|number| number.to_string() == text);
        number.ok_or_else(|| {
            self.problem(field, format!("expected {what}, a whole number without leading zeros"))
        })
    }

    fn word(&self, field: usize, expected: &str, what: &str) -> Result<(), HandbackError> {
        match self.field(field) == expected {
            true => Ok(()),
            false => Err(self.problem(field, format!("expected {what} {expected:?}, found another"))),
        }
    }
}

impl HandbackFile {
    /// Reads a file; what it says is not compared with anything yet.
    pub fn read(bytes: &[u8]) -> Result<Self, HandbackError> {
        let text = std::str::from_utf8(bytes).map_err(|error| {
            let whole = bytes.get(..error.valid_up_to()).unwrap_or_default();
            let line = whole.iter().filter(|byte| **byte == b'\n').count() + 1;
            HandbackError { line, column: 1, problem: "expected UTF-8, found other bytes".to_owned() }
        })?;
        let body = text.strip_suffix('\n').unwrap_or(text);
        let records: Vec<Record<'_>> = body.split('\n').enumerate().map(Record::of).collect();
        let at_end = |problem: &str| HandbackError {
            line: records.len().max(1),
            column: 1,
            problem: problem.to_owned(),
        };
        if !text.ends_with('\n') {
            return Err(at_end("expected a line feed behind the last record; is the file complete?"));
        }
        let [header, answers @ .., trailer] = records.as_slice() else {
            return Err(at_end("expected a header HH and a trailer HT; is the file complete?"));
        };
        if let Some(record) = records.iter().find(|record| record.text.ends_with('\r')) {
            return Err(record.problem(record.fields.len().saturating_sub(1), "expected no carriage return"));
        }
        header.expect("HH", "the header", 8)?;
        header.word(1, LAYOUT_VERSION, "layout version")?;
        trailer.expect("HT", "the trailer", 6)?;
        let records_said: usize = trailer.number(1, "the number of records")?;
        if records_said != records.len() {
            let found = records.len();
            return Err(
                trailer.problem(1, format!("expected {found} records as there are, found {records_said}"))
            );
        }
        let mut totals = [0; 4];
        for (field, total) in (2..).zip(&mut totals) {
            *total = trailer.number(field, "a total")?;
        }
        Ok(Self {
            environment: header.field(2).to_owned(),
            partner: header.field(3).to_owned(),
            bank: header.field(4).to_owned(),
            program: header.field(5).to_owned(),
            file_sequence: header.number(6, "the sequence of the accrual file")?,
            sequence: header.number(7, "the hand-back's own number")?,
            sha256: sha256(bytes),
            answers: answers.iter().map(answer).collect::<Result<_, _>>()?,
            totals,
            lines: records.len(),
        })
    }

    /// The accrual file that it answers.
    pub fn file_sequence(&self) -> i32 {
        self.file_sequence
    }

    /// The partner's number of it.
    pub fn sequence(&self) -> i32 {
        self.sequence
    }

    /// SHA-256 of its bytes.
    pub fn sha256(&self) -> [u8; 32] {
        self.sha256
    }

    /// The program that it speaks of.
    pub fn program(&self) -> &str {
        &self.program
    }

    /// Refuses a file that another partner made, that is for another bank, or that is of a trial where it is not.
    pub fn is_for(&self, setup: &ProgramSetup) -> Result<(), HandbackError> {
        let partner = setup.partner_codes.get(&setup.cobrand_partner).map_or("", String::as_str);
        let environment = setup.environment.name();
        let header = [
            (&self.environment, environment, "the environment"),
            (&self.partner, partner, "the partner"),
            (&self.bank, setup.bank.1.as_str(), "the bank"),
            (&self.program, setup.code.as_str(), "the program"),
        ];
        let mut column = 1 + "HH|1|".len();
        for (found, expected, what) in header {
            if found != expected {
                let problem =
                    format!("expected {what} {expected:?}, found {found:?}; is it a file for somebody else?");
                return Err(HandbackError { line: 1, column, problem });
            }
            column += found.chars().count() + 1;
        }
        if self.sequence < 1 {
            let problem = "expected the hand-back's own number, from 1".to_owned();
            return Err(HandbackError { line: 1, column, problem });
        }
        Ok(())
    }

    /// Compares the answers with the file that was sent: `None` if we have sent no such file.
    pub fn answers(
        &self,
        setup: &ProgramSetup,
        file: Option<&AccrualFile>,
        sent: &[AccrualLine],
    ) -> Result<Handback, HandbackError> {
        self.is_for(setup)?;
        if file.is_none_or(|file| !file.published) {
            let column = 1
                + ["HH|1|", &self.environment, &self.partner, &self.bank, &self.program]
                    .map(|text| text.chars().count())
                    .into_iter()
                    .sum::<usize>()
                + 4;
            let problem =
                format!("expected the sequence of a file that was sent, found {}", self.file_sequence);
            return Err(HandbackError { line: 1, column, problem });
        }
        let known: BTreeMap<&str, &AccrualLine> = sent.iter().map(|line| (line.id.as_str(), line)).collect();
        let (mut seen, mut totals, mut lines) = (BTreeSet::new(), [0_i64; 4], Vec::new());
        for answer in &self.answers {
            let line = known.get(answer.id.as_str()).copied();
            let (line, state) = judged(answer, line, &mut seen)?;
            let [accepted, rejected, miles_accepted, miles_rejected] = &mut totals;
            let (count, miles, code) = match answer.verdict {
                PartnerVerdict::Accepted => (accepted, miles_accepted, None),
                PartnerVerdict::Rejected(code) => (rejected, miles_rejected, Some(code)),
            };
            *count += 1;
            *miles += line.miles;
            lines.push(AnsweredLine { id: answer.id.clone(), state, code });
        }
        if totals != self.totals {
            let [accepted, rejected, miles_accepted, miles_rejected] = totals;
            let problem = format!(
                "expected the totals {accepted}|{rejected}|{miles_accepted}|{miles_rejected} of the lines that were sent, \
                 found others"
            );
            return Err(HandbackError { line: self.lines, column: 1, problem });
        }
        let program = setup.id;
        let Self { sequence, file_sequence, sha256, .. } = *self;
        Ok(Handback { program, sequence, file_sequence, sha256, lines })
    }
}

fn answer(record: &Record<'_>) -> Result<Answer, HandbackError> {
    record.expect("HL", "an answer", 4)?;
    let verdict = match (record.field(2), record.field(3)) {
        ("accepted", "") => PartnerVerdict::Accepted,
        ("accepted", _) => return Err(record.problem(3, "expected no code, as the line is accepted")),
        ("rejected", code) => PartnerVerdict::Rejected(RejectCode::parse(code).ok_or_else(|| {
            let known = RejectCode::ALL.map(RejectCode::name).join(", ");
            record.problem(3, format!("expected one of the codes {known}"))
        })?),
        _ => return Err(record.problem(2, "expected accepted or rejected")),
    };
    if record.field(1).is_empty() {
        return Err(record.problem(1, "expected the id of a line, found nothing"));
    }
    Ok(Answer { line: record.line, id: record.field(1).to_owned(), verdict })
}

/// The line that an answer speaks of, and its state from now on.
fn judged<'a, 'b>(
    answer: &'b Answer,
    line: Option<&'a AccrualLine>,
    seen: &mut BTreeSet<&'b str>,
) -> Result<(&'a AccrualLine, LineState), HandbackError> {
    let problem = |column: usize, problem: &str| HandbackError {
        line: answer.line,
        column,
        problem: problem.to_owned(),
    };
    let id_column = 1 + "HL|".len();
    let Some(line) = line else {
        return Err(problem(id_column, "expected a line of the file that it answers, found another id"));
    };
    if !seen.insert(answer.id.as_str()) {
        return Err(problem(id_column, "expected one answer to a line, found a second"));
    }
    if line.state != LineState::Sent {
        return Err(problem(id_column, "expected a line that waits for an answer: this one has one already"));
    }
    let code_column = id_column + answer.id.chars().count() + "|rejected|".len();
    match after(line.kind, answer.verdict) {
        Some(next) => Ok((line, next.state())),
        None => Err(problem(
            code_column,
            "expected a code for a line that gives miles: nothing of it can be spent",
        )),
    }
}

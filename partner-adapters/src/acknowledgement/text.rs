//! The answer as text: a record `ACK` or `NACK`, a record `LINE` for each disputed line, and `END`.

use std::fmt::Write as _;

use domain::{AnswerVerdict, DisputeCode, FileAnswer, FileTotal, LineAnswer};

use super::{
    ACKNOWLEDGEMENT_VERSION, Acknowledgement, AcknowledgementError, DISPUTED_LINES_MAX, field, is_complete,
};

/// The longest record, in bytes.
const RECORD_MAX: usize = 4_096;

struct Record<'a> {
    line: usize,
    fields: Vec<&'a str>,
}

impl<'a> Record<'a> {
    fn of((number, text): (usize, &'a str)) -> Result<Self, AcknowledgementError> {
        let record = Self { line: number + 1, fields: text.split('|').collect() };
        match text.len() > RECORD_MAX {
            true => Err(record.problem(0, format!("expected a record of at most {RECORD_MAX} bytes"))),
            false => Ok(record),
        }
    }

    fn problem(&self, field: usize, problem: impl Into<String>) -> AcknowledgementError {
        let before = self.fields.iter().take(field).map(|field| field.chars().count() + 1);
        at(self.line, before.sum::<usize>() + 1, problem)
    }

    fn has(&self, fields: usize) -> Result<(), AcknowledgementError> {
        let found = self.fields.len();
        match found == fields {
            true => Ok(()),
            false => {
                let place = found.min(fields).saturating_sub(1);
                Err(self.problem(place, format!("expected {fields} fields, found {found}")))
            }
        }
    }

    fn field(&self, field: usize) -> &'a str {
        self.fields.get(field).copied().unwrap_or_default()
    }

    fn read<T>(
        &self,
        field: usize,
        read: impl FnOnce(&'a str) -> Result<T, String>,
    ) -> Result<T, AcknowledgementError> {
        read(self.field(field)).map_err(|problem| self.problem(field, problem))
    }
}

fn at(line: usize, column: usize, problem: impl Into<String>) -> AcknowledgementError {
    AcknowledgementError { place: format!("line {line}, column {column}"), problem: problem.into() }
}

pub(super) fn read(bytes: &[u8]) -> Result<Acknowledgement, AcknowledgementError> {
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let whole = bytes.get(..error.valid_up_to()).unwrap_or_default();
        at(whole.iter().filter(|byte| **byte == b'\n').count() + 1, 1, "expected UTF-8")
    })?;
    let Some(body) = text.strip_suffix('\n') else {
        return Err(at(
            text.split('\n').count(),
            1,
            "expected a line feed behind the last record; is it whole?",
        ));
    };
    if let Some((line, _)) = body.split('\n').enumerate().find(|(_, text)| text.chars().any(char::is_control))
    {
        return Err(at(
            line + 1,
            1,
            "expected no control character, and records that end with a line feed alone",
        ));
    }
    let count = body.split('\n').count();
    if count > DISPUTED_LINES_MAX + 2 {
        return Err(at(DISPUTED_LINES_MAX + 3, 1, format!("expected at most {DISPUTED_LINES_MAX} lines")));
    }
    let records = body.split('\n').enumerate().map(Record::of).collect::<Result<Vec<_>, _>>()?;
    let [header, lines @ .., end] = records.as_slice() else {
        return Err(at(1, 1, "expected a record ACK or NACK and a record END; is it whole?"));
    };
    if end.field(0) != "END" {
        return Err(end.problem(0, "expected the record END; is it whole?"));
    }
    end.has(2)?;
    let stated: usize = end.read(1, field::number)?;
    if stated != count {
        return Err(end.problem(1, format!("expected {count} records as there are")));
    }
    let lines = lines.iter().map(line).collect::<Result<Vec<_>, _>>()?;
    answer(header, lines)
}

fn answer(header: &Record<'_>, lines: Vec<LineAnswer>) -> Result<Acknowledgement, AcknowledgementError> {
    let accepts = match header.field(0) {
        "ACK" => true,
        "NACK" => false,
        _ => return Err(header.problem(0, "expected a record ACK or NACK")),
    };
    header.has(if accepts { 12 } else { 14 })?;
    header.read(1, |text| match text == ACKNOWLEDGEMENT_VERSION {
        true => Ok(()),
        false => Err(format!("expected layout version {ACKNOWLEDGEMENT_VERSION}")),
    })?;
    let verdict = match accepts {
        true if lines.is_empty() => AnswerVerdict::Accepted,
        true => return Err(header.problem(0, "expected no lines behind ACK: only NACK disputes lines")),
        false => header.read(12, |text| field::kind(text, lines))?,
    };
    let records: Option<i64> = match header.field(10) {
        "" => None,
        _ => Some(header.read(10, |text| field::number(text).and_then(|number| field::at_least(number, 1)))?),
    };
    let said_nothing = header.field(11).is_empty() && records.is_none();
    let answer = FileAnswer {
        number: header.read(5, |text| field::number(text).and_then(|number| field::at_least(number, 1)))?,
        file_id: header.read(6, field::id)?,
        sequence: header.read(7, |text| field::number(text).and_then(|number| field::at_least(number, 1)))?,
        revision: header.read(8, |text| field::number(text).and_then(|number| field::at_least(number, 0)))?,
        sha256: header.read(9, field::sha256)?,
        records,
        totals: if said_nothing { None } else { Some(header.read(11, totals)?) },
        verdict,
    };
    let field_of = |name: &str| match name {
        "sha256" => 9,
        "records" => 10,
        "totals" => 11,
        _ => 12,
    };
    is_complete(&answer).map_err(|(name, problem)| header.problem(field_of(name), problem))?;
    Ok(Acknowledgement {
        environment: header.read(2, field::environment)?,
        sender: header.read(3, field::code)?,
        receiver: header.read(4, field::code)?,
        answer,
        reason: if accepts { String::new() } else { header.read(13, field::free_text)? },
    })
}

fn totals(text: &str) -> Result<Vec<FileTotal>, String> {
    if text.is_empty() {
        return Ok(Vec::new());
    }
    let parts: Vec<&str> = text.split(';').take(field::TOTALS_MAX + 1).collect();
    if parts.len() > field::TOTALS_MAX {
        return Err(format!("expected at most {} totals", field::TOTALS_MAX));
    }
    let one = |part: &&str| match part.split(':').collect::<Vec<_>>().as_slice() {
        [currency, direction, amount] => field::total(currency, direction, field::number(amount)?),
        _ => Err("expected totals as in the file: currency:direction:amount, joined by `;`".to_owned()),
    };
    field::totals(parts.iter().map(one).collect::<Result<_, _>>()?)
}

fn line(record: &Record<'_>) -> Result<LineAnswer, AcknowledgementError> {
    if record.field(0) != "LINE" {
        return Err(record.problem(0, "expected a record LINE"));
    }
    record.has(6)?;
    let theirs = match (record.field(3), record.field(4)) {
        ("", "") => None,
        ("", _) => return Err(record.problem(3, "expected net and tax, or neither")),
        (_, "") => return Err(record.problem(4, "expected net and tax, or neither")),
        _ => Some((record.read(3, field::number)?, record.read(4, field::number)?)),
    };
    Ok(LineAnswer {
        line: record.read(1, field::id)?,
        code: record.read(2, |text| DisputeCode::parse(text).ok_or_else(unknown_code))?,
        theirs,
        reference: record.read(5, field::free_text)?,
    })
}

pub(super) fn unknown_code() -> String {
    format!("expected one of the codes {}", DisputeCode::ALL.map(DisputeCode::name).join(", "))
}

pub(super) fn write(of: &Acknowledgement) -> String {
    let FileAnswer { number, file_id, sequence, revision, sha256, records, totals, verdict } = &of.answer;
    let accepts = *verdict == AnswerVerdict::Accepted;
    let (kind, environment) = (if accepts { "ACK" } else { "NACK" }, of.environment.name());
    let hash = sha256.map(hex::encode).unwrap_or_default();
    let records = records.map(|records| records.to_string()).unwrap_or_default();
    let total =
        |total: &FileTotal| format!("{}:{}:{}", total.currency, total.direction.name(), total.to_pay_minor);
    let totals: Vec<String> = totals.iter().flatten().map(total).collect();
    let mut text = format!(
        "{kind}|{ACKNOWLEDGEMENT_VERSION}|{environment}|{}|{}|{number}|{file_id}|{sequence}|{revision}|{hash}|{records}|{}",
        of.sender,
        of.receiver,
        totals.join(";")
    );
    // Writing to a text cannot fail.
    let _ = match accepts {
        true => writeln!(text),
        false => writeln!(text, "|{}|{}", verdict.name(), of.reason),
    };
    let lines = if let AnswerVerdict::Content(lines) = verdict { lines.as_slice() } else { &[] };
    for LineAnswer { line, code, theirs, reference } in lines {
        let [net, vat] = match theirs {
            Some((net, vat)) => [net.to_string(), vat.to_string()],
            None => [String::new(), String::new()],
        };
        let _ = writeln!(text, "LINE|{line}|{}|{net}|{vat}|{reference}", code.name());
    }
    let _ = writeln!(text, "END|{}", lines.len() + 2);
    text
}

//! The answer as JSON, for `POST /v1/files/{id}/acknowledgement`.

use domain::{AnswerVerdict, DisputeCode, FileAnswer, FileTotal, LineAnswer};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    ACKNOWLEDGEMENT_VERSION, Acknowledgement, AcknowledgementError, DISPUTED_LINES_MAX, field, is_complete,
    text,
};

/// An answer to a settlement file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AcknowledgementJson {
    /// The version of the layout: `1`.
    pub version: String,
    /// `ack` or `nack`.
    pub answer: String,
    /// `TEST` or `LIVE`.
    pub environment: String,
    /// The code of the one who answers.
    pub sender: String,
    /// The code of the bank.
    pub receiver: String,
    /// The sender's own number of the answer, from 1 without gaps.
    pub number: i32,
    /// The file id of the file header.
    pub file_id: String,
    /// The file sequence of the file header.
    pub sequence: i32,
    /// The revision of the file header.
    pub revision: i32,
    /// SHA-256 of the file as it came; left out if it did not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// The records that the sender counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub records: Option<i64>,
    /// What the sender has added up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub totals: Option<Vec<TotalJson>>,
    /// Of a NACK: `transport`, `layout` or `content`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Of a NACK: why, for people.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// Of a NACK `content`: the lines.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lines: Vec<LineJson>,
}

/// What the file comes to in one currency and direction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TotalJson {
    /// Three letters.
    pub currency: String,
    /// `bank_pays_partner` or `partner_pays_bank`.
    pub direction: String,
    /// Minor units.
    pub to_pay_minor: i64,
}

/// A disputed line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LineJson {
    /// Our id of the line.
    pub line: String,
    /// What is wrong, as a code.
    pub code: String,
    /// The net amount that the sender has, in the stated direction of the batch; with `vat_minor` or not at all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub net_minor: Option<i64>,
    /// The tax that the sender has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vat_minor: Option<i64>,
    /// Where the sender has it in its own books.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reference: String,
}

fn at<T>(place: &str, checked: Result<T, String>) -> Result<T, AcknowledgementError> {
    checked.map_err(|problem| AcknowledgementError { place: place.to_owned(), problem })
}

pub(super) fn read(bytes: &[u8]) -> Result<Acknowledgement, AcknowledgementError> {
    let json: AcknowledgementJson = serde_json::from_slice(bytes).map_err(|error| {
        let place = format!("line {}, column {}", error.line(), error.column());
        let problem =
            "expected the fields of docs/acknowledgement-file.md, each once and of its kind, and no others";
        AcknowledgementError { place, problem: problem.to_owned() }
    })?;
    at(
        "version",
        match json.version == ACKNOWLEDGEMENT_VERSION {
            true => Ok(()),
            false => Err(format!("expected {ACKNOWLEDGEMENT_VERSION:?}")),
        },
    )?;
    if json.lines.len() > DISPUTED_LINES_MAX {
        return at("lines", Err(format!("expected at most {DISPUTED_LINES_MAX}")));
    }
    let lines = json.lines.iter().enumerate().map(line).collect::<Result<Vec<_>, _>>()?;
    let verdict = match (json.answer.as_str(), json.kind.as_deref()) {
        ("ack", None) if lines.is_empty() && json.reason.is_empty() => AnswerVerdict::Accepted,
        ("ack", _) => return at("answer", Err("expected no kind, reason or lines with ack".to_owned())),
        ("nack", kind) => at("kind", field::kind(kind.unwrap_or_default(), lines))?,
        _ => return at("answer", Err("expected ack or nack".to_owned())),
    };
    let answer = FileAnswer {
        number: at("number", field::at_least(json.number, 1))?,
        file_id: at("file_id", field::id(&json.file_id))?,
        sequence: at("sequence", field::at_least(json.sequence, 1))?,
        revision: at("revision", field::at_least(json.revision, 0))?,
        sha256: at("sha256", field::sha256(json.sha256.as_deref().unwrap_or_default()))?,
        records: json.records.map(|records| at("records", field::at_least(records, 1))).transpose()?,
        totals: json.totals.map(totals).transpose()?,
        verdict,
    };
    is_complete(&answer)
        .map_err(|(place, problem)| AcknowledgementError { place: place.to_owned(), problem })?;
    Ok(Acknowledgement {
        environment: at("environment", field::environment(&json.environment))?,
        sender: at("sender", field::code(&json.sender))?,
        receiver: at("receiver", field::code(&json.receiver))?,
        answer,
        reason: at("reason", field::free_text(&json.reason))?,
    })
}

fn totals(totals: Vec<TotalJson>) -> Result<Vec<FileTotal>, AcknowledgementError> {
    if totals.len() > field::TOTALS_MAX {
        return at("totals", Err(format!("expected at most {}", field::TOTALS_MAX)));
    }
    let one = |(number, total): (usize, &TotalJson)| {
        at(&format!("totals[{number}]"), field::total(&total.currency, &total.direction, total.to_pay_minor))
    };
    let totals = totals.iter().enumerate().map(one).collect::<Result<Vec<_>, _>>()?;
    at("totals", field::totals(totals))
}

fn line((number, json): (usize, &LineJson)) -> Result<LineAnswer, AcknowledgementError> {
    let place = |field: &str| format!("lines[{number}].{field}");
    let theirs = match (json.net_minor, json.vat_minor) {
        (None, None) => None,
        (Some(net), Some(vat)) => Some((net, vat)),
        _ => return at(&place("net_minor"), Err("expected net and tax, or neither".to_owned())),
    };
    Ok(LineAnswer {
        line: at(&place("line"), field::id(&json.line))?,
        code: at(&place("code"), DisputeCode::parse(&json.code).ok_or_else(text::unknown_code))?,
        theirs,
        reference: at(&place("reference"), field::free_text(&json.reference))?,
    })
}

pub(super) fn of(of: &Acknowledgement) -> AcknowledgementJson {
    let answer = &of.answer;
    let accepts = answer.verdict == AnswerVerdict::Accepted;
    let total = |total: &FileTotal| TotalJson {
        currency: total.currency.clone(),
        direction: total.direction.name().to_owned(),
        to_pay_minor: total.to_pay_minor,
    };
    let line = |line: &LineAnswer| LineJson {
        line: line.line.clone(),
        code: line.code.name().to_owned(),
        net_minor: line.theirs.map(|(net, _)| net),
        vat_minor: line.theirs.map(|(_, vat)| vat),
        reference: line.reference.clone(),
    };
    let lines = if let AnswerVerdict::Content(lines) = &answer.verdict { lines.as_slice() } else { &[] };
    AcknowledgementJson {
        version: ACKNOWLEDGEMENT_VERSION.to_owned(),
        answer: if accepts { "ack" } else { "nack" }.to_owned(),
        environment: of.environment.name().to_owned(),
        sender: of.sender.clone(),
        receiver: of.receiver.clone(),
        number: answer.number,
        file_id: answer.file_id.clone(),
        sequence: answer.sequence,
        revision: answer.revision,
        sha256: answer.sha256.map(hex::encode),
        records: answer.records,
        totals: answer.totals.as_ref().map(|totals| totals.iter().map(total).collect()),
        kind: (!accepts).then(|| answer.verdict.name().to_owned()),
        reason: of.reason.clone(),
        lines: lines.iter().map(line).collect(),
    }
}

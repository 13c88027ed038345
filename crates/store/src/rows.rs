//! Row types: the store's own forms of domain values, which carry no database or JSON code themselves.

use domain::{
    AccountId, BankId, Currency, DiscountMode, Explanation, FilePlace, FileRecord, LedgerAccount,
    LoyaltyResult, MilesPaid, OutboxEntry, PartnerId, ProgramId, RefKind, Reply, ReplyCode, ResultStatus,
    Unit, Verdict,
};
use serde::{Deserialize, Serialize};

use crate::{StoreError, error::damaged};

/// The stored form of a reply; old forms stay readable.
#[derive(Serialize, Deserialize)]
struct ReplyRow {
    v: u16,
    code: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    till: Option<(u64, u64)>,
    status: String,
    reason: String,
    base: i64,
    bonus: i64,
    discount: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    mode: Option<String>,
    /// Miles that are reserved, and what remains to be paid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    miles: Option<(u64, u64)>,
}

pub(crate) fn reply_text(reply: &Reply) -> String {
    let row = ReplyRow {
        v: 1,
        code: reply.code.name().to_owned(),
        till: reply.till,
        status: reply.result.status.name().to_owned(),
        reason: reply.result.reason.clone(),
        base: reply.result.base_miles,
        bonus: reply.result.bonus_miles,
        discount: reply.result.discount_minor,
        mode: reply.result.discount_mode.map(|mode| mode.name().to_owned()),
        miles: reply.miles.map(|paid| (paid.reserved, paid.remains_minor)),
    };
    // A struct of strings and numbers always has a JSON form.
    serde_json::to_string(&row).unwrap_or_default()
}

pub(crate) fn reply(text: &str) -> Result<Reply, StoreError> {
    let row: ReplyRow = serde_json::from_str(text).map_err(|error| damaged("reply", error))?;
    let mode = row.mode.map(|mode| DiscountMode::parse(&mode).ok_or_else(|| damaged("discount mode", mode)));
    Ok(Reply {
        code: ReplyCode::parse(&row.code).ok_or_else(|| damaged("reply code", &row.code))?,
        till: row.till,
        result: LoyaltyResult {
            status: ResultStatus::parse(&row.status).ok_or_else(|| damaged("result status", &row.status))?,
            reason: row.reason,
            base_miles: row.base,
            bonus_miles: row.bonus,
            discount_minor: row.discount,
            discount_mode: mode.transpose()?,
        },
        miles: row.miles.map(|(reserved, remains_minor)| MilesPaid { reserved, remains_minor }),
    })
}

/// The stored form of a record of a clearing file; old forms stay readable.
#[derive(Serialize, Deserialize)]
struct FileRecordRow {
    v: u16,
    step: i16,
    file: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    series: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    date: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sequence: Option<i32>,
    number: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    amount: Option<(u64, u16)>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    partial: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reference: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    undoes_day: Option<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    undone_behind: bool,
    arrival: u32,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    unbilled: bool,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    refused: bool,
}

/// Empty without a record.
pub(crate) fn file_record_text(record: Option<&FileRecord>) -> String {
    let Some(record) = record else { return String::new() };
    let row = FileRecordRow {
        v: 1,
        step: record.step.number(),
        file: record.file.id.clone(),
        series: record.file.series.clone(),
        date: record.file.date.map(|date| date.to_string()),
        sequence: record.file.sequence,
        number: record.number,
        amount: record.amount.map(|(minor, currency)| (minor, currency.0)),
        partial: record.partial,
        reference: record.reference.clone(),
        undoes_day: record.undoes_day.map(|date| date.to_string()),
        undone_behind: record.undone_behind,
        arrival: record.arrival,
        unbilled: record.unbilled,
        refused: record.refused,
    };
    // A struct of strings and numbers always has a JSON form.
    serde_json::to_string(&row).unwrap_or_default()
}

pub(crate) fn file_record(text: &str) -> Result<Option<FileRecord>, StoreError> {
    if text.is_empty() {
        return Ok(None);
    }
    let row: FileRecordRow = serde_json::from_str(text).map_err(|error| damaged("file record", error))?;
    let date = |text: Option<String>| {
        text.map(|text| text.parse().map_err(|_| damaged("date of a file record", text))).transpose()
    };
    Ok(Some(FileRecord {
        step: RefKind::from_number(row.step).ok_or_else(|| damaged("step of a file record", row.step))?,
        file: FilePlace { id: row.file, series: row.series, date: date(row.date)?, sequence: row.sequence },
        number: row.number,
        amount: row.amount.map(|(minor, currency)| (minor, Currency(currency))),
        partial: row.partial,
        reference: row.reference,
        undoes_day: date(row.undoes_day)?,
        undone_behind: row.undone_behind,
        arrival: row.arrival,
        unbilled: row.unbilled,
        refused: row.refused,
    }))
}

/// The stored form of one finding of an explanation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FindingRow {
    /// The rule's id or the name of the step.
    pub rule: String,
    /// `applied` or `skipped`.
    pub verdict: String,
    /// A stable code.
    pub reason: String,
    /// What was looked at.
    pub values: Vec<(String, String)>,
}

#[derive(Serialize, Deserialize)]
struct ExplanationRow {
    v: u16,
    findings: Vec<FindingRow>,
}

pub(crate) fn explanation_text(explanation: &Explanation) -> String {
    let finding = |finding: &domain::Finding| FindingRow {
        rule: finding.rule.clone(),
        verdict: match finding.verdict {
            Verdict::Applied => "applied".to_owned(),
            Verdict::Skipped => "skipped".to_owned(),
        },
        reason: finding.reason.to_owned(),
        values: finding.values.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect(),
    };
    let row = ExplanationRow {
        v: domain::EXPLANATION_VERSION,
        findings: explanation.0.iter().map(finding).collect(),
    };
    serde_json::to_string(&row).unwrap_or_default()
}

pub(crate) fn explanation(text: &str) -> Result<Vec<FindingRow>, StoreError> {
    let row: ExplanationRow = serde_json::from_str(text).map_err(|error| damaged("explanation", error))?;
    Ok(row.findings)
}

pub(crate) fn payload_text(entry: &OutboxEntry) -> String {
    let facts: serde_json::Map<String, serde_json::Value> =
        entry.facts.iter().map(|(name, value)| ((*name).to_owned(), value.clone().into())).collect();
    serde_json::Value::Object(facts).to_string()
}

/// `(kind, id)` of a unit.
pub(crate) fn unit_columns(unit: Unit) -> (i16, i32) {
    match unit {
        Unit::Miles(program) => (1, program.0),
        Unit::Money(currency) => (2, i32::from(currency.0)),
        Unit::Turnover(currency) => (3, i32::from(currency.0)),
        Unit::Qualifying(program) => (4, program.0),
    }
}

/// `(kind, id)` of a side of a transfer.
pub(crate) fn side_columns(account: LedgerAccount) -> (i16, i64) {
    match account {
        LedgerAccount::Member(account) => (1, account.0),
        LedgerAccount::Partner(partner) => (2, i64::from(partner.0)),
        LedgerAccount::Bank(bank) => (3, i64::from(bank.0)),
    }
}

/// Reads [`unit_columns`].
pub(crate) fn unit(kind: i16, id: i32) -> Result<Unit, StoreError> {
    let currency = || u16::try_from(id).map(Currency).map_err(|_| damaged("currency of a unit", id));
    Ok(match kind {
        1 => Unit::Miles(ProgramId(id)),
        2 => Unit::Money(currency()?),
        3 => Unit::Turnover(currency()?),
        4 => Unit::Qualifying(ProgramId(id)),
        other => return Err(damaged("kind of a unit", other)),
    })
}

/// Reads [`side_columns`].
pub(crate) fn side(kind: i16, id: i64) -> Result<LedgerAccount, StoreError> {
    let number = || i32::try_from(id).map_err(|_| damaged("side of a transfer", id));
    Ok(match kind {
        1 => LedgerAccount::Member(AccountId(id)),
        2 => LedgerAccount::Partner(PartnerId(number()?)),
        3 => LedgerAccount::Bank(BankId(number()?)),
        other => return Err(damaged("kind of a side", other)),
    })
}

/// The member's side of a transfer, as [`side_columns`] numbers it.
pub(crate) const MEMBER_SIDE: i16 = 1;

//! Clearing as Mastercard IPM.

use std::io::Write;

use iso8583::{
    Builder, Dialect, Mti, Written,
    clearing::{blocks::Blocked, control::AMOUNT_MODULUS, detect::Blocking, vbs::Writer},
};
use jiff::civil::DateTime;

use super::{ClearingFileError, ClearingFileRecord, ClearingKind};

/// How an IPM file is written.
#[derive(Clone, Copy, Debug)]
pub struct IpmFileSpec<'a> {
    /// PDS0105: 25 digits for type (3), date (6), processor (11) and sequence number (5).
    pub file_id: &'a str,
    /// Whether it says that it is a test (PDS0122).
    pub test: bool,
    /// With blocks or without.
    pub blocking: Blocking,
    /// How its records are written.
    pub dialect: &'a Dialect,
}

/// Writes a file: header, records, trailer with count and sum.
///
/// # Errors
///
/// When a record does not fit its dialect.
pub fn write_ipm(
    records: &[ClearingFileRecord],
    spec: IpmFileSpec<'_>,
) -> Result<Vec<u8>, ClearingFileError> {
    match spec.blocking {
        Blocking::Unblocked => write(records, spec, Vec::new()),
        Blocking::Blocks1014 => Ok(write(records, spec, Blocked::new(Vec::new()))?.finish()?),
    }
}

fn write<W: Write>(
    records: &[ClearingFileRecord],
    spec: IpmFileSpec<'_>,
    sink: W,
) -> Result<W, ClearingFileError> {
    let mut writer = Writer::new(sink);
    let mode = if spec.test { "T" } else { "P" };
    let header = administrative("697", &[("0105", spec.file_id), ("0122", mode)]);
    let sum = records.iter().fold(0_u64, |sum, record| sum.wrapping_add(record.amount.minor));
    let count = records.len().saturating_add(2);
    let (sum, count) = (format!("{:016}", sum % AMOUNT_MODULUS), format!("{count:08}"));
    let trailer = administrative("695", &[("0105", spec.file_id), ("0301", &sum), ("0306", &count)]);
    let messages = std::iter::once(header).chain(records.iter().map(message)).chain([trailer]);
    for (number, message) in (1_usize..).zip(messages) {
        let message = message.set(71, format!("{number:08}"));
        let bytes = message
            .encode(spec.dialect)
            .map_err(|source| ClearingFileError::Record { record: number, source })?;
        writer.write_record(&bytes)?;
    }
    Ok(writer.close()?)
}

fn administrative(function: &str, pds: &[(&str, &str)]) -> Builder {
    Builder::new(Mti::new("1644")).set(24, function).set_parts(48, parts(pds))
}

fn parts(pds: &[(&str, &str)]) -> Vec<(String, Written)> {
    pds.iter().map(|(tag, value)| ((*tag).to_owned(), Written::text(*value))).collect()
}

fn message(record: &ClearingFileRecord) -> Builder {
    let (mti, function) = function(record.kind);
    let processing = match record.kind {
        ClearingKind::Cash => "010000",
        ClearingKind::Refund => "200000",
        _ => "000000",
    };
    let merchant = &record.merchant;
    let mut message = Builder::new(mti)
        .set(2, record.pan.expose())
        .set(3, processing)
        .set(4, format!("{:012}", record.amount.minor))
        .set(12, time(record.local))
        .set(24, function)
        .set(26, &merchant.mcc)
        .set(31, &record.arn)
        .set(32, &merchant.acquirer)
        .set(33, &merchant.acquirer)
        .set(42, format!("{:<15}", merchant.card_acceptor))
        .set(49, record.amount.currency.as_str())
        .set(93, "654321")
        .set(94, "123456");
    if let Some(billing) = &record.billing {
        message = message.set(6, format!("{:012}", billing.minor));
        message = message.set(51, billing.currency.as_str());
    }
    for (de, text, width) in [
        (37, &record.retrieval, 12),
        (38, &record.approval, 6),
        (41, &merchant.terminal, 8),
        (63, &record.life_cycle, 15),
        (95, &record.reference, 10),
    ] {
        if !text.is_empty() {
            message = message.set(de, format!("{text:<width$}"));
        }
    }
    if mti.as_str() == "1240" {
        message = message.set(43, format!("{}\\STREET 1\\CITY\\00001     000RUS", merchant.name));
    }
    let day = record.undoes_day.unwrap_or(record.local.date());
    let flag = format!("R{}", day.strftime("%y%m%d"));
    match record.reversal {
        true => message.set_parts(48, parts(&[("0025", &flag), ("0165", "M")])),
        false => message.set_parts(48, parts(&[("0165", "M")])),
    }
}

/// MTI and DE24.
fn function(kind: ClearingKind) -> (Mti, &'static str) {
    let (presentment, chargeback) = (Mti::new("1240"), Mti::new("1442"));
    match kind {
        ClearingKind::Purchase | ClearingKind::Cash | ClearingKind::Refund => (presentment, "200"),
        ClearingKind::SecondPresentment { partial: false } => (presentment, "205"),
        ClearingKind::SecondPresentment { partial: true } => (presentment, "282"),
        ClearingKind::Chargeback { partial: false } => (chargeback, "450"),
        ClearingKind::Chargeback { partial: true } => (chargeback, "453"),
        ClearingKind::Arbitration { partial: false } => (chargeback, "451"),
        ClearingKind::Arbitration { partial: true } => (chargeback, "454"),
    }
}

/// DE12: YYMMDDhhmmss.
fn time(local: DateTime) -> String {
    local.strftime("%y%m%d%H%M%S").to_string()
}

//! Clearing as Visa CTF.

use iso8583::clearing::ctf::{
    Amount, Authorization, FileHeader, Format, Stage, Transaction, TransactionCode, What, Writer,
};
use jiff::civil::Date;

use super::{ClearingFileError, ClearingFileRecord, ClearingKind};
use crate::Money;

/// How a CTF file is written.
#[derive(Clone, Copy, Debug)]
pub struct CtfFileSpec<'a> {
    /// Who sends, 6 characters.
    pub center: &'a str,
    /// The day of the file.
    pub date: Date,
    /// The file's id, up to 3 characters.
    pub file_id: &'a str,
    /// Whether it says that it is a test.
    pub test: bool,
    /// Text, line ends, CTF or ITF.
    pub format: Format,
}

/// Writes a file of one batch.
///
/// # Errors
///
/// When a value does not fit its field.
pub fn write_ctf(
    records: &[ClearingFileRecord],
    spec: CtfFileSpec<'_>,
) -> Result<Vec<u8>, ClearingFileError> {
    let header = FileHeader {
        center: spec.center.to_owned(),
        processing_date: format!("{}{:03}", spec.date.strftime("%y"), spec.date.day_of_year()),
        test: spec.test,
        file_id: spec.file_id.to_owned(),
    };
    let mut writer = Writer::new(Vec::new(), spec.format, header)?;
    for (draft, record) in (1_usize..).zip(records) {
        writer
            .transaction(&transaction(record))
            .map_err(|source| ClearingFileError::Draft { draft, source })?;
    }
    Ok(writer.finish()?)
}

fn transaction(record: &ClearingFileRecord) -> Transaction {
    let merchant = &record.merchant;
    let date = record.local.date();
    let part = |number: i8| u8::try_from(number).unwrap_or_default();
    let (code, usage) = code(record);
    Transaction {
        record: 0,
        code,
        pan: record.pan.clone(),
        acquirer_reference: record.arn.clone(),
        purchase_date: (part(date.month()), part(date.day())),
        destination: record.billing.as_ref().map(amount),
        source: amount(&record.amount),
        merchant_name: merchant.name.chars().filter(char::is_ascii).take(25).collect(),
        merchant_city: "CITY".to_owned(),
        merchant_country: "RU".to_owned(),
        mcc: merchant.mcc.parse().unwrap_or_default(),
        usage,
        reason: 0,
        authorization_code: record.approval.clone(),
        card_acceptor: Some(merchant.card_acceptor.clone()),
        terminal: Some(merchant.terminal.clone()),
        authorization: Some(Authorization {
            transaction_identifier: format!("{:0>15}", record.life_cycle),
            amount: None,
            sequence: record.sequence,
            count: 0,
        }),
        has_chip_data: false,
        components: 0,
    }
}

fn amount(money: &Money) -> Amount {
    Amount { minor: money.minor, currency: money.currency.parse().unwrap_or_default() }
}

/// The transaction code and the usage code.
fn code(record: &ClearingFileRecord) -> (TransactionCode, u8) {
    let what = match record.kind {
        ClearingKind::Refund => What::Credit,
        ClearingKind::Cash => What::Cash,
        _ => What::Sale,
    };
    let charged_back =
        matches!(record.kind, ClearingKind::Chargeback { .. } | ClearingKind::Arbitration { .. });
    let stage = match (charged_back, record.reversal) {
        (false, false) => Stage::Presentment,
        (false, true) => Stage::Reversal,
        (true, false) => Stage::Chargeback,
        (true, true) => Stage::ChargebackReversal,
    };
    let again =
        matches!(record.kind, ClearingKind::SecondPresentment { .. } | ClearingKind::Arbitration { .. });
    (TransactionCode { stage, what }, if again { 2 } else { 1 })
}

//! What a message of an IPM file says.

use std::borrow::Cow;

use domain::{Currency, TransactionKind};
use iso8583::{
    Message,
    clearing::record_kind::{Extent, Meaning, RecordKind, Transaction, record_kind},
};
use jiff::civil::{Date, DateTime, Time};

use super::record::{ClearingRecord, Nameless, Step, acquirer_of_arn};
use crate::translate::currency_code;

/// The data elements that hold PDS, in the order in which these are read.
const PDS_CARRIERS: [u8; 5] = [48, 62, 123, 124, 125];

/// What decides how a record is read, and what it says about its file.
pub(super) struct Facts {
    pub(super) meaning: Meaning,
    /// The day in PDS0025.
    pub(super) undoes_day: Option<Date>,
    /// DE4.
    pub(super) amount: Option<u64>,
    /// DE71.
    pub(super) message_number: Option<u32>,
    /// PDS0105.
    pub(super) file_id: Option<String>,
    /// PDS0122.
    pub(super) mode: Option<String>,
    /// PDS0301.
    pub(super) checksum: Option<u64>,
    /// PDS0306.
    pub(super) count: Option<u64>,
}

impl Facts {
    pub(super) fn of(message: &Message<'_>) -> Result<Self, String> {
        let mut pds = Pds::default();
        for de in PDS_CARRIERS {
            pds.read(message, de)?;
        }
        let meaning = record_kind(
            message.mti(),
            message.text(24).as_deref(),
            message.text(3).as_deref(),
            pds.reversal.as_deref(),
        )
        .map_err(|error| error.to_string())?;
        let number = |text: &Option<String>| text.as_deref().and_then(|text| text.parse().ok());
        Ok(Self {
            meaning,
            undoes_day: pds.reversal.as_deref().and_then(undoes_day),
            amount: message.value(4).and_then(|value| value.number()),
            message_number: message.text(71).and_then(|text| text.parse().ok()),
            checksum: number(&pds.checksum),
            count: number(&pds.count),
            file_id: pds.file_id,
            mode: pds.mode,
        })
    }
}

/// The private data subelements that are looked at.
#[derive(Default)]
struct Pds {
    reversal: Option<String>,
    file_id: Option<String>,
    mode: Option<String>,
    checksum: Option<String>,
    count: Option<String>,
}

impl Pds {
    fn read(&mut self, message: &Message<'_>, de: u8) -> Result<(), String> {
        for part in message.parts(de).map_err(|error| error.to_string())? {
            let place = match part.id() {
                "0025" => &mut self.reversal,
                "0105" => &mut self.file_id,
                "0122" => &mut self.mode,
                "0301" => &mut self.checksum,
                "0306" => &mut self.count,
                _ => continue,
            };
            *place = Some(part.value().text().into_owned());
        }
        Ok(())
    }
}

/// The record of a message that moves money of a cardholder.
pub(super) fn record(message: &Message<'_>, facts: &Facts, number: u64) -> Result<ClearingRecord, String> {
    let text = |de: u8| message.text(de).map(|text| text.trim().to_owned()).unwrap_or_default();
    let arn = text(31);
    let acquirer = Some(text(32)).filter(|text| !text.is_empty());
    let record = ClearingRecord {
        number,
        step: step(facts.meaning.kind),
        reversal: facts.meaning.reversal,
        pan: message.pan().ok_or("DE2: expected a card number of 12 to 19 digits, found none")?,
        transaction: transaction(facts.meaning.transaction),
        amount_minor: facts.amount.ok_or("DE4: expected twelve digits, found none or something else")?,
        currency: currency(message.text(49), "DE49")?,
        billing: billing(message)?,
        local: local_time(message.text(12))?,
        mcc: message.text(26).map(|text| mcc(&text)).transpose()?.flatten(),
        acquirer: acquirer.unwrap_or_else(|| acquirer_of_arn(&arn).to_owned()),
        card_acceptor: text(42),
        terminal: text(41),
        retrieval: text(37),
        approval: text(38),
        life_cycle: trace_id(&message.text(63).unwrap_or_default()).to_owned(),
        arn,
        // IPM tells presentments apart by their ARN alone.
        clearing_sequence: 1,
        partial: partial(facts.meaning.kind),
        reference: Some(text(95)).filter(|text| text.bytes().any(|byte| byte != b'0')).unwrap_or_default(),
        undoes_day: facts.undoes_day.filter(|_| facts.meaning.reversal),
    };
    record.with_names().map_err(|nameless| named(nameless).to_owned())
}

/// DE63 is the trace id of the authorization in 15 characters, its last two blank. If there are 16, an indicator of what
/// the transaction's life is checked by stands before it.
fn trace_id(text: &str) -> &str {
    let behind_indicator = text.get(1..).filter(|rest| rest.len() == 15 && rest.ends_with("  "));
    behind_indicator.unwrap_or(text).trim()
}

fn named(nameless: Nameless) -> &'static str {
    match nameless {
        Nameless::Reversal => {
            "DE31: expected the acquirer reference number by which a reversal names its presentment, found none; the \
             sender must send it"
        }
        Nameless::Record => {
            "DE31 and DE37: expected one of them, found none; the sender must send one, else the record cannot be \
             known when it comes again"
        }
    }
}

/// What DE24 says of the amount; of a first presentment nothing.
fn partial(kind: RecordKind) -> Option<bool> {
    match kind {
        RecordKind::SecondPresentment(extent)
        | RecordKind::FirstChargeback(extent)
        | RecordKind::ArbitrationChargeback(extent) => Some(extent == Extent::Partial),
        _ => None,
    }
}

/// PDS0025: the reversal indicator, then YYMMDD in the 2000s, the day on which what is undone was cleared.
fn undoes_day(text: &str) -> Option<Date> {
    let two = |at: usize| text.get(at..at + 2)?.parse::<i8>().ok();
    Date::new(2000 + i16::from(two(1)?), two(3)?, two(5)?).ok()
}

fn step(kind: RecordKind) -> Step {
    match kind {
        RecordKind::SecondPresentment(_) => Step::SecondPresentment,
        RecordKind::FirstChargeback(_) => Step::Chargeback,
        RecordKind::ArbitrationChargeback(_) => Step::Arbitration,
        _ => Step::Presentment,
    }
}

/// Quasi cash and payments to the card earn nothing, and nobody refunded them.
fn transaction(transaction: Option<Transaction>) -> TransactionKind {
    match transaction {
        Some(Transaction::Purchase | Transaction::PurchaseWithCash) => TransactionKind::Purchase,
        Some(Transaction::Cash) => TransactionKind::Cash,
        Some(Transaction::Refund) => TransactionKind::Refund,
        _ => TransactionKind::Other,
    }
}

fn currency(text: Option<Cow<'_, str>>, at: &str) -> Result<Currency, String> {
    let text = text.ok_or_else(|| format!("{at}: expected a currency, found none"))?;
    currency_code(&text)
        .ok_or_else(|| format!("{at}: expected a numeric code of ISO 4217 such as 949, found another"))
}

fn billing(message: &Message<'_>) -> Result<Option<(u64, Currency)>, String> {
    let Some(value) = message.value(6) else { return Ok(None) };
    match value.number() {
        None => Err("DE6: expected twelve digits, found something else".to_owned()),
        Some(0) => Ok(None),
        Some(amount) => Ok(Some((amount, currency(message.text(51), "DE51")?))),
    }
}

/// Blanks and zeros are what a sender writes that has none.
fn mcc(text: &str) -> Result<Option<u16>, String> {
    match text.trim() {
        "" => Ok(None),
        text => text.parse().map(|mcc| Some(mcc).filter(|mcc| *mcc != 0)).map_err(|_| {
            "DE26: expected a merchant category code of four digits, found something else".to_owned()
        }),
    }
}

/// DE12 is YYMMDDhhmmss in the 2000s.
fn local_time(text: Option<Cow<'_, str>>) -> Result<DateTime, String> {
    let parse = |text: &str| {
        let two = |at: usize| text.get(at..at + 2)?.parse::<i8>().ok();
        let date = Date::new(2000 + i16::from(two(0)?), two(2)?, two(4)?).ok()?;
        Some(date.to_datetime(Time::new(two(6)?, two(8)?, two(10)?, 0).ok()?))
    };
    text.as_deref()
        .filter(|text| text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit()))
        .and_then(parse)
        .ok_or_else(|| "DE12: expected a date and time YYMMDDhhmmss, found none or another".to_owned())
}

#[cfg(test)]
mod tests {
    use iso8583::clearing::record_kind::{Extent, RecordKind};
    use jiff::civil::date;

    use super::{partial, trace_id, undoes_day};

    #[test]
    fn the_trace_id_with_and_without_an_indicator() {
        for (text, expected) in [
            ("MCC1A2B3C1010  ", "MCC1A2B3C1010"),
            ("MMCC1A2B3C1010  ", "MCC1A2B3C1010"),
            (" MCC1A2B3C1010  ", "MCC1A2B3C1010"),
            ("MCC1A2B3C4D51010", "MCC1A2B3C4D51010"),
            ("MCC1A2B3C1010", "MCC1A2B3C1010"),
            ("éMC1A2B3C1010  ", "éMC1A2B3C1010"),
            ("", ""),
        ] {
            assert_eq!(trace_id(text), expected, "{text}");
        }
    }

    #[test]
    fn the_day_of_what_a_reversal_undoes() {
        for (text, expected) in [
            ("R261010", Some(date(2026, 10, 10))),
            ("R261010 ", Some(date(2026, 10, 10))),
            ("R", None),
            ("R261310", None),
            ("R000000", None),
            ("Rééé", None),
        ] {
            assert_eq!(undoes_day(text), expected, "{text}");
        }
    }

    #[test]
    fn what_function_codes_say_of_the_amount() {
        for (kind, expected) in [
            (RecordKind::FirstPresentment, None),
            (RecordKind::FirstChargeback(Extent::Partial), Some(true)),
            (RecordKind::SecondPresentment(Extent::Full), Some(false)),
            (RecordKind::ArbitrationChargeback(Extent::Partial), Some(true)),
        ] {
            assert_eq!(partial(kind), expected, "{kind:?}");
        }
    }
}

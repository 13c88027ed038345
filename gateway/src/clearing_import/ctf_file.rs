//! Clearing as Visa CTF.

use std::io::Read;

use domain::{Currency, TransactionKind};
use iso8583::clearing::{
    control::Mode,
    ctf::{
        Amount, CtfError, CtfProblem, Entry, FileHeader, Format, Reader, Stage, Transaction, TransactionCode,
        What,
    },
};
use jiff::civil::{Date, DateTime};

use super::{
    problem::FileProblem,
    reader::{Controls, Item, RecordReader, Unreadable},
    record::{ClearingRecord, Nameless, Step, acquirer_of_arn},
};
use crate::translate::currency_code;

/// Reads drafts.
pub(super) struct CtfFile<R> {
    reader: Reader<R>,
    expected: Mode,
    /// The day of the file: purchases are stated without a year.
    processed_on: Option<Date>,
    totals: Vec<String>,
    mode: Option<FileProblem>,
}

impl<R: Read> CtfFile<R> {
    pub(super) fn new(bytes: R, format: Format, expected: Mode) -> Self {
        let reader = Reader::new(bytes, format);
        Self { reader, expected, processed_on: None, totals: Vec::new(), mode: None }
    }

    fn header(&mut self, header: &FileHeader) -> Result<(), Unreadable> {
        self.processed_on = processing_date(&header.processing_date);
        if self.processed_on.is_none() {
            return Err(Unreadable::File(FileProblem::Control(vec![
                "record 1: expected a processing date YYDDD, found no such day; the sender must correct the header"
                    .to_owned(),
            ])));
        }
        let told = match (self.expected, header.test) {
            (Mode::Production, true) => "expected a file without TEST in its header, found a test",
            (Mode::Test, false) => "expected TEST in the header, found none",
            _ => return Ok(()),
        };
        self.mode =
            Some(FileProblem::Mode(format!("record 1: {told}; the operator must not import it here")));
        Ok(())
    }

    fn item(&mut self, entry: Entry) -> Result<Option<Item>, Unreadable> {
        match entry {
            Entry::Header(header) => {
                self.header(&header)?;
                Ok(Some(Item::Frame))
            }
            Entry::Transaction(draft) => {
                let number = draft.record;
                let on = self.processed_on.unwrap_or_default();
                record(&draft, on).map(|record| Some(Item::Record(Box::new(record)))).map_err(|problem| {
                    let told = format!("record {number}: {}", iso8583::mask_text(&problem));
                    Unreadable::Record { number, told }
                })
            }
            // Fee collection and disbursement.
            Entry::Other(other) if matches!(&other.code, b"10" | b"20") => Ok(Some(Item::Fee)),
            Entry::BatchTrailer(trailer) | Entry::FileTrailer(trailer) => {
                self.totals.extend(trailer.differences().map(|difference| difference.to_string()));
                Ok(Some(Item::Frame))
            }
            _ => Ok(Some(Item::PassedOver)),
        }
    }
}

impl<R: Read + Send> RecordReader for CtfFile<R> {
    fn next_item(&mut self) -> Result<Option<Item>, Unreadable> {
        match self.reader.next_entry().map_err(unreadable)? {
            Some(entry) => self.item(entry),
            None => Ok(None),
        }
    }

    fn controls(&mut self) -> Controls {
        Controls {
            problems: self.mode.take().into_iter().collect(),
            totals: std::mem::take(&mut self.totals),
            remarks: Vec::new(),
        }
    }
}

fn unreadable(error: CtfError) -> Unreadable {
    Unreadable::File(match error.problem {
        CtfProblem::Unreadable(kind) => return Unreadable::Storage(kind),
        CtfProblem::Cut { .. } | CtfProblem::NoTrailer => FileProblem::Truncated(error.to_string()),
        // The reader stops at the first mistake: what follows is not known.
        _ => FileProblem::Framing(error.to_string()),
    })
}

/// YYDDD in the 2000s.
fn processing_date(text: &str) -> Option<Date> {
    let text = Some(text).filter(|text| text.len() == 5)?;
    let (year, day) = (text.get(..2)?.parse::<i16>().ok()?, text.get(2..)?.parse::<i16>().ok()?);
    let first = Date::new(2000_i16.checked_add(year)?, 1, 1).ok()?;
    (1..=first.days_in_year()).contains(&day).then_some(())?;
    first.checked_add(jiff::Span::new().days(day.checked_sub(1)?)).ok()
}

fn record(draft: &Transaction, processed_on: Date) -> Result<ClearingRecord, String> {
    let (step, reversal) = step(draft.code, draft.usage);
    let source = money(draft.source, "source currency")?;
    let destination = draft.destination.map(|amount| money(amount, "destination currency")).transpose()?;
    let linked = draft.authorization.as_ref();
    let record = ClearingRecord {
        number: draft.record,
        step,
        reversal,
        pan: draft.pan.clone(),
        transaction: match draft.code.what {
            What::Sale => TransactionKind::Purchase,
            What::Credit => TransactionKind::Refund,
            What::Cash => TransactionKind::Cash,
        },
        amount_minor: source.0,
        currency: source.1,
        billing: destination.filter(|(amount, currency)| *amount > 0 && *currency != source.1),
        local: purchased_on(draft.purchase_date, processed_on)?,
        mcc: Some(draft.mcc).filter(|mcc| *mcc != 0),
        acquirer: acquirer_of_arn(&draft.acquirer_reference).to_owned(),
        card_acceptor: draft.card_acceptor.clone().unwrap_or_default(),
        terminal: draft.terminal.clone().unwrap_or_default(),
        retrieval: String::new(),
        approval: draft.authorization_code.clone(),
        arn: draft.acquirer_reference.clone(),
        life_cycle: linked.map(|linked| linked.transaction_identifier.clone()).unwrap_or_default(),
        // Zero says that there is but one.
        clearing_sequence: linked.map_or(1, |linked| u16::from(linked.sequence).max(1)),
        partial: None,
        reference: String::new(),
        undoes_day: None,
    };
    record.with_names().map_err(|nameless| {
        let why = match nameless {
            Nameless::Reversal => "by which a reversal names its presentment",
            Nameless::Record => "by which the record is known when it comes again",
        };
        format!("acquirer reference number: expected one, {why}, found zeros; the sender must send it")
    })
}

/// TC 05 to 07 are presented for the first time (usage 1) or again (2), 15 to 17 charged back likewise; 25 to 27 undo
/// the former and 35 to 37 the latter.
fn step(code: TransactionCode, usage: u8) -> (Step, bool) {
    match (code.stage, usage) {
        (Stage::Presentment, 2) => (Step::SecondPresentment, false),
        (Stage::Presentment, _) => (Step::Presentment, false),
        (Stage::Reversal, 2) => (Step::SecondPresentment, true),
        (Stage::Reversal, _) => (Step::Presentment, true),
        (Stage::Chargeback, 2) => (Step::Arbitration, false),
        (Stage::Chargeback, _) => (Step::Chargeback, false),
        (Stage::ChargebackReversal, 2) => (Step::Arbitration, true),
        (Stage::ChargebackReversal, _) => (Step::Chargeback, true),
    }
}

fn money(amount: Amount, field: &str) -> Result<(u64, Currency), String> {
    let currency = currency_code(&amount.currency.to_string())
        .ok_or_else(|| format!("{field}: expected a numeric code of ISO 4217 such as 949, found another"))?;
    Ok((amount.minor, currency))
}

/// The last such day that is not behind the day of the file; the time of day is not stated.
fn purchased_on((month, day): (u8, u8), processed_on: Date) -> Result<DateTime, String> {
    let (month, day) = (i8::try_from(month).unwrap_or_default(), i8::try_from(day).unwrap_or_default());
    // Eight years back there was a leap day, whatever the century.
    let years = (0..=8).filter_map(|back| processed_on.year().checked_sub(back));
    let mut days = years.filter_map(|year| Date::new(year, month, day).ok());
    let date = days.find(|date| *date <= processed_on);
    let date = date.ok_or("month and day of purchase: expected a day of the calendar, found another")?;
    Ok(date.to_datetime(jiff::civil::Time::midnight()))
}

#[cfg(test)]
mod tests {
    use iso8583::clearing::ctf::TransactionCode;
    use jiff::civil::{Date, date};

    use super::{Step, processing_date, purchased_on, step};

    #[test]
    fn processing_dates() {
        for (text, expected) in [
            ("26001", Some(date(2026, 1, 1))),
            ("26283", Some(date(2026, 10, 10))),
            ("26365", Some(date(2026, 12, 31))),
            ("26366", None),
            ("28366", Some(date(2028, 12, 31))),
            ("26000", None),
            ("2628", None),
            ("", None),
        ] {
            assert_eq!(processing_date(text), expected, "{text}");
        }
    }

    #[test]
    fn a_purchase_is_never_behind_the_day_of_its_file() {
        let on = date(2026, 1, 3);
        for ((month, day), expected) in [
            ((1, 3), Some(date(2026, 1, 3))),
            ((1, 4), Some(date(2025, 1, 4))),
            ((12, 31), Some(date(2025, 12, 31))),
            ((2, 29), Some(date(2024, 2, 29))),
            ((2, 30), None),
            ((0, 1), None),
        ] {
            let found = purchased_on((month, day), on).ok().map(|local| local.date());
            assert_eq!(found, expected, "{month} {day}");
        }
        assert!(purchased_on((200, 200), Date::MAX).is_err());
    }

    #[test]
    fn codes_and_usage_are_steps() {
        for (digits, usage, expected) in [
            (b"05", 1, (Step::Presentment, false)),
            (b"06", 1, (Step::Presentment, false)),
            (b"07", 0, (Step::Presentment, false)),
            (b"05", 2, (Step::SecondPresentment, false)),
            (b"25", 1, (Step::Presentment, true)),
            (b"27", 2, (Step::SecondPresentment, true)),
            (b"15", 1, (Step::Chargeback, false)),
            (b"17", 2, (Step::Arbitration, false)),
            (b"35", 1, (Step::Chargeback, true)),
            (b"37", 2, (Step::Arbitration, true)),
        ] {
            let code = TransactionCode::of(*digits);
            assert_eq!(code.map(|code| step(code, usage)), Some(expected), "{digits:?} {usage}");
        }
    }
}

//! The fields of one record, by position as layouts count them (from 1).

use std::ops::Range;

use zeroize::Zeroizing;

use super::{Amount, CtfError, CtfProblem, RECORD};
use crate::Pan;

/// A field: name, first position, length.
#[derive(Clone, Copy)]
pub(super) struct Field(pub(super) &'static str, pub(super) usize, pub(super) usize);

impl Field {
    /// Where it stands in the bytes of a record.
    pub(super) fn range(self) -> Range<usize> {
        let start = self.1.saturating_sub(1);
        start..start.saturating_add(self.2)
    }
}

pub(super) const CENTER: Field = Field("center information block", 3, 6);
pub(super) const PROCESSING_DATE: Field = Field("processing date", 9, 5);
pub(super) const TEST_OPTION: Field = Field("test option", 30, 4);
pub(super) const FILE_ID: Field = Field("file id", 77, 3);

pub(super) const TRAILER_DESTINATION: Field = Field("destination amount", 16, 15);
pub(super) const TRAILER_MONETARY: Field = Field("number of monetary transactions", 31, 12);
pub(super) const TRAILER_BATCH: Field = Field("batch number", 43, 6);
pub(super) const TRAILER_RECORDS: Field = Field("number of records", 49, 12);
pub(super) const TRAILER_TRANSACTIONS: Field = Field("number of transactions", 75, 9);
pub(super) const TRAILER_SOURCE: Field = Field("source amount", 102, 15);

pub(super) const CODE: Field = Field("transaction code", 1, 2);
pub(super) const COMPONENT: Field = Field("component number", 4, 1);
pub(super) const ACCOUNT: Field = Field("account number", 5, 16);
pub(super) const EXTENSION: Field = Field("account number extension", 21, 3);
pub(super) const ACQUIRER_REFERENCE: Field = Field("acquirer reference number", 27, 23);
pub(super) const PURCHASE_MONTH: Field = Field("month of purchase", 58, 2);
pub(super) const PURCHASE_DAY: Field = Field("day of purchase", 60, 2);
pub(super) const DESTINATION: Field = Field("destination amount", 62, 12);
pub(super) const DESTINATION_CURRENCY: Field = Field("destination currency", 74, 3);
pub(super) const SOURCE: Field = Field("source amount", 77, 12);
pub(super) const SOURCE_CURRENCY: Field = Field("source currency", 89, 3);
pub(super) const MERCHANT_NAME: Field = Field("merchant name", 92, 25);
pub(super) const MERCHANT_CITY: Field = Field("merchant city", 117, 13);
pub(super) const MERCHANT_COUNTRY: Field = Field("merchant country", 130, 3);
pub(super) const MCC: Field = Field("merchant category code", 133, 4);
pub(super) const USAGE: Field = Field("usage code", 147, 1);
pub(super) const REASON: Field = Field("reason code", 148, 2);
pub(super) const AUTHORIZATION_CODE: Field = Field("authorization code", 152, 6);

pub(super) const CARD_ACCEPTOR: Field = Field("card acceptor id", 81, 15);
pub(super) const TERMINAL: Field = Field("terminal id", 96, 8);

pub(super) const TRANSACTION_IDENTIFIER: Field = Field("transaction identifier", 5, 15);
pub(super) const AUTHORIZED: Field = Field("authorized amount", 20, 12);
pub(super) const AUTHORIZED_CURRENCY: Field = Field("authorization currency", 32, 3);
pub(super) const SEQUENCE: Field = Field("multiple clearing sequence number", 45, 2);
pub(super) const COUNT: Field = Field("multiple clearing sequence count", 47, 2);

/// One record, its text as ISO 8859-1. Wiped when dropped, as it may hold a card number.
pub(super) struct Record {
    /// From 1.
    pub(super) number: u64,
    pub(super) bytes: Zeroizing<[u8; RECORD]>,
}

impl Record {
    /// The transaction code, two digits.
    pub(super) fn code(&self) -> Result<[u8; 2], CtfError> {
        self.digits(CODE)?;
        Ok([self.byte(CODE), self.bytes.get(1).copied().unwrap_or_default()])
    }

    /// The component number: a digit or a capital letter.
    pub(super) fn component(&self) -> Result<u8, CtfError> {
        let component = self.byte(COMPONENT);
        match component {
            b'0'..=b'9' | b'A'..=b'Z' => Ok(component),
            other => Err(self.wrong(COMPONENT, 0, "a digit or a capital letter", kind_of(other))),
        }
    }

    fn byte(&self, field: Field) -> u8 {
        self.slice(field).first().copied().unwrap_or_default()
    }

    fn slice(&self, field: Field) -> &[u8] {
        self.bytes.get(field.range()).unwrap_or_default()
    }

    /// The error of a field, `at` bytes behind its start.
    pub(super) const fn wrong(
        &self,
        field: Field,
        at: usize,
        expected: &'static str,
        found: &'static str,
    ) -> CtfError {
        let position = field.1.saturating_add(at);
        CtfError {
            record: self.number,
            position,
            problem: CtfProblem::Field { field: field.0, expected, found },
        }
    }

    /// A field of digits, as text.
    pub(super) fn digits(&self, field: Field) -> Result<&str, CtfError> {
        let bytes = self.slice(field);
        match bytes.iter().enumerate().find(|(_, byte)| !byte.is_ascii_digit()) {
            Some((at, byte)) => Err(self.wrong(field, at, "digits", kind_of(*byte))),
            None => Ok(std::str::from_utf8(bytes).unwrap_or_default()),
        }
    }

    /// A field of digits, as a number.
    pub(super) fn number<N: TryFrom<u64>>(&self, field: Field) -> Result<N, CtfError> {
        let number = self.digits(field)?.parse::<u64>().ok().and_then(|number| N::try_from(number).ok());
        number.ok_or_else(|| self.wrong(field, 0, "a smaller number", "digits"))
    }

    /// A field of digits whose number must be one of `range`.
    pub(super) fn number_of(
        &self,
        field: Field,
        range: std::ops::RangeInclusive<u8>,
        expected: &'static str,
    ) -> Result<u8, CtfError> {
        let number = self.number(field)?;
        if range.contains(&number) {
            Ok(number)
        } else {
            Err(self.wrong(field, 0, expected, "another number"))
        }
    }

    /// A field of text, without the blanks behind it.
    pub(super) fn text(&self, field: Field) -> Result<String, CtfError> {
        let bytes = self.slice(field);
        match bytes.iter().enumerate().find(|(_, byte)| matches!(byte, 0..=0x1f | 0x7f..=0x9f)) {
            Some((at, byte)) => Err(self.wrong(field, at, "text", kind_of(*byte))),
            None => Ok(bytes.iter().map(|byte| char::from(*byte)).collect::<String>().trim_end().to_owned()),
        }
    }

    /// An amount; `None` where the currency is blank or 000.
    pub(super) fn amount(&self, amount: Field, currency: Field) -> Result<Option<Amount>, CtfError> {
        if matches!(self.slice(currency), b"   " | b"000") {
            return Ok(None);
        }
        Ok(Some(Amount { minor: self.number(amount)?, currency: self.number(currency)? }))
    }

    /// The card number: 16 digits and an extension of up to three more. An extension of 000 or blanks is none;
    /// shorter numbers have blanks behind them.
    pub(super) fn pan(&self) -> Result<Pan, CtfError> {
        let mut digits = Zeroizing::new(self.padded(ACCOUNT)?.to_owned());
        let extension = self.padded(EXTENSION)?;
        if digits.len() == ACCOUNT.2 && extension != "000" {
            digits.push_str(extension);
        }
        Pan::parse(&digits)
            .ok_or_else(|| self.wrong(ACCOUNT, 0, "a card number of 12 to 19 digits", "fewer digits"))
    }

    /// Digits with blanks behind them.
    fn padded(&self, field: Field) -> Result<&str, CtfError> {
        let bytes = self.slice(field).trim_ascii_end();
        match bytes.iter().enumerate().find(|(_, byte)| !byte.is_ascii_digit()) {
            Some((at, byte)) => Err(self.wrong(field, at, "digits", kind_of(*byte))),
            None => Ok(std::str::from_utf8(bytes).unwrap_or_default()),
        }
    }
}

/// The kind of a character, which tells nothing about the value.
pub(super) const fn kind_of(byte: u8) -> &'static str {
    match byte {
        b'0'..=b'9' => "a digit",
        b'A'..=b'Z' | b'a'..=b'z' => "a letter",
        b' ' => "a blank",
        0x21..=0x7e => "a punctuation mark",
        0x00..=0x1f | 0x7f..=0x9f => "a control character",
        0xa0..=0xff => "a character above 0x9F",
    }
}

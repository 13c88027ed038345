//! The fields of one record, read one after another, each strictly. Their names come from the layout.

use std::fmt::Display;
use std::str::FromStr;

use domain::settlement::Basis;
use jiff::civil::Date;

use super::ReadError;
use super::layout::{FieldType, RECORD_TYPES, SEPARATOR, is_code};

/// A record with a cursor.
#[derive(Clone)]
pub(super) struct Fields<'a> {
    number: usize,
    kind: &'a str,
    rest: std::str::Split<'a, char>,
    layout: &'static [FieldType],
    at: usize,
}

impl<'a> Fields<'a> {
    /// `number` counts from 1.
    pub(super) fn new(number: usize, line: &'a str) -> Self {
        let mut rest = line.split(SEPARATOR);
        let kind = rest.next().unwrap_or_default();
        let layout = RECORD_TYPES.into_iter().find(|record| record.code == kind);
        Self { number, kind, rest, layout: layout.map_or(&[], |record| record.fields), at: 0 }
    }

    /// The record type.
    pub(super) fn kind(&self) -> &'a str {
        self.kind
    }

    /// Of the field that was read last.
    pub(super) fn name(&self) -> &'static str {
        self.layout.get(self.at.saturating_sub(1)).map_or("length", |field| field.name)
    }

    /// The field that was read last is wrong.
    pub(super) fn error(&self, expected: impl Into<String>, found: &str) -> ReadError {
        ReadError::record(self.number, self.name(), expected, found)
    }

    /// The record must not stand here.
    pub(super) fn misplaced(&self, expected: &str) -> ReadError {
        ReadError::record(self.number, "record type", expected, self.kind)
    }

    /// The next three fields are those of one more item.
    pub(super) fn another_item(&mut self) {
        self.at = self.at.saturating_sub(3);
    }

    /// The next field is the same for one more item.
    pub(super) fn another_quantity(&mut self) {
        self.at = self.at.saturating_sub(1);
    }

    /// There are no fields of items.
    pub(super) fn no_items(&mut self) {
        self.at += 1;
    }

    /// The next field, whatever it holds.
    pub(super) fn text(&mut self) -> Result<&'a str, ReadError> {
        self.at += 1;
        self.rest.next().ok_or_else(|| self.error("a field", "the end of the record"))
    }

    pub(super) fn owned(&mut self) -> Result<String, ReadError> {
        self.text().map(str::to_owned)
    }

    /// The next field, which can only hold this.
    pub(super) fn exactly(&mut self, expected: impl Display) -> Result<(), ReadError> {
        let (expected, found) = (expected.to_string(), self.text()?);
        if found == expected { Ok(()) } else { Err(self.error(expected, found)) }
    }

    /// The next field, which must be one of some words.
    pub(super) fn word<T>(
        &mut self,
        expected: &str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Result<T, ReadError> {
        let found = self.text()?;
        parse(found).ok_or_else(|| self.error(expected, found))
    }

    /// A value in the one form in which it is written: `7`, but neither `+7` nor `07`.
    pub(super) fn value<T: FromStr + Display>(&mut self, expected: &str) -> Result<T, ReadError> {
        self.word(expected, |text| text.parse::<T>().ok().filter(|value| value.to_string() == text))
    }

    /// The least one is refused: it could not be turned into the other direction.
    pub(super) fn integer(&mut self) -> Result<i64, ReadError> {
        let number: i64 = self.value("a whole number")?;
        if number == i64::MIN {
            return Err(self.error("a whole number from -9223372036854775807 on", &number.to_string()));
        }
        Ok(number)
    }

    pub(super) fn date(&mut self) -> Result<Date, ReadError> {
        self.value("a date YYYY-MM-DD")
    }

    pub(super) fn basis(&mut self) -> Result<Basis, ReadError> {
        self.word("what terms price", Basis::parse)
    }

    /// A number of a file or cycle.
    pub(super) fn ordinal(&mut self, min: i32) -> Result<i32, ReadError> {
        let number: i32 = self.value("a whole number")?;
        if number >= min {
            Ok(number)
        } else {
            Err(self.error(format!("at least {min}"), &number.to_string()))
        }
    }

    pub(super) fn code(&mut self) -> Result<String, ReadError> {
        self.word("1 to 40 of a-z, 0-9 and -", |text| is_code(text).then(|| text.to_owned()))
    }

    /// Lower-case hexadecimal digits of so many bytes.
    pub(super) fn digits(&mut self, bytes: usize) -> Result<&'a str, ReadError> {
        let found = self.text()?;
        let digit = |byte: &u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        if found.len() == bytes * 2 && found.as_bytes().iter().all(digit) {
            return Ok(found);
        }
        Err(self.error(format!("{} lower-case hexadecimal digits", bytes * 2), found))
    }

    /// Nothing may follow.
    pub(super) fn end(mut self) -> Result<(), ReadError> {
        match self.rest.next() {
            None => Ok(()),
            Some(found) => Err(ReadError::record(self.number, "length", "the end of the record", found)),
        }
    }
}

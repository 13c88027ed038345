//! The fields of one record, read one after another, each strictly.

use std::fmt::Display;
use std::str::FromStr;

use super::VerifyError;
use crate::layout::{SEPARATOR, is_code};

/// A record with a cursor.
#[derive(Clone)]
pub(super) struct Fields<'a> {
    number: usize,
    kind: &'a str,
    rest: std::str::Split<'a, char>,
}

impl<'a> Fields<'a> {
    /// `number` counts from 1.
    pub(super) fn new(number: usize, line: &'a str) -> Self {
        let mut rest = line.split(SEPARATOR);
        Self { number, kind: rest.next().unwrap_or_default(), rest }
    }

    /// The record type.
    pub(super) fn kind(&self) -> &'a str {
        self.kind
    }

    pub(super) fn error(&self, field: &'static str, expected: impl Into<String>, found: &str) -> VerifyError {
        VerifyError::record(self.number, field, expected, found)
    }

    /// The next field, whatever it holds.
    pub(super) fn text(&mut self, field: &'static str) -> Result<&'a str, VerifyError> {
        let number = self.number;
        self.rest.next().ok_or_else(|| VerifyError::record(number, field, "a field", "the end of the record"))
    }

    /// The next field, which can only hold this.
    pub(super) fn exactly(&mut self, field: &'static str, expected: impl Display) -> Result<(), VerifyError> {
        let (expected, found) = (expected.to_string(), self.text(field)?);
        if found == expected { Ok(()) } else { Err(self.error(field, expected, found)) }
    }

    /// The next field, which must be one of some words.
    pub(super) fn word<T>(
        &mut self,
        field: &'static str,
        expected: &str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Result<T, VerifyError> {
        let found = self.text(field)?;
        parse(found).ok_or_else(|| self.error(field, expected, found))
    }

    /// A value in the one form in which it is written: `7`, but neither `+7` nor `07`.
    pub(super) fn value<T: FromStr + Display>(
        &mut self,
        field: &'static str,
        expected: &str,
    ) -> Result<T, VerifyError> {
        self.word(field, expected, |text| text.parse::<T>().ok().filter(|value| value.to_string() == text))
    }

    pub(super) fn integer(&mut self, field: &'static str) -> Result<i64, VerifyError> {
        self.value(field, "a whole number")
    }

    /// A number of a file or cycle.
    pub(super) fn ordinal(&mut self, field: &'static str, min: i32) -> Result<i32, VerifyError> {
        let number: i32 = self.value(field, "a whole number")?;
        if number >= min {
            Ok(number)
        } else {
            Err(self.error(field, format!("at least {min}"), &number.to_string()))
        }
    }

    pub(super) fn code(&mut self, field: &'static str) -> Result<String, VerifyError> {
        self.word(field, "1 to 40 of a-z, 0-9 and -", |text| is_code(text).then(|| text.to_owned()))
    }

    /// Lower-case hexadecimal digits of so many bytes.
    pub(super) fn digits(&mut self, field: &'static str, bytes: usize) -> Result<Vec<u8>, VerifyError> {
        let expected = format!("{} lower-case hexadecimal digits", bytes * 2);
        self.word(field, &expected, |text| {
            hex::decode(text).ok().filter(|read| read.len() == bytes && hex::encode(read) == text)
        })
    }

    /// Nothing may follow.
    pub(super) fn end(mut self) -> Result<(), VerifyError> {
        match self.rest.next() {
            None => Ok(()),
            Some(found) => Err(self.error("length", "the end of the record", found)),
        }
    }
}

//! Readers of what partners send back: their own statements, as CSV, camt.053, camt.054 or our own forms.
//!
//! What comes in is hostile until it has been read. A statement is taken whole or not at all: the first thing that is
//! wrong is an error with its place, and nothing of the file is handed out. Every bound is in [`Limits`].

mod camt;
mod csv_rows;
mod error;
mod mapping;
mod native;

use std::io::Read;

use domain::settlement::Direction;
use jiff::civil::Date;

pub use camt::camt;
pub use csv_rows::csv;
pub use error::StatementError;
pub use mapping::CsvMapping;
pub use native::{native, payout_csv};

/// A partner's statement as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// What the partner calls it; empty if the format has no such thing.
    pub reference: String,
    /// `TEST` or `LIVE` if the file says which.
    pub environment: Option<crate::canonical::Environment>,
    /// Its lines, in its order.
    pub lines: Vec<StatementLine>,
    /// Entries that the partner has not booked yet; they are no lines.
    pub not_booked: u64,
}

/// A line of a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatementLine {
    /// Where it stands: the line of the file, or the number of the entry, from 1.
    pub place: u64,
    /// Our id of the line or payout if the partner names it, else its own reference.
    pub reference: String,
    /// The date in the partner's books.
    pub date: Date,
    /// Minor units, signed in the direction.
    pub amount_minor: i64,
    /// Three letters of ISO 4217.
    pub currency: String,
    /// Who pays a positive amount.
    pub direction: Direction,
    /// What the partner has written beside it.
    pub text: String,
}

/// How much of a file is read before it is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the file.
    pub bytes: u64,
    /// Lines or entries.
    pub lines: u64,
    /// Characters of one field or text.
    pub characters: usize,
    /// Elements inside each other.
    pub depth: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { bytes: 64 * 1024 * 1024, lines: 250_000, characters: 2_000, depth: 24 }
    }
}

/// All bytes of a file that is not too large.
fn bounded(input: impl Read, limits: &Limits) -> Result<Vec<u8>, StatementError> {
    let mut bytes = Vec::new();
    let read = input.take(limits.bytes.saturating_add(1)).read_to_end(&mut bytes);
    read.map_err(|error| StatementError::file("a readable file", error.to_string(), "read it again"))?;
    if bytes.len() as u64 > limits.bytes {
        let expected = format!("at most {} bytes", limits.bytes);
        return Err(StatementError::file(expected, "more", "ask the partner for several statements"));
    }
    Ok(bytes)
}

/// What every format's text must be: no control characters, not too long.
fn checked_text(text: &str, limits: &Limits, place: impl Fn() -> String) -> Result<String, StatementError> {
    if text.chars().count() > limits.characters {
        let expected = format!("at most {} characters", limits.characters);
        return Err(StatementError::at(place(), expected, "more", "ask the partner what stands there"));
    }
    if let Some(found) = text.chars().find(|letter| letter.is_control() && !"\t\r\n".contains(*letter)) {
        let found = format!("the control character U+{:04X}", u32::from(found));
        return Err(StatementError::at(place(), "text", found, "ask the partner for the right encoding"));
    }
    Ok(text.trim().to_owned())
}

/// An amount in major units of a currency, in minor units.
fn amount(
    text: &str,
    currency: &str,
    point: char,
    place: impl Fn() -> String,
) -> Result<i64, StatementError> {
    let exponent = iso_currency::Currency::from_code(currency).and_then(iso_currency::Currency::exponent);
    let Some(exponent) = exponent else {
        let found = shown(currency);
        return Err(StatementError::at(
            place(),
            "a currency of ISO 4217",
            found,
            "ask the partner for its code",
        ));
    };
    super::amount::minor(text, exponent, point).ok_or_else(|| {
        let expected = format!("an amount of {currency} with at most {exponent} decimals after `{point}`");
        StatementError::at(place(), expected, shown(text), "compare it with the partner's layout")
    })
}

/// The beginning of a text from outside, for an error.
fn shown(text: &str) -> String {
    // Hidden before the cut: half of a card number is looked like none.
    let near: String = text.chars().take(120).collect();
    let beginning: String = domain::hide_card_numbers(&near).chars().take(40).collect();
    format!("{beginning:?}")
}

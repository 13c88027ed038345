//! What is wrong with a file.

use std::io;

/// A file is not what its sender wrote, or its sender wrote nonsense.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// It cannot be read to its end.
    #[error("cannot read the file: {0}; try again, and look at the disk if it stays so")]
    Io(#[from] io::Error),
    /// A record is wrong.
    #[error(
        "record {record}, {field}: expected {expected}, found {found}; do not book it, ask the sender for the file again"
    )]
    Record {
        /// Its number, from 1: the line of the file.
        record: usize,
        /// Which part of it.
        field: &'static str,
        /// What should stand there.
        expected: String,
        /// What stands there; long numbers are masked.
        found: String,
    },
}

impl ReadError {
    pub(super) fn record(
        record: usize,
        field: &'static str,
        expected: impl Into<String>,
        found: &str,
    ) -> Self {
        Self::Record { record, field, expected: expected.into(), found: shown(found) }
    }
}

/// The longest text that is shown; a hash fits.
const SHOWN_MAX: usize = 70;
/// From so many digits on a number might be that of a card, if the file is not ours at all.
const MASKED_FROM: usize = 12;

/// Quoted, shortened, and with long numbers masked.
fn shown(text: &str) -> String {
    let mut masked = String::new();
    for run in text.as_bytes().chunk_by(|a, b| a.is_ascii_digit() == b.is_ascii_digit()) {
        let long = run.len() >= MASKED_FROM && run.iter().all(u8::is_ascii_digit);
        if long {
            masked.push_str(&"*".repeat(run.len()));
        } else {
            masked.push_str(&String::from_utf8_lossy(run));
        }
    }
    let short: String = masked.chars().take(SHOWN_MAX).collect();
    if short.len() < masked.len() { format!("{short:?}...") } else { format!("{short:?}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_is_short_and_holds_no_long_number() {
        assert_eq!(shown("TX"), "\"TX\"");
        assert_eq!(shown("a;4111111111111111;b"), "\"a;****************;b\"");
        assert_eq!(shown("ж4111111111111111"), "\"ж****************\"");
        assert!(shown(&"x".repeat(100)).len() < 80);
    }
}

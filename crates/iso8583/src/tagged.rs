//! Tagged private data (DE48): tag of 2 letters or digits, length of 3 digits, value; nothing in between.

use std::collections::BTreeSet;

const TAG: usize = 2;
const LENGTH: usize = 3;

/// Why tagged data cannot be read or written. Never carries a value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
#[error(
    "tagged data at character {offset}: expected {expected}, found {found}; the sender must send it as agreed"
)]
pub struct TaggedError {
    /// Offset in the value of the data element; when writing: the number of the entry.
    pub offset: usize,
    /// What should be there.
    pub expected: &'static str,
    /// What is there instead, in general words.
    pub found: &'static str,
}

/// Reads tagged data: tags and values in the order sent. Empty data has no entries.
///
/// # Errors
///
/// On anything that is not tag, length and value one after the other, and on a tag that comes twice.
pub fn parse(text: &str) -> Result<Vec<(&str, &str)>, TaggedError> {
    let mut entries = Vec::new();
    let mut seen = BTreeSet::new();
    let mut at = 0;
    while at < text.len() {
        let tag = text.get(at..at + TAG).ok_or(wrong(at, "a tag of 2 characters", "fewer characters"))?;
        check_tag(at, tag)?;
        if !seen.insert(tag) {
            return Err(wrong(at, "every tag once", "a tag that was there before"));
        }
        at += TAG;
        let length =
            text.get(at..at + LENGTH).ok_or(wrong(at, "a length of 3 digits", "fewer characters"))?;
        if !length.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(wrong(at, "a length of 3 digits", "other characters"));
        }
        let length: usize =
            length.parse().map_err(|_| wrong(at, "a length of 3 digits", "other characters"))?;
        at += LENGTH;
        let value =
            text.get(at..at + length).ok_or(wrong(at, "a value of the given length", "fewer characters"))?;
        at += length;
        entries.push((tag, value));
    }
    Ok(entries)
}

/// Writes tagged data in the order given.
///
/// # Errors
///
/// On a tag that is not 2 letters or digits or comes twice, and on a value that is longer than 999 characters or not
/// printable ASCII.
pub fn write(entries: &[(&str, &str)]) -> Result<String, TaggedError> {
    let mut text = String::new();
    let mut seen = BTreeSet::new();
    for (number, (tag, value)) in entries.iter().enumerate() {
        check_tag(number, tag)?;
        if !seen.insert(tag) {
            return Err(wrong(number, "every tag once", "a tag that was there before"));
        }
        if !value.bytes().all(|byte| matches!(byte, 0x20..=0x7e)) {
            return Err(wrong(number, "a value of printable ASCII characters", "other characters"));
        }
        if value.len() > 999 {
            return Err(wrong(number, "a value of at most 999 characters", "more characters"));
        }
        text.push_str(tag);
        text.push_str(&format!("{:03}", value.len()));
        text.push_str(value);
    }
    Ok(text)
}

fn check_tag(offset: usize, tag: &str) -> Result<(), TaggedError> {
    if tag.len() == TAG && tag.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return Ok(());
    }
    Err(wrong(offset, "a tag of 2 letters or digits", "something else"))
}

const fn wrong(offset: usize, expected: &'static str, found: &'static str) -> TaggedError {
    TaggedError { offset, expected, found }
}

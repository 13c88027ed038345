//! The fields of an answer, checked. A problem says what was expected, never what was found.

use domain::{
    AnswerVerdict, FileTotal, LineAnswer, hide_card_numbers, is_card_number, settlement::Direction,
};

use crate::canonical::Environment;

/// The longest code of a partner or bank.
const CODE_MAX: usize = 40;
/// The longest id of a file or line.
const ID_MAX: usize = 160;
/// The longest text of the receiver's own making.
const TEXT_CHARS_MAX: usize = 200;
/// More currencies and directions are in no file.
pub(super) const TOTALS_MAX: usize = 64;

type Checked<T> = Result<T, String>;

/// The code of a partner or bank.
pub(super) fn code(text: &str) -> Checked<String> {
    let plain = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-');
    match (1..=CODE_MAX).contains(&text.len()) && text.bytes().all(plain) {
        true => Ok(text.to_owned()),
        false => Err(format!("expected a code, 1 to {CODE_MAX} of a-z, 0-9 and -")),
    }
}

/// The id of a file or of a line: nothing that could lead elsewhere.
pub(super) fn id(text: &str) -> Checked<String> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    match (1..=ID_MAX).contains(&text.len()) && text.bytes().all(plain) {
        true => Ok(text.to_owned()),
        false => Err(format!("expected an id as our file has it, 1 to {ID_MAX} letters, digits and -")),
    }
}

/// A text for people, which may be empty.
pub(super) fn free_text(text: &str) -> Checked<String> {
    let plain = |letter: char| !letter.is_control() && letter != '|';
    if text.chars().count() > TEXT_CHARS_MAX || !text.chars().all(plain) {
        return Err(format!(
            "expected at most {TEXT_CHARS_MAX} characters without `|` and control characters"
        ));
    }
    match is_card_number(text) {
        true => Err("expected no card number; answers never hold one".to_owned()),
        // One that stands among other words may be one by chance.
        false => Ok(hide_card_numbers(text)),
    }
}

pub(super) fn environment(text: &str) -> Checked<Environment> {
    Environment::parse(text).ok_or_else(|| "expected TEST or LIVE".to_owned())
}

/// A whole number as we would write it: ASCII digits, no plus sign, no leading zeros.
pub(super) fn number<T: std::str::FromStr + ToString>(text: &str) -> Checked<T> {
    let number = text.parse::<T>().ok().filter(|number| number.to_string() == text);
    number.ok_or_else(|| {
        "expected a whole number in ASCII digits, without plus sign or leading zeros".to_owned()
    })
}

pub(super) fn at_least<T: PartialOrd + std::fmt::Display>(number: T, least: T) -> Checked<T> {
    if number >= least { Ok(number) } else { Err(format!("expected at least {least}")) }
}

/// 64 lower-case hexadecimal digits, or nothing.
pub(super) fn sha256(text: &str) -> Checked<Option<[u8; 32]>> {
    if text.is_empty() {
        return Ok(None);
    }
    let (mut hash, lower) = ([0; 32], !text.bytes().any(|byte| byte.is_ascii_uppercase()));
    match lower && hex::decode_to_slice(text, &mut hash).is_ok() {
        true => Ok(Some(hash)),
        false => Err("expected a SHA-256, 64 lower-case hexadecimal digits".to_owned()),
    }
}

pub(super) fn total(currency: &str, direction: &str, to_pay_minor: i64) -> Checked<FileTotal> {
    if currency.len() != 3 || !currency.bytes().all(|byte| byte.is_ascii_uppercase()) {
        return Err("expected the three letters of a currency".to_owned());
    }
    let direction = Direction::parse(direction)
        .ok_or_else(|| "expected bank_pays_partner or partner_pays_bank".to_owned())?;
    let to_pay_minor = at_least(to_pay_minor, 0)?;
    Ok(FileTotal { currency: currency.to_owned(), direction, to_pay_minor })
}

/// Sorted; each currency and direction once.
pub(super) fn totals(mut totals: Vec<FileTotal>) -> Checked<Vec<FileTotal>> {
    totals.sort();
    let same = |a: &FileTotal, b: &FileTotal| (&a.currency, a.direction) == (&b.currency, b.direction);
    match totals.windows(2).any(|two| matches!(two, [a, b] if same(a, b))) {
        true => Err("expected one total for each currency and direction".to_owned()),
        false => Ok(totals),
    }
}

/// The verdict of a NACK.
pub(super) fn kind(text: &str, lines: Vec<LineAnswer>) -> Checked<AnswerVerdict> {
    match (text, lines.is_empty()) {
        ("transport", true) => Ok(AnswerVerdict::Transport),
        ("layout", true) => Ok(AnswerVerdict::Layout),
        ("transport" | "layout", false) => Err("expected no lines: only content disputes lines".to_owned()),
        ("content", _) => Ok(AnswerVerdict::Content(lines)),
        _ => Err("expected transport, layout or content".to_owned()),
    }
}

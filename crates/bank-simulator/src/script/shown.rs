//! Messages as they may be shown: bytes and values masked by the dialect's own rule.
//!
//! Everything that leaves a script goes through here, so that no card number gets into evidence.

use std::ops::Range;

use iso8583::{Builder, Shown, dialects, mask_text};

/// Digits of a card number that stay visible.
const KEPT: usize = 4;
/// Of a value that is shorter, they would be too many.
const PAN_MIN: usize = 12;
/// Message type and first bitmap: never card data if the type can be read.
const HEAD: usize = 20;
/// What is shown of bytes whose type cannot be read.
const TYPE: usize = 4;

/// A byte of a message; `None` is masked.
pub type MaskedByte = Option<u8>;

/// A message that may be shown to anybody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShownMessage {
    /// One line: the message type and what tells it apart.
    pub summary: String,
    /// The bytes behind the frame length, or as they were sent if there is no frame.
    pub bytes: Vec<MaskedByte>,
    /// The data elements.
    pub fields: Vec<ShownField>,
    /// Why it could not be decoded further, if so.
    pub problem: Option<String>,
}

/// A data element that may be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShownField {
    /// Where its value begins.
    pub offset: usize,
    /// `MTI`, `DE37`.
    pub element: String,
    /// What the dialect calls it.
    pub name: &'static str,
    /// Its value, masked.
    pub value: String,
}

/// A value as it may be shown.
#[must_use]
pub fn masked_value(de: u8, value: &str) -> String {
    match dialects::iso87_ascii().field(de).map(|spec| spec.shown) {
        Some(Shown::Open) => value.to_owned(),
        Some(Shown::Private) => mask_text(value).into_owned(),
        Some(Shown::Pan) if value.len() >= PAN_MIN => {
            format!("****{}", value.get(value.len() - KEPT..).unwrap_or_default())
        }
        Some(Shown::Pan) => "****".to_owned(),
        _ => "[dropped]".to_owned(),
    }
}

/// The bytes of a message with card data masked. What could not be decoded is masked whole: nobody knows what it is.
#[must_use]
pub fn masked_bytes(bytes: &[u8]) -> Vec<MaskedByte> {
    let mut masked: Vec<MaskedByte> = bytes.iter().copied().map(Some).collect();
    let (fields, problem) = spans(bytes);
    fields.iter().for_each(|field| hide(&mut masked, field));
    if problem.is_some() {
        let typed = bytes.iter().take(TYPE).all(u8::is_ascii_digit);
        let head = if typed { HEAD } else { TYPE };
        let known = fields.iter().map(|field| field.range.end).max().unwrap_or(0).max(head);
        masked.iter_mut().skip(known).for_each(|byte| *byte = None);
    }
    masked
}

/// A data element with its value as it was sent.
struct Field {
    de: u8,
    range: Range<usize>,
    value: String,
}

/// The data elements that could be read, and why no more could.
fn spans(bytes: &[u8]) -> (Vec<Field>, Option<String>) {
    let (message, error) = dialects::iso87_ascii().decode_partial(bytes);
    let problem = error.map(|error| error.to_string());
    let Some(message) = message else { return (Vec::new(), problem) };
    let values = Builder::from_message(&message);
    let span = |de: u8| {
        let (start, value) = (message.offset(de)?, values.get(de)?);
        Some(Field { de, range: start..start + value.len(), value: value.to_owned() })
    };
    ((2..=128).filter_map(span).collect(), problem)
}

fn hide(masked: &mut [MaskedByte], field: &Field) {
    let Some(bytes) = masked.get_mut(field.range.clone()) else { return };
    let value = field.value.as_str();
    let kept = match dialects::iso87_ascii().field(field.de).map(|spec| spec.shown) {
        Some(Shown::Open) => return,
        Some(Shown::Private) => {
            // A masked digit is an asterisk where there was none.
            let shown = mask_text(value);
            for (byte, character) in bytes.iter_mut().zip(shown.bytes()) {
                if *byte != Some(character) {
                    *byte = None;
                }
            }
            return;
        }
        Some(Shown::Pan) if value.len() >= PAN_MIN => KEPT,
        _ => 0,
    };
    let hidden = bytes.len().saturating_sub(kept);
    bytes.iter_mut().take(hidden).for_each(|byte| *byte = None);
}

impl ShownMessage {
    /// Shows the bytes of one message.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        let (spans, problem) = spans(bytes);
        let mti = bytes.get(..4).and_then(|digits| std::str::from_utf8(digits).ok()).unwrap_or("????");
        let mti = if mti.bytes().all(|byte| byte.is_ascii_graphic()) { mti } else { "????" };
        let head = ShownField {
            offset: 0,
            element: "MTI".to_owned(),
            name: "message type indicator",
            value: mti.to_owned(),
        };
        let fields = spans.iter().map(|field| ShownField {
            offset: field.range.start,
            element: format!("DE{}", field.de),
            name: dialects::iso87_ascii().field(field.de).map_or("", |spec| spec.name.as_str()),
            value: masked_value(field.de, &field.value),
        });
        let fields: Vec<_> = std::iter::once(head).chain(fields).collect();
        Self { summary: summary(&fields), bytes: masked_bytes(bytes), fields, problem }
    }

    /// Shows bytes that are not one message in a frame.
    pub(super) fn bare(bytes: &[u8], what: &str) -> Self {
        let masked = bytes.iter().enumerate().map(|(at, byte)| (at < 2).then_some(*byte)).collect();
        Self {
            summary: what.to_owned(),
            bytes: masked,
            fields: Vec::new(),
            problem: Some("sent as it is, without the frame length of the contract".to_owned()),
        }
    }
}

/// What people look at first.
const IN_SUMMARY: [&str; 9] = ["DE2", "DE39", "DE4", "DE49", "DE70", "DE11", "DE37", "DE90", "DE48"];

fn summary(fields: &[ShownField]) -> String {
    let value = |element: &str| fields.iter().find(|field| field.element == element);
    let shown = IN_SUMMARY.iter().filter_map(|element| value(element));
    let mti = value("MTI").map_or("", |field| field.value.as_str());
    shown.fold(mti.to_owned(), |line, field| format!("{line} {}={}", field.element, field.value.trim_end()))
}

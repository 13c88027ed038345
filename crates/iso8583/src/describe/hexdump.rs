//! A message in hexadecimal digits, one data element after the other.

use std::fmt::Write as _;

use super::{
    Show, hidden,
    layout::{self, Stretch, What},
};
use crate::{
    dialect::{Dialect, MtiEncoding},
    message::Message,
};

const WIDTH: usize = 16;
/// So much of bytes that are not understood is shown: less than the part of a card number that may be shown.
const SEEN_OF_REST: usize = 2;
/// So much of a message that is not understood at all is shown: no card number begins in front of that.
const SEEN_OF_UNKNOWN: usize = 11;

/// A hex dump with offsets, a new line for each data element and its length indicator. Masked, the bytes of card
/// data are `**`, and so is what cannot be decoded.
#[must_use]
pub fn hexdump(dialect: &Dialect, bytes: &[u8], show: Show) -> String {
    let mut dump = String::new();
    let (message, error) = dialect.decode_partial(bytes);
    let (stretches, hidden) = match &message {
        Some(message) => {
            (layout::of(message), hidden::bytes_of(message, hidden::is_doubtful(message, error.is_some())))
        }
        None => (vec![Stretch { what: What::Rest, range: 0..bytes.len() }], of_unknown(bytes)),
    };
    for stretch in &stretches {
        let bytes = bytes.get(stretch.range.clone()).unwrap_or_default();
        let seen = |at: usize| match (show, stretch.what) {
            (Show::Unmasked, _) => true,
            (Show::Masked, What::Rest) if message.is_some() => {
                at < SEEN_OF_REST && hidden.get(stretch.range.start + at) == Some(&false)
            }
            (Show::Masked, _) => hidden.get(stretch.range.start + at) == Some(&false),
        };
        let label = label(dialect, message.as_ref(), stretch.what);
        write_stretch(&mut dump, dialect, stretch.range.start, bytes, &seen, &label);
    }
    if let Some(error) = error {
        let _ = writeln!(dump, "\nnot decoded from byte {}:\n  {error}", error.offset());
    }
    dump
}

/// What is hidden of bytes of which not even the message type can be read.
fn of_unknown(bytes: &[u8]) -> Vec<bool> {
    let mut hidden = (0..bytes.len()).map(|at| at >= SEEN_OF_UNKNOWN).collect::<Vec<_>>();
    hidden::rows(bytes, &mut hidden);
    hidden
}

fn label(dialect: &Dialect, message: Option<&Message<'_>>, what: What) -> String {
    match what {
        What::Header => "header".to_owned(),
        What::Mti => "MTI".to_owned(),
        What::Bitmap => format!("bitmap x{}", message.map_or(1, |message| message.bitmaps().count())),
        What::Length(de) => format!("DE{de} length"),
        What::Value(de) => {
            let name = dialect.field(de).map(|spec| spec.name.as_str()).unwrap_or_default();
            format!("DE{de} {name}")
        }
        What::Rest => "not decoded".to_owned(),
    }
}

fn write_stretch(
    dump: &mut String,
    dialect: &Dialect,
    start: usize,
    bytes: &[u8],
    seen: &dyn Fn(usize) -> bool,
    label: &str,
) {
    let lines = bytes.chunks(WIDTH).enumerate();
    let empty = bytes.is_empty().then_some((0, &[][..]));
    for (line, chunk) in lines.chain(empty) {
        let (mut digits, mut text) = (String::new(), String::new());
        for (at, byte) in (line * WIDTH..).zip(chunk) {
            if seen(at) {
                let _ = write!(digits, "{byte:02x} ");
                text.push(character(dialect, *byte));
            } else {
                digits.push_str("** ");
                text.push('*');
            }
        }
        let label = if line == 0 { label } else { "" };
        // Writing into a String cannot fail.
        let line = format!("{:06x}  {digits:<48} |{text:<WIDTH$}|  {label}", start + line * WIDTH);
        let _ = writeln!(dump, "{}", line.trim_end());
    }
}

/// The character of a byte in the code of the message type; a dot where there is none to be printed.
fn character(dialect: &Dialect, byte: u8) -> char {
    let byte = match dialect.mti_encoding() {
        MtiEncoding::Ebcdic(page) => page.decode_byte(byte),
        _ => byte,
    };
    if matches!(byte, 0x20..=0x7e) { char::from(byte) } else { '.' }
}

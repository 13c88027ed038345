//! Which bytes of a message must not be shown.

use super::Show;
use crate::{
    field_spec::{Encoding, Shown},
    mask::mask_text,
    message::Message,
    structure::Part,
    value::{Value, hexadecimal},
};

/// Least characters of a card number; of less nothing is kept.
const LEAST_PAN: usize = 12;
/// Digits of a card number that stay.
const KEPT: usize = 4;

/// A data element as it is shown. `doubtful` is what [`bytes_of`] gave for a message that does not decode to its end:
/// its elements may not be what they seem, so a card number may stand in open ones, or across several.
pub(super) fn text_of(message: &Message<'_>, de: u8, show: Show, doubtful: Option<&[bool]>) -> String {
    let Some((value, range)) = message.value(de).zip(message.range(de)) else { return String::new() };
    if show == Show::Unmasked {
        return value.text().into_owned();
    }
    let masked = value.masked();
    let hidden = doubtful.and_then(|hidden| hidden.get(range)).unwrap_or_default();
    let by_itself = matches!(value.spec().shown, Shown::Pan | Shown::Secret);
    if by_itself || !hidden.contains(&true) {
        return masked;
    }
    if masked.chars().count() != hidden.len() {
        return "*".repeat(LEAST_PAN);
    }
    masked.chars().zip(hidden).map(|(character, hide)| if *hide { '*' } else { character }).collect()
}

/// The header in hexadecimal digits. One that nobody knows may be more than a header.
pub(super) fn header_of(message: &Message<'_>, show: Show) -> String {
    let mut hidden = vec![false; message.header().len()];
    if show == Show::Masked && is_opaque(message) {
        anywhere(message.header(), &mut hidden);
    }
    if hidden.contains(&true) { "[dropped]".to_owned() } else { hexadecimal(message.header()) }
}

fn is_opaque(message: &Message<'_>) -> bool {
    message.dialect().header().to_string().contains("bytes:")
}

/// For each byte of the message whether it is hidden; `doubtful` if it does not decode to its end.
pub(super) fn bytes_of(message: &Message<'_>, doubtful: bool) -> Vec<bool> {
    let mut hidden = vec![false; message.bytes().len()];
    for (de, value) in message.values() {
        let Some(offset) = message.offset(de) else { continue };
        mark(&mut hidden, offset, 1, &of_value(&value));
        let scale = if is_hex_text(&value) { 2 } else { 1 };
        message.parts(de).unwrap_or_default().iter().for_each(|part| mark_part(&mut hidden, scale, part));
    }
    let header = message.header().len();
    if let Some(hidden) = hidden.get_mut(..header).filter(|_| is_opaque(message)) {
        anywhere(message.header(), hidden);
    }
    if doubtful {
        anywhere(message.bytes(), &mut hidden);
    }
    hidden
}

/// Card numbers wherever they stand: in ASCII, in EBCDIC, in packed digits. Rather too much than too little.
fn anywhere(bytes: &[u8], hidden: &mut [bool]) {
    let ebcdic = |byte: &u8| if *byte >= 0xF0 { char::from(byte - 0xC0) } else { 'x' };
    for text in
        [bytes.iter().map(|byte| char::from(*byte)).collect::<String>(), bytes.iter().map(ebcdic).collect()]
    {
        let masked = mask_text(&text);
        let changed: Vec<bool> = text.chars().zip(masked.chars()).map(|(was, is)| was != is).collect();
        mark(hidden, 0, 1, &changed);
    }
    let mut packed = String::with_capacity(bytes.len() * 2);
    for row in bytes.chunk_by(|one, next| one.is_ascii_digit() == next.is_ascii_digit()) {
        // So many ASCII digits in a row are text; as packed digits they would say anything.
        let is_text = row.len() >= KEPT && row.iter().all(u8::is_ascii_digit);
        let digits = if is_text { "xx".repeat(row.len()) } else { hexadecimal(row) };
        packed.push_str(&digits);
    }
    let masked = mask_text(&packed);
    let changed: Vec<bool> = packed.bytes().zip(masked.bytes()).map(|(was, is)| was != is).collect();
    let changed: Vec<bool> = changed.chunks(2).map(|pair| pair.contains(&true)).collect();
    mark(hidden, 0, 1, &changed);
}

fn mark_part(hidden: &mut [bool], scale: usize, part: &Part<'_>) {
    let value = part.value();
    mark(hidden, part.offset(), scale, &of_value(&value));
    let inner = if is_hex_text(&value) { scale * 2 } else { scale };
    part.parts().iter().for_each(|inside| mark_part(hidden, inner, inside));
}

/// `scale` bytes of the message stand for one byte of the value.
fn mark(hidden: &mut [bool], offset: usize, scale: usize, bytes: &[bool]) {
    for (at, _) in bytes.iter().enumerate().filter(|(_, hide)| **hide) {
        let start = offset + at * scale;
        hidden.iter_mut().skip(start).take(scale).for_each(|byte| *byte = true);
    }
}

const fn is_hex_text(value: &Value<'_>) -> bool {
    matches!(value.spec().encoding, Encoding::Hex | Encoding::EbcdicHex(_))
}

fn of_value(value: &Value<'_>) -> Vec<bool> {
    let length = value.wire().len();
    match value.spec().shown {
        Shown::Open => vec![false; length],
        Shown::Secret => vec![true; length],
        Shown::Pan => {
            let kept = if matches!(value.spec().encoding, Encoding::Bcd { .. }) { KEPT / 2 } else { KEPT };
            let kept = if value.text().len() < LEAST_PAN { 0 } else { kept };
            (0..length).map(|at| at + kept < length).collect()
        }
        Shown::Private => private(value),
    }
}

fn private(value: &Value<'_>) -> Vec<bool> {
    let length = value.wire().len();
    let text = value.text();
    let masked = mask_text(&text);
    let changed: Vec<bool> = text.chars().zip(masked.chars()).map(|(was, is)| was != is).collect();
    match value.spec().encoding {
        Encoding::Binary => {
            let bytes = changed.chunks(2).map(|pair| pair.contains(&true));
            bytes.collect()
        }
        // A pad moves the digits: rather too much than too little.
        Encoding::Bcd { .. } => vec![changed.contains(&true); length],
        _ => changed,
    }
}

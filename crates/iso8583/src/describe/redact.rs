//! Copies of messages without card data, which can still be decoded.

use zeroize::Zeroizing;

use super::{
    check_digit::test_number,
    layout::{self, What},
};
use crate::{
    characters, element_mask, encode,
    field_spec::{Encoding, FieldSpec, Shown},
    format::Class,
    hidden,
    mask::{hidden_nibbles, mask_private},
    message::Message,
    number_across,
    structure::{Part, Written},
    value::Value,
};

/// Lengths of card numbers.
const PAN_DIGITS: std::ops::RangeInclusive<usize> = 12..=19;
/// Digits that masking leaves at the end of a card number.
const KEPT: usize = 4;

/// The bytes of a message with a test number in place of each card number (of the same length, with a right check
/// digit) and zeros in place of secrets, so of tracks, PIN data and authentication codes, and of headers that only the
/// peer understands. Everything else is as it was sent; of what could not be decoded nothing is left, and of a message
/// that may be in another dialect no row of digits. There is no way back and no raw mode.
#[must_use]
pub fn redact(message: &Message<'_>) -> Vec<u8> {
    let mut bytes = message.bytes().to_vec();
    if let Some(rest) = layout::of(message).iter().find(|stretch| stretch.what == What::Rest) {
        bytes.truncate(rest.range.start);
    }
    // A message that is cut between two elements has no rest.
    let failed = message.dialect().decode(message.bytes()).is_err();
    let doubted = doubted(message, failed);
    for (de, value) in message.values() {
        let Some(offset) = message.offset(de) else { continue };
        let parts = message.parts(de).unwrap_or_default();
        if parts.is_empty() || !put_parts(&mut bytes, &value, &parts) {
            // What cannot be told apart is taken away as a whole.
            let is_secret = if parts.is_empty() {
                element_mask::is_unreadable(message, de)
            } else {
                element_mask::holds_card_data(value.spec())
            };
            put(&mut bytes, offset, &if is_secret { blank(&value) } else { redacted(&value) });
        }
        wipe(&mut bytes, number_across::parts(message, de), value.spec().encoding);
        if matches!(value.spec().shown, Shown::Open | Shown::Private)
            && let Some(range) = message.range(de)
        {
            let places = range.filter(|at| doubted.get(*at) == Some(&true));
            wipe(&mut bytes, places, value.spec().encoding);
        }
    }
    if failed {
        // It does not decode anyhow, so nothing in it must stay for that: a card number may stand in its bitmap.
        let doubted = doubted.iter().enumerate().filter(|(_, doubted)| **doubted);
        wipe(&mut bytes, doubted.map(|(at, _)| at), Encoding::Binary);
    }
    if hidden::is_opaque(message) {
        wipe_header(&mut bytes, message);
    }
    bytes
}

/// What may be a card number at a place where none belongs; nothing if the message says what its type says.
fn doubted(message: &Message<'_>, failed: bool) -> Vec<bool> {
    if hidden::is_doubtful(message, failed) { hidden::bytes_of(message, true) } else { Vec::new() }
}

/// Zeros in place of digits, however they are written.
fn wipe(bytes: &mut [u8], places: impl IntoIterator<Item = usize>, encoding: Encoding) {
    for at in places {
        let Some(byte) = bytes.get_mut(at) else { continue };
        *byte = match (encoding, *byte) {
            (Encoding::Ascii | Encoding::Latin1 | Encoding::Hex, _) | (Encoding::Binary, b'0'..=b'9') => b'0',
            (Encoding::Ebcdic(_) | Encoding::EbcdicHex(_), _) | (Encoding::Binary, 0xF0..=0xF9) => 0xF0,
            (_, byte) => zero_nibble(byte >> 4) << 4 | zero_nibble(byte & 0x0F),
        };
    }
}

/// Pads and separators stay.
const fn zero_nibble(nibble: u8) -> u8 {
    if nibble < 10 { 0 } else { nibble }
}

/// Zeros in place of a header, except where it is then no such header.
fn wipe_header(bytes: &mut [u8], message: &Message<'_>) {
    let length = message.header().len();
    for at in 0..length {
        let Some(was) = bytes.get_mut(at).map(|byte| std::mem::replace(byte, 0)) else { return };
        if message.dialect().header().split(bytes) != Ok(length) {
            put(bytes, at, &[was]);
        }
    }
}

/// Whether all parts could be put; hexadecimal text inside hexadecimal text cannot.
fn put_parts(bytes: &mut [u8], value: &Value<'_>, parts: &[Part<'_>]) -> bool {
    parts.iter().all(|part| {
        let nested = part.parts();
        let own = part.value();
        // What is secret as a whole is not so part by part.
        if nested.is_empty() || element_mask::is_card_data(part.spec()) {
            put(bytes, part.offset(), &within(value, &redacted(&own)));
            return true;
        }
        let hex = |value: &Value<'_>| matches!(value.spec().encoding, Encoding::Hex | Encoding::EbcdicHex(_));
        !(hex(value) && hex(&own)) && put_parts(bytes, if hex(value) { value } else { &own }, nested)
    })
}

/// The bytes of a part as they stand inside the value of a data element.
fn within(value: &Value<'_>, bytes: &[u8]) -> Vec<u8> {
    let digits = || {
        let nibbles = crate::plan::nibbles(bytes);
        nibbles.map(|nibble| characters::hexadecimal_digit(nibble, false)).collect::<Vec<u8>>()
    };
    match value.spec().encoding {
        Encoding::Hex => digits(),
        Encoding::EbcdicHex(page) => digits().into_iter().map(|digit| page.encode_byte(digit)).collect(),
        _ => bytes.to_vec(),
    }
}

fn put(bytes: &mut [u8], offset: usize, new: &[u8]) {
    bytes.iter_mut().skip(offset).zip(new).for_each(|(place, byte)| *place = *byte);
}

/// The bytes of a value without card data; as many as before.
fn redacted(value: &Value<'_>) -> Vec<u8> {
    if value.spec().shown == Shown::Private && value.spec().encoding == Encoding::Binary {
        return binary(value);
    }
    let text = Zeroizing::new(value.text().into_owned());
    let Some(new) = replacement(value.spec(), &text) else { return value.wire().to_vec() };
    let written = encode::value(value.spec(), &Written::text(new), 0);
    match written {
        Ok((bytes, _)) if bytes.len() == value.wire().len() => bytes,
        // Its own description does not take it, so it is nothing but card data to be wiped.
        _ => vec![zero(value.spec()); value.wire().len()],
    }
}

/// As many bytes of nothing.
fn blank(value: &Value<'_>) -> Vec<u8> {
    let blanks = blanked(value.spec().format.class, &Zeroizing::new(value.text().into_owned()));
    match encode::value(value.spec(), &Written::text(blanks), 0) {
        Ok((bytes, _)) if bytes.len() == value.wire().len() => bytes,
        _ => vec![zero(value.spec()); value.wire().len()],
    }
}

/// Binary data without the card numbers that masking finds in it.
fn binary(value: &Value<'_>) -> Vec<u8> {
    let mut bytes = value.wire().to_vec();
    let hidden = hidden_nibbles(&bytes);
    let hides = |pair: &[bool]| pair.contains(&true);
    let places: Vec<usize> =
        hidden.chunks(2).enumerate().filter(|(_, pair)| hides(pair)).map(|(at, _)| at).collect();
    wipe(&mut bytes, places, Encoding::Binary);
    bytes
}

/// The byte that stands for nothing.
const fn zero(spec: &FieldSpec) -> u8 {
    match spec.encoding {
        Encoding::Ascii | Encoding::Latin1 | Encoding::Hex => b'0',
        Encoding::Ebcdic(_) | Encoding::EbcdicHex(_) => 0xF0,
        Encoding::Bcd { .. } | Encoding::Binary => 0,
    }
}

/// The value without card data; `None` if it has none.
fn replacement(spec: &FieldSpec, text: &str) -> Option<String> {
    match spec.shown {
        Shown::Open => None,
        Shown::Private => without_card_numbers(spec.format.class, text),
        Shown::Pan if is_number(text) => Some(test_number(text.len())),
        Shown::Pan => Some(blanked(spec.format.class, text)),
        Shown::Secret if spec.format.class == Class::Track => Some(track(text)),
        Shown::Secret => Some(blanked(spec.format.class, text)),
    }
}

fn is_number(text: &str) -> bool {
    PAN_DIGITS.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Zeros, or letters where no digit may stand.
fn blanked(class: Class, text: &str) -> String {
    let blank = |(at, character): (usize, char)| match class {
        Class::SignedNumeric if at == 0 => character,
        Class::Alpha | Class::AlphaSpecial => 'X',
        _ => '0',
    };
    text.chars().enumerate().map(blank).collect()
}

/// A test number, the separators as they were, zeros.
fn track(text: &str) -> String {
    let end =
        text.find(|character: char| !character.is_ascii_digit() && character != ';').unwrap_or(text.len());
    let (front, rest) = text.split_at(end);
    let number = front.trim_start_matches(';');
    let sentinel = front.strip_suffix(number).unwrap_or_default();
    let number = if is_number(number) { test_number(number.len()) } else { "0".repeat(number.len()) };
    let zeroed = |character: char| if character.is_ascii_digit() { '0' } else { character };
    format!("{sentinel}{number}{}", rest.chars().map(zeroed).collect::<String>())
}

/// Zeros for the digits that masking hides, and for the four behind them that it leaves.
fn without_card_numbers(class: Class, text: &str) -> Option<String> {
    let masked = mask_private(class, text);
    if masked == text {
        return None;
    }
    let mut left = 0;
    let pairs = text.chars().zip(masked.chars());
    let new = pairs.map(|(was, is)| match (was, is) {
        (was, '*') if was != '*' => {
            left = KEPT;
            '0'
        }
        (digit, _) if digit.is_ascii_digit() && left > 0 => {
            left -= 1;
            '0'
        }
        (other, _) => other,
    });
    Some(new.collect())
}

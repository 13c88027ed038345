//! Which bytes of a message must not be shown.

use super::Show;
use crate::{
    field_spec::{Encoding, Shown},
    mask::mask_text,
    message::Message,
    structure::Part,
    value::Value,
};

/// Least characters of a card number; of less nothing is kept.
const LEAST_PAN: usize = 12;
/// Digits of a card number that stay.
const KEPT: usize = 4;

/// A value as it is shown. `doubtful`: the message does not decode to its end, so its elements may not be what they
/// seem, and card numbers are looked for in open ones too.
pub(super) fn text_of(value: &Value<'_>, show: Show, doubtful: bool) -> String {
    match show {
        Show::Unmasked => value.text().into_owned(),
        Show::Masked if doubtful => mask_text(&value.masked()).into_owned(),
        Show::Masked => value.masked(),
    }
}

/// For each byte of the message whether it is hidden; `doubtful` as in [`text_of`].
pub(super) fn bytes_of(message: &Message<'_>, doubtful: bool) -> Vec<bool> {
    let mut hidden = vec![false; message.bytes().len()];
    for (de, value) in message.values() {
        let Some(offset) = message.offset(de) else { continue };
        mark(&mut hidden, offset, 1, &of_value(&value));
        if doubtful && value.spec().shown == Shown::Open {
            mark(&mut hidden, offset, 1, &private(&value));
        }
        let scale = if is_hex_text(&value) { 2 } else { 1 };
        message.parts(de).unwrap_or_default().iter().for_each(|part| mark_part(&mut hidden, scale, part));
    }
    hidden
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

//! A message that cannot be decoded to its end: any of its values may be something else, a card number too.

use std::ops::Range;

use crate::{bitmap::Bitmaps, mask::hidden_positions, message::Message, pan::Pan, plan::nibbles};

/// Bytes that are looked at together, so that a long message needs no more memory than a short one.
const PIECE: usize = 384;
/// From one piece to the next. They overlap by more than a card number with its gaps takes.
const STEP: usize = 256;

/// Where decoding failed, the data elements whose bytes look like a piece of a card number, be it split over several.
/// None if the card number stands where it belongs.
pub(crate) fn doubtful(message: &Message<'_>) -> Bitmaps {
    let mut doubtful = Bitmaps::default();
    if message.pan().is_some_and(|pan| is_plausible(&pan)) {
        return doubtful;
    }
    let elements: Vec<(u8, Range<usize>)> =
        message.values().filter_map(|(de, _)| Some((de, message.range(de)?))).collect();
    let mut mark = |at: usize| {
        for (de, _) in elements.iter().filter(|(_, range)| range.contains(&at)) {
            doubtful.set(*de);
        }
    };
    let bytes = message.bytes();
    for start in (0..bytes.len()).step_by(STEP) {
        let piece = bytes.get(start..bytes.len().min(start + PIECE)).unwrap_or_default();
        let characters: String = piece.iter().map(|byte| character(*byte)).collect();
        let digit = |nibble| char::from_digit(u32::from(nibble), 10).unwrap_or('.');
        let packed: String = nibbles(piece).map(digit).collect();
        hidden_positions(&characters).into_iter().for_each(|at| mark(start + at));
        hidden_positions(&packed).into_iter().for_each(|at| mark(start + at / 2));
    }
    doubtful
}

/// A card number of a network: its first digit and its length are those of cards, its check digit is right.
fn is_plausible(pan: &Pan) -> bool {
    let digits = pan.expose();
    matches!(digits.as_bytes().first(), Some(b'2'..=b'6'))
        && matches!(digits.len(), 15 | 16 | 18 | 19)
        && !hidden_positions(digits).is_empty()
}

/// Digits, blanks and dashes of ASCII and EBCDIC.
const fn character(byte: u8) -> char {
    match byte {
        b'0'..=b'9' => byte as char,
        0xF0..=0xF9 => (byte - 0xC0) as char,
        b' ' | 0x40 => ' ',
        b'-' | 0x60 => '-',
        _ => '.',
    }
}

#[cfg(test)]
mod tests {
    use crate::dialects::iso87_ascii;

    #[test]
    fn a_card_number_that_no_bit_announces_is_not_shown() {
        // DE2 is sent, but its bit is not: its digits fall into DE3 and DE4, and the end is wrong.
        let bytes = b"0100300000000000000016411111111111111100000000000012500X";
        let (message, error) = iso87_ascii().decode_partial(bytes);
        let (message, _) = (message.unwrap(), error.unwrap());
        let shown = format!("{}{message:?}", message.describe());
        assert!(!shown.contains("1111"), "{shown}");
        assert!(shown.contains("[dropped]"), "{shown}");
    }

    #[test]
    fn what_stands_where_it_belongs_is_shown() {
        let bytes = b"01007000000000000000164111111111111111000000000000012500X";
        let (message, error) = iso87_ascii().decode_partial(bytes);
        assert!(error.is_some());
        assert!(message.unwrap().describe().contains("000000012500"));
    }
}

//! A message that cannot be decoded to its end: any of its values may be something else, a card number too.

use crate::{bitmap::Bitmaps, mask::hidden_positions, message::Message, pan::Pan, plan::nibbles};

/// Where decoding failed, the data elements whose bytes look like a piece of a card number, be it split over several.
/// None if the card number stands where it belongs.
pub(crate) fn doubtful(message: &Message<'_>) -> Bitmaps {
    let mut doubtful = Bitmaps::default();
    if message.pan().is_some_and(|pan| is_plausible(&pan)) {
        return doubtful;
    }
    let bytes = message.bytes();
    let characters: String = bytes.iter().map(|byte| character(*byte)).collect();
    let packed: String =
        nibbles(bytes).map(|nibble| char::from_digit(u32::from(nibble), 10).unwrap_or('.')).collect();
    let mut hidden = hidden_positions(&characters);
    hidden.extend(hidden_positions(&packed).into_iter().map(|nibble| nibble / 2));
    let elements: Vec<u8> = message.values().map(|(de, _)| de).collect();
    for de in elements {
        let inside = |range: std::ops::Range<usize>| hidden.iter().any(|at| range.contains(at));
        if message.range(de).is_some_and(inside) {
            doubtful.set(de);
        }
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

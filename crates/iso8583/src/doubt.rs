//! What tells whether the values of a message are what they seem, and rows of digits that may be a card number where
//! none belongs.

use std::ops::Range;

use zeroize::Zeroizing;

use crate::{mask::hidden_positions, message::Message, pan::Pan, plan::nibbles};

/// Digits in a row that may be a piece of a card number: of a cut one no check digit is left to tell.
const LEAST_ROW: usize = 8;
/// With more zeros a piece of a card number is like the zeros in front of an amount.
const MAX_ZEROS: usize = 5;
/// So many blanks or dashes may stand between two digits of one row.
const MAX_GAP: usize = 3;

/// Whether the message type is one of its dialect and the card number stands where it belongs: then the rest in front
/// of an error does, too.
pub(crate) fn knows_its_card(message: &Message<'_>) -> bool {
    has_known_type(message) && message.pan().is_some_and(|pan| is_plausible(&pan))
}

/// Whether the message type is of the version of the dialect, and of a class that is not reserved.
pub(crate) fn has_known_type(message: &Message<'_>) -> bool {
    let mti = message.mti();
    mti.version() == message.dialect().version().digit() && matches!(mti.class(), 1..=8)
}

/// Where else pieces of the card number of DE2 stand: a track has it too, and may be taken for something else.
pub(crate) fn copies_of_card(message: &Message<'_>) -> Vec<Range<usize>> {
    let (Some(pan), Some(own)) = (message.pan(), message.range(2)) else { return Vec::new() };
    let bytes = message.bytes();
    let digits: Zeroizing<Vec<u8>> = Zeroizing::new(pan.expose().bytes().map(|digit| digit & 0x0F).collect());
    let zeros = |piece: &[u8]| piece.iter().filter(|digit| **digit == 0).count() > MAX_ZEROS;
    let pieces: Vec<&[u8]> = digits.windows(LEAST_ROW).filter(|piece| !zeros(piece)).collect();
    let is_piece = |row: &dyn Fn(u8) -> Option<u8>, units: &[u8]| {
        pieces.iter().any(|piece| piece.iter().zip(units).all(|(digit, unit)| row(*unit) == Some(*digit)))
    };
    let text = |byte: u8| matches!(byte, b'0'..=b'9' | 0xF0..=0xF9).then_some(byte & 0x0F);
    let written = bytes.windows(LEAST_ROW).enumerate().filter(|(_, units)| is_piece(&text, units));
    let mut copies: Vec<Range<usize>> = written.map(|(at, _)| at..at + LEAST_ROW).collect();
    let packed: Zeroizing<Vec<u8>> = Zeroizing::new(nibbles(bytes).collect());
    let written = packed.windows(LEAST_ROW).enumerate().filter(|(_, units)| is_piece(&Some, units));
    copies.extend(written.map(|(at, _)| at / 2..(at + LEAST_ROW).div_ceil(2)));
    copies.retain(|copy| copy.end <= own.start || own.end <= copy.start);
    copies
}

/// A card number of a network: its first digit and its length are those of cards, its check digit is right.
fn is_plausible(pan: &Pan) -> bool {
    let digits = pan.expose();
    matches!(digits.as_bytes().first(), Some(b'2'..=b'6'))
        && matches!(digits.len(), 15 | 16 | 18 | 19)
        && !hidden_positions(digits).is_empty()
}

/// Where rows of digits stand, in ASCII and EBCDIC with blanks and dashes between them, and packed; they may overlap.
/// Rows of nothing but zeros or blanks say nothing.
pub(crate) fn digit_rows(bytes: &[u8]) -> Vec<Range<usize>> {
    let mut rows = rows(bytes.iter().map(|byte| kind(*byte)));
    let packed = self::rows(nibbles(bytes).map(|nibble| if nibble < 10 { Kind::Digit } else { Kind::Other }));
    rows.extend(packed.into_iter().map(|row| row.start / 2..row.end.div_ceil(2)));
    let says_nothing = |row: &Range<usize>| {
        let row = bytes.get(row.clone()).unwrap_or_default();
        [0, b' ', b'0', 0xF0].iter().any(|filler| row.iter().all(|byte| byte == filler))
    };
    rows.retain(|row| !says_nothing(row));
    rows
}

/// What a character is for a row of digits.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Digit,
    Gap,
    Other,
}

const fn kind(byte: u8) -> Kind {
    match byte {
        b'0'..=b'9' | 0xF0..=0xF9 => Kind::Digit,
        b' ' | b'-' | 0x40 | 0x60 => Kind::Gap,
        _ => Kind::Other,
    }
}

fn rows(kinds: impl Iterator<Item = Kind>) -> Vec<Range<usize>> {
    let mut rows = Vec::new();
    // The row so far, its digits, and the gap behind it.
    let (mut row, mut digits, mut gap) = (0..0, 0, 0);
    // Something that is no digit at the end, to finish the last row.
    for (at, kind) in kinds.chain([Kind::Other]).enumerate() {
        match kind {
            Kind::Digit => {
                let start = if digits == 0 { at } else { row.start };
                (row, digits, gap) = (start..at + 1, digits + 1, 0);
            }
            Kind::Gap if gap < MAX_GAP => gap += 1,
            _ => {
                if digits >= LEAST_ROW {
                    rows.push(row.clone());
                }
                (digits, gap) = (0, 0);
            }
        }
    }
    rows
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
        assert!(shown.contains("DE3: \"******\"") && shown.contains("DE4: \"************\""), "{shown}");
    }

    #[test]
    fn a_cut_card_number_is_not_shown() {
        // Too short for a check digit, and in an element that is shown.
        let bytes = b"0100200000000000010000000049291274567852";
        let (message, error) = iso87_ascii().decode_partial(bytes);
        assert!(error.is_some());
        let message = message.unwrap();
        assert!(!format!("{}{message:?}", message.describe()).contains("4929"));
    }

    #[test]
    fn rows_are_found_in_every_writing() {
        for (bytes, row) in [
            (&b"xx4929 1274-56yy"[..], Some(2..14)),
            (b"\xAAj4\xAA92\xAA7", None),
            (b"AA\xF4\xF9\xF2\xF9\xF1\xF2\xF7\xF4", Some(2..10)),
            (b"\xAA\x49\x29\x12\x74\xAA", Some(1..5)),
            (b"00000000000", None),
        ] {
            assert_eq!(super::digit_rows(bytes).first(), row.as_ref(), "{bytes:?}");
        }
    }

    #[test]
    fn what_stands_where_it_belongs_is_shown() {
        let bytes = b"01007000000000000000164111111111111111000000000000012500X";
        let (message, error) = iso87_ascii().decode_partial(bytes);
        assert!(error.is_some());
        assert!(message.unwrap().describe().contains("000000012500"));
    }
}

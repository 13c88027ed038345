//! Finds card numbers inside text and masks them.

use std::{borrow::Cow, ops::Range};

use crate::{code_page::CodePage, field_spec::Shown, format::Class, value::hexadecimal};

/// What stands in place of a secret.
pub(crate) const DROPPED: &str = "[dropped]";
/// Lengths of card numbers that are looked for.
const PAN_DIGITS: Range<usize> = 13..20;
/// Digits that stay visible.
const KEPT: usize = 4;
/// So many blanks or dashes may stand between two digits of one number.
const MAX_GAP: usize = 3;
/// In private values so many characters that are no letters and no digits.
const MAX_PRIVATE_GAP: usize = 8;
/// Characters in a value besides a card number that was taken for something else.
const MOST_OTHERS: usize = 2;

/// Replaces the digits of card numbers by `*`, except the last four.
///
/// A card number is 13 to 19 digits that pass the Luhn check, also with blanks and dashes between them, also
/// inside a longer row of digits (a tag and a length often stand right before it). Where several such numbers
/// overlap, only the last four digits of all stay. Rather too much is masked than too little.
#[must_use]
pub fn mask_text(text: &str) -> Cow<'_, str> {
    starred(text, hidden_positions(text))
}

fn starred(text: &str, hidden: Vec<usize>) -> Cow<'_, str> {
    if hidden.is_empty() {
        return Cow::Borrowed(text);
    }
    let mut hidden = hidden.into_iter().peekable();
    let masked = text.char_indices().map(|(at, character)| match hidden.next_if_eq(&at) {
        Some(_) => '*',
        None => character,
    });
    Cow::Owned(masked.collect())
}

/// Of free text: what [`mask_text`] hides, and every row of 13 to 19 digits that stands for itself, whether or not it
/// passes the Luhn check: some cards' numbers do not. Zeros in front of a row do not count, and what stands between two
/// signs are amounts (DE46, DE54).
pub(crate) fn mask_free_text(text: &str) -> Cow<'_, str> {
    starred(text, free_positions(text))
}

/// The offsets of the digits that [`mask_free_text`] hides, ascending.
fn free_positions(text: &str) -> Vec<usize> {
    let mut hidden = hidden_positions(text);
    hidden.extend(unchecked(text));
    let wide = rows_of_digits(text, MAX_PRIVATE_GAP, |character| !character.is_alphanumeric());
    hidden.extend(wide.iter().flat_map(|row| hidden_digits(row)));
    for (start, digits) in ebcdic_digits(text) {
        hidden.extend(unchecked(&digits).into_iter().flat_map(|at| [start + at * 2, start + at * 2 + 1]));
    }
    hidden.sort_unstable();
    hidden.dedup();
    hidden
}

/// Of rows of 13 to 19 digits that stand for themselves all but the last four, whatever their check digit.
fn unchecked(text: &str) -> Vec<usize> {
    let separates = |character: char| !character.is_alphanumeric();
    let rows = [digit_rows(text), rows_of_digits(text, MAX_PRIVATE_GAP, separates)].concat();
    let mut hidden = Vec::new();
    for row in rows.iter().filter(|row| !is_between_signs(text, row)) {
        let zeros = row.iter().take_while(|(_, digit)| *digit == 0).count();
        let number = row.get(zeros..).unwrap_or_default();
        if PAN_DIGITS.contains(&number.len()) {
            hidden.extend(number.iter().take(number.len() - KEPT).map(|(at, _)| *at));
        }
    }
    hidden
}

/// Whether digits are one card number with a right check digit.
pub(crate) fn is_card_number(digits: &str) -> bool {
    let row = digits.char_indices().filter_map(|(at, character)| Some((at, character.to_digit(10)?)));
    let row: Vec<Digit> = row.collect();
    longest_number(&row, row.len()) == Some(0)
}

/// Which characters of a text that is hardly anything but one card number must be hidden. If it is nothing else at
/// all, no check digit is asked for.
pub(crate) fn whole_number(text: &str) -> Vec<usize> {
    let known = || text.chars().enumerate().filter(|(_, character)| character.is_alphanumeric());
    let others = known().filter(|(_, character)| !character.is_ascii_digit()).count();
    let digits: Vec<(usize, char)> = known()
        .filter(|(_, character)| character.is_ascii_digit())
        .skip_while(|(_, digit)| *digit == '0')
        .collect();
    let number: String = digits.iter().map(|(_, digit)| *digit).collect();
    let is_one = PAN_DIGITS.contains(&number.len())
        && (others == 0 || others <= MOST_OTHERS && is_card_number(&number));
    let hidden = if is_one { number.len() - KEPT } else { 0 };
    digits.into_iter().take(hidden).map(|(at, _)| at).collect()
}

fn is_between_signs(text: &str, row: &[Digit]) -> bool {
    let (Some((first, _)), Some((last, _))) = (row.first(), row.last()) else { return false };
    let before = text.get(..*first).and_then(|text| text.chars().next_back());
    let behind = text.get(last + 1..).and_then(|text| text.chars().next());
    [before, behind].iter().all(|character| matches!(character, Some('C' | 'D')))
}

/// A value of which the dialect says that a card number may be inside. Of digits it says what they are, a reference
/// for example; there a card number is one that passes the Luhn check.
#[must_use]
pub fn mask_private(class: Class, text: &str) -> Cow<'_, str> {
    match class {
        Class::Numeric | Class::SignedNumeric => mask_text(text),
        _ => mask_free_text(text),
    }
}

/// The offsets of the digits that [`mask_text`] hides, ascending.
pub(crate) fn hidden_positions(text: &str) -> Vec<usize> {
    let mut hidden: Vec<usize> = digit_rows(text).iter().flat_map(|row| hidden_digits(row)).collect();
    let rows = hidden.len();
    hidden.extend(hidden_in_hexadecimal(text));
    if hidden.len() > rows {
        hidden.sort_unstable();
        hidden.dedup();
    }
    hidden
}

/// The offsets of hexadecimal digits that stand for the EBCDIC digits of a card number: `F4F1F1…`.
fn hidden_in_hexadecimal(text: &str) -> Vec<usize> {
    let of_start = |(start, digits): (usize, String)| {
        let found: Vec<usize> = digit_rows(&digits).iter().flat_map(|row| hidden_digits(row)).collect();
        found.into_iter().flat_map(move |at| [start + at * 2, start + at * 2 + 1])
    };
    ebcdic_digits(text).into_iter().flat_map(of_start).collect()
}

/// What hexadecimal digits say in EBCDIC, as far as it is digits and blanks. A number may begin at an odd place, behind
/// something else that is written in hexadecimal.
fn ebcdic_digits(text: &str) -> Vec<(usize, String)> {
    let bytes = text.as_bytes();
    let pair = |pair: &[u8]| match pair {
        [b'f' | b'F', digit @ b'0'..=b'9'] => char::from(*digit),
        [b'4', b'0'] => ' ',
        _ => 'x',
    };
    // Most texts have no such digits; they cost no more than this.
    if bytes.iter().filter(|byte| matches!(byte, b'f' | b'F')).count() < PAN_DIGITS.start {
        return Vec::new();
    }
    let from = |start: usize| {
        (start, bytes.get(start..).unwrap_or_default().chunks(2).map(pair).collect::<String>())
    };
    vec![from(0), from(1)]
}

/// Bytes as lower-case hexadecimal digits, card numbers masked however they are written: packed, in ASCII, in EBCDIC.
pub(crate) fn mask_bytes(bytes: &[u8]) -> String {
    let digits = hexadecimal(bytes);
    digits.chars().zip(hidden_nibbles(bytes)).map(|(digit, hide)| if hide { '*' } else { digit }).collect()
}

/// For each nibble whether [`mask_bytes`] hides it.
pub(crate) fn hidden_nibbles(bytes: &[u8]) -> Vec<bool> {
    let mut hidden = vec![false; bytes.len() * 2];
    let mut hide = |at: usize| hidden.iter_mut().skip(at).take(1).for_each(|nibble| *nibble = true);
    let digits = hexadecimal(bytes);
    hidden_positions(&digits).into_iter().for_each(&mut hide);
    // Packed digits and nothing else; the last may be a pad.
    whole_number(digits.strip_suffix('f').unwrap_or(&digits)).into_iter().for_each(&mut hide);
    for page in [None, Some(CodePage::Ibm500)] {
        // One byte for each character, so that positions are those of the bytes.
        let character = |byte: &u8| {
            let byte = page.map_or(*byte, |page| page.decode_byte(*byte));
            // What is no character is no separator either.
            if matches!(byte, b' '..=b'~') { char::from(byte) } else { 'x' }
        };
        let text: String = bytes.iter().map(character).collect();
        free_positions(&text).into_iter().flat_map(|at| [at * 2, at * 2 + 1]).for_each(&mut hide);
    }
    hidden
}

/// A value as it may be shown.
pub(crate) fn masked(shown: Shown, class: Class, value: &str) -> Cow<'_, str> {
    match shown {
        Shown::Open => Cow::Borrowed(value),
        Shown::Private => mask_private(class, value),
        Shown::Secret => Cow::Borrowed(DROPPED),
        // Of a value that is too short for a card number, four characters would be too many.
        Shown::Pan if value.len() < 12 => Cow::Borrowed("****"),
        Shown::Pan => Cow::Owned(format!("****{}", value.get(value.len() - KEPT..).unwrap_or_default())),
    }
}

/// A digit and where it stands.
type Digit = (usize, u32);

/// The rows of digits in a text; blanks and dashes do not end a row.
fn digit_rows(text: &str) -> Vec<Vec<Digit>> {
    rows_of_digits(text, MAX_GAP, |character| matches!(character, ' ' | '-'))
}

/// The rows of digits in a text; up to `most` characters that separate do not end a row.
fn rows_of_digits(text: &str, most: usize, separates: impl Fn(char) -> bool) -> Vec<Vec<Digit>> {
    let mut rows: Vec<Vec<Digit>> = Vec::new();
    let mut gap = usize::MAX;
    for (at, character) in text.char_indices() {
        match character.to_digit(10) {
            Some(digit) => {
                match rows.last_mut() {
                    Some(row) if gap <= most => row.push((at, digit)),
                    _ => rows.push(vec![(at, digit)]),
                }
                gap = 0;
            }
            None if separates(character) => gap = gap.saturating_add(1),
            None => gap = usize::MAX,
        }
    }
    rows
}

/// Where the digits stand that must be hidden, ascending.
fn hidden_digits(row: &[Digit]) -> Vec<usize> {
    let mut numbers: Vec<Range<usize>> = Vec::new();
    for end in PAN_DIGITS.start..=row.len() {
        if let Some(start) = longest_number(row, end) {
            // Ends ascend, so a number can only swallow those found last.
            let mut joined = start..end;
            while let Some(last) = numbers.pop_if(|last| last.end > joined.start) {
                joined.start = joined.start.min(last.start);
            }
            numbers.push(joined);
        }
    }
    let digits = numbers.into_iter().flat_map(|number| number.start..number.end - KEPT);
    digits.filter_map(|index| row.get(index).map(|(at, _)| *at)).collect()
}

/// The start of the longest card number that ends before `end`.
fn longest_number(row: &[Digit], end: usize) -> Option<usize> {
    let mut sum = 0;
    let mut longest = None;
    let backwards = row.get(..end)?.iter().rev().take(PAN_DIGITS.end - 1);
    for (index, (_, digit)) in backwards.enumerate() {
        sum += match (index % 2, digit) {
            (0, digit) => *digit,
            (_, digit @ 0..5) => digit * 2,
            (_, digit) => digit * 2 - 9,
        };
        if PAN_DIGITS.contains(&(index + 1)) && sum % 10 == 0 {
            longest = Some(end - index - 1);
        }
    }
    longest
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::{mask_free_text, mask_text, masked};
    use crate::{field_spec::Shown, format::Class};

    #[test]
    fn card_numbers_in_text_keep_their_last_four_digits() {
        for (text, expected) in [
            ("card 4111111111111111 declined", "card ************1111 declined"),
            ("4111 1111 1111 1111", "**** **** **** 1111"),
            ("4111-1111-1111-1111x", "****-****-****-1111x"),
            ("5555555555554444/378282246310005", "************4444/***********0005"),
            ("é4111111111111111é", "é************1111é"),
        ] {
            assert_eq!(mask_text(text), expected, "{text}");
        }
    }

    #[test]
    fn a_card_number_behind_a_tag_and_a_length_is_found() {
        let shown = mask_text("010164111111111111111");
        assert!(shown.ends_with("*1111") && !shown.contains("11111"), "{shown}");
        let shown = mask_text("41111111111111110002");
        assert!(!shown.contains("11111"), "{shown}");
    }

    #[test]
    fn ebcdic_digits_in_hexadecimal_are_found() {
        let number: String = "4111111111111111".chars().flat_map(|digit| ['F', digit]).collect();
        for front in ["", "C1", "C"] {
            let shown = mask_text(&format!("{front}{number}40")).into_owned();
            assert_eq!(shown, format!("{front}{}F1F1F1F140", "*".repeat(24)));
        }
    }

    #[test]
    fn other_text_is_left_as_it_is() {
        for text in ["", "MIGROS KADIKOY          ISTANBUL      TR", "411111111111", "4111111111112", "12:30"]
        {
            assert!(matches!(mask_text(text), Cow::Borrowed(same) if same == text), "{text}");
        }
    }

    #[test]
    fn in_free_text_no_check_digit_is_asked_for() {
        for (text, expected) in [
            ("4929127456785231", "************5231"),
            ("CARD 4929 1274-5678 5231.", "CARD **** ****-**** 5231."),
            ("TR0164929127456785231", "TR0**************5231"),
            ("123456789012", "123456789012"),
            ("0000000000001753", "0000000000001753"),
            ("0040949C0000001250010040949C", "0040949C0000001250010040949C"),
            ("65919951797335272871822", "65919951797335272871822"),
        ] {
            assert_eq!(mask_free_text(text), expected, "{text}");
        }
        assert_eq!(masked(Shown::Private, Class::Numeric, "4929127456785231"), "4929127456785231");
        assert_eq!(masked(Shown::Private, Class::AlphaNumeric, "4929127456785231"), "************5231");
    }

    #[test]
    fn every_kind_of_showing() {
        let masked = |shown, value| masked(shown, Class::AlphaNumericSpecial, value);
        assert_eq!(masked(Shown::Open, "4111111111111111"), "4111111111111111");
        assert_eq!(masked(Shown::Private, "4111111111111111"), "************1111");
        assert_eq!(masked(Shown::Secret, "4111111111111111"), "[dropped]");
        assert_eq!(masked(Shown::Pan, "4111111111111111"), "****1111");
        assert_eq!(masked(Shown::Pan, "12345"), "****");
        assert_eq!(masked(Shown::Pan, ""), "****");
    }
}

//! Card numbers in texts that people write: what is kept or shown must hold none. One rule for all of it.

use std::{collections::BTreeSet, ops::RangeInclusive};

/// Digits of a card number (ISO/IEC 7812).
const DIGITS: RangeInclusive<usize> = 12..=19;
/// So many separators may stand between two digits of one number.
const GAP_MAX: usize = 3;
/// Hexadecimal words of these lengths are message keys and SHA-256 values, which are no card numbers.
const HEX_WORDS: [usize; 2] = [48, 64];
/// The years of a date that is no part of a number; no card number begins so.
const YEARS: RangeInclusive<u32> = 1900..=2199;

#[derive(Clone, Copy)]
struct Digit {
    at: usize,
    value: u32,
}

/// Digits without anything between them.
#[derive(Default)]
struct Group {
    digits: Vec<Digit>,
    /// What separates it from the group before, if one number may go over both.
    gap: Option<String>,
}

/// Whether a text holds what may be a card number: 12 to 19 digits that pass the Luhn check, also with up to three blanks,
/// dots, dashes or slashes between two of them, also as full-width digits. Zeros in front do not count, dates are none.
#[must_use]
pub fn holds_card_number(text: &str) -> bool {
    !card_numbers(text).is_empty()
}

/// Whether all digits of a text are one card number: for numbers of somebody else's making, in which one may stand by chance.
#[must_use]
pub fn is_card_number(text: &str) -> bool {
    let digits = text.chars().filter_map(value).skip_while(|digit| *digit == 0).count();
    card_numbers(text).iter().any(|number| number.len() == digits)
}

/// For each card number that [`holds_card_number`] finds, the byte offsets of its digits, ascending. They may overlap.
#[must_use]
pub fn card_numbers(text: &str) -> Vec<Vec<usize>> {
    let groups = without_dates(groups(text));
    let mut found = Vec::new();
    for (index, first) in groups.iter().enumerate() {
        let mut number: Vec<Digit> = first.digits.iter().copied().skip_while(|d| d.value == 0).collect();
        let mut rest = groups.iter().skip(index + 1);
        while !number.is_empty() && number.len() <= *DIGITS.end() {
            if DIGITS.contains(&number.len()) && passes_luhn(&number) {
                found.push(number.iter().map(|digit| digit.at).collect());
            }
            match rest.next() {
                Some(next) if next.gap.is_some() => number.extend(&next.digits),
                _ => break,
            }
        }
    }
    found
}

/// A text of somebody else's making, fit to be kept or shown: of what may be a card number only the last four digits stand.
#[must_use]
pub fn hide_card_numbers(text: &str) -> String {
    let numbers = card_numbers(text);
    let hidden: BTreeSet<usize> = numbers.iter().flat_map(|it| it.iter().rev().skip(4).copied()).collect();
    let shown = |(at, letter)| if hidden.contains(&at) { '\u{2022}' } else { letter };
    text.char_indices().map(shown).collect()
}

fn value(character: char) -> Option<u32> {
    match character {
        '\u{ff10}'..='\u{ff19}' => Some(u32::from(character) - 0xff10),
        _ => character.to_digit(10),
    }
}

/// Blanks of all widths, dots, dashes of all lengths, slashes; an end of line ends a number.
fn separates(character: char) -> bool {
    let blank = character.is_whitespace() && !character.is_control() || character == '\t';
    blank || matches!(character, '.' | '-' | '/' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{200b}')
}

fn groups(text: &str) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    let (mut group, mut gap) = (Group::default(), None::<String>);
    let mut skip_to = 0;
    for (at, character) in text.char_indices() {
        if at >= skip_to {
            skip_to = hexadecimal_word(text, at).unwrap_or(skip_to);
        }
        match value(character).filter(|_| at >= skip_to) {
            Some(value) => {
                if group.digits.is_empty() {
                    group.gap = gap.take();
                }
                group.digits.push(Digit { at, value });
                continue;
            }
            None if !group.digits.is_empty() => {
                groups.push(std::mem::take(&mut group));
                gap = Some(String::new());
            }
            None => {}
        }
        gap = gap.filter(|gap| separates(character) && gap.chars().count() < GAP_MAX).map(|mut gap| {
            gap.push(character);
            gap
        });
    }
    if !group.digits.is_empty() {
        groups.push(group);
    }
    groups
}

/// The end of the key or hash that begins there.
fn hexadecimal_word(text: &str, at: usize) -> Option<usize> {
    // Inside a word nothing begins, and a long word is read once.
    if text.get(..at)?.ends_with(|c: char| c.is_ascii_alphanumeric()) {
        return None;
    }
    let word = text.get(at..)?.split(|c: char| !c.is_ascii_alphanumeric()).next()?;
    let is_one = HEX_WORDS.contains(&word.len()) && word.bytes().all(|b| b.is_ascii_hexdigit());
    is_one.then_some(at + word.len())
}

/// The groups without those of dates such as 2026-10-31 and 31.10.2026; no number goes over a date.
fn without_dates(groups: Vec<Group>) -> Vec<Group> {
    let is_date = |three: &[Group]| match three {
        [first, second, third] => {
            let joined = [&second.gap, &third.gap];
            let joined = joined.iter().all(|gap| matches!(gap.as_deref(), Some("-" | "." | "/")));
            joined && (is_day(first, second, third) || is_day(third, second, first))
        }
        _ => false,
    };
    let mut dates: Vec<bool> = vec![false; groups.len()];
    for (index, three) in groups.windows(3).enumerate() {
        if is_date(three) {
            dates.iter_mut().skip(index).take(3).for_each(|date| *date = true);
        }
    }
    let mut kept = Vec::with_capacity(groups.len());
    let mut behind_date = false;
    for (mut group, date) in groups.into_iter().zip(dates) {
        if behind_date {
            group.gap = None;
        }
        behind_date = date;
        if !date {
            kept.push(group);
        }
    }
    kept
}

fn is_day(year: &Group, month: &Group, day: &Group) -> bool {
    let number = |group: &Group| group.digits.iter().fold(0_u32, |sum, digit| sum * 10 + digit.value);
    let lengths = [year, month, day].map(|group| group.digits.len());
    lengths == [4, 2, 2]
        && YEARS.contains(&number(year))
        && (1..=12).contains(&number(month))
        && (1..=31).contains(&number(day))
}

fn passes_luhn(number: &[Digit]) -> bool {
    let doubled = |place: usize, digit: u32| match (place % 2, digit) {
        (0, digit) => digit,
        (_, digit) if digit > 4 => digit * 2 - 9,
        (_, digit) => digit * 2,
    };
    let sum: u32 = number.iter().rev().enumerate().map(|(place, digit)| doubled(place, digit.value)).sum();
    sum.is_multiple_of(10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn card_numbers_are_found_however_they_are_written() {
        let check = |text: &str, holds: bool, whole: bool| {
            assert_eq!((holds_card_number(text), is_card_number(text)), (holds, whole), "{text:?}");
        };
        for text in [
            "4111111111111111",
            "4111 1111 1111 1111",
            "4111-1111-1111-1111",
            "4111.1111.1111.1111",
            "4111/1111/1111/1111",
            "4111\u{a0}1111\u{202f}1111\u{2009}1111",
            "4111 - 1111 - 1111 - 1111",
            "4111\u{2013}1111\u{2014}1111\u{2212}1111",
            "41 11 11 11 11 11 11 11",
            "４１１１１１１１１１１１１１１１",
            "3782 822463 10005",
            "378282246310005",
            "4222222222222",
            "6304000000000000",
            "00004111111111111111",
            "card 4111111111111111",
            "x4111111111111111y",
            "AB-4111 1111 1111 1111",
        ] {
            check(text, true, true);
        }
        for text in [
            "4111 1111 1111 1111 12/27",
            "12 4111111111111111",
            "on 2026-10-01 4111 1111 1111 1111",
            "4111111111111111 and 4111111111111111",
            "7: 4111111111111111",
        ] {
            check(text, true, false);
        }
        for text in [
            "",
            "4111111111111112",
            "4111 1111 1111 1112",
            "4111    1111 1111 1111",
            "4111,1111,1111,1111",
            "4111 1111\n1111 1111",
            "41111111111111111111",
            "000000000000",
            "12345678903",
            "2026-10-01 - 2026-10-14",
            "2026-10-01/2026-10-05",
            "01.10.2026 - 14.10.2026",
            "AB-100200",
        ] {
            check(text, false, false);
        }
        check(&"4111111111111111".repeat(3), false, false);
        check(&format!("{}aaaaaaaa", "41111111111111110".repeat(3).split_at(40).0), false, false);
        check(&format!("{}aaaaaaaaa", "41111111111111110".repeat(3).split_at(40).0), false, false);
    }

    #[test]
    fn the_digits_of_a_number_are_told_by_their_places() {
        assert_eq!(
            card_numbers("é 3782-822463-10005"),
            [[3, 4, 5, 6, 8, 9, 10, 11, 12, 13, 15, 16, 17, 18, 19]]
        );
    }

    #[test]
    fn what_is_kept_of_a_card_number_is_its_end() {
        let check = |text: &str, shown: &str| assert_eq!(hide_card_numbers(text), shown);
        check("card 4111 1111 1111 1111, line 7", "card •••• •••• •••• 1111, line 7");
        check("4111111111111111 and 4111111111111111", "••••••••••••1111 and ••••••••••••1111");
        check(
            "boreal-gold-000001-skyfuel-RUB-000004 of 2026-10-31",
            "boreal-gold-000001-skyfuel-RUB-000004 of 2026-10-31",
        );
    }
}

//! Lives of one identity, a word for each record in the order of arrival: `P` claims and `R` undoes an amount.
//!
//! `1:P6` is in file 1, `1.2:P6` its second record. `~1` is file 1 of a series that is numbered so; the others are known by
//! their arrival alone. Behind the amount: `p` a part, `f` in full, `a` or `b` the issuer's reference, `!` undone behind
//! in its own file, `x` refused when it came, `@4` of a file of the 4th (a reversal: of a record of that day).

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::string_slice)]

use jiff::civil::date;
use proptest::prelude::*;

use super::{Entry, fates};
use crate::{Currency, FilePlace, FileRecord, RefKind};

fn entry(word: &str, arrival: usize) -> Entry {
    let (place, what) = word.split_once(':').unwrap_or_else(|| panic!("{word}"));
    let numbered = place.starts_with('~');
    let (file, number) =
        place.trim_start_matches('~').split_once('.').unwrap_or((place.trim_start_matches('~'), "1"));
    let (what, day) = what.split_once('@').map_or((what, None), |(what, day)| (what, Some(day)));
    let day = day.map(|day| date(2026, 10, day.parse().unwrap()));
    let (reversal, marks) =
        (what.starts_with('R'), what[1..].trim_start_matches(|c: char| c.is_ascii_digit()));
    let amount: u64 = what[1..what.len() - marks.len()].parse().unwrap();
    let partial = marks.contains('p').then_some(true).or(marks.contains('f').then_some(false));
    let file = FilePlace {
        id: place.split('.').next().unwrap().to_owned(),
        series: if numbered { "s".to_owned() } else { String::new() },
        date: day.filter(|_| !reversal),
        sequence: numbered.then(|| file.parse().unwrap()),
    };
    let record = FileRecord {
        step: RefKind::Chargeback,
        file,
        number: number.parse().unwrap(),
        amount: Some((amount, Currency(643))),
        partial,
        reference: marks.chars().find(|mark| matches!(mark, 'a' | 'b')).map(String::from),
        undoes_day: day.filter(|_| reversal),
        undone_behind: marks.contains('!'),
        arrival: u32::try_from(arrival).unwrap(),
        unbilled: false,
        refused: marks.contains('x'),
    };
    Entry { record, reversal, amount_minor: if reversal { 0 } else { amount }, transaction_minor: 0 }
}

fn standing(words: &[&str]) -> u64 {
    let entries: Vec<Entry> = words.iter().enumerate().map(|(arrival, word)| entry(word, arrival)).collect();
    let stands = entries.iter().zip(fates(&entries)).filter(|(_, fate)| fate.stands());
    stands.map(|(entry, _)| entry.amount_minor).sum()
}

/// Each line: records, then what stands after each of them.
#[track_caller]
fn check(lives: &[(&str, &[u64])]) {
    for (life, expected) in lives {
        let words: Vec<&str> = life.split(' ').collect();
        let found: Vec<u64> = (1..=words.len()).map(|end| standing(&words[..end])).collect();
        assert_eq!(found, *expected, "{life}");
    }
}

#[test]
fn what_was_undone_may_come_again() {
    check(&[
        ("1.1:P6 1.2:R6 1.3:P6", &[6, 0, 6]),
        ("1:P6 2:R6 3:P6 4:R6 5:P6", &[6, 0, 6, 0, 6]),
        ("~1:P6 ~2:R6 ~3:P6 ~4:R6", &[6, 0, 6, 0]),
        // Corrected behind its reversal, and before it.
        ("1:P6 2:R6 3:P4", &[6, 0, 4]),
        ("1:P6 2:P4 3:R6", &[6, 6, 4]),
        ("1.1:P6 1.2:P4 1.3:R4 1.4:R6", &[6, 6, 6, 0]),
    ]);
}

#[test]
fn what_was_taken_before_records_were_kept_comes_first() {
    check(&[(":P6 2:P6 3:R6 4:P6", &[6, 6, 0, 6]), (":P6 :R6 3:P6", &[6, 0, 6]), (":R6 2:P6", &[0, 0])]);
}

#[test]
fn the_same_record_is_taken_once_wherever_it_is_delivered_again() {
    check(&[
        ("1:P6 2:P6 3:P6", &[6, 6, 6]),
        ("1:P6 2:P6 3:R6", &[6, 6, 0]),
        ("1:R6 2:R6 3:P6", &[0, 0, 0]),
        ("1:P6 2:R6 3:R6 4:P6", &[6, 0, 0, 6]),
        // A whole file under another id: nothing moves between.
        ("1.1:P6! 1.2:R6 2.1:P6! 2.2:R6", &[6, 0, 0, 0]),
        ("1.1:P6! 1.2:R6 1.3:P6 2.1:P6! 2.2:R6 2.3:P6", &[6, 0, 6, 6, 6, 6]),
        ("1.1:P6! 1.2:R6 2:P6 3.1:P6! 3.2:R6", &[6, 0, 6, 6, 6]),
        // What came before is delivered again with its reversal, which is new.
        ("1:P6 2.1:P6! 2.2:R6", &[6, 6, 0]),
        // The first reversal once more: it names the day of what it undid.
        ("1:P6@4 2:R6@4 3:P6@5 4:R6@4", &[6, 0, 6, 6]),
        ("1:P6@4 2:R6@4 3:P6@5 4:R6@5", &[6, 0, 6, 0]),
        // Of one day nothing tells them apart, and the last word counts.
        ("1:P6@4 2:R6@4 3:P6@4 4:R6@4", &[6, 0, 6, 0]),
    ]);
}

#[test]
fn a_reversal_may_come_before_what_it_undoes() {
    check(&[
        ("1:R6 2:P6 3:P6", &[0, 0, 6]),
        // The bank's own order: what stands behind a reversal is not what it undid.
        ("1.1:R6 1.2:P6 1.3:P6 1.4:R6", &[0, 6, 6, 0]),
        ("~1:R6 ~2:P6 3:P6", &[0, 6, 6]),
        ("~2:R6 ~3:P6 ~1:P6", &[0, 6, 6]),
        ("~1:R6 2:P6 ~3:P6", &[0, 0, 6]),
        // Late files: the numbers say what came first.
        ("~2:R6 ~1:P6 ~3:P6", &[0, 0, 6]),
        ("~1:P6 ~3:P6 ~2:R6", &[6, 6, 6]),
        ("~3:P6 ~2:R6 ~1:P6", &[6, 6, 6]),
        ("~4:R6 ~3:P6 ~2:R6 ~1:P6", &[0, 0, 0, 0]),
        // Another amount than what stands waits for its own, and counts for it if none comes.
        ("1:P4 2:R6 3:P6", &[4, 0, 4]),
    ]);
}

#[test]
fn what_was_refused_never_counts_and_its_reversal_undoes_nothing_else() {
    check(&[
        ("1:P6x 2:R6 3:P6 4:R6", &[0, 0, 6, 0]),
        ("1.1:P6x 1.2:R6 1.3:P6", &[0, 0, 6]),
        ("~3:P6 ~2:R6 ~1:P6x", &[6, 6, 6]),
        ("1:R6 2:P6x 3:P6", &[0, 0, 6]),
        // Without its reversal: what was refused may come as it should have, and that is what is undone.
        ("1:P6x 2:P6 3:R6 4:P6", &[0, 6, 0, 6]),
        ("1:P6 2:P6x 3:R6", &[6, 6, 0]),
        // What agrees with one that stands is the same record, also if it was refused.
        ("1:P6 2.1:P6x 2.2:R6", &[6, 6, 0]),
        // Of another amount than what it waits for, and a file that tells of both once more.
        ("1:P4x 2:R6 3:P6", &[0, 0, 0]),
        ("1.1:P6x! 1.2:R6 2.1:P6x! 2.2:R6 3:P6", &[0, 0, 0, 0, 6]),
    ]);
}

#[test]
fn parts_stand_beside_each_other_if_something_tells_them_apart() {
    check(&[
        ("1:P3p 2:P2p", &[3, 5]),
        ("1:P3pa 2:P3pb 3:R3pa 4:P3pa", &[3, 6, 3, 6]),
        ("1:P3pa 2:P3pa", &[3, 3]),
        ("1:P3p 2:P3p", &[3, 3]),
        ("1:P3p 2:R3p 3:P3p", &[3, 0, 3]),
        // In full and in part: one of them is wrong until the other one is undone.
        ("1:P6f 2:P3p 3:R6f", &[6, 6, 3]),
        ("1:P6f 2:P6p", &[6, 6]),
        ("1:P6fa 2:P6fb", &[6, 6]),
        // Formats without DE24 and DE95 agree with all.
        ("1:P6 2:P6fa 3:R6", &[6, 6, 0]),
    ]);
}

proptest! {
    /// Numbered files come to the same in whatever order they arrive.
    #[test]
    fn the_order_of_arrival_of_numbered_files_does_not_matter(
        life in prop::collection::vec((any::<bool>(), 1_u8..3, 1_u8..3), 1..7),
        seed in any::<u64>(),
    ) {
        // Two records in some of the files.
        let words: Vec<String> = life
            .iter()
            .enumerate()
            .map(|(at, (reversal, amount, _))| {
                let (file, number, what) = (at / 2 + 1, at % 2 + 1, if *reversal { 'R' } else { 'P' });
                format!("~{file}.{number}:{what}{amount}")
            })
            .collect();
        let in_order: Vec<&str> = words.iter().map(String::as_str).collect();
        let mut shuffled = in_order.clone();
        shuffled.sort_by_key(|word| word.bytes().fold(seed, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte.into()).rotate_left(7)));
        prop_assert_eq!(standing(&in_order), standing(&shuffled), "{:?}", shuffled);
    }
}

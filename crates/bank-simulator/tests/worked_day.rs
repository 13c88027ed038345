//! The worked day, message by message.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use bank_simulator::{Day, TEST_PANS, WorkedMerchants};
use iso8583::dialects;

fn day() -> Day {
    Day::worked(Day::worked_cards().unwrap(), &WorkedMerchants::default()).unwrap()
}

#[test]
fn the_messages_are_those_of_the_table_in_its_order() {
    let expected = "
        P1  A 0100 000000 359999   643 - 5411 GROCER000000001
        P1  A 0220 000000 359999   643 - 5411 GROCER000000001
        P2  A 0100 000000 745000   643 - 5541 SKYFUEL00000001
        P2  A 0220 000000 745000   643 - 5541 SKYFUEL00000001
        P3  B 0100 000000 1234567  643 - 5411 KOSTA0000000001
        P3  B 0220 000000 1234567  643 - 5411 KOSTA0000000001
        P4  B 0100 000000 99999    643 - 5411 KOSTA0000000001
        P4  B 0220 000000 99999    643 - 5411 KOSTA0000000001
        P5  C 0100 000000 250000   643 - 5411 KOSTA0000000001
        P5  C 0220 000000 100000   643 - 5411 KOSTA0000000001
        P5  C 0220 000000 150000   643 - 5411 KOSTA0000000001
        P5  C 0220 200000 100000   643 - 5411 KOSTA0000000001
        P6  D 0100 010000 1000000  643 - 6011 CASH00000000001
        P6  D 0220 010000 1000000  643 - 6011 CASH00000000001
        P7  E 0100 000000 20000000 643 - 5732 ELECTRO00000001
        P7  E 0220 000000 20000000 643 - 5732 ELECTRO00000001
        P8  F 0100 000000 60000    643 - 5411 GROCER000000001
        P8  F 0400 000000 60000    643 - 5411 GROCER000000001
        P9  G 0100 000000 250000   643 - 5411 GROCER000000001
        P9  G 0220 000000 250000   643 - 5411 GROCER000000001
        P10 A 0100 000000 45000    643 - 5814 CAFE00000000001
        P10 A 0101 000000 45000    643 - 5814 CAFE00000000001
        P10 A 0220 000000 45000    643 - 5814 CAFE00000000001
        P10 A 0221 000000 45000    643 - 5814 CAFE00000000001
        P11 H 0220 000000 123456   643 - 5411 GROCER000000001
        P12 H 0100 000000 10000    840 950000/643 7011 HOTEL0000000001
        P12 H 0220 000000 10000    840 950000/643 7011 HOTEL0000000001";
    let day = day();
    let lines: Vec<String> = day
        .planned()
        .iter()
        .map(|planned| {
            let text = |de| planned.message.get(de).unwrap_or_default().trim_end().to_owned();
            let amount = |de| text(de).trim_start_matches('0').to_owned();
            let billing = match planned.message.get(6) {
                Some(_) => format!("{}/{}", amount(6), text(51)),
                None => "-".to_owned(),
            };
            [
                planned.purchase.to_owned(),
                planned.card.to_owned(),
                planned.message.mti().to_string(),
                text(3),
                amount(4),
                text(49),
                billing,
                text(18),
                text(42),
            ]
            .join(" ")
        })
        .collect();
    let expected: Vec<String> =
        expected.trim().lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    assert_eq!(lines, expected);
}

#[test]
fn the_first_message_in_full() {
    let day = day();
    let planned = day.planned();
    let bytes = planned[0].message.encode(dialects::iso87_ascii()).unwrap();
    let expected = [
        "0100",
        "7238448108C08000",
        "164111111111111111",
        "000000",
        "000000359999",
        "1010060000", // 09:00 in Moscow
        "000001",
        "090000",
        "1010",
        "5411",
        "051",
        "00",
        "06400001",
        "628309000001", // 2026, day 283, hour 09, STAN 000001
        "GROCER01",
        "GROCER000000001",
        "643",
    ]
    .concat();
    assert_eq!(String::from_utf8(bytes).unwrap(), expected);
}

#[test]
fn the_refund_and_the_reversal_name_their_originals() {
    let day = day();
    let planned = day.planned();
    let names = |index: usize| planned[index].message.get(90).unwrap().to_owned();
    // P5's first presentment is the tenth message of the day.
    assert_eq!(names(11), ["0220", "000010", "1010060900", "00000400001", "00000000000"].concat());
    assert_eq!(names(17), ["0100", "000017", "1010061600", "00000400001", "00000000000"].concat());
    assert_eq!(planned[17].message.get(95), None);
    assert_eq!(planned[17].message.get(39), None);
    assert_eq!(planned[11].message.get(37), planned[8].message.get(37));
    assert_eq!(planned.iter().filter(|planned| planned.message.get(90).is_some()).count(), 2);
}

#[test]
fn the_repeats_differ_in_the_type_only() {
    let day = day();
    let planned = day.planned();
    for first in [20, 22] {
        let body =
            |index: usize| planned[index].message.encode(dialects::iso87_ascii()).unwrap()[4..].to_vec();
        assert_eq!(body(first), body(first + 1));
    }
}

#[test]
fn the_cards_are_published_test_numbers() {
    let cards = Day::worked_cards().unwrap();
    assert!(cards.iter().zip(TEST_PANS).all(|(card, pan)| card.pan.expose() == pan));
    let shown = format!("{:?}", day());
    assert!(TEST_PANS.iter().all(|pan| !shown.contains(pan)));
}

//! Seeded days: the same seed makes the same bytes, and every kind of purchase comes.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use std::collections::{BTreeMap, BTreeSet};

use bank_simulator::{Card, Day, Merchant, Mix, Money, PlanError, Purchase, SeededPlan, Step, Timed};
use iso8583::{OriginalData, Version, dialects};
use jiff::{civil::date, tz::TimeZone};
use support::{cards, merchants, seeded};

fn bytes(day: &Day) -> Vec<Vec<u8>> {
    day.planned().iter().map(|planned| planned.message.encode(dialects::iso87_ascii()).unwrap()).collect()
}

/// FNV-1a, to write the bytes of a day down in one number.
fn fingerprint(day: &Day) -> u64 {
    let mix = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3);
    bytes(day).concat().into_iter().fold(0xCBF2_9CE4_8422_2325, mix)
}

#[test]
fn the_same_seed_makes_the_same_messages_byte_for_byte() {
    let day = seeded(1, 500).plan().unwrap();
    assert_eq!(bytes(&day), bytes(&seeded(1, 500).plan().unwrap()));
    assert_ne!(bytes(&day), bytes(&seeded(2, 500).plan().unwrap()));
    let moscow = TimeZone::get("Europe/Moscow").unwrap();
    let short = Day::seeded(1, date(2026, 10, 10), moscow, cards(20), merchants(), 500).unwrap();
    assert_eq!(bytes(&day), bytes(&short));
    // A change of this number changes the demo's settlement.
    assert_eq!(fingerprint(&day), GOLDEN, "{}", fingerprint(&day));
}

const GOLDEN: u64 = 10_905_046_404_202_510_852;

#[test]
fn numbers_are_unique_and_times_are_within_the_business_date() {
    let day = seeded(3, 2_000).plan().unwrap();
    let mut stans = BTreeSet::new();
    let mut references: BTreeMap<String, &str> = BTreeMap::new();
    let mut last_of_card: BTreeMap<&str, String> = BTreeMap::new();
    let planned = day.planned();
    let mut previous_utc_date = 0;
    for message in &planned {
        let text = |de| message.message.get(de).unwrap_or_default().to_owned();
        if !message.message.mti().is_repeat() {
            assert!(stans.insert(text(11)));
            let transmission = text(7);
            assert!(
                transmission.starts_with("1010") || transmission.as_str() > "1009210000",
                "{transmission}"
            );
            previous_utc_date += usize::from(transmission.starts_with("1009"));
            let last = last_of_card.entry(message.card).or_default();
            assert!(*last <= transmission, "one card's clock went back");
            *last = transmission;
        }
        assert_eq!(text(13), "1010");
        let owner = references.entry(text(37)).or_insert(message.purchase);
        assert_eq!(*owner, message.purchase);
    }
    assert!(previous_utc_date > 0);
    assert_eq!(references.len(), 2_000);
    assert_eq!(planned.len(), day.message_count());
}

#[test]
fn every_kind_of_message_comes() {
    let day = seeded(4, 3_000).plan().unwrap();
    let planned = day.planned();
    let mut seen: BTreeSet<String> = BTreeSet::new();
    for planned in &planned {
        let message = &planned.message;
        let has = |de: u8| message.get(de).is_some();
        let mti = message.mti();
        seen.insert(mti.to_string());
        let declined = message.get(39).is_some_and(|code| code != "00");
        assert_eq!(has(39), matches!(mti.function(), 2) && mti.class() != 4, "{message:?}");
        assert_eq!(has(38), has(39) && !declined);
        assert_eq!(has(6), has(51));
        assert_eq!(has(6), message.get(49) != Some("643"));
        assert_ne!(message.get(4), Some("000000000000"));
        for (name, there) in [
            ("declined", declined),
            ("foreign", has(6)),
            ("part", has(95)),
            ("preauthorization", message.get(25) == Some("06")),
            ("cash", message.get(3) == Some("010000")),
            ("refund", message.get(3) == Some("200000")),
            ("excluded", message.get(18) == Some("7995")),
        ] {
            if there {
                seen.insert(name.to_owned());
            }
        }
    }
    for name in [
        "0100",
        "0101",
        "0120",
        "0220",
        "0221",
        "0400",
        "0420",
        "declined",
        "foreign",
        "part",
        "preauthorization",
        "cash",
        "refund",
        "excluded",
    ] {
        assert!(seen.contains(name), "{name} is missing in {seen:?}");
    }
}

#[test]
fn every_original_is_one_that_was_sent_before_with_its_amounts() {
    let day = seeded(5, 3_000).plan().unwrap();
    let mut before: BTreeMap<(String, String), u64> = BTreeMap::new();
    let mut named = 0;
    for planned in day.planned() {
        let message = &planned.message;
        let text = |de| message.get(de).unwrap_or_default();
        let amount: u64 = text(4).parse().unwrap();
        if let Some(de90) = message.get(90) {
            let original = OriginalData::parse(Version::V1987, de90).unwrap();
            assert!(original.is_acquirer(text(32)) && original.forwarder == "00000000000");
            let key = (original.mti.to_string(), original.stan.to_owned());
            let whole = before[&key];
            if message.mti().class() == 4 {
                assert_eq!(amount, whole);
            } else {
                assert!(0 < amount && amount <= whole);
            }
            if let Some(de95) = message.get(95) {
                assert_eq!((de95.len(), &de95[12..]), (42, "0".repeat(30).as_str()));
                let left: u64 = de95[..12].parse().unwrap();
                assert!(0 < left && left < whole);
            }
            named += 1;
        }
        let mti = message.mti().without_repeat().to_string();
        before.insert((mti, text(11).to_owned()), amount);
    }
    assert!(named > 500);
}

#[test]
fn a_mix_may_leave_kinds_out() {
    let none = Mix {
        plain: 1,
        approved_advice: 0,
        preauthorization: 0,
        clearing_only: 0,
        refund_full: 0,
        refund_part: 0,
        reverse_authorization: 0,
        reverse_part_of_authorization: 0,
        reverse_clearing: 0,
        reverse_part_of_clearing: 0,
        two_presentments: 0,
        two_presentments_and_refund: 0,
        repeats: 0,
        over_clearing: 0,
        under_clearing: 0,
        gross_clearing: 0,
        declined_advice: 0,
        declined_clearing: 0,
        foreign_currency: 0,
        foreign_currency_refund: 0,
        cash: 0,
        financial_request: 0,
        repeat_per_mille: 0,
    };
    let day = SeededPlan { mix: none, first_stan: 500_000, ..seeded(6, 50) }.plan().unwrap();
    assert_eq!(day.message_count(), 100);
    assert_eq!(day.planned()[0].message.get(11), Some("500000"));
}

#[test]
fn what_makes_no_day_is_refused_with_its_place() {
    let moscow = || TimeZone::get("Europe/Moscow").unwrap();
    let plan = |cards: Vec<Card>, merchants: Vec<Merchant>, step: Step, minor| {
        let purchase = Purchase {
            id: "P1".to_owned(),
            card: 0,
            merchant: 0,
            processing_code: "000000".to_owned(),
            amount: Money::rub(minor),
            billing: None,
            steps: vec![Timed { at: date(2026, 10, 10).at(9, 0, 0, 0), step }],
        };
        Day::new(date(2026, 10, 10), moscow(), cards, merchants, vec![purchase], 1).map(drop)
    };
    let authorize = || Step::Authorize { preauthorization: false };
    assert_eq!(plan(cards(1), merchants(), authorize(), 1), Ok(()));
    assert_eq!(plan(vec![], merchants(), authorize(), 1), Err(PlanError::Empty));
    let twice = [cards(1), cards(1)].concat();
    assert!(matches!(plan(twice, merchants(), authorize(), 1), Err(PlanError::Label { .. })));
    let bad = vec![Merchant::new("Bad", "", "X", "X", "5411")];
    assert!(matches!(plan(cards(1), bad, authorize(), 1), Err(PlanError::Merchant { .. })));
    let refused = plan(cards(1), merchants(), Step::RepeatLast, 1).unwrap_err();
    assert_eq!(refused.to_string(), "purchase P1, step 1: nothing to repeat");
    let refused = plan(cards(1), merchants(), authorize(), 1_000_000_000_000).unwrap_err();
    assert!(refused.to_string().contains("does not fit"), "{refused}");
    let many = SeededPlan { first_stan: 999_990, ..seeded(1, 50) }.plan().map(drop);
    assert!(matches!(many, Err(PlanError::TooManyMessages { .. })));
}

//! The merchant map: whose merchant a purchase was made at, as a table and against a model that looks at every row.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may stop where it fails")]

use domain::{Effective, Merchant, MerchantCriteria, MerchantMap, MerchantOrigin, MerchantRow, PartnerId};
use jiff::civil::{Date, date};
use proptest::prelude::*;

const FIRST: PartnerId = PartnerId(1);
const SECOND: PartnerId = PartnerId(2);

fn merchant(acquirer: &str, card_acceptor: &str, terminal: &str, mcc: Option<u16>) -> Merchant {
    let text = str::to_owned;
    Merchant { acquirer: text(acquirer), card_acceptor: text(card_acceptor), terminal: text(terminal), mcc }
}

fn october(day: i8) -> Date {
    date(2026, 10, day)
}

fn row(line: usize, criteria: MerchantCriteria, partner: PartnerId) -> MerchantRow {
    let valid = Effective::default();
    MerchantRow { line, criteria, valid, origin: MerchantOrigin::Manual, partner }
}

fn within(row: MerchantRow, from: Option<Date>, to: Option<Date>) -> MerchantRow {
    MerchantRow { valid: Effective { from, to }, ..row }
}

#[test]
fn the_most_specific_row_that_holds_on_the_day_says_whose_merchant_it_is() {
    let shop = || MerchantCriteria::new("0400001", "SHOP ");
    let mut map = MerchantMap::default();
    for row in [
        within(row(1, shop(), FIRST), None, Some(october(10))),
        within(row(2, shop(), SECOND), Some(october(10)), Some(october(20))),
        within(row(3, shop().with_terminal("T1"), FIRST), Some(october(12)), None),
        row(4, shop().with_mcc(Some(5541)), SECOND),
        MerchantRow { origin: MerchantOrigin::Brand, ..row(5, shop().with_mcc(Some(5541)), FIRST) },
        MerchantRow { origin: MerchantOrigin::Address, ..row(6, shop(), FIRST) },
    ] {
        map.add(row).unwrap();
    }
    for (terminal, mcc, day, line) in [
        ("T9", 5411, 9, Some(1)),
        ("T9", 5411, 10, Some(2)),
        ("T9", 5411, 19, Some(2)),
        // The end is outside; what is trusted less holds where nothing better does.
        ("T9", 5411, 20, Some(6)),
        ("T1", 5411, 11, Some(2)),
        ("T1 ", 5411, 12, Some(3)),
        // The terminal counts more than the category.
        ("T1", 5541, 12, Some(3)),
        ("T9", 5541, 12, Some(4)),
    ] {
        let found = map.lookup(&merchant("400001", "SHOP", terminal, Some(mcc)), october(day));
        assert_eq!(found.map(|row| row.line), line, "{terminal} {mcc} on the {day}th");
    }
    assert_eq!(map.lookup(&merchant("400002", "SHOP", "T1", None), october(12)), None, "another acquirer");
}

#[test]
fn a_row_twice_is_kept_once() {
    let shop = row(1, MerchantCriteria::new("1", "SHOP"), FIRST);
    let mut map = MerchantMap::default();
    map.add(shop.clone()).unwrap();
    map.add(MerchantRow { line: 2, ..shop.clone() }).unwrap();
    assert_eq!(map.len(), 1);
    // The same partner for a part of the time says nothing new, but it is another row.
    map.add(within(shop, Some(october(1)), None)).unwrap();
    assert_eq!(map.len(), 2);
}

#[test]
fn a_contradiction_names_the_row_that_was_first() {
    let shop = || MerchantCriteria::new("1", "SHOP");
    let ranges = [
        (None, None, None, None, true),
        (None, Some(10), Some(10), None, false),
        (None, Some(10), Some(9), None, true),
        (Some(5), Some(10), None, Some(5), false),
        (Some(5), Some(10), None, Some(6), true),
        (Some(5), Some(10), Some(7), Some(8), true),
    ];
    for (from, to, other_from, other_to, contradict) in ranges {
        let day = |day: Option<i8>| day.map(october);
        let mut map = MerchantMap::default();
        let first = within(row(1, shop(), FIRST), day(from), day(to));
        let second = within(row(2, shop(), SECOND), day(other_from), day(other_to));
        map.add(first.clone()).unwrap();
        assert_eq!(map.add(second.clone()).err(), contradict.then_some(first.clone()), "{second:?}");
    }
}

/// Few values, so that rows and messages meet.
fn any_merchant() -> impl Strategy<Value = Merchant> {
    let acquirer = prop::sample::select(vec!["1", "01", "2"]);
    let card_acceptor = prop::sample::select(vec!["A", "B", ""]);
    let terminal = prop::sample::select(vec!["T", "U", ""]);
    let mcc = prop::option::of(1_u16..3);
    (acquirer, card_acceptor, terminal, mcc)
        .prop_map(|(acquirer, acceptor, terminal, mcc)| merchant(acquirer, acceptor, terminal, mcc))
}

fn any_row() -> impl Strategy<Value = MerchantRow> {
    let day = || prop::option::of((1_i8..9).prop_map(october));
    let origin = prop::sample::select(MerchantOrigin::ALL.to_vec());
    (any_merchant(), day(), day(), origin, 1..4_i32).prop_map(|(asked, from, to, origin, partner)| {
        let criteria = MerchantCriteria::new(&asked.acquirer, &asked.card_acceptor)
            .with_terminal(&asked.terminal)
            .with_mcc(asked.mcc);
        let valid = Effective { from, to };
        MerchantRow { line: 0, criteria, valid, origin, partner: PartnerId(partner) }
    })
}

fn holds(row: &MerchantRow, merchant: &Merchant, day: Date) -> bool {
    let MerchantCriteria { acquirer, card_acceptor, terminal, mcc } = &row.criteria;
    merchant.acquirer.trim_start_matches('0') == acquirer
        && merchant.card_acceptor == *card_acceptor
        && terminal.as_ref().is_none_or(|terminal| merchant.terminal == *terminal)
        && (mcc.is_none() || merchant.mcc == *mcc)
        && row.valid.contains(day)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn a_lookup_finds_what_looking_at_every_row_finds(
        rows in prop::collection::vec(any_row(), 0..12),
        merchant in any_merchant(),
        day in (1_i8..9).prop_map(october),
    ) {
        let mut map = MerchantMap::default();
        let taken: Vec<MerchantRow> = rows.into_iter().filter(|row| map.add(row.clone()).is_ok()).collect();
        let weight = |row: &&MerchantRow| {
            let MerchantCriteria { terminal, mcc, .. } = &row.criteria;
            (terminal.is_some(), mcc.is_some(), std::cmp::Reverse(row.origin))
        };
        let model = taken.iter().filter(|row| holds(row, &merchant, day)).max_by_key(weight);
        let found = map.lookup(&merchant, day);
        // Two rows of one weight that hold on one day are for one partner.
        prop_assert_eq!(found.map(|row| row.partner), model.map(|row| row.partner));
        prop_assert!(found.is_none_or(|row| holds(row, &merchant, day)));
    }
}

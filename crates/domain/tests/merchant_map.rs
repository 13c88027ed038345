//! The merchant map: whose merchant a purchase was made at, as a table and against a model that looks at every row.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may stop where it fails")]

use domain::{
    Contradiction, Effective, Explanation, MapChange, Merchant, MerchantCriteria, MerchantMap,
    MerchantOrigin, MerchantRow, NameAndPlace, PartnerId, Rung, SubMerchant,
};
use jiff::civil::{Date, date};
use proptest::prelude::*;

const FIRST: PartnerId = PartnerId(1);
const SECOND: PartnerId = PartnerId(2);

fn merchant(acquirer: &str, card_acceptor: &str, terminal: &str, mcc: Option<u16>) -> Merchant {
    let text = str::to_owned;
    let (acquirer, card_acceptor, terminal) = (text(acquirer), text(card_acceptor), text(terminal));
    Merchant { acquirer, card_acceptor, terminal, mcc, ..Merchant::default() }
}

fn named(merchant: Merchant, name: &str) -> Merchant {
    Merchant { name_and_place: NameAndPlace { name: name.to_owned(), ..NameAndPlace::default() }, ..merchant }
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
        assert_eq!(found.row().map(|row| row.line), line, "{terminal} {mcc} on the {day}th");
    }
    let elsewhere = merchant("400002", "SHOP", "T1", None);
    assert_eq!(map.lookup(&elsewhere, october(12)).row(), None, "another acquirer");
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
        assert_eq!(
            map.add(second.clone()).err(),
            contradict.then_some(Contradiction { line: 1, partner: FIRST }),
            "{second:?}"
        );
    }
}

/// The line and reason that are found for each message.
fn check(map: &MerchantMap, cases: &[(&str, &str, &str, &str, usize, &str)]) {
    for (acquirer, card_acceptor, terminal, name, line, reason) in cases {
        let merchant = named(merchant(acquirer, card_acceptor, terminal, None), name);
        let found = map.lookup(&merchant, october(10));
        assert_eq!(found.row().map_or(0, |row| row.line), *line, "{merchant:?}");
        let mut explanation = Explanation::default();
        found.explain(&mut explanation);
        assert_eq!(explanation.0.iter().map(|finding| finding.reason).collect::<Vec<_>>(), [*reason]);
    }
}

#[test]
fn an_aggregator_s_merchant_is_never_found_by_the_card_acceptor_alone() {
    let at = |card_acceptor| MerchantCriteria::new("1", card_acceptor);
    let sub = SubMerchant::parse;
    let mut map = MerchantMap::default();
    for row in [
        row(1, at("SHOP"), FIRST),
        row(2, at("SQUARE1").with_terminal("T1"), FIRST),
        row(3, at("SQUARE1").with_sub_merchant(sub("SQ *BLUE CAFE")), SECOND),
        row(4, at("").with_sub_merchant(sub("SQ *RED CAFE")), FIRST),
        row(5, at("SQUARE2").with_sub_merchant(sub("SQ *RED CAFE")), SECOND),
        row(6, at("PAY"), FIRST),
    ] {
        map.add(row).unwrap();
    }
    map.add_aggregator(&sub("PAYPAL *").unwrap(), None);
    check(
        &map,
        &[
            ("1", "SHOP", "T9", "SHOP AND MORE", 1, "matched_by_card_acceptor"),
            // A star alone is no aggregator.
            ("1", "SHOP", "T9", "SHOP*ONLINE", 1, "matched_by_card_acceptor"),
            // The card acceptor is not known as the aggregator's, but the name says that it is one.
            ("1", "SHOP", "T9", "PAYPAL *SOMEBODY", 0, "sub_merchant_not_in_the_map"),
            ("1", "PAY", "T9", "", 6, "matched_by_card_acceptor"),
            ("1", "SQUARE1", "T1", "SQ *BLUE CAFE", 2, "matched_by_terminal"),
            ("1", "SQUARE1", "T2", "sq*blue  cafe", 3, "matched_by_sub_merchant"),
            ("1", "SQUARE2", "T2", "SQ *BLUE CAFE", 0, "sub_merchant_not_in_the_map"),
            ("1", "SQUARE1", "T2", "SQ *GREEN CAFE", 0, "sub_merchant_not_in_the_map"),
            // A message without DE43 tells nothing of who stands behind it.
            ("1", "SQUARE1", "T2", "", 0, "sub_merchant_not_in_the_map"),
            ("1", "ANOTHER", "T2", "SQ *RED CAFE", 4, "matched_by_sub_merchant"),
            ("1", "SQUARE2", "T2", "SQ *RED CAFE", 5, "matched_by_sub_merchant"),
            ("2", "ANOTHER", "T2", "SQ *RED CAFE", 0, "sub_merchant_not_in_the_map"),
            ("2", "SHOP", "T2", "", 0, "not_in_the_map"),
        ],
    );
    assert_eq!(map.unreachable().count(), 0);
    map.add_aggregator(&sub("PAYPAL *").unwrap(), Some(&at("PAY")));
    assert_eq!(map.unreachable().map(|row| row.line).collect::<Vec<_>>(), [6]);
    check(&map, &[("1", "PAY", "T9", "", 0, "sub_merchant_not_in_the_map")]);
}

/// Few values, so that rows and messages meet.
fn any_merchant() -> impl Strategy<Value = Merchant> {
    let acquirer = prop::sample::select(vec!["1", "01", "2"]);
    let card_acceptor = prop::sample::select(vec!["A", "B", ""]);
    let terminal = prop::sample::select(vec!["T", "U", ""]);
    let name = prop::sample::select(vec!["SQ *X", "sq*x ", "PP *X", "X", ""]);
    let mcc = prop::option::of(1_u16..3);
    (acquirer, card_acceptor, terminal, mcc, name).prop_map(|(acquirer, card, terminal, mcc, name)| {
        named(merchant(acquirer, card, terminal, mcc), name)
    })
}

fn any_row() -> impl Strategy<Value = MerchantRow> {
    let day = || prop::option::of((1_i8..9).prop_map(october));
    let origin = prop::sample::select(MerchantOrigin::ALL.to_vec());
    (any_merchant(), day(), day(), origin, 1..4_i32).prop_map(|(asked, from, to, origin, partner)| {
        let criteria = MerchantCriteria::new(&asked.acquirer, &asked.card_acceptor)
            .with_terminal(&asked.terminal)
            .with_sub_merchant(SubMerchant::parse(&asked.name_and_place.name))
            .with_mcc(asked.mcc);
        let valid = Effective { from, to };
        MerchantRow { line: 0, criteria, valid, origin, partner: PartnerId(partner) }
    })
}

fn holds(row: &MerchantRow, merchant: &Merchant, day: Date) -> bool {
    let MerchantCriteria { acquirer, card_acceptor, terminal, sub_merchant, mcc } = &row.criteria;
    let name = SubMerchant::parse(&merchant.name_and_place.name);
    merchant.acquirer.trim_start_matches('0') == acquirer
        && card_acceptor.as_ref().is_none_or(|card_acceptor| merchant.card_acceptor == *card_acceptor)
        && terminal.as_ref().is_none_or(|terminal| merchant.terminal == *terminal)
        && (sub_merchant.is_none() || name == *sub_merchant)
        && (mcc.is_none() || merchant.mcc == *mcc)
        && row.valid.contains(day)
}

/// Whether some row with a name says that this is an aggregator: by the prefix, or at this card acceptor.
fn is_an_aggregator(rows: &[MerchantRow], merchant: &Merchant) -> bool {
    let name = SubMerchant::parse(&merchant.name_and_place.name);
    rows.iter().any(|row| {
        let MerchantCriteria { acquirer, card_acceptor, sub_merchant, .. } = &row.criteria;
        let Some(known) = sub_merchant else { return false };
        let same_prefix = name.as_ref().is_some_and(|name| name.prefix() == known.prefix());
        let here = merchant.acquirer.trim_start_matches('0') == acquirer
            && card_acceptor.as_ref() == Some(&merchant.card_acceptor);
        same_prefix || here
    })
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
        let shared = is_an_aggregator(&taken, &merchant);
        let counts = |row: &&MerchantRow| {
            holds(row, &merchant, day) && !(shared && row.criteria.rung() == Rung::CardAcceptor)
        };
        let weight = |row: &&MerchantRow| {
            let MerchantCriteria { card_acceptor, terminal, sub_merchant, mcc, .. } = &row.criteria;
            let specific =
                (terminal.is_some(), sub_merchant.is_some(), card_acceptor.is_some(), mcc.is_some());
            (specific, std::cmp::Reverse(row.origin))
        };
        let model = taken.iter().filter(counts).max_by_key(weight);
        let found = map.lookup(&merchant, day);
        // Two rows of one weight that hold on one day are for one partner.
        prop_assert_eq!(found.partner(), model.map(|row| row.partner));
        prop_assert!(found.row().is_none_or(|row| holds(row, &merchant, day)));
    }
}

fn map_of(rows: impl IntoIterator<Item = MerchantRow>) -> MerchantMap {
    let mut map = MerchantMap::default();
    rows.into_iter().for_each(|row| map.add(row).unwrap());
    map
}

#[test]
fn two_maps_differ_in_rows_and_not_in_lines() {
    let shop = |name| MerchantCriteria::new("1", name);
    let stays = row(1, shop("STAYS"), FIRST);
    let (moves, moved) = (row(2, shop("MOVES"), FIRST), row(1, shop("MOVES"), SECOND));
    let (goes, comes) = (row(3, shop("GOES"), FIRST), row(2, shop("COMES"), FIRST));
    let ends = within(row(4, shop("ENDS"), FIRST), None, Some(october(10)));
    let lasts = row(4, shop("ENDS"), FIRST);
    let old = map_of([stays.clone(), moves.clone(), goes.clone(), lasts.clone()]);
    let new = map_of([MerchantRow { line: 9, ..stays }, moved.clone(), comes.clone(), ends.clone()]);
    let changes = [
        MapChange::Added(comes),
        MapChange::Changed { from: lasts, to: ends },
        MapChange::Changed { from: moves, to: moved },
        MapChange::Removed(goes),
    ];
    assert_eq!(old.changes(&new), changes);
    assert_eq!(old.changes(&old), []);
}

#[test]
fn who_stands_back_behind_a_better_origin_is_told() {
    let shop =
        |line, origin, partner| MerchantRow { origin, ..row(line, MerchantCriteria::new("1", "S"), partner) };
    let map = map_of([
        shop(1, MerchantOrigin::Brand, FIRST),
        shop(2, MerchantOrigin::Claim, SECOND),
        shop(3, MerchantOrigin::Address, FIRST),
    ]);
    let lines: Vec<_> = map.overruled().map(|(holds, other)| (holds.line, other.line)).collect();
    assert_eq!(lines, [(2, 1), (2, 3)]);
}

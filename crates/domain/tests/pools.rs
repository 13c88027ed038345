//! Which account of a household gives how much, and that what an account is thought to hold is what it can spend.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may stop where it fails"
)]

mod support;

use std::collections::BTreeMap;

use domain::{
    AccountId, Bucket, Currency, EventKind, ExpiryRule, Holding, HouseholdSpending, Lot, MessageKey,
    MilesEvent, MilesRules, OpenLot, PoolAsk, PoolShare, PoolState, Program, Purchase, PurseKey, Ratio,
    RedemptionRules, ResultStatus, Rules, share_out,
};
use jiff::civil::{Date, date};
use proptest::prelude::*;
use support::{shell::Store, world};

const DAY: Date = date(2026, 12, 1);
const RUB: Currency = Currency(643);

/// A mile pays 0.50, half of an amount at most, 10 miles at least.
fn rules() -> RedemptionRules {
    RedemptionRules {
        value: Ratio::new(50, 1).unwrap(),
        miles_min: 10,
        share_max: Ratio::new(1, 2).unwrap(),
        reserve_minutes: 15,
        household: HouseholdSpending::Pooled,
    }
}

/// An account is a letter in a bucket of its own.
fn purse(letter: char) -> PurseKey {
    let number = u16::try_from(u32::from(letter)).unwrap();
    (Bucket::new(number).unwrap(), AccountId(i64::from(number)))
}

fn lot(number: usize, spendable: i64, expire_on: Option<Date>) -> OpenLot {
    let mut hash = [0; 16];
    hash[..8].copy_from_slice(&number.to_be_bytes());
    OpenLot {
        key: MessageKey::new(0, hash),
        granted_on: date(2026, 10, 10),
        vests_on: None,
        expire_on,
        open: spendable,
        spendable,
    }
}

/// A lot of so many miles, as one that came from another account.
fn arrived(rules: &Rules, miles: i64) -> Purchase {
    let asked = MilesEvent::Arrive {
        miles: miles.unsigned_abs(),
        granted_on: date(2026, 10, 10),
        vests_on: None,
        expire_on: None,
    };
    let event = world::message(1, EventKind::Miles(asked), 0);
    let mut store = Store::new();
    store.run(rules, std::slice::from_ref(&event)).remove(0).purchases.remove(0)
}

/// Lots such as `A 30 2027-01-01`, or `never`; what is asked such as `40 pays 50.00`; and what each account gives with
/// what it pays, such as `A 30 1500, B 10 500`, or why nothing.
#[track_caller]
fn check_with(rules: Option<RedemptionRules>, lots: &[&str], ask: &str, expected: &str) {
    let mut purses: BTreeMap<PurseKey, Vec<OpenLot>> = BTreeMap::new();
    for (number, text) in lots.iter().enumerate() {
        let words: Vec<&str> = text.split(' ').collect();
        let until = (words[2] != "never").then(|| words[2].parse().unwrap());
        let letter = words[0].chars().next().unwrap();
        purses.entry(purse(letter)).or_default().push(lot(number, words[1].parse().unwrap(), until));
    }
    let words: Vec<&str> = ask.split(' ').collect();
    let currency = if words.last() == Some(&"usd") { Currency(840) } else { RUB };
    let pays = words.get(2).map(|text| (text.replace('.', "").parse().unwrap(), currency));
    let ask = PoolAsk { miles: words[0].parse().unwrap(), pays };
    let one = |share: &PoolShare| {
        let letter = char::from(u8::try_from(share.account.1.0).unwrap());
        format!("{letter} {} {}", share.miles, share.worth_minor)
    };
    let found = match share_out(rules, RUB, ask, &purses) {
        Ok(shares) => shares.iter().map(one).collect::<Vec<_>>().join(", "),
        Err(refusal @ domain::PoolRefusal::TooFew(there)) => format!("{} {there}", refusal.reason()),
        Err(refusal) => refusal.reason().to_owned(),
    };
    assert_eq!(found, expected, "{lots:?} {ask:?}");
}

#[track_caller]
fn check(lots: &[&str], ask: &str, expected: &str) {
    check_with(Some(rules()), lots, ask, expected);
}

#[test]
fn the_lot_that_expires_first_is_spent_first_whosever_it_is() {
    let lots = ["A 30 2027-03-01", "B 20 2027-01-01", "A 10 2027-02-01", "C 50 never"];
    check(&lots, "20", "B 20 1000");
    check(&lots, "25", "B 20 1000, A 5 250");
    check(&lots, "60", "B 20 1000, A 40 2000");
    check(&lots, "61", "B 20 1000, A 40 2000, C 1 50");
    check(&lots, "110", "B 20 1000, A 40 2000, C 50 2500");
    check(&lots, "111", "not_enough_miles 110");
    check(&[], "10", "not_enough_miles 0");
    check(&["A 0 never", "B 15 never"], "10", "B 10 500");
}

#[test]
fn the_program_is_asked_once_for_all_miles_together() {
    let lots = ["A 6 2027-01-01", "B 6 2027-02-01"];
    check(&lots, "10", "A 6 300, B 4 200");
    check(&lots, "9", "below_redemption_minimum");
    check(&lots, "0", "below_redemption_minimum");
    check(&lots, "12 pays 12.00", "A 6 300, B 6 300");
    check(&lots, "12 pays 11.99", "above_redemption_share");
    check(&lots, "12 pays 12.00 usd", "currency_without_billing_amount");
    check_with(None, &lots, "12", "redemption_not_offered");
    let apart = RedemptionRules { household: HouseholdSpending::Own, ..rules() };
    check_with(Some(apart), &lots, "12", "household_spends_apart");
}

#[test]
fn fractions_that_miles_pay_together_are_not_lost() {
    // A mile pays half a kopeck: 3 and 3 pay 3, not 1 and 1.
    let half = RedemptionRules { value: Ratio::new(1, 2).unwrap(), miles_min: 1, ..rules() };
    check_with(Some(half), &["A 3 2027-01-01", "B 3 2027-02-01"], "6", "A 3 1, B 3 2");
}

#[test]
fn a_state_announces_one_end_and_is_read_back() {
    for state in PoolState::ALL {
        assert_eq!(PoolState::parse(state.name()), Some(state));
        assert!(state.done().is_none_or(|end| end.done().is_none()), "{state:?}");
    }
    assert_eq!(PoolState::parse("spent"), None);
}

proptest! {
    #[test]
    fn parts_are_what_was_asked_in_the_order_of_expiry(
        lots in prop::collection::vec((0_u8..5, 0_i64..40, prop::option::of(0_i16..6)), 0..20),
        asked in 10_i64..300,
        value in (1_u64..70, 1_u64..9),
    ) {
        let mut purses: BTreeMap<PurseKey, Vec<OpenLot>> = BTreeMap::new();
        for (number, (letter, miles, month)) in lots.iter().enumerate() {
            let until = month.map(|month| date(2027 + month, 1, 1));
            purses.entry(purse(char::from(b'A' + letter))).or_default().push(lot(number, *miles, until));
        }
        let rules = RedemptionRules { value: Ratio::new(value.0, value.1).unwrap(), ..rules() };
        let there: i64 = purses.values().flatten().map(|lot| lot.spendable).sum();
        let ask = PoolAsk { miles: asked, pays: None };
        let Ok(shares) = share_out(Some(rules), RUB, ask, &purses) else {
            prop_assert!(there < asked);
            return Ok(());
        };
        prop_assert_eq!(shares.iter().map(|share| share.miles).sum::<i64>(), asked);
        prop_assert_eq!(shares.iter().map(|share| share.worth_minor).sum::<i64>(), rules.worth(asked).unwrap());
        let mut latest = None;
        let mut untouched = None;
        for (account, lots) in &purses {
            let mut lots = lots.clone();
            lots.sort_by_key(OpenLot::order);
            let mut left = shares.iter().find(|share| share.account == *account).map_or(0, |share| share.miles);
            prop_assert!(left <= lots.iter().map(|lot| lot.spendable).sum());
            for lot in lots.iter().filter(|lot| lot.spendable > 0) {
                let taken = left.min(lot.spendable);
                left -= taken;
                if taken > 0 {
                    latest = latest.max(Some(lot.order()));
                }
                if taken < lot.spendable {
                    untouched = Some(untouched.map_or(lot.order(), |other: (Date, Date, MessageKey)| other.min(lot.order())));
                }
            }
        }
        // Whatever is left expires no sooner than the last that was taken: at most one lot is taken in part.
        prop_assert!(untouched.is_none_or(|first| latest <= Some(first)));
        prop_assert!(shares.iter().all(|share| share.miles > 0 && share.worth_minor >= 0));
    }

    /// What a holding says may be spent is what a lane gives, to the last mile, with debts, vesting and expiry.
    #[test]
    fn a_holding_is_what_the_account_can_spend(
        lots in prop::collection::vec(
            (1_i64..40, 0_i64..60, prop::option::of(-3_i64..4), prop::option::of(-3_i64..4)), 1..8),
    ) {
        let program = Program {
            miles: MilesRules { debts_borne_by: None, ..MilesRules::default() },
            redemption: Some(RedemptionRules { miles_min: 1, ..rules() }),
            ..world::boreal_gold_uncapped()
        };
        let rules = world::rules_of(program.clone());
        let mut store = Store::new();
        let day = |days: i64| DAY.saturating_add(jiff::Span::new().days(days));
        for (number, (booked, spent, vests, expires)) in lots.iter().enumerate() {
            let key = lot(number, 0, None).key;
            let ages = Lot {
                spent_miles: *spent,
                vests_on: vests.map(day),
                expire_on: expires.map(day),
                ..Lot::default()
            };
            let purchase = Purchase { key, date: DAY, lot: ages, ..arrived(&rules, *booked) };
            store.purchases.insert((world::bucket(), key), purchase);
        }
        let holding = Holding::of(store.purchases.values().map(|lot| (lot.clone(), None)), DAY);
        let spendable = holding.spendable();
        prop_assert!(holding.lots().is_sorted_by_key(OpenLot::order));
        let mut ask = |miles: i64, id: u32| {
            let asked = MilesEvent::ReserveShare {
                pool: lot(99, 0, None).key,
                miles: miles.unsigned_abs(),
                worth_minor: 7,
            };
            let mut event = world::message(id, EventKind::Miles(asked), 0);
            event.local = DAY.at(12, 0, 0, 0);
            store.run(&rules, std::slice::from_ref(&event)).remove(0)
        };
        prop_assert_eq!(ask(spendable + 1, 900).reply.result.reason, "not_enough_miles");
        let owed = holding.owed();
        if spendable > 0 {
            let given = ask(spendable, 901);
            prop_assert_eq!(given.reply.result.status, ResultStatus::Booked);
            prop_assert_eq!(given.redemptions[0].worth_minor, 7);
            prop_assert_eq!(given.redemptions[0].reserved_until, None);
            let pieces: Vec<_> = given.redemptions[0].pieces.iter().map(|piece| (piece.lot, piece.miles)).collect();
            let thought: Vec<_> = holding.lots().iter().filter(|lot| lot.spendable > 0)
                .map(|lot| (lot.key, lot.spendable)).collect();
            prop_assert_eq!(pieces, thought, "{} owed", owed);
        }
    }
}

#[test]
fn activity_keeps_a_lot_and_its_miles_wait_until_they_vest() {
    let rules = MilesRules { expiry: Some(ExpiryRule::Inactivity { months: 1 }), ..MilesRules::default() };
    let program = world::rules_of(world::boreal_gold_uncapped());
    let old = |vests_on| Purchase {
        lot: Lot { expire_on: Some(date(2026, 11, 30)), vests_on, ..Lot::default() },
        ..arrived(&program, 10)
    };
    let held = |active_on, vests_on| {
        let holding = Holding::of([(old(vests_on), rules.kept_until(active_on))], DAY);
        (holding.spendable(), holding.vesting(), holding.owed(), holding.lots()[0].expire_on)
    };
    let (gone, kept) = (Some(date(2026, 11, 30)), Some(date(2026, 12, 21)));
    assert_eq!(held(None, None), (0, 0, 0, gone));
    assert_eq!(held(Some(date(2026, 11, 20)), None), (10, 0, 0, kept));
    assert_eq!(held(Some(date(2026, 11, 20)), Some(date(2026, 12, 2))), (0, 10, 0, kept));
}

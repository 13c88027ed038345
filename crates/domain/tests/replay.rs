//! What was decided is decided again: by the same rules to the same movements, by others to what they would have given.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may stop where it fails"
)]

mod support;

use domain::{
    Birthday, BirthdayWindow, Bucket, ClearingSource, DiscountMode, Effective, Event, EventKind, Funder,
    Gate, Item, Outcome, Program, Ratio, Rules, RulesHash, TransactionKind, Transfer,
    replay::{BackTest, Candidate, Change, Findings, Recorded, binds_accounts_together},
};
use jiff::{
    ToSpan,
    civil::{Date, date},
};
use proptest::prelude::*;
use support::{
    shell::Store,
    world::{
        AUTHORIZATION, CLEARING, KOSTA, PROGRAM, SATURDAY, SKYFUEL, boreal_gold, gate, member, merchant,
        message, refund, reversal, rules_of,
    },
};

const OTHER: RulesHash = RulesHash([8; 32]);
const OCTOBER: Effective = Effective { from: Some(date(2026, 10, 1)), to: Some(date(2026, 11, 1)) };

/// Every event decided by itself, as a store would record it.
fn record(rules: &Rules, events: &[Event]) -> Vec<(Recorded, Vec<Transfer>)> {
    let mut store = Store::new();
    let recorded = events.iter().map(|event| {
        let outcome: Outcome = store.run(rules, std::slice::from_ref(event)).remove(0);
        let own = outcome.purchases.iter().find(|purchase| Some(purchase.key) == outcome.purchase);
        let recorded = Recorded {
            coupon: None,
            event: event.clone(),
            gate: event.member.map(|_| gate()),
            clearing_source: Some(ClearingSource::Advice),
            partner: own.and_then(|purchase| purchase.partner),
            rate: outcome.rate.clone(),
            blocked: false,
            closed_on: None,
            birthday: None,
        };
        (recorded, outcome.transfers)
    });
    recorded.collect()
}

fn candidate(rules: RulesHash, period: Effective) -> Candidate {
    Candidate { program: PROGRAM, rules, period }
}

fn back_test(recorded: &[(Recorded, Vec<Transfer>)], program: &Program, candidate: Candidate) -> Findings {
    // The world of today: no merchants, no banks.
    let mut rules = Rules::default();
    for version in [&boreal_gold(), program] {
        rules.programs.insert(version.hash, version.clone());
    }
    let mut test = BackTest::new(candidate, &Store::new().accounts);
    recorded.iter().for_each(|(recorded, ledger)| test.feed(recorded, ledger, &mut rules));
    test.finish()
}

fn dated(mut event: Event, date: Date) -> Event {
    event.local = date.at(12, 0, 0, 0);
    event
}

fn at(mut event: Event, shop: &str) -> Event {
    event.merchant = merchant(shop);
    event
}

fn of(mut event: Event, first: &Event) -> Event {
    event.references.retrieval.clone_from(&first.references.retrieval);
    event.merchant = first.merchant.clone();
    event.local = first.local;
    event
}

/// Double the base miles for everybody's weekend at the station.
fn other(change: impl FnOnce(&mut Program)) -> Program {
    let mut program = Program { hash: OTHER, ..boreal_gold() };
    change(&mut program);
    program
}

fn change(miles: i64, discount_minor: i64) -> Change {
    Change { miles, discount_minor }
}

#[test]
fn the_rules_that_held_give_what_was_booked() {
    let first = at(message(1, AUTHORIZATION, 600_000), "SKYFUEL");
    let late = message(8, AUTHORIZATION, 90_000);
    let mut expiry = message(9, EventKind::HoldExpiry { purchase: late.key }, 0);
    expiry.local = date(2026, 12, 1).at(0, 0, 0, 0);
    let mut stranger = message(10, AUTHORIZATION, 5_000);
    stranger.member = None;
    // A refund comes first, at a merchant of another name.
    let early = at(refund(11, 30_000), "NOWHERE");
    let mut its = of(message(12, CLEARING, 200_000), &early);
    its.merchant.card_acceptor = early.merchant.card_acceptor.clone();
    let events = [
        first.clone(),
        of(message(2, CLEARING, 582_000), &first),
        of(refund(3, 100_000), &first),
        reversal(4, &of(refund(3, 100_000), &first), 0),
        at(message(5, CLEARING, 400_000), "KOSTA"),
        late,
        expiry,
        stranger,
        early,
        its,
    ];
    let recorded = record(&rules_of(boreal_gold()), &events);
    let program = boreal_gold();
    let found = back_test(&recorded, &program, candidate(program.hash, OCTOBER));
    assert_eq!((found.messages, found.differing, found.changed, found.undecided), (10, 0, 0, 0), "{found:?}");
    assert_eq!((found.purchases, found.moved.total()), (4, Change::default()), "{found:?}");
    assert_eq!(found.transfers, recorded.iter().map(|(_, ledger)| ledger.len() as u64).sum::<u64>());
}

type Tamper = fn(&mut Vec<Transfer>);

#[test]
fn a_movement_that_is_not_what_the_rules_give_is_named() {
    let event = at(message(1, CLEARING, 400_000), "KOSTA");
    let stolen: Tamper = |ledger| ledger[0].amount += 1;
    let gone: Tamper = |ledger| drop(ledger.pop());
    let more: Tamper = |ledger| {
        let mut again = ledger[0].clone();
        again.leg += 100;
        ledger.push(again);
    };
    let cases = [("amount", stolen, true, true), ("gone", gone, false, true), ("more", more, true, false)];
    for (what, tamper, in_ledger, again) in cases {
        let mut recorded = record(&rules_of(boreal_gold()), std::slice::from_ref(&event));
        tamper(&mut recorded[0].1);
        let program = boreal_gold();
        let found = back_test(&recorded, &program, candidate(program.hash, OCTOBER));
        assert_eq!(found.differing, 1, "{what}");
        let difference = &found.differences[&(event.bucket, event.key)];
        assert_eq!(difference.account, Some(member('A').account), "{what}");
        assert_eq!((difference.ledger.is_some(), difference.again.is_some()), (in_ledger, again), "{what}");
    }
}

#[test]
fn a_message_that_cannot_be_decided_is_named() {
    let recorded = record(&rules_of(boreal_gold()), &[message(1, CLEARING, 400_000)]);
    let mut unknown = recorded.clone();
    unknown[0].0.gate = Some(domain::Gate { rules: RulesHash([1; 32]), ..gate() });
    let program = boreal_gold();
    let found = back_test(&unknown, &program, candidate(program.hash, OCTOBER));
    let difference = found.differences.values().next().unwrap();
    assert_eq!((found.differing, difference.undecided.as_deref()), (1, Some("program version")));
    // How the bank cleared is that of then as well.
    let mut otherwise = recorded;
    otherwise[0].0.clearing_source = Some(ClearingSource::File);
    assert_eq!(back_test(&otherwise, &program, candidate(program.hash, OCTOBER)).differing, 1);
}

/// What a candidate gives more to these purchases; `expected`: purchases that follow it, those that change, what.
fn check(
    what: &str,
    events: &[Event],
    program: &Program,
    period: Effective,
    expected: (u64, u64, Change),
) -> Findings {
    let recorded = record(&rules_of(boreal_gold()), events);
    let found = back_test(&recorded, program, candidate(OTHER, period));
    assert_eq!(found.differing, 0, "{what}: {found:#?}");
    assert_eq!((found.purchases, found.changed, found.moved.total()), expected, "{what}: {found:#?}");
    let sum = |changes: Vec<Change>| {
        changes.into_iter().fold(Change::default(), |mut sum, one| {
            sum.add(one);
            sum
        })
    };
    let total = found.moved.total();
    assert_eq!(sum(found.partners.values().copied().collect()), total, "{what}: by partner");
    assert_eq!(sum(found.moved.by_funder().into_values().collect()), total, "{what}: by funder");
    assert_eq!(sum(found.accounts.iter().map(|one| one.change).collect()), total, "{what}: by account");
    let by_rule: Vec<Change> = found
        .rules
        .values()
        .map(|rule| {
            let [gave, gives] = rule.gives;
            change(gives.miles - gave.miles, gives.discount_minor - gave.discount_minor)
        })
        .collect();
    assert_eq!(sum(by_rule), total, "{what}: by rule");
    found
}

#[test]
fn a_candidate_gives_what_it_says_to_the_purchases_of_its_period() {
    let double = other(|program| program.base[0].miles = 2);
    let cheap = other(|program| {
        program.discounts[1].tiers =
            domain::DiscountTier::of_all(domain::Reduction::Percent(Ratio::new(10, 100).unwrap()))
    });
    // 60.00 RUB a mile: 100 miles for 6,000.00.
    let sale = message(1, CLEARING, 600_000);
    let shop = at(message(1, CLEARING, 200_000), "KOSTA");
    let before = dated(message(2, CLEARING, 600_000), date(2026, 9, 30));
    let last = dated(message(3, CLEARING, 600_000), date(2026, 10, 31));
    let after = dated(message(4, CLEARING, 600_000), date(2026, 11, 1));
    check("a purchase", std::slice::from_ref(&sale), &double, OCTOBER, (1, 1, change(100, 0)));
    check("a discount", &[shop], &cheap, OCTOBER, (1, 1, change(0, 10_000)));
    let all = [before, sale.clone(), last, after];
    check("only those of the period", &all, &double, OCTOBER, (2, 2, change(200, 0)));
    check("without a period", &all, &double, Effective::default(), (4, 4, change(400, 0)));
    // What follows a purchase follows its version, whenever it comes.
    let late = dated(of(refund(5, 300_000), &sale), date(2026, 12, 5));
    check("a refund", &[sale.clone(), late], &double, OCTOBER, (1, 1, change(50, 0)));
    let undone = reversal(6, &sale, 0);
    let found = check("a reversal", &[sale.clone(), undone], &double, OCTOBER, (1, 0, change(0, 0)));
    assert!(found.moved.0.is_empty() && found.accounts.is_empty(), "{found:?}");
    let held = message(7, AUTHORIZATION, 600_000);
    check("a hold", &[held], &double, OCTOBER, (1, 1, change(0, 0)));
}

#[test]
fn caps_are_shared_with_purchases_outside_of_the_period() {
    let double = other(|program| program.base[0].miles = 2);
    // 1,000 miles, 400, and 300 of which the cap leaves 100; from the 15th on they count double.
    let day = |id, amount, day| dated(message(id, CLEARING, amount), date(2026, 10, day));
    let events = [day(1, 6_000_000, 3), day(2, 2_400_000, 16), day(3, 1_800_000, 17)];
    let period = Effective { from: Some(date(2026, 10, 15)), to: Some(date(2026, 10, 17)) };
    // The second takes 500, so the third gets nothing: the sum stays.
    check("the cap is full", &events, &double, period, (1, 2, change(0, 0)));
    let uncapped = Program { caps: vec![], ..double };
    check("no cap for one", &events, &uncapped, period, (1, 2, change(300, 0)));
}

#[test]
fn room_that_a_refund_has_made_is_taken_when_a_hold_expires() {
    let double = other(|program| program.bonuses[0].times_base = Ratio::new(2, 1).unwrap());
    let full = message(1, CLEARING, 9_000_000);
    let fuel = at(message(2, AUTHORIZATION, 1_000_000), "SKYFUEL");
    let part = of(message(3, CLEARING, 300_000), &fuel);
    let back = of(refund(4, 9_000_000), &full);
    let mut expiry = message(5, EventKind::HoldExpiry { purchase: fuel.key }, 0);
    expiry.local = date(2026, 12, 1).at(0, 0, 0, 0);
    // 50 base miles for 3,000.00, and once or twice as much again: all of it comes with the expiry.
    let events = [full, fuel, part, back, expiry];
    check("the room", &events, &double, OCTOBER, (2, 1, change(50, 0)));
}

#[test]
fn who_pays_and_where_is_told_apart() {
    let program = other(|program| {
        program.bonuses[0].funder = Funder::Bank;
        program.discounts[0].mode = DiscountMode::StatementCredit;
    });
    let fuel = at(message(1, AUTHORIZATION, 600_000), "SKYFUEL");
    let cleared = of(message(2, CLEARING, 582_000), &fuel);
    let found = check("the payer", &[fuel, cleared], &program, OCTOBER, (1, 1, change(0, -540)));
    // 97 bonus miles go to the bank; of 5,820.00, and no longer 180.00 at the till.
    let funders = found.moved.by_funder();
    assert_eq!(funders[&Funder::Partner(SKYFUEL)], change(-97, -270));
    assert_eq!(funders[&Funder::Bank], change(97, -270));
    assert_eq!(found.partners[&Some(SKYFUEL)], change(0, -540));
    assert_eq!(found.offers_changed, 1);
    assert!(!found.partners.contains_key(&Some(KOSTA)));
    let turnover = found.moved.0.keys().filter(|(_, item)| matches!(item, Item::Turnover(_)));
    assert_eq!(turnover.count(), 0, "what did not change is not told");
}

#[test]
fn other_programs_are_decided_again_but_do_not_count() {
    let double = other(|program| program.base[0].miles = 2);
    let recorded = record(&rules_of(boreal_gold()), &[message(1, CLEARING, 600_000)]);
    let elsewhere = Candidate { program: domain::ProgramId(77), ..candidate(OTHER, OCTOBER) };
    let found = back_test(&recorded, &double, elsewhere);
    assert_eq!((found.messages, found.purchases, found.changed, found.differing), (1, 0, 0, 0));
}

#[test]
fn the_ten_accounts_that_change_most_and_the_first_differences_are_kept() {
    let letters: Vec<char> = ('A'..='Z').collect();
    let events: Vec<Event> = letters
        .iter()
        .zip(1_u32..)
        .map(|(letter, id)| {
            let mut event = message(id, CLEARING, 6_000 * u64::from(id));
            event.member = Some(member(*letter));
            event
        })
        .collect();
    let double = other(|program| program.base[0].miles = 2);
    let mut recorded = record(&rules_of(boreal_gold()), &events);
    let found = back_test(&recorded, &double, candidate(OTHER, OCTOBER));
    let kept: Vec<i64> = found.accounts.iter().map(|one| one.change.miles).collect();
    assert_eq!(kept, (17..=26).rev().collect::<Vec<_>>());
    assert_eq!(found.moved.total().miles, (1..=26).sum::<i64>());
    recorded.iter_mut().for_each(|(_, ledger)| ledger[0].amount += 1);
    let found = back_test(&recorded, &double, candidate(OTHER, OCTOBER));
    assert_eq!((found.differing, found.differences.len()), (26, 20));
    assert_eq!(found.differences.keys().next().unwrap().1, events[0].key);
}

#[test]
fn nothing_binds_accounts_together_yet() {
    assert!(!binds_accounts_together(&boreal_gold()));
}

proptest! {
    /// Parts may be found in any order and by anybody: the whole is the same.
    #[test]
    fn findings_add_up_in_any_order(
        purchases in proptest::collection::vec((0_u16..40, 1_u64..3_000_000, 0_i32..60, any::<bool>()), 1..60),
        turn in 0_usize..60,
    ) {
        let double = other(|program| program.base[0].miles = 2);
        let parts: Vec<Findings> = purchases
            .iter()
            .zip(1_u32..)
            .map(|((bucket, amount, days, wrong), id)| {
                let begin = SATURDAY.checked_sub(20.days()).unwrap();
                let mut event = dated(message(id, CLEARING, *amount), begin.checked_add(days.days()).unwrap());
                event.transaction = TransactionKind::Purchase;
                let mut recorded = record(&rules_of(boreal_gold()), &[event]);
                if *wrong {
                    recorded[0].1.clear();
                }
                let mut found = back_test(&recorded, &double, candidate(OTHER, OCTOBER));
                // As if it lay in another bucket.
                let bucket = Bucket::new(*bucket).unwrap();
                found.accounts.iter_mut().for_each(|one| {
                    one.bucket = bucket;
                    one.account = domain::AccountId(i64::from(id));
                });
                found
            })
            .collect();
        let whole = |parts: &mut dyn Iterator<Item = &Findings>| {
            let mut sum = Findings::default();
            parts.for_each(|part| sum.merge(part.clone()));
            sum
        };
        let one = whole(&mut parts.iter());
        prop_assert_eq!(&one, &whole(&mut parts.iter().rev()));
        let turned = turn % parts.len();
        let (first, second) = parts.split_at(turned);
        let mut other = whole(&mut second.iter());
        other.merge(whole(&mut first.iter()));
        prop_assert_eq!(&one, &other);
    }
}

#[test]
fn a_birthday_is_that_of_the_first_message_and_of_today_where_nobody_asked() {
    let near = BirthdayWindow::default();
    let asking = other(|program| program.bonuses[0].when.birthday = Some(near));
    let told = |birthday| {
        let mut store = Store::new();
        store.account('A').birthday = Birthday::parse(birthday);
        store
    };
    let first = at(message(1, AUTHORIZATION, 600_000), "SKYFUEL");
    let cleared = of(message(2, CLEARING, 600_000), &first);
    let rules = |program: &Program| {
        let mut rules = rules_of(program.clone());
        rules.programs.insert(boreal_gold().hash, boreal_gold());
        rules
    };
    let decided = |program: &Program| {
        let mut store = told("10-10");
        let gate = Gate { rules: program.hash, ..gate() };
        store.gates.insert(PROGRAM, gate);
        let mut recorded = Vec::new();
        for event in [&first, &cleared] {
            let birthday = store.account('A').birthday.filter(|_| program.asks_birthday());
            let outcome = store.run(&rules(program), std::slice::from_ref(event)).remove(0);
            let recording = Recorded {
                coupon: None,
                event: event.clone(),
                gate: Some(gate),
                clearing_source: Some(ClearingSource::Advice),
                partner: outcome.purchases.first().and_then(|purchase| purchase.partner),
                rate: None,
                blocked: false,
                closed_on: None,
                birthday,
            };
            recorded.push((recording, outcome.transfers));
            // It was a mistake; the purchase keeps what it began with.
            store.account('A').birthday = None;
        }
        recorded
    };
    let played = |recorded: &[(Recorded, Vec<Transfer>)], program: &Program, store: Store| {
        let mut rules = rules(&asking);
        let mut test = BackTest::new(candidate(program.hash, OCTOBER), &store.accounts);
        recorded.iter().for_each(|(recorded, ledger)| test.feed(recorded, ledger, &mut rules));
        test.finish()
    };
    let recorded = decided(&asking);
    assert_eq!(
        recorded.iter().map(|(recorded, _)| recorded.birthday.is_some()).collect::<Vec<_>>(),
        [true, false]
    );
    // Whatever is known today.
    for today in ["10-10", "01-01"] {
        let found = played(&recorded, &asking, told(today));
        assert_eq!((found.differing, found.moved.total()), (0, Change::default()), "{found:?}");
    }
    let recorded = decided(&boreal_gold());
    assert!(recorded.iter().all(|(recorded, _)| recorded.birthday.is_none()));
    for (today, miles) in [("10-10", 0), ("01-01", -100)] {
        let found = played(&recorded, &asking, told(today));
        assert_eq!((found.differing, found.moved.total()), (0, change(miles, 0)), "{today} {found:?}");
    }
}

//! Refunds that came without their purchase: which candidates are found and when one is certain, and that a refund that is
//! matched later comes to what one that named its purchase has come to.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(dead_code, reason = "the other tests use the rest")]

mod support;

use std::collections::BTreeMap;

use domain::{
    Event, EventKind, HoldState, MatchPart, MatchParts, Merchant, MessageKey, Outcome, PurchaseAt,
    RefundDecisionId, RefundMatch, RefundVerdict, TransactionKind, Transfer, refund_candidates,
    refund_verdict,
};
use jiff::{ToSpan, civil::date};
use proptest::prelude::*;
use support::{
    audit::{audit, positions},
    shell::Store,
    world,
};

/// What the matcher sees of message `id`: a purchase of that amount at that merchant, some days before 10 October 2026.
fn seen(id: u32, minor: u64, merchant: &str, days_before: i32) -> PurchaseAt {
    let mut event = world::message(id, world::CLEARING, minor);
    event.merchant = world::merchant(merchant);
    event.local = world::SATURDAY.saturating_sub(days_before.days()).at(12, 0, 0, 0);
    at(event)
}

fn refund_of(minor: u64, merchant: &str) -> PurchaseAt {
    let mut event = world::refund(99, minor);
    event.merchant = world::merchant(merchant);
    at(event)
}

fn at(event: Event) -> PurchaseAt {
    let mut store = Store::new();
    let rules = world::rules_of(world::boreal_gold());
    store.run(&rules, std::slice::from_ref(&event));
    let purchase = store.purchases[&(world::bucket(), event.key)].clone();
    PurchaseAt { purchase, merchant: event.merchant }
}

/// The verdict, and the candidates by the number of their message, the likeliest first, each with its score.
fn verdict(refund: &PurchaseAt, others: &[PurchaseAt]) -> (&'static str, Vec<(u32, u32)>) {
    let found = refund_candidates(refund, others);
    let number = |key: MessageKey| u32::from_be_bytes(key.as_bytes()[8..12].try_into().unwrap());
    let scores = found.iter().map(|one| (number(one.purchase), one.parts.score())).collect();
    (refund_verdict(refund, &found).name(), scores)
}

#[test]
fn one_purchase_of_exactly_that_amount_at_the_same_shop_is_certain() {
    let refund = refund_of(60_000, "kosta");
    let same = seen(1, 60_000, "kosta", 5);
    assert_eq!(verdict(&refund, std::slice::from_ref(&same)), ("certain", vec![(1, 145)]));
    // A larger one there, a like one elsewhere and one of long ago do not come near it.
    let others = [
        same,
        seen(2, 90_000, "kosta", 5),
        seen(3, 60_000, "skyfuel", 5),
        seen(4, 60_000, "kosta", 181),
        seen(5, 60_000, "kosta", -2),
    ];
    assert_eq!(verdict(&refund, &others), ("certain", vec![(1, 145), (2, 115), (3, 55)]));
}

#[test]
fn two_that_fulfil_the_rule_are_ambiguous_whatever_their_score() {
    let refund = refund_of(60_000, "kosta");
    let mut other = seen(2, 60_000, "kosta", 100);
    other.merchant.terminal = "TERM0002".into();
    let both = [seen(1, 60_000, "kosta", 5), other];
    assert_eq!(verdict(&refund, &both), ("ambiguous", vec![(1, 145), (2, 115)]));
}

#[test]
fn a_part_of_a_purchase_or_another_shop_is_never_certain() {
    for (others, expected) in [
        (vec![seen(1, 90_000, "kosta", 5)], ("ambiguous", vec![(1, 115)])),
        (vec![seen(1, 60_000, "skyfuel", 5)], ("ambiguous", vec![(1, 55)])),
        (vec![seen(1, 60_000, "skyfuel", 100)], ("none", vec![])),
        (vec![seen(1, 59_999, "kosta", 5)], ("ambiguous", vec![(1, 105)])),
        (vec![], ("none", vec![])),
    ] {
        assert_eq!(verdict(&refund_of(60_000, "kosta"), &others), expected);
    }
}

#[test]
fn what_is_not_cleared_yet_may_be_meant_and_cannot_be_chosen() {
    let refund = refund_of(60_000, "kosta");
    let mut held = world::message(2, world::AUTHORIZATION, 60_000);
    held.merchant = world::merchant("kosta");
    let held = at(held);
    assert_eq!(held.purchase.hold, HoldState::Held);
    let found = refund_candidates(&refund, std::slice::from_ref(&held));
    assert!(found[0].awaits_clearing);
    assert_eq!(refund_verdict(&refund, &found), RefundVerdict::Ambiguous);
    assert_eq!(verdict(&refund, &[seen(1, 60_000, "kosta", 0), held]).0, "ambiguous");
}

#[test]
fn nothing_is_taken_for_a_shop_that_was_not_told() {
    let blank = |mut of: PurchaseAt| {
        of.merchant = Merchant { card_acceptor: "000000000000000".into(), ..of.merchant };
        of
    };
    let (refund, other) = (blank(refund_of(60_000, "nowhere")), blank(seen(1, 60_000, "nowhere", 1)));
    assert_eq!(verdict(&refund, &[other]), ("ambiguous", vec![(1, 55)]));
    // Leading zeros of the acquirer do not count.
    let mut padded = seen(1, 60_000, "kosta", 5);
    padded.merchant.acquirer = format!("000{}", padded.merchant.acquirer);
    assert_eq!(verdict(&refund_of(60_000, "kosta"), &[padded]).0, "certain");
}

#[test]
fn what_a_rate_table_converted_is_left_to_a_person() {
    let mut refund = refund_of(60_000, "kosta");
    let others = [seen(1, 60_000, "kosta", 5)];
    refund.purchase.fx = domain::PinnedRate::parse(&pinned());
    assert!(refund.purchase.fx.is_some());
    assert_eq!(verdict(&refund, &others).0, "ambiguous");
}

fn pinned() -> String {
    domain::PinnedRate {
        table: "daily".into(),
        version: domain::RatesHash([9; 32]),
        currency: world::USD,
        date: date(2026, 10, 10),
        rate: domain::Ratio::new(9_000, 100).unwrap(),
        rounding: domain::Rounding::HalfUp,
    }
    .to_text()
}

#[test]
fn stored_forms_are_read_again() {
    let key = world::refund(7, 1).key;
    for text in [RefundMatch::LeftAlone, RefundMatch::To { purchase: key, most_minor: 7, minor: 5 }] {
        assert_eq!(RefundMatch::parse(&text.to_text()), Some(text));
    }
    for damaged in ["", "alone:", "1:2:3", &format!("{key}:1:2"), &format!("{key}:2:1:0")] {
        assert_eq!(RefundMatch::parse(damaged), None, "{damaged}");
    }
    let all = MatchPart::ALL.into_iter().fold(MatchParts::default(), MatchParts::with);
    for parts in [all, MatchParts::default(), MatchParts::default().with(MatchPart::ExactAmount)] {
        assert_eq!(MatchParts::parse(&parts.to_text()), Some(parts));
    }
    assert_eq!(MatchParts::parse("same_colour"), None);
}

/// A message of a life, in units of 100.00.
#[derive(Debug, Clone, Copy)]
enum Step {
    Clear(u64),
    Refund(u64),
    ChargeBack(u64),
    /// Of the last presentment.
    Reverse,
    /// Another purchase of the member, in the same month.
    Elsewhere(u64),
    Rerate,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (1_u64..30).prop_map(Step::Clear),
        2 => (1_u64..10).prop_map(Step::Refund),
        1 => (1_u64..10).prop_map(Step::ChargeBack),
        1 => Just(Step::Reverse),
        // Enough of them reach the cap of the month.
        2 => (100_u64..900).prop_map(Step::Elsewhere),
        1 => Just(Step::Rerate),
    ]
}

const MATCHED: u32 = 500;
const ALONE: u32 = 501;
const UNDONE: u32 = 502;

fn events(steps: &[Step]) -> Vec<Event> {
    let mut first = world::message(1, world::CLEARING, 200_000);
    first.merchant = world::merchant("kosta");
    let mut events = vec![first.clone()];
    for (id, step) in (2..).zip(steps) {
        let follows = |mut event: Event| {
            event.merchant = first.merchant.clone();
            event.references.retrieval = first.references.retrieval.clone();
            event.content = world::content(&event);
            event
        };
        let event = match *step {
            Step::Clear(units) => follows(world::message(id, world::CLEARING, units * 10_000)),
            Step::Refund(units) => follows(world::refund(id, units * 10_000)),
            Step::ChargeBack(units) => follows(world::message(id, EventKind::Chargeback, units * 10_000)),
            Step::Reverse => {
                let is_claim = |event: &&Event| {
                    event.kind == world::CLEARING && event.transaction == TransactionKind::Purchase
                };
                world::reversal(id, events.iter().rev().find(is_claim).unwrap(), 0)
            }
            Step::Elsewhere(units) => world::message(id, world::CLEARING, units * 10_000),
            Step::Rerate => {
                let rules = world::boreal_generous().hash;
                world::message(id, EventKind::Rerate { purchase: first.key, rules, run: domain::RunId(1) }, 0)
            }
        };
        events.push(event);
    }
    events
}

/// The refund without its purchase at `alone`, the match at `matched`, its reversal at `undone`.
fn told_alone(events: &[Event], minor: u64, places: (usize, usize, usize), remaining: u64) -> Vec<Event> {
    let (alone, matched, undone) = places;
    let mut refund = world::refund(ALONE, minor);
    refund.references.retrieval = None;
    let kind = EventKind::MatchRefund {
        refund: refund.key,
        purchase: Some(events[0].key),
        parts: MatchParts::default(),
        decision: Some(RefundDecisionId(1)),
    };
    let undo = world::reversal(UNDONE, &refund, remaining);
    let mut told = events.to_vec();
    told.insert(undone, undo);
    told.insert(matched, world::message(MATCHED, kind, 0));
    told.insert(alone, refund);
    told
}

/// The same, with a refund that names its purchase where the match was.
fn told_by_name(events: &[Event], minor: u64, places: (usize, usize, usize), remaining: u64) -> Vec<Event> {
    let (_, matched, undone) = places;
    let mut refund = world::refund(MATCHED, minor);
    refund.references.retrieval = None;
    refund.references.names = Some(events[0].references.own.clone());
    let undo = world::reversal(UNDONE, &refund, remaining);
    let mut told = events.to_vec();
    told.insert(undone, undo);
    told.insert(matched, refund);
    told
}

fn run(events: &[Event]) -> (BTreeMap<MessageKey, Outcome>, Store) {
    let mut rules = world::rules_of(world::boreal_gold_with_tiers(domain::Fall::ALL[0]));
    let generous = world::boreal_generous();
    rules.programs.insert(generous.hash, generous);
    let mut store = Store::new();
    let mut outcomes = BTreeMap::new();
    for event in events {
        let outcome = store.run(&rules, std::slice::from_ref(event)).remove(0);
        outcomes.insert(event.key, outcome);
        audit(&store, &rules);
    }
    (outcomes, store)
}

fn movements(outcome: &Outcome) -> &[Transfer] {
    &outcome.transfers
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn matched_later_it_moves_what_a_refund_that_names_its_purchase_moves(
        steps in prop::collection::vec(step(), 1..10),
        units in 1_u64..20,
        (alone, waits, stays) in (any::<prop::sample::Index>(), any::<prop::sample::Index>(), any::<prop::sample::Index>()),
        remaining in prop_oneof![Just(0), (1_u64..20).prop_map(|units| units * 10_000)],
    ) {
        let events = events(&steps);
        let matched = 1 + waits.index(events.len());
        let places = (alone.index(matched) , matched, matched + stays.index(events.len() + 1 - matched));
        let minor = units * 10_000;
        let (one, with_match) = run(&told_alone(&events, minor, places, remaining.min(minor)));
        let (other, with_name) = run(&told_by_name(&events, minor, places, remaining.min(minor)));
        let matched = &one[&world::refund(MATCHED, 0).key];
        let whole = matched.purchases.iter().all(|purchase| !matches!(
            purchase.refund_match, Some(RefundMatch::To { most_minor, .. }) if most_minor < minor
        ));
        // Above what is left only that counts; what is cleared later then stays whole.
        if whole && matched.reply.result.reason == "refund_matched" {
            for (key, outcome) in &other {
                prop_assert_eq!(movements(&one[key]), movements(outcome));
                prop_assert_eq!(one[key].standing, outcome.standing);
                prop_assert_eq!(&one[key].counted, &outcome.counted);
            }
            prop_assert_eq!(positions(with_match.transfers.values()), positions(with_name.transfers.values()));
            let first = (world::bucket(), events[0].key);
            prop_assert_eq!(&with_match.purchases[&first], &with_name.purchases[&first]);
        }
    }

    /// Whenever it comes and whenever it is matched: what one purchase is worth in the end knows no order.
    #[test]
    fn when_it_is_matched_does_not_matter(
        steps in prop::collection::vec(step(), 1..8),
        units in 1_u64..20,
        later in any::<prop::sample::Index>(),
    ) {
        let own = steps.into_iter().filter(|step| !matches!(step, Step::Elsewhere(_) | Step::Rerate));
        let events = events(&own.collect::<Vec<_>>());
        let (end, minor) = (events.len(), units * 10_000);
        let at_once = (0, 1, end);
        let late = (0, 1 + later.index(end), end);
        let first = (world::bucket(), events[0].key);
        let (one, other) = (run(&told_alone(&events, minor, at_once, minor)), run(&told_alone(&events, minor, late, minor)));
        let counted = |of: &(BTreeMap<MessageKey, Outcome>, Store)| of.1.purchases[&first].refunded_minor;
        // Of less that was left less counts; where both took all of it they agree.
        if counted(&one) == counted(&other) {
            prop_assert_eq!(&one.1.purchases[&first].booked, &other.1.purchases[&first].booked);
        }
    }
}

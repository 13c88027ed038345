//! What holds for corrections of every purchase: there and back is nothing, and it does not matter when they come.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may stop where it fails"
)]

mod support;

use domain::{Event, EventKind, MerchantMap, MessageKey, PartnerId, Rules, RulesHash, RunId};
use proptest::prelude::*;
use support::{
    audit::{audit, positions},
    shell::Store,
    world,
};

/// One message of the purchase: what it is, its amount, and which message it takes back if it is a reversal.
type Step = (u8, u64, usize, u64);

fn step() -> impl Strategy<Value = Step> {
    (0_u8..4, prop_oneof![1_u64..20_000, 90_000_u64..110_000, 1_u64..50_000_000], any::<usize>(), 0_u64..100)
}

/// The life of one purchase at `place`: first an authorization or a clearing, then anything.
fn life(place: &str, authorized: bool, steps: &[Step]) -> Vec<Event> {
    let mut events: Vec<Event> = Vec::new();
    for (number, (verb, amount, target, left)) in (1..).zip(steps) {
        let mut event = match (events.is_empty(), verb) {
            (true, _) if authorized => world::message(number, world::AUTHORIZATION, *amount),
            (true, _) | (_, 0) => world::message(number, world::CLEARING, *amount),
            (_, 1) => {
                // What the till took off: the clearing comes net of the discount.
                let first = events[0].amount_minor;
                world::message(number, world::CLEARING, first - first * 3 / 100)
            }
            (_, 2) => world::refund(number, *amount),
            _ => {
                let original = &events[target % events.len()];
                match original.kind {
                    EventKind::Reversal { .. } => world::message(number, world::CLEARING, *amount),
                    _ => world::reversal(number, original, original.amount_minor * left / 100),
                }
            }
        };
        event.merchant = world::merchant(place);
        event.references.retrieval = Some("P".to_owned());
        event.content = world::content(&event);
        events.push(event);
    }
    events
}

fn rules() -> Rules {
    let mut rules = world::rules_of(world::boreal_gold_uncapped());
    let generous = domain::Program { caps: vec![], ..world::boreal_generous() };
    rules.programs.insert(generous.hash, generous);
    rules
}

fn rerate(number: u32, purchase: MessageKey, rules: RulesHash) -> Event {
    world::message(number, EventKind::Rerate { purchase, rules, run: RunId(1) }, 0)
}

fn reattribute(number: u32, purchase: MessageKey, partner: Option<PartnerId>) -> Event {
    world::message(number, EventKind::Reattribute { purchase, partner, run: RunId(2) }, 0)
}

/// Sends the events one by one, auditing after each.
fn live(events: &[Event]) -> Store {
    let (mut store, rules) = (Store::new(), rules());
    send(&mut store, &rules, events);
    store
}

fn send(store: &mut Store, rules: &Rules, events: &[Event]) {
    for event in events {
        store.run(rules, std::slice::from_ref(event));
        audit(store, rules);
    }
}

/// The life with `corrections` behind its first `at` messages. A re-attribution follows what the map has learned: what
/// comes after it is looked up there, which matters if all before it was taken back and a message tells of the
/// purchase anew.
fn live_while_the_map_learns(
    life: &[Event],
    at: usize,
    corrections: &[Event],
    learned: Option<PartnerId>,
) -> Store {
    let (mut store, mut rules) = (Store::new(), rules());
    let (before, after) = life.split_at(1 + at % life.len());
    send(&mut store, &rules, before);
    rules.merchants = MerchantMap::attributing(learned);
    send(&mut store, &rules, corrections);
    send(&mut store, &rules, after);
    store
}

/// The life with `corrections` behind its first `at` messages, of which there is at least one.
fn with(life: &[Event], at: usize, corrections: &[Event]) -> Vec<Event> {
    let at = 1 + at % life.len();
    [&life[..at], corrections, &life[at..]].concat()
}

fn place() -> impl Strategy<Value = &'static str> {
    proptest::sample::select(["NOWHERE", "KOSTA", "SKYFUEL"].as_slice())
}

fn partner() -> impl Strategy<Value = Option<PartnerId>> {
    proptest::sample::select(vec![None, Some(world::KOSTA), Some(world::SKYFUEL)])
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn there_and_back_is_as_if_nothing_had_been(
        place in place(), authorized: bool, steps in prop::collection::vec(step(), 1..8), at: usize,
        other in partner(), by_map: bool,
    ) {
        let life = life(place, authorized, &steps);
        let (key, plain) = (life[0].key, live(&life));
        let purchase = &plain.purchases[&(world::bucket(), key)];
        let there_and_back = match by_map {
            true => [reattribute(100, key, other), reattribute(101, key, purchase.partner)],
            false => [
                rerate(100, key, world::boreal_generous().hash),
                rerate(101, key, world::boreal_gold().hash),
            ],
        };
        let corrected = live(&with(&life, at, &there_and_back));
        prop_assert_eq!(&corrected.purchases, &plain.purchases);
        prop_assert_eq!(&corrected.counters, &plain.counters);
        prop_assert_eq!(positions(corrected.transfers.values()), positions(plain.transfers.values()));
    }

    #[test]
    fn it_does_not_matter_between_which_messages_a_correction_comes(
        place in place(), authorized: bool, steps in prop::collection::vec(step(), 1..8), at: usize,
        other in partner(),
    ) {
        let life = life(place, authorized, &steps);
        let key = life[0].key;
        let corrections = [rerate(100, key, world::boreal_generous().hash), reattribute(101, key, other)];
        let [rerated, reattributed] = corrections.clone();
        let early = live_while_the_map_learns(&life, at, &corrections, other);
        let late = live_while_the_map_learns(&life, life.len() - 1, &corrections, other);
        let turned = live_while_the_map_learns(&life, at, &[reattributed, rerated], other);
        for store in [&late, &turned] {
            prop_assert_eq!(&early.purchases, &store.purchases);
            prop_assert_eq!(positions(early.transfers.values()), positions(store.transfers.values()));
        }
    }

    #[test]
    fn a_repeated_run_books_nothing_again(
        place in place(), authorized: bool, steps in prop::collection::vec(step(), 1..8), at: usize,
    ) {
        let life = life(place, authorized, &steps);
        let run = rerate(100, life[0].key, world::boreal_generous().hash);
        let once = live(&with(&life, at, std::slice::from_ref(&run)));
        let twice = live(&[with(&life, at, std::slice::from_ref(&run)), vec![run]].concat());
        prop_assert_eq!(once, twice);
    }
}

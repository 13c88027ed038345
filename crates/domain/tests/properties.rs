//! What holds for every life of every purchase, tried on random ones.
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
    ClearingSource, DiscountRule, DiscountTier, Disposition, EarnRounding, Event, EventKind, Item, Limit,
    MessageKey, Phase, Program, Ratio, Reduction, RefKind, ReplyCode, ResultStatus, Rounding, Rules,
    Stacking, TransactionKind, Unit, Window, WorkingSet, decide, needs, needs_more,
};
use jiff::{ToSpan, civil::date};
use proptest::prelude::*;
use support::{
    audit::{Positions, audit, positions},
    shell::Store,
    world,
};

const PLACES: [&str; 5] = ["NOWHERE", "KOSTA", "SKYFUEL", "MALL", "STATION"];

fn capped() -> Rules {
    world::rules_of(world::boreal_gold())
}

fn uncapped() -> Rules {
    world::rules_of(world::boreal_gold_uncapped())
}

fn at(mut event: Event, place: &str, purchase: u32) -> Event {
    event.merchant = world::merchant(place);
    event.references.retrieval = Some(format!("P{purchase}"));
    event.content = world::content(&event);
    event
}

/// Sends events one by one, auditing after each, and gives the final positions.
fn live(rules: &Rules, events: &[Event]) -> (Store, Positions) {
    let mut store = Store::new();
    for event in events {
        store.run(rules, std::slice::from_ref(event));
        audit(&store, rules);
    }
    let positions = positions(store.transfers.values());
    (store, positions)
}

/// `whole` in parts at the given cuts; parts of zero are left out.
fn parts(whole: u64, cuts: &[u64]) -> Vec<u64> {
    let mut cuts: Vec<u64> = cuts.iter().map(|cut| cut % (whole + 1)).chain([0, whole]).collect();
    cuts.sort_unstable();
    cuts.windows(2).map(|pair| pair[1] - pair[0]).filter(|part| *part > 0).collect()
}

fn place() -> impl Strategy<Value = &'static str> {
    proptest::sample::select(PLACES.as_slice())
}

/// Small amounts, amounts around the minimum and the maximum of the discount, and large ones.
fn amount() -> impl Strategy<Value = u64> {
    prop_oneof![1_u64..20_000, 90_000_u64..110_000, 900_000_u64..1_100_000, 1_u64..50_000_000]
}

/// One message of a random life.
#[derive(Debug, Clone)]
struct Step {
    verb: Verb,
    purchase: u32,
    member: char,
    amount: u64,
    /// For reversals: which of the messages before or after it is named, and what is left of it.
    target: usize,
    left_percent: u64,
    day: i32,
    names: bool,
    same_retrieval: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verb {
    Ask,
    AskEarly,
    Advise,
    Decline,
    Clear,
    Refund,
    Reverse,
    Repeat,
}

fn step() -> impl Strategy<Value = Step> {
    use Verb::{Advise, Ask, AskEarly, Clear, Decline, Refund, Repeat, Reverse};
    let verbs = vec![
        Ask, Ask, AskEarly, Advise, Decline, Clear, Clear, Clear, Refund, Refund, Reverse, Reverse, Repeat,
    ];
    let facts = (proptest::sample::select(verbs), 0_u32..3, amount(), any::<usize>(), 0_u64..120, 0..40_i32);
    (facts, proptest::bool::weighted(0.2), proptest::bool::weighted(0.8), proptest::bool::weighted(0.9))
        .prop_map(|((verb, purchase, amount, target, left_percent, day), names, same_retrieval, ours)| Step {
            verb,
            purchase,
            member: if ours { 'A' } else { 'B' },
            amount,
            target,
            left_percent: left_percent.min(100),
            day,
            names,
            same_retrieval,
        })
}

fn events(steps: &[Step], places: &[&str]) -> Vec<Event> {
    let built = |number: usize| -> Event {
        let step = &steps[number];
        let id = u32::try_from(number).unwrap() + 1;
        let event = match step.verb {
            Verb::Ask | Verb::Repeat | Verb::Reverse => world::message(id, world::AUTHORIZATION, step.amount),
            Verb::AskEarly => {
                world::message(id, EventKind::Authorization { preauthorization: true }, step.amount)
            }
            Verb::Advise => {
                world::message(id, EventKind::AuthorizationAdvice { approved: true }, step.amount)
            }
            Verb::Decline => {
                world::message(id, EventKind::AuthorizationAdvice { approved: false }, step.amount)
            }
            Verb::Clear => world::message(id, world::CLEARING, step.amount),
            Verb::Refund => world::refund(id, step.amount),
        };
        let mut event = at(event, places[step.purchase as usize], step.purchase);
        event.member = Some(world::member(step.member));
        event.local = (date(2026, 9, 20) + step.day.days()).at(12, 0, 0, 0);
        if !step.same_retrieval {
            event.references.retrieval = None;
        }
        event.content = world::content(&event);
        event
    };
    let mut events: Vec<Event> = Vec::new();
    for (number, step) in steps.iter().enumerate() {
        let target = step.target % steps.len();
        let mut event = match step.verb {
            Verb::Repeat => events.get(target).cloned().unwrap_or_else(|| built(number)),
            Verb::Reverse => {
                let original = built(target);
                let left = original.amount_minor * step.left_percent / 100;
                world::reversal(u32::try_from(number).unwrap() + 1, &original, left)
            }
            _ => built(number),
        };
        if step.names && event.references.names.is_none() && step.verb != Verb::Repeat {
            event.references.names = Some(built(target).references.own);
        }
        events.push(event);
    }
    events
}

/// In every prefix of the life, of every purchase and item, no more is taken back than was granted.
fn never_below_zero(rules: &Rules, events: &[Event]) {
    let mut store = Store::new();
    let mut sums: BTreeMap<(MessageKey, Phase, Item), i64> = BTreeMap::new();
    for event in events {
        for outcome in store.run(rules, std::slice::from_ref(event)) {
            assert_ne!(outcome.reply.code, ReplyCode::Malfunction, "{event:?}");
            for transfer in &outcome.transfers {
                let key = (transfer.purchase, transfer.phase, transfer.item.clone());
                let sum = sums.entry(key).or_default();
                *sum += transfer.signed_for_member();
                assert!(*sum >= 0, "{transfer:?}");
            }
        }
        audit(&store, rules);
    }
}

fn posted(positions: &Positions) -> Positions {
    positions
        .iter()
        .filter(|((_, _, phase), _)| *phase == Phase::Posted)
        .map(|(key, amount)| (*key, *amount))
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    /// Splitting a clearing changes nothing in the end, with and without an authorization and an offer.
    #[test]
    fn the_parts_of_a_clearing_are_worth_the_whole(
        place in place(), whole in amount(), cuts in prop::collection::vec(any::<u64>(), 0..5), asked in any::<bool>(),
    ) {
        let rules = capped();
        let cleared = |amounts: &[u64]| {
            let ask = at(world::message(1, world::AUTHORIZATION, whole), place, 1);
            let price = if asked && matches!(place, "SKYFUEL" | "STATION") { whole - whole * 3 / 100 } else { whole };
            let mut events = if asked { vec![ask] } else { vec![] };
            let amounts = if amounts.is_empty() { parts(price, &cuts) } else { vec![price] };
            events.extend((2..).zip(amounts).map(|(id, part)| at(world::message(id, world::CLEARING, part), place, 1)));
            live(&rules, &events).1
        };
        let (split, at_once) = (cleared(&[]), cleared(&[whole]));
        prop_assert_eq!(&split, &at_once);
        prop_assert!(split.keys().all(|(_, _, phase)| *phase == Phase::Posted), "cleared in full, yet pending");
    }

    /// Refunding everything in any parts takes everything back: of this purchase to the last unit, of others nothing.
    #[test]
    fn refunding_all_of_it_leaves_nothing(
        place in place(), whole in amount(), cuts in prop::collection::vec(any::<u64>(), 0..4),
        refund_cuts in prop::collection::vec(any::<u64>(), 0..4), others in prop::collection::vec(amount(), 0..3),
    ) {
        let rules = capped();
        let others: Vec<Event> =
            (100..).zip(others).map(|(id, amount)| at(world::message(id, world::CLEARING, amount), "KOSTA", id)).collect();
        let alone = live(&rules, &others).1;
        let mut events = others;
        events.extend((1..).zip(parts(whole, &cuts)).map(|(id, part)| at(world::message(id, world::CLEARING, part), place, 1)));
        events.extend((20..).zip(parts(whole, &refund_cuts)).map(|(id, part)| at(world::refund(id, part), place, 1)));
        let (store, after) = live(&rules, &events);
        prop_assert_eq!(after, alone);
        prop_assert_eq!(store.purchases.values().filter(|purchase| purchase.refunded_minor > 0).count(), 1);
    }

    /// Reversing every message of a purchase takes everything back, in whatever order the reversals come.
    #[test]
    fn reversing_all_of_it_leaves_nothing(
        place in place(), amounts in prop::collection::vec(amount(), 1..5), order in any::<prop::sample::Index>(),
        refunded in amount(),
    ) {
        let mut events = vec![at(world::message(1, world::AUTHORIZATION, amounts[0]), place, 1)];
        events.extend((2..).zip(&amounts).map(|(id, part)| at(world::message(id, world::CLEARING, *part), place, 1)));
        events.push(at(world::refund(20, refunded), place, 1));
        let reversals: Vec<Event> =
            (100..).zip(&events).map(|(id, original)| world::reversal(id, original, 0)).collect();
        // Some reversals come before their originals.
        let cut = order.index(reversals.len() + 1);
        let all = [&reversals[..cut], &events, &reversals[cut..]].concat();
        prop_assert_eq!(live(&uncapped(), &all).1, Positions::new());
    }

    /// Over an uncapped life the claw-back of a refund is never more than what its amount would have earned, plus
    /// the one unit that a floor may hold.
    #[test]
    fn a_refund_takes_back_what_its_amount_was_worth(whole in amount(), percent in 0_u64..=100) {
        let refund = whole * percent / 100;
        prop_assume!(refund > 0);
        let clear = at(world::message(1, world::CLEARING, whole), "NOWHERE", 1);
        let mut store = Store::new();
        store.run(&uncapped(), &[clear]);
        let outcome = store.run(&uncapped(), &[at(world::refund(2, refund), "NOWHERE", 1)]).remove(0);
        let taken = -outcome.reply.result.base_miles;
        let worth = i64::try_from(refund / 6_000).unwrap();
        prop_assert!(taken == worth || taken == worth + 1, "{taken} for {worth}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, ..ProptestConfig::default() })]

    /// Random lives of a few purchases: the audit after every message checks that balances are the sums of
    /// transfers, that these balance, that the cap holds, that shares add up and that nothing is below zero.
    #[test]
    fn a_random_life_always_adds_up(
        steps in prop::collection::vec(step(), 1..14), places in prop::collection::vec(place(), 3), batch in 1_usize..6,
    ) {
        let events = events(&steps, &places);
        let rules = capped();
        never_below_zero(&rules, &events);
        let (one_by_one, _) = live(&rules, &events);
        let mut batched = Store::new();
        events.chunks(batch).for_each(|batch| { batched.run(&rules, batch); });
        prop_assert_eq!(&one_by_one, &batched, "batches of {} leave other rows", batch);
        // The same events once more are repeats and leave everything as it is.
        let mut again = one_by_one.clone();
        for outcome in again.run(&rules, &events) {
            prop_assert_ne!(outcome.disposition, Disposition::Decided);
        }
        prop_assert_eq!(again, one_by_one);
    }

    /// The cap holds in any order of the same messages.
    #[test]
    fn the_cap_holds_in_any_order(
        amounts in prop::collection::vec((1_u64..15_000_000, 0_u32..3, any::<bool>()), 1..10).prop_shuffle(),
        places in prop::collection::vec(place(), 3),
    ) {
        let events: Vec<Event> = (1..).zip(&amounts).map(|(id, (amount, purchase, refunded))| {
            let event = if *refunded { world::refund(id, *amount) } else { world::message(id, world::CLEARING, *amount) };
            at(event, places[*purchase as usize], *purchase)
        }).collect();
        // The audit compares every counter with the cap.
        let (store, after) = live(&capped(), &events);
        let miles = Unit::Miles(world::PROGRAM);
        let member = domain::LedgerAccount::Member(world::account('A'));
        let held = after.get(&(member, miles, Phase::Posted)).copied().unwrap_or(0);
        prop_assert!((0..=i64::try_from(world::CAP_MILES).unwrap()).contains(&held));
        prop_assert_eq!(store.counters.values().sum::<i64>(), held);
        prop_assert!(posted(&after).len() <= after.len());
    }
}

// --- limits and budgets --------------------------------------------------------------------------------------

/// The worked day with limits and budgets on every rule, so small that lives meet them.
fn limited() -> impl Strategy<Value = Rules> {
    let window = || {
        proptest::sample::select(vec![
            Window::Day,
            Window::CalendarMonth,
            Window::CalendarYear,
            Window::Always,
        ])
    };
    let limit = || {
        let parts = (prop::option::of(1_u64..60_000), prop::option::of(1_u64..4), window());
        prop::option::of(parts.prop_map(|(most, uses, window)| Limit { most, uses, window }))
    };
    (limit(), limit(), limit(), limit(), prop::sample::select(Stacking::ALL.to_vec()), any::<bool>())
        .prop_map(|(of_bonus, of_member, budget, bonus_budget, stacking, fixed)| {
            let mut program = world::boreal_gold();
            program.stacking.discounts = stacking;
            program.bonuses[0].limit = of_bonus;
            program.bonuses[0].budget = bonus_budget;
            let second = DiscountRule { id: "second".into(), ..program.discounts[0].clone() };
            program.discounts.push(second);
            for rule in &mut program.discounts {
                rule.limit = of_member;
                rule.budget = budget;
                if fixed {
                    rule.tiers = DiscountTier::of_all(Reduction::Amount(20_000));
                }
            }
            world::rules_of(program)
        })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    /// The audit after every message compares counters and budgets with what purchases have, and both with their bounds.
    #[test]
    fn limits_and_budgets_hold_in_any_order(
        rules in limited(), steps in prop::collection::vec(step(), 1..14).prop_shuffle(),
        places in prop::collection::vec(place(), 3), batch in 1_usize..6,
    ) {
        let events = events(&steps, &places);
        never_below_zero(&rules, &events);
        let (one_by_one, _) = live(&rules, &events);
        let mut batched = Store::new();
        events.chunks(batch).for_each(|batch| { batched.run(&rules, batch); });
        prop_assert_eq!(&one_by_one, &batched, "batches of {} leave other rows", batch);
    }

    /// Refunding everything gives all room back: of a limit and of a budget nothing stays taken.
    #[test]
    fn refunding_all_of_it_gives_all_room_back(
        rules in limited(), place in place(), whole in amount(), cuts in prop::collection::vec(any::<u64>(), 0..4),
        refund_cuts in prop::collection::vec(any::<u64>(), 0..4),
    ) {
        let mut events = Vec::new();
        events.extend((1..).zip(parts(whole, &cuts)).map(|(id, part)| at(world::message(id, world::CLEARING, part), place, 1)));
        events.extend((20..).zip(parts(whole, &refund_cuts)).map(|(id, part)| at(world::refund(id, part), place, 1)));
        let (store, after) = live(&rules, &events);
        prop_assert_eq!(after, Positions::new());
        prop_assert!(store.counters.values().all(|counted| *counted == 0), "{:?}", store.counters);
        prop_assert!(store.budgets.values().all(|taken| *taken == (0, 0)), "{:?}", store.budgets);
    }

    /// A clearing in parts takes of limits and budgets what the whole does.
    #[test]
    fn the_parts_of_a_clearing_take_what_the_whole_takes(
        rules in limited(), place in place(), whole in amount(), cuts in prop::collection::vec(any::<u64>(), 0..5),
        before in prop::option::of(amount()),
    ) {
        let taken = |amounts: &[u64]| {
            let mut events: Vec<Event> = before.iter().map(|amount| at(world::message(90, world::CLEARING, *amount), place, 90)).collect();
            events.extend((2..).zip(amounts).map(|(id, part)| at(world::message(id, world::CLEARING, *part), place, 1)));
            let (store, after) = live(&rules, &events);
            let counters: Vec<_> = store.counters.into_iter().filter(|(_, counted)| *counted != 0).collect();
            let budgets: Vec<_> = store.budgets.into_iter().filter(|(_, taken)| *taken != (0, 0)).collect();
            (after, counters, budgets)
        };
        prop_assert_eq!(taken(&parts(whole, &cuts)), taken(&[whole]));
    }

    /// However a discount is borne, the shares add up to it.
    #[test]
    fn the_shares_of_a_discount_add_up(minor in 0_i64..i64::MAX, merchant in 0_u64..=100, partner in 0_u64..=100) {
        prop_assume!(merchant + partner <= 100);
        let percent = |share| Ratio::new(share, 100).unwrap();
        let rule = DiscountRule {
            merchant_share: percent(merchant),
            partner_shares: vec![(world::AIRBOREAL, percent(partner))],
            ..world::boreal_gold().discounts.remove(0)
        };
        let shares = rule.shares(minor).unwrap();
        prop_assert_eq!(shares.iter().map(|(_, share)| share).sum::<i64>(), minor);
        prop_assert!(shares.iter().all(|(_, share)| *share >= 0));
    }
}

// --- totality ------------------------------------------------------------------------------------------------

fn any_amount() -> impl Strategy<Value = u64> {
    prop_oneof![
        Just(0),
        Just(1),
        Just(u64::MAX),
        Just(u64::MAX - 1),
        Just(u64::MAX / 2),
        Just(u64::MAX / 2 + 1),
        Just(1 << 62),
        any::<u64>(),
        0_u64..1_000_000,
    ]
}

fn any_kind() -> impl Strategy<Value = EventKind> {
    let source = proptest::sample::select(vec![
        ClearingSource::Advice,
        ClearingSource::Advice,
        ClearingSource::Advice,
        ClearingSource::File,
        ClearingSource::SingleMessage,
    ]);
    prop_oneof![
        any::<bool>().prop_map(|preauthorization| EventKind::Authorization { preauthorization }),
        any::<bool>().prop_map(|approved| EventKind::AuthorizationAdvice { approved }),
        (source, proptest::bool::weighted(0.9))
            .prop_map(|(source, approved)| EventKind::Clearing { source, approved }),
        any_amount().prop_map(|remaining_minor| EventKind::Reversal { remaining_minor }),
        Just(EventKind::Chargeback),
        Just(EventKind::SecondPresentment),
        any_internal_kind(),
    ]
}

/// What is no message of a bank, about any purchase.
fn any_internal_kind() -> impl Strategy<Value = EventKind> {
    let partner = proptest::sample::select(vec![None, Some(world::KOSTA), Some(world::SKYFUEL)]);
    (1_u32..8, 0_u8..3, partner).prop_map(|(id, verb, partner)| {
        let purchase = world::message(id, world::CLEARING, 0).key;
        let (rules, run) = (world::boreal_generous().hash, domain::RunId(1));
        match verb {
            0 => EventKind::HoldExpiry { purchase },
            1 => EventKind::Rerate { purchase, rules, run },
            _ => EventKind::Reattribute { purchase, partner, run },
        }
    })
}

fn any_step(event: &Event) -> RefKind {
    match event.kind {
        EventKind::Chargeback => RefKind::Chargeback,
        EventKind::SecondPresentment => RefKind::SecondPresentment,
        _ if event.transaction == TransactionKind::Refund => RefKind::Refund,
        _ => RefKind::Presentment,
    }
}

fn any_event() -> impl Strategy<Value = Event> {
    let transaction = proptest::sample::select(vec![
        TransactionKind::Purchase,
        TransactionKind::Purchase,
        TransactionKind::Refund,
        TransactionKind::Cash,
        TransactionKind::Other,
    ]);
    let money = (any_amount(), prop::option::weighted(0.3, any_amount()), proptest::bool::weighted(0.8));
    let references = (0_u32..6, prop::option::weighted(0.5, 0_u32..6), prop::option::weighted(0.7, 0_u32..2));
    (1_u32..8, any_kind(), transaction, money, references, place(), proptest::bool::weighted(0.9)).prop_map(
        |(id, kind, transaction, (amount, billed, roubles), (own, names, retrieval), place, ours)| {
            let mut event = Event { transaction, ..world::message(id, kind, amount) };
            // References collide on purpose.
            event.references.own.0 = format!("R{own}");
            event.references.names = names.map(|names| domain::OriginalRef(format!("R{names}")));
            event.references.retrieval = retrieval.map(|number| format!("P{number}"));
            if own > 3 {
                event.references.record = Some(world::file_record(&format!("F{id}"), any_step(&event)));
            }
            event.references.arn = (own < 2).then(|| format!("A{own}"));
            event.references.life_cycle = (own > 3).then(|| format!("L{own}"));
            event.billing = billed.map(|amount| (amount, world::RUB));
            event.currency = if roubles { world::RUB } else { world::USD };
            event.merchant = world::merchant(place);
            event.member = ours.then(|| world::member('A'));
            event.content = world::content(&event);
            event
        },
    )
}

/// Programs at the edge of what their types allow.
fn any_program() -> impl Strategy<Value = Program> {
    let ratio = || (any_amount(), any_amount()).prop_map(|(n, d)| Ratio::new(n, d.max(1)).unwrap());
    let rounding = || proptest::sample::select(vec![Rounding::Floor, Rounding::HalfUp, Rounding::HalfEven]);
    let earn = prop_oneof![Just(EarnRounding::EachFullStep), rounding().prop_map(EarnRounding::Proportional)];
    let base = (any::<u32>(), prop_oneof![Just(1_u64), any_amount()], earn);
    (base, ratio(), rounding(), ratio(), ratio(), prop::option::of(any_amount()), any::<bool>()).prop_map(
        |((miles, per_minor, earn), times_base, rounding, percent, share, cap, min)| {
            let mut program = world::boreal_gold();
            program.base[0].miles = miles;
            program.base[0].per_minor = per_minor.max(1);
            program.base[0].rounding = earn;
            program.bonuses[0].times_base = times_base;
            program.bonuses[0].rounding = rounding;
            for rule in &mut program.discounts {
                rule.tiers = domain::DiscountTier::of_all(domain::Reduction::Percent(percent));
                rule.rounding = rounding;
                // Shares above one are refused by the reader of program files.
                rule.merchant_share =
                    if share.numerator() <= share.denominator() { share } else { rule.merchant_share };
                rule.amount_min = min.then_some(u64::MAX);
                rule.discount_max = cap;
            }
            match cap {
                Some(miles) => program.caps[0].miles_max = miles,
                None => program.caps.clear(),
            }
            program
        },
    )
}

/// Counters are sums over purchases: together they leave the range of 64 bits before any one of them does.
#[test]
fn a_counter_that_would_overflow_is_refused() {
    let mut program = world::boreal_gold_uncapped();
    program.base[0].per_minor = 1;
    let rules = world::rules_of(program);
    let largest = i64::MAX.unsigned_abs();
    let clear = |id| at(world::message(id, world::CLEARING, largest), "NOWHERE", id);
    let events = [clear(1), clear(2), at(world::refund(3, largest), "NOWHERE", 1)];
    total(&rules, &events);
    let (store, _) = live(&rules, &events);
    assert_eq!(store.seen.len(), 2, "the second clearing is refused, its refund is not");
}

/// Decides and applies all of it in one batch; what matters is that there is an outcome for every event.
fn total(rules: &Rules, events: &[Event]) {
    let mut state = Store::new().read(rules, events);
    for event in events {
        let outcome = decide(&state, event, rules);
        let undecidable = matches!(outcome.disposition, Disposition::Undecidable { .. });
        assert_eq!(undecidable, outcome.reply.code == ReplyCode::Malfunction);
        if undecidable {
            assert!(outcome.transfers.is_empty() && outcome.purchases.is_empty() && outcome.refs.is_empty());
        }
        assert_eq!(outcome, decide(&state, event, rules), "the same inputs, another outcome");
        state.apply(event, &outcome);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, ..ProptestConfig::default() })]

    #[test]
    fn there_is_an_outcome_for_every_event(events in prop::collection::vec(any_event(), 1..12)) {
        total(&capped(), &events);
        total(&uncapped(), &events);
    }

    #[test]
    fn there_is_an_outcome_under_every_program(
        program in any_program(), events in prop::collection::vec(any_event(), 1..12),
    ) {
        total(&world::rules_of(program), &events);
    }

    /// Rows that were not loaded are named, never guessed.
    #[test]
    fn nothing_is_decided_on_rows_that_were_not_loaded(event in any_event()) {
        let outcome = decide(&WorkingSet::default(), &event, &capped());
        prop_assert_eq!(outcome.reply.code, ReplyCode::Malfunction);
        prop_assert_eq!(outcome.reply.result.status, ResultStatus::None);
        prop_assert!(outcome.transfers.is_empty());
        // A second round asks for nothing where nothing was found.
        prop_assert!(needs_more(&event, &WorkingSet::default(), &capped()) == domain::Keys::default());
        prop_assert!(needs(&event, &capped()).messages.contains(&(event.bucket, event.key)));
    }
}

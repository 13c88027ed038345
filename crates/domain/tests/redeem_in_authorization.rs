//! Miles that pay for a purchase: any order and repetition of its messages leaves the same miles in the same lots, those
//! that a small model says.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may stop where it fails"
)]

mod support;

use domain::{
    Event, EventKind, ExpiryRule, Funder, LedgerAccount, Lot, MessageKey, MilesEvent, MilesRules, Phase,
    Program, Ratio, RedemptionRules, RedemptionState, RoundedTo, Rules, Unit,
};
use jiff::civil::date;
use proptest::{prelude::*, sample::Index};
use support::{
    audit::{audit, positions},
    shell::Store,
    world,
};

/// What is asked to be paid, in minor units. A mile pays 50 of them.
const AMOUNT: u64 = 60_000;
/// What may be spent: two purchases of 3,600.00, of which the first expires first.
const SPENDABLE: u64 = 120;

fn rules(borne: bool) -> Rules {
    let miles = MilesRules {
        expiry: Some(ExpiryRule::Age { months: 24, rounded_to: RoundedTo::Day }),
        debts_borne_by: borne.then_some(Funder::Bank),
        ..MilesRules::default()
    };
    let redemption = RedemptionRules {
        household: domain::HouseholdSpending::Own,
        value: Ratio::new(50, 1).unwrap(),
        miles_min: 10,
        share_max: Ratio::new(1, 1).unwrap(),
        reserve_minutes: 15,
    };
    let program = Program { miles, redemption: Some(redemption), ..world::boreal_gold_uncapped() };
    world::rules_of(program)
}

/// What happens to the purchase; each at most once, but for repeats.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fact {
    Declined,
    Reversed,
    PartlyReversed,
    /// The first of two presentments.
    Cleared(u64),
    ClearedMore(u64),
    ClearingReversed,
    Refunded(u64),
    ChargedBack(u64),
    PresentedAgain(u64),
}

#[derive(Debug, Clone)]
struct Life {
    asked: u64,
    facts: Vec<Fact>,
    /// The clock and the gateway, which speak only of what there is.
    expired: Option<Index>,
    unanswered: Option<Index>,
    borne: bool,
    order: Vec<(u32, Index)>,
}

impl Life {
    fn net(&self) -> u64 {
        AMOUNT - self.asked * 50
    }

    fn request(&self) -> Event {
        let mut event = self.dressed(world::message(10, world::AUTHORIZATION, AMOUNT));
        event.asked.miles = Some(self.asked);
        event.content = world::content(&event);
        event
    }

    fn clearing(&self, id: u32, minor: u64) -> Event {
        self.dressed(world::message(id, world::CLEARING, minor))
    }

    fn dressed(&self, mut event: Event) -> Event {
        event.references.retrieval = Some("PURCHASE".into());
        event.content = world::content(&event);
        event
    }

    fn event(&self, fact: Fact) -> Event {
        let first = self.facts.iter().find_map(|fact| match fact {
            Fact::Cleared(minor) => Some(*minor),
            _ => None,
        });
        match fact {
            Fact::Declined => {
                let kind = EventKind::AuthorizationAdvice { approved: false };
                self.dressed(world::message(11, kind, self.net()))
            }
            Fact::Reversed => world::reversal(12, &self.request(), 0),
            Fact::PartlyReversed => world::reversal(13, &self.request(), AMOUNT / 2),
            Fact::Cleared(minor) => self.clearing(14, minor),
            Fact::ClearedMore(minor) => self.clearing(15, minor),
            Fact::ClearingReversed => world::reversal(16, &self.clearing(14, first.unwrap_or(1)), 0),
            Fact::Refunded(minor) => self.dressed(world::refund(17, minor)),
            Fact::ChargedBack(minor) => self.dressed(world::message(18, EventKind::Chargeback, minor)),
            Fact::PresentedAgain(minor) => {
                self.dressed(world::message(19, EventKind::SecondPresentment, minor))
            }
        }
    }

    /// Whether the miles are spent in the end: the model, from the facts alone.
    fn spends(&self) -> bool {
        let undone = self.facts.contains(&Fact::ClearingReversed);
        let (mut cleared, mut back) = (0_i64, 0_i64);
        for fact in &self.facts {
            match *fact {
                Fact::Cleared(minor) if !undone => cleared += i64::try_from(minor).unwrap(),
                Fact::ClearedMore(minor) => cleared += i64::try_from(minor).unwrap(),
                Fact::Refunded(minor) | Fact::ChargedBack(minor) => back += i64::try_from(minor).unwrap(),
                Fact::PresentedAgain(minor) => back -= i64::try_from(minor).unwrap(),
                _ => {}
            }
        }
        let refunded: i64 = self
            .facts
            .iter()
            .map(|fact| if let Fact::Refunded(minor) = fact { i64::try_from(*minor).unwrap() } else { 0 })
            .sum();
        // What is presented again without a chargeback gives back nothing of a refund.
        let left = cleared - refunded - (back - refunded).max(0);
        let net = i64::try_from(self.net()).unwrap();
        let ended = self.facts.contains(&Fact::Declined) || self.facts.contains(&Fact::Reversed);
        let late = self.unanswered.is_some();
        self.asked <= SPENDABLE
            && match cleared {
                0 => !ended && !late && self.expired.is_none(),
                _ if left <= 0 => false,
                cleared if cleared == net => true,
                cleared if cleared == i64::try_from(AMOUNT).unwrap() => false,
                _ => !late,
            }
    }

    /// The messages in this order, some of them twice, and what is left in the lots after the clock's last look.
    fn lived(&self, order: &[(u32, Index)]) -> ([Lot; 2], i64) {
        let rules = rules(self.borne);
        let mut store = Store::new();
        for (id, day) in [(1, 1), (2, 2)] {
            let mut earned = world::message(id, world::CLEARING, 360_000);
            earned.local = date(2026, 10, day).at(12, 0, 0, 0);
            earned.references.retrieval = Some(format!("EARNED{id}"));
            store.run(&rules, &[earned]);
        }
        let mut events: Vec<(u32, Event)> = vec![self.request()]
            .into_iter()
            .chain(self.facts.iter().map(|fact| self.event(*fact)))
            .zip(order.iter())
            .map(|(event, (rank, _))| (*rank, event))
            .collect();
        events.sort_by_key(|(rank, _)| *rank);
        let mut told: Vec<Event> = Vec::new();
        for ((_, event), (_, again)) in events.into_iter().zip(order) {
            told.push(event);
            // A repeat of one that came before.
            told.push(told[again.index(told.len())].clone());
        }
        let asked = told.iter().position(|event| event.asked.miles.is_some()).unwrap();
        let after = |index: &Index| asked + 1 + index.index(told.len() - asked);
        let (late, look) = (self.unanswered.as_ref().map(after), self.expired.as_ref().map(after));
        for place in 0..=told.len() {
            if late == Some(place) {
                store.run(&rules, &[self.unanswered()]);
            }
            if look == Some(place) {
                look_at_holds(&mut store, &rules, 91);
            }
            if let Some(event) = told.get(place) {
                store.run(&rules, std::slice::from_ref(event));
            }
            audit(&store, &rules);
        }
        if self.expired.is_some() {
            look_at_holds(&mut store, &rules, 92);
            audit(&store, &rules);
        }
        let lot = |id| {
            let key = world::message(id, world::CLEARING, 0).key;
            store.purchases[&(world::bucket(), key)].lot
        };
        ([lot(1), lot(2)], spent(&store))
    }

    fn unanswered(&self) -> Event {
        let redemption = self.request().key;
        world::message(90, EventKind::Miles(MilesEvent::Unanswered { redemption }), 0)
    }
}

/// The day of every open hold has come.
fn look_at_holds(store: &mut Store, rules: &Rules, id: u32) {
    let open: Vec<MessageKey> = store
        .purchases
        .values()
        .filter(|purchase| purchase.open_hold_minor() > 0)
        .map(|purchase| purchase.key)
        .collect();
    for purchase in open {
        let mut event = world::message(id, EventKind::HoldExpiry { purchase }, 0);
        event.local = date(2027, 6, 1).at(0, 0, 0, 0);
        store.run(rules, &[event]);
    }
}

/// Miles that redemptions hold, and the same by the transfers of the member.
fn spent(store: &Store) -> i64 {
    let stands = |state| matches!(state, RedemptionState::Reserved | RedemptionState::Confirmed);
    let redemptions = store.redemptions.values().filter(|of| stands(of.state));
    let spent: i64 = redemptions.map(|of| of.miles).sum();
    let member = (LedgerAccount::Member(world::account('A')), Unit::Miles(world::PROGRAM), Phase::Posted);
    let balance = positions(store.transfers.values()).get(&member).copied().unwrap_or(0);
    let open: i64 = store.purchases.values().map(domain::Purchase::open_miles).sum();
    assert_eq!(balance, open, "miles are the sum of their transfers");
    spent
}

fn life() -> impl Strategy<Value = Life> {
    let asked = prop_oneof![Just(10_u64), Just(70), Just(120), Just(121)];
    asked
        .prop_flat_map(|asked| {
            let net = AMOUNT - asked * 50;
            let cleared =
                prop_oneof![3 => Just(net), 1 => Just(AMOUNT), 1 => Just(net / 2), 1 => Just(net + 1)];
            let back = || prop_oneof![Just(net), Just(net / 3), Just(AMOUNT)];
            let some = |fact: BoxedStrategy<Fact>, share: f64| prop::option::weighted(share, fact);
            let facts = (
                some(Just(Fact::Declined).boxed(), 0.15),
                some(Just(Fact::Reversed).boxed(), 0.2),
                some(Just(Fact::PartlyReversed).boxed(), 0.15),
                some(cleared.prop_map(Fact::Cleared).boxed(), 0.7),
                some(Just(Fact::ClearedMore(net - net / 2)).boxed(), 0.3),
                some(Just(Fact::ClearingReversed).boxed(), 0.2),
                some(back().prop_map(Fact::Refunded).boxed(), 0.3),
                some(back().prop_map(Fact::ChargedBack).boxed(), 0.3),
                some(back().prop_map(Fact::PresentedAgain).boxed(), 0.2),
            );
            let facts = facts.prop_map(|(a, b, c, d, e, f, g, h, i)| {
                [a, b, c, d, e, f, g, h, i].into_iter().flatten().collect::<Vec<Fact>>()
            });
            let order = prop::collection::vec((any::<u32>(), any::<Index>()), 10);
            let clock = || prop::option::weighted(0.3, any::<Index>());
            (Just(asked), facts, clock(), clock(), any::<bool>(), order)
        })
        .prop_map(|(asked, facts, expired, unanswered, borne, order)| Life {
            asked,
            facts,
            expired,
            unanswered,
            borne,
            order,
        })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_order_of_its_messages_leaves_the_miles_that_the_facts_say(life in life()) {
        let told: Vec<(u32, Index)> = (0..10).zip(&life.order).map(|(rank, (_, again))| (rank, *again)).collect();
        let (lots, spent) = life.lived(&told);
        let expected = if life.spends() { i64::try_from(life.asked).unwrap() } else { 0 };
        prop_assert_eq!(spent, expected, "as it was told: {:?}", life);
        // The lot that expires first gives first.
        let first = expected.min(60);
        prop_assert_eq!((lots[0].spent_miles, lots[1].spent_miles), (first, expected - first));
        prop_assert_eq!(life.lived(&life.order), (lots, spent), "in another order");
    }
}

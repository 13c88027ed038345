//! What holds of miles in every life of an account: spent, expired, taken back and given back in any order.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may stop where it fails"
)]

mod support;

use domain::{
    Event, EventKind, ExpiryRule, Funder, MilesEvent, MilesRules, Outcome, Program, Purchase, Ratio,
    RedemptionRules, ResultStatus, RoundedTo, Rules,
};
use jiff::{ToSpan, civil::Date};
use proptest::prelude::*;
use support::{
    audit::{audit, positions},
    shell::Store,
    world,
};

fn rules(borne: bool) -> Rules {
    let miles = MilesRules {
        vesting_days: 5,
        expiry: Some(ExpiryRule::Age { months: 1, rounded_to: RoundedTo::Day }),
        debts_borne_by: borne.then_some(Funder::Partner(world::KOSTA)),
        ..MilesRules::default()
    };
    let redemption = RedemptionRules {
        value: Ratio::new(50, 1).unwrap(),
        miles_min: 1,
        share_max: Ratio::new(1, 1).unwrap(),
        reserve_minutes: 15,
        household: domain::HouseholdSpending::Own,
    };
    let program = Program { miles, redemption: Some(redemption), ..world::boreal_gold_uncapped() };
    world::rules_of(program)
}

#[derive(Debug, Clone)]
enum Step {
    Buy(u64),
    /// A share of an earlier purchase, in percent.
    Refund(usize, u64),
    UndoRefund(usize),
    Reserve(u64),
    Confirm(usize),
    Cancel(usize),
    Lapse(usize),
    Expire(usize),
    Adjust(i64),
    Send(u64),
    /// So many days pass.
    Wait(i64),
}

fn step() -> impl Strategy<Value = Step> {
    let earlier = 0_usize..8;
    prop_oneof![
        3 => (6_000_u64..900_000).prop_map(Step::Buy),
        2 => (earlier.clone(), 1_u64..130).prop_map(|(which, percent)| Step::Refund(which, percent)),
        1 => earlier.clone().prop_map(Step::UndoRefund),
        3 => (1_u64..200).prop_map(Step::Reserve),
        1 => earlier.clone().prop_map(Step::Confirm),
        2 => earlier.clone().prop_map(Step::Cancel),
        1 => earlier.clone().prop_map(Step::Lapse),
        2 => earlier.prop_map(Step::Expire),
        1 => (-100_i64..100).prop_map(Step::Adjust),
        1 => (1_u64..100).prop_map(Step::Send),
        3 => (1_i64..20).prop_map(Step::Wait),
    ]
}

/// One account's life so far.
struct Life {
    rules: Rules,
    store: Store,
    day: Date,
    next: u32,
    purchases: Vec<Event>,
    refunds: Vec<Event>,
    reserves: Vec<Event>,
}

impl Life {
    fn new(borne: bool) -> Self {
        Self {
            rules: rules(borne),
            store: Store::new(),
            day: world::SATURDAY,
            next: 1,
            purchases: Vec::new(),
            refunds: Vec::new(),
            reserves: Vec::new(),
        }
    }

    fn run(&mut self, event: &Event) -> Outcome {
        let outcome = self.store.run(&self.rules, std::slice::from_ref(event)).remove(0);
        audit(&self.store, &self.rules);
        outcome
    }

    fn event(&mut self, kind: EventKind, minor: u64) -> Event {
        let mut event = world::message(self.next, kind, minor);
        self.next += 1;
        event.local = self.day.at(12, 0, 0, 0);
        event.content = world::content(&event);
        event
    }

    fn miles(&mut self, asked: MilesEvent) -> Event {
        self.event(EventKind::Miles(asked), 0)
    }

    fn lots(&self) -> Vec<Purchase> {
        self.store.purchases.values().cloned().collect()
    }

    fn balance(&self) -> i64 {
        self.lots().iter().map(Purchase::open_miles).sum()
    }

    fn take(&mut self, step: &Step) {
        let event = match step {
            Step::Wait(days) => {
                self.day = self.day.saturating_add(days.days());
                return;
            }
            Step::Buy(minor) => {
                let event = self.event(world::CLEARING, *minor);
                self.purchases.push(event.clone());
                event
            }
            Step::Refund(which, percent) => {
                let Some(bought) = self.purchases.get(*which).cloned() else { return };
                let mut event = self.event(world::CLEARING, bought.amount_minor * percent / 100 + 1);
                event.transaction = domain::TransactionKind::Refund;
                event.references.retrieval = bought.references.retrieval;
                event.content = world::content(&event);
                self.refunds.push(event.clone());
                event
            }
            Step::UndoRefund(which) => {
                let Some(refund) = self.refunds.get(*which).cloned() else { return };
                self.next += 1;
                world::reversal(self.next - 1, &refund, 0)
            }
            Step::Reserve(miles) => {
                self.reserve(*miles);
                return;
            }
            Step::Confirm(which) | Step::Cancel(which) | Step::Lapse(which) => {
                let Some(redemption) = self.reserves.get(*which).map(|event| event.key) else { return };
                let mut event = self.miles(match step {
                    Step::Confirm(_) => MilesEvent::Confirm { redemption },
                    Step::Cancel(_) => MilesEvent::Cancel { redemption },
                    _ => MilesEvent::Lapse { redemption },
                });
                event.received_at += 20.minutes();
                event
            }
            Step::Expire(which) => {
                let Some(purchase) = self.lots().get(*which).map(|lot| lot.key) else { return };
                self.miles(MilesEvent::Expiry { purchase })
            }
            Step::Adjust(miles) => self.miles(MilesEvent::Adjust { miles: *miles, funder: Funder::Bank }),
            Step::Send(miles) => {
                let to = world::account('B');
                self.miles(MilesEvent::Send { miles: *miles, to_bucket: world::bucket(), to })
            }
        };
        self.run(&event);
    }

    /// Asks for miles, and looks at what was given: never more than may be spent, the first to expire first.
    fn reserve(&mut self, miles: u64) -> Option<Event> {
        let before = self.lots();
        let event = self.miles(MilesEvent::Reserve { miles });
        self.reserves.push(event.clone());
        let outcome = self.run(&event);
        let asked = i64::try_from(miles).unwrap();
        let owed: i64 = before.iter().map(|lot| (-lot.open_miles()).max(0)).sum();
        let there: i64 = before.iter().map(|lot| lot.spendable_miles(self.day)).sum();
        if outcome.reply.result.status != ResultStatus::Booked {
            assert!(outcome.transfers.is_empty(), "refused and booked: {outcome:?}");
            assert!(there - owed < asked, "{asked} of {there} less {owed}: {:?}", outcome.reply);
            return None;
        }
        assert!(there >= asked && self.lots().iter().all(|lot| lot.open_miles() >= 0), "a debt is left");
        let [redemption] = outcome.redemptions.as_slice() else { panic!("one redemption: {outcome:?}") };
        assert_eq!(redemption.pieces.iter().map(|piece| piece.miles).sum::<i64>(), asked);
        assert!(redemption.pieces.is_sorted_by_key(|piece| piece.expire_on.unwrap_or(Date::MAX)));
        // Whatever may still be spent of lots that expire before the last one that gave: nothing.
        let last = redemption.pieces.last().unwrap().expire_on;
        let left = self.lots().into_iter().filter(|lot| lot.lot.expire_on < last);
        assert_eq!(left.map(|lot| lot.spendable_miles(self.day)).sum::<i64>(), 0, "a younger lot came first");
        Some(event)
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    /// The audit after each step sums up every lot and balance again; a spending never leaves a debt.
    #[test]
    fn lots_are_the_balance_in_every_life(borne in any::<bool>(), steps in prop::collection::vec(step(), 1..50)) {
        let mut life = Life::new(borne);
        steps.iter().for_each(|step| life.take(step));
    }

    #[test]
    fn a_cancel_undoes_its_reserve(
        borne in any::<bool>(),
        steps in prop::collection::vec(step(), 1..30),
        miles in 1_u64..300,
    ) {
        let mut life = Life::new(borne);
        steps.iter().for_each(|step| life.take(step));
        let (lots, balance) = (life.lots(), life.balance());
        if let Some(reserved) = life.reserve(miles) {
            let cancel = life.miles(MilesEvent::Cancel { redemption: reserved.key });
            life.run(&cancel);
            prop_assert_eq!(life.balance(), balance);
            // Debts that were covered stay covered; without any, each lot is as it was.
            if lots.iter().all(|lot| lot.open_miles() >= 0) {
                prop_assert_eq!(life.lots(), lots);
            }
        }
    }

    /// A refund, the expiry of the same lot and the cancel of what was spent of it, in any order.
    #[test]
    fn refund_expiry_and_cancel_commute(
        borne in any::<bool>(),
        // 11 miles and more, at 60.00 a mile.
        minor in 66_000_u64..900_000,
        spent in 1_u64..12,
        percent in 1_u64..100,
        order in Just(vec![0, 1, 2]).prop_shuffle(),
    ) {
        let end = |order: &[i32]| {
            let mut life = Life::new(borne);
            life.take(&Step::Buy(minor));
            life.take(&Step::Wait(10));
            let reserved = life.reserve(spent).expect("there is as much").key;
            life.take(&Step::Wait(40));
            for what in order {
                match what {
                    0 => life.take(&Step::Refund(0, percent)),
                    1 => life.take(&Step::Expire(0)),
                    _ => {
                        let cancel = life.miles(MilesEvent::Cancel { redemption: reserved });
                        life.run(&cancel);
                    }
                }
            }
            // The next day's look takes what came back.
            life.take(&Step::Wait(1));
            life.take(&Step::Expire(0));
            (life.lots(), positions(life.store.transfers.values()))
        };
        prop_assert_eq!(end(&order), end(&[0, 1, 2]));
    }
}

//! Random lives of a card: what holds in every order and repetition of its messages.
//!
//! `COBRAND_LIVES` is the number of cases of each property. A life that fails is shrunk, and its seed is kept in
//! `proptest-regressions` beside the tests.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{
    ToSpan,
    civil::{Date, date},
};
use proptest::prelude::*;

use crate::{
    arithmetic,
    model::{Kind, Link, Says, Told},
    play::{Play, Standing},
    programs::{self, Read},
};

const MEMBER: u32 = 1;
/// To whom miles are sent.
const OTHER: u32 = 2;
/// Errands have the numbers from here on.
const ERRANDS: u32 = 1_000;

/// One message of a life.
#[derive(Debug, Clone)]
struct Step {
    says: Verb,
    purchase: usize,
    amount: i128,
    /// For reversals: which other message is meant, and what is left of it in hundredths.
    target: usize,
    left: i128,
    /// When it is sent again, if it is.
    again: Option<usize>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verb {
    Says(Says),
    Reverse,
}

/// What all messages of a purchase say alike.
#[derive(Debug, Clone)]
struct Sale {
    shop: usize,
    mcc: u16,
    day: i32,
    minute: i16,
    foreign: bool,
}

#[derive(Debug, Clone)]
struct Life {
    program: usize,
    sales: Vec<Sale>,
    steps: Vec<Step>,
    /// By which the steps are sorted for another order.
    order: Vec<u32>,
}

fn amount() -> impl Strategy<Value = i128> {
    prop_oneof![
        1_i128..200_00,
        500_00_i128..1_100_00,
        2_900_00_i128..4_100_00,
        1_i128..60_000_00,
        Just(745_000)
    ]
}

fn step(sales: usize) -> impl Strategy<Value = Step> {
    use Says::{Advise, Ask, AskEarly, ChargeBack, Clear, ClearElsewhere, Decline, PresentAgain, Refund};
    let says =
        vec![Ask, Ask, Ask, AskEarly, Advise, Decline, Clear, Clear, Clear, Clear, ClearElsewhere, Refund]
            .into_iter()
            .chain([Refund, ChargeBack, PresentAgain]);
    let verbs: Vec<Verb> = says.map(Verb::Says).chain([Verb::Reverse; 4]).collect();
    let again = prop::option::weighted(0.2, any::<usize>());
    (proptest::sample::select(verbs), 0..sales, amount(), any::<usize>(), 0_i128..100, again).prop_map(
        |(says, purchase, amount, target, left, again)| {
            let left = if left < 50 { 0 } else { left };
            Step { says, purchase, amount, target, left, again }
        },
    )
}

fn sale() -> impl Strategy<Value = Sale> {
    let mcc = proptest::sample::select(vec![5411_u16, 5541, 5732, 7011, 5812, 7995]);
    (0_usize..3, mcc, 0..45_i32, 1..24 * 60_i16, proptest::bool::weighted(0.2))
        .prop_map(|(shop, mcc, day, minute, foreign)| Sale { shop, mcc, day, minute, foreign })
}

fn life(sales: usize, steps: usize) -> impl Strategy<Value = Life> {
    let sold = prop::collection::vec(sale(), sales);
    let steps = prop::collection::vec((step(sales), any::<u32>()), 1..steps);
    (0..programs::all().len(), sold, steps).prop_map(|(program, sales, steps)| {
        let (steps, order) = steps.into_iter().unzip();
        Life { program, sales, steps, order }
    })
}

impl Life {
    fn program(&self) -> &'static Read {
        &programs::all()[self.program]
    }

    fn day(&self, sale: &Sale) -> Date {
        date(2026, 9, 25) + sale.day.days()
    }

    /// No rule gives the member more than its limit; of budgets each batch makes sure.
    fn limits_hold(&self, play: &Play) -> bool {
        let counters = play.rows.counters_of(MEMBER);
        self.program().by_hand.rules.bounded().all(|rule| {
            let Some(most) = rule.of_member else { return true };
            counters.iter().all(|((counter, _), counted)| {
                let is = |kind: &str| *counter == format!("{kind}:{}", rule.id);
                let within = |most: Option<i128>| (0..=most.unwrap_or(i128::MAX)).contains(counted);
                (!is("amount") || within(most.amount)) && (!is("uses") || within(most.uses))
            })
        })
    }

    /// The messages in the order of the steps, each once.
    fn told(&self) -> Vec<Told> {
        let said: Vec<Told> =
            self.steps.iter().enumerate().map(|(place, step)| self.said(place, step)).collect();
        let reversal = |step: &Step, id: u32| {
            let of = self.meant(&said, step.target);
            // A file undoes as a whole.
            let remains = if of.record.is_some() { 0 } else { of.amount * step.left / 100 };
            Told { id, says: Says::Reverse { of: of.id, remains }, ..of }
        };
        let told = self.steps.iter().zip(&said);
        told.map(|(step, said)| if step.says == Verb::Reverse { reversal(step, said.id) } else { *said })
            .collect()
    }

    fn said(&self, place: usize, step: &Step) -> Told {
        let sale = &self.sales[step.purchase];
        let [one, other] = self.program().by_hand.partners;
        let place = u32::try_from(place).unwrap() + 1;
        let says = match step.says {
            Verb::Says(says) => says,
            Verb::Reverse => Says::Ask,
        };
        Told {
            id: place,
            member: Some(MEMBER),
            purchase: u32::try_from(step.purchase).unwrap() + 1,
            says,
            amount: step.amount,
            foreign: sale.foreign,
            billed: sale.foreign.then_some(step.amount * 93 + 41),
            day: self.day(sale),
            minute: Some(sale.minute),
            partner: [None, Some(one), Some(other)][sale.shop],
            mcc: sale.mcc,
            kind: Kind::Purchase,
            link: Link::Retrieval,
            record: self.is_filed(says).then_some(place),
        }
    }

    /// Chargebacks come by file from every bank.
    fn is_filed(&self, says: Says) -> bool {
        let by_file = self.program().by_hand.by_file;
        matches!(says, Says::ChargeBack | Says::PresentAgain)
            || (by_file && matches!(says, Says::Clear | Says::Refund))
    }

    /// The message that a reversal names: one that is no reversal itself, if there is one.
    fn meant(&self, said: &[Told], target: usize) -> Told {
        let others: Vec<&Told> =
            said.iter().filter(|said| self.steps[place(said)].says != Verb::Reverse).collect();
        others.get(target % others.len().max(1)).map_or(said[0], |said| **said)
    }

    /// Some messages come again later.
    fn repeated(&self, told: &[Told]) -> Vec<Told> {
        let mut repeated = told.to_vec();
        for told in told {
            if let Some(again) = self.steps[place(told)].again {
                let first = repeated.iter().position(|other| other.id == told.id).unwrap();
                repeated.insert(first + 1 + again % (repeated.len() - first), *told);
            }
        }
        repeated
    }

    fn in_another_order(&self, told: &[Told]) -> Vec<Told> {
        let mut told = told.to_vec();
        told.sort_by_key(|told| self.order[place(told)]);
        told
    }

    /// Tells it in batches of this size; core and model agree after each, and all sums are sums of transfers.
    fn play(&self, told: &[Told], batch: usize) -> Play {
        let all: BTreeMap<u32, Told> = told.iter().map(|told| (told.id, *told)).collect();
        let enrolled = [MEMBER, OTHER].map(|member| (member, date(2020, 1, 1)));
        let mut play = Play::new(self.program(), &enrolled.into());
        for batch in told.chunks(batch) {
            let outcomes = play.tell(batch, &all).unwrap_or_else(|difference| panic!("{}", difference.what));
            outcomes
                .iter()
                .for_each(|(_, outcome)| arithmetic::check(&self.program().by_hand.rules, outcome));
        }
        play.compare_all().unwrap_or_else(|difference| panic!("{}", difference.what));
        play
    }
}

/// What is done with miles between the messages of a life.
#[derive(Debug, Clone)]
struct Errand {
    verb: usize,
    miles: i128,
    /// Which purchase or errand is meant.
    target: usize,
    /// Counted from the first day of the life.
    day: i32,
    minute: i16,
    /// Behind which message it comes.
    behind: usize,
}

fn errand() -> impl Strategy<Value = Errand> {
    let miles = prop_oneof![0_i128..12, 1_i128..60, 1_i128..700];
    (0_usize..11, miles, any::<usize>(), 0..90_i32, 0..24 * 60_i16, any::<usize>()).prop_map(
        |(verb, miles, target, day, minute, behind)| Errand { verb, miles, target, day, minute, behind },
    )
}

impl Errand {
    fn told(&self, number: usize, errands: usize) -> Told {
        let id = |number: usize| ERRANDS + u32::try_from(number).unwrap();
        let of = id(self.target % errands);
        let purchase = u32::try_from(self.target % 3).unwrap() + 1;
        let says = match self.verb {
            0..4 => Says::Spend { miles: self.miles },
            4 => Says::Adjust { miles: self.miles, by: None },
            5 => Says::Adjust { miles: -self.miles, by: Some(1) },
            6 => Says::Send { miles: self.miles, to: OTHER },
            7 => Says::Confirm { of },
            8 => Says::Cancel { of },
            9 => Says::Lapse { of },
            _ => Says::MilesAreOver,
        };
        Told {
            id: id(number),
            member: Some(MEMBER),
            purchase: if says == Says::MilesAreOver { purchase } else { id(number) },
            says,
            amount: 0,
            foreign: false,
            billed: None,
            day: date(2026, 9, 25) + self.day.days(),
            minute: Some(self.minute),
            partner: None,
            mcc: 0,
            kind: Kind::Purchase,
            link: Link::Retrieval,
            record: None,
        }
    }
}

/// A life with errands between its messages.
fn with_errands(mut told: Vec<Told>, errands: &[Errand]) -> Vec<Told> {
    for (number, errand) in errands.iter().enumerate() {
        let place = errand.behind % (told.len() + 1);
        told.insert(place, errand.told(number, errands.len()));
    }
    told
}

fn place(told: &Told) -> usize {
    usize::try_from(told.id).unwrap() - 1
}

fn cases() -> u32 {
    std::env::var("COBRAND_LIVES").map_or(3_000, |cases| cases.parse().expect("COBRAND_LIVES is a number"))
}

fn standing(play: &Play) -> BTreeMap<u32, Standing> {
    let purchases: BTreeSet<u32> = (1..=3).collect();
    purchases.into_iter().map(|purchase| (purchase, play.core(MEMBER, purchase))).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), ..ProptestConfig::default() })]

    /// Any order and repetition of one purchase's messages ends in the same positions, which the model predicts.
    /// What the order may decide is whether, and to which authorization, a discount at the till was offered: with the same
    /// offers all is the same.
    #[test]
    fn the_order_of_one_purchase_s_messages_does_not_matter(life in life(1, 9), batch in 1_usize..6) {
        let told = life.told();
        let one = life.play(&told, 1);
        let two = life.play(&life.repeated(&life.in_another_order(&told)), batch);
        if one.offers() == two.offers() {
            prop_assert_eq!(standing(&one), standing(&two));
        }
    }

    /// Of several purchases under one cap the order decides which is cut. In every order the cap holds, no purchase
    /// has more than it would have alone, and what is granted is counted.
    #[test]
    fn caps_hold_in_every_order(life in life(3, 16), batch in 1_usize..6) {
        let told = life.told();
        for told in [life.repeated(&told), life.repeated(&life.in_another_order(&told))] {
            let play = life.play(&told, batch);
            let cap = life.program().by_hand.rules.cap.unwrap_or(i128::MAX);
            let mut counted = play.rows.counters_of(MEMBER);
            counted.retain(|(counter, _), _| counter == domain::MILES_GRANTED);
            prop_assert!(counted.values().all(|miles| (0..=cap).contains(miles)), "{:?}", counted);
            let posted: i128 = standing(&play).values().map(|standing| standing.posted.miles()).sum();
            prop_assert_eq!(posted, counted.values().sum::<i128>());
            prop_assert!(life.limits_hold(&play));
            // Of several purchases under one limit, too, the order decides; then another rule may give more.
            let rules = &life.program().by_hand.rules;
            if rules.bounded().next().is_some() {
                continue;
            }
            for (purchase, standing) in standing(&play) {
                let alone: Vec<Told> = told.iter().filter(|told| told.purchase == purchase).copied().collect();
                let alone = life.play(&alone, 1).core(MEMBER, purchase);
                // Other purchases may lift to a tier that gives more.
                let is_lifted = rules.tiers.is_some();
                prop_assert!(is_lifted || standing.posted.miles() <= alone.posted.miles(), "{}", purchase);
                prop_assert_eq!(standing.posted.money(), alone.posted.money(), "{}", purchase);
            }
        }
    }
    /// Miles that are spent, sent, given back, taken and expire between the messages, in any order: after each the
    /// model knows every lot, the balance is what all lots come to, and nobody owes miles where the program forbids it.
    #[test]
    fn lots_hold_in_every_order(
        life in life(3, 12),
        errands in prop::collection::vec(errand(), 1..12),
        batch in 1_usize..6,
    ) {
        let told = life.told();
        for told in [life.repeated(&told), life.in_another_order(&told)] {
            let told = with_errands(told, &errands);
            let play = life.play(&told, batch);
            prop_assert!(life.limits_hold(&play));
            let balance: i128 = play.rows.purchases_of(MEMBER).map(|lot| i128::from(lot.open_miles())).sum();
            prop_assert_eq!(balance, play.books.balance(MEMBER));
        }
    }
}

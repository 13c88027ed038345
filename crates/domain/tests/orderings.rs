//! Every order and repetition of the messages of one purchase ends in the net positions that an independent
//! model predicts from the set of facts.
//!
//! The model below is written from the words of the worked day and calls neither `award` nor `decide`. It knows
//! the order of the messages only where the order is a fact of its own: an offer at the till is made if the
//! question came before anything else was known of the purchase.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test may stop where it fails; the rows of the table are printed"
)]

mod support;

use std::collections::BTreeSet;

use domain::{Disposition, Event, LedgerAccount, Phase, Rules, Transfer, Unit, WorkingSet, decide};
use jiff::civil::date;
use support::{
    audit::{Positions, audit, positions},
    shell::Store,
    world,
};

/// The messages of one purchase.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Message {
    Authorization,
    ReversalOfAuthorization,
    Clearing,
    ReversalOfClearing,
    Refund,
}

use Message::{Authorization, Clearing, Refund, ReversalOfAuthorization, ReversalOfClearing};

impl Message {
    /// For the printed table: upper case for what happens, lower case for its reversal.
    fn short(self) -> char {
        match self {
            Authorization => 'A',
            ReversalOfAuthorization => 'a',
            Clearing => 'C',
            ReversalOfClearing => 'c',
            Refund => 'R',
        }
    }
}

const ALL: [Message; 5] = [Authorization, ReversalOfAuthorization, Clearing, ReversalOfClearing, Refund];

/// By which references a refund is connected with its purchase.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Link {
    /// DE37 of the purchase.
    Retrieval,
    /// DE37 of the purchase, and DE90 names the clearing.
    RetrievalAndNames,
    /// DE90 names the clearing; DE37 is another.
    NamesOnly,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Plain,
    Kosta,
    Skyfuel,
}

/// One purchase: the facts that the messages carry, in kopecks.
#[derive(Debug, Clone, Copy)]
struct Life {
    place: Place,
    link: Link,
    authorized: u64,
    /// What the reversal of the authorization leaves.
    authorized_left: u64,
    cleared: u64,
    /// What the reversal of the clearing leaves.
    cleared_left: u64,
    refunded: u64,
}

impl Life {
    fn event(&self, message: Message) -> Event {
        let authorization = self.dressed(world::message(1, world::AUTHORIZATION, self.authorized));
        let clearing = self.dressed(world::message(2, world::CLEARING, self.cleared));
        match message {
            Authorization => authorization,
            Clearing => clearing,
            ReversalOfAuthorization => world::reversal(3, &authorization, self.authorized_left),
            ReversalOfClearing => world::reversal(4, &clearing, self.cleared_left),
            Refund => {
                let mut refund = self.dressed(world::refund(5, self.refunded));
                // On Monday of the next month: the day and the month of the purchase hold.
                refund.local = date(2026, 11, 2).at(12, 0, 0, 0);
                if self.link != Link::Retrieval {
                    refund.references.names = Some(clearing.references.own);
                }
                if self.link == Link::NamesOnly {
                    refund.references.retrieval = Some("OTHER".into());
                }
                refund
            }
        }
    }

    fn dressed(&self, mut event: Event) -> Event {
        event.merchant = world::merchant(match self.place {
            Place::Plain => "NOWHERE",
            Place::Kosta => "KOSTA",
            Place::Skyfuel => "SKYFUEL",
        });
        event.references.retrieval = Some("PURCHASE".into());
        event
    }
}

// --- the model ---------------------------------------------------------------------------------------------

/// What a net amount is worth.
#[derive(Debug, Clone, Copy, Default)]
struct Worth {
    base: i64,
    bonus: i64,
    discount_of_merchant: i64,
    discount_of_bank: i64,
}

/// The price that was offered at the till, if the question was the first thing known of the purchase.
fn offered_discount(life: &Life, order: &[Message]) -> Option<i64> {
    let place_of = |message| order.iter().position(|other| *other == message);
    let asked = place_of(Authorization)?;
    let known_before =
        |message| !(message == Refund && life.link == Link::NamesOnly) && place_of(message) < Some(asked);
    let first = [Clearing, ReversalOfAuthorization, Refund]
        .into_iter()
        .filter(|message| place_of(*message).is_some())
        .all(|message| !known_before(message));
    (first && life.place == Place::Skyfuel).then(|| signed(life.authorized) * 3 / 100)
}

/// `agreed` is the amount that stands in for what was cleared.
fn worth(life: &Life, net: i64, agreed: i64, offered: Option<i64>) -> Worth {
    let base = net / 6_000;
    let (discount, merchant_percent) = match life.place {
        Place::Plain => (0, 0),
        Place::Kosta if net < 100_000 => (0, 60),
        Place::Kosta => ((net * 5 / 100).min(50_000), 60),
        Place::Skyfuel => {
            let price = signed(life.authorized) - offered.unwrap_or(0);
            let given = offered.filter(|_| agreed == price);
            (given.map_or(0, |discount| discount * net / price), 50)
        }
    };
    let merchant = discount * merchant_percent / 100;
    Worth {
        base,
        bonus: if life.place == Place::Skyfuel { base } else { 0 },
        discount_of_merchant: merchant,
        discount_of_bank: discount - merchant,
    }
}

fn predicted(life: &Life, order: &[Message]) -> Positions {
    let sent = |message| order.contains(&message);
    let cleared = match (sent(Clearing), sent(ReversalOfClearing)) {
        (false, _) => 0,
        (true, false) => signed(life.cleared),
        (true, true) => signed(life.cleared_left),
    };
    // DE90 connects the refund only once the clearing that it names has come.
    let connected = sent(Refund) && (life.link != Link::NamesOnly || sent(Clearing));
    let refunded = if connected { signed(life.refunded) } else { 0 };
    let net = (cleared - refunded).max(0);
    let offered = offered_discount(life, order);
    let posted = worth(life, net, cleared, offered);

    let price = signed(life.authorized) - offered.unwrap_or(0);
    let hold = match (sent(Authorization), sent(ReversalOfAuthorization)) {
        (false, _) => 0,
        (true, false) => price,
        // The hold is lower than the authorized amount by the offer; it shrinks in proportion, half up.
        (true, true) => {
            let (left, whole) = (signed(life.authorized_left), signed(life.authorized));
            (2 * price * left + whole) / (2 * whole)
        }
    };
    let pending = if hold > cleared && !released_by_a_clearing_elsewhere(life, order) {
        worth(life, (hold - refunded).max(0), hold, offered)
    } else {
        Worth::default()
    };
    let rest = |pending: i64, posted: i64| (pending - posted).max(0);
    let pending = Worth {
        base: rest(pending.base, posted.base),
        bonus: rest(pending.bonus, posted.bonus),
        discount_of_merchant: rest(pending.discount_of_merchant, posted.discount_of_merchant),
        discount_of_bank: rest(pending.discount_of_bank, posted.discount_of_bank),
    };
    let turnover = if life.place == Place::Plain { 0 } else { net };
    as_positions(life, turnover, [(Phase::Posted, posted), (Phase::Pending, pending)])
}

/// A refund that only DE90 connects, and that comes before its clearing, is not known to be of the authorized
/// purchase until the clearing arrives. That then ends the hold for good.
fn released_by_a_clearing_elsewhere(life: &Life, order: &[Message]) -> bool {
    let place_of = |message| order.iter().position(|other| *other == message);
    let (Some(asked), Some(cleared), Some(refunded)) =
        (place_of(Authorization), place_of(Clearing), place_of(Refund))
    else {
        return false;
    };
    life.link == Link::NamesOnly && asked < cleared && refunded < cleared
}

fn as_positions(life: &Life, turnover: i64, phases: [(Phase, Worth); 2]) -> Positions {
    let member = LedgerAccount::Member(world::account('A'));
    let bank = LedgerAccount::Bank(world::BANK);
    let merchant = LedgerAccount::Partner(match life.place {
        Place::Skyfuel => world::SKYFUEL,
        _ => world::KOSTA,
    });
    let miles = Unit::Miles(world::PROGRAM);
    let money = Unit::Money(world::RUB);
    let mut positions = Positions::new();
    let mut give = |giver, unit, phase, amount| {
        *positions.entry((member, unit, phase)).or_default() += amount;
        *positions.entry((giver, unit, phase)).or_default() -= amount;
    };
    give(merchant, Unit::Turnover(world::RUB), Phase::Posted, turnover);
    for (phase, worth) in phases {
        give(bank, miles, phase, worth.base);
        give(merchant, miles, phase, worth.bonus);
        give(merchant, money, phase, worth.discount_of_merchant);
        give(bank, money, phase, worth.discount_of_bank);
    }
    positions.retain(|_, amount| *amount != 0);
    positions
}

fn signed(minor: u64) -> i64 {
    i64::try_from(minor).unwrap()
}

// --- the orders --------------------------------------------------------------------------------------------

fn lives(place: Place) -> Vec<Life> {
    let mut lives = Vec::new();
    for link in [Link::Retrieval, Link::RetrievalAndNames, Link::NamesOnly] {
        let life = |authorized, authorized_left, cleared, cleared_left, refunded| Life {
            place,
            link,
            authorized,
            authorized_left,
            cleared,
            cleared_left,
            refunded,
        };
        lives.extend([
            // The authorization is reversed in full, the clearing in part.
            life(745_000, 0, 722_650, 500_000, 100_000),
            // Both in part; something stays provisional.
            life(745_000, 650_000, 722_650, 500_000, 100_000),
            // The clearing came gross; its reversal leaves the price that was offered.
            life(745_000, 0, 745_000, 722_650, 361_325),
            life(745_000, 740_001, 745_000, 722_650, 122_649),
            // Half kopecks and amounts just at the discount's minimum.
            life(222_255, 111_111, 200_001, 133_334, 33_334),
            // More is refunded than is left of the clearing.
            life(745_000, 600_000, 722_650, 100_000, 200_000),
        ]);
    }
    lives
}

/// Every order of every subset that holds a message to begin with.
fn orders() -> Vec<Vec<Message>> {
    let mut orders = Vec::new();
    for subset in 1_u32..32 {
        let chosen: Vec<Message> =
            ALL.into_iter().enumerate().filter(|(i, _)| subset & (1 << i) != 0).map(|(_, m)| m).collect();
        permute(&chosen, &mut Vec::new(), &mut orders);
    }
    orders
}

fn permute(left: &[Message], so_far: &mut Vec<Message>, orders: &mut Vec<Vec<Message>>) {
    if left.is_empty() {
        orders.push(so_far.clone());
    }
    for message in left {
        let others: Vec<Message> = left.iter().copied().filter(|other| other != message).collect();
        so_far.push(*message);
        permute(&others, so_far, orders);
        so_far.pop();
    }
}

/// What the member holds: the other sides are its mirror.
fn shown(positions: &Positions) -> String {
    let of_member = |unit, phase| {
        positions.get(&(LedgerAccount::Member(world::account('A')), unit, phase)).copied().unwrap_or(0)
    };
    let (miles, money) = (Unit::Miles(world::PROGRAM), Unit::Money(world::RUB));
    format!(
        "miles {} + {} pending, discount {} + {} pending, turnover {}",
        of_member(miles, Phase::Posted),
        of_member(miles, Phase::Pending),
        of_member(money, Phase::Posted),
        of_member(money, Phase::Pending),
        of_member(Unit::Turnover(world::RUB), Phase::Posted),
    )
}

fn rules() -> Rules {
    world::rules_of(world::boreal_gold_uncapped())
}

/// Sends `messages` with one event per batch and as one batch; both must leave the same rows.
fn sent(rules: &Rules, life: &Life, messages: &[Message]) -> Positions {
    let events: Vec<Event> = messages.iter().map(|message| life.event(*message)).collect();
    let (mut one_by_one, mut at_once) = (Store::new(), Store::new());
    for event in &events {
        one_by_one.run(rules, std::slice::from_ref(event));
    }
    at_once.run(rules, &events);
    assert_eq!(one_by_one, at_once, "{life:?} {messages:?}");
    audit(&at_once, rules);
    positions(at_once.transfers.values())
}

fn every_order(place: Place) {
    let (rules, orders) = (rules(), orders());
    let (mut rows, mut not_zero, mut different) = (Vec::new(), 0, BTreeSet::new());
    for (number, life) in lives(place).iter().enumerate() {
        for order in &orders {
            let expected = predicted(life, order);
            assert_eq!(sent(&rules, life, order), expected, "{life:?} {order:?}");
            if order.len() == ALL.len() {
                let short: String = order.iter().map(|message| message.short()).collect();
                rows.push(format!("{place:?} {:?} {number:2} {short} {}", life.link, shown(&expected)));
                not_zero += usize::from(!expected.is_empty());
                different.insert(expected.into_iter().collect::<Vec<_>>());
            }
        }
    }
    rows.iter().for_each(|row| println!("{row}"));
    println!("{place:?}: {} rows, {not_zero} not zero, {} different", rows.len(), different.len());
    assert_eq!(rows.len(), 18 * 120);
    assert!(not_zero * 10 >= rows.len() * 8, "only {not_zero} of {} rows are not zero", rows.len());
}

#[test]
fn every_order_at_no_partner() {
    every_order(Place::Plain);
}

#[test]
fn every_order_with_a_statement_credit() {
    every_order(Place::Kosta);
}

#[test]
fn every_order_with_a_discount_at_the_till() {
    every_order(Place::Skyfuel);
}

/// In every order of the five, each message is sent again right away, at the end, in the same order or backwards.
fn repeated(place: Place) {
    let rules = rules();
    for life in &lives(place) {
        for order in orders().iter().filter(|order| order.len() == ALL.len()) {
            let at_once: Vec<Message> = order.iter().flat_map(|message| [*message; 3]).collect();
            let again = [order.as_slice(), order].concat();
            let backwards: Vec<Message> = order.iter().chain(order.iter().rev()).copied().collect();
            for messages in [at_once, again, backwards] {
                assert_eq!(sent(&rules, life, &messages), predicted(life, order), "{life:?} {messages:?}");
            }
        }
    }
}

#[test]
fn repetitions_change_nothing() {
    [Place::Plain, Place::Kosta, Place::Skyfuel].into_iter().for_each(repeated);
}

/// Walks the tree of all interleavings in which each message is sent exactly twice: 10! / 2^5 leaves.
struct Interleavings<'a> {
    rules: &'a Rules,
    life: &'a Life,
    events: Vec<Event>,
    leaves: usize,
    not_zero: usize,
}

impl Interleavings<'_> {
    fn walk(&mut self, state: &WorkingSet, transfers: &[Transfer], left: [u8; 5], order: &mut Vec<Message>) {
        if left == [0; 5] {
            let (expected, actual) = (predicted(self.life, order), positions(transfers));
            assert_eq!(actual, expected, "{:?} {order:?}", self.life);
            self.leaves += 1;
            self.not_zero += usize::from(!expected.is_empty());
        }
        for (place, message) in ALL.into_iter().enumerate().filter(|(place, _)| left[*place] > 0) {
            let event = &self.events[place];
            let outcome = decide(state, event, self.rules);
            let first = left[place] == 2;
            let expected = if first { Disposition::Decided } else { Disposition::Repeat };
            assert_eq!(outcome.disposition, expected, "{:?} {order:?} {message:?}", self.life);
            let mut left = left;
            left[place] -= 1;
            if first {
                let mut state = state.clone();
                state.apply(event, &outcome);
                order.push(message);
                let moved = [transfers, outcome.transfers.as_slice()].concat();
                self.walk(&state, &moved, left, order);
                order.pop();
            } else {
                let mut repeated = state.clone();
                repeated.apply(event, &outcome);
                assert!(repeated == *state && outcome.transfers.is_empty(), "a repeat left something");
                self.walk(state, transfers, left, order);
            }
        }
    }
}

fn every_interleaving(life: &Life) {
    let rules = rules();
    let events: Vec<Event> = ALL.iter().map(|message| life.event(*message)).collect();
    let state = Store::new().read(&rules, &events);
    let mut tree = Interleavings { rules: &rules, life, events, leaves: 0, not_zero: 0 };
    tree.walk(&state, &[], [2; 5], &mut Vec::new());
    println!("{life:?}: {} interleavings, {} not zero", tree.leaves, tree.not_zero);
    assert_eq!(tree.leaves, 113_400);
    assert!(tree.not_zero * 10 >= tree.leaves * 8);
}

#[test]
fn every_interleaving_of_two_of_each_at_no_partner() {
    every_interleaving(&lives(Place::Plain)[1]);
}

#[test]
fn every_interleaving_of_two_of_each_with_a_statement_credit() {
    every_interleaving(&lives(Place::Kosta)[7]);
}

#[test]
fn every_interleaving_of_two_of_each_with_a_discount_at_the_till() {
    every_interleaving(&lives(Place::Skyfuel)[14]);
}

//! What the gateway and the store do around the core, with rows in memory instead of a database.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    AccountId, AccountState, Bucket, BudgetKey, BudgetLeft, CardId, CounterKey, CouponCode, CouponKey,
    Disposition, Event, FoundRef, Gate, Keys, MessageKey, OutboxEntry, Outcome, ProgramId, Purchase,
    Redemption, RefKey, Rules, SeenMessage, Standing, Transfer, WorkingSet, decide, needs, needs_more,
};
use jiff::civil::{Date, date};

use super::world;

/// The rows that are kept between batches.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Store {
    pub(crate) seen: BTreeMap<(Bucket, MessageKey), SeenMessage>,
    pub(crate) accounts: BTreeMap<(Bucket, AccountId), AccountState>,
    pub(crate) refs: BTreeMap<RefKey, BTreeSet<FoundRef>>,
    pub(crate) purchases: BTreeMap<(Bucket, MessageKey), Purchase>,
    pub(crate) counters: BTreeMap<CounterKey, i64>,
    pub(crate) gates: BTreeMap<ProgramId, Gate>,
    pub(crate) blocked_cards: BTreeSet<(Bucket, CardId)>,
    pub(crate) transfers: BTreeMap<(MessageKey, i16), Transfer>,
    /// What was taken of budgets: amount and uses.
    pub(crate) budgets: BTreeMap<BudgetKey, (i64, i64)>,
    pub(crate) outbox: BTreeMap<(AccountId, i64), OutboxEntry>,
    pub(crate) redemptions: BTreeMap<(Bucket, MessageKey), Redemption>,
    pub(crate) coupons: BTreeMap<CouponKey, CouponCode>,
}

impl Store {
    /// Members A to Z, enrolled long ago, and one open cycle.
    pub(crate) fn new() -> Self {
        let mut store = Self::default();
        store.gates.insert(world::PROGRAM, world::gate());
        ('A'..='Z').for_each(|letter| store.enroll(letter, date(2020, 1, 1)));
        store
    }

    pub(crate) fn enroll(&mut self, letter: char, enrolled_on: Date) {
        let state = AccountState {
            program: world::PROGRAM,
            enrolled_on,
            seq: 0,
            standing: Standing::default(),
            active_on: None,
            closed_on: None,
            blocked: false,
            birthday: None,
        };
        self.accounts.insert((world::bucket(), world::account(letter)), state);
    }

    /// The account of a member, to close or block it.
    pub(crate) fn account(&mut self, letter: char) -> &mut AccountState {
        self.accounts.get_mut(&(world::bucket(), world::account(letter))).unwrap()
    }

    /// One batch: read, decide each event on what the one before left, write.
    pub(crate) fn run(&mut self, rules: &Rules, events: &[Event]) -> Vec<Outcome> {
        let mut state = self.read(rules, events);
        let mut outcomes = Vec::new();
        for event in events {
            let outcome = decide(&state, event, rules);
            state.apply(event, &outcome);
            outcomes.push(outcome);
        }
        events.iter().zip(&outcomes).for_each(|(event, outcome)| self.write(event, outcome));
        outcomes
    }

    /// What a batch of these events is decided on: two rounds of reading, no more.
    pub(crate) fn read(&self, rules: &Rules, events: &[Event]) -> WorkingSet {
        let mut state = WorkingSet { blocked_cards: self.blocked_cards.clone(), ..WorkingSet::default() };
        let mut keys = Keys::default();
        events.iter().for_each(|event| keys.merge(needs(event, rules)));
        self.load(rules, &keys, &mut state);
        let mut more = Keys::default();
        events.iter().for_each(|event| more.merge(needs_more(event, &state, rules)));
        self.load(rules, &more, &mut state);
        state
    }

    fn load(&self, rules: &Rules, keys: &Keys, state: &mut WorkingSet) {
        copy(&keys.messages, &self.seen, &mut state.seen);
        copy(&keys.accounts, &self.accounts, &mut state.accounts);
        copy(&keys.refs, &self.refs, &mut state.refs);
        copy(&keys.counters, &self.counters, &mut state.counters);
        copy(&keys.programs, &self.gates, &mut state.gates);
        copy(&keys.purchases, &self.purchases, &mut state.purchases);
        copy(&keys.coupons, &self.coupons, &mut state.coupons);
        for key in &keys.budgets {
            let mut left = BudgetLeft::of(key, &self.gates, rules).unwrap();
            let (amount, uses) = self.budgets.get(key).copied().unwrap_or_default();
            left.take(amount, uses);
            state.budgets.insert(key.clone(), left);
        }
        // Reading a reference also reads the purchase that it leads to.
        for (key, found) in keys.refs.iter().filter_map(|key| Some((key, self.refs.get(key)?))) {
            let led_to = found.iter().filter_map(|found| Some((key.bucket, found.purchase?))).collect();
            copy(&led_to, &self.purchases, &mut state.purchases);
        }
        // And a refund that was matched leads to the purchase in which it counts.
        let matched = state
            .purchases
            .iter()
            .filter_map(|((bucket, _), purchase)| Some((*bucket, purchase.refund_match?.purchase()?)));
        copy(&matched.collect(), &self.purchases, &mut state.purchases);
        self.load_lots(keys, state);
        state.loaded.merge(keys.clone());
    }

    /// The open lots of accounts, and the lots that redemptions drew on.
    fn load_lots(&self, keys: &Keys, state: &mut WorkingSet) {
        copy(&keys.redemptions, &self.redemptions, &mut state.redemptions);
        let found = keys.redemptions.iter().filter_map(|key| Some((key.0, self.redemptions.get(key)?)));
        let drawn = found.flat_map(|(bucket, of)| of.pieces.iter().map(move |piece| (bucket, piece.lot)));
        let open = self.purchases.iter().filter(|((bucket, _), purchase)| {
            keys.lots.contains(&(*bucket, purchase.account)) && purchase.open_miles() != 0
        });
        let lots: BTreeSet<_> = drawn.chain(open.map(|(key, _)| *key)).collect();
        copy(&lots, &self.purchases, &mut state.purchases);
    }

    /// Rows are derived from the outcome alone; keys that exist already are a failure, as in a database.
    fn write(&mut self, event: &Event, outcome: &Outcome) {
        if outcome.disposition != Disposition::Decided {
            assert!(outcome.transfers.is_empty() && outcome.purchases.is_empty(), "{outcome:?}");
            assert!(outcome.refs.is_empty() && outcome.counted.is_empty() && outcome.outbox.is_empty());
            return;
        }
        let seen = SeenMessage {
            account: event.member.map(|member| member.account),
            content: event.content.to_text(),
            reply: outcome.reply.clone(),
        };
        assert!(self.seen.insert((event.bucket, event.key), seen).is_none(), "decided twice");
        for row in &outcome.refs {
            let key =
                RefKey { bucket: event.bucket, bank: event.bank, kind: row.kind, value: row.value.clone() };
            let found = FoundRef {
                message: event.key,
                purchase: row.purchase,
                amount_minor: row.amount_minor,
                transaction_minor: row.transaction_minor,
                record: row.record.clone(),
            };
            assert!(self.refs.entry(key).or_default().insert(found), "a reference twice");
        }
        for purchase in &outcome.purchases {
            self.purchases.insert((event.bucket, purchase.key), purchase.clone());
        }
        for (key, counted) in &outcome.counted {
            assert_eq!(key.bucket, event.bucket);
            *self.counters.entry(key.clone()).or_default() += counted;
        }
        for taken in &outcome.budgeted {
            let (amount, uses) = self.budgets.entry(taken.key.clone()).or_default();
            (*amount, *uses) = (*amount + taken.amount, *uses + taken.uses);
        }
        for used in &outcome.coupons {
            self.coupons.get_mut(&used.key).unwrap().uses += used.uses;
        }
        for redemption in &outcome.redemptions {
            self.redemptions.insert((event.bucket, redemption.key), redemption.clone());
        }
        if let Some(member) = event.member {
            let account = self.accounts.get_mut(&(event.bucket, member.account)).unwrap();
            account.active_on = account.active_on.max(outcome.active_on);
        }
        for transfer in &outcome.transfers {
            let old = self.transfers.insert((event.key, transfer.leg), transfer.clone());
            assert!(old.is_none(), "leg {} twice", transfer.leg);
        }
        if let Some((account, standing)) = outcome.standing {
            self.accounts.get_mut(&(event.bucket, account)).unwrap().standing = standing;
        }
        for entry in &outcome.outbox {
            let old = self.outbox.insert((entry.account, entry.account_seq), entry.clone());
            assert!(old.is_none(), "outbox place {} twice", entry.account_seq);
            self.accounts.get_mut(&(event.bucket, entry.account)).unwrap().seq = entry.account_seq;
        }
    }
}

fn copy<K: Ord + Clone, V: Clone>(keys: &BTreeSet<K>, from: &BTreeMap<K, V>, to: &mut BTreeMap<K, V>) {
    to.extend(keys.iter().filter_map(|key| Some((key.clone(), from.get(key)?.clone()))));
}

//! What the store does around the core, with rows in memory.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    AccountId, AccountState, Bucket, BudgetKey, BudgetLeft, Event, Keys, MessageKey, Outcome, Purchase,
    Redemption, Standing, WorkingSet, decide, needs, needs_more,
};
use jiff::civil::Date;

use super::World;

/// All rows there are. A batch gets those that it names, and nothing else.
#[derive(Debug, Clone, Default)]
pub(crate) struct Rows {
    all: WorkingSet,
    /// What was taken of budgets: amount and uses.
    budgets: BTreeMap<BudgetKey, (i64, i64)>,
    /// The purchases of each account.
    of: BTreeMap<AccountId, BTreeSet<(Bucket, MessageKey)>>,
}

impl Rows {
    pub(crate) fn new(world: &World) -> Self {
        let mut rows = Self::default();
        rows.all.gates.insert(world.program, world.gate);
        rows
    }

    pub(crate) fn enroll(&mut self, world: &World, member: u32, enrolled_on: Date) {
        let state = AccountState {
            program: world.program,
            enrolled_on,
            seq: 0,
            standing: Standing::default(),
            active_on: None,
            closed_on: None,
            blocked: false,
            birthday: None,
        };
        self.all.accounts.insert((world.bucket, AccountId(i64::from(member))), state);
    }

    /// One batch: read, decide each event on what the one before left, write.
    pub(crate) fn run(&mut self, world: &World, events: &[Event]) -> Vec<Outcome> {
        let mut batch = self.read(world, events);
        let mut outcomes = Vec::new();
        for event in events {
            let outcome = decide(&batch, event, &world.rules);
            batch.apply(event, &outcome);
            outcomes.push(outcome);
        }
        self.write(batch);
        outcomes.iter().for_each(|outcome| self.take(world, outcome));
        outcomes
    }

    /// What is taken of budgets, which is never more than all of it.
    fn take(&mut self, world: &World, outcome: &Outcome) {
        for taken in &outcome.budgeted {
            let (amount, uses) = self.budgets.entry(taken.key.clone()).or_default();
            (*amount, *uses) = (*amount + taken.amount, *uses + taken.uses);
            let (amount, uses) = (*amount, *uses);
            let whole = BudgetLeft::of(&taken.key, &self.all.gates, &world.rules).unwrap();
            let within = |taken: i64, whole: Option<i64>| (0..=whole.unwrap_or(i64::MAX)).contains(&taken);
            assert!(within(amount, whole.amount) && within(uses, whole.uses), "{:?}: {amount}", taken.key);
        }
    }

    /// Two rounds of reading: what the events name, then what those rows lead to.
    fn read(&self, world: &World, events: &[Event]) -> WorkingSet {
        let mut batch = WorkingSet::default();
        let mut keys = Keys::default();
        events.iter().for_each(|event| keys.merge(needs(event, &world.rules)));
        self.load(world, keys, &mut batch);
        let mut more = Keys::default();
        events.iter().for_each(|event| more.merge(needs_more(event, &batch, &world.rules)));
        self.load(world, more, &mut batch);
        batch
    }

    fn load(&self, world: &World, keys: Keys, batch: &mut WorkingSet) {
        let all = &self.all;
        for key in &keys.messages {
            batch.seen.extend(all.seen.get_key_value(key).map(|(key, row)| (*key, row.clone())));
        }
        for key in &keys.accounts {
            batch.accounts.extend(all.accounts.get(key).map(|row| (*key, *row)));
        }
        for key in &keys.counters {
            batch.counters.extend(all.counters.get(key).map(|row| (key.clone(), *row)));
        }
        for key in &keys.programs {
            batch.gates.extend(all.gates.get(key).map(|row| (*key, *row)));
        }
        let mut purchases = keys.purchases.clone();
        for key in &keys.refs {
            let Some(found) = all.refs.get(key) else { continue };
            // Reading a reference also reads the purchase that it leads to.
            purchases.extend(found.iter().filter_map(|found| Some((key.bucket, found.purchase?))));
            batch.refs.insert(key.clone(), found.clone());
        }
        for key in &keys.redemptions {
            let Some(row) = all.redemptions.get(key) else { continue };
            // So does a redemption the purchases that it drew on.
            purchases.extend(row.pieces.iter().map(|piece| (key.0, piece.lot)));
            batch.redemptions.insert(*key, row.clone());
        }
        for (_, account) in &keys.lots {
            purchases.extend(self.of.get(account).into_iter().flatten());
        }
        for key in &keys.budgets {
            let Some(mut left) = BudgetLeft::of(key, &all.gates, &world.rules) else { continue };
            let (amount, uses) = self.budgets.get(key).copied().unwrap_or_default();
            left.take(amount, uses);
            batch.budgets.insert(key.clone(), left);
        }
        for key in purchases {
            batch.purchases.extend(all.purchases.get(&key).map(|row| (key, row.clone())));
        }
        batch.loaded.merge(keys);
    }

    fn write(&mut self, batch: WorkingSet) {
        let WorkingSet { seen, accounts, refs, purchases, counters, redemptions, .. } = batch;
        for (key, purchase) in &purchases {
            self.of.entry(purchase.account).or_default().insert(*key);
        }
        self.all.seen.extend(seen);
        self.all.accounts.extend(accounts);
        self.all.refs.extend(refs);
        self.all.purchases.extend(purchases);
        self.all.counters.extend(counters);
        self.all.redemptions.extend(redemptions);
    }

    pub(crate) fn purchases_of(&self, member: u32) -> impl Iterator<Item = &Purchase> {
        let keys = self.of.get(&AccountId(i64::from(member))).into_iter().flatten();
        keys.filter_map(|key| self.all.purchases.get(key))
    }

    pub(crate) fn redemptions_of(&self, member: u32) -> impl Iterator<Item = &Redemption> {
        let account = AccountId(i64::from(member));
        self.all.redemptions.values().filter(move |redemption| redemption.account == account)
    }

    /// What is counted for a member against caps and limits, without zeros.
    pub(crate) fn counters_of(&self, member: u32) -> BTreeMap<(String, String), i128> {
        let account = AccountId(i64::from(member));
        let counters =
            self.all.counters.iter().filter(|(key, counted)| key.account == account && **counted != 0);
        counters
            .map(|(key, counted)| ((key.rule.clone(), key.period.clone()), i128::from(*counted)))
            .collect()
    }

    /// What was taken of budgets: amount and purchases, without zeros.
    pub(crate) fn budgets(&self) -> BTreeMap<(String, String), (i128, i128)> {
        let taken = self.budgets.iter().filter(|(_, taken)| **taken != (0, 0));
        let named = taken.map(|(key, (amount, uses))| {
            ((key.rule.clone(), key.period.clone()), (i128::from(*amount), i128::from(*uses)))
        });
        named.collect()
    }

    pub(crate) fn all(&self) -> &WorkingSet {
        &self.all
    }
}

//! What the store does around the core, with rows in memory.

use std::collections::BTreeMap;

use domain::{
    AccountId, AccountState, Event, Keys, Outcome, Purchase, Standing, WorkingSet, decide, needs, needs_more,
};
use jiff::civil::Date;

use super::World;

/// All rows there are. A batch gets those that it names, and nothing else.
#[derive(Debug, Clone, Default)]
pub(crate) struct Rows(WorkingSet);

impl Rows {
    pub(crate) fn new(world: &World) -> Self {
        let mut rows = WorkingSet::default();
        rows.gates.insert(world.program, world.gate);
        Self(rows)
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
        self.0.accounts.insert((world.bucket, AccountId(i64::from(member))), state);
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
        outcomes
    }

    /// Two rounds of reading: what the events name, then what those rows lead to.
    fn read(&self, world: &World, events: &[Event]) -> WorkingSet {
        let mut batch = WorkingSet::default();
        let mut keys = Keys::default();
        events.iter().for_each(|event| keys.merge(needs(event, &world.rules)));
        self.load(keys, &mut batch);
        let mut more = Keys::default();
        events.iter().for_each(|event| more.merge(needs_more(event, &batch, &world.rules)));
        self.load(more, &mut batch);
        batch
    }

    fn load(&self, keys: Keys, batch: &mut WorkingSet) {
        let all = &self.0;
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
        for key in purchases {
            batch.purchases.extend(all.purchases.get(&key).map(|row| (key, row.clone())));
        }
        batch.loaded.merge(keys);
    }

    fn write(&mut self, batch: WorkingSet) {
        let WorkingSet { seen, accounts, refs, purchases, counters, .. } = batch;
        self.0.seen.extend(seen);
        self.0.accounts.extend(accounts);
        self.0.refs.extend(refs);
        self.0.purchases.extend(purchases);
        self.0.counters.extend(counters);
    }

    pub(crate) fn purchases_of(&self, member: u32) -> impl Iterator<Item = &Purchase> {
        let account = AccountId(i64::from(member));
        self.0.purchases.values().filter(move |purchase| purchase.account == account)
    }

    /// Miles counted against the cap by month, without zeros.
    pub(crate) fn counters_of(&self, member: u32) -> BTreeMap<String, i128> {
        let account = AccountId(i64::from(member));
        let counters = self.0.counters.iter().filter(|(key, miles)| {
            key.account == account && key.rule == domain::MILES_GRANTED && **miles != 0
        });
        counters.map(|(key, miles)| (key.period.clone(), i128::from(*miles))).collect()
    }

    pub(crate) fn all(&self) -> &WorkingSet {
        &self.0
    }
}

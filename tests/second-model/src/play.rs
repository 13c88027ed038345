//! Tells the same messages to the core and to the model, and compares what the members then hold.

use std::collections::{BTreeMap, BTreeSet};

use domain::{Event, EventKind, Outcome};
use jiff::civil::Date;

use crate::{
    core::{Books, Rows, World, event, key, number, open},
    model::{Member, Positions, Says, Told, rules::Rules},
    programs::Read,
};

/// What a purchase comes to on one side.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Standing {
    pub(crate) posted: Positions,
    pub(crate) pending: Positions,
    /// Held and not cleared.
    pub(crate) open: i128,
}

/// Where the two do not agree.
#[derive(Debug, Clone)]
pub(crate) struct Difference {
    pub(crate) member: u32,
    pub(crate) what: String,
}

pub(crate) struct Play {
    world: &'static World,
    rules: &'static Rules,
    pub(crate) rows: Rows,
    pub(crate) books: Books,
    members: BTreeMap<u32, Member>,
    told: BTreeMap<u32, Told>,
}

impl Play {
    pub(crate) fn new(program: &'static Read, enrolled: &BTreeMap<u32, Date>) -> Self {
        let (world, rules) = (&program.by_core, &program.by_hand.rules);
        let mut rows = Rows::new(world);
        enrolled.iter().for_each(|(member, day)| rows.enroll(world, *member, *day));
        let members = enrolled.iter().map(|(member, day)| (*member, Member::new(*day))).collect();
        let (books, told) = (Books::default(), BTreeMap::new());
        Self { world, rules, rows, books, members, told }
    }

    /// One batch. `all` has the messages that others name, told or not.
    pub(crate) fn tell(
        &mut self,
        batch: &[Told],
        all: &BTreeMap<u32, Told>,
    ) -> Result<Vec<(Told, Outcome)>, Difference> {
        let events: Vec<(Told, Event)> =
            batch.iter().filter_map(|told| Some((*told, self.hear(told, all)?))).collect();
        let (told, events): (Vec<Told>, Vec<Event>) = events.into_iter().unzip();
        let outcomes = self.rows.run(self.world, &events);
        outcomes.iter().for_each(|outcome| self.books.book(outcome));
        let touched: BTreeSet<(u32, u32)> =
            told.iter().filter_map(|told| Some((told.member?, told.purchase))).collect();
        touched.into_iter().try_for_each(|(member, purchase)| self.compare(member, purchase))?;
        Ok(told.into_iter().zip(outcomes).collect())
    }

    /// Tells the model and gives the event for the core.
    fn hear(&mut self, told: &Told, all: &BTreeMap<u32, Told>) -> Option<Event> {
        let mut event = event(self.world, told, |id| all.get(&id).copied());
        if let Some(member) = told.member.and_then(|member| self.members.get_mut(&member)) {
            if told.says == Says::HoldIsOver {
                // The scheduler names purchases that it has found in the books.
                let purchase = member.purchases.get(&told.purchase)?;
                event.kind = EventKind::HoldExpiry { purchase: key(purchase.first()?) };
            }
            member.tell(self.rules, told);
        }
        self.told.entry(told.id).or_insert(*told);
        Some(event)
    }

    fn compare(&self, member: u32, purchase: u32) -> Result<(), Difference> {
        let (core, model) = (self.core(member, purchase), self.model(member, purchase));
        if core == model {
            return Ok(());
        }
        Err(Difference { member, what: format!("purchase {purchase}\n  core  {core:?}\n  model {model:?}") })
    }

    fn model(&self, member: u32, purchase: u32) -> Standing {
        let purchase = self.members.get(&member).and_then(|member| member.purchases.get(&purchase));
        purchase.map_or_else(Standing::default, |purchase| Standing {
            posted: purchase.booked.clone(),
            pending: purchase.pending.clone(),
            open: purchase.open,
        })
    }

    /// The core may keep several purchases where the world has one: what they come to together counts.
    pub(crate) fn core(&self, member: u32, purchase: u32) -> Standing {
        let mut standing = Standing::default();
        for key in self.rows.purchases_of(member) {
            let first = self.told.get(&number(&key.key));
            if first.is_some_and(|first| first.purchase == purchase) {
                let [posted, pending] = self.books.of(&key.key);
                posted.0.into_iter().for_each(|(item, amount)| standing.posted.add(item, amount));
                pending.0.into_iter().for_each(|(item, amount)| standing.pending.add(item, amount));
                standing.open += open(key);
            }
        }
        standing
    }

    /// The prices that tills were offered, by purchase.
    pub(crate) fn offers(&self) -> Vec<(u32, Option<i128>)> {
        let purchases = self.members.values().flat_map(|member| &member.purchases);
        purchases.map(|(number, purchase)| (*number, purchase.offered())).collect()
    }

    /// Everything of everybody.
    pub(crate) fn compare_all(&self) -> Result<(), Difference> {
        self.books.audit(self.rows.all());
        for (number, member) in &self.members {
            let of_core = self
                .rows
                .purchases_of(*number)
                .filter_map(|row| Some(self.told.get(&crate::core::number(&row.key))?.purchase));
            let purchases: BTreeSet<u32> = member.purchases.keys().copied().chain(of_core).collect();
            purchases.into_iter().try_for_each(|purchase| self.compare(*number, purchase))?;
            let (core, model) = (self.rows.counters_of(*number), member.months.counters());
            if core != model {
                let what = format!("counters\n  core  {core:?}\n  model {model:?}");
                return Err(Difference { member: *number, what });
            }
        }
        Ok(())
    }
}

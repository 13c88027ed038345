//! Tells the same messages to the core and to the model, and compares what the members then hold.

use std::collections::{BTreeMap, BTreeSet};

use domain::{Event, EventKind, MilesEvent, Outcome, Purpose, RedemptionState};
use jiff::civil::Date;

use crate::{
    core::{Books, Rows, World, event, key, number, open},
    model::{Lot, Member, Piece, Positions, Says, State, Tally, Told, rules::Rules},
    programs::Read,
};

/// What a purchase comes to on one side.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Standing {
    pub(crate) posted: Positions,
    pub(crate) pending: Positions,
    /// Held and not cleared.
    pub(crate) open: i128,
    pub(crate) lot: Lot,
}

/// Where the two do not agree.
#[derive(Debug, Clone)]
pub(crate) struct Difference {
    pub(crate) member: u32,
    pub(crate) what: String,
}

impl Difference {
    fn between<T: std::fmt::Debug + PartialEq>(
        member: u32,
        what: &str,
        (core, model): (&T, &T),
    ) -> Result<(), Self> {
        if core == model {
            return Ok(());
        }
        Err(Self { member, what: format!("{what}\n  core  {core:?}\n  model {model:?}") })
    }
}

/// Messages from here on are those by which sent miles arrive: nobody wrote them into a story.
const ARRIVALS: u32 = 1_000_000;

pub(crate) struct Play {
    world: &'static World,
    rules: &'static Rules,
    pub(crate) rows: Rows,
    pub(crate) books: Books,
    members: BTreeMap<u32, Member>,
    /// What rules have given to all.
    pub(crate) budgets: Tally,
    told: BTreeMap<u32, Told>,
}

impl Play {
    pub(crate) fn new(program: &'static Read, enrolled: &BTreeMap<u32, Date>) -> Self {
        let (world, rules) = (&program.by_core, &program.by_hand.rules);
        let mut rows = Rows::new(world);
        enrolled.iter().for_each(|(member, day)| rows.enroll(world, *member, *day));
        let members = enrolled.iter().map(|(member, day)| (*member, Member::new(*day))).collect();
        let (books, told, budgets) = (Books::default(), BTreeMap::new(), Tally::default());
        Self { world, rules, rows, books, members, budgets, told }
    }

    /// One batch. `all` has the messages that others name, told or not.
    pub(crate) fn tell(
        &mut self,
        batch: &[Told],
        all: &BTreeMap<u32, Told>,
    ) -> Result<Vec<(Told, Outcome)>, Difference> {
        let mut told = self.tell_batch(batch, all)?;
        let arrivals: Vec<Told> = told.iter().flat_map(|(told, _)| self.arrivals(told)).collect();
        if !arrivals.is_empty() {
            told.extend(self.tell_batch(&arrivals, all)?);
        }
        Ok(told)
    }

    fn tell_batch(
        &mut self,
        batch: &[Told],
        all: &BTreeMap<u32, Told>,
    ) -> Result<Vec<(Told, Outcome)>, Difference> {
        let events: Vec<(Told, Event)> =
            batch.iter().filter_map(|told| Some((*told, self.hear(told, all)?))).collect();
        let (told, events): (Vec<Told>, Vec<Event>) = events.into_iter().unzip();
        let outcomes = self.rows.run(self.world, &events);
        outcomes.iter().for_each(|outcome| self.books.book(outcome));
        let spends = |told: &&Told| told.is_about_miles();
        let spenders: BTreeSet<u32> = told.iter().filter(spends).filter_map(|told| told.member).collect();
        let touched: BTreeSet<(u32, u32)> =
            told.iter().filter_map(|told| Some((told.member?, told.purchase))).collect();
        touched.into_iter().try_for_each(|(member, purchase)| self.compare(member, purchase))?;
        spenders.into_iter().try_for_each(|member| self.compare_member(member))?;
        Ok(told.into_iter().zip(outcomes).collect())
    }

    /// Tells the model and gives the event for the core.
    fn hear(&mut self, told: &Told, all: &BTreeMap<u32, Told>) -> Option<Event> {
        let mut event = event(self.world, told, |id| all.get(&id).copied());
        if let Some(member) = told.member.and_then(|member| self.members.get_mut(&member)) {
            if matches!(told.says, Says::HoldIsOver | Says::MilesAreOver) {
                // The scheduler names purchases that it has found in the books.
                let purchase = key(member.purchases.get(&told.purchase)?.first()?);
                event.kind = match told.says {
                    Says::HoldIsOver => EventKind::HoldExpiry { purchase },
                    _ => EventKind::Miles(MilesEvent::Expiry { purchase }),
                };
            }
            member.tell(self.rules, told, &mut self.budgets);
        }
        self.told.entry(told.id).or_insert(*told);
        Some(event)
    }

    /// The pieces by which miles arrive that were sent.
    fn arrivals(&self, told: &Told) -> Vec<Told> {
        let Says::Send { to, .. } = told.says else { return Vec::new() };
        let Some(member) = told.member.and_then(|member| self.members.get(&member)) else {
            return Vec::new();
        };
        let pieces = member.spendings.get(&told.id).map(|sent| sent.pieces.as_slice()).unwrap_or_default();
        let arrival = |(place, piece): (usize, &Piece)| {
            let of = &member.purchases[&piece.of];
            let id = ARRIVALS + told.id * 100 + u32::try_from(place).unwrap();
            let (vests, expires) = (of.lot.vests, of.lot.expires);
            let says = Says::Arrive { miles: piece.miles, granted: of.lot_day().unwrap(), vests, expires };
            Told { id, member: Some(to), purchase: id, says, ..*told }
        };
        pieces.iter().enumerate().map(arrival).collect()
    }

    fn compare(&self, member: u32, purchase: u32) -> Result<(), Difference> {
        let (core, model) = (self.core(member, purchase), self.model(member, purchase));
        Difference::between(member, &format!("purchase {purchase}"), (&core, &model))
    }

    fn model(&self, member: u32, purchase: u32) -> Standing {
        let purchase = self.members.get(&member).and_then(|member| member.purchases.get(&purchase));
        purchase.map_or_else(Standing::default, |purchase| Standing {
            posted: purchase.booked.and(&purchase.moved),
            pending: purchase.pending.clone(),
            open: purchase.open,
            lot: purchase.lot.compared(purchase.granted()),
        })
    }

    /// The core may keep several purchases where the world has one: what they come to together counts.
    pub(crate) fn core(&self, member: u32, purchase: u32) -> Standing {
        let mut standing = Standing::default();
        for key in self.rows.purchases_of(member) {
            let first = self.told.get(&number(&key.key));
            if first.is_some_and(|first| first.purchase == purchase) {
                self.add(&mut standing, key);
            }
        }
        standing
    }

    fn add(&self, standing: &mut Standing, row: &domain::Purchase) {
        let [posted, pending] = self.books.of(&row.key);
        standing.posted = standing.posted.and(&posted);
        standing.pending = standing.pending.and(&pending);
        standing.open += open(row);
        let (lot, of_row) = (&mut standing.lot, &row.lot);
        lot.spent += i128::from(of_row.spent_miles);
        lot.expired += i128::from(of_row.expired_miles);
        lot.covered += i128::from(of_row.covered_miles);
        lot.borne += i128::from(of_row.borne_miles);
        if row.booked.miles() > 0 {
            (lot.vests, lot.expires) = (of_row.vests_on, of_row.expire_on);
        }
    }

    /// Which messages were answered with an offer at the till, and the price, by purchase.
    pub(crate) fn offers(&self) -> Vec<(u32, Option<(u32, i128)>)> {
        let purchases = self.members.values().flat_map(|member| &member.purchases);
        purchases.map(|(number, purchase)| (*number, purchase.offered())).collect()
    }

    /// All purchases of a member, what he has spent, and his balance.
    fn compare_member(&self, number: u32) -> Result<(), Difference> {
        let Some(member) = self.members.get(&number) else { return Ok(()) };
        let mut of_core: BTreeMap<u32, Standing> = BTreeMap::new();
        for row in self.rows.purchases_of(number) {
            let Some(first) = self.told.get(&crate::core::number(&row.key)) else { continue };
            self.add(of_core.entry(first.purchase).or_default(), row);
        }
        let purchases: BTreeSet<u32> = member.purchases.keys().chain(of_core.keys()).copied().collect();
        for purchase in purchases {
            let core = of_core.remove(&purchase).unwrap_or_default();
            let model = self.model(number, purchase);
            Difference::between(number, &format!("purchase {purchase}"), (&core, &model))?;
        }
        let (core, model) = (self.spendings_by_core(number), member_spendings(member));
        Difference::between(number, "spendings", (&core, &model))?;
        let owed = member.purchases.values().map(|purchase| purchase.open_miles()).filter(|open| *open < 0);
        let owed = -owed.sum::<i128>();
        assert!(owed == 0 || self.rules.miles.bearer.is_none(), "member {number} owes {owed} miles");
        Ok(())
    }

    fn spendings_by_core(&self, member: u32) -> BTreeMap<u32, Spent> {
        let purchase = |row: &domain::MessageKey| self.told[&number(row)].purchase;
        let spent = self.rows.redemptions_of(member).map(|redemption| {
            let pieces = redemption.pieces.iter();
            let pieces = pieces.map(|piece| Piece { of: purchase(&piece.lot), miles: piece.miles.into() });
            let state = match redemption.state {
                RedemptionState::Reserved => State::Reserved,
                RedemptionState::Confirmed => State::Done,
                RedemptionState::Cancelled | RedemptionState::Lapsed => State::GivenBack,
            };
            let is_sent = matches!(redemption.purpose, Purpose::Transfer { .. });
            (number(&redemption.key), (state, is_sent, redemption.worth_minor.into(), pieces.collect()))
        });
        spent.collect()
    }

    /// Everything of everybody.
    pub(crate) fn compare_all(&self) -> Result<(), Difference> {
        self.books.audit(self.rows.all());
        for (number, member) in &self.members {
            self.compare_member(*number)?;
            let (core, model) = (self.rows.counters_of(*number), member.counters());
            Difference::between(*number, "counters", (&core, &model))?;
        }
        let budgeted: BTreeSet<&str> =
            self.rules.bounded().filter(|rule| rule.of_all.is_some()).map(|rule| rule.id).collect();
        let given = self.budgets.all().filter(|((rule, _), _)| budgeted.contains(rule));
        let model = given
            .map(|((rule, period), given)| (((*rule).to_owned(), period.clone()), (given.amount, given.uses)))
            .collect();
        Difference::between(0, "budgets", (&self.rows.budgets(), &model))
    }
}

/// How far, whether sent, its worth, and what each lot gave.
type Spent = (State, bool, i128, Vec<Piece>);

fn member_spendings(member: &Member) -> BTreeMap<u32, Spent> {
    let spendings = member.spendings.iter();
    let spent = |(number, spending): (&u32, &crate::model::Spending)| {
        (*number, (spending.state, spending.is_sent, spending.worth, spending.pieces.clone()))
    };
    spendings.map(spent).collect()
}

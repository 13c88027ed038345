//! A day: purchases with their cards and merchants, each message numbered and in its place.

use std::collections::BTreeSet;

use iso8583::{Builder, dialects};
use jiff::{
    civil::{Date, DateTime},
    tz::TimeZone,
};

use super::{
    card::Card,
    compose::Run,
    merchant::Merchant,
    plan_error::PlanError,
    purchase::{Purchase, Step},
};
use crate::random::SplitMix64;

/// DE11 has six digits, and within a day each number comes once.
const STAN_MAX: u32 = 999_999;

/// A planned day.
#[derive(Clone, Debug)]
pub struct Day {
    business_date: Date,
    zone: TimeZone,
    cards: Vec<Card>,
    merchants: Vec<Merchant>,
    purchases: Vec<Purchase>,
    slots: Vec<Slot>,
}

/// The place of one message in the day.
#[derive(Clone, Debug)]
pub(crate) struct Slot {
    pub(crate) purchase: usize,
    pub(crate) step: usize,
    pub(crate) card: usize,
    /// DE11.
    pub(crate) stan: u32,
    /// DE7, UTC.
    pub(crate) transmission: String,
    /// DE12.
    pub(crate) local_time: String,
    /// DE13.
    pub(crate) local_date: String,
    /// DE37 of the purchase.
    pub(crate) retrieval: String,
    /// DE38 of the purchase.
    pub(crate) approval: String,
}

/// A message as it will be sent if no reply reduces an amount.
#[derive(Clone, Debug)]
pub struct Planned<'a> {
    /// The purchase's id.
    pub purchase: &'a str,
    /// The card's label.
    pub card: &'a str,
    /// The message; its `Debug` is masked.
    pub message: Builder,
}

impl Day {
    /// Plans any script: orders the messages by their times (those of one purchase stay as they are), and numbers
    /// them from `first_stan` on. Two days that one gateway sees need different numbers or dates.
    ///
    /// # Errors
    ///
    /// When cards, merchants or steps do not make sense, or there are too many messages.
    pub fn new(
        business_date: Date,
        zone: TimeZone,
        cards: Vec<Card>,
        merchants: Vec<Merchant>,
        purchases: Vec<Purchase>,
        first_stan: u32,
    ) -> Result<Self, PlanError> {
        if cards.is_empty() || merchants.is_empty() {
            return Err(PlanError::Empty);
        }
        let mut labels = BTreeSet::new();
        if let Some(card) = cards.iter().find(|card| !labels.insert(&card.label)) {
            return Err(PlanError::Label { label: card.label.clone() });
        }
        merchants.iter().try_for_each(Merchant::check)?;
        let slots = number(&zone, &purchases, first_stan)?;
        let day = Self { business_date, zone, cards, merchants, purchases, slots };
        // A step that cannot be composed is found here and not in the middle of a replay.
        day.try_planned()?;
        Ok(day)
    }

    /// The business date. All local times are within it.
    #[must_use]
    pub const fn business_date(&self) -> Date {
        self.business_date
    }

    /// The zone of the local times.
    #[must_use]
    pub const fn zone(&self) -> &TimeZone {
        &self.zone
    }

    /// The cards.
    #[must_use]
    pub fn cards(&self) -> &[Card] {
        &self.cards
    }

    /// The merchants.
    #[must_use]
    pub fn merchants(&self) -> &[Merchant] {
        &self.merchants
    }

    /// The purchases.
    #[must_use]
    pub fn purchases(&self) -> &[Purchase] {
        &self.purchases
    }

    /// How many messages the day has, scripted repeats included.
    #[must_use]
    pub fn message_count(&self) -> usize {
        self.slots.len()
    }

    /// All messages in the order of the day, as they will be sent if every reply is 00 and reduces no amount.
    #[must_use]
    pub fn planned(&self) -> Vec<Planned<'_>> {
        // `new` has composed every one of them.
        self.try_planned().unwrap_or_default()
    }

    pub(crate) fn slots(&self) -> &[Slot] {
        &self.slots
    }

    pub(crate) fn purchase_of(&self, slot: &Slot) -> Option<&Purchase> {
        self.purchases.get(slot.purchase)
    }

    pub(crate) fn step_of(&self, slot: &Slot) -> Option<&Step> {
        Some(&self.purchase_of(slot)?.steps.get(slot.step)?.step)
    }

    fn try_planned(&self) -> Result<Vec<Planned<'_>>, PlanError> {
        let mut runs: Vec<Run> = self.purchases.iter().map(Run::new).collect();
        self.slots.iter().map(|slot| self.plan(slot, runs.get_mut(slot.purchase))).collect()
    }

    fn plan(&self, slot: &Slot, run: Option<&mut Run>) -> Result<Planned<'_>, PlanError> {
        let purchase = self.purchase_of(slot);
        let wrong = |problem| PlanError::Step {
            purchase: purchase.map(|purchase| purchase.id.clone()).unwrap_or_default(),
            step: slot.step + 1,
            problem,
        };
        let (Some(run), Some(step), Some(purchase)) = (run, self.step_of(slot), purchase) else {
            return Err(wrong("there is no such step"));
        };
        let message = run.compose(self, slot).map_err(wrong)?;
        let unfit = |_| wrong("an amount, code or currency that does not fit its data element");
        message.encode(dialects::iso87_ascii()).map_err(unfit)?;
        run.took(step, &message, Some("00"), None);
        let card = self.cards.get(slot.card).map(|card| card.label.as_str()).unwrap_or_default();
        Ok(Planned { purchase: &purchase.id, card, message })
    }
}

/// Orders the messages and gives each its numbers.
fn number(zone: &TimeZone, purchases: &[Purchase], first_stan: u32) -> Result<Vec<Slot>, PlanError> {
    let mut places: Vec<(DateTime, usize, usize)> = Vec::new();
    for (number, purchase) in purchases.iter().enumerate() {
        let mut at = DateTime::MIN;
        for (step, timed) in purchase.steps.iter().enumerate() {
            // The messages of a purchase stay in their order whatever their times say.
            at = at.max(timed.at);
            places.push((at, number, step));
        }
    }
    places.sort_unstable();
    let too_many = || PlanError::TooManyMessages { messages: places.len() };
    let last = u32::try_from(places.len()).ok().and_then(|count| first_stan.checked_add(count));
    if first_stan == 0 || last.is_none_or(|last| last > STAN_MAX + 1) {
        return Err(too_many());
    }
    let mut references: Vec<Option<(String, String)>> = vec![None; purchases.len()];
    let mut slots = Vec::with_capacity(places.len());
    for ((at, purchase, step), stan) in places.into_iter().zip(first_stan..) {
        let out_of_range = |_| PlanError::Time { date: at.date().to_string() };
        let zoned = at.to_zoned(zone.clone()).map_err(out_of_range)?;
        let (Some(place), Some(owner)) = (references.get_mut(purchase), purchases.get(purchase)) else {
            continue;
        };
        let (retrieval, approval) =
            place.get_or_insert_with(|| (retrieval(at, stan), approval(stan))).clone();
        slots.push(Slot {
            purchase,
            step,
            card: owner.card,
            stan,
            transmission: zoned.timestamp().strftime("%m%d%H%M%S").to_string(),
            local_time: at.strftime("%H%M%S").to_string(),
            local_date: at.strftime("%m%d").to_string(),
            retrieval,
            approval,
        });
    }
    Ok(slots)
}

/// DE37 as acquirers make it: last digit of the year, day of the year, hour, and the STAN of the first message.
fn retrieval(at: DateTime, stan: u32) -> String {
    format!("{}{:03}{:02}{stan:06}", at.year().rem_euclid(10), at.date().day_of_year(), at.hour())
}

/// DE38: six digits that look like no row.
fn approval(stan: u32) -> String {
    format!("{:06}", SplitMix64::new(u64::from(stan)).below(1_000_000))
}

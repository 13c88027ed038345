//! What an account's open lots come to on a day: what may be spent, what waits, what is owed.

use jiff::civil::Date;

use crate::{MessageKey, Purchase};

/// A lot as a spending would find it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpenLot {
    /// The purchase.
    pub key: MessageKey,
    /// The day of the purchase.
    pub granted_on: Date,
    /// See [`crate::Lot::vests_on`].
    pub vests_on: Option<Date>,
    /// The first day without these miles, activity counted; `None`: they do not expire.
    pub expire_on: Option<Date>,
    /// What is open of it; below zero it is a debt.
    pub open: i64,
    /// What may be spent of it that day, when debts of the account are covered.
    pub spendable: i64,
}

impl OpenLot {
    /// The order in which lots are spent, of one account or of a household.
    pub fn order(&self) -> (Date, Date, MessageKey) {
        (self.expire_on.unwrap_or(Date::MAX), self.granted_on, self.key)
    }

    /// Whether its time is over on `day`, although nobody may have looked yet.
    fn has_expired(&self, day: Date) -> bool {
        self.expire_on.is_some_and(|first| first <= day)
    }
}

/// The open lots of one account on one day, the first to expire first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Holding {
    lots: Vec<OpenLot>,
    day: Date,
}

impl Holding {
    /// Of an account's purchases, each with the day to which activity keeps it; see
    /// [`crate::MilesRules::kept_until`]. Lots without open miles do not count.
    pub fn of(purchases: impl IntoIterator<Item = (Purchase, Option<Date>)>, day: Date) -> Self {
        let open = purchases.into_iter().filter(|(lot, _)| lot.open_miles() != 0);
        let mut lots: Vec<OpenLot> = open
            .map(|(lot, kept)| OpenLot {
                key: lot.key,
                granted_on: lot.date,
                vests_on: lot.lot.vests_on,
                expire_on: lot.lot.expire_on.map(|until| kept.map_or(until, |kept| until.max(kept))),
                open: lot.open_miles(),
                spendable: 0,
            })
            .collect();
        lots.sort_by_key(OpenLot::order);
        let mut holding = Self { lots, day };
        holding.cover_debts();
        holding
    }

    /// A debt is made good from all lots whose time is not over, vested or not, in the order of expiry: what a lot has
    /// left of that may be spent once it has vested. Spending does the same, with movements.
    fn cover_debts(&mut self) {
        let mut owed = self.owed();
        for lot in &mut self.lots {
            let there = if lot.has_expired(self.day) { 0 } else { lot.open.max(0) };
            let covers = there.min(owed);
            owed -= covers;
            let vested = lot.vests_on.is_none_or(|first| first <= self.day);
            lot.spendable = if vested { there - covers } else { 0 };
        }
    }

    /// The lots, the first to expire first.
    pub fn lots(&self) -> &[OpenLot] {
        &self.lots
    }

    /// What may be spent.
    pub fn spendable(&self) -> i64 {
        self.lots.iter().fold(0, |sum, lot| sum.saturating_add(lot.spendable))
    }

    /// What is there and may not be spent yet.
    pub fn vesting(&self) -> i64 {
        let waits =
            |lot: &&OpenLot| !lot.has_expired(self.day) && lot.vests_on.is_some_and(|first| first > self.day);
        self.lots.iter().filter(waits).fold(0, |sum, lot| sum.saturating_add(lot.open.max(0)))
    }

    /// What is owed: miles that were spent and then taken back.
    pub fn owed(&self) -> i64 {
        self.lots.iter().fold(0, |sum, lot| sum.saturating_add(lot.open.saturating_neg().max(0)))
    }
}

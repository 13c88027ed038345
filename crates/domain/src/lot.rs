//! What becomes of miles after they are booked. The purchase that was granted them is their lot: they keep its age.

use jiff::civil::Date;

use crate::{Amounts, Item, MilesLedger, MilesRules, Purchase};

/// How much of a purchase's miles has gone since they were booked, and when the rest may be spent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Lot {
    /// Spent, sent to another account, taken by staff, or used for the debt of another lot.
    pub spent_miles: i64,
    /// Expired; or refused by the partner, where that keeps the miles.
    pub expired_miles: i64,
    /// A debt of this lot that other lots of the account made good.
    pub covered_miles: i64,
    /// A debt of this lot that the program's funder bears; or what the partner that keeps the miles did not give back.
    pub borne_miles: i64,
    /// The first day on which its miles may be spent; `None`: at once.
    pub vests_on: Option<Date>,
    /// The first day on which its miles are no longer there; `None`: they do not expire.
    pub expire_on: Option<Date>,
}

impl Purchase {
    /// Booked less what has gone. Below zero it is a debt: what was taken back had been spent.
    pub fn open_miles(&self) -> i64 {
        let gone = self.lot.spent_miles.saturating_add(self.lot.expired_miles);
        let made_good = self.lot.covered_miles.saturating_add(self.lot.borne_miles);
        self.booked.miles().saturating_sub(gone).saturating_add(made_good)
    }

    /// The miles that may be spent on `day`.
    pub fn spendable_miles(&self, day: Date) -> i64 {
        let vested = self.lot.vests_on.is_none_or(|first| first <= day);
        if vested { self.unexpired_miles(day) } else { 0 }
    }

    /// The miles whose time is not over on `day`, whether or not they may be spent.
    pub(crate) fn unexpired_miles(&self, day: Date) -> i64 {
        // The scheduler may be late: a lot whose day has come is not there.
        let expired = self.lot.expire_on.is_some_and(|first| first <= day);
        if expired { 0 } else { self.open_miles().max(0) }
    }

    /// What follows for the lot when `before` was booked and now something else is: the posted movements beside
    /// those of the booking itself.
    ///
    /// Expired miles are no longer the member's, so they are taken back first; then what is open; then what was
    /// spent, which leaves a debt. The program says who bears that.
    ///
    /// `rules_before` are those that a correction has put aside: what their funder has borne goes back to him first.
    pub(crate) fn settle_lot(
        &mut self,
        before: &Amounts,
        rules: &MilesRules,
        rules_before: Option<&MilesRules>,
    ) -> Vec<(Item, i64)> {
        if rules.ledger == MilesLedger::Partner {
            return self.settle_mirror(before, rules, rules_before);
        }
        let mut movements = Vec::new();
        let bore = rules_before.and_then(|rules| rules.debts_borne_by);
        if let Some(funder) = bore.filter(|_| bore != rules.debts_borne_by && self.lot.borne_miles != 0) {
            movements.push((Item::Borne { funder }, -self.lot.borne_miles));
            self.lot.borne_miles = 0;
        }
        let taken_back = (before.miles() - self.booked.miles()).max(0);
        let absorbed = taken_back.min(self.lot.expired_miles);
        if absorbed > 0 {
            self.lot.expired_miles -= absorbed;
            movements.push((Item::Expired, absorbed));
        }
        if self.booked.miles() > 0 && self.lot.vests_on.is_none() && self.lot.expire_on.is_none() {
            self.lot.vests_on = rules.vests_on(self.date, self.partner);
            self.lot.expire_on = rules.expire_on(self.date);
        }
        movements.extend(self.bear_debt(rules));
        movements
    }

    /// Brings what the program's funder bears of this lot to its debt: more for a new one, less when miles come back.
    pub(crate) fn bear_debt(&mut self, rules: &MilesRules) -> Option<(Item, i64)> {
        // What the member has spent there, only the partner knows.
        let funder = rules.debts_borne_by.filter(|_| rules.ledger == MilesLedger::Own)?;
        let unborne = self.open_miles() - self.lot.borne_miles;
        let borne = (-unborne).max(0);
        let difference = borne - self.lot.borne_miles;
        self.lot.borne_miles = borne;
        (difference != 0).then_some((Item::Borne { funder }, difference))
    }
}

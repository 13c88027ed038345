//! What rules have given, to one member and to all together, and what their limits and budgets leave.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::rules::{Bounded, Most, Rules};

/// What one purchase has of each rule with a limit or a budget: booked, or offered at a till and not known yet.
pub(crate) type Claims = BTreeMap<&'static str, i128>;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Given {
    pub(crate) amount: i128,
    /// To how many purchases.
    pub(crate) uses: i128,
}

/// By rule and period.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tally(BTreeMap<(&'static str, String), Given>);

impl Tally {
    /// A purchase of that day had so much of a rule, and now has so much.
    fn count(&mut self, rule: &'static str, most: Most, day: Date, (had, has): (i128, i128)) {
        let given = self.0.entry((rule, most.window.period(day))).or_default();
        given.amount += has - had;
        given.uses += i128::from(has > 0) - i128::from(had > 0);
    }

    /// Given to others than a purchase of that day, which has so much.
    fn beside(&self, rule: &'static str, most: Most, (day, has): (Date, i128)) -> Given {
        let given = self.0.get(&(rule, most.window.period(day))).copied().unwrap_or_default();
        Given { amount: given.amount - has, uses: given.uses - i128::from(has > 0) }
    }

    /// Where anything is given.
    pub(crate) fn all(&self) -> impl Iterator<Item = (&(&'static str, String), Given)> {
        self.0.iter().map(|(key, given)| (key, *given)).filter(|(_, given)| *given != Given::default())
    }
}

/// What rules may give to one purchase.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Room<'a> {
    /// What caps leave, with what the purchase has already.
    pub(crate) cap: Option<i128>,
    /// The purchase, or `None` where limits are of no interest.
    pub(crate) limits: Option<Limits<'a>>,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits<'a> {
    pub(crate) day: Date,
    pub(crate) claims: &'a Claims,
    pub(crate) of_member: &'a Tally,
    pub(crate) of_all: &'a Tally,
}

impl Room<'_> {
    pub(crate) const UNBOUNDED: Room<'static> = Room { cap: None, limits: None };

    /// How much of what is asked a rule may give; `None` if it is used up, and no longer applies.
    pub(crate) fn allows(&self, rule: Bounded, asked: i128) -> Option<i128> {
        let Some(limits) = self.limits else { return Some(asked) };
        let has = limits.claims.get(rule.id).copied().unwrap_or(0);
        let bounds = [(rule.of_member, limits.of_member), (rule.of_all, limits.of_all)];
        let mut allowed = asked;
        for (most, tally) in bounds {
            let Some(most) = most else { continue };
            let others = tally.beside(rule.id, most, (limits.day, has));
            let left = most.amount.map_or(i128::MAX, |amount| amount - others.amount);
            if left <= 0 || most.uses.is_some_and(|uses| others.uses >= uses) {
                return None;
            }
            allowed = allowed.min(left);
        }
        Some(allowed)
    }
}

/// Counts what a purchase of that day now has in place of what it had.
pub(crate) fn count(
    rules: &Rules,
    day: Date,
    (had, has): (&Claims, &Claims),
    of_member: &mut Tally,
    of_all: &mut Tally,
) {
    for rule in rules.bounded() {
        let claim = |claims: &Claims| claims.get(rule.id).copied().unwrap_or(0);
        let change = (claim(had), claim(has));
        for (most, tally) in [(rule.of_member, &mut *of_member), (rule.of_all, &mut *of_all)] {
            most.into_iter().for_each(|most| tally.count(rule.id, most, day, change));
        }
    }
}

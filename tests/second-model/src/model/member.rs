//! All purchases of one member.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use super::{
    caps::Months,
    limits::{Limits, Room, Tally, count},
    lots::Lot,
    position::Item,
    purchase::Purchase,
    reversal::Reversals,
    rules::Rules,
    spending::Spending,
    told::{Kind, Says, Told},
};

#[derive(Debug, Clone)]
pub(crate) struct Member {
    enrolled: Date,
    heard: BTreeSet<u32>,
    /// When messages were sent, where that is not in the order of their numbers.
    pub(crate) sent: BTreeMap<u32, u64>,
    /// Records of clearing files that counted.
    records: BTreeSet<u32>,
    reversals: Reversals,
    pub(crate) purchases: BTreeMap<u32, Purchase>,
    pub(crate) months: Months,
    /// Units by calendar year, and the tier that they have lifted to.
    units: BTreeMap<i16, i128>,
    tier: u8,
    /// What rules with a limit have given him.
    pub(crate) limits: Tally,
    pub(crate) spendings: BTreeMap<u32, Spending>,
    /// The day on which he last bought or spent something.
    pub(crate) used: Option<Date>,
}

impl Member {
    pub(crate) fn new(enrolled: Date) -> Self {
        let (heard, reversals) = (BTreeSet::new(), Reversals::default());
        let (purchases, months) = (BTreeMap::new(), Months::default());
        Self {
            enrolled,
            heard,
            sent: BTreeMap::new(),
            records: BTreeSet::new(),
            reversals,
            purchases,
            months,
            units: BTreeMap::new(),
            tier: 0,
            limits: Tally::default(),
            spendings: BTreeMap::new(),
            used: None,
        }
    }

    /// Takes one message and computes the purchase that it concerns. `budgets` is what rules have given to all.
    pub(crate) fn tell(&mut self, rules: &Rules, told: &Told, budgets: &mut Tally) {
        if !self.heard.insert(told.id) {
            return;
        }
        match told.says {
            Says::HoldIsOver => {
                let purchase = self.purchases.get_mut(&told.purchase);
                if !purchase.is_some_and(|purchase| purchase.give_up(rules, told.day)) {
                    return;
                }
            }
            Says::Reverse { of, remains } => {
                let leaves_less = self.reversals.tell(of, remains);
                // What a file undoes twice is left alone: it is not even computed again.
                if !leaves_less && told.record.is_some() {
                    return;
                }
            }
            _ if told.is_about_miles() => return self.move_miles(rules, told),
            _ if !self.counts(told) => return,
            _ => self.add(rules, told, budgets),
        }
        self.compute(rules, told, budgets);
    }

    fn move_miles(&mut self, rules: &Rules, told: &Told) {
        match told.says {
            Says::MilesAreOver => {
                let Some(purchase) = self.purchases.get_mut(&told.purchase) else { return };
                let (granted, when) = (purchase.granted(), (told.day, self.used));
                purchase.lot.expire(&rules.miles, granted, when, &mut purchase.moved);
            }
            Says::Spend { miles } => self.spend(rules, told, miles),
            Says::Send { miles, to } => self.send(rules, told, (miles, to)),
            Says::Adjust { miles, by } => self.adjust(rules, told, (miles, by)),
            Says::Arrive { miles, granted, vests, expires } => {
                self.open_lot(told, (Item::moved(), miles), (granted, vests, expires));
            }
            _ => self.end_spending(rules, told),
        }
    }

    /// Miles that no purchase brought are a lot of their own.
    pub(crate) fn open_lot(
        &mut self,
        told: &Told,
        miles: (Item, i128),
        (day, vests, expires): (Date, Option<Date>, Option<Date>),
    ) {
        let lot = Lot { vests, expires, ..Lot::default() };
        self.purchases.insert(told.purchase, Purchase::brought(told, miles, day, lot));
    }

    fn counts(&self, told: &Told) -> bool {
        let is_record_again = told.record.is_some_and(|record| self.records.contains(&record));
        !is_record_again
            && (told.goes_back() || told.day >= self.enrolled)
            && told.kind != Kind::Inquiry
            && told.says != Says::ClearElsewhere
            && told.has_amount()
    }

    fn add(&mut self, rules: &Rules, told: &Told, budgets: &Tally) {
        self.records.extend(told.record);
        if told.is_use() && self.reversals.left(told) > 0 {
            self.used = self.used.max(Some(told.day));
        }
        let mut purchase = self.purchases.remove(&told.purchase).unwrap_or_default();
        let claims = purchase.claims.clone();
        let limits = Limits { day: told.day, claims: &claims, of_member: &self.limits, of_all: budgets };
        let room = Room { cap: None, limits: Some(limits) };
        purchase.tell(rules, told, &self.reversals, self.tier, &room);
        self.purchases.insert(told.purchase, purchase);
    }

    fn compute(&mut self, rules: &Rules, told: &Told, budgets: &mut Tally) {
        let Some(purchase) = self.purchases.get_mut(&told.purchase) else { return };
        // A reversal whose original was not heard of, or did not count, concerns nothing yet.
        if matches!(told.says, Says::Reverse { of, .. } if !purchase.has(of)) {
            return;
        }
        let Some(day) = purchase.day() else { return };
        let (had, had_units) = (purchase.booked.miles(), purchase.booked.of(&Item::qualifying()));
        let claims = purchase.claims.clone();
        let cap = rules.cap.map(|cap| self.months.room(cap, day, had));
        let limits = Limits { day, claims: &claims, of_member: &self.limits, of_all: budgets };
        purchase.compute(rules, &self.reversals, &Room { cap, limits: Some(limits) });
        count(rules, day, (&claims, &purchase.claims), &mut self.limits, budgets);
        self.months.count(day, purchase.booked.miles() - had);
        let units = self.units.entry(day.year()).or_default();
        *units += purchase.booked.of(&Item::qualifying()) - had_units;
        let earned = rules.tiers.as_ref().map_or(0, |tiers| tiers.earned(*units));
        self.tier = self.tier.max(earned);
    }

    /// What rules with a limit gave him, as the ledger names it, without zeros.
    pub(crate) fn counters(&self) -> BTreeMap<(String, String), i128> {
        let miles = self.months.counters().into_iter();
        let mut counters: BTreeMap<(String, String), i128> =
            miles.map(|(month, miles)| (("miles_granted".to_owned(), month), miles)).collect();
        for ((rule, period), given) in self.limits.all() {
            counters.insert((format!("amount:{rule}"), period.clone()), given.amount);
            counters.insert((format!("uses:{rule}"), period.clone()), given.uses);
        }
        counters
    }
}

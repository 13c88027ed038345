//! All purchases of one member.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use super::{
    caps::Months,
    position::Item,
    purchase::Purchase,
    reversal::Reversals,
    rules::Rules,
    told::{Kind, Says, Told},
};

#[derive(Debug, Clone)]
pub(crate) struct Member {
    enrolled: Date,
    heard: BTreeSet<u32>,
    /// Records of clearing files that counted.
    records: BTreeSet<u32>,
    reversals: Reversals,
    pub(crate) purchases: BTreeMap<u32, Purchase>,
    pub(crate) months: Months,
    /// Units by calendar year, and the tier that they have lifted to.
    units: BTreeMap<i16, i128>,
    tier: u8,
}

impl Member {
    pub(crate) fn new(enrolled: Date) -> Self {
        let (heard, reversals) = (BTreeSet::new(), Reversals::default());
        let (purchases, months) = (BTreeMap::new(), Months::default());
        Self {
            enrolled,
            heard,
            records: BTreeSet::new(),
            reversals,
            purchases,
            months,
            units: BTreeMap::new(),
            tier: 0,
        }
    }

    /// Takes one message and computes the purchase that it concerns.
    pub(crate) fn tell(&mut self, rules: &Rules, told: &Told) {
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
            _ if !self.counts(told) => return,
            _ => {
                self.records.extend(told.record);
                self.purchases.entry(told.purchase).or_default().tell(
                    rules,
                    told,
                    &self.reversals,
                    self.tier,
                );
            }
        }
        self.compute(rules, told);
    }

    fn counts(&self, told: &Told) -> bool {
        let is_record_again = told.record.is_some_and(|record| self.records.contains(&record));
        !is_record_again
            && (told.goes_back() || told.day >= self.enrolled)
            && told.kind != Kind::Inquiry
            && told.says != Says::ClearElsewhere
            && told.has_amount()
    }

    fn compute(&mut self, rules: &Rules, told: &Told) {
        let Some(purchase) = self.purchases.get_mut(&told.purchase) else { return };
        // A reversal whose original was not heard of, or did not count, concerns nothing yet.
        if matches!(told.says, Says::Reverse { of, .. } if !purchase.has(of)) {
            return;
        }
        let day = purchase.day();
        let (had, had_units) = (purchase.booked.miles(), purchase.booked.of(&Item::qualifying()));
        let room = rules.cap.zip(day).map(|(cap, day)| self.months.room(cap, day, had));
        purchase.compute(rules, &self.reversals, room);
        if let Some(day) = day {
            self.months.count(day, purchase.booked.miles() - had);
            let units = self.units.entry(day.year()).or_default();
            *units += purchase.booked.of(&Item::qualifying()) - had_units;
            let earned = rules.tiers.as_ref().map_or(0, |tiers| tiers.earned(*units));
            self.tier = self.tier.max(earned);
        }
    }
}

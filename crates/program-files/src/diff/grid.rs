//! Example purchases at which two versions may differ: the tests of both, and around every bound that a rule names.

use std::collections::BTreeSet;

use domain::{
    AwardInput, Birthday, BirthdayWindow, Condition, DiscountMode, DiscountRule, Effective, MccRange,
    PartnerId, Program, Ratio, Reduction, Rounding, TierRank,
};
use jiff::ToSpan;
use jiff::civil::{Date, Time, date};

use crate::given::Given;
use crate::program::ProgramFile;

/// The tests of both files with their names, then the derived purchases; each once.
pub(super) fn examples(old: &ProgramFile, new: &ProgramFile) -> Vec<(Option<String>, Given)> {
    let mut found: Vec<(Option<String>, Given)> = Vec::new();
    for test in new.tests.iter().chain(&old.tests) {
        if !found.iter().any(|(_, given)| *given == test.given) {
            found.push((Some(test.name.clone()), test.given.clone()));
        }
    }
    let bounds = Bounds::of([&old.program, &new.program]);
    found.extend(bounds.purchases().into_iter().map(|given| (None, given)));
    found
}

/// Everything that rules compare a purchase with.
#[derive(Debug, Default)]
struct Bounds {
    partners: BTreeSet<Option<PartnerId>>,
    categories: BTreeSet<Option<u16>>,
    days: BTreeSet<Date>,
    times: BTreeSet<Option<Time>>,
    amounts: BTreeSet<u64>,
    /// Miles of other purchases.
    earned: BTreeSet<i64>,
    /// Purchases to which a rule applies.
    homes: BTreeSet<Place>,
    at_till: bool,
    /// Ranks of tiers that a rule names, and none.
    tiers: BTreeSet<TierRank>,
    /// Campaigns whose coupon may be shown, and none.
    coupons: BTreeSet<Option<String>>,
    birthdays: Vec<BirthdayWindow>,
}

/// Where and when a purchase is made.
type Place = (Option<PartnerId>, Option<u16>, Date, Option<Time>);

impl Bounds {
    fn of(programs: [&Program; 2]) -> Self {
        let mut bounds = Self::default();
        bounds.partners.insert(None);
        bounds.earned.insert(0);
        bounds.tiers.insert(0);
        bounds.coupons.insert(None);
        bounds.amounts.extend([1, 100, 123_456, 10_000_000]);
        let first = first_day(programs);
        // A week holds every weekday.
        bounds.days.extend((0..7).filter_map(|more| first.checked_add(more.days()).ok()));
        for program in programs {
            bounds.add_rates(program);
            bounds.add_discounts(program);
            bounds.categories.extend(program.excluded_mcc.iter().map(|range| Some(range.first)));
        }
        let plain = bounds.plain_category(programs);
        bounds.categories.insert(Some(plain));
        for program in programs {
            bounds.add_homes(program, plain, first);
        }
        bounds.homes.insert((None, Some(plain), first, None));
        bounds
    }

    fn around(&mut self, amount: u64) {
        self.amounts.extend([amount.saturating_sub(1), amount, amount.saturating_add(1)]);
    }

    fn add_range(&mut self, effective: Effective) {
        for day in [effective.from, effective.to].into_iter().flatten() {
            self.days.insert(day);
            self.days.extend(day.yesterday().ok());
        }
    }

    fn add_condition(&mut self, when: &Condition) {
        self.partners.extend(when.partners.iter().copied().map(Some));
        self.tiers.extend(&when.tiers);
        self.coupons.extend(when.coupon.clone().map(Some));
        self.birthdays.extend(when.birthday);
        for range in when.mcc.iter().chain(&when.except_mcc) {
            self.categories.extend([Some(range.first), Some(range.last)]);
        }
        for bound in when.hours.iter().flat_map(|hours| [hours.from, hours.to]) {
            let before = bound.wrapping_sub(jiff::Span::new().minutes(1));
            self.times.extend([Some(bound), Some(before)]);
        }
        when.amount_from.into_iter().chain(when.amount_below).for_each(|amount| self.around(amount));
    }

    fn add_rates(&mut self, program: &Program) {
        for rule in &program.base {
            self.add_range(rule.effective);
            self.around(rule.per_minor);
            self.around(rule.per_minor.saturating_mul(100));
            for cap in &program.caps {
                // The amount that reaches the cap alone.
                let steps = cap.miles_max.div_ceil(u64::from(rule.miles).max(1));
                self.around(steps.saturating_mul(rule.per_minor));
            }
        }
        for rule in &program.bonuses {
            self.add_range(rule.effective);
            self.add_condition(&rule.when);
        }
        for cap in &program.caps {
            self.add_range(cap.effective);
            self.earned.extend(i64::try_from(cap.miles_max.saturating_sub(1)).ok());
        }
    }

    fn add_discounts(&mut self, program: &Program) {
        for rule in &program.discounts {
            self.add_range(rule.effective);
            self.add_condition(&rule.when);
            self.partners.insert(Some(rule.partner));
            self.at_till |= rule.mode == DiscountMode::AtTill;
            rule.amount_min.into_iter().for_each(|amount| self.around(amount));
            for tier in &rule.tiers {
                self.around(tier.from);
                match tier.gives {
                    Reduction::Percent(share) => self.around_largest(rule, share),
                    Reduction::Amount(minor) => self.around(minor),
                }
            }
        }
    }

    /// The amount that reaches the largest discount.
    fn around_largest(&mut self, rule: &DiscountRule, share: Ratio) {
        let max = rule.discount_max.and_then(|max| i64::try_from(max).ok());
        let full = max.zip(Ratio::new(share.denominator(), share.numerator()).ok());
        let reached = full.and_then(|(max, share)| share.of(max, Rounding::HalfUp).ok());
        reached.and_then(|amount| u64::try_from(amount).ok()).into_iter().for_each(|at| self.around(at));
    }

    /// A category that no rule names.
    fn plain_category(&self, programs: [&Program; 2]) -> u16 {
        let named: Vec<MccRange> = programs
            .iter()
            .flat_map(|program| {
                let bonuses = program.bonuses.iter().map(|rule| &rule.when);
                let when = bonuses.chain(program.discounts.iter().map(|rule| &rule.when));
                let ranges = when.flat_map(|when| when.mcc.iter().chain(&when.except_mcc));
                ranges.chain(&program.excluded_mcc).copied().collect::<Vec<_>>()
            })
            .collect();
        (5000..=9999).find(|mcc| !named.iter().any(|range| range.contains(*mcc))).unwrap_or(5000)
    }

    /// For each rule a purchase to which it applies, apart from the amount.
    fn add_homes(&mut self, program: &Program, plain: u16, first: Date) {
        let bonuses = program.bonuses.iter().map(|rule| (rule.effective, &rule.when, None));
        let discounts = program.discounts.iter().map(|rule| (rule.effective, &rule.when, Some(rule.partner)));
        for (effective, when, partner) in bonuses.chain(discounts) {
            let partner = partner.or(when.partners.first().copied());
            let mcc = when.mcc.first().map_or(plain, |range| range.first);
            let begin = effective.from.unwrap_or(first).max(first);
            let begin = if effective.contains(begin) { begin } else { effective.from.unwrap_or(begin) };
            let holds = |day: &Date| {
                let weekday = when.weekdays.is_empty() || when.weekdays.contains(&day.weekday());
                let month_day =
                    when.month_days.is_empty() || when.month_days.iter().any(|days| days.contains(*day));
                effective.contains(*day) && weekday && month_day
            };
            let mut days = (0..366).filter_map(|more| begin.checked_add(more.days()).ok());
            self.homes.insert((
                partner,
                Some(mcc),
                days.find(holds).unwrap_or(begin),
                when.hours.first().map(|hours| hours.from),
            ));
        }
    }

    /// The places of the rules, and those that differ from one of them in one respect.
    fn places(&self) -> BTreeSet<Place> {
        let mut places = self.homes.clone();
        for (partner, mcc, day, time) in self.homes.iter().copied() {
            places.extend(self.partners.iter().map(|other| (*other, mcc, day, time)));
            places.extend(self.categories.iter().map(|other| (partner, *other, day, time)));
            places.extend(self.days.iter().map(|other| (partner, mcc, *other, time)));
            places.extend(self.times.iter().map(|other| (partner, mcc, day, *other)));
        }
        places
    }

    /// That of the day itself, and for the place of a rule the first and last that are near, with those beyond.
    fn birthdays(&self, (partner, mcc, date, time): Place) -> BTreeSet<Birthday> {
        let home = self.homes.contains(&(partner, mcc, date, time));
        let around = self.birthdays.iter().flat_map(|window| {
            let (before, after) = (i64::from(window.days_before), i64::from(window.days_after));
            let edges = [0, before, before + 1, -after, -after - 1];
            edges.into_iter().filter(move |days| home || *days == 0)
        });
        let birthday = |days: i64| {
            let day = date.checked_add(days.days()).ok()?;
            Birthday::new(day.month(), day.day())
        };
        around.filter_map(birthday).collect()
    }

    fn purchases(&self) -> Vec<Given> {
        let mut purchases = Vec::new();
        for place in self.places() {
            let earned = self.earned.iter().filter(|earned| **earned == 0 || self.homes.contains(&place));
            for earned in earned {
                for amount in self.amounts.iter().filter(|amount| i64::try_from(**amount).is_ok()) {
                    for tier in &self.tiers {
                        let plain = given(place, *amount, *earned, *tier, false);
                        if self.at_till && place.0.is_some() {
                            purchases.push(Given { authorization: true, ..plain.clone() });
                        }
                        purchases.push(plain);
                    }
                }
            }
        }
        let shown = self.coupons.iter().flatten().flat_map(|coupon| {
            let at_home = purchases.iter().filter(|given| self.homes.contains(&place_of(given)));
            at_home.map(|given| Given { coupon: Some(coupon.clone()), ..given.clone() })
        });
        let shown: Vec<Given> = shown.collect();
        purchases.extend(shown);
        self.with_birthdays(&mut purchases);
        // The plainest come first: of those that differ in one way, the first is shown.
        purchases.sort_by_key(|given| {
            let input = &given.input;
            (given.coupon.is_some(), input.granted_elsewhere, input.tier, input.birthday, given.authorization)
        });
        purchases
    }

    /// Adds each purchase once more for each birthday that matters to it.
    fn with_birthdays(&self, purchases: &mut Vec<Given>) {
        if self.birthdays.is_empty() {
            return;
        }
        let more: Vec<Given> = purchases
            .iter()
            .flat_map(|given| {
                let AwardInput { partner, mcc, date, time, .. } = given.input;
                let told = self.birthdays((partner, mcc, date, time)).into_iter();
                told.map(|birthday| {
                    let input = AwardInput { birthday: Some(birthday), ..given.input };
                    Given { input, ..given.clone() }
                })
            })
            .collect();
        purchases.extend(more);
    }
}

fn given(
    (partner, mcc, date, time): Place,
    amount: u64,
    earned: i64,
    tier: TierRank,
    authorization: bool,
) -> Given {
    let input = AwardInput {
        net_minor: amount,
        partner,
        mcc,
        date,
        is_purchase: true,
        tier,
        may_offer_till: false,
        till: None,
        cleared_minor: amount,
        granted_elsewhere: earned,
        granted_here: 0,
        time,
        miles_minor: 0,
        birthday: None,
    };
    Given { input, authorization, coupon: None }
}

fn place_of(given: &Given) -> Place {
    let input = &given.input;
    (input.partner, input.mcc, input.date, input.time)
}

/// The first day on which everything that has begun in either version holds.
fn first_day(programs: [&Program; 2]) -> Date {
    let begins = |program: &Program| {
        let base = program.base.iter().map(|rule| rule.effective.from);
        let bonuses = program.bonuses.iter().map(|rule| rule.effective.from);
        let discounts = program.discounts.iter().map(|rule| rule.effective.from);
        let caps = program.caps.iter().map(|rule| rule.effective.from);
        base.chain(bonuses).chain(discounts).chain(caps).flatten().max()
    };
    programs.into_iter().filter_map(begins).max().unwrap_or(date(2026, 1, 1))
}

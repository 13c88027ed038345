//! Which purchases a rule applies to, as sets that can be compared.

mod union;

use std::collections::BTreeSet;

use domain::{BirthdayWindow, Condition, Effective, MccRange, PartnerId, TierRank};
use jiff::civil::{Date, Time};

use super::encloses;

/// Longer ranges hold every combination of weekday and day of the month that there is.
const DAYS_LOOKED_AT: usize = 366 * 13;

/// The merchant categories of four digits, and one place for a purchase without one.
const CATEGORIES: u16 = 10_000;

/// The purchases to which a rule applies.
#[derive(Debug, Clone)]
pub(super) struct Reach {
    effective: Effective,
    /// `None` is every partner, and none.
    partners: Option<BTreeSet<PartnerId>>,
    /// By code; the last is "no code".
    categories: Vec<bool>,
    weekdays: Vec<bool>,
    month_days: Vec<bool>,
    /// By rank; the first is "no tier".
    tiers: Vec<bool>,
    /// By minute; the last is "not known".
    minutes: Vec<bool>,
    /// From the first amount until before the last, in minor units.
    amounts: (u64, u64),
    /// The campaign whose coupon is demanded; `None` is whether one is shown or not.
    coupon: Option<String>,
    /// `None` is every day and every member.
    birthday: Option<BirthdayWindow>,
}

fn lies_in(ranges: &[MccRange], mcc: u16) -> bool {
    ranges.iter().any(|range| range.contains(mcc))
}

fn holds_at(when: &Condition, hour: i8, minute: i8) -> bool {
    let time = Time::constant(hour, minute, 0, 0);
    when.hours.is_empty() || when.hours.iter().any(|hours| hours.contains(time))
}

impl Reach {
    /// What `when` lets through, less the categories that the program excludes.
    pub(super) fn new(effective: Effective, when: &Condition, excluded: &[MccRange]) -> Self {
        let wanted = |mcc| when.mcc.is_empty() || lies_in(&when.mcc, mcc);
        let taken_out = |mcc| lies_in(&when.except_mcc, mcc) || lies_in(excluded, mcc);
        let mut categories: Vec<bool> = (0..CATEGORIES).map(|mcc| wanted(mcc) && !taken_out(mcc)).collect();
        categories.push(when.mcc.is_empty());
        let weekday = |number| when.weekdays.iter().any(|day| day.to_monday_zero_offset() == number);
        let month_day =
            |number| when.month_days.iter().any(|days| (days.first..=days.last).contains(&number));
        let mut minutes: Vec<bool> =
            (0..24).flat_map(|hour| (0..60).map(move |minute| holds_at(when, hour, minute))).collect();
        minutes.push(when.hours.is_empty());
        Self {
            effective,
            minutes,
            partners: (!when.partners.is_empty()).then(|| when.partners.iter().copied().collect()),
            categories,
            weekdays: (0..7).map(|number| when.weekdays.is_empty() || weekday(number)).collect(),
            month_days: (1..=31).map(|number| when.month_days.is_empty() || month_day(number)).collect(),
            tiers: (0..=TierRank::MAX)
                .map(|rank| when.tiers.is_empty() || when.tiers.contains(&rank))
                .collect(),
            amounts: (when.amount_from.unwrap_or(0), when.amount_below.unwrap_or(u64::MAX)),
            coupon: when.coupon.clone(),
            birthday: when.birthday,
        }
    }

    /// Whether some merchant category, or none, is left.
    pub(super) fn has_category(&self) -> bool {
        self.categories.contains(&true)
    }

    /// Whether some amount is left.
    pub(super) fn has_amount(&self) -> bool {
        self.amounts.0 < self.amounts.1
    }

    /// Whether some day is left.
    pub(super) fn has_day(&self) -> bool {
        // On an open side there are days enough.
        let (Some(mut day), Some(_)) = (self.effective.from, self.effective.to) else { return true };
        for _ in 0..DAYS_LOOKED_AT {
            if !self.effective.contains(day) {
                return false;
            }
            if self.is_on(day) {
                return true;
            }
            let Ok(next) = day.tomorrow() else { return false };
            day = next;
        }
        true
    }

    fn is_on(&self, day: Date) -> bool {
        let weekday = usize::try_from(day.weekday().to_monday_zero_offset()).ok();
        let month_day = usize::try_from(day.day() - 1).ok();
        let set =
            |days: &[bool], place: Option<usize>| place.and_then(|place| days.get(place)) == Some(&true);
        set(&self.weekdays, weekday) && set(&self.month_days, month_day)
    }

    /// Whether every purchase of `other` is one of this too.
    pub(super) fn covers(&self, other: &Self) -> bool {
        let all =
            |mine: &[bool], others: &[bool]| mine.iter().zip(others).all(|(mine, other)| *mine || !other);
        let partners = match (&self.partners, &other.partners) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(mine), Some(others)) => others.is_subset(mine),
        };
        let birthday = match (&self.birthday, &other.birthday) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(mine), Some(other)) => {
                mine.leap_day == other.leap_day
                    && mine.days_before >= other.days_before
                    && mine.days_after >= other.days_after
            }
        };
        partners
            && (self.coupon.is_none() || self.coupon == other.coupon)
            && birthday
            && encloses(&self.effective, &other.effective)
            && all(&self.categories, &other.categories)
            && all(&self.weekdays, &other.weekdays)
            && all(&self.month_days, &other.month_days)
            && all(&self.tiers, &other.tiers)
            && all(&self.minutes, &other.minutes)
            && self.amounts.0 <= other.amounts.0
            && other.amounts.1 <= self.amounts.1
    }
}

#[cfg(test)]
mod tests {
    use domain::MonthDays;
    use jiff::civil::{Weekday, date};

    use super::*;

    fn reach(effective: Effective, when: Condition) -> Reach {
        Reach::new(effective, &when, &[MccRange { first: 6011, last: 6011 }])
    }

    fn always(when: Condition) -> Reach {
        reach(Effective::default(), when)
    }

    #[test]
    fn wider_conditions_cover_narrower_ones() {
        let mcc = |first, last| Condition { mcc: vec![MccRange { first, last }], ..Condition::default() };
        let amounts =
            |amount_from, amount_below| Condition { amount_from, amount_below, ..Condition::default() };
        let weekdays =
            |weekdays: &[Weekday]| Condition { weekdays: weekdays.to_vec(), ..Condition::default() };
        let weekend = [Weekday::Saturday, Weekday::Sunday];
        for (wide, narrow, covers) in [
            (Condition::default(), mcc(5411, 5411), true),
            (mcc(5411, 5411), Condition::default(), false),
            (mcc(5400, 5499), mcc(5411, 5411), true),
            // What is excluded is missed by nobody.
            (mcc(6010, 6010), mcc(6010, 6011), true),
            (amounts(Some(1), None), amounts(Some(2), Some(3)), true),
            (amounts(Some(2), None), amounts(None, Some(3)), false),
            (weekdays(&weekend), weekdays(&weekend[..1]), true),
            (weekdays(&weekend[1..]), weekdays(&weekend), false),
        ] {
            assert_eq!(always(wide.clone()).covers(&always(narrow.clone())), covers, "{wide:?} {narrow:?}");
        }
        let year = Effective { from: Some(date(2026, 1, 1)), to: Some(date(2027, 1, 1)) };
        assert!(always(Condition::default()).covers(&reach(year, Condition::default())));
        assert!(!reach(year, Condition::default()).covers(&always(Condition::default())));
    }

    #[test]
    fn a_short_range_may_hold_no_such_day() {
        // From Monday, 5 October 2026, until Saturday, 10 October.
        let week = Effective { from: Some(date(2026, 10, 5)), to: Some(date(2026, 10, 10)) };
        let on = |weekday, first| Condition {
            weekdays: vec![weekday],
            month_days: vec![MonthDays { first, last: 31 }],
            ..Condition::default()
        };
        assert!(!reach(week, on(Weekday::Saturday, 1)).has_day());
        assert!(reach(week, on(Weekday::Friday, 9)).has_day());
        assert!(!reach(week, on(Weekday::Friday, 10)).has_day());
        assert!(reach(Effective { to: None, ..week }, on(Weekday::Friday, 31)).has_day());
    }
}

//! Whether several rules together leave nothing of another one: it is cut along each respect in which purchases differ,
//! until every piece lies in one of them or one lies in none.

use std::collections::BTreeSet;

use domain::{BirthdayWindow, PartnerId};
use jiff::civil::Date;

use super::Reach;

/// So many cuts are made; a rule that needs more counts as not hidden.
const CUTS_MAX: u32 = 4_000;

/// Purchases that lie in each of these sets and in each of these ranges. Day of the week, day of the month and date
/// count as if every combination of them were a day: what is found to be hidden is hidden on real days too.
#[derive(Debug, Clone)]
struct Block {
    sets: Vec<Vec<bool>>,
    /// From the first until before the last: dates, amounts, days from the birthday.
    ranges: Vec<(i128, i128)>,
}

const EVERYTHING: (i128, i128) = (i128::MIN, i128::MAX);

impl Block {
    fn of(reach: &Reach, partners: &BTreeSet<PartnerId>) -> Self {
        let at = |partner: Option<&PartnerId>| match (&reach.partners, partner) {
            (None, _) => true,
            (Some(named), Some(partner)) => named.contains(partner),
            (Some(_), None) => false,
        };
        // The last is every partner that nobody names, and none.
        let partners = partners.iter().map(Some).chain([None]).map(at).collect();
        let sets = [partners, reach.categories.clone(), reach.weekdays.clone(), reach.month_days.clone()];
        let sets = sets.into_iter().chain([reach.tiers.clone(), reach.minutes.clone()]);
        let amounts = (i128::from(reach.amounts.0), i128::from(reach.amounts.1));
        Self { sets: sets.collect(), ranges: vec![dates(reach), amounts, days_near(reach.birthday.as_ref())] }
    }

    fn is_empty(&self) -> bool {
        self.sets.iter().any(|set| !set.contains(&true))
            || self.ranges.iter().any(|(first, end)| first >= end)
    }

    /// What both have.
    fn common(&self, other: &Self) -> Self {
        let sets = self.sets.iter().zip(&other.sets);
        let sets = sets.map(|(mine, others)| mine.iter().zip(others).map(|(a, b)| *a && *b).collect());
        let ranges = self.ranges.iter().zip(&other.ranges);
        let ranges = ranges.map(|(mine, others)| (mine.0.max(others.0), mine.1.min(others.1)));
        Self { sets: sets.collect(), ranges: ranges.collect() }
    }

    /// What `other` does not have, in pieces of which no two have anything in common.
    fn without(&self, other: &Self) -> Vec<Self> {
        let common = self.common(other);
        if common.is_empty() {
            return vec![self.clone()];
        }
        let (mut rest, mut pieces) = (self.clone(), Vec::new());
        for (respect, (shared, theirs)) in common.sets.iter().zip(&other.sets).enumerate() {
            let mut piece = rest.clone();
            if let (Some(cut), Some(left)) = (piece.sets.get_mut(respect), rest.sets.get_mut(respect)) {
                cut.iter_mut().zip(theirs).for_each(|(mine, theirs)| *mine &= !theirs);
                left.clone_from(shared);
            }
            pieces.push(piece);
        }
        for (respect, (shared, theirs)) in common.ranges.iter().zip(&other.ranges).enumerate() {
            let (mut before, mut after) = (rest.clone(), rest.clone());
            if let Some(cut) = before.ranges.get_mut(respect) {
                cut.1 = cut.1.min(theirs.0);
            }
            if let Some(cut) = after.ranges.get_mut(respect) {
                cut.0 = cut.0.max(theirs.1);
            }
            if let Some(left) = rest.ranges.get_mut(respect) {
                *left = *shared;
            }
            pieces.extend([before, after]);
        }
        pieces.retain(|piece| !piece.is_empty());
        pieces
    }

    fn is_within(&self, others: &[Self], cuts: &mut u32) -> bool {
        let Some((first, rest)) = others.split_first() else { return false };
        let Some(left) = cuts.checked_sub(1) else { return false };
        *cuts = left;
        self.without(first).iter().all(|piece| piece.is_within(rest, cuts))
    }
}

fn dates(reach: &Reach) -> (i128, i128) {
    let number = |date: Date| i128::from(date.duration_since(Date::constant(1970, 1, 1)).as_hours() / 24);
    let from = reach.effective.from.map_or(EVERYTHING.0, number);
    (from, reach.effective.to.map_or(EVERYTHING.1, number))
}

fn days_near(birthday: Option<&BirthdayWindow>) -> (i128, i128) {
    let near = |window: &BirthdayWindow| (-i128::from(window.days_before), i128::from(window.days_after) + 1);
    birthday.map_or(EVERYTHING, near)
}

impl Reach {
    /// The places of those of `others` that together have every purchase of this, as few as leave none out; `None` if
    /// some purchase is left.
    pub(in super::super) fn hidden_by(&self, others: &[&Self]) -> Option<Vec<usize>> {
        let partners: BTreeSet<PartnerId> = others
            .iter()
            .copied()
            .chain([self])
            .flat_map(|reach| reach.partners.iter().flatten())
            .copied()
            .collect();
        let own = Block::of(self, &partners);
        if own.is_empty() {
            return None;
        }
        // A birthday that is not known is near to none, and 29 February is another day for the other windows.
        let comparable = |other: &Self| match (&self.birthday, &other.birthday) {
            (_, None) => true,
            (None, Some(_)) => false,
            (Some(mine), Some(other)) => mine.leap_day == other.leap_day,
        };
        let mut taken: Vec<(usize, Block)> = others
            .iter()
            .enumerate()
            .filter(|(_, other)| comparable(other))
            .map(|(place, other)| (place, Block::of(other, &partners)))
            .filter(|(_, block)| !own.common(block).is_empty())
            .collect();
        let suffices = |taken: &[(usize, Block)]| {
            let blocks: Vec<Block> = taken.iter().map(|(_, block)| block.clone()).collect();
            own.is_within(&blocks, &mut { CUTS_MAX })
        };
        if !suffices(&taken) {
            return None;
        }
        for index in (0..taken.len()).rev() {
            let one = taken.remove(index);
            if !suffices(&taken) {
                taken.insert(index, one);
            }
        }
        Some(taken.into_iter().map(|(place, _)| place).collect())
    }
}

#[cfg(test)]
mod tests {
    use domain::{Condition, Effective, Hours, LeapDay, MccRange, MonthDays};
    use jiff::civil::{Time, Weekday, date};

    use super::*;

    fn reach(when: Condition) -> Reach {
        Reach::new(Effective::default(), &when, &[])
    }

    fn hours(from: i8, to: i8) -> Condition {
        let time = |hour| Time::constant(hour, 0, 0, 0);
        Condition { hours: vec![Hours { from: time(from), to: time(to) }], ..Condition::default() }
    }

    fn month_days(first: i8, last: i8) -> Condition {
        Condition { month_days: vec![MonthDays { first, last }], ..Condition::default() }
    }

    fn near(days_before: u16, days_after: u16, leap_day: LeapDay) -> Condition {
        let birthday = Some(BirthdayWindow { days_before, days_after, leap_day });
        Condition { birthday, ..Condition::default() }
    }

    #[test]
    fn several_rules_hide_what_none_of_them_hides_alone() {
        let days = |weekdays: &[Weekday]| Condition { weekdays: weekdays.to_vec(), ..Condition::default() };
        let from = |minor| Condition { amount_from: Some(minor), ..Condition::default() };
        let below = |minor| Condition { amount_below: Some(minor), ..Condition::default() };
        let mcc = |first, last| Condition { mcc: vec![MccRange { first, last }], ..Condition::default() };
        let at = |partner| Condition { partners: vec![PartnerId(partner)], ..Condition::default() };
        let weekend = [Weekday::Saturday, Weekday::Sunday];
        let leap = LeapDay::February28;
        for (what, own, others, expected) in [
            ("both days", days(&weekend), vec![days(&weekend[..1]), days(&weekend[1..])], Some(vec![0, 1])),
            ("one day is left", days(&weekend), vec![days(&weekend[..1]), mcc(0, 5000)], None),
            ("one is enough", days(&weekend), vec![mcc(0, 5000), days(&weekend), below(10)], Some(vec![1])),
            ("amounts", from(100), vec![below(500), from(500)], Some(vec![0, 1])),
            ("one amount is left", from(100), vec![below(500), from(501)], None),
            ("categories", mcc(5000, 5999), vec![mcc(5500, 9999), mcc(0, 5499)], Some(vec![0, 1])),
            ("no category", Condition::default(), vec![mcc(0, 5499), mcc(5500, 9999)], None),
            ("no partner", Condition::default(), vec![at(1), at(2)], None),
            (
                "days of the month",
                days(&weekend),
                vec![month_days(1, 15), month_days(16, 31)],
                Some(vec![0, 1]),
            ),
            (
                "hours and amounts",
                hours(10, 12),
                vec![below(5), hours(11, 13), hours(9, 11)],
                Some(vec![1, 2]),
            ),
            ("an hour is left", hours(10, 12), vec![hours(11, 13), hours(9, 10)], None),
            ("an unknown time", Condition::default(), vec![hours(0, 12), hours(12, 0)], None),
            ("birthdays", near(3, 3, leap), vec![near(3, 0, leap), near(0, 5, leap)], Some(vec![0, 1])),
            ("birthdays apart", near(3, 3, leap), vec![near(3, 0, leap), near(0, 5, LeapDay::March1)], None),
            ("an unknown birthday", Condition::default(), vec![near(180, 180, leap)], None),
            ("nobody", days(&weekend), vec![], None),
        ] {
            let others: Vec<Reach> = others.into_iter().map(reach).collect();
            let found = reach(own).hidden_by(&others.iter().collect::<Vec<_>>());
            assert_eq!(found, expected, "{what}");
        }
    }

    #[test]
    fn ranges_of_dates_meet() {
        let within = |from, to| Reach::new(Effective { from, to }, &Condition::default(), &[]);
        let (june, july) = (Some(date(2026, 6, 1)), Some(date(2026, 7, 1)));
        let (early, late) = (within(None, june), within(june, None));
        assert_eq!(within(None, july).hidden_by(&[&early, &late]), Some(vec![0, 1]));
        assert_eq!(within(None, july).hidden_by(&[&early, &within(july, None)]), None);
    }
}

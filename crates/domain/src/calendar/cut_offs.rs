//! The cycles of a business date, and when each nominally ends.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};

use super::{business_date, business_date_end};

/// The local times at which the cycles of a business date end; never empty. The last one ends the business date, as
/// [`business_date_end`] says; the others lie before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CutOffs(Vec<Time>);

/// A cycle of a program: a business date, and its place in it from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct CycleOfDay {
    /// The business date.
    pub date: Date,
    /// Its place among the cycles of the date, from 1.
    pub number: usize,
}

impl CutOffs {
    /// One cycle for each business date.
    pub fn one(time: Time) -> Self {
        Self(vec![time])
    }

    /// Several cycles, in the order in which they end. `None` if there is none, or if they do not end one after the
    /// other within the business date that the last one ends.
    ///
    /// ```
    /// use domain::CutOffs;
    /// use jiff::civil::time;
    /// assert!(CutOffs::new(vec![time(12, 0, 0, 0), time(0, 0, 0, 0)]).is_some());
    /// assert!(CutOffs::new(vec![time(0, 0, 0, 0), time(12, 0, 0, 0)]).is_some());
    /// assert!(CutOffs::new(vec![time(18, 0, 0, 0), time(12, 0, 0, 0), time(0, 0, 0, 0)]).is_none());
    /// ```
    pub fn new(times: Vec<Time>) -> Option<Self> {
        let cut_offs = Self(times);
        cut_offs.0.last()?;
        let ends = cut_offs.ends(Date::constant(2026, 1, 1));
        ends.is_sorted_by(|earlier, later| earlier < later).then_some(cut_offs)
    }

    /// The time that ends the business date.
    pub fn last(&self) -> Time {
        self.0.last().copied().unwrap_or_default()
    }

    /// All times, in the order in which they end cycles.
    pub fn times(&self) -> &[Time] {
        &self.0
    }

    /// How many cycles a business date has.
    pub fn cycles(&self) -> usize {
        self.0.len()
    }

    /// Whether no further cycle of the date follows.
    pub fn is_last(&self, number: usize) -> bool {
        number >= self.0.len()
    }

    /// The cycle after one.
    pub fn next(&self, cycle: CycleOfDay) -> CycleOfDay {
        match self.is_last(cycle.number) {
            true => CycleOfDay { date: cycle.date.tomorrow().unwrap_or(cycle.date), number: 1 },
            false => CycleOfDay { number: cycle.number + 1, ..cycle },
        }
    }

    /// The local times at which the cycles of a business date end, in their order: the first that belongs to the next.
    pub fn ends(&self, date: Date) -> Vec<DateTime> {
        let end = business_date_end(date, self.last());
        let (before, last) = (end.date().yesterday().unwrap_or(end.date()), self.last());
        let of = |time: &Time| {
            if *time <= last { end.date().to_datetime(*time) } else { before.to_datetime(*time) }
        };
        let others = self.0.iter().take(self.0.len().saturating_sub(1)).map(of);
        others.chain([end]).collect()
    }

    /// The instant at which a cycle nominally ends. A local time that is left out when clocks go forward is moved
    /// forward by as much, one that comes twice is the first; no cycle ends before the one before it. What is asked
    /// beyond the last cycle is answered with the last.
    ///
    /// # Errors
    /// If the calendar ends.
    pub fn end(&self, cycle: CycleOfDay, zone: &TimeZone) -> Result<Zoned, jiff::Error> {
        let mut latest = Timestamp::MIN.to_zoned(zone.clone());
        for end in self.ends(cycle.date).into_iter().take(cycle.number.max(1)) {
            latest = latest.max(end.to_zoned(zone.clone())?);
        }
        Ok(latest)
    }

    /// The cycle in which an instant nominally lies.
    ///
    /// # Errors
    /// If the calendar ends.
    pub fn cycle_at(&self, instant: Timestamp, zone: &TimeZone) -> Result<CycleOfDay, jiff::Error> {
        let local = instant.to_zoned(zone.clone()).datetime();
        // Clocks that are set may show a time of the date before or after: the ends decide.
        let near = business_date(local, self.last());
        let mut cycle = CycleOfDay { date: near.yesterday().unwrap_or(near), number: 1 };
        while self.end(cycle, zone)?.timestamp() <= instant {
            cycle = self.next(cycle);
        }
        Ok(cycle)
    }
}

#[cfg(test)]
mod tests {
    use jiff::ToSpan;
    use jiff::civil::{date, time};
    use proptest::prelude::*;

    use super::*;

    fn of(times: &[&str]) -> Option<CutOffs> {
        CutOffs::new(times.iter().map(|time| time.parse().unwrap()).collect())
    }

    #[test]
    fn cycles_end_one_after_the_other_within_their_date() {
        for (times, expected) in [
            (&["00:00"][..], Some(&["2026-10-11T00:00:00"][..])),
            (&["12:00", "00:00"], Some(&["2026-10-10T12:00:00", "2026-10-11T00:00:00"])),
            (&["18:00", "06:00"], Some(&["2026-10-10T18:00:00", "2026-10-11T06:00:00"])),
            (
                &["23:30", "09:00", "23:00"],
                Some(&["2026-10-09T23:30:00", "2026-10-10T09:00:00", "2026-10-10T23:00:00"]),
            ),
            (&["06:00", "18:00"], Some(&["2026-10-10T06:00:00", "2026-10-10T18:00:00"])),
            (&["12:00", "12:00"], None),
            (&["14:00", "12:00", "00:00"], None),
            (&[], None),
        ] {
            let ends = of(times).map(|cut_offs| cut_offs.ends(date(2026, 10, 10)));
            let ends = ends.map(|ends| ends.iter().map(ToString::to_string).collect::<Vec<_>>());
            assert_eq!(
                ends,
                expected.map(|ends| ends.iter().map(ToString::to_string).collect()),
                "{times:?}"
            );
        }
    }

    fn check_end(times: &[&str], day: (i8, i8), number: usize, expected: &str) {
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        let cycle = CycleOfDay { date: date(2026, day.0, day.1), number };
        let cut_offs = of(times).unwrap();
        let end = cut_offs.end(cycle, &zone).unwrap();
        assert_eq!(end.to_string(), format!("{expected}[Europe/Berlin]"), "{times:?} {cycle:?}");
        let before = end.timestamp() - 1.second();
        assert!(cut_offs.cycle_at(before, &zone).unwrap() <= cycle, "{times:?} {cycle:?}");
        assert!(cut_offs.cycle_at(end.timestamp(), &zone).unwrap() > cycle, "{times:?} {cycle:?}");
    }

    #[test]
    fn clocks_that_are_set_leave_no_hour_without_a_cycle() {
        // On 29 March 2026 the hour from 02:00 is left out, on 25 October it comes twice.
        check_end(&["02:30"], (3, 28), 1, "2026-03-29T03:30:00+02:00");
        check_end(&["02:30"], (10, 24), 1, "2026-10-25T02:30:00+02:00");
        check_end(&["12:00", "00:00"], (3, 28), 2, "2026-03-29T00:00:00+01:00");
        check_end(&["12:00", "00:00"], (3, 29), 1, "2026-03-29T12:00:00+02:00");
        // Moved forward, 02:30 would end after 03:10: the later cycle ends with it and is empty.
        check_end(&["02:30", "03:10", "00:00"], (3, 29), 1, "2026-03-29T03:30:00+02:00");
        check_end(&["02:30", "03:10", "00:00"], (3, 29), 2, "2026-03-29T03:30:00+02:00");
        check_end(&["02:30", "03:10", "00:00"], (3, 29), 3, "2026-03-30T00:00:00+02:00");
        let (cut_offs, zone) = (of(&["02:30"]).unwrap(), TimeZone::get("Europe/Berlin").unwrap());
        // 02:15 comes again after the first 02:30: it is no longer of the date before.
        for (instant, day) in [("2026-10-25T00:15:00Z", 24), ("2026-10-25T01:15:00Z", 25)] {
            let cycle = cut_offs.cycle_at(instant.parse().unwrap(), &zone).unwrap();
            assert_eq!(cycle, CycleOfDay { date: date(2026, 10, day), number: 1 }, "{instant}");
        }
    }

    #[test]
    fn the_last_of_several_ends_the_date() {
        let cut_offs = of(&["12:00", "00:00"]).unwrap();
        assert_eq!((cut_offs.last(), cut_offs.cycles()), (time(0, 0, 0, 0), 2));
        let first = CycleOfDay { date: date(2026, 10, 31), number: 1 };
        let second = cut_offs.next(first);
        assert_eq!(second, CycleOfDay { number: 2, ..first });
        assert_eq!(cut_offs.next(second), CycleOfDay { date: date(2026, 11, 1), number: 1 });
        assert!(!cut_offs.is_last(1) && cut_offs.is_last(2));
    }

    proptest! {
        #[test]
        fn every_instant_lies_in_one_cycle(minutes in prop::collection::btree_set(0_i32..1440, 1..5), at in 0_i64..31_536_000) {
            let zone = TimeZone::get("America/New_York").unwrap();
            let time = |minutes: &i32| Time::new(i8::try_from(minutes / 60).unwrap(), i8::try_from(minutes % 60).unwrap(), 0, 0).unwrap();
            let cut_offs = CutOffs::new(minutes.iter().map(time).collect()).unwrap();
            let instant = Timestamp::from_second(1_767_225_600 + at).unwrap();
            let cycle = cut_offs.cycle_at(instant, &zone).unwrap();
            prop_assert!(instant < cut_offs.end(cycle, &zone).unwrap().timestamp());
            let earlier = match cycle.number {
                1 => CycleOfDay { date: cycle.date.yesterday().unwrap(), number: cut_offs.cycles() },
                number => CycleOfDay { number: number - 1, ..cycle },
            };
            prop_assert!(cut_offs.end(earlier, &zone).unwrap().timestamp() <= instant);
        }
    }
}

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

/// Where a cycle that is on the books stands in its business date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InDay {
    /// The date, and its place in it.
    pub cycle: CycleOfDay,
    /// Whether it ends the date.
    pub is_last: bool,
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

    /// Where a cycle stands that is the `number`th of its date on the books; `next` is the date of the cycle after it,
    /// if that is written down. What is written down holds, whatever the times say now: a date that was closed as one
    /// cycle stays one.
    pub fn in_day(&self, cycle: CycleOfDay, next: Option<Date>) -> InDay {
        let is_last = next.map_or_else(|| self.is_last(cycle.number), |next| next != cycle.date);
        InDay { cycle, is_last }
    }

    /// The instant at which a cycle of the books nominally ends; the last of its date ends with it.
    ///
    /// # Errors
    /// If the calendar ends.
    pub fn end_of(&self, place: InDay, zone: &TimeZone) -> Result<Zoned, jiff::Error> {
        let number = if place.is_last { self.cycles() } else { place.cycle.number };
        self.end(CycleOfDay { number, ..place.cycle }, zone)
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
        // The time that ended the date before may have been moved forward behind the first of this one.
        let before = business_date_end(cycle.date.yesterday().unwrap_or(cycle.date), self.last());
        let mut latest = before.to_zoned(zone.clone())?;
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
mod tests;

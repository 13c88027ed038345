//! On which days a partner takes files and money, and when a batch is paid.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

use jiff::ToSpan;
use jiff::civil::{Date, Weekday};

/// So far a working day is looked for.
const DAYS_MAX: i32 = 366;

/// What happens on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum DayKind {
    /// Files go out and money is paid.
    Open,
    /// Neither.
    Closed,
    /// Money is paid, but no file goes out.
    ValueOnly,
    /// Files go out, but no money is paid.
    ProcessOnly,
}

impl DayKind {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Open, Self::Closed, Self::ValueOnly, Self::ProcessOnly];

    /// The word used in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Closed => "closed",
            Self::ValueOnly => "value_only",
            Self::ProcessOnly => "process_only",
        }
    }
}

/// A calendar as data. The default has no name, and every day is open.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Calendar {
    /// Its name in the program file.
    pub name: String,
    /// Days of the week that are not open.
    pub weekly: BTreeMap<i8, DayKind>,
    /// Days with a date of their own; they come before the days of the week.
    pub exceptions: BTreeMap<Date, DayKind>,
}

/// How the days until a payment are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DayCount {
    /// All days; then the first paying day from there.
    #[default]
    Calendar,
    /// Days on which money is paid.
    Paying,
}

/// When a batch is paid. The default is the day of its file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PaymentRule {
    /// So many days after the business date of the file that has it.
    pub after_days: u16,
    /// How they are counted.
    pub counted: DayCount,
}

/// A calendar that never opens.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "the calendar {calendar:?} has no day of the kind {wanted} within a year of {date}: correct its exceptions"
)]
pub struct NoDay {
    /// Its name.
    pub calendar: String,
    /// What was looked for.
    pub wanted: &'static str,
    /// Where the search began.
    pub date: Date,
}

impl Calendar {
    /// Says what a day of the week is.
    #[must_use]
    pub fn with_weekly(mut self, days: &[Weekday], kind: DayKind) -> Self {
        self.weekly.extend(days.iter().map(|day| (day.to_monday_one_offset(), kind)));
        self
    }

    /// What happens on a date.
    pub fn kind(&self, date: Date) -> DayKind {
        let weekly = || self.weekly.get(&date.weekday().to_monday_one_offset());
        self.exceptions.get(&date).or_else(weekly).copied().unwrap_or(DayKind::Open)
    }

    /// Whether files of this business date go out.
    pub fn processes(&self, date: Date) -> bool {
        matches!(self.kind(date), DayKind::Open | DayKind::ProcessOnly)
    }

    /// Whether money is paid on this date.
    pub fn pays(&self, date: Date) -> bool {
        matches!(self.kind(date), DayKind::Open | DayKind::ValueOnly)
    }

    /// The business date of the file that has the cycles of `date`: that day, or the next on which files go out.
    ///
    /// # Errors
    /// If there is none within a year.
    pub fn file_date(&self, date: Date) -> Result<Date, NoDay> {
        self.first("open or process_only", date, |day| self.processes(day))
    }

    /// The business dates whose cycles the first file of `date` has: all since the last day on which files went out.
    /// `None` if no file goes out.
    pub fn covered(&self, date: Date) -> Option<RangeInclusive<Date>> {
        if !self.processes(date) {
            return None;
        }
        let mut first = date;
        for _ in 0..DAYS_MAX {
            match first.yesterday() {
                Ok(before) if !self.processes(before) => first = before,
                _ => break,
            }
        }
        Some(first..=date)
    }

    /// When the batches of a business date are paid. All batches of one file are paid on one day.
    ///
    /// # Errors
    /// If the calendar has no day for it within a year.
    pub fn payment_date(&self, business_date: Date, rule: PaymentRule) -> Result<Date, NoDay> {
        const PAYS: &str = "open or value_only";
        let file = self.file_date(business_date)?;
        match rule.counted {
            DayCount::Calendar => {
                let due = file.saturating_add(i32::from(rule.after_days).days());
                self.first(PAYS, due, |day| self.pays(day))
            }
            DayCount::Paying => {
                let mut day = self.first(PAYS, file, |day| self.pays(day))?;
                // A file that goes out on a day without payment has waited for the first one already.
                let waited = u16::from(day != file).min(rule.after_days);
                for _ in waited..rule.after_days {
                    let next = day.tomorrow().unwrap_or(day);
                    day = self.first(PAYS, next, |day| self.pays(day))?;
                }
                Ok(day)
            }
        }
    }

    /// Whether some day of every week is open for files and some day for money: only exceptions could close it then.
    pub fn opens_weekly(&self) -> bool {
        let kinds: BTreeSet<DayKind> =
            (1..=7).map(|day| self.weekly.get(&day).copied().unwrap_or(DayKind::Open)).collect();
        let open = |kind| kinds.contains(&DayKind::Open) || kinds.contains(&kind);
        open(DayKind::ProcessOnly) && open(DayKind::ValueOnly)
    }

    fn first(&self, wanted: &'static str, from: Date, fits: impl Fn(Date) -> bool) -> Result<Date, NoDay> {
        let mut day = from;
        for _ in 0..DAYS_MAX {
            if fits(day) {
                return Ok(day);
            }
            let Ok(next) = day.tomorrow() else { break };
            day = next;
        }
        Err(NoDay { calendar: self.name.clone(), wanted, date: from })
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;

    /// Closed at weekends; 4 November is a holiday, for which Saturday the 31st of October is worked. On the 9th only
    /// files go out, on the 14th only money.
    fn calendar() -> Calendar {
        let exceptions = BTreeMap::from([
            (date(2026, 10, 31), DayKind::Open),
            (date(2026, 11, 4), DayKind::Closed),
            (date(2026, 11, 9), DayKind::ProcessOnly),
            (date(2026, 11, 14), DayKind::ValueOnly),
        ]);
        let calendar = Calendar { name: "bank".into(), exceptions, ..Calendar::default() };
        calendar.with_weekly(&[Weekday::Saturday, Weekday::Sunday], DayKind::Closed)
    }

    #[test]
    fn a_file_has_all_since_the_last_that_went_out() {
        for (day, expected) in [
            ((10, 30), Some((10, 30))),
            ((10, 31), Some((10, 31))),
            ((11, 1), None),
            ((11, 2), Some((11, 1))),
            ((11, 4), None),
            ((11, 5), Some((11, 4))),
            ((11, 9), Some((11, 7))),
            ((11, 14), None),
            ((11, 16), Some((11, 14))),
        ] {
            let of = |(month, day)| date(2026, month, day);
            let expected = expected.map(|first| of(first)..=of(day));
            assert_eq!(calendar().covered(of(day)), expected, "{day:?}");
        }
    }

    #[test]
    fn a_batch_is_paid_on_a_day_on_which_money_is_paid() {
        use DayCount::{Calendar as All, Paying};
        for (day, after_days, counted, expected) in [
            // A Friday.
            ((11, 6), 0, All, (11, 6)),
            // Its file goes out on Monday the 9th, when no money is paid.
            ((11, 7), 0, All, (11, 10)),
            ((11, 7), 3, All, (11, 12)),
            ((11, 6), 2, All, (11, 10)),
            ((11, 12), 2, All, (11, 14)),
            ((11, 12), 1, Paying, (11, 13)),
            ((11, 12), 2, Paying, (11, 14)),
            ((11, 12), 3, Paying, (11, 16)),
            // From Monday the 9th: the 10th is the first paying day after it.
            ((11, 9), 0, Paying, (11, 10)),
            ((11, 9), 1, Paying, (11, 10)),
            ((11, 9), 2, Paying, (11, 11)),
            ((11, 3), 1, Paying, (11, 5)),
        ] {
            let of = |(month, day)| date(2026, month, day);
            let rule = PaymentRule { after_days, counted };
            assert_eq!(calendar().payment_date(of(day), rule), Ok(of(expected)), "{day:?} {rule:?}");
        }
    }

    #[test]
    fn a_calendar_that_never_pays_is_an_error_and_no_endless_search() {
        let all = [1, 2, 3, 4, 5, 6, 7].map(|day| Weekday::from_monday_one_offset(day).unwrap());
        for (kind, wanted) in
            [(DayKind::Closed, "open or process_only"), (DayKind::ProcessOnly, "open or value_only")]
        {
            let calendar = Calendar { name: "shut".into(), ..Calendar::default() }.with_weekly(&all, kind);
            assert!(!calendar.opens_weekly());
            let error = calendar.payment_date(date(2026, 11, 6), PaymentRule::default()).unwrap_err();
            assert_eq!((error.wanted, error.date), (wanted, date(2026, 11, 6)));
        }
        assert!(calendar().opens_weekly());
        let late = PaymentRule { after_days: 400, counted: DayCount::Calendar };
        let last = Calendar::default().payment_date(Date::MAX, late);
        assert_eq!(last, Ok(Date::MAX));
    }

    proptest! {
        #[test]
        fn every_day_is_in_exactly_one_file(closed in prop::collection::btree_set(0_i32..60, 0..40)) {
            let start = date(2026, 1, 1);
            let day = |n: i32| start.checked_add(n.days()).unwrap();
            let exceptions = closed.iter().map(|n| (day(*n), DayKind::Closed)).collect();
            let calendar = Calendar { exceptions, ..Calendar::default() };
            for n in 0..60 {
                let files = (0..120).filter(|file| {
                    calendar.covered(day(*file)).is_some_and(|days| days.contains(&day(n)))
                });
                let files: Vec<Date> = files.map(day).collect();
                prop_assert_eq!(files, vec![calendar.file_date(day(n)).unwrap()]);
            }
        }
    }
}

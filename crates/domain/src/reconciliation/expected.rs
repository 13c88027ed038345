//! What is agreed to come, and for which dates it did not.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::{Date, Weekday};

/// How often one side sends files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileSchedule {
    /// On which days of the week files come. Without it they come whenever there is something: then any file that comes on a
    /// date or later stands for it.
    pub weekdays: Option<Vec<Weekday>>,
    /// How many files come on each such date.
    pub files: u32,
}

impl FileSchedule {
    /// Whether files are agreed for a business date.
    pub fn expects(&self, date: Date) -> bool {
        self.weekdays.as_ref().is_none_or(|days| days.contains(&date.weekday()))
    }

    /// Which of these business dates have too few of the files that `came` on their dates. Of dates with more files than are
    /// agreed, the others stand for what was missing before, the latest first.
    pub fn dates_without_files(&self, dates: &BTreeSet<Date>, came: &[Date]) -> Vec<Date> {
        if self.weekdays.is_none() {
            let last = came.iter().max();
            return dates.iter().copied().filter(|date| last.is_none_or(|last| last < date)).collect();
        }
        let mut counts: BTreeMap<Date, u32> = dates.iter().map(|date| (*date, 0)).collect();
        for date in came {
            let count = counts.entry(*date).or_default();
            *count = count.saturating_add(1);
        }
        let mut lacking: Vec<(Date, u32)> = Vec::new();
        for (date, count) in counts {
            let is_agreed = dates.contains(&date) && self.expects(date);
            let agreed = if is_agreed { self.files } else { 0 };
            let mut more = count.saturating_sub(agreed);
            while let (1.., Some((_, lacks))) = (more, lacking.last_mut()) {
                let taken = more.min(*lacks);
                (more, *lacks) = (more - taken, *lacks - taken);
                if *lacks == 0 {
                    lacking.pop();
                }
            }
            if count < agreed {
                lacking.push((date, agreed - count));
            }
        }
        lacking.into_iter().map(|(date, _)| date).collect()
    }
}

/// How often a receiver states what it has booked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StatementPeriod {
    /// For each day that has a file.
    Day,
    /// For each month that has one.
    Month,
}

impl StatementPeriod {
    /// The first and the last date of the period to which a date belongs.
    pub fn of(self, date: Date) -> (Date, Date) {
        match self {
            Self::Day => (date, date),
            Self::Month => (date.first_of_month(), date.last_of_month()),
        }
    }

    /// The periods of these dates that no statement touches, each with its first and last date.
    pub fn without_statement(self, dates: &[Date], stated: &[(Date, Date)]) -> Vec<(Date, Date)> {
        let periods: BTreeSet<(Date, Date)> = dates.iter().map(|date| self.of(*date)).collect();
        let is_stated =
            |(begin, end): &(Date, Date)| stated.iter().any(|(first, last)| first <= end && begin <= last);
        periods.into_iter().filter(|period| !is_stated(period)).collect()
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn day(day: i8) -> Date {
        date(2026, 10, day)
    }

    fn without(weekdays: Option<&[Weekday]>, files: u32, dates: &[i8], came: &[i8]) -> Vec<Date> {
        let schedule = FileSchedule { weekdays: weekdays.map(<[Weekday]>::to_vec), files };
        let dates = dates.iter().map(|number| day(*number)).collect();
        schedule.dates_without_files(&dates, &came.iter().map(|number| day(*number)).collect::<Vec<_>>())
    }

    #[test]
    fn without_agreed_days_any_later_file_stands_for_a_date() {
        assert_eq!(without(None, 1, &[1, 2, 3, 4], &[3]), [day(4)]);
        assert_eq!(without(None, 1, &[1, 2], &[]), [day(1), day(2)]);
        assert!(without(None, 1, &[1, 2], &[2]).is_empty());
    }

    #[test]
    fn each_agreed_day_has_its_files_and_what_comes_later_stands_for_the_latest_that_lacks_one() {
        // 1 October 2026 is a Thursday.
        let week = [Weekday::Thursday, Weekday::Friday, Weekday::Monday, Weekday::Tuesday];
        assert!(without(Some(&week), 1, &[1, 2, 3, 4, 5], &[1, 2, 5]).is_empty(), "no file on a weekend");
        assert_eq!(without(Some(&week), 1, &[1, 2, 5, 6], &[1, 5, 6]), [day(2)]);
        assert!(without(Some(&week), 1, &[1, 2, 5, 6], &[1, 5, 5, 6]).is_empty(), "it came on Monday");
        assert!(without(Some(&week), 1, &[1, 2, 5], &[1, 3, 5]).is_empty(), "it came on Saturday");
        assert_eq!(without(Some(&week), 1, &[1, 2, 5], &[1, 1, 5]), [day(2)], "nothing comes before its day");
        assert_eq!(without(Some(&week), 2, &[1, 2, 5], &[1, 1, 2, 5, 5]), [day(2)]);
        assert_eq!(without(Some(&week), 1, &[1, 2, 5], &[5, 5]), [day(1)], "the latest first");
    }

    #[test]
    fn a_period_is_stated_by_a_statement_that_touches_it() {
        let files = [day(1), day(2), date(2026, 11, 3)];
        let stated = [(day(2), day(5))];
        let day_lacks = StatementPeriod::Day.without_statement(&files, &stated);
        assert_eq!(day_lacks, [(day(1), day(1)), (date(2026, 11, 3), date(2026, 11, 3))]);
        let month_lacks = StatementPeriod::Month.without_statement(&files, &stated);
        assert_eq!(month_lacks, [(date(2026, 11, 1), date(2026, 11, 30))]);
    }
}

//! Birthdays, and how near to one a purchase was made. Of a birthday only month and day are known here.

use std::fmt;

use jiff::civil::Date;

/// Month and day of a member's birthday.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Birthday {
    month: i8,
    day: i8,
}

/// A year with a 29 February.
const LEAP_YEAR: i16 = 2000;

impl Birthday {
    /// `None` if no year has such a day.
    pub fn new(month: i8, day: i8) -> Option<Self> {
        Date::new(LEAP_YEAR, month, day).ok().map(|_| Self { month, day })
    }

    /// Reads `02-29`, and of `1990-02-28` what follows the year.
    pub fn parse(text: &str) -> Option<Self> {
        let day = match text.split_once('-')? {
            (year, day) if year.len() == 4 => day,
            _ => text,
        };
        let (month, day) = day.split_once('-')?;
        let two_digits = |text: &str| text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
        let number = |text: &str| text.parse().ok().filter(|_| two_digits(text));
        Self::new(number(month)?, number(day)?)
    }

    /// The day on which it is celebrated in a year.
    fn in_year(self, year: i16, leap_day: LeapDay) -> Option<Date> {
        Date::new(year, self.month, self.day).ok().or_else(|| match leap_day {
            LeapDay::February28 => Date::new(year, 2, 28).ok(),
            LeapDay::March1 => Date::new(year, 3, 1).ok(),
        })
    }
}

/// The stored form: `02-29`.
impl fmt::Display for Birthday {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}-{:02}", self.month, self.day)
    }
}

/// When who was born on 29 February has birthday in other years.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LeapDay {
    /// On the last day of February.
    #[default]
    February28,
    /// On the day after it.
    March1,
}

impl LeapDay {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::February28, Self::March1];

    /// The word used in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::February28 => "february_28",
            Self::March1 => "march_1",
        }
    }
}

/// The days around a birthday, the birthday itself among them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct BirthdayWindow {
    /// So many days before it, at most [`Self::DAYS_MAX`].
    pub days_before: u16,
    /// So many days after it, at most [`Self::DAYS_MAX`].
    pub days_after: u16,
    /// What 29 February is in other years.
    pub leap_day: LeapDay,
}

impl BirthdayWindow {
    /// Less than half a year: of the birthdays before and after a day at most one is as near.
    pub const DAYS_MAX: u16 = 180;

    /// Whether `date` is so near to a birthday, be it that of the year before or after.
    pub fn contains(&self, date: Date, birthday: Birthday) -> bool {
        let years = [date.year().checked_sub(1), Some(date.year()), date.year().checked_add(1)];
        years.into_iter().flatten().any(|year| {
            birthday.in_year(year, self.leap_day).is_some_and(|on| {
                let days = date.duration_since(on).as_hours() / 24;
                (-i64::from(self.days_before)..=i64::from(self.days_after)).contains(&days)
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn a_birthday_is_month_and_day() {
        for (text, expected) in [
            ("02-29", Some("02-29")),
            ("1990-02-28", Some("02-28")),
            ("12-31", Some("12-31")),
            ("", None),
            ("02-30", None),
            ("13-01", None),
            ("2-9", None),
            ("1990-02", None),
            ("1990-2-28", None),
            ("+2-28", None),
        ] {
            assert_eq!(Birthday::parse(text).map(|day| day.to_string()).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn windows_wrap_around_the_year_and_know_leap_days() {
        let window = |days_before, days_after, leap_day| BirthdayWindow { days_before, days_after, leap_day };
        let (three, day) = (window(3, 3, LeapDay::February28), window(0, 0, LeapDay::February28));
        let march = window(0, 0, LeapDay::March1);
        for (window, birthday, on, expected) in [
            (three, "10-10", date(2026, 10, 7), true),
            (three, "10-10", date(2026, 10, 6), false),
            (three, "10-10", date(2026, 10, 13), true),
            (three, "10-10", date(2026, 10, 14), false),
            (three, "01-02", date(2026, 12, 30), true),
            (three, "01-02", date(2026, 12, 29), false),
            (three, "12-30", date(2027, 1, 2), true),
            (three, "12-30", date(2027, 1, 3), false),
            (day, "02-29", date(2028, 2, 29), true),
            (day, "02-29", date(2028, 2, 28), false),
            (day, "02-29", date(2027, 2, 28), true),
            (day, "02-29", date(2027, 3, 1), false),
            (march, "02-29", date(2027, 3, 1), true),
            (march, "02-29", date(2027, 2, 28), false),
            (march, "02-29", date(2028, 2, 29), true),
            (window(1, 1, LeapDay::February28), "02-29", date(2028, 3, 1), true),
            (window(180, 180, LeapDay::February28), "07-02", date(2026, 1, 3), true),
            (three, "01-01", Date::MIN, true),
            (three, "12-31", Date::MAX, true),
        ] {
            let birthday = Birthday::parse(birthday).unwrap();
            assert_eq!(window.contains(on, birthday), expected, "{window:?} {birthday} {on}");
        }
    }
}

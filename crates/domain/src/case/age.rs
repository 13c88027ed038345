//! How old a case is, and until when it waits. Age counts from when the case was opened and never restarts.

use jiff::{Timestamp, civil::Date};

/// Nothing waits longer than that without another decision.
pub const CASE_WAIT_DAYS_MAX: i64 = 366;

const SECONDS_OF_DAY: i64 = 86_400;

/// Whole days of 24 hours since a case was opened; 0 for one that is opened later than now.
pub fn case_age_days(opened_at: Timestamp, now: Timestamp) -> i64 {
    now.as_second().saturating_sub(opened_at.as_second()).max(0) / SECONDS_OF_DAY
}

/// How long a case has been there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum AgeBucket {
    /// Up to one day.
    UpTo1,
    /// 2 and 3 days.
    Days2To3,
    /// 4 to 7 days.
    Days4To7,
    /// 8 to 30 days.
    Days8To30,
    /// Longer.
    Over30,
}

impl AgeBucket {
    /// All of them, the youngest first.
    pub const ALL: [Self; 5] = [Self::UpTo1, Self::Days2To3, Self::Days4To7, Self::Days8To30, Self::Over30];

    /// The stable word.
    pub fn name(self) -> &'static str {
        match self {
            Self::UpTo1 => "0-1",
            Self::Days2To3 => "2-3",
            Self::Days4To7 => "4-7",
            Self::Days8To30 => "8-30",
            Self::Over30 => "30+",
        }
    }

    /// Reads [`Self::name`].
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|bucket| bucket.name() == text)
    }

    /// The first whole day of age, and the last one if there is one.
    pub fn days(self) -> (i64, Option<i64>) {
        match self {
            Self::UpTo1 => (0, Some(1)),
            Self::Days2To3 => (2, Some(3)),
            Self::Days4To7 => (4, Some(7)),
            Self::Days8To30 => (8, Some(30)),
            Self::Over30 => (31, None),
        }
    }

    /// Of a case that was opened at an instant.
    pub fn of(opened_at: Timestamp, now: Timestamp) -> Self {
        let days = case_age_days(opened_at, now);
        let holds = |bucket: &Self| bucket.days().1.is_none_or(|last| days <= last);
        Self::ALL.into_iter().find(holds).unwrap_or(Self::Over30)
    }
}

/// Whether a case that waits until a date waits no longer.
pub fn wait_is_over(until: Date, today: Date) -> bool {
    until <= today
}

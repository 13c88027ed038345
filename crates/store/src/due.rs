//! What the readers of days that have come agree on.

use jiff::{Timestamp, ToSpan, civil::Date, tz::TimeZone};

/// The latest day that it can be anywhere: a bound that an index can use. The program's own zone decides.
pub(crate) fn latest_day(now: Timestamp) -> Date {
    // No zone is more than a day ahead.
    let utc = now.to_zoned(TimeZone::UTC).date();
    utc.checked_add(1.day()).unwrap_or(utc)
}

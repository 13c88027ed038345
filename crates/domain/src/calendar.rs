//! Business dates: on which one a local time falls, and when one ends.

mod cut_offs;

pub use cut_offs::{CutOffs, CycleOfDay, InDay};

use jiff::civil::{Date, DateTime, Time};

/// A cut-off from noon on is of the evening.
const NOON: Time = Time::constant(12, 0, 0, 0);

/// The business date on which a local time falls.
///
/// A cut-off after noon ends the business date itself; one before noon ends the night that follows it.
///
/// ```
/// use domain::business_date;
/// use jiff::civil::{date, time};
/// let late = date(2026, 10, 10).at(23, 45, 0, 0);
/// assert_eq!(business_date(late, time(0, 0, 0, 0)), date(2026, 10, 10));
/// assert_eq!(business_date(late, time(23, 30, 0, 0)), date(2026, 10, 11));
/// let early = date(2026, 10, 10).at(2, 0, 0, 0);
/// assert_eq!(business_date(early, time(3, 0, 0, 0)), date(2026, 10, 9));
/// ```
pub fn business_date(local: DateTime, cut_off: Time) -> Date {
    let (date, time) = (local.date(), local.time());
    match cut_off >= NOON {
        true if time >= cut_off => date.tomorrow().unwrap_or(date),
        false if time < cut_off => date.yesterday().unwrap_or(date),
        _ => date,
    }
}

/// The local time at which a business date ends: the first that belongs to the next one.
pub fn business_date_end(date: Date, cut_off: Time) -> DateTime {
    let last = if cut_off >= NOON { date } else { date.tomorrow().unwrap_or(date) };
    last.to_datetime(cut_off)
}

#[cfg(test)]
mod tests {
    use jiff::{ToSpan, civil::date};
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_end_is_the_first_moment_of_the_next_date(days in 0_i32..800, cut_off_minutes in 0_i32..1440) {
            let day = date(2026, 1, 1).checked_add(days.days()).unwrap();
            let hour = i8::try_from(cut_off_minutes / 60).unwrap();
            let cut_off = Time::new(hour, i8::try_from(cut_off_minutes % 60).unwrap(), 0, 0).unwrap();
            let end = business_date_end(day, cut_off);
            prop_assert_eq!(business_date(end, cut_off), day.tomorrow().unwrap());
            prop_assert_eq!(business_date(end.checked_sub(1.second()).unwrap(), cut_off), day);
        }
    }
}

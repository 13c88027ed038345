//! Whether files are missing between the last one of a series and the next.

use jiff::civil::Date;

/// A file's place in its series: the date that begins it again, if there is one, and its number.
type Place = (Option<Date>, i32);

/// The number that was due, if files are missing before `found`.
///
/// The first file of a series may have any number: nobody knows where the bank began. A later date may go on counting
/// or begin again with 1. A file from before the last one is late, which leaves no new gap.
pub(super) fn gap(last: Option<Place>, found: Place) -> Option<i32> {
    let (last_date, last_number) = last?;
    let (date, number) = found;
    let due = last_number.saturating_add(1);
    let begins_again = date > last_date;
    let late = date < last_date || (date == last_date && number <= last_number);
    if late || number == due || (begins_again && number == 1) {
        return None;
    }
    Some(if begins_again { 1 } else { due })
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::gap;

    #[test]
    fn gaps() {
        let (monday, tuesday) = (Some(date(2026, 10, 5)), Some(date(2026, 10, 6)));
        for (last, found, expected) in [
            (None, (None, 7), None),
            (Some((None, 7)), (None, 8), None),
            (Some((None, 7)), (None, 9), Some(8)),
            (Some((None, 7)), (None, 3), None),
            (Some((monday, 2)), (monday, 3), None),
            (Some((monday, 2)), (monday, 4), Some(3)),
            (Some((monday, 2)), (tuesday, 1), None),
            (Some((monday, 2)), (tuesday, 3), None),
            (Some((monday, 2)), (tuesday, 2), Some(1)),
            (Some((monday, 2)), (tuesday, 4), Some(1)),
            (Some((tuesday, 1)), (monday, 9), None),
        ] {
            assert_eq!(gap(last, found), expected, "{last:?} then {found:?}");
        }
    }
}

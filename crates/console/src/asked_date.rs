//! A date that somebody asks for: in the years that the calendar, the books and the database all have.

use jiff::civil::Date;

/// The first and the last year.
const YEARS: std::ops::RangeInclusive<i16> = 1900..=2999;

/// `2026-10-10`; `None` for anything else, and for years that no book has.
pub(crate) fn asked_date(text: &str) -> Option<Date> {
    text.parse().ok().filter(|date: &Date| YEARS.contains(&date.year()))
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn a_date_is_of_a_year_that_books_have() {
        assert_eq!(asked_date("2026-10-10"), Some(date(2026, 10, 10)));
        assert_eq!(asked_date("1900-01-01"), Some(date(1900, 1, 1)));
        assert_eq!(asked_date("2999-12-31"), Some(date(2999, 12, 31)));
        for wrong in ["", "yesterday", "2026-02-30", "0001-01-01", "1899-12-31", "3000-01-01", "9999-12-31"] {
            assert_eq!(asked_date(wrong), None, "{wrong}");
        }
    }
}

//! Where a cycle stands in the calendar month, by which prices and fees count, and in the terms.

use jiff::civil::Date;

use super::Terms;
use crate::Effective;

/// Where a cycle stands, for one set of terms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// No further cycle of the month has a batch of this partner and currency: fees and minimums of the month are due.
    pub last_of_month: bool,
    /// No batch of this partner and currency follows on the next day: nothing is carried forward.
    pub last_of_terms: bool,
}

/// Where the cycle of a business date stands; `all` are the program's terms, and `last_of_day` says whether no further
/// cycle of the date follows.
pub fn place(terms: &Terms, all: &[Terms], date: Date, last_of_day: bool) -> Place {
    let same = |other: &&Terms| {
        (other.partner, other.program, other.currency) == (terms.partner, terms.program, terms.currency)
    };
    let tomorrow = date.tomorrow().ok();
    let holds = |from: Date, until: Option<Date>| {
        all.iter().filter(same).any(|other| overlaps(&other.effective, from, until))
    };
    let follow = tomorrow.is_some_and(|tomorrow| holds(tomorrow, tomorrow.tomorrow().ok()));
    // Terms that pause and come back in the month owe its fees and minimums once, at its end.
    let in_month = tomorrow.is_some_and(|tomorrow| holds(tomorrow, month_of(date).to));
    Place { last_of_month: last_of_day && !in_month, last_of_terms: last_of_day && !follow }
}

/// Whether terms hold on some day from `from` on and before `until`.
fn overlaps(effective: &Effective, from: Date, until: Option<Date>) -> bool {
    let first = effective.from.map_or(from, |begin| begin.max(from));
    [effective.to, until].into_iter().flatten().all(|end| first < end)
}

/// The business dates of the calendar month of `date`.
pub fn month_of(date: Date) -> Effective {
    Effective { from: Some(date.first_of_month()), to: date.last_of_month().tomorrow().ok() }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::{Currency, PartnerId, ProgramId};

    #[test]
    fn a_month_ends_with_its_last_cycle_or_with_the_terms() {
        let of = |currency, from: Option<i8>, to: Option<i8>| {
            let day = |day| date(2026, 10, day);
            let effective = Effective { from: from.map(day), to: to.map(day) };
            Terms { effective, ..Terms::new(PartnerId(1), ProgramId(1), Currency(currency), Vec::new()) }
        };
        // Other terms follow on the 10th; they end with the 20th, and only terms in another currency go on.
        let all = [of(643, None, Some(10)), of(643, Some(10), Some(21)), of(840, None, None)];
        for (terms, day, last_of_day, last_of_month, last_of_terms) in [
            (0, date(2026, 10, 9), true, false, false),
            (1, date(2026, 10, 19), true, false, false),
            (1, date(2026, 10, 20), false, false, false),
            (1, date(2026, 10, 20), true, true, true),
            (2, date(2026, 10, 30), true, false, false),
            (2, date(2026, 10, 31), false, false, false),
            (2, date(2026, 10, 31), true, true, false),
            (0, date(2026, 9, 30), true, true, false),
        ] {
            let found = place(&all[terms], &all, day, last_of_day);
            assert_eq!(found, Place { last_of_month, last_of_terms }, "{terms} {day} {last_of_day}");
        }
        // Terms that end with the 5th and come back on the 20th: the month is charged once, at its end. Between them
        // nothing waits for a batch that may never come.
        let gap = [of(643, None, Some(6)), of(643, Some(20), None)];
        for (terms, day, last_of_month, last_of_terms) in [
            (0, date(2026, 10, 5), false, true),
            (1, date(2026, 10, 30), false, false),
            (1, date(2026, 10, 31), true, false),
            (0, date(2026, 9, 30), true, false),
        ] {
            let found = place(&gap[terms], &gap, day, true);
            assert_eq!(found, Place { last_of_month, last_of_terms }, "{terms} {day}");
        }
        let february = Effective { from: Some(date(2028, 2, 1)), to: Some(date(2028, 3, 1)) };
        assert_eq!(month_of(date(2028, 2, 29)), february);
    }
}

//! What a month's cap leaves: shared among the purchases of a member, so it follows the order of messages.

use std::collections::BTreeMap;

use jiff::civil::Date;

/// Miles booked by month.
#[derive(Debug, Clone, Default)]
pub(crate) struct Months(BTreeMap<(i16, i8), i128>);

impl Months {
    pub(crate) fn count(&mut self, day: Date, miles: i128) {
        *self.0.entry((day.year(), day.month())).or_default() += miles;
    }

    /// What is left to a purchase of that day that has `has` miles already.
    pub(crate) fn room(&self, cap: i128, day: Date, has: i128) -> i128 {
        let booked = self.0.get(&(day.year(), day.month())).copied().unwrap_or(0);
        (cap - (booked - has)).max(0)
    }

    /// As the ledger names them, without zeros.
    pub(crate) fn counters(&self) -> BTreeMap<String, i128> {
        let counted = self.0.iter().filter(|(_, miles)| **miles != 0);
        counted.map(|((year, month), miles)| (format!("{year:04}-{month:02}"), *miles)).collect()
    }
}

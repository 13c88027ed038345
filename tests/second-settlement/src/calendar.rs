//! Business dates.

use jiff::{
    ToSpan,
    civil::{Date, DateTime},
};

use crate::programs::Program;

impl Program {
    /// The business date of what arrives at a local time.
    pub(crate) fn business_date(&self, at: DateTime) -> Date {
        let before = at.time() < self.cut_off;
        match self.ends_next_day() {
            true if before => at.date().yesterday().unwrap(),
            false if !before => at.date().tomorrow().unwrap(),
            _ => at.date(),
        }
    }

    /// The nominal end of a business date as a file shows it. A time that comes twice is the first one.
    pub(crate) fn cut_off_text(&self, date: Date) -> String {
        let day = if self.ends_next_day() { date + 1.day() } else { date };
        day.to_datetime(self.cut_off).to_zoned(self.zone.clone()).unwrap().to_string()
    }
}

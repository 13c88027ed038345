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

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use crate::programs::programs;

    #[test]
    fn a_business_date_ends_at_its_cut_off() {
        let [volga, spree] = programs();
        for (program, at, day, end) in [
            (
                &volga,
                date(2026, 10, 1).at(23, 59, 0, 0),
                date(2026, 10, 1),
                "2026-10-02T00:00:00+03:00[Europe/Moscow]",
            ),
            (
                &volga,
                date(2026, 10, 2).at(0, 0, 0, 0),
                date(2026, 10, 2),
                "2026-10-03T00:00:00+03:00[Europe/Moscow]",
            ),
            // 02:30 comes twice on the 25th: the first one counts.
            (
                &spree,
                date(2026, 10, 25).at(2, 29, 0, 0),
                date(2026, 10, 24),
                "2026-10-25T02:30:00+02:00[Europe/Berlin]",
            ),
            (
                &spree,
                date(2026, 10, 25).at(2, 30, 0, 0),
                date(2026, 10, 25),
                "2026-10-26T02:30:00+01:00[Europe/Berlin]",
            ),
        ] {
            assert_eq!((program.business_date(at), program.cut_off_text(day).as_str()), (day, end));
        }
    }
}

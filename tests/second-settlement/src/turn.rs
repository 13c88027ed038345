//! The cycles of a business date, from the program's local times alone.

use jiff::{
    ToSpan,
    civil::{Date, DateTime, Time},
};

use crate::{month::Month, programs::Program};

/// One cycle of a business date. A date alone stands for its first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Turn {
    /// The business date.
    pub date: Date,
    /// Its place in the date, from 1.
    pub number: i32,
}

impl From<Date> for Turn {
    fn from(date: Date) -> Self {
        Self { date, number: 1 }
    }
}

/// An hour that is neither left out nor comes twice.
const BEFORE: &str = "14:00";

impl Program {
    /// The same program with one more cut-off, in the early afternoon.
    pub(crate) fn with_two_cycles(mut self) -> Self {
        let (one, last) = (format!("cut_off = \"{:.5}\"", self.cut_off.to_string()), self.cut_off);
        assert_eq!(self.file.matches(&one).count(), 1);
        let two = format!("cut_off = [\"{BEFORE}\", \"{:.5}\"]", last.to_string());
        self.file = self.file.replace(&one, &two).leak();
        self.earlier = vec![format!("{BEFORE}:00").parse().unwrap()];
        self
    }

    /// How many cycles a business date has.
    #[must_use]
    pub fn cycles(&self) -> i32 {
        i32::try_from(self.earlier.len()).unwrap() + 1
    }

    /// The cycle that is open at a local time.
    pub(crate) fn turn(&self, at: DateTime) -> Turn {
        let date = self.business_date(at);
        let ended = self.earlier.iter().filter(|time| self.on(date, **time) <= at).count();
        Turn { date, number: i32::try_from(ended).unwrap() + 1 }
    }

    /// When an earlier cut-off of a business date is: the date ends within a day of it.
    fn on(&self, date: Date, time: Time) -> DateTime {
        let last = if self.ends_next_day() { date + 1.day() } else { date };
        let of_last_day = last.to_datetime(time);
        if time < self.cut_off { of_last_day } else { of_last_day - 1.day() }
    }

    /// The nominal end of a cycle as a file shows it.
    pub(crate) fn end_text(&self, turn: Turn) -> String {
        match self.earlier.get(usize::try_from(turn.number).unwrap() - 1) {
            Some(time) => self.on(turn.date, *time).to_zoned(self.zone.clone()).unwrap().to_string(),
            None => self.cut_off_text(turn.date),
        }
    }

    pub(crate) fn is_last(&self, turn: Turn) -> bool {
        turn.number == self.cycles()
    }
}

impl Month {
    /// The cycles with this number of a date: of each program that has so many, with its place.
    #[must_use]
    pub fn turns(&self, date: Date, number: i32) -> Vec<(usize, Turn)> {
        let having = self.programs.iter().enumerate().filter(|(_, program)| number <= program.cycles());
        having.map(|(place, _)| (place, Turn { date, number })).collect()
    }

    /// The most cycles that a date has.
    #[must_use]
    pub fn cycles_max(&self) -> i32 {
        self.programs.iter().map(Program::cycles).max().unwrap()
    }

    /// All cycles of a program in their order.
    pub(crate) fn all_turns(&self, program: &Program) -> Vec<Turn> {
        let of_date = |date| (1..=program.cycles()).map(move |number| Turn { date, number });
        self.dates().into_iter().flat_map(of_date).collect()
    }

    /// The place of a cycle among all of its program, from 1.
    pub(crate) fn sequence(&self, program: &Program, turn: Turn) -> i32 {
        (self.cycle(turn.date) - 1) * program.cycles() + turn.number
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::programs::programs;

    #[test]
    fn a_cycle_ends_at_its_own_cut_off() {
        let [volga, spree] = programs().map(Program::with_two_cycles);
        let october = |day| date(2026, 10, day);
        for (program, at, day, number, end) in [
            (&volga, october(1).at(0, 0, 0, 0), 1, 1, "2026-10-01T14:00:00+03:00[Europe/Moscow]"),
            (&volga, october(1).at(13, 59, 0, 0), 1, 1, "2026-10-01T14:00:00+03:00[Europe/Moscow]"),
            (&volga, october(1).at(14, 0, 0, 0), 1, 2, "2026-10-02T00:00:00+03:00[Europe/Moscow]"),
            (&spree, october(25).at(2, 29, 0, 0), 24, 2, "2026-10-25T02:30:00+02:00[Europe/Berlin]"),
            (&spree, october(25).at(2, 30, 0, 0), 25, 1, "2026-10-25T14:00:00+01:00[Europe/Berlin]"),
            (&spree, october(25).at(14, 0, 0, 0), 25, 2, "2026-10-26T02:30:00+01:00[Europe/Berlin]"),
        ] {
            let turn = program.turn(at);
            assert_eq!(
                (turn, program.end_text(turn).as_str()),
                (Turn { date: october(day), number }, end),
                "{at}"
            );
        }
    }
}

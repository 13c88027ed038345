//! Instants as a page shows them: all of a page in one zone, with UTC behind each.

use std::collections::BTreeSet;

use jiff::{Timestamp, civil::Date, tz::TimeZone};
use program_files::Language;

use crate::locale::Locale;

/// The zone of a page.
#[derive(Debug, Clone)]
pub(crate) struct Clock {
    name: String,
    zone: TimeZone,
    locale: Locale,
}

/// An instant in the zone of its page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Moment {
    /// For `datetime`.
    pub(crate) machine: String,
    /// For `title`: `2026-10-10 09:00:21 UTC`.
    pub(crate) utc: String,
    /// `2026-10-10 12:00:21`, or the time alone.
    pub(crate) text: String,
}

impl Clock {
    /// The clock of an IANA zone; one that is not known here is UTC.
    pub(crate) fn of(name: &str) -> Self {
        let locale = Locale(Language::English);
        match TimeZone::get(name) {
            Ok(zone) => Self { name: name.to_owned(), zone, locale },
            Err(_) => Self { name: "UTC".to_owned(), zone: TimeZone::UTC, locale },
        }
    }

    /// The same clock, as readers of this language write.
    pub(crate) fn spoken(self, language: Language) -> Self {
        Self { locale: Locale(language), ..self }
    }

    /// The clock of several zones: theirs if it is one, else UTC.
    pub(crate) fn of_all<'a>(names: impl Iterator<Item = &'a str>) -> Self {
        let names: BTreeSet<&str> = names.collect();
        Self::of(names.first().filter(|_| names.len() == 1).unwrap_or(&"UTC"))
    }

    /// The day on which it was.
    pub(crate) fn date(&self, instant: Timestamp) -> Date {
        instant.to_zoned(self.zone.clone()).date()
    }

    /// The first instant of a day.
    pub(crate) fn begin_of(&self, date: Date) -> Timestamp {
        date.to_zoned(self.zone.clone()).map_or(Timestamp::MIN, |zoned| zoned.timestamp())
    }

    /// With its date.
    pub(crate) fn moment(&self, instant: Timestamp) -> Moment {
        self.shown(instant, self.locale.moment_format())
    }

    /// The time alone.
    pub(crate) fn time(&self, instant: Timestamp) -> Moment {
        self.shown(instant, "%H:%M:%S")
    }

    fn shown(&self, instant: Timestamp, format: &str) -> Moment {
        Moment {
            machine: instant.to_string(),
            utc: instant.strftime("%Y-%m-%d %H:%M:%S UTC").to_string(),
            text: instant.to_zoned(self.zone.clone()).strftime(format).to_string(),
        }
    }

    /// `Europe/Moscow (UTC+03:00)`: the zone with its offset at these instants; around a change of clocks both.
    pub(crate) fn label(&self, instants: impl Iterator<Item = Timestamp>) -> String {
        let offset = |instant: Timestamp| instant.to_zoned(self.zone.clone()).strftime("UTC%:z").to_string();
        let offsets: BTreeSet<String> = instants.map(offset).collect();
        if offsets.is_empty() || self.name == "UTC" {
            return self.name.clone();
        }
        let and = self.locale.0.choose(" and ", " и ");
        format!("{} ({})", self.name, offsets.into_iter().collect::<Vec<_>>().join(and))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn an_instant_has_one_zone_and_keeps_utc() {
        let clock = Clock::of("Europe/Moscow");
        let instant = at("2026-10-10T21:00:01Z");
        let moment = clock.moment(instant);
        assert_eq!(moment.text, "2026-10-11 00:00:01");
        assert_eq!(moment.utc, "2026-10-10 21:00:01 UTC");
        assert_eq!(moment.machine, "2026-10-10T21:00:01Z");
        assert_eq!(clock.time(instant).text, "00:00:01");
        assert_eq!(clock.date(instant), jiff::civil::date(2026, 10, 11));
    }

    #[test]
    fn the_label_names_every_offset_that_is_shown() {
        let check = |clock: Clock, instants: &[&str], label: &str| {
            assert_eq!(clock.label(instants.iter().map(|text| at(text))), label);
        };
        let (winter, summer) = ("2026-01-10T12:00:00Z", "2026-07-10T12:00:00Z");
        check(Clock::of("Europe/Moscow"), &[winter, summer], "Europe/Moscow (UTC+03:00)");
        check(Clock::of("Europe/Berlin"), &[summer, winter], "Europe/Berlin (UTC+01:00 and UTC+02:00)");
        check(Clock::of("Europe/Berlin"), &[], "Europe/Berlin");
        check(Clock::of("No/Where"), &[winter], "UTC");
        check(Clock::of_all(["Europe/Moscow"; 2].into_iter()), &[winter], "Europe/Moscow (UTC+03:00)");
        check(Clock::of_all(["Europe/Moscow", "Asia/Omsk"].into_iter()), &[winter], "UTC");
        check(Clock::of_all([].into_iter()), &[winter], "UTC");
        let berlin = Clock::of("Europe/Berlin").spoken(Language::Russian);
        assert_eq!(berlin.moment(at(summer)).text, "10.07.2026 14:00:00");
        check(berlin, &[summer, winter], "Europe/Berlin (UTC+01:00 и UTC+02:00)");
    }
}

//! `when.birthday`: the days around the member's birthday.

use domain::{BirthdayWindow, LeapDay};
use toml::Spanned;

use crate::document::{self, Table};
use crate::errors::Problem;
use crate::meaning::Reading;
use crate::scalars;

pub(crate) const LEAP_DAYS: [(&str, LeapDay); 2] =
    [("february_28", LeapDay::February28), ("march_1", LeapDay::March1)];

impl Reading<'_> {
    /// The window; `None` only if a problem was reported.
    pub(crate) fn birthday(
        &mut self,
        path: &str,
        entry: Option<&Table<document::BirthdayWindow>>,
    ) -> Option<Option<BirthdayWindow>> {
        let Some(entry) = entry else { return Some(None) };
        let days_before = self.days_near(&format!("{path}.days_before"), entry.days_before.as_ref());
        let days_after = self.days_near(&format!("{path}.days_after"), entry.days_after.as_ref());
        let leap_day = self.optional(&format!("{path}.leap_day"), entry.leap_day.as_ref(), |text| {
            scalars::word(text, &LEAP_DAYS)
        });
        let leap_day = leap_day?.unwrap_or_default();
        Some(Some(BirthdayWindow { days_before: days_before?, days_after: days_after?, leap_day }))
    }

    fn days_near(&mut self, path: &str, place: Option<&Spanned<u64>>) -> Option<u16> {
        let Some(place) = place else { return Some(0) };
        let days = *place.get_ref();
        let near = u16::try_from(days).ok().filter(|days| *days <= BirthdayWindow::DAYS_MAX);
        if near.is_none() {
            let expected = format!("0 to {} days", BirthdayWindow::DAYS_MAX);
            let advice = "name a part of the year, or delete `birthday`";
            self.report(path, place, Problem::new(expected, days.to_string(), advice));
        }
        near
    }
}

/// Such as `3 days before, 0 after, 29 February as february_28`.
pub(crate) fn text(window: &BirthdayWindow) -> String {
    let BirthdayWindow { days_before, days_after, leap_day } = window;
    format!("{days_before} days before, {days_after} after, 29 February as {}", leap_day.name())
}

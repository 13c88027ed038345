//! Calendars and payment dates.

use domain::settlement::{Calendar, DayKind, PaymentRule};

use super::{DAY_COUNTS, PAYMENT_DAYS_MAX};
use crate::document::{self, CalendarException, Payment, Table, Text, Words};
use crate::errors::Problem;
use crate::meaning::Reading;
use crate::scalars::{self, quoted};
use crate::suggest;

impl Reading<'_> {
    /// The calendars of the file; those with errors are left out and reported.
    pub(crate) fn calendars(&mut self, entries: &[Table<document::Calendar>]) -> Vec<Calendar> {
        let mut calendars: Vec<Calendar> = Vec::new();
        for (index, entry) in entries.iter().enumerate() {
            let path = format!("calendar[{index}]");
            let Some(calendar) = self.calendar(&path, entry) else { continue };
            if calendars.iter().any(|other| other.name == calendar.name) {
                let found = format!("{} again", quoted(&calendar.name));
                let problem = Problem::new("each calendar once in the file", found, "rename one of the two");
                self.report(&format!("{path}.name"), &entry.name, problem);
            }
            calendars.push(calendar);
        }
        calendars
    }

    fn calendar(&mut self, path: &str, entry: &document::Calendar) -> Option<Calendar> {
        let name = self.value(&format!("{path}.name"), &entry.name, scalars::code);
        let weekly = [
            ("closed", &entry.closed, DayKind::Closed),
            ("value_only", &entry.value_only, DayKind::ValueOnly),
            ("process_only", &entry.process_only, DayKind::ProcessOnly),
        ];
        let mut calendar = Calendar { name: name?, ..Calendar::default() };
        for (key, words, kind) in weekly {
            self.weekly(&format!("{path}.{key}"), words.as_ref(), kind, &mut calendar);
        }
        for (index, exception) in entry.exception.iter().enumerate() {
            self.exception(&format!("{path}.exception[{index}]"), exception, &mut calendar);
        }
        if !calendar.opens_weekly() {
            let problem = Problem::new(
                "a day in each week for files and one for money",
                format!("{} without", quoted(&calendar.name)),
                "take a day out of `closed`, `value_only` or `process_only`",
            );
            self.report(&format!("{path}.name"), &entry.name, problem);
        }
        Some(calendar)
    }

    fn weekly(&mut self, path: &str, words: Option<&Words>, kind: DayKind, calendar: &mut Calendar) {
        for day in words.map(|words| words.0.as_slice()).unwrap_or_default() {
            let Some(weekday) = self.value(path, day, scalars::weekday) else { continue };
            if let Some(other) = calendar.weekly.insert(weekday.to_monday_one_offset(), kind) {
                let found = format!("{}, which is {} already", quoted(day.get_ref()), other.name());
                let problem = Problem::new("each day of the week once", found, "delete one of the two");
                self.report(path, day, problem);
            }
        }
    }

    fn exception(&mut self, path: &str, entry: &CalendarException, calendar: &mut Calendar) {
        let kinds = DayKind::ALL.map(|kind| (kind.name(), kind));
        let date = self.date(&format!("{path}.date"), &entry.date);
        let kind = self.value(&format!("{path}.day"), &entry.day, |text| scalars::word(text, &kinds));
        let Some((date, kind)) = date.zip(kind) else { return };
        if calendar.exceptions.insert(date, kind).is_some() {
            let problem = Problem::new(
                "each date once in a calendar",
                format!("{date} again"),
                "delete one of the two",
            );
            self.report(&format!("{path}.date"), &entry.date, problem);
        }
    }

    /// The calendar that terms name.
    pub(super) fn calendar_of(
        &mut self,
        path: &str,
        name: Option<&Text>,
        calendars: &[Calendar],
    ) -> Option<Calendar> {
        let Some(name) = name else { return Some(Calendar::default()) };
        let found = calendars.iter().find(|calendar| calendar.name == *name.get_ref());
        if found.is_none() {
            let names = calendars.iter().map(|calendar| calendar.name.as_str());
            let advice = match suggest::nearest(name.get_ref(), names) {
                Some(near) => format!("did you mean `{near}`?"),
                None => "add a [[calendar]] with this name".to_owned(),
            };
            let problem = Problem::new("the name of a [[calendar]]", quoted(name.get_ref()), advice);
            self.report(&format!("{path}.calendar"), name, problem);
        }
        found.cloned()
    }

    pub(super) fn payment(&mut self, path: &str, entry: Option<&Payment>) -> Option<PaymentRule> {
        let Some(entry) = entry else { return Some(PaymentRule::default()) };
        let path = format!("{path}.payment");
        let days = *entry.after_days.get_ref();
        let counted = self
            .optional(&format!("{path}.days"), entry.days.as_ref(), |text| scalars::word(text, &DAY_COUNTS));
        if days > PAYMENT_DAYS_MAX {
            let expected = format!("at most {PAYMENT_DAYS_MAX} days");
            let problem = Problem::new(expected, days.to_string(), "write fewer days");
            self.report(&format!("{path}.after_days"), &entry.after_days, problem);
        }
        let after_days = u16::try_from(days).unwrap_or(u16::MAX);
        Some(PaymentRule { after_days, counted: counted?.unwrap_or_default() })
    }
}

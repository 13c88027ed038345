//! The second pass: what all kinds of entries have in common.

use std::collections::BTreeMap;

use domain::{Condition, Effective, PartnerId};
use jiff::civil::Date;
use toml::Spanned;
use toml::value::Datetime;

use crate::codes::{Codes, NamedCurrency};
use crate::document::{self, Text, Words};
use crate::errors::{ErrorLog, Notice, Problem, Severity};
use crate::scalars::{self, Read, quoted};
use crate::suggest;

/// Names that explanations use for steps of their own.
pub(crate) const RESERVED_IDS: [&str; 5] = ["exclusions", "eligibility", "match", "merchant", "tiers"];

/// The second pass over one file.
#[derive(Debug)]
pub(crate) struct Reading<'a> {
    pub(crate) log: ErrorLog<'a>,
    pub(crate) codes: &'a Codes,
    /// The ids of rules seen so far and their lines.
    pub(crate) ids: BTreeMap<String, usize>,
    /// What is doubtful in a file that can be read.
    pub(crate) notices: Vec<Notice>,
    /// The tiers of the file, once they are read.
    pub(crate) tiers_read: Option<Vec<domain::Tier>>,
    /// Whether every id was well formed; otherwise a reference to an unknown id may be right.
    pub(crate) ids_complete: bool,
    /// The ids of the file's coupons, once they are read; what is not known may be right.
    pub(crate) coupons_read: Option<Vec<String>>,
}

impl<'a> Reading<'a> {
    pub(crate) fn new(log: ErrorLog<'a>, codes: &'a Codes) -> Self {
        Self {
            log,
            codes,
            ids: BTreeMap::new(),
            notices: Vec::new(),
            tiers_read: None,
            ids_complete: true,
            coupons_read: None,
        }
    }

    /// Reports a problem at a value.
    pub(crate) fn report<T>(&mut self, path: &str, at: &Spanned<T>, problem: Problem) {
        self.log.at_byte(at.span().start, path, problem);
    }

    /// Reports what is doubtful at a value.
    pub(crate) fn notice<T>(&mut self, severity: Severity, path: &str, at: &Spanned<T>, problem: Problem) {
        let error = self.log.pointed(at.span().start, path, problem);
        self.notices.push(Notice { severity, error });
    }

    /// The value behind a text, or `None` with the problem reported.
    pub(crate) fn value<T>(
        &mut self,
        path: &str,
        text: &Text,
        read: impl FnOnce(&str) -> Read<T>,
    ) -> Option<T> {
        match read(text.get_ref()) {
            Ok(value) => Some(value),
            Err(problem) => {
                self.report(path, text, problem);
                None
            }
        }
    }

    /// The value behind a text that may be absent; `None` only if a problem was reported.
    pub(crate) fn optional<T>(
        &mut self,
        path: &str,
        text: Option<&Text>,
        read: impl FnOnce(&str) -> Read<T>,
    ) -> Option<Option<T>> {
        text.map_or(Some(None), |text| self.value(path, text, read).map(Some))
    }

    /// The values behind a list of words; `None` only if a problem was reported.
    pub(crate) fn list<T>(
        &mut self,
        path: &str,
        words: Option<&Words>,
        read: impl Fn(&str) -> Read<T>,
    ) -> Option<Vec<T>> {
        let words = words.map(|words| words.0.as_slice()).unwrap_or_default();
        let mut values = Vec::new();
        for (index, text) in words.iter().enumerate() {
            let path = if words.len() == 1 { path.to_owned() } else { format!("{path}[{index}]") };
            values.extend(self.value(&path, text, &read));
        }
        (values.len() == words.len()).then_some(values)
    }

    /// The number behind a code.
    pub(crate) fn coded<Id: Copy>(
        &mut self,
        path: &str,
        text: &Text,
        kind: &str,
        known: &BTreeMap<String, Id>,
    ) -> Option<Id> {
        let found = known.get(text.get_ref()).copied();
        if found.is_none() {
            self.report(path, text, unknown_code(text.get_ref(), kind, known));
        }
        found
    }

    /// The number of a partner.
    pub(crate) fn partner(&mut self, path: &str, text: &Text) -> Option<PartnerId> {
        let codes = self.codes;
        self.coded(path, text, "partner", &codes.partners)
    }

    /// The id of a rule: well formed and used once in the file.
    pub(crate) fn id(&mut self, path: &str, text: &Text) -> Option<String> {
        let id = self.new_id(path, text);
        self.ids_complete &= id.is_some();
        id
    }

    fn new_id(&mut self, path: &str, text: &Text) -> Option<String> {
        let id = self.value(path, text, scalars::code)?;
        let line = self.log.line(text.span().start);
        if RESERVED_IDS.contains(&id.as_str()) {
            let advice = "explanations use this word for a step of their own: choose another id";
            self.report(path, text, Problem::new("an id of your own", quoted(&id), advice));
            return None;
        }
        if let Some(first) = self.ids.get(&id) {
            let found = format!("{} again, first used on line {first}", quoted(&id));
            self.report(
                path,
                text,
                Problem::new("an id used once in the file", found, "rename one of the two"),
            );
            return None;
        }
        self.ids.insert(id.clone(), line);
        Some(id)
    }

    /// The range of dates in which an entry holds; without one it always holds.
    pub(crate) fn effective(
        &mut self,
        path: &str,
        effective: Option<&document::Effective>,
    ) -> Option<Effective> {
        let Some(effective) = effective else { return Some(Effective::default()) };
        let path = format!("{path}.effective");
        let from = self.optional_date(&format!("{path}.from"), effective.from.as_ref());
        let to = self.optional_date(&format!("{path}.to"), effective.to.as_ref());
        let read = Effective { from: from?, to: to? };
        if let (Some(first), Some(after), Some(place)) = (read.from, read.to, &effective.to)
            && after <= first
        {
            let expected = format!("a date after {first}");
            let advice = "`to` is the day after the last: write a later date, or delete the entry";
            self.report(&format!("{path}.to"), place, Problem::new(expected, after.to_string(), advice));
            return None;
        }
        Some(read)
    }

    fn optional_date(&mut self, path: &str, date: Option<&Spanned<Datetime>>) -> Option<Option<Date>> {
        let Some(place) = date else { return Some(None) };
        let read = place.get_ref();
        if read.time.is_none() && read.offset.is_none() {
            return self.date(path, place).map(Some);
        }
        let advice = "write the day alone, such as 2026-10-10";
        self.report(path, place, Problem::new("a date", read.to_string(), advice));
        None
    }

    /// The day of a date or local time.
    pub(crate) fn date(&mut self, path: &str, place: &Spanned<Datetime>) -> Option<Date> {
        let read = place.get_ref();
        let date = read.date.filter(|_| read.offset.is_none()).and_then(|date| {
            let (month, day) = (i8::try_from(date.month).ok()?, i8::try_from(date.day).ok()?);
            Date::new(i16::try_from(date.year).ok()?, month, day).ok()
        });
        if date.is_none() {
            let advice = "write a day of the calendar, such as 2026-10-10";
            self.report(path, place, Problem::new("a local date", read.to_string(), advice));
        }
        date
    }

    /// The condition of a rule.
    pub(crate) fn condition(
        &mut self,
        path: &str,
        when: Option<&document::When>,
        currency: &NamedCurrency,
    ) -> Option<Condition> {
        let Some(when) = when else { return Some(Condition::default()) };
        let partners = &self.codes.partners;
        let partner =
            |text: &str| partners.get(text).copied().ok_or_else(|| unknown_code(text, "partner", partners));
        let at = |key: &str| format!("{path}.when.{key}");
        let amount = |text: &str| scalars::amount(text, currency);
        let partners = self.list(&at("partner"), when.partner.as_ref(), partner);
        let mcc = self.list(&at("mcc"), when.mcc.as_ref(), scalars::mcc_range);
        let except_mcc = self.list(&at("except_mcc"), when.except_mcc.as_ref(), scalars::mcc_range);
        let weekdays = self.list(&at("weekday"), when.weekday.as_ref(), scalars::weekday);
        let month_days = self.list(&at("month_day"), when.month_day.as_ref(), scalars::month_days);
        let tiers = self.ranks(&at("tier"), when.tier.as_ref());
        let amount_from = self.optional(&at("amount_from"), when.amount_from.as_ref(), amount);
        let amount_below = self.optional(&at("amount_below"), when.amount_below.as_ref(), amount);
        let hours = self.list(&at("hours"), when.hours.as_ref(), scalars::hours);
        let coupon = self.coupon(&at("coupon"), when.coupon.as_ref());
        let birthday = self.birthday(&at("birthday"), when.birthday.as_ref());
        Some(Condition {
            partners: partners?,
            mcc: mcc?,
            except_mcc: except_mcc?,
            weekdays: weekdays?,
            month_days: month_days?,
            amount_from: amount_from?,
            amount_below: amount_below?,
            tiers: tiers?,
            hours: hours?,
            coupon: coupon?,
            birthday: birthday?,
        })
    }
}

pub(crate) fn unknown_code<Id>(code: &str, kind: &str, known: &BTreeMap<String, Id>) -> Problem {
    let advice = match suggest::nearest(code, known.keys().map(String::as_str)) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("declare the {kind} in the configuration, or correct the code"),
    };
    Problem::new(format!("the code of a declared {kind}"), quoted(code), advice)
}

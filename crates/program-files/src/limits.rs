//! What a rule gives at most: to one member, and to all together.

use domain::{Limit, Window};
use toml::Spanned;

use crate::codes::NamedCurrency;
use crate::document::{self, Table, Text};
use crate::errors::Problem;
use crate::meaning::Reading;
use crate::scalars;

pub(crate) const LIMIT_WINDOWS: [(&str, Window); 4] = [
    ("day", Window::Day),
    ("calendar_month", Window::CalendarMonth),
    ("calendar_year", Window::CalendarYear),
    ("program", Window::Always),
];

pub(crate) const BUDGET_WINDOWS: [(&str, Window); 3] =
    [("campaign", Window::Always), ("day", Window::Day), ("calendar_month", Window::CalendarMonth)];

/// How much, and where it is written; the name is that of the key in a discount or a bonus.
struct Written<'a> {
    path: String,
    name: &'static str,
    uses: Option<&'a Spanned<u64>>,
    /// `None` only if a problem was reported.
    most: Option<Option<u64>>,
    window: &'a Text,
}

impl Reading<'_> {
    /// The limit of a discount; `None` only if a problem was reported.
    pub(crate) fn discount_limit(
        &mut self,
        path: &str,
        entry: Option<&Table<document::DiscountLimit>>,
        currency: &NamedCurrency,
    ) -> Option<Option<Limit>> {
        let Some(entry) = entry else { return Some(None) };
        let path = format!("{path}.limit");
        let most = self.money(&format!("{path}.per_member"), entry.per_member.amount.as_ref(), currency);
        let uses = entry.per_member.uses.as_ref();
        let written = Written { path, name: "amount", uses, most, window: &entry.window };
        self.limit("per_member.", &written, &LIMIT_WINDOWS)
    }

    /// The budget of a discount.
    pub(crate) fn discount_budget(
        &mut self,
        path: &str,
        entry: Option<&Table<document::DiscountBudget>>,
        currency: &NamedCurrency,
    ) -> Option<Option<Limit>> {
        let Some(entry) = entry else { return Some(None) };
        let path = format!("{path}.budget");
        let most = self.money(&path, entry.amount.as_ref(), currency);
        let written =
            Written { path, name: "amount", uses: entry.uses.as_ref(), most, window: &entry.window };
        self.limit("", &written, &BUDGET_WINDOWS)
    }

    /// The limit of a bonus.
    pub(crate) fn bonus_limit(
        &mut self,
        path: &str,
        entry: Option<&Table<document::BonusLimit>>,
    ) -> Option<Option<Limit>> {
        let Some(entry) = entry else { return Some(None) };
        let path = format!("{path}.limit");
        let most = self.number(&format!("{path}.per_member.miles"), entry.per_member.miles.as_ref());
        let uses = entry.per_member.uses.as_ref();
        let written = Written { path, name: "miles", uses, most, window: &entry.window };
        self.limit("per_member.", &written, &LIMIT_WINDOWS)
    }

    /// The budget of a bonus.
    pub(crate) fn bonus_budget(
        &mut self,
        path: &str,
        entry: Option<&Table<document::BonusBudget>>,
    ) -> Option<Option<Limit>> {
        let Some(entry) = entry else { return Some(None) };
        let path = format!("{path}.budget");
        let most = self.number(&format!("{path}.miles"), entry.miles.as_ref());
        let written = Written { path, name: "miles", uses: entry.uses.as_ref(), most, window: &entry.window };
        self.limit("", &written, &BUDGET_WINDOWS)
    }

    fn money(&mut self, path: &str, text: Option<&Text>, currency: &NamedCurrency) -> Option<Option<u64>> {
        self.optional(&format!("{path}.amount"), text, |text| scalars::amount(text, currency))
    }

    fn number(&mut self, path: &str, place: Option<&Spanned<u64>>) -> Option<Option<u64>> {
        let Some(place) = place else { return Some(None) };
        self.miles(path, place, i64::MAX.unsigned_abs()).map(Some)
    }

    fn limit(
        &mut self,
        within: &str,
        written: &Written<'_>,
        windows: &[(&str, Window)],
    ) -> Option<Option<Limit>> {
        let Written { path, name, uses, most, window: place } = written;
        let uses = self.number(&format!("{path}.{within}uses"), *uses);
        let window = self.value(&format!("{path}.window"), place, |text| scalars::word(text, windows));
        let (uses, most, window) = (uses?, (*most)?, window?);
        if uses.is_none() && most.is_none() {
            let advice = format!("add uses = 3 or `{name}`, or delete the entry");
            let problem = Problem::new(format!("`uses` or `{name}`"), "neither", advice);
            self.report(path, place, problem);
            return None;
        }
        Some(Some(Limit { most, uses, window }))
    }
}

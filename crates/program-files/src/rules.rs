//! The rules of a program: base rates, bonuses, discounts and caps.

use domain::{
    BaseRule, BonusRule, CapRule, CapWindow, DiscountMode, EarnRounding, Effective, Funder, MccRange,
    Rounding, Stacking, Stackings,
};
use toml::Spanned;

use crate::codes::NamedCurrency;
use crate::document::{self, Table};
use crate::errors::Problem;
use crate::meaning::Reading;
use crate::scalars::{self, quoted};

pub(crate) const EARN_ROUNDINGS: [(&str, EarnRounding); 4] = [
    ("each_full_step", EarnRounding::EachFullStep),
    ("floor", EarnRounding::Proportional(Rounding::Floor)),
    ("half_up", EarnRounding::Proportional(Rounding::HalfUp)),
    ("half_even", EarnRounding::Proportional(Rounding::HalfEven)),
];

pub(crate) const MODES: [(&str, DiscountMode); 2] =
    [("statement_credit", DiscountMode::StatementCredit), ("at_till", DiscountMode::AtTill)];

pub(crate) const WINDOWS: [(&str, CapWindow); 1] = [("calendar_month", CapWindow::CalendarMonth)];

pub(crate) const STACKINGS: [(&str, Stacking); 3] =
    [("sum", Stacking::Sum), ("first", Stacking::First), ("best", Stacking::Best)];

impl Reading<'_> {
    /// How bonuses and discounts stack; a file that does not say is read as it always was.
    pub(crate) fn stacking(&mut self, entry: Option<&document::Stacking>) -> Option<Stackings> {
        let usual = Stackings::default();
        let Some(entry) = entry else { return Some(usual) };
        let word = |text: &str| scalars::word(text, &STACKINGS);
        let bonuses = self.optional("stacking.bonus", entry.bonus.as_ref(), word);
        let discounts = self.optional("stacking.discount", entry.discount.as_ref(), word);
        Some(Stackings {
            bonuses: bonuses?.unwrap_or(usual.bonuses),
            discounts: discounts?.unwrap_or(usual.discounts),
        })
    }

    /// The merchant categories without miles and without discount.
    pub(crate) fn excluded(&mut self, exclude: Option<&document::Exclude>) -> Option<Vec<MccRange>> {
        self.list("exclude.mcc", exclude.map(|exclude| &exclude.mcc), scalars::mcc_range)
    }

    /// The base rates; two may not hold on the same day.
    pub(crate) fn base_rules(
        &mut self,
        entries: &[Table<document::Base>],
        currency: &NamedCurrency,
    ) -> Vec<BaseRule> {
        let mut rules: Vec<BaseRule> = Vec::new();
        for (index, entry) in entries.iter().enumerate() {
            let Some(rule) = self.base(&format!("base[{index}]"), entry, currency) else { continue };
            if let Some(other) = rules.iter().find(|other| overlap(&other.effective, &rule.effective)) {
                let found = format!("{} and {} on the same days", quoted(&other.id), quoted(&rule.id));
                let advice = "let one end (`to`) where the other begins (`from`)";
                let problem = Problem::new("one base rate on each day", found, advice);
                self.report(&format!("base[{index}].effective"), &entry.id, problem);
            }
            rules.push(rule);
        }
        rules
    }

    fn base(&mut self, path: &str, entry: &document::Base, currency: &NamedCurrency) -> Option<BaseRule> {
        let id = self.id(&format!("{path}.id"), &entry.id);
        let effective = self.effective(path, entry.effective.as_deref());
        let miles = self.miles(&format!("{path}.earn.miles"), &entry.earn.miles, u64::from(u32::MAX));
        let per_minor =
            self.value(&format!("{path}.earn.per"), &entry.earn.per, |text| scalars::amount(text, currency));
        let rounding = self.value(&format!("{path}.earn.rounding"), &entry.earn.rounding, |text| {
            scalars::word(text, &EARN_ROUNDINGS)
        });
        Some(BaseRule {
            id: id?,
            effective: effective?,
            miles: u32::try_from(miles?).ok()?,
            per_minor: per_minor?,
            rounding: rounding?,
        })
    }

    /// A bonus.
    pub(crate) fn bonus(
        &mut self,
        path: &str,
        entry: &document::Bonus,
        currency: &NamedCurrency,
    ) -> Option<BonusRule> {
        let id = self.id(&format!("{path}.id"), &entry.id);
        let effective = self.effective(path, entry.effective.as_deref());
        let when = self.condition(path, entry.when.as_deref(), currency);
        let times_base = self.value(&format!("{path}.times_base"), &entry.times_base, scalars::ratio);
        let rounding = self.value(&format!("{path}.rounding"), &entry.rounding, scalars::rounding);
        let funder = match entry.funded_by.get_ref().as_str() {
            "bank" => Some(Funder::Bank),
            _ => self.partner(&format!("{path}.funded_by"), &entry.funded_by).map(Funder::Partner),
        };
        let limit = self.bonus_limit(path, entry.limit.as_ref());
        let budget = self.bonus_budget(path, entry.budget.as_ref());
        Some(BonusRule {
            id: id?,
            effective: effective?,
            when: when?,
            times_base: times_base?,
            rounding: rounding?,
            funder: funder?,
            limit: limit?,
            budget: budget?,
        })
    }

    /// A cap.
    pub(crate) fn cap(&mut self, path: &str, entry: &document::Cap) -> Option<CapRule> {
        let id = self.id(&format!("{path}.id"), &entry.id);
        let effective = self.effective(path, entry.effective.as_deref());
        let miles_max = self.miles(&format!("{path}.miles_max"), &entry.miles_max, i64::MAX.unsigned_abs());
        let window =
            self.value(&format!("{path}.window"), &entry.window, |text| scalars::word(text, &WINDOWS));
        Some(CapRule { id: id?, effective: effective?, miles_max: miles_max?, window: window? })
    }

    /// A number of miles from one to `max`.
    pub(crate) fn miles(&mut self, path: &str, place: &Spanned<u64>, max: u64) -> Option<u64> {
        let miles = *place.get_ref();
        if (1..=max).contains(&miles) {
            return Some(miles);
        }
        let unit = if path.ends_with("uses") { "" } else { " mile" };
        let expected = if miles == 0 {
            format!("at least 1{unit}")
        } else {
            format!("at most {max}{unit}{}", if unit.is_empty() { "" } else { "s" })
        };
        let advice = "correct the number or delete the entry";
        self.report(path, place, Problem::new(expected, miles.to_string(), advice));
        None
    }
}

/// Whether some day lies in both ranges.
pub(crate) fn overlap(left: &Effective, right: &Effective) -> bool {
    let begins_before_end = |from: Option<jiff::civil::Date>, to: Option<jiff::civil::Date>| {
        from.is_none_or(|from| to.is_none_or(|to| from < to))
    };
    begins_before_end(left.from, right.to) && begins_before_end(right.from, left.to)
}

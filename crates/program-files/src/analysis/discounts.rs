//! Discounts whose limits contradict each other.

use domain::{DiscountMode, DiscountRule, Rounding};

use super::Parts;
use crate::document::{Discount, Table};
use crate::errors::{Problem, Severity};
use crate::meaning::Reading;
use crate::scalars::quoted;

pub(super) fn check(reading: &mut Reading<'_>, parts: &Parts<'_>) {
    for (index, (rule, entry)) in parts.program.discounts.iter().zip(&parts.document.discount).enumerate() {
        let path = format!("discount[{index}]");
        never_enough(reading, &path, rule, entry);
        always_the_most(reading, &path, rule, entry);
        nothing_left(reading, &path, rule, entry);
    }
}

/// No amount is below one bound and not below the other.
fn never_enough(reading: &mut Reading<'_>, path: &str, rule: &DiscountRule, entry: &Table<Discount>) {
    let (Some(min), Some(below), Some(place)) =
        (rule.amount_min, rule.when.amount_below, &entry.amount_at_least)
    else {
        return;
    };
    if min >= below {
        let expected = "less than `when.amount_below`";
        let advice = "no amount fulfils both: correct one of them";
        let problem = Problem::new(expected, quoted(place.get_ref()), advice);
        reading.notice(Severity::Error, &format!("{path}.amount_at_least"), place, problem);
    }
}

/// The smallest purchase gets the largest discount already, so that the percentage says nothing.
fn always_the_most(reading: &mut Reading<'_>, path: &str, rule: &DiscountRule, entry: &Table<Discount>) {
    let smallest = rule.amount_min.into_iter().chain(rule.when.amount_from).max();
    let (Some(smallest), Some(max), Some(place)) = (smallest, rule.discount_max, &entry.at_most) else {
        return;
    };
    let smallest = i64::try_from(smallest).unwrap_or(i64::MAX);
    let given = rule.percent.of(smallest, Rounding::Floor).unwrap_or(i64::MAX);
    if u64::try_from(given).is_ok_and(|given| given >= max) {
        let expected =
            format!("more than {} % of the smallest amount", entry.percent.get_ref().trim_end_matches('%'));
        let advice =
            "every purchase gets `at_most`, none the percentage: raise it or lower the smallest amount";
        let problem = Problem::new(expected, quoted(place.get_ref()), advice);
        reading.notice(Severity::Warning, &format!("{path}.at_most"), place, problem);
    }
}

/// A discount at the till counts when the clearing of the rest comes; of nothing there is no clearing.
fn nothing_left(reading: &mut Reading<'_>, path: &str, rule: &DiscountRule, entry: &Table<Discount>) {
    let whole = rule.percent.numerator() >= rule.percent.denominator();
    if rule.mode == DiscountMode::AtTill && whole && rule.discount_max.is_none() {
        let advice =
            "no clearing would ever confirm it: write less, set `at_most`, or use \"statement_credit\"";
        let expected = "a discount at the till that leaves something to pay";
        let problem = Problem::new(expected, quoted(entry.percent.get_ref()), advice);
        reading.notice(Severity::Error, &format!("{path}.percent"), &entry.percent, problem);
    }
}

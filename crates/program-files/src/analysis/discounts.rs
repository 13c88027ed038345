//! Discounts whose limits contradict each other.

use domain::{DiscountMode, DiscountRule, DiscountTier, Reduction, Rounding};

use super::Parts;
use crate::document::{Discount, Table, Text};
use crate::errors::{Problem, Severity};
use crate::meaning::Reading;
use crate::scalars::quoted;

pub(super) fn check(reading: &mut Reading<'_>, parts: &Parts<'_>) {
    for (index, (rule, entry)) in parts.program.discounts.iter().zip(&parts.document.discount).enumerate() {
        let path = format!("discount[{index}]");
        never_enough(reading, &path, rule, entry);
        always_the_most(reading, &path, rule, entry);
        nothing_left(reading, &path, rule, entry);
        useless_tiers(reading, &path, rule, entry);
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

/// The smallest purchase gets the largest discount already, so that nothing else says anything.
fn always_the_most(reading: &mut Reading<'_>, path: &str, rule: &DiscountRule, entry: &Table<Discount>) {
    let (Some(max), Some(place)) = (rule.discount_max, &entry.at_most) else { return };
    let smallest = rule.amount_least().max(rule.when.amount_from.unwrap_or(0));
    let given = rule.tier(smallest).map_or(0, |tier| taken_off(tier, smallest));
    if smallest > 0 && given >= max {
        let most = match &entry.percent {
            Some(percent) => format!("{} % of", percent.get_ref().trim_end_matches('%')),
            None => "what is taken off".to_owned(),
        };
        let expected = format!("more than {most} the smallest amount");
        let advice =
            "every purchase gets `at_most`, none the percentage: raise it or lower the smallest amount";
        let problem = Problem::new(expected, quoted(place.get_ref()), advice);
        reading.notice(Severity::Warning, &format!("{path}.at_most"), place, problem);
    }
}

/// What a tier takes off an amount, in minor units.
fn taken_off(tier: &DiscountTier, amount: u64) -> u64 {
    match tier.gives {
        Reduction::Percent(percent) => {
            let amount = i64::try_from(amount).unwrap_or(i64::MAX);
            percent.of(amount, Rounding::Floor).map_or(u64::MAX, i64::unsigned_abs)
        }
        Reduction::Amount(minor) => minor.min(amount),
    }
}

/// A discount at the till counts when the clearing of the rest comes; of nothing there is no clearing.
fn nothing_left(reading: &mut Reading<'_>, path: &str, rule: &DiscountRule, entry: &Table<Discount>) {
    if rule.mode != DiscountMode::AtTill {
        return;
    }
    for (index, tier) in rule.tiers.iter().enumerate() {
        let (key, place) = written(entry, index);
        match tier.gives {
            Reduction::Percent(percent)
                if percent.numerator() >= percent.denominator() && rule.discount_max.is_none() =>
            {
                let advice = "no clearing would ever confirm it: write less, set `at_most`, or use \"statement_credit\"";
                let expected = "a discount at the till that leaves something to pay";
                let problem = Problem::new(expected, quoted(place.get_ref()), advice);
                reading.notice(Severity::Error, &format!("{path}.{key}"), place, problem);
            }
            Reduction::Amount(minor) => {
                let smallest = tier.from.max(rule.amount_least()).max(rule.when.amount_from.unwrap_or(0));
                if minor.min(rule.discount_max.unwrap_or(u64::MAX)) >= smallest {
                    let advice = "smaller purchases get nothing: say so by `amount_at_least`";
                    let expected = "less than the smallest amount of a purchase";
                    let problem = Problem::new(expected, quoted(place.get_ref()), advice);
                    reading.notice(Severity::Warning, &format!("{path}.{key}"), place, problem);
                }
            }
            Reduction::Percent(_) => {}
        }
    }
}

/// Where a tier is written: its key and its text.
fn written(entry: &Table<Discount>, index: usize) -> (String, &Text) {
    let of = |percent: &'_ Option<Text>| if percent.is_some() { "percent" } else { "amount" };
    match entry.tiers.as_ref().and_then(|tiers| tiers.get(index)) {
        Some(tier) => {
            let place = tier.percent.as_ref().or(tier.amount.as_ref()).unwrap_or(&tier.from);
            (format!("tiers[{index}].{}", of(&tier.percent)), place)
        }
        None => {
            let place = entry.percent.as_ref().or(entry.amount.as_ref()).unwrap_or(&entry.id);
            (of(&entry.percent).to_owned(), place)
        }
    }
}

/// Tiers that no purchase reaches, and such as give less than the one below.
fn useless_tiers(reading: &mut Reading<'_>, path: &str, rule: &DiscountRule, entry: &Table<Discount>) {
    let Some(places) = &entry.tiers else { return };
    for (index, (tier, place)) in rule.tiers.iter().zip(places).enumerate() {
        let at = format!("{path}.tiers[{index}].from");
        let mut notice = |expected: &str, advice: &str| {
            let problem = Problem::new(expected, quoted(place.from.get_ref()), advice);
            reading.notice(Severity::Warning, &at, &place.from, problem);
        };
        let next = rule.tiers.get(index + 1).map(|next| next.from);
        if rule.when.amount_below.is_some_and(|below| below <= tier.from) {
            notice(
                "less than `when.amount_below`",
                "no purchase reaches this tier: delete it or raise the bound",
            );
        } else if next.is_some_and(|next| next <= rule.amount_least().max(rule.when.amount_from.unwrap_or(0)))
        {
            notice("a tier that some purchase reaches", "every purchase reaches the next one: delete it");
        }
        let below = index.checked_sub(1).and_then(|below| rule.tiers.get(below));
        if below.is_some_and(|below| taken_off(below, tier.from) > taken_off(tier, tier.from)) {
            notice(
                "at least what the tier below takes off",
                "a larger purchase gets less here: is that meant?",
            );
        }
    }
}

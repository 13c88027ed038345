//! Whether a rule applies to a purchase, and if not, which part of its condition fails.

use super::AwardInput;
use crate::{Condition, Program};

/// A reason and the values behind it.
pub(super) type Because = (&'static str, Vec<(&'static str, String)>);

/// The first part of a condition that does not hold, with the value that was seen.
pub(super) fn failed_condition(
    program: &Program,
    when: &Condition,
    effective: bool,
    input: &AwardInput,
    amount: u64,
) -> Option<Because> {
    if !effective {
        return Some(("not_effective", vec![("date", input.date.to_string())]));
    }
    let of_the_purchase = failed_merchant(when, input).or_else(|| failed_date(when, input));
    of_the_purchase.or_else(|| failed_tier(program, when, input)).or_else(|| failed_amount(when, amount))
}

fn failed_tier(program: &Program, when: &Condition, input: &AwardInput) -> Option<Because> {
    if when.tiers.is_empty() || when.tiers.contains(&input.tier) {
        return None;
    }
    let tier = program.tiers.as_ref().and_then(|rules| rules.of_rank(input.tier));
    Some(("tier", vec![("tier", tier.map_or_else(|| "none".to_owned(), |tier| tier.id.clone()))]))
}

fn failed_merchant(when: &Condition, input: &AwardInput) -> Option<Because> {
    if !when.partners.is_empty() && !input.partner.is_some_and(|partner| when.partners.contains(&partner)) {
        let seen = input.partner.map_or_else(|| "none".to_owned(), |partner| partner.to_string());
        return Some(("partner", vec![("partner", seen)]));
    }
    let seen = || vec![("mcc", input.mcc.map_or_else(|| "none".to_owned(), |mcc| format!("{mcc:04}")))];
    let lies_in = |ranges: &[crate::MccRange]| {
        input.mcc.is_some_and(|mcc| ranges.iter().any(|range| range.contains(mcc)))
    };
    if !when.mcc.is_empty() && !lies_in(&when.mcc) {
        return Some(("mcc", seen()));
    }
    lies_in(&when.except_mcc).then(|| ("mcc_excepted", seen()))
}

fn failed_date(when: &Condition, input: &AwardInput) -> Option<Because> {
    let seen = || vec![("date", input.date.to_string())];
    if !when.weekdays.is_empty() && !when.weekdays.contains(&input.date.weekday()) {
        return Some(("weekday", seen()));
    }
    let on_the_day = when.month_days.iter().any(|days| days.contains(input.date));
    if !when.month_days.is_empty() && !on_the_day {
        return Some(("month_day", seen()));
    }
    if let Some(window) = &when.birthday {
        // No value tells the birthday: explanations are kept, and shown to many.
        let Some(birthday) = input.birthday else { return Some(("birthday_unknown", Vec::new())) };
        if !window.contains(input.date, birthday) {
            return Some(("birthday", seen()));
        }
    }
    let within = |time| when.hours.iter().any(|hours| hours.contains(time));
    let time = || input.time.map_or_else(|| "none".to_owned(), |time| time.strftime("%H:%M").to_string());
    (!when.hours.is_empty() && !input.time.is_some_and(within)).then(|| ("hours", vec![("time", time())]))
}

fn failed_amount(when: &Condition, amount: u64) -> Option<Because> {
    let against = |name, bound: u64| vec![("amount_minor", amount.to_string()), (name, bound.to_string())];
    if let Some(from) = when.amount_from.filter(|from| amount < *from) {
        return Some(("amount_too_small", against("amount_from", from)));
    }
    let below = when.amount_below.filter(|below| amount >= *below)?;
    Some(("amount_too_large", against("amount_below", below)))
}

//! The discounts of a purchase: what each rule gives, which of them hold, and who bears them.

use super::{
    AwardInput, Awarded,
    condition::{Because, failed_condition},
    coupon, not_taken, the_one,
};
use crate::{
    DiscountMode, DiscountRule, Explanation, Item, MoneyError, PartnerId, Program, Reduction, Rooms,
    Rounding, Stacking, Till, Verdict, mul_div,
};

/// What a rule that applies gives.
struct Worth<'a> {
    rule: &'a DiscountRule,
    /// In minor units.
    minor: i64,
    /// Whether it gives anything, and why that much.
    verdict: Verdict,
    because: Because,
}

/// What was taken off at the till has been given, whatever else applies by now.
const GIVEN: &str = "till_discount_confirmed";

/// The place of the one that alone holds; `None` if all of them do.
fn holding(stacking: Stacking, apply: &[Worth<'_>]) -> Option<usize> {
    let given = || apply.iter().position(|worth| worth.because.0 == GIVEN);
    let minor = || apply.iter().map(|worth| worth.minor).collect::<Vec<_>>();
    match stacking {
        Stacking::Sum => None,
        Stacking::First | Stacking::Best => given().or_else(|| the_one(stacking, &minor())),
    }
}

/// Sets the discount that `input` is worth, by funder.
pub(super) fn award_discount(
    program: &Program,
    input: &AwardInput,
    net: i64,
    rooms: &Rooms,
    awarded: &mut Awarded,
) -> Result<(), MoneyError> {
    let Some(partner) = input.partner else { return Ok(()) };
    let given = given_at_till(program, input, partner, rooms)?;
    for Worth { rule, minor, .. } in discounts(program, input, (partner, net), &given, rooms, awarded)? {
        awarded.by_rule.insert(rule.id.clone(), minor);
        for (funder, share) in rule.shares(minor)? {
            let item = Item::Discount { mode: rule.mode, funder, partner };
            // Several rules may have the same payer.
            let sum = awarded.amounts.amount(&item).checked_add(share).ok_or(MoneyError::Overflow)?;
            awarded.amounts.set(item, sum);
        }
    }
    Ok(())
}

/// The discounts that hold at this partner, explained.
fn discounts<'a>(
    program: &'a Program,
    input: &AwardInput,
    (partner, net): (PartnerId, i64),
    given: &[(&'a DiscountRule, i64)],
    rooms: &Rooms,
    awarded: &mut Awarded,
) -> Result<Vec<Worth<'a>>, MoneyError> {
    let stacking = program.stacking.discounts;
    let mut apply: Vec<Worth<'a>> = Vec::new();
    let (mut left, mut till_left) = (net, net);
    for rule in program.discounts.iter().filter(|rule| rule.partner == partner) {
        let offered = input.till.filter(|_| rule.mode == DiscountMode::AtTill);
        let amount = offered.map_or(input.net_minor, |till| till.original_minor);
        let effective = rule.effective.contains(input.date);
        let failed = failed_condition(program, &rule.when, effective, input, amount)
            .or_else(|| coupon::refused(program, &rule.when, input.date, rooms));
        if let Some((reason, values)) = failed {
            awarded.explanation.skipped(&rule.id, reason, values);
            continue;
        }
        let worth = worth(rule, input, net, (left, till_left), given)?;
        let Some(worth) = bounded(worth, rooms, awarded) else { continue };
        // Discounts that are added up never exceed the amount together; what was given at the till is off it already.
        if stacking == Stacking::Sum && offered.is_none() {
            left -= worth.minor;
            till_left -= if rule.mode == DiscountMode::AtTill { worth.minor } else { 0 };
        }
        apply.push(worth);
    }
    explain(stacking, &apply, &mut awarded.explanation);
    Ok(match holding(stacking, &apply) {
        None => apply,
        Some(place) => apply.into_iter().skip(place).take(1).collect(),
    })
}

/// What the rule's limit and budget leave of it; `None`, and explained, if they leave nothing.
fn bounded<'a>(mut worth: Worth<'a>, rooms: &Rooms, awarded: &mut Awarded) -> Option<Worth<'a>> {
    let rule = worth.rule;
    if worth.verdict == Verdict::Skipped {
        // A rule that is used up does not take the place of the next one, whatever it would have given.
        let bound = rooms.bound(rule.limited(), 1);
        let Some(reason) = bound.refused else { return Some(worth) };
        awarded.explanation.skipped(&rule.id, reason, bound.values);
        return None;
    }
    let bound = rooms.bound(rule.limited(), worth.minor);
    awarded.short.extend(bound.short.then(|| rule.id.clone()));
    let (_, values) = &mut worth.because;
    values.extend(bound.values);
    if let Some(reason) = bound.refused {
        awarded.explanation.skipped(&rule.id, reason, std::mem::take(values));
        return None;
    }
    worth.minor = bound.allowed;
    values.push(("discount_minor", worth.minor.to_string()));
    Some(worth)
}

fn explain(stacking: Stacking, apply: &[Worth<'_>], explanation: &mut Explanation) {
    let holds = holding(stacking, apply);
    let taken = holds.and_then(|place| apply.get(place)).map(|worth| worth.rule.id.clone());
    for (place, worth) in apply.iter().enumerate() {
        let (reason, mut values) = worth.because.clone();
        match (&taken, worth.verdict) {
            (Some(taken), Verdict::Applied) if holds != Some(place) => {
                values.push(("taken", taken.clone()));
                explanation.skipped(&worth.rule.id, not_taken(stacking), values);
            }
            (_, Verdict::Applied) => explanation.applied(&worth.rule.id, reason, values),
            (_, Verdict::Skipped) => explanation.skipped(&worth.rule.id, reason, values),
        }
    }
}

fn worth<'a>(
    rule: &'a DiscountRule,
    input: &AwardInput,
    net: i64,
    left: (i64, i64),
    given: &[(&'a DiscountRule, i64)],
) -> Result<Worth<'a>, MoneyError> {
    match (rule.mode, input.till) {
        (DiscountMode::AtTill, Some(till)) => Ok(till_worth(rule, input, till, given)),
        (DiscountMode::AtTill, None) if !input.may_offer_till => {
            let because = ("till_discount_was_not_offered", vec![]);
            Ok(Worth { rule, minor: 0, verdict: Verdict::Skipped, because })
        }
        _ => fresh_worth(rule, net, left),
    }
}

/// The discount that `rule` grants on `amount`, of which others have left `left`, and other offers at the till `till_left`.
fn fresh_worth(
    rule: &DiscountRule,
    amount: i64,
    (left, till_left): (i64, i64),
) -> Result<Worth<'_>, MoneyError> {
    let least = i64::try_from(rule.amount_least()).unwrap_or(i64::MAX);
    let skipped = |because| Worth { rule, minor: 0, verdict: Verdict::Skipped, because };
    let Some(tier) =
        u64::try_from(amount).ok().filter(|_| amount >= least).and_then(|amount| rule.tier(amount))
    else {
        let values = vec![("amount_minor", amount.to_string()), ("amount_min", least.to_string())];
        return Ok(skipped(("below_minimum", values)));
    };
    let full = match tier.gives {
        Reduction::Percent(percent) => percent.of(amount, rule.rounding)?,
        Reduction::Amount(fixed) => i64::try_from(fixed).unwrap_or(i64::MAX),
    };
    let max = rule.discount_max.map_or(i64::MAX, |max| i64::try_from(max).unwrap_or(i64::MAX));
    // Where other offers have taken their part, the last one leaves a minor unit to be paid.
    let left = match rule.mode {
        DiscountMode::AtTill if till_left < amount => left.min(till_left - 1).max(0),
        _ => left,
    };
    let minor = full.min(max).min(left);
    let mut values = vec![("amount_minor", amount.to_string())];
    match tier.gives {
        Reduction::Percent(percent) => {
            values.push(("percent", format!("{}/{}", percent.numerator(), percent.denominator())));
            values.push(("rounding", rule.rounding.name().to_owned()));
        }
        Reduction::Amount(fixed) => values.push(("fixed_minor", fixed.to_string())),
    }
    values.extend((tier.from > 0).then(|| ("tier_from_minor", tier.from.to_string())));
    values.push(("before_maximum", full.to_string()));
    values.extend(rule.discount_max.map(|max| ("discount_max", max.to_string())));
    values.extend((left < amount).then(|| ("left_minor", left.to_string())));
    // What is offered counts once the rest is cleared; of nothing there is no clearing.
    if rule.mode == DiscountMode::AtTill && minor >= amount && minor > 0 {
        return Ok(skipped(("nothing_would_be_left", values)));
    }
    Ok(Worth { rule, minor, verdict: Verdict::Applied, because: (rule.mode.name(), values) })
}

/// A till discount is offered in the answer to the authorization; only the clearing decides whether it was given.
fn till_worth<'a>(
    rule: &'a DiscountRule,
    input: &AwardInput,
    till: Till,
    given: &[(&'a DiscountRule, i64)],
) -> Worth<'a> {
    let mut values = vec![
        ("original_minor", till.original_minor.to_string()),
        ("offered_minor", till.discount_minor.to_string()),
        ("cleared_minor", input.cleared_minor.to_string()),
    ];
    values.extend((input.miles_minor > 0).then(|| ("worth_minor", input.miles_minor.to_string())));
    if let Some((_, part)) = given.iter().find(|(of, _)| std::ptr::eq(*of, rule)) {
        return Worth { rule, minor: *part, verdict: Verdict::Applied, because: (GIVEN, values) };
    }
    let reason = match input.cleared_minor {
        // The offer was another rule's.
        _ if was_given(till, input) => "till_discount_was_not_offered",
        0 => "till_discount_awaits_clearing",
        cleared if cleared == till.original_minor => "till_discount_cancelled_by_gross_clearing",
        _ => "till_discount_unconfirmed_break",
    };
    Worth { rule, minor: 0, verdict: Verdict::Skipped, because: (reason, values) }
}

/// Whether the clearing came net of the discount.
fn was_given(till: Till, input: &AwardInput) -> bool {
    let offered_net = offered_net(till, input);
    input.cleared_minor == offered_net && offered_net > 0
}

/// The price in money, in minor units: less the discount, and less what miles have paid.
fn offered_net(till: Till, input: &AwardInput) -> u64 {
    till.original_minor.saturating_sub(till.discount_minor).saturating_sub(input.miles_minor)
}

/// The part of each rule in the discount that was given at the till: as they made up the offer.
///
/// The parts are differences of floored sums, so that they add up to the whole discount.
fn given_at_till<'a>(
    program: &'a Program,
    input: &AwardInput,
    partner: PartnerId,
    rooms: &Rooms,
) -> Result<Vec<(&'a DiscountRule, i64)>, MoneyError> {
    let Some(till) = input.till.filter(|till| was_given(*till, input)) else { return Ok(vec![]) };
    let signed = |minor: u64| i64::try_from(minor).map_err(|_| MoneyError::Overflow);
    let offered_net = offered_net(till, input);
    // A refund gives the discount back in proportion to the price that was paid.
    let whole = mul_div(signed(till.discount_minor)?, input.net_minor, offered_net, Rounding::Floor)?;
    let offer = match rooms.offered.is_empty() {
        true => recomputed_offer(program, input, till, partner)?,
        false => kept_offer(program, partner, &rooms.offered),
    };
    let all: i64 = offer.iter().map(|(_, minor)| minor).sum();
    let mut parts = Vec::new();
    let (mut so_far, mut shared) = (0, 0);
    for (rule, minor) in offer {
        so_far += minor;
        let until = match u64::try_from(all) {
            Ok(all) if all > 0 => mul_div(whole, so_far.unsigned_abs(), all, Rounding::Floor)?,
            // Facts that came later may say that no rule offers anything: the first bears what was given.
            _ => whole,
        };
        parts.push((rule, until - shared));
        shared = until;
    }
    Ok(parts)
}

fn kept_offer<'a>(
    program: &'a Program,
    partner: PartnerId,
    offered: &[(String, u64)],
) -> Vec<(&'a DiscountRule, i64)> {
    let rules = program.discounts.iter().filter(|rule| rule.partner == partner);
    let of_rule = |rule: &&DiscountRule| offered.iter().find(|(id, _)| *id == rule.id);
    let parts = rules.filter_map(|rule| Some((rule, i64::try_from(of_rule(&rule)?.1).ok()?)));
    parts.collect()
}

/// Before the parts of an offer were kept, no rule had a limit: what it was then is what it would be now.
fn recomputed_offer<'a>(
    program: &'a Program,
    input: &AwardInput,
    till: Till,
    partner: PartnerId,
) -> Result<Vec<(&'a DiscountRule, i64)>, MoneyError> {
    let asked = AwardInput { net_minor: till.original_minor, may_offer_till: true, till: None, ..*input };
    let original = i64::try_from(till.original_minor).map_err(|_| MoneyError::Overflow)?;
    let mut scratch = Awarded::default();
    let offer = discounts(program, &asked, (partner, original), &[], &Rooms::default(), &mut scratch)?;
    let at_till = offer.into_iter().filter(|worth| worth.rule.mode == DiscountMode::AtTill);
    Ok(at_till.map(|worth| (worth.rule, worth.minor)).collect())
}

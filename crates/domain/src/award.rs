//! What a purchase is worth under one version of a program: a pure function of its net amount.
//!
//! The result is a *target*, not a movement. Movements are the difference between the target and what is
//! already booked, so that splitting a clearing or refunding all of it comes out exact.

use jiff::civil::Date;

use crate::{
    Amounts, BaseRule, BonusRule, Condition, DiscountMode, DiscountRule, EarnRounding, Explanation, Funder,
    Item, MoneyError, PartnerId, Program, Rounding, Till, mul_div,
};

/// The facts of a purchase that its award depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AwardInput {
    /// Cleared less refunded, in minor units; for an estimate, the authorized amount.
    pub net_minor: u64,
    /// The merchant partner, if the merchant is mapped to one.
    pub partner: Option<PartnerId>,
    /// DE18.
    pub mcc: Option<u16>,
    /// The local date of the purchase.
    pub date: Date,
    /// Whether this kind of transaction earns at all.
    pub is_purchase: bool,
    /// Whether a discount at the till may be newly offered now: only in the answer to an authorization.
    pub may_offer_till: bool,
    /// The discount at the till that was offered, and what of it stands.
    pub till: Option<Till>,
    /// Cleared so far without refunds: decides whether an offered discount was given.
    pub cleared_minor: u64,
    /// Miles granted to the account in the cap's window by *other* purchases.
    pub granted_elsewhere: i64,
    /// Miles that this purchase has been granted: room that is lost elsewhere never takes them back.
    pub granted_here: i64,
}

/// A target and how it was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Awarded {
    /// The target amounts by item.
    pub amounts: Amounts,
    /// How it was found.
    pub explanation: Explanation,
}

/// The award of a purchase. Fails only if an amount leaves the range of 64 bits.
pub fn award(program: &Program, input: &AwardInput) -> Result<Awarded, MoneyError> {
    let mut awarded = Awarded { amounts: Amounts::none(), explanation: Explanation::default() };
    let net = i64::try_from(input.net_minor).map_err(|_| MoneyError::Overflow)?;
    if let (Some(partner), true) = (input.partner, input.is_purchase) {
        awarded.amounts.set(Item::Turnover(partner), net);
    }
    if program.excludes(input.mcc) {
        let mcc = input.mcc.map(|mcc| format!("{mcc:04}")).unwrap_or_default();
        awarded.explanation.skipped("exclusions", "mcc_excluded", vec![("mcc", mcc)]);
        return Ok(awarded);
    }
    if !input.is_purchase {
        awarded.explanation.skipped("exclusions", "not_a_purchase", vec![]);
        return Ok(awarded);
    }
    award_miles(program, input, net, &mut awarded)?;
    award_discount(program, input, net, &mut awarded)?;
    Ok(awarded)
}

fn award_miles(
    program: &Program,
    input: &AwardInput,
    net: i64,
    awarded: &mut Awarded,
) -> Result<(), MoneyError> {
    let Some(rule) = program.base.iter().find(|rule| rule.effective.contains(input.date)) else {
        awarded.explanation.skipped(
            "base",
            "no_base_rate_on_this_date",
            vec![("date", input.date.to_string())],
        );
        return Ok(());
    };
    let base = base_miles(rule, net)?;
    awarded.explanation.applied(
        &rule.id,
        "base_rate",
        vec![
            ("amount_minor", net.to_string()),
            ("miles_per", format!("{}/{}", rule.miles, rule.per_minor)),
            ("miles", base.to_string()),
        ],
    );
    let mut bonuses = Vec::new();
    for bonus in &program.bonuses {
        match failed_condition(&bonus.when, bonus.effective.contains(input.date), input) {
            Some((reason, values)) => awarded.explanation.skipped(&bonus.id, reason, values),
            None => bonuses.push((bonus, bonus.times_base.of(base, bonus.rounding)?)),
        }
    }
    let total = bonuses.iter().try_fold(base, |sum, (_, miles)| sum.checked_add(*miles));
    let mut left = capped(program, input, total.ok_or(MoneyError::Overflow)?, awarded);
    let granted_base = base.min(left);
    left -= granted_base;
    awarded.amounts.set(Item::Base, granted_base);
    for (rule, miles) in bonuses {
        let granted = miles.min(left);
        left -= granted;
        explain_bonus(rule, base, miles, granted, awarded);
        awarded.amounts.set(Item::Bonus { rule: rule.id.clone(), funder: rule.funder }, granted);
    }
    Ok(())
}

fn base_miles(rule: &BaseRule, net: i64) -> Result<i64, MoneyError> {
    match rule.rounding {
        EarnRounding::EachFullStep => {
            let steps = mul_div(net, 1, rule.per_minor, Rounding::Floor)?;
            steps.checked_mul(i64::from(rule.miles)).ok_or(MoneyError::Overflow)
        }
        EarnRounding::Proportional(rounding) => mul_div(net, u64::from(rule.miles), rule.per_minor, rounding),
    }
}

fn explain_bonus(rule: &BonusRule, base: i64, miles: i64, granted: i64, awarded: &mut Awarded) {
    awarded.explanation.applied(
        &rule.id,
        "bonus",
        vec![
            ("base_miles", base.to_string()),
            ("times_base", format!("{}/{}", rule.times_base.numerator(), rule.times_base.denominator())),
            ("miles", miles.to_string()),
            ("granted", granted.to_string()),
            ("funder", rule.funder.to_string()),
        ],
    );
}

/// How many of `total` miles the caps leave.
fn capped(program: &Program, input: &AwardInput, total: i64, awarded: &mut Awarded) -> i64 {
    let mut allowed = total;
    for cap in program.caps.iter().filter(|cap| cap.effective.contains(input.date)) {
        let max = i64::try_from(cap.miles_max).unwrap_or(i64::MAX);
        let room = max.saturating_sub(input.granted_elsewhere).max(input.granted_here).max(0);
        let values = vec![
            ("miles_max", cap.miles_max.to_string()),
            ("granted_elsewhere", input.granted_elsewhere.to_string()),
            ("asked", total.to_string()),
            ("allowed", total.min(room).to_string()),
        ];
        if total > room {
            awarded.explanation.applied(&cap.id, "cap_truncates", values);
        } else {
            awarded.explanation.skipped(&cap.id, "below_cap", values);
        }
        allowed = allowed.min(room);
    }
    allowed
}

fn award_discount(
    program: &Program,
    input: &AwardInput,
    net: i64,
    awarded: &mut Awarded,
) -> Result<(), MoneyError> {
    let Some(partner) = input.partner else { return Ok(()) };
    let mut found = None;
    for rule in program.discounts.iter().filter(|rule| rule.partner == partner) {
        match failed_condition(&rule.when, rule.effective.contains(input.date), input) {
            Some((reason, values)) => awarded.explanation.skipped(&rule.id, reason, values),
            None => {
                found = Some(rule);
                break;
            }
        }
    }
    let Some(rule) = found else { return Ok(()) };
    let discount = match rule.mode {
        DiscountMode::StatementCredit => percent_discount(rule, net, awarded)?,
        DiscountMode::AtTill => till_discount(rule, input, net, awarded)?,
    };
    let merchant = rule.merchant_share.of(discount, Rounding::Floor)?;
    let item = |funder| Item::Discount { mode: rule.mode, funder, partner };
    awarded.amounts.set(item(Funder::Partner(partner)), merchant);
    awarded.amounts.set(item(Funder::Bank), discount - merchant);
    Ok(())
}

/// The discount that `rule` grants on `amount`.
fn percent_discount(rule: &DiscountRule, amount: i64, awarded: &mut Awarded) -> Result<i64, MoneyError> {
    let min = i64::try_from(rule.amount_min.unwrap_or(0)).unwrap_or(i64::MAX);
    if amount < min {
        let values = vec![("amount_minor", amount.to_string()), ("amount_min", min.to_string())];
        awarded.explanation.skipped(&rule.id, "below_minimum", values);
        return Ok(0);
    }
    let full = rule.percent.of(amount, rule.rounding)?;
    let max = rule.discount_max.map_or(i64::MAX, |max| i64::try_from(max).unwrap_or(i64::MAX));
    let discount = full.min(max).min(amount);
    awarded.explanation.applied(
        &rule.id,
        rule.mode.name(),
        vec![
            ("amount_minor", amount.to_string()),
            ("percent", format!("{}/{}", rule.percent.numerator(), rule.percent.denominator())),
            ("before_maximum", full.to_string()),
            ("discount_minor", discount.to_string()),
        ],
    );
    Ok(discount)
}

/// A till discount is offered in the answer to the authorization; only the clearing decides whether it was given.
fn till_discount(
    rule: &DiscountRule,
    input: &AwardInput,
    net: i64,
    awarded: &mut Awarded,
) -> Result<i64, MoneyError> {
    let Some(till) = input.till else {
        if input.may_offer_till {
            return percent_discount(rule, net, awarded);
        }
        awarded.explanation.skipped(&rule.id, "till_discount_was_not_offered", vec![]);
        return Ok(0);
    };
    let offered_net = till.original_minor.saturating_sub(till.discount_minor);
    let values = vec![
        ("original_minor", till.original_minor.to_string()),
        ("offered_minor", till.discount_minor.to_string()),
        ("cleared_minor", input.cleared_minor.to_string()),
    ];
    if input.cleared_minor == offered_net && offered_net > 0 {
        awarded.explanation.applied(&rule.id, "till_discount_confirmed", values);
        let offered = i64::try_from(till.discount_minor).map_err(|_| MoneyError::Overflow)?;
        // A refund gives the discount back in proportion to the price that was paid.
        return mul_div(offered, input.net_minor, offered_net, Rounding::Floor);
    }
    let reason = match input.cleared_minor {
        0 => "till_discount_awaits_clearing",
        cleared if cleared == till.original_minor => "till_discount_cancelled_by_gross_clearing",
        _ => "till_discount_unconfirmed_break",
    };
    awarded.explanation.skipped(&rule.id, reason, values);
    Ok(0)
}

type Failed = (&'static str, Vec<(&'static str, String)>);

/// The first part of a condition that does not hold, with the value that was seen.
fn failed_condition(when: &Condition, effective: bool, input: &AwardInput) -> Option<Failed> {
    if !effective {
        return Some(("not_effective", vec![("date", input.date.to_string())]));
    }
    if !when.partners.is_empty() && !input.partner.is_some_and(|partner| when.partners.contains(&partner)) {
        let seen = input.partner.map_or_else(|| "none".to_owned(), |partner| partner.to_string());
        return Some(("partner", vec![("partner", seen)]));
    }
    let in_range = |mcc| when.mcc.iter().any(|range| range.contains(mcc));
    if !when.mcc.is_empty() && !input.mcc.is_some_and(in_range) {
        let seen = input.mcc.map_or_else(|| "none".to_owned(), |mcc| format!("{mcc:04}"));
        return Some(("mcc", vec![("mcc", seen)]));
    }
    if !when.weekdays.is_empty() && !when.weekdays.contains(&input.date.weekday()) {
        return Some(("weekday", vec![("date", input.date.to_string())]));
    }
    None
}

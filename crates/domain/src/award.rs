//! What a purchase is worth under one version of a program: a pure function of its net amount.
//!
//! The result is a *target*, not a movement. Movements are the difference between the target and what is
//! already booked, so that splitting a clearing or refunding all of it comes out exact.

mod condition;
mod coupon;
mod discount;
mod kept;

use std::collections::BTreeMap;

use jiff::civil::{Date, Time};

use crate::{
    Amounts, BaseRule, Birthday, BonusRule, EarnRounding, Explanation, Item, MoneyError, PartnerId, Program,
    Qualifying, Rooms, Rounding, Stacking, TierRank, Till, limit::Bound, mul_div,
};
use condition::failed_condition;
pub(crate) use kept::award_keeping_till;

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
    /// The member's tier, 0 for none.
    pub tier: TierRank,
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
    /// The local time of the purchase, if it is known.
    pub time: Option<Time>,
    /// What miles have paid beside the money, in minor units.
    pub miles_minor: u64,
    /// The member's birthday, if it is known.
    pub birthday: Option<Birthday>,
}

/// A target and how it was found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Awarded {
    /// The target amounts by item.
    pub amounts: Amounts,
    /// How it was found.
    pub explanation: Explanation,
    /// What each bonus and discount gives, in miles or minor units.
    pub by_rule: BTreeMap<String, i64>,
    /// Rules whose budget gave less than was asked of it.
    pub short: Vec<String>,
}

/// The award of a purchase for which nothing of a limit is used. Fails only if an amount leaves the range of 64 bits.
pub fn award(program: &Program, input: &AwardInput) -> Result<Awarded, MoneyError> {
    award_within(program, input, &Rooms::default())
}

/// The award of a purchase within what limits and budgets leave.
pub fn award_within(program: &Program, input: &AwardInput, rooms: &Rooms) -> Result<Awarded, MoneyError> {
    let mut awarded = Awarded::default();
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
    award_miles(program, input, net, rooms, &mut awarded)?;
    discount::award_discount(program, input, net, rooms, &mut awarded)?;
    Ok(awarded)
}

fn award_miles(
    program: &Program,
    input: &AwardInput,
    net: i64,
    rooms: &Rooms,
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
            ("rounding", rule.rounding.name().to_owned()),
            ("miles", base.to_string()),
        ],
    );
    award_units(program, net, base, awarded)?;
    let bonuses = bonuses(program, input, base, rooms, awarded)?;
    let total = bonuses.iter().try_fold(base, |sum, bonus| sum.checked_add(bonus.bound.allowed));
    let mut left = capped(program, input, total.ok_or(MoneyError::Overflow)?, awarded);
    let granted_base = base.min(left);
    left -= granted_base;
    awarded.amounts.set(Item::Base, granted_base);
    for bonus in bonuses {
        let granted = bonus.bound.allowed.min(left);
        left -= granted;
        let rule = bonus.rule;
        explain_bonus(bonus, base, granted, awarded);
        awarded.by_rule.insert(rule.id.clone(), granted);
        awarded.amounts.set(Item::Bonus { rule: rule.id.clone(), funder: rule.funder }, granted);
    }
    Ok(())
}

/// Units towards the tiers: what was earned before any cap.
fn award_units(program: &Program, net: i64, base: i64, awarded: &mut Awarded) -> Result<(), MoneyError> {
    let Some(rules) = &program.tiers else { return Ok(()) };
    let units = rules.units(net, base)?;
    let counted = match rules.qualifying {
        Qualifying::BaseMiles => ("base_miles", base.to_string()),
        Qualifying::Spend { per_minor } => ("units_per", format!("1/{per_minor}")),
    };
    let values = vec![("amount_minor", net.to_string()), counted, ("qualifying_units", units.to_string())];
    awarded.explanation.applied("tiers", "qualifying_units", values);
    awarded.amounts.set(Item::Qualifying, units);
    Ok(())
}

/// A bonus that applies.
struct Bonus<'a> {
    rule: &'a BonusRule,
    /// What it comes to before its limits.
    miles: i64,
    /// What its limits allow, before the caps.
    bound: Bound,
}

/// The bonuses that hold, before the caps.
fn bonuses<'a>(
    program: &'a Program,
    input: &AwardInput,
    base: i64,
    rooms: &Rooms,
    awarded: &mut Awarded,
) -> Result<Vec<Bonus<'a>>, MoneyError> {
    let mut apply = Vec::new();
    for rule in &program.bonuses {
        let effective = rule.effective.contains(input.date);
        let failed = failed_condition(program, &rule.when, effective, input, input.net_minor)
            .or_else(|| coupon::refused(program, &rule.when, input.date, rooms));
        if let Some((reason, values)) = failed {
            awarded.explanation.skipped(&rule.id, reason, values);
            continue;
        }
        let miles = rule.times_base.of(base, rule.rounding)?;
        let bound = rooms.bound(rule.limited(), miles);
        awarded.short.extend(bound.short.then(|| rule.id.clone()));
        match bound.refused {
            Some(reason) => awarded.explanation.skipped(&rule.id, reason, bound.values),
            None => apply.push(Bonus { rule, miles, bound }),
        }
    }
    let worth: Vec<i64> = apply.iter().map(|bonus| bonus.bound.allowed).collect();
    let Some(holds) = the_one(program.stacking.bonuses, &worth) else { return Ok(apply) };
    let taken = apply.get(holds).map(|bonus| bonus.rule.id.clone()).unwrap_or_default();
    for (place, Bonus { rule, bound, .. }) in apply.iter().enumerate() {
        if place != holds {
            let reason = not_taken(program.stacking.bonuses);
            let values = vec![("miles", bound.allowed.to_string()), ("taken", taken.clone())];
            awarded.explanation.skipped(&rule.id, reason, values);
        }
    }
    Ok(apply.into_iter().skip(holds).take(1).collect())
}

/// Which one of several alone holds; `None` if all of them do.
fn the_one<T: Ord>(stacking: Stacking, worth: &[T]) -> Option<usize> {
    match stacking {
        Stacking::Sum => None,
        Stacking::First => (!worth.is_empty()).then_some(0),
        // Of equals `max_by` takes the last that it meets: so they are met from the end.
        Stacking::Best => {
            worth.iter().enumerate().rev().max_by(|one, other| one.1.cmp(other.1)).map(|(place, _)| place)
        }
    }
}

/// Why a rule that applies does not hold.
fn not_taken(stacking: Stacking) -> &'static str {
    match stacking {
        Stacking::Best => "another_gives_more",
        Stacking::Sum | Stacking::First => "another_came_first",
    }
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

fn explain_bonus(bonus: Bonus<'_>, base: i64, granted: i64, awarded: &mut Awarded) {
    let Bonus { rule, miles, bound } = bonus;
    let mut values = vec![
        ("base_miles", base.to_string()),
        ("times_base", format!("{}/{}", rule.times_base.numerator(), rule.times_base.denominator())),
        ("rounding", rule.rounding.name().to_owned()),
        ("miles", miles.to_string()),
        ("granted", granted.to_string()),
        ("funder", rule.funder.to_string()),
    ];
    values.extend(bound.values);
    awarded.explanation.applied(&rule.id, "bonus", values);
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
            ("granted_here", input.granted_here.to_string()),
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

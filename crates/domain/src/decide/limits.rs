//! Limits of members and budgets of campaigns: what is left of them for a purchase, and what it takes.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::{
    book::{self, Movements},
    coupons,
};
use crate::{
    AccountId, Bucket, BudgetKey, BudgetLeft, Budgeted, Claim, Claims, CounterKey, Event, Keys, Limit,
    LimitedRule, MILES_GRANTED, Outcome, Program, ProgramId, Purchase, Room, Rooms, Rules, WorkingSet,
    limit::{amount_counter, counter, uses_counter},
    purchase::cap_period,
};

/// Adds the counters and budgets of purchases of one day.
pub(super) fn keys<'a>(
    bucket: Bucket,
    account: AccountId,
    date: Date,
    program: ProgramId,
    versions: impl IntoIterator<Item = &'a Program>,
    keys: &mut Keys,
) {
    let counter = |rule, period| CounterKey { bucket, account, program, rule, period };
    keys.counters.insert(counter(MILES_GRANTED.to_owned(), cap_period(date)));
    for rule in versions.into_iter().flat_map(Program::limited) {
        if let Some(limit) = rule.limit {
            for name in [amount_counter(rule.id), uses_counter(rule.id)] {
                keys.counters.insert(counter(name, limit.window.period(date)));
            }
        }
        keys.budgets.extend(rule.budget.map(|budget| budget_key(program, rule.id, budget, date)));
    }
}

fn budget_key(program: ProgramId, rule: &str, budget: &Limit, date: Date) -> BudgetKey {
    BudgetKey { program, rule: rule.to_owned(), period: budget.window.period(date) }
}

/// The rules with limits of a purchase's versions, each id once: its own, and for its offer at the till that which made it.
fn limited<'a>(versions: &[&'a Program]) -> impl Iterator<Item = LimitedRule<'a>> + use<'a> {
    let mut rules = BTreeMap::new();
    let offered = versions.get(1);
    let own = versions.first().into_iter().flat_map(|program| program.limited());
    for rule in own.filter(|rule| offered.is_none() || !rule.at_till) {
        rules.insert(rule.id, rule);
    }
    for rule in offered.into_iter().flat_map(|program| program.limited()).filter(|rule| rule.at_till) {
        rules.insert(rule.id, rule);
    }
    rules.into_values()
}

/// What rules with limits have left for the purchase.
pub(super) fn rooms(
    state: &WorkingSet,
    event: &Event,
    versions: &[&Program],
    counted_before: &CountedIn,
    anew: bool,
    purchase: &Purchase,
) -> Result<Rooms, &'static str> {
    let mut rooms = Rooms {
        offered: purchase.offered.clone(),
        coupon: coupons::room(state, event.bucket, versions, purchase)?,
        ..Rooms::default()
    };
    for rule in limited(versions) {
        let claim = purchase.claims.of(rule.id);
        let (limit_before, budget_before) = counted_before.of(rule.id, claim);
        let mut room = Room::default();
        if let Some(limit) = rule.limit {
            let period = limit.window.period(purchase.date);
            let counted = |name| counted(state, event.bucket, purchase, name, &period);
            let ours = if limit_before == Some(&period) { claim } else { Claim::default() };
            room.here = if anew { 0 } else { ours.total() };
            room.amount_elsewhere = counted(amount_counter(rule.id))?.saturating_sub(ours.total());
            room.uses_elsewhere = counted(uses_counter(rule.id))?.saturating_sub(ours.uses());
        }
        if let Some(budget) = rule.budget {
            let key = budget_key(purchase.program, rule.id, budget, purchase.date);
            if !state.loaded.budgets.contains(&key) {
                return Err("budget of a campaign");
            }
            let nothing = BudgetLeft { amount: Some(0), uses: Some(0) };
            room.budget_here = if budget_before == Some(&key) { claim.total() } else { 0 };
            room.budget = Some(state.budgets.get(&key).copied().unwrap_or(nothing));
        }
        rooms.rules.insert(rule.id.to_owned(), room);
    }
    Ok(rooms)
}

fn counted(
    state: &WorkingSet,
    bucket: Bucket,
    purchase: &Purchase,
    name: String,
    period: &str,
) -> Result<i64, &'static str> {
    let key = counter(purchase, bucket, name, period.to_owned());
    if !state.loaded.counters.contains(&key) {
        return Err("counter of a limit");
    }
    Ok(state.counters.get(&key).copied().unwrap_or(0))
}

/// What the purchase has of rules with limits, now that it is worth `booked`. What was offered at the till counts as
/// long as it may have been given: `offered` is what the till gives if it takes the price.
pub(super) fn claims(
    versions: &[&Program],
    booked: &BTreeMap<String, i64>,
    offered: Option<&BTreeMap<String, i64>>,
) -> Claims {
    let mut claims = Claims::default();
    for rule in limited(versions) {
        let of = |amounts: &BTreeMap<String, i64>| amounts.get(rule.id).copied().unwrap_or(0);
        let posted = of(booked);
        let held = match offered.filter(|_| rule.at_till) {
            Some(offered) => of(offered).saturating_sub(posted).max(0),
            None => 0,
        };
        let (limited, budgeted) = (rule.limit.is_some(), rule.budget.is_some());
        claims.set(rule.id, Claim { posted, held, limited, budgeted });
    }
    claims
}

/// The rows as they are once these purchases have given back what they were offered, and others the use of their coupon:
/// the message that releases them may have it for its own purchase. `None` if they had nothing that is counted.
pub(super) fn freed(
    state: &WorkingSet,
    event: &Event,
    rules: &Rules,
    released: &[&Purchase],
    without_coupon: &[&Purchase],
) -> Result<Option<WorkingSet>, &'static str> {
    let mut freed = None;
    for other in without_coupon.iter().filter(|other| coupons::is_held(other)) {
        coupons::give_back(freed.get_or_insert_with(|| state.clone()), event.bucket, other);
    }
    for other in released.iter().filter(|other| other.claims.iter().any(|(_, claim)| claim.held != 0)) {
        let rows = freed.get_or_insert_with(|| state.clone());
        let program = rules.programs.get(&other.rules).ok_or("program version")?;
        let counted_in = counted_in(&book::versions_of(program, other, rules)?, other);
        for (rule, claim) in other.claims.iter() {
            let (limit, budget) = counted_in.of(rule, claim);
            let uses = claim.uses() - Claim { held: 0, ..claim }.uses();
            if let Some(period) = limit {
                for (name, less) in [(amount_counter(rule), claim.held), (uses_counter(rule), uses)] {
                    let key = counter(other, event.bucket, name, period.clone());
                    *rows.counters.entry(key).or_default() -= less;
                }
            }
            if let Some(left) = budget.and_then(|key| rows.budgets.get_mut(key)) {
                left.take(-claim.held, -uses);
            }
        }
    }
    Ok(freed)
}

/// The periods in which the rules of a purchase are counted: of its limit and of its budget.
#[derive(Debug, Default)]
pub(super) struct CountedIn(BTreeMap<String, (Option<String>, Option<BudgetKey>)>);

pub(super) fn counted_in(versions: &[&Program], purchase: &Purchase) -> CountedIn {
    let of_rule = |rule: LimitedRule<'_>| {
        let limit = rule.limit.map(|limit| limit.window.period(purchase.date));
        let budget = rule.budget.map(|budget| budget_key(purchase.program, rule.id, budget, purchase.date));
        (rule.id.to_owned(), (limit, budget))
    };
    CountedIn(limited(versions).map(of_rule).collect())
}

impl CountedIn {
    /// Where a claim on the rule is counted: in the period of its limit, and in its budget.
    fn of(&self, rule: &str, claim: Claim) -> (Option<&String>, Option<&BudgetKey>) {
        let (limit, budget) = self.0.get(rule).map_or((None, None), |(l, b)| (l.as_ref(), b.as_ref()));
        (limit.filter(|_| claim.limited), budget.filter(|_| claim.budgeted))
    }
}

/// The budgets of these rules.
pub(super) fn short(versions: &[&Program], purchase: &Purchase, rules: &[String]) -> Vec<BudgetKey> {
    let periods = counted_in(versions, purchase).0;
    rules.iter().filter_map(|rule| periods.get(rule)?.1.clone()).collect()
}

/// Counts what the purchase takes of its rules, or gives back: each claim where it is counted, which a correction may
/// change.
pub(super) fn count(outcome: &mut Outcome, bucket: Bucket, purchase: &Purchase, movements: &Movements) {
    let mut counters: BTreeMap<CounterKey, i64> = BTreeMap::new();
    let mut budgets: BTreeMap<BudgetKey, (i64, i64)> = BTreeMap::new();
    let sides = [
        (&movements.claims_before, &movements.counted_before, -1_i64),
        (&purchase.claims, &movements.counted_in, 1),
    ];
    for (claims, counted_in, sign) in sides {
        for (rule, claim) in claims.iter() {
            let (limit, budget) = counted_in.of(rule, claim);
            let (amount, uses) = (sign * claim.total(), sign * claim.uses());
            if let Some(period) = limit {
                for (name, moved) in [(amount_counter(rule), amount), (uses_counter(rule), uses)] {
                    *counters.entry(counter(purchase, bucket, name, period.clone())).or_default() += moved;
                }
            }
            if let Some(key) = budget {
                let taken = budgets.entry(key.clone()).or_default();
                *taken = (taken.0 + amount, taken.1 + uses);
            }
        }
    }
    outcome.counted.extend(counters.into_iter().filter(|(_, moved)| *moved != 0));
    let budgets = budgets.into_iter().filter(|(_, moved)| *moved != (0, 0));
    outcome.budgeted.extend(budgets.map(|(key, (amount, uses))| Budgeted { key, amount, uses }));
}

//! Limits of members and budgets of campaigns: what is left of them for a purchase, and what it takes.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::book::Movements;
use crate::{
    AccountId, Bucket, BudgetKey, BudgetLeft, Budgeted, Claim, Claims, CounterKey, Event, HoldState, Keys,
    Limit, LimitedRule, MILES_GRANTED, Outcome, Program, ProgramId, Purchase, Room, Rooms, WorkingSet,
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

/// The rules with limits of these versions, each id once: the first version that has it says how it counts.
fn limited<'a>(versions: &[&'a Program]) -> impl Iterator<Item = LimitedRule<'a>> + use<'a> {
    let mut rules = BTreeMap::new();
    for rule in versions.iter().rev().flat_map(|program| program.limited()) {
        rules.insert(rule.id, rule);
    }
    rules.into_values()
}

/// What rules with limits have left for the purchase.
pub(super) fn rooms(
    state: &WorkingSet,
    event: &Event,
    versions: &[&Program],
    purchase: &Purchase,
) -> Result<Rooms, &'static str> {
    let mut rooms = Rooms { offered: purchase.offered.clone(), ..Rooms::default() };
    for rule in limited(versions) {
        let claim = purchase.claims.of(rule.id);
        let mut room = Room { here: claim.total(), ..Room::default() };
        if let Some(limit) = rule.limit {
            let period = limit.window.period(purchase.date);
            let counted = |name| counted(state, event.bucket, purchase, name, &period);
            let ours = if claim.limited { claim } else { Claim::default() };
            room.amount_elsewhere = counted(amount_counter(rule.id))?.saturating_sub(ours.total());
            room.uses_elsewhere = counted(uses_counter(rule.id))?.saturating_sub(ours.uses());
        }
        if let Some(budget) = rule.budget {
            let key = budget_key(purchase.program, rule.id, budget, purchase.date);
            if !state.loaded.budgets.contains(&key) {
                return Err("budget of a campaign");
            }
            let nothing = BudgetLeft { amount: Some(0), uses: Some(0) };
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
/// long as it may have been given: `estimated` is what an open hold would be worth.
pub(super) fn claims(
    versions: &[&Program],
    purchase: &Purchase,
    booked: &BTreeMap<String, i64>,
    estimated: Option<&BTreeMap<String, i64>>,
) -> Claims {
    let mut claims = Claims::default();
    let unconfirmed = purchase.hold == HoldState::Expired && purchase.cleared_minor == 0;
    for rule in limited(versions) {
        let of = |amounts: &BTreeMap<String, i64>| amounts.get(rule.id).copied().unwrap_or(0);
        let posted = of(booked);
        let held = match estimated {
            _ if !rule.at_till => 0,
            Some(estimated) => of(estimated).saturating_sub(posted).max(0),
            None if unconfirmed => purchase.claims.of(rule.id).held,
            None => 0,
        };
        let (limited, budgeted) = (rule.limit.is_some(), rule.budget.is_some());
        claims.set(rule.id, Claim { posted, held, limited, budgeted });
    }
    claims
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

/// The budgets of these rules.
pub(super) fn short(versions: &[&Program], purchase: &Purchase, rules: &[String]) -> Vec<BudgetKey> {
    let periods = counted_in(versions, purchase).0;
    rules.iter().filter_map(|rule| periods.get(rule)?.1.clone()).collect()
}

/// Counts what the purchase takes of its rules, or gives back.
pub(super) fn count(outcome: &mut Outcome, bucket: Bucket, purchase: &Purchase, movements: &Movements) {
    for (rule, (limit, budget)) in &movements.counted_in.0 {
        let (before, now) = (movements.claims_before.of(rule), purchase.claims.of(rule));
        let amount = now.total().saturating_sub(before.total());
        let uses = now.uses() - before.uses();
        if let Some(period) = limit {
            for (name, moved) in [(amount_counter(rule), amount), (uses_counter(rule), uses)] {
                let key = counter(purchase, bucket, name, period.clone());
                outcome.counted.extend((moved != 0).then_some((key, moved)));
            }
        }
        if let (Some(key), true) = (budget, amount != 0 || uses != 0) {
            outcome.budgeted.push(Budgeted { key: key.clone(), amount, uses });
        }
    }
}

//! What has one identifier: pairs, parts that add up, parts that do not, and what is there again.

use std::collections::BTreeMap;

use super::classify::{as_before, classify};
use super::compare::{broken, matched, sum};
use super::{BreakClass, Comparison, Item, MatchRules, Reason, Rung, Unit};

/// Resolves the items of both sides that have one identifier; returns those for which it says nothing.
pub(super) fn resolve<'i>(
    found: &mut Comparison,
    ours: Vec<&'i Item>,
    theirs: Vec<&'i Item>,
    rung: Rung,
    rules: &MatchRules,
) -> (Vec<&'i Item>, Vec<&'i Item>) {
    let mut units: BTreeMap<Unit, (Vec<&Item>, Vec<&Item>)> = BTreeMap::new();
    for item in ours {
        units.entry(item.unit).or_default().0.push(item);
    }
    for item in theirs {
        units.entry(item.unit).or_default().1.push(item);
    }
    let mut left = (Vec::new(), Vec::new());
    for (unit, (ours, theirs)) in units {
        if ours.is_empty() || theirs.is_empty() {
            left.0.extend(ours);
            left.1.extend(theirs);
        } else {
            in_one_unit(found, (ours, theirs), unit, rung, rules);
        }
    }
    // The same thing in another currency.
    let pairs = left.0.len().min(left.1.len());
    let rest = (left.0.split_off(pairs), left.1.split_off(pairs));
    for (one, other) in left.0.into_iter().zip(left.1) {
        pair(found, one, other, Some((rung, false)), rules);
    }
    rest
}

/// One of each side that are the same thing: a match, or a break of the class of their difference. `by`: the identifier,
/// and whether a stronger one differs.
pub(super) fn pair(
    found: &mut Comparison,
    ours: &Item,
    theirs: &Item,
    by: Option<(Rung, bool)>,
    rules: &MatchRules,
) {
    let sides: (&[&Item], &[&Item]) = (&[ours], &[theirs]);
    if let Some(difference) = classify(ours, theirs, rules) {
        if is_under_way(sides.0, sides.1) {
            return expect(found, sides.0, sides.1);
        }
        let mut found_break = broken(difference.class, difference.reason, sides.0, sides.1);
        if difference.class != BreakClass::Currency && difference.unit != Unit::Nothing {
            found_break.unit = difference.unit;
            (found_break.ours, found_break.theirs) = (Some(difference.ours), Some(difference.theirs));
            found_break.difference = difference.theirs.saturating_sub(difference.ours);
        }
        found.breaks.push(found_break);
        return;
    }
    if by.is_some_and(|(_, contradicts)| contradicts) {
        let reason = Reason::StrongerIdentifierDiffers;
        found.breaks.push(broken(BreakClass::Reference, reason, sides.0, sides.1));
        return;
    }
    if apart(ours, theirs) > rules.days {
        found.breaks.push(broken(BreakClass::Late, Reason::CameLate, sides.0, sides.1));
        return;
    }
    if ours.parts.stands_later != theirs.parts.stands_later {
        found.breaks.push(broken(BreakClass::CarriedForward, Reason::StandsLater, sides.0, sides.1));
        return;
    }
    let reason = match ours.amount == theirs.amount {
        true => Reason::SameIdentifier,
        false => Reason::WithinTolerance,
    };
    let mut same = matched(by.map(|(rung, _)| rung), reason, ours.unit, sides.0, sides.1);
    if let Some((unit, amount)) = as_before(ours, theirs).filter(|_| ours.unit != theirs.unit) {
        // Only one side says what it is billed with.
        (same.unit, same.ours, same.theirs) = (unit, amount, amount);
        same.reason = Reason::SameIdentifier;
    }
    found.matches.push(same);
}

/// By how many days both are apart.
pub(super) fn apart(ours: &Item, theirs: &Item) -> i32 {
    ours.date.until(theirs.date).map_or(i32::MAX, |span| span.get_days().abs())
}

/// Whether a part has come and the rest is not due yet.
fn is_under_way(ours: &[&Item], theirs: &[&Item]) -> bool {
    let (has, have) = (sum(ours), sum(theirs));
    let is_part = |part: i128, whole: i128| part.signum() == whole.signum() && part.abs() < whole.abs();
    let waits = |items: &[&Item]| items.iter().any(|item| !item.due);
    (waits(ours) && is_part(have, has)) || (waits(theirs) && is_part(has, have))
}

fn expect(found: &mut Comparison, ours: &[&Item], theirs: &[&Item]) {
    found.expected.extend(ours.iter().chain(theirs).map(|item| item.reference.clone()));
}

/// Several that add up, as far as it is tolerated: a match, if each came when one of the other side did.
fn add_up(found: &mut Comparison, ours: &[&Item], theirs: &[&Item], rung: Rung, rules: &MatchRules) {
    let is_late = |item: &Item, others: &[&Item]| others.iter().all(|other| apart(item, other) > rules.days);
    if ours.iter().any(|item| is_late(item, theirs)) || theirs.iter().any(|item| is_late(item, ours)) {
        found.breaks.push(broken(BreakClass::Late, Reason::CameLate, ours, theirs));
        return;
    }
    let reason = match sum(ours) == sum(theirs) {
        true => Reason::PartsAddUp,
        false => Reason::WithinTolerance,
    };
    let unit = ours.first().map_or(Unit::Nothing, |item| item.unit);
    found.matches.push(matched(Some(rung), reason, unit, ours, theirs));
}

fn in_one_unit<'i>(
    found: &mut Comparison,
    (mut ours, mut theirs): (Vec<&'i Item>, Vec<&'i Item>),
    unit: Unit,
    rung: Rung,
    rules: &MatchRules,
) {
    if let ([one], [other]) = (ours.as_slice(), theirs.as_slice()) {
        return pair(found, one, other, Some((rung, false)), rules);
    }
    if rules.tolerance(unit).allows(sum(&ours), sum(&theirs)) {
        return add_up(found, &ours, &theirs, rung, rules);
    }
    if is_under_way(&ours, &theirs) {
        return expect(found, &ours, &theirs);
    }
    // What stands alike on both sides belongs together.
    let mut paired: Vec<i64> = Vec::new();
    let mut alone = Vec::new();
    for one in ours {
        match theirs.iter().position(|other| other.amount == one.amount) {
            Some(place) => {
                pair(found, one, theirs.remove(place), Some((rung, false)), rules);
                paired.push(one.amount);
            }
            None => alone.push(one),
        }
    }
    ours = alone;
    match (ours.as_slice(), theirs.as_slice()) {
        ([], _) => again(found, &theirs, &paired, rung, false),
        (_, []) => again(found, &ours, &paired, rung, true),
        ([one], [other]) => pair(found, one, other, Some((rung, false)), rules),
        ([one], _) => part(found, one, &theirs, rung, rules, true),
        (_, [other]) => part(found, other, &ours, rung, rules, false),
        _ => {
            let reason = Reason::PartsDoNotAddUp;
            found.breaks.push(broken(BreakClass::Split, reason, &ours, &theirs));
        }
    }
}

/// What is left on one side only, beside pairs of the same identifier.
fn again(found: &mut Comparison, items: &[&Item], paired: &[i64], rung: Rung, is_ours: bool) {
    for item in items {
        let (class, reason) = match (paired.contains(&item.amount), rung.is_unique()) {
            (true, _) => (BreakClass::Duplicate, Reason::NamedAgain),
            (false, true) => (BreakClass::Duplicate, Reason::NamedAgainDiffering),
            (false, false) => (BreakClass::Split, Reason::PartsDoNotAddUp),
        };
        let one = [*item];
        let (ours, theirs): (&[&Item], &[&Item]) = if is_ours { (&one, &[]) } else { (&[], &one) };
        found.breaks.push(broken(class, reason, ours, theirs));
    }
}

/// One against several: some of them may be its parts and the others those parts again.
fn part<'i>(
    found: &mut Comparison,
    one: &'i Item,
    parts: &[&'i Item],
    rung: Rung,
    rules: &MatchRules,
    is_ours: bool,
) {
    let sides = |some: &[&'i Item]| match is_ours {
        true => (vec![one], some.to_vec()),
        false => (some.to_vec(), vec![one]),
    };
    let alike = |chosen: &[&Item]| chosen.iter().map(|item| item.amount).collect::<Vec<i64>>();
    let sums = sums_to(i128::from(one.amount), parts, rules.candidates_max);
    // Which of equal parts is meant does not matter.
    let chosen = sums.first().filter(|first| {
        let mut amounts = alike(first);
        amounts.sort_unstable();
        sums.iter().all(|other| {
            let mut others = alike(other);
            others.sort_unstable();
            others == amounts
        })
    });
    let Some(chosen) = chosen else {
        let (ours, theirs) = sides(parts);
        found.breaks.push(broken(BreakClass::Split, Reason::PartsDoNotAddUp, &ours, &theirs));
        return;
    };
    let (ours, theirs) = sides(chosen);
    add_up(found, &ours, &theirs, rung, rules);
    let rest: Vec<&Item> =
        parts.iter().filter(|item| !chosen.iter().any(|used| std::ptr::eq(*used, **item))).copied().collect();
    again(found, &rest, &alike(chosen), rung, !is_ours);
}

/// The sets of at least two items that add up to a sum. Of more than `candidates_max` items none is looked for: that
/// would take for ever.
pub(super) fn sums_to<'i>(whole: i128, items: &[&'i Item], candidates_max: usize) -> Vec<Vec<&'i Item>> {
    let bounded = items.len().min(20);
    if items.len() > candidates_max.min(20) {
        return Vec::new();
    }
    let sets = 1_u32 << bounded;
    let mut found = Vec::new();
    for set in 1..sets {
        if set.count_ones() < 2 {
            continue;
        }
        let members = || items.iter().enumerate().filter(move |(place, _)| set & (1 << place) != 0);
        if members().map(|(_, item)| i128::from(item.amount)).sum::<i128>() == whole {
            found.push(members().map(|(_, item)| *item).collect());
        }
    }
    found
}

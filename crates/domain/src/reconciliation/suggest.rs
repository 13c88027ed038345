//! What may be the same although no identifier says so: by amount and date. Never confirmed: each is a break, too, which asks
//! two people whether it is so.

use std::collections::{BTreeMap, BTreeSet};

use super::compare::{Sides, broken, matched};
use super::group::{apart, sums_to};
use super::{BreakClass, Comparison, Item, MatchRules, Reason, Unit};

/// Takes out of both sides what fits in one way only, and as one break what fits in several.
pub(super) fn suggest(sides: &mut Sides<'_>, rules: &MatchRules) {
    pairs(sides, rules);
    sums(sides, rules);
}

/// Whether two may be the same: nothing that both say contradicts it.
fn may_be(ours: &Item, theirs: &Item, rules: &MatchRules) -> bool {
    (ours.unit, ours.direction) == (theirs.unit, theirs.direction)
        && apart(ours, theirs) <= rules.days
        && !ours.contradicts(theirs, &rules.ladder)
        && !(rules.apart.iter()).any(|(one, other)| *one == ours.reference && *other == theirs.reference)
}

/// A match for the counts, and the break for people.
fn ask(found: &mut Comparison, reason: Reason, unit: Unit, (ours, theirs): (&[&Item], &[&Item])) {
    found.matches.push(matched(None, reason, unit, ours, theirs));
    found.breaks.push(broken(BreakClass::Suggested, reason, ours, theirs));
}

/// One and one, of the same amount.
fn pairs(sides: &mut Sides<'_>, rules: &MatchRules) {
    let mut alike: BTreeMap<(Unit, i64), Vec<usize>> = BTreeMap::new();
    for (place, item) in sides.theirs.iter().enumerate().filter(|(_, item)| item.amount != 0) {
        alike.entry((item.unit, item.amount)).or_default().push(place);
    }
    let empty = Vec::new();
    let candidates: Vec<Vec<usize>> = (sides.ours.iter())
        .map(|one| {
            let alike = alike.get(&(one.unit, one.amount)).unwrap_or(&empty).iter().copied();
            let fits =
                |place: &usize| sides.theirs.get(*place).is_some_and(|other| may_be(one, other, rules));
            alike.filter(fits).collect()
        })
        .collect();
    let (mut used_ours, mut used_theirs) = (BTreeSet::new(), BTreeSet::new());
    for first in 0..candidates.len() {
        if used_ours.contains(&first) || candidates.get(first).is_none_or(Vec::is_empty) {
            continue;
        }
        let (mine, other) = together(&candidates, first);
        used_ours.extend(&mine);
        used_theirs.extend(&other);
        let ours: Vec<&Item> = mine.iter().filter_map(|place| sides.ours.get(*place).copied()).collect();
        let theirs: Vec<&Item> = other.iter().filter_map(|place| sides.theirs.get(*place).copied()).collect();
        match (ours.as_slice(), theirs.as_slice()) {
            ([one], [_]) => {
                ask(&mut sides.found, Reason::SameAmountAndDate, one.unit, (&ours, &theirs));
            }
            _ => {
                let found = broken(BreakClass::Ambiguous, Reason::FitsSeveral, &ours, &theirs);
                sides.found.breaks.push(found);
            }
        }
    }
    take_out(&mut sides.ours, &used_ours);
    take_out(&mut sides.theirs, &used_theirs);
}

/// All that hangs together with one of ours: what fits it, what else fits that, and so on.
fn together(candidates: &[Vec<usize>], first: usize) -> (BTreeSet<usize>, BTreeSet<usize>) {
    let (mut ours, mut theirs) = (BTreeSet::from([first]), BTreeSet::new());
    loop {
        let before = (ours.len(), theirs.len());
        let of_ours = ours.iter().filter_map(|place| candidates.get(*place)).flatten().copied();
        theirs.extend(of_ours.collect::<Vec<usize>>());
        let touches = |fits: &Vec<usize>| fits.iter().any(|place| theirs.contains(place));
        let more = candidates.iter().enumerate().filter(|(_, fits)| touches(fits)).map(|(place, _)| place);
        ours.extend(more.collect::<Vec<usize>>());
        if before == (ours.len(), theirs.len()) {
            return (ours, theirs);
        }
    }
}

fn take_out(items: &mut Vec<&Item>, used: &BTreeSet<usize>) {
    let mut place = 0;
    items.retain(|_| {
        place += 1;
        !used.contains(&(place - 1))
    });
}

/// A set that adds up to one item of the other side.
struct Sum<'i> {
    ours: Vec<&'i Item>,
    theirs: Vec<&'i Item>,
}

/// One against a sum of several, in both directions: what fits once, and shares nothing with what else fits.
fn sums(sides: &mut Sides<'_>, rules: &MatchRules) {
    let mut found: Vec<Sum<'_>> = Vec::new();
    for one in &sides.ours {
        let parts: Vec<&Item> = sides
            .theirs
            .iter()
            .filter(|other| fits_into(other, one, || may_be(one, other, rules)))
            .copied()
            .collect();
        if let [theirs] = sums_to(one.amount.into(), &parts, rules.candidates_max).as_slice() {
            found.push(Sum { ours: vec![*one], theirs: theirs.clone() });
        }
    }
    for other in &sides.theirs {
        let parts: Vec<&Item> = sides
            .ours
            .iter()
            .filter(|one| fits_into(one, other, || may_be(one, other, rules)))
            .copied()
            .collect();
        if let [ours] = sums_to(other.amount.into(), &parts, rules.candidates_max).as_slice() {
            found.push(Sum { ours: ours.clone(), theirs: vec![*other] });
        }
    }
    let shares = |one: &[&Item], other: &[&Item]| {
        one.iter().any(|item| other.iter().any(|also| std::ptr::eq(*item, *also)))
    };
    let alone: Vec<&Sum<'_>> = (found.iter().enumerate())
        .filter(|(place, one)| {
            let others = found.iter().enumerate().filter(|(other, _)| other != place);
            !others
                .into_iter()
                .any(|(_, other)| shares(&one.ours, &other.ours) || shares(&one.theirs, &other.theirs))
        })
        .map(|(_, sum)| sum)
        .collect();
    for Sum { ours, theirs } in alone {
        let unit = ours.first().map_or(Unit::Nothing, |item| item.unit);
        ask(&mut sides.found, Reason::SumOfOthers, unit, (ours, theirs));
        sides.ours.retain(|item| !ours.iter().any(|used| std::ptr::eq(*used, *item)));
        sides.theirs.retain(|item| !theirs.iter().any(|used| std::ptr::eq(*used, *item)));
    }
}

/// A part has the sign of the whole and is not more.
fn fits_into(part: &Item, whole: &Item, may_be: impl Fn() -> bool) -> bool {
    part.amount != 0
        && part.amount.signum() == whole.amount.signum()
        && part.amount.unsigned_abs() < whole.amount.unsigned_abs()
        && may_be()
}

//! Rules that another one hides, as bonuses and discounts stack.

use domain::{BonusRule, DiscountRule, Ratio, Reduction, Stacking};

use super::{Parts, reach::Reach};
use crate::document::Text;
use crate::errors::{Problem, Severity};
use crate::meaning::Reading;
use crate::scalars::quoted;

pub(super) fn check(reading: &mut Reading<'_>, parts: &Parts<'_>) {
    let excluded = &parts.program.excluded_mcc;
    let stacking = parts.program.stacking;
    let bonuses = parts.program.bonuses.iter().zip(&parts.document.bonus);
    let bonuses: Vec<Rule<'_, BonusRule>> = bonuses
        .map(|(rule, entry)| {
            let reach = Reach::new(rule.effective, &rule.when, excluded);
            let lasting = rule.limit.is_none() && rule.budget.is_none();
            Rule { rule, id: &entry.id, reach, lasting }
        })
        .collect();
    hidden(reading, "bonus", stacking.bonuses, &bonuses, |rule, other| {
        at_least(rule.times_base, other.times_base) && rule.rounding == other.rounding
    });
    let discounts = parts.program.discounts.iter().zip(&parts.document.discount);
    let discounts: Vec<Rule<'_, DiscountRule>> = discounts
        .map(|(rule, entry)| {
            // A discount holds at its own partner only, whatever else its condition says.
            let mut when = rule.when.clone();
            when.partners = vec![rule.partner];
            let lasting = rule.limit.is_none() && rule.budget.is_none();
            Rule { rule, id: &entry.id, reach: Reach::new(rule.effective, &when, excluded), lasting }
        })
        .collect();
    hidden(reading, "discount", stacking.discounts, &discounts, gives_as_much);
}

struct Rule<'a, T> {
    rule: &'a T,
    id: &'a Text,
    reach: Reach,
    /// Whether it is never used up.
    lasting: bool,
}

/// Reports each rule that another rule hides, or several together. `as_much` says whether the first never gives less than the second.
fn hidden<T>(
    reading: &mut Reading<'_>,
    kind: &str,
    stacking: Stacking,
    rules: &[Rule<'_, T>],
    as_much: impl Fn(&T, &T) -> bool,
) {
    for (index, rule) in rules.iter().enumerate() {
        let hides = |(place, other): (usize, &Rule<'_, T>)| {
            let stronger = match stacking {
                Stacking::Sum => false,
                Stacking::First => place < index,
                // Of two that always give the same, the first holds.
                Stacking::Best => {
                    as_much(other.rule, rule.rule) && (place < index || !as_much(rule.rule, other.rule))
                }
            };
            // One that is used up some day lets the other hold.
            stronger && place != index && other.lasting
        };
        let stronger: Vec<&Rule<'_, T>> = rules
            .iter()
            .enumerate()
            .filter(|(place, other)| hides((*place, other)))
            .map(|(_, other)| other)
            .collect();
        let hidden_by = match stronger.iter().find(|other| other.reach.covers(&rule.reach)) {
            Some(other) => vec![*other],
            None => together(rule, &stronger),
        };
        if hidden_by.is_empty() {
            continue;
        }
        let named = |other: &&Rule<'_, T>| {
            let line = reading.log.line(other.id.span().start);
            format!("{} on line {line}", quoted(other.id.get_ref()))
        };
        let names = hidden_by.iter().map(named).collect::<Vec<_>>().join(" and ");
        let (found, advice) = in_words(stacking, &names, hidden_by.len() > 1);
        let expected = "a purchase that no other rule takes away";
        let problem = Problem::new(expected, found, advice);
        reading.notice(Severity::Warning, &format!("{kind}[{index}]"), rule.id, problem);
    }
}

/// Those that together hide a rule which none of them hides alone; nobody if they leave something of it.
fn together<'a, 'b, T>(rule: &Rule<'_, T>, stronger: &[&'a Rule<'b, T>]) -> Vec<&'a Rule<'b, T>> {
    let reaches: Vec<&Reach> = stronger.iter().map(|other| &other.reach).collect();
    let places = rule.reach.hidden_by(&reaches).unwrap_or_default();
    places.into_iter().filter_map(|place| stronger.get(place).copied()).collect()
}

/// What hides a rule, and what to do about it.
fn in_words(stacking: Stacking, names: &str, several: bool) -> (String, &'static str) {
    match (stacking, several) {
        (Stacking::Best, false) => {
            (format!("{names}, which always gives as much"), "delete it, or let it give more somewhere")
        }
        (Stacking::Best, true) => (
            format!("{names}, of which one always gives as much"),
            "delete it, or let it give more somewhere",
        ),
        (_, false) => (
            format!("{names}, which applies to all of them and comes first"),
            "move it above the other, narrow the other, or declare `stacking`",
        ),
        (_, true) => (
            format!("{names}, which together apply to all of them and come first"),
            "move it above one of them, narrow one, or declare `stacking`",
        ),
    }
}

fn gives_as_much(rule: &DiscountRule, other: &DiscountRule) -> bool {
    rule.mode == other.mode
        && rule.rounding == other.rounding
        && takes_as_much(rule, other)
        && rule.amount_min.unwrap_or(0) <= other.amount_min.unwrap_or(0)
        && rule.discount_max.unwrap_or(u64::MAX) >= other.discount_max.unwrap_or(u64::MAX)
}

/// Whether no tier of the other takes off more, as far as the two can be compared: both percentages or both amounts.
fn takes_as_much(rule: &DiscountRule, other: &DiscountRule) -> bool {
    let bounds = rule.tiers.iter().chain(&other.tiers).map(|tier| tier.from);
    bounds.into_iter().all(|from| match (rule.tier(from), other.tier(from)) {
        (_, None) => true,
        (None, Some(_)) => false,
        (Some(ours), Some(theirs)) => match (ours.gives, theirs.gives) {
            (Reduction::Percent(ours), Reduction::Percent(theirs)) => at_least(ours, theirs),
            (Reduction::Amount(ours), Reduction::Amount(theirs)) => ours >= theirs,
            _ => false,
        },
    })
}

fn at_least(ratio: Ratio, other: Ratio) -> bool {
    let product = |upper: u64, lower: u64| u128::from(upper) * u128::from(lower);
    product(ratio.numerator(), other.denominator()) >= product(other.numerator(), ratio.denominator())
}

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

/// Reports each rule that one other rule hides. `as_much` says whether the first never gives less than the second.
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
            stronger && place != index && other.lasting && other.reach.covers(&rule.reach)
        };
        let Some((_, other)) = rules.iter().enumerate().find(|(place, other)| hides((*place, other))) else {
            continue;
        };
        let (other_id, line) = (quoted(other.id.get_ref()), reading.log.line(other.id.span().start));
        let (found, advice) = match stacking {
            Stacking::Best => (
                format!("{other_id} on line {line}, which always gives as much"),
                "delete it, or let it give more somewhere",
            ),
            Stacking::Sum | Stacking::First => (
                format!("{other_id} on line {line}, which applies to all of them and comes first"),
                "move it above the other, narrow the other, or declare `stacking`",
            ),
        };
        let expected = "a purchase that no other rule takes away";
        let problem = Problem::new(expected, found, advice);
        reading.notice(Severity::Warning, &format!("{kind}[{index}]"), rule.id, problem);
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

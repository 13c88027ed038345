//! Limits and budgets that say nothing, or that contradict each other.

use domain::Limit;

use super::Parts;
use crate::document::Text;
use crate::errors::{Problem, Severity};
use crate::meaning::Reading;
use crate::scalars::quoted;

/// A rule that has them.
struct Bounded<'a> {
    path: String,
    limit: Option<(&'a Limit, &'a Text)>,
    budget: Option<(&'a Limit, &'a Text)>,
    /// The largest discount of one purchase, in minor units.
    at_most: Option<(u64, &'a Text)>,
}

pub(super) fn check(reading: &mut Reading<'_>, parts: &Parts<'_>) {
    for rule in rules(parts) {
        useless_limit(reading, &rule);
        useless_most(reading, &rule);
    }
}

fn rules<'a>(parts: &Parts<'a>) -> Vec<Bounded<'a>> {
    let bonuses = parts.program.bonuses.iter().zip(&parts.document.bonus).enumerate();
    let bonuses = bonuses.map(|(index, (rule, entry))| Bounded {
        path: format!("bonus[{index}]"),
        limit: rule.limit.as_ref().zip(entry.limit.as_ref().map(|limit| &limit.window)),
        budget: rule.budget.as_ref().zip(entry.budget.as_ref().map(|budget| &budget.window)),
        at_most: None,
    });
    let discounts = parts.program.discounts.iter().zip(&parts.document.discount).enumerate();
    let discounts = discounts.map(|(index, (rule, entry))| Bounded {
        path: format!("discount[{index}]"),
        limit: rule.limit.as_ref().zip(entry.limit.as_ref().map(|limit| &limit.window)),
        budget: rule.budget.as_ref().zip(entry.budget.as_ref().map(|budget| &budget.window)),
        at_most: rule.discount_max.zip(entry.at_most.as_ref()),
    });
    bonuses.chain(discounts).collect()
}

/// One member may have more than all together.
fn useless_limit(reading: &mut Reading<'_>, rule: &Bounded<'_>) {
    let (Some((limit, place)), Some((budget, _))) = (rule.limit, rule.budget) else { return };
    if limit.window != budget.window {
        return;
    }
    let above = |limit: Option<u64>, budget: Option<u64>| {
        limit.zip(budget).is_some_and(|(limit, budget)| limit > budget)
    };
    if above(limit.most, budget.most) || above(limit.uses, budget.uses) {
        let advice = "one member could use the whole budget up: lower the limit, or delete it";
        let problem = Problem::new("at most the budget for one member", "more", advice);
        reading.notice(Severity::Warning, &format!("{}.limit", rule.path), place, problem);
    }
}

/// A single purchase may have more than its member in the whole window.
fn useless_most(reading: &mut Reading<'_>, rule: &Bounded<'_>) {
    let (Some((limit, _)), Some((at_most, place))) = (rule.limit, rule.at_most) else { return };
    if limit.most.is_some_and(|most| at_most > most) {
        let advice = "no purchase gets so much: lower it, or raise `limit.per_member.amount`";
        let problem = Problem::new("at most the limit of a member", quoted(place.get_ref()), advice);
        reading.notice(Severity::Warning, &format!("{}.at_most", rule.path), place, problem);
    }
}

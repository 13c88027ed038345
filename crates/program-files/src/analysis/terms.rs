//! Terms that do not hold on all days on which the rules make somebody owe.

use domain::settlement::Basis;
use domain::{Effective, PartnerId};
use jiff::civil::Date;

use super::Parts;
use crate::document::Text;
use crate::errors::{Problem, Severity};
use crate::meaning::Reading;
use crate::owed::{of_bonus, of_discount};
use crate::scalars::quoted;

pub(super) fn check(reading: &mut Reading<'_>, parts: &Parts<'_>) {
    let (program, document) = (parts.program, parts.document);
    let mut owed: Vec<(String, &Text, PartnerId, Basis, Effective)> = Vec::new();
    for (index, (rule, entry)) in program.base.iter().zip(&document.base).enumerate() {
        let basis = Basis::MilesGranted;
        owed.push((format!("base[{index}]"), &entry.id, program.cobrand_partner, basis, rule.effective));
    }
    for (index, (rule, entry)) in program.bonuses.iter().zip(&document.bonus).enumerate() {
        if let Some((partner, basis)) = of_bonus(rule) {
            owed.push((format!("bonus[{index}]"), &entry.id, partner, basis, rule.effective));
        }
    }
    for (index, (rule, entry)) in program.discounts.iter().zip(&document.discount).enumerate() {
        for (partner, basis) in of_discount(rule) {
            owed.push((format!("discount[{index}]"), &entry.id, partner, basis, rule.effective));
        }
    }
    for (path, id, partner, basis, range) in owed {
        let Some(day) = unpriced(parts, partner, basis, range) else { continue };
        let expected = format!("terms that price {} while the rule holds", quoted(basis.name()));
        let found = format!("none on {day}");
        let advice = "let the range of the partner's [[terms]] enclose that of the rule";
        reading.notice(Severity::Warning, &path, id, Problem::new(expected, found, advice));
    }
}

/// The first day of `range` on which nothing prices `basis`.
fn unpriced(parts: &Parts<'_>, partner: PartnerId, basis: Basis, range: Effective) -> Option<Date> {
    let terms = parts.terms.iter().filter(|terms| terms.partner == partner);
    let priced: Vec<Effective> =
        terms.filter(|terms| terms.prices(basis)).map(|terms| terms.effective).collect();
    let mut day = match range.from {
        Some(from) => from,
        // A rule without a beginning is meant for now: days long ago need no terms.
        None => match priced.iter().find(|priced| priced.from.is_none()) {
            Some(first) => first.to?,
            None => priced.iter().filter_map(|priced| priced.from).min()?,
        },
    };
    while range.to.is_none_or(|to| day < to) {
        // Sets of terms for one partner do not overlap: each step leaves one behind.
        let Some(holds) = priced.iter().find(|priced| priced.contains(day)) else { return Some(day) };
        day = holds.to?;
    }
    None
}

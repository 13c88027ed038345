//! The award of a purchase that a correction has given another version or another partner after a discount was offered
//! to it at the till: that discount is what it was under the version and at the partner of its offer.

use super::{AwardInput, Awarded, award_within, not_taken};
use crate::{DiscountMode, DiscountRule, Item, MoneyError, PartnerId, Program, Rooms, Stacking, Verdict};

/// The award under `program`, with the discount at the till that `offered_under` gives at `partner`.
pub(crate) fn award_keeping_till(
    program: &Program,
    offered_under: &Program,
    partner: PartnerId,
    input: &AwardInput,
    rooms: &Rooms,
) -> Result<Awarded, MoneyError> {
    let mut awarded = award_within(program, &AwardInput { till: None, ..*input }, rooms)?;
    let offered = award_within(offered_under, &AwardInput { partner: Some(partner), ..*input }, rooms)?;
    let rules = offered_under.discounts.iter().filter(|rule| at_till(rule, partner));
    let ids: Vec<&str> = rules.map(|rule| rule.id.as_str()).collect();
    let at_till = |item: &Item| matches!(item, Item::Discount { mode: DiscountMode::AtTill, .. });
    let kept: Vec<_> = offered.amounts.iter().filter(|(item, _)| at_till(item)).collect();
    let findings = offered.explanation.0.iter().filter(|finding| ids.contains(&finding.rule.as_str()));
    if let (Some(first), false) = (ids.first(), kept.is_empty()) {
        stand_back(program, first, &mut awarded);
    }
    for (item, amount) in kept {
        awarded.amounts.set(item.clone(), amount);
    }
    for id in &ids {
        awarded.by_rule.remove(*id);
        awarded.by_rule.extend(offered.by_rule.get(*id).map(|minor| ((*id).to_owned(), *minor)));
    }
    awarded.explanation.0.retain(|finding| !ids.contains(&finding.rule.as_str()));
    awarded.explanation.0.extend(findings.cloned());
    Ok(awarded)
}

fn at_till(rule: &DiscountRule, partner: PartnerId) -> bool {
    rule.mode == DiscountMode::AtTill && rule.partner == partner
}

/// Where one discount alone holds, the one that was given does.
fn stand_back(program: &Program, taken: &str, awarded: &mut Awarded) {
    let stacking = program.stacking.discounts;
    if stacking == Stacking::Sum {
        return;
    }
    awarded.by_rule.retain(|id, _| program.discounts.iter().all(|rule| rule.id != *id));
    let discounts: Vec<Item> = awarded.amounts.iter().map(|(item, _)| item.clone()).collect();
    for item in discounts.into_iter().filter(|item| matches!(item, Item::Discount { .. })) {
        awarded.amounts.set(item, 0);
    }
    let ours = |id: &str| program.discounts.iter().any(|rule| rule.id == id);
    let findings = awarded.explanation.0.iter_mut();
    for finding in findings.filter(|finding| finding.verdict == Verdict::Applied && ours(&finding.rule)) {
        finding.verdict = Verdict::Skipped;
        finding.reason = not_taken(stacking);
        finding.values.push(("taken", taken.to_owned()));
    }
}

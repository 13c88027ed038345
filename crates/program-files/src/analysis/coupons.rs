//! Campaigns that no rule uses, and rules whose coupons never count while they hold.

use domain::{Condition, Effective};

use super::Parts;
use crate::document::Text;
use crate::errors::{Problem, Severity};
use crate::meaning::Reading;
use crate::rules::overlap;
use crate::scalars::quoted;

/// A rule that demands a coupon.
struct Demanding<'a> {
    path: String,
    effective: Effective,
    place: &'a Text,
}

pub(super) fn check(reading: &mut Reading<'_>, parts: &Parts<'_>) {
    let rules = rules(parts);
    for (index, entry) in parts.document.coupon.iter().enumerate() {
        if rules.iter().all(|rule| rule.place.get_ref() != entry.id.get_ref()) {
            let advice = "write when = { coupon = ... } in a rule, or delete the entry";
            let problem = Problem::new("a rule that demands its codes", "none", advice);
            reading.notice(Severity::Warning, &format!("coupon[{index}].id"), &entry.id, problem);
        }
    }
    for rule in &rules {
        let campaigns = &parts.program.coupon_campaigns;
        let campaign = campaigns.iter().find(|campaign| campaign.id == *rule.place.get_ref());
        let Some(campaign) = campaign.filter(|campaign| !overlap(&campaign.effective, &rule.effective))
        else {
            continue;
        };
        let found = match (campaign.effective.to, rule.effective.from) {
            (Some(to), Some(from)) if to <= from => format!("{}, which ended before", quoted(&campaign.id)),
            _ => format!("{}, which begins when the rule has ended", quoted(&campaign.id)),
        };
        let advice = "the rule never applies: correct the range of one of the two";
        let problem = Problem::new("coupons that count on some day of the rule", found, advice);
        reading.notice(Severity::Error, &rule.path, rule.place, problem);
    }
}

fn rules<'a>(parts: &Parts<'a>) -> Vec<Demanding<'a>> {
    let bonuses = parts.program.bonuses.iter().zip(&parts.document.bonus).enumerate();
    let bonuses = bonuses.map(|(index, (rule, entry))| {
        let place = entry.when.as_deref().and_then(|when| when.coupon.as_ref());
        demanding(format!("bonus[{index}]"), rule.effective, &rule.when, place)
    });
    let discounts = parts.program.discounts.iter().zip(&parts.document.discount).enumerate();
    let discounts = discounts.map(|(index, (rule, entry))| {
        let place = entry.when.as_deref().and_then(|when| when.coupon.as_ref());
        demanding(format!("discount[{index}]"), rule.effective, &rule.when, place)
    });
    bonuses.chain(discounts).flatten().collect()
}

fn demanding<'a>(
    path: String,
    effective: Effective,
    when: &Condition,
    place: Option<&'a Text>,
) -> Option<Demanding<'a>> {
    let place = place.filter(|_| when.coupon.is_some())?;
    Some(Demanding { path: format!("{path}.when.coupon"), effective, place })
}

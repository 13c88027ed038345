//! Miles that expire before they may be spent, and redemptions that pay nothing.

use jiff::civil::{Date, date};

use super::Parts;
use crate::errors::{Problem, Severity};
use crate::meaning::Reading;

/// Expiry and vesting are looked at for a purchase on each of these days.
const YEAR: i16 = 2027;

pub(super) fn check(reading: &mut Reading<'_>, parts: &Parts<'_>) {
    let rules = &parts.program.miles;
    let section = parts.document.miles.as_deref();
    if let Some(place) = section.and_then(|miles| miles.expiry.as_ref()) {
        let partners = rules.vesting_by_partner.iter().map(|(partner, _)| Some(*partner));
        let lost = |day: &Date| {
            let never = |partner| {
                let (vests, gone) = (rules.vests_on(*day, partner), rules.expire_on(*day));
                vests.zip(gone).is_some_and(|(vests, gone)| vests >= gone)
            };
            partners.clone().chain([None]).any(never)
        };
        if let Some(day) = date(YEAR, 1, 1).series(jiff::ToSpan::days(1)).take(365).find(lost) {
            let found = format!("such as those of {day}, which do not");
            let advice = "let miles live longer, or vest earlier";
            let problem = Problem::new("miles that may be spent before they expire", found, advice);
            reading.notice(Severity::Warning, "miles.expiry", place, problem);
        }
    }
    if let (Some(rules), Some(entry)) = (parts.program.redemption, parts.document.redemption.as_deref()) {
        let least = i64::try_from(rules.miles_min).unwrap_or(i64::MAX);
        if rules.worth(least) == Ok(0) {
            let found = format!("nothing for {least}");
            let advice = "write a larger miles_min, or a higher value";
            let problem = Problem::new("a least redemption that pays something", found, advice);
            reading.notice(Severity::Warning, "redemption.value", &entry.value, problem);
        }
    }
}

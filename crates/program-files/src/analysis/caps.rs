//! Caps that nothing reaches, that cut the first step, or beside which another is always as tight.

use domain::EarnRounding;

use super::{Parts, encloses};
use crate::errors::{Problem, Severity};
use crate::meaning::Reading;
use crate::scalars::quoted;

pub(super) fn check(reading: &mut Reading<'_>, parts: &Parts<'_>) {
    let caps = &parts.program.caps;
    for (index, (cap, entry)) in caps.iter().zip(&parts.document.cap).enumerate() {
        let path = format!("cap[{index}]");
        let tighter = caps.iter().zip(&parts.document.cap).enumerate().find(|(place, (other, _))| {
            let always =
                other.miles_max < cap.miles_max || other.miles_max == cap.miles_max && *place < index;
            *place != index
                && always
                && other.window == cap.window
                && encloses(&other.effective, &cap.effective)
        });
        if let Some((_, (other, place))) = tighter {
            let line = reading.log.line(place.id.span().start);
            let found = format!("{} on line {line} with {}", quoted(&other.id), other.miles_max);
            let advice = "it never cuts anything: delete it, or write a smaller number";
            let problem = Problem::new("a cap that is the tightest at some time", found, advice);
            reading.notice(Severity::Warning, &format!("{path}.miles_max"), &entry.miles_max, problem);
        }
        if parts.base_within(cap.effective).next().is_none() {
            let advice = "nothing is earned while it holds: correct the range, or delete it";
            let problem = Problem::new("a base rate on some day of the cap", "none", advice);
            reading.notice(Severity::Warning, &format!("{path}.effective"), &entry.id, problem);
        }
        let step = parts
            .base_within(cap.effective)
            .filter(|base| base.rounding == EarnRounding::EachFullStep)
            .find(|base| u64::from(base.miles) > cap.miles_max);
        if let Some(base) = step {
            let expected = format!("at least the {} miles of one step of {}", base.miles, quoted(&base.id));
            let advice = "even the first step is cut: write more miles";
            let problem = Problem::new(expected, cap.miles_max.to_string(), advice);
            reading.notice(Severity::Warning, &format!("{path}.miles_max"), &entry.miles_max, problem);
        }
    }
}

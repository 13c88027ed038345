//! How long authorizations wait for their clearing.

use domain::{HoldRules, MccRange};
use toml::Spanned;

use crate::document;
use crate::errors::Problem;
use crate::meaning::Reading;
use crate::scalars;

/// The longest that a hold may wait: no network lets an authorization live for more than a year.
pub(crate) const DAYS_MAX: u64 = 366;

impl Reading<'_> {
    /// The days of holds; what the file does not say is as [`HoldRules::default`] has it.
    pub(crate) fn holds(&mut self, entry: Option<&document::Holds>) -> Option<HoldRules> {
        let usual = HoldRules::default();
        let Some(entry) = entry else { return Some(usual) };
        let days = self.days("holds.days", entry.days.as_ref());
        let preauthorization = self.days("holds.preauthorization_days", entry.preauthorization_days.as_ref());
        let mut by_mcc: Vec<(MccRange, u16)> = Vec::new();
        for (index, entry) in entry.by_mcc.iter().flatten().enumerate() {
            let path = format!("holds.by_mcc[{index}]");
            let ranges = self.list(&format!("{path}.mcc"), Some(&entry.mcc), scalars::mcc_range);
            let days = self.days(&format!("{path}.days"), Some(&entry.days));
            if let (Some(ranges), Some(Some(days))) = (ranges, days) {
                by_mcc.extend(ranges.into_iter().map(|range| (range, days)));
            }
        }
        Some(HoldRules {
            days: days?.unwrap_or(usual.days),
            preauthorization_days: preauthorization?.unwrap_or(usual.preauthorization_days),
            by_mcc,
        })
    }

    /// A number of days from one to [`DAYS_MAX`]; `None` only if a problem was reported.
    fn days(&mut self, path: &str, place: Option<&Spanned<u64>>) -> Option<Option<u16>> {
        let Some(place) = place else { return Some(None) };
        let days = *place.get_ref();
        match u16::try_from(days) {
            Ok(number) if (1..=DAYS_MAX).contains(&days) => Some(Some(number)),
            _ => {
                let expected = format!("1 to {DAYS_MAX} days");
                let advice = "write how long the network lets an authorization live";
                self.report(path, place, Problem::new(expected, days.to_string(), advice));
                None
            }
        }
    }
}

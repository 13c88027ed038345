//! When things are due and how far they may differ: data, by source.

use std::collections::BTreeMap;

use domain::case::CaseRules;
use domain::reconciliation::{MatchRules, Rung, Source, Tolerance, Unit};
use jiff::{SignedDuration, Timestamp, civil::Date, tz::TimeZone};

/// More candidates for a sum are not looked through.
const CANDIDATES_MAX: usize = 12;

/// How a source is compared.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SourceSettings {
    /// So long after the end of its day something need not be there.
    pub due_hours: u32,
    /// By so many days the dates of the same thing may be apart.
    pub days: u32,
    /// By unit; what is not here is exact.
    pub tolerances: Vec<(Unit, Tolerance)>,
}

/// How everything is compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReconcileSettings {
    /// What is older than so many days is not looked at again.
    pub look_back_days: u32,
    /// By source.
    pub sources: BTreeMap<Source, SourceSettings>,
    /// How severe cases are, and when they are due.
    pub cases: CaseRules,
}

impl Default for ReconcileSettings {
    fn default() -> Self {
        let of = |source| {
            let (due_hours, days) = match source {
                Source::BankClearing => (168, 7),
                Source::BankTotals => (24, 0),
                Source::BankStatement => (72, 3),
                Source::Handback => (72, 0),
                Source::PartnerStatement => (0, 7),
                Source::Acknowledgement | Source::OwnFile => (0, 0),
            };
            (source, SourceSettings { due_hours, days, tolerances: Vec::new() })
        };
        Self { look_back_days: 62, sources: Source::ALL.map(of).into(), cases: CaseRules::default() }
    }
}

impl ReconcileSettings {
    /// How items of a source are matched by a ladder.
    pub(super) fn rules(&self, source: Source, ladder: &[Rung]) -> MatchRules {
        let of = self.sources.get(&source).cloned().unwrap_or_default();
        MatchRules {
            ladder: ladder.to_vec(),
            tolerances: of.tolerances,
            days: i32::try_from(of.days).unwrap_or(i32::MAX),
            suggests: source != Source::BankClearing,
            candidates_max: CANDIDATES_MAX,
            apart: Vec::new(),
        }
    }

    /// Whether what belongs to a date must be there.
    pub(super) fn is_due(&self, source: Source, date: Date, as_of: Timestamp) -> bool {
        // The day ends everywhere within half a day of its end in UTC; what is due is counted in days.
        let end = date.tomorrow().ok().and_then(|next| next.to_zoned(TimeZone::UTC).ok());
        let Some(end) = end else { return false };
        self.is_over(source, end.timestamp(), as_of)
    }

    /// Whether the time that a source has after an instant is over.
    pub(super) fn is_over(&self, source: Source, since: Timestamp, as_of: Timestamp) -> bool {
        let hours = self.sources.get(&source).map_or(0, |of| of.due_hours);
        let due = since.checked_add(SignedDuration::from_hours(i64::from(hours)));
        due.is_ok_and(|due| due <= as_of)
    }
}

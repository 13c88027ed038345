//! When things are due and how far they may differ: data, by source.

use std::collections::BTreeMap;

use domain::BankId;
use domain::case::CaseRules;
use domain::reconciliation::{FileSchedule, MatchRules, Rung, Source, StatementPeriod, Tolerance, Unit};
use jiff::{SignedDuration, Span, Timestamp, civil::Date, tz::TimeZone};

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
    /// When clearing files come. Of a bank that is not here none is expected.
    pub clearing_files: BTreeMap<BankId, FilesAgreed>,
    /// What receivers have agreed about their statements, by code. Of one that is not here none is expected.
    pub statements: BTreeMap<String, StatementsAgreed>,
}

/// When the clearing files of a bank come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilesAgreed {
    /// The bank's code.
    pub code: String,
    /// For which business dates, and how many.
    pub schedule: FileSchedule,
    /// So long after the end of its business date a file need not be there.
    pub due_hours: u32,
    /// The first business date for which it is agreed.
    pub since: Option<Date>,
    /// The last one.
    pub until: Option<Date>,
}

/// When a receiver's own statements come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StatementsAgreed {
    /// For each day or month.
    pub every: StatementPeriod,
    /// So long after the end of its period a statement need not be there.
    pub within_hours: u32,
    /// The first business date for which it is agreed.
    pub since: Option<Date>,
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
        Self {
            look_back_days: 62,
            sources: Source::ALL.map(of).into(),
            cases: CaseRules::default(),
            clearing_files: BTreeMap::new(),
            statements: BTreeMap::new(),
        }
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

    /// The date on which what belongs to a date must be there, counted in whole days.
    pub(super) fn due_on(&self, source: Source, date: Date) -> Date {
        let days = self.due_hours(source) / 24;
        date.checked_add(Span::new().days(days)).unwrap_or(date)
    }

    /// Whether what belongs to a date must be there.
    pub(super) fn is_due(&self, source: Source, date: Date, as_of: Timestamp) -> bool {
        is_past(date, self.due_hours(source), as_of)
    }

    /// Whether the time that a source has after an instant is over.
    pub(super) fn is_over(&self, source: Source, since: Timestamp, as_of: Timestamp) -> bool {
        is_after(since, self.due_hours(source), as_of)
    }

    fn due_hours(&self, source: Source) -> u32 {
        self.sources.get(&source).map_or(0, |of| of.due_hours)
    }
}

/// Whether so many hours have passed since the end of a date.
pub(super) fn is_past(date: Date, hours: u32, as_of: Timestamp) -> bool {
    // The day ends everywhere within half a day of its end in UTC; what is due is counted in days.
    let end = date.tomorrow().ok().and_then(|next| next.to_zoned(TimeZone::UTC).ok());
    end.is_some_and(|end| is_after(end.timestamp(), hours, as_of))
}

fn is_after(since: Timestamp, hours: u32, as_of: Timestamp) -> bool {
    since.checked_add(SignedDuration::from_hours(i64::from(hours))).is_ok_and(|due| due <= as_of)
}

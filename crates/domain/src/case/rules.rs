//! How severe a case is and by when it is due: thresholds that are data.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use crate::ProgramId;

/// How severe a case is: by its amount, its class or its age, whatever is worst.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// It can wait.
    Low,
    /// It should be looked at.
    Medium,
    /// It must be looked at soon.
    High,
    /// It must be looked at now.
    Critical,
}

impl Severity {
    /// All of them, the mildest first.
    pub const ALL: [Self; 4] = [Self::Low, Self::Medium, Self::High, Self::Critical];

    /// The stored word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }

    /// Reads [`Self::name`].
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|severity| severity.name() == text)
    }
}

/// From which size of a difference on a case is medium, high and critical.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AmountThresholds {
    /// Of which program; `None`: of all that are not named.
    pub program: Option<ProgramId>,
    /// Three letters of a currency, or `MILES`; `None`: of all that are not named.
    pub unit: Option<String>,
    /// Minor units, or miles.
    pub medium: i64,
    /// Minor units, or miles.
    pub high: i64,
    /// Minor units, or miles.
    pub critical: i64,
}

/// What is severe, and by when it is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseRules {
    /// By amount; the most exact one counts, program before unit.
    pub amounts: Vec<AmountThresholds>,
    /// From how many hours on a case is medium, high and critical.
    pub age_hours: [u32; 3],
    /// At least so severe, by the stored word of the class.
    pub classes: BTreeMap<String, Severity>,
    /// Hours within which a case is due: low, medium, high, critical.
    pub due_hours: [u32; 4],
}

/// What is wrong with rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CaseRulesFault {
    /// Thresholds by amount must be above zero and not fall.
    Amounts,
    /// Thresholds by age must be above zero and not fall.
    Ages,
    /// What is more severe must not be due later, and nothing is due at once.
    DueHours,
    /// Two thresholds are for the same program and unit.
    Twice,
}

impl Default for CaseRules {
    /// 1,000.00, 10,000.00 and 100,000.00; 24, 72 and 120 hours; due within 168, 120, 72 and 24 hours.
    fn default() -> Self {
        let everywhere = AmountThresholds {
            program: None,
            unit: None,
            medium: 100_000,
            high: 1_000_000,
            critical: 10_000_000,
        };
        let classes = [
            ("altered_file", Severity::Critical),
            ("signature", Severity::Critical),
            ("sequence_gap", Severity::High),
            ("totals", Severity::High),
            ("nack", Severity::High),
            ("missing", Severity::High),
            ("unknown_partner", Severity::Medium),
            // What it may hide is not counted.
            ("suggested", Severity::Medium),
        ];
        Self {
            amounts: vec![everywhere],
            age_hours: [24, 72, 120],
            classes: classes.into_iter().map(|(class, severity)| (class.to_owned(), severity)).collect(),
            due_hours: [168, 120, 72, 24],
        }
    }
}

impl CaseRules {
    /// What is wrong, if something is.
    pub fn fault(&self) -> Option<CaseRulesFault> {
        let rises =
            |one: &AmountThresholds| 0 < one.medium && one.medium <= one.high && one.high <= one.critical;
        let keys = || self.amounts.iter().map(|one| (one.program, &one.unit));
        let twice = keys().enumerate().any(|(place, key)| keys().skip(place + 1).any(|other| other == key));
        let [medium, high, critical] = self.age_hours;
        let falls = self.due_hours.is_sorted_by(|milder, worse| milder >= worse);
        match () {
            () if !self.amounts.iter().all(rises) => Some(CaseRulesFault::Amounts),
            () if twice => Some(CaseRulesFault::Twice),
            () if medium == 0 || medium > high || high > critical => Some(CaseRulesFault::Ages),
            () if !falls || self.due_hours.contains(&0) => Some(CaseRulesFault::DueHours),
            () => None,
        }
    }

    fn thresholds(&self, program: Option<ProgramId>, unit: &str) -> Option<&AmountThresholds> {
        let fits = |one: &&AmountThresholds| {
            one.program.is_none_or(|its| Some(its) == program)
                && one.unit.as_deref().is_none_or(|its| its == unit)
        };
        self.amounts.iter().filter(fits).max_by_key(|one| (one.program.is_some(), one.unit.is_some()))
    }

    /// By amount alone; where nothing is counted, nothing is severe by it.
    pub fn by_amount(&self, program: Option<ProgramId>, unit: &str, difference: i64) -> Severity {
        let Some(thresholds) = self.thresholds(program, unit).filter(|_| !unit.is_empty()) else {
            return Severity::Low;
        };
        let reaches = |threshold: i64| difference.unsigned_abs() >= threshold.unsigned_abs();
        match () {
            () if reaches(thresholds.critical) => Severity::Critical,
            () if reaches(thresholds.high) => Severity::High,
            () if reaches(thresholds.medium) => Severity::Medium,
            () => Severity::Low,
        }
    }

    /// When it is opened: by amount and class.
    pub fn at_first(&self, program: Option<ProgramId>, class: &str, unit: &str, difference: i64) -> Severity {
        let by_class = self.classes.get(class).copied().unwrap_or(Severity::Low);
        by_class.max(self.by_amount(program, unit, difference))
    }

    /// By age alone.
    pub fn by_age(&self, opened_at: Timestamp, now: Timestamp) -> Severity {
        let hours = now.as_second().saturating_sub(opened_at.as_second()).max(0) / 3_600;
        let [medium, high, critical] = self.age_hours.map(i64::from);
        match () {
            () if hours >= critical => Severity::Critical,
            () if hours >= high => Severity::High,
            () if hours >= medium => Severity::Medium,
            () => Severity::Low,
        }
    }

    /// By when a case is due that was opened at an instant. It does not move when the case grows more severe by age.
    pub fn due_at(&self, severity: Severity, opened_at: Timestamp) -> Timestamp {
        let [low, medium, high, critical] = self.due_hours;
        let hours = match severity {
            Severity::Low => low,
            Severity::Medium => medium,
            Severity::High => high,
            Severity::Critical => critical,
        };
        let within = SignedDuration::from_hours(i64::from(hours));
        opened_at.checked_add(within).unwrap_or(Timestamp::MAX)
    }
}

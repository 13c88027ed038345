//! What came of a run of scenarios or cases.

use std::time::Duration;

use jiff::Timestamp;

use crate::{
    script::{Check, StepResult},
    wire::WireNames,
};

/// How binding a case is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Every link must pass it.
    Mandatory,
    /// Every link must pass it that has what it is about.
    Conditional,
    /// It tells what else a link can do.
    Optional,
}

impl Level {
    /// All, the most binding first.
    pub const ALL: [Self; 3] = [Self::Mandatory, Self::Conditional, Self::Optional];

    /// As reports write it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Mandatory => "mandatory",
            Self::Conditional => "conditional",
            Self::Optional => "optional",
        }
    }
}

/// What came of a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// All is well.
    Passed,
    /// Something is not.
    Failed,
    /// It was not run, and why.
    Skipped(String),
}

impl Verdict {
    /// As reports write it.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::Skipped(_) => "skipped",
        }
    }
}

/// A case or scenario with what came of it. Holds nothing that may not be shown.
#[derive(Clone, Debug)]
pub struct CaseResult {
    /// Its id or name.
    pub id: &'static str,
    /// Its title.
    pub title: &'static str,
    /// What it shows, in a sentence.
    pub purpose: &'static str,
    /// How binding it is.
    pub level: Level,
    /// The section of the link contract that it is about.
    pub section: &'static str,
    /// What came of it.
    pub verdict: Verdict,
    /// Its steps as far as they were run.
    pub steps: Vec<StepResult>,
    /// How long it took.
    pub took: Duration,
}

impl CaseResult {
    /// What is not well, with the label of the step.
    pub fn failures(&self) -> impl Iterator<Item = (&'static str, &Check)> {
        self.steps.iter().flat_map(|step| step.failures().map(|check| (step.label, check)))
    }
}

/// Where and with what a run was made.
#[derive(Clone, Debug)]
pub struct Run {
    /// What was run, such as `standard`.
    pub pack: String,
    /// The gateway as it was named.
    pub gateway: String,
    /// What the link speaks.
    pub wire: WireNames,
    /// What was stated of the program, such as `earn 1/6000:each_full_step`.
    pub agreed: String,
    /// The seed of the numbers in the messages.
    pub seed: u64,
    /// The first DE7.
    pub at: Timestamp,
    /// When the run began.
    pub started: Timestamp,
}

/// A run with everything that came of it.
#[derive(Clone, Debug)]
pub struct Report {
    /// Where and with what.
    pub run: Run,
    /// The cases in their order.
    pub cases: Vec<CaseResult>,
}

/// How many cases came out how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// All is well.
    pub passed: usize,
    /// Something is not.
    pub failed: usize,
    /// Not run.
    pub skipped: usize,
}

impl Report {
    /// The cases of a level, or all of them.
    #[must_use]
    pub fn tally(&self, level: Option<Level>) -> Tally {
        let mut tally = Tally::default();
        let of_level = |case: &&CaseResult| level.is_none_or(|level| level == case.level);
        for case in self.cases.iter().filter(of_level) {
            match case.verdict {
                Verdict::Passed => tally.passed += 1,
                Verdict::Failed => tally.failed += 1,
                Verdict::Skipped(_) => tally.skipped += 1,
            }
        }
        tally
    }

    /// Whether no case that binds has failed: all but the optional ones.
    #[must_use]
    pub fn passed(&self) -> bool {
        self.tally(Some(Level::Mandatory)).failed == 0 && self.tally(Some(Level::Conditional)).failed == 0
    }

    /// Latencies of all answers that were waited for at once, ascending.
    #[must_use]
    pub fn latencies(&self) -> Vec<Duration> {
        let steps = self.cases.iter().flat_map(|case| &case.steps);
        let mut latencies: Vec<_> = steps.filter_map(|step| step.latency).collect();
        latencies.sort_unstable();
        latencies
    }
}

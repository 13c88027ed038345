//! Packs of cases that show whether a gateway keeps the link contract.

mod bookings;
mod damage;
mod network;
mod refusals;

use jiff::Timestamp;

use crate::{
    case::Case,
    report::{CaseResult, Report, Run},
    script::{Composer, Target},
};

/// A named list of cases.
#[derive(Clone, Debug)]
pub struct Pack {
    /// Its name.
    pub name: &'static str,
    /// What it is for.
    pub purpose: &'static str,
    /// The cases in their order.
    pub cases: Vec<Case>,
}

impl Pack {
    /// The names of all packs.
    pub const NAMES: [&str; 2] = ["standard", "negative"];

    /// The pack of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "standard" => Some(Self::standard()),
            "negative" => Some(Self::negative()),
            _ => None,
        }
    }

    /// What every link must show before it goes live, and what else it can do.
    #[must_use]
    pub fn standard() -> Self {
        let cases = [network::cases(), bookings::cases(), refusals::cases()].concat();
        Self { name: "standard", purpose: "the link contract, section by section", cases }
    }

    /// Bytes that break the dialect or the framing.
    #[must_use]
    pub fn negative() -> Self {
        Self {
            name: "negative",
            purpose: "bytes that break the dialect or the framing",
            cases: damage::cases(),
        }
    }

    /// The same with only these cases.
    #[must_use]
    pub fn only(mut self, ids: &[String]) -> Self {
        self.cases.retain(|case| ids.iter().any(|id| id == case.id));
        self
    }
}

/// Runs cases one after another; `done` hears of each.
pub async fn run(
    cases: &[Case],
    target: &Target,
    composer: &mut Composer,
    run: Run,
    mut done: impl FnMut(&CaseResult),
) -> Report {
    let mut results = Vec::with_capacity(cases.len());
    for case in cases {
        let result = case.run(target, composer).await;
        done(&result);
        results.push(result);
    }
    Report { run, cases: results }
}

/// The second in which a run begins; messages have no finer time.
#[must_use]
pub fn this_second(now: Timestamp) -> Timestamp {
    Timestamp::from_second(now.as_second()).unwrap_or(now)
}

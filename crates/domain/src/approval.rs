//! The life of a proposed version of a program: what its facts make of it.

/// Where a proposal stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ProposalState {
    /// It waits for another person.
    Proposed,
    /// Another person said no.
    Rejected,
    /// Approved: it waits for its instant.
    Scheduled,
    /// It is in force.
    Running,
    /// It was in force; another version followed.
    Superseded,
    /// It was taken back before it came into force.
    Withdrawn,
    /// Before it came into force, the version that it was compared with made way for another one.
    Outdated,
}

/// What is known of a proposal; each fact is a row that was added and never changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ProposalFacts {
    /// Whether another person approved it, if one has decided.
    pub approved: Option<bool>,
    /// Somebody took it back.
    pub withdrawn: bool,
    /// It came into force; then whether it is the last version that did.
    pub came_into_force: Option<bool>,
    /// The version that it was compared with is still the one in force.
    pub compared_with_the_running: bool,
}

impl ProposalState {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Proposed,
        Self::Rejected,
        Self::Scheduled,
        Self::Running,
        Self::Superseded,
        Self::Withdrawn,
        Self::Outdated,
    ];

    /// What the facts say. What has happened comes before what could happen.
    pub fn of(facts: ProposalFacts) -> Self {
        match (facts.came_into_force, facts.approved) {
            (Some(true), _) => Self::Running,
            (Some(false), _) => Self::Superseded,
            (None, Some(false)) => Self::Rejected,
            (None, _) if facts.withdrawn => Self::Withdrawn,
            (None, _) if !facts.compared_with_the_running => Self::Outdated,
            (None, Some(true)) => Self::Scheduled,
            (None, None) => Self::Proposed,
        }
    }

    /// The stable word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Proposed => "proposed",
            Self::Rejected => "rejected",
            Self::Scheduled => "scheduled",
            Self::Running => "running",
            Self::Superseded => "superseded",
            Self::Withdrawn => "withdrawn",
            Self::Outdated => "outdated",
        }
    }

    /// Whether something can still become of it.
    pub fn is_open(self) -> bool {
        matches!(self, Self::Proposed | Self::Scheduled | Self::Outdated)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_facts_say_where_a_proposal_stands() {
        use ProposalState::{Outdated, Proposed, Rejected, Running, Scheduled, Superseded, Withdrawn};
        // Approved, withdrawn, came into force (and is the last), compared with the running version.
        let table = [
            (None, false, None, true, Proposed),
            (None, false, None, false, Outdated),
            (None, true, None, true, Withdrawn),
            (None, true, None, false, Withdrawn),
            (Some(false), false, None, true, Rejected),
            (Some(false), false, None, false, Rejected),
            (Some(true), false, None, true, Scheduled),
            (Some(true), false, None, false, Outdated),
            (Some(true), true, None, true, Withdrawn),
            (Some(true), false, Some(true), false, Running),
            (Some(true), false, Some(false), false, Superseded),
        ];
        for (approved, withdrawn, came_into_force, compared_with_the_running, state) in table {
            let facts = ProposalFacts { approved, withdrawn, came_into_force, compared_with_the_running };
            assert_eq!(ProposalState::of(facts), state, "{facts:?}");
        }
    }
}

//! A script with a name, what it needs, and its run.

use std::time::Instant;

use crate::{
    report::{CaseResult, Level, Verdict},
    script::{Action, ClearingSource, Composer, Edit, Parties, Step, StepResult, Target, play},
    wire::BankWire,
};

/// A script with a name.
#[derive(Clone, Debug)]
pub struct Case {
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
    /// What the parties must have.
    pub needs: Vec<Need>,
    /// The steps.
    pub steps: Vec<Step>,
}

/// What a case needs of the parties.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// The bank clears by messages on the link, 0220 or 0200.
    ClearsOnline,
    /// The bank does not clear by 0220.
    ClearsOtherwiseThan0220,
    /// The bank does not clear by 0200.
    ClearsOtherwiseThan0200,
    /// A merchant with a discount at the till.
    TillMerchant,
    /// A card of another bank.
    CardOfAnotherBank,
}

impl Need {
    fn lacking(self, parties: &Parties) -> Option<&'static str> {
        let (there, lacking) = match self {
            Self::ClearsOnline => (
                parties.clearing_source != ClearingSource::File,
                "the bank clears by files: no presentment comes over the link",
            ),
            Self::ClearsOtherwiseThan0220 => (
                parties.clearing_source != ClearingSource::Advice,
                "the bank clears by 0220: this is a presentment then",
            ),
            Self::ClearsOtherwiseThan0200 => (
                parties.clearing_source != ClearingSource::SingleMessage,
                "the bank clears by 0200: this is no authorization then",
            ),
            Self::TillMerchant => {
                (parties.till.is_some(), "no merchant with a discount at the till was named")
            }
            Self::CardOfAnotherBank => (parties.other_bank.is_some(), "no card of another bank was named"),
        };
        (!there).then_some(lacking)
    }
}

impl Step {
    /// Why this step has no meaning on a link that is written so.
    fn lacking(&self, wire: &BankWire) -> Option<&'static str> {
        let without_code =
            |edit: &Edit| matches!(edit, Edit::Network(code) if code.of(&wire.codes).is_none());
        if self.action.draft().is_some_and(|draft| draft.edits.iter().any(without_code)) {
            return Some("no code of network management is agreed for what it is about");
        }
        match self.action {
            Action::SendDamaged(_, damage) | Action::SendFatal(_, damage) => damage.lacking(wire),
            _ => None,
        }
    }
}

impl Case {
    /// A mandatory case without steps.
    #[must_use]
    pub fn new(id: &'static str, title: &'static str, purpose: &'static str, section: &'static str) -> Self {
        let level = Level::Mandatory;
        Self { id, title, purpose, level, section, needs: Vec::new(), steps: vec![Step::sign_on()] }
    }

    /// The same with another level.
    #[must_use]
    pub fn level(mut self, level: Level) -> Self {
        self.level = level;
        self
    }

    /// The same with a need.
    #[must_use]
    pub fn needs(mut self, need: Need) -> Self {
        self.needs.push(need);
        self
    }

    /// The same with a step more.
    #[must_use]
    pub fn step(mut self, step: Step) -> Self {
        self.steps.push(step);
        self
    }

    /// The same without the sign-on at its beginning.
    #[must_use]
    pub fn without_sign_on(mut self) -> Self {
        self.steps.clear();
        self
    }

    /// Why it is not run with these parties on a link that is written so.
    fn lacking(&self, parties: &Parties, wire: &BankWire) -> Option<&'static str> {
        let of_parties = self.needs.iter().find_map(|need| need.lacking(parties));
        of_parties.or_else(|| self.steps.iter().find_map(|step| step.lacking(wire)))
    }

    /// Runs it on a connection of its own.
    pub async fn run(&self, target: &Target, composer: &mut Composer) -> CaseResult {
        let lacking = self.lacking(composer.parties(), &target.options.wire);
        let started = Instant::now();
        let steps = match lacking {
            Some(_) => Vec::new(),
            None => play(target, composer, self.id, &self.steps).await,
        };
        let verdict = match lacking {
            Some(lacking) => Verdict::Skipped(lacking.to_owned()),
            None if steps.iter().all(StepResult::passed) => Verdict::Passed,
            None => Verdict::Failed,
        };
        let Self { id, title, purpose, level, section, .. } = *self;
        CaseResult { id, title, purpose, level, section, verdict, steps, took: started.elapsed() }
    }
}

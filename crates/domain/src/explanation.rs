//! Why a decision came out as it did, as data that is stored with it.

/// The version of the stored form; readers of older versions are kept.
pub const EXPLANATION_VERSION: u16 = 1;

/// What became of one rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It took effect.
    Applied,
    /// It did not; the reason says why.
    Skipped,
}

impl Verdict {
    /// The stored word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Applied => "applied",
            Self::Skipped => "skipped",
        }
    }
}

/// One step of a decision: a rule, what became of it and the numbers behind that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The rule's id, or the name of the step.
    pub rule: String,
    /// Whether it took effect.
    pub verdict: Verdict,
    /// A stable code for the reason, such as `weekday` or `below_minimum`.
    pub reason: &'static str,
    /// The values that were looked at, by name.
    pub values: Vec<(&'static str, String)>,
}

/// All steps of one decision, in order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Explanation(pub Vec<Finding>);

impl Explanation {
    /// Adds a rule that took effect.
    pub fn applied(&mut self, rule: &str, reason: &'static str, values: Vec<(&'static str, String)>) {
        self.0.push(Finding { rule: rule.to_owned(), verdict: Verdict::Applied, reason, values });
    }

    /// Adds a rule that did not take effect.
    pub fn skipped(&mut self, rule: &str, reason: &'static str, values: Vec<(&'static str, String)>) {
        self.0.push(Finding { rule: rule.to_owned(), verdict: Verdict::Skipped, reason, values });
    }
}

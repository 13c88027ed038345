//! What `cobrand partner test` tells.

/// What worked, in the order in which it was tried.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ProbeReport {
    /// The steps.
    pub steps: Vec<ProbeStep>,
}

/// One step that worked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProbeStep {
    /// What was tried: `host key`.
    pub what: &'static str,
    /// What was found: `SHA256:...`.
    pub found: String,
}

impl ProbeReport {
    pub(crate) fn add(&mut self, what: &'static str, found: impl Into<String>) {
        self.steps.push(ProbeStep { what, found: found.into() });
    }
}

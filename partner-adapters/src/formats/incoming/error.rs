//! Why a statement was not taken.

/// What is wrong with a statement, and where. Nothing of the file was taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}: expected {}, found {}; {}", .0.place, .0.expected, .0.found, .0.advice)]
pub struct StatementError(Box<Fault>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Fault {
    place: String,
    expected: String,
    found: String,
    advice: &'static str,
}

impl StatementError {
    pub(super) fn at(
        place: impl Into<String>,
        expected: impl Into<String>,
        found: impl Into<String>,
        advice: &'static str,
    ) -> Self {
        Self(Box::new(Fault { place: place.into(), expected: expected.into(), found: found.into(), advice }))
    }

    pub(super) fn file(expected: impl Into<String>, found: impl Into<String>, advice: &'static str) -> Self {
        Self::at("the statement", expected, found, advice)
    }

    /// The line, entry or element.
    #[must_use]
    pub fn place(&self) -> &str {
        &self.0.place
    }
}

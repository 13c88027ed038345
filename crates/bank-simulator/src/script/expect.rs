//! What is expected of an answer, and what came of it.

use std::fmt;

use super::worth::Worth;

/// An expectation beside what the contract says of every answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expect {
    /// DE39.
    Code(&'static str),
    /// Any DE39 but this.
    NotCode(&'static str),
    /// A data element has one of these values.
    Field(u8, &'static [&'static str]),
    /// A tag of DE48 has one of these values.
    Tag(&'static str, &'static [&'static str]),
    /// A tag of DE48 begins so.
    TagBegins(&'static str, &'static str),
    /// DE39, DE48, DE4 and DE54 are those of the answer to that step.
    SameResultAs(&'static str),
    /// DE4 is reduced, and DE54 with DE48 explain by how much.
    TillDiscount,
    /// Nothing in the answer tells of a discount at the till.
    NoTillDiscount,
    /// BM, XM and DC of this answer and of the answers to `with` add up to those of the answers to `to`.
    MilesAddUp {
        /// Earlier steps.
        with: &'static [&'static str],
        /// The steps whose answers have all of it.
        to: &'static [&'static str],
    },
    /// BM, XM and DC are what the stated rates make of the amounts.
    Worth(Worth),
    /// All totals of a window are told. Behind an earlier answer they are its totals and what the messages of these
    /// steps add.
    Totals {
        /// The step whose answer told them before.
        since: Option<&'static str>,
        /// The steps whose messages came between.
        by: &'static [&'static str],
    },
    /// No BM, no XM and no DC, so nothing was booked.
    NoMiles,
    /// The answer carries no DE48.
    NoLoyaltyResult,
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// The field, such as `DE37` or `DE48 RS`; or what else it is about, such as `link`.
    pub field: String,
    /// What was expected.
    pub expected: String,
    /// What is there; masked.
    pub found: String,
    /// Whether that is well.
    pub passed: bool,
}

impl Check {
    pub(super) fn new(
        field: impl Into<String>,
        expected: impl Into<String>,
        found: impl Into<String>,
        passed: bool,
    ) -> Self {
        Self { field: field.into(), expected: expected.into(), found: found.into(), passed }
    }

    /// Something that is not well.
    pub(super) fn failed(
        field: impl Into<String>,
        expected: impl Into<String>,
        found: impl Into<String>,
    ) -> Self {
        Self::new(field, expected, found, false)
    }
}

impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: expected {}, found {}", self.field, self.expected, self.found)
    }
}

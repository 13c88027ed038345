//! Why a day cannot be planned.

/// What the caller gave does not make a day. Never carries a card number.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PlanError {
    /// Not a card number.
    #[error("card `{label}`: expected 12 to 19 digits")]
    Pan {
        /// The card's label.
        label: String,
    },
    /// A made-up card number does not fit.
    #[error(
        "test card {number}: it does not fit behind a BIN of {bin_digits} digits; expected 4 to 10 digits, and a number that fits into 16 with them and a check digit"
    )]
    TestPan {
        /// The number.
        number: u64,
        /// Digits of the BIN.
        bin_digits: usize,
    },
    /// Two cards of one day have the same label.
    #[error("card `{label}`: the label is there twice; give each card its own")]
    Label {
        /// The label.
        label: String,
    },
    /// A merchant's data do not fit their data elements.
    #[error("merchant `{name}`: expected {expected}")]
    Merchant {
        /// The merchant's name.
        name: String,
        /// What is wanted.
        expected: &'static str,
    },
    /// A day without cards or merchants.
    #[error("a day needs at least one card and one merchant")]
    Empty,
    /// More messages than DE11 can number.
    #[error("{messages} messages: a day has at most 999999, because DE11 has six digits")]
    TooManyMessages {
        /// Messages that were wanted.
        messages: usize,
    },
    /// A purchase does not make sense.
    #[error("purchase {purchase}, step {step}: {problem}")]
    Step {
        /// The purchase.
        purchase: String,
        /// The step, counted from 1.
        step: usize,
        /// What is wrong.
        problem: &'static str,
    },
    /// The date or zone cannot be computed with.
    #[error("business date {date} in this zone is out of range")]
    Time {
        /// The date.
        date: String,
    },
}

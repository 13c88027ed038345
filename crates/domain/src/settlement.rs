//! Settlement arithmetic: what the movements of a closed cycle cost, and who pays whom.
//!
//! Amounts are minor units of the terms' currency. Each item is rounded once, at its declared level: by line,
//! or for the whole batch with an explicit rounding amount, so that the rows still add up.

mod basis;
mod batch;
mod closing;
mod fold;
mod terms;

pub use basis::{Basis, Quantities};
pub use batch::{PricedBatch, price};
pub use closing::{BatchClosing, BatchOpening, ClosingRow, ToDate};
pub use fold::{BatchFold, PricedItem, PricedLine};
pub use terms::{Direction, RoundingLevel, TermItem, Terms, Vat};

use crate::MoneyError;

fn add(a: i64, b: i64) -> Result<i64, MoneyError> {
    a.checked_add(b).ok_or(MoneyError::Overflow)
}

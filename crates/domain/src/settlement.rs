//! Settlement arithmetic: what the movements of a closed cycle cost, and who pays whom.
//!
//! Amounts are minor units of the terms' currency. Each item is rounded once, at its declared level: by line,
//! or for the whole batch with an explicit rounding amount, so that the rows still add up.

mod basis;
mod batch;
mod calendar;
mod close;
mod closing;
mod fold;
mod period;
mod scale;
mod terms;

pub use basis::{Basis, Quantities};
pub use batch::{PricedBatch, price};
pub use calendar::{Calendar, DayCount, DayKind, NoDay, PaymentRule};
pub use closing::{BatchClosing, BatchOpening, ClosingRow, ToDate};
pub use fold::{BatchFold, PricedItem, PricedLine};
pub use period::{Place, month_of, place};
pub use terms::{
    Direction, Every, PrepaidBlocks, PriceTier, RoundingLevel, TermCharge, TermItem, Terms, Vat,
};

use crate::MoneyError;

/// The least number is refused: it could not be turned into the other direction.
fn add(a: i64, b: i64) -> Result<i64, MoneyError> {
    a.checked_add(b).filter(|sum| *sum != i64::MIN).ok_or(MoneyError::Overflow)
}

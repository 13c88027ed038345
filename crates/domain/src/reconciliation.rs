//! Reconciliation: the items of two sides, matched by a ladder of identifiers, and what does not agree.
//!
//! [`compare`] is pure and total. Every item ends in exactly one match, one break, or among what is expected; sums are
//! conserved; the order of the input does not matter; with the sides swapped the result is mirrored. It is used for all
//! sources: what an item is and by which identifiers it is found, the shells say.
//!
//! - A match is *confirmed* only by an identifier that both sides have, and only if it is unique there or the amounts
//!   under it add up. Amount and date alone make a *suggestion*. What fits several ways is never a match.
//! - What is not yet due is no break.

mod classify;
mod compare;
mod expected;
mod group;
mod item;
mod reason;
mod rules;
mod suggest;
mod words;

pub use classify::{Difference, classify};
pub use compare::{Break, Comparison, Confidence, Field, Match, Shape, broken, compare};
pub use expected::{FileSchedule, StatementPeriod};
pub use item::{Item, Parts, Transaction, Whose};
pub use reason::Reason;
pub use rules::{MatchRules, Rung, Tolerance};
pub use words::{BreakClass, Source, Timing, Unit};

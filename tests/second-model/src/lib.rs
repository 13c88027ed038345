//! An independent second model agrees with the core.
//!
//! The model (`model/`) computes what a member holds from the set of business facts, in the plainest way: big
//! integers, exact fractions, every purchase from nothing after each message. It was written from the documents and
//! not from the core. It follows the order of messages only where that is a fact of its own: an offer at the till is
//! the answer to the first word on a purchase, a hold is given up on a day, what is left of a cap, limit or budget depends
//! on which purchase came first, and miles leave their lots, come back and expire one after the other.
//!
//! It is not told what it has no words for yet: purchases that turn out to be one only when a message names both
//! (`crates/domain/tests/orderings.rs` has those), a part that remains of one authorization among several, rules that
//! change during the month, corrections, rate tables, reviews of tiers. What is newly decided gets a file of its own in `model/`, a word in
//! `told.rs`, a line in `core/events.rs` and its place in `month/story.rs`.
//!
//! `play.rs` tells the same to both and compares, `month/` makes a random month, `lives.rs` random lives of a card,
//! `arithmetic.rs` computes what was booked again from explanations.
#![cfg(test)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::inconsistent_digit_grouping,
    reason = "a test may stop where it fails; amounts are written with their minor units"
)]

mod arithmetic;
mod core;
mod lives;
mod model;
mod month;
mod play;
mod programs;
mod shrink;

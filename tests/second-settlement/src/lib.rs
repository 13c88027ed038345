//! What the settlement files of a month must say, computed from the bank's messages and from the terms.
//!
//! Nothing here comes from the product: no crate of ours is imported. What members are owed is computed by the second
//! model (`tests/second-model`), which was written from the documents; terms are read from the program files by a
//! reader of their own (`terms.rs`), prices are exact fractions (`exact.rs`), and a file is composed from the words of
//! `docs/settlement-file.md` (`record.rs`). `month.rs` makes a random month of messages for two programs.
//! `tests/tests/settlement_month.rs` puts the month through the real lanes, closes its days and compares.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::inconsistent_digit_grouping,
    reason = "a test may stop where it fails; amounts are written with their minor units"
)]

mod adjusted;
mod book;
mod calendar;
mod compare;
mod desk;
mod exact;
mod message;
#[path = "../../second-model/src/model/mod.rs"]
#[allow(dead_code, unused_imports, reason = "settlement looks at a part of what the model computes")]
mod model;
mod month;
mod price;
mod programs;
mod record;
mod terms;
mod turn;

pub use adjusted::{Adjustment, Fate, Given};
pub use compare::{Difference, compare};
pub use desk::{Answer, Disputed};
pub use message::{Deed, Message, Own, Reserve, Step, Transaction, What};
pub use month::{Block, Month};
pub use programs::{Program, programs};
pub use record::{Layout, Place};
pub use turn::Turn;

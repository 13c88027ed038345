//! A month of raw inputs as the outside would send them, faults that are planted by editing their bytes, and by a table
//! that was made by hand the breaks that each fault must cause.
//!
//! Nothing here comes from the product: no crate of ours is imported, and nothing looks at how differences are
//! classified. What a class means was taken from the issue and the facts about reconciliation. `month.rs` makes purchases
//! and the bank's clearing files, `published.rs` reads settlement files, `told.rs` makes of them what an honest partner
//! and bank would send; `table.rs` is the table; the files `plant_*.rs` edit; `compare.rs` counts what was found.
//! `tests/tests/planted_faults.rs` puts it all through the product.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::inconsistent_digit_grouping,
    reason = "a test may stop where it fails; amounts are written with their minor units"
)]

mod compare;
mod csv;
mod month;
mod plant_absent;
mod plant_answers;
mod plant_clearing;
mod plant_payments;
mod plant_published;
mod plant_statements;
mod published;
mod random;
#[cfg(test)]
mod sample;
mod table;
#[cfg(test)]
mod tests;
mod told;

pub use compare::{Found, Scores};
pub use csv::Sheet;
pub use month::{BANKS, Bank, Brought, FIRST, Member, Month, Purchase, pan};
pub use plant_absent::plant_absent;
pub use plant_answers::plant_answers;
pub use plant_clearing::ClearingPlanter;
pub use plant_payments::plant_payments;
pub use plant_published::{Mischief, plant_published};
pub use plant_statements::plant_statements;
pub use published::{Batch, Item, Line, Published};
pub use random::Random;
pub use table::{Class, Counts, Edit, Must, Planted, Source, planted};
pub use told::{Answer, Verdict, answers, payments, statement};

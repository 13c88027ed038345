//! Partner transports: how a finished file reaches the one who is to read it. No database, no prices.
//!
//! There is one so far, the folder that a partner's file transfer looks into. A file appears there whole or not
//! at all, is never changed afterwards, and is announced by a second file with its SHA-256.
#![forbid(unsafe_code)]

pub mod canonical;
mod error;
mod folder;

// The public interface is:
pub use error::PublishError;
pub use folder::{Announced, DONE_SUFFIX, Published, Staged, announced, publish, remove_left_over};

//! Partner transports: how a finished file reaches the one who is to read it. No database, no prices.
//!
//! There is one so far, the folder that a partner's file transfer looks into. A file appears there whole or not
//! at all, is never changed afterwards, and is announced by a second file with its SHA-256.
#![forbid(unsafe_code)]

mod acknowledgement;
pub mod canonical;
mod error;
mod folder;
mod statement;

// The public interface is:
pub use acknowledgement::{
    ACKNOWLEDGEMENT_BYTES_MAX, ACKNOWLEDGEMENT_VERSION, Acknowledgement, AcknowledgementError,
    AcknowledgementJson, AcknowledgementSettings, DISPUTED_LINES_MAX,
};
pub use error::PublishError;
pub use folder::{Announced, DONE_SUFFIX, Published, announced, publish};
pub use statement::{STATEMENT_BYTES_MAX, StatementError, read_statement};

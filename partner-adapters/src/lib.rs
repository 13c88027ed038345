//! Partner transports: how a finished file reaches the one who is to read it. No database, no prices.
//!
//! Settlement files are first published into a folder: a file appears there whole or not at all, is never changed
//! afterwards, and is announced by a second file with its SHA-256. From there [`transport`] carries them on.
#![forbid(unsafe_code)]

// The worked day is built by the same code for the tests outside.
#[cfg(test)]
extern crate self as partner_adapters;

mod acknowledgement;
pub mod canonical;
mod error;
pub mod events;
mod folder;
pub mod formats;
mod hash;
mod partner_file;
mod statement;
pub mod transport;

// The public interface is:
pub use acknowledgement::{
    ACKNOWLEDGEMENT_BYTES_MAX, ACKNOWLEDGEMENT_VERSION, Acknowledgement, AcknowledgementError,
    AcknowledgementJson, AcknowledgementSettings, DISPUTED_LINES_MAX,
};
pub use error::PublishError;
pub use folder::{Announced, DONE_SUFFIX, Published, Staged, announced, publish, remove_left_over};
pub use hash::{finished, sha256, sha256_of_file};
pub use partner_file::{
    CANONICAL, Endpoint, EventSettings, FileOutputs, PARTNER_SCHEMA, PartnerFile, PartnerFileError,
    PullSettings, may_pass, partner_file_schema,
};
pub use statement::{
    IncomingFormat, STATEMENT_BYTES_MAX, StatementError, StatementSettings, read_statement, statement_of,
};

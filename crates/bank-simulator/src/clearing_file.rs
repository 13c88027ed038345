//! Writes clearing files, for tests and for a bank that plays: the same records as IPM, CTF or CSV.
//!
//! The files are deterministic: the same records give the same bytes. They hold what is read of such files here, so
//! they are no proof of what a network accepts.

mod csv;
mod ctf;
mod ipm;
mod record;

pub use self::{
    csv::csv_text,
    ctf::{CtfFileSpec, write_ctf},
    ipm::{IpmFileSpec, write_ipm},
    record::{ClearingFileRecord, ClearingKind, arn},
};

/// Why a file cannot be written. Never carries a value.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClearingFileError {
    /// A record does not fit its dialect.
    #[error("record {record}: {source}")]
    Record {
        /// Its number in the file, from 1.
        record: usize,
        /// What does not fit.
        source: iso8583::EncodeError,
    },
    /// A record does not fit a CTF file.
    #[error("draft {draft}: {source}")]
    Draft {
        /// Its number, from 1.
        draft: usize,
        /// What does not fit.
        source: iso8583::clearing::ctf::WriteError,
    },
    /// The frame of a CTF file does not fit.
    #[error(transparent)]
    Frame(#[from] iso8583::clearing::ctf::WriteError),
    /// The sink fails.
    #[error(transparent)]
    Sink(#[from] std::io::Error),
}

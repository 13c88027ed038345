//! Why a format could not be written.

use std::error::Error;
use std::io;

/// A format was not written; what is in the output up to here is to be thrown away.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RenderError {
    /// The canonical file could not be read.
    #[error("the canonical file cannot be read: {0}; verify it with `cobrand file verify`")]
    Source(#[source] Box<dyn Error + Send + Sync>),
    /// The records do not follow each other as they must.
    #[error(
        "canonical record {number}: expected {expected}, found {found}; verify the file with `cobrand file verify`"
    )]
    Order {
        /// Its place among all records, from 1.
        number: u64,
        /// What may stand there.
        expected: &'static str,
        /// What stands there.
        found: String,
    },
    /// The canonical file contradicts itself.
    #[error(
        "{place} of the canonical file: expected {what} {expected}, found {found}; \
         verify the file with `cobrand file verify`"
    )]
    Contradiction {
        /// The batch or the file.
        place: String,
        /// What is counted or summed.
        what: &'static str,
        /// By our count.
        expected: String,
        /// By the file.
        found: String,
    },
    /// A value does not fit into the partner's format. Nothing is ever cut.
    #[error("record {record}, field {field}: {value:?} does not fit: {reason}; {advice}")]
    DoesNotFit {
        /// Which record: its kind, and the line id if it has one.
        record: String,
        /// Which field.
        field: String,
        /// The value.
        value: String,
        /// Why.
        reason: String,
        /// What to do.
        advice: &'static str,
    },
    /// The partner's settings lack something that the format needs.
    #[error(
        "{format} cannot be written: {missing} is not in the settings of the partner; add it and render again"
    )]
    Settings {
        /// The format.
        format: &'static str,
        /// The key.
        missing: String,
    },
    /// The output refused a step.
    #[error(
        "cannot write the output: {0}; the operator must make room or the folder writable, then render again"
    )]
    Io(#[from] io::Error),
    /// The writer of spreadsheets or documents gave up.
    #[error("cannot write {format}: {reason}; this is a fault of cobrand: report it with the canonical file")]
    Writer {
        /// The format.
        format: &'static str,
        /// What it said.
        reason: String,
    },
}

impl RenderError {
    /// For `map_err` on the records' own errors.
    pub(crate) fn source(error: impl Error + Send + Sync + 'static) -> Self {
        Self::Source(Box::new(error))
    }
}

//! What is wrong with a settlement file.

use std::io;
use std::path::PathBuf;

use partner_adapters::canonical::ReadError;

/// A file is not what its sender wrote, or its sender wrote nonsense.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VerifyError {
    /// The file cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// It cannot be read to its end.
    #[error("the file cannot be read to its end: {0}")]
    Broken(io::Error),
    /// A record is wrong.
    #[error(
        "record {record}, {field}: expected {expected}, found {found}; do not book it, ask the sender for the file again"
    )]
    Record {
        /// Its number, from 1: the line of the file.
        record: usize,
        /// Which part of it.
        field: &'static str,
        /// What should stand there.
        expected: String,
        /// What stands there; long numbers are masked.
        found: String,
    },
    /// The file's name is not the one in its header.
    #[error("the file is called {found:?} and its header says {expected:?}; give it its name back")]
    Name {
        /// As the header gives it.
        expected: String,
        /// As it is.
        found: String,
    },
    /// Two files do not follow each other.
    #[error(
        "the files do not follow each other: {what}: expected {expected}, found {found}; look for the file between them"
    )]
    Chain {
        /// What does not fit.
        what: &'static str,
        /// What the earlier file asks for.
        expected: String,
        /// What the later file has.
        found: String,
    },
}

impl From<ReadError> for VerifyError {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Record { record, field, expected, found } => {
                Self::Record { record, field, expected, found }
            }
            ReadError::Io(source) => Self::Broken(source),
            other => Self::Broken(io::Error::other(other)),
        }
    }
}

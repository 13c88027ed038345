//! Why a file is not a CTF file: which record, which position, what was expected and what kind of thing is there.

use std::io::ErrorKind;

/// The first thing that is wrong with a file. Never carries a value of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("record {record}, position {position}: {problem}")]
pub struct CtfError {
    /// Number of the record in the file, from 1; with line ends the number of the line.
    pub record: u64,
    /// Position in the record, from 1, as layouts count; the two more bytes of an ITF record are not counted.
    pub position: usize,
    /// What is wrong.
    pub problem: CtfProblem,
}

/// What is wrong with a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CtfProblem {
    /// A field has something that does not belong there.
    #[error("{field}: expected {expected}, found {found}; the sender must correct the record")]
    Field {
        /// Name of the field.
        field: &'static str,
        /// What should be there.
        expected: &'static str,
        /// The kind of what is there.
        found: &'static str,
    },
    /// The file ends inside a record, or a line is too short.
    #[error(
        "expected a record of {expected} bytes, found {found}; the sender must send the whole file again, without \
         cutting blanks at line ends"
    )]
    Cut {
        /// Bytes of a record.
        expected: usize,
        /// Bytes there are.
        found: usize,
    },
    /// No line end where one must be.
    #[error(
        "expected the end of the line, found more; the sender must write one record of fixed length per line"
    )]
    NoLineEnd,
    /// A component that does not belong to the transaction before it.
    #[error(
        "expected component 0 of a transaction, or a further component of the one before, found another component; \
         the sender must send the components of a transaction together and in order"
    )]
    ComponentOutOfOrder,
    /// The first record is no header.
    #[error("expected a file header (90), found another record; the sender must send the whole file again")]
    NoHeader,
    /// A header inside the file.
    #[error(
        "expected one file header (90), found another one; the sender must send one file after the other"
    )]
    SecondHeader,
    /// Something follows the file trailer.
    #[error("expected nothing behind the file trailer (92), found more; the sender must end the file there")]
    AfterTrailer,
    /// The file ends without trailer.
    #[error(
        "expected a file trailer (92), found the end of the file; the sender must send the whole file again"
    )]
    NoTrailer,
    /// The file cannot be read.
    #[error("expected to read on, found that this fails ({0}); the operator must look after the storage")]
    Unreadable(ErrorKind),
}

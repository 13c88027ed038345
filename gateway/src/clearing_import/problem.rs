//! What can be wrong with a clearing file: each problem has a name of its own, and the file is put aside under it.

use super::format::ClearingFormat;

/// Why a file was put aside. Never carries a card number.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FileProblem {
    /// It is no clearing file, or not of the format that was asked for.
    #[error("the file is not read: {0}")]
    Format(String),
    /// Its header has another id than the one that was given for it.
    #[error(
        "the file's header says that it is {stated:?}, not {given:?}: leave out --file-id, or import the other file"
    )]
    OtherId {
        /// In the header.
        stated: String,
        /// As given.
        given: String,
    },
    /// The same file id came with other bytes.
    #[error("file {0:?} was imported before with other content: a corrected file needs an id of its own")]
    Altered(String),
    /// The same bytes came under another id.
    #[error(
        "these bytes were imported before as {first_id:?}: a file is taken once, whatever it is called. If the bank \
         sends another file with the same content, import it under its own id: --file-id with --accept-same-content"
    )]
    Renamed {
        /// The first id.
        first_id: String,
    },
    /// Another file has its sequence number.
    #[error(
        "sequence number {sequence} belongs to file {first_id:?}, which was imported before: ask the bank which number \
         this file has"
    )]
    NumberTaken {
        /// The number.
        sequence: i32,
        /// The file that has it.
        first_id: String,
    },
    /// Files before it are missing.
    #[error(
        "expected file number {expected} next, this is number {found}: ask the bank for the missing ones and import \
         them first, or say --accept-gap if there are none"
    )]
    Gap {
        /// The number that is next.
        expected: i32,
        /// Of this file.
        found: i32,
    },
    /// It ends too early.
    #[error("the file is truncated: {0}")]
    Truncated(String),
    /// Blocks, lengths or lines are wrong.
    #[error("the file cannot be followed from record to record: {0}")]
    Framing(String),
    /// A test file in production, or the other way round.
    #[error("the file is not for this system: {0}")]
    Mode(String),
    /// Header, numbers or trailer do not fit.
    #[error("the file is not whole:\n{}", .0.join("\n"))]
    Control(Vec<String>),
    /// The trailer counts or adds up otherwise.
    #[error(
        "the file's trailer states other totals than were counted:\n{}\nAsk the bank; --accept-totals takes the file \
         as it is and keeps who accepted",
        .0.join("\n")
    )]
    Totals(Vec<String>),
    /// A header line and nothing else; without a trailer nobody knows whether that is all.
    #[error(
        "the file has a line that names the columns and no other: the bank must send the whole file; --accept-totals \
         takes it if there was nothing to clear"
    )]
    Empty,
    /// Every card belongs to somebody else.
    #[error(
        "no card of the file is in a BIN range of {bank}: it is the file of another bank; remove it here"
    )]
    OtherBank {
        /// For which it was imported.
        bank: String,
    },
    /// Records that cannot be used.
    #[error("the clearing file was not taken, the bank must mend these {}:\n{}", .format.record_word(), .told.join("\n"))]
    Records {
        /// The format.
        format: ClearingFormat,
        /// The first of them.
        record: u64,
        /// What is wrong, one by one.
        told: Vec<String>,
    },
}

impl FileProblem {
    /// A stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Format(_) => "format",
            Self::OtherId { .. } => "other_id",
            Self::Altered(_) => "altered",
            Self::Renamed { .. } => "renamed",
            Self::NumberTaken { .. } => "number_taken",
            Self::Gap { .. } => "gap",
            Self::Truncated(_) => "truncated",
            Self::Framing(_) => "framing",
            Self::Mode(_) => "mode",
            Self::Control(_) => "control",
            Self::Totals(_) => "totals",
            Self::Empty => "empty",
            Self::OtherBank { .. } => "other_bank",
            Self::Records { .. } => "records",
        }
    }

    /// The record at fault, if it is one.
    pub fn record(&self) -> Option<u64> {
        match self {
            Self::Records { record, .. } => Some(*record),
            _ => None,
        }
    }
}

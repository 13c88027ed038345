//! CTF and ITF files: records of 168 positions that make up transactions.
//!
//! The first record of a transaction (component 0) tells who, when, where and how much; further components add to
//! it: 1 the terminal, 5 what links it to its authorization, 7 that there is chip data. A header (90) comes first, a
//! trailer ends each batch (91) and the file (92).
//!
//! [`Reader`] gives [`Entry`] after entry in bounded memory, [`Writer`] writes files for tests and a simulator. The
//! positions of drafts were read in two public programs that read such files, those of trailers in one that reads
//! and one that writes them, those of the header in one that reads them; where there are two, they agree. What
//! trailers count is told apart from the reading: see [`Trailer`].

mod ctf_error;
mod entry;
mod fields;
mod format;
mod reader;
mod tally;
mod transaction_code;
mod writer;

pub use self::{
    ctf_error::{CtfError, CtfProblem},
    entry::{Amount, Authorization, Entry, FileHeader, Other, Transaction},
    format::{Format, FormatError, HEAD, RecordEnd, Spacing},
    reader::Reader,
    tally::{Difference, Tally, Trailer},
    transaction_code::{Stage, TransactionCode, What},
    writer::{WriteError, Writer},
};

/// Bytes of a record, without what ends it and without the two more bytes of an ITF record.
pub const RECORD: usize = 168;

//! Reading a file as a stream of records, whatever its format.

use std::io::Read;

use super::{
    csv_file::CsvFile,
    ctf_file::CtfFile,
    format::{IpmDialects, Layout},
    ipm_file::IpmFile,
    problem::FileProblem,
    record::ClearingRecord,
};
use iso8583::clearing::control::Mode;

/// What stands at one place of a file.
pub(super) enum Item {
    /// A step of a purchase's life.
    Record(Box<ClearingRecord>),
    /// A fee between the institutions: counted, no loyalty.
    Fee,
    /// Tells nothing of a purchase by itself, such as the details of a flight: counted.
    PassedOver,
    /// A header or a trailer.
    Frame,
}

/// What cannot be read.
pub(super) enum Unreadable {
    /// One record; the file can be followed behind it. Without card numbers.
    Record {
        /// Its number, from 1.
        number: u64,
        /// Where it stands, what was expected and what arrived.
        told: String,
    },
    /// The rest of the file.
    File(FileProblem),
    /// The storage fails.
    Storage(std::io::ErrorKind),
}

/// What header, numbers and trailer say once the last record was read.
#[derive(Debug, Default)]
pub(super) struct Controls {
    /// What stands against the file.
    pub(super) problems: Vec<FileProblem>,
    /// Other totals than were counted: the operator may accept them.
    pub(super) totals: Vec<String>,
    /// Something that people should know.
    pub(super) remarks: Vec<&'static str>,
}

/// Reads one file, record by record, in bounded memory.
pub(super) trait RecordReader: Send {
    /// The next item; `None` at the end. After [`Unreadable::Record`] the next record follows.
    fn next_item(&mut self) -> Result<Option<Item>, Unreadable>;

    /// After the end.
    fn controls(&mut self) -> Controls;
}

/// A reader for this layout; for IPM there must be dialects.
pub(super) fn reader<'a>(
    layout: Layout,
    bytes: impl Read + Send + 'a,
    dialects: Option<&'a IpmDialects>,
    mode: Mode,
) -> Result<Box<dyn RecordReader + 'a>, FileProblem> {
    Ok(match layout {
        Layout::Csv => Box::new(CsvFile::new(bytes)),
        Layout::Ctf(format) => Box::new(CtfFile::new(bytes, format, mode)),
        Layout::Ipm(detected) => {
            let dialect = dialects.map(|dialects| dialects.of(detected.text)).ok_or_else(|| {
                FileProblem::Format("as ipm: this program has no dialect for IPM; give it one".to_owned())
            })?;
            Box::new(IpmFile::new(bytes, detected, dialect, mode))
        }
    })
}

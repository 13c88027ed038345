//! Records of an IPM file: a 4-byte big-endian length, then the record; a length of zero ends the file.
//!
//! [`Reader`] gives one record after the other from a buffer that it keeps, so memory does not grow with the file.
//! A file that is in blocks is read through [`super::blocks::Unblocked`]. Source: the IPM file rules that cardutil
//! 0.7.3 documents.

use std::{
    fmt,
    io::{Error, ErrorKind, Read, Write},
};

use zeroize::Zeroizing;

use super::{
    blocks::{BlockError, FILL},
    source::{count, fill},
};

/// Greatest length of a record in bytes.
///
/// The six data elements of up to 999 bytes (DE48, DE62, DE72, DE123, DE124, DE125) make 6,012 bytes with their
/// length indicators; the MTI, the bitmap and all others stay below 2,000. So no right record is refused, and an
/// announced length is a mistake of the file before it is a question of memory.
pub const MAX_RECORD: usize = 8 * 1024;

/// Bytes of a length.
const LENGTH: usize = 4;
/// The length that ends a file.
const CLOSING: [u8; LENGTH] = [0; LENGTH];

/// How a file ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Ending {
    /// With the closing record of length zero.
    Closed,
    /// Behind a whole record, but without the closing record: accepted, as some senders leave it out. Whether
    /// records are missing only the trailer can tell.
    Unclosed,
}

/// A record and where it stands. `Debug` shows its place and length only.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Record<'a> {
    /// Number in the file, from 1.
    pub number: u64,
    /// Where its length stands, in bytes from the start of the unblocked stream.
    pub offset: u64,
    /// The record without its length; at least 1 and at most [`MAX_RECORD`] bytes.
    pub bytes: &'a [u8],
}

impl fmt::Debug for Record<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Record({} at {}, {} bytes)", self.number, self.offset, self.bytes.len())
    }
}

/// The first thing that is wrong with a file of records. Never carries bytes of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("record {record} at byte {offset}: {problem}")]
pub struct VbsError {
    /// Number of the record, from 1; one more than the last record for what follows it.
    pub record: u64,
    /// Where in the unblocked stream: the length of that record, or the first byte behind the closing record that
    /// does not belong there.
    pub offset: u64,
    /// What is wrong.
    pub problem: VbsProblem,
}

/// What is wrong with a file of records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum VbsProblem {
    /// The file ends inside a length.
    #[error(
        "expected a length of {LENGTH} bytes, found {found} bytes to the end of the file; the sender must send the \
         whole file again"
    )]
    CutInLength {
        /// Bytes that are there.
        found: usize,
    },
    /// The file ends inside a record.
    #[error(
        "expected a record of {expected} bytes, found {found} bytes to the end of the file; the sender must send \
         the whole file again"
    )]
    CutInRecord {
        /// Bytes as announced.
        expected: usize,
        /// Bytes that are there.
        found: usize,
    },
    /// A length is greater than any record.
    #[error(
        "expected a length of at most {MAX_RECORD} bytes, found {announced}; the sender must write records with a \
         4-byte length and transfer the file without conversion, or the reader must take the blocking into account"
    )]
    TooLong {
        /// Length as announced.
        announced: u32,
    },
    /// Something follows behind the closing record.
    #[error(
        "expected nothing but fill (0x40) behind the closing record, found other bytes; the sender must end the \
         file there"
    )]
    AfterEnd,
    /// The blocks around the records are wrong.
    #[error("{0}")]
    Block(BlockError),
    /// The file cannot be read.
    #[error("expected to read on, found that this fails ({0}); the operator must look after the storage")]
    Unreadable(ErrorKind),
}

impl From<Error> for VbsProblem {
    fn from(error: Error) -> Self {
        let kind = error.kind();
        error.downcast::<BlockError>().map_or(Self::Unreadable(kind), Self::Block)
    }
}

/// Reads records one by one.
pub struct Reader<R> {
    source: R,
    /// The record at hand; wiped when dropped, as it holds card numbers.
    buffer: Zeroizing<Vec<u8>>,
    /// Records given out.
    records: u64,
    /// Bytes of the stream in front of the next length.
    offset: u64,
    state: State,
}

#[derive(Clone, Copy)]
enum State {
    Reading,
    Ended(Ending),
    Failed(VbsError),
}

impl<R: Read> Reader<R> {
    /// Reads from the start of an unblocked stream. Reads in small pieces: give it a buffered source.
    pub fn new(source: R) -> Self {
        // Whole from the start: a buffer that grew would leave unwiped copies behind.
        let buffer = Zeroizing::new(Vec::with_capacity(MAX_RECORD));
        Self { source, buffer, records: 0, offset: 0, state: State::Reading }
    }

    /// The next record; `None` at the end, and [`Reader::ending`] then tells how the file ended.
    ///
    /// # Errors
    ///
    /// The first thing that is wrong. It is told again on every further call, so that a file with a mistake never
    /// looks as if it had ended.
    pub fn next_record(&mut self) -> Result<Option<Record<'_>>, VbsError> {
        match self.state {
            State::Failed(error) => return Err(error),
            State::Ended(_) => return Ok(None),
            State::Reading => {}
        }
        let (number, offset) = (self.records.saturating_add(1), self.offset);
        match self.read_record() {
            Ok(true) => Ok(Some(Record { number, offset, bytes: &self.buffer })),
            Ok(false) => Ok(None),
            Err(problem) => {
                let error = VbsError { record: number, offset: self.offset, problem };
                self.state = State::Failed(error);
                Err(error)
            }
        }
    }

    /// How the file ended; `None` before its end was reached.
    #[must_use]
    pub const fn ending(&self) -> Option<Ending> {
        match self.state {
            State::Ended(ending) => Some(ending),
            State::Reading | State::Failed(_) => None,
        }
    }

    /// Records given out so far.
    #[must_use]
    pub const fn records(&self) -> u64 {
        self.records
    }

    /// Whether a record came into the buffer; otherwise the file ended.
    fn read_record(&mut self) -> Result<bool, VbsProblem> {
        let mut length = CLOSING;
        let found = fill(&mut self.source, &mut length)?;
        let read = length.get(..found).unwrap_or_default();
        if read.iter().all(|byte| *byte == FILL) {
            return self.end(
                found,
                Ending::Unclosed,
                Some(VbsProblem::TooLong { announced: u32::from_be_bytes(length) }),
            );
        }
        if found < LENGTH {
            return Err(VbsProblem::CutInLength { found });
        }
        if length == CLOSING {
            return self.end(found, Ending::Closed, None);
        }
        self.read_bytes(u32::from_be_bytes(length))?;
        self.records = self.records.saturating_add(1);
        self.offset = self.offset.saturating_add(count(LENGTH)).saturating_add(count(self.buffer.len()));
        Ok(true)
    }

    fn read_bytes(&mut self, announced: u32) -> Result<(), VbsProblem> {
        let fits = usize::try_from(announced).ok().filter(|length| *length <= MAX_RECORD);
        let Some(expected) = fits else { return Err(VbsProblem::TooLong { announced }) };
        self.buffer.resize(expected, 0);
        let found = fill(&mut self.source, &mut self.buffer)?;
        if found < expected { Err(VbsProblem::CutInRecord { expected, found }) } else { Ok(()) }
    }

    /// Checks that only fill follows. Where no closing record was seen, `otherwise` is what anything else means:
    /// fill in the place of a length ends a blocked file, unless more than fill follows.
    fn end(
        &mut self,
        read: usize,
        ending: Ending,
        otherwise: Option<VbsProblem>,
    ) -> Result<bool, VbsProblem> {
        let mut behind = count(read);
        let mut piece = [0; 512];
        loop {
            let found = fill(&mut self.source, &mut piece)?;
            let piece = piece.get(..found).unwrap_or_default();
            if let Some(at) = piece.iter().position(|byte| *byte != FILL) {
                if otherwise.is_none() {
                    self.offset = self.offset.saturating_add(behind).saturating_add(count(at));
                }
                return Err(otherwise.unwrap_or(VbsProblem::AfterEnd));
            }
            if found == 0 {
                self.state = State::Ended(ending);
                return Ok(false);
            }
            behind = behind.saturating_add(count(found));
        }
    }
}

/// Writes records. [`Writer::close`] must be called, or the file has no closing record.
pub struct Writer<W> {
    sink: W,
}

impl<W: Write> Writer<W> {
    /// Writes into `sink`, for blocks into [`super::blocks::Blocked`].
    pub const fn new(sink: W) -> Self {
        Self { sink }
    }

    /// Appends a record.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`] when the record is empty or longer than [`MAX_RECORD`] (nothing is written then);
    /// otherwise those of the sink.
    pub fn write_record(&mut self, record: &[u8]) -> std::io::Result<()> {
        let length = u32::try_from(record.len()).ok().filter(|_| (1..=MAX_RECORD).contains(&record.len()));
        let Some(length) = length else {
            let text = format!("record: expected 1 to {MAX_RECORD} bytes, found {}", record.len());
            return Err(Error::new(ErrorKind::InvalidInput, text));
        };
        self.sink.write_all(&length.to_be_bytes())?;
        self.sink.write_all(record)
    }

    /// Writes the closing record and gives the sink back, flushed.
    ///
    /// # Errors
    ///
    /// Those of the sink.
    pub fn close(mut self) -> std::io::Result<W> {
        self.sink.write_all(&CLOSING)?;
        self.leave_unclosed()
    }

    /// Gives the sink back, flushed, without a closing record: a file as some senders make it.
    ///
    /// # Errors
    ///
    /// Those of the sink.
    pub fn leave_unclosed(mut self) -> std::io::Result<W> {
        self.sink.flush()?;
        Ok(self.sink)
    }
}

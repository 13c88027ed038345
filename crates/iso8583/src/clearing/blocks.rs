//! 1014 blocking: 1012 bytes of the stream, then two bytes 0x40, again and again; the last block is filled with
//! 0x40 to its whole size.
//!
//! [`Unblocked`] takes the blocks away while reading and checks each of them before it gives out a byte of it;
//! [`Blocked`] makes them while writing. Source: the IPM file rules that cardutil 0.7.3 documents.

use std::io::{Error, ErrorKind, Read, Result, Write};

use zeroize::Zeroizing;

use super::source::{count, fill};

/// Bytes of a whole block.
pub const BLOCK: usize = 1014;
/// Bytes of the stream in a block.
pub const PAYLOAD: usize = 1012;
/// What ends a block and fills the last one.
pub const FILL: u8 = 0x40;
/// The end of a block.
const TAIL: [u8; BLOCK - PAYLOAD] = [FILL; BLOCK - PAYLOAD];

/// Why bytes are not a row of blocks. Inside [`std::io::Error`] when it comes from [`Unblocked`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BlockError {
    /// The file ends inside a block.
    #[error(
        "block {block} at byte {offset} of the file: expected {BLOCK} bytes, found {found}; the sender must send \
         the whole file again, in blocks of {BLOCK} bytes"
    )]
    Cut {
        /// Number of the block, from 1.
        block: u64,
        /// Where it starts, in bytes from the start of the file.
        offset: u64,
        /// Bytes of it that are there.
        found: usize,
    },
    /// A block does not end as a block must.
    #[error(
        "block {block}, its end at byte {offset} of the file: expected 0x40 0x40, found other bytes; the sender \
         must write blocks of {BLOCK} bytes and transfer the file without conversion"
    )]
    WrongEnd {
        /// Number of the block, from 1.
        block: u64,
        /// Where its last two bytes start, in bytes from the start of the file.
        offset: u64,
    },
}

impl From<BlockError> for Error {
    fn from(error: BlockError) -> Self {
        Self::new(ErrorKind::InvalidData, error)
    }
}

/// Reads a blocked file as the stream that is in it, the fill of the last block included.
///
/// The fill cannot be told from data here; [`super::vbs::Reader`] knows where the records end.
pub struct Unblocked<R> {
    source: R,
    block: Zeroizing<[u8; BLOCK]>,
    /// Next byte of the block to give out.
    at: usize,
    /// Whole blocks read.
    blocks: u64,
    state: State,
}

#[derive(Clone, Copy)]
enum State {
    Reading,
    Ended,
    Failed(BlockError),
    /// Part of a block may be lost: going on would shift all that follows.
    Unreadable(ErrorKind),
}

impl<R: Read> Unblocked<R> {
    /// Reads blocks from `source`, one at a time.
    pub fn new(source: R) -> Self {
        let block = Zeroizing::new([0; BLOCK]);
        Self { source, block, at: PAYLOAD, blocks: 0, state: State::Reading }
    }

    fn next_block(&mut self) -> Result<()> {
        let read = fill(&mut self.source, self.block.as_mut_slice()).inspect_err(|error| {
            self.state = State::Unreadable(error.kind());
        })?;
        let offset = self.blocks.saturating_mul(count(BLOCK));
        let block = self.blocks.saturating_add(1);
        if read == 0 {
            self.state = State::Ended;
            return Ok(());
        }
        if read < BLOCK {
            return self.fail(BlockError::Cut { block, offset, found: read });
        }
        if !self.block.ends_with(&TAIL) {
            return self.fail(BlockError::WrongEnd { block, offset: offset.saturating_add(count(PAYLOAD)) });
        }
        self.blocks = block;
        self.at = 0;
        Ok(())
    }

    fn fail(&mut self, error: BlockError) -> Result<()> {
        self.state = State::Failed(error);
        Err(error.into())
    }
}

impl<R: Read> Read for Unblocked<R> {
    fn read(&mut self, out: &mut [u8]) -> Result<usize> {
        if out.is_empty() {
            return Ok(0);
        }
        match self.state {
            State::Failed(error) => return Err(error.into()),
            State::Unreadable(kind) => return Err(kind.into()),
            State::Reading if self.at >= PAYLOAD => self.next_block()?,
            State::Reading | State::Ended => {}
        }
        if matches!(self.state, State::Ended) {
            return Ok(0);
        }
        let mut left = self.block.get(self.at..PAYLOAD).unwrap_or_default();
        let given = left.read(out)?;
        self.at = self.at.saturating_add(given);
        Ok(given)
    }
}

/// Writes a stream in blocks. [`Blocked::finish`] must be called, or the last block is missing.
pub struct Blocked<W> {
    sink: W,
    /// Bytes of the stream in the block that is begun; a full block is closed only when more bytes follow, so that
    /// no block of fill alone is written.
    used: usize,
}

impl<W: Write> Blocked<W> {
    /// Writes blocks into `sink`.
    pub const fn new(sink: W) -> Self {
        Self { sink, used: 0 }
    }

    /// Fills the last block and gives the sink back, flushed. Nothing is written when nothing was written before.
    ///
    /// # Errors
    ///
    /// Those of the sink.
    pub fn finish(mut self) -> Result<W> {
        if self.used > 0 {
            let left = BLOCK.saturating_sub(self.used);
            self.sink.write_all([FILL; BLOCK].get(..left).unwrap_or_default())?;
        }
        self.sink.flush()?;
        Ok(self.sink)
    }
}

impl<W: Write> Write for Blocked<W> {
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        if bytes.is_empty() {
            return Ok(0);
        }
        if self.used >= PAYLOAD {
            self.sink.write_all(&TAIL)?;
            self.used = 0;
        }
        let room = PAYLOAD.saturating_sub(self.used).min(bytes.len());
        let written = self.sink.write(bytes.get(..room).unwrap_or_default())?;
        self.used = self.used.saturating_add(written);
        Ok(written)
    }

    fn flush(&mut self) -> Result<()> {
        self.sink.flush()
    }
}

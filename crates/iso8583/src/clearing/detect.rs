//! Which framing and which text an IPM file has, told from its first bytes.
//!
//! The text encoding is that in which the four bytes behind the first length are digits, as they are an MTI. For
//! the framing the lengths are followed from record to record, once through the bytes as they are and once with
//! two bytes left out after every 1012. Only the right reading meets an MTI behind each length. A wrong guess
//! cannot go unnoticed: the reader would meet a length or a block end that cannot be.

use std::fmt;

use super::{
    TextEncoding,
    blocks::{BLOCK, FILL, PAYLOAD},
    vbs::MAX_RECORD,
};

/// So many bytes are looked at, at most; two whole blocks are in it.
pub const HEAD: usize = 2048;

const LENGTH: usize = 4;
const MTI: usize = 4;

/// Whether records stand in blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Blocking {
    /// Records follow each other directly.
    Unblocked,
    /// 1014 blocking, [`super::blocks`].
    Blocks1014,
}

/// What the first bytes show. `Display` explains it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Detected {
    /// Whether records stand in blocks.
    pub blocking: Blocking,
    /// How text is written.
    pub text: TextEncoding,
    /// Whole blocks that were looked at; all of them end with 0x40 0x40 when `blocking` says blocks.
    pub blocks: usize,
    /// Records whose length and MTI were seen in this reading.
    pub records: usize,
}

impl fmt::Display for Detected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { text, blocks, records, .. } = self;
        write!(f, "{text} text, because the first record starts with four {text} digits; ")?;
        match self.blocking {
            Blocking::Blocks1014 => write!(
                f,
                "blocks of {BLOCK} bytes, because each of the first {blocks} ends with 0x40 0x40 and without these \
                 bytes the lengths lead from record to record ({records} seen)"
            ),
            Blocking::Unblocked => {
                write!(
                    f,
                    "no blocks, because the lengths lead from record to record as they are ({records} seen)"
                )
            }
        }
    }
}

/// Why the first bytes are not those of an IPM file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DetectError {
    /// Not even one length and MTI.
    #[error(
        "start of the file: expected at least 8 bytes, found {found}; the sender must send a file with records"
    )]
    TooShort {
        /// Bytes there are.
        found: usize,
    },
    /// The first record does not start with digits.
    #[error(
        "byte 4 of the file: expected the four digits of an MTI in ASCII or EBCDIC, found other bytes; the sender \
         must send an IPM file and transfer it without conversion"
    )]
    NoMti,
    /// The length is that of a record descriptor word of a mainframe: 2 bytes length, 2 bytes zero.
    #[error(
        "byte 0 of the file: expected a 4-byte length, found a record descriptor word; the sender must transfer the \
         file without record descriptor words (LRECL of the data set as a stream of bytes)"
    )]
    DescriptorWord,
    /// The lengths lead nowhere, neither with blocks nor without.
    #[error(
        "record {record} at byte {offset} of the unblocked stream: expected a length of 1 to {MAX_RECORD} and an MTI, \
         found other bytes; the sender must write records with a 4-byte length, with or without blocks of {BLOCK} \
         bytes"
    )]
    NoRecords {
        /// Number of the record that is not one, from 1.
        record: usize,
        /// Where it should start, in bytes from the start of the stream, in the reading that leads further.
        offset: usize,
    },
}

/// Looks at the first bytes of a file, [`HEAD`] of them or all there are.
///
/// # Errors
///
/// When they are not the start of an IPM file.
pub fn detect(head: &[u8]) -> Result<Detected, DetectError> {
    let head = head.get(..HEAD).unwrap_or(head);
    let Some(mti) = head.get(LENGTH..LENGTH + MTI) else {
        return Err(DetectError::TooShort { found: head.len() });
    };
    let text = TextEncoding::of_digits(mti).ok_or(DetectError::NoMti)?;
    // As a 4-byte length, a record descriptor word is at least 65536.
    if matches!(head, [high, low, 0, 0, ..] if (*high, *low) != (0, 0)) {
        return Err(DetectError::DescriptorWord);
    }
    let as_is = follow(head, text);
    let blocks = head.len() / BLOCK;
    let unblocked = without_block_ends(head).map(|stream| follow(&stream, text));
    match (unblocked, as_is) {
        // Both lead through only where one record fills all these bytes. Two bytes 0x40 at that very place, by
        // chance, are less likely than a block.
        (Some(Ok(records)), _) => Ok(Detected { blocking: Blocking::Blocks1014, text, blocks, records }),
        (_, Ok(records)) => Ok(Detected { blocking: Blocking::Unblocked, text, blocks, records }),
        (Some(Err(one)), Err(other)) if one.offset > other.offset => Err(one.into()),
        (_, Err(error)) => Err(error.into()),
    }
}

/// Where the lengths stop to lead to records.
struct Lost {
    record: usize,
    offset: usize,
}

impl From<Lost> for DetectError {
    fn from(Lost { record, offset }: Lost) -> Self {
        Self::NoRecords { record, offset }
    }
}

/// How many records the lengths lead through, up to the end of the stream or of the bytes at hand.
fn follow(stream: &[u8], text: TextEncoding) -> Result<usize, Lost> {
    let (mut records, mut offset) = (0, 0_usize);
    while let Some((length, rest)) = stream.get(offset..).and_then(<[u8]>::split_first_chunk::<LENGTH>) {
        let fill_follows = rest.iter().all(|byte| *byte == FILL);
        if fill_follows && (*length == [0; LENGTH] || *length == [FILL; LENGTH]) {
            break;
        }
        let length = usize::try_from(u32::from_be_bytes(*length)).unwrap_or(usize::MAX);
        let mti = rest.get(..MTI.min(rest.len())).unwrap_or_default();
        if !(MTI..=MAX_RECORD).contains(&length)
            || !(mti.is_empty() || TextEncoding::of_digits(mti) == Some(text))
        {
            return Err(Lost { record: records + 1, offset });
        }
        records += 1;
        offset = offset.saturating_add(LENGTH).saturating_add(length);
    }
    Ok(records)
}

/// The bytes without the ends of blocks; `None` where these are not blocks.
fn without_block_ends(head: &[u8]) -> Option<Vec<u8>> {
    let blocks = head.chunks_exact(BLOCK);
    let rest = blocks.remainder();
    let mut stream = Vec::with_capacity(head.len());
    for block in blocks {
        stream.extend_from_slice(block.strip_suffix(&[FILL; BLOCK - PAYLOAD])?);
    }
    // What is left may hold the first byte of a block end, but of whole blocks there must be one at least.
    stream.extend_from_slice(rest.get(..PAYLOAD).unwrap_or(rest));
    (head.len() >= BLOCK).then_some(stream)
}

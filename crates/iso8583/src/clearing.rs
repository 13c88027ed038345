//! Clearing files, around the messages inside them: blocks, records, what a record means, whether a file is whole.
//!
//! Two forms are read and written. An IPM file is a stream of records ([`vbs`]), often in blocks ([`blocks`]);
//! each record is an ISO 8583 message that a dialect decodes. [`record_kind`] tells what a decoded record is and
//! [`control`] whether header, numbers and trailer agree. A CTF file ([`ctf`]) has records of fixed positions.
//!
//! Everything here reads from [`std::io::Read`] and writes to [`std::io::Write`] with memory that does not grow
//! with the file. No error and no `Debug` carries card data.

pub mod blocks;
pub mod control;
pub mod ctf;
pub mod detect;
pub mod record_kind;
mod source;
pub mod vbs;

use std::fmt;

use crate::code_page::CodePage;

/// How the text of a file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TextEncoding {
    /// ASCII, or ISO 8859-1 where bytes above 0x7F occur.
    Ascii,
    /// EBCDIC code page 500.
    Ebcdic,
}

impl TextEncoding {
    /// The encoding in which all of `bytes` are decimal digits; `None` when they are not, or when there are none.
    #[must_use]
    pub fn of_digits(bytes: &[u8]) -> Option<Self> {
        match bytes {
            [] => None,
            _ if bytes.iter().all(u8::is_ascii_digit) => Some(Self::Ascii),
            _ if bytes.iter().all(|byte| (0xf0..=0xf9).contains(byte)) => Some(Self::Ebcdic),
            _ => None,
        }
    }

    /// The ISO 8859-1 byte that a byte of the file stands for.
    pub(crate) fn decode(self, byte: u8) -> u8 {
        match self {
            Self::Ascii => byte,
            Self::Ebcdic => CodePage::Ibm500.decode_byte(byte),
        }
    }

    /// The byte of the file for an ISO 8859-1 byte.
    pub(crate) fn encode(self, byte: u8) -> u8 {
        match self {
            Self::Ascii => byte,
            Self::Ebcdic => CodePage::Ibm500.encode_byte(byte),
        }
    }
}

impl fmt::Display for TextEncoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ascii => "ASCII",
            Self::Ebcdic => "EBCDIC",
        })
    }
}

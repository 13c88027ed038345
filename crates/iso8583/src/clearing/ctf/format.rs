//! How a CTF file is written: text encoding, ends of records, CTF or ITF.

use std::fmt;

use super::RECORD;
use crate::clearing::TextEncoding;

/// So many bytes are looked at, at most; ten records are in it.
pub const HEAD: usize = 2048;

/// What stands between records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RecordEnd {
    /// Nothing.
    Nothing,
    /// LF; when reading also CR LF, in EBCDIC NEL (0x15) or LF (0x25).
    Line,
}

/// Whether positions 3 and 4 hold two more bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Spacing {
    /// CTF: 168 bytes.
    Ctf,
    /// ITF: 170 bytes; the two more bytes behind the transaction code are passed over. When writing they are blanks.
    Itf,
}

impl Spacing {
    /// Bytes of a record without what ends it.
    #[must_use]
    pub const fn bytes(self) -> usize {
        match self {
            Self::Ctf => RECORD,
            Self::Itf => RECORD + 2,
        }
    }
}

/// How a file is written. `Display` says it in words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Format {
    /// Text encoding.
    pub text: TextEncoding,
    /// What stands between records.
    pub end: RecordEnd,
    /// CTF or ITF.
    pub spacing: Spacing,
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let end = match self.end {
            RecordEnd::Nothing => "without line ends",
            RecordEnd::Line => "one per line",
        };
        write!(f, "{} text, records of {} bytes, {end}", self.text, self.spacing.bytes())
    }
}

/// Why the first bytes are not those of a CTF file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FormatError {
    /// Not even one record.
    #[error(
        "start of the file: expected a record of {RECORD} bytes, found {found}; the sender must send whole records"
    )]
    TooShort {
        /// Bytes there are.
        found: usize,
    },
    /// The file does not start with a transaction code.
    #[error(
        "record 1, position 1: expected a transaction code of two digits in ASCII or EBCDIC, found other bytes; the \
         sender must send a CTF file and transfer it without conversion"
    )]
    NoCode,
    /// Records follow each other in none of the known distances.
    #[error(
        "record 2: expected a transaction code behind 168 or 170 bytes or behind a line end there, found other bytes; \
         the sender must write records of fixed length"
    )]
    NoRecords,
}

impl Format {
    /// Tells the format from the first bytes of a file, [`HEAD`] of them or all there are: the encoding is that in
    /// which the first two bytes are digits; then the distance of records is looked for at which a line end or a
    /// transaction code stands each time. Where both lengths fit, CTF is taken; a reader can be told otherwise.
    ///
    /// # Errors
    ///
    /// When they are not the start of a CTF file.
    pub fn detect(head: &[u8]) -> Result<Self, FormatError> {
        let head = head.get(..HEAD).unwrap_or(head);
        if head.len() < RECORD {
            return Err(FormatError::TooShort { found: head.len() });
        }
        let text = TextEncoding::of_digits(head.get(..2).unwrap_or_default()).ok_or(FormatError::NoCode)?;
        let formats = [
            (RecordEnd::Line, Spacing::Ctf),
            (RecordEnd::Line, Spacing::Itf),
            (RecordEnd::Nothing, Spacing::Ctf),
            (RecordEnd::Nothing, Spacing::Itf),
        ];
        let mut formats = formats.into_iter().map(|(end, spacing)| Self { text, end, spacing });
        formats.find(|format| format.fits(head)).ok_or(FormatError::NoRecords)
    }

    fn fits(self, head: &[u8]) -> bool {
        let mut rest = head;
        while let Some(behind) = rest.get(self.spacing.bytes()..) {
            let code = rest.get(..2).unwrap_or_default();
            if TextEncoding::of_digits(code) != Some(self.text) {
                return false;
            }
            rest = behind;
            if self.end == RecordEnd::Line {
                // The last line may lack its end.
                let Some(next) = self.without_line_end(rest) else { return rest.is_empty() };
                rest = next;
            }
        }
        // What is left is a record that the head cuts, or one that the file cuts, which the reader tells better.
        let code = rest.get(..2).unwrap_or(rest);
        code.is_empty() || TextEncoding::of_digits(code) == Some(self.text)
    }

    /// What follows a line end; `None` where none is.
    pub(super) fn without_line_end(self, bytes: &[u8]) -> Option<&[u8]> {
        match (self.text, bytes) {
            (TextEncoding::Ascii, [b'\r', b'\n', rest @ ..] | [b'\n', rest @ ..])
            | (TextEncoding::Ebcdic, [0x15 | 0x25, rest @ ..]) => Some(rest),
            _ => None,
        }
    }
}

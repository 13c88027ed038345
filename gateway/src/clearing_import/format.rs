//! Which format a file has, told from its first bytes.

use std::fmt;

use iso8583::{
    Dialect,
    clearing::{
        TextEncoding, ctf,
        detect::{Detected, detect},
    },
};

use super::problem::FileProblem;

/// So many bytes are looked at.
pub(super) const HEAD: usize = 2048;

/// A format of clearing files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClearingFormat {
    /// CSV with our columns.
    Csv,
    /// Mastercard IPM.
    Ipm,
    /// Visa CTF.
    Ctf,
}

impl ClearingFormat {
    /// All formats.
    pub const ALL: [Self; 3] = [Self::Csv, Self::Ipm, Self::Ctf];

    /// The word on the command line and in the database.
    pub fn name(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Ipm => "ipm",
            Self::Ctf => "ctf",
        }
    }

    /// Reads [`Self::name`].
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.name() == text)
    }

    pub(super) fn record_word(self) -> &'static str {
        match self {
            Self::Csv => "lines",
            Self::Ipm | Self::Ctf => "records",
        }
    }
}

impl fmt::Display for ClearingFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// How the records of IPM files are written, by the text of the file.
#[derive(Debug, Clone)]
pub struct IpmDialects {
    /// For files in ASCII.
    pub ascii: Dialect,
    /// For files in EBCDIC.
    pub ebcdic: Dialect,
}

impl IpmDialects {
    /// The built-in ones, `ipm` and `ipm-ebcdic`; `None` if this program has none.
    pub fn built_in() -> Option<Self> {
        let named = |name| iso8583::dialects::named(name).cloned();
        Some(Self { ascii: named("ipm")?, ebcdic: named("ipm-ebcdic")? })
    }

    pub(super) fn of(&self, text: TextEncoding) -> &Dialect {
        match text {
            TextEncoding::Ascii => &self.ascii,
            TextEncoding::Ebcdic => &self.ebcdic,
        }
    }
}

/// How a file is written in full.
#[derive(Debug, Clone, Copy)]
pub(super) enum Layout {
    Csv,
    Ipm(Detected),
    Ctf(ctf::Format),
}

impl Layout {
    pub(super) fn format(self) -> ClearingFormat {
        match self {
            Self::Csv => ClearingFormat::Csv,
            Self::Ipm(_) => ClearingFormat::Ipm,
            Self::Ctf(_) => ClearingFormat::Ctf,
        }
    }

    /// Tells the layout from the first bytes, of `asked` if a format was asked for.
    pub(super) fn of(head: &[u8], asked: Option<ClearingFormat>) -> Result<Self, FileProblem> {
        let format = asked.or_else(|| guess(head)).ok_or_else(|| {
            FileProblem::Format(
                "expected CSV, IPM or CTF, found other bytes; say --format if it is one of them, or ask the bank how \
                 the file was transferred"
                    .to_owned(),
            )
        })?;
        match format {
            ClearingFormat::Csv => Ok(Self::Csv),
            ClearingFormat::Ipm => detect(head).map(Self::Ipm).map_err(|error| told(format, &error)),
            ClearingFormat::Ctf => {
                ctf::Format::detect(head).map(Self::Ctf).map_err(|error| told(format, &error))
            }
        }
    }
}

fn told(format: ClearingFormat, error: &impl fmt::Display) -> FileProblem {
    FileProblem::Format(format!("as {format}: {error}"))
}

/// A length of 4 bytes begins with zero, a CTF file with the digits 90, and CSV is text with commas.
fn guess(head: &[u8]) -> Option<ClearingFormat> {
    match head {
        [0, _, _, _, ..] => Some(ClearingFormat::Ipm),
        [b'9', b'0', ..] | [0xf9, 0xf0, ..] if !head.contains(&b',') || ctf::Format::detect(head).is_ok() => {
            Some(ClearingFormat::Ctf)
        }
        _ if head.contains(&b',') && !head.contains(&0) => Some(ClearingFormat::Csv),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{ClearingFormat, guess};

    #[test]
    fn the_first_bytes_tell_the_format() {
        for (head, expected) in [
            (&b"\0\0\0\x521644"[..], Some(ClearingFormat::Ipm)),
            (b"90NORTHB26283", Some(ClearingFormat::Ctf)),
            (b"\xf9\xf0\xd5", Some(ClearingFormat::Ctf)),
            (b"kind,pan\n", Some(ClearingFormat::Csv)),
            (b"90,2200,x\n", Some(ClearingFormat::Csv)),
            (b"%PDF-1.7", None),
            (b"a,b\0", None),
            (b"", None),
        ] {
            assert_eq!(guess(head), expected, "{head:?}");
        }
    }
}

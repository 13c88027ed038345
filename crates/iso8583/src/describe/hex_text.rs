//! Reads bytes as people paste them: hexadecimal digits with blanks, prefixes and separators, or out of a dump, a
//! packet capture, a C array, quoted mail or a log.

mod c_array;
mod dump;
mod error;
mod lines;
mod log;
mod network;
mod plain;
mod unicode;

use std::ops::Range;

pub use self::error::HexTextError;
pub use self::unicode::text_of;
use self::{error::Stop, lines::Line};

/// Bytes that were pasted as hexadecimal digits.
#[derive(Clone, PartialEq, Eq)]
pub struct HexText {
    /// The bytes.
    pub bytes: Vec<u8>,
    /// What was left out besides blanks and line ends, in words.
    pub removed: Vec<String>,
    /// Where the bytes of each direction are, where the text says which way they went; else empty.
    pub messages: Vec<Range<usize>>,
}

type Reader = fn(&[Line<'_>]) -> Result<HexText, Stop>;

impl HexText {
    /// Reads digits, or a dump as `hexdump -C`, `xxd`, `od -t x1`, tcpdump and Wireshark print it, of packets what they
    /// carry; also C arrays with comments, and all of that in quoted mail and in the lines of a log.
    ///
    /// No byte is left out without a word: what is in none of these forms, or could be read in two ways, is an error.
    ///
    /// # Errors
    ///
    /// The first place that is in none of these forms.
    pub fn parse(text: &str) -> Result<Self, HexTextError> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let (lines, is_quoted) = lines::unquoted(lines::lines(text))?;
        if lines.is_empty() {
            return Err(HexTextError::Empty);
        }
        let mut read = in_some_form(&lines)?;
        if is_quoted {
            read.removed.insert(0, "the `>` of quoted mail".to_owned());
        }
        Ok(read)
    }
}

fn in_some_form(lines: &[Line<'_>]) -> Result<HexText, HexTextError> {
    let forms: [(&str, Reader); 4] = [
        ("a dump with offsets", dump::read),
        ("a C array", c_array::read),
        ("digits", digits),
        ("lines of a log", log::read),
    ];
    let (mut tried, mut last) = (Vec::new(), 1);
    for (name, read) in forms {
        match read(lines) {
            Ok(read) => return Ok(read),
            Err(Stop::Wrong(error)) => return Err(error),
            Err(Stop::No { line, why }) => {
                tried.push(format!("{name} (line {line}: {why})"));
                last = line;
            }
        }
    }
    // Where the digits end is the nearest place; a time is all digits.
    let (line, column) = match plain::read(lines) {
        Err(plain::Wrong::Character { line, column }) => (line, column),
        _ => (last, 1),
    };
    Err(HexTextError::Character { line, column, tried })
}

fn digits(lines: &[Line<'_>]) -> Result<HexText, Stop> {
    match lines.iter().find(|line| log::is_stamped(line)) {
        Some(line) => Err(Stop::no(line.number, "it begins with a date or a time")),
        None => plain::read(lines).map_err(Stop::from),
    }
}

#[cfg(test)]
mod tests;

//! Reads hexadecimal digits as people paste them: with blanks, prefixes and separators, or out of a dump.

use std::collections::BTreeSet;

/// Bytes that were pasted as hexadecimal digits.
#[derive(Clone, PartialEq, Eq)]
pub struct HexText {
    /// The bytes.
    pub bytes: Vec<u8>,
    /// What was left out besides blanks and line ends, in words.
    pub removed: Vec<String>,
}

/// A text that is no hexadecimal digits. Does not carry any of it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HexTextError {
    /// There is nothing.
    #[error("expected hexadecimal digits, found none")]
    Empty,
    /// A character that is no digit, and none of what is left out.
    #[error(
        "line {line}, column {column}: expected hexadecimal digits or a hex dump, found another character"
    )]
    Character {
        /// From 1.
        line: usize,
        /// From 1.
        column: usize,
    },
    /// Half a byte is left.
    #[error(
        "expected two hexadecimal digits for each byte, found {digits} digits; one is missing or too many"
    )]
    Odd {
        /// How many there are.
        digits: usize,
    },
    /// A dump whose offsets do not fit its bytes.
    #[error("line {line}: expected {expected} bytes up to the next offset, found {found}; paste whole lines")]
    Dump {
        /// From 1.
        line: usize,
        /// By the next offset.
        expected: usize,
        /// In the line.
        found: usize,
    },
    /// A star that stands for no whole lines.
    #[error(
        "line {line}: expected an offset some whole lines further behind the `*` below it; paste all of the dump"
    )]
    Repeat {
        /// The line that is repeated, from 1.
        line: usize,
    },
}

impl HexText {
    /// Reads digits, or a dump as `hexdump -C`, `xxd`, tcpdump and Wireshark print it.
    ///
    /// # Errors
    ///
    /// The first place that is neither.
    pub fn parse(text: &str) -> Result<Self, HexTextError> {
        match Dump::of(text) {
            Some(dump) => dump.read(),
            None => plain(text),
        }
    }
}

/// Prefixes that tools put in front of bytes.
const PREFIXES: [&str; 4] = ["hex:", "0x", "0X", "\\x"];
/// What may stand between bytes.
const SEPARATORS: &str = ",:;-_{}[]()'\"\u{feff}";

fn plain(text: &str) -> Result<HexText, HexTextError> {
    let (mut digits, mut removed) = (Vec::new(), BTreeSet::new());
    let (mut rest, mut line, mut column) = (text, 1, 1);
    while let Some(first) = rest.chars().next() {
        if let Some(prefix) = PREFIXES.iter().find(|prefix| rest.starts_with(**prefix)) {
            removed.insert(format!("prefixes {prefix}"));
            rest = rest.get(prefix.len()..).unwrap_or_default();
            column += prefix.len();
            continue;
        }
        match (first.to_digit(16).and_then(|digit| u8::try_from(digit).ok()), first) {
            (Some(digit), _) => digits.push(digit),
            (None, '\n') => (line, column) = (line + 1, 0),
            (None, blank) if blank.is_whitespace() => {}
            (None, separator) if SEPARATORS.contains(separator) => {
                removed.insert(format!("separators {separator}"));
            }
            _ => return Err(HexTextError::Character { line, column }),
        }
        column += 1;
        rest = rest.get(first.len_utf8()..).unwrap_or_default();
    }
    let (pairs, odd) = digits.as_chunks::<2>();
    if digits.is_empty() {
        return Err(HexTextError::Empty);
    }
    if !odd.is_empty() {
        return Err(HexTextError::Odd { digits: digits.len() });
    }
    let bytes = pairs.iter().map(|[high, low]| high << 4 | low).collect();
    Ok(HexText { bytes, removed: removed.into_iter().collect() })
}

/// Lines that begin with an offset.
struct Dump<'t> {
    lines: Vec<Line<'t>>,
}

struct Line<'t> {
    number: usize,
    offset: usize,
    rest: &'t str,
    /// Up to the next offset, its bytes come again and again.
    repeats: bool,
}

/// Bytes of a line where the next offset does not tell.
const USUAL_WIDTH: usize = 16;
/// Bytes that repeated lines may stand for: a star and an offset are quickly written.
const MOST: usize = 16 * 1024 * 1024;

impl<'t> Dump<'t> {
    /// `None` when not every line begins with an offset, or the offsets do not grow from one line to the next.
    fn of(text: &'t str) -> Option<Self> {
        let filled = (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty());
        // `hexdump -C` writes a star for lines that repeat the one before.
        let mut squeezed = Vec::new();
        let mut read = Vec::new();
        for (number, line) in filled {
            if line.trim() == "*" {
                squeezed.push(read.len().checked_sub(1)?);
            } else {
                read.push(Line::of(number, line)?);
            }
        }
        for at in squeezed {
            read.get_mut(at).into_iter().for_each(|line| line.repeats = true);
        }
        let read = Some(read);
        let mut lines = read.filter(|lines| !lines.is_empty())?;
        // hexdump ends with the length in a line of its own.
        if let [.., last] = lines.as_slice()
            && last.rest.trim().is_empty()
            && lines.len() > 1
        {
            let end = last.offset;
            lines.retain(|line| line.offset < end);
            lines.push(Line { number: 0, offset: end, rest: "", repeats: false });
        }
        let grow = lines.windows(2).all(|pair| matches!(pair, [one, next] if one.offset < next.offset));
        (lines.first()?.offset == 0 && grow).then_some(Self { lines })
    }

    fn read(self) -> Result<HexText, HexTextError> {
        let mut bytes: Vec<u8> = Vec::new();
        let mut widest = USUAL_WIDTH;
        for (at, line) in self.lines.iter().enumerate() {
            let next = self.lines.get(at + 1).map(|next| next.offset - line.offset);
            let mut found = line.bytes(if line.repeats { widest } else { next.unwrap_or(widest) });
            if line.repeats {
                found = repeated(&found, next, MOST - bytes.len().min(MOST))
                    .ok_or(HexTextError::Repeat { line: line.number })?;
            }
            if let Some(expected) = next.filter(|expected| *expected != found.len()) {
                return Err(HexTextError::Dump { line: line.number, expected, found: found.len() });
            }
            widest = next.filter(|_| !line.repeats).unwrap_or(widest);
            bytes.append(&mut found);
        }
        if bytes.is_empty() {
            return Err(HexTextError::Empty);
        }
        let removed = vec!["offsets and the text column of a dump".to_owned()];
        Ok(HexText { bytes, removed })
    }
}

/// The bytes of a line up to the next offset; `None` where they do not fill that with whole lines, or are too many.
fn repeated(line: &[u8], next: Option<usize>, most: usize) -> Option<Vec<u8>> {
    let length = next.filter(|length| *length <= most)?;
    let whole = length.checked_rem(line.len()).is_some_and(|rest| rest == 0);
    whole.then(|| line.iter().copied().cycle().take(length).collect())
}

impl<'t> Line<'t> {
    /// An offset is 4 to 8 digits, alone, with `0x` in front or a colon behind; without a colon two blanks follow, so
    /// that digits in groups are not taken for it.
    fn of(number: usize, line: &'t str) -> Option<Self> {
        let line = line.trim_start();
        let end = line.find([' ', '\t', ':']).unwrap_or(line.len());
        let (token, rest) = line.split_at(end);
        let digits = token.strip_prefix("0x").unwrap_or(token);
        let rest_of = rest.strip_prefix(':');
        let marked = rest_of.is_some() || rest.starts_with("  ") || rest.starts_with('\t') || rest.is_empty();
        if !marked || !(4..=8).contains(&digits.len()) {
            return None;
        }
        let offset = usize::from_str_radix(digits, 16).ok()?;
        Some(Self { number, offset, rest: rest_of.unwrap_or(rest), repeats: false })
    }

    /// The bytes of a line, at most so many: what stands behind them is the text column.
    fn bytes(&self, most: usize) -> Vec<u8> {
        let digits = self.rest.split('|').next().unwrap_or_default().trim_start();
        // Three blanks stand in front of the text column where a line is not full.
        let digits = digits.split("   ").next().unwrap_or_default();
        let mut bytes = Vec::new();
        for token in digits.split_whitespace() {
            let pairs = crate::encode::unhex(token).filter(|pairs| bytes.len() + pairs.len() <= most);
            match pairs {
                Some(mut pairs) => bytes.append(&mut pairs),
                None => break,
            }
        }
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::{HexText, HexTextError};

    const BYTES: &[u8] = b"0800822000000000\x00\x01\xffAB";

    fn check(text: &str) {
        let read = HexText::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(read.bytes, BYTES, "{text}");
    }

    #[test]
    fn digits_as_people_paste_them() {
        let plain = "303830303832323030303030303030300001ff4142";
        check(plain);
        check(&format!("0x{}\n", plain.to_uppercase()));
        let pairs: Vec<String> = BYTES.iter().map(|byte| format!("{byte:02x}")).collect();
        for separator in [" ", ":", ", ", "-", "\n", "  "] {
            check(&pairs.join(separator));
        }
        check(&pairs.iter().map(|pair| format!("\\x{pair}")).collect::<String>());
        check(&format!("{{0x{}}}", pairs.join(", 0x")));
        check("3038 3030 3832 3230 3030 3030 3030 3030\n0001 ff41 42");
    }

    #[test]
    fn dumps_of_the_usual_tools() {
        check(
            "00000000  30 38 30 30 38 32 32 30  30 30 30 30 30 30 30 30  |0800822000000000|\n\
             00000010  00 01 ff 41 42                                    |...AB|\n00000015\n",
        );
        check(
            "00000000: 3038 3030 3832 3230 3030 3030 3030 3030  0800822000000000\n\
             00000010: 0001 ff41 42                             ...AB\n",
        );
        check(
            "\t0x0000:  3038 3030 3832 3230 3030 3030 3030 3030  0800822000000000\n\
             \t0x0010:  0001 ff41 42                             ...AB",
        );
        check(
            "0000   30 38 30 30 38 32 32 30 30 30 30 30 30 30 30 30   0800822000000000\n\
             0010   00 01 ff 41 42                                    ...AB",
        );
        check("0000   30 38 30 30 38 32 32 30 30 30 30 30 30 30 30 30\n0010   00 01 ff 41 42");
    }

    #[test]
    fn a_star_stands_for_repeated_lines() {
        let text = "00000000  30 31 32 33 34 35 36 37  38 39 61 62 63 64 65 66  |0123456789abcdef|\n\
                    00000010  00 00 00 00 00 00 00 00  00 00 00 00 00 00 00 00  |................|\n*\n\
                    00000040  41                                                |A|\n00000041\n";
        let mut bytes = b"0123456789abcdef".to_vec();
        bytes.extend([0; 48]);
        bytes.push(b'A');
        assert_eq!(HexText::parse(text).unwrap().bytes, bytes);
        let wrong = |text: &str| HexText::parse(text).err().unwrap();
        assert_eq!(wrong("00000000  41 42\n*\n00000003"), HexTextError::Repeat { line: 1 });
        assert_eq!(wrong("00000000  41 42\n*\n"), HexTextError::Repeat { line: 1 });
        assert_eq!(wrong("00000000  41 42\n*\nffffff00  41"), HexTextError::Repeat { line: 1 });
        assert!(HexText::parse("*\n00000000  41 42").is_err());
    }

    #[test]
    fn what_is_no_hex_is_refused_at_its_place() {
        let wrong = |text: &str| HexText::parse(text).err().unwrap();
        assert_eq!(wrong(" \n"), HexTextError::Empty);
        assert_eq!(wrong("30 3"), HexTextError::Odd { digits: 3 });
        assert_eq!(wrong("30 31\n3x"), HexTextError::Character { line: 2, column: 2 });
        let cut = "0000  30 31 32\n0010  33";
        assert_eq!(wrong(cut), HexTextError::Dump { line: 1, expected: 16, found: 3 });
    }
}

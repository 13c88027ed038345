//! One line of a dump: offset, bytes, and perhaps a column with the same bytes as text.

use super::{
    super::{
        error::{HexTextError, Stop},
        lines::Line,
    },
    FORM,
};
use crate::{code_page::CodePage, encode::unhex};

/// In longer lines some tools put a blank into the middle of the text column.
const HALF: usize = 8;

pub(super) struct Row<'t> {
    pub(super) line: Line<'t>,
    /// Digits, without `0x`.
    pub(super) offset: &'t str,
    /// `0x` is in front of the offset, as tcpdump writes it.
    pub(super) is_prefixed: bool,
    /// A colon follows the offset.
    pub(super) colon: bool,
    /// It cannot be digits in groups: a colon, two blanks or nothing follows the offset.
    pub(super) marked: bool,
    pub(super) rest: &'t str,
    /// Blanks in front.
    pub(super) indent: usize,
    /// Up to the next offset, its bytes come again and again.
    pub(super) repeats: bool,
}

/// What stands behind some of the bytes of a line.
enum Behind<'t> {
    Nothing,
    /// A column between bars, angles or stars.
    Barred,
    /// Text behind at least two blanks.
    Text(&'t str),
    Bytes,
}

impl<'t> Row<'t> {
    pub(super) fn of(line: Line<'t>) -> Option<Self> {
        let text = line.text.trim_start();
        let indent = line.text.len() - text.len();
        let end = text.find([' ', '\t', ':']).unwrap_or(text.len());
        let (token, rest) = text.split_at(end);
        let offset = token.strip_prefix("0x").unwrap_or(token);
        let behind_colon = rest.strip_prefix(':');
        if !(4..=8).contains(&offset.len()) || !offset.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        let marked =
            behind_colon.is_some() || rest.starts_with("  ") || rest.starts_with('\t') || rest.is_empty();
        let (is_prefixed, colon) = (token != offset, behind_colon.is_some());
        let rest = behind_colon.unwrap_or(rest);
        Some(Self { line, offset, is_prefixed, colon, marked, rest, indent, repeats: false })
    }

    /// Whether its offset is zero.
    pub(super) fn begins(&self) -> bool {
        self.offset.bytes().all(|digit| digit == b'0')
    }

    pub(super) fn offset(&self, radix: u32) -> Option<usize> {
        usize::from_str_radix(self.offset, radix).ok()
    }

    pub(super) fn no_number(&self) -> Stop {
        Stop::form(self.line.number, FORM, "its offset is not greater than the one before")
    }

    /// A line alone, with one blank behind digits that may be an offset.
    pub(super) fn unmarked(&self) -> Stop {
        let mut tokens = self.rest.split_whitespace();
        let pairs = tokens.clone().count() > 1 && tokens.all(|token| token.len() == 2);
        if pairs && self.begins() {
            let problem =
                "the digits in front may be an offset or bytes; paste the next line too, or take them away";
            return Stop::form(self.line.number, FORM, problem);
        }
        Stop::no(self.line.number, "no offset in front")
    }

    /// The bytes: so many where the next offset tells, else all in front of the text column.
    pub(super) fn bytes(&self, expected: Option<usize>, widest: Option<usize>) -> Result<Vec<u8>, Stop> {
        let cells = Cells::of(self.rest);
        self.check_groups(&cells)?;
        let line = self.line.number;
        let ends = || cells.ends.iter().map(|(count, rest)| (*count, behind(rest)));
        let possible = |count: usize, behind: &Behind<'_>| match behind {
            Behind::Nothing | Behind::Barred => true,
            Behind::Text(text) => {
                cells.says(count, text) || expected == Some(count) && is_as_long(text, count)
            }
            Behind::Bytes => false,
        };
        let shown = ends().filter(|(count, behind)| *count > 0 && possible(*count, behind));
        let found: Vec<(usize, bool)> =
            shown.map(|(count, behind)| (count, matches!(behind, Behind::Text(_)))).collect();
        let count = match expected {
            Some(expected) => found.iter().find(|(count, _)| *count == expected),
            // A text that says the same bytes is the text column.
            None => found.iter().find(|(_, is_text)| *is_text).or(found.last()),
        };
        let Some((count, _)) = count else {
            let all = found.last().map_or(cells.bytes.len(), |(count, _)| *count);
            return Err(match expected {
                Some(expected) if expected != all => HexTextError::Dump { line, expected, found: all }.into(),
                _ => Stop::form(
                    line,
                    FORM,
                    "what stands behind the bytes is not their text column; paste whole lines",
                ),
            });
        };
        match widest {
            Some(widest) if expected.is_none() && *count > widest => {
                Err(HexTextError::Dump { line, expected: widest, found: *count }.into())
            }
            _ => Ok(cells.bytes.get(..*count).unwrap_or_default().to_vec()),
        }
    }

    /// Groups of more than one byte are in the order of the machine where `od` and `hexdump` print them.
    fn check_groups(&self, cells: &Cells<'_>) -> Result<(), Stop> {
        let problem = if let Some(digits) = cells.strange {
            format!("groups of {digits} digits are no bytes in hexadecimal digits")
        } else if cells.is_swapped() {
            "the text column says that the bytes of each group stand in reverse order".to_owned()
        } else if !self.colon && cells.widest > 1 && !cells.is_confirmed() {
            "nobody can tell in which order the bytes of a group stand".to_owned()
        } else {
            return Ok(());
        };
        Err(Stop::form(
            self.line.number,
            FORM,
            format!("{problem}; dump it again: hexdump -C, xxd, or od -A x -t x1"),
        ))
    }
}

fn behind(rest: &str) -> Behind<'_> {
    let text = rest.trim();
    let blanks = rest.len() - rest.trim_start().len();
    if text.is_empty() {
        Behind::Nothing
    } else if text.starts_with(['|', '>']) || text.len() > 1 && text.starts_with('*') && text.ends_with('*') {
        Behind::Barred
    } else if blanks >= 2 || rest.starts_with('\t') {
        Behind::Text(text)
    } else {
        Behind::Bytes
    }
}

fn is_as_long(text: &str, count: usize) -> bool {
    let length = text.chars().count();
    length == count || count > HALF && length == count + 1
}

/// The groups of digits of a line, the text column perhaps among them.
struct Cells<'t> {
    bytes: Vec<u8>,
    /// After each group: bytes so far, and what follows.
    ends: Vec<(usize, &'t str)>,
    /// Bytes of the greatest group.
    widest: usize,
    /// Digits of the first group, where they are no whole bytes.
    strange: Option<usize>,
}

impl<'t> Cells<'t> {
    fn of(rest: &'t str) -> Self {
        let mut cells = Self { bytes: Vec::new(), ends: Vec::new(), widest: 0, strange: None };
        let mut left = rest;
        loop {
            let start = left.trim_start();
            let end = start.find([' ', '\t', '|', '>']).unwrap_or(start.len());
            let (token, behind) = start.split_at(end);
            let is_digits = !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_hexdigit());
            if cells.bytes.is_empty() && is_digits && !matches!(token.len(), 2 | 4 | 8 | 16 | 32) {
                cells.strange = Some(token.len());
            }
            let Some(bytes) = unhex(token).filter(|bytes| !bytes.is_empty()) else { return cells };
            if cells.bytes.is_empty() {
                cells.widest = bytes.len();
            }
            cells.bytes.extend(bytes);
            cells.ends.push((cells.bytes.len(), behind));
            left = behind;
        }
    }

    /// Whether a text shows the first bytes; blanks at its ends may be lost.
    fn says(&self, count: usize, text: &str) -> bool {
        let bytes = self.bytes.get(..count).unwrap_or_default();
        says(bytes, text, 0)
    }

    fn column(&self) -> Option<(usize, &str)> {
        let of = |(count, rest): &(usize, &'t str)| match behind(rest) {
            Behind::Text(text) => Some((*count, text)),
            Behind::Barred => Some((*count, rest.trim().trim_matches(['|', '>', '<', '*']))),
            Behind::Nothing | Behind::Bytes => None,
        };
        self.ends.iter().find_map(of)
    }

    /// The text column says that the bytes stand as they are printed.
    fn is_confirmed(&self) -> bool {
        self.column().is_some_and(|(count, text)| {
            says(self.bytes.get(..count).unwrap_or_default(), text, 1) && !self.is_swapped()
        })
    }

    /// The text column says that the bytes of each group stand in reverse order.
    fn is_swapped(&self) -> bool {
        let Some((count, text)) = self.column().filter(|_| self.widest > 1) else { return false };
        let bytes = self.bytes.get(..count).unwrap_or_default();
        let turned: Vec<u8> =
            bytes.chunks(self.widest).flat_map(|group| group.iter().rev().copied()).collect();
        says(&turned, text, 1) && !says(bytes, text, 1)
    }
}

/// Whether a text shows bytes, with at least so many letters or digits that agree.
fn says(bytes: &[u8], text: &str, least: usize) -> bool {
    let characters: Vec<char> = text.chars().collect();
    let without_middle = match characters.split_at_checked(HALF) {
        Some((left, [' ', right @ ..])) => Some([left, right].concat()),
        _ => None,
    };
    std::iter::once(characters).chain(without_middle).any(|shown| {
        let lost = bytes.len().checked_sub(shown.len());
        lost.is_some_and(|lost| (0..=lost).any(|from| says_from(bytes, &shown, from, least)))
    })
}

fn says_from(bytes: &[u8], shown: &[char], from: usize, least: usize) -> bool {
    let (before, rest) = bytes.split_at_checked(from).unwrap_or_default();
    let (inside, after) = rest.split_at_checked(shown.len()).unwrap_or_default();
    let is_blank = |byte: &u8| matches!(byte, 0x20 | 0x40 | 0x00);
    let same = |byte: u8, shown: char| {
        let ebcdic = char::from(CodePage::Ibm037.decode_byte(byte));
        char::from(byte) == shown || ebcdic == shown
    };
    let mut pairs = inside.iter().zip(shown);
    let agree = inside
        .iter()
        .zip(shown)
        .filter(|(byte, shown)| shown.is_ascii_alphanumeric() && same(**byte, **shown));
    before.iter().chain(after).all(is_blank)
        && agree.count() >= least
        && pairs.all(|(byte, shown)| !shown.is_ascii_alphanumeric() || same(*byte, *shown))
}

//! Digits with and without blanks, prefixes and separators.

use std::collections::BTreeSet;

use super::{
    HexText,
    error::{HexTextError, Stop},
    lines::Line,
    network,
};

/// Prefixes that tools put in front of bytes.
const PREFIXES: [&str; 4] = ["hex:", "0x", "0X", "\\x"];
/// What may stand between bytes.
const SEPARATORS: &str = ",:;-_{}[]()'\"";

/// What is wrong with plain digits.
pub(super) enum Wrong {
    /// Neither digit nor separator.
    Character {
        line: usize,
        column: usize,
    },
    Other(HexTextError),
}

impl From<HexTextError> for Wrong {
    fn from(error: HexTextError) -> Self {
        Self::Other(error)
    }
}

/// The digits of some lines.
#[derive(Default)]
struct Digits {
    digits: Vec<u8>,
    removed: BTreeSet<String>,
    /// Digits that stand together, and whether they began with their line.
    run: usize,
    begins_line: bool,
    /// A run that a line end has cut inside a byte goes on in the next line.
    is_cut: bool,
}

pub(super) fn read(lines: &[Line<'_>]) -> Result<HexText, Wrong> {
    let mut all = Digits::default();
    for line in lines {
        all.line(line)?;
    }
    if all.is_cut {
        let line = lines.last().map_or(1, |line| line.number);
        return Err(HexTextError::Odd { line, digits: all.digits.len() }.into());
    }
    let (pairs, _) = all.digits.as_chunks::<2>();
    if pairs.is_empty() {
        return Err(HexTextError::Empty.into());
    }
    let bytes: Vec<u8> = pairs.iter().map(|[high, low]| high << 4 | low).collect();
    match packets(lines, &bytes) {
        Some(packets) => Ok(network::payload(&packets)?),
        None => Ok(HexText { bytes, removed: all.removed.into_iter().collect(), messages: Vec::new() }),
    }
}

/// Whole packets of a network: all of it is one, or each line is.
fn packets(lines: &[Line<'_>], bytes: &[u8]) -> Option<Vec<network::Packet>> {
    let first = lines.first()?.number;
    if network::is_packet(bytes) && !network::is_longer_than_its_packet(bytes) {
        return Some(vec![network::Packet { line: first, bytes: bytes.to_vec() }]);
    }
    let one = |line: &Line<'_>| {
        let mut digits = Digits::default();
        digits.line(line).ok().filter(|()| !digits.is_cut)?;
        let bytes: Vec<u8> =
            digits.digits.as_chunks::<2>().0.iter().map(|[high, low]| high << 4 | low).collect();
        network::is_packet(&bytes).then_some(network::Packet { line: line.number, bytes })
    };
    lines.iter().map(one).collect()
}

impl Digits {
    fn line(&mut self, line: &Line<'_>) -> Result<(), Wrong> {
        let (mut rest, mut column) = (line.text.trim_end(), line.before + 1);
        let (mut was_cut, mut at_start) = (self.is_cut, true);
        // A string that goes on in the next line.
        rest = rest.strip_suffix('\\').unwrap_or(rest);
        while let Some(first) = rest.chars().next() {
            if let Some(prefix) = PREFIXES.iter().find(|prefix| rest.starts_with(**prefix)) {
                self.ends(line.number)?;
                self.removed.insert(format!("prefixes {prefix}"));
                rest = rest.get(prefix.len()..).unwrap_or_default();
                (column, at_start) = (column + prefix.len(), false);
                continue;
            }
            match (first.to_digit(16).and_then(|digit| u8::try_from(digit).ok()), first) {
                (Some(digit), _) => {
                    if self.run == 0 {
                        if was_cut && !at_start {
                            return Err(
                                HexTextError::Odd { line: line.number, digits: self.digits.len() }.into()
                            );
                        }
                        (self.begins_line, self.is_cut) = (at_start, false);
                        // The other half of a byte that the line before began.
                        self.run = usize::from(std::mem::take(&mut was_cut));
                    }
                    self.digits.push(digit);
                    self.run += 1;
                }
                (None, blank) if blank.is_whitespace() => self.ends(line.number)?,
                (None, separator) if SEPARATORS.contains(separator) => {
                    self.ends(line.number)?;
                    self.removed.insert(format!("separators {separator}"));
                }
                _ => return Err(Wrong::Character { line: line.number, column }),
            }
            (column, at_start) = (column + 1, at_start && first.is_whitespace());
            rest = rest.get(first.len_utf8()..).unwrap_or_default();
        }
        // One long row of digits may have been wrapped inside a byte; all else is half a byte.
        if self.run % 2 == 1 && self.begins_line {
            self.is_cut = true;
            self.run = 0;
        }
        Ok(self.ends(line.number)?)
    }

    /// Digits that stand together are whole bytes.
    fn ends(&mut self, line: usize) -> Result<(), HexTextError> {
        match std::mem::take(&mut self.run) {
            odd if odd % 2 == 1 => Err(HexTextError::Odd { line, digits: odd }),
            _ => Ok(()),
        }
    }
}

impl From<Wrong> for Stop {
    fn from(wrong: Wrong) -> Self {
        match wrong {
            Wrong::Character { line, .. } => Self::no(line, "other characters than digits and separators"),
            Wrong::Other(error) => Self::Wrong(error),
        }
    }
}

//! The forms in which a frame length is written: reading and writing the number, and the bytes that go with
//! it.

use super::error::FrameError;
use crate::characters::kind_of;

/// How a frame length is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Form {
    Binary2,
    Binary2Little,
    Binary4,
    Ascii4,
    Bcd2,
    Hex4,
    Vmli,
    Cs,
}

/// Greatest message of VisaNet in bytes (moov-io/iso8583 issue 105).
const LONGEST_OF_VISANET: usize = 2048;
/// The message format of VisaNet that says "no message, session control".
const SESSION_CONTROL: u8 = 2;
/// Where the two bytes behind the length of `vmli` and `cs` are.
const THIRD: usize = 2;
const FOURTH: usize = 3;

impl Form {
    /// Every form.
    pub(super) const ALL: [Self; 8] = [
        Self::Binary2,
        Self::Binary2Little,
        Self::Binary4,
        Self::Ascii4,
        Self::Bcd2,
        Self::Hex4,
        Self::Vmli,
        Self::Cs,
    ];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Binary2 => "binary-2",
            Self::Binary2Little => "binary-2-little",
            Self::Binary4 => "binary-4",
            Self::Ascii4 => "ascii-4",
            Self::Bcd2 => "bcd-2",
            Self::Hex4 => "hex-4",
            Self::Vmli => "vmli",
            Self::Cs => "cs",
        }
    }

    /// Whether a zero length is a keep-alive by habit.
    pub(super) const fn has_keep_alive(self) -> bool {
        matches!(self, Self::Vmli | Self::Cs)
    }

    /// The greatest message by habit, in bytes.
    pub(super) const fn usual_longest(self) -> usize {
        match self {
            Self::Vmli => LONGEST_OF_VISANET,
            _ => self.greatest(),
        }
    }

    /// The greatest number that can be written.
    pub(super) const fn greatest(self) -> usize {
        match self {
            Self::Binary2 | Self::Binary2Little | Self::Hex4 | Self::Vmli | Self::Cs => 0xffff,
            Self::Binary4 => 0xffff_ffff,
            Self::Ascii4 | Self::Bcd2 => 9999,
        }
    }

    /// Bytes before the message.
    pub(super) const fn prefix(self) -> usize {
        match self {
            Self::Binary2 | Self::Binary2Little | Self::Bcd2 => 2,
            Self::Binary4 | Self::Ascii4 | Self::Hex4 | Self::Vmli | Self::Cs => 4,
        }
    }

    /// The number at the start of `bytes`; `None` while it is not all there.
    pub(super) fn read_length(self, bytes: &[u8]) -> Result<Option<usize>, FrameError> {
        let two = bytes.first_chunk::<2>();
        match self {
            Self::Binary2 | Self::Vmli | Self::Cs => Ok(two.map(|two| usize::from(u16::from_be_bytes(*two)))),
            Self::Binary2Little => Ok(two.map(|two| usize::from(u16::from_le_bytes(*two)))),
            Self::Binary4 => Ok(bytes.first_chunk::<4>().map(|four| {
                // Where addresses are short, this is too long for any bound.
                usize::try_from(u32::from_be_bytes(*four)).unwrap_or(usize::MAX)
            })),
            Self::Ascii4 => characters(bytes, 10, "an ASCII digit"),
            Self::Hex4 => characters(bytes, 16, "an ASCII hexadecimal digit"),
            Self::Bcd2 => packed(bytes),
        }
    }

    /// Checks what follows the number and says whether it is session control; `None` while it is not all
    /// there.
    pub(super) fn read_rest(self, bytes: &[u8]) -> Result<Option<bool>, FrameError> {
        if !matches!(self, Self::Vmli | Self::Cs) {
            return Ok(Some(false));
        }
        let Some(third) = bytes.get(THIRD) else { return Ok(None) };
        zero(*third, THIRD)?;
        let Some(fourth) = bytes.get(FOURTH) else { return Ok(None) };
        if matches!(self, Self::Cs) {
            zero(*fourth, FOURTH)?;
            return Ok(Some(false));
        }
        Ok(Some(fourth >> 4 == SESSION_CONTROL))
    }

    /// Appends a number, which is not greater than [`Form::greatest`], and what follows it.
    pub(super) fn write(self, out: &mut Vec<u8>, number: usize, session_control: bool) {
        let four = number.to_be_bytes();
        let four = four.last_chunk::<4>().copied().unwrap_or_default();
        let [_, _, high, low] = four;
        match self {
            Self::Binary2 => out.extend([high, low]),
            Self::Binary2Little => out.extend([low, high]),
            Self::Binary4 => out.extend(four),
            Self::Ascii4 => out.extend(decimal(number).map(|digit| digit + b'0')),
            Self::Bcd2 => {
                let [a, b, c, d] = decimal(number);
                out.extend([a << 4 | b, c << 4 | d]);
            }
            Self::Hex4 => out.extend([high >> 4, high & 15, low >> 4, low & 15].map(hex_character)),
            Self::Vmli => out.extend([high, low, 0, if session_control { SESSION_CONTROL << 4 } else { 0 }]),
            Self::Cs => out.extend([high, low, 0, 0]),
        }
    }
}

fn characters(bytes: &[u8], radix: u8, expected: &'static str) -> Result<Option<usize>, FrameError> {
    let mut number = 0;
    for (offset, byte) in bytes.iter().take(4).enumerate() {
        let digit =
            char::from(*byte).to_digit(u32::from(radix)).and_then(|digit| usize::try_from(digit).ok());
        number = number * usize::from(radix)
            + digit.ok_or(FrameError::WrongByte { offset, expected, found: kind_of(*byte) })?;
    }
    Ok((bytes.len() >= 4).then_some(number))
}

fn packed(bytes: &[u8]) -> Result<Option<usize>, FrameError> {
    let mut number = 0;
    for (offset, byte) in bytes.iter().take(2).enumerate() {
        let (tens, ones) = (byte >> 4, byte & 15);
        if tens > 9 || ones > 9 {
            let (expected, found) = ("two packed digits", "a nibble above 9");
            return Err(FrameError::WrongByte { offset, expected, found });
        }
        number = number * 100 + usize::from(tens) * 10 + usize::from(ones);
    }
    Ok((bytes.len() >= 2).then_some(number))
}

const fn zero(byte: u8, offset: usize) -> Result<(), FrameError> {
    match byte {
        0 => Ok(()),
        _ => Err(FrameError::WrongByte { offset, expected: "a zero byte", found: kind_of(byte) }),
    }
}

/// The last four decimal digits.
fn decimal(number: usize) -> [u8; 4] {
    [1000, 100, 10, 1].map(|power| u8::try_from(number / power % 10).unwrap_or_default())
}

const fn hex_character(digit: u8) -> u8 {
    if digit < 10 { b'0' + digit } else { b'A' + (digit - 10) }
}

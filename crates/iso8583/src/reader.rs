//! Walks over received bytes; nothing is taken that is not there.

use crate::{
    decode_error::{DecodeError, DecodeProblem},
    field_spec::IndicatorEncoding,
    place::Place,
};

pub(crate) struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    pub(crate) const fn new(bytes: &'a [u8], at: usize) -> Self {
        Self { bytes, at }
    }

    /// Offset of the next byte.
    pub(crate) const fn at(&self) -> usize {
        self.at
    }

    /// Bytes that are left.
    pub(crate) const fn left(&self) -> usize {
        self.bytes.len().saturating_sub(self.at)
    }

    /// The bytes that were taken last.
    pub(crate) fn back(&self, length: usize) -> &'a [u8] {
        self.bytes.get(self.at.saturating_sub(length)..self.at).unwrap_or_default()
    }

    #[inline]
    pub(crate) fn take(&mut self, place: Place, length: usize) -> Result<&'a [u8], DecodeError> {
        match self.bytes.get(self.at..self.at + length) {
            Some(taken) => {
                self.at += length;
                Ok(taken)
            }
            None => Err(self.truncated(place, length)),
        }
    }

    /// A number of so many bytes, as length indicators are written.
    #[inline]
    pub(crate) fn number(
        &mut self,
        place: Place,
        encoding: IndicatorEncoding,
        bytes: usize,
    ) -> Result<u32, DecodeError> {
        let start = self.at;
        let taken = self.take(place, bytes)?;
        let number = match encoding {
            IndicatorEncoding::Ascii => number(taken, 10, |byte| digit(byte.wrapping_sub(b'0'))),
            IndicatorEncoding::Ebcdic => number(taken, 10, |byte| digit(byte.wrapping_sub(0xF0))),
            IndicatorEncoding::Bcd => {
                number(taken, 100, |byte| Some(digit(byte >> 4)? * 10 + digit(byte & 0x0F)?))
            }
            // More than any message has is as wrong as the true number would be.
            IndicatorEncoding::Binary => number(taken, 256, Some),
            IndicatorEncoding::Hex => number(taken, 16, |byte| hexadecimal(byte, b'0', b'A')),
            IndicatorEncoding::EbcdicHex => number(taken, 16, |byte| hexadecimal(byte, 0xF0, 0xC1)),
        };
        number.map_err(|(at, byte)| {
            DecodeError::new(place, start + at, DecodeProblem::NotADigit { byte, encoding })
        })
    }

    #[cold]
    fn truncated(&self, place: Place, needed: usize) -> DecodeError {
        DecodeError::new(place, self.at, DecodeProblem::Truncated { needed, left: self.left() })
    }
}

fn digit(value: u8) -> Option<u8> {
    (value < 10).then_some(value)
}

/// A hexadecimal digit of a code that has its digits from `zero` and its letters from `ten`. A lower-case letter could
/// not be written again as it was sent.
fn hexadecimal(byte: u8, zero: u8, ten: u8) -> Option<u8> {
    let letter = || byte.checked_sub(ten).filter(|letter| *letter < 6);
    digit(byte.wrapping_sub(zero)).or_else(|| letter().map(|letter| letter + 10))
}

/// The number that digits of a base make; the place and the byte that is no digit.
#[inline]
fn number(bytes: &[u8], base: u32, digit: impl Fn(u8) -> Option<u8>) -> Result<u32, (usize, u8)> {
    let mut number = 0_u32;
    for (at, &byte) in bytes.iter().enumerate() {
        let Some(digit) = digit(byte) else { return Err((at, byte)) };
        number = number.saturating_mul(base).saturating_add(u32::from(digit));
    }
    Ok(number)
}

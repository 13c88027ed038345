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
        let mut value = 0_u32;
        for (at, &byte) in taken.iter().enumerate() {
            let (base, digit) = match encoding {
                IndicatorEncoding::Ascii if byte.is_ascii_digit() => (10, byte - b'0'),
                IndicatorEncoding::Ebcdic if (0xF0..=0xF9).contains(&byte) => (10, byte - 0xF0),
                IndicatorEncoding::Bcd if byte >> 4 < 10 && byte & 0x0F < 10 => {
                    (100, (byte >> 4) * 10 + (byte & 0x0F))
                }
                // More than any message has is as wrong as the true number would be.
                IndicatorEncoding::Binary => (256, byte),
                _ => {
                    let problem = DecodeProblem::NotADigit { byte, encoding };
                    return Err(DecodeError::new(place, start + at, problem));
                }
            };
            value = value.saturating_mul(base).saturating_add(u32::from(digit));
        }
        Ok(value)
    }

    #[cold]
    fn truncated(&self, place: Place, needed: usize) -> DecodeError {
        DecodeError::new(place, self.at, DecodeProblem::Truncated { needed, left: self.left() })
    }
}

//! How a value is read: what a field's description comes down to, made once when a dialect is loaded.

use crate::{
    characters::{self, ASCII, Charset},
    decode_error::{DecodeError, DecodeProblem},
    field_spec::{Counts, Encoding, FieldSpec, Indicator, Letters, PadDigit, Side},
    format::{Class, Length},
    place::Place,
    reader::Reader,
};

/// Where a value stands, in bytes from the start of the message.
#[derive(Clone, Copy, Default)]
pub(crate) struct Span {
    pub(crate) start: u16,
    pub(crate) length: u16,
}

/// A value that was read.
#[derive(Clone, Copy)]
pub(crate) struct Found {
    pub(crate) start: usize,
    pub(crate) length: usize,
    /// Of packed digits: whether their number is odd, so that one nibble is a pad.
    pub(crate) odd: bool,
}

impl Found {
    /// Positions fit: a message has at most [`MAX_MESSAGE`](crate::MAX_MESSAGE) bytes.
    pub(crate) fn span(self) -> Span {
        let fit = |offset| u16::try_from(offset).unwrap_or_default();
        Span { start: fit(self.start), length: fit(self.length) }
    }
}

/// How a field is read.
#[derive(Clone, Copy)]
pub(crate) struct Plan {
    /// `None`: the length is fixed.
    indicator: Option<Indicator>,
    measure: Measure,
    check: Check,
    /// Least and greatest of what is counted.
    min: u32,
    max: u32,
}

/// How many bytes so many counted units take.
#[derive(Clone, Copy)]
enum Measure {
    /// One byte each.
    Bytes,
    /// Digits, two per byte.
    Packed,
    /// Bytes of packed digits; a pad of F tells that the number of digits is odd.
    PackedBytes(Side),
    /// A sign byte, then digits, two per byte.
    SignedPacked,
    /// Bytes of a sign and packed digits; a pad of F tells that the number of digits is odd.
    SignedPackedBytes,
    /// Bytes that are sent as two characters each.
    Doubled,
    /// Nibbles of binary data: an even number.
    Nibbles,
    /// Characters of hexadecimal text: an even number.
    Pairs,
}

/// Which bytes are allowed.
#[derive(Clone, Copy)]
enum Check {
    Anything,
    /// ASCII digits.
    Digits,
    /// Printable ASCII.
    Printable,
    /// ASCII characters of a track; in the set is also what is rare.
    Track(Charset),
    /// Bytes of a set.
    Only(Charset),
    /// A sign, then digits.
    Signed(Charset, Charset),
    /// Packed digits.
    Packed(Side, PadDigit),
    /// Packed digits and separators: every nibble, but the pad.
    PackedTrack(Side, PadDigit),
    /// A sign, then packed digits, padded on the left.
    SignedPacked(Charset, PadDigit),
}

impl Plan {
    pub(crate) fn of(spec: &FieldSpec) -> Self {
        let measure = measure(spec);
        let (min, max) = (spec.format.length.min(), spec.format.length.max());
        let scale = |units: u32| match measure {
            Measure::PackedBytes(_) => units.div_ceil(2),
            Measure::SignedPackedBytes if units > 0 => 1 + (units - 1).div_ceil(2),
            Measure::Nibbles | Measure::Pairs => units * 2,
            _ => units,
        };
        let indicator = match spec.format.length {
            Length::Fixed(_) => None,
            Length::Variable { .. } => Some(spec.indicator),
        };
        Self { indicator, measure, check: check(spec), min: scale(min), max: scale(max) }
    }

    /// Reads a value with its length indicator.
    #[inline]
    pub(crate) fn read(
        &self,
        reader: &mut Reader<'_>,
        de: u8,
        spec: &FieldSpec,
    ) -> Result<Found, DecodeError> {
        let count = match self.indicator {
            None => self.max,
            Some(indicator) => self.announced(reader, de, indicator)?,
        };
        self.read_counted(reader, de, spec, count as usize)
    }

    /// Reads a value of which it is known how much there is.
    #[inline]
    pub(crate) fn read_counted(
        &self,
        reader: &mut Reader<'_>,
        de: u8,
        spec: &FieldSpec,
        count: usize,
    ) -> Result<Found, DecodeError> {
        let (length, odd) = match self.measure {
            Measure::Bytes | Measure::Pairs => (count, false),
            Measure::Packed => (count.div_ceil(2), count % 2 == 1),
            Measure::PackedBytes(_) | Measure::SignedPackedBytes => (count, false),
            // Nothing at all has no sign either.
            Measure::SignedPacked if count == 0 => (0, false),
            Measure::SignedPacked => (1 + (count - 1).div_ceil(2), count.is_multiple_of(2)),
            Measure::Doubled => (count * 2, false),
            Measure::Nibbles => (count / 2, false),
        };
        let start = reader.at();
        let value = reader.take(Place::Field(de), length)?;
        let odd = odd || self.odd_by_pad(value);
        if !self.check.passes(value, odd) {
            return Err(self.check.explain(value, odd, start, de, spec));
        }
        Ok(Found { start, length, odd })
    }

    #[inline]
    fn announced(&self, reader: &mut Reader<'_>, de: u8, indicator: Indicator) -> Result<u32, DecodeError> {
        let place = Place::FieldLength(de);
        let start = reader.at();
        let told = reader.number(place, indicator.encoding, usize::from(indicator.bytes))?;
        let wrong = |problem| Err(DecodeError::new(place, start, problem));
        // An error says what was sent, so the bounds are moved and not the number.
        let also = u32::from(indicator.counts_also);
        let (min, max) = (self.min + also, self.max.saturating_add(also));
        if told > max {
            return wrong(DecodeProblem::TooLong { max: max as usize, length: told as usize });
        }
        if told < min {
            return wrong(DecodeProblem::TooShort { min: min as usize, length: told as usize });
        }
        let count = told - also;
        if count % 2 == 1 && matches!(self.measure, Measure::Nibbles | Measure::Pairs) {
            return wrong(DecodeProblem::OddNibbles { length: count as usize });
        }
        Ok(count)
    }

    /// What a length indicator says about a value; `characters` as [`Format`](crate::Format) counts them.
    pub(crate) fn count(&self, characters: usize) -> usize {
        match self.measure {
            Measure::PackedBytes(_) => characters.div_ceil(2),
            Measure::SignedPackedBytes if characters > 0 => 1 + (characters - 1).div_ceil(2),
            Measure::Nibbles | Measure::Pairs => characters * 2,
            _ => characters,
        }
    }

    /// Whether so much may be there, counted as the length indicator counts.
    pub(crate) fn fits(&self, count: usize) -> bool {
        (self.min as usize..=self.max as usize).contains(&count)
    }

    /// Whether so much may stand there at all: hexadecimal digits stand in pairs.
    pub(crate) fn divides(&self, count: usize) -> bool {
        count.is_multiple_of(2) || !matches!(self.measure, Measure::Nibbles | Measure::Pairs)
    }

    /// Whether a written value is read again as it was meant: only allowed bytes, and as many digits as were given.
    pub(crate) fn tells(&self, value: &[u8], odd: bool) -> bool {
        let told = match self.measure {
            Measure::PackedBytes(_) | Measure::SignedPackedBytes => self.odd_by_pad(value) == odd,
            _ => true,
        };
        told && self.check.passes(value, odd)
    }

    /// Packed digits that are counted in bytes: F is no digit, so where a pad may stand it is one.
    fn odd_by_pad(&self, value: &[u8]) -> bool {
        match self.measure {
            Measure::PackedBytes(side) => pad_of(side, value) == Some(0xF),
            Measure::SignedPackedBytes => pad_of(Side::Left, value.get(1..).unwrap_or_default()) == Some(0xF),
            _ => false,
        }
    }
}

fn measure(spec: &FieldSpec) -> Measure {
    let variable = matches!(spec.format.length, Length::Variable { .. });
    // A fixed length is counted as the format counts.
    let counts = match (variable, spec.encoding) {
        (true, _) => spec.indicator.counts,
        (false, Encoding::Binary | Encoding::Hex | Encoding::EbcdicHex(_)) => Counts::Bytes,
        (false, _) => Counts::Characters,
    };
    match (spec.encoding, spec.format.class, counts) {
        (Encoding::Bcd { .. }, Class::SignedNumeric, Counts::Characters) => Measure::SignedPacked,
        (Encoding::Bcd { .. }, Class::SignedNumeric, Counts::Bytes) => Measure::SignedPackedBytes,
        (Encoding::Bcd { .. }, _, Counts::Characters) => Measure::Packed,
        (Encoding::Bcd { pad, .. }, _, Counts::Bytes) => Measure::PackedBytes(pad),
        (Encoding::Binary, _, Counts::Characters) => Measure::Nibbles,
        (Encoding::Hex | Encoding::EbcdicHex(_), _, Counts::Characters) => Measure::Pairs,
        (Encoding::Hex | Encoding::EbcdicHex(_), _, Counts::Bytes) => Measure::Doubled,
        _ => Measure::Bytes,
    }
}

fn check(spec: &FieldSpec) -> Check {
    let class = spec.format.class;
    let ascii = |above| Charset::new(&ASCII, class, above);
    match (spec.encoding, class) {
        (Encoding::Binary, _) => Check::Anything,
        (Encoding::Hex, _) => Check::Only(ascii(false)),
        (Encoding::EbcdicHex(page), _) => {
            Check::Only(Charset::new(characters::of_page(page), Class::Binary, false))
        }
        (Encoding::Ascii | Encoding::Latin1, Class::Numeric) => Check::Digits,
        (Encoding::Ascii | Encoding::Latin1, Class::SignedNumeric) => {
            Check::Signed(Charset::signs(&ASCII, spec.signs), Charset::digits(&ASCII))
        }
        (Encoding::Ascii, Class::AlphaNumericSpecial) => Check::Printable,
        (Encoding::Ascii, Class::Track) => Check::Track(ascii(false)),
        (Encoding::Ascii, _) => Check::Only(ascii(false)),
        (Encoding::Latin1, _) => Check::Only(ascii(true)),
        (Encoding::Ebcdic(page), class) => {
            let classes = characters::of_page(page);
            match class {
                Class::SignedNumeric => {
                    Check::Signed(Charset::signs(classes, spec.signs), Charset::digits(classes))
                }
                _ => Check::Only(Charset::new(classes, class, true)),
            }
        }
        (Encoding::Bcd { pad_digit, letters, .. }, Class::SignedNumeric) => {
            let classes = match letters {
                Letters::Ascii => &ASCII,
                Letters::Ebcdic(page) => characters::of_page(page),
            };
            Check::SignedPacked(Charset::signs(classes, spec.signs), pad_digit)
        }
        (Encoding::Bcd { pad, pad_digit, .. }, Class::Track) => Check::PackedTrack(pad, pad_digit),
        (Encoding::Bcd { pad, pad_digit, .. }, _) => Check::Packed(pad, pad_digit),
    }
}

impl Check {
    #[inline]
    fn passes(&self, value: &[u8], odd: bool) -> bool {
        match *self {
            Self::Anything => true,
            Self::Digits => characters::all_digits(value),
            Self::Printable => characters::all_printable(value),
            Self::Track(charset) => characters::all_track(value) || charset.has_all(value),
            Self::Only(charset) => charset.has_all(value),
            Self::Signed(sign, digits) => match value.split_first() {
                Some((first, rest)) => sign.has(*first) && digits.has_all(rest),
                None => true,
            },
            Self::Packed(side, pad) => packed(side, pad, value, odd),
            Self::PackedTrack(side, pad) => {
                !odd || pad_of(side, value).is_none_or(|nibble| pad.reads(nibble))
            }
            Self::SignedPacked(sign, pad) => match value.split_first() {
                Some((first, rest)) => sign.has(*first) && packed(Side::Left, pad, rest, odd),
                None => true,
            },
        }
    }

    /// The error of a value that does not pass; not on the fast path.
    #[cold]
    fn explain(&self, value: &[u8], odd: bool, start: usize, de: u8, spec: &FieldSpec) -> DecodeError {
        let class = spec.format.class;
        let wrong = |at: usize, problem| DecodeError::new(Place::Field(de), start + at, problem);
        let character = |at: usize| {
            let byte = value.get(at).copied().unwrap_or_default();
            let latin1 = match spec.encoding {
                Encoding::Ebcdic(page) | Encoding::EbcdicHex(page) => page.decode_byte(byte),
                _ => byte,
            };
            wrong(at, DecodeProblem::WrongCharacter { class, found: characters::kind_of(latin1) })
        };
        let digits = Charset::digits(&ASCII);
        let at = match *self {
            Self::Digits => digits.first_wrong(value),
            Self::Printable => value.iter().position(|byte| !matches!(byte, 0x20..=0x7e)),
            Self::Track(charset) | Self::Only(charset) => charset.first_wrong(value),
            Self::Signed(sign, _) if value.first().is_some_and(|byte| !sign.has(*byte)) => Some(0),
            Self::Signed(_, digits) => {
                value.iter().skip(1).position(|byte| !digits.has(*byte)).map(|at| at + 1)
            }
            Self::SignedPacked(sign, _) if value.first().is_some_and(|byte| !sign.has(*byte)) => Some(0),
            _ => None,
        };
        match at {
            Some(at) => character(at),
            None => wrong_nibble(value, odd, spec, wrong),
        }
    }
}

#[cold]
fn wrong_nibble(
    value: &[u8],
    odd: bool,
    spec: &FieldSpec,
    wrong: impl Fn(usize, DecodeProblem) -> DecodeError,
) -> DecodeError {
    let signed = usize::from(spec.format.class == Class::SignedNumeric);
    let digits = value.get(signed..).unwrap_or_default();
    let (side, pad) = match spec.encoding {
        Encoding::Bcd { pad, pad_digit, .. } if signed == 0 => (pad, pad_digit),
        Encoding::Bcd { pad_digit, .. } => (Side::Left, pad_digit),
        _ => (Side::Left, PadDigit::Zero),
    };
    if odd && let Some(found) = pad_of(side, digits).filter(|nibble| !pad.reads(*nibble)) {
        let at = if side == Side::Left { 0 } else { digits.len().saturating_sub(1) };
        return wrong(signed + at, DecodeProblem::WrongPad { pad, found });
    }
    let pad_at = odd.then(|| if side == Side::Left { 0 } else { digits.len() * 2 - 1 });
    let at = nibbles(digits)
        .enumerate()
        .position(|(at, nibble)| nibble > 9 && Some(at) != pad_at)
        .unwrap_or_default();
    wrong(signed + at / 2, DecodeProblem::WrongNibble)
}

/// The nibbles of packed data, the first half of each byte first.
pub(crate) fn nibbles(bytes: &[u8]) -> impl DoubleEndedIterator<Item = u8> + '_ {
    bytes.iter().flat_map(|byte| [byte >> 4, byte & 0x0F])
}

fn pad_of(side: Side, value: &[u8]) -> Option<u8> {
    match side {
        Side::Left => value.first().map(|byte| byte >> 4),
        Side::Right => value.last().map(|byte| byte & 0x0F),
    }
}

#[inline]
fn packed(side: Side, pad: PadDigit, value: &[u8], odd: bool) -> bool {
    if !odd {
        return characters::all_packed_digits(value);
    }
    match side {
        Side::Left => match value.split_first() {
            Some((first, rest)) => {
                pad.reads(first >> 4) && first & 0x0F < 10 && characters::all_packed_digits(rest)
            }
            None => true,
        },
        Side::Right => match value.split_last() {
            Some((last, rest)) => {
                pad.reads(last & 0x0F) && last >> 4 < 10 && characters::all_packed_digits(rest)
            }
            None => true,
        },
    }
}

//! Why received bytes are not a message: where, what was expected, what is there, and what the sender must do.

use crate::{
    decode::MAX_MESSAGE,
    field_spec::{IndicatorEncoding, PadDigit},
    format::Class,
    header::HeaderError,
    place::Place,
};

/// The first thing that is wrong with received bytes. Never carries card data.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
#[error(
    "{path} at byte {offset}: expected {expected}, found {found}; the sender must {remedy}",
    path = self.path(),
    expected = self.expected(),
    found = self.found(),
    remedy = self.remedy()
)]
pub struct DecodeError {
    place: Place,
    /// Part of a data element, for example `.0105`; mostly empty.
    part: Box<str>,
    offset: usize,
    problem: DecodeProblem,
}

/// What is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DecodeProblem {
    /// The message is longer than any message may be.
    TooLarge {
        /// Its length in bytes.
        bytes: usize,
    },
    /// The message ends too early.
    Truncated {
        /// Bytes needed here.
        needed: usize,
        /// Bytes left.
        left: usize,
    },
    /// The MTI or a length indicator has a byte that is no digit as it should be written.
    NotADigit {
        /// That byte.
        byte: u8,
        /// How digits should be written.
        encoding: IndicatorEncoding,
    },
    /// A bitmap has a byte that is no hexadecimal digit.
    NotHexadecimal {
        /// That byte.
        byte: u8,
    },
    /// A length indicator is greater than the dialect allows.
    TooLong {
        /// Greatest length.
        max: usize,
        /// Length as indicated.
        length: usize,
    },
    /// A length indicator is smaller than the dialect allows.
    TooShort {
        /// Least length.
        min: usize,
        /// Length as indicated.
        length: usize,
    },
    /// A length indicator that counts nibbles is odd, where only whole bytes are possible.
    OddNibbles {
        /// Length as indicated.
        length: usize,
    },
    /// A value has a character that does not belong there.
    WrongCharacter {
        /// What the value should consist of.
        class: Class,
        /// The kind of the wrong character.
        found: &'static str,
    },
    /// Packed digits have a nibble that is no digit.
    WrongNibble,
    /// The pad of an odd number of packed digits is not the agreed one.
    WrongPad {
        /// The agreed one.
        pad: PadDigit,
        /// The nibble that is there.
        found: u8,
    },
    /// The bitmap announces a data element that the dialect does not have.
    Undefined,
    /// Bytes follow behind the last data element.
    Trailing {
        /// How many.
        bytes: usize,
    },
    /// The header is not the agreed one.
    Header(Box<HeaderError>),
    /// The bitmaps or the inside of a value are not built as agreed.
    Structure {
        /// What should be there.
        expected: &'static str,
        /// What is there, in general words.
        found: &'static str,
    },
}

impl DecodeError {
    #[cold]
    pub(crate) fn new(place: Place, offset: usize, problem: DecodeProblem) -> Self {
        Self { place, part: Box::default(), offset, problem }
    }

    /// Says in which part of the data element, for example `.0105`.
    pub(crate) fn inside(mut self, part: &str) -> Self {
        self.part = part.into();
        self
    }

    /// The same error, its offset counted from elsewhere.
    pub(crate) fn moved_to(mut self, offset: impl Fn(usize) -> usize) -> Self {
        self.offset = offset(self.offset);
        self
    }

    /// The path of the place: `MTI`, `bitmap 1`, `DE43`, `DE48 length`, `DE48.0105`, `end of message`, `message`.
    #[must_use]
    pub fn path(&self) -> String {
        match (self.place, self.part.as_ref()) {
            (place, "") => place.to_string(),
            (Place::FieldLength(de), part) => format!("DE{de}{part} length"),
            (place, part) => format!("{place}{part}"),
        }
    }

    /// The place.
    #[must_use]
    pub const fn place(&self) -> Place {
        self.place
    }

    /// Offset in bytes from the start of the message (the frame length is not part of it, a header is).
    #[must_use]
    pub const fn offset(&self) -> usize {
        self.offset
    }

    /// What is wrong, for programs.
    #[must_use]
    pub const fn problem(&self) -> &DecodeProblem {
        &self.problem
    }

    /// What should be there.
    #[must_use]
    pub fn expected(&self) -> String {
        match &self.problem {
            DecodeProblem::TooLarge { .. } => format!("at most {MAX_MESSAGE} bytes"),
            DecodeProblem::Truncated { needed, .. } => format!("{needed} bytes"),
            DecodeProblem::NotADigit { encoding, .. } => digits_in(*encoding).into(),
            DecodeProblem::NotHexadecimal { .. } => "hexadecimal digits".into(),
            DecodeProblem::TooLong { max, .. } => format!("a length of at most {max}"),
            DecodeProblem::TooShort { min, .. } => format!("a length of at least {min}"),
            DecodeProblem::OddNibbles { .. } => "an even number of nibbles".into(),
            DecodeProblem::WrongCharacter { class, .. } => class.expected().into(),
            DecodeProblem::WrongNibble => "packed digits".into(),
            DecodeProblem::WrongPad { pad, .. } => format!("the pad nibble {:X}", pad.nibble()),
            DecodeProblem::Undefined => "a data element of the dialect".into(),
            DecodeProblem::Trailing { .. } => "nothing more".into(),
            DecodeProblem::Structure { expected, .. } => (*expected).into(),
            DecodeProblem::Header(error) => format!("{}: {}", error.part, error.expected),
        }
    }

    /// What is there instead; of values only the kind of the wrong character.
    #[must_use]
    pub fn found(&self) -> String {
        match &self.problem {
            DecodeProblem::TooLarge { bytes } => format!("{bytes} bytes"),
            DecodeProblem::Truncated { left, .. } => format!("{left}"),
            DecodeProblem::NotADigit { byte, .. } | DecodeProblem::NotHexadecimal { byte } => {
                format!("byte 0x{byte:02X}")
            }
            DecodeProblem::TooLong { length, .. }
            | DecodeProblem::TooShort { length, .. }
            | DecodeProblem::OddNibbles { length } => format!("{length}"),
            DecodeProblem::WrongCharacter { found, .. } => (*found).into(),
            DecodeProblem::WrongNibble => "a nibble above 9".into(),
            DecodeProblem::WrongPad { found, .. } => format!("{found:X}"),
            DecodeProblem::Undefined => "one it does not have".into(),
            DecodeProblem::Trailing { bytes } => format!("{bytes} more bytes"),
            DecodeProblem::Structure { found, .. } => (*found).into(),
            DecodeProblem::Header(error) => error.found.clone(),
        }
    }

    const fn remedy(&self) -> &'static str {
        match (&self.problem, self.place) {
            (DecodeProblem::TooLarge { .. }, _) => "send shorter messages",
            (DecodeProblem::Truncated { .. }, Place::Header | Place::Mti | Place::Bitmap(_)) => {
                "send whole messages"
            }
            (DecodeProblem::Truncated { .. }, _) => {
                "send the whole data element, or correct the frame length or the bitmap"
            }
            (DecodeProblem::NotADigit { .. }, Place::Mti) => "start the message with a four-digit MTI",
            (DecodeProblem::NotADigit { .. }, _) => "write the length as agreed",
            (DecodeProblem::NotHexadecimal { .. }, _) => "write the bitmap in hexadecimal digits",
            (DecodeProblem::TooLong { .. }, _) => "send a shorter value",
            (DecodeProblem::TooShort { .. }, _) => "send the whole value",
            (DecodeProblem::OddNibbles { .. }, _) => "count whole bytes",
            (DecodeProblem::WrongCharacter { .. }, _) => "send the agreed characters",
            (DecodeProblem::WrongNibble, _) => "pack nothing but digits",
            (DecodeProblem::WrongPad { .. }, _) => "pad as agreed",
            (DecodeProblem::Undefined, _) => "leave this data element out, or agree on its layout",
            (DecodeProblem::Trailing { .. }, _) => "announce every data element in the bitmap",
            (DecodeProblem::Header(_), _) => "send the agreed header",
            (DecodeProblem::Structure { .. }, _) => "build it as agreed",
        }
    }
}

const fn digits_in(encoding: IndicatorEncoding) -> &'static str {
    match encoding {
        IndicatorEncoding::Ascii => "decimal digits",
        IndicatorEncoding::Ebcdic => "decimal digits in EBCDIC",
        IndicatorEncoding::Bcd => "packed decimal digits",
        IndicatorEncoding::Binary => "a binary number",
        IndicatorEncoding::Hex => "upper-case hexadecimal digits",
        IndicatorEncoding::EbcdicHex => "upper-case hexadecimal digits in EBCDIC",
    }
}

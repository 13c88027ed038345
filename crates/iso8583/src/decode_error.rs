//! Why received bytes are not a message: where, what was expected, what is there, and what the sender must do.

use crate::{decode::MAX_MESSAGE, field_spec::Content, place::Place};

/// The first thing that is wrong with received bytes. Never carries card data.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
#[error(
    "{place} at byte {offset}: expected {expected}, found {found}; the sender must {remedy}",
    expected = self.expected(),
    found = self.found(),
    remedy = self.remedy()
)]
pub struct DecodeError {
    place: Place,
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
    /// The MTI or a length indicator has a byte that is no decimal digit.
    NotADigit {
        /// That byte.
        byte: u8,
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
    /// A value has a character that does not belong there.
    WrongCharacter {
        /// What the value should consist of.
        content: Content,
        /// The kind of the wrong character.
        found: &'static str,
    },
    /// The bitmap announces a data element that the dialect does not have.
    Undefined,
    /// Bytes follow behind the last data element.
    Trailing {
        /// How many.
        bytes: usize,
    },
}

impl DecodeError {
    pub(crate) const fn new(place: Place, offset: usize, problem: DecodeProblem) -> Self {
        Self { place, offset, problem }
    }

    /// The path of the place: `MTI`, `bitmap 1`, `DE43`, `DE48 length`, `end of message`, `message`.
    #[must_use]
    pub fn path(&self) -> String {
        self.place.to_string()
    }

    /// The place.
    #[must_use]
    pub const fn place(&self) -> Place {
        self.place
    }

    /// Offset in bytes from the start of the message (the frame length is not part of it).
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
            DecodeProblem::NotADigit { .. } => "decimal digits".into(),
            DecodeProblem::NotHexadecimal { .. } => "hexadecimal digits".into(),
            DecodeProblem::TooLong { max, .. } => format!("a length of at most {max}"),
            DecodeProblem::WrongCharacter { content, .. } => content.expected().into(),
            DecodeProblem::Undefined => "a data element of the dialect".into(),
            DecodeProblem::Trailing { .. } => "nothing more".into(),
        }
    }

    /// What is there instead; of values only the kind of the wrong character.
    #[must_use]
    pub fn found(&self) -> String {
        match &self.problem {
            DecodeProblem::TooLarge { bytes } => format!("{bytes} bytes"),
            DecodeProblem::Truncated { left, .. } => format!("{left}"),
            DecodeProblem::NotADigit { byte } | DecodeProblem::NotHexadecimal { byte } => {
                format!("byte 0x{byte:02X}")
            }
            DecodeProblem::TooLong { length, .. } => format!("{length}"),
            DecodeProblem::WrongCharacter { found, .. } => (*found).into(),
            DecodeProblem::Undefined => "one it does not have".into(),
            DecodeProblem::Trailing { bytes } => format!("{bytes} more bytes"),
        }
    }

    const fn remedy(&self) -> &'static str {
        match (&self.problem, self.place) {
            (DecodeProblem::TooLarge { .. }, _) => "send shorter messages",
            (DecodeProblem::Truncated { .. }, Place::Mti | Place::Bitmap(_)) => "send whole messages",
            (DecodeProblem::Truncated { .. }, _) => {
                "send the whole data element, or correct the frame length or the bitmap"
            }
            (DecodeProblem::NotADigit { .. }, Place::Mti) => "start the message with a four-digit MTI",
            (DecodeProblem::NotADigit { .. }, _) => "write the length in decimal digits",
            (DecodeProblem::NotHexadecimal { .. }, _) => "write the bitmap in 16 hexadecimal digits",
            (DecodeProblem::TooLong { .. }, _) => "send a shorter value",
            (DecodeProblem::WrongCharacter { .. }, _) => "send the agreed characters",
            (DecodeProblem::Undefined, _) => "leave this data element out, or agree on its layout",
            (DecodeProblem::Trailing { .. }, _) => "announce every data element in the bitmap",
        }
    }
}

/// The kind of a character, which tells nothing about the value.
pub(crate) const fn kind_of(byte: u8) -> &'static str {
    match byte {
        b'0'..=b'9' => "a digit",
        b'A'..=b'Z' | b'a'..=b'z' => "a letter",
        b' ' => "a blank",
        0x21..=0x7e => "a punctuation mark",
        0x00..=0x1f | 0x7f => "a control character",
        0x80..=0xff => "a byte above 0x7F",
    }
}

//! What a dialect says about one data element: its format, how it is written, and how much of it may be shown.

use crate::{
    code_page::CodePage,
    format::{Format, Length},
    structure::Structure,
};

/// One data element of a dialect, or one part of a data element.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FieldSpec {
    /// Short English name.
    pub name: String,
    /// Characters and length.
    pub format: Format,
    /// How the value is written.
    pub encoding: Encoding,
    /// How its length indicator is written; meaningless where the length is fixed.
    pub indicator: Indicator,
    /// What the sign of a signed value may be.
    pub signs: Signs,
    /// How much of the value may be shown.
    pub shown: Shown,
    /// The table that says its codes in words, for example `response-code`.
    pub codes: Option<String>,
    /// What is inside the value.
    pub inside: Option<Structure>,
}

/// How a value is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Encoding {
    /// One ASCII character per byte.
    Ascii,
    /// One ISO 8859-1 character per byte: bytes above 0x7F are allowed where text is.
    Latin1,
    /// One EBCDIC character per byte.
    Ebcdic(CodePage),
    /// Two digits per byte. In signed values the sign is one letter in `letters`, then digits.
    Bcd {
        /// Where the pad stands if the number of digits is odd.
        pad: Side,
        /// What the pad is when written.
        pad_digit: PadDigit,
        /// How a sign letter is written.
        letters: Letters,
    },
    /// Bytes as they are.
    Binary,
    /// Binary data as ASCII hexadecimal text, two characters per byte.
    Hex,
    /// Binary data as EBCDIC hexadecimal text, two characters per byte.
    EbcdicHex(CodePage),
}

/// In which code letters are written beside packed digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Letters {
    /// ASCII.
    Ascii,
    /// EBCDIC.
    Ebcdic(CodePage),
}

/// What the sign of a signed value may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Signs {
    /// `C` or `D`, as the standard says.
    CreditDebit,
    /// Any letter or digit: some fill the sign with a zero.
    Any,
}

/// A side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    /// The first nibble.
    Left,
    /// The last nibble.
    Right,
}

/// The pad nibble of an odd number of packed digits.
///
/// `0` and `F` are both in use, sometimes on one link. Either is read, unless the dialect wants it exact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PadDigit {
    /// Writes 0, reads 0 and F.
    Zero,
    /// Writes F, reads 0 and F.
    F,
    /// Writes 0, reads 0 only.
    OnlyZero,
    /// Writes F, reads F only.
    OnlyF,
}

impl PadDigit {
    /// The nibble as written.
    #[must_use]
    pub const fn nibble(self) -> u8 {
        match self {
            Self::Zero | Self::OnlyZero => 0,
            Self::F | Self::OnlyF => 0xF,
        }
    }

    pub(crate) const fn reads(self, nibble: u8) -> bool {
        match self {
            Self::Zero | Self::F => nibble == 0 || nibble == 0xF,
            Self::OnlyZero => nibble == 0,
            Self::OnlyF => nibble == 0xF,
        }
    }
}

/// How a length indicator is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Indicator {
    /// In which code.
    pub encoding: IndicatorEncoding,
    /// Its length in bytes, 1 to 6; 0 for a last part that takes what is left.
    pub bytes: u8,
    /// What it counts.
    pub counts: Counts,
    /// Bytes that it counts besides the value: its own, those of a tag behind it.
    pub counts_also: u8,
}

/// In which code a length indicator is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum IndicatorEncoding {
    /// ASCII digits.
    Ascii,
    /// EBCDIC digits; all code pages write digits alike.
    Ebcdic,
    /// Two digits per byte, padded with 0 on the left.
    Bcd,
    /// A big-endian number.
    Binary,
    /// Hexadecimal digits in ASCII, letters in upper case.
    Hex,
    /// Hexadecimal digits in EBCDIC, letters in upper case; all code pages write them alike.
    EbcdicHex,
}

/// What a length indicator counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Counts {
    /// Characters of the value: digits of packed digits, nibbles of binary data, letters of text.
    Characters,
    /// Bytes of the value: as sent for packed digits and text, as meant for hexadecimal text.
    Bytes,
}

/// How much of a value `Debug` and [`Message::describe`](crate::Message::describe) show.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Shown {
    /// All of it.
    Open,
    /// Free text: all of it, but card numbers inside are masked with [`mask_text`](crate::mask_text).
    Private,
    /// The last four characters (card and account numbers).
    Pan,
    /// Nothing at all.
    Secret,
}

impl FieldSpec {
    /// Whether it has no length indicator although its length varies: it takes what is left of the value that it is a
    /// part of.
    #[must_use]
    pub const fn takes_the_rest(&self) -> bool {
        self.indicator.bytes == 0 && matches!(self.format.length, Length::Variable { .. })
    }

    /// Whether a length of `characters` (of binary data: bytes) is allowed.
    pub(crate) fn fits(&self, characters: usize) -> bool {
        let at_most = |max: u32| u32::try_from(characters).is_ok_and(|length| length <= max);
        match self.format.length {
            Length::Fixed(length) => u32::try_from(characters) == Ok(length),
            Length::Variable { min, max, .. } => at_most(max) && !(min > 0 && at_most(min - 1)),
        }
    }
}

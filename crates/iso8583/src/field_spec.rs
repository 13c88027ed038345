//! What a dialect says about one data element: length, characters, and how much of it may be shown.

/// One data element of a dialect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FieldSpec {
    /// Short English name, used in descriptions.
    pub name: &'static str,
    /// How long the value is.
    pub length: Length,
    /// Which characters the value may have.
    pub content: Content,
    /// How much of the value may be shown.
    pub shown: Shown,
}

impl FieldSpec {
    /// Puts a description together.
    #[must_use]
    pub const fn new(name: &'static str, length: Length, content: Content, shown: Shown) -> Self {
        Self { name, length, content, shown }
    }
}

/// The length of a value, counted in characters of the value (digits, letters, hexadecimal digits).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Length {
    /// Always this many characters.
    Fixed(u16),
    /// A length indicator of `digits` decimal digits, then up to `max` characters.
    Variable {
        /// Number of digits of the length indicator.
        digits: u8,
        /// Greatest number of characters.
        max: u16,
    },
}

impl Length {
    /// The greatest number of characters.
    #[must_use]
    pub const fn max(self) -> u16 {
        match self {
            Self::Fixed(length) => length,
            Self::Variable { max, .. } => max,
        }
    }
}

/// The characters a value may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Content {
    /// Digits.
    Numeric,
    /// `C` or `D`, then digits.
    SignedNumeric,
    /// Printable ASCII, 0x20 to 0x7E.
    Text,
    /// Magnetic stripe data of track 2: 0x30 to 0x3F (digits and separators), or `D` as the separator.
    Track,
    /// Binary data written as hexadecimal text of either case.
    HexBinary,
}

impl Content {
    /// What a value of this kind looks like, for error texts.
    #[must_use]
    pub const fn expected(self) -> &'static str {
        match self {
            Self::Numeric => "digits",
            Self::SignedNumeric => "C or D, then digits",
            Self::Text => "printable ASCII characters",
            Self::Track => "track 2 characters",
            Self::HexBinary => "hexadecimal digits",
        }
    }

    /// The position of the first byte that does not belong, if there is one.
    pub(crate) fn first_wrong(self, value: &[u8]) -> Option<usize> {
        value.iter().enumerate().position(|(at, byte)| !match self {
            Self::Numeric => byte.is_ascii_digit(),
            Self::SignedNumeric if at == 0 => matches!(byte, b'C' | b'D'),
            Self::SignedNumeric => byte.is_ascii_digit(),
            Self::Text => matches!(byte, 0x20..=0x7e),
            Self::Track => matches!(byte, 0x30..=0x3f | b'D'),
            Self::HexBinary => byte.is_ascii_hexdigit(),
        })
    }
}

/// How much of a value `Debug` and [`Message::describe`](crate::Message::describe) show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Shown {
    /// All of it.
    Open,
    /// The last four characters (card and account numbers).
    Pan,
    /// Nothing at all.
    Secret,
    /// Free text: all of it, but card numbers inside are masked with [`mask_text`](crate::mask_text).
    Private,
}

#[cfg(test)]
mod tests {
    use super::Content;

    #[test]
    fn every_content_finds_the_first_wrong_byte() {
        for (content, good, bad, at) in [
            (Content::Numeric, &b"0123456789"[..], &b"12x4"[..], 2),
            (Content::SignedNumeric, b"C00000000", b"X00000000", 0),
            (Content::SignedNumeric, b"D00000000", b"CD0000000", 1),
            (Content::Text, b" ~Az09", b"ab\x7f", 2),
            (Content::Text, b"", b"\x80", 0),
            (Content::Track, b"4=2912D?", b"4 2", 1),
            (Content::HexBinary, b"09afAF", b"0g", 1),
        ] {
            assert_eq!(content.first_wrong(good), None, "{content:?}");
            assert_eq!(content.first_wrong(bad), Some(at), "{content:?}");
        }
    }
}

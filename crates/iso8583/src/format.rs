//! The format of a value in the notation of the standard: `n6`, `n..19`, `ans...999`, `x+n8`, `b64`.

use std::{fmt, str::FromStr};

/// Dots of a length at most: a length indicator of six digits.
const MAX_DOTS: u8 = 6;
/// The greatest fixed length; no message is longer.
const MAX_LENGTH: u32 = 65_535;
/// The greatest variable length: what a length indicator of six digits can say. Manuals write it although no message
/// is as long.
const MAX_VARIABLE: u32 = 999_999;

/// Which characters a value may have and how many.
///
/// Written as the standard writes it: the class of characters, a dot for each digit of the length indicator
/// (none: the length is fixed), the length. `x+n8` is a sign letter and eight digits. Fixed binary lengths are
/// counted in bits (`b64` is eight bytes), variable ones in bytes (`b...255`). A least length stands before the
/// dots: `n12..19`.
///
/// ```
/// # use iso8583::{Class, Format, Length};
/// let format: Format = "n..19".parse()?;
/// assert_eq!(format.class, Class::Numeric);
/// assert_eq!(format.length, Length::Variable { digits: 2, min: 0, max: 19 });
/// assert_eq!(format.to_string(), "n..19");
/// # Ok::<(), iso8583::FormatError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Format {
    /// The characters.
    pub class: Class,
    /// How many.
    pub length: Length,
}

/// The length of a value, in characters of the value (digits, letters); of binary data in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Length {
    /// Always this many.
    Fixed(u32),
    /// Announced by a length indicator of `digits` digits.
    Variable {
        /// Digits of the length indicator, 1 (`L`) to 6 (`LLLLLL`).
        digits: u8,
        /// Least length.
        min: u32,
        /// Greatest length.
        max: u32,
    },
}

impl Length {
    /// The greatest length.
    #[must_use]
    pub const fn max(self) -> u32 {
        match self {
            Self::Fixed(length) => length,
            Self::Variable { max, .. } => max,
        }
    }

    /// The least length.
    #[must_use]
    pub const fn min(self) -> u32 {
        match self {
            Self::Fixed(length) => length,
            Self::Variable { min, .. } => min,
        }
    }
}

/// The characters a value may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Class {
    /// `a`: letters and blanks.
    Alpha,
    /// `n`: digits.
    Numeric,
    /// `an`: letters, digits and blanks.
    AlphaNumeric,
    /// `as`: letters, blanks and punctuation.
    AlphaSpecial,
    /// `ns`: digits, blanks and punctuation.
    NumericSpecial,
    /// `ans`: every printable character.
    AlphaNumericSpecial,
    /// `x+n`: `C` or `D`, then digits.
    SignedNumeric,
    /// `z`: magnetic stripe data of track 2 or 3: digits and separators (0x30 to 0x3F), `D` as the separator.
    Track,
    /// `b`: binary data.
    Binary,
}

const CLASSES: [(&str, Class); 9] = [
    ("x+n", Class::SignedNumeric),
    ("ans", Class::AlphaNumericSpecial),
    ("an", Class::AlphaNumeric),
    ("as", Class::AlphaSpecial),
    ("ns", Class::NumericSpecial),
    ("a", Class::Alpha),
    ("n", Class::Numeric),
    ("z", Class::Track),
    ("b", Class::Binary),
];

impl Class {
    /// The notation of the standard.
    #[must_use]
    pub fn notation(self) -> &'static str {
        CLASSES.iter().find(|(_, class)| *class == self).map_or("ans", |(notation, _)| notation)
    }

    /// What a value of this class consists of, for error texts.
    #[must_use]
    pub const fn expected(self) -> &'static str {
        match self {
            Self::Alpha => "letters",
            Self::Numeric => "digits",
            Self::AlphaNumeric => "letters and digits",
            Self::AlphaSpecial => "letters and punctuation",
            Self::NumericSpecial => "digits and punctuation",
            Self::AlphaNumericSpecial => "printable characters",
            Self::SignedNumeric => "C or D, then digits",
            Self::Track => "track 2 characters",
            Self::Binary => "binary data",
        }
    }
}

/// Why a format cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{expected}; write it as the standard does, for example n6, n..19, ans...999, x+n8 or b64")]
pub struct FormatError {
    expected: String,
}

fn wrong(expected: impl Into<String>) -> FormatError {
    FormatError { expected: expected.into() }
}

impl FromStr for Format {
    type Err = FormatError;

    fn from_str(text: &str) -> Result<Self, FormatError> {
        let (class, rest) = CLASSES
            .iter()
            .find_map(|(notation, class)| Some((*class, text.strip_prefix(notation)?)))
            .ok_or_else(|| wrong("a format begins with a, n, an, as, ns, ans, x+n, z or b"))?;
        let (least, dots_and_max) = rest.split_at(rest.find('.').unwrap_or(0));
        let max = dots_and_max.trim_start_matches('.');
        let dots = u8::try_from(dots_and_max.len() - max.len()).unwrap_or(u8::MAX);
        let max = number(max)?;
        let length = if dots == 0 {
            fixed(class, max)?
        } else {
            let min = if least.is_empty() { 0 } else { number(least)? };
            variable(class, dots, min, max)?
        };
        Ok(Self { class, length })
    }
}

fn number(digits: &str) -> Result<u32, FormatError> {
    let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    if !plain {
        return Err(wrong("a length is a number"));
    }
    let value = digits.parse().ok().filter(|length| *length <= MAX_VARIABLE);
    value.ok_or_else(|| wrong(format!("a length is at most {MAX_VARIABLE}")))
}

fn too_long() -> FormatError {
    wrong(format!("a fixed length is at most {MAX_LENGTH}: no message has more bytes"))
}

fn fixed(class: Class, length: u32) -> Result<Length, FormatError> {
    let length = match class {
        Class::Binary if !length.is_multiple_of(8) => {
            return Err(wrong("a fixed binary length is counted in bits and a multiple of 8"));
        }
        Class::Binary => length / 8,
        Class::SignedNumeric => length + 1,
        _ => length,
    };
    if length > MAX_LENGTH {
        return Err(too_long());
    }
    if length == 0 {
        return Err(wrong("a length of at least 1"));
    }
    Ok(Length::Fixed(length))
}

fn variable(class: Class, dots: u8, min: u32, max: u32) -> Result<Length, FormatError> {
    if dots > MAX_DOTS {
        return Err(wrong(format!("a length indicator has at most {MAX_DOTS} digits")));
    }
    let sign = u32::from(class == Class::SignedNumeric);
    let (min, max) = (if min == 0 { 0 } else { min + sign }, max + sign);
    // Whether the indicator can say it depends on how it is written: a byte goes to 255, two digits to 99.
    if min > max || max == 0 {
        return Err(wrong("the least length is not above the greatest, which is not 0"));
    }
    Ok(Length::Variable { digits: dots, min, max })
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.class.notation())?;
        let sign = u32::from(self.class == Class::SignedNumeric);
        match self.length {
            Length::Fixed(bytes) if self.class == Class::Binary => write!(f, "{}", bytes * 8),
            Length::Fixed(length) => write!(f, "{}", length - sign),
            Length::Variable { digits, min, max } => {
                if min > 0 {
                    write!(f, "{}", min - sign)?;
                }
                write!(f, "{:.<dots$}{}", "", max - sign, dots = usize::from(digits))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Class, Format, Length};

    fn check(text: &str, class: Class, length: Length) {
        let format: Format = text.parse().unwrap();
        assert_eq!(format, Format { class, length }, "{text}");
        assert_eq!(format.to_string(), text);
    }

    #[test]
    fn the_notation_of_the_standard() {
        let variable = |digits, min, max| Length::Variable { digits, min, max };
        check("n6", Class::Numeric, Length::Fixed(6));
        check("n..19", Class::Numeric, variable(2, 0, 19));
        check("n12..19", Class::Numeric, variable(2, 12, 19));
        check("ans...999", Class::AlphaNumericSpecial, variable(3, 0, 999));
        check("ans......999999", Class::AlphaNumericSpecial, variable(6, 0, 999_999));
        check("x+n8", Class::SignedNumeric, Length::Fixed(9));
        check("b64", Class::Binary, Length::Fixed(8));
        check("b...255", Class::Binary, variable(3, 0, 255));
        check("z..37", Class::Track, variable(2, 0, 37));
        check("an12", Class::AlphaNumeric, Length::Fixed(12));
        check("as1", Class::AlphaSpecial, Length::Fixed(1));
        check("ns1", Class::NumericSpecial, Length::Fixed(1));
        check("a.9", Class::Alpha, variable(1, 0, 9));
    }

    #[test]
    fn a_length_beyond_every_message_is_named_as_such() {
        for text in ["n65536", "b524288", "n524281", "x+n65535"] {
            let error = text.parse::<Format>().unwrap_err().to_string();
            assert!(
                error.starts_with("a fixed length is at most 65535: no message has more bytes"),
                "{text}: {error}"
            );
        }
    }

    #[test]
    fn what_is_no_format_is_refused_with_an_example() {
        for text in [
            "",
            "n",
            "6",
            "q6",
            "n0",
            "n..",
            "n..1000000",
            "n99999",
            "b63",
            "b0",
            "n-1",
            "n+1",
            "n20..19",
            "n..0",
            "n1.2.3",
            "ans.......9",
            "n99999999999",
            "ans......1000000",
            "ñ6",
        ] {
            let error = text.parse::<Format>().unwrap_err().to_string();
            assert!(error.contains("n..19"), "{text}: {error}");
        }
    }
}

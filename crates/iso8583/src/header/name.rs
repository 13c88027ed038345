//! Names of headers for configuration files.

use std::{fmt, str::FromStr};

use super::{
    Header, MAX_HEADER,
    part::{Part, TPDU, USUAL_TPDU},
    visanet::Stations,
};
use crate::framing::nearest::nearest;

const NONE: &str = "none";
const LITERAL: &str = "literal:";
const FORMS: &str = "`none`, `tpdu`, `tpdu:` and 10 hexadecimal digits, `visanet`, `visanet:` and 12 hexadecimal \
                     digits, `literal:` and printable ASCII, `bytes:` and a number, or several joined with `+`";

/// A text that is not the name of a header.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
#[error("header: expected {expected}, found `{found}`{advice}", advice = self.advice())]
pub struct UnknownHeader {
    /// What should be there.
    pub expected: String,
    /// The part of the text that is wrong.
    pub found: String,
    /// The name that is nearest, if one is near enough to be a slip of the hand.
    pub nearest: Option<String>,
}

impl UnknownHeader {
    fn new(expected: impl Into<String>, found: &str) -> Self {
        Self { expected: expected.into(), found: found.to_owned(), nearest: None }
    }

    fn advice(&self) -> String {
        self.nearest.as_ref().map(|name| format!("; did you mean `{name}`?")).unwrap_or_default()
    }
}

impl Header {
    /// The names of all parts as they begin.
    #[must_use]
    pub const fn names() -> &'static [&'static str] {
        &["none", "tpdu", "visanet", "literal:", "bytes:"]
    }
}

impl FromStr for Header {
    type Err = UnknownHeader;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == NONE {
            return Ok(Self::NONE);
        }
        let mut header = Self::NONE;
        for name in split_parts(text) {
            header.parts.push(parse_part(&name)?);
            // Told before more is read, so that the configuration bounds what is kept.
            let length = header.length();
            if length > MAX_HEADER {
                let expected = format!("a header of at most {MAX_HEADER} bytes");
                return Err(UnknownHeader::new(expected, text));
            }
        }
        Ok(header)
    }
}

/// Parts between `+`; in a literal `++` is the sign itself.
fn split_parts(text: &str) -> Vec<String> {
    let mut parts = Vec::new();
    let mut part = String::new();
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        if letter != '+' {
            part.push(letter);
        } else if part.starts_with(LITERAL) && letters.next_if_eq(&'+').is_some() {
            part.push('+');
        } else {
            parts.push(std::mem::take(&mut part));
        }
    }
    parts.push(part);
    parts
}

fn parse_part(name: &str) -> Result<Part, UnknownHeader> {
    let (kind, value) = match name.split_once(':') {
        Some((kind, value)) => (kind, Some(value)),
        None => (name, None),
    };
    match (kind, value) {
        ("tpdu", None) => Ok(Part::Tpdu(USUAL_TPDU)),
        ("tpdu", Some(digits)) => array(digits)
            .map(Part::Tpdu)
            .ok_or_else(|| UnknownHeader::new(format!("`tpdu:` and {} hexadecimal digits", 2 * TPDU), name)),
        ("visanet", None) => Ok(Part::VisaNet(Stations::default())),
        ("visanet", Some(digits)) => stations(digits)
            .ok_or_else(|| UnknownHeader::new("`visanet:` and 12 hexadecimal digits, two stations", name)),
        ("literal", Some(text)) => literal(text).ok_or_else(|| {
            let expected = format!("`literal:` and 1 to {MAX_HEADER} printable ASCII characters");
            UnknownHeader::new(expected, name)
        }),
        ("bytes", Some(value)) => opaque(value, name),
        _ => Err(UnknownHeader { nearest: near(kind), ..UnknownHeader::new(FORMS, name) }),
    }
}

fn near(kind: &str) -> Option<String> {
    nearest(kind, Header::names().iter().map(|name| name.trim_end_matches(':').to_owned())).map(|name| {
        // A name that needs something behind it is suggested as it begins.
        if matches!(name.as_str(), "literal" | "bytes") { format!("{name}:") } else { name }
    })
}

fn literal(text: &str) -> Option<Part> {
    let printable = text.bytes().all(|byte| matches!(byte, 0x20..=0x7e));
    (printable && (1..=MAX_HEADER).contains(&text.len())).then(|| Part::Literal(text.to_owned()))
}

fn stations(digits: &str) -> Option<Part> {
    let [d1, d2, d3, s1, s2, s3] = array(digits)?;
    Some(Part::VisaNet(Stations { destination: [d1, d2, d3], source: [s1, s2, s3] }))
}

fn opaque(value: &str, name: &str) -> Result<Part, UnknownHeader> {
    let (number, own) = match value.split_once(':') {
        Some((number, own)) => (number, Some(own)),
        None => (value, None),
    };
    let digits = number.bytes().all(|byte| byte.is_ascii_digit());
    let length = digits.then(|| number.parse().ok()).flatten().filter(|n| (1..=MAX_HEADER).contains(n));
    let Some(length) = length else {
        return Err(UnknownHeader::new(format!("`bytes:` and a number from 1 to {MAX_HEADER}"), name));
    };
    let Some(own) = own else { return Ok(Part::Opaque(length, None)) };
    match bytes(own).filter(|own| own.len() == length) {
        Some(own) => Ok(Part::Opaque(length, Some(own))),
        None => {
            let expected = format!("`bytes:{length}:` and {} hexadecimal digits", 2 * length);
            Err(UnknownHeader::new(expected, name))
        }
    }
}

fn array<const N: usize>(digits: &str) -> Option<[u8; N]> {
    bytes(digits)?.try_into().ok()
}

fn bytes(digits: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    if digits.len() > 2 * MAX_HEADER || !digits.len().is_multiple_of(2) {
        return None;
    }
    let pairs = digits.as_bytes().chunks_exact(2);
    pairs
        .map(|pair| match pair {
            &[high, low] => Some(digit(high)? << 4 | digit(low)?),
            _ => None,
        })
        .collect()
}

impl fmt::Display for Header {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.parts.is_empty() {
            return f.write_str(NONE);
        }
        for (index, part) in self.parts.iter().enumerate() {
            if index > 0 {
                f.write_str("+")?;
            }
            write!(f, "{part}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tpdu(bytes) if *bytes == USUAL_TPDU => f.write_str("tpdu"),
            Self::Tpdu(bytes) => write!(f, "tpdu:{}", digits(bytes)),
            Self::VisaNet(stations) if *stations == Stations::default() => f.write_str("visanet"),
            Self::VisaNet(stations) => {
                write!(f, "visanet:{}{}", digits(&stations.destination), digits(&stations.source))
            }
            Self::Literal(text) => write!(f, "{LITERAL}{}", text.replace('+', "++")),
            Self::Opaque(length, None) => write!(f, "bytes:{length}"),
            Self::Opaque(length, Some(own)) => write!(f, "bytes:{length}:{}", digits(own)),
        }
    }
}

fn digits(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02X}")).collect()
}

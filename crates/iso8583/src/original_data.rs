//! Which message a reversal or a repeat is about: DE90 of 1987, DE56 of 1993.

use crate::{dialect::Version, field_error::FieldError, mti::Mti};

/// The original data elements of DE90 (1987, 42 digits) or DE56 (1993, up to 35 digits).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct OriginalData {
    /// MTI of the original.
    pub mti: Mti,
    /// System trace audit number (DE11) of the original, 6 digits.
    pub stan: String,
    /// When the original was sent: its DE7, 10 digits; of 1993 its DE12, 12 digits.
    pub transmission: String,
    /// Acquirer (DE32) of the original; of 1987 11 digits, filled with zeros on the left.
    pub acquirer: String,
    /// Forwarder (DE33) of the original, 11 digits, filled with zeros on the left; of 1993 empty.
    pub forwarder: String,
}

impl OriginalData {
    /// The data element that holds it.
    #[must_use]
    pub const fn data_element(version: Version) -> u8 {
        match version {
            Version::V1987 => 90,
            Version::V1993 | Version::V2003 => 56,
        }
    }

    /// Reads the value.
    ///
    /// # Errors
    ///
    /// When these are not 42 digits, or of 1993 not 4 + 6 + 12 digits and an acquirer with its length.
    pub fn parse(version: Version, text: &str) -> Result<Self, FieldError> {
        let wrong = |expected| FieldError::new(Self::data_element(version), expected, "something else");
        let digits = text.bytes().all(|byte| byte.is_ascii_digit());
        match version {
            Version::V1987 => Some(text)
                .filter(|text| digits && text.len() == 42)
                .and_then(parse_1987)
                .ok_or_else(|| wrong("42 digits")),
            Version::V1993 | Version::V2003 => Some(text)
                .filter(|_| digits)
                .and_then(parse_1993)
                .ok_or_else(|| wrong("MTI n4, STAN n6, local date and time n12, acquirer n..11")),
        }
    }

    /// Writes the value.
    ///
    /// # Errors
    ///
    /// When a part has not the digits that it must have.
    pub fn write(&self, version: Version) -> Result<String, FieldError> {
        let Self { mti, stan, transmission, acquirer, forwarder } = self;
        let text = match version {
            Version::V1987 => format!("{mti}{stan}{transmission}{acquirer:0>11}{forwarder:0>11}"),
            Version::V1993 | Version::V2003 => {
                format!("{mti}{stan}{transmission}{:02}{acquirer}", acquirer.len())
            }
        };
        let read = Self::parse(version, &text)?;
        // One part too short and the next too long give the right length as a whole.
        if read.stan != *stan || read.transmission != *transmission {
            let expected = "a STAN n6 and a date and time n10, of 1993 n12";
            return Err(FieldError::new(Self::data_element(version), expected, "other lengths"));
        }
        Ok(text)
    }

    /// Whether this names the institution `id` as acquirer; leading zeros do not count.
    #[must_use]
    pub fn is_acquirer(&self, id: &str) -> bool {
        self.acquirer.trim_start_matches('0') == id.trim_start_matches('0')
    }
}

fn parse_1987(text: &str) -> Option<OriginalData> {
    Some(OriginalData {
        mti: Mti::parse(text.get(..4)?.as_bytes())?,
        stan: text.get(4..10)?.to_owned(),
        transmission: text.get(10..20)?.to_owned(),
        acquirer: text.get(20..31)?.to_owned(),
        forwarder: text.get(31..42)?.to_owned(),
    })
}

fn parse_1993(text: &str) -> Option<OriginalData> {
    let acquirer = text.get(24..)?;
    let length: usize = text.get(22..24)?.parse().ok()?;
    Some(OriginalData {
        mti: Mti::parse(text.get(..4)?.as_bytes())?,
        stan: text.get(4..10)?.to_owned(),
        transmission: text.get(10..22)?.to_owned(),
        acquirer: Some(acquirer).filter(|id| id.len() == length && length <= 11)?.to_owned(),
        forwarder: String::new(),
    })
}

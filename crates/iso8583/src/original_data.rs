//! DE90: which message a reversal or a repeat is about.

use crate::{field_error::FieldError, mti::Mti};

const DE: u8 = 90;
const LENGTH: usize = 42;

/// The original data elements of DE90.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct OriginalData<'a> {
    /// MTI of the original.
    pub mti: Mti,
    /// System trace audit number (DE11) of the original, 6 digits.
    pub stan: &'a str,
    /// Transmission date and time (DE7) of the original, 10 digits.
    pub transmission: &'a str,
    /// Acquirer (DE32) of the original, 11 digits, filled with zeros on the left.
    pub acquirer: &'a str,
    /// Forwarder (DE33) of the original, 11 digits, filled with zeros on the left.
    pub forwarder: &'a str,
}

impl<'a> OriginalData<'a> {
    /// Reads the 42 digits of DE90.
    ///
    /// # Errors
    ///
    /// When these are not 42 digits.
    pub fn parse(text: &'a str) -> Result<Self, FieldError> {
        if text.len() != LENGTH || !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(FieldError::new(DE, "42 digits", "something else"));
        }
        let parts = || {
            Some(Self {
                mti: Mti::parse(text.get(..4)?.as_bytes())?,
                stan: text.get(4..10)?,
                transmission: text.get(10..20)?,
                acquirer: text.get(20..31)?,
                forwarder: text.get(31..42)?,
            })
        };
        parts().ok_or(FieldError::new(DE, "42 digits", "something else"))
    }

    /// Whether this names the institution `id` as acquirer; DE32 is sent without the leading zeros of DE90.
    #[must_use]
    pub fn is_acquirer(&self, id: &str) -> bool {
        self.acquirer.trim_start_matches('0') == id.trim_start_matches('0')
    }
}

//! Typed views of data elements. Absent and empty ones give `None`.

use crate::{
    additional_amount::AdditionalAmount, field_error::FieldError, message::Message,
    original_data::OriginalData,
};

impl<'a> Message<'a> {
    /// The amount of DE4, DE5 or DE6 in minor units; its currency stands in DE49, DE50 or DE51.
    ///
    /// # Errors
    ///
    /// When the value is no number, or `de` is another data element.
    pub fn amount(&self, de: u8) -> Result<Option<u64>, FieldError> {
        if !matches!(de, 4..=6) {
            return Err(FieldError::new(de, "DE4, DE5 or DE6", "a data element that is no amount"));
        }
        self.number(de)
    }

    /// The value of a data element that consists of digits.
    ///
    /// # Errors
    ///
    /// When the value is not only digits, or too great for 64 bits.
    pub fn number(&self, de: u8) -> Result<Option<u64>, FieldError> {
        self.filled(de).map(|text| number(de, text)).transpose()
    }

    /// What DE90 says about the original message.
    ///
    /// # Errors
    ///
    /// When DE90 is not 42 digits.
    pub fn original_data(&self) -> Result<Option<OriginalData<'a>>, FieldError> {
        self.filled(90).map(OriginalData::parse).transpose()
    }

    /// The actual transaction amount of DE95, its first 12 digits, in minor units.
    ///
    /// # Errors
    ///
    /// When DE95 does not start with 12 digits.
    pub fn replacement_amount(&self) -> Result<Option<u64>, FieldError> {
        let Some(text) = self.filled(95) else { return Ok(None) };
        let amount =
            text.get(..12).ok_or(FieldError::new(95, "12 digits at its start", "fewer characters"))?;
        number(95, amount).map(Some)
    }

    /// The additional amounts of DE54.
    ///
    /// # Errors
    ///
    /// When DE54 is not groups of 20 characters of the agreed form.
    pub fn additional_amounts(&self) -> Result<Option<Vec<AdditionalAmount>>, FieldError> {
        self.filled(54).map(AdditionalAmount::parse_all).transpose()
    }

    fn filled(&self, de: u8) -> Option<&'a str> {
        self.text(de).filter(|text| !text.is_empty())
    }
}

fn number(de: u8, text: &str) -> Result<u64, FieldError> {
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(FieldError::new(de, "digits", "other characters"));
    }
    text.parse().map_err(|_| FieldError::new(de, "a number of at most 64 bits", "a greater number"))
}

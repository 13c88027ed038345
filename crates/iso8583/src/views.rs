//! Typed views of data elements, the same for every version of the standard. Absent and empty ones give `None`.

use std::borrow::Cow;

use crate::{
    additional_amount::AdditionalAmount, dialect::Version, field_error::FieldError, message::Message,
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
        let Some(value) = self.value(de).filter(|value| !value.is_empty()) else { return Ok(None) };
        let number = value.number();
        number.map(Some).ok_or(FieldError::new(de, "digits, a number of at most 64 bits", "something else"))
    }

    /// Which message this one is about: DE90 of 1987, DE56 of 1993.
    ///
    /// # Errors
    ///
    /// When the data element is not built as the standard says.
    pub fn original_data(&self) -> Result<Option<OriginalData>, FieldError> {
        let version = self.dialect().version();
        let text = self.filled(OriginalData::data_element(version));
        text.map(|text| OriginalData::parse(version, &text)).transpose()
    }

    /// What remains of the original amount, in minor units: the first 12 digits of DE95 of 1987. Of 1993 it is DE4
    /// itself, if DE30 gives an original amount that is not zero and DE24 does not say that all is reversed (400).
    ///
    /// # Errors
    ///
    /// When the data element does not start with 12 digits.
    pub fn replacement_amount(&self) -> Result<Option<u64>, FieldError> {
        if self.dialect().version() != Version::V1987 {
            let full = self.text(24).as_deref() == Some("400");
            return if !full && self.original_amount().is_some() { self.amount(4) } else { Ok(None) };
        }
        let Some(text) = self.filled(95) else { return Ok(None) };
        let wrong = |found| FieldError::new(95, "12 digits at its start", found);
        let amount = text.get(..12).ok_or_else(|| wrong("fewer characters"))?;
        if !amount.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(wrong("other characters"));
        }
        amount.parse().map(Some).map_err(|_| wrong("other characters"))
    }

    /// The original amount of a partial reversal of 1993, in minor units: the first 12 digits of DE30, if they are not
    /// zeros. In 1987 it is DE4 itself.
    #[must_use]
    pub fn original_amount(&self) -> Option<u64> {
        if self.dialect().version() == Version::V1987 {
            return None;
        }
        self.text(30)?.get(..12)?.parse().ok().filter(|amount| *amount > 0)
    }

    /// The merchant category: DE18 of 1987, DE26 of 1993.
    #[must_use]
    pub fn merchant_category(&self) -> Option<Cow<'a, str>> {
        self.filled(if self.dialect().version() == Version::V1987 { 18 } else { 26 })
    }

    /// The additional amounts of DE54.
    ///
    /// # Errors
    ///
    /// When DE54 is not groups of 20 characters of the agreed form.
    pub fn additional_amounts(&self) -> Result<Option<Vec<AdditionalAmount>>, FieldError> {
        self.filled(54).map(|text| AdditionalAmount::parse_all(&text)).transpose()
    }

    fn filled(&self, de: u8) -> Option<Cow<'a, str>> {
        self.text(de).filter(|text| !text.is_empty())
    }
}

//! What stands behind the codes in a file: numbers given by the caller and the currencies of ISO 4217.

use std::collections::BTreeMap;

use domain::{BankId, Currency, PartnerId, ProgramId};

/// The numbers that stand for the codes in files.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Codes {
    /// Banks by code.
    pub banks: BTreeMap<String, BankId>,
    /// Partners by code.
    pub partners: BTreeMap<String, PartnerId>,
    /// Programs by code.
    pub programs: BTreeMap<String, ProgramId>,
}

/// A currency as files name it and as messages number it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedCurrency {
    /// The three letters, such as `RUB`.
    pub code: String,
    /// The number, such as 643.
    pub number: Currency,
    /// How many decimals a major unit has.
    pub exponent: u32,
}

impl NamedCurrency {
    /// The currency with this code; `None` if ISO 4217 has none or it has no minor unit.
    pub fn from_code(code: &str) -> Option<Self> {
        let currency = iso_currency::Currency::from_code(code)?;
        let exponent = u32::from(currency.exponent()?);
        Some(Self { code: code.to_owned(), number: Currency(currency.numeric()), exponent })
    }

    /// The currency with this number, likewise.
    pub fn from_number(number: Currency) -> Option<Self> {
        Self::from_code(iso_currency::Currency::from_numeric(number.0)?.code())
    }

    /// `minor` units written in major units, such as `-223.50`.
    pub fn format(&self, minor: i64) -> String {
        let sign = if minor < 0 { "-" } else { "" };
        let digits = minor.unsigned_abs().to_string();
        let places = usize::try_from(self.exponent).unwrap_or(0);
        let padded = format!("{digits:0>width$}", width = places + 1);
        match padded.split_at_checked(padded.len() - places) {
            Some((whole, fraction)) if places > 0 => format!("{sign}{whole}.{fraction}"),
            _ => format!("{sign}{padded}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn minor_units_are_written_in_major_units() {
        let currency = |code| NamedCurrency::from_code(code).unwrap();
        assert_eq!(currency("RUB").number, Currency(643));
        for (code, minor, text) in [
            ("RUB", 0, "0.00"),
            ("RUB", 5, "0.05"),
            ("RUB", -22_350, "-223.50"),
            ("JPY", 7, "7"),
            ("KWD", 1, "0.001"),
        ] {
            assert_eq!(currency(code).format(minor), text);
        }
        assert_eq!(NamedCurrency::from_number(Currency(414)), Some(currency("KWD")));
        assert_eq!(NamedCurrency::from_code("RUR"), None);
        assert_eq!(NamedCurrency::from_code("XAU"), None, "gold has no minor unit");
    }
}

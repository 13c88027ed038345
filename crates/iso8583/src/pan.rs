//! A card number that cannot be printed by accident.

use std::fmt;

use zeroize::Zeroizing;

/// A card number of 12 to 19 digits. It is wiped from memory when dropped and has no `Display`.
#[derive(Clone, PartialEq, Eq)]
pub struct Pan(Zeroizing<String>);

impl Pan {
    /// Takes 12 to 19 ASCII digits, anything else is `None`. The Luhn digit is not checked.
    #[must_use]
    pub fn parse(digits: &str) -> Option<Self> {
        let fits = (12..=19).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
        fits.then(|| Self(Zeroizing::new(digits.to_owned())))
    }

    /// All digits. The caller answers for what becomes of them.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The last four digits.
    #[must_use]
    pub fn last4(&self) -> &str {
        self.0.get(self.0.len().saturating_sub(4)..).unwrap_or_default()
    }

    /// The first `digits` digits (usually 6 or 8), or all when there are fewer.
    #[must_use]
    pub fn bin(&self, digits: usize) -> &str {
        self.0.get(..digits).unwrap_or(&self.0)
    }
}

impl fmt::Debug for Pan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pan(****{})", self.last4())
    }
}

#[cfg(test)]
mod tests {
    use super::Pan;

    #[test]
    fn shows_the_last_four_only() {
        let pan = Pan::parse("4111111111111111").unwrap();
        assert_eq!(format!("{pan:?}"), "Pan(****1111)");
        assert_eq!((pan.expose(), pan.last4(), pan.bin(6)), ("4111111111111111", "1111", "411111"));
        assert_eq!(pan.bin(99), pan.expose());
        assert_eq!(Some(pan), Pan::parse("4111111111111111"));
    }

    #[test]
    fn takes_12_to_19_digits() {
        for good in ["123456789012", "1234567890123456789"] {
            assert!(Pan::parse(good).is_some(), "{good}");
        }
        for bad in ["", "12345678901", "12345678901234567890", "4111 1111 1111 1111", "41111111111111x1"] {
            assert!(Pan::parse(bad).is_none(), "{bad}");
        }
    }
}

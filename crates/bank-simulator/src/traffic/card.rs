//! Cards: published test numbers, and made-up ones.

use iso8583::Pan;

use super::plan_error::PlanError;

/// A card of the bank.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Card {
    /// Its number.
    pub pan: Pan,
    /// What it is called wherever it is shown.
    pub label: String,
}

impl Card {
    /// A card; its number may have blanks for readability.
    ///
    /// # Errors
    ///
    /// When that is no card number.
    pub fn new(pan: &str, label: impl Into<String>) -> Result<Self, PlanError> {
        let label = label.into();
        match Pan::parse(&pan.replace(' ', "")) {
            Some(pan) => Ok(Self { pan, label }),
            None => Err(PlanError::Pan { label }),
        }
    }
}

/// Test numbers that card networks and payment service providers publish. No account belongs to any of them.
pub const TEST_PANS: [&str; 31] = [
    "4111111111111111",
    "4012888888881881",
    "5555555555554444",
    "5105105105105100",
    "4000056655665556",
    "5200828282828210",
    "2223003122003222",
    "5555341244441115",
    "4000002500003155",
    "4242424242424242",
    "4005519200000004",
    "4009348888881881",
    "4012000033330026",
    "4012000077777777",
    "4217651111111119",
    "4500600000000061",
    "4000111111111115",
    "4917610000000000",
    "4444333322221111",
    "4646464646464644",
    "4988438843884305",
    "4166676667666746",
    "5577000055770004",
    "5136333333333335",
    "5585558555855583",
    "2222400070000005",
    "2223520443560010",
    "2222410740360010",
    "5454545454545454",
    "5100290029002909",
    "2223000048400011",
];

/// Digits of a made-up number.
const TEST_DIGITS: usize = 16;

/// A made-up card number of 16 digits: `bin`, `number` with leading zeros, check digit. Take a BIN that nobody
/// issues.
///
/// # Errors
///
/// When `bin` is not 4 to 10 digits, or `number` does not fit.
pub fn test_pan(bin: &str, number: u64) -> Result<Pan, PlanError> {
    let wrong = || PlanError::TestPan { number, bin_digits: bin.len() };
    if !(4..=10).contains(&bin.len()) {
        return Err(wrong());
    }
    let body = format!("{bin}{number:0width$}", width = TEST_DIGITS - 1 - bin.len());
    if body.len() != TEST_DIGITS - 1 {
        return Err(wrong());
    }
    let check = check_digit(&body).ok_or_else(wrong)?;
    Pan::parse(&format!("{body}{check}")).ok_or_else(wrong)
}

/// The Luhn digit to append; `None` if there is something else than digits.
fn check_digit(body: &str) -> Option<u32> {
    let mut sum = 0;
    for (index, character) in body.chars().rev().enumerate() {
        let digit = character.to_digit(10)?;
        sum += match (index % 2, digit) {
            (1, digit) => digit,
            (_, digit @ 0..5) => digit * 2,
            (_, digit) => digit * 2 - 9,
        };
    }
    Some((10 - sum % 10) % 10)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{Card, TEST_PANS, check_digit, test_pan};

    #[test]
    fn published_numbers_have_their_check_digit_and_come_once() {
        for pan in TEST_PANS {
            let (body, check) = pan.split_at(pan.len() - 1);
            assert_eq!(check_digit(body).unwrap().to_string(), check, "{pan}");
        }
        assert_eq!(TEST_PANS.iter().collect::<BTreeSet<_>>().len(), TEST_PANS.len());
    }

    #[test]
    fn made_up_numbers_are_padded_and_checked() {
        assert_eq!(test_pan("220000", 7).unwrap().expose(), "2200000000000079");
        assert_eq!(test_pan("411111", 111_111_111).unwrap().expose(), "4111111111111111");
        for (bin, number) in [("220", 1), ("22000000000", 1), ("220000", 1_000_000_000), ("22000x", 1)] {
            assert!(test_pan(bin, number).is_err(), "{bin}");
        }
    }

    #[test]
    fn a_card_shows_its_last_four_digits_only() {
        let card = Card::new("4111 1111 1111 1111", "A").unwrap();
        assert_eq!(format!("{card:?}"), r#"Card { pan: Pan(****1111), label: "A" }"#);
        assert!(Card::new("4111", "A").is_err());
    }
}

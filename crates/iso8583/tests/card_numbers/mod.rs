//! Card numbers for tests that try many: the digits that are given, and the check digit behind them (Luhn).

/// `digits` with their check digit.
pub(crate) fn with_check_digit(digits: &str) -> String {
    let value = |(at, digit): (usize, u8)| match (at % 2, u32::from(digit - b'0')) {
        (0, digit) if digit > 4 => digit * 2 - 9,
        (0, digit) => digit * 2,
        (_, digit) => digit,
    };
    let sum: u32 = digits.bytes().rev().enumerate().map(value).sum();
    format!("{digits}{}", (10 - sum % 10) % 10)
}

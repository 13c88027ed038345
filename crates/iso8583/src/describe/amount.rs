//! Amounts in minor units as people write them.

use crate::codes;

/// Currencies without minor units, and with three digits of them; all others that are known have two.
const WITHOUT: [&str; 13] =
    ["108", "152", "174", "262", "324", "352", "392", "410", "548", "600", "646", "704", "800"];
const THREE: [&str; 7] = ["048", "368", "400", "414", "434", "512", "788"];

/// `1,250.00 RUB`. `None` when the amount is no number. Of an unknown currency the minor units as they are.
pub(super) fn in_words(digits: &str, currency: &str) -> Option<String> {
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let digits = digits.trim_start_matches('0');
    let Some(name) = codes::meaning("currency", currency) else {
        let digits = if digits.is_empty() { "0" } else { digits };
        return Some(format!("{digits} minor units of currency {}", printable(currency)));
    };
    let exponent = exponent(currency);
    let padded = format!("{digits:0>width$}", width = exponent + 1);
    let (whole, minor) = padded.split_at(padded.len() - exponent);
    let point = if exponent > 0 { "." } else { "" };
    Some(format!("{}{point}{minor} {name}", grouped(whole)))
}

fn exponent(currency: &str) -> usize {
    match currency.trim() {
        code if WITHOUT.contains(&code) => 0,
        code if THREE.contains(&code) => 3,
        _ => 2,
    }
}

fn printable(currency: &str) -> &str {
    let code = currency.trim();
    if code.bytes().all(|byte| byte.is_ascii_alphanumeric()) { code } else { "?" }
}

/// With a comma between thousands.
fn grouped(digits: &str) -> String {
    let length = digits.len();
    let mut text = String::with_capacity(length + length / 3);
    for (at, digit) in digits.char_indices() {
        if at > 0 && (length - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::in_words;

    #[test]
    fn amounts_have_the_minor_units_of_their_currency() {
        for (digits, currency, expected) in [
            ("000000125000", "643", "1,250.00 RUB"),
            ("000000000005", "978", "0.05 EUR"),
            ("000000005000", "392", "5,000 JPY"),
            ("000000000000", "840", "0.00 USD"),
            ("000123456789", "949", "1,234,567.89 TRY"),
            ("000000000120", "000", "120 minor units of currency 000"),
        ] {
            assert_eq!(in_words(digits, currency).as_deref(), Some(expected));
        }
        assert_eq!(in_words("12A", "643"), None);
    }
}

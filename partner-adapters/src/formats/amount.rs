//! Amounts as text. Only digits are moved: nothing is computed with fractions.

/// Minor units in major units: `-1095` with exponent 2 is `-10.95`.
pub(crate) fn major(minor: i64, exponent: u16, point: char) -> String {
    let sign = if minor < 0 { "-" } else { "" };
    format!("{sign}{}", unsigned_major(minor, exponent, point))
}

/// The size in major units.
pub(crate) fn unsigned_major(minor: i64, exponent: u16, point: char) -> String {
    let decimals = usize::from(exponent);
    let digits = format!("{:0>width$}", minor.unsigned_abs(), width = decimals + 1);
    match digits.split_at_checked(digits.len().saturating_sub(decimals)) {
        Some((whole, fraction)) if decimals > 0 => format!("{whole}{point}{fraction}"),
        _ => digits,
    }
}

/// The other way: a sign, digits and at most `exponent` decimals. `None` for anything else.
pub(crate) fn minor(text: &str, exponent: u16, point: char) -> Option<i64> {
    let (negative, size) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let (whole, fraction) = size.split_once(point).unwrap_or((size, ""));
    let digits_only = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let decimals = usize::from(exponent);
    let has_point = size.contains(point);
    if whole.is_empty() || !digits_only(whole) || !digits_only(fraction) || has_point == fraction.is_empty() {
        return None;
    }
    // More decimals than the currency has are taken if they say nothing.
    let (kept, beyond) = fraction.split_at_checked(decimals).unwrap_or((fraction, ""));
    if beyond.bytes().any(|byte| byte != b'0') || exponent > 18 {
        return None;
    }
    let sign = if negative { "-" } else { "" };
    format!("{sign}{whole}{kept:0<decimals$}").parse().ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn minor_units_become_major_ones() {
        for (minor_units, exponent, text) in [
            (0, 2, "0.00"),
            (-1095, 2, "-10.95"),
            (5, 3, "0.005"),
            (164_574, 0, "164574"),
            (i64::MIN, 2, "-92233720368547758.08"),
        ] {
            assert_eq!(major(minor_units, exponent, '.'), text);
            assert_eq!(minor(text, exponent, '.'), Some(minor_units), "{text}");
        }
        assert_eq!(major(-1095, 2, ','), "-10,95");
    }

    #[test]
    fn what_is_no_amount_is_refused() {
        for text in ["", "-", "1.", ".5", "1,5", "1.005", "0x10", "1e3", " 1", "1 000.00", "--1", "+-1", "٣"]
        {
            assert_eq!(minor(text, 2, '.'), None, "{text:?}");
        }
        for (text, units) in [("+1", 100), ("1.5", 150), ("1.500", 150), ("-0.01", -1), ("007", 700)] {
            assert_eq!(minor(text, 2, '.'), Some(units), "{text:?}");
        }
        assert_eq!(minor("92233720368547758.08", 2, '.'), None, "too large");
    }

    proptest! {
        #[test]
        fn there_and_back(units: i64, exponent in 0_u16..=18) {
            prop_assert_eq!(minor(&major(units, exponent, '.'), exponent, '.'), Some(units));
        }

        #[test]
        fn no_text_panics(text: String, exponent in 0_u16..=30) {
            let _ = minor(&text, exponent, ',');
        }
    }
}

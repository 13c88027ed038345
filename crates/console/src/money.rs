//! Amounts as people read them: exact, grouped, in major units with the currency's code.

use domain::Currency;

/// The alphabetic code of a currency; one that ISO 4217 does not know is shown by its number.
pub(crate) fn code(currency: Currency) -> String {
    match iso_currency::Currency::from_numeric(currency.0) {
        Some(known) => known.code().to_owned(),
        None => currency.to_string(),
    }
}

/// The currency with this alphabetic code.
pub(crate) fn from_code(code: &str) -> Option<Currency> {
    iso_currency::Currency::from_code(code).map(|known| Currency(known.numeric()))
}

/// How many decimals an amount of this currency has.
pub(crate) fn places(currency: Currency) -> usize {
    let known = iso_currency::Currency::from_numeric(currency.0);
    usize::from(known.and_then(|known| known.exponent()).unwrap_or(0))
}

/// `-1,645.74`: the amount without its currency.
pub(crate) fn amount(minor: i64, currency: Currency) -> String {
    let digits = minor.unsigned_abs().to_string();
    let places = places(currency);
    let padded = format!("{digits:0>width$}", width = places + 1);
    let (whole, fraction) = padded.split_at(padded.len() - places);
    let sign = if minor < 0 { "-" } else { "" };
    let point = if places == 0 { "" } else { "." };
    format!("{sign}{}{point}{fraction}", grouped(whole))
}

/// `-1,645.74 RUB`.
pub(crate) fn money(minor: i64, currency: Currency) -> String {
    format!("{} {}", amount(minor, currency), code(currency))
}

/// `-12,345`.
pub(crate) fn number(value: i64) -> String {
    let sign = if value < 0 { "-" } else { "" };
    format!("{sign}{}", grouped(&value.unsigned_abs().to_string()))
}

fn grouped(digits: &str) -> String {
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_exact_and_grouped() {
        let (rub, jpy, kwd) = (Currency(643), Currency(392), Currency(414));
        let table = [
            (money(164_574, rub), "1,645.74 RUB"),
            (money(-5, rub), "-0.05 RUB"),
            (money(0, rub), "0.00 RUB"),
            (money(123_456_789, jpy), "123,456,789 JPY"),
            (money(-1_000, kwd), "-1.000 KWD"),
            (money(7, Currency(1)), "7 001"),
            (money(i64::MIN, rub), "-92,233,720,368,547,758.08 RUB"),
            (number(-1_500), "-1,500"),
            (number(999), "999"),
        ];
        table.iter().for_each(|(shown, wanted)| assert_eq!(shown, wanted));
        assert_eq!(from_code("RUB"), Some(rub));
    }
}

//! Single values: amounts, rates, words, codes and ranges, read exactly from their text.

use domain::{Birthday, Hours, MccRange, MonthDays, Ratio, Rounding};
use jiff::civil::{Time, Weekday};
use rust_decimal::Decimal;

use crate::codes::NamedCurrency;
use crate::errors::Problem;
use crate::suggest;

/// A value or what is wrong with its text.
pub(crate) type Read<T> = Result<T, Problem>;

pub(crate) const ROUNDINGS: [(&str, Rounding); 3] =
    [("floor", Rounding::Floor), ("half_up", Rounding::HalfUp), ("half_even", Rounding::HalfEven)];

/// The days of a week by the words that files of programs and of the configuration have for them.
pub const WEEKDAYS: [(&str, Weekday); 7] = [
    ("mon", Weekday::Monday),
    ("tue", Weekday::Tuesday),
    ("wed", Weekday::Wednesday),
    ("thu", Weekday::Thursday),
    ("fri", Weekday::Friday),
    ("sat", Weekday::Saturday),
    ("sun", Weekday::Sunday),
];

/// The text as it is quoted in an error.
pub(crate) fn quoted(text: &str) -> String {
    format!("\"{}\"", masked(text).escape_debug())
}

/// The text, shortened, and without any run of digits that is long enough to be a card number.
pub(crate) fn masked(text: &str) -> String {
    const SHOWN: usize = 60;
    const CARD_NUMBER_MIN: usize = 12;
    let (mut masked, mut digits) = (String::new(), String::new());
    let flush = |digits: &mut String, masked: &mut String| {
        let long = digits.len() >= CARD_NUMBER_MIN;
        masked.push_str(&if long { "*".repeat(CARD_NUMBER_MIN) } else { std::mem::take(digits) });
        digits.clear();
    };
    for letter in text.chars() {
        if letter.is_ascii_digit() {
            digits.push(letter);
        } else {
            flush(&mut digits, &mut masked);
            masked.push(letter);
        }
    }
    flush(&mut digits, &mut masked);
    if masked.chars().count() > SHOWN {
        masked = masked.chars().take(SHOWN).chain("...".chars()).collect();
    }
    masked
}

/// One of a closed list of words.
pub(crate) fn word<T: Clone>(text: &str, known: &[(&str, T)]) -> Read<T> {
    let words = || known.iter().map(|(word, _)| *word);
    match known.iter().find(|(word, _)| *word == text) {
        Some((_, value)) => Ok(value.clone()),
        None => {
            let expected = format!("one of {}", suggest::list(&words().collect::<Vec<_>>()));
            let advice = match suggest::nearest(text, words()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => "choose one of these words".to_owned(),
            };
            Err(Problem::new(expected, quoted(text), advice))
        }
    }
}

/// A rounding by its name.
pub(crate) fn rounding(text: &str) -> Read<Rounding> {
    word(text, &ROUNDINGS)
}

/// A day of the week by its first three letters.
pub(crate) fn weekday(text: &str) -> Read<Weekday> {
    word(text, &WEEKDAYS)
}

/// Month and day of a birthday, such as `02-29`; the year is nobody's business here.
pub(crate) fn birthday(text: &str) -> Read<Birthday> {
    Birthday::parse(text).filter(|birthday| birthday.to_string() == text).ok_or_else(|| {
        let advice = "write month and day, such as \"02-29\"";
        Problem::new("the month and day of a birthday", quoted(text), advice)
    })
}

/// A code or id: `[a-z0-9-]`, 1 to 40 characters.
pub(crate) fn code(text: &str) -> Read<String> {
    let allowed = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-';
    if !text.is_empty() && text.len() <= 40 && text.chars().all(allowed) {
        return Ok(text.to_owned());
    }
    let expected = "1 to 40 of the characters a-z, 0-9 and -";
    let changed: String = text
        .to_lowercase()
        .chars()
        .map(|letter| if allowed(letter) { letter } else { '-' })
        .take(40)
        .collect();
    let changed = changed.trim_matches('-');
    let advice = if changed.is_empty() {
        "give it a name".to_owned()
    } else {
        format!("write it as {}", quoted(changed))
    };
    Err(Problem::new(expected, quoted(text), advice))
}

/// A currency of ISO 4217 that has a minor unit.
pub(crate) fn currency(text: &str) -> Read<NamedCurrency> {
    NamedCurrency::from_code(text).ok_or_else(|| {
        let upper = text.to_uppercase();
        let advice = match NamedCurrency::from_code(&upper) {
            Some(_) => format!("write it as {}", quoted(&upper)),
            None => "use the code of ISO 4217, such as \"RUB\"".to_owned(),
        };
        Problem::new("a currency by its three letters", quoted(text), advice)
    })
}

/// A time zone of the IANA database, by its name there.
pub(crate) fn timezone(text: &str) -> Read<String> {
    let zone = jiff::tz::TimeZone::get(text).ok();
    match zone.as_ref().and_then(jiff::tz::TimeZone::iana_name) {
        Some(name) if name == text => Ok(name.to_owned()),
        known => {
            let names: Vec<String> = jiff::tz::db().available().map(|name| name.to_string()).collect();
            let near = known.or_else(|| suggest::nearest(text, names.iter().map(String::as_str)));
            let advice = match near {
                Some(near) => format!("did you mean `{near}`?"),
                None => "use a name such as \"Europe/Moscow\"".to_owned(),
            };
            Err(Problem::new("a time zone of the IANA database", quoted(text), advice))
        }
    }
}

/// A time of day in hours and minutes.
pub(crate) fn time_of_day(text: &str) -> Read<Time> {
    let number = |digits: &str| match digits.len() {
        2 if digits.bytes().all(|digit| digit.is_ascii_digit()) => digits.parse::<i8>().ok(),
        _ => None,
    };
    text.split_once(':')
        .and_then(|(hour, minute)| Time::new(number(hour)?, number(minute)?, 0, 0).ok())
        .ok_or_else(|| {
            Problem::new(
                "a time of day from 00:00 to 23:59",
                quoted(text),
                "write hours and minutes with two digits each, such as \"00:00\"",
            )
        })
}

/// A positive amount of major units, as minor units.
pub(crate) fn amount(text: &str, currency: &NamedCurrency) -> Read<u64> {
    match amount_or_zero(text, currency)? {
        0 => Err(Problem::new("an amount above zero", quoted(text), "correct the amount or delete the key")),
        minor => Ok(minor),
    }
}

/// An amount of major units, as minor units.
pub(crate) fn amount_or_zero(text: &str, currency: &NamedCurrency) -> Read<u64> {
    let expected = format!("an amount in {}", currency.code);
    let (whole, fraction) = decimal_digits(text, &expected)?;
    let places = usize::try_from(currency.exponent).unwrap_or(0);
    if fraction.len() > places {
        let advice = format!("{} has {places} decimals: drop the others", currency.code);
        return Err(Problem::new(expected, quoted(text), advice));
    }
    format!("{whole}{fraction:0<places$}")
        .parse::<i64>()
        .ok()
        .and_then(|minor| u64::try_from(minor).ok())
        .ok_or_else(|| Problem::new(expected, quoted(text), "the amount is too large: write a smaller one"))
}

/// The digits before and after the point of a number without sign.
fn decimal_digits<'a>(text: &'a str, expected: &str) -> Read<(&'a str, &'a str)> {
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|digit| digit.is_ascii_digit());
    let (whole, fraction) = match text.split_once('.') {
        Some((whole, fraction)) if digits(fraction) => (whole, fraction),
        Some(_) => ("", ""),
        None => (text, ""),
    };
    if digits(whole) {
        return Ok((whole, fraction));
    }
    let advice = if text.starts_with('-') {
        "write it without a sign: it is never negative"
    } else {
        "write digits with a point before the decimals and nothing else, such as \"1000.00\""
    };
    Err(Problem::new(expected, quoted(text), advice))
}

/// A number with at most ten decimals.
fn decimal(text: &str, expected: &str) -> Read<Decimal> {
    let (_, fraction) = decimal_digits(text, expected)?;
    let number = Decimal::from_str_exact(text).ok().filter(|_| fraction.len() <= 10);
    number.ok_or_else(|| Problem::new(expected, quoted(text), "write fewer digits: at most ten decimals"))
}

/// A percentage from 0 to 100, as a ratio; the sign `%` may be written or not.
pub(crate) fn percent_or_zero(text: &str) -> Read<Ratio> {
    let expected = "a percentage from 0 to 100";
    let number = decimal(text.strip_suffix('%').unwrap_or(text), expected)
        .map_err(|problem| Problem { found: quoted(text), ..problem })?;
    Some(number)
        .filter(|number| *number <= Decimal::ONE_HUNDRED)
        .and_then(Ratio::percent)
        .ok_or_else(|| Problem::new(expected, quoted(text), "write at most \"100\""))
}

/// A percentage above 0 and up to 100, as a ratio.
pub(crate) fn percent(text: &str) -> Read<Ratio> {
    let ratio = percent_or_zero(text)?;
    if ratio.numerator() == 0 {
        let expected = "a percentage above 0 and up to 100";
        return Err(Problem::new(expected, quoted(text), "correct the percentage or delete the entry"));
    }
    Ok(ratio)
}

/// Ratios of percentages have a power of ten below the line: nothing is rounded.
pub(crate) fn as_decimal(ratio: Ratio) -> Decimal {
    Decimal::from(ratio.numerator()).checked_div(Decimal::from(ratio.denominator())).unwrap_or_default()
}

/// The price of a mile in major units, as minor units for each mile.
pub(crate) fn price_per_mile(text: &str, currency: &NamedCurrency) -> Read<Ratio> {
    let expected = format!("a price per mile in {}, such as \"0.615\"", currency.code);
    let number = decimal(text, &expected)?;
    10_i64
        .checked_pow(currency.exponent)
        .and_then(|minor| number.checked_mul(Decimal::from(minor)))
        .and_then(Ratio::decimal)
        .ok_or_else(|| Problem::new(expected, quoted(text), "write a smaller number"))
}

/// The price of a fee in major units, as minor units.
pub(crate) fn price_of_a_fee(text: &str, currency: &NamedCurrency) -> Read<Ratio> {
    let expected = format!("a price in {}, such as \"300.00\"", currency.code);
    price_per_mile(text, currency).map_err(|problem| Problem { expected, ..problem })
}

/// A whole number above zero.
pub(crate) fn whole_number(text: &str) -> Read<u64> {
    let digits = text.bytes().all(|digit| digit.is_ascii_digit());
    let number = text.parse::<i64>().ok().filter(|number| digits && *number > 0);
    number.and_then(|number| u64::try_from(number).ok()).ok_or_else(|| {
        Problem::new("a whole number above zero", quoted(text), "write digits only, such as \"100000\"")
    })
}

/// A share of an amount as a fraction, such as `0.012`.
pub(crate) fn fraction(text: &str) -> Read<Ratio> {
    let expected = "a fraction of the amount from 0 to 1";
    let number = decimal(text, expected)?;
    Some(number)
        .filter(|number| *number <= Decimal::ONE)
        .and_then(Ratio::decimal)
        .ok_or_else(|| Problem::new(expected, quoted(text), "write at most \"1\", or use `percent`"))
}

/// A ratio of whole numbers above zero, such as `1/2`.
pub(crate) fn ratio(text: &str) -> Read<Ratio> {
    let number = |digits: &str| digits.parse::<u32>().ok().filter(|number| *number > 0).map(u64::from);
    text.split_once('/')
        .and_then(|(upper, lower)| Ratio::new(number(upper)?, number(lower)?).ok())
        .ok_or_else(|| {
            Problem::new(
                "a ratio of two whole numbers above zero",
                quoted(text),
                "write it with a slash: \"1/1\" for as much again, \"1/2\" for half",
            )
        })
}

/// A merchant category code of four digits.
pub(crate) fn mcc(text: &str) -> Read<u16> {
    let digits = text.len() == 4 && text.bytes().all(|digit| digit.is_ascii_digit());
    text.parse().ok().filter(|_| digits).ok_or_else(|| {
        Problem::new(
            "a merchant category code of four digits",
            quoted(text),
            "write four digits, with leading zeros, such as \"0742\"",
        )
    })
}

/// A merchant category code or an inclusive range of them, such as `5812-5814`.
pub(crate) fn mcc_range(text: &str) -> Read<MccRange> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let pointed = |problem: Problem| Problem {
        expected: "a merchant category code or a range of them".to_owned(),
        found: quoted(text),
        advice: if text.contains('-') {
            "write a range as two codes of four digits: \"5812-5814\"".to_owned()
        } else {
            problem.advice
        },
    };
    let range = MccRange { first: mcc(first).map_err(pointed)?, last: mcc(last).map_err(pointed)? };
    if range.first > range.last {
        let advice = format!("write the lower code first: \"{last}-{first}\"");
        return Err(Problem::new("a range of merchant category codes", quoted(text), advice));
    }
    Ok(range)
}

/// A day of the month or an inclusive range of them, such as `1-7`.
pub(crate) fn month_days(text: &str) -> Read<MonthDays> {
    let day = |digits: &str| {
        let number = digits.bytes().all(|digit| digit.is_ascii_digit()).then(|| digits.parse::<i8>().ok());
        number.flatten().filter(|day| (1..=31).contains(day))
    };
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    day(first)
        .zip(day(last))
        .filter(|(first, last)| first <= last)
        .map(|(first, last)| MonthDays { first, last })
        .ok_or_else(|| {
            let advice = "write a day or two days with the lower one first, such as \"1\" or \"1-7\"";
            Problem::new("a day of the month from 1 to 31 or a range of them", quoted(text), advice)
        })
}

/// A part of the day, such as `22:00-06:00`; `24:00` is its end.
pub(crate) fn hours(text: &str) -> Read<Hours> {
    let problem =
        |advice: &str| Problem::new("a part of the day such as \"22:00-06:00\"", quoted(text), advice);
    let spelled = "write two times with two digits for hours and minutes each, the end from 00:01 to 24:00";
    let (from, to) = text.split_once('-').ok_or_else(|| problem(spelled))?;
    let end = if to == "24:00" { Ok(Time::midnight()) } else { time_of_day(to) };
    let (Ok(from), Ok(end)) = (time_of_day(from), end) else { return Err(problem(spelled)) };
    if from == end {
        return Err(problem("the whole day is no condition: delete it, or correct one of the times"));
    }
    Ok(Hours { from, to: end })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rub() -> NamedCurrency {
        NamedCurrency::from_code("RUB").unwrap()
    }

    #[test]
    fn amounts_are_exact() {
        let yen = NamedCurrency::from_code("JPY").unwrap();
        for (text, minor) in [("60.00", 6_000), ("60", 6_000), ("60.5", 6_050), ("0.01", 1)] {
            assert_eq!(amount(text, &rub()), Ok(minor), "{text}");
        }
        assert_eq!(amount("60", &yen), Ok(60));
        assert!(amount("60.0", &yen).is_err());
        let largest = amount("92233720368547758.07", &rub());
        assert_eq!(largest, Ok(i64::MAX.unsigned_abs()));
        for text in
            ["", ".", "1.", ".5", "-1", "+1", "1,000.00", "1 000", "1_000", "1e3", "0", "0.00", "0.001", "٣"]
        {
            assert!(amount(text, &rub()).is_err(), "{text}");
        }
        assert!(amount("92233720368547758.08", &rub()).is_err());
        assert_eq!(amount_or_zero("0.00", &rub()), Ok(0));
    }

    #[test]
    fn rates_become_ratios() {
        let parts = |ratio: Ratio| (ratio.numerator(), ratio.denominator());
        assert_eq!(price_per_mile("0.615", &rub()).map(parts), Ok((615, 10)));
        assert_eq!(price_per_mile("0.70", &rub()).map(parts), Ok((70, 1)));
        assert_eq!(percent("1.2").map(parts), Ok((12, 1000)));
        assert_eq!(percent("60%").map(parts), Ok((60, 100)));
        assert_eq!(fraction("0.012").map(parts), Ok((12, 1000)));
        assert_eq!(ratio("3/2").map(parts), Ok((3, 2)));
        for text in ["0", "100.01", "-5", "5 %", "5%%", "", "%", "1.00000000001"] {
            assert!(percent(text).is_err(), "{text}");
        }
        for text in ["1", "1:1", "0/1", "1/0", "-1/1", "1/2/3", "1.5/1"] {
            assert!(ratio(text).is_err(), "{text}");
        }
    }

    #[test]
    fn codes_of_merchant_categories() {
        assert_eq!(mcc_range("0742"), Ok(MccRange { first: 742, last: 742 }));
        assert_eq!(mcc_range("5812-5814"), Ok(MccRange { first: 5812, last: 5814 }));
        for text in ["742", "5814-5812", "5812-", "5812 - 5814", "58x1", "+542", ""] {
            assert!(mcc_range(text).is_err(), "{text}");
        }
    }

    #[test]
    fn days_of_the_month() {
        assert_eq!(month_days("31"), Ok(MonthDays { first: 31, last: 31 }));
        assert_eq!(month_days("01-7"), Ok(MonthDays { first: 1, last: 7 }));
        for text in ["0", "32", "7-1", "1-", "-1", "+1", "1 - 7", ""] {
            assert!(month_days(text).is_err(), "{text}");
        }
    }

    #[test]
    fn parts_of_the_day_may_go_beyond_midnight() {
        let time = |hour, minute| Time::constant(hour, minute, 0, 0);
        let night = hours("22:00-06:00").unwrap();
        for (moment, inside) in [
            (time(21, 59), false),
            (time(22, 0), true),
            (time(0, 0), true),
            (time(5, 59), true),
            (time(6, 0), false),
        ] {
            assert_eq!(night.contains(moment), inside, "{moment}");
        }
        assert_eq!(hours("14:00-16:30"), Ok(Hours { from: time(14, 0), to: time(16, 30) }));
        let evening = hours("18:00-24:00").unwrap();
        assert!(evening.contains(time(23, 59)) && !evening.contains(time(0, 0)));
        for text in ["22:00", "22-06", "24:00-06:00", "22:00-22:00", "00:00-24:00", "22:00 - 06:00", ""] {
            assert!(hours(text).is_err(), "{text}");
        }
    }

    #[test]
    fn times_and_zones() {
        assert_eq!(time_of_day("23:30"), Ok(Time::constant(23, 30, 0, 0)));
        for text in ["24:00", "0:00", "00:00:00", "-1:00", "+1:00", ""] {
            assert!(time_of_day(text).is_err(), "{text}");
        }
        assert_eq!(timezone("Europe/Moscow").as_deref(), Ok("Europe/Moscow"));
        for text in ["Europe/Moscov", "europe/moscow"] {
            assert_eq!(timezone(text).map_err(|problem| problem.advice), {
                Err("did you mean `Europe/Moscow`?".to_owned())
            });
        }
        assert!(timezone("MSK").is_err());
    }

    #[test]
    fn quotes_are_short_and_hold_no_card_number() {
        assert_eq!(quoted("60,00"), "\"60,00\"");
        assert_eq!(quoted("x4111110000000000;400001"), "\"x************;400001\"");
        assert_eq!(quoted(&"ab".repeat(50)).len(), 65);
    }

    #[test]
    fn codes_and_words() {
        assert!(code("boreal-gold-2").is_ok());
        assert_eq!(
            code("Fuel:Weekend").map_err(|problem| problem.advice),
            Err("write it as \"fuel-weekend\"".to_owned())
        );
        assert!(code("").is_err());
        assert_eq!(weekday("sun"), Ok(Weekday::Sunday));
        assert_eq!(rounding("half_evn").map_err(|problem| problem.advice), {
            Err("did you mean `half_even`?".to_owned())
        });
        assert_eq!(currency("rub").map_err(|problem| problem.advice), Err("write it as \"RUB\"".to_owned()));
    }
}

//! Rate tables: CSV files with the rates of days, `date,from,to,per,rate`.

use domain::{Currency, FxRule, RateTable, RatesHash, Ratio};
use jiff::civil::Date;
use rust_decimal::Decimal;

use crate::codes::NamedCurrency;
use crate::document;
use crate::errors::{ErrorLog, FileErrors, Problem};
use crate::meaning::Reading;
use crate::scalars::{self, Read, quoted};

/// What the first line says.
const HEADER: &str = "date,from,to,per,rate";
/// The dates by which a rate is chosen.
pub(crate) const FX_DATES: [(&str, ()); 1] = [("transaction", ())];

impl Reading<'_> {
    /// How the program converts; `Some(None)` if it does not.
    pub(crate) fn fx(&mut self, entry: Option<&document::Fx>) -> Option<Option<FxRule>> {
        let Some(entry) = entry else { return Some(None) };
        let rates = self.value("fx.rates", &entry.rates, scalars::code);
        let rounding = self.value("fx.rounding", &entry.rounding, scalars::rounding);
        let date = self.value("fx.date", &entry.date, |text| scalars::word(text, &FX_DATES));
        date?;
        Some(Some(FxRule { rates: rates?, rounding: rounding? }))
    }
}

/// Reads a rate table: on `date`, `per` units of `from` are `rate` units of `to`. Empty lines and lines that begin
/// with `#` are skipped.
pub fn read_rates(text: &str, version: RatesHash) -> Result<RateTable, FileErrors> {
    let mut log = ErrorLog::new(text);
    let says = |line: &str| !line.trim().is_empty() && !line.starts_with('#');
    let mut lines = text.lines().zip(1..).filter(|(line, _)| says(line));
    match lines.next() {
        Some((header, _)) if header.trim() == HEADER => {}
        other => {
            let found = other.map_or_else(|| "nothing".to_owned(), |(line, _)| quoted(line));
            let problem =
                Problem::new(quoted(HEADER), found, "write the names of the columns in the first line");
            log.at(other.map_or(1, |(_, line)| line), 1, "", problem);
            return log.finish(None);
        }
    }
    let mut table = RateTable::new(version);
    for (line, number) in lines {
        match row(line) {
            Ok((from, to, date, rate)) => {
                if !table.add(from, to, date, rate) {
                    let advice = "delete one of the two lines";
                    let problem = Problem::new("one rate of a pair for each day", "a second one", advice);
                    log.at(number, 1, "date", problem);
                }
            }
            Err((column, problem)) => log.at(number, 1, column, problem),
        }
    }
    log.finish(Some(table))
}

fn row(line: &str) -> Result<(Currency, Currency, Date, Ratio), (&'static str, Problem)> {
    let values: Vec<&str> = line.split(',').map(str::trim).collect();
    let [date, from, to, per, rate] = values.as_slice() else {
        let advice = "write a value for each column of the header";
        return Err(("", Problem::new("5 columns", format!("{} columns", values.len()), advice)));
    };
    let day = date.parse::<Date>().map_err(|_| {
        ("date", Problem::new("a date such as 2026-10-10", quoted(date), "write year, month and day"))
    })?;
    let from = scalars::currency(from).map_err(|problem| ("from", problem))?;
    let to = scalars::currency(to).map_err(|problem| ("to", problem))?;
    let per = per.parse::<u32>().ok().filter(|per| *per > 0).ok_or_else(|| {
        (
            "per",
            Problem::new("a whole number above zero", quoted(per), "write 1, or 100 for a rate of 100 units"),
        )
    })?;
    let rate = of_minor(rate, per, &from, &to).map_err(|problem| ("rate", problem))?;
    Ok((from.number, to.number, day, rate))
}

/// Minor units of `to` for one of `from`.
fn of_minor(rate: &str, per: u32, from: &NamedCurrency, to: &NamedCurrency) -> Read<Ratio> {
    let wrong = || {
        let advice = "write at most ten decimals and no sign";
        Problem::new("a rate above zero such as 92.5050", quoted(rate), advice)
    };
    let number = Decimal::from_str_exact(rate).ok().and_then(Ratio::decimal).ok_or_else(wrong)?;
    let scaled = |value: u64, factor: u64, exponent: u32| {
        value.checked_mul(factor)?.checked_mul(10_u64.checked_pow(exponent)?)
    };
    let numerator = scaled(number.numerator(), 1, to.exponent).filter(|numerator| *numerator > 0);
    let denominator = scaled(number.denominator(), u64::from(per), from.exponent);
    let ratio = numerator.zip(denominator).and_then(|(upper, lower)| Ratio::new(upper, lower).ok());
    ratio.ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    const VERSION: RatesHash = RatesHash([1; 32]);

    #[test]
    fn rates_are_of_minor_units() {
        let text = "# of the central bank\ndate,from,to,per,rate\n2026-10-10,USD,RUB,1,92.5050\n\
                    2026-10-10,JPY,RUB,100,61.5\n\n2026-10-11,KWD,RUB,1,300\n";
        let table = read_rates(text, VERSION).unwrap();
        assert_eq!(table.len(), 3);
        for (from, day, minor, roubles) in [
            (840, date(2026, 10, 10), 100, Some(9_251)),
            (392, date(2026, 10, 10), 1_000, Some(61_500)),
            (414, date(2026, 10, 11), 1_000, Some(30_000)),
            (840, date(2026, 10, 11), 100, None),
        ] {
            let rate = table.on(Currency(from), Currency(643), day);
            let minor = rate.map(|rate| rate.of(minor, domain::Rounding::HalfUp).unwrap());
            assert_eq!(minor, roubles, "{from} on {day}");
        }
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line() {
        for (text, expected) in [
            ("", "line 1, column 1: expected \"date,from,to,per,rate\", found nothing"),
            ("day,rate\n", "line 1, column 1: expected \"date,from,to,per,rate\", found \"day,rate\""),
            (
                "date,from,to,per,rate\n2026-10-10,USD,RUB,1\n",
                "line 2, column 1: expected 5 columns, found 4",
            ),
            ("date,from,to,per,rate\n10.10.2026,USD,RUB,1,9\n", "line 2, column 1: date: expected a date"),
            (
                "date,from,to,per,rate\n2026-10-10,usd,RUB,1,9\n",
                "line 2, column 1: from: expected a currency",
            ),
            (
                "date,from,to,per,rate\n2026-10-10,USD,RUB,0,9\n",
                "line 2, column 1: per: expected a whole number",
            ),
            (
                "date,from,to,per,rate\n2026-10-10,USD,RUB,1,0\n",
                "line 2, column 1: rate: expected a rate above zero",
            ),
            ("date,from,to,per,rate\n2026-10-10,USD,RUB,1,-9\n", "line 2, column 1: rate: expected a rate"),
            (
                "date,from,to,per,rate\n2026-10-10,USD,RUB,1,9\n2026-10-10,USD,RUB,1,8\n",
                "line 3, column 1: date: expected one rate of a pair for each day",
            ),
        ] {
            let told = read_rates(text, VERSION).unwrap_err().to_string();
            assert!(told.starts_with(expected), "{told}");
        }
    }
}

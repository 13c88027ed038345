//! Dated rates of exchange, for purchases that are not billed in their program's currency.

use std::{collections::BTreeMap, fmt};

use jiff::civil::Date;

use crate::{Currency, MoneyError, Ratio, Rounding};

/// SHA-256 of a rate table's text: its version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct RatesHash(pub [u8; 32]);

impl RatesHash {
    /// The first eight hexadecimal digits, for people.
    pub fn short(&self) -> String {
        self.to_string().chars().take(8).collect()
    }

    /// Reads what `Display` writes.
    pub fn parse(text: &str) -> Option<Self> {
        let mut bytes = [0; 32];
        if text.len() != 64 || !text.is_ascii() {
            return None;
        }
        for (place, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::from_str_radix(text.get(2 * place..2 * place + 2)?, 16).ok()?;
        }
        Some(Self(bytes))
    }
}

impl fmt::Display for RatesHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// How a program converts what is not billed in its currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FxRule {
    /// The name of the rate table.
    pub rates: String,
    /// How fractions of a minor unit are rounded.
    pub rounding: Rounding,
}

/// One version of a rate table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RateTable {
    /// Its version.
    pub version: RatesHash,
    rates: BTreeMap<(Currency, Currency, Date), Ratio>,
}

impl RateTable {
    /// A table without rates.
    pub fn new(version: RatesHash) -> Self {
        Self { version, rates: BTreeMap::new() }
    }

    /// Adds the minor units of `to` for one minor unit of `from` on a day; false if that day has a rate.
    pub fn add(&mut self, from: Currency, to: Currency, date: Date, rate: Ratio) -> bool {
        let free = !self.rates.contains_key(&(from, to, date));
        if free {
            self.rates.insert((from, to, date), rate);
        }
        free
    }

    /// How many rates it has.
    pub fn len(&self) -> usize {
        self.rates.len()
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.rates.is_empty()
    }

    /// The rate of exactly this day.
    pub fn on(&self, from: Currency, to: Currency, date: Date) -> Option<Ratio> {
        self.rates.get(&(from, to, date)).copied()
    }
}

/// The rate by which a purchase was converted first; all that comes later of it is converted alike.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PinnedRate {
    /// The name of the table.
    pub table: String,
    /// Its version.
    pub version: RatesHash,
    /// The currency of the transaction (DE49).
    pub currency: Currency,
    /// The local day of the transaction.
    pub date: Date,
    /// Minor units of the program's currency for one of the transaction's.
    pub rate: Ratio,
    /// How fractions of a minor unit are rounded.
    pub rounding: Rounding,
}

impl PinnedRate {
    /// `minor` units of the transaction in those of the program.
    pub fn convert(&self, minor: u64) -> Result<u64, MoneyError> {
        let minor = i64::try_from(minor).map_err(|_| MoneyError::Overflow)?;
        u64::try_from(self.rate.of(minor, self.rounding)?).map_err(|_| MoneyError::Overflow)
    }

    /// The stored text form.
    pub fn to_text(&self) -> String {
        let Self { table, version, currency, date, rate, rounding } = self;
        let rate = format!("{}/{}", rate.numerator(), rate.denominator());
        format!("{table}|{version}|{currency}|{date}|{rate}|{}", rounding.name())
    }

    /// Reads the stored text form; `None` if it is damaged.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('|');
        let mut next = || parts.next();
        let (table, version, currency, date) = (next()?, next()?, next()?, next()?);
        let (numerator, denominator) = next()?.split_once('/')?;
        let rounding = next()?;
        Some(Self {
            table: table.to_owned(),
            version: RatesHash::parse(version)?,
            currency: Currency(currency.parse().ok()?),
            date: date.parse().ok()?,
            rate: Ratio::new(numerator.parse().ok()?, denominator.parse().ok()?).ok()?,
            rounding: [Rounding::Floor, Rounding::HalfUp, Rounding::HalfEven]
                .into_iter()
                .find(|of| of.name() == rounding)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn a_pinned_rate_is_read_back() {
        let pinned = PinnedRate {
            table: "cbr".into(),
            version: RatesHash([0xa7; 32]),
            currency: Currency(840),
            date: date(2026, 10, 10),
            rate: Ratio::new(925_050, 10_000).unwrap(),
            rounding: Rounding::HalfUp,
        };
        assert_eq!(PinnedRate::parse(&pinned.to_text()), Some(pinned.clone()));
        assert_eq!(pinned.convert(1_001), Ok(92_598));
        for damaged in
            ["", "cbr", "cbr|x|840|2026-10-10|1/1|floor", &pinned.to_text().replace("half_up", "up")]
        {
            assert_eq!(PinnedRate::parse(damaged), None, "{damaged}");
        }
    }
}

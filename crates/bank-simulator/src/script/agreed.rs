//! What the operator says that purchases are worth, and the certifier's own arithmetic with it.
//!
//! It shares nothing with the gateway: a rate is what somebody has read in the agreement and typed.

use std::{fmt, str::FromStr};

/// How a fraction becomes a whole number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rounding {
    /// Down. Nothing here is negative.
    Floor,
    /// The half goes up.
    HalfUp,
    /// The half goes to the even neighbor.
    HalfEven,
}

impl Rounding {
    const ALL: [Self; 3] = [Self::Floor, Self::HalfUp, Self::HalfEven];

    const fn name(self) -> &'static str {
        match self {
            Self::Floor => "floor",
            Self::HalfUp => "half_up",
            Self::HalfEven => "half_even",
        }
    }

    /// `amount × numerator / denominator`; nothing of nothing.
    fn of(self, amount: u64, numerator: u32, denominator: u32) -> i128 {
        let (exact, denominator) = (i128::from(amount) * i128::from(numerator), i128::from(denominator));
        let (Some(whole), Some(rest)) = (exact.checked_div(denominator), exact.checked_rem(denominator))
        else {
            return 0;
        };
        let up = match self {
            Self::Floor => false,
            Self::HalfUp => rest * 2 >= denominator,
            Self::HalfEven => rest * 2 > denominator || rest * 2 == denominator && whole % 2 == 1,
        };
        whole + i128::from(up)
    }
}

/// Base miles for an amount: so many for each amount of this size. Written `1/6000` or `1/6000:half_up`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Earn {
    miles: u32,
    per_minor: u32,
    /// None: only full steps count.
    proportional: Option<Rounding>,
}

impl Earn {
    pub(super) fn of(self, amount_minor: u64) -> i128 {
        match self.proportional {
            Some(rounding) => rounding.of(amount_minor, self.miles, self.per_minor),
            None => Rounding::Floor.of(amount_minor, 1, self.per_minor) * i128::from(self.miles),
        }
    }
}

/// A part of something, rounded. Written `1/2`, `3%`, `1.5%` or `0`, perhaps with `:half_up`; else it is floored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    numerator: u32,
    denominator: u32,
    rounding: Rounding,
}

impl Share {
    pub(super) fn of(self, whole: u64) -> i128 {
        self.rounding.of(whole, self.numerator, self.denominator)
    }
}

/// What is stated of the program for the day of a run. What is not stated is not computed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Agreed {
    /// Base miles of a purchase, from minor units of its net amount.
    pub earn: Option<Earn>,
    /// Bonus miles at the merchant of no partner, as a part of the base miles.
    pub bonus: Option<Share>,
    /// Bonus miles at the merchant with a discount at the till, likewise.
    pub till_bonus: Option<Share>,
    /// The discount at the till, as a part of the amount asked for.
    pub till_discount: Option<Share>,
}

impl fmt::Display for Earn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rounding = self.proportional.map_or(EACH_FULL_STEP, Rounding::name);
        write!(f, "{}/{}:{rounding}", self.miles, self.per_minor)
    }
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}:{}", self.numerator, self.denominator, self.rounding.name())
    }
}

impl fmt::Display for Agreed {
    /// Such as `earn 1/6000:each_full_step, till discount 3/100:floor`, or `nothing`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let stated = |name: &str, value: Option<String>| value.map(|value| format!("{name} {value}"));
        let share = |share: Option<Share>| share.map(|share| share.to_string());
        let all = [
            stated("earn", self.earn.map(|earn| earn.to_string())),
            stated("bonus", share(self.bonus)),
            stated("till bonus", share(self.till_bonus)),
            stated("till discount", share(self.till_discount)),
        ];
        let all: Vec<String> = all.into_iter().flatten().collect();
        f.write_str(if all.is_empty() { "nothing" } else { "" })?;
        f.write_str(&all.join(", "))
    }
}

const EACH_FULL_STEP: &str = "each_full_step";

/// What was typed is no rate.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected {expected}, found {found:?}")]
pub struct AgreedError {
    expected: &'static str,
    found: String,
}

impl FromStr for Earn {
    type Err = AgreedError;

    fn from_str(text: &str) -> Result<Self, AgreedError> {
        let expected = "miles/minor units and perhaps a rounding (each_full_step, floor, half_up, half_even), such as \
                        1/6000 or 1/6000:half_up";
        let wrong = || AgreedError { expected, found: text.to_owned() };
        let (rate, rounding) = text.split_once(':').unwrap_or((text, EACH_FULL_STEP));
        let proportional = match rounding {
            EACH_FULL_STEP => None,
            name => Some(rounding_of(name).ok_or_else(wrong)?),
        };
        let (miles, per_minor) = ratio(rate).ok_or_else(wrong)?;
        Ok(Self { miles, per_minor, proportional })
    }
}

impl FromStr for Share {
    type Err = AgreedError;

    fn from_str(text: &str) -> Result<Self, AgreedError> {
        let expected =
            "a part and perhaps a rounding (floor, half_up, half_even), such as 3%, 1/2 or 0, 1.5%:half_up";
        let wrong = || AgreedError { expected, found: text.to_owned() };
        let (part, rounding) = text.split_once(':').unwrap_or((text, "floor"));
        let rounding = rounding_of(rounding).ok_or_else(wrong)?;
        let (numerator, denominator) = match part.strip_suffix('%') {
            Some(percent) => hundredths(percent),
            None if part == "0" => Some((0, 1)),
            None => ratio(part),
        }
        .ok_or_else(wrong)?;
        Ok(Self { numerator, denominator, rounding })
    }
}

fn rounding_of(name: &str) -> Option<Rounding> {
    Rounding::ALL.into_iter().find(|rounding| rounding.name() == name)
}

fn ratio(text: &str) -> Option<(u32, u32)> {
    let (numerator, denominator) = text.split_once('/')?;
    let denominator: u32 = number(denominator)?;
    Some((number(numerator)?, denominator)).filter(|_| denominator > 0)
}

/// `1.5` is 15 of 1000.
fn hundredths(text: &str) -> Option<(u32, u32)> {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    let places = u32::try_from(decimals.len()).ok()?;
    let denominator = 10_u32.checked_pow(places)?.checked_mul(100)?;
    Some((number(&format!("{whole}{decimals}"))?, denominator))
}

/// Digits and nothing else.
fn number(text: &str) -> Option<u32> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::{Agreed, Earn, Share};

    #[test]
    fn rates_are_rounded_as_they_name_it() {
        for (rate, amount, miles) in [
            ("1/6000", 359_999, 59),
            ("2/6000", 359_999, 118),
            ("2/6000:floor", 359_999, 119),
            ("1/6000:half_up", 9_000, 2),
            ("1/6000:half_up", 8_999, 1),
            ("1/6000:half_even", 9_000, 2),
            ("1/6000:half_even", 15_000, 2),
            ("1/6000:half_even", 15_001, 3),
            ("1/6000:each_full_step", 0, 0),
            ("4294967295/1", u64::MAX, i128::from(u64::MAX) * 4_294_967_295),
        ] {
            let earn: Earn = rate.parse().unwrap();
            assert_eq!(earn.of(amount), miles, "{rate} of {amount}");
        }
        for (share, whole, part) in [
            ("3%", 745_000, 22_350),
            ("3%", 99, 2),
            ("3%:half_up", 50, 2),
            ("1.5%", 1_000, 15),
            ("1/2", 9, 4),
            ("0", 9, 0),
        ] {
            let parsed: Share = share.parse().unwrap();
            assert_eq!(parsed.of(whole), part, "{share} of {whole}");
        }
    }

    #[test]
    fn what_is_no_rate_is_refused_and_says_what_was_expected() {
        for text in ["", "1", "1/0", "1/-6", "+1/6", "1/6000:up", "/", "1/6:", "99999999999/1"] {
            let told = text.parse::<Earn>().unwrap_err().to_string();
            assert!(told.contains("such as 1/6000") && told.ends_with(&format!("found {text:?}")), "{told}");
        }
        for text in ["", "%", "3", "3%:each_full_step", "1/0", "-3%", "3.0000000001%", "1.2.3%"] {
            assert!(text.parse::<Share>().is_err(), "{text}");
        }
    }

    #[test]
    fn what_was_stated_is_told() {
        assert_eq!(Agreed::default().to_string(), "nothing");
        let agreed = Agreed {
            earn: Some("1/6000".parse().unwrap()),
            till_discount: Some("3%".parse().unwrap()),
            ..Agreed::default()
        };
        assert_eq!(agreed.to_string(), "earn 1/6000:each_full_step, till discount 3/100:floor");
    }
}

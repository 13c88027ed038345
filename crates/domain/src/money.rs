//! Integer money: minor units, exact ratios and roundings that carry their name.

use std::fmt;

/// An ISO 4217 currency by its numeric code, as DE49 and DE51 carry it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency(pub u16);

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:03}", self.0)
    }
}

/// How a fraction of a unit is rounded. It is named wherever rounding happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rounding {
    /// Towards zero.
    Floor,
    /// The half goes away from zero; the sign is kept: -12.5 becomes -13.
    HalfUp,
    /// The half goes to the even neighbor.
    HalfEven,
}

impl Rounding {
    /// The word used in files: `floor`, `half_up`, `half_even`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Floor => "floor",
            Self::HalfUp => "half_up",
            Self::HalfEven => "half_even",
        }
    }
}

/// Arithmetic that could not be done exactly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// The result does not fit 64 bits.
    #[error("the result does not fit 64 bits")]
    Overflow,
    /// A ratio with a zero denominator.
    #[error("the denominator of a ratio is zero")]
    ZeroDenominator,
    /// An amount in another currency without a rate.
    #[error("there is no rate of exchange to convert an amount by")]
    NoRate,
}

/// An exact, non-negative ratio such as 3/100 for three percent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ratio {
    numerator: u64,
    denominator: u64,
}

impl Ratio {
    /// One to one.
    pub const ONE: Self = Self { numerator: 1, denominator: 1 };

    /// A ratio; refuses a zero denominator.
    pub fn new(numerator: u64, denominator: u64) -> Result<Self, MoneyError> {
        if denominator == 0 { Err(MoneyError::ZeroDenominator) } else { Ok(Self { numerator, denominator }) }
    }

    /// From a percentage such as `1.2`; `None` if it is negative or has more than ten decimals.
    pub fn percent(percent: rust_decimal::Decimal) -> Option<Self> {
        let fraction = Self::decimal(percent)?;
        Some(Self { numerator: fraction.numerator, denominator: fraction.denominator.checked_mul(100)? })
    }

    /// From a decimal number such as `0.615`; `None` if it is negative or has more than ten decimals.
    pub fn decimal(number: rust_decimal::Decimal) -> Option<Self> {
        let number = number.normalize();
        if number.is_sign_negative() && !number.is_zero() || number.scale() > 10 {
            return None;
        }
        let denominator = 10_u64.checked_pow(number.scale())?;
        Some(Self { numerator: u64::try_from(number.mantissa()).ok()?, denominator })
    }

    /// The numerator.
    pub fn numerator(self) -> u64 {
        self.numerator
    }

    /// The denominator, never zero.
    pub fn denominator(self) -> u64 {
        self.denominator
    }

    /// `amount` times this ratio, rounded as named.
    pub fn of(self, amount: i64, rounding: Rounding) -> Result<i64, MoneyError> {
        mul_div(amount, self.numerator, self.denominator, rounding)
    }
}

/// `amount * numerator / denominator`, exact in 128 bits, rounded once as named.
///
/// ```
/// use domain::{Rounding, mul_div};
/// assert_eq!(mul_div(-25, 1, 2, Rounding::HalfUp), Ok(-13));
/// assert_eq!(mul_div(-25, 1, 2, Rounding::Floor), Ok(-12));
/// assert_eq!(mul_div(25, 1, 2, Rounding::HalfEven), Ok(12));
/// ```
pub fn mul_div(amount: i64, numerator: u64, denominator: u64, rounding: Rounding) -> Result<i64, MoneyError> {
    if denominator == 0 {
        return Err(MoneyError::ZeroDenominator);
    }
    let product = u128::from(amount.unsigned_abs()) * u128::from(numerator);
    let size = i64::try_from(div_rounded(product, u128::from(denominator), rounding)?)
        .map_err(|_| MoneyError::Overflow)?;
    Ok(if amount < 0 { -size } else { size })
}

/// `product / denominator`, rounded as named; the denominator is not zero.
pub(crate) fn div_rounded(product: u128, denominator: u128, rounding: Rounding) -> Result<u128, MoneyError> {
    let (whole, rest) = (product / denominator, product % denominator);
    let twice = rest.checked_mul(2).ok_or(MoneyError::Overflow)?;
    let up = match rounding {
        Rounding::Floor => false,
        Rounding::HalfUp => twice >= denominator,
        Rounding::HalfEven => twice > denominator || (twice == denominator && whole % 2 == 1),
    };
    whole.checked_add(u128::from(up)).ok_or(MoneyError::Overflow)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(amount: i64, ratio: (u64, u64), floor: i64, half_up: i64, half_even: i64) {
        let of = |rounding| mul_div(amount, ratio.0, ratio.1, rounding).unwrap();
        assert_eq!(
            (of(Rounding::Floor), of(Rounding::HalfUp), of(Rounding::HalfEven)),
            (floor, half_up, half_even)
        );
    }

    #[test]
    fn roundings_are_what_they_are_called() {
        check(10, (1, 4), 2, 3, 2);
        check(14, (1, 4), 3, 4, 4);
        check(-10, (1, 4), -2, -3, -2);
        check(-120_000, (1, 100), -1_200, -1_200, -1_200);
        check(0, (7, 3), 0, 0, 0);
        check(59, (615, 10), 3_628, 3_629, 3_628);
        check(i64::MAX, (1, 1), i64::MAX, i64::MAX, i64::MAX);
    }

    #[test]
    fn overflow_and_zero_are_errors() {
        assert_eq!(mul_div(i64::MAX, 2, 1, Rounding::Floor), Err(MoneyError::Overflow));
        assert_eq!(mul_div(1, 1, 0, Rounding::Floor), Err(MoneyError::ZeroDenominator));
        assert_eq!(Ratio::new(1, 0), Err(MoneyError::ZeroDenominator));
    }

    #[test]
    fn decimals_become_exact_ratios() {
        let ratio = |text: &str| Ratio::decimal(text.parse().unwrap()).map(|r| (r.numerator, r.denominator));
        assert_eq!(ratio("0.615"), Some((615, 1000)));
        assert_eq!(ratio("20"), Some((20, 1)));
        assert_eq!(ratio("-1"), None);
        let percent = Ratio::percent("1.2".parse().unwrap()).unwrap();
        assert_eq!((percent.numerator(), percent.denominator()), (12, 1000));
    }

    proptest! {
        #[test]
        fn rounding_is_never_off_by_a_whole_unit(amount in -1_000_000_000_000_i64..1_000_000_000_000, n in 0_u64..10_000, d in 1_u64..10_000) {
            let exact = i128::from(amount) * i128::from(n);
            for rounding in [Rounding::Floor, Rounding::HalfUp, Rounding::HalfEven] {
                let rounded = i128::from(mul_div(amount, n, d, rounding).unwrap());
                let off = (rounded * i128::from(d) - exact).abs();
                prop_assert!(off < i128::from(d));
                if rounding != Rounding::Floor { prop_assert!(off * 2 <= i128::from(d)); }
            }
        }

        #[test]
        fn rounding_keeps_the_sign(amount in -1_000_000_i64..1_000_000, n in 0_u64..1000, d in 1_u64..1000) {
            for rounding in [Rounding::Floor, Rounding::HalfUp, Rounding::HalfEven] {
                prop_assert_eq!(mul_div(amount, n, d, rounding).unwrap(), -mul_div(-amount, n, d, rounding).unwrap());
            }
        }
    }
}

//! Exact fractions.

use std::cmp::Ordering;

/// How a fraction of a minor unit is rounded; the size is rounded, the sign is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    Floor,
    HalfUp,
    HalfEven,
}

impl Mode {
    pub(crate) fn parse(text: &str) -> Self {
        match text {
            "floor" => Self::Floor,
            "half_up" => Self::HalfUp,
            "half_even" => Self::HalfEven,
            other => panic!("a rounding {other:?}"),
        }
    }
}

/// Upper and lower number; the lower one is above zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Fraction(pub(crate) i128, pub(crate) i128);

impl Fraction {
    pub(crate) const ONE: Self = Self(1, 1);

    /// A decimal number such as `0.615`, or `3/4`.
    pub(crate) fn parse(text: &str) -> Self {
        if let Some((upper, lower)) = text.split_once('/') {
            return Self(upper.parse().unwrap(), lower.parse().unwrap());
        }
        let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
        let lower = 10_i128.pow(u32::try_from(decimals.len()).unwrap());
        Self(format!("{whole}{decimals}").parse().unwrap(), lower)
    }

    pub(crate) fn times(self, other: Self) -> Self {
        Self(self.0 * other.0, self.1 * other.1)
    }

    pub(crate) fn plus(self, other: Self) -> Self {
        if self.1 == other.1 {
            return Self(self.0 + other.0, self.1);
        }
        Self(self.0 * other.1 + other.0 * self.1, self.1 * other.1)
    }

    pub(crate) fn rounded(self, mode: Mode) -> i128 {
        let (size, sign) = (self.0.abs(), self.0.signum());
        let (whole, rest) = (size / self.1, size % self.1);
        let up = match (mode, (rest * 2).cmp(&self.1)) {
            (Mode::Floor, _) | (_, Ordering::Less) => false,
            (Mode::HalfUp, _) | (_, Ordering::Greater) => true,
            (Mode::HalfEven, Ordering::Equal) => whole % 2 == 1,
        };
        (whole + i128::from(up)) * sign
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fractions_are_rounded_by_size() {
        for (text, floor, up, even) in [
            ("0", 0, 0, 0),
            ("12.5", 12, 13, 12),
            ("13.5", 13, 14, 14),
            ("-12.5", -12, -13, -12),
            ("-1200.0", -1200, -1200, -1200),
            ("12.49", 12, 12, 12),
            ("7/2", 3, 4, 4),
        ] {
            let fraction = Fraction::parse(text);
            let rounded = [Mode::Floor, Mode::HalfUp, Mode::HalfEven].map(|mode| fraction.rounded(mode));
            assert_eq!(rounded, [floor, up, even], "{text}");
        }
    }
}

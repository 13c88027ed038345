//! Exact fractions, rounded once by a named rule.

/// How a fraction of a unit is rounded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Round {
    Down,
    HalfUp,
    HalfEven,
}

/// `of` times `upper / lower`; a negative amount is rounded as its size is.
pub(crate) fn share(of: i128, (upper, lower): (i128, i128), round: Round) -> i128 {
    assert!(lower > 0 && upper >= 0, "a share of {upper}/{lower}");
    let exact = of.abs() * upper;
    let (whole, rest) = (exact / lower, exact % lower);
    let up = match round {
        Round::Down => false,
        Round::HalfUp => rest * 2 >= lower,
        Round::HalfEven => rest * 2 > lower || (rest * 2 == lower && whole % 2 != 0),
    };
    (whole + i128::from(up)) * of.signum()
}

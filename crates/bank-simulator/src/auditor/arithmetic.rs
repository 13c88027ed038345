//! Whole numbers, rounded by name.

use super::agreement::Ratio;

/// `amount × numerator / denominator` toward zero. Amounts here are never negative, so this is down.
pub(super) fn down(amount: i128, numerator: u64, denominator: u64) -> i128 {
    (amount * i128::from(numerator)).checked_div(i128::from(denominator)).unwrap_or(0)
}

/// `amount × numerator / denominator`, the size rounded half up, the sign kept.
pub(super) fn half_up(amount: i128, numerator: u64, denominator: u64) -> i128 {
    let (exact, denominator) = (amount * i128::from(numerator), i128::from(denominator));
    let size = (2 * exact.abs() + denominator).checked_div(2 * denominator).unwrap_or(0);
    if exact < 0 { -size } else { size }
}

/// A quantity at a price, half up.
pub(super) fn at_price(quantity: i128, price: Ratio) -> i128 {
    half_up(quantity, price.numerator, price.denominator)
}

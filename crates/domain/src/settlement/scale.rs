//! What units cost where the price falls with the quantity of the month.
//!
//! The price of some units is what the quantity costs after them less what it cost before. So a refund gives back
//! what its units cost last, and a month costs the same in whatever parts it is settled.

use super::{TermItem, Terms};
use crate::money::div_rounded;
use crate::{MoneyError, Ratio};

impl TermItem {
    /// The minor units of `quantity` units when the month already has `before`, rounded once; positive if the payer
    /// of the item pays. `rate` converts money of the program's currency.
    pub(super) fn cost(&self, before: i64, quantity: i64, rate: Option<Ratio>) -> Result<i64, MoneyError> {
        if self.tiers.is_empty() && rate.is_none() {
            return self.price.of(quantity, self.rounding);
        }
        let after = before.checked_add(quantity).ok_or(MoneyError::Overflow)?;
        let (exact, denominator) = self.exact(before.min(after), before.max(after))?;
        let rate = rate.unwrap_or(Ratio::ONE);
        let upper = exact.checked_mul(u128::from(rate.numerator())).ok_or(MoneyError::Overflow)?;
        let lower = denominator.checked_mul(u128::from(rate.denominator())).ok_or(MoneyError::Overflow)?;
        let size = i64::try_from(div_rounded(upper, lower, self.rounding)?);
        let size = size.map_err(|_| MoneyError::Overflow)?;
        Ok(if quantity < 0 { -size } else { size })
    }

    /// What the units from `from` to `to` cost, as a fraction. Below zero, where a month has more taken back than
    /// given, the first price holds.
    fn exact(&self, from: i64, to: i64) -> Result<(u128, u128), MoneyError> {
        let ends = self.tiers.iter().map(|tier| tier.above).chain([i64::MAX]);
        let prices = std::iter::once(self.price).chain(self.tiers.iter().map(|tier| tier.price));
        let mut sum = (0_u128, 1_u128);
        let mut start = from;
        for (price, end) in prices.zip(ends) {
            let end = end.min(to);
            if start < end {
                // Both are between two numbers of 64 bits.
                let units = u128::from(end.abs_diff(start));
                sum = plus(sum, units, price)?;
                start = end;
            }
        }
        Ok(sum)
    }
}

impl Terms {
    /// The rate for an item: only money of the program's currency is converted.
    pub(super) fn rate_for(&self, item: &TermItem, rate: Option<Ratio>) -> Result<Option<Ratio>, MoneyError> {
        match (&self.rates, item.basis.is_money()) {
            (Some(_), true) => rate.map(Some).ok_or(MoneyError::NoRate),
            _ => Ok(None),
        }
    }
}

fn plus((upper, lower): (u128, u128), units: u128, price: Ratio) -> Result<(u128, u128), MoneyError> {
    let (numerator, denominator) = (u128::from(price.numerator()), u128::from(price.denominator()));
    let common = lower / greatest_common_divisor(lower, denominator);
    let together = common.checked_mul(denominator).ok_or(MoneyError::Overflow)?;
    let old = upper.checked_mul(together / lower).ok_or(MoneyError::Overflow)?;
    let new = units.checked_mul(numerator).and_then(|minor| minor.checked_mul(common));
    let sum = new.and_then(|new| old.checked_add(new)).ok_or(MoneyError::Overflow)?;
    Ok((sum, together))
}

/// Of two numbers above zero.
fn greatest_common_divisor(mut a: u128, mut b: u128) -> u128 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::Rounding;
    use crate::settlement::{Basis, Direction, PriceTier};

    /// 0.615 for the first thousand, 0.60 up to five thousand, 0.5 for the rest.
    fn item(rounding: Rounding) -> TermItem {
        let ratio = |upper, lower| Ratio::new(upper, lower).unwrap();
        TermItem {
            price: ratio(615, 10),
            tiers: vec![
                PriceTier { above: 1_000, price: ratio(60, 1) },
                PriceTier { above: 5_000, price: ratio(50, 1) },
            ],
            rounding,
            ..TermItem::whole(Basis::MilesGranted, Direction::BankPaysPartner)
        }
    }

    #[test]
    fn each_unit_has_the_price_of_its_place_in_the_month() {
        for (before, quantity, expected) in [
            (0, 1_000, 61_500),
            (0, 1_001, 61_560),
            (999, 2, 122),
            (0, 6_000, 61_500 + 240_000 + 50_000),
            (4_000, 3_000, 60_000 + 100_000),
            // A refund walks back down what was walked up.
            (7_000, -3_000, -160_000),
            (1_001, -2, -122),
            (0, 0, 0),
            // A month that begins with refunds of the month before.
            (0, -10, -615),
            (-10, 1_010, 615 + 61_500),
        ] {
            assert_eq!(
                item(Rounding::HalfUp).cost(before, quantity, None),
                Ok(expected),
                "{before} {quantity}"
            );
        }
    }

    #[test]
    fn a_rate_is_part_of_the_one_rounding() {
        let ratio = |upper, lower| Ratio::new(upper, lower).unwrap();
        let commission = TermItem {
            price: ratio(12, 1000),
            ..TermItem::whole(Basis::Turnover, Direction::PartnerPaysBank)
        };
        // 12,345.67 of one currency at 1.2 % is 148.14804; at 0.0108108 that is 1.6016 of the other.
        let rate = Some(ratio(108_108, 10_000_000));
        assert_eq!(commission.cost(0, 1_234_567, rate), Ok(160));
        assert_eq!(commission.cost(0, -1_234_567, rate), Ok(-160));
        // 1.404 at 0.36 is 0.505; rounded twice it would be 0.
        assert_eq!(commission.cost(0, 117, Some(ratio(36, 100))), Ok(1));
    }

    #[test]
    fn what_leaves_64_bits_is_refused() {
        let dear = TermItem { price: Ratio::new(u64::MAX, 1).unwrap(), ..item(Rounding::Floor) };
        assert_eq!(dear.cost(0, 1_000, None), Err(MoneyError::Overflow));
        assert_eq!(item(Rounding::Floor).cost(i64::MAX, 1, None), Err(MoneyError::Overflow));
        let rate = Some(Ratio::new(u64::MAX, 1).unwrap());
        assert_eq!(dear.cost(0, i64::MAX, rate), Err(MoneyError::Overflow));
    }

    proptest! {
        #[test]
        fn a_refund_gives_back_what_its_units_cost(before in -9_000_i64..9_000, quantity in -9_000_i64..9_000) {
            for rounding in [Rounding::Floor, Rounding::HalfUp, Rounding::HalfEven] {
                let up = item(rounding).cost(before, quantity, None).unwrap();
                let down = item(rounding).cost(before + quantity, -quantity, None).unwrap();
                prop_assert_eq!(up, -down);
            }
        }

        #[test]
        fn a_month_costs_the_same_in_whatever_parts(parts in prop::collection::vec(-3_000_i64..3_000, 0..20)) {
            // Prices in tenths: in steps of ten units nothing is rounded.
            let (mut before, mut sum) = (0, 0);
            for part in &parts {
                sum += item(Rounding::Floor).cost(before, part * 10, None).unwrap();
                before += part * 10;
            }
            prop_assert_eq!(item(Rounding::Floor).cost(0, before, None).unwrap(), sum);
        }

        #[test]
        fn equal_tiers_are_one_price(before in -9_000_i64..9_000, quantity in -9_000_i64..9_000) {
            let mut tiered = item(Rounding::HalfEven);
            tiered.tiers.iter_mut().for_each(|tier| tier.price = tiered.price);
            let flat = TermItem { tiers: Vec::new(), ..tiered.clone() };
            prop_assert_eq!(tiered.cost(before, quantity, None), flat.cost(0, quantity, None));
        }
    }
}

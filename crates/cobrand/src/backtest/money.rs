//! What the differences cost: the terms of the candidate price them as they would price a day.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    Currency, MoneyError, PartnerId,
    replay::Moved,
    settlement::{Basis, Direction, Quantities, Terms, price},
};
use jiff::civil::Date;

/// What the bank receives more from a partner; below zero: what it pays more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Receives {
    /// Before tax, in minor units.
    pub(super) net_minor: i64,
    /// Value added tax, in minor units.
    pub(super) vat_minor: i64,
}

/// The price of what moves otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Priced {
    /// By partner and currency of the terms.
    pub(super) partners: BTreeMap<(PartnerId, Currency), Receives>,
    /// What has no price: on some day the terms of the candidate do not speak of it.
    pub(super) unpriced: BTreeSet<(PartnerId, Basis)>,
}

/// Prices each business date by itself, at the first price of a month, without fees. Each item is rounded once a day, so a settlement by line may come to some minor
/// units more or less.
pub(super) fn priced(
    moved: &Moved,
    terms: &[Terms],
    partners: &BTreeSet<PartnerId>,
    cobrand: PartnerId,
) -> Result<Priced, MoneyError> {
    let mut priced = Priced::default();
    let dates: BTreeSet<Date> = moved.0.keys().map(|(date, _)| *date).collect();
    for date in dates {
        for partner in partners {
            let quantities = quantities(moved, date, *partner, *partner == cobrand);
            if quantities == Quantities::default() {
                continue;
            }
            let of_day =
                terms.iter().filter(|terms| terms.partner == *partner && terms.effective.contains(date));
            let mut with_price = BTreeSet::new();
            for terms in of_day {
                let batch = match price(terms, &[quantities]) {
                    // A back-test knows no rates: what is converted has no price here.
                    Err(MoneyError::NoRate) => continue,
                    other => other?,
                };
                with_price.extend(terms.items.iter().map(|item| item.basis));
                let sign = if batch.direction == Direction::PartnerPaysBank { 1 } else { -1 };
                let sum = priced.partners.entry((*partner, terms.currency)).or_default();
                let add = |one: i64, other: i64| one.checked_add(sign * other).ok_or(MoneyError::Overflow);
                sum.net_minor = add(sum.net_minor, batch.net_minor)?;
                sum.vat_minor = add(sum.vat_minor, batch.vat_minor)?;
            }
            // What terms may leave out is a memorandum then.
            let owed = |basis: &Basis| !basis.is_optional() && quantities.of(*basis) != 0;
            let missing = Basis::ALL.into_iter().filter(owed).filter(|basis| !with_price.contains(basis));
            priced.unpriced.extend(missing.map(|basis| (*partner, basis)));
        }
    }
    Ok(priced)
}

fn quantities(moved: &Moved, date: Date, partner: PartnerId, cobrand: bool) -> Quantities {
    let mut quantities = Quantities::default();
    for ((_, item), amount) in moved.0.iter().filter(|((of, _), _)| *of == date) {
        quantities.add(item, *amount, partner, cobrand);
    }
    quantities
}

#[cfg(test)]
mod tests {
    use domain::{
        Effective, Funder, Item, ProgramId, Ratio, Rounding,
        settlement::{RoundingLevel, TermItem, Vat},
    };
    use jiff::civil::date;

    use super::*;

    const AIRLINE: PartnerId = PartnerId(1);
    const FUEL: PartnerId = PartnerId(2);
    const RUB: Currency = Currency(643);

    fn item(basis: Basis, direction: Direction, price: (u64, u64)) -> TermItem {
        let vat = Vat {
            rate: Ratio::new(20, 100).unwrap(),
            level: RoundingLevel::Line,
            rounding: Rounding::HalfUp,
        };
        TermItem {
            price: Ratio::new(price.0, price.1).unwrap(),
            vat: Some(vat),
            ..TermItem::whole(basis, direction)
        }
    }

    /// A mile costs the bank 0.615; the station pays 0.70 for its own until the 12th.
    fn terms() -> Vec<Terms> {
        let of = |partner, effective, item| Terms {
            effective,
            ..Terms::new(partner, ProgramId(1), RUB, vec![item])
        };
        let until = Effective { from: None, to: Some(date(2026, 10, 12)) };
        vec![
            of(
                AIRLINE,
                Effective::default(),
                item(Basis::MilesGranted, Direction::BankPaysPartner, (615, 10)),
            ),
            of(FUEL, until, item(Basis::BonusMiles, Direction::PartnerPaysBank, (70, 1))),
        ]
    }

    fn check(moved: &[(i8, Item, i64)], expected: &[(PartnerId, i64, i64)], unpriced: &[(PartnerId, Basis)]) {
        let days = moved.iter().map(|(day, item, amount)| ((date(2026, 10, *day), item.clone()), *amount));
        let found = priced(&Moved(days.collect()), &terms(), &[AIRLINE, FUEL].into(), AIRLINE).unwrap();
        let sums = expected.iter().map(|(partner, net_minor, vat_minor)| {
            ((*partner, RUB), Receives { net_minor: *net_minor, vat_minor: *vat_minor })
        });
        assert_eq!(found.partners, sums.collect(), "{moved:?}");
        assert_eq!(found.unpriced, unpriced.iter().copied().collect(), "{moved:?}");
    }

    #[test]
    fn what_moves_has_the_price_of_its_day() {
        let bonus = || Item::Bonus { rule: "b".to_owned(), funder: Funder::Partner(FUEL) };
        check(&[], &[], &[]);
        // 10 miles are 6.15.
        check(&[(10, Item::Base, 10)], &[(AIRLINE, -615, -123)], &[]);
        check(&[(10, Item::Base, -10)], &[(AIRLINE, 615, 123)], &[]);
        // One mile is 0.615 on each of two days: rounded for each.
        check(&[(10, Item::Base, 1), (11, Item::Base, 1)], &[(AIRLINE, -124, -24)], &[]);
        check(&[(10, bonus(), 10)], &[(AIRLINE, -615, -123), (FUEL, 700, 140)], &[]);
        check(&[(12, bonus(), 10)], &[(AIRLINE, -615, -123)], &[(FUEL, Basis::BonusMiles)]);
        check(&[(12, Item::Turnover(FUEL), 500)], &[], &[]);
        check(&[(12, Item::Redeemed, -500)], &[], &[]);
    }
}

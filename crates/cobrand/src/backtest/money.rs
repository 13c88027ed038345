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

/// Prices each business date by itself. Each item is rounded once a day, so a settlement by line may come to some minor
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
                with_price.extend(terms.items.iter().map(|item| item.basis));
                let batch = price(terms, &[quantities])?;
                let sign = if batch.direction == Direction::PartnerPaysBank { 1 } else { -1 };
                let sum = priced.partners.entry((*partner, terms.currency)).or_default();
                let add = |one: i64, other: i64| one.checked_add(sign * other).ok_or(MoneyError::Overflow);
                sum.net_minor = add(sum.net_minor, batch.net_minor)?;
                sum.vat_minor = add(sum.vat_minor, batch.vat_minor)?;
            }
            // Turnover without a price is a memorandum.
            let owed = |basis: &Basis| *basis != Basis::Turnover && quantities.of(*basis) != 0;
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

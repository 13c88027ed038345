//! Of what kind the difference of two items is that are the same thing.

use super::{BreakClass, Item, MatchRules, Parts, Reason, Unit};

/// What differs: the class, why, and what is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Difference {
    /// Its class.
    pub class: BreakClass,
    /// Why it is that.
    pub reason: Reason,
    /// What is counted; that of ours if the currencies differ.
    pub unit: Unit,
    /// What we have of it.
    pub ours: i64,
    /// What they have of it.
    pub theirs: i64,
}

/// What differs between two items; `None` if nothing does that is not tolerated. Times are not looked at.
pub fn classify(ours: &Item, theirs: &Item, rules: &MatchRules) -> Option<Difference> {
    let of = |class, reason| {
        Some(Difference { class, reason, unit: ours.unit, ours: ours.amount, theirs: theirs.amount })
    };
    if ours.unit != theirs.unit {
        return if as_before(ours, theirs).is_some() {
            None
        } else {
            of(BreakClass::Currency, Reason::CurrenciesDiffer)
        };
    }
    let (one, other) = (&ours.parts, &theirs.parts);
    if one.original.zip(other.original).is_some_and(|((unit, _), (their_unit, _))| unit != their_unit) {
        return of(BreakClass::Currency, Reason::CurrenciesDiffer);
    }
    if ours.amount == theirs.amount {
        return same_amount(ours, one, other);
    }
    // Miles that differ are said before a tolerance of money hides them.
    if ours.unit != Unit::Miles && miles_differ(one, other) {
        return of(BreakClass::MilesRate, Reason::MilesDiffer);
    }
    if rules.tolerance(ours.unit).allows(ours.amount.into(), theirs.amount.into()) {
        return None;
    }
    if one.original.is_some() && one.original == other.original {
        return of(BreakClass::Fx, Reason::RatesDiffer);
    }
    if ours.unit == Unit::Miles && one.base.is_some() && one.base == other.base {
        return of(BreakClass::MilesRate, Reason::MilesDiffer);
    }
    if without_fee(ours) == without_fee(theirs) {
        return of(BreakClass::Fee, Reason::FeesDiffer);
    }
    match tax(ours, theirs) {
        Some(Tax::Rounded) => of(BreakClass::VatRounding, Reason::TaxRounded),
        Some(Tax::Differs) => of(BreakClass::Amount, Reason::TaxDiffers),
        None => match one.means.or(other.means) {
            Some(BreakClass::Fee) => of(BreakClass::Fee, Reason::FeesDiffer),
            Some(BreakClass::Fx) => of(BreakClass::Fx, Reason::RatesDiffer),
            Some(BreakClass::MilesRate) => of(BreakClass::MilesRate, Reason::MilesDiffer),
            Some(BreakClass::Totals) => of(BreakClass::Totals, Reason::TotalsDiffer),
            _ => of(BreakClass::Amount, Reason::AmountsDiffer),
        },
    }
}

/// What both are before conversion, if one side states no other amount.
pub(super) fn as_before(ours: &Item, theirs: &Item) -> Option<(Unit, i64)> {
    let (unit, amount) = ours.parts.original?;
    let is_plain = [ours, theirs].into_iter().any(|item| (item.unit, item.amount) == (unit, amount));
    (theirs.parts.original == Some((unit, amount)) && is_plain).then_some((unit, amount))
}

/// Equal amounts may be made of unequal parts.
fn same_amount(ours: &Item, one: &Parts, other: &Parts) -> Option<Difference> {
    if let (Some((unit, before)), Some((their_unit, their_before))) = (one.original, other.original)
        && unit == their_unit
        && before != their_before
    {
        let (class, reason) = (BreakClass::Amount, Reason::AmountsDiffer);
        return Some(Difference { class, reason, unit, ours: before, theirs: their_before });
    }
    if let (true, Some(miles), Some(theirs)) = (miles_differ(one, other), one.miles, other.miles) {
        let (class, reason) = (BreakClass::MilesRate, Reason::MilesDiffer);
        return Some(Difference { class, reason, unit: Unit::Miles, ours: miles, theirs });
    }
    // The tax of both is said, and what is too much of it is too little of the net.
    let (Some(vat), Some(theirs)) = (one.vat, other.vat) else { return None };
    if vat == theirs {
        return None;
    }
    let rounded = i128::from(vat).abs_diff(i128::from(theirs)) <= roundings(one, other);
    let (class, reason) = match rounded {
        true => (BreakClass::VatRounding, Reason::TaxRounded),
        false => (BreakClass::Amount, Reason::TaxDiffers),
    };
    Some(Difference { class, reason, unit: ours.unit, ours: vat, theirs })
}

/// Both say how many miles, not the same, and do not say that they are for different amounts.
fn miles_differ(one: &Parts, other: &Parts) -> bool {
    let base_differs = one.base.zip(other.base).is_some_and(|(base, theirs)| base != theirs);
    one.miles.zip(other.miles).is_some_and(|(miles, theirs)| miles != theirs) && !base_differs
}

/// The amount without its fee; nothing if no fee is said. A side that says none has none.
fn without_fee(item: &Item) -> i128 {
    i128::from(item.amount) - i128::from(item.parts.fee.unwrap_or(0))
}

enum Tax {
    Rounded,
    Differs,
}

/// What the tax explains: all of the difference, if both say the same net; if one side says no parts, a difference that
/// is no more than its roundings.
fn tax(ours: &Item, theirs: &Item) -> Option<Tax> {
    let (one, other) = (&ours.parts, &theirs.parts);
    if let (Some((net, their_net)), Some((vat, their_vat))) = (one.net.zip(other.net), one.vat.zip(other.vat))
    {
        if net != their_net {
            return None;
        }
        let apart = i128::from(vat).abs_diff(i128::from(their_vat));
        return Some(if apart <= roundings(one, other) { Tax::Rounded } else { Tax::Differs });
    }
    let has_tax = one.vat.or(other.vat).is_some_and(|vat| vat != 0);
    let apart = i128::from(ours.amount).abs_diff(i128::from(theirs.amount));
    (has_tax && apart <= roundings(one, other)).then_some(Tax::Rounded)
}

fn roundings(one: &Parts, other: &Parts) -> u128 {
    u128::from(one.lines.max(other.lines).max(1))
}

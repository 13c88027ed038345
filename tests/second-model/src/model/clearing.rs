//! What was cleared of a purchase.

use super::{
    reversal::Reversals,
    told::{Says, Told},
};

/// All presentments, less reversals.
pub(crate) fn cleared(facts: &[Told], reversals: &Reversals) -> i128 {
    of(facts, Says::Clear).map(|clearing| reversals.left_billed(clearing)).sum()
}

/// The same in the merchant's currency, if that is another one.
pub(crate) fn cleared_abroad(facts: &[Told], reversals: &Reversals) -> (i128, i128) {
    let abroad = || of(facts, Says::Clear).filter(|clearing| clearing.foreign);
    let amount = abroad().map(|clearing| reversals.left(clearing)).sum();
    (amount, abroad().map(|clearing| reversals.left_billed(clearing)).sum())
}

pub(crate) fn of(facts: &[Told], says: Says) -> impl Iterator<Item = &Told> {
    facts.iter().filter(move |fact| fact.says == says)
}

//! What was given back of a purchase.

use super::{
    clearing::of,
    reversal::Reversals,
    told::{Says, Told},
};

pub(crate) fn refunded(facts: &[Told], reversals: &Reversals) -> i128 {
    of(facts, Says::Refund).map(|refund| reversals.left_billed(refund)).sum()
}

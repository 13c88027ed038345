//! What remains of a message after the reversals that name it, whichever came first.

use std::collections::BTreeMap;

use super::{
    fraction::{Round, share},
    told::Told,
};

/// Of each message that a reversal named: the least that any reversal leaves of it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Reversals(BTreeMap<u32, i128>);

impl Reversals {
    /// Whether it leaves less than what was left.
    pub(crate) fn tell(&mut self, of: u32, remains: i128) -> bool {
        let before = self.0.get(&of).copied();
        let leaves_less = before.is_none_or(|before| remains < before);
        if leaves_less {
            self.0.insert(of, remains);
        }
        leaves_less
    }

    pub(crate) fn names(&self, message: u32) -> bool {
        self.0.contains_key(&message)
    }

    /// In the merchant's currency.
    pub(crate) fn left(&self, of: &Told) -> i128 {
        self.0.get(&of.id).map_or(of.amount, |remains| of.amount.min(*remains))
    }

    /// In the program's currency: what is billed shrinks in proportion.
    pub(crate) fn left_billed(&self, of: &Told) -> i128 {
        self.left_of(of, of.billed.unwrap_or(of.amount))
    }

    /// The part of `whole` that remains of `of`.
    pub(crate) fn left_of(&self, of: &Told, whole: i128) -> i128 {
        let left = self.left(of);
        if left == of.amount { whole } else { share(whole, (left, of.amount), Round::HalfUp) }
    }
}

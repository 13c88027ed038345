//! What the issuer took back of a purchase, less what was presented again.

use super::{
    clearing::{cleared_abroad, of},
    fraction::{Round, share},
    reversal::Reversals,
    told::{Says, Told},
};

/// Never below zero: what is presented again without a chargeback waits for it.
pub(crate) fn charged_back(facts: &[Told], reversals: &Reversals) -> i128 {
    claimed_back(facts, reversals).max(0)
}

/// The same, also below zero: what is presented again is counted when it comes.
pub(crate) fn claimed_back(facts: &[Told], reversals: &Reversals) -> i128 {
    let sum = |amount: &dyn Fn(&Told) -> i128, billed: bool| {
        let of_kind = |says| {
            let with_amount = move |fact: &&Told| (fact.billed.is_some() || !fact.foreign) == billed;
            of(facts, says).filter(with_amount).map(amount).sum::<i128>()
        };
        of_kind(Says::ChargeBack) - of_kind(Says::PresentAgain)
    };
    let at_home = sum(&|fact| reversals.left_billed(fact), true);
    let abroad = sum(&|fact| reversals.left(fact), false);
    // Where no billing amount is stated, it is the share of what was billed when it was cleared.
    let (cleared, billed) = cleared_abroad(facts, reversals);
    let share_of_billed = if cleared == 0 {
        0
    } else {
        share(billed, (abroad.abs(), cleared), Round::HalfUp) * abroad.signum()
    };
    at_home + share_of_billed
}

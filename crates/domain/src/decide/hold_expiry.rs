//! The end of a hold that no clearing came for.
//!
//! What is provisional is given up; what is booked stays. A clearing that comes later posts in full, and further
//! authorizations open the hold again.

use super::{answered, book, nothing};
use crate::{
    AccountState, Event, Gate, HoldState, LoyaltyResult, MessageKey, Outcome, Reply, ReplyCode, ResultStatus,
    Rules, WorkingSet,
};

pub(super) fn expire(
    state: &WorkingSet,
    event: &Event,
    rules: &Rules,
    gate: &Gate,
    account: &AccountState,
    purchase: MessageKey,
) -> Result<Outcome, &'static str> {
    let purchase = state.purchases.get(&(event.bucket, purchase)).ok_or("purchase of the hold")?;
    if event.member.is_none_or(|member| member.account != purchase.account) {
        return Err("account of the purchase");
    }
    if purchase.open_hold_minor() == 0 {
        return Ok(nothing(event, "hold_is_not_open"));
    }
    // A further authorization may have come between the look and the lock.
    if purchase.hold_until.is_none_or(|until| until > event.local.date()) {
        return Ok(nothing(event, "hold_was_prolonged"));
    }
    let program = rules.programs.get(&purchase.rules).ok_or("program version")?;
    let mut purchase = purchase.clone();
    let (before, held) = (purchase.pending.clone(), purchase.held_minor);
    purchase.hold = HoldState::Expired;
    let movements = book::rebook(state, event, rules, program, &mut purchase)?;

    let result = LoyaltyResult {
        status: ResultStatus::Reversed,
        reason: "hold_expired".to_owned(),
        base_miles: purchase.pending.amount(&crate::Item::Base) - before.amount(&crate::Item::Base),
        bonus_miles: purchase.pending.bonus_miles() - before.bonus_miles(),
        discount_minor: purchase.pending.discount_minor() - before.discount_minor(),
        discount_mode: None,
    };
    let mut outcome = answered(event, Reply { code: ReplyCode::Taken, till: None, result, miles: None });
    outcome.explanation.applied(
        "hold",
        "hold_expired",
        vec![
            ("until", purchase.hold_until.map(|until| until.to_string()).unwrap_or_default()),
            ("held_minor", held.to_string()),
        ],
    );
    // A refund may have made room under the cap since: what is booked now is told.
    if !movements.posted.is_empty() {
        outcome.explanation.0.extend(movements.explanation.0.iter().cloned());
    }
    if let Some(till) = purchase.till.filter(|_| purchase.pending.discount_minor() != 0) {
        let values = vec![("offered_minor", till.discount_minor.to_string())];
        outcome.explanation.skipped("till", "till_discount_unconfirmed_break", values);
    }
    outcome.purchase = Some(purchase.key);
    book::record(&mut outcome, event, gate, account, purchase, &movements);
    Ok(outcome)
}

//! A refund that came without its purchase is matched to one: from then on it takes back there what a refund that names
//! its original would have taken back, and what becomes of the refund becomes of it there.
//!
//! It is a purchase of its own that has nothing but the refund, so nothing was booked for it. The match moves the
//! refunded amount, never more than what is left of the purchase; a rest stands alone as before.

use super::{advance, answered, book, nothing};
use crate::{
    AccountState, Event, Explanation, Gate, LoyaltyResult, MatchPart, MatchParts, MessageKey, Outcome,
    Purchase, RefundDecisionId, RefundMatch, Reply, ReplyCode, ResultStatus, Rules, WorkingSet,
};

/// What is asked for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked {
    pub(super) refund: MessageKey,
    /// `None`: the refund stands alone for good.
    pub(super) purchase: Option<MessageKey>,
    pub(super) parts: MatchParts,
    /// `None`: the scheduler was certain.
    pub(super) decision: Option<RefundDecisionId>,
}

pub(super) fn decide(
    state: &WorkingSet,
    event: &Event,
    rules: &Rules,
    gate: &Gate,
    account: &AccountState,
    asked: Asked,
) -> Result<Outcome, &'static str> {
    let stored = |key| state.purchases.get(&(event.bucket, key));
    let refund = stored(asked.refund).ok_or("refund that is to be matched")?;
    if event.member.is_none_or(|member| member.account != refund.account) {
        return Err("account of the refund");
    }
    if let Some(reason) = stands_otherwise(refund) {
        return Ok(nothing(event, reason));
    }
    let Some(key) = asked.purchase else { return Ok(left_alone(event, refund, asked)) };
    let purchase = stored(key).ok_or("purchase of the refund")?;
    if let Some(reason) = cannot_be_meant(refund, purchase, asked) {
        return Ok(nothing(event, reason));
    }
    let (mut refund, mut purchase) = (refund.clone(), purchase.clone());
    let before = purchase.position_minor();
    let minor = purchase.net_minor().min(refund.refunded_minor);
    refund.refunded_minor -= minor;
    refund.refund_match = Some(RefundMatch::To { purchase: key, most_minor: minor, minor });
    purchase.refunded_minor = purchase.refunded_minor.saturating_add(minor);
    let program = rules.programs.get(&purchase.rules).ok_or("program version")?;
    let movements = book::rebook(state, event, rules, program, &mut purchase)?;

    let posted = movements.posted_amounts();
    let result = LoyaltyResult {
        status: ResultStatus::Reversed,
        reason: "refund_matched".to_owned(),
        base_miles: posted.amount(&crate::Item::Base),
        bonus_miles: posted.bonus_miles(),
        discount_minor: posted.discount_minor(),
        discount_mode: None,
    };
    let mut outcome = answered(event, Reply { code: ReplyCode::Taken, till: None, result, miles: None });
    explain(&mut outcome.explanation, asked, key, minor, refund.refunded_minor);
    outcome.explanation.0.extend(movements.explanation.0.iter().cloned());
    outcome.purchase = Some(key);
    outcome.counted_minor = purchase.position_minor().saturating_sub(before);
    book::record(&mut outcome, event, gate, account, purchase, &movements);
    outcome.purchases.push(refund);
    Ok(outcome)
}

/// Why there is nothing to be matched.
fn stands_otherwise(refund: &Purchase) -> Option<&'static str> {
    if counts_elsewhere(refund) {
        return Some("refund_was_matched_already");
    }
    if !advance::known_by_refund_only(refund) {
        return Some("refund_has_its_purchase");
    }
    (refund.refunded_minor == 0).then_some("refund_was_reversed")
}

/// Why the refund cannot count there.
fn cannot_be_meant(refund: &Purchase, purchase: &Purchase, asked: Asked) -> Option<&'static str> {
    if purchase.account != refund.account {
        return Some("original_belongs_to_another_account");
    }
    let comparable = |of: &Purchase| (of.program, of.currency);
    let left = purchase.net_minor();
    if comparable(purchase) != comparable(refund) || purchase.key == refund.key || left == 0 {
        return Some("nothing_left_to_refund");
    }
    // Whoever looked without a lock was certain of other amounts; the next look comes.
    let otherwise = asked.parts.has(MatchPart::ExactAmount) && left != refund.refunded_minor;
    (asked.decision.is_none() && otherwise).then_some("purchase_has_changed")
}

fn left_alone(event: &Event, refund: &Purchase, asked: Asked) -> Outcome {
    let result = LoyaltyResult::none("refund_left_alone");
    let mut outcome = answered(event, Reply { code: ReplyCode::Taken, till: None, result, miles: None });
    let values = [("refund", asked.refund.to_string())].into_iter().chain(decided_by(asked));
    outcome.explanation.skipped("match", "refund_left_alone", values.collect());
    outcome.purchase = Some(refund.key);
    outcome.purchases.push(Purchase { refund_match: Some(RefundMatch::LeftAlone), ..refund.clone() });
    outcome
}

fn decided_by(asked: Asked) -> Option<(&'static str, String)> {
    asked.decision.map(|decision| ("decision", decision.to_string()))
}

/// Which refund, what it had in common with the purchase, and what of it stands alone.
fn explain(explanation: &mut Explanation, asked: Asked, purchase: MessageKey, minor: u64, alone: u64) {
    let how = match asked.decision {
        None => "matched_by_likeness",
        Some(_) => "matched_by_staff",
    };
    let values = [
        ("refund", asked.refund.to_string()),
        ("purchase", purchase.to_string()),
        ("amount_minor", minor.to_string()),
        ("score", asked.parts.score().to_string()),
    ];
    explanation.applied("match", how, values.into_iter().chain(decided_by(asked)).collect());
    for part in asked.parts.iter() {
        explanation.applied("match", part.code(), vec![("score", part.score().to_string())]);
    }
    if alone > 0 {
        explanation.skipped("match", "rest_stands_alone", vec![("amount_minor", alone.to_string())]);
    }
}

/// Whether it is a refund that was matched to another purchase.
pub(super) fn counts_elsewhere(purchase: &Purchase) -> bool {
    matches!(purchase.refund_match, Some(RefundMatch::To { .. }))
}

/// If this is a refund that counts in another purchase: that one takes its place, and the refund is returned. What else
/// was told of the refund's own purchase, such as a presentment that is raised again, stays there.
pub(super) fn follow(
    state: &WorkingSet,
    event: &Event,
    purchase: &mut Purchase,
    is_refund: bool,
) -> Result<Option<Purchase>, &'static str> {
    let counts_in = purchase.refund_match.filter(|_| is_refund).and_then(RefundMatch::purchase);
    let Some(key) = counts_in else { return Ok(None) };
    let to = state.purchases.get(&(event.bucket, key)).ok_or("purchase of a matched refund")?;
    Ok(Some(std::mem::replace(purchase, to.clone())))
}

/// Changes what is refunded: of the refund that counts elsewhere if there is one, else of the purchase itself. What
/// stands alone is given up first, as of a refund above what is left of its original.
pub(super) fn change(
    refund: Option<&mut Purchase>,
    purchase: &mut Purchase,
    change: impl FnOnce(&mut Purchase) -> Result<(), &'static str>,
) -> Result<(), &'static str> {
    let Some(refund) = refund else { return change(purchase) };
    let Some(RefundMatch::To { purchase: key, most_minor, minor }) = refund.refund_match else {
        return change(refund);
    };
    refund.refunded_minor = refund.refunded_minor.saturating_add(minor);
    change(refund)?;
    let now = refund.refunded_minor.min(most_minor);
    refund.refunded_minor -= now;
    refund.refund_match = Some(RefundMatch::To { purchase: key, most_minor, minor: now });
    purchase.refunded_minor = purchase.refunded_minor.saturating_sub(minor).saturating_add(now);
    Ok(())
}

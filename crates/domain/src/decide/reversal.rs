//! Reversals: each cancels only the message that its DE90 names.

use super::{advance::share_minor, answered, book, find, nothing, refund_match};
use crate::{
    AccountState, Event, FoundRef, Gate, Item, LoyaltyResult, MatchRefRow, MessageKey, Outcome, Purchase,
    RefKind, Reply, ReplyCode, ResultStatus, Rules, WorkingSet,
};

pub(super) fn reverse(
    state: &WorkingSet,
    event: &Event,
    rules: &Rules,
    gate: &Gate,
    account: &AccountState,
    remaining: u64,
) -> Result<Outcome, &'static str> {
    let names = &event.references.names.as_ref().ok_or("original data elements")?.0;
    let left = find::remaining_minor(state, event, names);
    let Some((kind, original)) = find::original(state, event, names) else {
        // A tombstone: the original will count with what remains of it when it arrives.
        let mut outcome = nothing(event, "original_not_seen_yet");
        outcome.refs.push(tombstone(names, None, remaining));
        return Ok(outcome);
    };
    let purchase_key = original.purchase.ok_or("purchase of the original")?;
    let purchase = state.purchases.get(&(event.bucket, purchase_key)).ok_or("purchase of the original")?;
    let ours = event.member.is_some_and(|member| member.account == purchase.account);
    if !ours {
        return Ok(nothing(event, "original_belongs_to_another_account"));
    }
    let whole = original.transaction_minor;
    let before = share_minor(original.amount_minor, left.unwrap_or(whole), whole)?;
    let after = share_minor(original.amount_minor, remaining, whole)?.min(before);

    let mut purchase = purchase.clone();
    let mut refund = refund_match::follow(state, event, &mut purchase, kind == RefKind::Refund)?;
    let position = purchase.position_minor();
    refund_match::change(refund.as_mut(), &mut purchase, |of| take_back(of, kind, before - after))?;
    if kind == RefKind::Authorization {
        lower_hold(&mut purchase, original, left.unwrap_or(whole), remaining)?;
    }
    if kind == RefKind::Presentment && purchase.foreign.is_some() {
        let transaction = whole.min(left.unwrap_or(whole)).saturating_sub(remaining);
        purchase.clear_foreign(event.currency, signed(kind, transaction)?, signed(kind, before - after)?);
    }
    let program = rules.programs.get(&purchase.rules).ok_or("program version")?;
    let pending_before = purchase.pending.clone();
    let movements = book::rebook(state, event, rules, program, &mut purchase)?;

    let unchanged = match (original.amount_minor, whole) {
        (0, 0) => Some("original_without_amount"),
        _ => (before == after).then_some("already_reversed"),
    };
    let mut outcome = answered(
        event,
        Reply { code: ReplyCode::Taken, till: None, result: LoyaltyResult::none(""), miles: None },
    );
    outcome.explanation.applied(
        "match",
        find::FoundBy::Named.reason(),
        vec![
            ("original", original.message.to_string()),
            ("counted_before_minor", before.to_string()),
            ("counts_after_minor", after.to_string()),
        ],
    );
    outcome.explanation.0.extend(movements.explanation.0.iter().cloned());
    outcome.reply.result = result(kind, unchanged, &movements, &pending_before, &purchase);
    outcome.purchase = Some(purchase.key);
    outcome.counted_minor = purchase.position_minor().saturating_sub(position);
    outcome.refs.push(tombstone(names, Some(purchase_key), remaining));
    book::record(&mut outcome, event, gate, account, purchase, &movements);
    outcome.purchases.extend(refund);
    Ok(outcome)
}

fn tombstone(names: &str, purchase: Option<MessageKey>, remaining: u64) -> MatchRefRow {
    MatchRefRow {
        kind: RefKind::ReversalOf,
        value: names.to_owned(),
        purchase,
        amount_minor: remaining,
        transaction_minor: remaining,
        record: None,
    }
}

fn take_back(purchase: &mut Purchase, kind: RefKind, less: u64) -> Result<(), &'static str> {
    match kind {
        RefKind::Presentment => purchase.cleared_minor = purchase.cleared_minor.saturating_sub(less),
        RefKind::Refund => purchase.refunded_minor = purchase.refunded_minor.saturating_sub(less),
        RefKind::Chargeback | RefKind::SecondPresentment => purchase.charge_back(-signed(kind, less)?)?,
        _ => {}
    }
    Ok(())
}

/// Lowers what this authorization holds from what was left of it to what remains. Computed from the whole, so that
/// reversals in two steps leave what one leaves.
fn lower_hold(
    purchase: &mut Purchase,
    original: &FoundRef,
    left: u64,
    remaining: u64,
) -> Result<(), &'static str> {
    let of_whole = |amount, left| share_minor(amount, left, original.transaction_minor);
    // The hold may be lower than the authorized amount by a discount at the till, and by what miles pay.
    let offered = purchase.till.filter(|till| till.original_minor == original.amount_minor);
    let discount = offered.map_or(0, |till| till.discount_minor);
    let paid = purchase.redeemed.map_or(0, |by| by.worth_minor);
    purchase.lower_hold(original.message, |held| {
        for less in [0, discount, discount.saturating_add(paid)] {
            let amount = original.amount_minor.saturating_sub(less);
            if held == of_whole(amount, left)? {
                return of_whole(amount, remaining.min(left));
            }
        }
        Ok(held)
    })
}

fn signed(kind: RefKind, less: u64) -> Result<i64, &'static str> {
    let less = i64::try_from(less).map_err(|_| "an amount within 64 bits")?;
    Ok(match kind {
        RefKind::Presentment | RefKind::SecondPresentment => -less,
        RefKind::Refund | RefKind::Chargeback => less,
        _ => 0,
    })
}

fn result(
    kind: RefKind,
    unchanged: Option<&'static str>,
    movements: &book::Movements,
    pending_before: &crate::Amounts,
    purchase: &Purchase,
) -> LoyaltyResult {
    if let Some(reason) = unchanged {
        return LoyaltyResult::none(reason);
    }
    let posted = movements.posted_amounts();
    let hold = kind == RefKind::Authorization;
    let (base, miles, discount) = if hold {
        let after = &purchase.pending;
        (
            after.amount(&Item::Base) - pending_before.amount(&Item::Base),
            after.miles() - pending_before.miles(),
            after.discount_minor() - pending_before.discount_minor(),
        )
    } else {
        (posted.amount(&Item::Base), posted.miles(), posted.discount_minor())
    };
    LoyaltyResult {
        status: ResultStatus::Reversed,
        reason: if hold { "authorization_reversed" } else { "reversed" }.to_owned(),
        base_miles: base,
        bonus_miles: miles - base,
        discount_minor: discount,
        discount_mode: None,
    }
}

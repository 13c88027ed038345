//! The decisions: which rows an event needs, and what it brings about.

mod advance;
mod book;
mod convert;
mod correction;
mod coupons;
mod eligible;
mod filed;
mod find;
mod hold_expiry;
mod limits;
mod miles;
mod redeem;
mod refund_match;
mod reversal;
mod standing;
mod tier;

use correction::Change;

use crate::{
    ClearingSource, Disposition, Event, EventKind, Explanation, Keys, LoyaltyResult, MilesEvent, Outcome,
    Program, RefKey, RefKind, Reply, ReplyCode, ResultStatus, Rules, TransactionKind, WorkingSet,
};
use jiff::civil::Date;

/// What must be read and locked before this event can be decided.
///
/// Of the versions of a program all are looked at: which of them holds is known under the gate's lock only.
pub fn needs(event: &Event, rules: &Rules) -> Keys {
    let mut keys = Keys::default();
    keys.messages.insert((event.bucket, event.key));
    let Some(member) = event.member else {
        keys.refs.extend(filed::ref_keys(event));
        return keys;
    };
    keys.accounts.insert((event.bucket, member.account));
    keys.programs.insert(member.program);
    if event.kind == EventKind::TierReview {
        return keys;
    }
    if let Some(named) = event.kind.purchases_named() {
        keys.purchases.extend(named.into_iter().map(|purchase| (event.bucket, purchase)));
        return keys;
    }
    if let EventKind::Miles(asked) = event.kind {
        keys.redemptions.extend(asked.redemption().map(|key| (event.bucket, key)));
        if let MilesEvent::Expiry { purchase } | MilesEvent::Refused { purchase, .. } = asked {
            keys.purchases.insert((event.bucket, purchase));
        }
        if asked.spends() {
            keys.lots.insert((event.bucket, member.account));
        }
        return keys;
    }
    let versions = rules.programs.values().filter(|program| program.id == member.program);
    coupons::keys_shown(event, member.account, member.program, versions.clone(), &mut keys);
    limits::keys(event.bucket, member.account, event.local.date(), member.program, versions, &mut keys);
    keys.refs.extend(find::ref_keys(event));
    if event.asked.miles.is_some() && matches!(event.kind, EventKind::Authorization { .. }) {
        keys.lots.insert((event.bucket, member.account));
    }
    keys
}

/// What the rows that were found lead to: the counters of the original purchase's period, and what miles pay of it.
///
/// Reading a reference also reads the purchase it leads to, so that one second round is enough.
pub fn needs_more(event: &Event, found: &WorkingSet, rules: &Rules) -> Keys {
    let mut keys = Keys::default();
    if let EventKind::Miles(MilesEvent::Unanswered { redemption }) = event.kind {
        let found = found.redemptions.get(&(event.bucket, redemption));
        keys.purchases.extend(found.and_then(|found| found.purchase).map(|key| (event.bucket, key)));
    }
    if event.member.is_none() || matches!(event.kind, EventKind::Miles(_)) {
        return keys;
    }
    let by_ref = find::ref_keys(event);
    let by_ref = by_ref.iter().flat_map(|key| found.refs.get(key).into_iter().flatten());
    let named = event.kind.purchases_named().unwrap_or_default();
    let mut led_to: Vec<_> = by_ref.filter_map(|found| found.purchase).chain(named).collect();
    let matched = |key: &_| found.purchases.get(&(event.bucket, *key))?.refund_match?.purchase();
    led_to.extend(led_to.clone().iter().filter_map(matched));
    for key in led_to {
        let Some(purchase) = found.purchases.get(&(event.bucket, key)) else { continue };
        keys.accounts.insert((event.bucket, purchase.account));
        keys.redemptions.extend(purchase.redeemed.map(|by| (event.bucket, by.redemption)));
        let versions = purchase.versions().chain(event.kind.version_asked());
        let versions = versions.filter_map(|version| rules.programs.get(&version));
        let (account, program) = (purchase.account, purchase.program);
        limits::keys(event.bucket, account, purchase.date, program, versions, &mut keys);
        coupons::keys_kept(event.bucket, purchase, &mut keys);
    }
    keys
}

/// What the event brings about. Total: there is an outcome for every event.
///
/// Refusals come first; a business refusal is an outcome, not an error. A card that is no member and a merchant
/// that is no partner are normal: the bank is answered, with a reason, and nothing is booked.
pub fn decide(state: &WorkingSet, event: &Event, rules: &Rules) -> Outcome {
    redeem::told(event, decide_all(state, event, rules))
}

fn decide_all(state: &WorkingSet, event: &Event, rules: &Rules) -> Outcome {
    if let Some(seen) = state.seen.get(&(event.bucket, event.key)) {
        return repeat_of(seen, event);
    }
    if !state.loaded.messages.contains(&(event.bucket, event.key)) {
        return undecidable(event, "message key");
    }
    let Some(member) = event.member else {
        return filed::refused(state, event, rules, nothing(event, "not_a_member"));
    };
    let Some(account) = state.accounts.get(&(event.bucket, member.account)) else {
        return undecidable(event, "account");
    };
    let Some(gate) = state.gates.get(&member.program) else { return undecidable(event, "open cycle") };
    let Some(current) = rules.programs.get(&gate.rules) else { return undecidable(event, "program version") };
    // What takes back, gives again or refunds follows its original, whatever date it carries.
    let follows = matches!(
        event.kind,
        EventKind::Reversal { .. } | EventKind::Chargeback | EventKind::SecondPresentment
    ) || event.kind.is_internal()
        || event.transaction == TransactionKind::Refund;
    if !follows && event.local.date() < account.enrolled_on {
        let outcome = nothing(event, "enrolled_after_the_purchase");
        return stamped(filed::refused(state, event, rules, outcome), gate);
    }
    let barred = eligible::barred(state, event, account);
    if let Some(reason) = barred.or_else(|| refused(state, event, current, rules)) {
        return stamped(filed::refused(state, event, rules, nothing(event, reason)), gate);
    }
    let decided = match (event.kind, &event.references.record) {
        (EventKind::Reversal { .. }, Some(record)) => {
            filed::reversal(state, event, record, rules, gate, account)
        }
        (EventKind::Reversal { remaining_minor }, None) => {
            reversal::reverse(state, event, rules, gate, account, remaining_minor)
        }
        (EventKind::HoldExpiry { purchase }, _) => {
            hold_expiry::expire(state, event, rules, gate, account, purchase)
        }
        (EventKind::TierReview, _) => Ok(tier::review(event, current, account)),
        (EventKind::Rerate { purchase, rules: version, run }, _) => {
            let change = (purchase, Change::Rules(version), run);
            correction::correct(state, event, rules, gate, account, change)
        }
        (EventKind::Reattribute { purchase, partner, run }, _) => {
            let change = (purchase, Change::Partner(partner), run);
            correction::correct(state, event, rules, gate, account, change)
        }
        (EventKind::MatchRefund { refund, purchase, parts, decision }, _) => {
            let asked = refund_match::Asked { refund, purchase, parts, decision };
            refund_match::decide(state, event, rules, gate, account, asked)
        }
        (EventKind::Miles(asked), _) => miles::decide(state, event, rules, gate, account, current, asked),
        (_, Some(record)) => filed::claim(state, event, record, rules, gate, account, current),
        (_, None) => advance::advance(state, event, rules, gate, account, current),
    };
    let desk = miles::Desk { state, event, rules, gate, account, program: current };
    let decided = decided.and_then(|outcome| redeem::follow(&desk, outcome));
    let decided = decided.map(|outcome| tier::advance(event, current, gate, account, outcome));
    let outcome = decided.unwrap_or_else(|missing| undecidable(event, missing));
    stamped(Outcome { active_on: used_on(event, &outcome), ..outcome }, gate)
}

/// The day on which the member used the account: bought something, or spent miles.
fn used_on(event: &Event, outcome: &Outcome) -> Option<Date> {
    let bought = matches!(event.kind, EventKind::Clearing { approved: true, .. })
        && event.transaction == TransactionKind::Purchase
        && outcome.counted_minor > 0;
    let spent = matches!(event.kind, EventKind::Miles(asked) if asked.reserves())
        && outcome.reply.result.status == ResultStatus::Booked;
    (bought || spent || redeem::has_paid(outcome)).then(|| event.local.date())
}

/// Business reasons for which nothing is booked.
fn refused(state: &WorkingSet, event: &Event, program: &Program, rules: &Rules) -> Option<&'static str> {
    if event.kind.is_internal() {
        return None;
    }
    let declared = rules.banks.get(&event.bank).map(|bank| bank.clearing_source);
    if let EventKind::Reversal { .. } = event.kind {
        let by_file = declared == Some(ClearingSource::File);
        return match event.references.names {
            None => Some("reversal_names_no_original"),
            Some(_) => {
                filed::clears_otherwise(state, event, by_file).then_some("clearing_from_another_source")
            }
        };
    }
    if event.transaction == TransactionKind::Other {
        return Some("transaction_type_without_loyalty");
    }
    // The share of a record's chargeback is known from its purchase.
    let shared = matches!(event.kind, EventKind::Chargeback | EventKind::SecondPresentment)
        && event.references.record.is_some();
    let unbilled = !shared && event.amount_in(program.currency).is_none();
    if unbilled && !convert::is_possible(state, event, program) {
        return Some("currency_without_billing_amount");
    }
    match event.kind {
        EventKind::Clearing { source, approved } => {
            if declared != Some(source) {
                return Some(match filed::corrects(state, event) {
                    true => "corrected_from_another_source",
                    false => "clearing_from_another_source",
                });
            }
            // A declined refund gives nothing back, and the purchase's hold is not its business.
            (!approved && event.transaction == TransactionKind::Refund).then_some("declined_by_the_issuer")
        }
        // The books know what a purchase has earned, not what a refund took: a person decides.
        EventKind::Chargeback | EventKind::SecondPresentment
            if event.transaction == TransactionKind::Refund =>
        {
            Some("chargeback_of_a_refund")
        }
        EventKind::Authorization { .. } | EventKind::AuthorizationAdvice { .. }
            if event.transaction == TransactionKind::Refund =>
        {
            Some("refund_is_booked_when_cleared")
        }
        _ => None,
    }
}

fn repeat_of(seen: &crate::SeenMessage, event: &Event) -> Outcome {
    let difference = event.content.first_difference(&seen.content);
    // The account may have become known in between: then the stored reply stands. Two accounts are an alteration.
    let other_account = match (seen.account, event.member) {
        (Some(seen), Some(member)) => seen != member.account,
        _ => false,
    };
    let altered = difference.or_else(|| other_account.then(|| "DE2".to_owned()));
    match altered {
        None => Outcome { disposition: Disposition::Repeat, ..answered(event, seen.reply.clone()) },
        Some(field) => {
            let reply = Reply {
                code: ReplyCode::AlteredRepeat,
                till: None,
                result: LoyaltyResult::none(&format!("altered_repeat:{field}")),
                miles: None,
            };
            Outcome { disposition: Disposition::Altered { field }, ..answered(event, reply) }
        }
    }
}

fn answered(event: &Event, reply: Reply) -> Outcome {
    Outcome {
        key: event.key,
        bucket: event.bucket,
        disposition: Disposition::Decided,
        reply,
        transfers: Vec::new(),
        purchases: Vec::new(),
        counted: Vec::new(),
        refs: Vec::new(),
        outbox: Vec::new(),
        explanation: Explanation::default(),
        purchase: None,
        counted_minor: 0,
        cycle: None,
        standing: None,
        budgeted: Vec::new(),
        short: Vec::new(),
        rate: None,
        redemptions: Vec::new(),
        active_on: None,
        coupons: Vec::new(),
    }
}

/// Taken, with nothing booked and the reason why.
fn nothing(event: &Event, reason: &'static str) -> Outcome {
    let reply =
        Reply { code: ReplyCode::Taken, till: None, result: LoyaltyResult::none(reason), miles: None };
    let mut outcome = answered(event, reply);
    outcome.explanation.skipped("eligibility", reason, Vec::new());
    outcome
}

fn undecidable(event: &Event, missing: &str) -> Outcome {
    let reply = Reply {
        code: ReplyCode::Malfunction,
        till: None,
        result: LoyaltyResult::none("malfunction"),
        miles: None,
    };
    Outcome {
        disposition: Disposition::Undecidable { missing: missing.to_owned() },
        ..answered(event, reply)
    }
}

fn stamped(outcome: Outcome, gate: &crate::Gate) -> Outcome {
    Outcome { cycle: Some((gate.cycle, gate.business_date)), ..outcome }
}

/// The references under which a reversal's original may have been registered.
const CONTRIBUTIONS: [RefKind; 5] = [
    RefKind::Authorization,
    RefKind::Presentment,
    RefKind::Refund,
    RefKind::Chargeback,
    RefKind::SecondPresentment,
];

fn ref_key(event: &Event, kind: RefKind, value: &str) -> RefKey {
    RefKey { bucket: event.bucket, bank: event.bank, kind, value: value.to_owned() }
}

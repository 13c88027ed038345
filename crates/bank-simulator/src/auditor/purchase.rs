//! Which messages make a purchase, and what stands of it after some of them.

use std::collections::BTreeMap;

use super::{
    agreement::AgreedProgram,
    arithmetic::half_up,
    evidence::Counted,
    message::{AuditedMessage, Kind},
};

/// The purchase that each counted message belongs to: the one of the message that DE90 names, else the one of its
/// card, acquirer and retrieval reference. The number of a purchase is that of its first message.
pub(super) fn group(counted: &[Counted<'_>]) -> Vec<usize> {
    let mut by_reference = BTreeMap::new();
    let mut by_name: BTreeMap<(&str, &str), Vec<&AuditedMessage>> = BTreeMap::new();
    for Counted { message, .. } in counted {
        by_name.entry((&message.card, &message.stan)).or_default().push(message);
    }
    let reference = |message: &AuditedMessage| {
        (message.card.clone(), message.acquirer_digits().to_owned(), message.retrieval.clone())
    };
    let mut purchases = Vec::new();
    for (place, Counted { message, .. }) in counted.iter().enumerate() {
        let stan = message.original.as_deref().and_then(|text| text.get(4..10));
        let named = stan
            .and_then(|stan| by_name.get(&(message.card.as_str(), stan)))
            .and_then(|candidates| candidates.iter().find(|candidate| message.names(candidate)));
        let about = named.unwrap_or(message);
        purchases.push(*by_reference.entry(reference(about)).or_insert(place));
    }
    purchases
}

/// What stands of a purchase, in minor units of the program's currency.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Standing {
    /// What presentments brought, gross of refunds.
    pub(super) cleared: i128,
    /// What refunds took back.
    pub(super) refunded: i128,
    /// What authorizations hold for a clearing to come.
    pub(super) held: i128,
    /// A discount at the till that an authorization was answered with.
    pub(super) offer: Option<Offer>,
}

/// A smaller DE4 than was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Offer {
    /// What is left to pay.
    pub(super) net: i128,
    /// By how much it is smaller.
    pub(super) discount: i128,
}

impl Standing {
    pub(super) fn net(&self) -> i128 {
        (self.cleared - self.refunded).max(0)
    }
}

/// Looks at these messages of one purchase, and at nothing else.
pub(super) fn stand(program: &AgreedProgram, messages: &[Counted<'_>]) -> Standing {
    let sum = |kind| {
        let of_kind = messages.iter().filter(|counted| counted.message.kind() == kind);
        of_kind.map(|counted| value(program, counted.message, left(counted, messages))).sum()
    };
    let cleared = sum(Kind::Presentment);
    Standing {
        cleared,
        refunded: sum(Kind::Refund),
        held: held(program, messages, sum(Kind::Request), cleared),
        offer: messages.iter().rev().find_map(|counted| offer(program, counted)),
    }
}

/// What requests asked for, or what the last advice says was approved; nothing once the issuer has declined or the
/// whole of it was cleared.
fn held(program: &AgreedProgram, messages: &[Counted<'_>], requested: i128, cleared: i128) -> i128 {
    let of_kind = |kind| messages.iter().rfind(|counted| counted.message.kind() == kind);
    let approved =
        of_kind(Kind::Approval).map(|advice| value(program, advice.message, left(advice, messages)));
    let held = approved.unwrap_or(requested);
    if of_kind(Kind::Declined).is_some() || cleared >= held { 0 } else { held }
}

/// What the reversals among these messages left of DE4; of an authorization not more than was offered.
fn left(counted: &Counted<'_>, messages: &[Counted<'_>]) -> u64 {
    let reversals = messages.iter().map(|other| other.message).filter(|other| other.kind() == Kind::Reversal);
    let remainders =
        reversals.filter(|reversal| reversal.names(counted.message)).map(AuditedMessage::remainder);
    remainders.chain(offered_net(counted)).chain([counted.message.amount]).min().unwrap_or(0)
}

fn offered_net(counted: &Counted<'_>) -> Option<u64> {
    let asked = counted.message;
    counted.answer.amount.filter(|&answered| asked.kind() == Kind::Request && answered < asked.amount)
}

fn offer(program: &AgreedProgram, counted: &Counted<'_>) -> Option<Offer> {
    let net = value(program, counted.message, offered_net(counted)?);
    Some(Offer { net, discount: value(program, counted.message, counted.message.amount) - net })
}

/// So much of DE4 in the program's currency: the billed amount in proportion, or DE4 itself, or nothing.
fn value(program: &AgreedProgram, message: &AuditedMessage, part: u64) -> i128 {
    match &message.billing {
        Some((billed, currency)) if *currency == program.currency => {
            half_up(i128::from(*billed), part, message.amount)
        }
        _ if message.currency == program.currency => i128::from(part),
        _ => 0,
    }
}

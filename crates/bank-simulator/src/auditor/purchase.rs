//! Which messages make a purchase, and what stands of it after some of them.

use std::collections::BTreeMap;

use super::{
    agreement::AgreedProgram,
    arithmetic::half_up,
    evidence::Counted,
    message::{AuditedMessage, Directory, Kind},
};

/// The purchase that each counted message belongs to, as the place of one of its messages.
///
/// Together belong the messages of one holder that carry the same acquirer and retrieval reference, and a
/// message and the one that its DE90 names. A reversal goes by DE90 alone.
pub(super) fn group(directory: &Directory, counted: &[Counted<'_>]) -> Vec<usize> {
    let mut places: BTreeMap<_, Vec<usize>> = BTreeMap::new();
    for (place, Counted { message, .. }) in counted.iter().enumerate() {
        places.entry((directory.holder(&message.card), message.stan.as_str())).or_default().push(place);
    }
    let named = |message: &AuditedMessage| {
        let stan = message.original.as_deref()?.get(4..10)?;
        let mut candidates = places.get(&(directory.holder(&message.card), stan))?.iter().copied();
        candidates.find(|&place| counted.get(place).is_some_and(|other| message.names(other.message)))
    };
    let mut first_with = BTreeMap::new();
    let mut purchases: Vec<usize> = (0..counted.len()).collect();
    for (place, Counted { message, .. }) in counted.iter().enumerate() {
        let reference =
            (directory.holder(&message.card), message.acquirer_digits(), message.retrieval.trim());
        if !message.retrieval.trim().is_empty() && message.kind() != Kind::Reversal {
            join(&mut purchases, place, *first_with.entry(reference).or_insert(place));
        }
        if let Some(original) = named(message) {
            join(&mut purchases, place, original);
        }
    }
    (0..counted.len()).map(|place| root(&purchases, place)).collect()
}

/// Makes one purchase of the two that these messages belong to: the later one points to the earlier one.
fn join(purchases: &mut [usize], one: usize, other: usize) {
    let (one, other) = (root(purchases, one), root(purchases, other));
    if let Some(purchase) = purchases.get_mut(one.max(other)) {
        *purchase = one.min(other);
    }
}

/// Follows the pointers to the earliest message, which points to itself.
fn root(purchases: &[usize], place: usize) -> usize {
    match purchases.get(place) {
        Some(&earlier) if earlier < place => root(purchases, earlier),
        _ => place,
    }
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
        held: held(program, messages, cleared),
        offer: messages.iter().rev().find_map(|counted| offer(program, counted)),
    }
}

/// Requests and approvals of one purchase tell of one hold: the largest counts. There is none any more once
/// one of them was reversed in full, the issuer has declined, or the whole of it was cleared.
fn held(program: &AgreedProgram, messages: &[Counted<'_>], cleared: i128) -> i128 {
    let of_hold = |counted: &&Counted<'_>| matches!(counted.message.kind(), Kind::Request | Kind::Approval);
    let holds = || messages.iter().filter(of_hold);
    let declined = messages.iter().any(|counted| counted.message.kind() == Kind::Declined);
    let reversed = holds().any(|counted| left(counted, messages) == 0);
    let largest = holds().map(|counted| hold(program, counted, left(counted, messages))).max().unwrap_or(0);
    if declined || reversed || cleared >= largest { 0 } else { largest }
}

/// What a request holds: in proportion to what is left of DE4, the smaller amount that was offered.
fn hold(program: &AgreedProgram, counted: &Counted<'_>, left: u64) -> i128 {
    match offer(program, counted) {
        Some(offer) => half_up(offer.net, left, counted.message.amount),
        None => value(program, counted.message, left),
    }
}

/// What the reversals among these messages left of DE4.
fn left(counted: &Counted<'_>, messages: &[Counted<'_>]) -> u64 {
    let reversals = messages.iter().map(|other| other.message).filter(|other| other.kind() == Kind::Reversal);
    let of_this = reversals.filter(|reversal| reversal.names(counted.message));
    of_this.map(AuditedMessage::remainder).chain([counted.message.amount]).min().unwrap_or(0)
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

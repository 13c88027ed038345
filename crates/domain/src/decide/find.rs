//! How a message finds the purchase that it belongs to.

use super::{CONTRIBUTIONS, ref_key, refund_match};
use crate::{Event, EventKind, FoundRef, Purchase, RefKey, RefKind, WorkingSet};

/// Every reference that deciding this event looks up.
pub(super) fn ref_keys(event: &Event) -> Vec<RefKey> {
    let mut keys = Vec::new();
    if event.kind.purchases_named().is_some() {
        return keys;
    }
    if let Some(names) = &event.references.names {
        keys.extend(CONTRIBUTIONS.map(|kind| ref_key(event, kind, &names.0)));
        keys.push(ref_key(event, RefKind::ReversalOf, &names.0));
    }
    if matches!(event.kind, EventKind::Reversal { .. }) {
        return keys;
    }
    keys.push(ref_key(event, RefKind::ReversalOf, &event.references.own.0));
    keys.push(ref_key(event, RefKind::NamedBy, &event.references.own.0));
    keys.extend(arn_key(event));
    keys.extend(life_cycle_key(event));
    keys.extend(retrieval_key(event));
    // The records of the same identity.
    keys.extend(
        event.references.record.as_ref().map(|record| ref_key(event, record.step, &event.references.own.0)),
    );
    keys
}

/// The acquirer reference number: one transaction of one acquirer, in every record about it.
pub(super) fn arn_key(event: &Event) -> Option<RefKey> {
    reference_key(event, RefKind::Arn, event.references.arn.as_ref())
}

/// The network's name of the transaction.
pub(super) fn life_cycle_key(event: &Event) -> Option<RefKey> {
    reference_key(event, RefKind::LifeCycle, event.references.life_cycle.as_ref())
}

/// Zeros and blanks are what a sender writes that has none.
fn reference_key(event: &Event, kind: RefKind, value: Option<&String>) -> Option<RefKey> {
    let value = value.filter(|text| text.bytes().any(|byte| !matches!(byte, b'0' | b' ')))?;
    Some(ref_key(event, kind, value))
}

/// DE32, DE37 and DE42 together: the retrieval reference is given by the acquirer to one sale of one merchant.
/// Zeros are what a terminal sends that has none.
pub(super) fn retrieval_key(event: &Event) -> Option<RefKey> {
    let retrieval =
        event.references.retrieval.as_ref().filter(|text| text.bytes().any(|byte| byte != b'0'))?;
    let acquirer = event.merchant.acquirer.trim_start_matches('0');
    let value = format!("{acquirer}:{retrieval}:{}", event.merchant.card_acceptor);
    Some(ref_key(event, RefKind::Retrieval, &value))
}

/// The rung of the ladder on which a purchase was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FoundBy {
    Named,
    NamedBy,
    Arn,
    LifeCycle,
    Retrieval,
}

impl FoundBy {
    pub(super) fn reason(self) -> &'static str {
        match self {
            Self::Named => "matched_by_original_data_elements",
            Self::NamedBy => "matched_by_a_message_that_named_this_one",
            Self::Arn => "matched_by_acquirer_reference",
            Self::LifeCycle => "matched_by_life_cycle_id",
            Self::Retrieval => "matched_by_retrieval_reference",
        }
    }
}

/// The purchases of this member that the event may belong to, best first, each once.
pub(super) fn candidates<'a>(state: &'a WorkingSet, event: &Event) -> Vec<(FoundBy, &'a Purchase)> {
    let mut found: Vec<(FoundBy, &Purchase)> = Vec::new();
    let mut add = |by, key: Option<RefKey>| {
        for purchase in key.into_iter().flat_map(|key| purchases(state, event, &key)) {
            if !found.iter().any(|(_, other)| other.key == purchase.key) {
                found.push((by, purchase));
            }
        }
    };
    if let Some(names) = &event.references.names {
        CONTRIBUTIONS.into_iter().for_each(|kind| add(FoundBy::Named, Some(ref_key(event, kind, &names.0))));
    }
    add(FoundBy::NamedBy, Some(ref_key(event, RefKind::NamedBy, &event.references.own.0)));
    add(FoundBy::Arn, arn_key(event));
    add(FoundBy::LifeCycle, life_cycle_key(event));
    add(FoundBy::Retrieval, retrieval_key(event));
    found
}

fn purchases<'a>(state: &'a WorkingSet, event: &Event, key: &RefKey) -> Vec<&'a Purchase> {
    let account = event.member.map(|member| member.account);
    let refs = state.refs.get(key).into_iter().flatten();
    let mut purchases: Vec<&Purchase> = refs
        .filter_map(|found| state.purchases.get(&(event.bucket, found.purchase?)))
        .filter(|purchase| Some(purchase.account) == account)
        // A refund that counts elsewhere by now: what has its references is a purchase of its own.
        .filter(|purchase| !refund_match::counts_elsewhere(purchase))
        .collect();
    // A purchase that has been cleared attracts further presentments.
    purchases.sort_by_key(|purchase| (purchase.cleared_minor == 0, purchase.key));
    purchases
}

/// What earlier reversals left of the message that is registered under `value`, in minor units of its DE4.
pub(super) fn remaining_minor(state: &WorkingSet, event: &Event, value: &str) -> Option<u64> {
    let key = ref_key(event, RefKind::ReversalOf, value);
    state.refs.get(&key)?.iter().map(|found| found.transaction_minor).min()
}

/// The message that DE90 names, and as what it counted.
pub(super) fn original<'a>(
    state: &'a WorkingSet,
    event: &Event,
    value: &str,
) -> Option<(RefKind, &'a FoundRef)> {
    CONTRIBUTIONS
        .into_iter()
        .find_map(|kind| Some((kind, state.refs.get(&ref_key(event, kind, value))?.first()?)))
}

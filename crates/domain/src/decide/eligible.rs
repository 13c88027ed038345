//! Whether a member's account and card may earn: what was closed or blocked gives no new value.

use super::find;
use crate::{AccountState, Event, EventKind, MilesEvent, TransactionKind, WorkingSet};

/// Why a message that would begin something gives nothing; `None` if nothing stands against it.
///
/// What takes back is never barred: a refund of a lost card's purchase takes the miles of the account. Clearing counts
/// although the card or the account is blocked: its purchase may be older than the block, and the bank has paid it.
pub(super) fn barred(state: &WorkingSet, event: &Event, account: &AccountState) -> Option<&'static str> {
    // The advice of a decline gives nothing: it ends what an earlier message began.
    let authorizes = matches!(
        event.kind,
        EventKind::Authorization { .. } | EventKind::AuthorizationAdvice { approved: true }
    );
    // So does spending: what is given fails closed.
    let spends = matches!(
        event.kind,
        EventKind::Miles(
            MilesEvent::Reserve { .. } | MilesEvent::ReserveShare { .. } | MilesEvent::Send { .. }
        )
    );
    // A clearing of nothing, or one that was declined, ends what an earlier message began.
    let clears = matches!(event.kind, EventKind::Clearing { approved: true, .. }) && event.amount_minor > 0;
    let begins = authorizes || spends || clears;
    if !begins || event.transaction == TransactionKind::Refund {
        return None;
    }
    // What is cleared was bought when its purchase was first heard of.
    let told = find::candidates(state, event).first().map(|(_, purchase)| purchase.date);
    let date = told.filter(|_| clears).unwrap_or(event.local.date());
    if account.closed_on.is_some_and(|last| date > last) {
        return Some("account_closed_before_the_purchase");
    }
    if !authorizes && !spends {
        return None;
    }
    if account.blocked {
        return Some("account_blocked");
    }
    let card = event.card?;
    state.blocked_cards.contains(&(event.bucket, card)).then_some("card_blocked")
}

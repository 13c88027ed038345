//! Miles that were reserved for an authorization whose answer came too late for the bank.
//!
//! The bank is told that there is no loyalty now, so the miles must not wait for the end of the hold: whoever could not
//! hand an answer over makes the event that gives them back. If the process dies in between, or the database cannot be
//! reached, the bank's 0420, a clearing of another amount, or the end of the hold gives them back.

use std::sync::Arc;

use domain::{Content, EventKind, MilesEvent};
use store::{AccountPlace, MessageRecord};
use tokio::sync::oneshot;

use crate::{
    Gateway, LaneAnswer,
    internal_event::{InternalEvent, decide_events},
};

/// Queues a message of a bank. If it asks for miles and nobody waits for its answer any more when it is decided, what
/// it reserved is given back.
pub(crate) fn submit(gateway: &Arc<Gateway>, record: MessageRecord) -> Option<oneshot::Receiver<LaneAnswer>> {
    let event = &record.event;
    let asks = event.asked.miles.is_some() && matches!(event.kind, EventKind::Authorization { .. });
    let Some(member) = event.member.filter(|_| asks) else { return gateway.batcher.submit(record) };
    let redemption = event.key;
    let given_back = InternalEvent {
        place: AccountPlace { bucket: event.bucket, bank: event.bank, member },
        kind: EventKind::Miles(MilesEvent::Unanswered { redemption }),
        source: "gateway",
        name: "miles-unanswered",
        id: redemption.to_string(),
        key_at: event.received_at,
        local: event.local,
        amount: (0, event.currency),
        content: Content(vec![("redemption", redemption.to_string())]),
    };
    let waiter = gateway.batcher.submit(record)?;
    let (hand_over, taken) = oneshot::channel();
    let gateway = Arc::clone(gateway);
    tokio::spawn(async move {
        let answer = LaneAnswer::to(Some(waiter)).await;
        // A repeat reserves nothing: its first message was answered, or this was done for it.
        if let Err(LaneAnswer::Decided { reply, repeated: false }) = hand_over.send(answer)
            && reply.miles.is_some_and(|paid| paid.reserved > 0)
        {
            tracing::warn!(message = %redemption, "miles were reserved too late for the bank; they are given back");
            let decided = decide_events(&gateway, vec![given_back]).await;
            if decided.iter().any(|decided| decided.reply.is_none()) {
                tracing::error!(message = %redemption, "miles could not be given back now; they wait for the end of the hold");
            }
        }
    });
    Some(taken)
}

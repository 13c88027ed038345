//! The scheduler of holds: when the day of a hold has come, an event says so, and its lane decides it like a message.
//!
//! Several gateways may look at once. The key of the event is a function of the purchase and the day, so the second
//! one is a repeat.

use domain::{Content, Event, EventKind, Merchant, OriginalRef, References, ResultStatus, TransactionKind};
use jiff::tz::TimeZone;
use store::{DueHold, MessageRecord, StoreError};

use crate::{Gateway, LaneAnswer, translate::message_key};

/// Holds that are read and decided at a time: two batches, so that a lane never waits for the next page.
const PAGE_MAX: u16 = 512;

/// What a look has done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct HoldsExpired {
    /// Holds that were given up.
    pub expired: u64,
    /// Holds that a message prolonged, cleared or reversed in between.
    pub otherwise: u64,
    /// Holds that could not be decided now; the next look comes back to them.
    pub unanswered: u64,
}

/// Expires every hold whose day has come. Gives way to the banks' messages: it waits for room in the lanes.
pub async fn expire_holds(gateway: &Gateway) -> Result<HoldsExpired, StoreError> {
    let mut done = HoldsExpired::default();
    let mut last: Option<DueHold> = None;
    loop {
        let due = store::due_holds(&gateway.pool, gateway.clock.now(), last.as_ref(), PAGE_MAX).await?;
        let mut waiters = Vec::with_capacity(due.len());
        for hold in &due {
            if let Some(record) = record(gateway, hold) {
                waiters.push(gateway.batcher.submit_patiently(record).await);
            } else {
                done.unanswered += 1;
            }
        }
        for waiter in waiters {
            let answer = match waiter {
                Some(waiter) => waiter.await.unwrap_or(LaneAnswer::Unavailable),
                None => LaneAnswer::Unavailable,
            };
            match answer {
                LaneAnswer::Decided { reply, .. } if reply.result.status == ResultStatus::Reversed => {
                    done.expired += 1;
                }
                LaneAnswer::Decided { .. } => done.otherwise += 1,
                LaneAnswer::Unavailable | LaneAnswer::Quarantined => done.unanswered += 1,
            }
        }
        if due.len() < usize::from(PAGE_MAX) {
            return Ok(done);
        }
        last = due.into_iter().last();
    }
}

/// The event as a lane takes it; `None` only for a day that is no instant, which no calendar in use has.
fn record(gateway: &Gateway, hold: &DueHold) -> Option<MessageRecord> {
    let key_text = format!("hold-expiry|{}|{}", hold.purchase, hold.until);
    // The key's own time: when the hold ends, not when somebody looked.
    let at = hold.until.to_zoned(TimeZone::UTC).ok()?.timestamp();
    let event = Event {
        key: message_key(at, &key_text),
        bank: hold.bank,
        bucket: hold.bucket,
        member: Some(hold.member),
        kind: EventKind::HoldExpiry { purchase: hold.purchase },
        transaction: TransactionKind::Other,
        amount_minor: 0,
        currency: hold.currency,
        billing: None,
        merchant: Merchant::default(),
        local: hold.until.at(0, 0, 0, 0),
        references: References {
            own: OriginalRef(key_text.clone()),
            names: None,
            retrieval: None,
            record: None,
            arn: None,
            life_cycle: None,
        },
        content: Content(vec![("until", hold.until.to_string())]),
        received_at: gateway.clock.now(),
        card: None,
    };
    Some(MessageRecord {
        event,
        source: "scheduler".to_owned(),
        mti: "hold-expiry".to_owned(),
        stan: String::new(),
        transmitted: String::new(),
        approval: String::new(),
        arn: String::new(),
        last4: String::new(),
        bank_date: hold.until,
        audit_mac: gateway.keys.audit_mac(&key_text),
        key_text,
    })
}

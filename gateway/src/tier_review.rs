//! The scheduler of tiers: when the day of a member's review has come, an event says so, and his lane decides it like a
//! message.
//!
//! Several gateways may look at once. The key of the event is a function of the account and the day, so the second one
//! is a repeat.

use domain::{Content, Event, EventKind, Merchant, OriginalRef, References, TransactionKind};
use jiff::tz::TimeZone;
use store::{DueReview, MessageRecord, StoreError};

use crate::{Gateway, LaneAnswer, translate::message_key};

/// Reviews that are read and decided at a time: two batches, so that a lane never waits for the next page.
const PAGE_MAX: u16 = 512;

/// What a look has done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TiersReviewed {
    /// Members whose tier was reviewed.
    pub reviewed: u64,
    /// Members who could not be reviewed now; the next look comes back to them.
    pub unanswered: u64,
}

/// Reviews every member whose day has come. Gives way to the banks' messages: it waits for room in the lanes.
pub async fn review_tiers(gateway: &Gateway) -> Result<TiersReviewed, StoreError> {
    let mut done = TiersReviewed::default();
    let mut last: Option<DueReview> = None;
    loop {
        let due = store::due_reviews(&gateway.pool, gateway.clock.now(), last.as_ref(), PAGE_MAX).await?;
        let mut waiters = Vec::with_capacity(due.len());
        for review in &due {
            match record(gateway, review) {
                Some(record) => waiters.push(gateway.batcher.submit_patiently(record).await),
                None => done.unanswered += 1,
            }
        }
        for waiter in waiters {
            let answer = match waiter {
                Some(waiter) => waiter.await.unwrap_or(LaneAnswer::Unavailable),
                None => LaneAnswer::Unavailable,
            };
            match answer {
                LaneAnswer::Decided { .. } => done.reviewed += 1,
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
fn record(gateway: &Gateway, review: &DueReview) -> Option<MessageRecord> {
    let key_text = format!("tier-review|{}|{}|{}", review.bucket, review.member.account, review.review_on);
    // The key's own time: the day of the review, not when somebody looked.
    let at = review.review_on.to_zoned(TimeZone::UTC).ok()?.timestamp();
    let event = Event {
        card: None,
        key: message_key(at, &key_text),
        bank: review.bank,
        bucket: review.bucket,
        member: Some(review.member),
        kind: EventKind::TierReview,
        transaction: TransactionKind::Other,
        amount_minor: 0,
        currency: review.currency,
        billing: None,
        merchant: Merchant::default(),
        local: review.review_on.at(0, 0, 0, 0),
        references: References {
            own: OriginalRef(key_text.clone()),
            names: None,
            retrieval: None,
            record: None,
            arn: None,
            life_cycle: None,
        },
        content: Content(vec![("review_on", review.review_on.to_string())]),
        received_at: gateway.clock.now(),
    };
    Some(MessageRecord {
        event,
        source: "scheduler".to_owned(),
        mti: "tier-review".to_owned(),
        stan: String::new(),
        transmitted: String::new(),
        approval: String::new(),
        arn: String::new(),
        last4: String::new(),
        bank_date: review.review_on,
        audit_mac: gateway.keys.audit_mac(&key_text),
        key_text,
    })
}

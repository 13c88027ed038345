//! The scheduler of holds: when the day of a hold has come, an event says so, and its lane decides it like a message.
//!
//! Several gateways may look at once. The key of the event is a function of the purchase and the day, so the second
//! one is a repeat.

use domain::{Content, EventKind, Reply, ResultStatus};
use jiff::{Timestamp, tz::TimeZone};
use store::{AccountPlace, DueHold, StoreError};

use crate::{
    Gateway,
    internal_event::{InternalEvent, PAGE_MAX, decide_due},
};

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
    let due = |last: Option<DueHold>| async move {
        store::due_holds(&gateway.pool, gateway.clock.now(), last.as_ref(), PAGE_MAX).await
    };
    let count = |reply: Option<&Reply>| match reply {
        Some(reply) if reply.result.status == ResultStatus::Reversed => done.expired += 1,
        Some(_) => done.otherwise += 1,
        None => done.unanswered += 1,
    };
    decide_due(gateway, due, expiry, count).await?;
    Ok(done)
}

/// One event for a purchase and a day.
fn expiry(hold: &DueHold) -> InternalEvent {
    InternalEvent {
        place: AccountPlace { bucket: hold.bucket, bank: hold.bank, member: hold.member },
        kind: EventKind::HoldExpiry { purchase: hold.purchase },
        source: "scheduler",
        name: "hold-expiry",
        id: format!("{}|{}", hold.purchase, hold.until),
        // When the hold ends, not when somebody looked.
        key_at: hold.until.to_zoned(TimeZone::UTC).map_or(Timestamp::UNIX_EPOCH, |day| day.timestamp()),
        local: hold.until.at(0, 0, 0, 0),
        amount: (0, hold.currency),
        content: Content(vec![("until", hold.until.to_string())]),
    }
}

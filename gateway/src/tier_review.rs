//! The scheduler of tiers: when the day of a member's review has come, an event says so, and his lane decides it like a
//! message.

use domain::{Content, EventKind, Reply};
use jiff::{Timestamp, tz::TimeZone};
use store::{AccountPlace, DueReview, StoreError};

use crate::{
    Gateway,
    internal_event::{InternalEvent, PAGE_MAX, decide_due},
};

/// What a look has done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TiersReviewed {
    /// Members whose tier was reviewed.
    pub reviewed: u64,
    /// Members who could not be reviewed now; the next look comes back to them.
    pub unanswered: u64,
}

/// Reviews every member whose day has come.
pub async fn review_tiers(gateway: &Gateway) -> Result<TiersReviewed, StoreError> {
    let mut done = TiersReviewed::default();
    let due = |last: Option<DueReview>| async move {
        store::due_reviews(&gateway.pool, gateway.clock.now(), last.as_ref(), PAGE_MAX).await
    };
    let count = |reply: Option<&Reply>| match reply {
        Some(_) => done.reviewed += 1,
        None => done.unanswered += 1,
    };
    decide_due(gateway, due, review, count).await?;
    Ok(done)
}

/// One event for a member and a day.
fn review(due: &DueReview) -> InternalEvent {
    let day = due.review_on;
    InternalEvent {
        place: AccountPlace { bucket: due.bucket, bank: due.bank, member: due.member },
        kind: EventKind::TierReview,
        source: "scheduler",
        name: "tier-review",
        id: format!("{}|{}|{day}", due.bucket, due.member.account),
        // The day of the review, not when somebody looked.
        key_at: day.to_zoned(TimeZone::UTC).map_or(Timestamp::UNIX_EPOCH, |day| day.timestamp()),
        local: day.at(0, 0, 0, 0),
        amount: (0, due.currency),
        content: Content(vec![("review_on", day.to_string())]),
    }
}

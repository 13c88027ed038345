//! The scheduler of refunds that came without their purchase: what leaves no doubt is matched, what staff decided is booked.
//!
//! Both are the same event, which a lane decides under the account's lock. Several gateways may look at once: of the
//! scheduler's match the key is a function of refund, purchase and day, of a decision that of refund and decision.

use domain::{
    Bucket, Content, EventKind, MatchParts, MessageKey, PURCHASE_AGE_DAYS, REFUND_LOOKS_DAYS,
    REFUND_SETTLES_DAYS, RefundCandidate, RefundDecisionId, RefundVerdict, ResultStatus,
};
use jiff::{Timestamp, ToSpan, civil::Date, tz::TimeZone};
use store::{CameWithin, LoneRefund, MessageRecord, StoreError, WaitingRefundDecision};

use crate::{
    Gateway,
    internal_event::{InternalEvent, PAGE_MAX, decide_records, last_of_full},
};

/// What a look has done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RefundsMatched {
    /// Refunds that were matched to their purchase.
    pub matched: u64,
    /// Refunds with candidates of which none is certain: a person decides.
    pub ambiguous: u64,
    /// Refunds without a candidate.
    pub without: u64,
    /// Refunds about which something else was known by the time they were locked.
    pub otherwise: u64,
    /// Refunds that could not be decided now; the next look comes back to them.
    pub unanswered: u64,
}

/// What has become of decisions of staff.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RefundDecisionsBooked {
    /// Decisions that were booked, or that came to nothing, which is noted with them.
    pub booked: u64,
    /// Decisions that could not be booked now; the next look comes back to them.
    pub unanswered: u64,
}

/// The refunds that are looked at: they have settled, and their time is not over.
fn looked_at(now: Timestamp) -> CameWithin {
    let hours = |days: i32| (i64::from(days) * 24).hours();
    let ago = |days: i32| now.checked_sub(hours(days)).unwrap_or(Timestamp::MIN);
    CameWithin { since: ago(REFUND_LOOKS_DAYS), until: ago(REFUND_SETTLES_DAYS) }
}

/// Behind which a look begins. A refund is hardly ever older when it comes than a purchase that it could take back; what
/// waits for a person for years is not walked through again.
fn oldest(now: Timestamp) -> Option<(Date, Bucket, MessageKey)> {
    let since = looked_at(now).since.to_zoned(TimeZone::UTC).date();
    let day = since.checked_sub(PURCHASE_AGE_DAYS.days()).ok()?;
    Some((day, Bucket::new(0)?, MessageKey::new(0, [0; 16])))
}

/// Looks at every refund that stands alone and is not too young or too old, and matches what leaves no doubt. Between two
/// refunds it asks whether to stop.
pub async fn match_refunds(gateway: &Gateway, stop: impl Fn() -> bool) -> Result<RefundsMatched, StoreError> {
    let mut done = RefundsMatched::default();
    let mut after = oldest(gateway.clock.now());
    loop {
        let now = gateway.clock.now();
        let page = store::lone_refunds(&gateway.pool, now, looked_at(now), after, PAGE_MAX).await?;
        let mut records = Vec::new();
        for refund in page.iter().filter(|refund| !refund.is_decided) {
            if stop() {
                return Ok(done);
            }
            match store::look_at_refund(&gateway.pool, refund).await?.verdict {
                RefundVerdict::Certain(candidate) => records.push(certain(gateway, refund, &candidate)),
                RefundVerdict::Ambiguous => done.ambiguous += 1,
                RefundVerdict::Nothing => done.without += 1,
            }
        }
        for decided in decide_records(gateway, records).await {
            match decided.reply {
                Some(reply) if reply.result.status == ResultStatus::Reversed => done.matched += 1,
                Some(_) => done.otherwise += 1,
                None => done.unanswered += 1,
            }
        }
        let Some(last) = last_of_full(&page) else { return Ok(done) };
        after = Some((last.at.purchase.date, last.place.bucket, last.at.purchase.key));
    }
}

/// Books what staff have decided, and notes what came of it.
pub async fn book_refund_decisions(gateway: &Gateway) -> Result<RefundDecisionsBooked, StoreError> {
    let mut done = RefundDecisionsBooked::default();
    let mut after = RefundDecisionId(0);
    loop {
        let now = gateway.clock.now();
        let page = store::waiting_refund_decisions(&gateway.pool, now, after, PAGE_MAX).await?;
        let records = page.iter().map(|waiting| by_staff(gateway, waiting)).collect();
        let decided = decide_records(gateway, records).await;
        for (waiting, decided) in page.iter().zip(decided) {
            match decided.reply {
                Some(reply) => {
                    let (id, reason) = (waiting.decision.id, &reply.result.reason);
                    store::note_refund_decision(&gateway.pool, id, reason, gateway.clock.now()).await?;
                    done.booked += 1;
                }
                None => done.unanswered += 1,
            }
        }
        let Some(last) = last_of_full(&page) else { return Ok(done) };
        after = last.decision.id;
    }
}

/// The scheduler is certain.
fn certain(gateway: &Gateway, refund: &LoneRefund, candidate: &RefundCandidate) -> MessageRecord {
    let (key, purchase, day) = (refund.at.purchase.key, candidate.purchase, refund.today);
    let event = InternalEvent {
        source: "scheduler",
        id: format!("{key}|{purchase}|{day}"),
        // The day, not when somebody looked.
        key_at: day.to_zoned(TimeZone::UTC).map_or(Timestamp::UNIX_EPOCH, |day| day.timestamp()),
        ..event(refund, Some(purchase), candidate.parts, None)
    };
    with_references(event.record(gateway), refund)
}

/// A person decided.
fn by_staff(gateway: &Gateway, waiting: &WaitingRefundDecision) -> MessageRecord {
    let WaitingRefundDecision { decision, refund } = waiting;
    let event = InternalEvent {
        source: "staff",
        id: format!("{}|{}", decision.refund, decision.id),
        key_at: decision.at,
        ..event(refund, decision.purchase, decision.parts, Some(decision.id))
    };
    with_references(event.record(gateway), refund)
}

/// What the bank knows the refund by: it stands in the line of the settlement file.
fn with_references(mut record: MessageRecord, refund: &LoneRefund) -> MessageRecord {
    record.event.merchant = refund.at.merchant.clone();
    record.event.references.retrieval = Some(refund.retrieval.clone()).filter(|text| !text.is_empty());
    record.stan.clone_from(&refund.stan);
    record.transmitted.clone_from(&refund.transmitted);
    record.approval.clone_from(&refund.approval);
    record.arn.clone_from(&refund.arn);
    record.last4.clone_from(&refund.last4);
    record.bank_date = refund.today;
    record
}

fn event(
    refund: &LoneRefund,
    purchase: Option<MessageKey>,
    parts: MatchParts,
    decision: Option<RefundDecisionId>,
) -> InternalEvent {
    let own = &refund.at.purchase;
    let to = purchase.map_or_else(|| "none".to_owned(), |key| key.to_string());
    InternalEvent {
        place: refund.place,
        kind: EventKind::MatchRefund { refund: own.key, purchase, parts, decision },
        source: "",
        name: "match-refund",
        id: String::new(),
        key_at: Timestamp::UNIX_EPOCH,
        local: refund.local,
        amount: (own.refunded_minor, own.currency),
        content: Content(vec![("refund", own.key.to_string()), ("purchase", to)]),
    }
}

//! The clock's part: miles expire, redemptions that nobody confirms lapse, and miles that were sent arrive.
//!
//! Several gateways may look at once. The key of each event is a function of what it is about, so the second one is a
//! repeat.

use std::collections::BTreeSet;

use domain::{Content, EventKind, MessageKey, MilesEvent, Reply, ReplyCode, ResultStatus};
use jiff::{Timestamp, civil::Date, tz::TimeZone};
use store::{DueLot, DueRedemption, StoreError, Underway};

use crate::{
    Gateway,
    internal_event::{Decided, InternalEvent, PAGE_MAX, decide_due, decide_events},
};

/// What a look has done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct MilesDone {
    /// Lots that expired, redemptions that lapsed, or transfers that arrived.
    pub done: u64,
    /// Those that something else came before.
    pub otherwise: u64,
    /// Those that could not be decided now; the next look comes back to them.
    pub unanswered: u64,
}

impl MilesDone {
    fn count(&mut self, reply: Option<&Reply>) {
        match reply {
            Some(reply) if reply.result.status == ResultStatus::Reversed => self.done += 1,
            Some(reply) if reply.code == ReplyCode::Taken => self.otherwise += 1,
            _ => self.unanswered += 1,
        }
    }
}

/// Expires every lot whose day has come.
pub async fn expire_miles(gateway: &Gateway) -> Result<MilesDone, StoreError> {
    let mut done = MilesDone::default();
    let due = |last: Option<DueLot>| async move {
        store::due_lots(&gateway.pool, gateway.clock.now(), last.as_ref(), PAGE_MAX).await
    };
    decide_due(gateway, due, expiry, |reply| done.count(reply)).await?;
    Ok(done)
}

/// One event for a lot and a day: what comes back after an expiry expires with the next day's look.
fn expiry(lot: &DueLot) -> InternalEvent {
    InternalEvent {
        place: lot.place,
        kind: EventKind::Miles(MilesEvent::Expiry { purchase: lot.purchase }),
        source: "scheduler",
        name: "miles-expiry",
        id: format!("{}|{}", lot.purchase, lot.today),
        key_at: lot.today.to_zoned(TimeZone::UTC).map_or(Timestamp::UNIX_EPOCH, |day| day.timestamp()),
        local: lot.today.at(0, 0, 0, 0),
        amount: (0, lot.currency),
        content: Content(vec![("purchase", lot.purchase.to_string()), ("day", lot.today.to_string())]),
    }
}

/// Gives back the miles of every redemption that nobody has confirmed in time.
pub async fn lapse_redemptions(gateway: &Gateway) -> Result<MilesDone, StoreError> {
    let mut done = MilesDone::default();
    let due = |last: Option<DueRedemption>| async move {
        store::due_redemptions(&gateway.pool, gateway.clock.now(), last.as_ref(), PAGE_MAX).await
    };
    decide_due(gateway, due, lapse, |reply| done.count(reply)).await?;
    Ok(done)
}

fn lapse(due: &DueRedemption) -> InternalEvent {
    let redemption = due.redemption;
    InternalEvent {
        place: due.place,
        kind: EventKind::Miles(MilesEvent::Lapse { redemption }),
        source: "scheduler",
        name: "miles-lapse",
        id: redemption.to_string(),
        key_at: due.reserved_until,
        local: due.reserved_until.to_zoned(TimeZone::UTC).datetime(),
        amount: (0, due.currency),
        content: Content(vec![
            ("redemption", redemption.to_string()),
            ("until", due.reserved_until.to_string()),
        ]),
    }
}

/// Brings miles that have left one account to the other: those whose sender broke off.
pub async fn deliver_miles(gateway: &Gateway) -> Result<MilesDone, StoreError> {
    let mut done = MilesDone::default();
    let mut last: Option<MessageKey> = None;
    loop {
        let underway = store::transfers_under_way(&gateway.pool, last, PAGE_MAX).await?;
        for transfer in &underway {
            match arrivals(gateway, transfer).await {
                true => done.done += 1,
                false => done.unanswered += 1,
            }
        }
        if underway.len() < usize::from(PAGE_MAX) {
            return Ok(done);
        }
        last = underway.last().map(|transfer| transfer.sent);
    }
}

/// Has every piece arrive, and only then says so to the account that they left. Whether all of that is done.
pub(super) async fn arrivals(gateway: &Gateway, transfer: &Underway) -> bool {
    let events: Vec<InternalEvent> =
        (0_usize..).zip(&transfer.pieces).map(|(place, _)| arrival(transfer, place)).collect();
    let keys: BTreeSet<_> = events.iter().map(InternalEvent::key).collect();
    let decided = decide_events(gateway, events).await;
    let arrived = decided.iter().filter(|decided| booked(decided)).count();
    if arrived < keys.len() {
        tracing::warn!(transfer = %transfer.sent, "miles could not arrive; they are tried again");
        return false;
    }
    let confirmation = InternalEvent {
        place: transfer.from,
        kind: EventKind::Miles(MilesEvent::Confirm { redemption: transfer.sent }),
        name: "miles-delivered",
        id: transfer.sent.to_string(),
        ..event_of(transfer)
    };
    decide_events(gateway, vec![confirmation]).await.iter().all(booked)
}

fn booked(decided: &Decided) -> bool {
    decided.reply.as_ref().is_some_and(|reply| reply.result.status == ResultStatus::Booked)
}

/// The piece in this place becomes a lot of the other account.
fn arrival(transfer: &Underway, place: usize) -> InternalEvent {
    let event = event_of(transfer);
    let Some(piece) = transfer.pieces.get(place) else { return event };
    InternalEvent {
        kind: EventKind::Miles(MilesEvent::Arrive {
            miles: piece.miles.unsigned_abs(),
            granted_on: piece.granted_on,
            vests_on: piece.vests_on,
            expire_on: piece.expire_on,
        }),
        id: format!("{}|{place}", transfer.sent),
        content: Content(vec![
            ("sent", transfer.sent.to_string()),
            ("miles", piece.miles.to_string()),
            ("granted", piece.granted_on.to_string()),
            ("vests", day(piece.vests_on)),
            ("expires", day(piece.expire_on)),
        ]),
        ..event
    }
}

fn day(day: Option<Date>) -> String {
    day.map_or_else(|| "never".to_owned(), |day| day.to_string())
}

/// What all events of a transfer have in common; their time is that of its key.
fn event_of(transfer: &Underway) -> InternalEvent {
    let [a, b, c, d, e, f, g, h, ..] = *transfer.sent.as_bytes();
    let second = i64::try_from(u64::from_be_bytes([a, b, c, d, e, f, g, h])).unwrap_or(0);
    let at = Timestamp::from_second(second).unwrap_or(Timestamp::UNIX_EPOCH);
    InternalEvent {
        place: transfer.to,
        kind: EventKind::Miles(MilesEvent::Confirm { redemption: transfer.sent }),
        source: "scheduler",
        name: "miles-arrive",
        id: transfer.sent.to_string(),
        key_at: at,
        local: at.to_zoned(TimeZone::UTC).datetime(),
        amount: (0, transfer.currency),
        content: Content(vec![("sent", transfer.sent.to_string())]),
    }
}

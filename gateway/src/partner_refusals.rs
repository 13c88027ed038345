//! What a partner that keeps the miles refused for good: an event for each line, decided by its lane like a message.
//!
//! The key of an event is a function of the line, so whoever repeats it, or goes on where somebody broke off, books
//! nothing twice.

use domain::{
    Content, EventKind, LineKind, MilesEvent, Next, PartnerVerdict, ProgramId, Reply, ReplyCode, after,
};
use jiff::tz::TimeZone;
use store::{LineBooking, StoreError};

use crate::{
    Gateway,
    internal_event::{InternalEvent, PAGE_MAX, decide_events, last_of_full},
};

/// What was booked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RefusalsBooked {
    /// Lines whose miles were taken from the mirror, as far as refunds had not.
    pub reversed: u64,
    /// The miles of these that were taken.
    pub miles_taken: i64,
    /// Lines whose miles the partner keeps, at the cost of the program's funder.
    pub written_off: u64,
    /// The miles of these.
    pub miles_borne: i64,
    /// Lines that could not be decided now: the same command goes on with them.
    pub unanswered: u64,
}

/// Books whatever a program's partner refused for good and is not booked yet.
pub async fn book_refusals(gateway: &Gateway, program: ProgramId) -> Result<RefusalsBooked, StoreError> {
    let mut booked = RefusalsBooked::default();
    let mut last = String::new();
    loop {
        let lines = store::lines_to_book(&gateway.pool, program, &last, PAGE_MAX).await?;
        let decided = decide_events(gateway, lines.iter().map(event).collect()).await;
        for (line, decided) in lines.iter().zip(&decided) {
            match decided.reply.as_ref().filter(|reply| reply.code == ReplyCode::Taken) {
                Some(reply) => note(gateway, program, line, reply, &mut booked).await?,
                None => booked.unanswered += 1,
            }
        }
        let Some(line) = last_of_full(&lines) else { return Ok(booked) };
        last.clone_from(&line.id);
    }
}

async fn note(
    gateway: &Gateway,
    program: ProgramId,
    line: &LineBooking,
    reply: &Reply,
    booked: &mut RefusalsBooked,
) -> Result<(), StoreError> {
    let Some(next) = after(LineKind::of(line.miles), PartnerVerdict::Rejected(line.code)) else {
        return Ok(());
    };
    let miles = reply.result.base_miles;
    let taken = match next {
        Next::WriteOff => {
            booked.written_off += 1;
            booked.miles_borne += miles;
            0
        }
        _ => {
            booked.reversed += 1;
            booked.miles_taken -= miles;
            -miles
        }
    };
    store::line_booked(&gateway.pool, program, &line.id, next.done(), taken).await
}

fn event(line: &LineBooking) -> InternalEvent {
    let LineBooking { id, place, purchase, currency, miles, activity_date, code } = line;
    let at = activity_date.to_zoned(TimeZone::UTC).map(|day| day.timestamp()).unwrap_or_default();
    InternalEvent {
        place: *place,
        kind: EventKind::Miles(MilesEvent::Refused { purchase: *purchase, miles: *miles }),
        source: "partner",
        name: "miles-refused",
        id: format!("{}|{id}", place.member.program),
        key_at: at,
        local: activity_date.at(0, 0, 0, 0),
        amount: (0, *currency),
        content: Content(vec![
            ("line", id.clone()),
            ("purchase", purchase.to_string()),
            ("miles", miles.to_string()),
            ("code", code.name().to_owned()),
        ]),
    }
}

//! The relay: one process at a time turns the outbox into events of partners.

use std::{collections::BTreeMap, sync::Arc};

use domain::{PartnerId, ProgramId};
use jiff::{SignedDuration, Timestamp};
use partner_adapters::events::{Happened, SettlementPublished, tell, text};
use store::{Lease, NewPartnerEvent, OutboxRow, PublishedFile, Relayed, StoreError};

use super::{ConnectedPartner, Dispatch};

/// The name of the relay's lease.
const LEASE: &str = "partner-events";
/// A relay that is silent for so long has lost its lease.
const LEASE_FOR: SignedDuration = SignedDuration::from_secs(60);
/// Rows of one transaction.
const ROWS_MAX: i64 = 500;
/// Buckets that are looked at together; each slice gets its turn, however much waits in the others.
const SLICE: i32 = 64;
/// Transactions of one slice in a row.
const STEPS_MAX: usize = 20;
/// Files that are told of in one transaction.
const FILES_MAX: i64 = 100;
/// Events are kept for so many days; after that a partner cannot fetch them any more.
pub const EVENTS_KEPT_DAYS: i64 = 90;
/// Old events that are removed at a time.
const FORGOTTEN_MAX: i64 = 1_000;

/// [`relay_wanted`] as the files of these partners say; any other partner is told of everything that is its own.
///
/// # Errors
/// As there.
pub async fn relay_news(
    dispatch: &Dispatch,
    partners: &[Arc<ConnectedPartner>],
) -> Result<Relayed, StoreError> {
    let file_of = |id: PartnerId| partners.iter().find(|known| known.id == id).map(|known| &known.file);
    relay_wanted(dispatch, &|id, topic| file_of(id).is_none_or(|file| file.is_told(topic))).await
}

/// Whether a partner is told of a type of event.
pub type Wanted<'a> = &'a (dyn Fn(PartnerId, &str) -> bool + Send + Sync);

/// Makes events of everything that has happened since and that its partner wants; returns nothing done while another
/// process does it.
///
/// # Errors
/// Of the database. Nothing is lost by one: the next call goes on.
pub async fn relay_wanted(dispatch: &Dispatch, wanted: Wanted<'_>) -> Result<Relayed, StoreError> {
    let Some(mut lease) = take(dispatch).await? else { return Ok(Relayed::default()) };
    let programs = store::cobrand_partners(&dispatch.pool).await?;
    let events = |row: &OutboxRow| news_of(row, &programs, wanted);
    let mut done = Relayed::default();
    for first in (0..i32::from(domain::BUCKETS)).step_by(usize::try_from(SLICE).unwrap_or(1)) {
        let buckets: Vec<i32> = (first..first + SLICE).collect();
        for _ in 0..STEPS_MAX {
            let now = (dispatch.now)();
            let step = store::relay_events(&dispatch.pool, &lease, now, &buckets, ROWS_MAX, &events).await?;
            add(&mut done, step);
            if i64::try_from(step.rows).unwrap_or(i64::MAX) < ROWS_MAX {
                break;
            }
            match take(dispatch).await? {
                Some(again) => lease = again,
                None => return Ok(done),
            }
        }
    }
    let files = |file: &PublishedFile| vec![news_of_file(file)];
    let step = store::relay_files(&dispatch.pool, &lease, (dispatch.now)(), FILES_MAX, &files).await?;
    add(&mut done, step);
    forget(dispatch).await?;
    if done.events > 0 {
        metrics::counter!("cobrand_partner_events_total")
            .increment(u64::try_from(done.events).unwrap_or(u64::MAX));
        tracing::debug!(rows = done.rows, events = done.events, "partners have news");
    }
    Ok(done)
}

async fn take(dispatch: &Dispatch) -> Result<Option<Lease>, StoreError> {
    let now = (dispatch.now)();
    store::take_lease(&dispatch.pool, LEASE, &dispatch.owner, now, later(now, LEASE_FOR)).await
}

/// At the end of the calendar the instant itself.
pub(super) fn later(now: Timestamp, by: SignedDuration) -> Timestamp {
    now.checked_add(by).unwrap_or(now)
}

fn add(done: &mut Relayed, step: Relayed) {
    done.rows = done.rows.saturating_add(step.rows);
    done.events = done.events.saturating_add(step.events);
}

async fn forget(dispatch: &Dispatch) -> Result<(), StoreError> {
    let kept = SignedDuration::from_hours(24 * EVENTS_KEPT_DAYS);
    let Ok(before) = (dispatch.now)().checked_sub(kept) else { return Ok(()) };
    let gone = store::forget_partner_events(&dispatch.pool, before, FORGOTTEN_MAX).await?;
    if gone > 0 {
        tracing::info!(events = gone, days = EVENTS_KEPT_DAYS, "old events of partners are removed");
    }
    Ok(())
}

fn news_of(
    row: &OutboxRow,
    programs: &BTreeMap<ProgramId, (String, PartnerId)>,
    wanted: Wanted<'_>,
) -> Vec<NewPartnerEvent> {
    let Some((_, cobrand)) = programs.get(&row.program) else { return Vec::new() };
    let happened = Happened {
        topic: &row.topic,
        facts: &row.facts,
        bucket: row.bucket,
        account: row.account,
        order: row.order,
        member_number: &row.member_number,
        cobrand: *cobrand,
    };
    let told = tell(&happened).into_iter().filter(|told| wanted(told.partner, told.topic));
    told.map(|told| NewPartnerEvent {
        partner: told.partner,
        topic: told.topic,
        program: row.program,
        subject: told.subject,
        subject_order: told.order,
        occurred_at: told.at,
        data: told.data,
    })
    .collect()
}

fn news_of_file(file: &PublishedFile) -> NewPartnerEvent {
    let published = SettlementPublished {
        file: file.file_name.clone(),
        business_date: file.business_date.to_string(),
        sequence: file.sequence,
        revision: file.revision,
        sha256: hex::encode(&file.sha256),
        records: file.records,
    };
    NewPartnerEvent {
        partner: file.partner,
        topic: "settlement.published",
        program: file.program,
        subject: file.file_name.clone(),
        subject_order: None,
        occurred_at: None,
        data: text(&published),
    }
}

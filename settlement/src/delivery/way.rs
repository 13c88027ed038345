//! One way to one partner: what is due goes out, in its order, until something fails.

use domain::PartnerId;
use jiff::{SignedDuration, Timestamp};
use partner_adapters::transport::{DeliveryError, Outgoing, Schedule};
use partner_adapters::{Endpoint, PartnerFile};
use store::{AfterFailure, Carries, DeliveryFileRow, EndpointRow, Lease, StoreError};

use super::{
    ConnectedPartner, Dispatch, measures, outgoing,
    relay::later,
    rendered::{Edition, NotRendered},
};

/// A process that is silent for so long has lost its way to another one. An event never takes longer; a very large file
/// may, and then goes out twice, with the same bytes under the same name.
const LEASE_OF_EVENTS: SignedDuration = SignedDuration::from_mins(1);
const LEASE_OF_FILES: SignedDuration = SignedDuration::from_mins(5);
/// The lease is prolonged once this share of it is over.
const PROLONGED_AFTER: i32 = 3;
/// Items of one look at the queue.
const PAGE_MAX: i64 = 100;
/// Characters of an error that are kept.
const ERROR_CHARS_MAX: usize = 500;

/// Why a way is stopped whose files cannot be rendered.
const NOT_RENDERED: &str = "not-rendered";

/// What one look at a way came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Pass {
    /// Items that arrived.
    pub delivered: u64,
    /// Whether more is waiting that may go out at once.
    pub more: bool,
    /// When it is tried again, if it failed.
    pub again_at: Option<Timestamp>,
}

/// Makes the ways of a partner known, before anything is relayed: each begins with what happens from then on.
///
/// # Errors
/// Of the database.
pub async fn register(dispatch: &Dispatch, partner: &ConnectedPartner) -> Result<(), StoreError> {
    register_ways(dispatch, partner.id, &partner.file).await
}

/// The same for a partner whose keys, secrets or layouts are not there yet: what happens until then waits for it.
///
/// # Errors
/// Of the database.
pub async fn register_ways(dispatch: &Dispatch, id: PartnerId, file: &PartnerFile) -> Result<(), StoreError> {
    for (name, way) in file.endpoint_names().into_iter().zip(&file.transport) {
        let carries = if way.carries_files() { Carries::Files } else { Carries::Events };
        store::register_endpoint(&dispatch.pool, id, &name, carries).await?;
    }
    Ok(())
}

/// Delivers what is due on one way. Nothing is done while another process has it, while it pauses, or once it was stopped.
///
/// # Errors
/// Of the database, never of the partner: what is in doubt goes out again under its key.
pub async fn deliver_due(
    dispatch: &Dispatch,
    partner: &ConnectedPartner,
    endpoint: &Endpoint,
) -> Result<Pass, StoreError> {
    let lease_for = if endpoint.carries_files { LEASE_OF_FILES } else { LEASE_OF_EVENTS };
    let since = (dispatch.now)();
    let mut work = Way { dispatch, partner, endpoint, lease_for, since, pass: Pass::default() };
    let Some(lease) = work.take().await? else { return Ok(work.pass) };
    if endpoint.carries_files {
        let outputs = partner.outputs.names();
        let now = (dispatch.now)();
        store::enqueue_files(&dispatch.pool, partner.id, &endpoint.name, &outputs, now).await?;
    }
    let row = store::endpoint(&dispatch.pool, partner.id, &endpoint.name).await?;
    measures::of_way(&partner.file.code, &row, (dispatch.now)());
    let pauses = row.next_attempt_at.is_some_and(|next| next > (dispatch.now)());
    if row.stopped.is_some() || row.backlog == 0 {
        return Ok(work.pass);
    }
    if pauses {
        work.pass.again_at = row.next_attempt_at;
        return Ok(work.pass);
    }
    match endpoint.carries_files {
        true => work.files(&lease, row.attempts).await?,
        false => work.events(&lease, &row).await?,
    }
    let after = store::endpoint(&dispatch.pool, partner.id, &endpoint.name).await?;
    measures::of_way(&partner.file.code, &after, (dispatch.now)());
    work.pass.more = after.backlog > 0 && work.pass.again_at.is_none() && after.stopped.is_none();
    Ok(work.pass)
}

struct Way<'a> {
    dispatch: &'a Dispatch,
    partner: &'a ConnectedPartner,
    endpoint: &'a Endpoint,
    lease_for: SignedDuration,
    /// When the lease was taken or prolonged.
    since: Timestamp,
    pass: Pass,
}

impl Way<'_> {
    async fn take(&self) -> Result<Option<Lease>, StoreError> {
        let Dispatch { pool, owner, now, .. } = self.dispatch;
        let (name, now) = (format!("delivery:{}:{}", self.partner.file.code, self.endpoint.name), now());
        store::take_lease(pool, &name, owner, now, later(now, self.lease_for)).await
    }

    /// Whether the way is still this process's for one more item, and was all the time: whoever had it in between may have
    /// brought what is at hand here. A clock that was put back says nothing about how long ago it was taken.
    async fn still_ours(&mut self, lease: &Lease) -> Result<bool, StoreError> {
        let now = (self.dispatch.now)();
        let passed = now.duration_since(self.since);
        if !passed.is_negative() && passed < self.lease_for / PROLONGED_AFTER {
            return Ok(true);
        }
        self.since = now;
        Ok(self.take().await?.as_ref() == Some(lease))
    }

    /// First what is new, then what somebody asked for once more.
    async fn events(&mut self, lease: &Lease, row: &EndpointRow) -> Result<(), StoreError> {
        let (pool, partner, name) = (&self.dispatch.pool, self.partner.id, &self.endpoint.name);
        let mut attempts = row.attempts;
        for event in store::partner_events(pool, partner, row.sent_to, PAGE_MAX).await? {
            if !self
                .bring(lease, &mut attempts, &outgoing::event(self.dispatch, self.partner, &event))
                .await?
            {
                return Ok(());
            }
            let now = (self.dispatch.now)();
            store::events_brought(pool, lease, partner, name, event.number, now).await?;
        }
        for number in store::events_to_repeat(pool, partner, name, PAGE_MAX).await? {
            let found = store::partner_events(pool, partner, number.saturating_sub(1), 1).await?;
            // One that was removed meanwhile comes no more.
            if let Some(event) = found.first().filter(|event| event.number == number)
                && !self
                    .bring(lease, &mut attempts, &outgoing::event(self.dispatch, self.partner, event))
                    .await?
            {
                return Ok(());
            }
            store::event_brought_again(pool, lease, partner, name, number, (self.dispatch.now)()).await?;
        }
        Ok(())
    }

    async fn files(&mut self, lease: &Lease, mut attempts: i32) -> Result<(), StoreError> {
        let (pool, partner, name) = (&self.dispatch.pool, self.partner.id, &self.endpoint.name);
        let mut edition = Edition::default();
        for file in store::waiting_files(pool, partner, name, PAGE_MAX).await? {
            let item = match edition.item(self.dispatch, self.partner, &file).await {
                Ok(Some(item)) => item,
                Ok(None) => {
                    store::nothing_to_bring(pool, lease, partner, name, &file).await?;
                    continue;
                }
                Err(why) => return self.not_rendered(lease, attempts.saturating_add(1), &file, &why).await,
            };
            if !self.bring(lease, &mut attempts, &item).await? {
                return Ok(());
            }
            let now = (self.dispatch.now)();
            store::file_brought(pool, lease, partner, name, &file, (&item.name, &item.sha256), now).await?;
        }
        Ok(())
    }

    /// Whether the item arrived; if not, it is noted what follows.
    async fn bring(
        &mut self,
        lease: &Lease,
        attempts: &mut i32,
        item: &Outgoing,
    ) -> Result<bool, StoreError> {
        if !self.still_ours(lease).await? {
            return Ok(false);
        }
        let (code, way) = (&self.partner.file.code, &self.endpoint.name);
        match self.endpoint.transport.deliver(item).await {
            Ok(receipt) => {
                measures::attempt(code, way, "delivered");
                tracing::debug!(partner = code, way, item = item.key, place = receipt.place, "delivered");
                self.pass.delivered += 1;
                *attempts = 0;
                Ok(true)
            }
            Err(error) => {
                measures::attempt(code, way, error.fault().code());
                self.failed(lease, attempts.saturating_add(1), item, &error).await?;
                Ok(false)
            }
        }
    }

    async fn failed(
        &mut self,
        lease: &Lease,
        attempts: i32,
        item: &Outgoing,
        error: &DeliveryError,
    ) -> Result<(), StoreError> {
        let after = after(&self.partner.file.retry, attempts, (self.dispatch.now)(), error);
        self.note(lease, attempts, &item.key, &error.to_string(), error.fault().alarms(), after).await
    }

    /// Only this way waits; the files in the folder, the day and all other partners do not.
    async fn not_rendered(
        &mut self,
        lease: &Lease,
        attempts: i32,
        file: &DeliveryFileRow,
        why: &NotRendered,
    ) -> Result<(), StoreError> {
        measures::attempt(&self.partner.file.code, &self.endpoint.name, NOT_RENDERED);
        let now = (self.dispatch.now)();
        let after = match why.may_pass {
            true => again(&self.partner.file.retry, attempts, now, None),
            false => AfterFailure::Stop(NOT_RENDERED),
        };
        let item = format!("{} of {}", file.output, file.file_name);
        self.note(lease, attempts, &item, &format!("{item}: {}", why.problem), true, after).await
    }

    async fn note(
        &mut self,
        lease: &Lease,
        attempts: i32,
        item: &str,
        error: &str,
        alarms: bool,
        after: AfterFailure,
    ) -> Result<(), StoreError> {
        let (code, way) = (&self.partner.file.code, &self.endpoint.name);
        let told: String = error.chars().take(ERROR_CHARS_MAX).collect();
        match &after {
            AfterFailure::Stop(reason) => tracing::error!(
                partner = code,
                way,
                item,
                reason,
                error = told,
                "deliveries are stopped until: cobrand partner enable {code} --way {way}"
            ),
            AfterFailure::Again(next) if alarms => {
                tracing::error!(partner = code, way, item, attempts, %next, error = told, "not delivered");
            }
            AfterFailure::Again(next) => {
                tracing::warn!(partner = code, way, item, attempts, %next, error = told, "not delivered");
            }
        }
        if let AfterFailure::Again(next) = after {
            self.pass.again_at = Some(next);
        }
        store::attempt_failed(&self.dispatch.pool, lease, self.partner.id, way, &told, &after).await
    }
}

/// What follows from an attempt that failed, `attempts` with it in a row.
fn after(schedule: &Schedule, attempts: i32, now: Timestamp, error: &DeliveryError) -> AfterFailure {
    if error.disable() || !error.retryable() {
        return AfterFailure::Stop(error.fault().code());
    }
    again(schedule, attempts, now, error.retry_after())
}

fn again(
    schedule: &Schedule,
    attempts: i32,
    now: Timestamp,
    asked: Option<std::time::Duration>,
) -> AfterFailure {
    // The fraction of the second is chance enough to keep ways apart that failed together.
    let chance = u16::try_from(now.subsec_nanosecond().unsigned_abs() % u32::from(u16::MAX)).unwrap_or(0);
    let made = u32::try_from(attempts).unwrap_or(u32::MAX);
    match schedule.wait(made, chance, asked) {
        Some(wait) => {
            AfterFailure::Again(later(now, SignedDuration::try_from(wait).unwrap_or(SignedDuration::ZERO)))
        }
        None => AfterFailure::Stop("exhausted"),
    }
}

/// Gives the leases of this process back when it ends, so that another one need not wait for them.
///
/// # Errors
/// Of the database; then the leases run out by themselves.
pub async fn give_back(dispatch: &Dispatch) -> Result<(), StoreError> {
    store::give_back_leases(&dispatch.pool, &dispatch.owner, (dispatch.now)()).await
}

//! Ways to partners: what each has brought, what waits, and when it is tried again.

mod files;
mod inbox;
mod replays;

use domain::PartnerId;
use jiff::Timestamp;
use serde_json::json;
use tokio_postgres::{Row, Transaction};

pub use files::{
    DeliveryFileRow, FileState, PartnerFile, cycle_is_delivered, cycles_on_their_way, enqueue_files,
    file_brought, nothing_to_bring, partner_file, partner_files, send_file_again, waiting_files,
};
pub use inbox::{
    InboxFile, InboxProblem, LeftInInbox, forget_refused_files, inbox_marks, inbox_problems, keep_inbox_file,
    left_in_inboxes,
};
pub use replays::{event_brought_again, events_to_repeat, replay_events};

use crate::{
    Lease, Pool, StoreError,
    audit::{self, AuditEntry},
    error::damaged,
};

/// What an endpoint carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Carries {
    /// Events, one after the other.
    Events,
    /// Settlement files.
    Files,
}

impl Carries {
    /// The stored word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Events => "events",
            Self::Files => "files",
        }
    }
}

/// A way to a partner as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndpointRow {
    /// The name of the transport in the partner's file.
    pub endpoint: String,
    /// Events or files.
    pub carries: Carries,
    /// Why it waits for an operator; `None`: it is active.
    pub stopped: Option<String>,
    /// Up to where the partner has its events.
    pub sent_to: i64,
    /// Attempts in a row that failed.
    pub attempts: i32,
    /// Not before then.
    pub next_attempt_at: Option<Timestamp>,
    /// Of the last attempt that failed, with who must do what; empty once one has worked.
    pub last_error: String,
    /// When something arrived last.
    pub delivered_at: Option<Timestamp>,
    /// How much has arrived.
    pub delivered: i64,
    /// How much waits.
    pub backlog: i64,
    /// Since when the oldest of it waits.
    pub waits_since: Option<Timestamp>,
}

/// Makes a way to a partner known. A new one begins with what happens from now on; what was before can be replayed.
pub async fn register_endpoint(
    pool: &Pool,
    partner: PartnerId,
    endpoint: &str,
    carries: Carries,
) -> Result<(), StoreError> {
    let text = "INSERT INTO delivery_endpoint (partner_id, endpoint, carries, state, reason, sent_to, attempts, \
                last_error, delivered) SELECT $1, $2, $3, 'active', '', \
                coalesce((SELECT number FROM partner_event_last WHERE partner_id = $1), 0), 0, '', 0 \
                ON CONFLICT (partner_id, endpoint) DO NOTHING";
    let mut client = pool.get().await?;
    // All or nothing: a way without its marks would send every file there ever was.
    let transaction = client.transaction().await?;
    if transaction.execute(text, &[&partner.0, &endpoint, &carries.name()]).await? == 1
        && carries == Carries::Files
    {
        let text = "INSERT INTO delivery_file (partner_id, endpoint, sequence, revision, place, output, cycle_id, state, \
                    since, file_name) SELECT $1, $2, f.sequence, f.revision, 0, 'canonical', f.cycle_id, 'before', \
                    to_timestamp(0), f.file_name FROM settlement_file f JOIN partner p ON p.code = f.receiver \
                    WHERE p.partner_id = $1 AND f.published ON CONFLICT DO NOTHING";
        transaction.execute(text, &[&partner.0, &endpoint]).await?;
    }
    transaction.commit().await?;
    Ok(())
}

const ENDPOINTS: &str = "SELECT d.endpoint, d.carries, d.state, d.reason, d.sent_to, d.attempts, d.next_attempt_at, \
     d.last_error, d.delivered_at, d.delivered, \
     CASE d.carries WHEN 'files' THEN (SELECT count(*) FROM delivery_file f WHERE f.partner_id = d.partner_id \
     AND f.endpoint = d.endpoint AND f.state = 'waiting') \
     ELSE coalesce((SELECT l.number FROM partner_event_last l WHERE l.partner_id = d.partner_id), 0) - d.sent_to \
     + (SELECT count(*) FROM delivery_replay r WHERE r.partner_id = d.partner_id AND r.endpoint = d.endpoint) END, \
     CASE d.carries WHEN 'files' THEN (SELECT min(f.since) FROM delivery_file f WHERE f.partner_id = d.partner_id \
     AND f.endpoint = d.endpoint AND f.state = 'waiting') \
     ELSE least((SELECT e.told_at FROM partner_event e WHERE e.partner_id = d.partner_id AND e.number > d.sent_to \
     ORDER BY e.number LIMIT 1), (SELECT min(r.asked_at) FROM delivery_replay r WHERE r.partner_id = d.partner_id \
     AND r.endpoint = d.endpoint)) END \
     FROM delivery_endpoint d WHERE d.partner_id = $1";

fn endpoint_row(row: &Row) -> Result<EndpointRow, StoreError> {
    let carries = match row.try_get(1)? {
        "events" => Carries::Events,
        "files" => Carries::Files,
        other => return Err(damaged("what an endpoint carries", other)),
    };
    let stopped = row.try_get::<_, &str>(2)? == "stopped";
    Ok(EndpointRow {
        endpoint: row.try_get(0)?,
        carries,
        stopped: if stopped { Some(row.try_get(3)?) } else { None },
        sent_to: row.try_get(4)?,
        attempts: row.try_get(5)?,
        next_attempt_at: row.try_get(6)?,
        last_error: row.try_get(7)?,
        delivered_at: row.try_get(8)?,
        delivered: row.try_get(9)?,
        backlog: row.try_get(10)?,
        waits_since: row.try_get(11)?,
    })
}

/// All ways to a partner, by name.
pub async fn endpoints(pool: &Pool, partner: PartnerId) -> Result<Vec<EndpointRow>, StoreError> {
    let text = format!("{ENDPOINTS} ORDER BY d.endpoint");
    let rows = pool.get().await?.query(text.as_str(), &[&partner.0]).await?;
    rows.iter().map(endpoint_row).collect()
}

/// One way to a partner.
pub async fn endpoint(pool: &Pool, partner: PartnerId, name: &str) -> Result<EndpointRow, StoreError> {
    let text = format!("{ENDPOINTS} AND d.endpoint = $2");
    let row = pool.get().await?.query_opt(text.as_str(), &[&partner.0, &name]).await?;
    let missing = || StoreError::NotFound { what: "endpoint", name: name.to_owned() };
    endpoint_row(&row.ok_or_else(missing)?)
}

/// The partner has its events up to this number.
pub async fn events_brought(
    pool: &Pool,
    lease: &Lease,
    partner: PartnerId,
    endpoint: &str,
    number: i64,
    now: Timestamp,
) -> Result<(), StoreError> {
    let mut client = pool.get().await?;
    let transaction = client.transaction().await?;
    lease.hold(&transaction).await?;
    // Never backwards.
    let text = "UPDATE delivery_endpoint SET delivered = delivered + $3 - sent_to, sent_to = $3 \
                WHERE partner_id = $1 AND endpoint = $2 AND sent_to < $3";
    transaction.execute(text, &[&partner.0, &endpoint, &number]).await?;
    worked(&transaction, partner, endpoint, now).await?;
    transaction.commit().await?;
    Ok(())
}

/// An attempt has worked: what comes next is tried at once.
async fn worked(
    transaction: &Transaction<'_>,
    partner: PartnerId,
    endpoint: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    let text = "UPDATE delivery_endpoint SET attempts = 0, next_attempt_at = NULL, last_error = '', delivered_at = $3 \
                WHERE partner_id = $1 AND endpoint = $2";
    transaction.execute(text, &[&partner.0, &endpoint, &now]).await?;
    Ok(())
}

/// What follows from an attempt that failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AfterFailure {
    /// It is tried again then.
    Again(Timestamp),
    /// It waits for an operator, for this reason.
    Stop(&'static str),
}

/// Notes an attempt that failed.
pub async fn attempt_failed(
    pool: &Pool,
    lease: &Lease,
    partner: PartnerId,
    endpoint: &str,
    error: &str,
    after: &AfterFailure,
) -> Result<(), StoreError> {
    let mut client = pool.get().await?;
    let transaction = client.transaction().await?;
    lease.hold(&transaction).await?;
    let (state, reason, next) = match after {
        AfterFailure::Again(next) => ("active", "", Some(*next)),
        AfterFailure::Stop(reason) => ("stopped", *reason, None),
    };
    let text = "UPDATE delivery_endpoint SET state = $3, reason = $4, next_attempt_at = $5, last_error = $6, \
                attempts = attempts + 1 WHERE partner_id = $1 AND endpoint = $2";
    transaction.execute(text, &[&partner.0, &endpoint, &state, &reason, &next, &error]).await?;
    transaction.commit().await?;
    Ok(())
}

/// Tries a way again at once, also one that was stopped. With `skip_to` its events up to that number are passed over.
pub async fn enable_endpoint(
    pool: &Pool,
    partner: PartnerId,
    endpoint: &str,
    skip_to: Option<i64>,
) -> Result<(), StoreError> {
    let text = "UPDATE delivery_endpoint SET state = 'active', reason = '', attempts = 0, next_attempt_at = NULL, \
                sent_to = GREATEST(sent_to, LEAST(coalesce($3::bigint, 0), \
                coalesce((SELECT number FROM partner_event_last WHERE partner_id = $1), 0))) \
                WHERE partner_id = $1 AND endpoint = $2";
    let mut client = pool.get().await?;
    let transaction = client.transaction().await?;
    if transaction.execute(text, &[&partner.0, &endpoint, &skip_to]).await? == 0 {
        return Err(StoreError::NotFound { what: "endpoint", name: endpoint.to_owned() });
    }
    let is = json!({ "partner": partner.0, "state": "active", "skip_to": skip_to });
    let entry = AuditEntry::new(audit::OPERATOR, "delivery.enable", "endpoint", endpoint).to(is);
    audit::record(&transaction, &entry).await?;
    Ok(transaction.commit().await?)
}

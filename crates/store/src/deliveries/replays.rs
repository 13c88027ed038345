//! Events that go out once more, because somebody asked.

use domain::PartnerId;
use jiff::Timestamp;
use serde_json::json;

use super::worked;
use crate::{
    Lease, Pool, StoreError,
    audit::{self, AuditEntry},
};

/// Asks for events once more, from one number to another, both included; returns how many there are. Those that the
/// endpoint has not brought yet come anyway.
pub async fn replay_events(
    pool: &Pool,
    partner: PartnerId,
    endpoint: &str,
    (from, to): (i64, i64),
    by: &str,
    now: Timestamp,
) -> Result<u64, StoreError> {
    let text = "INSERT INTO delivery_replay (partner_id, endpoint, number, asked_by, asked_at) \
                SELECT $1, $2, e.number, $5, $6 FROM partner_event e JOIN delivery_endpoint d \
                ON d.partner_id = e.partner_id AND d.endpoint = $2 WHERE e.partner_id = $1 \
                AND e.number BETWEEN $3 AND $4 AND e.number <= d.sent_to \
                ON CONFLICT (partner_id, endpoint, number) DO NOTHING";
    let mut client = pool.get().await?;
    let transaction = client.transaction().await?;
    let asked = transaction.execute(text, &[&partner.0, &endpoint, &from, &to, &by, &now]).await?;
    let is = json!({ "partner": partner.0, "from": from, "to": to, "events": asked });
    let entry = AuditEntry::new(audit::OPERATOR, "delivery.replay", "endpoint", endpoint).to(is);
    audit::record(&transaction, &entry).await?;
    transaction.commit().await?;
    Ok(asked)
}

/// The numbers of events that wait to go out once more, in their order.
pub async fn events_to_repeat(
    pool: &Pool,
    partner: PartnerId,
    endpoint: &str,
    limit: i64,
) -> Result<Vec<i64>, StoreError> {
    let text =
        "SELECT number FROM delivery_replay WHERE partner_id = $1 AND endpoint = $2 ORDER BY number LIMIT $3";
    let rows = pool.get().await?.query(text, &[&partner.0, &endpoint, &limit]).await?;
    rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
}

/// An event went out once more, or is not there any more.
pub async fn event_brought_again(
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
    let text = "DELETE FROM delivery_replay WHERE partner_id = $1 AND endpoint = $2 AND number = $3";
    transaction.execute(text, &[&partner.0, &endpoint, &number]).await?;
    // As a file that goes out once more.
    let count =
        "UPDATE delivery_endpoint SET delivered = delivered + 1 WHERE partner_id = $1 AND endpoint = $2";
    transaction.execute(count, &[&partner.0, &endpoint]).await?;
    worked(&transaction, partner, endpoint, now).await?;
    transaction.commit().await?;
    Ok(())
}

//! What partners are told: the outbox becomes numbered events of each partner, and they are read here.

mod relay;

use std::collections::BTreeMap;

use domain::{PartnerId, ProgramId};
use jiff::Timestamp;
pub use relay::{NewPartnerEvent, NewsSource, OutboxRow, PublishedFile, Relayed, relay_events, relay_files};
use tokio_postgres::Row;

use crate::{Pool, StoreError};

/// An event of a partner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartnerEventRow {
    /// Its place among the partner's events, from 1, without gaps.
    pub number: i64,
    /// What happened, such as `purchase.accrued`.
    pub topic: String,
    /// The program's code.
    pub program: String,
    /// Whom or what it is about, as the partner knows it.
    pub subject: String,
    /// Its place among the events of the account, where the partner is told of accounts.
    pub subject_order: Option<i64>,
    /// When it happened.
    pub occurred_at: Timestamp,
    /// When it was numbered.
    pub told_at: Timestamp,
    /// What its topic describes, as JSON.
    pub data: String,
}

const COLUMNS: &str =
    "e.number, e.topic, g.code, e.subject, e.subject_order, e.occurred_at, e.told_at, e.data";

fn event(row: &Row) -> Result<PartnerEventRow, StoreError> {
    Ok(PartnerEventRow {
        number: row.try_get(0)?,
        topic: row.try_get(1)?,
        program: row.try_get(2)?,
        subject: row.try_get(3)?,
        subject_order: row.try_get(4)?,
        occurred_at: row.try_get(5)?,
        told_at: row.try_get(6)?,
        data: row.try_get(7)?,
    })
}

/// Events of a partner with a greater number, in their order.
pub async fn partner_events(
    pool: &Pool,
    partner: PartnerId,
    after: i64,
    limit: i64,
) -> Result<Vec<PartnerEventRow>, StoreError> {
    let text = format!(
        "SELECT {COLUMNS} FROM partner_event e JOIN program g ON g.program_id = e.program_id \
         WHERE e.partner_id = $1 AND e.number > $2 ORDER BY e.number LIMIT $3"
    );
    let rows = pool.get().await?.query(text.as_str(), &[&partner.0, &after, &limit]).await?;
    rows.iter().map(event).collect()
}

/// The number of the partner's newest event; 0 if it has none.
pub async fn last_partner_event(pool: &Pool, partner: PartnerId) -> Result<i64, StoreError> {
    let text = "SELECT number FROM partner_event_last WHERE partner_id = $1";
    let row = pool.get().await?.query_opt(text, &[&partner.0]).await?;
    Ok(row.map(|row| row.try_get(0)).transpose()?.unwrap_or(0))
}

/// Removes events that were numbered before that instant, at most `limit` of each partner, and none that a way still has
/// to bring; returns how many.
pub async fn forget_partner_events(pool: &Pool, before: Timestamp, limit: i64) -> Result<u64, StoreError> {
    // Only the oldest of each partner are looked at: there may be hundreds of millions, and this runs all the time.
    let text = "WITH old AS (SELECT l.partner_id, e.number FROM partner_event_last l CROSS JOIN LATERAL \
                (SELECT n.number, n.told_at FROM partner_event n WHERE n.partner_id = l.partner_id \
                AND n.number <= coalesce((SELECT min(d.sent_to) FROM delivery_endpoint d \
                WHERE d.partner_id = l.partner_id AND d.carries = 'events'), n.number) \
                ORDER BY n.number LIMIT $2) e WHERE e.told_at < $1 AND (SELECT f.told_at FROM partner_event f \
                WHERE f.partner_id = l.partner_id ORDER BY f.number LIMIT 1) < $1) \
                DELETE FROM partner_event e USING old WHERE e.partner_id = old.partner_id AND e.number = old.number";
    Ok(pool.get().await?.execute(text, &[&before, &limit]).await?)
}

/// Each program with its code and its co-brand partner.
pub async fn cobrand_partners(pool: &Pool) -> Result<BTreeMap<ProgramId, (String, PartnerId)>, StoreError> {
    let text = "SELECT program_id, code, cobrand_partner_id FROM program";
    let mut found = BTreeMap::new();
    for row in pool.get().await?.query(text, &[]).await? {
        found.insert(ProgramId(row.try_get(0)?), (row.try_get(1)?, PartnerId(row.try_get(2)?)));
    }
    Ok(found)
}

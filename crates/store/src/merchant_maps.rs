//! The texts of the merchant map, and from when on each was in force.

use domain::MapHash;
use jiff::Timestamp;
use serde_json::json;

use crate::{
    Pool, StoreError,
    audit::{self, AuditEntry},
    catalog::LOCK,
    error::damaged,
};

/// A map that was in force from an instant on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MapInForce {
    /// The instant.
    pub since: Timestamp,
    /// The map.
    pub hash: MapHash,
}

/// Keeps the text, unchanged for ever, and the instant, if another map was in force before; true if one was, or none.
pub async fn register_merchant_map(
    pool: &Pool,
    hash: MapHash,
    text: &str,
    at: Timestamp,
) -> Result<bool, StoreError> {
    let mut client = pool.get().await?;
    let transaction = client.transaction().await?;
    transaction.execute("SELECT pg_advisory_xact_lock($1)", &[&LOCK]).await?;
    let version = "INSERT INTO merchant_map_version (map_hash, body) VALUES ($1, $2) ON CONFLICT DO NOTHING";
    let bytes = hash.0.as_slice();
    transaction.execute(version, &[&bytes, &text]).await?;
    let last = "SELECT map_hash FROM merchant_map_in_force ORDER BY in_force_at DESC LIMIT 1";
    let last = transaction.query_opt(last, &[]).await?;
    let other = match last {
        Some(row) => row.try_get::<_, &[u8]>(0)? != bytes,
        None => true,
    };
    if other {
        // A clock that was set back must not bring the map before the one that it follows.
        let insert = "INSERT INTO merchant_map_in_force (in_force_at, map_hash) \
                      SELECT greatest($1, max(in_force_at) + interval '1 microsecond'), $2 FROM merchant_map_in_force";
        transaction.execute(insert, &[&at, &bytes]).await?;
        let is = json!({ "version": hex::encode(bytes) });
        let entry = AuditEntry::new(audit::OPERATOR, "merchants.map", "merchant_map", "").to(is);
        audit::record(&transaction, &entry).await?;
    }
    transaction.commit().await?;
    Ok(other)
}

/// The maps that were in force, the last one first, at most `limit`.
pub async fn merchant_maps_in_force(pool: &Pool, limit: u32) -> Result<Vec<MapInForce>, StoreError> {
    let text = "SELECT in_force_at, map_hash FROM merchant_map_in_force ORDER BY in_force_at DESC LIMIT $1";
    let rows = pool.get().await?.query(text, &[&i64::from(limit)]).await?;
    let one = |row: &tokio_postgres::Row| {
        let hash: &[u8] = row.try_get(1)?;
        let hash = hash.try_into().map_err(|_| damaged("merchant map hash", hash.len()))?;
        Ok(MapInForce { since: row.try_get(0)?, hash: MapHash(hash) })
    };
    rows.iter().map(one).collect()
}

/// The text of the map whose hash begins with these hexadecimal digits.
pub async fn merchant_map_text(pool: &Pool, hash_begins: &str) -> Result<String, StoreError> {
    let text = "SELECT body FROM merchant_map_version WHERE starts_with(encode(map_hash, 'hex'), $1) LIMIT 2";
    let rows = pool.get().await?.query(text, &[&hash_begins]).await?;
    match rows.as_slice() {
        [row] => Ok(row.try_get(0)?),
        _ => Err(StoreError::NotFound { what: "one merchant map", name: hash_begins.to_owned() }),
    }
}

//! The texts of rate tables, and from when on each was in force.

use domain::RatesHash;
use jiff::Timestamp;
use serde_json::json;

use crate::{
    Pool, StoreError,
    audit::{self, AuditEntry},
    catalog::LOCK,
    error::damaged,
};

/// A rate table that is in force, or was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RatesInForce {
    /// Its name, as programs call it.
    pub name: String,
    /// From when on.
    pub since: Timestamp,
    /// Its version.
    pub hash: RatesHash,
    /// Its text.
    pub text: String,
    /// Who imported it.
    pub by: String,
}

/// Keeps the text, unchanged for ever, and the instant, if another one was in force under this name; true if so.
pub async fn register_rates(
    pool: &Pool,
    name: &str,
    hash: RatesHash,
    text: &str,
    by: &str,
    at: Timestamp,
) -> Result<bool, StoreError> {
    let mut client = pool.get().await?;
    let transaction = client.transaction().await?;
    transaction.execute("SELECT pg_advisory_xact_lock($1)", &[&LOCK]).await?;
    let bytes = hash.0.as_slice();
    let version = "INSERT INTO rate_table_version (rates_hash, body) VALUES ($1, $2) ON CONFLICT DO NOTHING";
    transaction.execute(version, &[&bytes, &text]).await?;
    let last = "SELECT rates_hash FROM rate_table_in_force WHERE name = $1 ORDER BY in_force_at DESC LIMIT 1";
    let last = transaction.query_opt(last, &[&name]).await?;
    let other = match last {
        Some(row) => row.try_get::<_, &[u8]>(0)? != bytes,
        None => true,
    };
    if other {
        // A clock that was set back must not bring the table before the one that it follows.
        let insert = "INSERT INTO rate_table_in_force (name, in_force_at, rates_hash, imported_by) \
                      SELECT $1, greatest($2, max(in_force_at) + interval '1 microsecond'), $3, $4 \
                      FROM rate_table_in_force WHERE name = $1";
        transaction.execute(insert, &[&name, &at, &bytes, &by]).await?;
        let is = json!({ "version": hex::encode(bytes) });
        audit::record(&transaction, &AuditEntry::new(by, "rates.import", "rates", name).to(is)).await?;
    }
    transaction.commit().await?;
    Ok(other)
}

/// The tables in force, by name.
pub async fn rates_in_force(pool: &Pool) -> Result<Vec<RatesInForce>, StoreError> {
    let text = "SELECT DISTINCT ON (f.name) f.name, f.in_force_at, f.rates_hash, v.body, f.imported_by \
                FROM rate_table_in_force f \
                JOIN rate_table_version v USING (rates_hash) ORDER BY f.name, f.in_force_at DESC";
    let rows = pool.get().await?.query(text, &[]).await?;
    let one = |row: &tokio_postgres::Row| {
        let hash: &[u8] = row.try_get(2)?;
        let hash = hash.try_into().map_err(|_| damaged("rate table hash", hash.len()))?;
        Ok(RatesInForce {
            name: row.try_get(0)?,
            since: row.try_get(1)?,
            hash: RatesHash(hash),
            text: row.try_get(3)?,
            by: row.try_get(4)?,
        })
    };
    rows.iter().map(one).collect()
}

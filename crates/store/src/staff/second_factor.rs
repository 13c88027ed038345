//! Sealed secrets of authenticators. This crate sees no secret: whoever holds the key seals and opens.

use jiff::Timestamp;
use serde_json::json;

use crate::{
    Pool, StoreError,
    audit::{self, AuditEntry},
};

/// What is stored of a user's authenticator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecondFactor {
    /// The sealed secret.
    pub sealed: Vec<u8>,
    /// Whether its owner has confirmed it by a code; until then it is asked of nobody.
    pub is_confirmed: bool,
    /// The time step of the last code that counted.
    pub last_step: i64,
}

/// A user's authenticator, confirmed or not.
pub async fn second_factor(pool: &Pool, name: &str) -> Result<Option<SecondFactor>, StoreError> {
    let text = "SELECT sealed, confirmed_at IS NOT NULL, last_step FROM staff_second_factor WHERE name = $1";
    let Some(row) = pool.get().await?.query_opt(text, &[&name]).await? else { return Ok(None) };
    let (sealed, is_confirmed, last_step) = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
    Ok(Some(SecondFactor { sealed, is_confirmed, last_step }))
}

/// Keeps a new secret that is not confirmed; one that was not either is replaced. `false` if a confirmed one is there.
pub async fn begin_second_factor(pool: &Pool, name: &str, sealed: &[u8]) -> Result<bool, StoreError> {
    let text = "INSERT INTO staff_second_factor AS f (name, sealed) VALUES ($1, $2) \
                ON CONFLICT (name) DO UPDATE SET sealed = $2, last_step = 0 WHERE f.confirmed_at IS NULL";
    Ok(pool.get().await?.execute(text, &[&name, &sealed]).await? == 1)
}

/// The owner has shown a code of this secret: from now on it is asked for. `false` if another secret is there by now.
/// Open sessions end: they were signed in without it.
pub async fn confirm_second_factor(
    pool: &Pool,
    name: &str,
    sealed: &[u8],
    step: i64,
    at: Timestamp,
) -> Result<bool, StoreError> {
    let mut client = pool.get().await?;
    let transaction = client.transaction().await?;
    let update = "UPDATE staff_second_factor SET confirmed_at = $3, last_step = $4 \
                  WHERE name = $1 AND sealed = $2 AND confirmed_at IS NULL";
    if transaction.execute(update, &[&name, &sealed, &at, &step]).await? == 0 {
        return Ok(false);
    }
    let end = "UPDATE staff_user SET access_version = access_version + 1 WHERE name = $1";
    transaction.execute(end, &[&name]).await?;
    let entry = AuditEntry::new(name, "user.second_factor", "user", name);
    let entry = entry.from(json!({ "second_factor": false })).to(json!({ "second_factor": true }));
    audit::record(&transaction, &entry).await?;
    transaction.commit().await?;
    Ok(true)
}

/// Takes a user's authenticator away, such as when the telephone is lost. `false` if there is none.
pub async fn drop_second_factor(pool: &Pool, name: &str, by: &str) -> Result<bool, StoreError> {
    let mut client = pool.get().await?;
    let transaction = client.transaction().await?;
    if transaction.execute("DELETE FROM staff_second_factor WHERE name = $1", &[&name]).await? == 0 {
        return Ok(false);
    }
    let end = "UPDATE staff_user SET access_version = access_version + 1 WHERE name = $1";
    transaction.execute(end, &[&name]).await?;
    let entry = AuditEntry::new(by, "user.drop_second_factor", "user", name);
    let entry = entry.from(json!({ "second_factor": true })).to(json!({ "second_factor": false }));
    audit::record(&transaction, &entry).await?;
    transaction.commit().await?;
    Ok(true)
}

/// A code of this time step counts, once: `false` if it or a later one has counted already.
pub async fn use_code(pool: &Pool, name: &str, step: i64) -> Result<bool, StoreError> {
    let text = "UPDATE staff_second_factor SET last_step = $2 WHERE name = $1 AND last_step < $2";
    Ok(pool.get().await?.execute(text, &[&name, &step]).await? == 1)
}

//! Keys with which staff ask the API from a program of theirs: shown once, kept as a hash, good for some days.

use aws_lc_rs::digest::{SHA256, digest};
use axum::http::{HeaderMap, header::AUTHORIZATION};
use jiff::{SignedDuration, Timestamp};
use store::{Pool, StoreError, audit::OPERATOR};

use super::random;

/// A key that is good for longer is one that somebody has forgotten.
pub const TOKEN_DAYS_MAX: u32 = 366;

/// Why no key was made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TokenError {
    /// The days are too many or none.
    #[error("a token is good for 1 to {TOKEN_DAYS_MAX} days")]
    BadDays,
    /// There is no user of this name, or nobody lets him in.
    #[error("there is no user {0:?}, or the user is locked")]
    NoSuchUser(String),
    /// The system gave no random bytes.
    #[error("the system gave no random bytes")]
    NoRandomness,
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Makes a token for a user and returns it; it cannot be shown again.
pub async fn new_token(pool: &Pool, name: &str, days: u32, now: Timestamp) -> Result<String, TokenError> {
    new_token_by(pool, name, days, now, OPERATOR).await
}

/// Makes a token for a user, as somebody of the staff.
pub async fn new_token_by(
    pool: &Pool,
    name: &str,
    days: u32,
    now: Timestamp,
    by: &str,
) -> Result<String, TokenError> {
    if !(1..=TOKEN_DAYS_MAX).contains(&days) {
        return Err(TokenError::BadDays);
    }
    if store::staff::password_hash(pool, name).await?.is_none() {
        return Err(TokenError::NoSuchUser(name.to_owned()));
    }
    let token = random::token().map_err(|_| TokenError::NoRandomness)?;
    let expires = now + SignedDuration::from_hours(i64::from(days).saturating_mul(24));
    store::staff::add_token(pool, &hash(&token), name, now, expires, by).await?;
    Ok(token)
}

/// Takes back all tokens of a user; how many.
pub async fn revoke_tokens(pool: &Pool, name: &str, by: &str) -> Result<u64, StoreError> {
    store::staff::revoke_tokens(pool, name, by).await
}

fn hash(token: &str) -> Vec<u8> {
    digest(&SHA256, token.as_bytes()).as_ref().to_vec()
}

/// Whose token it is; a token has 256 random bits, so the hash finds it and nothing is compared by hand.
pub(crate) async fn holder(
    pool: &Pool,
    token: &str,
    now: Timestamp,
) -> Result<Option<store::staff::Account>, StoreError> {
    store::staff::token_holder(pool, &hash(token), now).await
}

/// A token of hexadecimal digits; anything else is none.
pub(crate) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let text = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let token = text.strip_prefix("Bearer ").unwrap_or_default();
    Some(if token.len() == 64 && token.bytes().all(|byte| byte.is_ascii_hexdigit()) { token } else { "" })
}

//! Keys with which staff ask the API from a program of theirs: shown once, kept as a hash, good for some days.

use axum::http::{HeaderMap, header::AUTHORIZATION};
use jiff::{SignedDuration, Timestamp};
use settlement::sha256;
use store::{Pool, StoreError, TokenScope, audit::OPERATOR, staff::NewToken};

use super::random;

/// A key that is good for longer is one that somebody has forgotten.
pub const TOKEN_DAYS_MAX: u32 = 366;

/// Characters of what a key is called.
const LABEL_CHARS_MAX: usize = 64;

/// Why no key was made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TokenError {
    /// The days are too many or none.
    #[error("a token is good for 1 to {TOKEN_DAYS_MAX} days")]
    BadDays,
    /// Whoever finds a key that decides shall find it expired.
    #[error("a token that decides is good for one day")]
    DecidesTooLong,
    /// What it is called is too long or unreadable.
    #[error("a token's name has at most {LABEL_CHARS_MAX} printable characters")]
    BadLabel,
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
    new_scoped_token(pool, name, TokenTerms { may: TokenScope::Read, label: "", days }, now, by).await
}

/// What a token may do, what it is called, and for how many days it is good.
#[derive(Debug, Clone, Copy)]
pub struct TokenTerms<'a> {
    /// What it may do.
    pub may: TokenScope,
    /// What it is called; may be empty.
    pub label: &'a str,
    /// So many days; one, if it decides.
    pub days: u32,
}

/// Makes a token with such terms for a user, as somebody of the staff.
pub async fn new_scoped_token(
    pool: &Pool,
    name: &str,
    TokenTerms { may, label, days }: TokenTerms<'_>,
    now: Timestamp,
    by: &str,
) -> Result<String, TokenError> {
    if !(1..=TOKEN_DAYS_MAX).contains(&days) {
        return Err(TokenError::BadDays);
    }
    if may == TokenScope::Decide && days > 1 {
        return Err(TokenError::DecidesTooLong);
    }
    if label.chars().count() > LABEL_CHARS_MAX || label.chars().any(char::is_control) {
        return Err(TokenError::BadLabel);
    }
    if store::staff::password_hash(pool, name).await?.is_none() {
        return Err(TokenError::NoSuchUser(name.to_owned()));
    }
    let token = random::token().map_err(|_| TokenError::NoRandomness)?;
    let expires = now + SignedDuration::from_hours(i64::from(days).saturating_mul(24));
    let hash = hash(&token);
    let new = NewToken { hash: &hash, name, made_at: now, expires_at: expires, may, label };
    store::staff::add_scoped_token(pool, &new, by).await?;
    Ok(token)
}

/// Takes back all tokens of a user; how many.
pub async fn revoke_tokens(pool: &Pool, name: &str, by: &str) -> Result<u64, StoreError> {
    store::staff::revoke_tokens(pool, name, by).await
}

fn hash(token: &str) -> Vec<u8> {
    sha256(token.as_bytes()).to_vec()
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

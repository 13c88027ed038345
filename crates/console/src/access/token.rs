//! Keys with which staff ask the API from a program of theirs: shown once, kept as a hash, good for some days.

use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, header::AUTHORIZATION, request::Parts},
};
use jiff::{SignedDuration, Timestamp};
use store::{Pool, StoreError};

use super::{random, signed_in::SignedIn, staff};
use crate::{app::App, pages::PageError};

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
    if !(1..=TOKEN_DAYS_MAX).contains(&days) {
        return Err(TokenError::BadDays);
    }
    if staff::password_hash(pool, name).await?.is_none() {
        return Err(TokenError::NoSuchUser(name.to_owned()));
    }
    let token = random::token().map_err(|_| TokenError::NoRandomness)?;
    let expires = now + SignedDuration::from_hours(i64::from(days).saturating_mul(24));
    let client = pool.get().await.map_err(StoreError::from)?;
    let insert = "INSERT INTO staff_token (token_hash, name, made_at, expires_at) VALUES ($1, $2, $3, $4)";
    client
        .execute(insert, &[&hash(&token).as_slice(), &name, &now, &expires])
        .await
        .map_err(StoreError::from)?;
    Ok(token)
}

/// Takes back all tokens of a user; how many.
pub async fn revoke_tokens(pool: &Pool, name: &str) -> Result<u64, StoreError> {
    let client = pool.get().await?;
    Ok(client.execute("DELETE FROM staff_token WHERE name = $1", &[&name]).await?)
}

fn hash(token: &str) -> Vec<u8> {
    digest(&SHA256, token.as_bytes()).as_ref().to_vec()
}

/// Whose token it is; a token has 256 random bits, so the hash finds it and nothing is compared by hand.
async fn holder(pool: &Pool, token: &str, now: Timestamp) -> Result<Option<String>, StoreError> {
    let client = pool.get().await?;
    let text = "SELECT t.name FROM staff_token t JOIN staff_user u ON u.name = t.name AND u.locked_at IS NULL \
                WHERE t.token_hash = $1 AND t.made_at <= $2 AND $2 < t.expires_at";
    let row = client.query_opt(text, &[&hash(token).as_slice(), &now]).await?;
    Ok(row.map(|row| row.try_get(0)).transpose()?)
}

/// A request of the API: with a token, or from the browser of somebody who has signed in.
pub(crate) struct Caller {
    /// Who asks.
    pub(crate) user: String,
}

/// Why a request of the API was not let in.
pub(crate) enum NotLetIn {
    /// No token or session, or one that does not count.
    Unknown,
    /// We could not look.
    Broken(PageError),
}

impl FromRequestParts<Arc<App>> for Caller {
    type Rejection = NotLetIn;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, NotLetIn> {
        if let Some(token) = bearer(&parts.headers) {
            // The machine's clock, also where business lives on another date: a token ages in real days.
            let found = holder(&app.console.pool, token, Timestamp::now()).await;
            return match found.map_err(|error| NotLetIn::Broken(error.into()))? {
                Some(user) => Ok(Self { user }),
                None => Err(NotLetIn::Unknown),
            };
        }
        let who = SignedIn::from_request_parts(parts, app).await.map_err(|_| NotLetIn::Unknown)?;
        Ok(Self { user: who.user })
    }
}

/// A token of hexadecimal digits; anything else is none.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let text = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let token = text.strip_prefix("Bearer ").unwrap_or_default();
    Some(if token.len() == 64 && token.bytes().all(|byte| byte.is_ascii_hexdigit()) { token } else { "" })
}

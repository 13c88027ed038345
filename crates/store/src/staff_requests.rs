//! Changes that staff make by the API, by the keys that their programs gave them; and what a token may do.
//!
//! A key is taken by the transaction of its change, and the answer is kept there: either both are on the books or none is.

use jiff::Timestamp;
use tokio_postgres::GenericClient;

use crate::{KnownRequest, Pool, StoreError, error::damaged};

/// A change that a program of a user asks for.
#[derive(Debug, Clone, Copy)]
pub struct StaffRequest<'a> {
    /// Whose token it is.
    pub by: &'a str,
    /// SHA-256 of the key.
    pub key_sha256: &'a [u8; 32],
    /// SHA-256 of all that makes it this request: method, address, body.
    pub request_sha256: &'a [u8; 32],
}

/// Takes the key of a request. Of two with one key at once, the second waits here until the first has ended.
///
/// # Errors
/// The database's; then nothing may be changed.
pub async fn take_staff_request(
    change: &impl GenericClient,
    request: &StaffRequest<'_>,
    at: Timestamp,
) -> Result<KnownRequest, StoreError> {
    let StaffRequest { by, key_sha256, request_sha256 } = *request;
    let (key, sent) = (key_sha256.as_slice(), request_sha256.as_slice());
    let insert = "INSERT INTO staff_api_request (by, key_sha256, request_sha256, answered_at, status, body) \
                  VALUES ($1, $2, $3, $4, 0, '') ON CONFLICT DO NOTHING";
    if change.execute(insert, &[&by, &key, &sent, &at]).await? == 1 {
        return Ok(KnownRequest::New);
    }
    let text = "SELECT request_sha256, status, body FROM staff_api_request WHERE by = $1 AND key_sha256 = $2";
    let row = change.query_one(text, &[&by, &key]).await?;
    if row.try_get::<_, &[u8]>(0)? != sent {
        return Ok(KnownRequest::OtherRequest);
    }
    let status: i32 = row.try_get(1)?;
    // A row without an answer is never committed.
    let status = u16::try_from(status).ok().filter(|status| *status != 0);
    let status = status.ok_or_else(|| damaged("status of an answer", "none"))?;
    Ok(KnownRequest::Answered { status, body: row.try_get(2)? })
}

/// Keeps the answer beside its change.
///
/// # Errors
/// The database's; then the change must not be committed.
pub async fn keep_staff_answer(
    change: &impl GenericClient,
    request: &StaffRequest<'_>,
    status: u16,
    body: &str,
) -> Result<(), StoreError> {
    let text = "UPDATE staff_api_request SET status = $3, body = $4 WHERE by = $1 AND key_sha256 = $2 AND status = 0";
    let key = request.key_sha256.as_slice();
    match change.execute(text, &[&request.by, &key, &i32::from(status), &body]).await? {
        1 => Ok(()),
        _ => Err(damaged("request of the API", "answered twice")),
    }
}

/// Removes kept answers of before an instant, the oldest first, at most so many; how many were removed.
pub async fn forget_staff_answers(pool: &Pool, before: Timestamp, at_most: u32) -> Result<u64, StoreError> {
    let text = "DELETE FROM staff_api_request WHERE (by, key_sha256) IN (SELECT by, key_sha256 FROM staff_api_request \
                WHERE answered_at < $1 ORDER BY answered_at LIMIT $2)";
    Ok(pool.get().await?.execute(text, &[&before, &i64::from(at_most)]).await?)
}

/// What a token may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum TokenScope {
    /// Read.
    Read,
    /// Read, and propose, comment, assign: whatever another person still has to approve, or what changes no books.
    Propose,
    /// Read, and decide what another person has proposed.
    Decide,
}

impl TokenScope {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Read, Self::Propose, Self::Decide];

    /// The stored word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Propose => "propose",
            Self::Decide => "decide",
        }
    }

    /// From the stored word.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.name() == name)
    }

    /// Whether a token of this scope may do what asks for that one. All may read; who decides does not propose.
    pub fn covers(self, asked: Self) -> bool {
        asked == Self::Read || asked == self
    }
}

/// What the token with this hash may do, and what it is called; `None` if there is no such token.
pub async fn scope_of_token(pool: &Pool, hash: &[u8]) -> Result<Option<(TokenScope, String)>, StoreError> {
    let text = "SELECT may, label FROM staff_token WHERE token_hash = $1";
    let Some(row) = pool.get().await?.query_opt(text, &[&hash]).await? else { return Ok(None) };
    let may: &str = row.try_get(0)?;
    let scope = TokenScope::parse(may).ok_or_else(|| damaged("scope of a token", may))?;
    Ok(Some((scope, row.try_get(1)?)))
}

//! The table of staff.

use jiff::Timestamp;
use store::{Pool, StoreError};

use super::password::{self, PASSWORD_BYTES_MAX, Passwords};

/// Shorter passwords are refused.
pub const PASSWORD_BYTES_MIN: usize = 12;
/// Longer names are refused.
pub(crate) const NAME_BYTES_MAX: usize = 64;

/// Why a user was not added or changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AddUserError {
    /// The name is empty, too long or has unusual characters.
    #[error("a user's name has 1 to {NAME_BYTES_MAX} letters, digits or any of . _ - @")]
    BadName,
    /// The password is too short or too long.
    #[error("a password has {PASSWORD_BYTES_MIN} to {PASSWORD_BYTES_MAX} bytes")]
    BadPassword,
    /// There is a user of this name.
    #[error("there is a user {0:?} already; choose another name or set a new password")]
    NameTaken(String),
    /// There is no user of this name.
    #[error("there is no user {0:?}")]
    NoSuchUser(String),
    /// The hash could not be computed.
    #[error("the password's hash could not be computed")]
    NoHash,
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Adds a user with the argon2id hash of the password; a name that is taken is refused.
pub async fn add_user(pool: &Pool, name: &str, password: &str) -> Result<(), AddUserError> {
    let hash = checked(name, password).await?;
    let text = "INSERT INTO staff_user (name, password_hash) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING";
    match execute(pool, text, name, &hash).await? {
        0 => Err(AddUserError::NameTaken(name.to_owned())),
        _ => Ok(()),
    }
}

/// Locks a user out, or lets him in again: no sign-in, no open session and no token counts meanwhile.
pub async fn lock_user(pool: &Pool, name: &str, locked: bool, at: Timestamp) -> Result<(), AddUserError> {
    let text =
        "UPDATE staff_user SET locked_at = CASE WHEN $2 THEN coalesce(locked_at, $3) END WHERE name = $1";
    let client = pool.get().await.map_err(StoreError::from)?;
    match client.execute(text, &[&name, &locked, &at]).await.map_err(StoreError::from)? {
        0 => Err(AddUserError::NoSuchUser(name.to_owned())),
        _ => Ok(()),
    }
}

/// Whether the user was locked out. The demo's own user is in no table, and never is.
pub(crate) async fn is_locked(pool: &Pool, name: &str) -> Result<bool, StoreError> {
    let text = "SELECT EXISTS (SELECT FROM staff_user WHERE name = $1 AND locked_at IS NOT NULL)";
    Ok(pool.get().await?.query_one(text, &[&name]).await?.try_get(0)?)
}

/// Gives a user another password. Sessions that are open stay open.
pub async fn set_password(pool: &Pool, name: &str, password: &str) -> Result<(), AddUserError> {
    let hash = checked(name, password).await?;
    match execute(pool, "UPDATE staff_user SET password_hash = $2 WHERE name = $1", name, &hash).await? {
        0 => Err(AddUserError::NoSuchUser(name.to_owned())),
        _ => Ok(()),
    }
}

async fn checked(name: &str, password: &str) -> Result<String, AddUserError> {
    if !is_name(name) {
        return Err(AddUserError::BadName);
    }
    if !(PASSWORD_BYTES_MIN..=PASSWORD_BYTES_MAX).contains(&password.len()) {
        return Err(AddUserError::BadPassword);
    }
    password::hash(password.to_owned()).await.ok_or(AddUserError::NoHash)
}

pub(crate) fn is_name(name: &str) -> bool {
    let usual = |c: char| c.is_alphanumeric() || "._-@".contains(c);
    (1..=NAME_BYTES_MAX).contains(&name.len()) && name.chars().all(usual)
}

async fn execute(pool: &Pool, text: &str, name: &str, hash: &str) -> Result<u64, StoreError> {
    let client = pool.get().await?;
    Ok(client.execute(text, &[&name, &hash]).await?)
}

/// Whether `password` is the one of this name. Nobody's is, who is locked. The console also
/// refuses a name for a while after failures; this does not.
pub async fn is_the_password(pool: &Pool, name: &str, password: &str) -> Result<bool, StoreError> {
    if !is_name(name) || password.len() > PASSWORD_BYTES_MAX {
        return Ok(false);
    }
    let stored = password_hash(pool, name).await?;
    Ok(Passwords::new().verify(password.to_owned(), stored).await)
}

/// The stored hash of a user; one who is locked has none that counts.
pub(crate) async fn password_hash(pool: &Pool, name: &str) -> Result<Option<String>, StoreError> {
    let client = pool.get().await?;
    let text = "SELECT password_hash FROM staff_user WHERE name = $1 AND locked_at IS NULL";
    let row = client.query_opt(text, &[&name]).await?;
    Ok(row.map(|row| row.try_get(0)).transpose()?)
}

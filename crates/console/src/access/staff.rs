//! Names and passwords of users.

use domain::{PartnerId, Roles};
use jiff::Timestamp;
use store::{
    Pool, StoreError,
    audit::{OPERATOR, UNKNOWN},
    staff::{NewStaff, StaffStep},
};

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
    /// The name stands in the audit for something else.
    #[error(
        "nobody is called {OPERATOR:?} or {UNKNOWN:?}: so the audit calls whoever has no name; choose another one"
    )]
    NameOfNobody,
    /// The password is too short or too long.
    #[error("a password has {PASSWORD_BYTES_MIN} to {PASSWORD_BYTES_MAX} bytes")]
    BadPassword,
    /// There is a user of this name.
    #[error("there is a user {0:?} already; choose another name or set a new password")]
    NameTaken(String),
    /// There is no user of this name.
    #[error("there is no user {0:?}")]
    NoSuchUser(String),
    /// Somebody of a partner sees that partner's rows and does nothing.
    #[error(
        "{0:?} is of a partner, and nobody of a partner has a role; add another user for a person of the staff"
    )]
    OfAPartner(String),
    /// The hash could not be computed.
    #[error("the password's hash could not be computed")]
    NoHash,
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A user to add.
#[derive(Debug, Clone, Copy)]
pub struct NewUser<'a> {
    /// The name to sign in with.
    pub name: &'a str,
    /// The password.
    pub password: &'a str,
    /// What he is trusted with.
    pub roles: Roles,
    /// The partner that he is of; then he has no role.
    pub partner: Option<PartnerId>,
    /// Who adds him, for the audit.
    pub by: &'a str,
}

/// Adds a person with all roles of the daily work ([`Roles::WORKING`]), as whoever holds the configuration.
pub async fn add_user(pool: &Pool, name: &str, password: &str) -> Result<(), AddUserError> {
    let new = NewUser { name, password, roles: Roles::WORKING, partner: None, by: OPERATOR };
    add_user_as(pool, &new).await
}

/// Adds a user with the argon2id hash of the password; a name that is taken is refused.
pub async fn add_user_as(pool: &Pool, new: &NewUser<'_>) -> Result<(), AddUserError> {
    let NewUser { name, password, roles, partner, by } = *new;
    let password_hash = &checked(name, password).await?;
    let new = NewStaff { name, password_hash, roles, partner, by };
    done(store::staff::add(pool, &new).await?, name)
}

/// Gives a person these roles and no others. Open sessions end.
pub async fn set_roles(pool: &Pool, name: &str, roles: Roles, by: &str) -> Result<(), AddUserError> {
    done(store::staff::set_roles(pool, name, roles, by).await?, name)
}

/// Locks a user out, or lets him in again: no sign-in, no open session and no token counts meanwhile.
pub async fn lock_user(pool: &Pool, name: &str, locked: bool, at: Timestamp) -> Result<(), AddUserError> {
    lock_user_as(pool, name, locked, at, OPERATOR).await
}

/// [`lock_user`] as somebody of the staff.
pub async fn lock_user_as(
    pool: &Pool,
    name: &str,
    locked: bool,
    at: Timestamp,
    by: &str,
) -> Result<(), AddUserError> {
    done(store::staff::set_locked(pool, name, locked, at, by).await?, name)
}

/// Gives a user another password. Open sessions end.
pub async fn set_password(pool: &Pool, name: &str, password: &str) -> Result<(), AddUserError> {
    set_password_as(pool, name, password, OPERATOR).await
}

/// [`set_password`] as somebody of the staff.
pub async fn set_password_as(pool: &Pool, name: &str, password: &str, by: &str) -> Result<(), AddUserError> {
    let hash = checked(name, password).await?;
    done(store::staff::set_password(pool, name, &hash, by).await?, name)
}

fn done(step: StaffStep, name: &str) -> Result<(), AddUserError> {
    match step {
        StaffStep::Done => Ok(()),
        StaffStep::NameTaken => Err(AddUserError::NameTaken(name.to_owned())),
        StaffStep::NoSuchUser => Err(AddUserError::NoSuchUser(name.to_owned())),
        StaffStep::OfAPartner => Err(AddUserError::OfAPartner(name.to_owned())),
    }
}

async fn checked(name: &str, password: &str) -> Result<String, AddUserError> {
    if !is_name(name) {
        return Err(AddUserError::BadName);
    }
    if [OPERATOR, UNKNOWN].contains(&name) {
        return Err(AddUserError::NameOfNobody);
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

/// Whether `password` is the one of this name. Nobody's is, who is locked. The console also
/// refuses a name for a while after failures; this does not.
pub async fn is_the_password(pool: &Pool, name: &str, password: &str) -> Result<bool, StoreError> {
    if !is_name(name) || password.len() > PASSWORD_BYTES_MAX {
        return Ok(false);
    }
    let stored = store::staff::password_hash(pool, name).await?;
    Ok(Passwords::new().verify(password.to_owned(), stored).await)
}

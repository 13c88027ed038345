//! Users: people of the staff with their roles, and people of partners. Every change leaves its audit entry.

mod attempts;
mod second_factor;

use domain::{PartnerId, Role, Roles};
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio_postgres::{GenericClient, Row, Transaction};

use crate::{
    Pool, StoreError, TokenScope,
    audit::{self, AuditEntry},
    error::damaged,
};

pub use attempts::{Attempt, Subject, attempt, forget_attempts};
pub use second_factor::{
    SecondFactor, begin_second_factor, confirm_second_factor, drop_second_factor, second_factor, use_code,
};

/// A user as the console must know him for each request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// The name to sign in with.
    pub name: String,
    /// The roles; none of somebody of a partner.
    pub roles: Roles,
    /// The partner, with its code, whose own rows alone he sees.
    pub partner: Option<(PartnerId, String)>,
    /// Locked by an administrator.
    pub is_locked: bool,
    /// Counts up with every change of what lets him in; a session of another number counts no more.
    pub version: i32,
    /// Whether a second factor is enrolled and confirmed.
    pub has_second_factor: bool,
}

/// A user to add.
#[derive(Debug, Clone, Copy)]
pub struct NewStaff<'a> {
    /// The name.
    pub name: &'a str,
    /// The PHC string of the password.
    pub password_hash: &'a str,
    /// What the person is trusted with.
    pub roles: Roles,
    /// The partner that he is of; then `roles` is empty.
    pub partner: Option<PartnerId>,
    /// Who adds him.
    pub by: &'a str,
}

/// What became of a change of a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StaffStep {
    /// It was done.
    Done,
    /// There is a user of this name already.
    NameTaken,
    /// There is no user of this name.
    NoSuchUser,
    /// Somebody of a partner has no role.
    OfAPartner,
}

const ACCOUNTS: &str = "SELECT u.name, ARRAY(SELECT r.role FROM staff_role r WHERE r.name = u.name), u.partner_id, p.code, \
    u.locked_at IS NOT NULL, u.access_version, \
    EXISTS (SELECT FROM staff_second_factor f WHERE f.name = u.name AND f.confirmed_at IS NOT NULL) \
    FROM staff_user u LEFT JOIN partner p ON p.partner_id = u.partner_id";

fn account_of(row: &Row) -> Result<Account, StoreError> {
    let roles: Vec<&str> = row.try_get(1)?;
    let role = |name: &&str| Role::parse(name).ok_or_else(|| damaged("role", name));
    let partner: Option<i32> = row.try_get(2)?;
    let code: Option<String> = row.try_get(3)?;
    Ok(Account {
        name: row.try_get(0)?,
        roles: roles.iter().map(role).collect::<Result<Roles, _>>()?,
        partner: partner.map(PartnerId).zip(code),
        is_locked: row.try_get(4)?,
        version: row.try_get(5)?,
        has_second_factor: row.try_get(6)?,
    })
}

/// The user of this name.
pub async fn account(pool: &Pool, name: &str) -> Result<Option<Account>, StoreError> {
    account_in(&*pool.get().await?, name).await
}

async fn account_in(client: &impl GenericClient, name: &str) -> Result<Option<Account>, StoreError> {
    let text = format!("{ACCOUNTS} WHERE u.name = $1");
    client.query_opt(text.as_str(), &[&name]).await?.as_ref().map(account_of).transpose()
}

/// All users by name.
pub async fn accounts(pool: &Pool) -> Result<Vec<Account>, StoreError> {
    let text = format!("{ACCOUNTS} ORDER BY u.name");
    pool.get().await?.query(text.as_str(), &[]).await?.iter().map(account_of).collect()
}

/// The stored hash of a user's password; one who is locked has none that counts.
pub async fn password_hash(pool: &Pool, name: &str) -> Result<Option<String>, StoreError> {
    let text = "SELECT password_hash FROM staff_user WHERE name = $1 AND locked_at IS NULL";
    let row = pool.get().await?.query_opt(text, &[&name]).await?;
    Ok(row.map(|row| row.try_get(0)).transpose()?)
}

/// What an audit entry says of a user.
fn told(account: &Account) -> Value {
    json!({
        "roles": account.roles.names(),
        "partner": account.partner.as_ref().map(|(_, code)| code),
        "locked": account.is_locked,
        "second_factor": account.has_second_factor,
    })
}

/// Adds a user.
pub async fn add(pool: &Pool, new: &NewStaff<'_>) -> Result<StaffStep, StoreError> {
    if new.partner.is_some() && !new.roles.is_empty() {
        return Ok(StaffStep::OfAPartner);
    }
    let mut client = pool.get().await?;
    let transaction = client.transaction().await?;
    let insert = "INSERT INTO staff_user (name, password_hash, partner_id) VALUES ($1, $2, $3) \
                  ON CONFLICT (name) DO NOTHING";
    let partner = new.partner.map(|partner| partner.0);
    if transaction.execute(insert, &[&new.name, &new.password_hash, &partner]).await? == 0 {
        return Ok(StaffStep::NameTaken);
    }
    write_roles(&transaction, new.name, new.roles).await?;
    let is = account_in(&transaction, new.name).await?.as_ref().map(told);
    let entry = AuditEntry { after: is, ..AuditEntry::new(new.by, "user.add", "user", new.name) };
    audit::record(&transaction, &entry).await?;
    transaction.commit().await?;
    Ok(StaffStep::Done)
}

async fn write_roles(transaction: &Transaction<'_>, name: &str, roles: Roles) -> Result<(), StoreError> {
    let insert = "INSERT INTO staff_role (name, role) SELECT $1, unnest($2::text[])";
    transaction.execute(insert, &[&name, &roles.names()]).await?;
    Ok(())
}

/// Gives a person these roles and no others. Open sessions end.
pub async fn set_roles(pool: &Pool, name: &str, roles: Roles, by: &str) -> Result<StaffStep, StoreError> {
    let mut client = pool.get().await?;
    let transaction = client.transaction().await?;
    let Some(was) = changing(&transaction, name).await? else { return Ok(StaffStep::NoSuchUser) };
    if was.partner.is_some() {
        return Ok(StaffStep::OfAPartner);
    }
    transaction.execute("DELETE FROM staff_role WHERE name = $1", &[&name]).await?;
    write_roles(&transaction, name, roles).await?;
    changed(transaction, &was, "user.roles", by).await
}

/// Locks a user out, or lets him in again: no sign-in, no open session and no token counts meanwhile.
pub async fn set_locked(
    pool: &Pool,
    name: &str,
    locked: bool,
    at: Timestamp,
    by: &str,
) -> Result<StaffStep, StoreError> {
    let mut client = pool.get().await?;
    let transaction = client.transaction().await?;
    let Some(was) = changing(&transaction, name).await? else { return Ok(StaffStep::NoSuchUser) };
    let update =
        "UPDATE staff_user SET locked_at = CASE WHEN $2 THEN coalesce(locked_at, $3) END WHERE name = $1";
    transaction.execute(update, &[&name, &locked, &at]).await?;
    changed(transaction, &was, if locked { "user.lock" } else { "user.unlock" }, by).await
}

/// Gives a user another password. Open sessions end, and so do his tokens: whoever had the password may have had one made.
pub async fn set_password(pool: &Pool, name: &str, hash: &str, by: &str) -> Result<StaffStep, StoreError> {
    let mut client = pool.get().await?;
    let transaction = client.transaction().await?;
    let Some(was) = changing(&transaction, name).await? else { return Ok(StaffStep::NoSuchUser) };
    let update = "UPDATE staff_user SET password_hash = $2 WHERE name = $1";
    transaction.execute(update, &[&name, &hash]).await?;
    // His row is locked: a token that is being made was committed before, or is made after it.
    let ended = transaction.execute("DELETE FROM staff_token WHERE name = $1", &[&name]).await?;
    changed_with(transaction, &was, "user.password", (by, json!({ "tokens_ended": ended }))).await
}

/// The user before a change. His row is locked by it, and sessions of before end with the commit.
async fn changing(transaction: &Transaction<'_>, name: &str) -> Result<Option<Account>, StoreError> {
    let update = "UPDATE staff_user SET access_version = access_version + 1 WHERE name = $1";
    match transaction.execute(update, &[&name]).await? {
        0 => Ok(None),
        _ => account_in(transaction, name).await,
    }
}

/// Records the change and commits.
async fn changed(
    transaction: Transaction<'_>,
    was: &Account,
    what: &str,
    by: &str,
) -> Result<StaffStep, StoreError> {
    changed_with(transaction, was, what, (by, json!({}))).await
}

/// The same, with what else is to be told of it.
async fn changed_with(
    transaction: Transaction<'_>,
    was: &Account,
    what: &str,
    (by, more): (&str, Value),
) -> Result<StaffStep, StoreError> {
    let mut is = account_in(&transaction, &was.name).await?.as_ref().map(told);
    if let (Some(Value::Object(is)), Value::Object(more)) = (&mut is, more) {
        is.extend(more);
    }
    let entry = AuditEntry { after: is, ..AuditEntry::new(by, what, "user", &was.name).from(told(was)) };
    audit::record(&transaction, &entry).await?;
    transaction.commit().await?;
    Ok(StaffStep::Done)
}

/// Keeps the SHA-256 of a token with which a user's programs ask the API.
pub async fn add_token(
    pool: &Pool,
    hash: &[u8],
    name: &str,
    made_at: Timestamp,
    expires_at: Timestamp,
    by: &str,
) -> Result<(), StoreError> {
    let new = NewToken { hash, name, made_at, expires_at, may: TokenScope::Read, label: "" };
    add_scoped_token(pool, &new, by).await
}

/// A token with which a user's programs ask the API.
#[derive(Debug, Clone, Copy)]
pub struct NewToken<'a> {
    /// Its SHA-256.
    pub hash: &'a [u8],
    /// Whose it is.
    pub name: &'a str,
    /// When it was made.
    pub made_at: Timestamp,
    /// From when on it does not count.
    pub expires_at: Timestamp,
    /// What it may do.
    pub may: TokenScope,
    /// What it is called.
    pub label: &'a str,
}

/// Keeps a token. One that decides lives at most a day: the database refuses any other.
pub async fn add_scoped_token(pool: &Pool, new: &NewToken<'_>, by: &str) -> Result<(), StoreError> {
    let NewToken { hash, name, made_at, expires_at, may, label } = *new;
    let mut client = pool.get().await?;
    let transaction = client.transaction().await?;
    // Nothing changes, but the row is locked: a change of the password that runs now waits for this, or this for it.
    transaction
        .execute("UPDATE staff_user SET access_version = access_version WHERE name = $1", &[&name])
        .await?;
    let insert = "INSERT INTO staff_token (token_hash, name, made_at, expires_at, may, label) \
                  VALUES ($1, $2, $3, $4, $5, $6)";
    transaction.execute(insert, &[&hash, &name, &made_at, &expires_at, &may.name(), &label]).await?;
    let entry = AuditEntry::new(by, "user.token", "user", name);
    let is = json!({ "expires_at": expires_at.to_string(), "may": may.name(), "token": label });
    audit::record(&transaction, &entry.to(is)).await?;
    Ok(transaction.commit().await?)
}

/// Takes back all tokens of a user; how many.
pub async fn revoke_tokens(pool: &Pool, name: &str, by: &str) -> Result<u64, StoreError> {
    let mut client = pool.get().await?;
    let transaction = client.transaction().await?;
    let taken = transaction.execute("DELETE FROM staff_token WHERE name = $1", &[&name]).await?;
    let entry = AuditEntry::new(by, "user.revoke_tokens", "user", name).from(json!({ "tokens": taken }));
    audit::record(&transaction, &entry).await?;
    transaction.commit().await?;
    Ok(taken)
}

/// Whose token it is, if it counts at this instant.
pub async fn token_holder(pool: &Pool, hash: &[u8], now: Timestamp) -> Result<Option<Account>, StoreError> {
    let text = format!(
        "{ACCOUNTS} JOIN staff_token t ON t.name = u.name \
         WHERE u.locked_at IS NULL AND t.token_hash = $1 AND t.made_at <= $2 AND $2 < t.expires_at"
    );
    let row = pool.get().await?.query_opt(text.as_str(), &[&hash, &now]).await?;
    row.as_ref().map(account_of).transpose()
}

/// Records a sign-in that was right, refused or locked out: `user.sign_in`, `user.refused`, `user.locked_out`.
pub async fn note_sign_in(pool: &Pool, name: &str, what: &str, network: &str) -> Result<(), StoreError> {
    let entry = AuditEntry::new(name, what, "user", name).to(json!({ "network": network }));
    audit::record(&*pool.get().await?, &entry).await
}

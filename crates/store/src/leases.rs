//! Leases: work that one process does at a time, and that another one takes over when its owner is gone.

use jiff::Timestamp;
use tokio_postgres::Transaction;

use crate::{Pool, StoreError};

/// A lease that was taken. Whoever writes under it does so in a transaction that begins with [`Lease::hold`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    name: String,
    owner: String,
    fence: i64,
}

/// Takes a lease for `owner` until that instant, or prolongs it; `None` while another one has it.
///
/// `owner` is a text that no other process and no later life of this one has.
pub async fn take_lease(
    pool: &Pool,
    name: &str,
    owner: &str,
    now: Timestamp,
    until: Timestamp,
) -> Result<Option<Lease>, StoreError> {
    let text = "INSERT INTO work_lease (name, owner, fence, until) VALUES ($1, $2, 1, $4) \
                ON CONFLICT (name) DO UPDATE SET owner = excluded.owner, until = excluded.until, \
                fence = work_lease.fence + CASE WHEN work_lease.owner = excluded.owner THEN 0 ELSE 1 END \
                WHERE work_lease.owner = excluded.owner OR work_lease.until <= $3 RETURNING fence";
    let row = pool.get().await?.query_opt(text, &[&name, &owner, &now, &until]).await?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(Lease { name: name.to_owned(), owner: owner.to_owned(), fence: row.try_get(0)? }))
}

/// Gives a lease back, so that nobody has to wait until it ends.
pub async fn give_back_lease(pool: &Pool, lease: &Lease, now: Timestamp) -> Result<(), StoreError> {
    let text = "UPDATE work_lease SET until = $4 WHERE name = $1 AND owner = $2 AND fence = $3";
    pool.get().await?.execute(text, &[&lease.name, &lease.owner, &lease.fence, &now]).await?;
    Ok(())
}

impl Lease {
    /// Makes sure, until the end of the transaction, that the lease is still this one: its row stays locked.
    pub(crate) async fn hold(&self, transaction: &Transaction<'_>) -> Result<(), StoreError> {
        let text = "UPDATE work_lease SET fence = fence WHERE name = $1 AND owner = $2 AND fence = $3";
        match transaction.execute(text, &[&self.name, &self.owner, &self.fence]).await? {
            1 => Ok(()),
            _ => Err(StoreError::LeaseLost { name: self.name.clone() }),
        }
    }
}

//! Who closes a program's days: one owner at a time among all processes. A fence number keeps an owner that stalled and
//! was taken over from writing.

use std::sync::Arc;
use std::time::Duration;

use bb8::PooledConnection;
use bb8_postgres::PostgresConnectionManager;
use domain::ProgramId;
use jiff::Timestamp;
use tokio_postgres::{Client, NoTls, Transaction};

use crate::{Pool, StoreError};

/// So long a lease holds without being renewed.
const LEASE: &str = "30 seconds";
/// Three chances before it is over.
const RENEW_EVERY: Duration = Duration::from_secs(10);
/// Nobody waits longer for the row of a lease; then the lease counts as held.
const LOCK_WAIT_MAX_MS: u32 = 1_000;

/// Proof of ownership that a write carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fence {
    program: ProgramId,
    number: i64,
}

impl Fence {
    /// Keeps the lease from changing hands until the transaction ends.
    ///
    /// # Errors
    /// [`StoreError::LeaseLost`] if it has changed hands.
    pub(crate) async fn hold(&self, transaction: &Transaction<'_>) -> Result<(), StoreError> {
        // Changes nothing and holds the row: locks by themselves are not for tables that are not spread by bucket.
        let text = "UPDATE close_lease SET fence = fence WHERE program_id = $1 AND fence = $2";
        match transaction.execute(text, &[&self.program.0, &self.number]).await? {
            1 => Ok(()),
            _ => Err(StoreError::LeaseLost { name: format!("close of program {}", self.program) }),
        }
    }
}

/// The lease while it is held; it is renewed until it is given back or dropped.
#[derive(Debug)]
pub struct CloseLease {
    fence: Fence,
    session: Arc<PooledConnection<'static, PostgresConnectionManager<NoTls>>>,
    renewing: tokio::task::JoinHandle<()>,
}

impl Drop for CloseLease {
    fn drop(&mut self) {
        self.renewing.abort();
    }
}

/// Takes the lease of a program; `Err` of the inner result names who holds it.
pub async fn take_close_lease(
    pool: &Pool,
    program: ProgramId,
    owner: &str,
) -> Result<Result<CloseLease, String>, StoreError> {
    let mut session = pool.get_owned().await?;
    let transaction = session.transaction().await?;
    transaction.execute(format!("SET LOCAL lock_timeout = {LOCK_WAIT_MAX_MS}").as_str(), &[]).await?;
    let taken = match take(&transaction, program, owner).await {
        Err(error) if error.is_lock_timeout() => None,
        other => other?,
    };
    let Some(number) = taken else {
        transaction.rollback().await?;
        let holder = "SELECT owner FROM close_lease WHERE program_id = $1";
        let row = session.query_opt(holder, &[&program.0]).await?;
        return Ok(Err(row.map(|row| row.try_get(0)).transpose()?.unwrap_or_default()));
    };
    let fence = Fence { program, number };
    transaction.commit().await?;
    let session = Arc::new(session);
    let renewing = tokio::spawn(renew(Arc::clone(&session), fence));
    Ok(Ok(CloseLease { fence, session, renewing }))
}

/// The fence number with which it is taken; `None` if somebody holds it.
async fn take(
    transaction: &Transaction<'_>,
    program: ProgramId,
    owner: &str,
) -> Result<Option<i64>, StoreError> {
    // Times are read first: what is written must be the same wherever it is carried out.
    let text = "SELECT now(), now() + $1::text::interval, a.pid, a.backend_start \
                FROM pg_stat_activity a WHERE a.pid = pg_backend_pid()";
    let row = transaction.query_one(text, &[&LEASE]).await?;
    let (now, until): (Timestamp, Timestamp) = (row.try_get(0)?, row.try_get(1)?);
    let (session, began): (i32, Timestamp) = (row.try_get(2)?, row.try_get(3)?);
    let first = "INSERT INTO close_lease (program_id, owner, fence, until, session, session_began) \
                 VALUES ($1, $2, 1, $3, $4, $5) ON CONFLICT DO NOTHING";
    if transaction.execute(first, &[&program.0, &owner, &until, &session, &began]).await? == 1 {
        return Ok(Some(1));
    }
    let text = "SELECT l.fence, l.until <= $2 OR NOT EXISTS (SELECT FROM pg_stat_activity a \
                WHERE a.pid = l.session AND a.backend_start = l.session_began) FROM close_lease l WHERE program_id = $1";
    let row = transaction.query_one(text, &[&program.0, &now]).await?;
    let (fence, is_free): (i64, bool) = (row.try_get(0)?, row.try_get(1)?);
    if !is_free {
        return Ok(None);
    }
    // Whoever was faster has raised the fence.
    let text = "UPDATE close_lease SET owner = $2, fence = fence + 1, until = $3, session = $4, session_began = $5 \
                WHERE program_id = $1 AND fence = $6 RETURNING fence";
    let row = transaction.query_opt(text, &[&program.0, &owner, &until, &session, &began, &fence]).await?;
    Ok(row.map(|row| row.try_get(0)).transpose()?)
}

async fn renew(session: Arc<PooledConnection<'static, PostgresConnectionManager<NoTls>>>, fence: Fence) {
    loop {
        tokio::time::sleep(RENEW_EVERY).await;
        let renewed = prolong(&session, fence).await;
        // Whoever lost it finds out at the next write.
        if let Err(error) = renewed {
            tracing::warn!(%error, "the lease of a close could not be renewed");
        }
    }
}

async fn prolong(session: &Client, fence: Fence) -> Result<(), StoreError> {
    let row = session.query_one("SELECT now() + $1::text::interval", &[&LEASE]).await?;
    let until: Timestamp = row.try_get(0)?;
    let text = "UPDATE close_lease SET until = $3 WHERE program_id = $1 AND fence = $2";
    session.execute(text, &[&fence.program.0, &fence.number, &until]).await?;
    Ok(())
}

impl CloseLease {
    /// What its writes carry.
    pub fn fence(&self) -> Fence {
        self.fence
    }

    /// Gives it back, so that nobody has to wait until it is over.
    pub async fn give_back(self) -> Result<(), StoreError> {
        let text = "UPDATE close_lease SET until = '-infinity' WHERE program_id = $1 AND fence = $2";
        self.session.execute(text, &[&self.fence.program.0, &self.fence.number]).await?;
        Ok(())
    }
}

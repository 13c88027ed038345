//! Who closes a program's days: one owner at a time among all processes. A fence number keeps an owner that stalled and
//! was taken over from writing.

use std::sync::Arc;
use std::time::Duration;

use bb8::PooledConnection;
use bb8_postgres::PostgresConnectionManager;
use domain::ProgramId;
use tokio_postgres::{NoTls, Transaction};

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
    let text = "INSERT INTO close_lease AS l (program_id, owner, fence, until, session, session_began) \
                SELECT $1, $2, 1, now() + $3::text::interval, a.pid, a.backend_start \
                FROM pg_stat_activity a WHERE a.pid = pg_backend_pid() \
                ON CONFLICT (program_id) DO UPDATE SET owner = excluded.owner, fence = l.fence + 1, \
                until = excluded.until, session = excluded.session, session_began = excluded.session_began \
                WHERE l.until <= now() OR NOT EXISTS (SELECT FROM pg_stat_activity a \
                WHERE a.pid = l.session AND a.backend_start = l.session_began) RETURNING fence";
    let taken = transaction.query_opt(text, &[&program.0, &owner, &LEASE]).await;
    let taken = match taken.map_err(StoreError::from) {
        Err(error) if error.is_lock_timeout() => None,
        other => other?,
    };
    let Some(row) = taken else {
        transaction.rollback().await?;
        let holder = "SELECT owner FROM close_lease WHERE program_id = $1";
        let row = session.query_opt(holder, &[&program.0]).await?;
        return Ok(Err(row.map(|row| row.try_get(0)).transpose()?.unwrap_or_default()));
    };
    let fence = Fence { program, number: row.try_get(0)? };
    transaction.commit().await?;
    let session = Arc::new(session);
    let renewing = tokio::spawn(renew(Arc::clone(&session), fence));
    Ok(Ok(CloseLease { fence, session, renewing }))
}

async fn renew(session: Arc<PooledConnection<'static, PostgresConnectionManager<NoTls>>>, fence: Fence) {
    let text = "UPDATE close_lease SET until = now() + $3::text::interval \
                WHERE program_id = $1 AND fence = $2";
    loop {
        tokio::time::sleep(RENEW_EVERY).await;
        let renewed = session.execute(text, &[&fence.program.0, &fence.number, &LEASE]).await;
        // Whoever lost it finds out at the next write.
        if let Err(error) = renewed {
            tracing::warn!(%error, "the lease of a close could not be renewed");
        }
    }
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

//! One owner at a time.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use store::{CloseLease, Pool};
use tokio::time::Instant;

use crate::{CloseError, ProgramSetup};

/// Between two looks whether the lease is free.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Tells the closes of one process apart.
static NUMBER: AtomicU64 = AtomicU64::new(1);

/// Takes the lease of a program; waits for whoever holds it, but not for ever.
pub(super) async fn take(
    pool: &Pool,
    program: &ProgramSetup,
    wait_max: Duration,
) -> Result<CloseLease, CloseError> {
    let owner = format!("process {} close {}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
    let began = Instant::now();
    loop {
        match store::take_close_lease(pool, program.id, &owner).await? {
            Ok(lease) => return Ok(lease),
            Err(owner) if began.elapsed() >= wait_max => {
                return Err(CloseError::Busy { program: program.code.clone(), owner });
            }
            Err(_) => tokio::time::sleep(LOOK_EVERY).await,
        }
    }
}

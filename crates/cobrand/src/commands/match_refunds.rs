//! The scheduler of refunds that came without their purchase. It runs beside the one of holds and miles: a look may be
//! long, and those must not wait for it.

use std::{sync::Arc, time::Duration};

use gateway::Gateway;
use tokio::{
    sync::watch,
    time::{Instant, sleep},
};

use super::serve::until;

/// How often decisions of staff are looked for.
const DECISIONS_EVERY: Duration = Duration::from_secs(60);

/// How often all refunds that stand alone are looked at. They wait for days, and each look reads the purchases of their
/// accounts.
const REFUNDS_EVERY: Duration = Duration::from_secs(60 * 60);

/// Books what staff decided and, from time to time, matches what leaves no doubt. Several processes may do this: each
/// refund is matched once.
pub(crate) async fn look_after(gateway: Arc<Gateway>, stopping: watch::Receiver<bool>) {
    let mut last: Option<Instant> = None;
    loop {
        book(&gateway).await;
        if last.is_none_or(|last| last.elapsed() >= REFUNDS_EVERY) {
            // Also after an error: what was too much for the database is not asked again at once.
            last = Some(Instant::now());
            match_all(&gateway, &stopping).await;
        }
        tokio::select! {
            () = sleep(DECISIONS_EVERY) => {}
            () = until(stopping.clone()) => return,
        }
    }
}

async fn book(gateway: &Gateway) {
    match gateway::book_refund_decisions(gateway).await {
        Ok(done) if done == gateway::RefundDecisionsBooked::default() => {}
        Ok(done) => tracing::info!(
            booked = done.booked,
            unanswered = done.unanswered,
            "decisions about refunds without their purchase"
        ),
        Err(error) => tracing::warn!(%error, "decisions about refunds could not be booked; tried again"),
    }
}

async fn match_all(gateway: &Gateway, stopping: &watch::Receiver<bool>) {
    match gateway::match_refunds(gateway, || *stopping.borrow()).await {
        Ok(done) if done == gateway::RefundsMatched::default() => {}
        Ok(done) => tracing::info!(
            matched = done.matched,
            ambiguous = done.ambiguous,
            without = done.without,
            otherwise = done.otherwise,
            unanswered = done.unanswered,
            "refunds that came without their purchase"
        ),
        Err(error) => tracing::warn!(%error, "refunds could not be looked through; tried again in an hour"),
    }
}

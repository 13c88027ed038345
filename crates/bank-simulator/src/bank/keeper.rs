//! Keeps one link of a bank up.

use std::sync::{Arc, PoisonError};

use tokio::time::sleep;

use super::Shared;
use crate::link::{Link, LinkError};

/// Runs as long as the bank. The pause between two attempts is bounded, their number is not: the bank's messages
/// have deadlines of their own.
pub(super) async fn keep(slot: usize, shared: Arc<Shared>) {
    let mut pause = shared.options.pause_first;
    loop {
        match bring_up(&shared).await {
            Ok(link) => {
                pause = shared.options.pause_first;
                shared.counting.connected();
                put(&shared, slot, Some(Arc::clone(&link)));
                let reason = stay(&shared, &link).await;
                put(&shared, slot, None);
                remember(&shared, reason);
            }
            Err(error) => {
                shared.counting.connect_failed();
                remember(&shared, error.to_string());
            }
        }
        sleep(pause).await;
        pause = shared.options.pause_max.min(pause * 2);
    }
}

async fn bring_up(shared: &Shared) -> Result<Arc<Link>, LinkError> {
    let address = *shared.address.lock().unwrap_or_else(PoisonError::into_inner);
    let options = shared.options.link.clone();
    let link = Link::connect_counting(address, &shared.tls, options, Arc::clone(&shared.frames)).await?;
    link.sign_on().await?;
    Ok(Arc::new(link))
}

/// Returns why the link ended, or is given up.
async fn stay(shared: &Shared, link: &Link) -> String {
    loop {
        tokio::select! {
            reason = link.closed() => return reason,
            () = sleep(shared.options.echo_every) => {
                match link.echo().await {
                    // An echo that is refused tells of the gateway's readiness, not of the link.
                    Ok(_) | Err(LinkError::Refused { .. } | LinkError::NotAgreed { .. }) => {}
                    Err(error) => {
                        link.close().await;
                        return error.to_string();
                    }
                }
            }
        }
    }
}

fn put(shared: &Shared, slot: usize, link: Option<Arc<Link>>) {
    shared.slots.send_modify(|slots| {
        if let Some(place) = slots.get_mut(slot) {
            *place = link;
        }
    });
}

fn remember(shared: &Shared, problem: String) {
    tracing::debug!(problem, "a link of the bank is down");
    *shared.last_problem.lock().unwrap_or_else(PoisonError::into_inner) = problem;
}

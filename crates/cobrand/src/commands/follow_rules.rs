//! Approved versions of programs come into force at their instant.

use std::time::Duration;

use jiff::Timestamp;

use crate::{assembly::Assembly, config::ProgramChanges};

/// How often it is looked for approved versions; a known instant is waited for exactly.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// Puts approved versions into force, and follows those that other processes put into force.
pub(crate) async fn follow(assembly: &Assembly, takes_messages: bool, stopping: impl Future<Output = ()>) {
    let mut stopping = std::pin::pin!(stopping);
    let mut known = assembly.known_versions();
    if assembly.config.programs.changes == ProgramChanges::File {
        return;
    }
    loop {
        let pause = match put_due_into_force(assembly).await {
            Ok(next) => next.map_or(LOOK_EVERY, |instant| until_then(instant, assembly.clock.now())),
            Err(error) => {
                tracing::error!(error = format!("{error:#}"), "approved versions could not be looked for");
                LOOK_EVERY
            }
        };
        if takes_messages && let Err(error) = assembly.take_over(&mut known).await {
            tracing::error!(error = format!("{error:#}"), "a version in force could not be taken over");
        }
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = &mut stopping => return,
        }
    }
}

/// The pause before the next look.
fn until_then(instant: Timestamp, now: Timestamp) -> Duration {
    let left = Duration::try_from(instant.duration_since(now)).unwrap_or(Duration::ZERO);
    // A clock that is a little behind must not make a loop without a pause.
    left.clamp(Duration::from_millis(10), LOOK_EVERY)
}

/// Puts every approved version into force whose instant has come; returns the instant of the next one. Several processes
/// may do this: each version comes into force once.
pub async fn put_due_into_force(assembly: &Assembly) -> anyhow::Result<Option<Timestamp>> {
    let now = assembly.clock.now();
    for next in store::scheduled_versions(&assembly.pool).await? {
        if !assembly.programs.iter().any(|loaded| loaded.setup.id == next.program) {
            continue;
        }
        if next.effective_at > now {
            return Ok(Some(next.effective_at));
        }
        let done = async {
            assembly.register(&next).await?;
            anyhow::Ok(store::put_into_force(&assembly.pool, &next, now).await?)
        };
        match done.await {
            Ok(true) => tracing::warn!(
                proposal = next.proposal,
                version = next.hash.short(),
                "other rules are in force from now on"
            ),
            // Another process was first, or somebody took it back.
            Ok(false) => {}
            // One program's trouble must not keep another's version waiting.
            Err(error) => tracing::error!(
                proposal = next.proposal,
                error = format!("{error:#}"),
                "an approved version could not be put into force; it is tried again"
            ),
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pause_ends_at_the_known_instant() {
        let check = |left: i64, pause: u64| {
            let now: Timestamp = "2026-10-10T09:00:00Z".parse().unwrap();
            let instant = now + jiff::SignedDuration::from_millis(left);
            assert_eq!(until_then(instant, now), Duration::from_millis(pause), "{left} ms");
        };
        check(1_500, 1_500);
        check(60_000, 5_000);
        check(0, 10);
        check(-5, 10);
    }
}

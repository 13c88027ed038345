//! The clock is a configured value, so that a demo can live on any business date.

use std::time::Instant;

use jiff::Timestamp;

/// Where the time comes from.
#[derive(Debug, Clone, Copy)]
pub enum Clock {
    /// The machine's clock.
    System,
    /// A clock that showed `start` at the instant `since` and goes on from there.
    StartedAt {
        /// What it showed.
        start: Timestamp,
        /// When.
        since: Instant,
    },
}

impl Clock {
    /// A clock that shows `start` now.
    pub fn starting_at(start: Timestamp) -> Self {
        Self::StartedAt { start, since: Instant::now() }
    }

    /// What it shows now.
    pub fn now(&self) -> Timestamp {
        match self {
            Self::System => Timestamp::now(),
            Self::StartedAt { start, since } => {
                let elapsed =
                    jiff::SignedDuration::try_from(since.elapsed()).unwrap_or(jiff::SignedDuration::ZERO);
                start.saturating_add(elapsed).unwrap_or(*start)
            }
        }
    }
}

//! What went over a link, or over all links of a bank.

use std::sync::atomic::{AtomicU64, Ordering};

/// Counters of frames. They only grow.
#[derive(Debug, Default)]
pub struct LinkCounters {
    sent: AtomicU64,
    replies: AtomicU64,
    unmatched: AtomicU64,
    undecodable: AtomicU64,
    thrown_away: AtomicU64,
}

impl LinkCounters {
    /// Messages handed to the writer.
    #[must_use]
    pub fn messages_sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    /// Replies that somebody waited for.
    #[must_use]
    pub fn replies(&self) -> u64 {
        self.replies.load(Ordering::Relaxed)
    }

    /// Messages that nobody waited for: late replies, second replies, answers to raw frames.
    #[must_use]
    pub fn unmatched(&self) -> u64 {
        self.unmatched.load(Ordering::Relaxed)
    }

    /// Frames that the dialect cannot read.
    #[must_use]
    pub fn undecodable(&self) -> u64 {
        self.undecodable.load(Ordering::Relaxed)
    }

    /// Frames that nobody waited for and that did not fit into the queue of [`Link::next_raw`](crate::Link::next_raw).
    #[must_use]
    pub fn thrown_away(&self) -> u64 {
        self.thrown_away.load(Ordering::Relaxed)
    }

    pub(super) fn sent(&self) {
        self.sent.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn reply(&self) {
        self.replies.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn unmatched_one(&self) {
        self.unmatched.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn undecodable_one(&self) {
        self.undecodable.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn thrown_away_one(&self) {
        self.thrown_away.fetch_add(1, Ordering::Relaxed);
    }
}

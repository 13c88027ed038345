//! What a bank has sent and what came of it.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::link::LinkCounters;

/// A look at the counters of a bank. Sign-on and echo are in `frames_*` only.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BankCounters {
    /// Attempts: messages sent, repeats included.
    pub sent: u64,
    /// Of these the ones after the first.
    pub repeats: u64,
    /// Messages with a final answer.
    pub answered: u64,
    /// Attempts answered with 96 or 91.
    pub not_taken: u64,
    /// Attempts that ended without a reply.
    pub without_reply: u64,
    /// Links that came up and signed on.
    pub connected: u64,
    /// Attempts to connect that failed.
    pub connect_failed: u64,
    /// Messages on all links.
    pub frames_sent: u64,
    /// Replies on all links that nobody waited for any more.
    pub frames_unmatched: u64,
    /// Frames on all links that the dialect cannot read.
    pub frames_undecodable: u64,
}

#[derive(Debug, Default)]
pub(super) struct Counting {
    sent: AtomicU64,
    repeats: AtomicU64,
    answered: AtomicU64,
    not_taken: AtomicU64,
    without_reply: AtomicU64,
    connected: AtomicU64,
    connect_failed: AtomicU64,
}

impl Counting {
    pub(super) fn attempt(&self, number: u32) {
        one(&self.sent);
        if number > 1 {
            one(&self.repeats);
        }
    }

    pub(super) fn answer(&self) {
        one(&self.answered);
    }

    pub(super) fn not_taken(&self) {
        one(&self.not_taken);
    }

    pub(super) fn without_reply(&self) {
        one(&self.without_reply);
    }

    pub(super) fn connected(&self) {
        one(&self.connected);
    }

    pub(super) fn connect_failed(&self) {
        one(&self.connect_failed);
    }

    pub(super) fn snapshot(&self, frames: &LinkCounters) -> BankCounters {
        BankCounters {
            sent: read(&self.sent),
            repeats: read(&self.repeats),
            answered: read(&self.answered),
            not_taken: read(&self.not_taken),
            without_reply: read(&self.without_reply),
            connected: read(&self.connected),
            connect_failed: read(&self.connect_failed),
            frames_sent: frames.messages_sent(),
            frames_unmatched: frames.unmatched(),
            frames_undecodable: frames.undecodable(),
        }
    }
}

fn one(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

fn read(counter: &AtomicU64) -> u64 {
    counter.load(Ordering::Relaxed)
}

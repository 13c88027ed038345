//! What was sent and what came back, for an auditor.

use std::{collections::BTreeMap, time::Duration};

use super::sent::Sent;
use crate::{bank::Answered, reply::Loyalty};

/// A final answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The reply's message type.
    pub mti: String,
    /// The code.
    pub de39: String,
    /// The amount, perhaps reduced by a discount at the till, in minor units.
    pub de4: Option<u64>,
    /// The loyalty result.
    pub de48: Option<Loyalty>,
    /// The amount before a discount at the till, in minor units (amount type 57).
    pub de54: Option<u64>,
}

impl Answer {
    pub(super) fn of(answered: &Answered) -> Self {
        let reply = &answered.reply;
        Self {
            mti: reply.mti.to_string(),
            de39: reply.code.clone(),
            de4: reply.amount,
            de48: reply.loyalty.clone(),
            de54: reply.original_amount,
        }
    }

    /// Whether the gateway has taken the message.
    #[must_use]
    pub fn is_taken(&self) -> bool {
        self.de39 == "00"
    }
}

/// One message and its answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exchange {
    /// What was sent.
    pub sent: Sent,
    /// The final answer; `None` if patience ended, and then nobody knows whether the message was taken.
    pub answer: Option<Answer>,
    /// How often it was sent.
    pub attempts: u32,
    /// From the first attempt to the answer.
    pub elapsed: Duration,
    /// What came of the last attempt of an unanswered message.
    pub problem: Option<String>,
}

/// All exchanges of a day, in the order of the day.
#[derive(Clone, Debug, Default)]
pub struct Transcript {
    exchanges: BTreeMap<usize, Exchange>,
    not_sent: usize,
}

impl Transcript {
    pub(super) fn add(&mut self, place: usize, exchange: Exchange) {
        self.exchanges.insert(place, exchange);
    }

    pub(super) fn finish(mut self, total: usize) -> Self {
        self.not_sent = total.saturating_sub(self.exchanges.len());
        self
    }

    /// Every message that was sent, in the order of the day.
    pub fn exchanges(&self) -> impl ExactSizeIterator<Item = &Exchange> {
        self.exchanges.values()
    }

    /// Messages sent, each counted once however often it was repeated.
    #[must_use]
    pub fn sent(&self) -> usize {
        self.exchanges.len()
    }

    /// Messages with a final answer.
    #[must_use]
    pub fn replied(&self) -> usize {
        self.exchanges().filter(|exchange| exchange.answer.is_some()).count()
    }

    /// Messages of the day that were not sent, because one before them on the same card stayed unanswered.
    #[must_use]
    pub const fn not_sent(&self) -> usize {
        self.not_sent
    }

    /// Whether every message of the day was sent and answered.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.not_sent == 0 && self.replied() == self.sent()
    }

    /// Attempts of all messages together.
    #[must_use]
    pub fn attempts(&self) -> u64 {
        self.exchanges().map(|exchange| u64::from(exchange.attempts)).sum()
    }

    /// Messages sent, by message type.
    #[must_use]
    pub fn by_mti(&self) -> BTreeMap<String, u64> {
        counted(self.exchanges().map(|exchange| exchange.sent.mti.to_string()))
    }

    /// Answers, by DE39.
    #[must_use]
    pub fn by_code(&self) -> BTreeMap<String, u64> {
        counted(self.exchanges().filter_map(|exchange| Some(exchange.answer.as_ref()?.de39.clone())))
    }
}

fn counted(names: impl Iterator<Item = String>) -> BTreeMap<String, u64> {
    let mut counts = BTreeMap::new();
    for name in names {
        *counts.entry(name).or_default() += 1;
    }
    counts
}

//! Who waits for which reply.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use iso8583::{Builder, Mti};
use tokio::sync::oneshot;

use super::error::LinkError;
use crate::reply::Reply;

/// What request and reply have in common for certain, and what they may have in common.
#[derive(Clone, Debug)]
pub(super) struct MatchKey {
    certain: Certain,
    retrieval: Option<String>,
    terminal: Option<String>,
}

/// Class and function of the reply's message type, DE7, DE11.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Certain {
    class: u8,
    function: u8,
    transmission: String,
    stan: String,
}

impl MatchKey {
    pub(super) fn of_request(message: &Builder) -> Option<Self> {
        Self::of(message.mti().response(), |de| message.get(de))
    }

    pub(super) fn of_reply(reply: &Reply) -> Option<Self> {
        Self::of(reply.mti, |de| reply.field(de))
    }

    fn of<'a>(reply: Mti, field: impl Fn(u8) -> Option<&'a str>) -> Option<Self> {
        let filled = |de| field(de).filter(|value| !value.is_empty()).map(str::to_owned);
        Some(Self {
            certain: Certain {
                class: reply.class(),
                function: reply.function(),
                transmission: filled(7)?,
                stan: filled(11)?,
            },
            retrieval: filled(37),
            terminal: filled(41),
        })
    }

    fn may_equal(&self, other: &Self) -> bool {
        let same = |ours: &Option<String>, theirs: &Option<String>| {
            ours.is_none() || theirs.is_none() || ours == theirs
        };
        same(&self.retrieval, &other.retrieval) && same(&self.terminal, &other.terminal)
    }
}

#[derive(Debug)]
struct Waiter {
    id: u64,
    key: MatchKey,
    reply: oneshot::Sender<Reply>,
}

#[derive(Debug, Default)]
struct State {
    next_id: u64,
    waiters: HashMap<Certain, Vec<Waiter>>,
    closed: Option<Arc<str>>,
}

/// The askers that wait. As many as the link has slots.
#[derive(Clone, Debug, Default)]
pub(super) struct InFlight(Arc<Mutex<State>>);

impl InFlight {
    /// Begins to wait.
    pub(super) fn register(&self, key: MatchKey) -> Result<Waiting, LinkError> {
        let mut state = self.lock();
        if let Some(reason) = &state.closed {
            return Err(LinkError::Closed { reason: reason.to_string() });
        }
        let id = state.next_id;
        state.next_id += 1;
        let (reply, receiver) = oneshot::channel();
        let certain = key.certain.clone();
        state.waiters.entry(certain.clone()).or_default().push(Waiter { id, key, reply });
        Ok(Waiting { id, certain, receiver, in_flight: self.clone() })
    }

    /// Gives a reply to the one who has waited for it the longest; whether there was one.
    pub(super) fn deliver(&self, reply: Reply) -> bool {
        let Some(key) = MatchKey::of_reply(&reply) else { return false };
        self.take(&key.certain, |waiter| waiter.key.may_equal(&key))
            .is_some_and(|waiter| waiter.reply.send(reply).is_ok())
    }

    /// Fails everyone who waits and everyone who comes.
    pub(super) fn close(&self, reason: &Arc<str>) {
        let mut state = self.lock();
        state.closed.get_or_insert_with(|| Arc::clone(reason));
        state.waiters.clear();
    }

    fn take(&self, certain: &Certain, wanted: impl Fn(&Waiter) -> bool) -> Option<Waiter> {
        let mut state = self.lock();
        let waiters = state.waiters.get_mut(certain)?;
        let found = waiters.iter().position(wanted).map(|at| waiters.remove(at));
        if waiters.is_empty() {
            state.waiters.remove(certain);
        }
        found
    }

    fn reason(&self) -> String {
        self.lock().closed.as_deref().unwrap_or("the reply was given up").to_owned()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // No code that could panic runs under the lock.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One who waits. Dropping it ends the waiting.
#[derive(Debug)]
pub(super) struct Waiting {
    id: u64,
    certain: Certain,
    receiver: oneshot::Receiver<Reply>,
    in_flight: InFlight,
}

impl Waiting {
    pub(super) async fn reply(mut self) -> Result<Reply, LinkError> {
        let reply = (&mut self.receiver).await;
        reply.map_err(|_| LinkError::Closed { reason: self.in_flight.reason() })
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.in_flight.take(&self.certain, |waiter| waiter.id == self.id);
    }
}

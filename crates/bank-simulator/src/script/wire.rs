//! A connection on which every frame belongs to the message that it fits best.
//!
//! A bank finds the request of a reply by its fields. Here one of them may be wrong, and that is what must be told: so
//! a reply goes to the unanswered message with which it shares most.

use std::time::Duration;

use iso8583::Builder;
use tokio::time::Instant;

use super::damage::Bytes;
use crate::{
    link::{Link, LinkError},
    wire::BankWire,
};

/// By which a reply is told apart.
const KEY: [u8; 6] = [7, 11, 32, 37, 41, 90];

/// A connection with its unanswered messages.
pub(super) struct Wire {
    link: Link,
    written: BankWire,
    waiting: Vec<Waiting>,
    answered: Vec<Builder>,
    strays: usize,
}

/// A message that was sent.
struct Waiting {
    label: &'static str,
    request: Builder,
    sent: Instant,
    answer: Option<Answer>,
}

/// What came back.
pub(super) struct Answer {
    pub(super) bytes: Vec<u8>,
    /// From the first byte sent to the whole reply read.
    pub(super) after: Duration,
}

impl Answer {
    /// The decoded answer, or why it cannot be decoded or has no right MAC.
    pub(super) fn message(&self, written: &BankWire) -> Result<Builder, String> {
        written.decode(&self.bytes).map_err(|error| error.to_string())
    }
}

impl Wire {
    pub(super) fn new(link: Link, written: BankWire) -> Self {
        Self { link, written, waiting: Vec::new(), answered: Vec::new(), strays: 0 }
    }

    /// Sends a message, or what is left of it.
    pub(super) async fn send(
        &mut self,
        label: &'static str,
        request: Builder,
        bytes: &Bytes,
    ) -> Result<(), LinkError> {
        let sent = Instant::now();
        self.waiting.push(Waiting { label, request, sent, answer: None });
        match bytes {
            Bytes::Framed(bytes) => self.link.send_raw(bytes).await,
            Bytes::Bare(bytes) => self.link.send_unframed(bytes).await,
        }
    }

    /// The answer to a message; what comes for others meanwhile is kept for them.
    pub(super) async fn answer(&mut self, label: &str, within: Duration) -> Result<Answer, LinkError> {
        let deadline = Instant::now() + within;
        loop {
            if let Some(answer) = self.take(label) {
                return Ok(answer);
            }
            let left = deadline.saturating_duration_since(Instant::now());
            let frame = match self.link.next_raw(left).await {
                Err(LinkError::NoReply { .. }) => return Err(LinkError::NoReply { after: within }),
                other => other?,
            };
            self.assign(frame);
        }
    }

    fn take(&mut self, label: &str) -> Option<Answer> {
        let at = self.waiting.iter().position(|one| one.label == label && one.answer.is_some())?;
        let taken = self.waiting.remove(at);
        self.answered.push(taken.request);
        taken.answer
    }

    fn assign(&mut self, frame: Vec<u8>) {
        let now = Instant::now();
        let reply = self.written.decode_partial(&frame);
        let alike = |request: &Builder| reply.as_ref().map_or(0, |reply| likeness(request, reply));
        // A second reply to something else must not pass for an answer.
        let of_answered = self.answered.iter().map(alike).max().unwrap_or(0);
        let unanswered = self.waiting.iter_mut().filter(|one| one.answer.is_none());
        // Of equals the last one wins here, so they are looked at from the newest to the oldest.
        match unanswered.rev().max_by_key(|one| alike(&one.request)) {
            Some(one) if alike(&one.request) >= of_answered => {
                let after = now.saturating_duration_since(one.sent);
                one.answer = Some(Answer { bytes: frame, after });
            }
            _ => self.strays += 1,
        }
    }

    /// Nobody waits for an answer to this message any more.
    pub(super) fn forget(&mut self, label: &str) {
        self.waiting.retain(|one| one.label != label);
    }

    /// Frames that answer nothing that was unanswered.
    pub(super) const fn strays(&self) -> usize {
        self.strays
    }

    /// Why the gateway ended the connection, if it does so in time.
    pub(super) async fn ended(&self, within: Duration) -> Option<String> {
        tokio::time::timeout(within, self.link.closed()).await.ok()
    }

    /// Says goodbye.
    pub(super) async fn close(self) {
        self.link.close().await;
    }
}

/// How many of the fields that tell a reply apart are the same; its message type counts most.
fn likeness(request: &Builder, reply: &Builder) -> usize {
    let typed = if request.mti().response() == reply.mti() { 2 } else { 0 };
    let same = |de: &&u8| reply.get(**de).is_some() && reply.get(**de) == request.get(**de);
    typed + KEY.iter().filter(same).count()
}

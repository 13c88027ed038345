//! Events that no bank sends: schedulers, staff and members ask for what follows from the books.
//!
//! Each has a deterministic key, so that asking twice, or from two gateways, is a repeat. They take the same way as the
//! banks' messages: a lane decides them under the account's lock and answers after COMMIT.

use domain::{
    Content, Currency, Event, EventKind, Merchant, MessageKey, OriginalRef, References, Reply,
    TransactionKind,
};
use jiff::{Timestamp, civil::DateTime};
use store::{AccountPlace, MessageRecord, StoreError};

use crate::{Gateway, LaneAnswer, translate::message_key};

/// Rows that are read and decided at a time: two batches, so that a lane never waits for the next page.
pub(crate) const PAGE_MAX: u16 = 512;

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InternalEvent {
    /// Whose account it is about.
    pub place: AccountPlace,
    /// What.
    pub kind: EventKind,
    /// `scheduler`, `staff`, `member`: who asks, in the stored message.
    pub source: &'static str,
    /// What is stored as the message type, such as `miles-expiry`.
    pub name: &'static str,
    /// What tells it from all others of the same name: the same text again is a repeat.
    pub id: String,
    /// The key's own time: a function of what is asked, never of who looks.
    pub key_at: Timestamp,
    /// The local time in the program's zone, by which its days count.
    pub local: DateTime,
    /// An amount that it speaks of, in minor units, with its currency.
    pub amount: (u64, Currency),
    /// What must be equal in a repeat.
    pub content: Content,
}

/// What became of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decided {
    /// Its key: by it a later event names this one.
    pub key: MessageKey,
    /// What was answered; `None`: it could not be decided now, and may be asked again.
    pub reply: Option<Reply>,
}

impl InternalEvent {
    fn key_text(&self) -> String {
        format!("{}|{}", self.name, self.id)
    }

    /// The key under which it is stored.
    pub fn key(&self) -> MessageKey {
        message_key(self.key_at, &self.key_text())
    }

    /// The message that is stored of it.
    pub(crate) fn record(self, gateway: &Gateway) -> MessageRecord {
        let key_text = self.key_text();
        let (amount_minor, currency) = self.amount;
        let event = Event {
            card: None,
            asked: domain::Asked::default(),
            key: self.key(),
            bank: self.place.bank,
            bucket: self.place.bucket,
            member: Some(self.place.member),
            kind: self.kind,
            transaction: TransactionKind::Other,
            amount_minor,
            currency,
            billing: None,
            merchant: Merchant::default(),
            local: self.local,
            references: References {
                own: OriginalRef(key_text.clone()),
                names: None,
                retrieval: None,
                record: None,
                arn: None,
                life_cycle: None,
            },
            content: self.content,
            received_at: gateway.clock.now(),
        };
        MessageRecord {
            event,
            source: self.source.to_owned(),
            mti: self.name.to_owned(),
            stan: String::new(),
            transmitted: String::new(),
            approval: String::new(),
            arn: String::new(),
            last4: String::new(),
            bank_date: self.local.date(),
            audit_mac: gateway.keys.audit_mac(&key_text),
            key_text,
        }
    }
}

/// Has the events decided, in their order for each account. Gives way to the banks' messages: it waits for room.
pub async fn decide_events(gateway: &Gateway, events: Vec<InternalEvent>) -> Vec<Decided> {
    let records = events.into_iter().map(|event| event.record(gateway)).collect();
    decide_records(gateway, records).await
}

/// The same for messages that were made of events.
pub(crate) async fn decide_records(gateway: &Gateway, records: Vec<MessageRecord>) -> Vec<Decided> {
    let mut waiters = Vec::with_capacity(records.len());
    for record in records {
        let key = record.event.key;
        waiters.push((key, gateway.batcher.submit_patiently(record).await));
    }
    let mut decided = Vec::with_capacity(waiters.len());
    for (key, waiter) in waiters {
        let reply = match LaneAnswer::to(waiter).await {
            LaneAnswer::Decided { reply, .. } => Some(reply),
            LaneAnswer::Unavailable | LaneAnswer::Quarantined => None,
        };
        decided.push(Decided { key, reply });
    }
    decided
}

/// The last row of a full page, behind which there may be more.
pub(crate) fn last_of_full<Row>(page: &[Row]) -> Option<&Row> {
    page.last().filter(|_| page.len() >= usize::from(PAGE_MAX))
}

/// Reads what is due, page by page, each from the last row of the one before, has an event decided for every row, and
/// tells `count` what was answered; `None`: it could not be decided now.
pub(crate) async fn decide_due<Due, Page: Future<Output = Result<Vec<Due>, StoreError>>>(
    gateway: &Gateway,
    read: impl Fn(Option<Due>) -> Page,
    event: impl Fn(&Due) -> InternalEvent,
    mut count: impl FnMut(Option<&Reply>),
) -> Result<(), StoreError> {
    let mut last = None;
    loop {
        let due = read(last).await?;
        let decided = decide_events(gateway, due.iter().map(&event).collect()).await;
        decided.iter().for_each(|decided| count(decided.reply.as_ref()));
        if last_of_full(&due).is_none() {
            return Ok(());
        }
        last = due.into_iter().last();
    }
}

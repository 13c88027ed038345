//! The second reading: each record goes to its lane, a bounded number at a time.

use std::collections::VecDeque;

use domain::ResultStatus;
use store::{KnownBefore, MessageRecord};

use super::{
    ImportError, ImportReport, event,
    reader::{Item, RecordReader, Unreadable},
};
use crate::{Gateway, LaneAnswer, Link, router};

/// Records that wait for their COMMIT at once: two full batches.
const IN_FLIGHT_MAX: usize = 512;
/// How often a record is sent again while the database is away.
const ATTEMPTS_MAX: u32 = 20;

type Waiter = Option<tokio::sync::oneshot::Receiver<LaneAnswer>>;

/// Records that a person has to look at that are named.
const NAMED_MAX: usize = 20;
/// Why a record was not booked that had come before.
const KNOWN: [&str; 2] = ["presentment_already_cleared", "chargeback_already_taken"];

/// What became of the records.
pub(super) struct Fed {
    pub(super) report: ImportReport,
    /// Records that a person has to look at, each with the reason; not more than [`NAMED_MAX`] of each kind.
    pub(super) look_at: Vec<String>,
}

/// A record that waits for its COMMIT.
struct Waiting {
    number: u64,
    record: MessageRecord,
    waiter: Waiter,
}

/// Sends the records of one file.
pub(super) struct Feed<'a> {
    pub(super) gateway: &'a Gateway,
    pub(super) link: &'a Link,
    pub(super) file_id: &'a str,
    pub(super) report: ImportReport,
    waiting: VecDeque<Waiting>,
    look_at: Vec<String>,
    unanswered: usize,
}

impl<'a> Feed<'a> {
    pub(super) fn new(gateway: &'a Gateway, link: &'a Link, file_id: &'a str) -> Self {
        let (report, waiting) = (ImportReport::default(), VecDeque::new());
        Self { gateway, link, file_id, report, waiting, look_at: Vec::new(), unanswered: 0 }
    }

    /// Sends all records and waits for their answers.
    pub(super) async fn run(mut self, reader: &mut dyn RecordReader) -> Result<Fed, ImportError> {
        let sent = self.send_all(reader).await;
        // Whatever stopped the reading: what was sent is answered before the file may be read again.
        let mut settled = Ok(());
        while let Some(waiting) = self.waiting.pop_front() {
            settled = settled.and(self.settle(waiting).await);
        }
        sent.and(settled)?;
        match self.unanswered {
            0 => Ok(Fed { report: self.report, look_at: self.look_at }),
            unanswered => Err(ImportError::Unanswered { unanswered }),
        }
    }

    async fn send_all(&mut self, reader: &mut dyn RecordReader) -> Result<(), ImportError> {
        loop {
            let item = reader.next_item().map_err(|unreadable| match unreadable {
                Unreadable::Storage(kind) => ImportError::Read(kind.into()),
                _ => ImportError::Changed,
            })?;
            match item {
                None => return Ok(()),
                Some(Item::Frame) => continue,
                Some(Item::Fee) => self.report.fees += 1,
                Some(Item::PassedOver) => self.report.passed_over += 1,
                Some(Item::Record(record)) => {
                    let Gateway { keys, clock, .. } = self.gateway;
                    let number = record.number;
                    let translated = event::translated(*record, self.file_id, self.link, keys, clock.now())
                        .map_err(|_| ImportError::Changed)?;
                    self.send(number, translated).await?;
                }
            }
            self.report.records += 1;
        }
    }

    async fn send(
        &mut self,
        number: u64,
        translated: crate::translate::Translated,
    ) -> Result<(), ImportError> {
        let router = &self.gateway.router;
        let route = match router.known(&translated) {
            Some(route) => Some(route),
            None => router.look_up(&translated).await?,
        };
        let record = router::route(translated, route);
        let waiter = self.gateway.batcher.submit_patiently(record.clone()).await;
        self.waiting.push_back(Waiting { number, record, waiter });
        if self.waiting.len() >= IN_FLIGHT_MAX
            && let Some(waiting) = self.waiting.pop_front()
        {
            self.settle(waiting).await?;
        }
        Ok(())
    }

    async fn settle(&mut self, waiting: Waiting) -> Result<(), ImportError> {
        let Waiting { number, record, mut waiter } = waiting;
        for _ in 0..ATTEMPTS_MAX {
            let answer = match waiter.take() {
                Some(waiter) => waiter.await.unwrap_or(LaneAnswer::Unavailable),
                None => LaneAnswer::Unavailable,
            };
            match answer {
                LaneAnswer::Unavailable => {
                    waiter = self.gateway.batcher.submit_patiently(record.clone()).await;
                }
                LaneAnswer::Decided { reply, .. } if KNOWN.contains(&reply.result.reason.as_str()) => {
                    return self.known(number, &record).await;
                }
                answer => {
                    self.count(number, &answer);
                    return Ok(());
                }
            }
        }
        self.unanswered += 1;
        Ok(())
    }

    fn count(&mut self, number: u64, answer: &LaneAnswer) {
        let report = &mut self.report;
        match answer {
            LaneAnswer::Decided { repeated: true, .. } => report.repeated += 1,
            LaneAnswer::Decided { reply, .. } if reply.result.status == ResultStatus::None => {
                report.without_loyalty += 1;
            }
            LaneAnswer::Decided { .. } => report.booked += 1,
            LaneAnswer::Quarantined => {
                report.quarantined += 1;
                self.name(self.report.quarantined, number, "put aside; the gateway's log says why");
            }
            LaneAnswer::Unavailable => self.unanswered += 1,
        }
    }

    /// A record of which one with the same identity is booked: nothing of it is booked, and if it may be more than a
    /// second copy, a person is told.
    async fn known(&mut self, number: u64, record: &MessageRecord) -> Result<(), ImportError> {
        self.report.already_known += 1;
        let (before, undone) = store::known_before(&self.gateway.pool, &record.event).await?;
        if let Some(told) = difference(record, &before, undone) {
            self.report.differing += 1;
            self.name(self.report.differing, number, &told);
        }
        Ok(())
    }

    fn name(&mut self, count: usize, number: u64, told: &str) {
        if count <= NAMED_MAX {
            self.look_at.push(format!("record {number}: {told}"));
        }
    }
}

/// What tells a record from the one that was taken before, if anything does.
fn difference(record: &MessageRecord, before: &[KnownBefore], undone: bool) -> Option<String> {
    if undone {
        return Some("not booked: one with the same ARN and step was taken before and reversed".to_owned());
    }
    if before.iter().any(|before| before.source == record.source) {
        return Some("not booked: the file has another one with the same ARN and step".to_owned());
    }
    let differences = before.iter().map(|before| record.event.content.first_difference(&before.content));
    // It repeats one of them if one of them does not differ.
    let fields = differences.collect::<Option<Vec<String>>>()?;
    let field = fields.first()?;
    Some(format!("not booked: one with the same ARN and step, but another {field}, was taken before"))
}

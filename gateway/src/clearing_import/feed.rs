//! The second reading: each record goes to its lane, a bounded number at a time.

use std::collections::VecDeque;

use domain::ResultStatus;
use store::MessageRecord;

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

/// Sends the records of one file.
pub(super) struct Feed<'a> {
    pub(super) gateway: &'a Gateway,
    pub(super) link: &'a Link,
    pub(super) file_id: &'a str,
    pub(super) report: ImportReport,
    waiting: VecDeque<(MessageRecord, Waiter)>,
    unanswered: usize,
}

impl<'a> Feed<'a> {
    pub(super) fn new(gateway: &'a Gateway, link: &'a Link, file_id: &'a str) -> Self {
        let (report, waiting) = (ImportReport::default(), VecDeque::new());
        Self { gateway, link, file_id, report, waiting, unanswered: 0 }
    }

    /// Sends all records and waits for their answers.
    pub(super) async fn run(mut self, reader: &mut dyn RecordReader) -> Result<ImportReport, ImportError> {
        let sent = self.send_all(reader).await;
        // Whatever stopped the reading: what was sent is answered before the file may be read again.
        while let Some((record, waiter)) = self.waiting.pop_front() {
            self.settle(record, waiter).await;
        }
        sent?;
        match self.unanswered {
            0 => Ok(self.report),
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
                    let translated = event::translated(*record, self.file_id, self.link, keys, clock.now())
                        .map_err(|_| ImportError::Changed)?;
                    self.send(translated).await?;
                }
            }
            self.report.records += 1;
        }
    }

    async fn send(&mut self, translated: crate::translate::Translated) -> Result<(), ImportError> {
        let router = &self.gateway.router;
        let route = match router.known(&translated) {
            Some(route) => Some(route),
            None => router.look_up(&translated).await?,
        };
        let record = router::route(translated, route);
        let waiter = self.gateway.batcher.submit_patiently(record.clone()).await;
        self.waiting.push_back((record, waiter));
        if self.waiting.len() >= IN_FLIGHT_MAX
            && let Some((record, waiter)) = self.waiting.pop_front()
        {
            self.settle(record, waiter).await;
        }
        Ok(())
    }

    async fn settle(&mut self, record: MessageRecord, mut waiter: Waiter) {
        let report = &mut self.report;
        for _ in 0..ATTEMPTS_MAX {
            let answer = match waiter.take() {
                Some(waiter) => waiter.await.unwrap_or(LaneAnswer::Unavailable),
                None => LaneAnswer::Unavailable,
            };
            match answer {
                LaneAnswer::Decided { repeated: true, .. } => report.repeated += 1,
                LaneAnswer::Decided { reply, .. } if reply.result.status == ResultStatus::None => {
                    report.without_loyalty += 1;
                }
                LaneAnswer::Decided { .. } => report.booked += 1,
                LaneAnswer::Quarantined => report.quarantined += 1,
                LaneAnswer::Unavailable => {
                    waiter = self.gateway.batcher.submit_patiently(record.clone()).await;
                    continue;
                }
            }
            return;
        }
        self.unanswered += 1;
    }
}

//! The second reading: each record goes to its lane, a bounded number at a time.

use std::collections::VecDeque;

use domain::{ClearingSource, EventKind, FilePlace, ResultStatus};
use store::MessageRecord;

use super::{
    ImportError, ImportReport, event,
    reader::{Item, RecordReader, Unreadable},
    undone::Undone,
};
use crate::{Gateway, LaneAnswer, Link, router};

/// Records that wait for their COMMIT at once: two full batches.
const IN_FLIGHT_MAX: usize = 512;
/// How often a record is sent again while the database is away.
const ATTEMPTS_MAX: u32 = 20;

type Waiter = Option<tokio::sync::oneshot::Receiver<LaneAnswer>>;

/// Records that a person has to look at that are named.
const NAMED_MAX: usize = 20;

/// What became of a record that was taken and not booked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unbooked {
    /// The same had come before.
    Known,
    /// One with the same ARN and step stands, from which it differs.
    Differs(&'static str),
    /// A chargeback for a person.
    Undecided(&'static str),
    /// The bank clears it in another way.
    Elsewhere,
}

impl Unbooked {
    fn of(reason: &str, kind: EventKind, clears_by_file: bool) -> Option<Self> {
        let chargeback = matches!(kind, EventKind::Chargeback | EventKind::SecondPresentment);
        Some(match reason {
            "presentment_already_cleared" | "chargeback_already_taken" => Self::Known,
            "twice_in_its_file" => Self::Differs("the file has another one with the same ARN and step"),
            "may_be_another_part" => Self::Differs(
                "the same part was taken from another file, where it has another number (DE71), and no issuer's reference \
                 (DE95) tells whether it is another part",
            ),
            "another_amount_stands" => {
                Self::Differs("one with the same ARN and step, but another amount, was taken before")
            }
            "another_billing_amount_stands" => Self::Differs(
                "one with the same ARN and step, but another billing amount (DE6), was taken before",
            ),
            "corrected_from_another_source" => {
                Self::Differs("it corrects what came by file, but the bank no longer clears by file")
            }
            "another_function_stands" => {
                Self::Differs("one with the same ARN and step, but another function (DE24), was taken before")
            }
            "another_reference_stands" => Self::Differs(
                "one with the same ARN and step, but another issuer's reference (DE95), was taken before",
            ),
            "currency_without_billing_amount" if chargeback => Self::Undecided(
                "its currency is another than its purchase's, and it has no billing amount (DE6)",
            ),
            "chargeback_of_a_refund" => Self::Undecided("it takes a refund back"),
            // The presentment that a file would bring never comes.
            "charged_back_before_its_presentment" if !clears_by_file => {
                Self::Undecided("no cleared purchase is found by its references")
            }
            "clearing_from_another_source" => Self::Elsewhere,
            _ => return None,
        })
    }
}

/// Why it is not certain what the bank meant, if a person has to look at what was done.
fn doubt(reason: &str) -> Option<&'static str> {
    Some(match reason {
        "presentment_was_reversed" | "refund_was_reversed" | "chargeback_was_reversed" => {
            "not booked: a reversal with the same ARN and step came before it and had undone nothing"
        }
        "a_reversal_waits_beside_it" => {
            "booked, although a reversal with the same ARN and step has undone nothing"
        }
        "reversed_though_it_differs" => {
            "undone in full, although the reversal states another amount, function (DE24) or issuer's reference (DE95)"
        }
        _ => return None,
    })
}

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
    place: FilePlace,
    undone: Undone,
    pub(super) report: ImportReport,
    waiting: VecDeque<Waiting>,
    look_at: Vec<String>,
    unanswered: usize,
}

impl<'a> Feed<'a> {
    pub(super) fn new(gateway: &'a Gateway, link: &'a Link, place: FilePlace, undone: Undone) -> Self {
        let (report, waiting) = (ImportReport::default(), VecDeque::new());
        Self { gateway, link, place, undone, report, waiting, look_at: Vec::new(), unanswered: 0 }
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
                    let undone = self.undone.is_undone(&record);
                    let translated =
                        event::translated(*record, &self.place, undone, self.link, keys, clock.now())
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
            match LaneAnswer::to(waiter.take()).await {
                LaneAnswer::Unavailable => {
                    waiter = self.gateway.batcher.submit_patiently(record.clone()).await;
                }
                answer => {
                    self.count(number, record.event.kind, &answer);
                    return Ok(());
                }
            }
        }
        self.unanswered += 1;
        Ok(())
    }

    fn count(&mut self, number: u64, kind: EventKind, answer: &LaneAnswer) {
        let by_file = self.link.clearing_source == ClearingSource::File;
        if let LaneAnswer::Decided { reply, .. } = answer
            && let Some(told) = doubt(&reply.result.reason)
        {
            self.report.doubtful += 1;
            self.name(self.report.doubtful, number, told);
        }
        let report = &mut self.report;
        match answer {
            LaneAnswer::Decided { reply, repeated } => {
                match Unbooked::of(&reply.result.reason, kind, by_file) {
                    Some(unbooked) => self.unbooked(number, unbooked),
                    None if *repeated => report.repeated += 1,
                    None if reply.result.status == ResultStatus::None => report.without_loyalty += 1,
                    None => report.booked += 1,
                }
            }
            LaneAnswer::Quarantined => {
                report.quarantined += 1;
                self.name(self.report.quarantined, number, "put aside; the gateway's log says why");
            }
            LaneAnswer::Unavailable => self.unanswered += 1,
        }
    }

    /// What is more than a second copy, or may be, is named: a person has to look, or to know.
    fn unbooked(&mut self, number: u64, unbooked: Unbooked) {
        let report = &mut self.report;
        match unbooked {
            Unbooked::Known => report.already_known += 1,
            Unbooked::Differs(told) => {
                report.already_known += 1;
                report.differing += 1;
                self.name(self.report.differing, number, &format!("not booked: {told}"));
            }
            Unbooked::Undecided(told) => {
                report.undecided += 1;
                self.name(self.report.undecided, number, &format!("a chargeback that is not booked: {told}"));
            }
            Unbooked::Elsewhere => {
                report.elsewhere += 1;
                let told = format!("passed over: the bank clears by {}", self.link.clearing_source.name());
                self.name(self.report.elsewhere, number, &told);
            }
        }
    }

    fn name(&mut self, count: usize, number: u64, told: &str) {
        if count <= NAMED_MAX {
            self.look_at.push(format!("record {number}: {told}"));
        }
    }
}

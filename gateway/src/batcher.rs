//! The batch: what has arrived while the last one was committing. No timer: an idle system answers at once.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use domain::{Disposition, Outcome, Reply};
use store::{BatchError, Database, Lane, MessageRecord, Pool};
use tokio::{
    sync::{mpsc, oneshot},
    task::JoinHandle,
};

use crate::{RuleBook, measures};

/// What a lane tells of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LaneAnswer {
    /// Decided and committed.
    Decided {
        /// What the bank is told.
        reply: Reply,
        /// Whether it was a repeat, altered or not.
        repeated: bool,
    },
    /// Not committed as far as is known; the bank is to repeat.
    Unavailable,
    /// Put aside for a person.
    Quarantined,
}

impl LaneAnswer {
    /// What was answered to who waits. `Unavailable`: the lane took no message, or ended before it could answer.
    pub(crate) async fn to(waiter: Option<oneshot::Receiver<Self>>) -> Self {
        match waiter {
            Some(waiter) => waiter.await.unwrap_or(Self::Unavailable),
            None => Self::Unavailable,
        }
    }
}

/// Bounds of the batcher.
#[derive(Debug, Clone, Copy)]
pub struct BatcherOptions {
    /// As many as PostgreSQL can run in parallel.
    pub lanes: usize,
    /// Above 256 the rate no longer grows, the latency does.
    pub batch_messages_max: usize,
    /// Messages that wait for a lane; beyond it the bank is told 96 at once.
    pub queue_max: usize,
}

impl Default for BatcherOptions {
    fn default() -> Self {
        Self { lanes: 2, batch_messages_max: 256, queue_max: 8192 }
    }
}

enum Job {
    Message(Box<MessageRecord>, oneshot::Sender<LaneAnswer>),
    Probe(oneshot::Sender<bool>),
    Stop,
}

/// Hands each message to the lane of its bucket.
pub struct Batcher {
    lanes: Vec<mpsc::Sender<Job>>,
    workers: std::sync::Mutex<Vec<JoinHandle<()>>>,
}

impl Batcher {
    /// Opens the lanes. Fails if the first connections cannot be made.
    pub async fn start(
        database: &Database,
        pool: &Pool,
        rules: &Arc<RuleBook>,
        options: BatcherOptions,
    ) -> Result<Self, store::StoreError> {
        let (mut lanes, mut workers) = (Vec::new(), Vec::new());
        for number in 0..options.lanes.max(1) {
            let (sender, jobs) = mpsc::channel(options.queue_max);
            let lane = Lane::open(database).await?;
            let worker = Worker {
                number,
                lane: Some(lane),
                database: database.clone(),
                pool: pool.clone(),
                rules: Arc::clone(rules),
                batch_messages_max: options.batch_messages_max.max(1),
            };
            workers.push(tokio::spawn(worker.run(jobs)));
            lanes.push(sender);
        }
        Ok(Self { lanes, workers: std::sync::Mutex::new(workers) })
    }

    /// Queues a message; `None` if the lane's queue is full or closed.
    pub fn submit(&self, record: MessageRecord) -> Option<oneshot::Receiver<LaneAnswer>> {
        let lane = self.lanes.get(usize::from(record.event.bucket.number()) % self.lanes.len())?;
        let (answer, answered) = oneshot::channel();
        lane.try_send(Job::Message(Box::new(record), answer)).ok()?;
        Some(answered)
    }

    /// Queues a message of a file, waiting for room: files give way to the online traffic.
    pub async fn submit_patiently(&self, record: MessageRecord) -> Option<oneshot::Receiver<LaneAnswer>> {
        let lane = self.lanes.get(usize::from(record.event.bucket.number()) % self.lanes.len())?;
        let (answer, answered) = oneshot::channel();
        lane.send(Job::Message(Box::new(record), answer)).await.ok()?;
        Some(answered)
    }

    /// Whether every lane could commit within `wait_max`.
    pub async fn could_commit(&self, wait_max: Duration) -> bool {
        let deadline = tokio::time::Instant::now() + wait_max;
        for lane in &self.lanes {
            let (answer, answered) = oneshot::channel();
            if lane.try_send(Job::Probe(answer)).is_err() {
                return false;
            }
            match tokio::time::timeout_at(deadline, answered).await {
                Ok(Ok(true)) => {}
                _ => return false,
            }
        }
        true
    }

    /// Lets the lanes finish what they have, ends them and waits for that: no transaction is broken off.
    /// Messages that come later are not taken.
    pub async fn finish(&self) {
        for lane in &self.lanes {
            // A lane that has ended needs no word.
            let _ = lane.send(Job::Stop).await;
        }
        let workers =
            self.workers.lock().map(|mut workers| std::mem::take(&mut *workers)).unwrap_or_default();
        for worker in workers {
            let _ = worker.await;
        }
    }
}

/// One lane: its own connection, its own buckets.
struct Worker {
    number: usize,
    lane: Option<Lane>,
    database: Database,
    pool: Pool,
    rules: Arc<RuleBook>,
    batch_messages_max: usize,
}

type Waiting = (Box<MessageRecord>, oneshot::Sender<LaneAnswer>);

/// How often a batch whose fate is unknown, or that met other work, runs again before it is halved or given up.
const ATTEMPTS_MAX: u32 = 6;
/// The longest pause between attempts; together they take less than four seconds.
const PAUSE_MAX: Duration = Duration::from_secs(1);

impl Worker {
    async fn run(mut self, mut jobs: mpsc::Receiver<Job>) {
        while let Some(first) = jobs.recv().await {
            let (mut batch, mut probes) = (Vec::new(), Vec::new());
            let mut stop = take(first, &mut batch, &mut probes);
            while !stop && batch.len() < self.batch_messages_max {
                match jobs.try_recv() {
                    Ok(job) => stop = take(job, &mut batch, &mut probes),
                    Err(_) => break,
                }
            }
            if !batch.is_empty() {
                self.commit(batch).await;
            }
            if !probes.is_empty() {
                let ready = self.probe().await;
                probes.into_iter().for_each(|probe| {
                    let _ = probe.send(ready);
                });
            }
            if stop {
                return;
            }
        }
    }

    async fn probe(&mut self) -> bool {
        match self.open_lane().await {
            Some(lane) => lane.probe().await.is_ok(),
            None => false,
        }
    }

    /// The lane's connection, opened again if it was lost.
    async fn open_lane(&mut self) -> Option<&mut Lane> {
        if !self.lane.as_ref().is_some_and(Lane::is_open) {
            self.lane = match Lane::open(&self.database).await {
                Ok(lane) => Some(lane),
                Err(error) => {
                    tracing::warn!(lane = self.number, %error, "PostgreSQL is away; the lane tries again");
                    None
                }
            };
        }
        self.lane.as_mut()
    }

    /// Commits a batch, halving it where a row is refused. The order of each account is kept.
    async fn commit(&mut self, batch: Vec<Waiting>) {
        let mut pending = vec![batch];
        // Each halving adds at most one entry, so this ends after at most twice as many rounds as messages.
        while let Some(batch) = pending.pop() {
            let records: Vec<MessageRecord> =
                batch.iter().map(|(record, _)| MessageRecord::clone(record)).collect();
            match self.run_until_known(&records).await {
                Ok(outcomes) => self.answer(batch, outcomes).await,
                Err(Failed::Away) => batch.into_iter().for_each(|(_, waiter)| {
                    let _ = waiter.send(LaneAnswer::Unavailable);
                }),
                Err(Failed::Refused(reason)) if batch.len() == 1 => self.put_aside(batch, &reason).await,
                Err(Failed::Refused(reason)) => {
                    tracing::warn!(lane = self.number, messages = batch.len(), reason, "halving a batch");
                    measures::batch_retry("halved");
                    let mut first = batch;
                    let second = first.split_off(first.len() / 2);
                    pending.push(second);
                    pending.push(first);
                }
            }
        }
    }

    async fn run_until_known(&mut self, records: &[MessageRecord]) -> Result<Vec<Outcome>, Failed> {
        // Set only by a key that stays taken: then a row is at fault. All else passes, and the bank repeats.
        let mut taken = None;
        for attempt in 0..ATTEMPTS_MAX {
            if attempt > 0 {
                let pause = Duration::from_millis(10 << attempt.min(7)) + jitter(self.number, attempt);
                tokio::time::sleep(pause.min(PAUSE_MAX)).await;
            }
            let rules = self.rules.current();
            let Some(lane) = self.open_lane().await else { continue };
            let began = Instant::now();
            match lane.run(records, &rules).await {
                Ok(done) => {
                    measures::batch(records.len(), began.elapsed().as_secs_f64());
                    return Ok(done.outcomes);
                }
                Err(BatchError::MissingRules(hash)) => {
                    measures::batch_retry("rules");
                    if let Err(error) = self.rules.load(hash).await {
                        tracing::error!(
                            lane = self.number,
                            version = hash.short(),
                            error,
                            "a program version cannot be loaded"
                        );
                    }
                }
                Err(BatchError::Contended(error)) => {
                    measures::batch_retry("contended");
                    tracing::warn!(lane = self.number, %error, "a batch met other work: running it again");
                }
                Err(BatchError::Unknown(error)) => {
                    measures::batch_retry("unknown");
                    tracing::warn!(lane = self.number, %error, "unknown whether a batch was committed: running it again");
                    taken = error.is_unique_violation().then(|| error.to_string());
                    self.lane = None;
                }
                Err(other) => return Err(Failed::Refused(other.to_string())),
            }
        }
        Err(taken.map_or(Failed::Away, Failed::Refused))
    }

    async fn answer(&self, batch: Vec<Waiting>, outcomes: Vec<Outcome>) {
        for ((record, waiter), outcome) in batch.into_iter().zip(outcomes) {
            let repeated = matches!(outcome.disposition, Disposition::Repeat | Disposition::Altered { .. });
            if let Disposition::Undecidable { missing } = &outcome.disposition {
                tracing::error!(lane = self.number, missing, message = %outcome.key, "a message could not be decided");
                self.quarantine(&record, &format!("undecidable: {missing}")).await;
                let _ = waiter.send(LaneAnswer::Quarantined);
                continue;
            }
            // The bank may have gone; the result is stored and answers its repeat.
            let _ = waiter.send(LaneAnswer::Decided { reply: outcome.reply, repeated });
        }
    }

    async fn put_aside(&self, batch: Vec<Waiting>, reason: &str) {
        for (record, waiter) in batch {
            tracing::error!(lane = self.number, reason, message = %record.event.key, "a message was put aside");
            self.quarantine(&record, reason).await;
            let _ = waiter.send(LaneAnswer::Quarantined);
        }
    }

    async fn quarantine(&self, record: &MessageRecord, reason: &str) {
        measures::quarantined();
        let masked = format!("{} {} {}", record.mti, record.key_text, record.event.content.to_text());
        let masked = iso8583::mask_text(&masked).into_owned();
        let key = record.event.key.as_bytes().as_slice();
        let event = &record.event;
        if let Err(error) =
            store::quarantine(&self.pool, key, event.bank, event.received_at, reason, &masked).await
        {
            tracing::error!(%error, message = %event.key, "the quarantine could not be written");
        }
    }
}

enum Failed {
    /// Not committed for reasons that pass: no connection, other work, rules that could not be loaded.
    Away,
    /// PostgreSQL keeps refusing.
    Refused(String),
}

/// Adds a job to the batch; true if the lane is to end.
fn take(job: Job, batch: &mut Vec<Waiting>, probes: &mut Vec<oneshot::Sender<bool>>) -> bool {
    match job {
        Job::Message(record, waiter) => batch.push((record, waiter)),
        Job::Probe(probe) => probes.push(probe),
        Job::Stop => return true,
    }
    false
}

/// Uneven pauses, so that two gateways that met do not keep meeting.
fn jitter(lane: usize, attempt: u32) -> Duration {
    let spread =
        u64::from(std::process::id()) * 7 + u64::try_from(lane).unwrap_or(0) * 13 + u64::from(attempt) * 29;
    Duration::from_millis(spread % 23)
}

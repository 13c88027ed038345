//! The threads of a back-test: each takes some buckets, reads their messages and decides them again.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use domain::{
    BUCKETS, Bucket,
    replay::{BackTest, Findings},
};
use store::Recording;

use super::{Plan, progress::Progress};

/// Buckets are read together until they hold about so many messages: for each, a thread keeps the state that follows from
/// it, twice, and the movements that it compares. More would not be faster: it takes some rounds to the database to
/// begin a part. A single bucket may hold more: it is a 1,024th of everything, and the smallest part whose messages
/// concern no others.
const PART_MESSAGES: u64 = 8_192;
/// How many messages are decided between two words on progress.
const STEP: u64 = 256;

/// A back-test that was run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Done {
    /// What was found; the same for any number of threads.
    pub findings: Findings,
    /// How long it took.
    pub elapsed: Duration,
    /// By how many threads.
    pub threads: usize,
}

impl Done {
    /// Messages per second.
    pub fn per_s(&self) -> u64 {
        let micros = self.elapsed.as_micros().max(1);
        u64::try_from(u128::from(self.findings.messages) * 1_000_000 / micros).unwrap_or(u64::MAX)
    }

    /// Messages per second of one thread.
    pub fn per_s_per_core(&self) -> u64 {
        self.per_s() / u64::try_from(self.threads).unwrap_or(1).max(1)
    }

    /// How fast it was, in words.
    pub fn rate(&self) -> String {
        let (messages, ms, threads) = (self.findings.messages, self.elapsed.as_millis(), self.threads);
        let (all, one) = (self.per_s(), self.per_s_per_core());
        format!("{messages} messages in {ms} ms with {threads} threads: {all}/s, {one}/s per core")
    }
}

/// What the threads share.
struct Shared {
    plan: Plan,
    parts: Vec<Vec<Bucket>>,
    next: AtomicUsize,
    done: AtomicU64,
}

/// Runs a back-test; a bar on standard error shows how far it is, if that is a terminal.
///
/// # Errors
/// If the database cannot be read or a stored value cannot be.
pub async fn run(plan: &Plan) -> anyhow::Result<Done> {
    let began = Instant::now();
    let parts = parts(plan);
    let threads = plan.threads.min(parts.len()).max(1);
    let shared =
        Arc::new(Shared { plan: plan.clone(), parts, next: AtomicUsize::new(0), done: AtomicU64::new(0) });
    let mut workers = tokio::task::JoinSet::new();
    for _ in 0..threads {
        workers.spawn(work(Arc::clone(&shared)));
    }
    let progress = Progress::begin(plan.messages);
    let mut findings = Findings::default();
    loop {
        tokio::select! {
            joined = workers.join_next() => match joined {
                Some(found) => findings.merge(found??),
                None => break,
            },
            () = progress.pause() => progress.show(shared.done.load(Ordering::Relaxed)),
        }
    }
    progress.end();
    Ok(Done { findings, elapsed: began.elapsed(), threads })
}

/// Which buckets are read together. The number of threads does not matter.
fn parts(plan: &Plan) -> Vec<Vec<Bucket>> {
    let all: Vec<Bucket> = (0..BUCKETS).filter_map(Bucket::new).collect();
    if plan.in_one_order {
        return vec![all];
    }
    let wanted = plan.messages.div_ceil(PART_MESSAGES).clamp(1, u64::from(BUCKETS));
    let wanted = usize::try_from(wanted).unwrap_or(1);
    all.chunks(all.len().div_ceil(wanted)).map(<[Bucket]>::to_vec).collect()
}

async fn work(shared: Arc<Shared>) -> anyhow::Result<Findings> {
    let client = store::connect(&shared.plan.database).await?;
    let mut rules = shared.plan.rules.clone();
    let mut findings = Findings::default();
    while let Some(buckets) = shared.parts.get(shared.next.fetch_add(1, Ordering::Relaxed)) {
        let Plan { bank, last_batch, .. } = shared.plan;
        let mut recording = Recording::open(&client, bank, buckets, last_batch).await?;
        let mut test = BackTest::new(shared.plan.candidate, recording.accounts());
        let mut decided = 0;
        while let Some((recorded, ledger)) = recording.next().await? {
            test.feed(&recorded, &ledger, &mut rules);
            decided += 1;
            if decided % STEP == 0 {
                shared.done.fetch_add(STEP, Ordering::Relaxed);
            }
        }
        shared.done.fetch_add(decided % STEP, Ordering::Relaxed);
        for ((bucket, message), ledger) in recording.finish().await? {
            test.ledger_without_message(bucket, message, &ledger);
        }
        findings.merge(test.finish());
    }
    Ok(findings)
}

//! A bank that stays: its links come back, and a message is repeated until it is answered.

mod counters;
mod keeper;

use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use iso8583::{Builder, Mti};
use tokio::{
    sync::watch,
    task::JoinHandle,
    time::{Instant, sleep_until, timeout_at},
};

pub use self::counters::BankCounters;
use self::counters::Counting;
use crate::{
    link::{Link, LinkCounters, LinkError, LinkOptions},
    reply::Reply,
    tls::ClientTls,
};

/// DE39 by which the gateway says: not taken now, repeat later.
const NOT_TAKEN: [&str; 2] = ["96", "91"];
/// Links at most: more than a gateway's listener gives to one bank.
const LINKS_MAX: usize = 64;

/// How patient a bank is.
#[derive(Clone, Debug)]
pub struct BankOptions {
    /// Links that are kept open, 1 to 64.
    pub links: usize,
    /// How each link behaves.
    pub link: LinkOptions,
    /// How long the reply to one attempt may take.
    pub reply_timeout: Duration,
    /// Attempts for one message at most.
    pub attempts_max: u32,
    /// How long one message may take, all attempts and waiting for a link together.
    pub deadline: Duration,
    /// The pause before the first repeat and the first new connection; it doubles each time.
    pub pause_first: Duration,
    /// The longest pause.
    pub pause_max: Duration,
    /// An echo is sent on each link this often; a link that does not answer is replaced.
    pub echo_every: Duration,
}

impl Default for BankOptions {
    fn default() -> Self {
        Self {
            links: 1,
            link: LinkOptions::default(),
            reply_timeout: Duration::from_secs(2),
            attempts_max: 1000,
            deadline: Duration::from_secs(120),
            pause_first: Duration::from_millis(20),
            pause_max: Duration::from_secs(1),
            echo_every: Duration::from_secs(20),
        }
    }
}

/// A message that was answered.
#[derive(Clone, Debug)]
pub struct Answered {
    /// The final reply; its DE39 is neither 96 nor 91.
    pub reply: Reply,
    /// How often the message was sent, the first time included.
    pub attempts: u32,
    /// From the first attempt, or the wait for a link, to the reply.
    pub elapsed: Duration,
}

/// Why a message has no final answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AskError {
    /// Patience ended. Whether the gateway has taken the message is unknown.
    #[error("unanswered after {attempts} attempts in {elapsed:?}; last: {last}")]
    Unanswered {
        /// How often it was sent.
        attempts: u32,
        /// For how long.
        elapsed: Duration,
        /// What came of the last attempt.
        last: String,
    },
    /// Not every link came up in time.
    #[error("the links are not up after {after:?}; last: {last}")]
    NotReady {
        /// How long we waited.
        after: Duration,
        /// What came of the last attempt to connect.
        last: String,
    },
    /// The message cannot be sent at all.
    #[error(transparent)]
    Unsendable(LinkError),
}

type Slots = Vec<Option<Arc<Link>>>;

#[derive(Debug)]
struct Shared {
    address: Mutex<SocketAddr>,
    tls: ClientTls,
    options: BankOptions,
    slots: watch::Sender<Slots>,
    next: AtomicUsize,
    frames: Arc<LinkCounters>,
    counting: Counting,
    last_problem: Mutex<String>,
}

/// A bank with its links. Clones share them; with the last one they end.
#[derive(Clone, Debug)]
pub struct PersistentBank(Arc<Keepers>);

#[derive(Debug)]
struct Keepers {
    shared: Arc<Shared>,
    tasks: Vec<JoinHandle<()>>,
}

impl Drop for Keepers {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

impl PersistentBank {
    /// Starts to connect. Does not wait for it: messages do.
    #[must_use]
    pub fn start(address: SocketAddr, tls: ClientTls, options: BankOptions) -> Self {
        let links = options.links.clamp(1, LINKS_MAX);
        let shared = Arc::new(Shared {
            address: Mutex::new(address),
            tls,
            options,
            slots: watch::Sender::new(vec![None; links]),
            next: AtomicUsize::new(0),
            frames: Arc::default(),
            counting: Counting::default(),
            last_problem: Mutex::new("no link came up".to_owned()),
        });
        let tasks = (0..links).map(|slot| tokio::spawn(keeper::keep(slot, Arc::clone(&shared)))).collect();
        Self(Arc::new(Keepers { shared, tasks }))
    }

    /// Waits until every link is up and signed on.
    ///
    /// # Errors
    ///
    /// When that takes longer than `within`: what came of the last attempt.
    pub async fn ready(&self, within: Duration) -> Result<(), AskError> {
        let mut slots = self.0.shared.slots.subscribe();
        let all_up = slots.wait_for(|slots| slots.iter().all(Option::is_some));
        match timeout_at(Instant::now() + within, all_up).await {
            Ok(Ok(_)) => Ok(()),
            _ => Err(AskError::NotReady { after: within, last: self.last_problem() }),
        }
    }

    /// From now on connects to another address; links that are up stay.
    pub fn redirect(&self, address: SocketAddr) {
        *self.0.shared.address.lock().unwrap_or_else(PoisonError::into_inner) = address;
    }

    /// Sends a message, and repeats it as often as needed: the same content with the repeat form of its message
    /// type, on whichever link is up. DE39 96 and 91 count as unanswered.
    ///
    /// # Errors
    ///
    /// When attempts or time run out, or the message cannot be written.
    pub async fn ask_until_answered(&self, message: Builder) -> Result<Answered, AskError> {
        let shared = &self.0.shared;
        let options = &shared.options;
        let started = Instant::now();
        let deadline = started + options.deadline;
        let mut message = message;
        let mut attempts = 0;
        let mut last = None;
        let mut pause = options.pause_first;
        while attempts < options.attempts_max && Instant::now() < deadline {
            let Ok(link) = timeout_at(deadline, self.link()).await else { break };
            attempts += 1;
            shared.counting.attempt(attempts);
            let within = options.reply_timeout.min(deadline.saturating_duration_since(Instant::now()));
            match link.ask(message.clone(), within).await {
                Ok(reply) if !NOT_TAKEN.contains(&reply.code.as_str()) => {
                    shared.counting.answer();
                    return Ok(Answered { reply, attempts, elapsed: started.elapsed() });
                }
                Ok(reply) => {
                    shared.counting.not_taken();
                    last = Some(format!("DE39 {}", reply.code));
                }
                Err(error) if error.is_worth_repeating() => {
                    shared.counting.without_reply();
                    last = Some(error.to_string());
                }
                Err(error) => return Err(AskError::Unsendable(error)),
            }
            message = repeat_form(message);
            sleep_until(deadline.min(Instant::now() + pause)).await;
            pause = options.pause_max.min(pause * 2);
        }
        let last = last.unwrap_or_else(|| self.last_problem());
        Err(AskError::Unanswered { attempts, elapsed: started.elapsed(), last })
    }

    /// A link that is up, each in its turn; waits for one.
    pub async fn link(&self) -> Arc<Link> {
        let mut slots = self.0.shared.slots.subscribe();
        let turn = self.0.shared.next.fetch_add(1, Ordering::Relaxed);
        let open = |slots: &Slots| {
            let first = turn % slots.len().max(1);
            let mut up = slots.iter().cycle().skip(first).take(slots.len()).flatten();
            up.find(|link| !link.is_closed()).cloned()
        };
        // Each turn waits for a change; the asker's deadline ends the waiting.
        loop {
            match slots.wait_for(|slots| open(slots).is_some()).await.map(|slots| open(&slots)) {
                Ok(Some(link)) => return link,
                // It closed in between.
                Ok(None) => {}
                // Not reached: the sender lives as long as `self`.
                Err(_) => std::future::pending().await,
            }
        }
    }

    /// Signs off and closes every link. Messages that are asked afterwards wait in vain.
    pub async fn stop(&self) {
        self.0.tasks.iter().for_each(JoinHandle::abort);
        let slots = self.0.shared.slots.send_replace(Vec::new());
        for link in slots.into_iter().flatten() {
            if let Err(error) = link.sign_off().await {
                tracing::debug!(%error, "the sign-off was not answered");
            }
            link.close().await;
        }
    }

    /// What was sent and answered so far.
    #[must_use]
    pub fn counters(&self) -> BankCounters {
        self.0.shared.counting.snapshot(&self.0.shared.frames)
    }

    fn last_problem(&self) -> String {
        self.0.shared.last_problem.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// The repeat form of a message: its type ends in 1 (or 3 for an issuer's), nothing else changes.
#[must_use]
pub fn repeat_form(message: Builder) -> Builder {
    let mut digits = *message.mti().as_bytes();
    if let [.., origin @ (b'0' | b'2')] = &mut digits {
        *origin += 1;
    }
    match Mti::parse(&digits) {
        Some(repeat) => message.with_mti(repeat),
        // Not reached: these are four digits.
        None => message,
    }
}

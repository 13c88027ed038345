//! The REST listener for partners: they fetch their events and settlement files themselves. TLS with a bearer token; a
//! partner sees what is its own, and nothing tells it what is another's.
//!
//! A new operation is a type of `types.rs`, a handler of `read.rs` or `answer.rs`, and a line of `OPERATIONS`, from which
//! router and OpenAPI document both come.

mod answer;
mod call;
mod document;
mod problem;
mod read;
mod routes;
mod server;
mod types;

use std::{
    path::PathBuf,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

use aws_lc_rs::{
    constant_time::verify_slices_are_equal,
    digest::{SHA256, digest},
};
use domain::PartnerId;
use settlement::Environment;
use store::Pool;
use tokio::sync::Semaphore;

use crate::limits::Minute;

pub use document::partner_openapi;
pub use server::PartnerListener;

/// Requests that are carried out at once: the pool has 8 connections, and deliveries need some of them.
const REQUESTS_MAX: usize = 2;
/// Requests that wait for their turn.
const WAITING_MAX: usize = 64;
/// Requests of one partner that are there at once, also those whose body is still coming: the others have room, too. Of
/// them one is carried out at a time.
const OF_ONE_PARTNER_MAX: usize = 16;

/// A partner that may call.
#[derive(Debug, Clone)]
pub struct ApiPartner {
    /// Its number.
    pub id: PartnerId,
    /// Its code.
    pub code: String,
    /// SHA-256 of its tokens.
    pub tokens: Vec<[u8; 32]>,
    /// How many requests it may send in a minute.
    pub requests_per_minute: u32,
}

/// An answer to a settlement file, as a partner sent it.
#[derive(Debug, Clone)]
pub struct PartnerAnswer {
    /// The partner.
    pub partner: PartnerId,
    /// Its code.
    pub code: String,
    /// The name of the file that it answers.
    pub file: String,
    /// The partner's key for this request.
    pub key: String,
    /// What `Content-Type` said.
    pub media_type: String,
    /// The answer.
    pub bytes: Vec<u8>,
}

/// What came of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AnswerTaken {
    /// It is on the books: a word for what it did to the file, such as `acknowledged`.
    Taken(String),
    /// It was on the books before.
    Known(String),
    /// It says something that cannot be: where, and what was expected.
    Refused(String),
    /// It cannot be taken now.
    Later,
}

/// Takes answers to settlement files.
pub type TakeAnswer =
    Arc<dyn Fn(PartnerAnswer) -> Pin<Box<dyn Future<Output = AnswerTaken> + Send>> + Send + Sync>;

/// What the listener is made of.
pub struct PartnerApiParts {
    /// The database.
    pub pool: Pool,
    /// Who may call.
    pub partners: Vec<ApiPartner>,
    /// The folder of published settlement files.
    pub out: PathBuf,
    /// Test or live.
    pub environment: Environment,
    /// Where answers go; without it they are refused for now.
    pub answers: Option<TakeAnswer>,
}

/// What all requests share.
pub struct PartnerApi {
    pub(crate) parts: PartnerApiParts,
    callers: Vec<Arc<Caller>>,
    pub(crate) running: Arc<Semaphore>,
    pub(crate) present: Semaphore,
}

/// A partner with what it has asked for of late.
pub(crate) struct Caller {
    pub(crate) partner: ApiPartner,
    /// Its requests in the minute that runs.
    minute: Mutex<Minute>,
    /// Its requests.
    pub(crate) present: Semaphore,
    /// The one that is carried out.
    pub(crate) running: Arc<Semaphore>,
}

impl PartnerApi {
    /// For these partners.
    pub fn new(parts: PartnerApiParts) -> Arc<Self> {
        let caller = |partner: &ApiPartner| Arc::new(Caller::new(partner.clone(), Instant::now()));
        let callers = parts.partners.iter().map(caller).collect();
        Arc::new(Self {
            parts,
            callers,
            running: Arc::new(Semaphore::new(REQUESTS_MAX)),
            present: Semaphore::new(REQUESTS_MAX + WAITING_MAX),
        })
    }

    /// Whose token it is. Every hash is compared, so that the time says nothing.
    pub(crate) fn caller(&self, token: &str) -> Option<Arc<Caller>> {
        let hash = digest(&SHA256, token.as_bytes());
        let mut found = None;
        for caller in &self.callers {
            for known in &caller.partner.tokens {
                if verify_slices_are_equal(known, hash.as_ref()).is_ok() {
                    found = Some(Arc::clone(caller));
                }
            }
        }
        found
    }
}

impl Caller {
    fn new(partner: ApiPartner, now: Instant) -> Self {
        let (present, running) = (Semaphore::new(OF_ONE_PARTNER_MAX), Arc::new(Semaphore::new(1)));
        Self { partner, minute: Mutex::new(Minute::new(now)), present, running }
    }

    /// Counts a request; the seconds to wait if there were too many.
    pub(crate) fn count(&self, now: Instant) -> Result<(), u64> {
        let mut minute = self.minute.lock().unwrap_or_else(PoisonError::into_inner);
        minute.count(self.partner.requests_per_minute, now).map(|_| ()).map_err(|left| left.reset)
    }
}

//! The REST API for programs of staff: what the pages offer, in JSON, read by the same read models.
//!
//! A new operation is a type of one of the files, a handler, and a line of `OPERATIONS`, from which router, checks and
//! OpenAPI document come. A handler gets a [`call::Call`]: who asks has been let in, parameters and body are read and
//! bounded. Whatever changes something does it in [`change::Change`]: one transaction with its key and its answer.

mod admit;
mod approvals;
mod audit;
mod breaks;
mod call;
mod cases;
mod change;
mod cursor;
mod days;
mod document;
mod examples;
mod explanation;
mod health;
mod operation;
mod partners;
mod problems;
mod programs;
mod proposals;
mod refunds;
mod routes;
mod serve;
mod transactions;
mod values;

use std::sync::Arc;

use tokio::sync::Semaphore;

pub use document::staff_openapi;
pub(crate) use routes::routes;
pub use routes::{StaffOperation, staff_operations};
pub(crate) use serve::router;

use crate::limits::Minutes;

/// Requests that are carried out at once: the pages need connections of the pool, too.
const RUNNING_MAX: usize = 4;
/// Requests that are here at once, those that wait or whose body is still coming included.
const PRESENT_MAX: usize = 64;

/// How often may be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StaffApiLimits {
    /// Requests in a minute with one token, or of one session.
    pub of_token: u32,
    /// Requests in a minute from one network, whoever asks: an address of IPv4, 64 bits of IPv6.
    pub of_network: u32,
}

impl Default for StaffApiLimits {
    fn default() -> Self {
        Self { of_token: 300, of_network: 1_200 }
    }
}

/// What all requests of the API share.
pub(crate) struct StaffApi {
    limits: StaffApiLimits,
    /// By the hash of a token or of a session's user.
    tokens: Minutes<[u8; 32]>,
    /// By what [`network_of`](crate::access::network::network_of) calls them.
    networks: Minutes<String>,
    running: Arc<Semaphore>,
    present: Semaphore,
    /// A verification of the audit may take long: there is one at a time, and the other places stay free.
    verifying: Semaphore,
}

impl StaffApi {
    /// With these limits.
    pub(crate) fn new(limits: StaffApiLimits) -> Self {
        let (tokens, networks) = (Minutes::default(), Minutes::default());
        let (running, present) = (Arc::new(Semaphore::new(RUNNING_MAX)), Semaphore::new(PRESENT_MAX));
        Self { limits, tokens, networks, running, present, verifying: Semaphore::new(1) }
    }
}

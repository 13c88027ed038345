//! The HTTP API for banks: JSON over mutual TLS, on a listener of its own. Whose members a caller may touch, its
//! certificate says.
//!
//! A new operation is a type of `types.rs`, a handler in a file of its own, and a line of `ROUTES`, from which router and
//! OpenAPI document both come.

mod call;
mod cards;
mod deed;
mod document;
mod members;
mod miles;
mod miles_read;
mod miles_types;
mod problem;
mod routes;
mod server;
mod types;

use std::{collections::BTreeMap, collections::BTreeSet, sync::Arc};

use domain::ProgramId;
use tokio::sync::Semaphore;

use crate::{Gateway, Link};

pub use document::openapi;
pub use server::ApiHandle;

/// Requests that are carried out at once: the pool has 8 connections, and imports and the router need some of them.
const REQUESTS_MAX: usize = 4;
/// Requests that wait for their turn; what comes beyond is told to come later.
const WAITING_MAX: usize = 64;
/// Connections of one client at once, so that one bank's back office cannot shut out the others'.
const CLIENT_CONNECTIONS_MAX: usize = 16;

/// A client of the API.
pub struct ApiClient {
    /// Its bank's link: code, cards, time zone.
    pub link: Arc<Link>,
    /// Names in its certificate (SAN, DNS).
    pub certificate_names: BTreeSet<String>,
    /// The bank's programs by code.
    pub programs: BTreeMap<String, ProgramId>,
}

/// What all requests share.
pub struct Api {
    gateway: Arc<Gateway>,
    /// Each with its places for connections.
    clients: Vec<(Arc<ApiClient>, Arc<Semaphore>)>,
    /// Those that are carried out.
    running: Arc<Semaphore>,
    /// Those that are here at all.
    present: Semaphore,
}

impl Api {
    /// For these clients.
    pub fn new(gateway: Arc<Gateway>, clients: Vec<Arc<ApiClient>>) -> Arc<Self> {
        let places = |client| (client, Arc::new(Semaphore::new(CLIENT_CONNECTIONS_MAX)));
        Arc::new(Self {
            gateway,
            clients: clients.into_iter().map(places).collect(),
            running: Arc::new(Semaphore::new(REQUESTS_MAX)),
            present: Semaphore::new(REQUESTS_MAX + WAITING_MAX),
        })
    }

    /// The client of a connection: exactly one that has a name of the certificate.
    fn client_of(&self, names: &[String]) -> Option<(Arc<ApiClient>, Arc<Semaphore>)> {
        let has = |(client, _): &&(Arc<ApiClient>, Arc<Semaphore>)| {
            names.iter().any(|name| client.certificate_names.contains(name))
        };
        let mut found = self.clients.iter().filter(has);
        let client = found.next()?;
        found.next().is_none().then(|| client.clone())
    }
}

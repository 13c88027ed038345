//! A bounded HTTPS listener: so many connections, TLS, HTTP/1.1, an end to every wait, and an orderly stop.
//!
//! The interface for banks, the one for partners and the console listen through it. What they serve, and to whom, they say by
//! [`Admit`]; whom they refuse they count by themselves.

mod places;

use std::{net::SocketAddr, sync::Arc, time::Duration};

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use rustls::{ServerConfig, ServerConnection};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinHandle,
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

pub use places::Bounds;
use places::Places;

/// A TLS handshake.
const HANDSHAKE_MAX: Duration = Duration::from_secs(5);
/// The head of a request, from the end of the one before.
const HEAD_MAX: Duration = Duration::from_secs(30);
/// The head of a request in bytes, all headers together.
const HEAD_BYTES_MAX: usize = 16 * 1024;
/// A connection ends by then, after the request that it is in; also the longest that a download may take.
const AGE_MAX: Duration = Duration::from_secs(600);
/// What is under way when the listener stops is waited for, but not for ever.
const DRAIN_MAX: Duration = Duration::from_secs(10);

/// Why a connection ended before its first request.
#[derive(Debug)]
#[non_exhaustive]
pub enum Refusal {
    /// There are as many as there may be.
    ConnectionsMax,
    /// There are as many of its network as there may be.
    NetworkMax,
    /// The handshake failed, for this reason.
    Handshake(std::io::Error),
    /// The handshake took too long.
    HandshakeTimeout,
}

/// Who may come in, and what is served to him.
pub trait Admit: Send + Sync + 'static {
    /// What a connection keeps until it ends, such as a place among those of its client.
    type Kept: Send + 'static;

    /// What is served on a connection from this address whose handshake is done; `None` ends it, and says why by itself.
    fn admit(&self, connection: &ServerConnection, from: SocketAddr) -> Option<(Router, Self::Kept)>;

    /// Is told of a connection that ended before it could be admitted.
    fn refused(&self, refusal: &Refusal);
}

/// A running listener. It stops by [`HttpsListener::drain`] only.
#[derive(Debug)]
pub struct HttpsListener {
    name: &'static str,
    address: SocketAddr,
    drain: watch::Sender<bool>,
    accepting: JoinHandle<()>,
    places: Places,
}

impl HttpsListener {
    /// Accepts on a bound listener; `name` is how logs call it, such as `the API for banks`.
    ///
    /// # Errors
    /// If the listener has no address.
    pub fn start(
        name: &'static str,
        listener: TcpListener,
        tls: Arc<ServerConfig>,
        bounds: Bounds,
        to: Arc<impl Admit>,
    ) -> std::io::Result<Self> {
        let address = listener.local_addr()?;
        let (drain, draining) = watch::channel(false);
        let places = Places::new(bounds);
        let door = Door { name, to, acceptor: TlsAcceptor::from(tls), draining };
        let accepting = tokio::spawn(door.accept(listener, places.clone()));
        Ok(Self { name, address, drain, accepting, places })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Stops accepting and waits for the requests that are under way, 10 s at most.
    pub async fn drain(self) {
        let _ = self.drain.send(true);
        let _ = self.accepting.await;
        if tokio::time::timeout(DRAIN_MAX, self.places.all_free()).await.is_err() {
            tracing::warn!(
                listener = self.name,
                "some connections did not end in time; their callers ask again"
            );
        }
    }
}

/// What every connection of a listener shares.
struct Door<A> {
    name: &'static str,
    to: Arc<A>,
    acceptor: TlsAcceptor,
    draining: watch::Receiver<bool>,
}

impl<A> Clone for Door<A> {
    fn clone(&self) -> Self {
        let Self { name, to, acceptor, draining } = self;
        Self { name, to: Arc::clone(to), acceptor: acceptor.clone(), draining: draining.clone() }
    }
}

impl<A: Admit> Door<A> {
    async fn accept(mut self, listener: TcpListener, places: Places) {
        loop {
            let accepted = tokio::select! {
                accepted = listener.accept() => accepted,
                _ = self.draining.changed() => return,
            };
            let (socket, from) = match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    // Out of file descriptors, most likely: a pause lets others end.
                    tracing::warn!(listener = self.name, %error, "a connection could not be accepted");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    continue;
                }
            };
            let place = match places.take(from.ip()) {
                Ok(place) => place,
                Err(refusal) => {
                    self.to.refused(&refusal);
                    continue;
                }
            };
            let door = self.clone();
            tokio::spawn(async move {
                let _place = place;
                if let Err(refusal) = door.serve(socket, from).await {
                    door.to.refused(&refusal);
                }
            });
        }
    }

    async fn serve(&self, socket: TcpStream, from: SocketAddr) -> Result<(), Refusal> {
        let handshake = tokio::time::timeout(HANDSHAKE_MAX, self.acceptor.accept(socket));
        let stream = handshake.await.map_err(|_| Refusal::HandshakeTimeout)?.map_err(Refusal::Handshake)?;
        if let Some((router, _kept)) = self.to.admit(stream.get_ref().1, from) {
            serve_requests(stream, router, self.draining.clone()).await;
        }
        Ok(())
    }
}

async fn serve_requests(stream: TlsStream<TcpStream>, router: Router, mut draining: watch::Receiver<bool>) {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(HEAD_MAX).max_buf_size(HEAD_BYTES_MAX);
    let service = TowerToHyperService::new(router);
    let mut connection = std::pin::pin!(http.serve_connection(TokioIo::new(stream), service));
    tokio::select! {
        // How it ends is the caller's business.
        _ = connection.as_mut() => return,
        _ = draining.wait_for(|drain| *drain) => {}
        () = tokio::time::sleep(AGE_MAX) => {}
    }
    connection.as_mut().graceful_shutdown();
    let _ = tokio::time::timeout(DRAIN_MAX, connection).await;
}

//! The listener: bounded connections, a handshake with a deadline, and the bank behind each certificate.

use std::{collections::HashMap, net::SocketAddr, sync::Arc};

use rustls::ServerConfig;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{Semaphore, watch},
    task::JoinHandle,
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

use crate::{
    Batcher, CardKeys, Clock, Link, LinkLimits, Router, link_minutes, measures, session,
    tls::certificate_names, window,
};

/// Why the gateway could not start.
#[derive(Debug, thiserror::Error)]
pub enum GatewayError {
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {source}. Is another process using the port?")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// The system's reason.
        source: std::io::Error,
    },
}

/// Everything that sessions share.
pub struct Gateway {
    /// The links, by the names in their certificates.
    pub links: Vec<Arc<Link>>,
    /// Bounds.
    pub limits: LinkLimits,
    /// Keys of tokens.
    pub keys: CardKeys,
    /// From tokens to buckets.
    pub router: Router,
    /// The lanes.
    pub batcher: Batcher,
    /// For the quarantine of what cannot be decoded.
    pub pool: store::Pool,
    /// The clock.
    pub clock: Clock,
}

/// A running listener.
pub struct GatewayHandle {
    address: SocketAddr,
    drain: watch::Sender<bool>,
    accepting: JoinHandle<()>,
    open: Arc<Semaphore>,
    permits: u32,
    gateway: Arc<Gateway>,
}

impl GatewayHandle {
    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What sessions share.
    pub fn gateway(&self) -> &Arc<Gateway> {
        &self.gateway
    }

    /// Stops accepting, lets sessions answer what is in flight, and waits for them, but not for ever.
    pub async fn drain(self) {
        let _ = self.drain.send(true);
        let _ = self.accepting.await;
        let wait = self.gateway.limits.drain_max;
        if tokio::time::timeout(wait, self.open.acquire_many(self.permits)).await.is_err() {
            tracing::warn!(
                "some links did not end in time; what they had in flight is stored and answers repeats"
            );
        }
    }
}

impl Gateway {
    /// Listens on `address`.
    pub async fn listen(
        self: Arc<Self>,
        address: SocketAddr,
        tls: Arc<ServerConfig>,
    ) -> Result<GatewayHandle, GatewayError> {
        let listener = Self::bind(address).await?;
        self.listen_on(listener, tls)
    }

    /// Takes the address without accepting yet, so that a taken port is known before anything else is done.
    pub async fn bind(address: SocketAddr) -> Result<TcpListener, GatewayError> {
        TcpListener::bind(address).await.map_err(|source| GatewayError::Listen { address, source })
    }

    /// Accepts on a bound listener.
    pub fn listen_on(
        self: Arc<Self>,
        listener: TcpListener,
        tls: Arc<ServerConfig>,
    ) -> Result<GatewayHandle, GatewayError> {
        let unbound = SocketAddr::from(([0, 0, 0, 0], 0));
        let address =
            listener.local_addr().map_err(|source| GatewayError::Listen { address: unbound, source })?;
        let permits = u32::try_from(self.limits.connections_max).unwrap_or(u32::MAX);
        let open = Arc::new(Semaphore::new(self.limits.connections_max));
        let (drain, draining) = watch::channel(false);
        let acceptor = TlsAcceptor::from(tls);
        let place = |link: &Arc<Link>| {
            (link.code.clone(), Arc::new(Semaphore::new(self.limits.link_connections_max)))
        };
        let places: Places = Arc::new(self.links.iter().map(place).collect());
        tokio::spawn(window::follow(Arc::clone(&self), draining.clone()));
        tokio::spawn(link_minutes::keep(Arc::clone(&self), draining.clone()));
        let accepting =
            tokio::spawn(accept(Arc::clone(&self), listener, acceptor, Arc::clone(&open), places, draining));
        Ok(GatewayHandle { address, drain, accepting, open, permits, gateway: self })
    }

    /// The link of a connection: exactly one whose names hold a name of the client's certificate.
    fn link_of(&self, stream: &TlsStream<TcpStream>) -> Option<Arc<Link>> {
        let (_, connection) = stream.get_ref();
        let certificate = connection.peer_certificates()?.first()?;
        let names = certificate_names(certificate);
        let mut links =
            self.links.iter().filter(|link| names.iter().any(|name| link.certificate_names.contains(name)));
        let link = links.next()?;
        links.next().is_none().then(|| Arc::clone(link))
    }
}

/// Places of each link, by its code.
type Places = Arc<HashMap<String, Arc<Semaphore>>>;

async fn accept(
    gateway: Arc<Gateway>,
    listener: TcpListener,
    acceptor: TlsAcceptor,
    open: Arc<Semaphore>,
    places: Places,
    mut draining: watch::Receiver<bool>,
) {
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = draining.changed() => return,
        };
        let socket = match accepted {
            Ok((socket, _)) => socket,
            Err(error) => {
                // Out of file descriptors, most likely: a pause lets sessions end.
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(std::time::Duration::from_millis(50)).await;
                continue;
            }
        };
        let Ok(permit) = Arc::clone(&open).try_acquire_owned() else {
            measures::reject("-", "connections_max");
            tracing::warn!("a connection was refused: connections_max is reached");
            continue;
        };
        let (gateway, acceptor) = (Arc::clone(&gateway), acceptor.clone());
        let (places, draining) = (Arc::clone(&places), draining.clone());
        tokio::spawn(async move {
            let _permit = permit;
            connect(gateway, socket, acceptor, &places, draining).await;
        });
    }
}

async fn connect(
    gateway: Arc<Gateway>,
    socket: TcpStream,
    acceptor: TlsAcceptor,
    places: &HashMap<String, Arc<Semaphore>>,
    draining: watch::Receiver<bool>,
) {
    let peer = socket.peer_addr().map_or_else(|_| "unknown".to_owned(), |address| address.to_string());
    // Small replies must not wait for more data.
    let _ = socket.set_nodelay(true);
    let stream = match tokio::time::timeout(gateway.limits.handshake_max, acceptor.accept(socket)).await {
        Ok(Ok(stream)) => stream,
        Ok(Err(error)) => {
            measures::reject("-", "tls_handshake");
            tracing::warn!(peer, %error, "TLS handshake refused: the peer must show a valid certificate of its bank");
            return;
        }
        Err(_) => {
            measures::reject("-", "tls_handshake_timeout");
            tracing::warn!(peer, "TLS handshake took too long");
            return;
        }
    };
    let Some(link) = gateway.link_of(&stream) else {
        measures::reject("-", "certificate_of_no_link");
        tracing::warn!(
            peer,
            "the certificate is valid but its names belong to no link; add one to certificate_names"
        );
        return;
    };
    let Some(_place) = places.get(&link.code).and_then(|places| places.try_acquire().ok()) else {
        measures::reject(&link.code, "link_connections_max");
        tracing::warn!(
            peer,
            link = link.code,
            "refused: this bank has as many connections as one link may have"
        );
        return;
    };
    tracing::info!(peer, link = link.code, "link connected");
    let code = link.code.clone();
    measures::connected(&code);
    let ended = session::run(gateway, link, stream, draining).await;
    measures::disconnected(&code);
    tracing::info!(peer, link = code, reason = ended, "link ended");
}

//! The listener for partners: bounded connections, TLS, HTTP/1.1.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use rustls::ServerConfig;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{Semaphore, watch},
    task::JoinHandle,
};
use tokio_rustls::TlsAcceptor;

use super::{PartnerApi, routes};

/// Connections at once.
const CONNECTIONS_MAX: usize = 64;
/// A TLS handshake.
const HANDSHAKE_MAX: Duration = Duration::from_secs(5);
/// The head of a request, from the end of the one before.
const HEAD_MAX: Duration = Duration::from_secs(30);
/// The head of a request in bytes, all headers together.
const HEAD_BYTES_MAX: usize = 16 * 1024;
/// A connection ends by then, after the request that it is in; also the longest a file may take.
const AGE_MAX: Duration = Duration::from_secs(600);
/// What is under way when the listener stops is waited for, but not for ever.
const DRAIN_MAX: Duration = Duration::from_secs(10);

/// A running listener.
pub struct PartnerListener {
    address: SocketAddr,
    drain: watch::Sender<bool>,
    accepting: JoinHandle<()>,
    open: Arc<Semaphore>,
}

impl PartnerListener {
    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Stops accepting and waits for the requests that are under way.
    pub async fn drain(self) {
        let _ = self.drain.send(true);
        let _ = self.accepting.await;
        let all = u32::try_from(CONNECTIONS_MAX).unwrap_or(u32::MAX);
        if tokio::time::timeout(DRAIN_MAX, self.open.acquire_many(all)).await.is_err() {
            tracing::warn!(
                "some partners' connections did not end in time; what they fetched they fetch again"
            );
        }
    }
}

impl PartnerApi {
    /// Accepts on a bound listener.
    pub fn listen_on(
        self: Arc<Self>,
        listener: TcpListener,
        tls: Arc<ServerConfig>,
    ) -> std::io::Result<PartnerListener> {
        let address = listener.local_addr()?;
        let (drain, draining) = watch::channel(false);
        let open = Arc::new(Semaphore::new(CONNECTIONS_MAX));
        let (router, acceptor) = (routes::router(&self), TlsAcceptor::from(tls));
        let accepting = tokio::spawn(accept(router, listener, acceptor, Arc::clone(&open), draining));
        Ok(PartnerListener { address, drain, accepting, open })
    }
}

async fn accept(
    router: Router,
    listener: TcpListener,
    acceptor: TlsAcceptor,
    open: Arc<Semaphore>,
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
                // Out of file descriptors, most likely: a pause lets others end.
                tracing::warn!(%error, "a partner's connection could not be accepted");
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        let Ok(place) = Arc::clone(&open).try_acquire_owned() else {
            metrics::counter!("cobrand_partner_api_refused_total", "reason" => "connections_max")
                .increment(1);
            continue;
        };
        let (router, acceptor, draining) = (router.clone(), acceptor.clone(), draining.clone());
        tokio::spawn(async move {
            let _place = place;
            serve(socket, acceptor, router, draining).await;
        });
    }
}

async fn serve(
    socket: TcpStream,
    acceptor: TlsAcceptor,
    router: Router,
    mut draining: watch::Receiver<bool>,
) {
    let stream = match tokio::time::timeout(HANDSHAKE_MAX, acceptor.accept(socket)).await {
        Ok(Ok(stream)) => stream,
        Ok(Err(_)) | Err(_) => {
            metrics::counter!("cobrand_partner_api_refused_total", "reason" => "tls_handshake").increment(1);
            return;
        }
    };
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(HEAD_MAX).max_buf_size(HEAD_BYTES_MAX);
    let service = TowerToHyperService::new(router);
    let mut connection = std::pin::pin!(http.serve_connection(TokioIo::new(stream), service));
    tokio::select! {
        // How it ends is the partner's business.
        _ = connection.as_mut() => return,
        _ = draining.wait_for(|drain| *drain) => {}
        () = tokio::time::sleep(AGE_MAX) => {}
    }
    connection.as_mut().graceful_shutdown();
    let _ = tokio::time::timeout(DRAIN_MAX, connection).await;
}

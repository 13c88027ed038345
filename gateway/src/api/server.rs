//! The listener of the API: bounded connections, mutual TLS, HTTP/1.1.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use axum::{Extension, Router};
use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use rustls::ServerConfig;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore, watch},
    task::JoinHandle,
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

use super::{Api, ApiClient, routes};
use crate::{measures, tls::certificate_names};

/// Connections at once: a bank's back office keeps a few.
const CONNECTIONS_MAX: usize = 64;
/// A TLS handshake.
const HANDSHAKE_MAX: Duration = Duration::from_secs(5);
/// The head of a request, from the end of the one before.
const HEAD_MAX: Duration = Duration::from_secs(30);
/// The head of a request in bytes, all headers together.
const HEAD_BYTES_MAX: usize = 16 * 1024;
/// A connection ends by then, after the request that it is in.
const AGE_MAX: Duration = Duration::from_secs(600);
/// What is under way when the listener stops is waited for, but not for ever.
const DRAIN_MAX: Duration = Duration::from_secs(10);

/// A running listener.
pub struct ApiHandle {
    address: SocketAddr,
    drain: watch::Sender<bool>,
    accepting: JoinHandle<()>,
    open: Arc<Semaphore>,
}

impl ApiHandle {
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
                "some connections of the API did not end in time; their changes are made or repeated"
            );
        }
    }
}

impl Api {
    /// Accepts on a bound listener.
    pub fn listen_on(
        self: Arc<Self>,
        listener: TcpListener,
        tls: Arc<ServerConfig>,
    ) -> std::io::Result<ApiHandle> {
        let address = listener.local_addr()?;
        let (drain, draining) = watch::channel(false);
        let open = Arc::new(Semaphore::new(CONNECTIONS_MAX));
        let acceptor = TlsAcceptor::from(tls);
        let accepting = tokio::spawn(accept(self, listener, acceptor, Arc::clone(&open), draining));
        Ok(ApiHandle { address, drain, accepting, open })
    }
}

async fn accept(
    api: Arc<Api>,
    listener: TcpListener,
    acceptor: TlsAcceptor,
    open: Arc<Semaphore>,
    mut draining: watch::Receiver<bool>,
) {
    let router = routes::router(&api);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = draining.changed() => return,
        };
        let socket = match accepted {
            Ok((socket, _)) => socket,
            Err(error) => {
                // Out of file descriptors, most likely: a pause lets others end.
                tracing::warn!(%error, "a connection of the API could not be accepted");
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        let Ok(place) = Arc::clone(&open).try_acquire_owned() else {
            measures::reject("-", "api_connections_max");
            continue;
        };
        let (api, acceptor, router) = (Arc::clone(&api), acceptor.clone(), router.clone());
        let draining = draining.clone();
        tokio::spawn(async move {
            let _place = place;
            if let Some((stream, client, _own_place)) = handshake(&api, socket, &acceptor).await {
                serve(stream, router, client, draining).await;
            }
        });
    }
}

async fn handshake(
    api: &Api,
    socket: TcpStream,
    acceptor: &TlsAcceptor,
) -> Option<(TlsStream<TcpStream>, Arc<ApiClient>, OwnedSemaphorePermit)> {
    let stream = match tokio::time::timeout(HANDSHAKE_MAX, acceptor.accept(socket)).await {
        Ok(Ok(stream)) => stream,
        Ok(Err(error)) => {
            measures::reject("-", "api_tls_handshake");
            tracing::warn!(%error, "API: TLS handshake refused: the client must show a valid certificate");
            return None;
        }
        Err(_) => {
            measures::reject("-", "api_tls_handshake_timeout");
            return None;
        }
    };
    let certificate = stream.get_ref().1.peer_certificates()?.first()?;
    let Some((client, places)) = api.client_of(&certificate_names(certificate)) else {
        measures::reject("-", "certificate_of_no_client");
        tracing::warn!("API: the certificate is valid but its names belong to no [[api.client]]");
        return None;
    };
    let Ok(place) = places.try_acquire_owned() else {
        measures::reject(&client.link.code, "api_client_connections_max");
        tracing::warn!(client = client.link.code, "API: the client has too many connections open");
        return None;
    };
    Some((stream, client, place))
}

async fn serve(
    stream: TlsStream<TcpStream>,
    router: Router,
    client: Arc<ApiClient>,
    mut draining: watch::Receiver<bool>,
) {
    let service = TowerToHyperService::new(router.layer(Extension(client)));
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(HEAD_MAX).max_buf_size(HEAD_BYTES_MAX);
    let mut connection = std::pin::pin!(http.serve_connection(TokioIo::new(stream), service));
    tokio::select! {
        // How it ends is the client's business.
        _ = connection.as_mut() => return,
        _ = draining.wait_for(|drain| *drain) => {}
        () = tokio::time::sleep(AGE_MAX) => {}
    }
    connection.as_mut().graceful_shutdown();
    let _ = tokio::time::timeout(DRAIN_MAX, connection).await;
}

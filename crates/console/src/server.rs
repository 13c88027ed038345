//! The console's listeners: plain on loopback, TLS elsewhere.

use std::{net::SocketAddr, sync::Arc};

use axum::{Extension, Router, extract::ConnectInfo};
use https_listener::{Admit, HttpsListener, Refusal};
use rustls::{ServerConfig, ServerConnection};
use tokio::net::TcpListener;

use crate::{AccessRules, ConsoleState, app::router};

/// Serves the console on `listener` until `shutdown` resolves; requests that run are answered first.
pub async fn serve(
    listener: TcpListener,
    state: ConsoleState,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    let service = router(state).into_make_service_with_connect_info::<SocketAddr>();
    axum::serve(listener, service).with_graceful_shutdown(shutdown).await
}

/// The same over TLS: cookies are then for TLS only.
pub async fn serve_tls(
    listener: TcpListener,
    tls: Arc<ServerConfig>,
    state: ConsoleState,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    let access = AccessRules { secure: true, ..state.access.clone() };
    let all = Arc::new(Anybody { router: router(ConsoleState { access, ..state }) });
    let listening = HttpsListener::start("the console", listener, tls, all)?;
    shutdown.await;
    listening.drain().await;
    Ok(())
}

/// Who it is, pages and API ask.
struct Anybody {
    router: Router,
}

impl Admit for Anybody {
    type Kept = ();

    fn admit(&self, _: &ServerConnection, from: SocketAddr) -> Option<(Router, ())> {
        Some((self.router.clone().layer(Extension(ConnectInfo(from))), ()))
    }

    fn refused(&self, refusal: &Refusal) {
        let reason = match refusal {
            Refusal::ConnectionsMax => "connections_max",
            _ => "tls_handshake",
        };
        metrics::counter!("cobrand_console_refused_total", "reason" => reason).increment(1);
    }
}

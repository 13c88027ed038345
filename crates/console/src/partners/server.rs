//! The listener for partners: TLS; who calls is told by the token of each request.

use std::{net::SocketAddr, sync::Arc};

use axum::Router;
use https_listener::{Admit, Bounds, HttpsListener, Refusal};
use rustls::{ServerConfig, ServerConnection};
use tokio::net::TcpListener;

use super::{PartnerApi, routes};

/// A running listener.
pub type PartnerListener = HttpsListener;

impl PartnerApi {
    /// Accepts on a bound listener.
    pub fn listen_on(
        self: Arc<Self>,
        listener: TcpListener,
        tls: Arc<ServerConfig>,
    ) -> std::io::Result<PartnerListener> {
        let all = Arc::new(Anybody { router: routes::router(&self) });
        HttpsListener::start("the API for partners", listener, tls, Bounds::OF_PROGRAMS, all)
    }
}

struct Anybody {
    router: Router,
}

impl Admit for Anybody {
    type Kept = ();

    fn admit(&self, _: &ServerConnection, _: SocketAddr) -> Option<(Router, ())> {
        Some((self.router.clone(), ()))
    }

    fn refused(&self, refusal: &Refusal) {
        let reason = match refusal {
            Refusal::ConnectionsMax => "connections_max",
            _ => "tls_handshake",
        };
        metrics::counter!("cobrand_partner_api_refused_total", "reason" => reason).increment(1);
    }
}

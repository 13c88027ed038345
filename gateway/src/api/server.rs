//! The listener of the API: mutual TLS, each client with its own places.

use std::{net::SocketAddr, sync::Arc};

use axum::{Extension, Router};
use https_listener::{Admit, Bounds, HttpsListener, Refusal};
use rustls::{ServerConfig, ServerConnection};
use tokio::{net::TcpListener, sync::OwnedSemaphorePermit};

use super::{Api, routes};
use crate::{measures, tls::certificate_names};

/// A running listener.
pub type ApiHandle = HttpsListener;

impl Api {
    /// Accepts on a bound listener.
    pub fn listen_on(
        self: Arc<Self>,
        listener: TcpListener,
        tls: Arc<ServerConfig>,
    ) -> std::io::Result<ApiHandle> {
        let router = routes::router(&self);
        let all = Arc::new(Clients { api: self, router });
        HttpsListener::start("the API for banks", listener, tls, Bounds::OF_PROGRAMS, all)
    }
}

struct Clients {
    api: Arc<Api>,
    router: Router,
}

impl Admit for Clients {
    type Kept = OwnedSemaphorePermit;

    fn admit(&self, connection: &ServerConnection, _: SocketAddr) -> Option<(Router, Self::Kept)> {
        let certificate = connection.peer_certificates()?.first()?;
        let Some((client, places)) = self.api.client_of(&certificate_names(certificate)) else {
            measures::reject("-", "certificate_of_no_client");
            tracing::warn!("API: the certificate is valid but its names belong to no [[api.client]]");
            return None;
        };
        let Ok(place) = places.try_acquire_owned() else {
            measures::reject(&client.link.code, "api_client_connections_max");
            tracing::warn!(client = client.link.code, "API: the client has too many connections open");
            return None;
        };
        Some((self.router.clone().layer(Extension(client)), place))
    }

    fn refused(&self, refusal: &Refusal) {
        let reason = match refusal {
            Refusal::ConnectionsMax => "api_connections_max",
            Refusal::Handshake(error) => {
                tracing::warn!(%error, "API: TLS handshake refused: the client must show a valid certificate");
                "api_tls_handshake"
            }
            _ => "api_tls_handshake_timeout",
        };
        measures::reject("-", reason);
    }
}

//! Metrics and health over HTTP, on loopback unless configured otherwise.

use std::{sync::Arc, time::Duration};

use axum::{Router, extract::State, http::StatusCode, response::IntoResponse, routing::get};
use gateway::Gateway;
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::net::TcpListener;

/// A probe waits so long for the lanes.
const READY_WAIT_MAX: Duration = Duration::from_secs(1);

#[derive(Clone)]
struct AdminState {
    metrics: PrometheusHandle,
    gateway: Option<Arc<Gateway>>,
}

/// Serves `/metrics`, `/livez` and `/readyz` until `shutdown` resolves.
pub async fn serve(
    listener: TcpListener,
    metrics: PrometheusHandle,
    gateway: Option<Arc<Gateway>>,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    let router = Router::new()
        .route("/metrics", get(render))
        .route("/livez", get(|| async { "alive\n" }))
        .route("/readyz", get(ready))
        .with_state(AdminState { metrics, gateway });
    axum::serve(listener, router).with_graceful_shutdown(shutdown).await
}

async fn render(State(state): State<AdminState>) -> impl IntoResponse {
    ([("content-type", "text/plain; version=0.0.4")], state.metrics.render())
}

/// Ready means: every lane could commit just now.
async fn ready(State(state): State<AdminState>) -> impl IntoResponse {
    match &state.gateway {
        Some(gateway) if gateway.batcher.could_commit(READY_WAIT_MAX).await => {
            (StatusCode::OK, "ready to commit\n")
        }
        Some(_) => (StatusCode::SERVICE_UNAVAILABLE, "not ready: PostgreSQL does not commit\n"),
        None => (StatusCode::OK, "ready; this role commits no messages\n"),
    }
}

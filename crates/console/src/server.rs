//! The console's listeners: plain on loopback, TLS elsewhere.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use axum::{Extension, Router, extract::ConnectInfo};
use https_listener::{Admit, HttpsListener, Refusal};
use jiff::{SignedDuration, Timestamp};
use rustls::{ServerConfig, ServerConnection};
use store::Pool;
use tokio::net::TcpListener;

use crate::{AccessRules, ConsoleState, app::router, verify_ahead};

/// How often entries of the audit are chained: so long one waits for its seal.
const SEAL_EVERY: Duration = Duration::from_secs(5);

/// So long the answer to a change is kept under its key: docs/operations/staff-api.md says so.
const ANSWERS_KEPT: SignedDuration = SignedDuration::from_hours(30 * 24);
/// How often it is looked for files that were published and are not verified yet; what is known costs a look at its size.
const VERIFY_EVERY: Duration = Duration::from_secs(60);
/// How often those whose time is over are removed, and how many at once.
const FORGET_EVERY: Duration = Duration::from_secs(60);
const FORGOTTEN_AT_ONCE: u32 = 1_000;

/// Serves the console on `listener` until `shutdown` resolves; requests that run are answered first.
pub async fn serve(
    listener: TcpListener,
    state: ConsoleState,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    let (pool, files) = (state.pool.clone(), state.clone());
    let service = router(state).into_make_service_with_connect_info::<SocketAddr>();
    let serving = axum::serve(listener, service).with_graceful_shutdown(shutdown);
    tokio::select! {
        served = serving => served,
        () = seal_audit(&pool) => Ok(()),
        () = forget_answers(&pool) => Ok(()),
        () = verify_files(&files) => Ok(()),
    }
}

/// Chains what people did as long as the console runs; several consoles take turns.
async fn seal_audit(pool: &Pool) {
    let mut every = tokio::time::interval(SEAL_EVERY);
    every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        every.tick().await;
        if let Err(error) = store::audit::seal(pool).await {
            tracing::warn!(%error, "the audit was not sealed; it is tried again");
        }
    }
}

/// Removes kept answers of the API whose time is over, as long as the console runs: what a busy minute leaves, later ones
/// take. They were stamped by the machine's clock, whatever date the business lives on.
async fn forget_answers(pool: &Pool) {
    let mut every = tokio::time::interval(FORGET_EVERY);
    every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        every.tick().await;
        match store::forget_staff_answers(pool, Timestamp::now() - ANSWERS_KEPT, FORGOTTEN_AT_ONCE).await {
            Ok(0) => {}
            Ok(count) => tracing::debug!(count, "kept answers of the API were removed"),
            Err(error) => {
                tracing::warn!(%error, "kept answers of the API were not removed; it is tried again")
            }
        }
    }
}

/// Verifies published files before anybody asks for them, as long as the console runs.
async fn verify_files(console: &ConsoleState) {
    let mut every = tokio::time::interval(VERIFY_EVERY);
    every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        every.tick().await;
        if let Err(error) = verify_ahead(console).await {
            tracing::warn!(%error, "published files were not verified ahead; pages do it as they are asked for");
        }
    }
}

/// The same over TLS: cookies are then for TLS only.
pub async fn serve_tls(
    listener: TcpListener,
    tls: Arc<ServerConfig>,
    state: ConsoleState,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    let access = AccessRules { secure: true, ..state.access.clone() };
    let (pool, files) = (state.pool.clone(), state.clone());
    let all = Arc::new(Anybody { router: router(ConsoleState { access, ..state }) });
    let listening = HttpsListener::start("the console", listener, tls, BOUNDS, all)?;
    tokio::select! {
        () = shutdown => {}
        () = seal_audit(&pool) => {}
        () = forget_answers(&pool) => {}
        () = verify_files(&files) => {}
    }
    listening.drain().await;
    Ok(())
}

/// Connections at once. A browser keeps up to six, so one network has room for an office of some twenty people who click at
/// once, and four networks are needed to leave none for others; all together stay well below the 1,024 files that a process
/// may usually open.
const BOUNDS: https_listener::Bounds = https_listener::Bounds { connections: 512, of_network: 128 };

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
            Refusal::NetworkMax => "network_max",
            _ => "tls_handshake",
        };
        metrics::counter!("cobrand_console_refused_total", "reason" => reason).increment(1);
    }
}

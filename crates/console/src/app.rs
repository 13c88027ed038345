//! The routes, what every response carries, and the server.

use std::sync::Arc;

use axum::{
    Router,
    extract::{DefaultBodyLimit, Request},
    http::{HeaderValue, Method, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use tokio::net::TcpListener;

use crate::{
    ConsoleState,
    access::{lockout::Lockout, password::Passwords, sessions::Sessions},
    api,
    approval::{BACKTEST_BYTES_MAX, PROGRAM_BYTES_MAX},
    pages::{self, PageError},
};

/// The longest body of a form.
const BODY_BYTES_MAX: usize = 16 * 1024;

/// The longest form with a program and a back-test; in a form a byte may take three.
const PROPOSAL_BYTES_MAX: usize = 3 * (PROGRAM_BYTES_MAX + BACKTEST_BYTES_MAX) + BODY_BYTES_MAX;

/// Frames, scripts in a page and anything from elsewhere are refused by the browser itself.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; form-action 'self'; \
                      frame-ancestors 'none'; base-uri 'none'";

/// What the handlers share.
pub(crate) struct App {
    pub(crate) console: ConsoleState,
    pub(crate) sessions: Sessions,
    pub(crate) lockout: Lockout,
    pub(crate) passwords: Passwords,
}

/// The console as a router. Sessions live in it: two routers do not know each other's.
pub fn router(state: ConsoleState) -> Router {
    let demo = state.demo_sign_in.is_some();
    let app = Arc::new(App {
        console: state,
        sessions: Sessions::default(),
        lockout: Lockout::default(),
        passwords: Passwords::new(),
    });
    let propose = get(pages::propose::show).post(pages::propose::submit);
    let propose = propose.layer(DefaultBodyLimit::max(PROPOSAL_BYTES_MAX));
    let mut routes = Router::new()
        .route("/", get(pages::today::show))
        .route("/days", get(pages::days::show))
        .route("/day/{program}/{date}", get(pages::day::show))
        .route("/day/{program}/{date}/transactions", get(pages::transactions::show))
        .route("/t/{bucket}/{key}", get(pages::transaction::show))
        .route("/find", get(pages::find::show))
        .route("/programs", get(pages::programs::list))
        .route("/programs/{program}", get(pages::programs::show))
        .route("/programs/{program}/versions", get(pages::programs::compare))
        .route("/programs/{program}/propose", propose)
        .route("/proposals/{id}", get(pages::proposal::show))
        .route("/proposals/{id}/{what}", post(pages::proposal::submit))
        .route("/refunds", get(pages::refunds::list))
        .route("/refunds/{bucket}/{key}", get(pages::refunds::show).post(pages::refunds::submit))
        .route("/answers", get(pages::answers::show))
        .route("/api/v1/transactions/{reference}/explanation", get(api::explanation))
        .route("/language", post(pages::language::submit))
        .route("/sign-in", get(pages::sign_in::show).post(pages::sign_in::submit))
        .route("/sign-out", post(pages::sign_in::sign_out))
        .route("/style.css", get(pages::style))
        .route("/keys.js", get(pages::keys))
        .route("/icon.svg", get(pages::icon));
    if demo {
        routes = routes.route("/demo-sign-in", get(pages::sign_in::demo));
    }
    routes
        .fallback(|| async { PageError::NotFound })
        .method_not_allowed_fallback(|| async { PageError::WrongMethod })
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .layer(middleware::from_fn(guard))
        .with_state(app)
}

/// Serves the console on `listener` until `shutdown` resolves; requests that run are answered first.
pub async fn serve(
    listener: TcpListener,
    state: ConsoleState,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    axum::serve(listener, router(state)).with_graceful_shutdown(shutdown).await
}

/// Refuses forms that another site sends, and puts the security headers on every response.
async fn guard(request: Request, next: Next) -> Response {
    let changes = !matches!(*request.method(), Method::GET | Method::HEAD);
    let mut response = if changes && is_from_elsewhere(&request) {
        PageError::Forbidden.into_response()
    } else {
        next.run(request).await
    };
    let class = match response.status() {
        status if status.is_server_error() => "5xx",
        status if status.is_client_error() => "4xx",
        status if status.is_redirection() => "3xx",
        _ => "2xx",
    };
    metrics::counter!("cobrand_console_responses_total", "status" => class).increment(1);
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-store"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

/// Whether the browser says that the request comes from a page of another origin.
fn is_from_elsewhere(request: &Request) -> bool {
    let site = request.headers().get("sec-fetch-site").map(HeaderValue::as_bytes);
    !matches!(site, None | Some(b"same-origin" | b"none"))
}

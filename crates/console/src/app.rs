//! The router, what every response carries, and the server.

use std::sync::Arc;

use axum::{
    Router,
    extract::{DefaultBodyLimit, Request, State},
    http::{HeaderMap, HeaderValue, Method, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
};

use program_files::Language;

use crate::{
    ConsoleState,
    access::{
        guard::{Door, enter},
        password::Passwords,
        sessions::Sessions,
        signed_in::session_id,
    },
    approval::{BACKTEST_BYTES_MAX, PROGRAM_BYTES_MAX},
    pages::{PageError, accepted},
    routes::{Needs, ROUTES, Route},
    staff_api::{self, StaffApi, StaffApiLimits},
};

/// The longest body of a form.
pub(crate) const BODY_BYTES_MAX: usize = 16 * 1024;

/// The longest form with a program and a back-test; in a form a byte may take three.
pub(crate) const PROPOSAL_BYTES_MAX: usize = 3 * (PROGRAM_BYTES_MAX + BACKTEST_BYTES_MAX) + BODY_BYTES_MAX;

/// Frames, scripts in a page and anything from elsewhere are refused by the browser itself.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; form-action 'self'; \
                      frame-ancestors 'none'; base-uri 'none'";

/// What the handlers share.
pub(crate) struct App {
    pub(crate) console: ConsoleState,
    pub(crate) sessions: Sessions,
    pub(crate) passwords: Passwords,
    pub(crate) staff_api: StaffApi,
}

/// The console as a router. Sessions live in it: two routers do not know each other's.
pub fn router(state: ConsoleState) -> Router {
    router_limited(state, StaffApiLimits::default())
}

/// The same, with other limits of the API for staff.
pub fn router_limited(state: ConsoleState, limits: StaffApiLimits) -> Router {
    let demo = state.demo_sign_in.is_some();
    let app = Arc::new(App {
        console: state,
        sessions: Sessions::default(),
        passwords: Passwords::new(),
        staff_api: StaffApi::new(limits),
    });
    let mut routes = Router::new();
    for Route { info, handler, body_max } in ROUTES {
        if info.needs == Needs::Demo && !demo {
            continue;
        }
        let door = Door { app: Arc::clone(&app), route: *info };
        let handler = handler().layer(DefaultBodyLimit::max(*body_max));
        routes = routes.route(info.path, handler.route_layer(middleware::from_fn_with_state(door, enter)));
    }
    routes
        .merge(staff_api::router())
        .fallback(|| async { PageError::NotFound })
        .method_not_allowed_fallback(|| async { PageError::WrongMethod })
        .layer(middleware::from_fn_with_state(Arc::clone(&app), guard))
        .with_state(app)
}

/// The language of whoever asks: that of his session, else of his browser.
fn language_of(app: &App, headers: &HeaderMap) -> Language {
    let id = session_id(headers, app.console.access.secure);
    let of_session = id.and_then(|id| app.sessions.language(id, std::time::Instant::now()));
    of_session.unwrap_or_else(|| accepted(headers))
}

/// Refuses forms that another site sends, and puts the security headers on every response.
async fn guard(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let language = language_of(&app, request.headers());
    // The API takes no changes from browsers: it asks for a token.
    let is_page = !request.uri().path().starts_with("/api/");
    let changes = is_page && !matches!(*request.method(), Method::GET | Method::HEAD);
    let mut response = if changes && is_from_elsewhere(&request) {
        PageError::Forbidden.into_response()
    } else {
        next.run(request).await
    };
    if let (Some(error), Language::Russian) = (response.extensions().get::<PageError>(), language) {
        response = error.page(language);
    }
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

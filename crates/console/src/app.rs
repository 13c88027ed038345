//! The router, what every response carries, and the server.

use std::{sync::Arc, time::Duration};

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

/// Browsers that have been here by TLS come by nothing else for a year.
const TLS_ONLY: &str = "max-age=31536000";

/// What is no page and the same for everybody.
const STATIC: [&str; 3] = ["/style.css", "/keys.js", "/icon.svg"];
/// Each page asks for them; they are kept for ten minutes, so that one page is one request, and a new version is soon there.
const STATIC_KEPT: &str = "private, max-age=600";

/// A form of the usual size has arrived by then: people send it at once.
const FORM_WITHIN: Duration = Duration::from_secs(10);
/// A longer one has as much more as a line of this many bytes a second takes.
const SLOW_LINE: u64 = 32 * 1024;

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
    let (demo, secure) = (state.demo_sign_in.is_some(), state.access.secure);
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
        let (door, within) = (middleware::from_fn_with_state(door, enter), form_within(*body_max));
        let in_time = middleware::map_request(move |request: Request| {
            std::future::ready(request.map(|body| arriving_within(body, within)))
        });
        routes = routes.route(info.path, handler.route_layer(door).route_layer(in_time));
    }
    routes
        .merge(staff_api::router())
        .fallback(|| async { PageError::NotFound })
        .method_not_allowed_fallback(|| async { PageError::WrongMethod })
        .layer(middleware::from_fn_with_state(Arc::clone(&app), guard))
        .with_state(app)
        .layer(middleware::from_fn_with_state(secure, remembered))
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

/// Says what the browser may remember: the files that each page asks for, and over TLS that there is TLS.
async fn remembered(
    axum::extract::State(secure): axum::extract::State<bool>,
    request: Request,
    next: Next,
) -> Response {
    let is_static = STATIC.contains(&request.uri().path());
    let mut response = next.run(request).await;
    if is_static {
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static(STATIC_KEPT));
    }
    if secure {
        let value = HeaderValue::from_static(TLS_ONLY);
        response.headers_mut().insert(header::STRICT_TRANSPORT_SECURITY, value);
    }
    response
}

/// How long a form of so many bytes at most may take to arrive.
fn form_within(bytes_max: usize) -> Duration {
    let bytes = u64::try_from(bytes_max).unwrap_or(u64::MAX);
    FORM_WITHIN.saturating_add(Duration::from_secs(bytes / SLOW_LINE))
}

/// The body, which breaks off if it has not arrived in time: whoever begins a form and sends nothing keeps no connection.
fn arriving_within(body: axum::body::Body, within: Duration) -> axum::body::Body {
    use futures_util::{TryStreamExt, stream::try_unfold};

    let until = tokio::time::Instant::now() + within;
    axum::body::Body::from_stream(try_unfold(body.into_data_stream(), move |mut chunks| async move {
        let next = tokio::time::timeout_at(until, chunks.try_next()).await;
        let next = next.map_err(axum::Error::new)??;
        Ok::<_, axum::Error>(next.map(|chunk| (chunk, chunks)))
    }))
}

#[cfg(test)]
mod tests {
    use axum::body::{Body, Bytes, to_bytes};
    use futures_util::stream;

    use super::*;

    #[tokio::test]
    async fn a_form_that_does_not_arrive_breaks_off_and_is_never_taken_for_a_short_one() {
        let chunk = |text: &'static str| Ok::<_, axum::Error>(Bytes::from_static(text.as_bytes()));
        let whole = Body::from_stream(stream::iter([chunk("a=1&"), chunk("b=2")]));
        let whole = to_bytes(arriving_within(whole, FORM_WITHIN), 100).await.unwrap();
        assert_eq!(whole, "a=1&b=2");
        let begun = stream::iter([chunk("a=1&")]);
        let begun = Body::from_stream(stream::StreamExt::chain(begun, stream::pending()));
        let late = to_bytes(arriving_within(begun, Duration::from_millis(10)), 100).await;
        assert!(late.is_err(), "{late:?}");
        assert_eq!(form_within(BODY_BYTES_MAX), FORM_WITHIN);
        assert_eq!(form_within(5 * 1024 * 1024), Duration::from_secs(170));
    }
}

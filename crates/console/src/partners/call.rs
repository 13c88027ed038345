//! What every request goes through: bounds, its partner, a deadline.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{
    extract::{MatchedPath, Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use serde::Serialize;

use super::{Caller, PartnerApi, problem::Problem};

/// The waiter's deadline. What was begun is never broken off.
const ANSWER_MAX: Duration = Duration::from_secs(20);

/// The bounds around all operations. Nothing is done for who has no token.
pub(super) async fn bounded(
    State(api): State<Arc<PartnerApi>>,
    mut request: Request,
    next: Next,
) -> Response {
    // As it stands in the list of operations, never as it was sent: labels have few values.
    let operation = request.extensions().get::<MatchedPath>().map_or("-", MatchedPath::as_str).to_owned();
    let mut code = "-".to_owned();
    let answered = match admitted(&api, request.headers()).await {
        Err(problem) => Err(problem),
        Ok(caller) => {
            caller.partner.code.clone_into(&mut code);
            request.extensions_mut().insert(Arc::clone(&caller));
            match (caller.present.try_acquire(), api.present.try_acquire()) {
                (Err(_), _) | (_, Err(_)) => Err(Problem::busy()),
                (Ok(_own), Ok(_present)) => tokio::time::timeout(ANSWER_MAX, next.run(request))
                    .await
                    .map_err(|_| Problem::unavailable()),
            }
        }
    };
    let mut response = answered.unwrap_or_else(IntoResponse::into_response);
    let status = response.status().as_u16().to_string();
    let labels = [("partner", code.clone()), ("operation", operation.clone()), ("status", status.clone())];
    metrics::counter!("cobrand_partner_api_answers_total", &labels).increment(1);
    tracing::info!(partner = code, operation, status, "partner API");
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

async fn admitted(api: &PartnerApi, headers: &HeaderMap) -> Result<Arc<Caller>, Problem> {
    let text = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let token = text.strip_prefix("Bearer ").map(str::trim).ok_or_else(Problem::no_partner_token)?;
    let caller = api.caller(token).ok_or_else(Problem::no_partner_token)?;
    caller.count(Instant::now()).map_err(Problem::too_often)?;
    Ok(caller)
}

/// In a task of its own and in its turn: whoever waits may go, what was begun goes on.
pub(super) async fn in_turn<T: Send + 'static>(
    api: &PartnerApi,
    caller: &Caller,
    work: impl Future<Output = Result<T, Problem>> + Send + 'static,
) -> Result<T, Problem> {
    // Its own turn first: whoever waits for that takes no turn from others.
    let own = Arc::clone(&caller.running).acquire_owned().await.map_err(|_| Problem::busy())?;
    let running = Arc::clone(&api.running).acquire_owned().await.map_err(|_| Problem::busy())?;
    let task = tokio::spawn(async move {
        let _running = (own, running);
        work.await
    });
    task.await.unwrap_or_else(|_| Err(Problem::unavailable()))
}

/// An answer in JSON.
pub(super) fn json(status: StatusCode, body: &impl Serialize) -> Response {
    // A struct of strings, numbers and JSON always has a JSON form.
    let mut response = (status, serde_json::to_vec(body).unwrap_or_default()).into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

pub(super) fn told<T: IntoResponse>(done: Result<T, Problem>) -> Response {
    if let Err(problem) = &done {
        let (status, code) = problem.code();
        tracing::debug!(status, code, "a partner's request was refused");
    }
    done.map_or_else(IntoResponse::into_response, IntoResponse::into_response)
}

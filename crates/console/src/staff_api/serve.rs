//! The router, and what every request goes through: bounds, who asks, parameters, body, a deadline.

use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{
    RequestPartsExt, Router,
    body::{Body, to_bytes},
    extract::{Query, RawPathParams, Request, State},
    http::{HeaderMap, HeaderValue, header, request::Parts},
    response::{IntoResponse, Response},
    routing::{MethodFilter, any, on},
};

use super::{
    admit::{Admitted, admit, count_network},
    call::{Answer, Call},
    operation::{Operation, Takes},
    problems::Problem,
    routes::OPERATIONS,
};
use crate::{app::App, limits::Left};

/// The waiter's deadline. What was begun is never broken off.
const ANSWER_MAX: Duration = Duration::from_secs(20);
/// Characters of an `Idempotency-Key`.
pub(super) const KEY_CHARS_MAX: usize = 64;
const KEY: &str = "Idempotency-Key";

/// The operations and, for every other address under `/api/`, the problem that there is nothing.
pub(crate) fn router() -> Router<Arc<App>> {
    let mut router = Router::new();
    for operation in OPERATIONS {
        let filter = if operation.method == "get" { MethodFilter::GET } else { MethodFilter::POST };
        let handler = move |State(app): State<Arc<App>>, request: Request| bounded(app, operation, request);
        router = router.route(operation.path, on(filter, handler));
    }
    let methods: BTreeMap<&str, Vec<&str>> = OPERATIONS.iter().fold(BTreeMap::new(), |mut methods, one| {
        methods.entry(one.path).or_insert_with(Vec::new).push(one.method);
        methods
    });
    for (path, methods) in methods {
        let allowed: Vec<&str> =
            methods.iter().map(|method| if *method == "get" { "GET, HEAD" } else { "POST" }).collect();
        let allowed = allowed.join(", ");
        let refused = move || std::future::ready(Problem::only_methods(allowed.clone()));
        let others = [
            MethodFilter::PUT,
            MethodFilter::PATCH,
            MethodFilter::DELETE,
            MethodFilter::OPTIONS,
            MethodFilter::TRACE,
        ];
        let mut filter = others.into_iter().fold(MethodFilter::CONNECT, MethodFilter::or);
        if !methods.contains(&"get") {
            filter = filter.or(MethodFilter::GET).or(MethodFilter::HEAD);
        }
        if !methods.contains(&"post") {
            filter = filter.or(MethodFilter::POST);
        }
        router = router.route(path, on(filter, refused));
    }
    let nothing = || any(|| std::future::ready(Problem::no_route()));
    router.route("/api", nothing()).route("/api/", nothing()).route("/api/{*path}", nothing())
}

/// The bounds around an operation.
async fn bounded(app: Arc<App>, operation: &'static Operation, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let mut told = (String::from("-"), None);
    let answered = match count_network(&app, &parts, Instant::now()) {
        Err(left) => Err(Problem::too_often(left.reset)),
        Ok(()) => match app.staff_api.present.try_acquire() {
            Err(_) => Err(Problem::busy()),
            Ok(_present) => {
                let work = carried_out(&app, operation, parts, body, &mut told);
                tokio::time::timeout(ANSWER_MAX, work).await.unwrap_or_else(|_| Err(Problem::late()))
            }
        },
    };
    let (user, left) = told;
    let code = answered.as_ref().err().map_or("-", |problem| problem.code);
    let mut response = match answered {
        Ok(answer) => answer.into_response(),
        Err(problem) if operation.old_errors => problem.also_as_before().into_response(),
        Err(problem) => problem.into_response(),
    };
    let status = response.status().as_u16().to_string();
    let labels = [("operation", operation.name.to_owned()), ("status", status.clone())];
    metrics::counter!("cobrand_staff_api_answers_total", &labels).increment(1);
    tracing::info!(user, operation = operation.name, status, code, "API for staff");
    if let Some(left) = left {
        tell(response.headers_mut(), left);
    }
    response
}

/// What is left of the caller's minute.
fn tell(headers: &mut HeaderMap, left: Left) {
    headers.insert("ratelimit-limit", HeaderValue::from(left.limit));
    headers.insert("ratelimit-remaining", HeaderValue::from(left.remaining));
    headers.insert("ratelimit-reset", HeaderValue::from(left.reset));
}

async fn carried_out(
    app: &Arc<App>,
    operation: &'static Operation,
    mut parts: Parts,
    body: Body,
    told: &mut (String, Option<Left>),
) -> Result<Answer, Problem> {
    let admitted = admit(app, operation, &parts.headers).await.map_err(|(problem, left)| {
        told.1 = left;
        problem
    })?;
    *told = (admitted.who.user.clone(), Some(admitted.left));
    let call = call(app, operation, admitted, &mut parts, body).await?;
    let running = Arc::clone(&app.staff_api.running).acquire_owned().await.map_err(|_| Problem::busy())?;
    // In a task of its own: whoever waits may go, what was begun goes on.
    let task = tokio::spawn(async move {
        let _running = running;
        (operation.handler)(call).await
    });
    task.await.unwrap_or_else(|error| Err(Problem::broken("an operation broke off", &error)))
}

async fn call(
    app: &Arc<App>,
    operation: &'static Operation,
    admitted: Admitted,
    parts: &mut Parts,
    body: Body,
) -> Result<Call, Problem> {
    let path = parts.extract::<RawPathParams>().await.map_err(|_| Problem::not_found("path"))?;
    let path: BTreeMap<String, String> =
        path.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    // PostgreSQL has no text with a zero byte.
    if path.values().any(|value| value.contains('\0')) {
        return Err(Problem::not_found("path"));
    }
    let query = query(operation, parts)?;
    let (mut key, mut media_type, mut bytes) = (String::new(), String::new(), Vec::new());
    if operation.changes() {
        key = key_of(&parts.headers)?;
        media_type = media_type_of(operation, &parts.headers)?;
        let read = to_bytes(body, operation.body_max).await;
        bytes = read.map_err(|_| Problem::too_large(operation.body_max))?.to_vec();
    }
    let address = parts.uri.path_and_query().map(ToString::to_string).unwrap_or_default();
    Ok(Call { app: Arc::clone(app), operation, admitted, path, query, address, key, media_type, body: bytes })
}

/// The parameters of the query: known ones, each once, each with a word that it may have.
fn query(operation: &Operation, parts: &Parts) -> Result<BTreeMap<String, String>, Problem> {
    let read = Query::<Vec<(String, String)>>::try_from_uri(&parts.uri);
    let Query(pairs) =
        read.map_err(|_| Problem::parameter("query", "expected name=value, percent-encoded"))?;
    let mut found = BTreeMap::new();
    for (name, value) in pairs {
        let known = operation.query.iter().find(|parameter| parameter.name == name);
        let words = match known {
            Some(parameter) => parameter.words,
            None if operation.paged && ["limit", "after"].contains(&name.as_str()) => &[],
            None => {
                let known: Vec<&str> = operation.query.iter().map(|parameter| parameter.name).collect();
                let paged = if operation.paged { " limit after" } else { "" };
                let detail = format!("expected only: {}{paged}", known.join(" "));
                return Err(Problem::parameter("query", detail));
            }
        };
        let fits = words.is_empty() || value.is_empty() || words.contains(&value.as_str());
        if !fits || value.contains('\0') {
            return Err(Problem::parameter(name, format!("expected one of: {}", words.join(" "))));
        }
        if found.insert(name.clone(), value).is_some() {
            return Err(Problem::parameter(name, "expected it once"));
        }
    }
    Ok(found)
}

fn key_of(headers: &HeaderMap) -> Result<String, Problem> {
    let mut values = headers.get_all(KEY).iter();
    let (Some(value), None) = (values.next(), values.next()) else {
        return Err(Problem::header(KEY, "expected the header once: a key of your own for each change"));
    };
    let key = value.to_str().unwrap_or_default().trim();
    if key.is_empty() || key.len() > KEY_CHARS_MAX || !key.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(Problem::header(KEY, "expected 1 to 64 visible characters of ASCII"));
    }
    Ok(key.to_owned())
}

/// The type of the body without its parameters.
fn media_type_of(operation: &Operation, headers: &HeaderMap) -> Result<String, Problem> {
    let given = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let media_type = given.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    match operation.takes {
        Takes::Json(_) if media_type != "application/json" => Err(Problem::media_type("application/json")),
        Takes::File if media_type.is_empty() => Err(Problem::media_type("the file")),
        _ => Ok(media_type),
    }
}

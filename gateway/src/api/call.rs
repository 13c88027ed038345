//! What every request goes through: bounds, a deadline, one body, and the answer that was kept for its key.

use std::{sync::Arc, time::Duration};

use axum::{
    body::{Body, Bytes, to_bytes},
    extract::{MatchedPath, Request, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use serde::{Serialize, de::DeserializeOwned};
use store::{By, ChangeError, KnownRequest, MemberChange};
use zeroize::Zeroizing;

use super::{Api, ApiClient, problem::Problem};

/// The longest body: an enrollment with all its consents is a few hundred bytes.
const BODY_BYTES_MAX: usize = 16 * 1024;
/// The waiter's deadline, from the first byte of the body to the answer. The change itself is never broken off.
const ANSWER_MAX: Duration = Duration::from_secs(5);
/// Characters of an `Idempotency-Key`.
const KEY_CHARS_MAX: usize = 64;

/// An answer of an operation. One that refuses is a problem's, and kept like any other.
pub(crate) struct Answer {
    status: StatusCode,
    body: String,
    /// A code for the log, if it refuses.
    reason: &'static str,
}

impl Answer {
    pub(crate) fn new(status: StatusCode, body: &impl Serialize) -> Self {
        // A struct of strings and numbers always has a JSON form.
        Self { status, body: serde_json::to_string(body).unwrap_or_default(), reason: "" }
    }

    /// The books have decided against it: the same request again is told the same.
    pub(crate) fn refused(problem: &Problem) -> Self {
        let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::CONFLICT);
        Self { reason: problem.code, ..Self::new(status, problem) }
    }

    /// What was answered before.
    pub(super) fn kept(status: u16, body: String) -> Result<Self, Problem> {
        let status = StatusCode::from_u16(status).map_err(|_| Problem::unavailable())?;
        let reason = if status.is_success() { "" } else { "refused_before" };
        Ok(Self { status, body, reason })
    }

    pub(super) fn parts(&self) -> (u16, &str) {
        (self.status.as_u16(), &self.body)
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let kind = match self.status.is_success() {
            true => "application/json",
            false => "application/problem+json",
        };
        let mut response = (self.status, self.body).into_response();
        let kind = HeaderValue::from_static(kind);
        response.headers_mut().insert(header::CONTENT_TYPE, kind);
        response
    }
}

/// A change that was read from a request and is ready to be made.
pub(crate) trait Change: Send + Sync + 'static {
    /// Makes it. It is committed together with the answer; on an error nothing of it stays.
    fn make(&self, change: &MemberChange<'_>) -> impl Future<Output = Result<Answer, ChangeError>> + Send;
}

/// The bounds around all operations.
pub(super) async fn bounded(State(api): State<Arc<Api>>, request: Request, next: Next) -> Response {
    let who = Asker::of(&request);
    let mut response = match api.present.try_acquire() {
        Err(_) => who.refused(Problem::busy()),
        Ok(_present) => tokio::time::timeout(ANSWER_MAX, next.run(request))
            .await
            .unwrap_or_else(|_| who.refused(Problem::late())),
    };
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// Whose request is refused before an operation could count and log it, or after it was too late to.
struct Asker {
    client: String,
    operation: String,
}

impl Asker {
    fn of(request: &Request) -> Self {
        let client = request.extensions().get::<Arc<ApiClient>>();
        // As it stands in `ROUTES`, never as it was sent: a path holds a member's number, and labels have few values.
        let path = request.extensions().get::<MatchedPath>().map_or("-", MatchedPath::as_str);
        let method = match *request.method() {
            Method::GET => "GET",
            Method::POST => "POST",
            Method::PATCH => "PATCH",
            _ => "-",
        };
        Self {
            client: client.map(|client| client.link.code.clone()).unwrap_or_default(),
            operation: format!("{method} {path}"),
        }
    }

    fn refused(&self, problem: Problem) -> Response {
        count(&self.client, &self.operation, problem.status, problem.code);
        problem.into_response()
    }
}

/// An answer is counted and logged without anything of the request.
fn count(client: &str, operation: &str, status: u16, reason: &str) {
    let labels = [("operation", operation.to_owned()), ("status", status.to_string())];
    metrics::counter!("cobrand_api_answers_total", &labels).increment(1);
    tracing::info!(client, operation, status, reason, "API");
}

/// The text of a request's body; wiped on drop.
async fn text(headers: &HeaderMap, body: Body) -> Result<Zeroizing<String>, Problem> {
    let kind = headers.get(header::CONTENT_TYPE).map(HeaderValue::as_bytes).unwrap_or_default();
    if kind.split(|byte| *byte == b';').next() != Some(b"application/json") {
        return Err(Problem::media_type());
    }
    let bytes: Bytes = to_bytes(body, BODY_BYTES_MAX).await.map_err(|_| Problem::too_large())?;
    let text = std::str::from_utf8(&bytes).map(|text| Zeroizing::new(text.to_owned()));
    text.map_err(|_| Problem::body("the body is not UTF-8", "body"))
}

fn parse<T: DeserializeOwned>(text: &str) -> Result<T, Problem> {
    let mut reader = serde_json::Deserializer::from_str(text);
    let parsed = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let inner = error.inner();
        // Of a wrong value only its kind is told: it may be a card number that stands somewhere else than it should.
        let what = match inner.classify() {
            serde_json::error::Category::Data => inner.to_string(),
            _ => "the body is not JSON".to_owned(),
        };
        Problem::body(what, error.path().to_string())
    })?;
    reader.end().map_err(|_| Problem::body("the body goes on behind its JSON", "body"))?;
    Ok(parsed)
}

fn key_of(headers: &HeaderMap) -> Result<String, Problem> {
    const NAME: &str = "Idempotency-Key";
    let mut values = headers.get_all(NAME).iter();
    let (Some(value), None) = (values.next(), values.next()) else {
        return Err(Problem::header(NAME, "expected the header once: a key of your own for each change"));
    };
    let text = value.to_str().unwrap_or_default().trim();
    let fits =
        !text.is_empty() && text.len() <= KEY_CHARS_MAX && text.bytes().all(|byte| byte.is_ascii_graphic());
    if !fits {
        return Err(Problem::header(NAME, "expected 1 to 64 visible characters of ASCII"));
    }
    Ok(text.to_owned())
}

/// A request as its handler gets it.
pub(crate) struct Call {
    pub(crate) api: Arc<Api>,
    pub(crate) client: Arc<ApiClient>,
    /// Such as `POST /v1/members`.
    pub(crate) operation: &'static str,
}

impl Call {
    /// Reads a change from the body, makes it once, and answers; a request that comes again gets its answer again.
    pub(crate) async fn change<B: DeserializeOwned, C: Change>(
        self,
        headers: &HeaderMap,
        body: Body,
        subject: &str,
        read: impl FnOnce(&Self, B) -> Result<C, Problem>,
    ) -> Response {
        let done = match self.prepared(headers, body, subject, read).await {
            Ok((key, mac, change)) => {
                let work = |api: Arc<Api>, client: Arc<ApiClient>| async move {
                    once(&api, &client, &key, &mac, &change).await
                };
                self.in_turn(work).await
            }
            Err(problem) => Err(problem),
        };
        self.told(done)
    }

    /// The hashes of key and request, and what the body asks for.
    pub(super) async fn prepared<B: DeserializeOwned, C>(
        &self,
        headers: &HeaderMap,
        body: Body,
        subject: &str,
        read: impl FnOnce(&Self, B) -> Result<C, Problem>,
    ) -> Result<([u8; 32], [u8; 32], C), Problem> {
        let key = key_of(headers)?;
        let text = text(headers, body).await?;
        let change = read(self, parse(&text)?)?;
        let said = Zeroizing::new(format!("{}|{subject}|{}", self.operation, text.as_str()));
        let keys = &self.api.gateway.keys;
        // Of the key only a hash is kept, too: a caller may make it of a card number.
        Ok((keys.request_key_mac(&key), keys.audit_mac(&said), change))
    }

    /// In a task of its own: whoever waits may go, what was begun goes on.
    pub(super) async fn in_turn<F: Future<Output = Result<Answer, Problem>> + Send + 'static>(
        &self,
        work: impl FnOnce(Arc<Api>, Arc<ApiClient>) -> F,
    ) -> Result<Answer, Problem> {
        let running = Arc::clone(&self.api.running).acquire_owned().await.map_err(|_| Problem::busy())?;
        let work = work(Arc::clone(&self.api), Arc::clone(&self.client));
        let task = tokio::spawn(async move {
            let _running = running;
            work.await
        });
        task.await.unwrap_or_else(|_| Err(Problem::unavailable()))
    }

    /// The same for what only reads.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T, Problem>> + Send + 'static,
    ) -> Result<T, Problem> {
        let running = Arc::clone(&self.api.running).acquire_owned().await.map_err(|_| Problem::busy())?;
        let task = tokio::spawn(async move {
            let _running = running;
            work.await
        });
        task.await.unwrap_or_else(|_| Err(Problem::unavailable()))
    }

    /// The answer, counted and logged.
    pub(crate) fn told(&self, done: Result<Answer, Problem>) -> Response {
        let (status, reason) = match &done {
            Ok(answer) => (answer.status.as_u16(), answer.reason),
            Err(problem) => (problem.status, problem.code),
        };
        count(&self.client.link.code, self.operation, status, reason);
        done.map_or_else(IntoResponse::into_response, IntoResponse::into_response)
    }
}

async fn once(
    api: &Api,
    client: &ApiClient,
    key: &[u8; 32],
    mac: &[u8; 32],
    work: &impl Change,
) -> Result<Answer, Problem> {
    let bank = client.link.bank;
    let by = By { who: format!("api {}", client.link.code), at: api.gateway.clock.now() };
    let mut connection = api.gateway.pool.get().await.map_err(store::StoreError::from)?;
    let change = MemberChange::begin(&mut connection, by).await?;
    match change.take_request(bank, key, mac).await? {
        // What is made in one transaction is never seen begun.
        KnownRequest::New | KnownRequest::Begun { .. } => {}
        KnownRequest::OtherRequest => return Err(Problem::other_request()),
        KnownRequest::Answered { status, body } => return Answer::kept(status, body),
    }
    let answer = work.make(&change).await?;
    change.keep_answer(bank, key, answer.status.as_u16(), &answer.body).await?;
    change.commit().await?;
    Ok(answer)
}

//! A browser without a network: it keeps the session's cookie and checks what every response must carry.

use axum::{
    Router,
    body::{Body, to_bytes},
    http::{HeaderMap, Method, Request, StatusCode, header},
};
use tower::ServiceExt;

use super::html;

/// What came back.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Page {
    pub(crate) fn location(&self) -> &str {
        self.headers.get(header::LOCATION).map_or("", |value| value.to_str().unwrap())
    }

    /// The value of the hidden field with this name.
    pub(crate) fn hidden(&self, name: &str) -> String {
        let (_, rest) = self.body.split_once(&format!("name=\"{name}\" value=\"")).expect("a hidden field");
        rest.split('"').next().unwrap().to_owned()
    }

    #[track_caller]
    pub(crate) fn has(&self, text: &str) {
        assert!(self.body.contains(text), "{text:?} is not on the page:\n{}", self.body);
    }

    #[track_caller]
    pub(crate) fn has_not(&self, text: &str) {
        assert!(!self.body.contains(text), "{text:?} is on the page:\n{}", self.body);
    }
}

/// A browser at one console.
#[derive(Debug, Clone)]
pub(crate) struct Browser {
    pub(crate) router: Router,
    /// The session's.
    pub(crate) cookie: Option<String>,
    /// That of the sign-in form.
    pub(crate) form_cookie: Option<String>,
}

impl Browser {
    pub(crate) fn new(router: Router) -> Self {
        Self { router, cookie: None, form_cookie: None }
    }

    pub(crate) async fn get(&mut self, path: &str) -> Page {
        self.send(Request::builder().uri(path), Body::empty()).await
    }

    /// What is no text.
    pub(crate) async fn bytes(&mut self, path: &str) -> Vec<u8> {
        let cookie = self.cookie.clone().unwrap_or_default();
        let request =
            Request::builder().uri(path).header(header::COOKIE, cookie).body(Body::empty()).unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        to_bytes(response.into_body(), 10_000_000).await.unwrap().to_vec()
    }

    pub(crate) async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Page {
        let pair = |(name, value): &(&str, &str)| format!("{name}={}", percent(value));
        let body = fields.iter().map(pair).collect::<Vec<_>>().join("&");
        let request = Request::builder()
            .method(Method::POST)
            .uri(path)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.send(request, Body::from(body)).await
    }

    pub(crate) async fn send(&mut self, request: axum::http::request::Builder, body: Body) -> Page {
        let cookies = self.cookie.iter().chain(&self.form_cookie).map(|cookie| format!("; {cookie}"));
        let cookies = format!("theme=dark{}", cookies.collect::<String>());
        let request = request.header(header::COOKIE, cookies);
        let response = self.router.clone().oneshot(request.body(body).unwrap()).await.unwrap();
        let (parts, body) = response.into_parts();
        // A PDF is no text; its first line is.
        let body = String::from_utf8_lossy(&to_bytes(body, 10_000_000).await.unwrap()).into_owned();
        let page = Page { status: parts.status, headers: parts.headers, body };
        for set in page.headers.get_all(header::SET_COOKIE) {
            let pair = set.to_str().unwrap().split(';').next().unwrap().to_owned();
            match pair.contains("cobrand_form=") {
                true => self.form_cookie = Some(pair),
                false => self.cookie = (!pair.ends_with('=')).then_some(pair),
            }
        }
        check_every_response(&page);
        page
    }

    pub(crate) async fn sign_in(&mut self, name: &str, password: &str) -> Page {
        self.sign_in_with(&[("name", name), ("password", password)]).await
    }

    /// Sends the sign-in form with its token.
    pub(crate) async fn sign_in_with(&mut self, fields: &[(&str, &str)]) -> Page {
        let csrf = self.get("/sign-in").await.hidden("csrf");
        let mut all = vec![("csrf", csrf.as_str())];
        all.extend_from_slice(fields);
        self.post("/sign-in", &all).await
    }

    /// A page as a browser with this language asks for it.
    pub(crate) async fn get_in(&mut self, path: &str, accept_language: &str) -> Page {
        let request = Request::builder().uri(path).header(header::ACCEPT_LANGUAGE, accept_language);
        self.send(request, Body::empty()).await
    }

    /// Shows once more who it is, before a decision.
    pub(crate) async fn prove(&mut self, password: &str) -> Page {
        let csrf = self.get("/proof").await.hidden("csrf");
        self.post("/proof", &[("csrf", &csrf), ("password", password)]).await
    }
}

/// What holds for each response, whatever it is.
#[track_caller]
fn check_every_response(page: &Page) {
    let header = |name: &str| page.headers.get(name).map_or("", |value| value.to_str().unwrap());
    let policy = header("content-security-policy");
    for part in [
        "default-src 'none'",
        "style-src 'self'",
        "img-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    ] {
        assert!(policy.contains(part), "{part} is not in {policy:?}");
    }
    assert!(!policy.contains("unsafe"), "{policy}");
    assert_eq!(header("x-content-type-options"), "nosniff");
    assert_eq!(header("referrer-policy"), "no-referrer");
    // What is the same for everybody is fetched once, nothing else is kept.
    let is_static = ["text/css", "text/javascript", "image/svg+xml"]
        .iter()
        .any(|kind| header("content-type").starts_with(kind));
    let kept = if is_static { "private, max-age=600" } else { "no-store" };
    assert_eq!(header("cache-control"), kept);
    html::has_no_card_number(&page.body);
    if header("content-type").starts_with("text/html") {
        html::is_sound(&page.body);
    }
}

fn percent(value: &str) -> String {
    value.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

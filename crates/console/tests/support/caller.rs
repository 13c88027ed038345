//! A program of staff that calls the API with a token.

use axum::{
    Router,
    body::{Body, to_bytes},
    http::{HeaderMap, Request, StatusCode, header},
};
use console::{AddUserError, NewUser, StaffApiLimits, TokenTerms};
use domain::{PartnerId, Role, Roles};
use serde_json::Value;
use store::TokenScope;
use tower::ServiceExt;

use super::world::{PASSWORD, World};

/// What came back.
#[derive(Debug)]
pub(crate) struct Told {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Told {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// It is a problem document with this status and code.
    #[track_caller]
    pub(crate) fn is_problem(&self, status: u16, code: &str) {
        assert_eq!(self.header("content-type"), "application/problem+json", "{self:?}");
        let told = self.json();
        assert_eq!((self.status.as_u16(), &told["type"]), (status, &Value::from(code)), "{told}");
        assert_eq!(told["status"], status, "{told}");
        for name in ["detail", "who", "next"] {
            assert!(told[name].as_str().is_some_and(|text| !text.is_empty()), "{name} of {told}");
        }
    }

    #[track_caller]
    pub(crate) fn ok(&self) -> Value {
        assert!(self.status.is_success(), "{} {}", self.status, self.body);
        self.json()
    }
}

/// A program with a token, or without one.
#[derive(Clone)]
pub(crate) struct Program {
    router: Router,
    token: Option<String>,
}

impl Program {
    pub(crate) fn without_token(router: &Router) -> Self {
        Self { router: router.clone(), token: None }
    }

    pub(crate) fn with(router: &Router, token: &str) -> Self {
        Self { router: router.clone(), token: Some(token.to_owned()) }
    }

    pub(crate) async fn get(&self, path: &str) -> Told {
        self.send(Request::builder().uri(path), Body::empty()).await
    }

    /// A change with a body of JSON.
    pub(crate) async fn post(&self, path: &str, key: &str, body: &Value) -> Told {
        let request = Request::builder().method("POST").uri(path).header("idempotency-key", key);
        let request = request.header(header::CONTENT_TYPE, "application/json");
        self.send(request, Body::from(body.to_string())).await
    }

    pub(crate) async fn send(&self, request: axum::http::request::Builder, body: Body) -> Told {
        let request = match &self.token {
            Some(token) => request.header(header::AUTHORIZATION, format!("Bearer {token}")),
            None => request,
        };
        let response = self.router.clone().oneshot(request.body(body).unwrap()).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = String::from_utf8_lossy(&to_bytes(body, 10_000_000).await.unwrap()).into_owned();
        super::html::has_no_card_number(&body);
        let told = Told { status: parts.status, headers: parts.headers, body };
        assert_eq!(told.header("cache-control"), "no-store");
        assert_eq!(told.header("x-content-type-options"), "nosniff");
        told
    }
}

impl World {
    /// The console with usual limits.
    pub(crate) fn router(&self) -> Router {
        console::router(self.state_of_console())
    }

    pub(crate) fn limited(&self, of_token: u32, of_network: u32) -> Router {
        console::router_limited(self.state_of_console(), StaffApiLimits { of_token, of_network })
    }

    /// A user with these roles.
    pub(crate) async fn user(&self, name: &str, roles: &[Role]) {
        self.add(name, Roles::from_iter(roles.iter().copied()), None).await;
    }

    /// Somebody of a partner.
    pub(crate) async fn of_partner(&self, name: &str, partner: PartnerId) {
        self.add(name, Roles::NONE, Some(partner)).await;
    }

    async fn add(&self, name: &str, roles: Roles, partner: Option<PartnerId>) {
        let new = NewUser { name, password: PASSWORD, roles, partner, by: "operator" };
        match console::add_user_as(&self.pool, &new).await {
            Ok(()) | Err(AddUserError::NameTaken(_)) => {}
            Err(error) => panic!("{error}"),
        }
    }

    /// A token of a user, made now and good for a day.
    pub(crate) async fn token(&self, name: &str, may: TokenScope) -> String {
        let terms = TokenTerms { may, label: "a test", days: 1 };
        let now = jiff::Timestamp::now();
        console::new_scoped_token(&self.pool, name, terms, now, "operator").await.unwrap()
    }
}

//! The session behind a request.

use std::{sync::Arc, time::Instant};

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, HeaderValue, Method, header::COOKIE, request::Parts},
    response::{IntoResponse, Redirect, Response},
};

use program_files::Language;

use super::{sessions::Holder, staff};
use crate::{app::App, pages::PageError};

const COOKIE_NAME: &str = "cobrand_session";

/// A request of somebody who has signed in; anybody else is sent to the sign-in page.
pub(crate) struct SignedIn {
    pub(crate) user: String,
    pub(crate) csrf: String,
    pub(crate) session: String,
    /// In which the pages are shown.
    pub(crate) language: Language,
    /// The address that was asked for, with its query.
    pub(crate) here: String,
}

impl FromRequestParts<Arc<App>> for SignedIn {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Response> {
        let found = session_id(&parts.headers).and_then(|id| {
            let holder = app.sessions.holder(id, Instant::now())?;
            let Holder { user, csrf, language } = holder;
            let here = parts.uri.path_and_query().map_or("/", |wanted| wanted.as_str()).to_owned();
            Some(Self { user, csrf, session: id.to_owned(), language, here })
        });
        let Some(found) = found else { return Err(to_sign_in(parts)) };
        let locked = staff::is_locked(&app.console.pool, &found.user).await;
        if locked.map_err(|error| PageError::from(error).into_response())? {
            app.sessions.end(&found.session);
            return Err(to_sign_in(parts));
        }
        Ok(found)
    }
}

fn to_sign_in(parts: &Parts) -> Response {
    let target = match parts.uri.path_and_query() {
        Some(wanted) if parts.method == Method::GET && wanted.as_str() != "/" => {
            format!("/sign-in?next={}", escaped(wanted.as_str()))
        }
        _ => "/sign-in".to_owned(),
    };
    Redirect::to(&target).into_response()
}

/// A value of a query: everything but letters, digits and `/` as `%XX`.
fn escaped(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/-_.".contains(&byte);
    let one = |byte: u8| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    text.bytes().map(one).collect()
}

fn session_id(headers: &HeaderMap) -> Option<&str> {
    let cookies = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    cookies
        .flat_map(|text| text.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(name, _)| *name == COOKIE_NAME)
        .map(|(_, value)| value)
}

/// `Set-Cookie` of a new session. It ends with the browser, out of reach of scripts and of other sites.
pub(crate) fn cookie(session: &str) -> Option<HeaderValue> {
    HeaderValue::from_str(&format!("{COOKIE_NAME}={session}; HttpOnly; SameSite=Strict; Path=/")).ok()
}

/// `Set-Cookie` that makes the browser forget the session.
pub(crate) fn no_cookie() -> Option<HeaderValue> {
    HeaderValue::from_str(&format!("{COOKIE_NAME}=; HttpOnly; SameSite=Strict; Path=/; Max-Age=0")).ok()
}

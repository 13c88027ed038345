//! Who is behind a request that has passed its door.

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, HeaderValue, header::COOKIE, request::Parts},
};
use domain::{PartnerId, Roles};
use program_files::Language;

use super::{
    deed::{Deed, roles_may},
    random,
    sessions::Stage,
};
use crate::pages::PageError;

const COOKIE_NAME: &str = "cobrand_session";
/// Browsers take a cookie of this name over TLS only, for this host only, and let no other page of the domain set it.
const SECURE_COOKIE_NAME: &str = "__Host-cobrand_session";

/// The partner whose own rows somebody sees, and no others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PartnerScope {
    /// Its number.
    pub(crate) id: PartnerId,
    /// Its code, which is also the receiver of its files.
    pub(crate) code: String,
}

/// Somebody who has signed in, as the door of the route found him.
#[derive(Debug, Clone)]
pub(crate) struct SignedIn {
    /// The name.
    pub(crate) user: String,
    /// What he is trusted with; nothing, if he is of a partner.
    pub(crate) roles: Roles,
    /// Somebody of a partner: whatever a page reads is limited to this.
    pub(crate) partner: Option<PartnerScope>,
    /// What each form of the session carries.
    pub(crate) csrf: String,
    /// The session's id; empty with a token of the API.
    pub(crate) session: String,
    /// In which the pages are shown.
    pub(crate) language: Language,
    /// The address that was asked for, with its query.
    pub(crate) here: String,
    /// Whether an authenticator is enrolled and confirmed.
    pub(crate) has_second_factor: bool,
    /// Whether he has proved in this session, not long ago, who he is: whoever decides must have.
    pub(crate) is_proved: bool,
    /// How far the session is signed in, and under which number of his access.
    pub(crate) stage: Stage,
    pub(crate) version: i32,
    /// The demo's link opened the session.
    pub(crate) is_demo: bool,
}

impl SignedIn {
    /// Without any right.
    pub(super) fn nobody(name: &str) -> Self {
        Self {
            user: name.to_owned(),
            roles: Roles::NONE,
            partner: None,
            csrf: String::new(),
            session: String::new(),
            language: Language::English,
            here: String::new(),
            has_second_factor: false,
            is_proved: false,
            stage: Stage::Through,
            version: 0,
            is_demo: false,
        }
    }

    /// Whether he is trusted with the deed: so pages leave out what would be refused.
    pub(crate) fn may(&self, deed: Deed) -> bool {
        self.partner.is_none() && roles_may(self.roles, deed)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for SignedIn {
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, PageError> {
        let found = parts.extensions.get::<Self>().cloned();
        found.ok_or_else(|| PageError::broken("a route without a door", &"nobody was let in"))
    }
}

/// The id that the cookie of this name has.
pub(crate) fn session_id(headers: &HeaderMap, secure: bool) -> Option<&str> {
    cookie_value(headers, cookie_name(secure))
}

fn cookie_value<'a>(headers: &'a HeaderMap, wanted: &str) -> Option<&'a str> {
    let cookies = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    cookies
        .flat_map(|text| text.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(name, _)| *name == wanted)
        .map(|(_, value)| value)
}

fn cookie_name(secure: bool) -> &'static str {
    if secure { SECURE_COOKIE_NAME } else { COOKIE_NAME }
}

fn set_cookie(name: &str, value: &str, secure: bool, end: &str) -> Option<HeaderValue> {
    let tls = if secure { "; Secure" } else { "" };
    HeaderValue::from_str(&format!("{name}={value}; HttpOnly; SameSite=Strict; Path=/{tls}{end}")).ok()
}

/// `Set-Cookie` of a new session. It ends with the browser, out of reach of scripts and of other sites.
pub(crate) fn cookie(session: &str, secure: bool) -> Option<HeaderValue> {
    set_cookie(cookie_name(secure), session, secure, "")
}

/// Binds the form of the sign-in to the browser that asked for it, before there is a session.
const FORM_COOKIE_NAME: &str = "cobrand_form";
const SECURE_FORM_COOKIE_NAME: &str = "__Host-cobrand_form";

fn form_cookie_name(secure: bool) -> &'static str {
    if secure { SECURE_FORM_COOKIE_NAME } else { FORM_COOKIE_NAME }
}

/// The token that the sign-in form of this browser carries, if it has been given one.
pub(crate) fn form_token(headers: &HeaderMap, secure: bool) -> Option<&str> {
    let token = cookie_value(headers, form_cookie_name(secure))?;
    (token.len() == random::TOKEN_CHARS && token.bytes().all(|byte| byte.is_ascii_hexdigit()))
        .then_some(token)
}

/// `Set-Cookie` of that token.
pub(crate) fn form_cookie(token: &str, secure: bool) -> Option<HeaderValue> {
    set_cookie(form_cookie_name(secure), token, secure, "")
}

/// `Set-Cookie` that makes the browser forget the session.
pub(crate) fn no_cookie(secure: bool) -> Option<HeaderValue> {
    set_cookie(cookie_name(secure), "", secure, "; Max-Age=0")
}

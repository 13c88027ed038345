//! Signing in and out.

use std::{sync::Arc, time::Instant};

use askama::Template;
use axum::{
    Form,
    extract::{
        Query, State,
        rejection::{FormRejection, QueryRejection},
    },
    http::{HeaderMap, StatusCode, header::SET_COOKIE},
    response::{IntoResponse, Redirect, Response},
};

use super::{
    PageError, Values, html,
    posted::{self, Fields},
};
use crate::{
    access::{
        lockout,
        network::Network,
        password::PASSWORD_BYTES_MAX,
        random::{self, same_secret},
        sessions::{Beginning, Stage},
        signed_in::{SignedIn, cookie, form_cookie, form_token, no_cookie, session_id},
        staff,
    },
    address::escaped,
    app::App,
};
use store::staff::Attempt;

/// The user of a session that the demo's link opened.
const DEMO_USER: &str = "demo";

#[derive(Template)]
#[template(path = "sign_in.html")]
struct SignInPage {
    environment: String,
    problem: Option<&'static str>,
    name: String,
    next: String,
    csrf: String,
}

/// The form.
pub(crate) async fn show(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    query: Result<Values, QueryRejection>,
) -> Result<Response, PageError> {
    let Query(values) = query?;
    let next = local(values.get("next")).to_owned();
    form(&app, &headers, StatusCode::OK, None, (String::new(), next))
}

fn form(
    app: &App,
    headers: &HeaderMap,
    status: StatusCode,
    problem: Option<&'static str>,
    (name, next): (String, String),
) -> Result<Response, PageError> {
    let (environment, secure) = (app.console.environment.clone(), app.console.access.secure);
    let given = form_token(headers, secure).map(str::to_owned);
    let csrf = given.clone().map_or_else(random::token, Ok)?;
    let mut response = html(status, &SignInPage { environment, problem, name, next, csrf: csrf.clone() })?;
    let set = given.is_none().then(|| form_cookie(&csrf, secure)).flatten();
    response.headers_mut().extend(set.map(|cookie| (SET_COOKIE, cookie)));
    Ok(response)
}

/// A right name and password open a session. Whether a name exists cannot be told from the answer or its time.
pub(crate) async fn submit(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    network: Network,
    fields: Result<Fields, FormRejection>,
) -> Result<Response, PageError> {
    let Form(mut fields) = fields?;
    let secure = app.console.access.secure;
    // Nobody is signed in, as somebody else, by a form that another page had his browser send.
    let ours =
        form_token(&headers, secure).is_some_and(|token| same_secret(token, posted::given(&fields, "csrf")));
    if !ours {
        return Err(PageError::Forbidden);
    }
    let name = fields.remove("name").unwrap_or_default().trim().to_owned();
    let password = fields.remove("password").unwrap_or_default();
    let next = local(fields.get("next")).to_owned();
    if !staff::is_name(&name) || password.is_empty() || password.len() > PASSWORD_BYTES_MAX {
        return refused(&app, &headers, "wrong", (name, next));
    }
    let (pool, network) = (&app.console.pool, network.0.as_deref());
    let attempt = lockout::may_try(pool, &name, network).await?;
    if attempt == Attempt::Locked {
        return refused(&app, &headers, "locked", (name, next));
    }
    // Before the password: if that is changed meanwhile, the session is of before and counts no more.
    let account = store::staff::account(pool, &name).await?;
    let stored = store::staff::password_hash(pool, &name).await?;
    let right = app.passwords.verify(password, stored).await;
    let Some(account) = account.filter(|_| right) else {
        note_refused(&app, &name, attempt, network).await?;
        return refused(&app, &headers, "wrong", (name, next));
    };
    if let Some(id) = session_id(&headers, secure) {
        app.sessions.end(id);
    }
    if account.has_second_factor {
        // The failures stay: whoever knows the password has not guessed the code by that.
        let beginning =
            Beginning { user: &name, version: account.version, stage: Stage::CodeToCome, is_demo: false };
        return opened(&app, beginning, &format!("/sign-in/code?next={}", escaped(&next)));
    }
    lockout::succeeded(pool, &name, network).await?;
    through(&app, &name, network, &next, account.version).await
}

/// Signed in all the way: it is told, and the session begins under an id that nobody has seen.
pub(super) async fn through(
    app: &App,
    user: &str,
    network: Option<&str>,
    next: &str,
    version: i32,
) -> Result<Response, PageError> {
    metrics::counter!("cobrand_console_sign_ins_total", "result" => "right").increment(1);
    tracing::info!(user, "signed in");
    let network = network.unwrap_or_default();
    store::staff::note_sign_in(&app.console.pool, user, "user.sign_in", network).await?;
    opened(app, Beginning { user, version, stage: Stage::Through, is_demo: false }, next)
}

/// Tells the audit of a refused password or code. Of a name that nobody has it says no more than that: people type
/// passwords there.
pub(super) async fn note_refused(
    app: &App,
    name: &str,
    attempt: Attempt,
    network: Option<&str>,
) -> Result<(), PageError> {
    let pool = &app.console.pool;
    let known = store::staff::account(pool, name).await?.is_some();
    let what = match attempt {
        Attempt::Counted(failures) if failures < lockout::FAILURES_MAX => "user.refused",
        _ => "user.locked_out",
    };
    let name = if known { name } else { store::audit::UNKNOWN };
    Ok(store::staff::note_sign_in(pool, name, what, network.unwrap_or_default()).await?)
}

fn refused(
    app: &App,
    headers: &HeaderMap,
    why: &'static str,
    (name, next): (String, String),
) -> Result<Response, PageError> {
    metrics::counter!("cobrand_console_sign_ins_total", "result" => why).increment(1);
    let (status, problem) = match why {
        "locked" => (
            StatusCode::TOO_MANY_REQUESTS,
            "Too many failed attempts. This name is locked: try again in 30 minutes.",
        ),
        _ => (StatusCode::UNAUTHORIZED, "The name or the password is wrong."),
    };
    // The name goes back into the form only if it could be one.
    let name = if staff::is_name(&name) { name } else { String::new() };
    form(app, headers, status, Some(problem), (name, next))
}

fn opened(app: &App, beginning: Beginning<'_>, next: &str) -> Result<Response, PageError> {
    let session = app.sessions.begin(beginning, Instant::now())?;
    let mut response = Redirect::to(next).into_response();
    let cookie = cookie(&session, app.console.access.secure);
    response.headers_mut().extend(cookie.map(|cookie| (SET_COOKIE, cookie)));
    Ok(response)
}

/// The first parts of the addresses of pages.
const OURS: [&str; 17] = [
    "approvals",
    "health",
    "second-factor",
    "days",
    "day",
    "t",
    "find",
    "programs",
    "proposals",
    "refunds",
    "answers",
    "breaks",
    "partners",
    "links",
    "audit",
    "transactions",
    "views",
];

/// An address of ours to go to after signing in; anything else becomes the start page.
pub(super) fn local(wanted: Option<&String>) -> &str {
    let ours = |path: &&str| {
        let plain = path.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
        let first = path.strip_prefix('/').and_then(|path| path.split(['/', '?', '#']).next());
        plain && first.is_some_and(|first| OURS.contains(&first))
    };
    wanted.map(String::as_str).filter(ours).unwrap_or("/")
}

/// The demo's link, with the token that its screen shows.
pub(crate) async fn demo(
    State(app): State<Arc<App>>,
    query: Result<Values, QueryRejection>,
) -> Result<Response, PageError> {
    let Query(values) = query?;
    let given = values.get("t").map(String::as_str).unwrap_or_default();
    match &app.console.demo_sign_in {
        Some(token) if !token.is_empty() && same_secret(token, given) => {
            let account = store::staff::account(&app.console.pool, DEMO_USER).await?;
            let version = account.map_or(0, |account| account.version);
            opened(&app, Beginning { user: DEMO_USER, version, stage: Stage::Through, is_demo: true }, "/")
        }
        _ => Err(PageError::NotFound),
    }
}

/// Ends the session, if the form carries its token.
pub(crate) async fn sign_out(
    State(app): State<Arc<App>>,
    who: SignedIn,
    fields: Result<Fields, FormRejection>,
) -> Result<Response, PageError> {
    posted::of_session(&who, fields)?;
    app.sessions.end(&who.session);
    let mut response = Redirect::to("/sign-in").into_response();
    response.headers_mut().extend(no_cookie(app.console.access.secure).map(|cookie| (SET_COOKIE, cookie)));
    Ok(response)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_pages_follow_a_sign_in() {
        let check = |wanted: &str, next: &str| assert_eq!(local(Some(&wanted.to_owned())), next, "{wanted}");
        check("/day/gold/2026-10-10", "/day/gold/2026-10-10");
        check("/find?retrieval=1", "/find?retrieval=1");
        check("/proposals/3", "/proposals/3");
        check("/breaks?class=amount", "/breaks?class=amount");
        for wanted in
            ["//evil.example", "https://evil.example", "/\\evil", "/sign-out", "/t/\r\nX: y", "", "/t/é"]
        {
            check(wanted, "/");
        }
    }
}

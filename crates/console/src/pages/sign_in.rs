//! Signing in and out.

use std::{sync::Arc, time::Instant};

use askama::Template;
use axum::{
    Form,
    extract::{
        Query, State,
        rejection::{FormRejection, QueryRejection},
    },
    http::{StatusCode, header::SET_COOKIE},
    response::{IntoResponse, Redirect, Response},
};

use super::{
    PageError, Values, html,
    posted::{self, Fields},
};
use crate::{
    access::{
        password::PASSWORD_BYTES_MAX,
        random::same_secret,
        sessions::{Beginning, Stage},
        signed_in::{SignedIn, cookie, no_cookie},
        staff,
    },
    app::App,
};

/// The user of a session that the demo's link opened.
const DEMO_USER: &str = "demo";

#[derive(Template)]
#[template(path = "sign_in.html")]
struct SignInPage {
    environment: String,
    problem: Option<&'static str>,
    name: String,
    next: String,
}

/// The form.
pub(crate) async fn show(
    State(app): State<Arc<App>>,
    query: Result<Values, QueryRejection>,
) -> Result<Response, PageError> {
    let Query(values) = query?;
    let next = local(values.get("next")).to_owned();
    form(&app, StatusCode::OK, None, String::new(), next)
}

fn form(
    app: &App,
    status: StatusCode,
    problem: Option<&'static str>,
    name: String,
    next: String,
) -> Result<Response, PageError> {
    let environment = app.console.environment.clone();
    html(status, &SignInPage { environment, problem, name, next })
}

/// A right name and password open a session. Whether a name exists cannot be told from the answer or its time.
pub(crate) async fn submit(
    State(app): State<Arc<App>>,
    fields: Result<Fields, FormRejection>,
) -> Result<Response, PageError> {
    let Form(mut fields) = fields?;
    let name = fields.remove("name").unwrap_or_default().trim().to_owned();
    let password = fields.remove("password").unwrap_or_default();
    let next = local(fields.get("next")).to_owned();
    if !staff::is_name(&name) || password.is_empty() || password.len() > PASSWORD_BYTES_MAX {
        return refused(&app, "wrong", name, next);
    }
    if !app.lockout.may_try(&name, Instant::now()) {
        return refused(&app, "locked", name, next);
    }
    let stored = store::staff::password_hash(&app.console.pool, &name).await?;
    if !app.passwords.verify(password, stored).await {
        return refused(&app, "wrong", name, next);
    }
    app.lockout.succeeded(&name);
    metrics::counter!("cobrand_console_sign_ins_total", "result" => "right").increment(1);
    tracing::info!(user = %name, "signed in");
    opened(&app, &name, &next, false).await
}

fn refused(app: &App, why: &'static str, name: String, next: String) -> Result<Response, PageError> {
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
    form(app, status, Some(problem), name, next)
}

async fn opened(app: &App, user: &str, next: &str, is_demo: bool) -> Result<Response, PageError> {
    let account = store::staff::account(&app.console.pool, user).await?;
    let version = account.map_or(0, |account| account.version);
    let beginning = Beginning { user, version, stage: Stage::Through, is_demo };
    let session = app.sessions.begin(beginning, Instant::now())?;
    let mut response = Redirect::to(next).into_response();
    let cookie = cookie(&session, app.console.access.secure);
    response.headers_mut().extend(cookie.map(|cookie| (SET_COOKIE, cookie)));
    Ok(response)
}

/// The first parts of the addresses of pages.
const OURS: [&str; 14] = [
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
            opened(&app, DEMO_USER, "/", true).await
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

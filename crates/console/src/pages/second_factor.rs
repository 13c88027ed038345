//! The second factor: its code at sign-in, and how somebody enrolls an authenticator.

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::{
        Query, State,
        rejection::{FormRejection, QueryRejection},
    },
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use jiff::Timestamp;
use store::staff::{self, Attempt};

use super::{
    Frame, PageError, Values, html,
    posted::{self, Fields, given},
    sign_in::{self, local},
};
use crate::{
    access::{
        lockout,
        network::Network,
        second_factor::{base32, new_secret, step_of, uri},
        sessions::Stage,
        signed_in::SignedIn,
    },
    address::escaped,
    app::App,
    words::AccessWords,
};

#[derive(Template)]
#[template(path = "code.html")]
struct CodePage {
    environment: String,
    csrf: String,
    problem: Option<&'static str>,
    next: String,
}

#[derive(Template)]
#[template(path = "second_factor.html")]
struct EnrollPage {
    frame: Frame,
    w: &'static AccessWords,
    problem: Option<&'static str>,
    is_enrolled: bool,
    is_possible: bool,
    /// Link and secret, while it waits to be confirmed.
    secret: Option<(String, String)>,
}

/// Asks for the code after the password.
pub(crate) async fn ask(
    State(app): State<Arc<App>>,
    who: SignedIn,
    query: Result<Values, QueryRejection>,
) -> Result<Response, PageError> {
    let Query(values) = query?;
    code_page(&app, &who, StatusCode::OK, None, local(values.get("next")))
}

fn code_page(
    app: &App,
    who: &SignedIn,
    status: StatusCode,
    problem: Option<&'static str>,
    next: &str,
) -> Result<Response, PageError> {
    let (environment, csrf) = (app.console.environment.clone(), who.csrf.clone());
    html(status, &CodePage { environment, csrf, problem, next: next.to_owned() })
}

/// A right code opens the session all the way, under another id.
pub(crate) async fn answer(
    State(app): State<Arc<App>>,
    who: SignedIn,
    network: Network,
    fields: Result<Fields, FormRejection>,
) -> Result<Response, PageError> {
    let fields = posted::of_session(&who, fields)?;
    let next = local(fields.get("next"));
    if who.stage == Stage::Through {
        return Ok(Redirect::to(next).into_response());
    }
    let (pool, network) = (&app.console.pool, network.0.as_deref());
    let attempt = lockout::may_try(pool, &who.user, network).await?;
    if attempt == Attempt::Locked {
        let problem = Some("Too many failed attempts. This name is locked: try again in 30 minutes.");
        return code_page(&app, &who, StatusCode::TOO_MANY_REQUESTS, problem, next);
    }
    if !is_the_code(&app, &who.user, given(&fields, "code")).await? {
        sign_in::note_refused(&app, &who.user, attempt, network).await?;
        let problem = Some("The code is wrong, or it was used already. Wait for the next one.");
        return code_page(&app, &who, StatusCode::UNAUTHORIZED, problem, next);
    }
    lockout::succeeded(pool, &who.user, network).await?;
    app.sessions.end(&who.session);
    sign_in::through(&app, &who.user, network, next, who.version).await
}

/// Whether this code of the user's authenticator counts; from now on it does not any more.
pub(super) async fn is_the_code(app: &App, user: &str, code: &str) -> Result<bool, PageError> {
    let pool = &app.console.pool;
    let Some(factor) = staff::second_factor(pool, user).await?.filter(|factor| factor.is_confirmed) else {
        return Ok(false);
    };
    let secret = opened(app, user, &factor.sealed)?;
    match step_of(&secret, code, Timestamp::now().as_second(), factor.last_step) {
        Some(step) => Ok(staff::use_code(pool, user, step).await?),
        None => Ok(false),
    }
}

fn opened(app: &App, user: &str, sealed: &[u8]) -> Result<Vec<u8>, PageError> {
    let key = app.console.access.second_factor_key.as_ref();
    let secret = key.and_then(|key| key.open(user, sealed));
    secret.ok_or_else(|| {
        let what = "console.second_factor_key is missing, or it is not the key that sealed this secret";
        PageError::broken("a second factor cannot be opened", &what)
    })
}

/// Says whether an authenticator is enrolled, and offers to begin.
pub(crate) async fn show(State(app): State<Arc<App>>, who: SignedIn) -> Result<Response, PageError> {
    enroll_page(&app, &who, StatusCode::OK, None, None).await
}

async fn enroll_page(
    app: &Arc<App>,
    who: &SignedIn,
    status: StatusCode,
    problem: Option<&'static str>,
    secret: Option<&[u8]>,
) -> Result<Response, PageError> {
    let page = EnrollPage {
        frame: Frame::of(app, who).await?,
        w: AccessWords::of(who.language),
        problem,
        is_enrolled: who.has_second_factor,
        is_possible: app.console.access.second_factor_key.is_some(),
        secret: secret.map(|secret| (uri(&who.user, secret), base32(secret))),
    };
    html(status, &page)
}

/// Makes a new secret, in place of one that was not confirmed, and shows it this once. It asks for a fresh proof: nobody
/// else's authenticator is enrolled at a desk that was left open.
pub(crate) async fn begin(
    State(app): State<Arc<App>>,
    who: SignedIn,
    fields: Result<Fields, FormRejection>,
) -> Result<Response, PageError> {
    posted::of_session(&who, fields)?;
    if !who.is_proved {
        return Ok(Redirect::to(&format!("/proof?next={}", escaped("/second-factor"))).into_response());
    }
    let Some(key) = app.console.access.second_factor_key.as_ref() else {
        return enroll_page(&app, &who, StatusCode::CONFLICT, None, None).await;
    };
    let secret = new_secret()?;
    let sealed = key.seal(&who.user, &secret)?;
    let kept = staff::begin_second_factor(&app.console.pool, &who.user, &sealed).await?;
    let status = if kept { StatusCode::OK } else { StatusCode::CONFLICT };
    enroll_page(&app, &who, status, None, Some(secret.as_slice()).filter(|_| kept)).await
}

/// A right code confirms the secret. Whoever has signed in without it signs in again.
pub(crate) async fn confirm(
    State(app): State<Arc<App>>,
    who: SignedIn,
    fields: Result<Fields, FormRejection>,
) -> Result<Response, PageError> {
    let fields = posted::of_session(&who, fields)?;
    let pool = &app.console.pool;
    let Some(factor) = staff::second_factor(pool, &who.user).await?.filter(|factor| !factor.is_confirmed)
    else {
        return enroll_page(&app, &who, StatusCode::CONFLICT, None, None).await;
    };
    let secret = opened(&app, &who.user, &factor.sealed)?;
    let now = Timestamp::now();
    let step = step_of(&secret, given(&fields, "code"), now.as_second(), factor.last_step);
    let confirmed = match step {
        Some(step) => staff::confirm_second_factor(pool, &who.user, &factor.sealed, step, now).await?,
        None => false,
    };
    if confirmed {
        return Ok(Redirect::to("/sign-in").into_response());
    }
    let problem = Some(AccessWords::of(who.language).wrong_code);
    enroll_page(&app, &who, StatusCode::UNAUTHORIZED, problem, Some(&secret)).await
}

//! Whoever decides shows once more who he is: by a code of his authenticator, or by his password if he has none.

use std::{sync::Arc, time::Instant};

use askama::Template;
use axum::{
    extract::{
        Query, State,
        rejection::{FormRejection, QueryRejection},
    },
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use store::staff::{self, Attempt};

use super::{
    Frame, PageError, Values, html,
    posted::{self, Fields, given},
    second_factor,
    sign_in::{self, local},
};
use crate::{
    access::{lockout, network::Network, password::PASSWORD_BYTES_MAX, signed_in::SignedIn},
    app::App,
    words::AccessWords,
};

#[derive(Template)]
#[template(path = "proof.html")]
struct ProofPage {
    frame: Frame,
    w: &'static AccessWords,
    problem: Option<&'static str>,
    by_code: bool,
    next: String,
}

/// The form.
pub(crate) async fn show(
    State(app): State<Arc<App>>,
    who: SignedIn,
    query: Result<Values, QueryRejection>,
) -> Result<Response, PageError> {
    let Query(values) = query?;
    page(&app, &who, StatusCode::OK, None, local(values.get("next"))).await
}

async fn page(
    app: &Arc<App>,
    who: &SignedIn,
    status: StatusCode,
    problem: Option<&'static str>,
    next: &str,
) -> Result<Response, PageError> {
    let page = ProofPage {
        frame: Frame::of(app, who).await?,
        w: AccessWords::of(who.language),
        problem,
        by_code: who.has_second_factor,
        next: next.to_owned(),
    };
    html(status, &page)
}

/// A right proof is good for five minutes in this session. Wrong ones count as failed sign-ins.
pub(crate) async fn submit(
    State(app): State<Arc<App>>,
    who: SignedIn,
    network: Network,
    fields: Result<Fields, FormRejection>,
) -> Result<Response, PageError> {
    let mut fields = posted::of_session(&who, fields)?;
    let password = fields.remove("password").unwrap_or_default();
    let (next, w) = (local(fields.get("next")), AccessWords::of(who.language));
    let (pool, network) = (&app.console.pool, network.0.as_deref());
    let attempt = lockout::may_prove(pool, &who.user).await?;
    if attempt == Attempt::Locked {
        return page(&app, &who, StatusCode::TOO_MANY_REQUESTS, Some(w.too_many), next).await;
    }
    let right = match who.has_second_factor {
        true => second_factor::is_the_code(&app, &who.user, given(&fields, "code")).await?,
        false if password.is_empty() || password.len() > PASSWORD_BYTES_MAX => false,
        false => app.passwords.verify(password, staff::password_hash(pool, &who.user).await?).await,
    };
    if !right {
        sign_in::note_refused(&app, &who.user, attempt, network).await?;
        let problem = if who.has_second_factor { w.wrong_code } else { w.wrong_password };
        return page(&app, &who, StatusCode::UNAUTHORIZED, Some(problem), next).await;
    }
    lockout::proved(pool, &who.user).await?;
    app.sessions.prove(&who.session, Instant::now());
    Ok(Redirect::to(next).into_response())
}

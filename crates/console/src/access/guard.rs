//! The door of every route: who asks, whether he has signed in far enough, whether his roles are trusted with it.

use std::{sync::Arc, time::Instant};

use axum::{
    extract::{Request, State},
    http::{HeaderMap, Method, request::Parts},
    middleware::Next,
    response::{IntoResponse, Redirect, Response},
};
use domain::Roles;
use store::staff::Account;

use super::{
    deed::{Deed, roles_may},
    sessions::{Holder, Stage},
    signed_in::{PartnerScope, SignedIn, session_id},
};
use crate::{
    address::escaped,
    app::App,
    pages::PageError,
    routes::{self, Kind, Needs, Partners, RouteInfo},
};

/// One route and what stands behind it.
#[derive(Clone)]
pub(crate) struct Door {
    pub(crate) app: Arc<App>,
    pub(crate) route: RouteInfo,
}

/// Lets a request in, with [`SignedIn`] among its extensions, or answers it.
pub(crate) async fn enter(State(door): State<Door>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let admitted = match door.route.needs {
        Needs::Nothing | Needs::Demo => Ok(None),
        _ => admit(&door, &parts).await.map(Some),
    };
    match admitted {
        Ok(who) => {
            parts.extensions.extend(
                who.map(|who| {
                    let mut extensions = axum::http::Extensions::new();
                    extensions.insert(who);
                    extensions
                })
                .unwrap_or_default(),
            );
            next.run(Request::from_parts(parts, body)).await
        }
        Err(refusal) => refusal.answer(&parts),
    }
}

/// Why a request does not pass the door.
enum Refusal {
    /// Nobody has signed in, or not any more.
    Stranger,
    /// The password was right; the code of the second factor is to come.
    CodeToCome,
    /// Whoever decides must have a second factor here, and has none.
    NeedsSecondFactor,
    /// Whoever decides shows first, once more, who he is; then he goes on at this page.
    NeedsProof(String),
    /// His roles are not trusted with it.
    NotAllowed,
    /// It is none of his partner's.
    NotFound,
    /// Somebody of a partner has his own start page.
    Elsewhere(&'static str),
    /// We could not look.
    Broken(PageError),
}

impl Refusal {
    fn answer(self, parts: &Parts) -> Response {
        match self {
            Self::Stranger => to_sign_in(parts),
            Self::CodeToCome => Redirect::to("/sign-in/code").into_response(),
            Self::NeedsSecondFactor => Redirect::to("/second-factor").into_response(),
            Self::NeedsProof(next) => {
                Redirect::to(&format!("/proof?next={}", escaped(&next))).into_response()
            }
            Self::NotAllowed => PageError::NotAllowed.into_response(),
            Self::NotFound => PageError::NotFound.into_response(),
            Self::Elsewhere(path) => Redirect::to(path).into_response(),
            Self::Broken(error) => error.into_response(),
        }
    }
}

async fn admit(door: &Door, parts: &Parts) -> Result<SignedIn, Refusal> {
    let Door { app, route } = door;
    let who = by_session(app, &parts.headers, route.needs).await?;
    let here = parts.uri.path_and_query().map_or("/", |wanted| wanted.as_str()).to_owned();
    let who = SignedIn { here, ..who };
    let deed = match route.needs {
        Needs::Deed(deed) => deed,
        _ => return Ok(who),
    };
    allowed(&app.console.access, route, deed, &who)?;
    // A decision is a person's, who is there.
    if deed.decides() && parts.method != Method::GET && !who.is_proved {
        return Err(Refusal::NeedsProof(page_before(parts.uri.path())));
    }
    Ok(who)
}

fn allowed(
    rules: &crate::state::AccessRules,
    route: &RouteInfo,
    deed: Deed,
    who: &SignedIn,
) -> Result<(), Refusal> {
    if who.partner.is_some() {
        return match route.partners {
            Partners::OwnRows => Ok(()),
            Partners::SentTo(path) => Err(Refusal::Elsewhere(path)),
            Partners::No => Err(Refusal::NotFound),
        };
    }
    if !roles_may(who.roles, deed) {
        return Err(Refusal::NotAllowed);
    }
    let asked = rules.second_factor_required && who.roles.decide() && !who.is_demo;
    if asked && !who.has_second_factor { Err(Refusal::NeedsSecondFactor) } else { Ok(()) }
}

/// Who has signed in with a browser, for what is no page.
pub(crate) async fn with_session(app: &Arc<App>, headers: &HeaderMap) -> Result<Option<SignedIn>, PageError> {
    match by_session(app, headers, Needs::SignIn).await {
        Ok(who) => Ok(Some(who)),
        Err(Refusal::Broken(error)) => Err(error),
        Err(_) => Ok(None),
    }
}

/// Whose token it is.
pub(crate) fn with_token(account: &Account) -> SignedIn {
    of_account(account)
}

async fn by_session(app: &Arc<App>, headers: &HeaderMap, needs: Needs) -> Result<SignedIn, Refusal> {
    let id = session_id(headers, app.console.access.secure).ok_or(Refusal::Stranger)?;
    let holder = app.sessions.holder(id, Instant::now()).ok_or(Refusal::Stranger)?;
    let found = store::staff::account(&app.console.pool, &holder.user).await;
    let account = found.map_err(|error| Refusal::Broken(error.into()))?;
    let who = match account {
        Some(account) if !account.is_locked && account.version == holder.version => of_account(&account),
        // The demo's own user may be in no table.
        None if holder.is_demo => SignedIn { roles: Roles::ALL, ..SignedIn::nobody(&holder.user) },
        _ => {
            app.sessions.end(id);
            return Err(Refusal::Stranger);
        }
    };
    if holder.stage == Stage::CodeToCome && needs != Needs::Password {
        return Err(Refusal::CodeToCome);
    }
    let is_proved = app.sessions.is_proved(id, Instant::now());
    let Holder { csrf, language, is_demo, stage, version, .. } = holder;
    Ok(SignedIn { csrf, language, is_demo, is_proved, stage, version, session: id.to_owned(), ..who })
}

fn of_account(account: &Account) -> SignedIn {
    let partner = account.partner.as_ref().map(|(id, code)| PartnerScope { id: *id, code: code.clone() });
    SignedIn {
        roles: account.roles,
        partner,
        has_second_factor: account.has_second_factor,
        ..SignedIn::nobody(&account.name)
    }
}

/// The page on which a form stands, by the address that it is sent to: that address, or the nearest above it.
fn page_before(path: &str) -> String {
    let mut path = path;
    while !path.is_empty() {
        if routes::routes()
            .any(|route| route.method == "GET" && route.kind == Kind::Page && names(route.path, path))
        {
            return path.to_owned();
        }
        path = path.rsplit_once('/').map_or("", |(above, _)| above);
    }
    "/".to_owned()
}

/// Whether a route's path, with parameters in braces, names this address.
fn names(route: &str, path: &str) -> bool {
    let (mut parts, mut of_path) = (route.split('/'), path.split('/'));
    loop {
        match (parts.next(), of_path.next()) {
            (None, None) => return true,
            (Some(part), Some(given)) if part == given || part.starts_with('{') && !given.is_empty() => {}
            _ => return false,
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decision_leads_back_to_its_page() {
        for (sent_to, page) in [
            ("/proposals/7/approve", "/proposals/7"),
            ("/refunds/7/00ff", "/refunds/7/00ff"),
            ("/breaks/12/decide", "/breaks/12"),
            ("/nothing/of/ours", "/"),
            ("", "/"),
        ] {
            assert_eq!(page_before(sent_to), page, "{sent_to}");
        }
    }
}

//! The one list of routes: what is asked of whoever comes, and whether people of partners may. The router is made of it, so
//! no route is without its door; the test of the authorization matrix walks it.

use std::sync::Arc;

use axum::routing::{MethodRouter, get, post};
use domain::case::ATTACHMENT_BYTES_MAX;

use crate::{
    access::Deed,
    app::{App, BODY_BYTES_MAX, PROPOSAL_BYTES_MAX},
    pages, staff_api,
};

/// What a route asks of whoever comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    /// Nothing: signing in itself, the stylesheet.
    Nothing,
    /// Nothing, and it is there in the demo only.
    Demo,
    /// A session whose password was right, whether the second factor has been shown or not.
    Password,
    /// A session that is signed in all the way, whatever its roles; also of somebody of a partner.
    SignIn,
    /// And a role that is trusted with this.
    Deed(Deed),
}

/// What somebody of a partner gets from a route that asks for a deed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Partners {
    /// The answer that there is no such page.
    No,
    /// What concerns his own partner, and nothing else: the page limits what it reads to [`SignedIn::partner`].
    ///
    /// [`SignedIn::partner`]: crate::access::signed_in::SignedIn
    OwnRows,
    /// This page in place of it.
    SentTo(&'static str),
}

/// How refusals are said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A page for people, or what belongs to it.
    Page,
    /// JSON for programs.
    Api,
}

/// What is known of a route from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RouteInfo {
    /// `GET` or `POST` ...
    pub method: &'static str,
    /// The path with its parameters in braces.
    pub path: &'static str,
    /// What it asks.
    pub needs: Needs,
    /// What people of partners get.
    pub partners: Partners,
    /// Page or API.
    pub kind: Kind,
}

pub(crate) struct Route {
    pub(crate) info: RouteInfo,
    pub(crate) handler: fn() -> MethodRouter<Arc<App>>,
    pub(crate) body_max: usize,
}

impl Route {
    const fn page(
        method: &'static str,
        path: &'static str,
        needs: Needs,
        handler: fn() -> MethodRouter<Arc<App>>,
    ) -> Self {
        let (partners, kind) = (Partners::No, Kind::Page);
        Self { info: RouteInfo { method, path, needs, partners, kind }, handler, body_max: BODY_BYTES_MAX }
    }

    /// People of a partner get what is theirs.
    const fn partners_too(self) -> Self {
        Self { info: RouteInfo { partners: Partners::OwnRows, ..self.info }, ..self }
    }

    /// People of a partner are sent elsewhere.
    const fn partners_to(self, path: &'static str) -> Self {
        Self { info: RouteInfo { partners: Partners::SentTo(path), ..self.info }, ..self }
    }

    const fn with_body(self, body_max: usize) -> Self {
        Self { body_max, ..self }
    }
}

const SEE: Needs = Needs::Deed(Deed::SeeBooks);

/// Every route stands here once.
pub(crate) static ROUTES: &[Route] = &[
    Route::page("GET", "/", SEE, || get(pages::today::show)).partners_to("/answers"),
    Route::page("GET", "/days", SEE, || get(pages::days::show)),
    Route::page("GET", "/day/{program}/{date}", SEE, || get(pages::day::show)),
    Route::page("GET", "/day/{program}/{date}/transactions", SEE, || get(pages::transactions::show)),
    Route::page("GET", "/day/{program}/{date}/positions/{partner}/{currency}", SEE, || {
        get(pages::lines::show)
    })
    .partners_too(),
    Route::page("GET", "/day/{program}/{date}/statement.pdf", SEE, || get(pages::statement::show))
        .partners_too(),
    Route::page("GET", "/t/{bucket}/{key}", SEE, || get(pages::transaction::show)),
    Route::page("GET", "/find", SEE, || get(pages::find::show)),
    Route::page("GET", "/partners", SEE, || get(pages::partner::list)),
    Route::page("GET", "/partners/{partner}", SEE, || get(pages::partner::show)).partners_too(),
    Route::page("GET", "/programs/{program}/health", SEE, || get(pages::health::show)),
    Route::page("GET", "/links", SEE, || get(pages::links::show)),
    Route::page("GET", "/audit", Needs::Deed(Deed::SeeAudit), || get(pages::audit::show)),
    Route::page("GET", "/breaks", SEE, || get(pages::breaks::show)),
    Route::page("POST", "/breaks/bulk", Needs::Deed(Deed::WorkCases), || post(pages::breaks::bulk)),
    Route::page("POST", "/breaks/views", SEE, || post(pages::breaks::save_view)),
    Route::page("POST", "/breaks/views/{id}/forget", SEE, || post(pages::breaks::forget_view)),
    Route::page("GET", "/breaks/{id}", SEE, || get(pages::one_break::show)),
    Route::page("GET", "/breaks/{id}/attachments/{place}", SEE, || get(pages::one_break::attachment)),
    Route::page("POST", "/breaks/{id}/assign", Needs::Deed(Deed::WorkCases), || {
        post(pages::break_steps::assign)
    }),
    Route::page("POST", "/breaks/{id}/comment", Needs::Deed(Deed::WorkCases), || {
        post(pages::break_steps::comment)
    }),
    Route::page("POST", "/breaks/{id}/attach", Needs::Deed(Deed::WorkCases), || {
        post(pages::break_steps::attach)
    })
    .with_body(ATTACHMENT_BYTES_MAX + BODY_BYTES_MAX),
    Route::page("POST", "/breaks/{id}/propose", Needs::Deed(Deed::WorkCases), || {
        post(pages::break_steps::propose)
    }),
    Route::page("POST", "/breaks/{id}/take-back", Needs::Deed(Deed::WorkCases), || {
        post(pages::break_steps::take_back)
    }),
    Route::page("POST", "/breaks/{id}/decide", Needs::Deed(Deed::DecideCases), || {
        post(pages::break_steps::decide)
    }),
    Route::page("GET", "/approvals", SEE, || get(pages::approvals::show)),
    Route::page("GET", "/programs", SEE, || get(pages::programs::list)),
    Route::page("GET", "/programs/{program}", SEE, || get(pages::programs::show)),
    Route::page("GET", "/programs/{program}/versions", SEE, || get(pages::programs::compare)),
    Route::page("GET", "/programs/{program}/propose", Needs::Deed(Deed::ProposePrograms), || {
        get(pages::propose::show)
    }),
    Route::page("POST", "/programs/{program}/propose", Needs::Deed(Deed::ProposePrograms), || {
        post(pages::propose::submit)
    })
    .with_body(PROPOSAL_BYTES_MAX),
    Route::page("GET", "/proposals/{id}", SEE, || get(pages::proposal::show)),
    Route::page("POST", "/proposals/{id}/approve", Needs::Deed(Deed::DecidePrograms), || {
        post(pages::proposal::approve)
    }),
    Route::page("POST", "/proposals/{id}/reject", Needs::Deed(Deed::DecidePrograms), || {
        post(pages::proposal::reject)
    }),
    Route::page("POST", "/proposals/{id}/withdraw", Needs::Deed(Deed::WithdrawPrograms), || {
        post(pages::proposal::withdraw)
    }),
    Route::page("POST", "/proposals/{id}/again", Needs::Deed(Deed::ProposePrograms), || {
        post(pages::proposal::again)
    }),
    Route::page("GET", "/refunds", SEE, || get(pages::refunds::list)),
    Route::page("GET", "/refunds/{bucket}/{key}", SEE, || get(pages::refunds::show)),
    Route::page("POST", "/refunds/{bucket}/{key}", Needs::Deed(Deed::DecideRefunds), || {
        post(pages::refunds::submit)
    }),
    Route::page("GET", "/answers", SEE, || get(pages::answers::show)).partners_too(),
    Route::page("POST", "/language", Needs::SignIn, || post(pages::language::submit)),
    Route::page("GET", "/sign-in", Needs::Nothing, || get(pages::sign_in::show)),
    Route::page("POST", "/sign-in", Needs::Nothing, || post(pages::sign_in::submit)),
    Route::page("GET", "/sign-in/code", Needs::Password, || get(pages::second_factor::ask)),
    Route::page("POST", "/sign-in/code", Needs::Password, || post(pages::second_factor::answer)),
    Route::page("GET", "/second-factor", Needs::SignIn, || get(pages::second_factor::show)),
    Route::page("POST", "/second-factor", Needs::SignIn, || post(pages::second_factor::begin)),
    Route::page("POST", "/second-factor/confirm", Needs::SignIn, || post(pages::second_factor::confirm)),
    Route::page("GET", "/proof", Needs::SignIn, || get(pages::proof::show)),
    Route::page("POST", "/proof", Needs::SignIn, || post(pages::proof::submit)),
    Route::page("POST", "/sign-out", Needs::Password, || post(pages::sign_in::sign_out)),
    Route::page("GET", "/demo-sign-in", Needs::Demo, || get(pages::sign_in::demo)),
    Route::page("GET", "/keys.js", Needs::Nothing, || get(pages::keys)),
    Route::page("GET", "/style.css", Needs::Nothing, || get(pages::style)),
    Route::page("GET", "/icon.svg", Needs::Nothing, || get(pages::icon)),
];

/// All routes, as they are known from outside.
pub fn routes() -> impl Iterator<Item = RouteInfo> {
    ROUTES.iter().map(|route| route.info).chain(staff_api::routes())
}

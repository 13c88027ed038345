//! Every operation, once: the router and the OpenAPI document are made from this list.

use std::sync::Arc;

use axum::{
    Router, middleware,
    routing::{MethodRouter, get, patch, post},
};
use schemars::{Schema, SchemaGenerator};

use super::{
    Api, call, cards, members,
    problem::Problem,
    types::{
        CardBlock, CardBlocked, CardReplaced, CardReplacement, Enrolled, Enrollment, Member, MemberPatch,
    },
};

/// Makes the schema of a type.
pub(super) type Body = fn(&mut SchemaGenerator) -> Schema;

/// One operation.
pub(super) struct Operation {
    pub(super) method: &'static str,
    pub(super) path: &'static str,
    pub(super) name: &'static str,
    pub(super) summary: &'static str,
    /// The body of the request, for what changes something.
    pub(super) request: Option<Body>,
    pub(super) answer: Body,
    /// Each status of a success, with its meaning.
    pub(super) successes: &'static [(u16, &'static str)],
    handler: fn() -> MethodRouter<Arc<Api>>,
}

const DONE: (u16, &str) = (200, "it is so");

pub(super) const OPERATIONS: &[Operation] = &[
    Operation {
        method: "post",
        path: "/v1/members",
        name: "enroll",
        summary: "Enroll a card, and its member if that is new",
        request: Some(|schemas| schemas.subschema_for::<Enrollment>()),
        answer: |schemas| schemas.subschema_for::<Enrolled>(),
        successes: &[(200, "the card was this member's before"), (201, "the card is enrolled")],
        handler: || post(members::enroll),
    },
    Operation {
        method: "get",
        path: "/v1/members/{program}/{member_number}",
        name: "member",
        summary: "A member: balances, cards, consents",
        request: None,
        answer: |schemas| schemas.subschema_for::<Member>(),
        successes: &[(200, "the member")],
        handler: || get(members::show),
    },
    Operation {
        method: "patch",
        path: "/v1/members/{program}/{member_number}",
        name: "changeMember",
        summary: "Change household, birthday, status or consents of a member",
        request: Some(|schemas| schemas.subschema_for::<MemberPatch>()),
        answer: |schemas| schemas.subschema_for::<Member>(),
        successes: &[(200, "the member as it is now")],
        handler: || patch(members::patch),
    },
    Operation {
        method: "post",
        path: "/v1/cards/replacements",
        name: "replaceCard",
        summary: "Give an account a new card in place of an old one",
        request: Some(|schemas| schemas.subschema_for::<CardReplacement>()),
        answer: |schemas| schemas.subschema_for::<CardReplaced>(),
        successes: &[(200, "it was so before"), (201, "the card is replaced")],
        handler: || post(cards::replace),
    },
    Operation {
        method: "post",
        path: "/v1/cards/blocks",
        name: "blockCard",
        summary: "Block a lost card, or take the block back",
        request: Some(|schemas| schemas.subschema_for::<CardBlock>()),
        answer: |schemas| schemas.subschema_for::<CardBlocked>(),
        successes: &[DONE],
        handler: || post(cards::block),
    },
];

pub(super) fn router(api: &Arc<Api>) -> Router {
    let routes = OPERATIONS.iter();
    let routes = routes.fold(Router::new(), |router, one| router.route(one.path, (one.handler)()));
    routes
        .fallback(|| async { Problem::no_route() })
        .method_not_allowed_fallback(|| async { Problem::no_method() })
        .layer(middleware::from_fn_with_state(Arc::clone(api), call::bounded))
        .with_state(Arc::clone(api))
}

//! Every operation, once: the router and the OpenAPI document are made from this list.

use std::sync::Arc;

use axum::{
    Router, middleware,
    routing::{MethodRouter, get, patch, post},
};
use schemars::{Schema, SchemaGenerator};

use super::{
    Api, call, cards, members, miles, miles_read, miles_types,
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
    /// Whether it answers with a page of a list.
    pub(super) paged: bool,
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
        paged: false,
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
        paged: false,
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
        paged: false,
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
        paged: false,
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
        paged: false,
        successes: &[DONE],
        handler: || post(cards::block),
    },
    Operation {
        method: "get",
        path: "/v1/members/{program}/{member_number}/miles",
        name: "miles",
        summary: "What a member has in miles: spendable, vesting, reserved, owed",
        request: None,
        answer: |schemas| schemas.subschema_for::<miles_types::MilesBalance>(),
        paged: false,
        successes: &[(200, "the balance")],
        handler: || get(miles_read::balance),
    },
    Operation {
        method: "get",
        path: "/v1/members/{program}/{member_number}/lots",
        name: "lots",
        summary: "The lots of a member's miles, the first to expire first",
        request: None,
        answer: |schemas| schemas.subschema_for::<miles_types::Lots>(),
        paged: true,
        successes: &[(200, "a page of lots")],
        handler: || get(miles_read::lots),
    },
    Operation {
        method: "get",
        path: "/v1/members/{program}/{member_number}/redemptions",
        name: "redemptions",
        summary: "What a member has spent and sent, the newest first",
        request: None,
        answer: |schemas| schemas.subschema_for::<miles_types::Redemptions>(),
        paged: true,
        successes: &[(200, "a page of redemptions")],
        handler: || get(miles_read::redemptions),
    },
    Operation {
        method: "post",
        path: "/v1/members/{program}/{member_number}/redemptions",
        name: "reserveMiles",
        summary: "Keep miles to pay with, of a member or of his household",
        request: Some(|schemas| schemas.subschema_for::<miles_types::MilesReservation>()),
        answer: |schemas| schemas.subschema_for::<miles_types::Redemption>(),
        paged: false,
        successes: &[(201, "the miles are reserved")],
        handler: || post(miles::reserve),
    },
    Operation {
        method: "get",
        path: "/v1/members/{program}/{member_number}/redemptions/{redemption}",
        name: "redemption",
        summary: "A redemption, or a pool of a household with its parts",
        request: None,
        answer: |schemas| schemas.subschema_for::<miles_types::Redemption>(),
        paged: false,
        successes: &[(200, "the redemption")],
        handler: || get(miles_read::one),
    },
    Operation {
        method: "post",
        path: "/v1/members/{program}/{member_number}/redemptions/{redemption}/confirmation",
        name: "confirmRedemption",
        summary: "Spend what was reserved",
        request: Some(|schemas| schemas.subschema_for::<miles_types::RedemptionEnd>()),
        answer: |schemas| schemas.subschema_for::<miles_types::Redemption>(),
        paged: false,
        successes: &[(200, "the miles are spent")],
        handler: || post(miles::confirm),
    },
    Operation {
        method: "post",
        path: "/v1/members/{program}/{member_number}/redemptions/{redemption}/cancellation",
        name: "cancelRedemption",
        summary: "Give back what was reserved or spent",
        request: Some(|schemas| schemas.subschema_for::<miles_types::RedemptionEnd>()),
        answer: |schemas| schemas.subschema_for::<miles_types::Redemption>(),
        paged: false,
        successes: &[(200, "each lot has its miles again")],
        handler: || post(miles::cancel),
    },
    Operation {
        method: "post",
        path: "/v1/members/{program}/{member_number}/transfers",
        name: "sendMiles",
        summary: "Send miles to another member of the program; they keep their age",
        request: Some(|schemas| schemas.subschema_for::<miles_types::MilesTransfer>()),
        answer: |schemas| schemas.subschema_for::<miles_types::Redemption>(),
        paged: false,
        successes: &[(201, "the miles have left, and arrive at once or soon")],
        handler: || post(miles::send),
    },
    Operation {
        method: "post",
        path: "/v1/members/{program}/{member_number}/adjustments",
        name: "adjustMiles",
        summary: "Give a member miles, or take some, for a reason",
        request: Some(|schemas| schemas.subschema_for::<miles_types::MilesAdjustment>()),
        answer: |schemas| schemas.subschema_for::<miles_types::Adjusted>(),
        paged: false,
        successes: &[(201, "the miles are booked")],
        handler: || post(miles::adjust),
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

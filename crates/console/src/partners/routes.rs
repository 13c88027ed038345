//! Every operation, once: the router and the OpenAPI document are made from this list.

use std::sync::Arc;

use axum::{
    Router, middleware,
    routing::{MethodRouter, get, post},
};
use schemars::{Schema, SchemaGenerator};

use super::{
    PartnerApi, answer, call,
    problem::Problem,
    read,
    types::{Answered, Events, Files},
};

/// What an operation answers with.
pub(super) enum Content {
    /// JSON of this schema.
    Json(fn(&mut SchemaGenerator) -> Schema),
    /// The bytes of a file.
    File,
}

/// One operation.
pub(super) struct Operation {
    pub(super) method: &'static str,
    pub(super) path: &'static str,
    pub(super) name: &'static str,
    pub(super) summary: &'static str,
    /// Whether it answers with a page of a list.
    pub(super) paged: bool,
    pub(super) content: Content,
    /// Each status of a success, with its meaning.
    pub(super) successes: &'static [(u16, &'static str)],
    handler: fn() -> MethodRouter<Arc<PartnerApi>>,
}

pub(super) const OPERATIONS: &[Operation] = &[
    Operation {
        method: "get",
        path: "/v1/events",
        name: "events",
        summary: "Your events in their order: the same as a webhook brings",
        paged: true,
        content: Content::Json(|schemas| schemas.subschema_for::<Events>()),
        successes: &[(200, "a page of events")],
        handler: || get(read::events),
    },
    Operation {
        method: "get",
        path: "/v1/files",
        name: "files",
        summary: "Your settlement files in their order",
        paged: true,
        content: Content::Json(|schemas| schemas.subschema_for::<Files>()),
        successes: &[(200, "a page of files")],
        handler: || get(read::files),
    },
    Operation {
        method: "get",
        path: "/v1/files/{file}",
        name: "file",
        summary: "The bytes of a settlement file",
        paged: false,
        content: Content::File,
        successes: &[(200, "the file; its ETag is the SHA-256")],
        handler: || get(read::file),
    },
    Operation {
        method: "post",
        path: "/v1/files/{file}/acknowledgement",
        name: "acknowledgeFile",
        summary: "Say what you think of a settlement file",
        paged: false,
        content: Content::Json(|schemas| schemas.subschema_for::<Answered>()),
        successes: &[(200, "it was on the books before"), (201, "it is on the books")],
        handler: || post(answer::take),
    },
];

pub(super) fn router(api: &Arc<PartnerApi>) -> Router {
    let routes = OPERATIONS.iter();
    let routes = routes.fold(Router::new(), |router, one| router.route(one.path, (one.handler)()));
    routes
        .fallback(|| async { Problem::no_route() })
        .method_not_allowed_fallback(|| async { Problem::no_method() })
        .layer(middleware::from_fn_with_state(Arc::clone(api), call::bounded))
        .with_state(Arc::clone(api))
}

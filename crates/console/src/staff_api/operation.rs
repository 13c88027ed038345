//! What an operation is: who may call it, what it takes, what it gives.

use futures_util::future::BoxFuture;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use store::TokenScope;

use super::{
    call::{Answer, Call},
    problems::Problem,
};
use crate::access::Deed;

/// The longest body that most operations take.
const BODY_BYTES_MAX: usize = 16 * 1024;

/// A type of JSON that an operation takes or gives, with an example.
#[derive(Clone, Copy)]
pub(super) struct JsonType {
    pub(super) schema: fn(&mut SchemaGenerator) -> Schema,
    pub(super) example: &'static str,
    /// Reads the example as the type and writes it again: what it says is what the type says.
    #[allow(dead_code, reason = "the test of the document reads it")]
    pub(super) again: fn(&str) -> serde_json::Result<Value>,
}

impl JsonType {
    pub(super) const fn of<T: JsonSchema + Serialize + DeserializeOwned>(example: &'static str) -> Self {
        Self {
            schema: |schemas| schemas.subschema_for::<T>(),
            example,
            again: |text| serde_json::to_value(serde_json::from_str::<T>(text)?),
        }
    }
}

/// The body of a request.
#[derive(Clone, Copy)]
pub(super) enum Takes {
    /// None.
    Nothing,
    /// JSON.
    Json(JsonType),
    /// The bytes of a file, of the type that `Content-Type` names.
    File,
}

/// The body of an answer.
#[derive(Clone, Copy)]
pub(super) enum Gives {
    /// JSON, with this status of success.
    Json(u16, JsonType),
    /// The bytes of a file.
    File,
}

/// A parameter of the query.
#[derive(Clone, Copy)]
pub(super) struct Parameter {
    pub(super) name: &'static str,
    pub(super) meaning: &'static str,
    /// The words that it may have; any text, if there are none.
    pub(super) words: &'static [&'static str],
}

/// One operation.
pub(super) struct Operation {
    pub(super) method: &'static str,
    pub(super) path: &'static str,
    pub(super) name: &'static str,
    pub(super) summary: &'static str,
    pub(super) description: &'static str,
    /// What a token must be good for.
    pub(super) scope: TokenScope,
    /// What a role must be trusted with.
    pub(super) deed: Deed,
    /// Whether people of partners may call it: they get what is theirs.
    pub(super) partners: bool,
    pub(super) query: &'static [Parameter],
    /// Whether it gives a page of a list.
    pub(super) paged: bool,
    pub(super) takes: Takes,
    pub(super) body_max: usize,
    pub(super) gives: Gives,
    /// Failures of its own, beside those that all have: status, code, meaning.
    pub(super) errors: &'static [(u16, &'static str, &'static str)],
    /// Whether failures are also told in the form that they had before there were problem documents.
    pub(super) old_errors: bool,
    pub(super) handler: Handler,
}

pub(super) type Handler = fn(Call) -> BoxFuture<'static, Result<Answer, Problem>>;

impl Operation {
    /// Something that reads.
    pub(super) const fn read(
        path: &'static str,
        name: &'static str,
        summary: &'static str,
        gives: JsonType,
        handler: Handler,
    ) -> Self {
        Self {
            method: "get",
            path,
            name,
            summary,
            description: "",
            scope: TokenScope::Read,
            deed: Deed::SeeBooks,
            partners: false,
            query: &[],
            paged: false,
            takes: Takes::Nothing,
            body_max: 0,
            gives: Gives::Json(200, gives),
            errors: &[],
            old_errors: false,
            handler,
        }
    }

    /// Something that changes something.
    pub(super) const fn change(
        path: &'static str,
        name: &'static str,
        summary: &'static str,
        (scope, deed): (TokenScope, Deed),
        (takes, status, gives): (JsonType, u16, JsonType),
        handler: Handler,
    ) -> Self {
        Self {
            method: "post",
            scope,
            deed,
            takes: Takes::Json(takes),
            body_max: BODY_BYTES_MAX,
            gives: Gives::Json(status, gives),
            ..Self::read(path, name, summary, gives, handler)
        }
    }

    pub(super) const fn saying(self, description: &'static str) -> Self {
        Self { description, ..self }
    }

    pub(super) const fn needing(self, deed: Deed) -> Self {
        Self { deed, ..self }
    }

    pub(super) const fn partners_too(self) -> Self {
        Self { partners: true, ..self }
    }

    pub(super) const fn by(self, query: &'static [Parameter]) -> Self {
        Self { query, ..self }
    }

    /// It gives a page of a list.
    pub(super) const fn paged(self) -> Self {
        Self { paged: true, ..self }
    }

    pub(super) const fn failing(self, errors: &'static [(u16, &'static str, &'static str)]) -> Self {
        Self { errors, ..self }
    }

    pub(super) const fn taking(self, takes: Takes, body_max: usize) -> Self {
        Self { takes, body_max, ..self }
    }

    pub(super) const fn giving_a_file(self) -> Self {
        Self { gives: Gives::File, ..self }
    }

    pub(super) const fn with_old_errors(self) -> Self {
        Self { old_errors: true, ..self }
    }

    /// Whether it changes something.
    pub(super) fn changes(&self) -> bool {
        self.method != "get"
    }
}

/// A handler as a pointer: `handler!(days::list)`.
macro_rules! handler {
    ($($path:tt)+) => {
        |call| Box::pin($($path)+(call))
    };
}
pub(super) use handler;

//! Why messages were worth what they were.

use axum::http::StatusCode;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    call::{Answer, Call},
    problems::Problem,
};
use crate::explained::explained;

/// Every message that a reference names, each with the steps of its decision in words of both languages.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Explained {
    /// Each with `key`, `mti`, `amount_minor`, `result`, `steps`, `transfers` ...
    messages: Vec<Value>,
}

pub(super) async fn explain(call: Call) -> Result<Answer, Problem> {
    let console = call.console();
    let reference = call.part("reference");
    let told = explained(call.pool(), &console.programs, &console.partner_codes, reference).await?;
    if told.is_empty() {
        let detail = "no stored message has this key (48 hexadecimal digits) or this retrieval reference number (DE37)";
        let next = "look for the message with GET /api/v1/transactions";
        return Err(Problem::new(StatusCode::NOT_FOUND, "not_found", detail, next));
    }
    tracing::debug!(user = call.who().user, messages = told.len(), "explained by the API");
    Answer::ok(&Explained { messages: told.iter().map(|message| message.to_json()).collect() })
}

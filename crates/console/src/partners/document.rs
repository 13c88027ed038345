//! The OpenAPI document, made from the operations and the types that they use.

use serde_json::{Map, Value, json};

use super::{
    problem::Problem,
    read::{PAGE, PAGE_MAX},
    routes::{Content, OPERATIONS, Operation},
};
use crate::openapi;

/// The document as JSON text.
pub fn partner_openapi() -> String {
    let mut schemas = openapi::schemas();
    let problem = Value::from(schemas.subschema_for::<Problem>());
    let mut paths: Map<String, Value> = Map::new();
    for operation in OPERATIONS {
        let content = match operation.content {
            Content::Json(schema) => {
                json!({ "application/json": { "schema": Value::from(schema(&mut schemas)) } })
            }
            Content::File => json!({ "text/plain": { "schema": { "type": "string", "format": "binary" } } }),
        };
        let path = paths.entry(operation.path).or_insert_with(|| json!({}));
        if let Value::Object(path) = path {
            path.insert(operation.method.to_owned(), described(operation, &content, &problem));
        }
    }
    let description = "HTTPS with a bearer token. A partner sees its own events and files and nothing else.";
    openapi::document("cobrand: API for partners", description, paths, schemas)
}

fn described(operation: &Operation, content: &Value, problem: &Value) -> Value {
    let success = |(status, meaning): &(u16, &str)| {
        (status.to_string(), json!({ "description": meaning, "content": content }))
    };
    let mut responses: Map<String, Value> = operation.successes.iter().map(success).collect();
    let problem = json!({ "application/problem+json": { "schema": problem } });
    responses.insert("default".to_owned(), json!({ "description": "a problem", "content": problem }));
    let mut parameters: Vec<Value> = openapi::in_path(operation.path)
        .map(|name| json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string" } }))
        .collect();
    if operation.paged {
        parameters.push(json!({
            "name": "limit", "in": "query", "required": false, "description": "How many entries a page has at most.",
            "schema": { "type": "integer", "minimum": 1, "maximum": PAGE_MAX, "default": PAGE },
        }));
        parameters.push(json!({
            "name": "after", "in": "query", "required": false, "schema": { "type": "string" },
            "description": "What the page before named as next; from the beginning if it is left out.",
        }));
    }
    let mut described = Map::new();
    if operation.method == "post" {
        parameters.push(json!({
            "name": "Idempotency-Key", "in": "header", "required": true,
            "description": "A key of yours for this answer; the same answer with the same key changes nothing.",
            "schema": { "type": "string", "minLength": 1, "maxLength": 64 },
        }));
        let bytes = json!({ "*/*": { "schema": { "type": "string", "format": "binary" } } });
        described.insert("requestBody".to_owned(), json!({ "required": true, "content": bytes }));
    }
    described.insert("operationId".to_owned(), operation.name.into());
    described.insert("summary".to_owned(), operation.summary.into());
    described.insert("parameters".to_owned(), parameters.into());
    described.insert("responses".to_owned(), responses.into());
    Value::Object(described)
}

#[cfg(test)]
mod tests {
    use super::partner_openapi;

    #[test]
    fn the_document_is_the_committed_one() {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
        let committed = std::fs::read_to_string(path.join("../../docs/api/partners.openapi.json"));
        assert!(
            partner_openapi() == committed.unwrap_or_default(),
            "write it anew: cobrand api document --partners > docs/api/partners.openapi.json"
        );
    }
}

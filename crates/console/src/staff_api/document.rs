//! The OpenAPI document, made from the operations and the types that they use.

use serde_json::{Map, Value, json};

use super::{
    call::{PAGE, PAGE_MAX},
    operation::{Gives, JsonType, Operation, Takes},
    problems::{OF_ALL, OF_CHANGES, Problem},
    routes::OPERATIONS,
    serve::KEY_CHARS_MAX,
};
use crate::openapi;

const DESCRIPTION: &str = "What the pages of the console offer, for programs of staff. Each request carries `Authorization: \
    Bearer TOKEN` with a token of `cobrand user token`; operations that read also take the session of a browser. A token \
    reads, or reads and proposes, or reads and decides; beyond that its user's roles count, and nobody approves what he \
    proposed. Amounts of money are whole minor units with their currency, miles stand apart. Every change carries an \
    `Idempotency-Key`: the same request with the same key gets the answer that was kept, and is made once. Lists are given \
    page by page: give `next` back as `after`. Every failure is a problem document (RFC 9457). Answers tell what is left of \
    the minute in `RateLimit-Limit`, `RateLimit-Remaining` and `RateLimit-Reset`.";

/// The document as JSON text.
pub fn staff_openapi() -> String {
    let mut schemas = openapi::schemas();
    let problem = Value::from(schemas.subschema_for::<Problem>());
    let mut paths: Map<String, Value> = Map::new();
    for operation in OPERATIONS {
        let mut body = |of: &JsonType| {
            let example: Value = serde_json::from_str(of.example).unwrap_or_default();
            json!({ "application/json": { "schema": Value::from((of.schema)(&mut schemas)), "example": example } })
        };
        let takes = match &operation.takes {
            Takes::Nothing => None,
            Takes::Json(of) => Some(body(of)),
            Takes::File => Some(any_file()),
        };
        let (status, gives) = match &operation.gives {
            Gives::Json(status, of) => (*status, body(of)),
            Gives::File => (200, any_file()),
        };
        let path = paths.entry(operation.path).or_insert_with(|| json!({}));
        if let Value::Object(path) = path {
            path.insert(operation.method.to_owned(), described(operation, takes, status, &gives, &problem));
        }
    }
    openapi::document("cobrand: API for staff", DESCRIPTION, paths, schemas)
}

fn any_file() -> Value {
    json!({ "*/*": { "schema": { "type": "string", "format": "binary" } } })
}

fn described(
    operation: &Operation,
    takes: Option<Value>,
    status: u16,
    gives: &Value,
    problem: &Value,
) -> Value {
    let mut described = Map::new();
    let mut put = |name: &str, value: Value| described.insert(name.to_owned(), value);
    put("operationId", operation.name.into());
    put("summary", operation.summary.into());
    let roles: Vec<&str> = operation.deed.roles().iter().map(|role| role.name()).collect();
    let partners = if operation.partners { " People of a partner get what is theirs." } else { "" };
    let (scope, roles) = (operation.scope.name(), roles.join(", "));
    let who = format!("Asks for a token that may {scope}, and for one of the roles: {roles}.{partners}");
    put("description", format!("{} {who}", operation.description).trim().into());
    put("parameters", parameters(operation).into());
    if let Some(takes) = takes {
        put("requestBody", json!({ "required": true, "content": takes }));
    }
    let mut responses = failures(operation, problem);
    responses.insert(status.to_string(), json!({ "description": "done", "content": gives }));
    put("responses", responses.into());
    Value::Object(described)
}

fn parameters(operation: &Operation) -> Vec<Value> {
    let mut parameters: Vec<Value> = openapi::in_path(operation.path)
        .map(|name| json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string" } }))
        .collect();
    for parameter in operation.query {
        let mut schema = json!({ "type": "string" });
        if !parameter.words.is_empty() {
            schema = json!({ "type": "string", "enum": parameter.words });
        }
        parameters.push(json!({
            "name": parameter.name, "in": "query", "required": false, "description": parameter.meaning, "schema": schema,
        }));
    }
    if operation.paged {
        parameters.push(json!({
            "name": "limit", "in": "query", "required": false, "description": "How many entries a page has at most.",
            "schema": { "type": "integer", "minimum": 1, "maximum": PAGE_MAX, "default": PAGE },
        }));
        parameters.push(json!({
            "name": "after", "in": "query", "required": false, "schema": { "type": "string" },
            "description": "What the page before named as `next`; from the beginning if it is left out.",
        }));
    }
    if operation.changes() {
        parameters.push(json!({
            "name": "Idempotency-Key", "in": "header", "required": true,
            "description": "A key of yours for this change; the same request with the same key is made once.",
            "schema": { "type": "string", "minLength": 1, "maxLength": KEY_CHARS_MAX },
        }));
    }
    parameters
}

/// Each status with the codes and meanings that it may have here.
fn failures(operation: &Operation, problem: &Value) -> Map<String, Value> {
    let of_changes = if operation.changes() { OF_CHANGES } else { &[] };
    let mut by_status: std::collections::BTreeMap<u16, Vec<String>> = std::collections::BTreeMap::new();
    for (status, code, meaning) in OF_ALL.iter().chain(of_changes).chain(operation.errors) {
        by_status.entry(*status).or_default().push(format!("`{code}`: {meaning}"));
    }
    let content = json!({ "application/problem+json": { "schema": problem } });
    let told = |(status, meanings): (u16, Vec<String>)| {
        (status.to_string(), json!({ "description": meanings.join("; "), "content": content }))
    };
    by_status.into_iter().map(told).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_is_the_committed_one() {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
        let committed = std::fs::read_to_string(path.join("../../docs/api/staff.openapi.json"));
        assert!(
            staff_openapi() == committed.unwrap_or_default(),
            "write it anew: cobrand api document --staff > docs/api/staff.openapi.json"
        );
    }

    #[test]
    fn every_operation_is_described_with_an_example_of_its_type() {
        let mut names = std::collections::BTreeSet::new();
        for operation in OPERATIONS {
            let name = operation.name;
            assert!(names.insert(name), "{name} twice");
            assert!(operation.path.starts_with("/api/v1/") && !operation.summary.is_empty(), "{name}");
            assert!(!operation.description.is_empty(), "{name} has no description");
            assert!(operation.method == "get" || operation.method == "post", "{name}");
            assert_eq!(operation.changes(), !matches!(operation.takes, Takes::Nothing), "{name}");
            let gives = match operation.gives {
                Gives::Json(_, of) => Some(of),
                Gives::File => None,
            };
            let takes = match operation.takes {
                Takes::Json(of) => Some(of),
                _ => None,
            };
            for of in takes.into_iter().chain(gives) {
                let again =
                    (of.again)(of.example).unwrap_or_else(|error| panic!("{name}: {error}: {}", of.example));
                let example: Value = serde_json::from_str(of.example).unwrap();
                assert_eq!(again, example, "{name}: the example leaves something out");
            }
        }
    }
}

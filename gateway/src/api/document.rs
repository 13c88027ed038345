//! The OpenAPI document, made from the operations and the types that they use.

use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use super::{
    miles_read::{PAGE, PAGE_MAX},
    problem::Problem,
    routes::{OPERATIONS, Operation},
};

/// The document as JSON text.
pub fn openapi() -> String {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.definitions_path = "/components/schemas".into();
        settings.meta_schema = None;
    });
    let mut schemas = settings.into_generator();
    let problem = schemas.subschema_for::<Problem>();
    let mut paths: Map<String, Value> = Map::new();
    for operation in OPERATIONS {
        let request = operation.request.map(|body| body(&mut schemas));
        let answer = (operation.answer)(&mut schemas);
        let described = described(
            operation,
            request.map(Value::from),
            &Value::from(answer),
            &Value::from(problem.clone()),
        );
        let path = paths.entry(operation.path).or_insert_with(|| json!({}));
        if let Value::Object(path) = path {
            path.insert(operation.method.to_owned(), described);
        }
    }
    let document = json!({
        "openapi": "3.1.0",
        "info": {
            "title": "cobrand: API for banks",
            "version": "1",
            "description": "JSON over mutual TLS: the client certificate says whose members a caller may touch.",
        },
        "paths": paths,
        "components": {
            "schemas": schemas.take_definitions(true),
            "securitySchemes": { "clientCertificate": { "type": "mutualTLS" } },
        },
        "security": [{ "clientCertificate": [] }],
    });
    serde_json::to_string_pretty(&document).unwrap_or_default() + "\n"
}

fn described(operation: &Operation, request: Option<Value>, answer: &Value, problem: &Value) -> Value {
    let mut responses: Map<String, Value> = operation
        .successes
        .iter()
        .map(|(status, meaning)| {
            let content = json!({ "application/json": { "schema": answer } });
            (status.to_string(), json!({ "description": meaning, "content": content }))
        })
        .collect();
    responses.insert(
        "default".to_owned(),
        json!({ "description": "a problem", "content": { "application/problem+json": { "schema": problem } } }),
    );
    let mut parameters: Vec<Value> = operation
        .path
        .split('/')
        .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
        .map(|name| json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string" } }))
        .collect();
    if operation.paged {
        parameters.push(json!({
            "name": "limit", "in": "query", "required": false, "description": "How many entries a page has at most.",
            "schema": { "type": "integer", "minimum": 1, "maximum": PAGE_MAX, "default": PAGE },
        }));
        parameters.push(json!({
            "name": "after", "in": "query", "required": false, "description": "What the page before named as next.",
            "schema": { "type": "string" },
        }));
    }
    let mut described = Map::new();
    if let Some(request) = request {
        parameters.push(json!({
            "name": "Idempotency-Key", "in": "header", "required": true,
            "description": "A key of yours for this change. The same request with the same key is answered as it was; \
                            the same key with another body is refused with 422.",
            "schema": { "type": "string", "minLength": 1, "maxLength": 64 },
        }));
        let content = json!({ "application/json": { "schema": request } });
        described.insert("requestBody".to_owned(), json!({ "required": true, "content": content }));
    }
    described.insert("operationId".to_owned(), operation.name.into());
    described.insert("summary".to_owned(), operation.summary.into());
    described.insert("parameters".to_owned(), parameters.into());
    described.insert("responses".to_owned(), responses.into());
    Value::Object(described)
}

#[cfg(test)]
mod tests {
    use super::openapi;

    #[test]
    fn the_document_is_the_committed_one() {
        let committed = include_str!("../../../docs/api/openapi.json");
        assert!(
            openapi() == committed,
            "write it anew: cobrand api document > docs/api/openapi.json, and look at what changed for callers"
        );
    }
}

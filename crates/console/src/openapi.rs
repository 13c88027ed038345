//! What the OpenAPI documents of the console's interfaces have in common.

use schemars::{SchemaGenerator, generate::SchemaSettings};
use serde_json::{Map, Value, json};

/// Collects the schemas of a document.
pub(crate) fn schemas() -> SchemaGenerator {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.definitions_path = "/components/schemas".into();
        settings.meta_schema = None;
    });
    settings.into_generator()
}

/// The document as JSON text: its operations by path, and the schemas that they named.
pub(crate) fn document(
    title: &str,
    description: &str,
    paths: Map<String, Value>,
    mut schemas: SchemaGenerator,
) -> String {
    let document = json!({
        "openapi": "3.1.0",
        "info": { "title": title, "version": "1", "description": description },
        "paths": paths,
        "components": {
            "schemas": schemas.take_definitions(true),
            "securitySchemes": { "token": { "type": "http", "scheme": "bearer" } },
        },
        "security": [{ "token": [] }],
    });
    serde_json::to_string_pretty(&document).unwrap_or_default() + "\n"
}

/// The parameters that stand in a path, such as `/v1/files/{file}`.
pub(crate) fn in_path(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
}

//! Lists of parts that are the same in every dialect.

use std::collections::BTreeMap;

use super::{FieldFile, InsideFile, error::DialectError, merge};

/// Names and files.
const LISTS: &[(&str, &str)] = &[
    ("emv", include_str!("../../dialects/parts/emv.toml")),
    ("ipm-pds", include_str!("../../dialects/parts/ipm-pds.toml")),
];

/// The parts of a value: those of its list, and over them its own.
pub(super) fn parts_of(file: &InsideFile, path: &str) -> Result<BTreeMap<String, FieldFile>, DialectError> {
    let mut parts = match file.parts_from.as_deref() {
        None => BTreeMap::new(),
        Some(name) => {
            let list = LISTS.iter().find(|(other, _)| *other == name);
            let (_, text) = list.ok_or_else(|| {
                DialectError::at(format!("{path}.parts_from"), "one of the lists emv, ipm-pds")
            })?;
            toml::from_str(text).map_err(|error| DialectError::syntax(text, &error))?
        }
    };
    for (id, part) in &file.parts {
        if part.absent {
            parts.remove(id);
            continue;
        }
        let merged = merge::field_over(parts.remove(id).unwrap_or_default(), part.clone());
        parts.insert(id.clone(), merged);
    }
    Ok(parts)
}

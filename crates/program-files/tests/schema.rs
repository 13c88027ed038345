//! The JSON Schema that editors use: current, true of the sample, and not true of what the reader refuses.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use std::fs;
use std::path::Path;

use program_files::program_schema;
use serde_json::{Map, Value};
use support::sample;

/// What is wrong with `value` by the keywords that our schema uses; a keyword that is not known here is a failure.
fn faults(schema: &Value, value: &Value, root: &Value, path: &str) -> Vec<String> {
    let mut wrong = Vec::new();
    for (keyword, rule) in schema.as_object().unwrap() {
        let faulty = |holds: bool| if holds { vec![] } else { vec![format!("{path}: {keyword}")] };
        wrong.extend(match keyword.as_str() {
            "$schema" | "title" | "description" | "$defs" | "default" | "format" => vec![],
            "$ref" => {
                let name = rule.as_str().unwrap().strip_prefix("#/$defs/").unwrap();
                faults(&root["$defs"][name], value, root, path)
            }
            "type" => faulty(match rule.as_str().unwrap() {
                "object" => value.is_object(),
                "array" => value.is_array(),
                "string" => value.is_string(),
                "integer" => value.is_i64() || value.is_u64(),
                "boolean" => value.is_boolean(),
                other => panic!("a type {other}"),
            }),
            "const" => faulty(rule == value),
            "enum" => faulty(rule.as_array().unwrap().contains(value)),
            "minimum" => faulty(value.as_i64().is_none_or(|number| number >= rule.as_i64().unwrap())),
            "maximum" => faulty(value.as_i64().is_none_or(|number| number <= rule.as_i64().unwrap())),
            "minItems" => {
                let least = rule.as_u64().unwrap();
                faulty(value.as_array().is_none_or(|list| list.len() as u64 >= least))
            }
            "pattern" => {
                let pattern = regex_lite::Regex::new(rule.as_str().unwrap()).unwrap();
                faulty(value.as_str().is_none_or(|text| pattern.is_match(text)))
            }
            "required" => {
                let keys = rule.as_array().unwrap().iter().map(|key| key.as_str().unwrap());
                let lacking = keys.filter(|key| value.get(key).is_none());
                lacking.map(|key| format!("{path}: required {key}")).collect()
            }
            "additionalProperties" if rule.is_object() => {
                let values = value.as_object().into_iter().flatten();
                values.flat_map(|(key, value)| faults(rule, value, root, &format!("{path}.{key}"))).collect()
            }
            "additionalProperties" => {
                let known = &schema["properties"];
                let keys = value.as_object().into_iter().flat_map(Map::keys);
                keys.filter(|key| known.get(key).is_none()).map(|key| format!("{path}: {key}")).collect()
            }
            "properties" => {
                let known = rule.as_object().unwrap().iter();
                known
                    .filter_map(|(key, rule)| Some((key, rule, value.get(key)?)))
                    .flat_map(|(key, rule, value)| faults(rule, value, root, &format!("{path}.{key}")))
                    .collect()
            }
            "items" => {
                let items = value.as_array().into_iter().flatten();
                items.flat_map(|item| faults(rule, item, root, &format!("{path}[]"))).collect()
            }
            "anyOf" => {
                let ways = rule.as_array().unwrap().iter().map(|way| faults(way, value, root, path));
                ways.min_by_key(Vec::len).unwrap()
            }
            other => panic!("the schema uses {other}: check it here"),
        });
    }
    wrong
}

/// The document as editors see it: dates are texts.
fn of_toml(text: &str) -> Value {
    fn plain(value: toml::Value) -> Value {
        match value {
            toml::Value::Datetime(moment) => Value::String(moment.to_string()),
            toml::Value::Array(list) => Value::Array(list.into_iter().map(plain).collect()),
            toml::Value::Table(table) => {
                Value::Object(table.into_iter().map(|(key, value)| (key, plain(value))).collect())
            }
            other => serde_json::to_value(other).unwrap(),
        }
    }
    plain(toml::Value::Table(text.parse().unwrap()))
}

fn check(text: &str) -> Vec<String> {
    let schema = program_schema();
    faults(&schema, &of_toml(text), &schema, "")
}

#[test]
fn the_committed_schema_is_current() {
    let made = format!("{}\n", serde_json::to_string_pretty(&program_schema()).unwrap());
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/schema/program.schema.json");
    if std::env::var_os("REWRITE").is_some() {
        fs::write(&path, &made).unwrap();
    }
    let committed = fs::read_to_string(&path).unwrap_or_default();
    let command = "cobrand rules schema > docs/schema/program.schema.json";
    assert!(committed == made, "{} is stale; write it anew: {command}", path.display());
}

#[test]
fn the_samples_are_valid() {
    for name in ["programs/boreal-gold.toml", "programs/boreal-campaigns.toml"] {
        assert_eq!(check(&sample(name)), Vec::<String>::new(), "{name}");
    }
}

#[test]
fn what_the_reader_would_refuse_is_marked() {
    let sample = sample("programs/boreal-gold.toml");
    for (good, bad, fault) in [
        ("program/1", "program/2", ".schema: const"),
        ("per = \"60.00\"", "per = 60.0", ".base[].earn.per: type"),
        ("per = \"60.00\"", "per = \"60,00\"", ".base[].earn.per: pattern"),
        ("each_full_step", "each_step", ".base[].earn.rounding: enum"),
        ("funded_by = \"skyfuel\"", "", ".bonus[]: required funded_by"),
        ("times_base", "times_bas", ".bonus[]: required times_base"),
        ("[\"sat\", \"sun\"]", "[\"sat\", \"sunday\"]", ".bonus[].when.weekday[]: enum"),
        ("weekday = [\"sat\", \"sun\"]", "weekday = []", ".bonus[].when.weekday: minItems"),
        ("miles_max = 1500", "miles_max = 0", ".cap[].miles_max: minimum"),
        ("exclude = {", "stacking = { bonus = \"most\" }\nexclude = {", ".stacking.bonus: enum"),
        ("[[cap]]", "[[caps]]", ": caps"),
    ] {
        assert!(sample.contains(good), "{good}");
        let faults = check(&sample.replacen(good, bad, 1));
        assert!(faults.iter().any(|found| found == fault), "{bad}: {faults:?}");
    }
}

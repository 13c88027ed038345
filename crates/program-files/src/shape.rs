//! The first pass: from text to a [`Document`], with every wrong key or type reported.

use serde::Deserialize;
use toml::Spanned;
use toml::de::{DeTable, DeValue, ValueDeserializer};

use crate::document::{Document, Text};
use crate::errors::{ErrorLog, Problem};
use crate::scalars::quoted;
use crate::suggest;

const SCHEMA: &str = "program/1";

const KEYS: [&str; 15] = [
    "schema",
    "code",
    "bank",
    "cobrand_partner",
    "currency",
    "timezone",
    "cut_off",
    "exclude",
    "base",
    "bonus",
    "discount",
    "cap",
    "auto_enroll",
    "terms",
    "test",
];

/// The document, or `None` with everything that is wrong in `log`.
pub(crate) fn document(text: &str, log: &mut ErrorLog<'_>) -> Option<Document> {
    let root = match DeTable::parse(text) {
        Ok(root) => root.into_inner(),
        Err(error) => {
            let offset = error.span().map_or(0, |span| span.start);
            log.at_byte(offset, "", not_toml(error.message()));
            return None;
        }
    };
    if let Some(problem) = other_schema(&root) {
        log.at(1, 1, "schema", problem);
        return None;
    }
    let mut top = Top { values: Vec::new(), log };
    for (key, value) in root {
        match KEYS.into_iter().find(|known| *known == key.get_ref().as_ref()) {
            Some(known) => top.values.push((known, value)),
            None => {
                let problem = unknown_key(key.get_ref(), &KEYS);
                top.log.at_byte(key.span().start, key.get_ref().as_ref(), problem);
            }
        }
    }
    let _: Option<Text> = top.required("schema");
    let (code, bank) = (top.required("code"), top.required("bank"));
    let (cobrand_partner, currency) = (top.required("cobrand_partner"), top.required("currency"));
    let (timezone, cut_off) = (top.required("timezone"), top.required("cut_off"));
    let exclude = top.optional("exclude");
    let (base, bonus) = (top.list("base"), top.list("bonus"));
    let (discount, cap) = (top.list("discount"), top.list("cap"));
    let (auto_enroll, terms, test) = (top.list("auto_enroll"), top.list("terms"), top.list("test"));
    if !top.log.is_empty() {
        return None;
    }
    Some(Document {
        code: code?,
        bank: bank?,
        cobrand_partner: cobrand_partner?,
        currency: currency?,
        timezone: timezone?,
        cut_off: cut_off?,
        exclude,
        base,
        bonus,
        discount,
        cap,
        auto_enroll,
        terms,
        test,
    })
}

/// A file of another schema is not looked at further: all its keys would be strange.
fn other_schema(root: &DeTable<'_>) -> Option<Problem> {
    let found = root.get("schema")?.get_ref().as_str()?;
    (found != SCHEMA).then(|| {
        let advice = format!("write schema = {}, or update this program", quoted(SCHEMA));
        Problem::new(format!("the schema {}", quoted(SCHEMA)), quoted(found), advice)
    })
}

struct Top<'log, 'text, 'de> {
    values: Vec<(&'static str, Spanned<DeValue<'de>>)>,
    log: &'log mut ErrorLog<'text>,
}

impl<'de> Top<'_, '_, 'de> {
    fn take(&mut self, key: &str) -> Option<Spanned<DeValue<'de>>> {
        let position = self.values.iter().position(|(known, _)| *known == key)?;
        Some(self.values.swap_remove(position).1)
    }

    fn optional<T: Deserialize<'de>>(&mut self, key: &str) -> Option<T> {
        let value = self.take(key)?;
        typed(value, key, self.log)
    }

    fn required<T: Deserialize<'de>>(&mut self, key: &str) -> Option<T> {
        let Some(value) = self.take(key) else {
            self.log.at(1, 1, key, missing(key));
            return None;
        };
        typed(value, key, self.log)
    }

    fn list<T: Deserialize<'de>>(&mut self, key: &str) -> Vec<T> {
        let Some(value) = self.take(key) else { return Vec::new() };
        let start = value.span().start;
        let DeValue::Array(entries) = value.into_inner() else {
            let expected = format!("a list of tables, each under [[{key}]]");
            let advice = format!("write the header with two brackets: [[{key}]]");
            self.log.at_byte(start, key, Problem::new(expected, "something else", advice));
            return Vec::new();
        };
        let mut list = Vec::new();
        for (index, entry) in entries.into_iter().enumerate() {
            list.extend(typed(entry, &format!("{key}[{index}]"), self.log));
        }
        list
    }
}

/// One value read into its type, or `None` with the reason in `log`.
fn typed<'de, T: Deserialize<'de>>(
    value: Spanned<DeValue<'de>>,
    at: &str,
    log: &mut ErrorLog<'_>,
) -> Option<T> {
    let span = value.span();
    let mut track = serde_path_to_error::Track::new();
    let deserializer = serde_path_to_error::Deserializer::new(ValueDeserializer::from(value), &mut track);
    match T::deserialize(deserializer) {
        Ok(value) => Some(value),
        Err(error) => {
            let offset = error.span().map_or(span.start, |span| span.start);
            let path = full_path(at, &track.path());
            let (path, problem) = explain(path, error.message());
            log.at_byte(offset, path, problem);
            None
        }
    }
}

/// The path from the top of the file, without the segments that carry places.
fn full_path(at: &str, path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    let mut text = at.to_owned();
    for segment in path {
        match segment {
            Segment::Seq { index } => text.push_str(&format!("[{index}]")),
            Segment::Map { key } if !key.starts_with('$') => {
                text.push('.');
                text.push_str(key);
            }
            _ => {}
        }
    }
    text
}

/// Turns the words of the deserializer into expected, found and advice.
fn explain(path: String, message: &str) -> (String, Problem) {
    if let Some(rest) = message.strip_prefix("unknown field `") {
        let (key, rest) = rest.split_once('`').unwrap_or((rest, ""));
        let known: Vec<&str> = rest.split('`').skip(1).step_by(2).collect();
        let ends_with_key = path.rsplit('.').next() == Some(key);
        let path = if ends_with_key { path } else { format!("{path}.{key}") };
        return (path, unknown_key(key, &known));
    }
    if let Some(key) = message.strip_prefix("missing field `").and_then(|rest| rest.strip_suffix('`')) {
        return (format!("{path}.{key}"), missing(key));
    }
    let invalid = message.strip_prefix("invalid type: ").or_else(|| message.strip_prefix("invalid value: "));
    if let Some((found, expected)) = invalid.and_then(|rest| rest.rsplit_once(", expected ")) {
        return (path, wrong_type(found, expected));
    }
    (path, Problem::new("another value", message, "correct the value"))
}

fn wrong_type(found: &str, expected: &str) -> Problem {
    let literal = found.split('`').nth(1).or_else(|| found.split('"').nth(1));
    let advice = match (expected, literal) {
        ("a string" | "a string or a list of strings", Some(value)) => {
            format!("write it in quotes: \"{value}\"")
        }
        ("a TOML datetime", _) => "write it without quotes, such as 2026-10-10".to_owned(),
        ("u64", Some(value)) if value.bytes().all(|byte| byte.is_ascii_digit()) && found.contains('"') => {
            format!("write it without quotes: {value}")
        }
        ("u64", _) => "write a whole number, such as 1500".to_owned(),
        ("a table", _) => "write a table in braces: { key = \"value\" }".to_owned(),
        ("a boolean", _) => "write true or false".to_owned(),
        _ => "correct the value".to_owned(),
    };
    let expected = match expected {
        "u64" => "a whole number, not negative",
        "a TOML datetime" => "a date",
        other => other,
    };
    let found = if found.starts_with("map") { "a table" } else { found };
    Problem::new(expected, found, advice)
}

fn unknown_key(key: &str, known: &[&str]) -> Problem {
    Problem::new("a known key", format!("`{key}`"), suggest::advice(key, known.iter().copied()))
}

fn missing(key: &str) -> Problem {
    let advice = match key {
        "schema" => "begin the file with schema = \"program/1\"".to_owned(),
        _ => format!("add `{key}`"),
    };
    Problem::new(format!("the key `{key}`"), "nothing", advice)
}

fn not_toml(message: &str) -> Problem {
    let advice = match message {
        "duplicate key" => "delete one of the two",
        _ => "correct this line; is the file complete?",
    };
    Problem::new("TOML", message, advice)
}

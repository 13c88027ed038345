//! The first pass: from text to a [`Document`], with every wrong key or type reported.

use serde::Deserialize;
use toml::Spanned;
use toml::de::{DeTable, DeValue, ValueDeserializer};

use crate::document::{Document, Given, Text};
use crate::errors::{ErrorLog, Problem};
use crate::scalars::{masked, quoted};
use crate::suggest;

pub(crate) const SCHEMA: &str = "program/1";

const KEYS: [&str; 24] = [
    "schema",
    "code",
    "bank",
    "cobrand_partner",
    "currency",
    "timezone",
    "cut_off",
    "exclude",
    "stacking",
    "holds",
    "tiers",
    "fx",
    "miles",
    "redemption",
    "base",
    "bonus",
    "discount",
    "cap",
    "auto_enroll",
    "terms",
    "test",
    "coupon",
    "ledger",
    "calendar",
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
    if let Some((offset, problem)) = other_schema(&root) {
        log.at_byte(offset, "schema", problem);
        return None;
    }
    let mut top = Top { values: Vec::new(), meant: Vec::new(), log };
    for (key, value) in root {
        match KEYS.into_iter().find(|known| *known == key.get_ref().as_ref()) {
            Some(known) => top.values.push((known, value)),
            None => {
                let problem = unknown_key(key.get_ref(), &KEYS);
                top.meant.extend(suggest::nearest(key.get_ref(), KEYS));
                top.log.at_byte(key.span().start, key.get_ref().as_ref(), problem);
            }
        }
    }
    let schema: Option<Text> = top.required("schema");
    let (code, bank) = (top.required("code"), top.required("bank"));
    let (cobrand_partner, currency) = (top.required("cobrand_partner"), top.required("currency"));
    let (timezone, cut_off) = (top.required("timezone"), top.required("cut_off"));
    let (exclude, stacking) = (top.optional("exclude"), top.optional("stacking"));
    let (holds, tiers, fx) = (top.optional("holds"), top.optional("tiers"), top.optional("fx"));
    let (miles, redemption) = (top.optional("miles"), top.optional("redemption"));
    let ledger = top.optional("ledger");
    let (base, bonus) = (top.list("base"), top.list("bonus"));
    let (discount, cap) = (top.list("discount"), top.list("cap"));
    let (auto_enroll, terms, test) = (top.list("auto_enroll"), top.list("terms"), top.list("test"));
    let (coupon, calendar) = (top.list("coupon"), top.list("calendar"));
    if !top.log.is_empty() {
        return None;
    }
    Some(Document {
        schema: schema?,
        code: code?,
        bank: bank?,
        cobrand_partner: cobrand_partner?,
        currency: currency?,
        timezone: timezone?,
        cut_off: cut_off?,
        exclude,
        stacking,
        holds,
        tiers,
        fx,
        miles,
        redemption,
        ledger,
        base,
        bonus,
        discount,
        cap,
        auto_enroll,
        calendar,
        terms,
        test,
        coupon,
    })
}

/// The purchase in a text of its own, in braces, or `None` with everything that is wrong in `log`.
pub(crate) fn given(text: &str, log: &mut ErrorLog<'_>) -> Option<Given> {
    match DeValue::parse(text) {
        Ok(value) => typed(value, "given", log),
        Err(error) => {
            let offset = error.span().map_or(0, |span| span.start);
            log.at_byte(offset, "given", not_toml(error.message()));
            None
        }
    }
}

/// A file of another schema is not looked at further: all its keys would be strange.
fn other_schema(root: &DeTable<'_>) -> Option<(usize, Problem)> {
    let place = root.get("schema")?;
    let found = place.get_ref().as_str()?;
    (found != SCHEMA).then(|| {
        let advice = format!("write schema = {}, or update this program", quoted(SCHEMA));
        let expected = format!("the schema {}", quoted(SCHEMA));
        (place.span().start, Problem::new(expected, quoted(found), advice))
    })
}

struct Top<'log, 'text, 'de> {
    values: Vec<(&'static str, Spanned<DeValue<'de>>)>,
    /// The known keys that misspelt ones probably stand for.
    meant: Vec<&'static str>,
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
            if !self.meant.contains(&key) {
                self.log.at(1, 1, key, missing(key));
            }
            return None;
        };
        typed(value, key, self.log)
    }

    fn list<T: Deserialize<'de>>(&mut self, key: &str) -> Vec<T> {
        let Some(value) = self.take(key) else { return Vec::new() };
        let start = value.span().start;
        let entries = match value.into_inner() {
            DeValue::Array(entries) => entries,
            other => {
                let found = if other.is_table() { "a single table" } else { "a single value" };
                let expected = format!("a list of tables, each under [[{key}]]");
                let advice = format!("write the header with two brackets: [[{key}]]");
                self.log.at_byte(start, key, Problem::new(expected, found, advice));
                return Vec::new();
            }
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
            let place = error.span().unwrap_or(span);
            let path = full_path(at, &track.path());
            let (path, problem) = explain(path, error.message(), log.slice(&place));
            let offset = place.start;
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

/// Turns the words of the deserializer into expected, found and advice; `raw` is what stands in the file.
fn explain(path: String, message: &str, raw: &str) -> (String, Problem) {
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
        return (path, wrong_type(found, expected, raw));
    }
    (path, Problem::new("another value", quoted(message), "correct the value"))
}

fn wrong_type(found: &str, expected: &str, raw: &str) -> Problem {
    let number = found.starts_with("integer") || found.starts_with("floating point");
    let bare = raw.trim_matches(['"', '\'']);
    let (expected, advice) = match expected {
        "a string" | "a string or a list of strings" => {
            let expected =
                if expected == "a string" { "text in quotes" } else { "text in quotes or a list of it" };
            let advice = if number && masked(raw) == raw {
                format!("write {}", quoted(raw))
            } else {
                "write one text in quotes".to_owned()
            };
            (expected, advice)
        }
        "a TOML datetime" => ("a date", "write it without quotes, such as 2026-10-10".to_owned()),
        "u64" => {
            let digits =
                !bare.is_empty() && bare.len() <= 12 && bare.bytes().all(|byte| byte.is_ascii_digit());
            let advice =
                if digits { format!("write {bare} without quotes") } else { "write digits only".to_owned() };
            ("a whole number from 0", advice)
        }
        "a table" => ("a table", "write keys and values in braces: { key = \"value\" }".to_owned()),
        "a sequence" => ("a list of tables", "write each header with two brackets: [[...]]".to_owned()),
        "a boolean" => ("true or false", "write true or false, without quotes".to_owned()),
        other => (other, "correct the value".to_owned()),
    };
    let found = match found.split_whitespace().next() {
        Some("map") => "a table".to_owned(),
        Some("sequence") => "a list".to_owned(),
        Some("string") => quoted(bare),
        _ => masked(raw),
    };
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
    Problem::new("valid TOML", format!("an error: {message}"), advice)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    /// The schema is made from the document, the reader looks into its list of keys.
    #[test]
    fn the_keys_are_those_of_the_document() {
        let schema = crate::program_schema();
        let of_document: BTreeSet<&str> =
            schema["properties"].as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(of_document, super::KEYS.into_iter().collect());
    }
}

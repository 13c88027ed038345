//! JSON whose objects keep their order, which `serde_json` does not: data elements stand as they were sent. A key
//! that comes twice is refused.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{Error, MapAccess, Visitor},
};
use zeroize::Zeroizing;

/// What a message is made of in JSON.
pub(super) enum Json {
    Text(Zeroizing<String>),
    Number(u64),
    Object(Vec<(String, Json)>),
}

impl Json {
    pub(super) fn text(text: impl Into<String>) -> Self {
        Self::Text(Zeroizing::new(text.into()))
    }

    /// Indented by two blanks, with a line end behind it.
    pub(super) fn pretty(&self) -> String {
        let mut out = String::new();
        self.write(0, &mut out);
        out.push('\n');
        out
    }

    fn write(&self, depth: usize, out: &mut String) {
        match self {
            Self::Text(text) => write_text(text, out),
            Self::Number(number) => out.push_str(&number.to_string()),
            Self::Object(members) if members.is_empty() => out.push_str("{}"),
            Self::Object(members) => {
                for (at, (key, value)) in members.iter().enumerate() {
                    out.push_str(if at == 0 { "{\n" } else { ",\n" });
                    out.push_str(&"  ".repeat(depth + 1));
                    write_text(key, out);
                    out.push_str(": ");
                    value.write(depth + 1, out);
                }
                out.push('\n');
                out.push_str(&"  ".repeat(depth));
                out.push('}');
            }
        }
    }
}

fn write_text(text: &str, out: &mut String) {
    out.push('"');
    for character in text.chars() {
        match character {
            '"' | '\\' => out.extend(['\\', character]),
            control if control.is_control() => out.push_str(&format!("\\u{:04x}", u32::from(control))),
            other => out.push(other),
        }
    }
    out.push('"');
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reader)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text, a whole number or an object")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Json, E> {
        Ok(Json::text(text))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Json, E> {
        Ok(Json::Number(number))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Json, A::Error> {
        let mut members: Vec<(String, Json)> = Vec::new();
        while let Some(key) = map.next_key::<String>()? {
            if members.iter().any(|(other, _)| *other == key) {
                return Err(A::Error::custom(format!("the key {key:?} comes twice; leave one of them out")));
            }
            members.push((key, map.next_value()?));
        }
        Ok(Json::Object(members))
    }
}

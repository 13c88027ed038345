//! Why a dialect file cannot be taken.

use std::fmt;

use toml::de::{DeTable, DeValue};

/// What is wrong with a dialect file, and where. `Display` begins with the line, if it is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DialectError {
    line: Option<usize>,
    path: String,
    expected: String,
}

impl DialectError {
    pub(crate) fn at(path: impl Into<String>, expected: impl Into<String>) -> Self {
        Self { line: None, path: path.into(), expected: expected.into() }
    }

    pub(crate) fn whole(expected: impl Into<String>) -> Self {
        Self::at("", expected)
    }

    pub(crate) fn syntax(text: &str, error: &toml::de::Error) -> Self {
        let line = error.span().map(|span| line_at(text, span.start));
        Self { line, path: String::new(), expected: in_words(error.message()) }
    }

    /// Looks up the line of the path; what came from the extended dialect has none.
    pub(crate) fn located(mut self, text: &str) -> Self {
        if self.line.is_none() {
            self.line = offset_of(text, &self.path).map(|offset| line_at(text, offset));
        }
        self
    }

    /// The line, from 1.
    #[must_use]
    pub const fn line(&self) -> Option<usize> {
        self.line
    }

    /// The path of the key, for example `fields.48.format`; empty if the file as a whole is wrong.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }
}

impl fmt::Display for DialectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(line) = self.line {
            write!(f, "line {line}: ")?;
        }
        if self.path.is_empty() {
            return f.write_str(&self.expected);
        }
        write!(f, "{}: expected {}", self.path, self.expected)
    }
}

impl std::error::Error for DialectError {}

/// What the reader of TOML calls by the names of our types.
fn in_words(message: &str) -> String {
    let types = [
        ("struct FieldFile", "a table such as { format = \"n6\" }"),
        ("struct InsideFile", "a table such as { kind = \"positional\" }"),
        ("struct MessageFile", "a table such as { mandatory = [7, 11] }"),
        ("struct WireFile", "a table such as [wire]"),
        ("struct DialectFile", "the keys of a dialect file"),
    ];
    types.iter().fold(message.to_owned(), |text, (name, words)| text.replace(name, words))
}

fn line_at(text: &str, offset: usize) -> usize {
    text.bytes().take(offset).filter(|byte| *byte == b'\n').count() + 1
}

/// Where the value of a path stands, or of the longest beginning of the path that is in the file.
fn offset_of(text: &str, path: &str) -> Option<usize> {
    let table = DeTable::parse(text).ok()?;
    let mut offset = None;
    let mut inside = Some(table.get_ref());
    for key in path.split('.') {
        let Some((key, value)) = inside.and_then(|table| table.get_key_value(key)) else { break };
        offset = Some(key.span().start);
        inside = match value.get_ref() {
            DeValue::Table(table) => Some(table),
            _ => None,
        };
    }
    offset
}

//! Why a layout file cannot be taken.

use std::fmt;

use toml::de::{DeTable, DeValue};

/// What is wrong with a layout file, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LayoutError(Box<Fault>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Fault {
    file: String,
    place: Option<(usize, usize)>,
    path: String,
    expected: String,
    found: String,
    advice: String,
}

impl LayoutError {
    pub(super) fn at(
        path: impl Into<String>,
        expected: impl Into<String>,
        found: impl Into<String>,
        advice: impl Into<String>,
    ) -> Self {
        Self(Box::new(Fault {
            file: String::new(),
            place: None,
            path: path.into(),
            expected: expected.into(),
            found: found.into(),
            advice: advice.into(),
        }))
    }

    pub(super) fn whole(
        expected: impl Into<String>,
        found: impl Into<String>,
        advice: impl Into<String>,
    ) -> Self {
        Self::at("", expected, found, advice)
    }

    pub(super) fn syntax(text: &str, error: &toml::de::Error) -> Self {
        let mut whole = Self::whole(
            "a layout file",
            error.message().trim_end(),
            "docs/schema/layout.schema.json lists what may stand where",
        );
        whole.0.place = error.span().map(|span| position(text, span.start));
        whole
    }

    /// Names the file.
    #[must_use]
    pub(super) fn of(mut self, file: &str) -> Self {
        file.clone_into(&mut self.0.file);
        self
    }

    /// Looks up where the path stands, or the longest beginning of it that is in the file.
    pub(super) fn located(mut self, text: &str) -> Self {
        if self.0.place.is_none() {
            let offset = offset_of(text, &self.0.path).unwrap_or(0);
            self.0.place = Some(position(text, offset));
        }
        self
    }

    /// Line and column, from 1.
    #[must_use]
    pub fn place(&self) -> Option<(usize, usize)> {
        self.0.place
    }
}

impl fmt::Display for LayoutError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Fault { file, place, path, expected, found, advice } = &*self.0;
        if !file.is_empty() {
            write!(f, "{file}:")?;
        }
        match place {
            Some((line, column)) => write!(f, "{line}:{column}: ")?,
            None if !file.is_empty() => f.write_str(" ")?,
            None => {}
        }
        if !path.is_empty() {
            write!(f, "{path}: ")?;
        }
        write!(f, "expected {expected}, found {found}; {advice}")
    }
}

impl std::error::Error for LayoutError {}

/// Line and column of a byte, from 1; columns are counted in characters.
fn position(text: &str, offset: usize) -> (usize, usize) {
    let before = text.get(..offset).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    (line, column)
}

/// Where a path such as `detail.fields[2].value` stands.
fn offset_of(text: &str, path: &str) -> Option<usize> {
    let table = DeTable::parse(text).ok()?;
    let mut offset = None;
    let mut keys = path.split(['.', '[', ']']).filter(|key| !key.is_empty());
    let (key, first) = table.get_ref().get_key_value(keys.next()?)?;
    offset.replace(key.span().start);
    let mut inside = first.get_ref();
    for key in keys {
        let next = match inside {
            DeValue::Table(table) => {
                let Some((key, value)) = table.get_key_value(key) else { break };
                offset.replace(key.span().start);
                value
            }
            DeValue::Array(array) => {
                let Some(value) = key.parse().ok().and_then(|index: usize| array.get(index)) else { break };
                offset.replace(value.span().start);
                value
            }
            _ => break,
        };
        inside = next.get_ref();
    }
    offset
}

//! Names of framings for configuration files.

use std::{fmt, str::FromStr};

use super::{Framing, form::Form, nearest::nearest};

const INCLUSIVE: &str = "-inclusive";
const KEEP_ALIVE: &str = "-keep-alive";
const NO_KEEP_ALIVE: &str = "-no-keep-alive";

/// A text that is not the name of a framing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
#[error(
    "framing: expected one of {names}, each also with `-keep-alive` or `-no-keep-alive` and with `:` and the \
     greatest message in bytes, found `{found}`{advice}",
    names = listed(),
    advice = self.advice()
)]
pub struct UnknownFraming {
    /// The text as it was given.
    pub found: String,
    /// The name that is nearest, if one is near enough to be a slip of the hand.
    pub nearest: Option<String>,
}

impl UnknownFraming {
    fn new(found: &str) -> Self {
        let names = Framing::names();
        let known = names.iter().flat_map(|name| {
            [String::new(), KEEP_ALIVE.to_owned(), NO_KEEP_ALIVE.to_owned()]
                .map(|suffix| format!("{name}{suffix}"))
        });
        Self { found: found.to_owned(), nearest: nearest(found, known) }
    }

    fn advice(&self) -> String {
        self.nearest.as_ref().map(|name| format!("; did you mean `{name}`?")).unwrap_or_default()
    }
}

fn listed() -> String {
    Framing::names().iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

impl Framing {
    /// The names of all forms, each also with `-inclusive`.
    #[must_use]
    pub fn names() -> Vec<String> {
        Self::forms().iter().map(ToString::to_string).collect()
    }

    /// All forms as they are used by habit, each also with a length that counts itself; in the order of their
    /// names in [`Framing::names`].
    #[must_use]
    pub fn forms() -> Vec<Self> {
        Form::ALL.into_iter().map(Self::of).flat_map(|framing| [framing, framing.inclusive()]).collect()
    }
}

impl FromStr for Framing {
    type Err = UnknownFraming;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let unknown = || UnknownFraming::new(text);
        let (name, longest) = match text.split_once(':') {
            Some((name, longest)) => (name, Some(number(longest).ok_or_else(unknown)?)),
            None => (text, None),
        };
        // `-no-keep-alive` ends with `-keep-alive` too, so it is looked for first.
        let (name, keep_alive) = match (name.strip_suffix(NO_KEEP_ALIVE), name.strip_suffix(KEEP_ALIVE)) {
            (Some(name), _) => (name, Some(false)),
            (None, Some(name)) => (name, Some(true)),
            (None, None) => (name, None),
        };
        let (name, inclusive) = match name.strip_suffix(INCLUSIVE) {
            Some(name) => (name, true),
            None => (name, false),
        };
        let form = Form::ALL.into_iter().find(|form| form.name() == name).ok_or_else(unknown)?;
        let usual = Self { inclusive, ..Self::of(form) };
        let keep_alive = keep_alive.unwrap_or(usual.keep_alive);
        Ok(usual.with_keep_alive(keep_alive).with_longest(longest.unwrap_or(usual.longest)))
    }
}

/// A greatest message: digits only, at least 1.
fn number(text: &str) -> Option<usize> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten().filter(|number| *number > 0)
}

impl fmt::Display for Framing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let usual = Self::of(self.form);
        f.write_str(self.form.name())?;
        if self.inclusive {
            f.write_str(INCLUSIVE)?;
        }
        match (usual.keep_alive, self.keep_alive) {
            (false, true) => f.write_str(KEEP_ALIVE)?,
            (true, false) => f.write_str(NO_KEEP_ALIVE)?,
            _ => {}
        }
        if self.longest == usual.longest { Ok(()) } else { write!(f, ":{}", self.longest) }
    }
}

//! What two messages have in common and what not, masked: safe to paste into a ticket.

use std::fmt;

use super::Show;
use crate::{format::Class, hidden, message::Message, structure::Part, value::Value};

/// One element of two messages side by side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// `MTI`, `DE4`, `DE48.0105`.
    pub path: String,
    /// Short English name.
    pub name: String,
    /// How they compare.
    pub relation: Relation,
    /// The masked value of the left message.
    pub left: Option<String>,
    /// The masked value of the right message.
    pub right: Option<String>,
}

/// How the two compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Relation {
    /// Both have it, with the same value.
    Equal,
    /// Both have it, with another value; that may be in what is masked.
    Differs,
    /// Only the left message has it.
    OnlyLeft,
    /// Only the right message has it.
    OnlyRight,
}

/// Compares two messages, also of different dialects, by the meaning of their values: encodings and pads of packed
/// digits do not matter. Parts are compared one by one where both sides have them.
#[must_use]
pub fn diff(left: &Message<'_>, right: &Message<'_>) -> Vec<Difference> {
    let mut all = Vec::new();
    let name = "message type indicator";
    all.push(pair(
        "MTI".to_owned(),
        name,
        (left.mti() == right.mti(), Some(left.mti().to_string()), Some(right.mti().to_string())),
    ));
    let (left, right) = (Side::of(left), Side::of(right));
    for de in 1..=crate::MAX_DE {
        let path = format!("DE{de}");
        let (one, other) = (left.parts(de), right.parts(de));
        if one.is_empty() || other.is_empty() {
            let (one, other) = (left.value(de), right.value(de));
            if one.is_some() || other.is_some() {
                all.push(compare(path, one, other));
            }
        } else {
            compare_parts(&mut all, &path, &one, &other);
        }
    }
    all
}

/// One of the two messages, and what is hidden of it.
struct Side<'m, 'a> {
    message: &'m Message<'a>,
    doubted: Option<Vec<bool>>,
}

/// A value, and what is shown of it.
type Shown<'v> = (Value<'v>, String);

impl<'m, 'a> Side<'m, 'a> {
    fn of(message: &'m Message<'a>) -> Self {
        Self { message, doubted: hidden::doubted(message) }
    }

    fn value(&self, de: u8) -> Option<Shown<'a>> {
        let shown = hidden::text_of(self.message, de, Show::Masked, self.doubted.as_deref());
        Some((self.message.value(de)?, shown))
    }

    /// The parts of a data element, unless side by side they could show what each of them hides.
    fn parts(&self, de: u8) -> Vec<Part<'a>> {
        if hidden::hides_parts(self.message, de, self.doubted.as_deref()) {
            return Vec::new();
        }
        self.message.parts(de).unwrap_or_default()
    }
}

fn of_part<'p>(part: &'p Part<'_>) -> Shown<'p> {
    (part.value(), part.value().masked())
}

fn compare_parts(all: &mut Vec<Difference>, path: &str, left: &[Part<'_>], right: &[Part<'_>]) {
    let (left, right) = (leaves(path, left), leaves(path, right));
    let mut taken = vec![false; right.len()];
    for (path, part) in &left {
        let twin =
            right.iter().enumerate().find(|(at, (other, _))| other == path && taken.get(*at) == Some(&false));
        if let Some((at, _)) = twin
            && let Some(place) = taken.get_mut(at)
        {
            *place = true;
        }
        let other = twin.map(|(_, (_, other))| of_part(other));
        all.push(compare(path.clone(), Some(of_part(part)), other));
    }
    for ((path, part), _) in right.iter().zip(&taken).filter(|(_, taken)| !**taken) {
        all.push(compare(path.clone(), None, Some(of_part(part))));
    }
}

/// The parts that have no parts, with their paths.
fn leaves<'p, 'a>(path: &str, parts: &'p [Part<'a>]) -> Vec<(String, &'p Part<'a>)> {
    parts
        .iter()
        .flat_map(|part| {
            let path = format!("{path}.{}", part.id());
            match part.parts() {
                [] => vec![(path, part)],
                inside => leaves(&path, inside),
            }
        })
        .collect()
}

fn compare(path: String, left: Option<Shown<'_>>, right: Option<Shown<'_>>) -> Difference {
    let same = match (&left, &right) {
        (Some((left, _)), Some((right, _))) => {
            let binary = left.spec().format.class == Class::Binary;
            let (left, right) = (left.text(), right.text());
            left == right || binary && left.eq_ignore_ascii_case(&right)
        }
        _ => false,
    };
    let either = left.as_ref().or(right.as_ref());
    let name = either.map(|(value, _)| value.spec().name.clone()).unwrap_or_default();
    let shown = |side: Option<Shown<'_>>| side.map(|(_, shown)| shown);
    pair(path, &name, (same, shown(left), shown(right)))
}

fn pair(path: String, name: &str, (same, left, right): (bool, Option<String>, Option<String>)) -> Difference {
    let relation = match (same, &left, &right) {
        (true, ..) => Relation::Equal,
        (false, Some(_), None) => Relation::OnlyLeft,
        (false, None, Some(_)) => Relation::OnlyRight,
        (false, ..) => Relation::Differs,
    };
    Difference { path, name: name.to_owned(), relation, left, right }
}

impl fmt::Display for Difference {
    /// One line: a sign (`=`, `≠`, `<`, `>`), path, name and values.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |value: &Option<String>| super::summary::clean(value.as_deref().unwrap_or("-"));
        let (left, right) = (shown(&self.left), shown(&self.right));
        let head = format!("{:<12} {:<36}", self.path, self.name);
        match self.relation {
            Relation::Equal => write!(f, "= {head} {left}"),
            Relation::Differs if left == right => write!(f, "≠ {head} {left} (differs in what is hidden)"),
            Relation::Differs => write!(f, "≠ {head} {left} | {right}"),
            Relation::OnlyLeft => write!(f, "< {head} {left}"),
            Relation::OnlyRight => write!(f, "> {head} {right}"),
        }
    }
}

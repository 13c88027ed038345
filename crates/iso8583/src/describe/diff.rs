//! What two messages have in common and what not, masked: safe to paste into a ticket.

use std::fmt;

use crate::{format::Class, message::Message, structure::Part, value::Value};

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
    for de in 1..=crate::MAX_DE {
        let path = format!("DE{de}");
        match (left.value(de), right.value(de)) {
            (None, None) => {}
            (one, other) => {
                let parts = |message: &Message<'_>| message.parts(de).unwrap_or_default().is_empty();
                if one.is_some() && other.is_some() && !parts(left) && !parts(right) {
                    let (one, other) =
                        (left.parts(de).unwrap_or_default(), right.parts(de).unwrap_or_default());
                    compare_parts(&mut all, &path, &one, &other);
                } else {
                    all.push(compare(path, one.as_ref(), other.as_ref()));
                }
            }
        }
    }
    all
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
        let value = part.value();
        let other = twin.map(|(_, (_, other))| other.value());
        all.push(compare(path.clone(), Some(&value), other.as_ref()));
    }
    for ((path, part), _) in right.iter().zip(&taken).filter(|(_, taken)| !**taken) {
        all.push(compare(path.clone(), None, Some(&part.value())));
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

fn compare(path: String, left: Option<&Value<'_>>, right: Option<&Value<'_>>) -> Difference {
    let same = match (left, right) {
        (Some(left), Some(right)) => {
            let binary = left.spec().format.class == Class::Binary;
            let (left, right) = (left.text(), right.text());
            left == right || binary && left.eq_ignore_ascii_case(&right)
        }
        _ => false,
    };
    let name = left.or(right).map(|value| value.spec().name.as_str()).unwrap_or_default();
    pair(path, name, (same, left.map(Value::masked), right.map(Value::masked)))
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

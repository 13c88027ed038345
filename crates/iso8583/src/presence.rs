//! Which data elements a message type has: mandatory, conditional, optional, echoed.

use std::{collections::BTreeMap, fmt};

use crate::{dialect::Dialect, message::Message, place::Place};

/// What is agreed for one message type.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct MessageSpec {
    /// What it is, in a few words.
    pub name: String,
    /// The data elements, by number.
    pub fields: BTreeMap<u8, Usage>,
    /// Whether data elements that are not listed are refused; else they are accepted and ignored.
    pub refuses_others: bool,
}

/// How one data element is used in one message type.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Usage {
    /// Whether it must be there.
    pub presence: Presence,
    /// Under which condition, or what it is for; may be empty.
    pub note: String,
}

/// Whether a data element must be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Presence {
    /// M: always.
    Mandatory,
    /// C: under the condition that is noted.
    Conditional,
    /// O: as the sender likes.
    Optional,
    /// ME: always, as in the request.
    MandatoryEcho,
    /// CE: if it is in the request, as it is there.
    ConditionalEcho,
}

impl Presence {
    /// The letters of the legend.
    #[must_use]
    pub const fn letters(self) -> &'static str {
        match self {
            Self::Mandatory => "M",
            Self::Conditional => "C",
            Self::Optional => "O",
            Self::MandatoryEcho => "ME",
            Self::ConditionalEcho => "CE",
        }
    }
}

/// Something in a well-formed message that is not as agreed. Never carries a value.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Finding {
    /// The data element, or the message type.
    pub place: Place,
    /// Its path, also of a part: `DE48.0105`.
    pub path: String,
    /// What is wrong.
    pub problem: FindingProblem,
}

/// What is not as agreed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FindingProblem {
    /// Mandatory, and not there.
    Missing,
    /// There, and not agreed for this message type.
    NotAgreed,
    /// Not as in the request.
    NotEchoed,
    /// In the request, and not in the reply.
    EchoMissing,
    /// The inside of a value is wrong; the text says how.
    Inside(String),
    /// Nothing is agreed for this message type.
    UnknownType,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = &self.path;
        match &self.problem {
            FindingProblem::Missing => write!(f, "{path}: mandatory in this message type, and not there"),
            FindingProblem::NotAgreed => write!(f, "{path}: not agreed for this message type"),
            FindingProblem::NotEchoed => {
                write!(f, "{path}: expected the value of the request, found another")
            }
            FindingProblem::EchoMissing => write!(f, "{path}: expected the value of the request, found none"),
            FindingProblem::Inside(error) => f.write_str(error),
            FindingProblem::UnknownType => write!(f, "{path}: a message type for which nothing is agreed"),
        }
    }
}

impl Dialect {
    /// What in a decoded message is not as agreed: missing and unexpected data elements (only for message types of
    /// which the dialect says something), and values whose inside is wrong.
    #[must_use]
    pub fn check(&self, message: &Message<'_>) -> Vec<Finding> {
        let mut findings = Vec::new();
        if let Some(spec) = self.message(message.mti()) {
            findings.extend(spec.check(message));
        } else if self.messages().next().is_some() {
            findings.push(Finding {
                place: Place::Mti,
                path: Place::Mti.to_string(),
                problem: FindingProblem::UnknownType,
            });
        }
        for (de, _) in message.values() {
            if let Err(error) = message.parts(de) {
                let problem = FindingProblem::Inside(error.to_string());
                findings.push(Finding { place: error.place(), path: error.path(), problem });
            }
        }
        findings
    }

    /// What in a reply does not echo its request as agreed.
    #[must_use]
    pub fn check_echo(&self, request: &Message<'_>, reply: &Message<'_>) -> Vec<Finding> {
        let Some(spec) = self.message(reply.mti()) else { return Vec::new() };
        let problem_of = |de: u8, usage: &Usage| match usage.presence {
            Presence::MandatoryEcho | Presence::ConditionalEcho => match (request.text(de), reply.text(de)) {
                (Some(_), None) => Some(FindingProblem::EchoMissing),
                (Some(sent), Some(got)) if sent != got => Some(FindingProblem::NotEchoed),
                _ => None,
            },
            _ => None,
        };
        let wrong = spec.fields.iter().filter_map(|(de, usage)| Some((*de, problem_of(*de, usage)?)));
        wrong.map(|(de, problem)| Finding::of(de, problem)).collect()
    }
}

impl Finding {
    fn of(de: u8, problem: FindingProblem) -> Self {
        let place = Place::Field(de);
        Self { place, path: place.to_string(), problem }
    }
}

impl MessageSpec {
    fn check(&self, message: &Message<'_>) -> Vec<Finding> {
        let must = |usage: &Usage| matches!(usage.presence, Presence::Mandatory | Presence::MandatoryEcho);
        let missing = self.fields.iter().filter(|(de, usage)| must(usage) && !message.has(**de));
        let missing = missing.map(|(de, _)| Finding::of(*de, FindingProblem::Missing));
        let others = message.values().map(|(de, _)| de).filter(|de| !self.fields.contains_key(de));
        let others = others.filter(|_| self.refuses_others);
        missing.chain(others.map(|de| Finding::of(de, FindingProblem::NotAgreed))).collect()
    }
}

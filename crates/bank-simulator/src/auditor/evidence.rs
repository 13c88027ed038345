//! Which messages count: answered with 00, each once, at the place of its first such answer.

use std::collections::BTreeMap;

use super::message::{AuditedAnswer, AuditedMessage};

/// A message that the gateway has taken.
#[derive(Clone, Copy, Debug)]
pub(super) struct Counted<'a> {
    pub(super) message: &'a AuditedMessage,
    pub(super) answer: &'a AuditedAnswer,
}

/// What the bank knows and what it does not.
#[derive(Debug)]
pub(super) struct Evidence<'a> {
    pub(super) counted: Vec<Counted<'a>>,
    pub(super) unknown: Vec<String>,
}

/// What makes two messages one: all but the repeat bit of what names a message.
type Key<'a> = (&'a str, String, &'a str, &'a str, &'a str, &'a str, &'a str);

pub(super) fn collect(messages: &[AuditedMessage]) -> Evidence<'_> {
    let mut sendings: BTreeMap<Key<'_>, Vec<usize>> = BTreeMap::new();
    for (place, message) in messages.iter().enumerate() {
        sendings.entry(key(message)).or_default().push(place);
    }
    let mut counted = BTreeMap::new();
    let mut unknown = BTreeMap::new();
    for places in sendings.into_values() {
        let of_key = || places.iter().filter_map(|&place| Some((place, messages.get(place)?)));
        let taken = of_key().find_map(|(place, message)| {
            let answer = message.answer.as_ref().filter(|answer| answer.response == "00")?;
            Some((place, Counted { message, answer }))
        });
        if let Some((place, taken)) = taken {
            counted.insert(place, taken);
        } else if of_key().all(|(_, message)| is_open(message))
            && let Some((place, message)) = of_key().next_back()
        {
            unknown.insert(place, describe(message));
        }
    }
    Evidence { counted: counted.into_values().collect(), unknown: unknown.into_values().collect() }
}

fn key(message: &AuditedMessage) -> Key<'_> {
    (
        &message.card,
        message.first_mti(),
        &message.transmission,
        &message.stan,
        message.acquirer_digits(),
        &message.retrieval,
        &message.terminal,
    )
}

/// No answer, or one that says "no loyalty now, ask again".
fn is_open(message: &AuditedMessage) -> bool {
    message.answer.as_ref().is_none_or(|answer| matches!(answer.response.as_str(), "96" | "91"))
}

fn describe(message: &AuditedMessage) -> String {
    let answer = match &message.answer {
        Some(answer) => format!("was answered {}", answer.response),
        None => "has no answer".to_owned(),
    };
    let AuditedMessage { mti, stan, card, acquirer, retrieval, .. } = message;
    format!("{mti} {stan} of card {card}, purchase {acquirer} {retrieval}, {answer}")
}

//! Holds the miles and discounts of several answers against each other: whatever a gateway's rates are, they must agree.

use iso8583::Builder;

use super::{compose::Memory, expect::Check, judge::tag};

/// Reasons with which an answer tells all the miles that a message is worth or has moved.
const WHOLE: [&str; 5] = ["estimate", "cleared", "reversed", "refunded", "authorization_reversed"];
/// The reason when there was no room for miles: a certifier does not know what else was granted in the month.
pub(super) const CAP: &str = "cap_truncates";
/// Base miles, bonus miles, discount.
const TAGS: [&str; 3] = ["BM", "XM", "DC"];

/// What this answer and those to `with` tell is what the answers to `to` tell together.
pub(super) fn add_up(
    answer: &Builder,
    with: &[&'static str],
    to: &[&'static str],
    memory: &impl Memory,
) -> Vec<Check> {
    let mut others = Vec::with_capacity(with.len());
    for label in with.iter().chain(to).copied() {
        match memory.answer(label) {
            Some(other) => others.push((label, other)),
            None => {
                return vec![Check::failed(
                    "DE48 BM",
                    "miles to compare with",
                    format!("that the answer to \"{label}\" never came"),
                )];
            }
        }
    }
    let all = others.iter().copied().chain([("this message", answer)]);
    // Of what a cap has kept nothing was granted, so nothing is taken back.
    let also = if to.is_empty() { CAP } else { "" };
    if let Some(why) = all.clone().find_map(|(label, one)| untold(label, one, also)) {
        return vec![Check::new("DE48 BM", "miles that add up", why, true)];
    }
    TAGS.iter().map(|name| sum(answer, name, &others, to)).collect()
}

/// Why the miles of an answer say nothing of its amount; of this reason `also` they do.
fn untold(label: &str, answer: &Builder, also: &str) -> Option<String> {
    let reason = tag(answer, "RS").unwrap_or_default();
    let told = WHOLE.contains(&reason.as_str()) || reason == also && !also.is_empty();
    // Another reason is judged by the step that got it.
    (!told)
        .then(|| format!("miles were not checked, because the answer to \"{label}\" says {}", named(&reason)))
}

/// Only a stable code is shown.
fn named(reason: &str) -> &str {
    let code = reason.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    if code && !reason.is_empty() { reason } else { "no known reason" }
}

fn sum(answer: &Builder, name: &str, others: &[(&'static str, &Builder)], to: &[&'static str]) -> Check {
    let field = format!("DE48 {name}");
    let (mut wanted, mut found) = (0_i64, String::new());
    for (label, other) in others {
        let Some(miles) = told(other, name) else {
            return Check::failed(field, "a number", format!("none in the answer to \"{label}\""));
        };
        let whole = to.contains(label);
        wanted = wanted.saturating_add(if whole { miles } else { miles.saturating_neg() });
        found = format!("{found}, {miles} in the answer to \"{label}\"");
    }
    match told(answer, name) {
        Some(miles) => {
            let expected = format!("{wanted}, so that it adds up");
            Check::new(field, expected, format!("{miles}{found}"), miles == wanted)
        }
        None => Check::failed(field, "a number", "none"),
    }
}

/// Absent is zero; `None` is no number.
pub(super) fn told(answer: &Builder, name: &str) -> Option<i64> {
    tag(answer, name).map_or(Some(0), |text| text.parse().ok())
}

/// What is refused tells no miles.
pub(super) fn none(answer: &Builder) -> Vec<Check> {
    let check = |name: &&str| {
        let passed = tag(answer, name).is_none();
        let found = if passed { "nothing" } else { "a value" };
        Check::new(format!("DE48 {name}"), "nothing in a refusal", found, passed)
    };
    TAGS.iter().map(check).collect()
}

//! A message in one line.

use super::amount;
use crate::{codes, message::Message, mti::Mti};

/// `0100 authorization request · 1,250.00 RUB · STAN 000042 · TERM0001`.
pub(super) fn of(message: &Message<'_>) -> String {
    let open = |de: u8| {
        let value = message.value(de)?;
        // Masked, so that a dialect that hides an element hides it here too.
        Some(clean(value.masked().trim())).filter(|text| !text.is_empty())
    };
    let name = message.dialect().message(message.mti()).map(|spec| spec.name.clone());
    let name = name.filter(|name| !name.is_empty()).unwrap_or_else(|| kind(message.mti()));
    let network = open(70).map(|code| {
        codes::meaning("network-management-code", &code).map_or(code, std::borrow::Cow::into_owned)
    });
    let amount = open(4).zip(open(49)).and_then(|(digits, currency)| amount::in_words(&digits, &currency));
    let parts = [
        Some(format!("{} {name}", message.mti())),
        network,
        outcome(message),
        amount,
        open(11).map(|stan| format!("STAN {stan}")),
        open(41),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" · ")
}

fn outcome(message: &Message<'_>) -> Option<String> {
    let value = message.value(39)?;
    let code = value.masked();
    let table = value.spec().codes.as_deref().unwrap_or("response-code");
    let words = codes::meaning(table, &code).map(std::borrow::Cow::into_owned);
    Some(words.unwrap_or_else(|| format!("response {}", clean(&code))))
}

/// What a message type is, by its digits.
pub(super) fn kind(mti: Mti) -> String {
    let class = match mti.class() {
        1 => "authorization",
        2 => "financial",
        3 => "file action",
        4 => "reversal",
        5 => "reconciliation",
        6 => "administrative",
        7 => "fee collection",
        8 => "network management",
        _ => "unknown class",
    };
    let function = match mti.function() {
        0 => "request",
        1 => "response",
        2 => "advice",
        3 => "advice response",
        4 => "notification",
        5 => "notification response",
        _ => "message",
    };
    let repeat = if mti.is_repeat() { ", repeat" } else { "" };
    format!("{class} {function}{repeat}")
}

/// Control characters as escapes: what is shown must not steer a terminal.
pub(super) fn clean(text: &str) -> String {
    text.chars()
        .flat_map(|character| {
            let escape = character.is_control().then(|| character.escape_default());
            let plain = escape.is_none().then_some(character);
            escape.into_iter().flatten().chain(plain)
        })
        .collect()
}

//! Card numbers that stand across the parts of a data element, so that none of them hides it by itself.

use std::ops::Range;

use crate::{
    element_mask::{ElementMask, is_card_data, searched},
    field_spec::{Encoding, Shown},
    mask::{is_card_number, mask_text, whole_number},
    message::Message,
    structure::Part,
};

/// Digits of a card number that stay.
const KEPT: usize = 4;
/// So many of the first digits of a card number may be seen.
const SEEN_OF_PAN: usize = 6;
/// Parts of fewer digits are codes, not pieces of a card number.
const LEAST_PIECE: usize = 4;
/// Lengths of card numbers.
const PAN_DIGITS: Range<usize> = 13..20;

/// The bytes of a data element that it hides as a whole, and none of its parts by itself.
pub(crate) fn parts(message: &Message<'_>, de: u8) -> Vec<usize> {
    let Some(value) = message.value(de) else { return Vec::new() };
    let parts = message.parts(de).unwrap_or_default();
    if parts.is_empty() || is_card_data(value.spec()) {
        return Vec::new();
    }
    let mut across = searched_as_whole(message, de, &parts);
    if value.spec().shown == Shown::Private {
        across.extend(one_number(message, de, &parts));
        across.extend(joined(&leaves(&parts)));
    }
    across.sort_unstable();
    across.dedup();
    across
}

fn searched_as_whole(message: &Message<'_>, de: u8, parts: &[Part<'_>]) -> Vec<usize> {
    let (Some(value), Some(range)) = (message.value(de), message.range(de)) else { return Vec::new() };
    let mut in_parts = vec![false; message.bytes().len()];
    for part in parts {
        let bytes = (part.value().wire().len() * part.scale()).max(1);
        in_parts.iter_mut().skip(part.offset()).take(bytes).for_each(|byte| *byte = true);
    }
    let by_parts = crate::hidden::by_parts(message, parts);
    // The last digits of a number that a part shows are no leak.
    let covered =
        |at: usize| by_parts.get(at.saturating_sub(KEPT)..=at).is_some_and(|bytes| bytes.contains(&true));
    // Without the check digit every tag and length in front of digits would look like a number.
    let halves = searched(&value, &|text| mask_text(text).into_owned());
    let bytes = halves.chunks(2).map(|halves| halves.contains(&true));
    let whole = range.zip(bytes).filter(|(_, hide)| *hide).map(|(at, _)| at);
    let shown: Vec<usize> = whole.filter(|at| in_parts.get(*at) == Some(&true) && !covered(*at)).collect();
    // Where a tag and a length stand in front of a number, a few digits next to it seem to belong to it.
    if shown.len() > SEEN_OF_PAN { shown } else { Vec::new() }
}

/// Of an element that is hardly anything but one number: it was taken for tags and lengths by chance.
fn one_number(message: &Message<'_>, de: u8, parts: &[Part<'_>]) -> Vec<usize> {
    let (Some(value), Some(range)) = (message.value(de), message.range(de)) else { return Vec::new() };
    let bytes = value.wire().len();
    let number: Vec<usize> = whole_number(&value.text())
        .into_iter()
        .flat_map(|at| value.halves(at))
        .map(|half| range.start + half / 2)
        .filter(|at| *at < range.start + bytes)
        .collect();
    let Some(mask) = ElementMask::of_parts(message, de) else { return number };
    let (hidden, leaves) = (mask.bytes(), leaves(parts));
    let is_shown = |at: &usize| {
        let in_leaf = leaves.iter().any(|leaf| within(leaf).contains(at));
        in_leaf && hidden.get(*at - range.start) == Some(&false)
    };
    if number.iter().any(is_shown) { number } else { Vec::new() }
}

fn within(part: &Part<'_>) -> Range<usize> {
    part.offset()..part.offset() + part.value().wire().len() * part.scale()
}

/// Digits of parts side by side, whether or not they end with a check digit; of parts with tags between them only if
/// all of them are one card number.
fn joined(leaves: &[&Part<'_>]) -> Vec<usize> {
    let texts: Vec<String> = leaves.iter().map(|leaf| leaf.value().text().into_owned()).collect();
    let is_piece =
        |text: &String| text.len() >= LEAST_PIECE && text.bytes().all(|byte| byte.is_ascii_digit());
    let mut hidden = Vec::new();
    for first in 0..leaves.len() {
        let mut digits = String::new();
        let pieces = leaves.iter().zip(&texts).enumerate().skip(first);
        let mut beside = true;
        let mut last_end: Option<usize> = None;
        for (at, (leaf, text)) in pieces {
            if !is_piece(text) || digits.len() + text.len() >= PAN_DIGITS.end {
                break;
            }
            beside &= last_end.is_none_or(|end| leaf.offset().saturating_sub(end) <= leaf.scale());
            last_end = Some(within(leaf).end);
            digits.push_str(text);
            let all = first == 0 && at + 1 == leaves.len();
            let is_number = PAN_DIGITS.contains(&digits.len()) && (beside || all && is_card_number(&digits));
            if at > first && is_number {
                hidden.extend(leaves.iter().skip(first).take(at + 1 - first).flat_map(|leaf| within(leaf)));
            }
        }
    }
    hidden
}

/// The parts that have no parts, as far as they are shown.
fn leaves<'p, 'a>(parts: &'p [Part<'a>]) -> Vec<&'p Part<'a>> {
    let one = |part: &'p Part<'a>| match part.parts() {
        [] if is_card_data(part.spec()) || is_hidden_code(part) => Vec::new(),
        [] => vec![part],
        inside => leaves(inside),
    };
    parts.iter().flat_map(one).collect()
}

/// Binary data are searched by themselves; their hexadecimal digits beside others say nothing.
fn is_hidden_code(part: &Part<'_>) -> bool {
    part.spec().encoding == Encoding::Binary
}

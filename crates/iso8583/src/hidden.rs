//! Which bytes of a message must not be shown.

use std::borrow::Cow;

use crate::{
    describe::{Show, plausible},
    doubt,
    field_spec::{Encoding, Shown},
    mask::{DROPPED, hidden_nibbles, mask_private, mask_text},
    message::Message,
    presence::FindingProblem,
    structure::Part,
    value::{Value, hexadecimal, masked_value},
};

/// Least characters of a card number; of less nothing is kept.
const LEAST_PAN: usize = 12;
/// Digits of a card number that stay.
const KEPT: usize = 4;
/// So many of the first digits of a card number may be seen.
const SEEN_OF_PAN: usize = 6;
/// A message that was decoded with fewer points may be in another dialect.
const LEAST_POINTS: i32 = 10;
/// The same where something mandatory is missing, or nothing is agreed for the message type.
const LEAST_POINTS_LACKING: i32 = 20;

/// Whether the elements of a message may not be what they seem, so that a card number may stand in open ones or across
/// several: it does not decode to its end (`failed`), or it says what no message of its dialect says.
pub(crate) fn is_doubtful(message: &Message<'_>, failed: bool) -> bool {
    if failed {
        return true;
    }
    if doubt::knows_its_card(message) {
        return has_copy_in_the_open(message);
    }
    !is_plausible(message)
}

/// Whether a message says what messages of its type say.
fn is_plausible(message: &Message<'_>) -> bool {
    let lacks = |problem| matches!(problem, FindingProblem::UnknownType | FindingProblem::Missing);
    let lacking = message.dialect().check(message).into_iter().any(|finding| lacks(finding.problem));
    let least = if lacking { LEAST_POINTS_LACKING } else { LEAST_POINTS };
    doubt::has_known_type(message) && plausible::judge(message).points >= least
}

/// Whether a piece of the card number of DE2 stands in an element that is shown.
fn has_copy_in_the_open(message: &Message<'_>) -> bool {
    let copies = doubt::copies_of_card(message);
    let open = message.values().filter(|(_, value)| value.spec().shown == Shown::Open);
    let mut ranges = open.filter_map(|(de, _)| message.range(de));
    ranges.any(|range| copies.iter().any(|copy| copy.start < range.end && range.start < copy.end))
}

/// For each byte of a doubtful message whether it is hidden; `None` of a message that says what it is.
pub(crate) fn doubted(message: &Message<'_>) -> Option<Vec<bool>> {
    is_doubtful(message, message.is_partial()).then(|| bytes_of(message, true))
}

/// Whether the parts of a data element must not be shown one by one: what they show side by side could be a card
/// number that none of them hides.
pub(crate) fn hides_parts(message: &Message<'_>, de: u8, doubted: Option<&[bool]>) -> bool {
    let hidden = message.range(de).and_then(|range| doubted?.get(range)).unwrap_or_default();
    hidden.contains(&true) || is_across_parts(message, de)
}

/// A data element as it is shown. `doubtful` is what [`bytes_of`] gave for a message that [`is_doubtful`].
pub(crate) fn text_of(message: &Message<'_>, de: u8, show: Show, doubtful: Option<&[bool]>) -> String {
    let Some((value, range)) = message.value(de).zip(message.range(de)) else { return String::new() };
    if show == Show::Unmasked {
        return value.text().into_owned();
    }
    let masked = masked_value(value.spec(), &value.text());
    let hidden = doubtful.and_then(|hidden| hidden.get(range)).unwrap_or_default();
    let by_itself = matches!(value.spec().shown, Shown::Pan | Shown::Secret);
    if by_itself || !hidden.contains(&true) {
        return masked;
    }
    if masked.chars().count() != hidden.len() {
        return "*".repeat(LEAST_PAN);
    }
    masked.chars().zip(hidden).map(|(character, hide)| if *hide { '*' } else { character }).collect()
}

/// The header in hexadecimal digits. One that nobody knows may be more than a header.
pub(crate) fn header_of(message: &Message<'_>, show: Show, doubtful: bool) -> String {
    let header = message.header();
    let drop = || is_opaque(message) && (doubtful || opaque_header(message).contains(&true));
    if show == Show::Masked && !header.is_empty() && drop() {
        return DROPPED.to_owned();
    }
    hexadecimal(header)
}

/// What is hidden of a header that nobody knows; a card number may begin in it and end behind it.
fn opaque_header(message: &Message<'_>) -> Vec<bool> {
    let mut hidden = vec![false; message.bytes().len()];
    anywhere(message.bytes(), &mut hidden);
    hidden.truncate(message.header().len());
    hidden
}

pub(crate) fn is_opaque(message: &Message<'_>) -> bool {
    message.dialect().header().to_string().contains("bytes:")
}

/// For each byte of the message whether it is hidden; `doubtful` as [`is_doubtful`] tells.
pub(crate) fn bytes_of(message: &Message<'_>, doubtful: bool) -> Vec<bool> {
    let mut hidden = vec![false; message.bytes().len()];
    for (de, value) in message.values() {
        let Some(offset) = message.offset(de) else { continue };
        mark(&mut hidden, offset, 1, &of_value(&value));
        let scale = if is_hex_text(&value) { 2 } else { 1 };
        message.parts(de).unwrap_or_default().iter().for_each(|part| mark_part(&mut hidden, scale, part));
    }
    if is_opaque(message) {
        let header = if doubtful { vec![true; message.header().len()] } else { opaque_header(message) };
        mark(&mut hidden, 0, 1, &header);
    }
    if doubtful && doubt::knows_its_card(message) && plausible::judge(message).points >= LEAST_POINTS {
        // Its elements stand where they belong, so a card number may be in one of them, and hardly across several.
        for range in message.values().filter_map(|(de, _)| message.range(de)) {
            let (Some(bytes), Some(hidden)) = (message.bytes().get(range.clone()), hidden.get_mut(range))
            else {
                continue;
            };
            anywhere(bytes, hidden);
        }
        for copy in doubt::copies_of_card(message) {
            mark(&mut hidden, copy.start, 1, &vec![true; copy.len()]);
        }
    } else if doubtful {
        anywhere(message.bytes(), &mut hidden);
        rows(message.bytes(), &mut hidden);
    }
    hidden
}

/// Rows of digits, whether or not they end with a check digit: a card number may be cut.
pub(crate) fn rows(bytes: &[u8], hidden: &mut [bool]) {
    for row in doubt::digit_rows(bytes) {
        mark(hidden, row.start, 1, &vec![true; row.len()]);
    }
}

/// Card numbers wherever they stand: in ASCII, in EBCDIC, in packed digits. Rather too much than too little.
fn anywhere(bytes: &[u8], hidden: &mut [bool]) {
    let ebcdic = |byte: &u8| if *byte >= 0xF0 { char::from(byte - 0xC0) } else { 'x' };
    for text in
        [bytes.iter().map(|byte| char::from(*byte)).collect::<String>(), bytes.iter().map(ebcdic).collect()]
    {
        let masked = mask_text(&text);
        let changed: Vec<bool> = text.chars().zip(masked.chars()).map(|(was, is)| was != is).collect();
        mark(hidden, 0, 1, &changed);
    }
    let mut packed = String::with_capacity(bytes.len() * 2);
    for row in bytes.chunk_by(|one, next| one.is_ascii_digit() == next.is_ascii_digit()) {
        // So many ASCII digits in a row are text; as packed digits they would say anything.
        let is_text = row.len() >= KEPT && row.iter().all(u8::is_ascii_digit);
        let digits = if is_text { "xx".repeat(row.len()) } else { hexadecimal(row) };
        packed.push_str(&digits);
    }
    let masked = mask_text(&packed);
    let changed: Vec<bool> = packed.bytes().zip(masked.bytes()).map(|(was, is)| was != is).collect();
    let changed: Vec<bool> = changed.chunks(2).map(|pair| pair.contains(&true)).collect();
    mark(hidden, 0, 1, &changed);
}

fn mark_part(hidden: &mut [bool], scale: usize, part: &Part<'_>) {
    let value = part.value();
    mark(hidden, part.offset(), scale, &of_value(&value));
    let inner = if is_hex_text(&value) { scale * 2 } else { scale };
    part.parts().iter().for_each(|inside| mark_part(hidden, inner, inside));
}

/// `scale` bytes of the message stand for one byte of the value.
fn mark(hidden: &mut [bool], offset: usize, scale: usize, bytes: &[bool]) {
    for (at, _) in bytes.iter().enumerate().filter(|(_, hide)| **hide) {
        let start = offset + at * scale;
        hidden.iter_mut().skip(start).take(scale).for_each(|byte| *byte = true);
    }
}

const fn is_hex_text(value: &Value<'_>) -> bool {
    matches!(value.spec().encoding, Encoding::Hex | Encoding::EbcdicHex(_))
}

fn of_value(value: &Value<'_>) -> Vec<bool> {
    let length = value.wire().len();
    match value.spec().shown {
        Shown::Open => vec![false; length],
        Shown::Secret => vec![true; length],
        Shown::Pan => {
            let kept = if matches!(value.spec().encoding, Encoding::Bcd { .. }) { KEPT / 2 } else { KEPT };
            let kept = if value.text().len() < LEAST_PAN { 0 } else { kept };
            (0..length).map(|at| at + kept < length).collect()
        }
        Shown::Private => private(value),
    }
}

fn private(value: &Value<'_>) -> Vec<bool> {
    changed(value, |text| mask_private(value.spec().format.class, text))
}

/// For each byte of a value whether masking its text with `mask` hides it.
fn changed(value: &Value<'_>, mask: impl Fn(&str) -> Cow<'_, str>) -> Vec<bool> {
    let length = value.wire().len();
    if value.spec().encoding == Encoding::Binary {
        return hidden_nibbles(value.wire()).chunks(2).map(|pair| pair.contains(&true)).collect();
    }
    let text = value.text();
    let masked = mask(&text);
    let changed: Vec<bool> = text.chars().zip(masked.chars()).map(|(was, is)| was != is).collect();
    match value.spec().encoding {
        // A pad moves the digits: rather too much than too little.
        Encoding::Bcd { .. } => vec![changed.contains(&true); length],
        _ => changed,
    }
}

/// Whether a card number stands across parts of a data element, so that none of them hides it by itself.
pub(crate) fn is_across_parts(message: &Message<'_>, de: u8) -> bool {
    !across_parts(message, de).is_empty()
}

/// The bytes of a data element that it hides as a whole, and none of its parts by itself.
pub(crate) fn across_parts(message: &Message<'_>, de: u8) -> Vec<usize> {
    let (Some(value), Some(range)) = (message.value(de), message.range(de)) else { return Vec::new() };
    let parts = message.parts(de).unwrap_or_default();
    if parts.is_empty() || matches!(value.spec().shown, Shown::Pan | Shown::Secret) {
        return Vec::new();
    }
    let bytes = message.bytes().len();
    let (mut by_parts, mut in_parts) = (vec![false; bytes], vec![false; bytes]);
    let scale = if is_hex_text(&value) { 2 } else { 1 };
    for part in &parts {
        mark_part(&mut by_parts, scale, part);
        mark(&mut in_parts, part.offset(), scale, &vec![true; part.value().wire().len()]);
    }
    // The last digits of a number that a part shows are no leak.
    let covered =
        |at: usize| by_parts.get(at.saturating_sub(KEPT)..=at).is_some_and(|bytes| bytes.contains(&true));
    // Without the check digit every tag and length in front of digits would look like a number.
    let whole = range.zip(changed(&value, mask_text)).filter(|(_, hide)| *hide).map(|(at, _)| at);
    let shown: Vec<usize> = whole.filter(|at| in_parts.get(*at) == Some(&true) && !covered(*at)).collect();
    // Where a tag and a length stand in front of a number, a few digits next to it seem to belong to it.
    if shown.len() > SEEN_OF_PAN { shown } else { Vec::new() }
}

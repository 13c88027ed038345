//! Which bytes of a message must not be shown.

use crate::{
    describe::{Show, plausible},
    doubt,
    element_mask::{self, ElementMask, is_card_data},
    field_spec::Shown,
    mask::{DROPPED, mask_text},
    message::Message,
    number_across,
    presence::FindingProblem,
    structure::Part,
    value::hexadecimal,
};

/// Least characters of a card number; of less nothing is kept.
const LEAST_PAN: usize = 12;
/// Digits of a card number that stay.
const KEPT: usize = 4;
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
    let Some(mask) = ElementMask::of_whole(message, de) else { return String::new() };
    let masked = element_mask::shown(&value, mask.halves());
    let hidden = doubtful.and_then(|hidden| hidden.get(range)).unwrap_or_default();
    let by_itself = is_card_data(value.spec()) || masked == DROPPED;
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
    for (de, _) in message.values() {
        let Some((offset, mask)) = message.offset(de).zip(ElementMask::of_whole(message, de)) else {
            continue;
        };
        mark(&mut hidden, offset, 1, &mask.bytes());
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

/// For each byte of the message whether parts hide it.
pub(crate) fn by_parts(message: &Message<'_>, parts: &[Part<'_>]) -> Vec<bool> {
    let mut hidden = vec![false; message.bytes().len()];
    parts.iter().for_each(|part| mark_part(&mut hidden, part));
    hidden
}

fn mark_part(hidden: &mut [bool], part: &Part<'_>) {
    let halves = element_mask::own(&part.value());
    let bytes: Vec<bool> = halves.chunks(2).map(|halves| halves.contains(&true)).collect();
    mark(hidden, part.offset(), part.scale(), &bytes);
    part.parts().iter().for_each(|inside| mark_part(hidden, inside));
}

/// `scale` bytes of the message stand for one byte of the value.
fn mark(hidden: &mut [bool], offset: usize, scale: usize, bytes: &[bool]) {
    for (at, _) in bytes.iter().enumerate().filter(|(_, hide)| **hide) {
        let start = offset + at * scale;
        hidden.iter_mut().skip(start).take(scale).for_each(|byte| *byte = true);
    }
}

/// Whether a card number stands across parts of a data element, so that none of them hides it by itself.
pub(crate) fn is_across_parts(message: &Message<'_>, de: u8) -> bool {
    !number_across::parts(message, de).is_empty()
}

//! What is hidden of one data element, half a byte by half a byte. The whole, its parts, the dump of its bytes: every
//! view takes its slice of it, so that none shows what another one hides.

use crate::{
    field_spec::{Encoding, FieldSpec, Shown},
    mask::{DROPPED, hidden_nibbles, mask_private, masked},
    message::Message,
    number_across,
    structure::{Part, Structure},
    value::Value,
};

/// Least characters of a card number; of less nothing is kept.
const LEAST_PAN: usize = 12;
/// Digits of a card number that stay.
const KEPT: usize = 4;

/// For each half byte of a data element whether it is hidden.
pub(crate) struct ElementMask {
    /// Offset of the element in the message, in bytes.
    start: usize,
    hidden: Vec<bool>,
}

impl ElementMask {
    /// What is hidden of an element as a whole: what it hides itself, and all that its parts hide.
    pub(crate) fn of_whole(message: &Message<'_>, de: u8) -> Option<Self> {
        let value = message.value(de)?;
        let mut mask = Self { start: message.offset(de)?, hidden: own(&value) };
        if is_unreadable(message, de) {
            mask.hidden.fill(true);
            return Some(mask);
        }
        for part in &message.parts(de).unwrap_or_default() {
            mask.add(part, &|_| true);
        }
        for at in number_across::parts(message, de) {
            let first = at.saturating_sub(mask.start) * 2;
            mask.hidden.iter_mut().skip(first).take(2).for_each(|half| *half = true);
        }
        Some(mask)
    }

    /// What is hidden of the parts of an element, shown one by one: numbers in what has parts of its own are searched
    /// in these, as tags and lengths are digits, too.
    pub(crate) fn of_parts(message: &Message<'_>, de: u8) -> Option<Self> {
        let length = message.range(de)?.len();
        let mut mask = Self { start: message.offset(de)?, hidden: vec![false; length * 2] };
        let hides = |part: &Part<'_>| part.parts().is_empty() || is_card_data(part.spec());
        for part in &message.parts(de).unwrap_or_default() {
            mask.add(part, &hides);
        }
        Some(mask)
    }

    fn add(&mut self, part: &Part<'_>, hides: &dyn Fn(&Part<'_>) -> bool) {
        if hides(part) {
            let first = part.offset().saturating_sub(self.start) * 2;
            for (at, _) in own(&part.value()).into_iter().enumerate().filter(|(_, hide)| *hide) {
                let halves = self.hidden.iter_mut().skip(first + at * part.scale()).take(part.scale());
                halves.for_each(|half| *half = true);
            }
        }
        part.parts().iter().for_each(|inside| self.add(inside, hides));
    }

    /// For each byte of the element whether any of it is hidden.
    pub(crate) fn bytes(&self) -> Vec<bool> {
        self.hidden.chunks(2).map(|halves| halves.contains(&true)).collect()
    }

    /// For each half byte of the element.
    pub(crate) fn halves(&self) -> &[bool] {
        &self.hidden
    }

    /// For each half byte of a part of so many bytes; `scale` half bytes of the message stand for one of the part.
    pub(crate) fn of_part(&self, offset: usize, scale: usize, length: usize) -> Vec<bool> {
        let first = offset.saturating_sub(self.start) * 2;
        let halves = self.hidden.get(first..).unwrap_or_default();
        let mut hidden: Vec<bool> =
            halves.chunks(scale.max(1)).take(length * 2).map(|halves| halves.contains(&true)).collect();
        // What is not known is not shown.
        hidden.resize(length * 2, true);
        hidden
    }
}

/// Whether a data element could hold card data in its parts, and these cannot be read.
pub(crate) fn is_unreadable(message: &Message<'_>, de: u8) -> bool {
    let holds = message.dialect().field(de).is_some_and(holds_card_data);
    holds && message.parts(de).is_err()
}

/// Whether a value has parts with card data, or with tags that nobody described and that may be those of card data.
pub(crate) fn holds_card_data(spec: &FieldSpec) -> bool {
    let is_one = |spec: &FieldSpec| is_card_data(spec) || holds_card_data(spec);
    match &spec.inside {
        None => false,
        Some(Structure::BerTlv(_)) => true,
        Some(structure) => structure.listed().into_iter().any(|(_, part)| is_one(part)),
    }
}

pub(crate) fn is_card_data(spec: &FieldSpec) -> bool {
    matches!(spec.shown, Shown::Pan | Shown::Secret)
}

/// For each half byte of a value whether it hides it by itself.
pub(crate) fn own(value: &Value<'_>) -> Vec<bool> {
    let length = value.wire().len() * 2;
    match value.spec().shown {
        Shown::Open => vec![false; length],
        Shown::Secret => vec![true; length],
        Shown::Pan => {
            let packed = matches!(value.spec().encoding, Encoding::Bcd { .. } | Encoding::Binary);
            let kept = if packed { KEPT } else { KEPT * 2 };
            let kept = if value.text().len() < LEAST_PAN { 0 } else { kept };
            (0..length).map(|at| at + kept < length).collect()
        }
        Shown::Private => private(value),
    }
}

fn private(value: &Value<'_>) -> Vec<bool> {
    let class = value.spec().format.class;
    let mut hidden = searched(value, &|text| mask_private(class, text).into_owned());
    if value.is_hexadecimal() {
        // What the hexadecimal digits stand for may be a number as well.
        let inside = hidden_nibbles(&value.bytes()).into_iter().flat_map(|hide| [hide, hide]);
        hidden.iter_mut().zip(inside).for_each(|(half, hide)| *half |= hide);
    }
    hidden
}

/// For each half byte of a value whether masking its text with `mask` hides it.
pub(crate) fn searched(value: &Value<'_>, mask: &dyn Fn(&str) -> String) -> Vec<bool> {
    if value.spec().encoding == Encoding::Binary {
        return hidden_nibbles(value.wire());
    }
    let text = value.text();
    let mut hidden = vec![false; value.wire().len() * 2];
    for (at, (was, is)) in text.chars().zip(mask(&text).chars()).enumerate() {
        if was != is {
            value
                .halves(at)
                .for_each(|half| hidden.iter_mut().skip(half).take(1).for_each(|hide| *hide = true));
        }
    }
    hidden
}

/// A value as it is shown where so much of it is hidden, half byte by half byte.
pub(crate) fn shown(value: &Value<'_>, hidden: &[bool]) -> String {
    let text = value.text();
    let by_itself = || masked(value.spec().shown, value.spec().format.class, &text).into_owned();
    match value.spec().shown {
        Shown::Secret => by_itself(),
        Shown::Pan => {
            let more = hidden.iter().zip(own(value)).any(|(hide, own)| *hide && !own);
            if more { "****".to_owned() } else { by_itself() }
        }
        Shown::Open | Shown::Private if !hidden.is_empty() && !hidden.contains(&false) => DROPPED.to_owned(),
        Shown::Open | Shown::Private => {
            let hides = |at| value.halves(at).any(|half| hidden.get(half) != Some(&false));
            let characters = text.chars().enumerate();
            characters.map(|(at, character)| if hides(at) { '*' } else { character }).collect()
        }
    }
}

/// A text of which nothing but its description is known.
pub(crate) fn shown_text(spec: &FieldSpec, text: &str) -> String {
    if holds_card_data(spec) && !text.is_empty() {
        return DROPPED.to_owned();
    }
    crate::value::masked_value(spec, text)
}

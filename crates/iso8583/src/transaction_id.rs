//! What the network calls a transaction by, in every message about it. The dialect says where it stands.

use std::{collections::BTreeMap, fmt};

use crate::{
    field_spec::{FieldSpec, Shown},
    mask::is_card_number,
    message::Message,
    structure::Part,
};

/// Network code, reference and date of Mastercard's are 16 characters at most, Visa's is 15 digits.
const MAX_CHARACTERS: usize = 32;
/// A row of so many digits is longer than any network's name, and may be a card number.
const LONG_NUMBER: usize = 16;

/// A data element, or a part of one: `15`, `62.2`, `48.2.63`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ValuePlace {
    de: u8,
    /// Ids of the parts, from the outermost one.
    parts: Vec<String>,
}

impl ValuePlace {
    /// `None` if the text is no place.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut ids = text.split('.');
        let de = ids.next().and_then(|de| de.parse().ok().filter(|number: &u8| number.to_string() == de))?;
        let parts: Vec<String> = ids.map(str::to_owned).collect();
        parts.iter().all(|id| !id.is_empty()).then_some(Self { de, parts })
    }

    /// What a dialect says of it, if it has such a place.
    pub(crate) fn spec<'a>(&self, fields: &'a BTreeMap<u8, FieldSpec>) -> Option<&'a FieldSpec> {
        self.parts.iter().try_fold(fields.get(&self.de)?, |spec, id| {
            let listed = spec.inside.as_ref()?.listed();
            listed.into_iter().find_map(|(other, part)| (other == *id).then_some(part))
        })
    }

    /// Its value, without blanks at both ends. What cannot be read by the dialect is not there.
    fn text(&self, message: &Message<'_>) -> Option<String> {
        let Some((last, path)) = self.parts.split_last() else { return filled(&message.text(self.de)?) };
        let outermost = message.parts(self.de).ok()?;
        let parts = path.iter().try_fold(&*outermost, |parts, id| Some(part(parts, id)?.parts()))?;
        filled(&part(parts, last)?.value().text())
    }
}

impl fmt::Display for ValuePlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DE{}", self.de)?;
        self.parts.iter().try_for_each(|id| write!(f, ".{id}"))
    }
}

fn part<'a, 'm>(parts: &'a [Part<'m>], id: &str) -> Option<&'a Part<'m>> {
    parts.iter().find(|part| part.id() == id)
}

/// Zeros and blanks are what a sender writes that has none.
fn filled(text: &str) -> Option<String> {
    let text = text.trim();
    text.bytes().any(|byte| !matches!(byte, b'0' | b' ')).then(|| text.to_owned())
}

/// Values that are a transaction's name together, and others where these are not all sent.
pub(crate) type Alternatives = Vec<Vec<ValuePlace>>;

/// Whether a transaction's name may stand there: it is stored and shown.
pub(crate) fn may_name(spec: &FieldSpec) -> bool {
    !matches!(spec.shown, Shown::Secret | Shown::Pan)
}

/// The name in the one form in which it is compared, whoever wrote it: without blanks, wherever they stand. A reference
/// that is shorter than its place has some in the middle. `None` if there is none, and for what no network writes.
#[must_use]
pub fn transaction_id(text: &str) -> Option<String> {
    let name: String = filled(text)?.chars().filter(|character| !character.is_whitespace()).collect();
    let fits = name.len() <= MAX_CHARACTERS && name.chars().all(|character| character.is_ascii_graphic());
    let mut numbers = name.split(|character: char| !character.is_ascii_digit());
    let card = numbers.any(|digits| digits.len() >= LONG_NUMBER && is_card_number(digits));
    (fits && !card).then_some(name)
}

impl Message<'_> {
    /// What the network calls the transaction by, as [`transaction_id`] writes it. `None` if the dialect names no place
    /// for it, if nothing is there, and if what is there holds the message's own card number.
    #[must_use]
    pub fn transaction_id(&self) -> Option<String> {
        let alternatives = &self.dialect().table().transaction_id;
        let together = |places: &Vec<ValuePlace>| {
            let texts: Option<Vec<String>> = places.iter().map(|place| place.text(self)).collect();
            transaction_id(&texts?.concat())
        };
        let name = alternatives.iter().find_map(together)?;
        let own = self.pan().is_some_and(|pan| name.contains(pan.expose()));
        (!own).then_some(name)
    }
}

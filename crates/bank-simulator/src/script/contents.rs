//! What an answer holds that it must not: elements that nobody has agreed on, and card numbers.

use iso8583::{Builder, Pan, dialects};

use super::{expect::Check, judge::Pair};

/// The elements of a MAC; the codec has looked at it.
const MAC: [u8; 2] = [64, 128];

/// An answer has only what the contract lists for its type, or the bank's own dialect if it lists something.
pub(super) fn nothing_unlisted(pair: &Pair<'_>) -> Check {
    let mti = pair.sent.mti().response();
    let own = pair.written.is_1987().then(|| pair.written.dialect.message(mti)).flatten();
    let expected = "nothing: the contract has no such element in this answer";
    let listed = "only elements that the contract lists";
    let Some(spec) = own.or_else(|| dialects::iso87_ascii().message(mti)) else {
        return Check::new("elements", listed, "a message type of which it lists none", true);
    };
    let signed = pair.written.mac.is_some();
    let unlisted = |de: &u8| !(spec.fields.contains_key(de) || signed && MAC.contains(de));
    match pair.answer.elements().find(unlisted) {
        Some(de) => Check::failed(format!("DE{de}"), expected, "a value"),
        None => Check::new("elements", listed, "those", true),
    }
}

/// No element of an answer holds the number of a card that is played with, however it is written.
pub(super) fn no_card_number(pair: &Pair<'_>) -> Check {
    let parties = pair.parties;
    let mut cards: Vec<&str> = [Some(&parties.member), Some(&parties.stranger), parties.other_bank.as_ref()]
        .into_iter()
        .flatten()
        .map(Pan::expose)
        .collect();
    cards.extend(pair.sent.get(2).filter(|sent| !sent.is_empty()));
    let wanted: Vec<String> = cards.into_iter().flat_map(written).collect();
    let holds =
        |value: &str| readings(value).iter().any(|read| wanted.iter().any(|card| read.contains(card)));
    let raw = pair.raw.as_ref().map(Builder::from_message);
    let answer = raw.as_ref().unwrap_or(pair.answer);
    match answer.elements().find(|de| answer.get(*de).is_some_and(holds)) {
        Some(de) => Check::failed(format!("DE{de}"), "no card number in an answer", "one"),
        None => Check::new("card number", "none in an answer", "none", true),
    }
}

/// A value as digits may hide in it: its digits without what splits them, what is packed in its characters, and itself.
fn readings(value: &str) -> [String; 3] {
    // Latin-1 text has a character for each byte.
    let packed = value.chars().map(|one| format!("{:02x}", u32::from(one))).collect();
    [value.chars().filter(char::is_ascii_digit).collect(), packed, value.to_ascii_lowercase()]
}

/// A card number, and the hexadecimal digits of its text in ASCII and EBCDIC.
fn written(card: &str) -> [String; 3] {
    let behind = |upper: char| card.chars().flat_map(|digit| [upper, digit]).collect();
    [card.to_owned(), behind('3'), behind('f')]
}

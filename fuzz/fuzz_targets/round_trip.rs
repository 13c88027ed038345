//! What was decoded is encoded to the same bytes; what was encoded from texts is decoded to the same texts.

#![no_main]

use iso8583::{Builder, Class, Counts, Dialect, Encoding, Length, Message, Mti, Part, Place, Written};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let Some((dialect, rest)) = fuzz::chosen(input) else { return };
    if let Ok(message) = dialect.decode(rest) {
        assert_eq!(message.to_bytes(), rest, "{message:?}");
        for (de, _) in message.values() {
            parts_round_trip(&message, de);
        }
        let texts: Vec<(u8, String)> = message.fields().map(|(de, text)| (de, text.into_owned())).collect();
        // Dialects have headers that only a peer can write.
        assert!(from_texts(dialect, message.mti(), &texts) || !message.header().is_empty(), "{message:?}");
    }
    let mut texts = Vec::new();
    let mut rest = rest;
    while let [de, length, behind @ ..] = rest {
        let (text, behind) = behind.split_at(behind.len().min(usize::from(*length)));
        texts.push((*de, String::from_utf8_lossy(text).into_owned()));
        rest = behind;
    }
    texts.sort_by_key(|(de, _)| *de);
    texts.dedup_by_key(|(de, _)| *de);
    from_texts(dialect, Mti::new("0100"), &texts);
});

/// Whether these texts make a message; if so, it must say the same texts.
fn from_texts(dialect: &Dialect, mti: Mti, texts: &[(u8, String)]) -> bool {
    let builder = texts.iter().fold(Builder::new(mti), |builder, (de, text)| builder.set(*de, text.as_str()));
    let _ = format!("{builder:?}");
    let bytes = match builder.encode(dialect) {
        Ok(bytes) => bytes,
        Err(error) => return matches!(error.place, Place::Message),
    };
    let message = dialect.decode(&bytes).unwrap_or_else(|error| panic!("{dialect:?} {builder:?}: {error}"));
    assert_eq!(message.mti(), mti);
    assert_eq!(said(&message, message.fields()), said(&message, texts.iter().cloned()), "{dialect:?}");
    assert_eq!(message.to_bytes(), bytes);
    true
}

/// A data element that is written again from its parts has the same parts.
fn parts_round_trip(message: &Message<'_>, de: u8) {
    let Ok(parts) = message.parts(de) else { return };
    if parts.is_empty() {
        return;
    }
    let dialect = message.dialect();
    let builder = Builder::from_message(message).set_parts(de, written(&parts));
    let Ok(bytes) = builder.encode(dialect) else { return };
    let again = dialect.decode(&bytes).unwrap_or_else(|error| panic!("{message:?} DE{de}: {error}"));
    let parts_again = again.parts(de).unwrap_or_else(|error| panic!("{message:?} DE{de}: {error}"));
    assert_eq!(listed(&parts_again), listed(&parts), "{message:?} DE{de}");
}

fn written(parts: &[Part<'_>]) -> Vec<(String, Written)> {
    let value = |part: &Part<'_>| match part.parts() {
        [] => Written::text(part.value().text()),
        inside => Written::Parts(written(inside)),
    };
    parts.iter().map(|part| (part.id().to_owned(), value(part))).collect()
}

/// Every part with its bytes, those with parts of their own without: a length may have been written longer than needed.
fn listed(parts: &[Part<'_>]) -> Vec<(String, Vec<u8>)> {
    parts
        .iter()
        .flat_map(|part| {
            let own = if part.parts().is_empty() { part.value().bytes().into_owned() } else { Vec::new() };
            [(part.id().to_owned(), own)].into_iter().chain(listed(part.parts()))
        })
        .collect()
}

/// What must be the same: hexadecimal digits may be of either case, and a length in bytes does not say whether the
/// first or last nibble of packed digits is a pad.
fn said(message: &Message<'_>, fields: impl Iterator<Item = (u8, impl Into<String>)>) -> Vec<(u8, String)> {
    fields
        .map(|(de, text)| {
            let (text, Some(spec)) = (text.into(), message.dialect().field(de)) else { panic!("DE{de}") };
            let variable = matches!(spec.format.length, Length::Variable { .. });
            let packed = matches!(spec.encoding, Encoding::Bcd { .. });
            let text = match spec.format.class {
                Class::Binary => text.to_lowercase(),
                Class::SignedNumeric => text,
                _ if packed && variable && spec.indicator.counts == Counts::Bytes => {
                    text.trim_matches(['0', '?']).to_owned()
                }
                _ => text,
            };
            (de, text)
        })
        .collect()
}

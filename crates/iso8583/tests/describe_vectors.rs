//! Describes every message of other implementations: no card data is shown, JSON gives the same bytes back, redacted
//! copies can be decoded, and the dialect is found without being told.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::{collections::BTreeMap, fs, path::Path};

use iso8583::{
    Dialect, Message, Shown,
    describe::{self, Description, Document, Relation, Show},
    framing::Framing,
};
use serde::Deserialize;

#[derive(Deserialize)]
struct Vector {
    id: String,
    spec: String,
    hex: String,
}

fn directory() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors")
}

fn layouts() -> BTreeMap<String, Dialect> {
    let files = fs::read_dir(directory().join("dialects")).unwrap();
    let dialects =
        files.map(|file| Dialect::from_toml(&fs::read_to_string(file.unwrap().path()).unwrap()).unwrap());
    dialects.map(|dialect| (dialect.name().to_owned(), dialect)).collect()
}

/// Runs a check for every message.
fn each(check: impl Fn(&str, &Message<'_>)) {
    let layouts = layouts();
    let text = fs::read_to_string(directory().join("messages.jsonl")).unwrap();
    for line in text.lines() {
        let vector: Vector = serde_json::from_str(line).unwrap();
        let bytes = hex::decode(&vector.hex).unwrap();
        let message = layouts[&vector.spec].decode(&bytes).unwrap();
        check(&vector.id, &message);
    }
}

/// Values that must not be seen: of cards all but the last four digits, of secrets all.
fn hidden(message: &Message<'_>) -> Vec<String> {
    let values = message.values().filter_map(|(_, value)| {
        let text = value.text();
        match value.spec().shown {
            Shown::Pan => Some(text.get(..text.len().saturating_sub(4))?.to_owned()),
            Shown::Secret => Some(text.into_owned()),
            _ => None,
        }
    });
    // Short ones stand in other values by chance, as do zeros.
    values.filter(|text| text.len() >= 8 && text.bytes().any(|byte| byte != b'0')).collect()
}

#[test]
fn json_gives_the_same_bytes_back() {
    each(|id, message| {
        let json = describe::to_json(message, None, Show::Unmasked);
        let document = Document::parse(&json).unwrap_or_else(|error| panic!("{id}: {error}\n{json}"));
        assert_eq!(document.dialect(), Some(message.dialect().name()));
        let written = document.encode(message.dialect());
        let written = written.unwrap_or_else(|error| panic!("{id}: {error}\n{json}"));
        assert_eq!(hex::encode(written), hex::encode(message.bytes()), "{id}\n{json}");
    });
}

#[test]
fn what_values_do_not_tell_is_rare() {
    let mut with_wire = Vec::new();
    let told = std::cell::RefCell::new(&mut with_wire);
    each(|id, message| {
        if describe::to_json(message, None, Show::Unmasked).contains("\"wire\"") {
            told.borrow_mut().push(id.to_owned());
        }
    });
    println!("{with_wire:?}");
    assert!(with_wire.iter().any(|id| id == "cardutil-1144-ascii-hexbmp"), "{with_wire:?}");
    assert!(with_wire.len() < 12, "{with_wire:?}");
}

#[test]
fn nothing_that_is_masked_can_be_sent() {
    each(|id, message| {
        let json = describe::to_json(message, None, Show::Masked);
        let masked = message.values().any(|(_, value)| {
            matches!(value.spec().shown, Shown::Pan | Shown::Secret) && value.spec().inside.is_none()
        });
        match Document::parse(&json).and_then(|document| document.encode(message.dialect())) {
            Err(error) if masked => {
                let advice = error.to_string().contains("--unmasked");
                assert!(advice || error.to_string().contains("as_sent"), "{id}: {error}");
            }
            Err(error) => assert!(error.to_string().contains("--unmasked"), "{id}: {error}\n{json}"),
            Ok(_) => assert!(!masked, "{id}\n{json}"),
        }
    });
}

#[test]
fn no_card_data_is_shown_unless_asked_for() {
    each(|id, message| {
        let (dialect, bytes) = (message.dialect(), message.bytes());
        let table = Description::of(dialect, bytes, Show::Masked).to_string();
        let json = describe::to_json(message, None, Show::Masked);
        let differences: String = describe::diff(message, message).iter().map(|d| format!("{d}\n")).collect();
        let dump = describe::hexdump(dialect, bytes, Show::Masked);
        // The text column of a dump, in one row.
        let column: String = dump.lines().filter_map(|line| line.split('|').nth(1)).collect();
        let digits: String =
            dump.lines().filter_map(|line| Some(line.get(8..56)?.replace(' ', ""))).collect();
        for secret in hidden(message) {
            for shown in [&table, &json, &differences, &column, &digits] {
                assert!(!shown.contains(&secret), "{id}\n{shown}");
            }
        }
        let table = Description::of(dialect, bytes, Show::Unmasked).to_string();
        for secret in hidden(message) {
            assert!(table.contains(&secret.trim().to_owned()), "{id}\n{table}");
        }
    });
}

#[test]
fn a_hex_dump_has_every_byte_once() {
    each(|id, message| {
        let dump = describe::hexdump(message.dialect(), message.bytes(), Show::Unmasked);
        let digits: String =
            dump.lines().filter_map(|line| Some(line.get(8..56)?.replace(' ', ""))).collect();
        assert_eq!(digits, hex::encode(message.bytes()), "{id}\n{dump}");
    });
}

#[test]
fn redacted_copies_are_decoded_and_have_no_card_data() {
    each(|id, message| {
        let redacted = describe::redact(message);
        assert_eq!(redacted.len(), message.bytes().len(), "{id}");
        let copy = message.dialect().decode(&redacted).unwrap_or_else(|error| panic!("{id}: {error}"));
        for secret in hidden(message) {
            for (de, value) in copy.values().filter(|(_, value)| value.spec().shown != Shown::Open) {
                assert!(
                    value.text().len() < 8
                        || !value.text().contains(&secret)
                        || secret.starts_with("41111111"),
                    "{id} DE{de}"
                );
            }
        }
        for difference in describe::diff(message, &copy) {
            assert!(matches!(difference.relation, Relation::Equal | Relation::Differs), "{id}: {difference}");
        }
    });
}

#[test]
fn a_message_equals_itself() {
    each(|id, message| {
        let all = describe::diff(message, message);
        assert!(all.iter().all(|difference| difference.relation == Relation::Equal), "{id}: {all:?}");
    });
}

#[test]
fn the_dialect_is_found_without_being_told() {
    let layouts = layouts();
    let found_not = std::cell::RefCell::new(Vec::new());
    each(|id, message| {
        let mut frame = Vec::new();
        Framing::BINARY_2.write(&mut frame, message.bytes()).unwrap();
        let detection = describe::detect(&frame, &describe::Known::default(), layouts.values());
        assert_eq!(detection.fits.len() + detection.misfits.len(), layouts.len(), "{id}");
        let Some(best) = detection.fits.first() else { panic!("{id}: nothing fits") };
        let right = detection.fits.iter().find(|fit| fit.dialect.name() == message.dialect().name());
        assert_eq!(right.unwrap_or_else(|| panic!("{id}")).framing, Some(Framing::BINARY_2), "{id}");
        // Other layouts may be just as right; what they say must be the same.
        let bytes = &frame[best.messages[0].clone()];
        let read = best.dialect.decode(bytes).unwrap();
        let same = best.framing == Some(Framing::BINARY_2)
            && describe::diff(message, &read).iter().all(|difference| difference.relation == Relation::Equal);
        if !same {
            let why = format!(
                "{id}: {} {} {} {:?}",
                best.framing_name(),
                best.header,
                best.dialect.name(),
                best.why
            );
            found_not.borrow_mut().push(why);
        }
    });
    let found_not = found_not.into_inner();
    println!("{}", found_not.join("\n"));
    // The layouts say nothing of versions and parts, so where two of them read the same bytes nothing tells which.
    assert!(found_not.len() <= 12, "{}", found_not.join("\n"));
}

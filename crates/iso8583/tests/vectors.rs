//! Decodes messages of other implementations to the values they state, and writes them again byte for byte.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::BTreeMap;

use iso8583::{Builder, Content, Length, Message, Mti, dialects};
use serde::{Deserialize, de::DeserializeOwned};

#[derive(Deserialize)]
struct Vector {
    id: String,
    hex: String,
    #[serde(default)]
    fields: BTreeMap<u8, String>,
}

#[derive(Deserialize)]
struct Layout {
    de: u8,
    len: String,
    data: String,
    max: u16,
}

const JPOS: &str = include_str!("vectors/jpos-iso87ascii.jsonl");
const MOOV: &str = include_str!("vectors/moov-testdata-87.jsonl");
const PYISO8583: &str = include_str!("vectors/pyiso8583.jsonl");
const REJECTS: &str = include_str!("vectors/rejects.jsonl");
const LAYOUT: &str = include_str!("vectors/layout.jsonl");

fn lines<T: DeserializeOwned>(file: &str) -> Vec<T> {
    file.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Values as the vectors write them: binary data in lower case behind `hex:`, the MTI as element 0.
fn stated(message: &Message<'_>) -> BTreeMap<u8, String> {
    let binary = |de| dialects::iso87_ascii().field(de).unwrap().content == Content::HexBinary;
    let fields = message.fields().map(|(de, value)| {
        (de, if binary(de) { format!("hex:{}", value.to_lowercase()) } else { value.to_owned() })
    });
    [(0, message.mti().to_string())].into_iter().chain(fields).collect()
}

fn assert_decodes(vector: &Vector) {
    let bytes = hex::decode(&vector.hex).unwrap();
    let message = dialects::iso87_ascii().decode(&bytes).unwrap_or_else(|e| panic!("{}: {e}", vector.id));
    assert_eq!(stated(&message), vector.fields, "{}", vector.id);
    assert_eq!(message.to_bytes(), bytes, "{}", vector.id);
    for (de, value) in message.fields() {
        let offset = message.offset(de).unwrap();
        assert_eq!(&bytes[offset..offset + value.len()], value.as_bytes(), "{} DE{de}", vector.id);
    }
}

#[test]
fn jpos_iso87ascii_is_read_and_written() {
    let vectors: Vec<Vector> = lines(JPOS);
    assert_eq!(vectors.len(), 31);
    vectors.iter().for_each(assert_decodes);
}

/// Vectors of the layout moov-testdata-87 that are refused, the place, and why.
const MOOV_REFUSED: &[(&str, &str, usize, &str)] = &[
    ("moov-message_with_character_ebcdic_encoding", "DE42", 58, "EBCDIC letters, text is ASCII here"),
    ("moov-network_management_message_with_track", "DE35", 68, "EBCDIC letters, track 2 is ASCII here"),
];

#[test]
fn moov_testdata_is_read_or_refused_for_a_reason() {
    let vectors: Vec<Vector> = lines(MOOV);
    assert_eq!(vectors.len(), 10);
    for vector in &vectors {
        let Some((_, path, offset, reason)) = MOOV_REFUSED.iter().find(|refused| refused.0 == vector.id)
        else {
            assert_decodes(vector);
            continue;
        };
        let bytes = hex::decode(&vector.hex).unwrap();
        let error = dialects::iso87_ascii().decode(&bytes).expect_err(reason);
        assert_eq!((error.path().as_str(), error.offset()), (*path, *offset), "{}: {error}", vector.id);
        assert_eq!(error.found(), "a byte above 0x7F", "{}", vector.id);
    }
}

#[test]
fn rejects_are_refused_at_the_right_place() {
    let expected = [
        // Made for a DE93 of five digits: a letter of DE94 falls into ours.
        ("erl8583-asc-fields_91_to_94", "DE93", 44),
        ("moov-message_with_error_indicate_numeric", "DE28", 66),
        ("moov-message_with_hex_bcd", "DE48 length", 66),
        ("moov-message_with_hex_length", "DE32 length", 66),
        ("moov-message_with_hex_rbcd", "DE48 length", 66),
    ];
    let vectors: Vec<Vector> = lines(REJECTS);
    assert_eq!(vectors.len(), expected.len());
    for (vector, (id, path, offset)) in vectors.iter().zip(expected) {
        let bytes = hex::decode(&vector.hex).unwrap();
        let (message, error) = dialects::iso87_ascii().decode_partial(&bytes);
        let error = error.unwrap();
        assert_eq!(
            (vector.id.as_str(), error.path().as_str(), error.offset()),
            (id, path, offset),
            "{error}"
        );
        // What stands before the error is there, so that a reply can echo it.
        let message = message.unwrap();
        assert_eq!(message.text(11).is_some(), id.starts_with("moov"), "{id}");
    }
}

#[test]
fn pyiso8583_s_messages_are_read_and_written() {
    let vectors: Vec<Vector> = lines(PYISO8583);
    assert_eq!(vectors.len(), 14);
    for vector in vectors {
        let fields = vector.fields.iter().map(|(de, value)| match de {
            52 | 128 => (*de, format!("hex:{}", value.to_lowercase())),
            _ => (*de, value.clone()),
        });
        assert_decodes(&Vector { id: vector.id.clone(), hex: vector.hex.clone(), fields: fields.collect() });

        // The builder, given the same values, writes the bytes that pyiso8583 wrote.
        let mti = Mti::parse(vector.fields[&0].as_bytes()).unwrap();
        let elements = vector.fields.iter().filter(|(de, _)| **de != 0);
        let builder = elements.fold(Builder::new(mti), |builder, (de, value)| builder.set(*de, value));
        let written = builder.encode(dialects::iso87_ascii()).unwrap();
        assert_eq!(hex::encode(&written), vector.hex, "{}", vector.id);
        let message = dialects::iso87_ascii().decode(&written).unwrap();
        let copy = Builder::from_message(&message);
        assert_eq!(copy.encode(dialects::iso87_ascii()).unwrap(), written, "{}", vector.id);
    }
}

#[test]
fn the_table_has_the_lengths_of_the_layout() {
    let layout: Vec<Layout> = lines(LAYOUT);
    assert_eq!(layout.iter().map(|field| field.de).collect::<Vec<_>>(), (2..=128).collect::<Vec<_>>());
    for field in layout {
        let spec = dialects::iso87_ascii().field(field.de).unwrap();
        let binary = field.data == "hexa";
        let max = if binary { 2 * field.max } else { field.max };
        let length = match u8::try_from(field.len.len()).unwrap() {
            0 => Length::Fixed(max),
            digits => Length::Variable { digits, max },
        };
        assert_eq!((spec.length, spec.content == Content::HexBinary), (length, binary), "DE{}", field.de);
    }
}

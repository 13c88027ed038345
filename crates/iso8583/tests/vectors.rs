//! Decodes messages of other implementations to the values they state, under dialects that are written as files,
//! and writes them again byte for byte.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::{collections::BTreeMap, fs, path::Path};

use iso8583::{Builder, Class, Dialect, Message, Mti, dialects};
use serde::{Deserialize, de::DeserializeOwned};

#[derive(Deserialize)]
struct Vector {
    id: String,
    spec: String,
    hex: String,
    #[serde(default)]
    fields: BTreeMap<String, String>,
}

impl Vector {
    fn bytes(&self) -> Vec<u8> {
        hex::decode(&self.hex).unwrap()
    }

    fn elements(&self) -> impl Iterator<Item = (u8, &String)> {
        self.fields
            .iter()
            .filter_map(|(de, value)| Some((de.parse().ok()?, value)))
            .filter(|(de, _)| *de != 0)
    }
}

fn directory() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors")
}

fn lines<T: DeserializeOwned>(file: &str) -> Vec<T> {
    let text = fs::read_to_string(directory().join(file)).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The layouts of the vectors as dialect files.
fn layouts() -> BTreeMap<String, Dialect> {
    let files = fs::read_dir(directory().join("dialects")).unwrap();
    let load = |path: std::path::PathBuf| {
        let text = fs::read_to_string(&path).unwrap();
        let dialect = Dialect::from_toml(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        (dialect.name().to_owned(), dialect)
    };
    files.map(|file| load(file.unwrap().path())).collect()
}

/// Values as the vectors write them: binary data in lower case behind `hex:`, the MTI as element 0, a header as h.
fn stated(message: &Message<'_>) -> BTreeMap<String, String> {
    let fields = message.values().map(|(de, value)| {
        let binary = value.spec().format.class == Class::Binary;
        let text = value.text();
        (de.to_string(), if binary { format!("hex:{}", text.to_lowercase()) } else { text.into_owned() })
    });
    let header = Some(message.header()).filter(|header| !header.is_empty());
    let header = header.map(|header| ("h".to_owned(), hex::encode(header)));
    [("0".to_owned(), message.mti().to_string())].into_iter().chain(header).chain(fields).collect()
}

#[test]
fn every_vector_is_read_and_written() {
    let layouts = layouts();
    let vectors: Vec<Vector> = lines("messages.jsonl");
    assert_eq!((vectors.len(), layouts.len()), (106, 14));
    for vector in vectors {
        let (bytes, dialect, id) = (vector.bytes(), &layouts[&vector.spec], &vector.id);
        let message = dialect.decode(&bytes).unwrap_or_else(|error| panic!("{id}: {error}"));
        assert_eq!(stated(&message), vector.fields, "{id}");
        assert_eq!(hex::encode(message.to_bytes()), vector.hex, "{id}");
    }
}

/// What values alone do not tell, and why.
const NOT_FROM_VALUES: [(&str, &str); 4] = [
    ("cardutil-1144-ascii-hexbmp", "its bitmap is in lower case"),
    ("cardutil-pds", "a second bitmap without any data element above 64"),
    ("moov-message_with_character_ebcdic_encoding", "a second bitmap without any data element above 64"),
    ("moov-327", "the pad of track 2 is F, the layout's is 0"),
];

#[test]
fn every_vector_is_written_from_its_values_alone() {
    let layouts = layouts();
    for vector in lines::<Vector>("messages.jsonl") {
        let mti = Mti::parse(vector.fields["0"].as_bytes()).unwrap();
        let builder = vector.elements().fold(Builder::new(mti), |builder, (de, value)| {
            builder.set(de, value.strip_prefix("hex:").unwrap_or(value))
        });
        let mut dialect = layouts[&vector.spec].clone();
        if let Some(header) = vector.fields.get("h") {
            dialect = dialect.with_header(format!("bytes:{}:{header}", header.len() / 2).parse().unwrap());
        }
        let written =
            hex::encode(builder.encode(&dialect).unwrap_or_else(|error| panic!("{}: {error}", vector.id)));
        let excused = NOT_FROM_VALUES.iter().any(|(id, _)| *id == vector.id);
        assert_eq!(written.to_lowercase() == vector.hex.to_lowercase(), !excused, "{}", vector.id);
    }
}

#[test]
fn rejects_are_refused_at_the_right_place() {
    let expected = [
        ("erl8583-asc-fields_91_to_94", "DE94", 45),
        ("erl8583-bin-custom_marshaller", "MTI", 0),
        ("moov-message_with_error_indicate_numeric", "DE28", 66),
        ("moov-message_with_hex_bcd", "DE48 length", 66),
        ("moov-message_with_hex_length", "DE32 length", 66),
        ("moov-message_with_hex_rbcd", "DE48 length", 66),
    ];
    let layouts = layouts();
    let vectors: Vec<Vector> = lines("rejects.jsonl");
    assert_eq!(vectors.len(), expected.len());
    for (vector, (id, path, offset)) in vectors.iter().zip(expected) {
        let bytes = vector.bytes();
        let error = layouts[&vector.spec].decode(&bytes).expect_err(id);
        assert_eq!(
            (vector.id.as_str(), error.path().as_str(), error.offset()),
            (id, path, offset),
            "{error}"
        );
    }
}

#[test]
fn the_built_in_text_dialect_reads_what_its_layout_reads() {
    let vectors: Vec<Vector> = lines("messages.jsonl");
    let mut read = 0;
    for vector in vectors.iter().filter(|vector| vector.spec == "jpos-iso87ascii") {
        let bytes = vector.bytes();
        let message = dialects::iso87_ascii().decode(&bytes).unwrap_or_else(|e| panic!("{}: {e}", vector.id));
        assert_eq!(stated(&message), vector.fields, "{}", vector.id);
        assert_eq!(message.to_bytes(), bytes, "{}", vector.id);
        read += 1;
    }
    assert_eq!(read, 31);
}

#[derive(Deserialize)]
struct Written {
    id: String,
    hex: String,
    fields: BTreeMap<u8, String>,
}

#[test]
fn what_another_implementation_writes_is_written_alike() {
    let vectors: Vec<Written> = lines("pyiso8583.jsonl");
    assert_eq!(vectors.len(), 14);
    for vector in vectors {
        let mti = Mti::parse(vector.fields[&0].as_bytes()).unwrap();
        let elements = vector.fields.iter().filter(|(de, _)| **de != 0);
        let builder = elements.fold(Builder::new(mti), |builder, (de, value)| builder.set(*de, value));
        let written = builder.encode(dialects::iso87_ascii()).unwrap();
        assert_eq!(hex::encode(&written), vector.hex, "{}", vector.id);
        let message = dialects::iso87_ascii().decode(&written).unwrap();
        for (de, value) in &vector.fields {
            let read = *de == 0 || message.text(*de).as_deref() == Some(value.as_str());
            assert!(read, "{} DE{de}", vector.id);
        }
        let copy = Builder::from_message(&message);
        assert_eq!(copy.encode(dialects::iso87_ascii()).unwrap(), written, "{}", vector.id);
    }
}

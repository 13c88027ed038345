//! The built-in dialects: each loads, and reads and writes again the messages whose layout it has.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::{collections::BTreeMap, fs, path::Path};

use iso8583::{Builder, Class, Dialect, Message, Mti, Shown, Structure, Written, dialects};
use serde::Deserialize;

#[derive(Deserialize)]
struct Vector {
    id: String,
    spec: String,
    hex: String,
    #[serde(default)]
    fields: BTreeMap<String, String>,
}

fn vectors() -> Vec<Vector> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/messages.jsonl");
    fs::read_to_string(path).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Values as the vectors write them: binary data in lower case behind `hex:`, the MTI as element 0.
fn stated(message: &Message<'_>) -> BTreeMap<String, String> {
    let element = |(de, value): (u8, iso8583::Value<'_>)| {
        let text = match value.spec().format.class {
            Class::Binary => format!("hex:{}", value.text().to_lowercase()),
            _ => value.text().into_owned(),
        };
        (de.to_string(), text)
    };
    message.values().map(element).chain([("0".to_owned(), message.mti().to_string())]).collect()
}

fn read_and_written_again(dialect: &Dialect, vector: &Vector) {
    let bytes = hex::decode(&vector.hex).unwrap();
    let message = dialect.decode(&bytes).unwrap_or_else(|error| panic!("{}: {error}", vector.id));
    let text_of = |value: &String| value.trim_start_matches("hex:").to_owned();
    let plain = |fields: BTreeMap<String, String>| -> BTreeMap<String, String> {
        fields.iter().map(|(de, value)| (de.clone(), text_of(value))).collect()
    };
    assert_eq!(plain(stated(&message)), plain(vector.fields.clone()), "{}", vector.id);
    assert_eq!(hex::encode(message.to_bytes()), vector.hex, "{}", vector.id);
}

#[test]
fn every_built_in_file_is_right() {
    for name in dialects::names() {
        let source = dialects::source(name).unwrap();
        assert_eq!(dialects::named(name).unwrap().name(), name);
        // Whose name is built in, no other file may have; all else is looked at as in anybody's file.
        let own = source.replacen(&format!("name = \"{name}\""), "name = \"own\"", 1);
        let dialect = Dialect::from_toml(&own).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(!dialect.title().is_empty(), "{name}");
        assert!(dialects::named(name).is_some(), "{name}");
        for (de, spec) in dialect.fields() {
            assert!(!spec.name.is_empty(), "{name} DE{de} has no name");
        }
    }
    assert_eq!(dialects::all().count(), dialects::names().count());
}

/// Which layouts of the vectors a built-in dialect has.
const SAME_LAYOUT: [(&str, &str, usize); 5] = [
    ("jpos-iso87ascii", "iso87-ascii", 31),
    ("jpos-iso87binary", "iso87-binary", 33),
    ("ebcdic87-hexbmp", "iso87-ebcdic", 5),
    ("ipm-ascii", "ipm", 7),
    ("vector-ipm-ebcdic", "ipm-ebcdic", 8),
];

#[test]
fn vectors_of_the_same_layout_are_read_and_written_again() {
    for (layout, name, count) in SAME_LAYOUT {
        let dialect = dialects::named(name).unwrap();
        let mut read = 0;
        for vector in vectors().iter().filter(|vector| vector.spec == layout) {
            read_and_written_again(dialect, vector);
            read += 1;
        }
        assert_eq!(read, count, "{layout}");
    }
}

/// Layouts that are one step away from a built-in dialect: what a bank's own file has to say, and why the built-in one
/// alone does not read them.
const NEARLY: [(&str, &str); 7] = [
    // Binary bitmaps in a text dialect.
    ("payex93", "extends = 'iso93-ascii'\n[wire]\nbitmap = 'binary'"),
    // A 1993 dialect in EBCDIC with binary bitmaps.
    (
        "ebcdic-93-bin-bitmap",
        "extends = 'iso93-ascii'\n[wire]\nmti = 'ebcdic-500'\nbitmap = 'binary'\ntext = 'ebcdic-500'",
    ),
    // Bitmaps in hexadecimal digits, in lower case.
    ("ipm-ascii-hexbmp", "extends = 'ipm'\n[wire]\nbitmap = 'hex'"),
    // A header; DE48 and DE60 are packed digits, DE62 is binary.
    (
        "cup-tpdu",
        "extends = 'iso87-binary'\n[wire]\nheader = 'tpdu+bytes:6'\n[fields]\n22.format = 'n4'\n\
         48.format = 'n...999'\n60.format = 'n...999'\n62.format = 'b...999'",
    ),
    // Always two bitmaps, of which bit 1 is never set; DE55 is binary.
    (
        "basei-starter",
        "extends = 'iso87-ascii'\n[wire]\nbitmaps = 'fixed-2'\n[fields]\n\
         55 = { format = 'b...999', encoding = 'binary', inside = { kind = 'ber-tlv', parts_from = 'emv' } }",
    ),
    // DE128 is of 64 hexadecimal digits.
    ("nibss", "extends = 'iso87-ascii'\n[fields]\n128.format = 'b256'"),
    // Some text has bytes above 0x7F.
    ("moov-testdata-87", "extends = 'iso87-ascii'\n[wire]\ntext = 'latin-1'"),
];

/// Vectors that are not read even so, and why.
const STILL_NOT_READ: [(&str, &str); 1] =
    [("moov-network_management_message_with_track", "letters in its track 2, some above 0x7F")];

#[test]
fn a_step_beside_a_built_in_dialect_is_a_few_lines() {
    for (layout, text) in NEARLY {
        let dialect = Dialect::from_toml(&format!("name = 'own'\n{text}")).unwrap();
        let base = dialects::named(text.split('\'').nth(1).unwrap()).unwrap();
        let mut differs = false;
        for vector in vectors().iter().filter(|vector| vector.spec == layout) {
            let bytes = hex::decode(&vector.hex).unwrap();
            differs |= base.decode(&bytes).is_err();
            if STILL_NOT_READ.iter().any(|(id, _)| *id == vector.id) {
                assert!(dialect.decode(&bytes).is_err(), "{} is read: take it off the list", vector.id);
                continue;
            }
            let message = dialect.decode(&bytes).unwrap_or_else(|error| panic!("{}: {error}", vector.id));
            assert_eq!(hex::encode(message.to_bytes()), vector.hex, "{}", vector.id);
        }
        assert!(differs, "{layout} is read by {} alone: move it to SAME_LAYOUT", base.name());
    }
}

/// Data elements and their values.
type Values = &'static [(u8, &'static str)];

/// Three digits that the layout declares as four are read as three: the first one is the pad.
const THREE_DIGITS_AS_FOUR: [(&str, &str, Values); 2] = [
    ("bcd93-125", "iso93-binary", &[(39, "004")]),
    ("bcd87-n3as4", "iso87-binary", &[(22, "071"), (24, "021")]),
];

#[test]
fn three_digits_that_are_sent_as_four_are_read() {
    for (layout, name, values) in THREE_DIGITS_AS_FOUR {
        let vector = vectors().into_iter().find(|vector| vector.spec == layout).unwrap();
        let bytes = hex::decode(&vector.hex).unwrap();
        let message = dialects::named(name).unwrap().decode(&bytes).unwrap();
        for (de, value) in values {
            assert_eq!(message.text(*de).as_deref(), Some(*value), "{layout} DE{de}");
        }
        assert_eq!(message.to_bytes(), bytes);
    }
}

#[test]
fn every_layout_of_the_vectors_has_its_place_here() {
    let known = |layout: &str| {
        SAME_LAYOUT.iter().any(|(name, ..)| *name == layout)
            || NEARLY.iter().any(|(name, _)| *name == layout)
            || THREE_DIGITS_AS_FOUR.iter().any(|(name, ..)| *name == layout)
    };
    let without: Vec<String> =
        vectors().into_iter().map(|vector| vector.spec).filter(|spec| !known(spec)).collect();
    assert_eq!(without, Vec::<String>::new());
}

fn text(id: &str, value: &str) -> (String, Written) {
    (id.to_owned(), Written::text(value))
}

fn parts(id: &str, parts: Vec<(String, Written)>) -> (String, Written) {
    (id.to_owned(), Written::Parts(parts))
}

/// Writes a message of one data element, reads it again, and gives the parts: path and value.
fn written(name: &str, de: u8, value: Vec<(String, Written)>) -> (String, Vec<(String, String)>) {
    fn list(path: &str, parts: &[iso8583::Part<'_>], out: &mut Vec<(String, String)>) {
        for part in parts {
            let path = if path.is_empty() { part.id().to_owned() } else { format!("{path}.{}", part.id()) };
            match part.parts() {
                [] => out.push((path, part.value().text().into_owned())),
                inside => list(&path, inside, out),
            }
        }
    }
    let dialect = dialects::named(name).unwrap();
    let mti = Mti::parse(if dialect.version().digit() == 1 { b"1100" } else { b"0100" }).unwrap();
    let bytes = Builder::new(mti).set_parts(de, value).encode(dialect).unwrap();
    let message = dialect.decode(&bytes).unwrap();
    assert_eq!(message.to_bytes(), bytes);
    let mut out = Vec::new();
    list("", &message.parts(de).unwrap(), &mut out);
    (hex::encode_upper(message.value(de).unwrap().wire()), out)
}

fn listed(parts: &[(&str, &str)]) -> Vec<(String, String)> {
    parts.iter().map(|(id, value)| ((*id).to_owned(), (*value).to_owned())).collect()
}

#[test]
fn chip_data_have_names_and_card_data_in_them_stay_secret() {
    let value = || vec![text("9F26", "1122334455667788"), text("9F02", "000000012550"), text("5F2A", "0949")];
    for name in
        ["iso87-binary", "iso93-ascii", "iso93-binary", "mastercard-like", "mastercard-like-ebcdic", "ipm"]
    {
        let (_, read) = written(name, 55, value());
        let expected = [("9F26", "1122334455667788"), ("9F02", "000000012550"), ("5F2A", "0949")];
        assert_eq!(read, listed(&expected), "{name}");
    }
    for dialect in dialects::all() {
        let Some(Structure::BerTlv(parts)) = dialect.field(55).and_then(|spec| spec.inside.as_ref()) else {
            continue;
        };
        assert_eq!(parts["9F26"].name, "application cryptogram");
        for tag in ["57", "5A", "5F20", "5F24", "9F1F", "9F20", "9F6B"] {
            assert_eq!(parts[tag].shown, Shown::Secret, "{} {tag}", dialect.name());
        }
    }
}

#[test]
fn private_data_of_postilion_stand_behind_a_bitmap() {
    let value = vec![text("2", "KEY1"), text("20", "20261121"), text("22", "9Test14data")];
    let (wire, read) = written("postilion-like", 127, value);
    assert_eq!(read, listed(&[("2", "KEY1"), ("20", "20261121"), ("22", "9Test14data")]));
    assert_eq!(
        wire,
        "400014000000000030344B45593132303236313132313030303131395465737431346461746 1".replace(' ', "")
    );
}

#[test]
fn visa_s_fields_have_bitmaps_and_datasets() {
    let (wire, read) = written("visa-base1-like", 62, vec![text("1", "E"), text("2", "016325112100001")]);
    assert_eq!(wire, "C000000000000000C50016325112100001");
    assert_eq!(read, listed(&[("1", "E"), ("2", "016325112100001")]));
    let (wire, _) = written("visa-base1-like", 63, vec![text("1", "0002"), text("3", "2501")]);
    assert_eq!(wire, "A0000000022501");
    let dataset = vec![parts("01", vec![text("9F36", "0042"), text("9C", "00")])];
    let (wire, read) = written("visa-base1-like", 55, dataset);
    assert_eq!(wire, "0100089F360200429C0100");
    assert_eq!(read, listed(&[("01.9F36", "0042"), ("01.9C", "00")]));
}

#[test]
fn visa_counts_digits_of_packed_values_and_bytes_of_others() {
    let dialect = dialects::named("visa-base1-like").unwrap();
    let mti = Mti::parse(b"0100").unwrap();
    let bytes = Builder::new(mti).set(2, "6011000990139424123").set(44, "A").encode(dialect).unwrap();
    assert_eq!(
        hex::encode_upper(&bytes[22..]),
        "0100400000000010000013060110009901394241 2301C1".replace(' ', "")
    );
}

#[test]
fn mastercard_s_private_data_have_a_category_and_subelements() {
    let value = vec![text("1", "R"), parts("2", vec![text("42", "0103212"), text("63", "MCC1A2B3C1121  ")])];
    let (wire, read) = written("mastercard-like", 48, value.clone());
    assert_eq!(wire, hex::encode_upper("R420701032126315MCC1A2B3C1121  "));
    assert_eq!(read, listed(&[("1", "R"), ("2.42", "0103212"), ("2.63", "MCC1A2B3C1121  ")]));
    let (_, ebcdic) = written("mastercard-like-ebcdic", 48, value);
    assert_eq!(ebcdic, read);
    let (wire, read) =
        written("mastercard-like", 63, vec![text("1", "MCC"), text("2", "1A2B3C4D5"), text("3", "X")]);
    assert_eq!(wire, hex::encode_upper("MCC1A2B3C4D5X"));
    assert_eq!(read, listed(&[("1", "MCC"), ("2", "1A2B3C4D5"), ("3", "X")]));
}

#[test]
fn original_data_of_1993_have_parts_packed_too() {
    let value =
        || vec![text("1", "1200"), text("2", "000001"), text("3", "261121150000"), text("4", "12345")];
    let (wire, _) = written("iso93-ascii", 56, value());
    assert_eq!(wire, hex::encode_upper("12000000012611211500000512345"));
    let (wire, read) = written("iso93-binary", 56, value());
    assert_eq!(wire, "120000000126112115000005123450");
    assert_eq!(read, listed(&[("1", "1200"), ("2", "000001"), ("3", "261121150000"), ("4", "12345")]));
}

#[test]
fn subelements_of_clearing_records_have_names() {
    let vector = vectors().into_iter().find(|vector| vector.id == "gen-ipm-ascii-1644-trailer").unwrap();
    let bytes = hex::decode(&vector.hex).unwrap();
    let message = dialects::named("ipm").unwrap().decode(&bytes).unwrap();
    let parts = message.parts(48).unwrap();
    let named: Vec<_> = parts.iter().map(|part| (part.id(), part.spec().name.as_str())).collect();
    assert_eq!(
        named,
        [("0105", "file id"), ("0301", "file amount checksum"), ("0306", "file message counts")]
    );
    // Inside DE48 long numbers are looked through for card numbers; 16 digits with a right check digit may be one.
    assert_eq!(parts[1].value().masked(), "*********0018100");
    assert_eq!(parts[1].value().number(), Some(18_100));
}

#[test]
fn only_the_last_part_takes_what_is_left() {
    let file = |parts: &str| {
        format!(
            "name = 'x'\n[fields.48]\nformat = 'ans...999'\ninside.kind = 'positional'\n[fields.48.inside.parts]\n{parts}"
        )
    };
    for (parts, path) in [
        (
            "1 = { format = 'ans..9', length_bytes = 0 }\n2 = { format = 'n2' }",
            "fields.48.inside.parts.1.length_bytes",
        ),
        ("1 = { format = 'n2', length_bytes = 0 }", "fields.48.inside.parts.1.length_bytes"),
    ] {
        let error = Dialect::from_toml(&file(parts)).unwrap_err();
        assert_eq!(error.path(), path, "{error}");
    }
    let error = Dialect::from_toml(
        "name = 'x'\n[fields]\n48 = { format = 'b...9', inside = { kind = 'ber-tlv', parts_from = 'x' } }",
    );
    assert_eq!(error.unwrap_err().path(), "fields.48.inside.parts_from");
}

#[test]
fn a_message_type_can_be_taken_out() {
    let text = "name = 'x'\nextends = 'iso87-ascii'\n[messages.0500]\nabsent = true";
    let dialect = Dialect::from_toml(text).unwrap();
    let has = |mti: &[u8]| dialect.message(Mti::parse(mti).unwrap()).is_some();
    assert!(!has(b"0500") && has(b"0510"));
}

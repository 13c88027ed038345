//! Bitmaps of every style: what they announce, what is refused, and that they are written as they were read.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod written_dialects;

use iso8583::{
    Builder, Dialect, EncodeProblem, MAX_DE, Message, Mti,
    describe::{self, Document, Show},
};
use written_dialects::dialect;

/// All data elements from 2 to 192 are one digit.
fn style(wire: &str) -> Dialect {
    // A file with a data element that no bit announces is refused.
    let last = match wire {
        _ if wire.contains("fixed-1") => 64,
        _ if wire.contains("fixed-3") || wire.contains("expanding-3") => MAX_DE,
        _ => 128,
    };
    let announced = |de: &u8| *de != 65 || !wire.contains("expanding-3");
    let fields: String =
        (2..=last).filter(announced).map(|de| format!("{de} = {{ format = 'n1' }}\n")).collect();
    dialect(&format!("{wire}\n[fields]\n{fields}"))
}

fn with_bitmap(bitmap: &str, digits: usize) -> Vec<u8> {
    let bitmap = hex::decode(bitmap.replace(' ', "")).unwrap();
    [b"0800", &bitmap[..], "1".repeat(digits).as_bytes()].concat()
}

fn announced(message: &Message<'_>) -> Vec<u8> {
    message.values().map(|(de, _)| de).collect()
}

/// The bitmaps announce these data elements; `alone`: values alone give the same bitmaps.
fn check(wire: &str, bitmap: &str, elements: &[u8], alone: bool) {
    let (dialect, bytes) = (style(wire), with_bitmap(bitmap, elements.len()));
    let message = dialect.decode(&bytes).unwrap_or_else(|error| panic!("{wire} {bitmap}: {error}"));
    assert_eq!(announced(&message), elements, "{wire} {bitmap}");
    assert_eq!(message.to_bytes(), bytes, "{wire} {bitmap}");
    let json = describe::to_json(&message, None, Show::Unmasked);
    assert_eq!(Document::parse(&json).unwrap().encode(&dialect).unwrap(), bytes, "{wire} {bitmap}: {json}");
    assert!(!message.has(1) && !message.has(0) && !message.has(193) && message.value(1).is_none());
    let builder = elements.iter().fold(Builder::new(Mti::new("0800")), |builder, de| builder.set(*de, "1"));
    assert_eq!(builder.encode(&dialect).unwrap() == bytes, alone, "{wire} {bitmap}");
    for end in 0..bytes.len() {
        assert!(dialect.decode(&bytes[..end]).is_err());
    }
}

fn refused(wire: &str, bitmap: &str, digits: usize, expected: (&str, usize, &str)) {
    let bytes = with_bitmap(bitmap, digits);
    let error = style(wire).decode(&bytes).expect_err(bitmap);
    let found = error.found();
    assert_eq!((error.path().as_str(), error.offset(), found.as_str()), expected, "{wire} {bitmap}");
}

const NONE: &str = "0000000000000000";
const FIRST: &str = "8000000000000000";

#[test]
fn expanding() {
    check("", "4000000000000001", &[2, 64], true);
    check("", "c000000000000001 0000000000000001", &[2, 64, 128], true);
    check("", NONE, &[], true);
    // A second bitmap that announces nothing is kept, but not made.
    check("", &format!("{FIRST}{NONE}"), &[], false);
    check("", &format!("c000000000000000{NONE}"), &[2], false);
    // Bit 65 announces no third one: it is a data element.
    check("", &format!("{FIRST}{FIRST}"), &[65], true);
    refused("", FIRST, 0, ("bitmap 2", 12, "0"));
    refused("", NONE, 1, ("end of message", 12, "1 more bytes"));
    refused("", "4000000000000000", 0, ("DE2", 12, "0"));
}

#[test]
fn expanding_to_three() {
    let wire = "bitmaps = 'expanding-3'";
    check(wire, &format!("{FIRST}{FIRST} 8000000000000001"), &[129, 192], true);
    check(wire, "c000000000000000 c000000000000000 4000000000000000", &[2, 66, 130], true);
    check(wire, &format!("{FIRST} 4000000000000000"), &[66], true);
    check(wire, &format!("{FIRST}{FIRST}{NONE}"), &[], false);
    check(wire, NONE, &[], true);
    refused(wire, &format!("{FIRST}{FIRST}"), 0, ("bitmap 3", 20, "0"));
    let error = Builder::new(Mti::new("0800")).set(65, "1").encode(&style(wire)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "DE65: expected a data element of the dialect, found one it does not have; put right what is to be sent"
    );
}

#[test]
fn always_two() {
    let wire = "bitmaps = 'always-2'";
    check(wire, &format!("{FIRST}{NONE}"), &[], true);
    check(wire, &format!("c000000000000000{FIRST}"), &[2, 65], true);
    check(wire, &format!("{FIRST} 0000000000000001"), &[128], true);
    refused(wire, &format!("4000000000000000{NONE}"), 1, ("bitmap 1", 4, "it not set"));
    refused(wire, FIRST, 0, ("bitmap 2", 12, "0"));
}

#[test]
fn a_fixed_number() {
    check("bitmaps = 'fixed-1'", "4000000000000001", &[2, 64], true);
    check("bitmaps = 'fixed-2'", &format!("4000000000000000{NONE}"), &[2], true);
    check("bitmaps = 'fixed-2'", "4000000000000000 8000000000000001", &[2, 65, 128], true);
    check("bitmaps = 'fixed-3'", &format!("{NONE}{NONE} 0000000000000001"), &[192], true);
    check("bitmaps = 'fixed-3'", &format!("{NONE}{NONE}{NONE}"), &[], true);
    // Bit 1 says nothing here: it is kept, but not made.
    check("bitmaps = 'fixed-1'", "c000000000000001", &[2, 64], false);
    check("bitmaps = 'fixed-2'", "c000000000000000 8000000000000001", &[2, 65, 128], false);
    check("bitmaps = 'fixed-3'", &format!("{FIRST}{NONE} 0000000000000001"), &[192], false);
    refused("bitmaps = 'fixed-2'", NONE, 0, ("bitmap 2", 12, "0"));
}

#[test]
fn no_data_element_is_written_without_its_bit() {
    for (style_name, last) in [
        ("fixed-1", 64),
        ("fixed-2", 128),
        ("fixed-3", 192),
        ("expanding", 128),
        ("always-2", 128),
        ("expanding-3", 192),
    ] {
        let dialect = style(&format!("bitmaps = '{style_name}'"));
        for de in 2..=MAX_DE {
            let written = Builder::new(Mti::new("0800")).set(de, "1").encode(&dialect);
            match written {
                Ok(bytes) => assert_eq!(announced(&dialect.decode(&bytes).unwrap()), [de], "{style_name}"),
                Err(error) => {
                    assert_eq!(error.problem, EncodeProblem::Undefined);
                    assert!(de > last || (de, style_name) == (65, "expanding-3"), "{style_name} DE{de}");
                }
            }
        }
    }
}

#[test]
fn hexadecimal_digits_of_either_case_and_code() {
    let text = |bitmap: &str| hex::encode(bitmap);
    let hex_dialect = |encoding: &str| {
        let fields: String = (2..=128).map(|de| format!("{de} = {{ format = 'n1' }}\n")).collect();
        Dialect::from_toml(&format!("name = 'test'\n[wire]\nbitmap = '{encoding}'\n[fields]\n{fields}"))
            .unwrap()
    };
    for (bitmap, elements) in [
        ("000000000000000a", &[61, 63][..]),
        ("000000000000000A", &[61, 63]),
        ("c000000000000000000000000000000F", &[2, 125, 126, 127, 128]),
        ("C000000000000000000000000000000f", &[2, 125, 126, 127, 128]),
    ] {
        let bytes = with_bitmap(&text(bitmap), elements.len());
        let dialect = hex_dialect("hex");
        let message = dialect.decode(&bytes).unwrap();
        assert_eq!(announced(&message), elements);
        assert_eq!(message.to_bytes(), bytes);
        // The case is kept where a digit stays, and is upper where a bit is new.
        let changed = Builder::from_message(&message).set(2, "1").encode(&dialect).unwrap();
        assert_eq!(dialect.decode(&changed).unwrap().to_bytes(), changed);
    }
    // EBCDIC: 0 to 9 are F0 to F9, A to F are C1 to C6, a to f are 81 to 86.
    for bitmap in ["f4f0f0f0f0f0f0f0f0f0f0f0f0f0f0c3", "f4f0f0f0f0f0f0f0f0f0f0f0f0f0f083"] {
        let bytes = with_bitmap(bitmap, 3);
        let dialect = hex_dialect("ebcdic-hex-500");
        let message = dialect.decode(&bytes).unwrap();
        assert_eq!(announced(&message), [2, 61, 62]);
        assert_eq!(message.to_bytes(), bytes);
    }
    let error = hex_dialect("ebcdic-hex-037").decode(&with_bitmap(&"30".repeat(16), 0)).unwrap_err();
    assert_eq!((error.path().as_str(), error.offset()), ("bitmap 1", 4));
    let error = hex_dialect("hex").decode(&with_bitmap(&text("000000000000000g"), 0)).unwrap_err();
    assert_eq!(
        (error.path().as_str(), error.offset(), error.found().as_str()),
        ("bitmap 1", 19, "byte 0x67")
    );
}

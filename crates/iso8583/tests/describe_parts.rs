//! Descriptions of values with parts, and of bytes that are no message.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::sync::LazyLock;

use iso8583::{
    Builder, Dialect, EncodeProblem, Mti,
    describe::{self, Description, Document, DocumentError, HexText, Known, Relation, Show},
    dialects,
};
use proptest::prelude::*;

const PAN: &str = "4111111111111111";

static DIALECT: LazyLock<Dialect> = LazyLock::new(|| {
    let text = r#"
        name = "parts"
        extends = "iso87-ascii"
        [fields.48.inside]
        kind = "tagged"
        tag_bytes = 4
        length_digits = 3
        other = { format = "ans...999" }
        [fields.48.inside.parts]
        0002 = { name = "card", format = "n..19", shown = "pan" }
        0105 = { name = "file", format = "ans..25", shown = "open" }
        [fields.55]
        format = "b...255"
        [fields.55.inside]
        kind = "ber-tlv"
        [fields.55.inside.parts]
        9F26 = { name = "cryptogram", format = "b64", shown = "open" }
        5A = { name = "card", format = "b..80", shown = "secret" }
        [messages.0100]
        mandatory = [11, 37]
    "#;
    Dialect::from_toml(text).unwrap()
});

fn message(de48: &str, de55: &str) -> Vec<u8> {
    let builder = Builder::new(Mti::new("0100")).set(11, "000001").set(48, de48).set(55, de55);
    builder.encode(&DIALECT).unwrap()
}

const CHIP: &str = "9F260811223344556677AB 5A08 4111111111111111";

fn usual() -> Vec<u8> {
    message("0105004FILE0002016411111111111111109990020x", &CHIP.replace(' ', ""))
}

#[test]
fn parts_stand_under_their_element_and_what_is_missing_at_the_end() {
    let table = Description::of(&DIALECT, &usual(), Show::Masked).to_string();
    for line in ["DE48.0105", "DE48.0002", "DE55.9F26", "DE37: mandatory in this message type"] {
        assert!(table.contains(line), "{line}\n{table}");
    }
    assert!(table.contains("****1111") && table.contains("[dropped]"), "{table}");
    assert!(!table.contains("41111111"), "{table}");
}

#[test]
fn parts_are_objects_in_the_order_sent() {
    let bytes = usual();
    let read = DIALECT.decode(&bytes).unwrap();
    let json = describe::to_json(&read, None, Show::Unmasked);
    let places: Vec<usize> = ["\"0105\"", "\"0002\"", "\"0999\"", "\"9F26\": \"hex:1122", "\"5A\""]
        .map(|key| json.find(key).unwrap())
        .to_vec();
    assert!(places.is_sorted(), "{json}");
    assert_eq!(Document::parse(&json).unwrap().encode(&DIALECT).unwrap(), bytes, "{json}");
    let masked = describe::to_json(&read, None, Show::Masked);
    assert!(!masked.contains("41111111"), "{masked}");
    match Document::parse(&masked).unwrap().encode(&DIALECT) {
        Err(DocumentError::Encode(error)) => assert_eq!(
            (error.part.as_str(), &error.problem, error.to_string().contains("--unmasked")),
            (".0002", &EncodeProblem::Masked, true)
        ),
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_an_object_cannot_say_is_one_text() {
    // A tag that comes twice, and zeros between tags, which BER-TLV allows and writing leaves out.
    for (de48, de55) in
        [("0105001A0105001B", "9F26081122334455667788"), ("0105001A", "9F260811223344556677880000")]
    {
        let bytes = message(de48, de55);
        let read = DIALECT.decode(&bytes).unwrap();
        let json = describe::to_json(&read, None, Show::Unmasked);
        assert!(json.contains(&format!("\"{de48}\"")) || json.contains(&format!("\"hex:{de55}\"")), "{json}");
        assert_eq!(Document::parse(&json).unwrap().encode(&DIALECT).unwrap(), bytes, "{json}");
    }
}

#[test]
fn redacting_reaches_the_parts_and_leaves_the_rest() {
    let bytes = usual();
    let read = DIALECT.decode(&bytes).unwrap();
    let redacted = describe::redact(&read);
    let copy = DIALECT.decode(&redacted).unwrap();
    let differs: Vec<String> = describe::diff(&read, &copy)
        .into_iter()
        .filter(|difference| difference.relation != Relation::Equal)
        .map(|difference| difference.path)
        .collect();
    // The card number in DE48 is the test number already.
    assert_eq!(differs, ["DE55.5A"]);
    assert!(!hex::encode(&redacted).contains(PAN));
}

#[test]
fn a_card_number_that_slid_into_open_elements_is_masked() {
    // DE86 has 16 digits and is open, DE3 and DE4 have 18 together; behind them stands what cannot be.
    let one = Builder::new(Mti::new("0500")).set(86, PAN);
    let split = Builder::new(Mti::new("0500")).set(3, "411111").set(4, "111111111100");
    for builder in [one, split] {
        let mut bytes = builder.encode(&DIALECT).unwrap();
        bytes.extend_from_slice(b"more");
        let (message, error) = DIALECT.decode_partial(&bytes);
        let json = describe::to_json(&message.unwrap(), error.as_ref(), Show::Masked);
        let table = Description::of(&DIALECT, &bytes, Show::Masked).to_string();
        let dump = describe::hexdump(&DIALECT, &bytes, Show::Masked);
        for shown in [&json, &table, &dump] {
            let plain = ["411111", "11111111", "34 31 31"].iter().any(|digits| shown.contains(digits));
            assert!(!plain, "{shown}");
        }
    }
}

#[test]
fn a_document_that_does_not_fit_is_refused_at_its_place() {
    for (json, place) in [
        (r#"{"mti": "0800", "fields": {"11": 1}}"#, "fields.11: expected a text"),
        (r#"{"mti": "080", "fields": {}}"#, "mti: expected a text of four digits"),
        (r#"{"mti": "0800", "fields": {"x": "1"}}"#, "fields.x: expected"),
        (r#"{"mti": "0800", "fields": {}, "error": "x"}"#, "expected a whole message"),
        (r#"{"mti": "0800", "fields": {}, "wire": {"bitmaps": 9}}"#, "wire.bitmaps: expected 1, 2 or 3"),
        (
            r#"{"mti": "0800", "fields": {"11": "000001"}, "wire": {"as_sent": {"11": "303030303032"}}}"#,
            "wire.as_sent.11",
        ),
        (r#"{"mti": "0800", "fields": {"11": "00001"}}"#, "DE11: expected exactly 6 characters"),
        (r#"{"mti": "0800", "fields": {"2": "****1111"}}"#, "--unmasked"),
        (r#"{"mti": "0800", "more": "x", "fields": {}}"#, "more: expected one of"),
    ] {
        let error =
            Document::parse(json).and_then(|document| document.encode(&DIALECT)).unwrap_err().to_string();
        assert!(error.contains(place), "{json}: {error}");
    }
    let error = Document::parse(r#"{"mti": "0800", "fields": {"2": [4111111111111111]}}"#).err().unwrap();
    assert!(!error.to_string().contains("4111"), "{error}");
}

proptest! {
    #[test]
    fn no_bytes_make_anything_panic_or_show_what_is_not_understood(
        mut bytes in proptest::collection::vec(any::<u8>(), 0..200), at in 0_usize..60, byte in any::<u8>(),
    ) {
        let mut altered = usual();
        altered[at] = byte;
        bytes.splice(0..0, b"0100".iter().copied());
        for bytes in [&altered, &bytes] {
            let table = Description::of(&DIALECT, bytes, Show::Masked).to_string();
            let dump = describe::hexdump(&DIALECT, bytes, Show::Masked);
            let full = describe::hexdump(&DIALECT, bytes, Show::Unmasked);
            prop_assert!(dump.lines().count() == full.lines().count() && !table.is_empty());
            let (message, error) = DIALECT.decode_partial(bytes);
            if let Some(message) = message {
                let json = describe::to_json(&message, error.as_ref(), Show::Unmasked);
                match (Document::parse(&json), error) {
                    (Ok(document), None) => {
                        let written = document.encode(&DIALECT);
                        prop_assert_eq!(written.unwrap(), bytes.clone(), "{}", json);
                        prop_assert!(DIALECT.decode(&describe::redact(&message)).is_ok());
                    }
                    (Err(DocumentError::Incomplete), Some(_)) => {}
                    (other, _) => prop_assert!(false, "{:?} {}", other.err(), json),
                }
            }
            let detection = describe::detect(bytes, &Known::default(), dialects::all());
            prop_assert_eq!(detection.fits.len() + detection.misfits.len(), dialects::names().count());
        }
    }

    #[test]
    fn no_text_makes_the_readers_panic(text in "\\PC{0,80}|[0-9a-f |:x\n]{0,120}") {
        let _ = (HexText::parse(&text), Document::parse(&text));
    }

    #[test]
    fn digits_are_read_back_in_any_grouping(bytes in proptest::collection::vec(any::<u8>(), 1..90), group in 1_usize..9) {
        let digits = hex::encode(&bytes);
        let grouped: Vec<&str> = digits.as_bytes().chunks(group * 2).map(|c| std::str::from_utf8(c).unwrap()).collect();
        prop_assert_eq!(&HexText::parse(&grouped.join(" ")).unwrap().bytes, &bytes);
        let dump: String = bytes.chunks(16).enumerate().map(|(line, chunk)| {
            let digits: Vec<String> = chunk.iter().map(|byte| format!("{byte:02x}")).collect();
            format!("{:08x}  {:<48} |x|\n", line * 16, digits.join(" "))
        }).collect();
        prop_assert_eq!(&HexText::parse(&dump).unwrap().bytes, &bytes);
    }
}

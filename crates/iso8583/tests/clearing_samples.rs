//! The four IPM files of the test data, record by record, as an independent reader reads them.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::{collections::BTreeMap, io::Read};

use iso8583::{
    Dialect, Message,
    clearing::{
        TextEncoding,
        blocks::Unblocked,
        detect::{Blocking, HEAD, detect},
        vbs::Reader,
    },
    dialects,
};
use serde_json::{Value, json};

const DIR: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/clearing/");
/// The data elements that hold PDS.
const CARRIERS: [u8; 5] = [48, 62, 123, 124, 125];
/// What stands in DE43, divided by backslashes; the last one holds postcode, state and country.
const DE43: [&str; 3] = ["DE43_NAME", "DE43_ADDRESS", "DE43_SUBURB"];

fn dialect(text: TextEncoding) -> &'static Dialect {
    dialects::named(match text {
        TextEncoding::Ascii => "ipm",
        TextEncoding::Ebcdic => "ipm-ebcdic",
    })
    .unwrap()
}

/// The record in the words of cardutil: MTI, DEn, PDSnnnn, parts of DE43; numbers and times as such.
fn in_words(message: &Message<'_>) -> BTreeMap<String, Value> {
    let mut fields = BTreeMap::from([("MTI".to_owned(), json!(message.mti().as_str()))]);
    for (de, text) in message.fields() {
        let value = match de {
            4..=6 | 26 | 71 => json!(text.parse::<u64>().unwrap()),
            12 => json!(iso_8601(&text)),
            _ => json!(text),
        };
        fields.insert(format!("DE{de}"), value);
        for part in message.parts(de).unwrap().iter().filter(|_| CARRIERS.contains(&de)) {
            fields.insert(format!("PDS{}", part.id()), json!(part.value().text()));
        }
        if de == 43 {
            fields.extend(parts_of_43(&text));
        }
    }
    fields
}

fn parts_of_43(text: &str) -> Vec<(String, Value)> {
    let mut parts = text.splitn(4, '\\');
    let mut found: Vec<_> = DE43
        .iter()
        .zip(parts.by_ref())
        .map(|(name, part)| ((*name).to_owned(), json!(part.trim_end())))
        .collect();
    if let Some(place) = parts.next() {
        for (name, range) in [("POSTCODE", 0..10), ("STATE", 10..13), ("COUNTRY", 13..16)] {
            found.push((format!("DE43_{name}"), json!(place[range].trim_end())));
        }
    }
    found
}

fn iso_8601(text: &str) -> String {
    let two = |at: usize| &text[at..at + 2];
    format!("20{}-{}-{}T{}:{}:{}", two(0), two(2), two(4), two(6), two(8), two(10))
}

#[test]
fn every_record_of_the_four_files_decodes_to_what_cardutil_reads() {
    let expected: Vec<Value> =
        serde_json::from_str(&std::fs::read_to_string(format!("{DIR}expected.json")).unwrap()).unwrap();
    assert_eq!(expected.len(), 4);
    for file in expected {
        let name = file["file"].as_str().unwrap();
        let bytes = std::fs::read(format!("{DIR}{name}")).unwrap();
        let detected = detect(&bytes[..bytes.len().min(HEAD)]).unwrap();
        let dialect = dialect(detected.text);
        let source: Box<dyn Read> = match detected.blocking {
            Blocking::Unblocked => Box::new(&bytes[..]),
            Blocking::Blocks1014 => Box::new(Unblocked::new(&bytes[..])),
        };
        let mut reader = Reader::new(source);
        for wanted in file["records"].as_array().unwrap() {
            let record = reader.next_record().unwrap().unwrap();
            let message = dialect.decode(record.bytes).unwrap();
            let found = serde_json::to_value(in_words(&message)).unwrap();
            assert_eq!(found, wanted["fields"], "{name}, record {}", record.number);
            assert_eq!(message.to_bytes(), record.bytes, "{name}, record {}", record.number);
        }
        assert_eq!(reader.next_record(), Ok(None), "{name}");
    }
}

//! Whatever is received: no panic, no great allocation, and what is decoded is encoded to the same bytes.
//! `COBRAND_MUTATIONS` says how many broken messages are tried; they are the same in every run.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout
)]

use std::{collections::BTreeMap, env, fs, path::Path, time::Instant};

use allocation_counter::{AllocationInfo, measure};
use iso8583::{Builder, Dialect, Message, Mti, Part, Written, dialects};
use serde::Deserialize;

/// So much may be allocated beside the input, all together.
const ALLOWED: u64 = 64 * 1024;

#[derive(Deserialize)]
struct Vector {
    spec: Option<String>,
    hex: String,
}

/// A right message and the number of its dialect.
struct Right {
    dialect: usize,
    bytes: Vec<u8>,
}

struct Corpus {
    dialects: Vec<Dialect>,
    messages: Vec<Right>,
}

fn corpus() -> Corpus {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let files = fs::read_dir(directory.join("vectors/dialects")).unwrap();
    let mut paths: Vec<_> = files.map(|file| file.unwrap().path()).collect();
    paths.sort();
    let layouts = paths.iter().map(|path| Dialect::from_toml(&fs::read_to_string(path).unwrap()).unwrap());
    let structured = Dialect::from_toml(include_str!("written_dialects/structured.toml")).unwrap();
    let structured_messages = structured_messages(&structured);
    let dialects: Vec<Dialect> = dialects::all().cloned().chain(layouts).chain([structured]).collect();
    let numbers: BTreeMap<&str, usize> =
        dialects.iter().enumerate().map(|(number, dialect)| (dialect.name(), number)).collect();
    let lines = ["messages.jsonl", "pyiso8583.jsonl"]
        .map(|file| fs::read_to_string(directory.join("vectors").join(file)).unwrap());
    let vectors = lines.iter().flat_map(|text| text.lines()).map(|line| {
        let vector: Vector = serde_json::from_str(line).unwrap();
        let dialect = numbers[vector.spec.as_deref().unwrap_or("iso87-ascii")];
        Right { dialect, bytes: hex::decode(vector.hex).unwrap() }
    });
    let structured =
        structured_messages.into_iter().map(|bytes| Right { dialect: numbers["structured"], bytes });
    let messages = vectors.chain(structured).collect();
    Corpus { dialects, messages }
}

fn text(id: &str, value: &str) -> (String, Written) {
    (id.to_owned(), Written::text(value))
}

fn parts(id: &str, parts: Vec<(String, Written)>) -> (String, Written) {
    (id.to_owned(), Written::Parts(parts))
}

fn structured_messages(dialect: &Dialect) -> [Vec<u8>; 3] {
    let plain = Builder::new(Mti::new("0100"))
        .set(2, "378282246310005")
        .set(3, "000000")
        .set(4, "000000012550")
        .set(28, "C00000100")
        .set(32, "12345")
        .set(35, "378282246310005=2912")
        .set(43, format!("{:<40}", "SHOP"))
        .set(52, "0123456789ABCDEF")
        .set(64, "0123456789ABCDEF")
        .set(130, "123");
    let inside = Builder::new(Mti::new("0200"))
        .set_parts(48, vec![text("0105", "4111111111111111"), text("9999", "x"), text("0158", "A 1")])
        .set_parts(54, vec![text("1", "123"), text("2", "Ä"), text("3", "C123")])
        .set_parts(
            55,
            vec![
                text("5A", "378282246310005"),
                parts("A5", vec![text("9F02", "000000000100"), text("50", "41")]),
            ],
        )
        .set_parts(60, vec![parts("70", vec![text("57", "00"), text("DF8101", "aa")])]);
    let more = Builder::new(Mti::new("0400"))
        .set_parts(62, vec![text("1", "123456789012345"), text("9", "ABC"), text("96", "00ff")])
        .set_parts(63, vec![text("01", "123"), text("02", "D1234"), text("03", "00FF"), text("77", "00")])
        .set_parts(
            127,
            vec![
                text("2", "ABC"),
                parts("22", vec![parts("C1", vec![text("9F26", "0011")]), text("D2", "00")]),
            ],
        );
    [plain, inside, more].map(|builder| builder.encode(dialect).unwrap())
}

/// Everything that can be asked of a part.
fn walk_part(part: &Part<'_>) -> usize {
    let value = part.value();
    let told = value.text().len() + value.masked().len() + value.bytes().len() + part.id().len();
    told + part.parts().iter().map(walk_part).sum::<usize>()
}

/// Everything that can be asked of a message.
fn walk(message: &Message<'_>) -> usize {
    let mut told = message.describe().len();
    for (de, value) in message.values() {
        told += value.text().len() + value.bytes().len() + usize::from(value.number().is_some());
        assert!(message.range(de).unwrap().end <= message.bytes().len());
        match message.parts(de) {
            Ok(parts) => told += parts.iter().map(walk_part).sum::<usize>(),
            Err(error) => {
                assert!(error.offset() <= message.bytes().len(), "{error}");
                told += error.to_string().len();
            }
        }
    }
    let _ =
        (message.original_data(), message.replacement_amount(), message.additional_amounts(), message.pan());
    told
}

/// Whether the bytes are a message.
fn exercise(dialect: &Dialect, bytes: &[u8], deep: bool) -> bool {
    match dialect.decode(bytes) {
        Ok(message) => {
            walk(&message);
            if deep {
                assert_eq!(message.to_bytes(), bytes, "{}: {}", dialect.name(), hex::encode(bytes));
            }
            true
        }
        Err(error) => {
            assert!(error.offset() <= bytes.len(), "{error}");
            if deep {
                let (partial, _) = dialect.decode_partial(bytes);
                partial.iter().for_each(|message| {
                    walk(message);
                });
            }
            false
        }
    }
}

fn check_allocations(told: &AllocationInfo, dialect: &Dialect, bytes: &[u8]) {
    let allowed = ALLOWED + bytes.len() as u64;
    assert!(told.bytes_max <= allowed, "{}: {told:?} {}", dialect.name(), hex::encode(bytes));
    assert_eq!(told.bytes_current, 0, "{}: {}", dialect.name(), hex::encode(bytes));
}

#[test]
fn decoding_allocates_nothing() {
    let corpus = corpus();
    for Right { dialect, bytes } in &corpus.messages {
        let dialect = &corpus.dialects[*dialect];
        let mut right = false;
        let told = measure(|| right = dialect.decode(bytes).is_ok());
        assert!(right, "{}: {}", dialect.name(), hex::encode(bytes));
        assert_eq!(told.count_total, 0, "{}: {}", dialect.name(), hex::encode(bytes));
        // Numbers are read where they stand.
        let message = dialect.decode(bytes).unwrap();
        let told = measure(|| (2..=128).for_each(|de| drop(message.number(de))));
        assert_eq!(told.count_total, 0, "{}: {}", dialect.name(), hex::encode(bytes));
    }
}

#[test]
fn every_beginning_of_a_message_is_refused() {
    let corpus = corpus();
    for Right { dialect, bytes } in &corpus.messages {
        let dialect = &corpus.dialects[*dialect];
        for end in 0..bytes.len() {
            let told = measure(|| {
                assert!(
                    !exercise(dialect, &bytes[..end], true),
                    "{}: {}",
                    dialect.name(),
                    hex::encode(&bytes[..end])
                );
            });
            check_allocations(&told, dialect, &bytes[..end]);
        }
        assert!(exercise(dialect, bytes, true));
    }
}

/// SplitMix64: the same numbers in every run.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ mixed >> 31
    }

    fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() >> 16).unwrap() % limit.max(1)
    }

    fn byte(&mut self) -> u8 {
        self.next().to_le_bytes()[0]
    }
}

/// Bytes that mean something to some encoding.
const TELLING: [u8; 16] =
    [0, 1, 0x0f, 0x10, 0x1f, 0x30, 0x39, 0x40, 0x7f, 0x80, 0x81, 0x82, 0x99, 0xf0, 0xf9, 0xff];

fn mutate(bytes: &mut Vec<u8>, others: &[Right], random: &mut Random) {
    for _ in 0..=random.below(3) {
        let at = random.below(bytes.len());
        let other = |random: &mut Random| &others[random.below(others.len())].bytes;
        match random.below(8) {
            0 if !bytes.is_empty() => bytes[at] = random.byte(),
            1 if !bytes.is_empty() => bytes[at] ^= 1 << random.below(8),
            2 if !bytes.is_empty() => bytes[at] = TELLING[random.below(TELLING.len())],
            3 if !bytes.is_empty() => bytes[at] = bytes[at].wrapping_add(1),
            4 => bytes.truncate(at),
            5 => bytes.insert(at, random.byte()),
            6 if !bytes.is_empty() => {
                let end = (at + 1 + random.below(4)).min(bytes.len());
                bytes.drain(at..end);
            }
            _ => {
                let other = other(random);
                let from = random.below(other.len());
                let until = (from + random.below(24)).min(other.len());
                let end = (at + until - from).min(bytes.len());
                bytes.splice(at..end, other[from..until].iter().copied());
            }
        }
    }
}

#[test]
fn no_mutated_message_breaks_it() {
    let corpus = corpus();
    let mutations: u64 = env::var("COBRAND_MUTATIONS").map_or(1_000_000, |number| number.parse().unwrap());
    let (started, mut random) = (Instant::now(), Random(8583));
    let (mut decoded, mut greatest) = (0_u64, 0);
    for number in 0..mutations {
        let right = &corpus.messages[random.below(corpus.messages.len())];
        let mut bytes = right.bytes.clone();
        mutate(&mut bytes, &corpus.messages, &mut random);
        let dialect = if random.below(8) == 0 { random.below(corpus.dialects.len()) } else { right.dialect };
        let dialect = &corpus.dialects[dialect];
        let mut taken = false;
        let told = measure(|| taken = exercise(dialect, &bytes, number % 4 == 0));
        check_allocations(&told, dialect, &bytes);
        decoded += u64::from(taken);
        greatest = greatest.max(told.bytes_max);
    }
    println!(
        "{mutations} mutated messages in {} dialects: {decoded} decoded, at most {greatest} bytes allocated, {:.1?}",
        corpus.dialects.len(),
        started.elapsed()
    );
    assert!(mutations < 1000 || decoded > 0 && decoded < mutations);
}

/// As many parts as fit: the input that costs most.
#[test]
fn the_smallest_parts_cost_a_bounded_amount_each() {
    let corpus = corpus();
    let dialect = &corpus.dialects[corpus.dialects.len() - 1];
    let many = (0..499).map(|_| text("81", "")).collect();
    let bytes = Builder::new(Mti::new("0100")).set_parts(55, many).encode(dialect).unwrap();
    let message = dialect.decode(&bytes).unwrap();
    let mut found = 0;
    let told = measure(|| found = message.parts(55).unwrap().len());
    assert_eq!(found, 499);
    println!("499 empty parts: {told:?}");
    assert!(told.bytes_max < 512 * 256, "{told:?}");
}

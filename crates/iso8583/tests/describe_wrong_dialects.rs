//! Messages with card numbers, read in every dialect but their own: whatever happens to decode shows no card number,
//! be it split over several elements.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod card_numbers;

use std::{collections::BTreeMap, fs, path::Path};

use card_numbers::with_check_digit;
use iso8583::{
    Builder, Dialect, Message, Mti, Part, Version,
    describe::{self, Description, Show},
    dialects,
};
use proptest::{prelude::*, sample::select};
use serde::Deserialize;

/// So many digits of a card number in a row are more than may be seen.
const SEEN: usize = 10;

#[derive(Deserialize)]
struct Vector {
    id: String,
    spec: String,
    hex: String,
}

/// A message and the card numbers in it.
struct Sent {
    what: String,
    bytes: Vec<u8>,
    numbers: Vec<String>,
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

/// The card numbers of DE2 and of the tracks.
fn numbers(message: &Message<'_>) -> Vec<String> {
    let leading = |text: &str| -> String {
        text.trim_start_matches([';', 'B']).chars().take_while(char::is_ascii_digit).collect()
    };
    let texts = [2, 34, 35, 45].into_iter().filter_map(|de| message.text(de));
    let mut numbers: Vec<String> = texts.map(|text| leading(&text)).collect();
    // A number of few different digits stands in others by chance.
    let varied = |number: &String| number.bytes().collect::<std::collections::BTreeSet<u8>>().len() > 1;
    numbers.retain(|number| (12..=19).contains(&number.len()) && varied(number));
    numbers.dedup();
    numbers
}

/// The messages of the vectors that carry a card number, without and with their header.
fn sent() -> Vec<Sent> {
    let layouts = layouts();
    let text = fs::read_to_string(directory().join("messages.jsonl")).unwrap();
    let one = |line: &str| {
        let vector: Vector = serde_json::from_str(line).unwrap();
        let bytes = hex::decode(&vector.hex).unwrap();
        let message = layouts[&vector.spec].decode(&bytes).unwrap();
        let numbers = numbers(&message);
        let header = message.header().len();
        [bytes.clone(), bytes[header..].to_vec()].map(|bytes| Sent {
            what: vector.id.clone(),
            bytes,
            numbers: numbers.clone(),
        })
    };
    let mut all: Vec<Sent> = text.lines().flat_map(one).collect();
    all.retain(|sent| !sent.numbers.is_empty());
    assert!(all.len() > 50, "{}", all.len());
    all
}

/// The built-in dialects with their headers and without.
fn readers() -> Vec<Dialect> {
    let plain = |dialect: &Dialect| dialect.with_header("none".parse().unwrap());
    dialects::all().flat_map(|dialect| [dialect.clone(), plain(dialect)]).collect()
}

/// All that is shown, and next to it the values alone, one right behind the other.
fn shown(dialect: &Dialect, bytes: &[u8]) -> Vec<(&'static str, String)> {
    let mut all = vec![("hexdump", describe::hexdump(dialect, bytes, Show::Masked))];
    all.extend(columns(&all[0].1));
    let description = Description::of(dialect, bytes, Show::Masked);
    all.push(("table", description.to_string()));
    let values = |depth: usize| {
        let rows = description.rows.iter().filter(move |row| row.depth == depth && row.path != "bitmap");
        rows.map(|row| row.value.as_str()).collect::<String>()
    };
    all.extend([("values of the table", values(0)), ("parts of the table", values(1))]);
    let (message, error) = dialect.decode_partial(bytes);
    if let Some(message) = &message {
        all.push(("json", describe::to_json(message, error.as_ref(), Show::Masked)));
        let redacted = describe::redact(message);
        all.push(("redacted", hex::encode(&redacted)));
        all.push(("redacted text", String::from_utf8_lossy(&redacted).into_owned()));
        all.extend(of_message(message));
    }
    all.extend(error.map(|error| ("error", format!("{error} {error:?}"))));
    all
}

fn of_message(message: &Message<'_>) -> Vec<(&'static str, String)> {
    let mut all = vec![
        ("debug", format!("{message:?}")),
        ("description", message.describe()),
        ("copy", format!("{:?}", Builder::from_message(message))),
        ("values", message.values().map(|(_, value)| value.masked()).collect()),
        ("findings", format!("{:?}", message.dialect().check(message))),
    ];
    let mut parts = String::new();
    for (de, _) in message.values() {
        leaves(&message.parts(de).unwrap_or_default(), &mut parts);
    }
    all.push(("parts", parts));
    let differences = [describe::diff(message, message), {
        let mti = Mti::new("0800");
        let other = Builder::new(mti).encode(dialects::iso87_ascii()).unwrap();
        describe::diff(message, &dialects::iso87_ascii().decode(&other).unwrap())
    }];
    for differences in differences {
        all.push(("diff", differences.iter().map(|line| format!("{line}\n")).collect()));
        all.push(("values of diff", differences.iter().filter_map(|line| line.left.clone()).collect()));
    }
    all
}

fn leaves(parts: &[Part<'_>], out: &mut String) {
    for part in parts {
        if part.parts().is_empty() {
            out.push_str(&part.value().masked());
        }
        leaves(part.parts(), out);
    }
}

/// The digits and the text column of a dump, each in one row.
fn columns(dump: &str) -> [(&'static str, String); 2] {
    let digits = dump.lines().filter_map(|line| line.get(8..56)).map(|digits| digits.replace(' ', ""));
    let text = dump.lines().filter_map(|line| line.split('|').nth(1)).map(str::trim_end);
    [("digits of the dump", digits.collect()), ("text of the dump", text.collect())]
}

/// Ten digits of a number in a row: in characters, packed at either nibble, in ASCII or EBCDIC bytes.
fn seen(text: &str, number: &str) -> bool {
    let plain = text.to_lowercase();
    (0..=number.len() - SEEN).any(|at| {
        let digits = &number[at..at + SEEN];
        let zeros = digits.bytes().filter(|digit| *digit == b'0').count() > 5;
        let ebcdic: String = digits.chars().flat_map(|digit| ['f', digit]).collect();
        !zeros && [digits.to_owned(), hex::encode(digits), ebcdic].iter().any(|digits| plain.contains(digits))
    })
}

fn leaks(dialect: &Dialect, sent: &Sent, leaks: &mut BTreeMap<&'static str, (usize, String)>) {
    for (what, text) in shown(dialect, &sent.bytes) {
        if sent.numbers.iter().any(|number| seen(&text, number)) {
            let example = || {
                let (header, digits) = (dialect.header(), hex::encode(&sent.bytes));
                format!("{} as {} header {header}: {digits}\n{text}", sent.what, dialect.name())
            };
            leaks.entry(what).or_insert_with(|| (0, example())).0 += 1;
        }
    }
}

#[test]
fn the_vectors_in_every_built_in_dialect() {
    let (mut found, mut decoded) = (BTreeMap::new(), 0);
    for sent in sent() {
        for reader in readers() {
            decoded += usize::from(reader.decode(&sent.bytes).is_ok());
            leaks(&reader, &sent, &mut found);
        }
    }
    assert!(decoded > 50, "{decoded}");
    assert!(found.is_empty(), "{found:#?}");
}

/// A card number that the bits of another dialect divide at any place: what stands in the bits is chosen so that the
/// message decodes to its end.
#[test]
fn a_number_that_a_message_divides_over_open_elements() {
    let number = "4929127456785238";
    let dialect = dialects::iso87_ascii();
    let mut found = BTreeMap::new();
    for (elements, before) in [
        (&[3_u8, 4][..], ""),
        (&[3, 7], ""),
        (&[3, 11, 12], "00"),
        (&[4, 11], "0"),
        (&[11, 12, 13, 37], "0000000000"),
        (&[37, 38], ""),
    ] {
        let lengths = elements.iter().map(|de| dialect.field(*de).unwrap().format.length.max() as usize);
        let digits = format!("{before}{number}{:0<40}", "");
        let mut at = 0;
        let mut builder = Builder::new(Mti::new("0100"));
        for (de, length) in elements.iter().zip(lengths) {
            builder = builder.set(*de, &digits[at..at + length]);
            at += length;
        }
        let sent = Sent {
            what: format!("{elements:?}"),
            bytes: builder.encode(dialect).unwrap(),
            numbers: vec![number.to_owned()],
        };
        assert!(dialect.decode(&sent.bytes).is_ok());
        leaks(dialect, &sent, &mut found);
    }
    assert!(found.is_empty(), "{found:#?}");
}

fn card_number() -> impl Strategy<Value = String> {
    "[2-6][0-9]{14}".prop_map(|digits| with_check_digit(&digits))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_number_in_every_built_in_dialect(
        number in card_number(),
        sender in select(readers()),
        with in select(vec![&[][..], &[35], &[3, 4, 7, 11], &[3, 35, 41, 49], &[11, 37, 41, 42]]),
        alone in any::<bool>(),
    ) {
        let mti = if sender.version() == Version::V1993 { "1100" } else { "0100" };
        let mut builder = Builder::new(Mti::new(mti));
        if !alone {
            builder = builder.set(2, number.as_str());
        }
        let track = format!("{number}=29121010000");
        for (de, value) in [(3, "000000"), (4, "000000010000"), (7, "1009090000"), (11, "000001"), (35, &track),
            (37, "000000000001"), (41, "TERM0001"), (42, "MERCHANT0000001"), (49, "643")] {
            if with.contains(&de) && sender.field(de).is_some() {
                builder = builder.set(de, value);
            }
        }
        let Ok(bytes) = builder.encode(&sender) else { return Ok(()) };
        let sent = Sent { what: sender.name().to_owned(), bytes, numbers: vec![number] };
        let mut found = BTreeMap::new();
        for reader in readers() {
            leaks(&reader, &sent, &mut found);
        }
        prop_assert!(found.is_empty(), "{found:#?}");
    }
}

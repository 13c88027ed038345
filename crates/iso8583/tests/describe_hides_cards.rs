//! A card number is not shown, whatever its message is taken for: cut at any byte, behind a header or in front of one,
//! in the right dialect or in a wrong one.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::{collections::BTreeMap, fs, path::Path};

use iso8583::{
    Builder, Dialect, Mti, Version,
    describe::{self, Description, Show},
    dialects,
};

const PAN: &str = "4929127456785238";
/// The bytes that are cut off at most: those of a track with its card number.
const CUT: usize = 24;
/// So many other dialects read each message.
const OTHERS: usize = 3;

fn all_dialects() -> Vec<Dialect> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/dialects");
    let files = fs::read_dir(directory).unwrap().map(|file| file.unwrap().path());
    let files = files.map(|path| Dialect::from_toml(&fs::read_to_string(path).unwrap()).unwrap());
    dialects::all().cloned().chain(files).map(|dialect| with_header(&dialect, "none")).collect()
}

fn with_header(dialect: &Dialect, header: &str) -> Dialect {
    dialect.with_header(header.parse().unwrap())
}

/// Messages with the card number at usual and unusual places, as far as a dialect has these.
fn messages(dialect: &Dialect) -> Vec<Vec<u8>> {
    let track2 = format!("{PAN}=29121011234567890");
    let track1 = format!("B{PAN}^DOE/JOHN^29121011234567890");
    let across = format!("AB{PAN}CD");
    let sets: [&[(u8, &str)]; 8] = [
        &[(2, PAN), (3, "000000"), (4, "000000010000"), (7, "1009090000"), (11, "000001")],
        &[(2, PAN), (3, "000000"), (11, "000001"), (35, &track2)],
        &[(3, "000000"), (4, "000000010000"), (35, &track2), (41, "TERM0001")],
        &[(3, "000000"), (45, &track1)],
        &[(3, "000000"), (48, PAN)],
        &[(3, "000000"), (63, &across)],
        &[(2, PAN)],
        &[(3, "000000"), (102, PAN)],
    ];
    let mti = if dialect.version() == Version::V1993 { "1100" } else { "0100" };
    let encode = |set: &&[(u8, &str)]| {
        let known = set.iter().all(|(de, _)| dialect.field(*de).is_some());
        let builder =
            set.iter().fold(Builder::new(Mti::new(mti)), |builder, (de, value)| builder.set(*de, *value));
        known.then(|| builder.encode(dialect).ok()).flatten()
    };
    sets.iter().filter_map(encode).collect()
}

/// The digits and the text column of a dump, each in one row.
fn columns(dump: &str) -> [String; 2] {
    let digits = dump.lines().filter_map(|line| line.get(8..56)).map(|digits| digits.replace(' ', ""));
    let text = dump.lines().filter_map(|line| line.split('|').nth(1)).map(str::trim_end);
    [digits.collect(), text.collect()]
}

/// All that is shown of bytes.
fn shown(dialect: &Dialect, bytes: &[u8]) -> Vec<(&'static str, String)> {
    let dump = describe::hexdump(dialect, bytes, Show::Masked);
    let [digits, text] = columns(&dump);
    let table = Description::of(dialect, bytes, Show::Masked).to_string();
    let mut all = vec![("hexdump", dump), ("digits", digits), ("text", text), ("table", table)];
    let (message, error) = dialect.decode_partial(bytes);
    if let Some(message) = &message {
        let redacted = describe::redact(message);
        all.push(("json", describe::to_json(message, error.as_ref(), Show::Masked)));
        all.push(("redact", hex::encode(&redacted)));
        all.push(("redacted text", String::from_utf8_lossy(&redacted).into_owned()));
        all.push(("debug", format!("{message:?}{}", message.describe())));
    }
    all.extend(error.map(|error| ("error", error.to_string())));
    all
}

/// Ten digits of the card number, in characters and in the digits of a dump.
fn secrets() -> Vec<String> {
    let ebcdic: String = PAN.chars().flat_map(|digit| ['f', digit]).collect();
    let ascii = hex::encode(PAN);
    let pieces = [0, 2].into_iter().flat_map(|at| {
        let wide = at * 2..at * 2 + 20;
        [PAN[at..at + 10].to_owned(), ascii[wide.clone()].to_owned(), ebcdic[wide].to_owned()]
    });
    pieces.collect()
}

#[test]
fn no_card_number_is_shown_of_cut_and_mistaken_messages() {
    let (dialects, secrets) = (all_dialects(), secrets());
    let mut leaks: BTreeMap<&str, (usize, String)> = BTreeMap::new();
    let mut turn = 0;
    for sender in &dialects {
        for (set, whole) in messages(sender).iter().enumerate() {
            for (cut, shift) in (0..CUT.min(whole.len())).flat_map(|cut| [0, 2, 10].map(|shift| (cut, shift)))
            {
                let mut bytes = vec![b'0'; shift];
                bytes.extend_from_slice(&whole[..whole.len() - cut]);
                turn += OTHERS;
                let others = (0..OTHERS).map(|at| &dialects[(turn + at) % dialects.len()]);
                for reader in others.chain([sender]) {
                    let header = [0, shift, shift + 6, 30][turn % 4];
                    let header = if header == 0 { "none".to_owned() } else { format!("bytes:{header}") };
                    for (what, text) in shown(&with_header(reader, &header), &bytes) {
                        if secrets.iter().any(|secret| text.contains(secret)) {
                            let (from, to, digits) = (sender.name(), reader.name(), hex::encode(&bytes));
                            let example =
                                || format!("{from} as {to} header {header} set {set}: {digits}\n{text}");
                            leaks.entry(what).or_insert_with(|| (0, example())).0 += 1;
                        }
                    }
                }
            }
        }
    }
    assert!(leaks.is_empty(), "{leaks:#?}");
}

#[test]
fn an_opaque_header_is_not_copied() {
    let mut bytes = PAN.as_bytes().to_vec();
    let plain = Builder::new(Mti::new("0800")).set(11, "000001").set(70, "301");
    bytes.extend(plain.encode(dialects::iso87_ascii()).unwrap());
    let dialect = with_header(dialects::iso87_ascii(), "bytes:16");
    let message = dialect.decode(&bytes).unwrap();
    let redacted = describe::redact(&message);
    assert_eq!(redacted[..16], [0; 16]);
    assert_eq!(dialect.decode(&redacted).unwrap().text(11).as_deref(), Some("000001"));
    for (what, text) in shown(&dialect, &bytes) {
        assert!(!text.contains(&PAN[..10]) && !text.contains(&hex::encode(&PAN[..10])), "{what}: {text}");
    }
}

#[test]
fn what_is_plausible_without_a_card_is_shown() {
    let signs = Builder::new(Mti::new("0800")).set(7, "1009090000").set(11, "000042").set(70, "301");
    let bytes = signs.encode(dialects::iso87_ascii()).unwrap();
    let table = Description::of(dialects::iso87_ascii(), &bytes, Show::Masked).to_string();
    assert!(table.contains("1009090000") && table.contains("000042"), "{table}");
}

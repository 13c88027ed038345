//! What holds in every dialect that can be written: values come back, bytes come back, nothing broken is taken for
//! something else. Dialects and values are generated.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::{collections::BTreeMap, fmt::Write as _};

use iso8583::{
    Builder, Class, Dialect, EncodeError, Encoding, FieldSpec, Format, Length, Mti, Part, Structure, Written,
};
use proptest::{prelude::*, sample::select};

/// A value that is given: as text or as parts.
#[derive(Clone, Debug, PartialEq)]
enum Given {
    Text(String),
    Parts(Vec<(String, Given)>),
}

fn to_written(parts: &[(String, Given)]) -> Vec<(String, Written)> {
    let one = |(id, value): &(String, Given)| {
        let value = match value {
            Given::Text(text) => Written::text(text.as_str()),
            Given::Parts(parts) => Written::Parts(to_written(parts)),
        };
        (id.clone(), value)
    };
    parts.iter().map(one).collect()
}

/// A dialect that shows the file of which it was made.
#[derive(Clone)]
struct Made {
    dialect: Dialect,
    file: String,
}

impl std::fmt::Debug for Made {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.file)
    }
}

/// No value is longer in these tests.
const MAX_UNITS: u32 = 24;

fn setting(key: &'static str, values: &[&'static str]) -> BoxedStrategy<String> {
    let written = values.iter().map(|value| format!("{key} = '{value}'\n"));
    select(std::iter::once(String::new()).chain(written).collect::<Vec<_>>()).boxed()
}

fn joined(settings: Vec<BoxedStrategy<String>>) -> BoxedStrategy<String> {
    settings.prop_map(|settings| settings.concat()).boxed()
}

const TEXT: [&str; 5] = ["ascii", "latin-1", "ebcdic-037", "ebcdic-500", "ebcdic-1047"];
const BINARY: [&str; 5] = ["binary", "hex", "ebcdic-hex-037", "ebcdic-hex-500", "ebcdic-hex-1047"];
const LENGTHS: [&str; 6] = ["ascii", "ebcdic", "bcd", "binary", "hex", "ebcdic-hex"];
const PADS: [&str; 4] = ["0", "f", "only-0", "only-f"];
const SIDES: [&str; 2] = ["left", "right"];

/// One of these lines, or none where it is empty.
fn line(lines: &[&str]) -> BoxedStrategy<String> {
    select(lines.iter().map(|line| (*line).to_owned()).collect::<Vec<_>>()).boxed()
}

fn wire() -> BoxedStrategy<String> {
    joined(vec![
        setting("mti", &["ascii", "bcd", "ebcdic-037", "ebcdic-500"]),
        setting("bitmap", &["hex", "binary", "ebcdic-hex-500", "ebcdic-hex-1047"]),
        setting("bitmaps", &["expanding", "expanding-3", "always-2", "fixed-1", "fixed-2", "fixed-3"]),
        setting("text", &TEXT),
        setting("digits", &["bcd", "text"]),
        setting("signed", &["bcd", "text"]),
        setting("track", &["bcd", "text"]),
        setting("binary", &BINARY),
        setting("lengths", &LENGTHS),
        setting("counts", &["characters", "bytes"]),
        setting("pad", &SIDES),
        setting("pad_variable", &SIDES),
        setting("pad_digit", &PADS),
        setting("header", &["tpdu", "bytes:2:6000", "literal:ISO"]),
    ])
}

fn format() -> BoxedStrategy<String> {
    let class = select(vec!["a", "n", "an", "as", "ns", "ans", "x+n", "z", "b"]);
    (class, 1..=6_usize, 1..=MAX_UNITS, 0..=2_u32, 0..=8_u32)
        .prop_map(|(class, dots, length, form, least)| match (form, class) {
            (0, "b") => format!("b{}", length * 8),
            (0, _) => format!("{class}{length}"),
            (1, _) => format!("{class}{}{length}", ".".repeat(dots)),
            (_, _) => {
                let least = if least == 0 { String::new() } else { least.min(length).to_string() };
                format!("{class}{least}{}{length}", ".".repeat(dots))
            }
        })
        .boxed()
}

/// A field as the lines of its table; some do not fit their format and are left out later.
fn field() -> BoxedStrategy<String> {
    let format = format().prop_map(|format| format!("format = '{format}'\n"));
    let encodings = [&TEXT[..], &BINARY, &["bcd"]].concat();
    let settings = joined(vec![
        setting("lengths", &LENGTHS),
        setting("counts", &["characters", "digits", "nibbles", "bytes"]),
        setting("pad", &SIDES),
        setting("pad_digit", &PADS),
        setting("shown", &["open", "private", "pan", "secret"]),
        line(&["", "counts_also = 2\n"]),
    ]);
    let length_bytes = select(vec!["", "length_bytes = 2\n", "length_bytes = 5\n"]);
    (
        format,
        prop_oneof![3 => Just(String::new()), 2 => setting("encoding", &encodings)],
        settings,
        length_bytes,
    )
        .prop_map(|(format, encoding, settings, length_bytes)| {
            format!("{format}{encoding}{settings}{length_bytes}")
        })
        .boxed()
}

/// What is inside a field of binary data, as the lines behind the table `path`.
fn inside() -> BoxedStrategy<(String, Vec<(String, String)>)> {
    let parts = |ids: Vec<&'static str>| {
        (Just(ids), proptest::collection::vec(field(), 4))
            .prop_map(|(ids, parts)| ids.into_iter().map(str::to_owned).zip(parts).collect::<Vec<_>>())
    };
    let tagged = joined(vec![
        setting("lengths", &LENGTHS),
        setting("counts", &["characters", "bytes"]),
        line(&["length_digits = 2\n", "length_digits = 3\n"]),
        line(&["", "counts_also = 2\n"]),
        line(&["", "length_first = true\n", "length_first = false\n"]),
    ]);
    prop_oneof![
        parts(vec!["1", "2", "3"]).prop_map(|parts| ("kind = 'positional'\n".to_owned(), parts)),
        (tagged, parts(vec!["01", "A2", "9F", "77"])).prop_flat_map(|(tagged, parts)| {
            let tag = select(vec![
                "tag = 'ascii'\ntag_bytes = 2\n",
                "tag = 'ebcdic-500'\ntag_bytes = 2\n",
                "tag = 'binary'\ntag_bytes = 1\n",
            ]);
            tag.prop_map(move |tag| (format!("kind = 'tagged'\n{tag}{tagged}"), parts.clone()))
        }),
        parts(vec!["50", "5A", "9F02", "DF8101"]).prop_map(|parts| ("kind = 'ber-tlv'\n".to_owned(), parts)),
        (
            select(vec![16_u8, 64, 96, 192]),
            setting("bitmap", &["binary", "hex", "ebcdic-hex-037"]),
            parts(vec!["1", "2", "9", "16"])
        )
            .prop_map(|(bits, bitmap, parts)| (
                format!("kind = 'bitmapped'\nbits = {bits}\n{bitmap}"),
                parts
            )),
    ]
    .boxed()
}

/// A field and perhaps what is inside it.
type Described = (String, Option<(String, Vec<(String, String)>)>);

fn described() -> BoxedStrategy<Described> {
    let plain = field().prop_map(|field| (field, None));
    let binary = (select(vec!["binary", "hex", "ebcdic-hex-500"]), setting("lengths", &LENGTHS), inside())
        .prop_map(|(encoding, lengths, inside)| {
            let length_bytes = "length_bytes = 3\n";
            (
                format!("format = 'b......9000'\nencoding = '{encoding}'\n{lengths}{length_bytes}")
                    .replace("9000", "400"),
                Some(inside),
            )
        });
    let part = (select(vec!["a", "n", "an", "ans"]), 0..=3_u32, 1..=MAX_UNITS, any::<bool>());
    let part = part.prop_map(|(class, least, most, fixed)| match (fixed, least) {
        (true, _) => format!("format = '{class}{most}'\n"),
        (false, 0) => format!("format = '{class}..{most}'\n"),
        (false, _) => format!("format = '{class}{}..{most}'\n", least.min(most)),
    });
    let text = (select(TEXT.to_vec()), select(vec!['|', '\\', '~']), proptest::collection::vec(part, 1..5));
    let delimited = text.prop_map(|(encoding, character, parts)| {
        let parts = parts.iter().map(|part| format!("{part}encoding = '{encoding}'\n"));
        let parts =
            (1..).zip(parts).map(|(number, part): (u32, String)| (number.to_string(), part)).collect();
        let field =
            format!("format = 'ans...120'\nencoding = '{encoding}'\nlengths = 'binary'\nlength_bytes = 2\n");
        (field, Some((format!("kind = 'delimited'\ndelimiter = '{character}'\n"), parts)))
    });
    prop_oneof![3 => plain, 2 => binary, 1 => delimited].boxed()
}

fn table(de: u8, (field, inside): &Described) -> String {
    let mut text = format!("[fields.{de}]\n{field}");
    if let Some((inside, parts)) = inside {
        let _ = write!(text, "[fields.{de}.inside]\n{inside}");
        for (id, part) in parts {
            let _ = write!(text, "[fields.{de}.inside.parts.{id}]\n{part}");
        }
    }
    text
}

/// A dialect of all fields that are right. A wrong one is refused with its path, and left out.
fn dialect() -> BoxedStrategy<Made> {
    let number = prop_oneof![4 => 2_u8..=64, 2 => 65_u8..=128, 1 => 129_u8..=192];
    (wire(), proptest::collection::btree_map(number, described(), 1..7))
        .prop_map(|(wire, fields)| {
            let mut fields: BTreeMap<u8, Described> = fields;
            for _ in 0..100 {
                let tables: String = fields.iter().map(|(de, described)| table(*de, described)).collect();
                let text = format!("name = 'generated'\n[wire]\n{wire}[fields]\n{tables}");
                match Dialect::from_toml(&text) {
                    Ok(dialect) => return Made { dialect, file: text },
                    Err(error) => leave_out(&mut fields, error.path(), &text, &error.to_string()),
                }
            }
            panic!("no dialect comes of {fields:?}");
        })
        .boxed()
}

fn leave_out(fields: &mut BTreeMap<u8, Described>, path: &str, text: &str, error: &str) {
    let mut keys = path.split('.');
    let (Some("fields"), Some(de)) = (keys.next(), keys.next()) else { panic!("{error}\n{text}") };
    let de: u8 = de.parse().unwrap();
    let part = keys.nth(2).map(str::to_owned);
    match (part, fields.get_mut(&de)) {
        (Some(wrong), Some((_, Some((kind, parts)))))
            if !kind.contains("positional") && !kind.contains("delimited") && parts.len() > 1 =>
        {
            parts.retain(|(id, _)| *id != wrong);
        }
        _ => {
            fields.remove(&de);
        }
    }
}

/// Text that a field allows, of a length that it allows.
fn value(spec: &FieldSpec) -> BoxedStrategy<String> {
    let (least, most) = match spec.format.length {
        Length::Fixed(length) => (length, length),
        Length::Variable { min, max, .. } => (min, max.min(min + MAX_UNITS)),
    };
    let above = match spec.encoding {
        Encoding::Latin1 | Encoding::Ebcdic(_) => "\u{a0}-\u{ff}",
        _ => "",
    };
    let packed = matches!(spec.encoding, Encoding::Bcd { .. });
    let pattern = match spec.format.class {
        Class::Alpha => format!("[A-Za-z {above}]{{{least},{most}}}"),
        Class::Numeric => format!("[0-9]{{{least},{most}}}"),
        Class::AlphaNumeric => format!("[A-Za-z0-9 {above}]{{{least},{most}}}"),
        Class::AlphaSpecial => format!("[A-Za-z !-/:-@{above}]{{{least},{most}}}"),
        Class::NumericSpecial => format!("[0-9 !-/:-@]{{{least},{most}}}"),
        Class::SignedNumeric if most == 0 => String::new(),
        Class::SignedNumeric => format!("[CD][0-9]{{{},{}}}", least.saturating_sub(1), most - 1),
        Class::Track if packed => format!("[0-?]{{{least},{most}}}"),
        Class::Track => format!("[0-?D]{{{least},{most}}}"),
        Class::Binary => {
            let hexadecimal = matches!(spec.encoding, Encoding::Hex | Encoding::EbcdicHex(_));
            format!("[{}]{{{},{}}}", if hexadecimal { "0-9A-F" } else { "0-9a-f" }, least * 2, most * 2)
        }
        _ => format!("[ -~{above}]{{{least},{most}}}"),
    };
    let text = proptest::string::string_regex(&pattern).unwrap();
    let binary = spec.format.class == Class::Binary;
    text.prop_map(move |mut text| {
        if binary && text.len() % 2 == 1 {
            text.pop();
        }
        text
    })
    .boxed()
}

fn whole(spec: &FieldSpec) -> BoxedStrategy<Given> {
    match &spec.inside {
        Some(inside) => written(inside).prop_map(Given::Parts).boxed(),
        None => value(spec).prop_map(Given::Text).boxed(),
    }
}

fn written(structure: &Structure) -> BoxedStrategy<Vec<(String, Given)>> {
    let one = |(id, spec): (String, &FieldSpec)| (Just(id), whole(spec));
    let chosen = |parts: Vec<(String, &FieldSpec)>| {
        let parts: Vec<_> = parts.into_iter().map(one).collect();
        (parts, proptest::bits::u8::ANY).prop_map(|(parts, mask)| {
            parts
                .into_iter()
                .enumerate()
                .filter(|(at, _)| mask >> at & 1 == 1)
                .map(|(_, part)| part)
                .collect()
        })
    };
    match structure {
        Structure::Positional(specs) => {
            let parts: Vec<_> =
                (1_usize..).zip(specs).map(|(number, spec)| one((number.to_string(), spec))).collect();
            (parts, 0..=specs.len())
                .prop_map(|(mut parts, length)| {
                    parts.truncate(length);
                    parts
                })
                .boxed()
        }
        Structure::Delimited(delimited) => {
            let parts: Vec<_> = (1_usize..)
                .zip(&delimited.parts)
                .map(|(number, spec)| {
                    let character = delimited.character;
                    let without = move |text: String| text.replace(character, "x");
                    (Just(number.to_string()), value(spec).prop_map(move |text| Given::Text(without(text))))
                })
                .collect();
            let most = parts.len();
            (parts, 0..=most)
                .prop_map(|(mut parts, length)| {
                    parts.truncate(length);
                    // A single empty part is an empty value.
                    if matches!(parts.as_slice(), [(_, Given::Text(only))] if only.is_empty()) {
                        parts.clear();
                    }
                    parts
                })
                .boxed()
        }
        Structure::Tagged(tagged) => {
            chosen(tagged.parts.iter().map(|(id, spec)| (id.clone(), spec)).collect()).boxed()
        }
        Structure::BerTlv(specs) => {
            chosen(specs.iter().map(|(id, spec)| (id.clone(), spec)).collect()).boxed()
        }
        Structure::Bitmapped(bitmapped) => {
            chosen(bitmapped.parts.iter().map(|(bit, spec)| (bit.to_string(), spec)).collect()).boxed()
        }
        other => panic!("{other:?}"),
    }
}

/// A dialect and values for some of its fields.
fn case() -> BoxedStrategy<(Made, Vec<(u8, Given)>)> {
    dialect()
        .prop_flat_map(|dialect| {
            let fields: Vec<_> = dialect.dialect.fields().map(|(de, spec)| (Just(de), whole(spec))).collect();
            (Just(dialect), fields, any::<u8>())
        })
        .prop_map(|(dialect, fields, mask)| {
            let kept = fields.into_iter().enumerate().filter(|(at, _)| mask >> (at % 8) & 1 == 1);
            (dialect, kept.map(|(_, field)| field).collect())
        })
        .boxed()
}

fn parts(read: &[Part<'_>]) -> Vec<(String, Given)> {
    let one = |part: &Part<'_>| {
        let value = match &part.spec().inside {
            None => Given::Text(part.value().text().into_owned()),
            Some(_) => Given::Parts(parts(part.parts())),
        };
        (part.id().to_owned(), value)
    };
    read.iter().map(one).collect()
}

fn build(fields: &[(u8, Given)]) -> Builder {
    fields.iter().fold(Builder::new(Mti::new("0100")), |builder, (de, value)| match value {
        Given::Text(text) => builder.set(*de, text.as_str()),
        Given::Parts(parts) => builder.set_parts(*de, to_written(parts)),
    })
}

/// The bytes, if the values can be written at all: a bit or an odd number may be missing.
fn encoded(dialect: &Dialect, fields: &mut Vec<(u8, Given)>) -> Vec<u8> {
    loop {
        match build(fields).encode(dialect) {
            Ok(bytes) => return bytes,
            Err(error) => {
                let text = error.to_string();
                let allowed = [
                    "does not have",
                    "whose number the bytes tell",
                    "its indicator can say",
                    "expected exactly",
                    " characters, found",
                ];
                assert!(allowed.iter().any(|allowed| text.contains(allowed)), "{text}");
                let before = fields.len();
                fields.retain(|(de, _)| iso8583::Place::Field(*de) != error.place);
                assert!(fields.len() < before, "{text}");
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn values_and_bytes_come_back((made, fields) in case()) {
        let (dialect, mut fields) = (made.dialect, fields);
        let bytes = encoded(&dialect, &mut fields);
        let message = dialect.decode(&bytes).map_err(|error| TestCaseError::fail(format!("{error} {}", hex::encode(&bytes))))?;
        let read: Vec<u8> = message.values().map(|(de, _)| de).collect();
        prop_assert_eq!(read, fields.iter().map(|(de, _)| *de).collect::<Vec<_>>());
        for (de, value) in &fields {
            match value {
                Given::Text(text) => prop_assert_eq!(&*message.text(*de).unwrap(), text.as_str(), "DE{}", de),
                Given::Parts(given) => {
                    let read = message.parts(*de).map_err(|error| TestCaseError::fail(error.to_string()))?;
                    prop_assert!(parts(&read) == *given, "DE{} {read:?}", de);
                }
            }
        }
        prop_assert_eq!(hex::encode(message.to_bytes()), hex::encode(&bytes));
        prop_assert!(dialect.check(&message).is_empty());
    }

    #[test]
    fn every_beginning_is_refused((made, fields) in case()) {
        let (dialect, mut fields) = (made.dialect, fields);
        let bytes = encoded(&dialect, &mut fields);
        for end in 0..bytes.len() {
            let error = dialect.decode(&bytes[..end]).unwrap_err();
            prop_assert!(error.offset() <= end && !error.to_string().is_empty());
            let (partial, _) = dialect.decode_partial(&bytes[..end]);
            partial.iter().for_each(|message| drop((message.describe(), message.to_bytes())));
        }
    }

    #[test]
    fn a_changed_byte_is_read_as_it_is_or_refused((made, fields) in case(), random in any::<u8>()) {
        let (dialect, mut fields) = (made.dialect, fields);
        let bytes = encoded(&dialect, &mut fields);
        for at in 0..bytes.len() {
            for change in [random | 1, 1, 0x10, 0x80, 0xff, bytes[at], bytes[at] ^ 0xf0] {
                let mut changed = bytes.clone();
                changed[at] ^= change;
                let Ok(message) = dialect.decode(&changed) else { continue };
                prop_assert_eq!(hex::encode(message.to_bytes()), hex::encode(&changed));
                for (de, value) in message.values() {
                    drop((value.text(), value.masked(), value.number(), value.bytes()));
                    let Ok(read) = message.parts(de) else { continue };
                    let shown = format!("{read:?}");
                    prop_assert!(!shown.is_empty());
                    if read.is_empty() {
                        continue;
                    }
                    // What was read as parts can be written as parts, but for a pad that this dialect does not write.
                    let again = Builder::new(Mti::new("0100")).set_parts(de, to_written(&parts(&read))).encode(&dialect);
                    let unusual_pad = |error: &EncodeError| error.to_string().contains("whose number the bytes tell");
                    prop_assert!(again.as_ref().err().is_none_or(unusual_pad), "DE{} {:?} {}", de, again, shown);
                }
            }
        }
    }

    #[test]
    fn a_format_is_written_as_it_is_read(format in format()) {
        let read: Result<Format, _> = format.parse();
        if let Ok(read) = read {
            prop_assert_eq!(read.to_string().parse::<Format>(), Ok(read));
        }
    }
}

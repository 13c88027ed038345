//! What is inside a value: read, refused at the right byte, written back.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod written_dialects;

use iso8583::{Builder, Dialect, Mti, Part, Written};
use written_dialects::{dialect, message};

/// Offset of DE48 or DE55, whose length indicator is two bytes, and of DE127.
const START: usize = 14;

fn inside(format: &str, inside: &str) -> Dialect {
    dialect(&format!(
        "[fields.48]\nshown = 'open'\nlengths = 'binary'\nlength_bytes = 2\nformat = '{format}'\n[fields.48.inside]\n{inside}"
    ))
}

fn field(value: &str) -> Vec<u8> {
    let value = value.replace(' ', "");
    message(48, &format!("{:04x}{value}", value.len() / 2))
}

/// The parts in one line: `1:text 2:(9F26:00ff)`.
fn told(parts: &[Part<'_>]) -> String {
    let one = |part: &Part<'_>| match part.parts() {
        [] => format!("{}:{}", part.id(), part.value().text()),
        inside => format!("{}:({})", part.id(), told(inside)),
    };
    parts.iter().map(one).collect::<Vec<_>>().join(" ")
}

fn written(parts: &[Part<'_>]) -> Vec<(String, Written)> {
    let one = |part: &Part<'_>| {
        let value = match part.parts() {
            [] => Written::text(part.value().text()),
            inside => Written::Parts(written(inside)),
        };
        (part.id().to_owned(), value)
    };
    parts.iter().map(one).collect()
}

/// The bytes have these parts, and the parts these bytes.
fn check(dialect: &Dialect, value: &str, expected: &str) {
    let bytes = field(value);
    let read = dialect.decode(&bytes).unwrap_or_else(|error| panic!("{value}: {error}"));
    let parts = read.parts(48).unwrap_or_else(|error| panic!("{value}: {error}"));
    assert_eq!(told(&parts), expected);
    assert!(dialect.check(&read).is_empty());
    let builder = Builder::new(Mti::new("0800")).set_parts(48, written(&parts));
    let again = builder.encode(dialect).unwrap_or_else(|error| panic!("{value}: {error}"));
    assert_eq!(hex::encode(again), hex::encode(bytes), "{expected}");
}

/// The inside is refused: path, offset from the start of the value, and what is found.
fn refused(dialect: &Dialect, value: &str, expected: (&str, usize, &str)) {
    let bytes = field(value);
    let read = dialect.decode(&bytes).unwrap();
    let error = read.parts(48).expect_err(value);
    let (path, found) = (error.path(), error.found());
    assert_eq!(
        (path.as_str(), error.offset().wrapping_sub(START), found.as_str()),
        expected,
        "{value}: {error}"
    );
    assert_eq!(dialect.check(&read)[0].to_string(), error.to_string());
    assert_eq!(dialect.check(&read)[0].path, path);
    // The value itself is right, and stays as it is.
    assert_eq!(read.to_bytes(), bytes);
}

fn cannot_write(dialect: &Dialect, parts: Vec<(String, Written)>, expected: &str) {
    let error = Builder::new(Mti::new("0800")).set_parts(48, parts).encode(dialect).expect_err(expected);
    assert_eq!(error.to_string(), format!("{expected}; put right what is to be sent"));
}

fn part(id: &str, value: &str) -> (String, Written) {
    (id.to_owned(), Written::text(value))
}

#[test]
fn positional() {
    let parts = "1 = { format = 'n3' }\n2 = { format = 'ans..9' }\n3 = { format = 'n5', encoding = 'bcd' }";
    let dialect = inside("b....999", &format!("kind = 'positional'\n[fields.48.inside.parts]\n{parts}"));
    check(&dialect, "313233 3032 4142 012345", "1:123 2:AB 3:12345");
    // The last ones may be absent.
    check(&dialect, "313233 3030", "1:123 2:");
    check(&dialect, "313233", "1:123");
    check(&dialect, "", "");
    refused(&dialect, "3132", ("DE48.1", 0, "2"));
    refused(&dialect, "313241", ("DE48.1", 2, "a letter"));
    refused(&dialect, "313233 30", ("DE48.2 length", 3, "1"));
    refused(&dialect, "313233 3a30", ("DE48.2 length", 3, "byte 0x3A"));
    refused(&dialect, "313233 3033 4142", ("DE48.2", 5, "2"));
    refused(&dialect, "313233 3030 01234a", ("DE48.3", 7, "a nibble above 9"));
    refused(&dialect, "313233 3030 012345 00", ("DE48", 8, "more bytes"));
    cannot_write(
        &dialect,
        vec![part("2", "AB")],
        "DE48.2: expected the parts one after the other from 1, found something else",
    );
    cannot_write(&dialect, vec![part("1", "12")], "DE48.1: expected exactly 3 characters, found 2");
    let all = ["1", "2", "3", "4"].map(|id| part(id, "123")).to_vec();
    cannot_write(&dialect, all, "DE48.4: expected no more parts than the dialect has, found something else");
}

#[test]
fn private_data_subelements() {
    let tagged = "kind = 'tagged'\ntag_bytes = 4\n[fields.48.inside.parts]\n0105 = { format = 'n3' }\n0158 = { format = 'ans..9' }";
    let dialect = inside("ans....999", tagged);
    // Tags 0105 and 0158, between them one that nobody knows.
    check(&dialect, "30313035 303033 313233 39393939 303032 2a2a 30313538 303030", "0105:123 9999:** 0158:");
    check(&dialect, "", "");
    refused(&dialect, "303130", ("DE48", 0, "the end inside the tag"));
    refused(&dialect, "3031303a 303031 31", ("DE48", 0, "other characters"));
    refused(&dialect, "30313035 3030", ("DE48.0105 length", 4, "2"));
    refused(&dialect, "30313035 30303a 31", ("DE48.0105 length", 6, "byte 0x3A"));
    refused(&dialect, "30313035 303033 3132", ("DE48.0105", 7, "2"));
    refused(&dialect, "30313035 303033 313241", ("DE48.0105", 9, "a letter"));
    refused(&dialect, "30313035 303032 3132", ("DE48.0105", 7, "another length"));
    refused(&dialect, "30313538 303130 30313233343536373839", ("DE48.0158", 7, "another length"));
    refused(&dialect, "39393939 303031 30 3031", ("DE48", 8, "the end inside the tag"));
    cannot_write(
        &dialect,
        vec![part("105", "123")],
        "DE48.105: expected a tag of the agreed length, found something else",
    );
    cannot_write(&dialect, vec![part("0105", "12")], "DE48.0105: expected 3 to 3 characters, found 2");
    cannot_write(
        &dialect,
        vec![part("9999", "é")],
        "DE48.9999: expected printable characters, found a byte above 0x7F at position 0",
    );

    let ebcdic = dialect_in_ebcdic(tagged);
    check(&ebcdic, "f0f1f0f5 f0f0f3 f1f2f3 f9c1f9f9 f0f0f1 c1", "0105:123 9A99:A");
    refused(&ebcdic, "f0f1f0f5 f0f0c1 f1f2f3", ("DE48.0105 length", 6, "byte 0xC1"));
}

fn dialect_in_ebcdic(inside: &str) -> Dialect {
    dialect(&format!(
        "text = 'ebcdic-500'\nmti = 'ascii'\n[fields.48]\nlengths = 'binary'\nlength_bytes = 2\nformat = 'ans....999'\n[fields.48.inside]\n{inside}"
    ))
}

#[test]
fn tagged_bytes_of_every_encoding() {
    let tagged = "kind = 'tagged'\ntag_bytes = 2\ntag = 'binary'\nlengths = 'binary'\nlength_digits = 2\n";
    let parts = "[fields.48.inside.parts]\n0001 = { format = 'n..19', encoding = 'bcd' }\nDF01 = { format = 'b..9' }\n\
        DF02 = { format = 'b..9', encoding = 'hex' }\nDF03 = { format = 'x+n..8', encoding = 'bcd' }\nDF04 = { format = 'n3', encoding = 'bcd' }";
    let digits = inside("b....999", &format!("{tagged}{parts}"));
    check(&digits, "0001 03 0123 df01 02 00ff", "0001:123 DF01:00ff");
    check(&digits, "0001 04 1234", "0001:1234");
    // Hexadecimal text is counted in characters, a sign is one more than its digits.
    check(&digits, "df02 04 30304646", "DF02:00FF");
    check(&digits, "df03 05 43 1234 df03 04 43 0123 df03 00", "DF03:C1234 DF03:C123 DF03:");
    check(&digits, "df04 03 0123 abcd 01 7f", "DF04:123 ABCD:7f");
    refused(&digits, "df02 03 303046", ("DE48.DF02", 3, "an odd one"));
    refused(&digits, "df04 04 1234", ("DE48.DF04", 3, "another length"));
    refused(&digits, "df04 03 1123", ("DE48.DF04", 3, "1"));
    refused(&digits, "df", ("DE48", 0, "the end inside the tag"));
    refused(&digits, "df01", ("DE48.DF01 length", 2, "0"));
    refused(&digits, "df01 05 00", ("DE48.DF01", 3, "1"));

    let bytes = inside(
        "b....999",
        &format!("{tagged}counts = 'bytes'\n{}", parts.replace("'bcd'", "'bcd', pad_digit = 'f'")),
    );
    check(&bytes, "0001 02 f123 df01 02 00ff", "0001:123 DF01:00ff");
    check(&bytes, "0001 02 1234 df02 02 30304646", "0001:1234 DF02:00FF");
    check(&bytes, "df03 03 43 1234 df03 03 43 f123 df04 02 f123", "DF03:C1234 DF03:C123 DF04:123");
}

const CHIP: &str = "kind = 'ber-tlv'\n[fields.48.inside.parts]\n9F02 = { format = 'n12' }\n\
    5F2A = { format = 'n3' }\n50 = { format = 'ans..16' }\n5A = { format = 'n..19', pad = 'right', pad_digit = 'f' }";

/// Length, tag, value, where the length counts the tag too: in parts, and in parts of parts.
#[test]
fn lengths_before_their_tags() {
    let first = "kind = 'tagged'\ntag_bytes = 2\nlength_first = true\ncounts_also = 2\n";
    let nested = format!(
        "{first}[fields.48.inside.parts]\n40 = {{ format = 'an2' }}\n\
        [fields.48.inside.parts.47]\nformat = 'ans...99'\n[fields.48.inside.parts.47.inside]\n{first}"
    );
    let dialect = inside("ans....999", &nested);
    // 004 40 "07", 010 47 (005 01 "101")
    check(&dialect, "303034 3430 3037 303130 3437 303035 3031 313031", "40:07 47:(01:101)");
    check(&dialect, "303032 3939", "99:");
    refused(&dialect, "303031 3939", ("DE48 length", 0, "1"));
    refused(&dialect, "303034 3430 3037 3030", ("DE48 length", 7, "2"));
    refused(&dialect, "303034 34", ("DE48", 3, "the end inside the tag"));
    refused(&dialect, "303036 3939 313233", ("DE48.99", 5, "3"));
    refused(&dialect, "303130 3437 303031 3031 3131 31", ("DE48.47 length", 5, "1"));
}

#[test]
fn chip_data() {
    let dialect = inside("b....9999", CHIP);
    check(
        &dialect,
        "9f02 06 000000012550 5f2a 02 0949 50 04 56495341 9f26 02 00ff",
        "9F02:000000012550 5F2A:0949 50:VISA 9F26:00ff",
    );
    check(&dialect, "5a 08 378282246310005f", "5A:378282246310005");
    // Three bytes of tag; order and duplicates are kept; empty values.
    check(&dialect, "df8102 01 aa 9f26 00 9f26 01 01 50 00", "DF8102:aa 9F26: 9F26:01 50:");
    // Long lengths.
    let long = format!("9f10 8180 {}", "aa".repeat(128));
    check(&dialect, &long, &format!("9F10:{}", "aa".repeat(128)));
    let long = format!("9f10 820100 {}", "aa".repeat(256));
    check(&dialect, &long, &format!("9F10:{}", "aa".repeat(256)));
    // Constructed ones nest.
    check(&dialect, "70 0a 50 01 41 a5 05 9f36 02 0001", "70:(50:A A5:(9F36:0001))");
    for (value, expected) in [
        ("9f", ("DE48", 0, "the end inside the tag")),
        ("df8182 8301 00", ("DE48", 0, "a longer tag")),
        ("9f36", ("DE48", 2, "the end")),
        ("9f36 81", ("DE48", 2, "the end inside the length")),
        ("9f36 8201", ("DE48", 2, "the end inside the length")),
        ("9f36 80 0000", ("DE48", 2, "the indefinite form")),
        ("9f36 83 000001 00", ("DE48", 2, "a longer one")),
        ("9f36 03 0001", ("DE48", 3, "fewer bytes")),
        ("9f02 06 00000001255a", ("DE48.9F02", 8, "a nibble above 9")),
        ("9f02 07 00000000012550", ("DE48.9F02", 3, "another length")),
        ("50 01 07", ("DE48.50", 2, "a control character")),
        ("70 03 9f36 01", ("DE48.70", 5, "fewer bytes")),
        ("70 04 50 02 41 80", ("DE48.70.50", 5, "a byte above 0x7F")),
    ] {
        refused(&dialect, value, expected);
    }
    cannot_write(
        &dialect,
        vec![part("9F", "00")],
        "DE48.9F: expected a tag of BER-TLV of 1 to 3 bytes, found something else",
    );
    cannot_write(
        &dialect,
        vec![part("9G", "00")],
        "DE48.9G: expected a tag in hexadecimal digits, found something else",
    );
    cannot_write(
        &dialect,
        vec![part("9F36", "0g")],
        "DE48.9F36: expected binary data, found something else at position 1",
    );
    cannot_write(
        &dialect,
        vec![part("5F2A", "949")],
        "DE48.5F2A: expected digits whose number the bytes tell: an even number, or an odd one padded with F, found something else",
    );
}

#[test]
fn zeros_between_tags_have_no_meaning() {
    let dialect = inside("b....9999", CHIP);
    let bytes = field("00 50 01 41 0000 9f36 01 01 00");
    let read = dialect.decode(&bytes).unwrap();
    assert_eq!(told(&read.parts(48).unwrap()), "50:A 9F36:01");
    assert_eq!(read.to_bytes(), bytes);
}

#[test]
fn parts_do_not_nest_forever() {
    let dialect = inside("b....9999", CHIP);
    let nested = |levels: usize| {
        (1..levels).fold("50 01 41".replace(' ', ""), |inner, _| format!("a5{:02x}{inner}", inner.len() / 2))
    };
    check(&dialect, &nested(6), "A5:(A5:(A5:(A5:(A5:(50:A)))))");
    refused(&dialect, &nested(7), ("DE48.A5.A5.A5.A5.A5.A5", 12, "more levels"));
    refused(&dialect, &nested(60), ("DE48.A5.A5.A5.A5.A5.A5", 12, "more levels"));
    let deep = (0..8).fold(Written::text("41"), |inner, _| Written::Parts(vec![("A5".to_owned(), inner)]));
    let Written::Parts(deep) = deep else { panic!() };
    cannot_write(
        &dialect,
        deep,
        "DE48.A5.A5.A5.A5.A5.A5: expected at most 6 levels of parts, found something else",
    );
}

#[test]
fn inside_hexadecimal_text() {
    let hex_text = "[fields.48]\nformat = 'b....999'\nencoding = 'hex'\nlengths = 'binary'\nlength_bytes = 2\ncounts = 'characters'\n";
    let dialect = dialect(&format!("{hex_text}[fields.48.inside]\n{CHIP}"));
    // 50 01 41, then A5 04 of which 9F36 01 02.
    let text = "500141A5049F360102";
    check(&dialect, &hex::encode(text), "50:A A5:(9F36:02)");
    let bytes = field(&hex::encode(text));
    let read = dialect.decode(&bytes).unwrap();
    let parts = read.parts(48).unwrap();
    // The offset is that of the first digit.
    assert_eq!(parts.iter().map(|part| part.offset() - START).collect::<Vec<_>>(), [4, 10]);
    assert_eq!(parts[1].parts()[0].offset() - START, 16);
    refused(&dialect, &hex::encode("500241"), ("DE48", 4, "fewer bytes"));
    refused(&dialect, &hex::encode("A50350014107"), ("DE48", 12, "the end"));
    refused(&dialect, &hex::encode("A503500107"), ("DE48.A5.50", 8, "a control character"));
}

#[test]
fn behind_a_bitmap_of_their_own() {
    for bits in (8..=192).step_by(8) {
        let parts = format!("1 = {{ format = 'n1' }}\n{bits} = {{ format = 'ans..9' }}");
        for (encoding, digits) in [("binary", false), ("hex", true)] {
            let dialect = inside(
                "b....999",
                &format!(
                    "kind = 'bitmapped'\nbits = {bits}\nbitmap = '{encoding}'\n[fields.48.inside.parts]\n{parts}"
                ),
            );
            let bitmap = format!("80{}", "00".repeat(bits / 8 - 1));
            let last = format!("{}01", "00".repeat(bits / 8 - 1));
            let both = if bits == 8 { "81".to_owned() } else { format!("80{}01", "00".repeat(bits / 8 - 2)) };
            let written = |bitmap: &str| if digits { hex::encode(bitmap) } else { bitmap.to_owned() };
            check(&dialect, &format!("{} 37", written(&bitmap)), "1:7");
            check(&dialect, &format!("{} 3031 41", written(&last)), &format!("{bits}:A"));
            check(&dialect, &format!("{} 37 3030", written(&both)), &format!("1:7 {bits}:"));
            check(&dialect, &written(&"00".repeat(bits / 8)), "");
            let unknown = format!("40{}", "00".repeat(bits / 8 - 1));
            let length = written(&unknown).len() / 2;
            refused(&dialect, &written(&unknown), ("DE48", length, "a bit it does not have"));
            refused(&dialect, &format!("{} 37 00", written(&bitmap)), ("DE48", length + 1, "more bytes"));
            refused(&dialect, "", ("DE48.bitmap", 0, "0"));
        }
    }
    let dialect = inside(
        "b....999",
        "kind = 'bitmapped'\nbits = 16\nbitmap = 'hex'\n[fields.48.inside.parts]\n1 = { format = 'n1' }",
    );
    refused(&dialect, "3030303a", ("DE48.bitmap", 3, "byte 0x3A"));
    cannot_write(
        &dialect,
        vec![part("2", "1")],
        "DE48.2: expected a part of the dialect, found something else",
    );
    cannot_write(
        &dialect,
        vec![part("1", "1"), part("1", "1")],
        "DE48.1: expected parts in ascending order, found something else",
    );
    cannot_write(
        &dialect,
        vec![part("x", "1")],
        "DE48.x: expected the number of a bit, found something else",
    );
}

#[test]
fn a_bitmapped_element_with_a_long_length_and_parts_inside_parts() {
    // As some switches send DE127: six digits of length, 64 bits, and tagged data in one of its parts.
    let dialect = dialect(
        "[fields.127]\nformat = 'b......999'\n[fields.127.inside]\nkind = 'bitmapped'\n[fields.127.inside.parts]\n\
        2 = { format = 'ans..32' }\n\
        [fields.127.inside.parts.22]\nformat = 'ans.....9999'\n\
        [fields.127.inside.parts.22.inside]\nkind = 'tagged'\ntag_bytes = 2\nlength_digits = 2",
    );
    let value = format!("4000040000000000 {} {}", hex::encode("03ABC"), hex::encode("00011A103xyzB200"));
    let bytes = message(127, &format!("{} {value}", hex::encode("000029")));
    let read = dialect.decode(&bytes).unwrap_or_else(|error| panic!("{error}"));
    let parts = read.parts(127).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(told(&parts), "2:ABC 22:(A1:xyz B2:)");
    assert_eq!(parts[1].offset(), 20 + 6 + 8 + 5 + 5);
    assert_eq!(parts[1].parts()[0].offset(), parts[1].offset() + 4);
    let again = Builder::new(Mti::new("0800")).set_parts(127, written(&parts)).encode(&dialect).unwrap();
    assert_eq!(again, bytes);
    let wrong = message(
        127,
        &format!("{} {}", hex::encode("000029"), value.replace(&hex::encode("A103"), &hex::encode("A109"))),
    );
    let error = dialect.decode(&wrong).unwrap().parts(127).unwrap_err();
    assert_eq!((error.path().as_str(), error.offset()), ("DE127.22.A1", parts[1].offset() + 4));
    let wrong = message(
        127,
        &format!("{} {}", hex::encode("000029"), value.replace(&hex::encode("B200"), &hex::encode("B2x0"))),
    );
    let error = dialect.decode(&wrong).unwrap().parts(127).unwrap_err();
    assert_eq!((error.path().as_str(), error.offset()), ("DE127.22.B2 length", parts[1].offset() + 9));
}

#[test]
fn custom_payment_data_behind_eight_bytes_of_bits() {
    // As card networks send DE62: one byte of length, 64 bits, packed digits and text.
    let dialect = dialect(
        "[fields.62]\nformat = 'b..255'\nlengths = 'binary'\n[fields.62.inside]\nkind = 'bitmapped'\n[fields.62.inside.parts]\n\
        1 = { format = 'a1' }\n2 = { format = 'n15', encoding = 'bcd' }\n3 = { format = 'an4' }",
    );
    let bytes = message(62, "15 e000000000000000 45 0123456789012345 41424344");
    let read = dialect.decode(&bytes).unwrap_or_else(|error| panic!("{error}"));
    let parts = read.parts(62).unwrap();
    assert_eq!(told(&parts), "1:E 2:123456789012345 3:ABCD");
    let again = Builder::new(Mti::new("0800")).set_parts(62, written(&parts)).encode(&dialect).unwrap();
    assert_eq!(again, bytes);
}

#[test]
fn parts_are_written_with_the_characters_of_the_value() {
    let tagged = "kind = 'tagged'\ntag_bytes = 2\n[fields.48.inside.parts]\nA1 = { format = 'b..9' }";
    let dialect = inside("ans....99", tagged);
    check(&dialect, "4131 303031 41", "A1:41");
    let text =
        "DE48: expected parts that are written with the characters of the whole value, found something else";
    cannot_write(&dialect, vec![part("A1", "00")], text);
}

#[test]
fn parts_with_a_character_between_them() {
    let parts = "1 = { format = 'ans..25' }\n2 = { format = 'ans2..9' }\n3 = { format = 'an4', inside = { kind = 'positional', parts = { 1 = { format = 'n2' }, 2 = { format = 'a2' } } } }";
    let dialect = inside(
        "ans...999",
        &format!("kind = 'delimited'\ndelimiter = '|'\n[fields.48.inside.parts]\n{parts}"),
    );
    for (text, expected) in
        [("", ""), ("AB", "1:AB"), ("|CD", "1: 2:CD"), ("A B|CD|12XY", "1:A B 2:CD 3:(1:12 2:XY)")]
    {
        check(&dialect, &hex::encode(text), expected);
    }
    let refused = |text: &str, expected| refused(&dialect, &hex::encode(text), expected);
    refused("A|", ("DE48.2", 2, "another length"));
    refused("A|B|12XY", ("DE48.2", 2, "another length"));
    refused("A|BC|12X", ("DE48.3", 5, "another length"));
    refused("A|BC|12XY|", ("DE48", 10, "the character in front of another one"));
    refused("A|BC|1XXY", ("DE48.3.1", 6, "a letter"));
    let written = |parts: &[(&str, &str)]| {
        let parts = parts.iter().map(|(id, text)| ((*id).to_owned(), Written::text(*text))).collect();
        Builder::new(Mti::new("0800")).set_parts(48, parts).encode(&dialect)
    };
    assert!(written(&[("1", "A"), ("2", "BC")]).is_ok());
    for (parts, expected) in [
        (&[("1", "A|B")][..], "without the character"),
        (&[("2", "BC")], "one after the other"),
        (&[("1", "A"), ("2", "BC"), ("3", "12XY"), ("4", "")], "no more parts"),
    ] {
        let error = written(parts).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn the_character_between_parts_is_written_as_the_text_is() {
    let dialect = dialect(
        "text = 'ebcdic-037'\nlengths = 'binary'\n[fields.48]\nformat = 'ans...999'\n[fields.48.inside]\nkind = 'delimited'\ndelimiter = '\\'\n[fields.48.inside.parts]\n1 = { format = 'ans..25' }\n2 = { format = 'n..9' }",
    );
    check(&dialect, "c1 e0 f1f2", "1:A 2:12");
}

//! What a dialect file may say, and in which words it is refused.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use iso8583::{Dialect, Shown, Structure, dialects};

/// The file is refused with exactly this text.
fn refused(file: &str, expected: &str) {
    let error = Dialect::from_toml(file).expect_err(expected);
    let shown = error.to_string();
    // Of a syntax error the rest is in the words of the TOML reader.
    let same = expected.strip_suffix('…').map_or(shown == expected, |start| shown.starts_with(start));
    assert!(same, "\n{file}\nexpected {expected}\nfound    {shown}");
    let line =
        shown.strip_prefix("line ").and_then(|rest| rest.split(':').next()).map(|line| line.parse().unwrap());
    assert_eq!(error.line(), line, "{file}");
}

/// One field in the third line of a file.
fn refused_field(field: &str, expected: &str) {
    refused(&format!("name = 'x'\n[fields]\n48 = {{ {field} }}"), &format!("line 3: fields.48{expected}"));
}

/// The inside of DE48, from the fifth line on.
fn refused_inside(inside: &str, expected: &str) {
    refused(&format!("name = 'x'\n[fields.48]\nformat = 'b...255'\n[fields.48.inside]\n{inside}"), expected);
}

#[test]
fn the_file_as_a_whole() {
    let name = "name: expected a name of letters, digits, - and _, at most 40 characters";
    refused("", name);
    refused("name = ''", &format!("line 1: {name}"));
    refused("# A comment\nname = 'a b'", &format!("line 2: {name}"));
    refused(&format!("name = '{}'", "x".repeat(41)), &format!("line 1: {name}"));
    refused("name = 'x'\nname = 'y'", "line 2: duplicate key…");
    refused("name = 'x'\n[fields", "line 2: …");
    refused("name = 'x'\nversion = 1988", "line 2: version: expected 1987, 1993 or 2003");
    refused("name = 'x'\nversion = '1987'", "line 2: invalid type: string \"1987\", expected u16");
    refused(
        "name = 'x'\nextends = 'visa'",
        "line 2: extends: expected one of the built-in dialects iso87-ascii…",
    );
    refused(
        "name = 'x'\nnmae = 'y'",
        "line 2: unknown field `nmae`, expected one of `name`, `title`, `extends`, `version`, `wire`, `fields`, `messages`, `transaction_id`",
    );
    refused(&"#".repeat(1024 * 1024 + 1), "a dialect file has at most 1048576 bytes");
    assert!(Dialect::from_toml(&format!("name = 'x'\n{}", "#".repeat(1024 * 1024 - 11))).is_ok());
}

#[test]
fn wire_defaults() {
    for (setting, expected) in [
        ("mti = 'hex'", "mti: expected ascii, bcd, ebcdic-037, ebcdic-500 or ebcdic-1047"),
        (
            "bitmap = 'ascii'",
            "bitmap: expected hex, binary, ebcdic-hex-037, ebcdic-hex-500 or ebcdic-hex-1047",
        ),
        (
            "bitmaps = 'two'",
            "bitmaps: expected expanding, expanding-3, always-2, fixed-1, fixed-2 or fixed-3",
        ),
        ("text = 'bcd'", "text: expected ascii, latin-1, ebcdic-037, ebcdic-500 or ebcdic-1047"),
        ("text = 'ebcdic-273'", "text: expected ascii, latin-1, ebcdic-037, ebcdic-500 or ebcdic-1047"),
        ("digits = 'packed'", "digits: expected text or bcd"),
        ("signed = 'packed'", "signed: expected text or bcd"),
        ("track = 'packed'", "track: expected text or bcd"),
        ("binary = 'ascii'", "binary: expected binary, hex, ebcdic-hex-037, -500 or -1047"),
        ("lengths = 'octal'", "lengths: expected ascii, ebcdic, bcd, binary, hex or ebcdic-hex"),
        ("counts = 'bits'", "counts: expected characters, digits, nibbles or bytes"),
        ("pad = 'none'", "pad: expected left or right"),
        ("pad_variable = 'none'", "pad_variable: expected left or right"),
        ("pad_digit = '1'", "pad_digit: expected 0, f, only-0 or only-f"),
    ] {
        refused(&format!("name = 'x'\n[wire]\n{setting}"), &format!("line 3: wire.{expected}"));
    }
    refused("name = 'x'\n[wire]\nheader = 'tcp'", "line 3: wire.header: expected …");
    refused(
        "name = 'x'\n[wire]\nmit = 'bcd'",
        "line 3: unknown field `mit`, expected one of `header`, `mti`, …",
    );
}

#[test]
fn fields() {
    refused_field("name = 'y'", ": expected a format such as n6");
    let example = "; write it as the standard does, for example n6, n..19, ans...999, x+n8 or b64";
    refused_field(
        "format = 'q6'",
        &format!(".format: expected a format begins with a, n, an, as, ns, ans, x+n, z or b{example}"),
    );
    refused_field("format = 'n0'", &format!(".format: expected a length of at least 1{example}"));
    let fits = |format: &str| {
        format!(
            ".encoding: expected an encoding that fits {format}: binary or hex for b, bcd only for n, x+n and z, text for the rest"
        )
    };
    refused_field("format = 'ans6', encoding = 'bcd'", &fits("ans6"));
    refused_field("format = 'n6', encoding = 'hex'", &fits("n6"));
    refused_field("format = 'b64', encoding = 'ascii'", &fits("b64"));
    refused_field(
        "format = 'n6', encoding = 'packed'",
        ".encoding: expected ascii, latin-1, ebcdic-037, ebcdic-500, ebcdic-1047, bcd, binary, hex or ebcdic-hex-037 (-500, -1047)",
    );
    refused_field("format = 'ans..100'", ".length_bytes: expected a length indicator that can say 100");
    refused_field(
        "format = 'ans..256', lengths = 'binary'",
        ".length_bytes: expected a length indicator that can say 256",
    );
    refused_field(
        "format = 'b..50', counts = 'nibbles'",
        ".length_bytes: expected a length indicator that can say 100",
    );
    refused_field("format = 'ans..99', length_bytes = 0", ".length_bytes: expected 1 to 6 bytes");
    refused_field("format = 'ans..99', length_bytes = 7", ".length_bytes: expected 1 to 6 bytes");
    let codes = ".lengths: expected ascii, ebcdic, bcd, binary, hex or ebcdic-hex";
    refused_field("format = 'ans..99', lengths = 'octal'", codes);
    let also = ".counts_also: expected at most 14 bytes: those of the length itself and of a tag";
    refused_field("format = 'ans..99', counts_also = 15", also);
    let greatest = ".length_bytes: expected a length indicator that can say 101";
    refused_field("format = 'ans..99', counts_also = 2", greatest);
    refused_field(
        "format = 'ans..255', lengths = 'hex', counts_also = 1",
        greatest.replace("101", "256").as_str(),
    );
    refused_field("format = 'n8', signs = 'any'", ".signs: expected signs only where there is one: x+n");
    refused_field("format = 'x+n8', signs = 'plus'", ".signs: expected credit-debit or any");
    refused_field(
        "format = 'ans..99', counts = 'bits'",
        ".counts: expected characters, digits, nibbles or bytes",
    );
    refused_field("format = 'n3', pad = 'up'", ".pad: expected left or right");
    refused_field("format = 'n3', pad_digit = 'e'", ".pad_digit: expected 0, f, only-0 or only-f");
    refused_field("format = 'n3', shown = 'all'", ".shown: expected open, private, pan or secret");
    refused_field("format = 'n3', codes = 'colours'", ".codes: expected one of the tables …");
    refused(
        "name = 'x'\n[fields]\n1 = { format = 'n1' }",
        "line 3: fields.1: expected a data element from 2 to 192",
    );
    refused(
        "name = 'x'\n[fields]\n193 = { format = 'n1' }",
        "line 3: fields.193: expected a data element from 2 to 192",
    );
    refused(
        "name = 'x'\n[fields]\n02 = { format = 'n1' }",
        "line 3: fields.02: expected a data element from 2 to 192",
    );
    refused(
        "name = 'x'\n[fields]\n2 = { formt = 'n1' }",
        "line 3: unknown field `formt`, expected one of `name`, `format`, …",
    );
}

#[test]
fn what_is_inside() {
    let kinds = "positional, delimited, tagged, ber-tlv, bitmapped or none";
    refused_inside("", &format!("line 4: fields.48.inside.kind: expected {kinds}"));
    refused_inside("kind = 'tlv'", &format!("line 5: fields.48.inside.kind: expected {kinds}"));
    refused_inside("kind = 'positional'", "line 4: fields.48.inside.parts: expected at least one part");
    refused_inside(
        "kind = 'positional'\n[fields.48.inside.parts]\n1 = { format = 'n1' }\n3 = { format = 'n1' }",
        "line 6: fields.48.inside.parts: expected the parts 1 to 2, 2 among them",
    );
    refused_inside("kind = 'tagged'", "line 4: fields.48.inside.tag_bytes: expected 1 to 8 bytes");
    refused_inside(
        "kind = 'tagged'\ntag_bytes = 9",
        "line 6: fields.48.inside.tag_bytes: expected 1 to 8 bytes",
    );
    let tagged = "kind = 'tagged'\ntag_bytes = 4";
    refused_inside(
        &format!("{tagged}\nlength_digits = 7"),
        "line 7: fields.48.inside.length_digits: expected 1 to 6 digits",
    );
    refused_inside(
        &format!("{tagged}\nlength_digits = 0"),
        "line 7: fields.48.inside.length_digits: expected 1 to 6 digits",
    );
    refused_inside(
        &format!("{tagged}\nlength_bytes = 7"),
        "line 7: fields.48.inside.length_bytes: expected 1 to 6 bytes",
    );
    refused_inside(
        &format!("{tagged}\ntag = 'bcd'"),
        "line 7: fields.48.inside.tag: expected ascii, binary, ebcdic-037, ebcdic-500 or ebcdic-1047",
    );
    refused_inside(
        &format!("{tagged}\n[fields.48.inside.parts]\n105 = {{ format = 'n1' }}"),
        "line 8: fields.48.inside.parts.105: expected a tag of 4 bytes: letters and digits",
    );
    refused_inside(
        "kind = 'tagged'\ntag_bytes = 1\ntag = 'binary'\n[fields.48.inside.parts]\ndf = { format = 'n1' }",
        "line 9: fields.48.inside.parts.df: expected a tag of 1 bytes: upper-case hexadecimal digits, two for each byte",
    );
    refused_inside(
        "kind = 'ber-tlv'\n[fields.48.inside.parts]\n9f26 = { format = 'b64' }",
        "line 7: fields.48.inside.parts.9f26: expected a tag of 2 to 6 upper-case hexadecimal digits",
    );
    refused_inside(
        "kind = 'bitmapped'\nbits = 12",
        "line 6: fields.48.inside.bits: expected 8 to 192 bits, a multiple of 8",
    );
    refused_inside(
        "kind = 'bitmapped'\nbits = 200",
        "line 6: fields.48.inside.bits: expected 8 to 192 bits, a multiple of 8",
    );
    refused_inside(
        "kind = 'bitmapped'\nbits = 16\n[fields.48.inside.parts]\n17 = { format = 'n1' }",
        "line 8: fields.48.inside.parts.17: expected a bit from 1 to 16",
    );
    refused_inside(
        "kind = 'bitmapped'\n[fields.48.inside.parts]\n2 = { format = 'n' }",
        "line 7: fields.48.inside.parts.2.format: expected a length is a number; write it as the standard does, for example n6, \
         n..19, ans...999, x+n8 or b64",
    );
    refused_inside(
        "kind = 'bitmapped'\nbit = 8",
        "line 6: unknown field `bit`, expected one of `kind`, `delimiter`, …",
    );
    refused(
        "name = 'x'\n[fields.48]\nformat = 'ans...255'\n[fields.48.inside]\nkind = 'ber-tlv'",
        "line 5: fields.48.inside.kind: expected ber-tlv inside binary data (b) only",
    );
}

/// The inside of DE48 as text of 20 characters, from the fifth line on.
fn refused_in_text(inside: &str, expected: &str) {
    refused(&format!("name = 'x'\n[fields.48]\nformat = 'ans..20'\n[fields.48.inside]\n{inside}"), expected);
}

#[test]
fn parts_that_can_never_be_there() {
    let bytes = "as the value itself is text; bytes can stand in binary data (b) only";
    let parts = "[fields.48.inside.parts]";
    for (inside, expected) in [
        ("kind = 'bitmapped'".to_owned(), "line 4: fields.48.inside.bitmap: expected hex or an EBCDIC hex"),
        (
            "kind = 'tagged'\ntag_bytes = 1\ntag = 'binary'".to_owned(),
            "line 7: fields.48.inside.tag: expected ascii or an EBCDIC",
        ),
        (
            "kind = 'tagged'\ntag_bytes = 1\nlengths = 'bcd'".to_owned(),
            "line 7: fields.48.inside.lengths: expected ascii or ebcdic",
        ),
        (
            format!("kind = 'positional'\n{parts}\n1 = {{ format = 'n4', encoding = 'bcd' }}"),
            "line 7: fields.48.inside.parts.1.encoding: expected text",
        ),
        (
            format!("kind = 'positional'\n{parts}\n1 = {{ format = 'n..4', lengths = 'binary' }}"),
            "line 7: fields.48.inside.parts.1.lengths: expected ascii or ebcdic",
        ),
    ] {
        refused_in_text(&inside, &format!("{expected}, {bytes}"));
    }
    let room = |least: u32| {
        format!("expected parts that fit into the value, which has at most 20 bytes; up to here are {least}")
    };
    for (inside, at, least) in [
        (
            "kind = 'positional'\n[P]\n1 = { format = 'n20' }\n2 = { format = 'n1' }",
            "line 8: fields.48.inside.parts.2.format",
            21,
        ),
        (
            "kind = 'positional'\n[P]\n1 = { format = 'ans19..30' }",
            "line 7: fields.48.inside.parts.1.format",
            21,
        ),
        (
            "kind = 'tagged'\ntag_bytes = 4\n[P]\n0105 = { format = 'n14' }",
            "line 8: fields.48.inside.parts.0105.format",
            21,
        ),
        (
            "kind = 'bitmapped'\nbitmap = 'hex'\n[P]\n2 = { format = 'n5' }",
            "line 8: fields.48.inside.parts.2.format",
            21,
        ),
        ("kind = 'bitmapped'\nbits = 128\nbitmap = 'hex'", "line 6: fields.48.inside.bits", 32),
        (
            "kind = 'delimited'\ndelimiter = '|'\n[P]\n1 = { format = 'n10' }\n2 = { format = 'n10' }",
            "line 9: fields.48.inside.parts.2.format",
            21,
        ),
    ] {
        refused_in_text(&inside.replace("[P]", parts), &format!("{at}: {}", room(least)));
    }
    refused_in_text(
        &format!("kind = 'tagged'\ntag_bytes = 2\nlength_digits = 1\n{parts}\nAB = {{ format = 'n10' }}"),
        "line 9: fields.48.inside.parts.AB.format: expected a part whose length is at most 9, as its indicator can say",
    );
    refused(
        "name = 'x'\n[fields.43]\nformat = 'ans40'\n[fields.43.inside]\nkind = 'positional'\n[fields.43.inside.parts]\n1 = { format = 'ans22' }",
        "line 6: fields.43.inside.parts: expected parts for all 40 bytes of the value, found parts for 22 at most",
    );
    // A part of a part; and parts that just fit.
    refused_in_text(
        "kind = 'positional'\n[fields.48.inside.parts.1]\nformat = 'ans4'\ninside = { kind = 'positional', parts = { 1 = { format = 'n5' } } }",
        "line 8: fields.48.inside.parts.1.inside.parts.1.format: expected parts that fit into the value, which has at most 4 bytes; up to here are 5",
    );
    let fits = "name = 'x'\n[fields.48]\nformat = 'ans..20'\n[fields.48.inside]\nkind = 'positional'\nparts = { 1 = { format = 'n10' }, 2 = { format = 'ans..10' }, 3 = { format = 'ans8' } }";
    assert!(Dialect::from_toml(fits).is_ok());
}

#[test]
fn tags_of_chip_data_are_whole() {
    let whole =
        "expected a whole tag of BER-TLV: its first byte says whether there are more, in each other bit 8";
    for tag in ["9F", "5F", "BF81", "5A01", "9F0201", "DF8181"] {
        refused_inside(
            &format!("kind = 'ber-tlv'\n[fields.48.inside.parts]\n{tag} = {{ format = 'b..8' }}"),
            &format!("line 7: fields.48.inside.parts.{tag}: {whole}"),
        );
    }
}

#[test]
fn data_elements_have_a_bit() {
    let announced = |de: u8| {
        format!(
            "expected data elements that the bitmaps of this dialect can announce, found {de}; more bitmaps are said with wire.bitmaps"
        )
    };
    for (bitmaps, de) in
        [("fixed-1", 100), ("fixed-2", 129), ("expanding", 130), ("always-2", 129), ("expanding-3", 65)]
    {
        refused(
            &format!(
                "name = 'x'\n[wire]\nbitmaps = '{bitmaps}'\n[fields]\n3 = {{ format = 'n6' }}\n{de} = {{ format = 'n11' }}"
            ),
            &format!("line 6: fields.{de}: {}", announced(de)),
        );
    }
    let extended = "name = 'x'\nextends = 'iso87-ascii'\n[wire]\nbitmaps = 'fixed-1'\n";
    assert!(Dialect::from_toml(extended).is_ok());
    let message = "[messages.0100]\nmandatory = [2]\n";
    for (list, line) in [("optional = [100]", 7), ("conditional = { 100 = 'abroad' }", 7)] {
        let path = if line == 7 && list.starts_with('c') { "conditional.100" } else { "optional" };
        refused(
            &format!("{extended}{message}{list}"),
            &format!("line {line}: messages.0100.{path}: {}", announced(100)),
        );
    }
}

#[test]
fn parts_with_a_character_between_them() {
    let one = "delimiter: expected one character that is no letter, digit or blank, for example |";
    refused_in_text("kind = 'delimited'", &format!("line 4: fields.48.inside.{one}"));
    for character in ["", "||", "a", "1", " ", "ä"] {
        refused_in_text(
            &format!("kind = 'delimited'\ndelimiter = '{character}'"),
            &format!("line 6: fields.48.inside.{one}"),
        );
    }
    refused_inside(
        "kind = 'delimited'\ndelimiter = '|'\n[fields.48.inside.parts]\n1 = { format = 'n1' }",
        "line 5: fields.48.inside.kind: expected delimited inside text only",
    );
    let delimited = "kind = 'delimited'\ndelimiter = '|'";
    refused_in_text(delimited, "line 4: fields.48.inside.parts: expected at least one part");
    for (key, value) in [("length_bytes", "1"), ("lengths", "'ascii'")] {
        refused_in_text(
            &format!("{delimited}\n[fields.48.inside.parts]\n1 = {{ format = 'n..5', {key} = {value} }}"),
            &format!(
                "line 8: fields.48.inside.parts.1.{key}: expected no length indicator: the part ends where the character stands"
            ),
        );
    }
}

#[test]
fn parts_nest_six_levels_at_most() {
    let nested = |levels: usize| {
        let mut path = "fields.48".to_owned();
        let mut text = format!("name = 'x'\n[{path}]\nformat = 'b...255'\n");
        for _ in 0..levels {
            path.push_str(".inside");
            text.push_str(&format!("[{path}]\nkind = 'bitmapped'\n"));
            path.push_str(".parts.1");
            text.push_str(&format!("[{path}]\nformat = 'b..99'\n"));
        }
        text
    };
    assert!(Dialect::from_toml(&nested(5)).is_ok());
    for levels in [6, 7] {
        let error = Dialect::from_toml(&nested(levels)).unwrap_err();
        assert!(error.to_string().ends_with(".inside: expected at most 6 levels of parts"), "{error}");
    }
    refused(&nested(40), "recursion limit");
    assert!(Dialect::from_toml(&format!("name = {}", "[".repeat(100_000))).is_err());
}

#[test]
fn message_types() {
    let refused_message = |message: &str, expected: &str| {
        let fields = "2 = { format = 'n..19' }\n3 = { format = 'n6' }\n4 = { format = 'n12' }";
        refused(&format!("name = 'x'\n[fields]\n{fields}\n{message}"), expected);
    };
    let four = "expected a message type of four digits, not that of a repeat";
    refused_message("[messages.100]", &format!("line 6: messages.100: {four}"));
    refused_message("[messages.0101]", &format!("line 6: messages.0101: {four}"));
    let message = "[messages.0100]\n";
    refused_message(
        &format!("{message}mandatory = [2, 5]"),
        "line 7: messages.0100.mandatory: expected data elements that the dialect has, found 5",
    );
    refused_message(
        &format!("{message}mandatory = [2]\noptional = [3, 2]"),
        "line 8: messages.0100.optional: expected every data element once, found 2 twice",
    );
    refused_message(
        &format!("{message}mandatory = [2]\nconditional = {{ 2 = 'always' }}"),
        "line 8: messages.0100.conditional: expected every data element once, found 2 twice",
    );
    refused_message(
        &format!("{message}conditional = {{ x = 'always' }}"),
        "line 7: messages.0100.conditional.x: expected the number of a data element",
    );
    refused_message(
        &format!("{message}mandatory = [2]\nnotes = {{ 3 = 'what for' }}"),
        "line 8: messages.0100.notes.3: expected a data element of this message type",
    );
    refused_message(
        &format!("{message}others = 'ignored'"),
        "line 7: messages.0100.others: expected accepted or refused",
    );
    refused_message(
        &format!("{message}mandatory = [300]"),
        "line 7: invalid value: integer `300`, expected u8",
    );
}

#[test]
fn what_is_not_said_comes_from_the_extended_dialect() {
    let file = "name = 'bank'\nextends = 'iso87-ascii'\n[wire]\nbitmap = 'binary'\n[fields]\n\
        2 = { format = 'n..16' }\n64 = { absent = true }\n[fields.55]\nformat = 'b...255'\nshown = 'open'\n\
        [fields.55.inside]\nkind = 'ber-tlv'";
    let (dialect, base) = (Dialect::from_toml(file).unwrap(), dialects::iso87_ascii());
    assert_eq!((dialect.name(), dialect.version()), ("bank", base.version()));
    assert_eq!(dialect.field(2).unwrap().format.to_string(), "n..16");
    assert_eq!(dialect.field(2).unwrap().name, base.field(2).unwrap().name);
    assert_eq!(dialect.field(3), base.field(3));
    assert_eq!(dialect.field(64), None);
    assert!(matches!(dialect.field(55).unwrap().inside, Some(Structure::BerTlv(_))));
    // An error in what is extended has no line, one in the file has.
    refused(
        "name = 'x'\nextends = 'iso87-ascii'\n[fields]\n43 = { encoding = 'bcd' }",
        "line 4: fields.43.encoding: expected …",
    );
    refused(
        "name = 'x'\nextends = 'iso87-ascii'\n[wire]\ndigits = 'bcd'\n[fields]\n43 = { lengths = 'x' }",
        "line 6: fields.43.lengths: …",
    );
    // Every built-in dialect is loaded, and its name is that of its file.
    for name in dialects::names() {
        // Nobody else's file may have that name.
        let error = Dialect::from_toml(dialects::source(name).unwrap()).unwrap_err();
        assert_eq!((error.path(), error.line().is_some()), ("name", true), "{name}");
        assert_eq!(dialects::named(name).unwrap().name(), name);
    }
    assert_eq!(dialects::all().count(), dialects::names().count());
    assert_eq!(dialects::source("visa"), None);
}

#[test]
fn card_data_cannot_be_shown_more_openly() {
    let open = |de: u8, format: &str| {
        let wire = "[wire]\nbitmaps = 'expanding-3'";
        let file = format!("name = 'x'\n{wire}\n[fields]\n{de} = {{ format = '{format}', shown = 'open' }}");
        Dialect::from_toml(&file).unwrap().field(de).unwrap().shown
    };
    for (des, expected) in [
        (&[2_u8, 34, 102, 103][..], Shown::Pan),
        (&[14, 35, 36, 45, 52], Shown::Secret),
        (&[43, 44, 46, 47, 48, 54, 55, 60, 63, 72, 98, 104, 127], Shown::Private),
        (&[3, 4, 37, 128, 130], Shown::Open),
    ] {
        des.iter().for_each(|de| assert_eq!(open(*de, "ans..28"), expected, "DE{de}"));
    }
    // What is inside is not shown more openly either, unless it is too short for a card number.
    let part = |de: u8, format: &str, inside: &str| {
        let file = format!(
            "name = 'x'\n[fields.{de}]\nformat = 'b...255'\n[fields.{de}.inside]\n{inside}\n\
            [fields.{de}.inside.parts]\n57 = {{ format = '{format}', shown = 'open' }}"
        );
        match &Dialect::from_toml(&file).unwrap().field(de).unwrap().inside {
            Some(Structure::BerTlv(parts)) => parts["57"].shown,
            Some(Structure::Tagged(tagged)) => tagged.parts["57"].shown,
            Some(Structure::Bitmapped(bitmapped)) => bitmapped.parts[&57].shown,
            other => panic!("{other:?}"),
        }
    };
    let tagged = "kind = 'tagged'\ntag_bytes = 2";
    assert_eq!(part(48, "ans..19", tagged), Shown::Private);
    assert_eq!(part(48, "n..19", tagged), Shown::Private);
    assert_eq!(part(48, "ans..12", tagged), Shown::Open);
    assert_eq!(part(35, "ans..12", tagged), Shown::Secret);
    assert_eq!(part(2, "n..12", "kind = 'bitmapped'"), Shown::Pan);
    // Tags of chip data that hold card data show nothing at all.
    assert_eq!(part(55, "b..19", "kind = 'ber-tlv'"), Shown::Secret);
}

#[test]
fn the_schema_names_every_key() {
    let schema = Dialect::json_schema().to_string();
    for key in ["extends", "pad_variable", "length_bytes", "mandatory_echo", "tag_bytes", "others"] {
        assert!(schema.contains(key), "{key}");
    }
}

#[test]
fn a_dialect_file_has_a_name_of_its_own_and_names_of_one_line() {
    let base = "extends = 'iso87-ascii'";
    refused(base, "name: expected a name of letters…");
    refused(
        &format!("name = 'ipm'\n{base}"),
        "line 1: name: expected a name of its own, such as bank-a; ipm is …",
    );
    refused("name = 'x'\ntitle = \"a\\nb\"", "line 2: title: expected one line of text…");
    refused(
        "name = 'x'\n[fields]\n3 = { format = 'n6', name = \"a\\nb\" }",
        "line 3: fields.3.name: expected one line of text…",
    );
    refused(&format!("name = 'x'\n{base}\n[fields]\n4 = {{ absent = true }}"), "line 4: fields.4.absent: …");
    refused(
        "name = 'x'\n[fields]\n4 = 'n12'",
        "line 3: invalid type: string \"n12\", expected a table such as …",
    );
}

#[test]
fn where_the_network_s_name_of_a_transaction_stands() {
    let file = |places: &str| format!("name = 'x'\nextends = 'visa-base1-like'\ntransaction_id = {places}");
    for (places, expected) in [
        ("[['62.2'], []]", "lists of places such as [\"62.2\"], found an empty one"),
        ("[['62']]", ""),
        ("[['62.2', '15']]", ""),
        ("[]", ""),
        ("[['62.8']]", "data elements or listed parts of this dialect, such as 15 or 62.2, found 62.8"),
        ("[['062.2']]", "data elements or listed parts of this dialect, such as 15 or 62.2, found 062.2"),
        ("[['62.']]", "data elements or listed parts of this dialect, such as 15 or 62.2, found 62."),
        ("[['65']]", "data elements or listed parts of this dialect, such as 15 or 62.2, found 65"),
        ("[['2']]", "places that may be stored, found 2, which holds card data"),
        ("[['126.9']]", "places that may be stored, found 126.9, which holds card data"),
    ] {
        match expected {
            "" => assert!(Dialect::from_toml(&file(places)).is_ok(), "{places}"),
            _ => refused(&file(places), &format!("line 3: transaction_id: expected {expected}")),
        }
    }
    // What the extended dialect says of a data element that is not there any more is left out.
    let without = "name = 'x'\nextends = 'visa-base1-like'\n[fields]\n62.inside.kind = 'none'";
    let document = |dialect: &Dialect| iso8583::document(dialect, &[]);
    assert!(!document(&Dialect::from_toml(without).unwrap()).contains("name of the transaction"));
    let words =
        "- The network's name of the transaction: DE48.2.63, else DE63.1 with DE63.2 with DE15. Blanks";
    assert!(document(dialects::named("mastercard-like").unwrap()).contains(words));
}

//! What one view of a data element hides, no other view shows: the whole, its parts, JSON, dump, copy, difference.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use iso8583::{
    Builder, Dialect, Mti,
    describe::{self, Description, Show},
    dialects,
};
use proptest::prelude::*;

const TAGGED: &str = r#"
name = "tagged"
extends = "iso87-binary"
[fields.62]
format = "b...999"
[fields.62.inside]
kind = "tagged"
tag_bytes = 1
tag = "binary"
lengths = "binary"
length_bytes = 1
[fields.62.inside.parts]
02 = { name = "packed", format = "b..10" }
05 = { name = "secret", format = "b64", shown = "secret" }
[fields.63]
format = "b...999"
[fields.63.inside]
kind = "ber-tlv"
parts_from = "emv"
"#;

const POSITIONAL: &str = r#"
name = "positional"
extends = "iso87-ascii"
[fields]
43 = { name = "place", format = "ans40", shown = "open" }
72 = { name = "record", format = "ans...999", shown = "open" }
[fields.48.inside]
kind = "positional"
[fields.48.inside.parts]
1 = { name = "one", format = "n6" }
2 = { name = "two", format = "n6" }
3 = { name = "three", format = "n4" }
[fields.62.inside]
kind = "delimited"
delimiter = "|"
[fields.62.inside.parts]
1 = { name = "one", format = "n..6" }
2 = { name = "two", format = "n..6" }
3 = { name = "three", format = "n..4" }
"#;

/// A message with this value beside what makes it plausible; of binary data the value is hexadecimal digits.
fn bytes(dialect: &Dialect, de: u8, value: &str) -> Vec<u8> {
    let builder = Builder::new(Mti::new("0100"))
        .set(2, "4111111111111111")
        .set(3, "000000")
        .set(4, "000000001000")
        .set(7, "1010120000")
        .set(11, "000123");
    builder.set(de, value).encode(dialect).unwrap()
}

/// Everything that any view shows; the bytes of a copy as they are, in text and in digits.
fn views(dialect: &Dialect, bytes: &[u8], de: u8) -> Vec<(&'static str, String)> {
    let message = dialect.decode(bytes).unwrap();
    let other = Builder::new(Mti::new("0100")).set(3, "000000").encode(dialect).unwrap();
    let other = dialect.decode(&other).unwrap();
    let copy = describe::redact(&message);
    let dump = describe::hexdump(dialect, bytes, Show::Masked);
    let columns = dump.lines().filter_map(|line| line.get(8..56)).map(|line| line.replace(' ', ""));
    let text = dump.lines().filter_map(|line| line.split('|').nth(1)).map(str::trim_end);
    let value = message.value(de).unwrap();
    vec![
        ("table", Description::of(dialect, bytes, Show::Masked).to_string()),
        ("json", describe::to_json(&message, None, Show::Masked)),
        ("digits of the dump", columns.collect()),
        ("text of the dump", text.collect()),
        ("debug", format!("{message:?} {value:?} {} {:?}", value.masked(), message.parts(de))),
        ("builder", format!("{:?}", Builder::from_message(&message))),
        ("list", message.describe()),
        ("diff", describe::diff(&message, &other).iter().map(|line| format!("{line}\n")).collect()),
        ("copy", String::from_utf8_lossy(&copy).into_owned()),
        ("digits of the copy", hex::encode(copy)),
    ]
}

fn leaks(dialect: &Dialect, de: u8, value: &str, secret: &str) -> Vec<String> {
    let views = views(dialect, &bytes(dialect, de, value), de);
    let lower = secret.to_lowercase();
    let shows = |text: &str| text.contains(secret) || text.contains(&lower);
    views.into_iter().filter(|(_, text)| shows(text)).map(|(view, text)| format!("{view}: {text}")).collect()
}

#[test]
fn what_one_view_hides_no_other_shows() {
    let mastercard = dialects::named("mastercard-like").unwrap();
    let (tagged, positional) = (Dialect::from_toml(TAGGED).unwrap(), Dialect::from_toml(POSITIONAL).unwrap());
    for (dialect, de, value, secret) in [
        // A secret inside an element that is private as a whole.
        (mastercard, 48, "T92039874305ABCDE", "03987"),
        (mastercard, 48, "T92039874305ABCDE", "ABCDE"),
        // Parts that cannot be read.
        (mastercard, 48, "T920398", "0398"),
        (mastercard, 48, "T9205987", "987"),
        // Two of them beside each other.
        (mastercard, 48, "T92039879203654", "3654"),
        // A card number that reads as parts.
        (mastercard, 48, "2221164940427274", "64940427"),
        (mastercard, 48, "2221164940427275", "64940427"),
        // Separators.
        (mastercard, 62, "4012.8888.8888.1881", "8888.8"),
        (mastercard, 62, "4929/1274/5678/5230", "1274"),
        (mastercard, 62, "4929,1274,5678,5230", "1274"),
        (mastercard, 62, "4929_1274_5678_5230", "1274"),
        (mastercard, 62, "4929     1274     5678     5230", "1274"),
        (mastercard, 62, "F4F9F2F9F1F2F7F4F5F6F7F8F5F2F3F0", "F1F2F7F4"),
        // Packed in binary data, with a right check digit and a wrong one.
        (&tagged, 62, "02084012888888881881", "88888888"),
        (&tagged, 62, "02084012888888881882", "88888888"),
        (&tagged, 62, "0205123456789005080123456789ABCDEF", "89ABCDEF"),
        (&tagged, 62, "020840128888888818810508ABCDEF0123456789", "23456789"),
        // Track 2 with a wrong check digit.
        (&tagged, 63, "57114929127456785230D29121011234567890", "29121011"),
        (&tagged, 63, "57114929127456785230D29121011234567890", "34567890"),
        // Pieces side by side.
        (&positional, 48, "4929127456785230", "456785"),
        (&positional, 62, "401288|888888|1881", "888888"),
        (&positional, 62, "401288|888888|1882", "888888"),
        // What a file opens although it is private.
        (&positional, 43, "SHOP 4929127456785230                   ", "45678523"),
        (&positional, 72, "SHOP 4929127456785230", "45678523"),
    ] {
        assert_eq!(leaks(dialect, de, value, secret), Vec::<String>::new(), "DE{de} {value}");
    }
}

#[test]
fn what_is_no_secret_is_still_shown() {
    let mastercard = dialects::named("mastercard-like").unwrap();
    let value = "T42070103210610601234A9203987";
    let views = views(mastercard, &bytes(mastercard, 48, value), 48);
    for view in ["table", "json"] {
        let (_, text) = views.iter().find(|(name, _)| *name == view).unwrap();
        assert!(text.contains("0103210") && text.contains("01234A"), "{view}: {text}");
    }
}

#[test]
fn the_end_of_a_packed_card_number_is_four_digits() {
    let text =
        "name = \"packed\"\nextends = \"iso87-binary\"\n[fields]\n102 = { name = \"a\", format = \"b..10\" }";
    let dialect = Dialect::from_toml(text).unwrap();
    assert_eq!(leaks(&dialect, 102, "4012888888881881", "88881881"), Vec::<String>::new());
}

proptest! {
    #[test]
    fn a_secret_part_is_shown_nowhere(
        front in "[A-Z]{0,12}",
        secret in "[G-Z]{7,12}",
        behind in "[A-Z]{0,12}",
        cut in 0_usize..4,
    ) {
        let dialect = dialects::named("mastercard-like").unwrap();
        let part = |tag: &str, text: &str| format!("{tag}{:02}{text}", text.len());
        let whole = format!("T{}{}{}", part("42", &front), part("43", &secret), part("37", &behind));
        let value = &whole[..whole.len() - cut.min(behind.len())];
        prop_assume!(!front.contains(&secret) && !behind.contains(&secret));
        prop_assert_eq!(leaks(dialect, 48, value, &secret), Vec::<String>::new(), "{}", value);
    }

    #[test]
    fn a_number_in_pieces_is_shown_nowhere(
        digits in "[4-5][1-9]{15}",
        separator in "[ ./,_:;+-]{0,4}",
    ) {
        let dialect = dialects::named("mastercard-like").unwrap();
        let pieces = [&digits[..4], &digits[4..8], &digits[8..12], &digits[12..]];
        let value = pieces.join(&separator);
        prop_assert_eq!(leaks(dialect, 62, &value, &pieces[..3].join(&separator)), Vec::<String>::new());
        prop_assert_eq!(leaks(dialect, 62, &value, &pieces[1..3].join(&separator)), Vec::<String>::new());
    }
}

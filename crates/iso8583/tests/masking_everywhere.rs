//! In no dialect and no encoding does anything that can be printed show a card number or a secret.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod card_numbers;

use std::{fs, path::Path, sync::LazyLock};

use card_numbers::with_check_digit;
use iso8583::{Builder, Class, CodePage, Dialect, Length, Message, Mti, Shown, Written, dialects};
use proptest::{prelude::*, sample::select};

const PAN: &str = "4929000012348769";
const AMEX: &str = "378282246310005";

/// All built-in dialects, those of the vectors, and one with every structure; without headers.
static ALL: LazyLock<Vec<Dialect>> = LazyLock::new(|| {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/dialects");
    let files =
        fs::read_dir(directory).unwrap().map(|file| fs::read_to_string(file.unwrap().path()).unwrap());
    let structured = include_str!("written_dialects/structured.toml").to_owned();
    let files = files.chain([structured]).map(|text| Dialect::from_toml(&text).unwrap());
    let without_header = |dialect: Dialect| dialect.with_header("none".parse().unwrap());
    dialects::all().cloned().chain(files).map(without_header).collect()
});

fn structured() -> Dialect {
    Dialect::from_toml(include_str!("written_dialects/structured.toml")).unwrap()
}

/// Everything that can be printed of a message.
fn printed(message: &Message<'_>) -> String {
    let parts: String = message
        .values()
        .map(|(de, value)| {
            format!("{value:?} {} {:?} {:?}\n", value.masked(), message.parts(de), message.number(de).err())
        })
        .collect();
    let views = format!("{:?} {:?}", message.pan(), message.original_data().err());
    format!("{message:?}\n{}{parts}{views}", message.describe())
}

/// No five digits of a number stand in what is printed, in plain, as packed digits, or in ASCII or EBCDIC bytes.
fn hidden(printed: &str, number: &str) {
    for start in 0..=number.len() - 5 {
        let digits = &number[start..start + 5];
        let ascii = hex::encode(digits);
        let ebcdic =
            ascii.bytes().enumerate().map(|(at, byte)| if at % 2 == 0 { 'f' } else { char::from(byte) });
        for shown in [digits.to_owned(), ascii.clone(), ebcdic.collect()] {
            assert!(!printed.contains(&shown), "{digits} of {number} in {printed}");
        }
    }
}

fn padded(value: &str, length: Length) -> Option<String> {
    let length_of = match length {
        Length::Fixed(length) => length,
        Length::Variable { max, .. } => return (value.len() <= max as usize).then(|| value.to_owned()),
    } as usize;
    (value.len() <= length_of).then(|| format!("{value:<length_of$}"))
}

/// A message with this value in this element alone, printed; none if it does not fit there.
fn printed_with(dialect: &Dialect, de: u8, value: &str) -> Option<String> {
    let builder = Builder::new(Mti::new("0100")).set(de, value);
    let bytes = builder.encode(dialect).ok()?;
    let message = dialect.decode(&bytes).unwrap();
    let copy = format!("{:?}", Builder::from_message(&message));
    Some(format!("{}\n{copy}", printed(&message)))
}

#[test]
fn card_numbers_tracks_and_secrets_in_every_dialect() {
    for dialect in ALL.iter() {
        let mut seen = 0;
        for (de, value) in [
            (2, PAN.to_owned()),
            (2, AMEX.to_owned()),
            (34, PAN.to_owned()),
            (35, format!("{PAN}=29121011234")),
            (35, format!("{AMEX}=29121011234")),
            (36, format!("99{PAN}==1234")),
            (45, format!("B{PAN}^TEST/CARD^2912101")),
            (52, PAN.to_owned()),
            (55, format!("5A08{PAN}")),
            (102, PAN.to_owned()),
            (103, AMEX.to_owned()),
        ] {
            let Some(field) = dialect.field(de) else { continue };
            let value = padded(&value, field.format.length).unwrap_or(value);
            let Some(printed) = printed_with(dialect, de, &value) else { continue };
            // The last four digits may stay.
            let number = if value.contains(AMEX) { AMEX } else { PAN };
            hidden(&printed, &number[..number.len() - 1]);
            if de == 35 || de == 45 {
                assert!(!printed.contains("2912"), "{}: {printed}", dialect.name());
            }
            seen += 1;
        }
        assert!(seen >= 3, "{}: {seen}", dialect.name());
        for (de, secret) in [(14, "2912"), (52, "0123456789ABCDEF")] {
            let printed = dialect.field(de).and_then(|_| printed_with(dialect, de, secret));
            assert!(
                printed.is_none_or(|printed| !printed.to_uppercase().contains(secret)),
                "{}",
                dialect.name()
            );
        }
    }
}

#[test]
fn card_numbers_inside_values() {
    let dialect = structured();
    let text = |id: &str, value: &str| (id.to_owned(), Written::text(value));
    let parts = |id: &str, parts: Vec<(String, Written)>| (id.to_owned(), Written::Parts(parts));
    let ebcdic: Vec<u8> = PAN.bytes().map(|byte| CodePage::Ibm500.encode_byte(byte)).collect();
    let (ascii, ebcdic) = (hex::encode(PAN), hex::encode(ebcdic));
    let check = |de: u8, given: Vec<(String, Written)>| {
        let builder = Builder::new(Mti::new("0100")).set_parts(de, given);
        let bytes = builder.encode(&dialect).unwrap_or_else(|error| panic!("DE{de} {error}"));
        let message = dialect.decode(&bytes).unwrap();
        assert!(!message.parts(de).unwrap().is_empty());
        let printed = format!("{}{builder:?}{:?}", printed(&message), Builder::from_message(&message));
        hidden(&printed, &PAN[..15]);
    };
    // Private data subelements: known, unknown.
    check(48, vec![text("0105", PAN)]);
    check(48, vec![text("9999", PAN), text("9998", &format!("CARD {PAN}"))]);
    check(54, vec![text("1", "123"), text("2", &format!("{PAN:<20}"))]);
    // Chip data: known tags, those of card data, unknown ones, in every code.
    check(55, vec![text("5A", PAN)]);
    for tag in ["57", "56", "9F1F", "9F20", "9F6B", "DF01", "C1", "DF8101"] {
        check(55, vec![text(tag, PAN)]);
        check(55, vec![text(tag, &format!("{PAN}d291"))]);
        check(55, vec![text(tag, &ascii)]);
        check(55, vec![text(tag, &ebcdic)]);
        check(55, vec![parts("70", vec![parts("A5", vec![text(tag, PAN)])])]);
        check(60, vec![parts("70", vec![text(tag, PAN)])]);
    }
    check(62, vec![text("9", PAN)]);
    check(63, vec![text("01", PAN), text("03", &ascii), text("77", PAN)]);
    check(63, vec![text("03", &ebcdic.to_uppercase())]);
    check(127, vec![text("2", PAN), parts("22", vec![parts("C1", vec![text("57", PAN)]), text("D2", PAN)])]);
}

#[test]
fn errors_name_no_digit_of_a_value() {
    for dialect in ALL.iter() {
        let Ok(bytes) = Builder::new(Mti::new("0100")).set(2, PAN).encode(dialect) else {
            panic!("{}", dialect.name())
        };
        for at in 0..bytes.len() {
            for byte in [0x00, 0x41, 0xAA, 0xFF] {
                let mut wrong = bytes.clone();
                wrong[at] = byte;
                let error = dialect.decode(&wrong).err();
                hidden(&error.map_or_else(String::new, |error| format!("{error} {error:?}")), PAN);
            }
            hidden(&format!("{:?}", dialect.decode(&bytes[..at])), PAN);
        }
        for value in [format!("{PAN}{PAN}"), format!("{PAN}x"), "x".to_owned() + PAN] {
            let error = Builder::new(Mti::new("0100")).set(2, value.as_str()).encode(dialect);
            if let Err(error) = error {
                hidden(&format!("{error} {error:?}"), PAN);
            }
            hidden(&format!("{:?}", Builder::new(Mti::new("0100")).set(2, value)), &PAN[..15]);
        }
    }
}

fn card_number() -> impl Strategy<Value = String> {
    "[1-9][0-9]{11,17}"
        .prop_filter("five digits alike hide nothing", |digits| {
            digits.as_bytes().windows(5).all(|five| five.iter().any(|digit| *digit != five[0]))
        })
        .prop_map(|digits| with_check_digit(&digits))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_card_number_in_any_text_of_any_dialect(number in card_number(), before in select(vec!["", "CARD ", "X="])) {
        for dialect in ALL.iter() {
            for (de, field) in dialect.fields() {
                let text = !matches!(field.format.class, Class::Binary | Class::Track | Class::Numeric | Class::SignedNumeric);
                if !text || field.shown == Shown::Open || field.inside.is_some() {
                    continue;
                }
                let Some(value) = padded(&format!("{before}{number}"), field.format.length) else { continue };
                let Some(printed) = printed_with(dialect, de, &value) else { continue };
                // A number that begins with another one may show the last digits of that: no more than four together.
                let digits = number.len() - 1;
                prop_assert!(!printed.contains(&number), "{} DE{de} {printed}", dialect.name());
                prop_assert!(!printed.contains(&number[..digits]), "{} DE{de} {printed}", dialect.name());
                hidden(&printed, &number[..digits]);
            }
        }
    }
}

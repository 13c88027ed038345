//! Typed views of data elements, and tagged private data.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod written_dialects;

use iso8583::{
    AdditionalAmount, Builder, FieldError, Message, Mti, OriginalData, Version, Written, dialects, tagged,
    transaction_id,
};

/// Decodes one data element and looks at it.
fn with<T>(de: u8, value: &str, look: impl FnOnce(&Message<'_>) -> T) -> T {
    let bytes = Builder::new(Mti::new("0420")).set(de, value).encode(dialects::iso87_ascii()).unwrap();
    look(&dialects::iso87_ascii().decode(&bytes).unwrap())
}

#[test]
fn amounts_and_numbers() {
    assert_eq!(with(4, "000000012550", |m| m.amount(4)), Ok(Some(12550)));
    assert_eq!(with(6, "999999999999", |m| m.amount(6)), Ok(Some(999_999_999_999)));
    assert_eq!(with(4, "000000012550", |m| m.amount(5)), Ok(None));
    assert_eq!(with(11, "000042", |m| m.number(11)), Ok(Some(42)));
    assert_eq!(with(2, "9999999999999999999", |m| m.number(2)), Ok(Some(9_999_999_999_999_999_999)));
    assert_eq!(with(32, "", |m| m.number(32)), Ok(None));
    let error = with(11, "000042", |m| m.amount(11)).unwrap_err();
    assert_eq!((error.de, error.expected), (11, "DE4, DE5 or DE6"));
    let error = with(37, "12345678901A", |m| m.number(37)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "DE37: expected digits, a number of at most 64 bits, found something else; the sender must send it as agreed"
    );
    let too_great = with(48, "99999999999999999999", |m| m.number(48)).unwrap_err();
    assert_eq!((too_great.de, too_great.found), (48, "something else"));
}

#[test]
fn original_data_elements() {
    let value = "010000471111212144380000012345600000000000";
    let expected = OriginalData {
        mti: Mti::new("0100"),
        stan: "004711".into(),
        transmission: "1121214438".into(),
        acquirer: "00000123456".into(),
        forwarder: "00000000000".into(),
    };
    with(90, value, |m| assert_eq!(m.original_data(), Ok(Some(expected.clone()))));
    assert!(
        expected.is_acquirer("123456") && expected.is_acquirer("00123456") && !expected.is_acquirer("23456")
    );
    with(11, "000001", |m| assert_eq!(m.original_data(), Ok(None)));
    for wrong in ["", "0100", "01000047111121214438000001234560000000000x"] {
        assert_eq!(OriginalData::parse(Version::V1987, wrong).unwrap_err().de, 90, "{wrong}");
    }
}

#[test]
fn replacement_amount_is_the_first_of_four() {
    let value = "000000010000".to_owned() + &"0".repeat(30);
    assert_eq!(with(95, &value, |m| m.replacement_amount()), Ok(Some(10_000)));
    assert_eq!(with(4, "000000012550", |m| m.replacement_amount()), Ok(None));
    let blank = " ".repeat(42);
    let error = with(95, &blank, |m| m.replacement_amount()).unwrap_err();
    assert_eq!((error.de, error.expected), (95, "12 digits at its start"));
}

#[test]
fn additional_amounts() {
    let cashback = AdditionalAmount {
        account_type: "00".into(),
        amount_type: "40".into(),
        currency: "949".into(),
        credit: false,
        amount: 10_000,
    };
    let balance = AdditionalAmount {
        account_type: "30".into(),
        amount_type: "02".into(),
        currency: "840".into(),
        credit: true,
        amount: 199,
    };
    let text = "0040949D0000000100003002840C000000000199";
    let amounts = vec![cashback.clone(), balance];
    assert_eq!(AdditionalAmount::write_all(&amounts).unwrap(), text);
    assert_eq!(with(54, text, |m| m.additional_amounts()), Ok(Some(amounts)));
    assert_eq!(with(54, "", |m| m.additional_amounts()), Ok(None));
    assert_eq!(with(11, "000001", |m| m.additional_amounts()), Ok(None));
    for wrong in
        ["0", "0040949D00000001000", "0040949X000000010000", "0040949D00000001000x", "004A949D000000010000"]
    {
        assert_eq!(with(54, wrong, |m| m.additional_amounts()).unwrap_err().de, 54, "{wrong}");
    }
    assert!(AdditionalAmount::parse_all("é040949D00000001000").is_err());
    assert!(AdditionalAmount::parse_all(&"0040949D000000010000".repeat(7)).is_err());

    let refused = |amounts: &[AdditionalAmount]| AdditionalAmount::write_all(amounts).unwrap_err();
    let _: FieldError = refused(&vec![cashback.clone(); 7]);
    refused(&[AdditionalAmount { amount: 1_000_000_000_000, ..cashback.clone() }]);
    refused(&[AdditionalAmount { currency: "TRY".into(), ..cashback.clone() }]);
    refused(&[AdditionalAmount { amount_type: "4".into(), ..cashback }]);
}

#[test]
fn tagged_data_is_read_and_written_in_order() {
    let entries = [("Z9", "A B=1"), ("01", "MILES"), ("p7", "")];
    let text = tagged::write(&entries).unwrap();
    assert_eq!(text, "Z9005A B=101005MILESp7000");
    assert_eq!(tagged::parse(&text).unwrap(), entries);
    assert_eq!(tagged::parse(""), Ok(vec![]));
    assert_eq!(tagged::write(&[]).as_deref(), Ok(""));
}

#[test]
fn tagged_data_is_strict() {
    for (text, offset, expected) in [
        ("0", 0, "a tag of 2 characters"),
        ("0-001x", 0, "a tag of 2 letters or digits"),
        ("0100", 2, "a length of 3 digits"),
        ("01+01x", 2, "a length of 3 digits"),
        ("01003ab", 5, "a value of the given length"),
        ("01001ab", 6, "a tag of 2 characters"),
        ("01001a01001b", 6, "every tag once"),
        ("01001é", 5, "a value of the given length"),
        ("é001x", 0, "a tag of 2 letters or digits"),
    ] {
        let error = tagged::parse(text).unwrap_err();
        assert_eq!((error.offset, error.expected), (offset, expected), "{text}");
    }
    let long = "x".repeat(1000);
    let wrong: [&[(&str, &str)]; 5] =
        [&[("0", "x")], &[("0 ", "x")], &[("01", "é")], &[("01", &long)], &[("01", "x"), ("01", "y")]];
    for entries in wrong {
        assert!(tagged::write(entries).is_err());
    }
}

/// Four ways to write the same digits: ASCII, EBCDIC, packed with a pad on either side.
const CODES: [&str; 4] = [
    "text = 'ascii'",
    "text = 'ebcdic-037'",
    "digits = 'bcd'",
    "digits = 'bcd'\npad = 'right'\npad_digit = 'f'",
];

#[test]
fn numbers_in_every_code() {
    for code in CODES {
        let fields = "[fields]\n4 = { format = 'n12' }\n11 = { format = 'n5' }\n32 = { format = 'n..11' }\n100 = { format = 'n..20' }";
        let dialect = written_dialects::dialect(&format!("{code}\n{fields}"));
        let read = |de: u8, value: &str| {
            let bytes = Builder::new(Mti::new("0420")).set(de, value).encode(&dialect).unwrap();
            dialect.decode(&bytes).unwrap().number(de)
        };
        assert_eq!(read(4, "000000012550"), Ok(Some(12_550)), "{code}");
        assert_eq!(read(11, "00042"), Ok(Some(42)), "{code}");
        assert_eq!(read(32, "12345678901"), Ok(Some(12_345_678_901)), "{code}");
        assert_eq!(read(32, ""), Ok(None), "{code}");
        assert_eq!(read(100, "18446744073709551615"), Ok(Some(u64::MAX)), "{code}");
        assert_eq!(read(100, "18446744073709551616").unwrap_err().de, 100, "{code}");
    }
    // What is no number, or no digits: never a wrong number.
    let fields = "[fields]\n28 = { format = 'x+n8' }\n35 = { format = 'z..37', encoding = 'bcd' }\n52 = { format = 'b64' }\n\
        53 = { format = 'b16', encoding = 'hex' }";
    let dialect = written_dialects::dialect(fields);
    for (de, value) in [(28, "C00000001"), (35, "1234=56"), (52, "0000000000000001"), (53, "0001")] {
        let bytes = Builder::new(Mti::new("0420")).set(de, value).encode(&dialect).unwrap();
        assert_eq!(dialect.decode(&bytes).unwrap().number(de).unwrap_err().de, de);
    }
}

#[test]
fn original_data_elements_in_every_code() {
    let of_1987 = OriginalData {
        mti: Mti::new("0100"),
        stan: "004711".into(),
        transmission: "1121214438".into(),
        acquirer: "123456".into(),
        forwarder: String::new(),
    };
    let of_1993 =
        OriginalData { mti: Mti::new("1100"), transmission: "261121214438".into(), ..of_1987.clone() };
    let text_1987 = "010000471111212144380000012345600000000000";
    let text_1993 = "110000471126112121443806123456";
    assert_eq!(of_1987.write(Version::V1987).as_deref(), Ok(text_1987));
    assert_eq!(of_1993.write(Version::V1993).as_deref(), Ok(text_1993));
    assert_eq!(of_1993.write(Version::V2003).as_deref(), Ok(text_1993));
    // Of 1987 the institutions are filled with zeros; of 1993 nothing is.
    let filled =
        OriginalData { acquirer: "00000123456".into(), forwarder: "0".repeat(11), ..of_1987.clone() };
    for code in CODES {
        for (version, de, text, expected) in [(1987, 90, text_1987, &filled), (1993, 56, text_1993, &of_1993)]
        {
            let file = format!(
                "name = 'x'\nversion = {version}\n[wire]\n{code}\n[fields]\n56 = {{ format = 'n..35' }}\n90 = {{ format = 'n42' }}"
            );
            let dialect = iso8583::Dialect::from_toml(&file).unwrap();
            let bytes = Builder::new(Mti::new("0420")).set(de, text).encode(&dialect).unwrap();
            let read = dialect.decode(&bytes).unwrap().original_data().unwrap().unwrap();
            assert_eq!(&read, expected, "{code}");
            assert!(read.is_acquirer("0123456"));
            let empty = Builder::new(Mti::new("0420")).encode(&dialect).unwrap();
            assert_eq!(dialect.decode(&empty).unwrap().original_data(), Ok(None));
        }
    }
    assert_eq!(
        (OriginalData::data_element(Version::V1987), OriginalData::data_element(Version::V1993)),
        (90, 56)
    );
    for wrong in [
        "",
        "1100",
        "1100004711261121214438",
        "11000047112611212144380712345",
        "1100004711261121214438061234567",
        "110000471126112121443812123456789012",
        "11000047112611212144380612345x",
        "110000471126112121443 06123456",
        "11000047112611212144é806123456",
    ] {
        assert_eq!(OriginalData::parse(Version::V1993, wrong).unwrap_err().de, 56, "{wrong}");
    }
    let without = OriginalData::parse(Version::V1993, "110000471126112121443800").unwrap();
    assert_eq!((without.acquirer.as_str(), without.forwarder.as_str()), ("", ""));
    for wrong in [
        OriginalData { stan: "4711".into(), ..of_1987.clone() },
        OriginalData { acquirer: "123456789012".into(), ..of_1987.clone() },
        OriginalData { transmission: "x121214438".into(), ..of_1987.clone() },
    ] {
        assert_eq!(wrong.write(Version::V1987).unwrap_err().de, 90);
        assert_eq!(wrong.write(Version::V1993).unwrap_err().de, 56);
    }
    // Too short in one place and too long in another is not right as a whole.
    let shifted = OriginalData { stan: "00471".into(), transmission: "11121214438".into(), ..of_1987 };
    assert!(shifted.write(Version::V1987).is_err());
}

#[test]
fn replacement_amounts_of_both_versions() {
    let read = |version: u16, fields: &[(u8, &str)]| {
        let file = format!(
            "name = 'x'\nversion = {version}\n[wire]\ndigits = 'bcd'\n[fields]\n4 = {{ format = 'n12' }}\n24 = {{ format = 'n3' }}\n30 = {{ format = 'n24' }}\n95 = {{ format = 'an..42' }}"
        );
        let dialect = iso8583::Dialect::from_toml(&file).unwrap();
        let builder = fields
            .iter()
            .fold(Builder::new(Mti::new("0420")), |builder, (de, value)| builder.set(*de, *value));
        let bytes = builder.encode(&dialect).unwrap();
        dialect.decode(&bytes).unwrap().replacement_amount()
    };
    let (amount, originals) = ("000000000500", "000000001000000000001000");
    assert_eq!(read(1987, &[(4, amount)]), Ok(None));
    assert_eq!(read(1987, &[(95, "000000000700D0000000")]), Ok(Some(700)));
    assert_eq!(read(1987, &[(95, "")]), Ok(None));
    assert_eq!(read(1987, &[(95, "00000000070")]).unwrap_err().found, "fewer characters");
    assert_eq!(read(1987, &[(95, "C00000000700")]).unwrap_err().found, "other characters");
    // Of 1993 it is the amount itself, where the original ones are given.
    assert_eq!(read(1993, &[(4, amount), (30, originals)]), Ok(Some(500)));
    assert_eq!(read(1993, &[(4, amount)]), Ok(None));
    assert_eq!(read(1993, &[(30, originals)]), Ok(None));
    // Zeros are no original amount, and function code 400 takes all back.
    assert_eq!(read(1993, &[(4, amount), (30, "0".repeat(24).as_str())]), Ok(None));
    assert_eq!(read(1993, &[(4, amount), (24, "400"), (30, originals)]), Ok(None));
    assert_eq!(read(1993, &[(4, amount), (24, "401"), (30, originals)]), Ok(Some(500)));
}

fn named(dialect: &str, elements: &[(u8, &[(&str, &str)])]) -> Option<String> {
    let dialect = dialects::named(dialect).unwrap();
    let mut message = Builder::new(Mti::new("0100")).set(2, "4111111111111111");
    for (de, parts) in elements {
        let written = |(id, text): &(&str, &str)| ((*id).to_owned(), Written::text(*text));
        message = match parts {
            [("", text)] => message.set(*de, *text),
            _ => message.set_parts(*de, parts.iter().map(written).collect()),
        };
    }
    let bytes = message.encode(dialect).unwrap();
    dialect.decode(&bytes).unwrap().transaction_id()
}

#[test]
fn the_network_s_name_of_a_transaction_has_one_form() {
    let network = |reference: &'static str| [("1", "MCC"), ("2", reference), ("3", "X")];
    let date: (u8, &[(&str, &str)]) = (15, &[("", "1121")]);
    for (what, elements, expected) in [
        ("the first message", vec![date, (63, &network("1A2B3C   "))], Some("MCC1A2B3C1121")),
        ("nine characters", vec![date, (63, &network("1A2B3C4D5"))], Some("MCC1A2B3C4D51121")),
        ("no date", vec![(63, &network("1A2B3C   "))], None),
        ("no reference", vec![date, (63, &network("000000000"))], None),
    ] {
        for dialect in ["mastercard-like", "mastercard-like-ebcdic"] {
            assert_eq!(named(dialect, &elements).as_deref(), expected, "{dialect} {what}");
        }
    }
    // As clearing records have it, and as CSV may.
    for text in ["MCC1A2B3C1121  ", "MCC1A2B3C   1121", " MCC1A2B3C1121"] {
        assert_eq!(transaction_id(text).as_deref(), Some("MCC1A2B3C1121"), "{text}");
    }
    assert_eq!(
        named("visa-base1-like", &[(62, &[("1", "E"), ("2", "016325112100001")])]).as_deref(),
        Some("016325112100001")
    );
    assert_eq!(named("visa-base1-like", &[(62, &[("1", "E"), ("2", "000000000000000")])]), None);
    assert_eq!(named("iso87-ascii", &[(63, &[("", "MCC1A2B3C1121")])]), None);
}

#[test]
fn a_later_message_names_its_transaction_by_the_first_one() {
    let dialect = dialects::named("mastercard-like").unwrap();
    let trace = |text: &str| {
        let inside = vec![("63".to_owned(), Written::text(text))];
        vec![("1".to_owned(), Written::text("R")), ("2".to_owned(), Written::Parts(inside))]
    };
    let own = |id: &str, text: &str| (id.to_owned(), Written::text(text));
    for (first, expected) in [("MCC1A2B3C1119  ", "MCC1A2B3C1119"), ("000000000000000", "MCC9Z9Z9Z1121")] {
        let message = Builder::new(Mti::new("0100")).set(15, "1121").set_parts(48, trace(first));
        let message = message.set_parts(63, vec![own("1", "MCC"), own("2", "9Z9Z9Z   ")]);
        let bytes = message.encode(dialect).unwrap();
        assert_eq!(dialect.decode(&bytes).unwrap().transaction_id().as_deref(), Some(expected));
    }
}

#[test]
fn no_card_number_becomes_a_name_of_a_transaction() {
    for text in
        ["4111111111111111", "MCC4111 1111 1111 1111", "4111111111111111-1", "a\u{7}b", &"x".repeat(33)]
    {
        assert_eq!(transaction_id(text), None, "{text}");
    }
    // Numbers of fifteen digits pass the check by chance; the card's own one is known.
    assert_eq!(transaction_id("378282246310005").as_deref(), Some("378282246310005"));
    let dialect = dialects::named("visa-base1-like").unwrap();
    let own = vec![("2".to_owned(), Written::text("378282246310005"))];
    let message = Builder::new(Mti::new("0100")).set(2, "378282246310005").set_parts(62, own);
    let bytes = message.encode(dialect).unwrap();
    assert_eq!(dialect.decode(&bytes).unwrap().transaction_id(), None);
}

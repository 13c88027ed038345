//! What holds for every message, every prefix, and every row of bytes.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod card_numbers;

use std::collections::BTreeMap;

use card_numbers::with_check_digit;
use iso8583::{
    Builder, Class, Length, Mti, dialects,
    framing::{next_frame, write_frame},
    mask_text, tagged,
};
use proptest::{collection::vec, prelude::*, sample::select};

/// A value that the dialect allows for a data element.
fn value(de: u8) -> BoxedStrategy<String> {
    let spec = dialects::iso87_ascii().field(de).unwrap();
    let length = match spec.format.length {
        Length::Fixed(length) => length..=length,
        Length::Variable { max, .. } => 0..=max.min(60),
    };
    let (from, to) = (*length.start(), *length.end());
    let pattern = match spec.format.class {
        Class::Numeric => format!("[0-9]{{{from},{to}}}"),
        Class::SignedNumeric => format!("[CD][0-9]{{{},{}}}", from - 1, to - 1),
        Class::Track => format!("[0-?D]{{{from},{to}}}"),
        // Binary data are counted in bytes, and written in upper case.
        Class::Binary => format!("([0-9A-F]{{2}}){{{from},{to}}}"),
        Class::Alpha => format!("[A-Za-z ]{{{from},{to}}}"),
        Class::AlphaNumeric => format!("[A-Za-z0-9 ]{{{from},{to}}}"),
        _ => format!("[ -~]{{{from},{to}}}"),
    };
    proptest::string::string_regex(&pattern).unwrap().boxed()
}

fn fields() -> impl Strategy<Value = BTreeMap<u8, String>> {
    proptest::collection::btree_set(2_u8..=128, 0..12)
        .prop_flat_map(|elements| elements.into_iter().map(|de| (Just(de), value(de))).collect::<Vec<_>>())
        .prop_map(|fields| fields.into_iter().collect())
}

fn built(mti: &str, fields: &BTreeMap<u8, String>) -> Builder {
    let builder = Builder::new(Mti::parse(mti.as_bytes()).unwrap());
    fields.iter().fold(builder, |builder, (de, value)| builder.set(*de, value))
}

fn card_number() -> impl Strategy<Value = String> {
    "[0-9]{12,18}".prop_map(|digits| with_check_digit(&digits))
}

/// Everything one can do with a decoded message.
fn exercise(bytes: &[u8]) {
    let (message, _) = dialects::iso87_ascii().decode_partial(bytes);
    let Some(message) = message else { return };
    let _ = (message.describe(), format!("{message:?}"), message.to_bytes(), message.pan());
    let _ = (message.original_data(), message.replacement_amount(), message.additional_amounts());
    let _ = message.text(48).map(|text| tagged::parse(&text).is_ok());
    for de in 0..=u8::MAX {
        let _ = (message.text(de), message.number(de), message.amount(de), message.offset(de));
    }
}

proptest! {
    #[test]
    fn built_messages_come_back(mti in "[0-9]{4}", fields in fields()) {
        let bytes = built(&mti, &fields).encode(dialects::iso87_ascii()).unwrap();
        let message = dialects::iso87_ascii().decode(&bytes).unwrap();
        prop_assert_eq!(message.mti().to_string(), mti);
        let read: BTreeMap<u8, String> = message.fields().map(|(de, value)| (de, value.into_owned())).collect();
        prop_assert_eq!(&read, &fields);
        prop_assert_eq!(message.to_bytes(), &bytes[..]);
        prop_assert_eq!(Builder::from_message(&message).encode(dialects::iso87_ascii()).unwrap(), bytes);
    }

    #[test]
    fn every_prefix_is_refused_at_its_end(fields in fields()) {
        let bytes = built("0100", &fields).encode(dialects::iso87_ascii()).unwrap();
        for end in 0..bytes.len() {
            let error = dialects::iso87_ascii().decode(&bytes[..end]).unwrap_err();
            prop_assert!(error.offset() <= end);
            exercise(&bytes[..end]);
        }
    }

    #[test]
    fn what_is_decoded_is_encoded_identically(
        fields in fields(), second in any::<bool>(), lower in any::<u32>(),
    ) {
        // The bitmap in any case, and with a second one that need not be there.
        let mut bytes = built("0100", &fields).encode(dialects::iso87_ascii()).unwrap();
        if second && fields.keys().all(|de| *de <= 64) {
            bytes[4] = char::from_digit(char::from(bytes[4]).to_digit(16).unwrap() | 8, 16).unwrap() as u8;
            bytes.splice(20..20, [b'0'; 16]);
        }
        let digits = if char::from(bytes[4]).to_digit(16).unwrap() >= 8 { 32 } else { 16 };
        for position in (0..digits).filter(|position| lower >> position & 1 == 1) {
            bytes[4 + position] = bytes[4 + position].to_ascii_lowercase();
        }
        prop_assert_eq!(dialects::iso87_ascii().decode(&bytes).unwrap().to_bytes(), bytes);
    }

    #[test]
    fn changed_bytes_never_panic(fields in fields(), at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut bytes = built("0100", &fields).encode(dialects::iso87_ascii()).unwrap();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        exercise(&bytes);
        if let Ok(message) = dialects::iso87_ascii().decode(&bytes) {
            prop_assert_eq!(message.to_bytes(), &bytes[..]);
        }
    }

    #[test]
    fn random_bytes_never_panic(bytes in vec(any::<u8>(), 0..400), bitmap in "[0-9A-F]{16}") {
        exercise(&bytes);
        exercise(&[b"0100", bitmap.as_bytes(), &bytes].concat());
        let _ = next_frame(&bytes, 512);
    }

    #[test]
    fn random_text_never_panics(text in any::<String>(), digits in "[0-9 -]{0,80}") {
        for text in [text, digits] {
            prop_assert_eq!(mask_text(&text).chars().count(), text.chars().count());
            let _ = (tagged::parse(&text), Mti::parse(text.as_bytes()));
        }
    }

    #[test]
    fn at_most_four_digits_of_a_card_number_are_shown(
        number in card_number(),
        before in "([A-Z0-9 =-]{0,30}|.{0,10})",
        after in "([A-Z0-9 =-]{0,30}|.{0,10})",
        gap in select(vec!["", " ", "-", " - "]),
    ) {
        let groups: Vec<&str> = (0..number.len()).step_by(4).map(|at| &number[at..number.len().min(at + 4)]).collect();
        let written = groups.join(gap);
        let text = format!("{before}{written}{after}");
        let masked: Vec<char> = mask_text(&text).chars().collect();
        let start = before.chars().count();
        let shown = (0..written.len()).filter(|at| masked[start + at].is_ascii_digit());
        // Those that are shown are the last ones.
        let last: Vec<usize> = written.char_indices().filter(|c| c.1.is_ascii_digit()).map(|c| c.0).rev().take(4).collect();
        for at in shown {
            prop_assert!(last.contains(&at), "{masked:?}");
        }
    }

    #[test]
    fn no_printed_message_shows_a_card_number(number in "[1-9]{15,18}", de in select(vec![
        2_u8, 34, 35, 36, 43, 44, 45, 46, 47, 48, 55, 60, 61, 62, 63, 98, 101, 102, 103, 104, 120, 125, 126, 127,
    ])) {
        let number = with_check_digit(&number);
        let spec = dialects::iso87_ascii().field(de).unwrap();
        let value = match spec.format.length {
            Length::Fixed(length) => format!("{number:<width$}", width = length as usize),
            Length::Variable { max, .. } => number[..number.len().min(max as usize)].to_owned(),
        };
        prop_assume!(value.trim_end().len() == number.len());
        let builder = Builder::new(Mti::new("0100")).set(de, value);
        let bytes = builder.encode(dialects::iso87_ascii()).unwrap();
        let message = dialects::iso87_ascii().decode(&bytes).unwrap();
        for printed in [message.describe(), format!("{message:?}"), format!("{builder:?}")] {
            prop_assert!(!printed.contains(&number[number.len() - 5..]), "{printed}");
            prop_assert!(!printed.contains(&number[..5]), "{printed}");
        }
    }

    #[test]
    fn frames_are_cut_where_they_were_joined(messages in vec(vec(any::<u8>(), 1..300), 1..5)) {
        let mut stream = Vec::new();
        for message in &messages {
            write_frame(&mut stream, message).unwrap();
        }
        let mut rest = &stream[..];
        for message in &messages {
            let range = next_frame(rest, 300).unwrap().unwrap();
            prop_assert_eq!(&rest[range.clone()], &message[..]);
            rest = &rest[range.end..];
        }
        prop_assert_eq!(next_frame(rest, 300), Ok(None));
    }
}

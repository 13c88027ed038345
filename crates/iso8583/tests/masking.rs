//! Nothing that can be printed shows a card number or a secret.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use iso8583::{Builder, Mti, Pan, Shown, dialects};

fn builder() -> Builder {
    Builder::new(Mti::new("0100"))
        .set(2, "4111111111111111")
        .set(4, "000000012550")
        .set(14, "2912")
        .set(34, "5500005555555559")
        .set(35, "4111111111111111=29122010000000000000")
        .set(36, "994111111111111111")
        .set(43, format!("{:<40}", "SHOP 4111 1111 1111 1111"))
        .set(45, "B4111111111111111^TEST/CARD^2912201")
        .set(48, "010164111111111111111")
        .set(52, "0123456789ABCDEF")
        .set(53, "1234567890123456")
        .set(55, "5A084111111111111111")
        .set(102, "TR000000000000000000000001")
        .set(103, "0000000042")
        .set(126, "CVV 123")
}

#[test]
fn debug_and_description_are_masked() {
    let bytes = builder().encode(dialects::iso87_ascii()).unwrap();
    let message = dialects::iso87_ascii().decode(&bytes).unwrap();
    let expected = "Message(0100, DE2: \"****1111\", DE4: \"000000012550\", DE14: \"[dropped]\", DE34: \"****5559\", \
        DE35: \"[dropped]\", DE36: \"[dropped]\", DE43: \"SHOP **** **** **** 1111                \", \
        DE45: \"[dropped]\", DE48: \"0****************1111\", DE52: \"[dropped]\", DE53: \"[dropped]\", \
        DE55: \"[dropped]\", DE102: \"****0001\", DE103: \"****\", DE126: \"[dropped]\")";
    assert_eq!(format!("{message:?}"), expected);
    assert_eq!(format!("{:?}", builder()), expected.replace("Message", "Builder"));

    let described = message.describe();
    let lines: Vec<&str> = described.lines().collect();
    assert_eq!(lines.len(), 17);
    assert_eq!(lines[0], "iso87-ascii");
    assert_eq!(lines[1], "    0  MTI    message type indicator                0100");
    assert_eq!(lines[2], "   38  DE2    primary account number                ****1111");
    assert_eq!(lines[3], "   54  DE4    amount, transaction                   000000012550");
    for secret in ["11111", "B411", "0123456789", "123456789", "CVV"] {
        assert!(!described.contains(secret), "{described}");
    }
}

#[test]
fn a_builder_with_values_out_of_place_shows_none_of_them() {
    let wrong = Builder::new(Mti::new("0100")).set(4, "4111111111111111").set(200, "4111111111111111");
    assert_eq!(format!("{wrong:?}"), "Builder(0100, DE4: [not shown], DE200: [not shown])");
}

#[test]
fn errors_carry_no_card_data() {
    let mut bytes = builder().encode(dialects::iso87_ascii()).unwrap();
    bytes[40] = b'x';
    let error = dialects::iso87_ascii().decode(&bytes).unwrap_err();
    assert_eq!(error.path(), "DE2");
    assert!(!format!("{error} {error:?}").contains("11"), "{error:?}");
    let error = builder().set(2, "4111111111111x").encode(dialects::iso87_ascii()).unwrap_err();
    assert!(!format!("{error} {error:?}").contains("11"), "{error:?}");
}

#[test]
fn sensitive_data_elements_are_marked_as_such() {
    let shown = |de| dialects::iso87_ascii().field(de).unwrap().shown;
    for de in [2, 34, 102, 103] {
        assert_eq!(shown(de), Shown::Pan, "DE{de}");
    }
    for de in [14, 35, 36, 45, 52, 53, 55, 64, 96, 126, 128] {
        assert_eq!(shown(de), Shown::Secret, "DE{de}");
    }
    // A value of varying length that is open must be too short for a card number.
    for (de, spec) in (0..=128).filter_map(|de| Some((de, dialects::iso87_ascii().field(de)?))) {
        let free = matches!(spec.format.length, iso8583::Length::Variable { .. });
        assert!(!free || spec.shown != Shown::Open || spec.format.length.max() < 12, "DE{de}");
    }
}

#[test]
fn the_card_number_of_a_message() {
    let pan = |value: &str| {
        let bytes = Builder::new(Mti::new("0100")).set(2, value).encode(dialects::iso87_ascii()).unwrap();
        dialects::iso87_ascii().decode(&bytes).unwrap().pan()
    };
    assert_eq!(pan("4012888888881881"), Pan::parse("4012888888881881"));
    assert_eq!(pan(""), None);
    assert_eq!(pan("12345678901"), None);
    let without = Builder::new(Mti::new("0800")).encode(dialects::iso87_ascii()).unwrap();
    assert_eq!(dialects::iso87_ascii().decode(&without).unwrap().pan(), None);
}

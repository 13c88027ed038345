//! What is refused, where, and in which words; what of a broken message can still be read.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use iso8583::{Builder, DecodeProblem, Dialect, EncodeProblem, MAX_MESSAGE, Mti, Place, dialects};

fn dialect() -> &'static Dialect {
    dialects::iso87_ascii()
}

/// MTI, one bitmap with the given elements, and what follows.
fn message(elements: &[u32], rest: &str) -> Vec<u8> {
    let bits = elements.iter().fold(0_u64, |bits, de| bits | 1 << (64 - de));
    format!("0100{bits:016X}{rest}").into_bytes()
}

#[test]
fn every_error_tells_its_place() {
    let cases: [(Vec<u8>, &str, usize, &str); 16] = [
        (b"".to_vec(), "MTI", 0, "0"),
        (b"010".to_vec(), "MTI", 0, "3"),
        (b"01A0".to_vec(), "MTI", 2, "byte 0x41"),
        (b"0100".to_vec(), "bitmap 1", 4, "0"),
        (b"01000000000000000G00".to_vec(), "bitmap 1", 17, "byte 0x47"),
        (b"01008000000000000000".to_vec(), "bitmap 2", 20, "0"),
        (b"010080000000000000000 00000000000000".to_vec(), "bitmap 2", 21, "byte 0x20"),
        (message(&[2], "1"), "DE2 length", 20, "1"),
        (message(&[2], "x6"), "DE2 length", 20, "byte 0x78"),
        (message(&[2], "20"), "DE2 length", 20, "20"),
        (message(&[2], "164111"), "DE2", 22, "4"),
        (message(&[3], "00000A"), "DE3", 25, "a letter"),
        (message(&[28], "X00000000"), "DE28", 20, "a letter"),
        (message(&[43], "SHORT"), "DE43", 20, "5"),
        (message(&[52], "0123456789abcdeg"), "DE52", 35, "a letter"),
        (message(&[39], "00\r\n"), "end of message", 22, "2 more bytes"),
    ];
    for (bytes, path, offset, found) in cases {
        let error = dialect().decode(&bytes).unwrap_err();
        assert_eq!((error.path().as_str(), error.offset(), error.found().as_str()), (path, offset, found));
        assert!(error.to_string().contains("the sender must"), "{error}");
    }
}

#[test]
fn errors_are_told_in_full() {
    let error = dialect().decode(&message(&[43], "SHORT")).unwrap_err();
    assert_eq!(
        error.to_string(),
        "DE43 at byte 20: expected 40 bytes, found 5; the sender must send the whole data element, or correct \
         the frame length or the bitmap"
    );
    assert_eq!(error.place(), Place::Field(43));
    let error = dialect().decode(&message(&[37], "12345678901\u{7f}")).unwrap_err().to_string();
    assert_eq!(
        error,
        "DE37 at byte 31: expected letters and digits, found a control character; the sender must send \
         the agreed characters"
    );
}

#[test]
fn lengths_at_the_bounds() {
    let at_most = message(&[48], &format!("999{}", "x".repeat(999)));
    assert_eq!(dialect().decode(&at_most).unwrap().text(48).map(|text| text.len()), Some(999));
    let nothing = message(&[48], "000");
    let decoded = dialect().decode(&nothing).unwrap();
    assert!(decoded.has(48) && decoded.text(48).as_deref() == Some("") && decoded.to_bytes() == nothing);
    let too_large = vec![b'0'; MAX_MESSAGE + 1];
    let (message, error) = dialect().decode_partial(&too_large);
    assert!(message.is_none());
    assert_eq!(error.unwrap().problem(), &DecodeProblem::TooLarge { bytes: MAX_MESSAGE + 1 });
}

#[test]
fn what_stands_before_an_error_can_be_read() {
    let bytes = message(&[7, 11, 43, 49], "1121120000000042SHORT");
    let (partial, error) = dialect().decode_partial(&bytes);
    let partial = partial.unwrap();
    assert_eq!(error.unwrap().path(), "DE43");
    let text = |de| partial.text(de);
    assert_eq!((text(7).as_deref(), text(11).as_deref()), (Some("1121120000"), Some("000042")));
    assert!(!partial.has(43) && !partial.has(49));
    assert_eq!(partial.to_bytes(), message(&[7, 11], "1121120000000042"));

    let (partial, error) = dialect().decode_partial(b"0800zzzz");
    assert_eq!(partial.unwrap().mti(), Mti::new("0800"));
    assert_eq!(error.unwrap().path(), "bitmap 1");
    assert!(dialect().decode_partial(b"08").0.is_none());
}

#[test]
fn a_data_element_the_dialect_lacks_is_refused_both_ways() {
    let without = "name = \"without-64\"\nextends = \"iso87-ascii\"\n[fields.64]\nabsent = true";
    let without = Dialect::from_toml(without).unwrap();
    let bytes = message(&[11, 64], "0000420123456789ABCDEF");
    let error = without.decode(&bytes).unwrap_err();
    assert_eq!(
        (error.path().as_str(), error.offset(), error.problem()),
        ("DE64", 26, &DecodeProblem::Undefined)
    );
    let builder = Builder::from_message(&dialect().decode(&bytes).unwrap());
    let error = builder.encode(&without).unwrap_err();
    assert_eq!((error.place, error.problem), (Place::Field(64), EncodeProblem::Undefined));
    assert_eq!(builder.remove(64).encode(&without).unwrap(), message(&[11], "000042"));
}

#[test]
fn the_writing_of_the_bitmap_is_kept() {
    // A second bitmap that is needed, and one that is not.
    for bytes in [
        "0800822000000000000004000000000000001121120000000009301",
        "0800822000000000000000000000000000001121120000000009",
    ] {
        assert_eq!(dialect().decode(bytes.as_bytes()).unwrap().to_bytes(), bytes.as_bytes());
    }
    // Bits 41 and 43 as "a", of either case.
    let rest = format!("TERM0001{}", " ".repeat(40));
    for digit in ["a", "A"] {
        let bytes = format!("08000000000000{digit}00000{rest}");
        assert_eq!(dialect().decode(bytes.as_bytes()).unwrap().to_bytes(), bytes.as_bytes());
    }
}

#[test]
fn the_builder_refuses_and_never_mends() {
    let new = || Builder::new(Mti::new("0100"));
    for (de, value, text) in [
        (2, "41111111111111111111", "DE2: expected 0 to 19 characters, found 20"),
        (4, "1000", "DE4: expected exactly 12 characters, found 4"),
        (4, "0000000010000", "DE4: expected exactly 12 characters, found 13"),
        (4, "00000000100A", "DE4: expected digits, found a letter at position 11"),
        (43, "CAFÉ", "DE43: expected exactly 40 characters, found 4"),
        (48, "CAFÉ", "DE48: expected printable characters, found a byte above 0x7F at position 3"),
        (1, "x", "DE1: expected a data element of the dialect, found one it does not have"),
        (0, "x", "DE0: expected a data element of the dialect, found one it does not have"),
        (129, "x", "DE129: expected a data element of the dialect, found one it does not have"),
    ] {
        let error = new().set(de, value).encode(dialect()).unwrap_err();
        assert_eq!(error.to_string(), format!("{text}; put right what is to be sent"));
    }
    let long = "name = \"long\"\nextends = \"iso87-ascii\"\n[fields.127]\nformat = \"ans.....65535\"";
    let long = Dialect::from_toml(long).unwrap();
    let with = |length| new().set(127, "x".repeat(length)).encode(&long);
    // 4 bytes of message type, 32 of bitmaps, 5 of the length indicator.
    assert_eq!(with(MAX_MESSAGE - 41).unwrap().len(), MAX_MESSAGE);
    let error = with(MAX_MESSAGE - 40).unwrap_err();
    assert_eq!(
        (error.place, error.problem),
        (Place::Message, EncodeProblem::TooLarge { bytes: MAX_MESSAGE + 1 })
    );
}

#[test]
fn the_builder_gives_back_what_it_was_given() {
    let builder = Builder::new(Mti::new("0100")).set(11, "000001").set(39, "00").set(39, "05");
    assert_eq!((builder.get(11), builder.get(39), builder.get(7)), (Some("000001"), Some("05"), None));
    let response = builder.with_mti(Mti::new("0100").response()).remove(11);
    assert_eq!((response.mti().as_str(), response.get(11)), ("0110", None));
    assert_eq!(response.encode(dialect()).unwrap(), b"0110000000000200000005");
}

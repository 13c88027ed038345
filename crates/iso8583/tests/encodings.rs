//! Every way to write a value and its length. The bytes are worked out by hand from the standard.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod written_dialects;

use iso8583::{Builder, Dialect, Mti};
use written_dialects::{dialect, message};

const DE: u8 = 48;
/// Offset of the field: message type and one bitmap.
const START: usize = 12;

fn field(description: &str) -> Dialect {
    dialect(&format!("[fields]\n{DE} = {{ shown = \"open\", {description} }}"))
}

/// The bytes have this value, and the value these bytes.
fn check(description: &str, bytes: &str, value: &str) {
    let (dialect, bytes) = (field(description), message(DE, bytes));
    let read = dialect.decode(&bytes).unwrap_or_else(|error| panic!("{description}: {error}"));
    assert_eq!(read.text(DE).as_deref(), Some(value), "{description}");
    assert_eq!(read.to_bytes(), bytes, "{description}, copied");
    let written = Builder::new(Mti::new("0800")).set(DE, value).encode(&dialect);
    assert_eq!(hex::encode(written.unwrap()), hex::encode(bytes), "{description}, written");
}

/// The bytes have this value, but it is written in another way.
fn check_read(description: &str, bytes: &str, value: &str) {
    let (dialect, bytes) = (field(description), message(DE, bytes));
    let read = dialect.decode(&bytes).unwrap_or_else(|error| panic!("{description}: {error}"));
    assert_eq!(read.text(DE).as_deref(), Some(value), "{description}");
    assert_eq!(read.to_bytes(), bytes, "{description}, copied");
    let written = Builder::new(Mti::new("0800")).set(DE, value).encode(&dialect);
    assert_ne!(written.ok(), Some(bytes), "{description}, written");
}

/// The bytes are refused: path, offset from the start of the field, and what is found.
fn refused(description: &str, bytes: &str, expected: (&str, usize, &str)) {
    let (dialect, bytes) = (field(description), message(DE, bytes));
    let error = dialect.decode(&bytes).expect_err(description);
    let found = error.found();
    assert_eq!((error.path().as_str(), error.offset() - START, found.as_str()), expected, "{description}");
}

/// The value cannot be written: the error without its beginning and end.
fn cannot_write(description: &str, value: &str, expected: &str) {
    let error =
        Builder::new(Mti::new("0800")).set(DE, value).encode(&field(description)).expect_err(description);
    assert_eq!(error.problem.to_string(), expected, "{description}");
}

#[test]
fn packed_digits_of_a_fixed_length() {
    check("format = 'n4', encoding = 'bcd'", "1234", "1234");
    check("format = 'n3', encoding = 'bcd'", "0123", "123");
    check("format = 'n3', encoding = 'bcd', pad = 'right'", "1230", "123");
    check("format = 'n3', encoding = 'bcd', pad_digit = 'f'", "f123", "123");
    check("format = 'n3', encoding = 'bcd', pad = 'right', pad_digit = 'f'", "123f", "123");
    check("format = 'n3', encoding = 'bcd', pad_digit = 'only-0'", "0123", "123");
    check("format = 'n3', encoding = 'bcd', pad = 'right', pad_digit = 'only-f'", "123f", "123");
    check("format = 'n1', encoding = 'bcd'", "07", "7");
    // Both pads are read, and what was read is written as it was.
    check_read("format = 'n3', encoding = 'bcd'", "f123", "123");
    check_read("format = 'n3', encoding = 'bcd', pad_digit = 'f', pad = 'right'", "1230", "123");
    refused("format = 'n3', encoding = 'bcd', pad_digit = 'only-0'", "f123", ("DE48", 0, "F"));
    refused("format = 'n3', encoding = 'bcd', pad_digit = 'only-f'", "0123", ("DE48", 0, "0"));
    refused("format = 'n3', encoding = 'bcd', pad = 'right', pad_digit = 'only-0'", "123f", ("DE48", 1, "F"));
    refused("format = 'n3', encoding = 'bcd'", "1123", ("DE48", 0, "1"));
    refused("format = 'n4', encoding = 'bcd'", "12a4", ("DE48", 1, "a nibble above 9"));
    refused("format = 'n5', encoding = 'bcd'", "01234f", ("DE48", 2, "a nibble above 9"));
    refused("format = 'n5', encoding = 'bcd', pad = 'right'", "a23450", ("DE48", 0, "a nibble above 9"));
    refused("format = 'n4', encoding = 'bcd'", "12", ("DE48", 0, "1"));
    cannot_write("format = 'n4', encoding = 'bcd'", "123", "expected exactly 4 characters, found 3");
    cannot_write("format = 'n4', encoding = 'bcd'", "12a4", "expected digits, found a letter at position 2");
}

#[test]
fn packed_digits_behind_a_length_of_digits() {
    let ll = "format = 'n..19', encoding = 'bcd', lengths = 'bcd'";
    check(ll, "04 1234", "1234");
    check(ll, "03 0123", "123");
    check(ll, "00", "");
    check(ll, "19 01 23 45 67 89 01 23 45 67 89", "1234567890123456789");
    check(&format!("{ll}, pad = 'right'"), "15 37 82 82 24 63 10 00 50", "378282246310005");
    check(&format!("{ll}, pad = 'right', pad_digit = 'f'"), "15 37 82 82 24 63 10 00 5f", "378282246310005");
    refused(ll, "20 12", ("DE48 length", 0, "20"));
    refused(ll, "1a 12", ("DE48 length", 0, "byte 0x1A"));
    refused(ll, "04 12", ("DE48", 1, "1"));
    let least = "format = 'n12..19', encoding = 'bcd', lengths = 'bcd'";
    check(least, "12 123456789012", "123456789012");
    refused(least, "11 012345678901", ("DE48 length", 0, "11"));
    refused(least, "00", ("DE48 length", 0, "0"));
    cannot_write(least, "12345678901", "expected 12 to 19 characters, found 11");
}

#[test]
fn packed_digits_counted_in_bytes() {
    let bytes = "format = 'n..19', encoding = 'bcd', lengths = 'binary', counts = 'bytes'";
    let right = format!("{bytes}, pad = 'right', pad_digit = 'f'");
    check(&right, "08 4111111111111111", "4111111111111111");
    check(&right, "08 378282246310005f", "378282246310005");
    check(&right, "00", "");
    check(&format!("{bytes}, pad_digit = 'f'"), "08 f378282246310005", "378282246310005");
    // A zero in front is a digit like any other: nothing tells it from a pad.
    check(bytes, "02 0123", "0123");
    cannot_write(
        bytes,
        "123",
        "expected digits whose number the bytes tell: an even number, or an odd one padded with F, found something else",
    );
    check(bytes, "0a 01 23 45 67 89 01 23 45 67 89", "01234567890123456789");
    refused(&right, "0b 01 23 45 67 89 01 23 45 67 89 01", ("DE48 length", 0, "11"));
    refused(&right, "02 f123", ("DE48", 1, "a nibble above 9"));
}

#[test]
fn length_indicators_in_every_code() {
    check("format = 'ans..19'", "3033 414243", "ABC");
    check("format = 'ans.9'", "33 414243", "ABC");
    check("format = 'ans...999'", "303033 414243", "ABC");
    check("format = 'ans......60000'", "303030303033 414243", "ABC");
    check("format = 'ans..19', lengths = 'ebcdic'", "f0f3 414243", "ABC");
    check("format = 'ans..19', lengths = 'bcd'", "03 414243", "ABC");
    check("format = 'ans...999', lengths = 'bcd'", "0003 414243", "ABC");
    check("format = 'ans...999', lengths = 'bcd'", &format!("0112 {}", "41".repeat(112)), &"A".repeat(112));
    check("format = 'ans..99', lengths = 'binary'", "03 414243", "ABC");
    check("format = 'ans..255', lengths = 'binary'", &format!("ff {}", "41".repeat(255)), &"A".repeat(255));
    check(
        "format = 'ans...999', lengths = 'binary'",
        &format!("0100 {}", "41".repeat(256)),
        &"A".repeat(256),
    );
    check("format = 'ans.....65000', lengths = 'binary'", "000003 414243", "ABC");
    check("format = 'ans..99', lengths = 'binary', length_bytes = 2", "0003 414243", "ABC");
    check("format = 'ans..99', length_bytes = 3", "303033 414243", "ABC");
    check("format = 'ans..99', lengths = 'bcd', length_bytes = 2", "0003 414243", "ABC");
    check("format = 'ans..99', lengths = 'hex'", &format!("3141 {}", "41".repeat(26)), &"A".repeat(26));
    check(
        "format = 'ans..99', lengths = 'ebcdic-hex'",
        &format!("f1c1 {}", "41".repeat(26)),
        &"A".repeat(26),
    );
    check("format = 'ans..255', lengths = 'hex'", &format!("4646 {}", "41".repeat(255)), &"A".repeat(255));
    check("format = 'ans......999999'", "303030303033 414243", "ABC");
    refused("format = 'ans..99', lengths = 'hex'", "3161 41", ("DE48 length", 1, "byte 0x61"));
    refused("format = 'ans..99', lengths = 'hex'", "4730 41", ("DE48 length", 0, "byte 0x47"));
    refused("format = 'ans..99', lengths = 'ebcdic-hex'", "f1c7 41", ("DE48 length", 1, "byte 0xC7"));
    refused("format = 'ans..99', lengths = 'ebcdic-hex'", "31c1 41", ("DE48 length", 0, "byte 0x31"));
    refused("format = 'ans..19'", "3a33 414243", ("DE48 length", 0, "byte 0x3A"));
    refused("format = 'ans..19', lengths = 'ebcdic'", "f033 41", ("DE48 length", 1, "byte 0x33"));
    refused("format = 'ans...999', lengths = 'bcd'", "1000", ("DE48 length", 0, "1000"));
    refused("format = 'ans...999', lengths = 'binary'", "ffff", ("DE48 length", 0, "65535"));
    refused("format = 'ans......60000', lengths = 'ascii'", "393939", ("DE48 length", 0, "3"));
    refused(
        "format = 'ans.....65000', lengths = 'binary', length_bytes = 6",
        "ffffffffffff",
        ("DE48 length", 0, "4294967295"),
    );
}

#[test]
fn lengths_that_count_themselves() {
    check("format = 'ans..97', counts_also = 2", "3035 414243", "ABC");
    check("format = 'ans..97', counts_also = 2", "3032", "");
    check("format = 'n..19', encoding = 'bcd', lengths = 'binary', counts_also = 1", "06 012345", "12345");
    check("format = 'b..250', lengths = 'binary', counts_also = 1", "03 01ff", "01ff");
    let least = "format = 'ans2..90', counts_also = 2";
    refused(least, "3033 41", ("DE48 length", 0, "3"));
    refused("format = 'ans..97', counts_also = 2", "3031 41", ("DE48 length", 0, "1"));
    refused("format = 'ans..9', counts_also = 2", "3132 41424344454647484950", ("DE48 length", 0, "12"));
    let error = field(least).decode(&message(DE, "3033 41")).unwrap_err().to_string();
    assert!(error.contains("expected a length of at least 4, found 3"), "{error}");
}

#[test]
fn text_in_every_code() {
    check("format = 'ans5', encoding = 'ebcdic-500'", "c1 82 f0 40 7b", "Ab0 #");
    check("format = 'n..19', encoding = 'ebcdic-037', lengths = 'ebcdic'", "f0f4 f1f2f3f4", "1234");
    check("format = 'ans1', encoding = 'ebcdic-037'", "ba", "[");
    check("format = 'ans1', encoding = 'ebcdic-1047'", "ad", "[");
    check("format = 'ans1', encoding = 'ebcdic-500'", "4a", "[");
    check("format = 'ans..9', encoding = 'latin-1'", "3034 434146c9", "CAFÉ");
    check("format = 'a3'", "412042", "A B");
    check("format = 'an4'", "41203132", "A 12");
    check("format = 'z..37'", "3037 31323d34443f3b", "12=4D?;");
    refused("format = 'ans4'", "434146c9", ("DE48", 3, "a byte above 0x7F"));
    refused("format = 'a3'", "413142", ("DE48", 1, "a digit"));
    refused("format = 'n3', encoding = 'ebcdic-500'", "f1c1f3", ("DE48", 1, "a letter"));
    refused("format = 'n3', encoding = 'ebcdic-500'", "f131f3", ("DE48", 1, "a byte above 0x7F"));
    refused("format = 'z..37'", "3031 41", ("DE48", 2, "a letter"));
}

#[test]
fn signed_digits() {
    check("format = 'x+n8'", "43 3030303031323334", "C00001234");
    check("format = 'x+n8', encoding = 'ebcdic-500'", "c4 f0f0f0f0f1f2f3f4", "D00001234");
    check("format = 'x+n8', encoding = 'bcd'", "44 00001234", "D00001234");
    check("format = 'x+n7', encoding = 'bcd'", "44 00001234", "D0001234");
    check("format = 'x+n7', encoding = 'bcd', pad_digit = 'f', pad = 'right'", "44 f0001234", "D0001234");
    check("format = 'x+n..8', encoding = 'bcd', lengths = 'bcd'", "05 43 1234", "C1234");
    check("format = 'x+n..8', encoding = 'bcd', lengths = 'bcd'", "04 43 0123", "C123");
    check("format = 'x+n..8', encoding = 'bcd', lengths = 'bcd'", "01 43", "C");
    // Nothing at all: not even a sign.
    check("format = 'x+n..8', encoding = 'bcd', lengths = 'bcd'", "00", "");
    check("format = 'x+n..8'", "3030", "");
    let bytes = "format = 'x+n..8', encoding = 'bcd', lengths = 'binary', counts = 'bytes', pad_digit = 'f'";
    check(bytes, "03 43 1234", "C1234");
    check(bytes, "03 43 f123", "C123");
    check(bytes, "00", "");
    refused("format = 'x+n8', encoding = 'bcd'", "2b 00001234", ("DE48", 0, "a punctuation mark"));
    refused("format = 'x+n8', encoding = 'bcd'", "c3 00001234", ("DE48", 0, "a byte above 0x7F"));
    refused("format = 'x+n8', encoding = 'bcd'", "43 0000123a", ("DE48", 4, "a nibble above 9"));
    refused("format = 'x+n7', encoding = 'bcd'", "43 10001234", ("DE48", 1, "1"));
    refused("format = 'x+n8'", "58 3030303031323334", ("DE48", 0, "a letter"));
    refused("format = 'x+n8'", "43 3030303031323343", ("DE48", 8, "a letter"));
    cannot_write(
        "format = 'x+n8', encoding = 'bcd'",
        "000001234",
        "expected C or D, then digits, found a digit at position 0",
    );
}

#[test]
fn signs_that_are_filled_with_something_else() {
    check("format = 'x+n8', encoding = 'bcd', signs = 'any'", "30 00001234", "000001234");
    check("format = 'x+n8', encoding = 'bcd', signs = 'any'", "58 00001234", "X00001234");
    check("format = 'x+n8', signs = 'any'", "30 3030303031323334", "000001234");
    check("format = 'x+n8', encoding = 'ebcdic-500', signs = 'any'", "f0 f0f0f0f0f1f2f3f4", "000001234");
    refused(
        "format = 'x+n8', encoding = 'bcd', signs = 'any'",
        "2b 00001234",
        ("DE48", 0, "a punctuation mark"),
    );
    refused(
        "format = 'x+n8', encoding = 'bcd', signs = 'any'",
        "30 0000123a",
        ("DE48", 4, "a nibble above 9"),
    );
    refused("format = 'x+n8', signs = 'any'", "30 4330303031323334", ("DE48", 1, "a letter"));
    refused("format = 'x+n8', signs = 'credit-debit'", "30 3030303031323334", ("DE48", 0, "a digit"));
    let plus = "expected C or D, then digits, found a punctuation mark at position 0";
    cannot_write("format = 'x+n8', signs = 'any'", "+00001234", plus);
}

#[test]
fn the_sign_letter_is_written_as_text_is() {
    let dialect = dialect("text = 'ebcdic-500'\nsigned = 'bcd'\n[fields]\n48 = { format = 'x+n8' }");
    let bytes = message(DE, "c3 00001234");
    let read = dialect.decode(&bytes).unwrap();
    assert_eq!(read.text(DE).as_deref(), Some("C00001234"));
    assert_eq!(Builder::new(Mti::new("0800")).set(DE, "C00001234").encode(&dialect).unwrap(), bytes);
    assert!(dialect.decode(&message(DE, "43 00001234")).is_err());
}

#[test]
fn tracks() {
    let track = "format = 'z..37', encoding = 'bcd', lengths = 'bcd'";
    check(track, "20 4111 1111 1111 1111 d291", "4111111111111111=291");
    check(track, "21 04 11 11 11 11 11 11 11 1d 29 12", "4111111111111111=2912");
    check(&format!("{track}, pad = 'right', pad_digit = 'f'"), "07 1234 d29f", "1234=29");
    // Sentinels are characters too: only the pad of an odd number is none.
    check(track, "10 b1234d291f", ";1234=291?");
    let bytes = "format = 'z..37', encoding = 'bcd', lengths = 'binary', counts = 'bytes', pad = 'right', pad_digit = 'f'";
    check(bytes, "04 1234d29f", "1234=29");
    cannot_write(
        bytes,
        "1234=29?",
        "expected digits whose number the bytes tell: an even number, or an odd one padded with F, found something else",
    );
    refused(&format!("{track}, pad_digit = 'only-0'"), "03 f123", ("DE48", 1, "F"));
}

#[test]
fn binary_data() {
    check("format = 'b16'", "00ff", "00ff");
    check("format = 'b...255', lengths = 'binary'", "0003 0102ff", "0102ff");
    check("format = 'b..255', lengths = 'binary'", "03 0102ff", "0102ff");
    check("format = 'b..99'", "3033 0102ff", "0102ff");
    check("format = 'b..49', lengths = 'bcd', counts = 'nibbles'", "06 0102ff", "0102ff");
    refused("format = 'b..49', lengths = 'bcd', counts = 'nibbles'", "05 0102ff", ("DE48 length", 0, "5"));
    refused("format = 'b..49', lengths = 'bcd', counts = 'nibbles'", "99 01", ("DE48 length", 0, "99"));
    // Hexadecimal text: counted in bytes that are meant, or in characters.
    check("format = 'b16', encoding = 'hex'", "30304646", "00FF");
    check("format = 'b..99', encoding = 'hex'", "3032 30304646", "00FF");
    check("format = 'b..49', encoding = 'hex', counts = 'characters'", "3034 30304646", "00FF");
    check("format = 'b16', encoding = 'ebcdic-hex-500'", "f0f0c6c6", "00FF");
    check("format = 'b..99', encoding = 'ebcdic-hex-037', lengths = 'ebcdic'", "f0f2 f0f0c6c6", "00FF");
    // Lower case is read and kept, but not written.
    check_read("format = 'b16', encoding = 'hex'", "30306666", "00ff");
    refused(
        "format = 'b..49', encoding = 'hex', counts = 'characters'",
        "3033 303046",
        ("DE48 length", 0, "3"),
    );
    refused("format = 'b16', encoding = 'hex'", "30304647", ("DE48", 3, "a letter"));
    cannot_write(
        "format = 'b16'",
        "00f",
        "expected an even number of hexadecimal digits, found something else",
    );
    cannot_write("format = 'b16'", "00fg", "expected binary data, found a letter at position 3");
}

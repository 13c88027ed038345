//! What the benchmarks decode and encode: an authorization request of 20 data elements, and what reading every byte
//! of it once costs at least.

use iso8583::{Builder, Dialect, Mti, dialects};

pub(crate) const MTI: &str = "0100";

/// The data elements, ascending.
pub(crate) const FIELDS: [(u8, &str); 20] = [
    (2, "5413330000001234"),
    (3, "000000"),
    (4, "000000012345"),
    (7, "0714102414"),
    (11, "123456"),
    (12, "102414"),
    (13, "0714"),
    (14, "2912"),
    (18, "5411"),
    (22, "051"),
    (23, "001"),
    (25, "00"),
    (32, "123456"),
    (35, "5413330000001234=29122010000012345678"),
    (37, "419510123456"),
    (41, "TERM0001"),
    (42, "MERCHANT0000001"),
    (43, "CORNER SHOP 24       RIGA             LV"),
    (48, "0104TEST05"),
    (49, "978"),
];

/// Digits, lengths and message type packed, bitmaps binary.
const PACKED: &str = r#"
name = "packed"
extends = "iso87-ascii"
[wire]
mti = "bcd"
bitmap = "binary"
digits = "bcd"
track = "bcd"
lengths = "bcd"
binary = "binary"
"#;

pub(crate) fn ascii() -> Dialect {
    dialects::iso87_ascii().clone()
}

pub(crate) fn packed() -> Dialect {
    Dialect::from_toml(PACKED).unwrap()
}

pub(crate) fn request() -> Builder {
    FIELDS.iter().fold(Builder::new(Mti::new(MTI)), |builder, (de, value)| builder.set(*de, *value))
}

/// No text can be read faster: copies it, checks that it is UTF-8, looks at each byte once.
pub(crate) fn floor_of_text(bytes: &[u8], copy: &mut [u8]) -> (bool, usize) {
    let copy = &mut copy[..bytes.len()];
    copy.copy_from_slice(bytes);
    (std::str::from_utf8(copy).is_ok(), copy.iter().filter(|byte| byte.is_ascii_digit()).count())
}

/// The same of packed digits: copies them, looks at both halves of each byte once.
pub(crate) fn floor_of_packed(bytes: &[u8], copy: &mut [u8]) -> (bool, usize) {
    let copy = &mut copy[..bytes.len()];
    copy.copy_from_slice(bytes);
    let digits = |byte: &&u8| **byte >> 4 < 10 && **byte & 0x0F < 10;
    (copy.iter().all(|byte| *byte != 0xFF), copy.iter().filter(digits).count())
}

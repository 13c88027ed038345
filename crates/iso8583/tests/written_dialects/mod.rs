//! Dialects that are written for one test.

#![allow(dead_code, clippy::unwrap_used, clippy::panic)]

use iso8583::{Dialect, DialectError};

/// A dialect with ASCII message types and binary bitmaps; `rest` follows the table of wire defaults.
pub(crate) fn try_dialect(rest: &str) -> Result<Dialect, DialectError> {
    Dialect::from_toml(&format!("name = \"test\"\n[wire]\nbitmap = \"binary\"\n{rest}"))
}

pub(crate) fn dialect(rest: &str) -> Dialect {
    try_dialect(rest).unwrap_or_else(|error| panic!("{rest}\n{error}"))
}

/// A message with DE`de` alone in such a dialect; `value` in hexadecimal digits, blanks between them.
pub(crate) fn message(de: u8, value: &str) -> Vec<u8> {
    let mut bytes = b"0800".to_vec();
    let bit = |de: u8| (1_u64 << (64 - de)).to_be_bytes();
    match de {
        ..=64 => bytes.extend(bit(de)),
        _ => bytes.extend([bit(1), bit(de - 64)].concat()),
    }
    bytes.extend(hex::decode(value.replace(' ', "")).unwrap());
    bytes
}

//! The dialects that are built in. Each is a file of the same form as those that are loaded at run time.

use std::sync::LazyLock;

use crate::dialect::Dialect;

/// Names and files. A dialect extends one that stands before it.
const FILES: &[(&str, &str)] = &[
    ("iso87-ascii", include_str!("../dialects/iso87-ascii.toml")),
    ("iso87-binary", include_str!("../dialects/iso87-binary.toml")),
    ("iso87-ebcdic", include_str!("../dialects/iso87-ebcdic.toml")),
    ("iso93-ascii", include_str!("../dialects/iso93-ascii.toml")),
    ("iso93-binary", include_str!("../dialects/iso93-binary.toml")),
    ("postilion-like", include_str!("../dialects/postilion-like.toml")),
    ("visa-base1-like", include_str!("../dialects/visa-base1-like.toml")),
    ("mastercard-like", include_str!("../dialects/mastercard-like.toml")),
    ("mastercard-like-ebcdic", include_str!("../dialects/mastercard-like-ebcdic.toml")),
    ("ipm", include_str!("../dialects/ipm.toml")),
    ("ipm-ebcdic", include_str!("../dialects/ipm-ebcdic.toml")),
];

static DIALECTS: LazyLock<Vec<Dialect>> = LazyLock::new(|| {
    let load = |(_, text): &(&str, &str)| Dialect::built_in(text);
    // A built-in file that cannot be read would be missing here; a test loads every one.
    FILES.iter().map(load).filter_map(Result::ok).collect()
});

/// The names of the built-in dialects.
pub fn names() -> impl Iterator<Item = &'static str> {
    FILES.iter().map(|(name, _)| *name)
}

/// A built-in dialect.
#[must_use]
pub fn named(name: &str) -> Option<&'static Dialect> {
    DIALECTS.iter().find(|dialect| dialect.name() == name)
}

/// All built-in dialects.
pub fn all() -> impl Iterator<Item = &'static Dialect> {
    DIALECTS.iter()
}

/// The file of a built-in dialect, as an example for one of your own.
#[must_use]
pub fn source(name: &str) -> Option<&'static str> {
    FILES.iter().find(|(other, _)| *other == name).map(|(_, text)| *text)
}

/// ISO 8583:1987 as plain text: ASCII digits, expanding hexadecimal bitmaps, ASCII values, binary data as
/// hexadecimal text.
///
/// # Panics
///
/// Never: the file is part of this program, and a test loads it.
#[must_use]
#[expect(clippy::expect_used, reason = "the file is part of this program, and a test loads it")]
pub fn iso87_ascii() -> &'static Dialect {
    named("iso87-ascii").expect("the built-in file iso87-ascii.toml is right")
}

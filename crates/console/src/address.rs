//! Addresses of our own pages.

/// A value of a query: everything but letters, digits and `/-_.~` as `%XX` (RFC 3986 §3.4 lets `/` stand in a query).
pub(crate) fn escaped(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/-_.~".contains(&byte);
    let one = |byte: u8| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    text.bytes().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_ends_a_value_or_begins_another_one() {
        for (text, expected) in [
            ("/days/2026-10-10", "/days/2026-10-10"),
            ("a b&c=d#e", "a%20b%26c%3Dd%23e"),
            ("да", "%D0%B4%D0%B0"),
        ] {
            assert_eq!(escaped(text), expected);
        }
    }
}

//! The message type indicator: four digits for version, class, function and origin.

use std::fmt;

/// A message type indicator, for example `0100`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mti([u8; 4]);

impl Mti {
    /// An MTI written in the source code, for example `Mti::new("0100")`.
    ///
    /// # Panics
    ///
    /// When the text is not four digits; in a `const` that is a compile error. Text from outside belongs into
    /// [`Mti::parse`].
    #[must_use]
    #[track_caller]
    pub const fn new(digits: &'static str) -> Self {
        match Self::parse(digits.as_bytes()) {
            Some(mti) => mti,
            None => Self::wrong_literal(),
        }
    }

    #[track_caller]
    #[expect(
        clippy::panic,
        reason = "only a literal in the source code leads here; in a const it does not compile"
    )]
    const fn wrong_literal() -> Self {
        panic!("an MTI is written as four digits")
    }

    /// Reads an MTI: exactly four ASCII digits, anything else is `None`.
    #[must_use]
    pub const fn parse(bytes: &[u8]) -> Option<Self> {
        match bytes {
            &[a @ b'0'..=b'9', b @ b'0'..=b'9', c @ b'0'..=b'9', d @ b'0'..=b'9'] => Some(Self([a, b, c, d])),
            _ => None,
        }
    }

    /// The four digits as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// The four digits as bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 4] {
        &self.0
    }

    /// First digit: 0 = 1987, 1 = 1993, 2 = 2003.
    #[must_use]
    pub const fn version(self) -> u8 {
        self.0[0] - b'0'
    }

    /// Second digit: 1 authorization, 2 financial, 4 reversal, 5 reconciliation, 8 network management.
    #[must_use]
    pub const fn class(self) -> u8 {
        self.0[1] - b'0'
    }

    /// Third digit: 0 request, 1 response, 2 advice, 3 advice response, 4 notification.
    #[must_use]
    pub const fn function(self) -> u8 {
        self.0[2] - b'0'
    }

    /// Fourth digit: 0 acquirer, 1 acquirer repeat, 2 issuer, 3 issuer repeat.
    #[must_use]
    pub const fn origin(self) -> u8 {
        self.0[3] - b'0'
    }

    /// Whether the sender says that it sends this again (last digit 1 or 3).
    #[must_use]
    pub const fn is_repeat(self) -> bool {
        matches!(self.origin(), 1 | 3)
    }

    /// The same type as it was sent first: x1 becomes x0, x3 becomes x2.
    #[must_use]
    pub const fn without_repeat(self) -> Self {
        let mut digits = self.0;
        if self.is_repeat() {
            digits[3] -= 1;
        }
        Self(digits)
    }

    /// Whether this answers another message (odd third digit).
    #[must_use]
    pub const fn is_response(self) -> bool {
        self.function() % 2 == 1
    }

    /// The type of the answer: 0100 and 0101 give 0110, 0120 and 0121 give 0130. What is a response already
    /// keeps its function digit.
    #[must_use]
    pub const fn response(self) -> Self {
        let mut digits = self.without_repeat().0;
        if !self.is_response() {
            digits[2] += 1;
        }
        Self(digits)
    }
}

impl fmt::Display for Mti {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for Mti {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Mti({})", self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::Mti;

    #[test]
    fn responses_follow_the_table() {
        for (request, response) in [
            ("0100", "0110"),
            ("0101", "0110"),
            ("0120", "0130"),
            ("0121", "0130"),
            ("0200", "0210"),
            ("0201", "0210"),
            ("0220", "0230"),
            ("0221", "0230"),
            ("0400", "0410"),
            ("0401", "0410"),
            ("0420", "0430"),
            ("0421", "0430"),
            ("0800", "0810"),
            ("0820", "0830"),
            ("0102", "0112"),
            ("0103", "0112"),
            ("0110", "0110"),
        ] {
            assert_eq!(Mti::new(request).response(), Mti::new(response), "{request}");
        }
    }

    #[test]
    fn digits_have_their_meaning() {
        let mti = Mti::new("0421");
        assert_eq!((mti.version(), mti.class(), mti.function(), mti.origin()), (0, 4, 2, 1));
        assert!(mti.is_repeat() && !mti.is_response() && mti.response().is_response());
        assert_eq!(mti.without_repeat(), Mti::new("0420"));
        assert_eq!(Mti::new("0423").without_repeat(), Mti::new("0422"));
        assert_eq!(Mti::new("0420").without_repeat(), Mti::new("0420"));
        assert_eq!(format!("{mti} {mti:?}"), "0421 Mti(0421)");
    }

    #[test]
    fn only_four_digits_are_an_mti() {
        assert_eq!(Mti::parse(b"0100"), Some(Mti::new("0100")));
        for bytes in [&b""[..], b"010", b"01000", b"01A0", b"0 00", b"\xf0\xf1\xf0\xf0"] {
            assert_eq!(Mti::parse(bytes), None);
        }
    }

    #[test]
    #[should_panic(expected = "four digits")]
    fn a_wrong_literal_is_found_at_once() {
        let _ = Mti::new("100");
    }
}

//! Which text of the merchant map it is.

use std::fmt;

/// SHA-256 of the text of a merchant map.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct MapHash(pub [u8; 32]);

impl MapHash {
    /// The first eight hexadecimal digits, for people and explanations.
    pub fn short(&self) -> String {
        self.to_string().chars().take(8).collect()
    }
}

impl fmt::Display for MapHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

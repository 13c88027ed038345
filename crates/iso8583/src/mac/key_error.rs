//! Why a key, or a set of keys, is not taken.

use super::{KeyVersion, MacAlgorithm};

/// Why a key is not taken. Never carries anything of the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MacKeyError {
    /// The key has a length that the algorithm does not have.
    #[error("expected {}, found {found} bytes", expected_length(*algorithm))]
    WrongLength {
        /// The algorithm.
        algorithm: MacAlgorithm,
        /// Bytes given.
        found: usize,
    },
    /// The text is not hexadecimal digits, two for each byte.
    #[error("expected a key as hexadecimal digits, two for each byte and nothing between them")]
    NotHexadecimal,
    /// Both halves of a double-length DES key are the same key: one DES only.
    #[error("both halves of the key are the same; agree on a double-length key")]
    EqualHalves,
    /// One half is a weak, semi-weak or possibly weak DES key.
    #[error("one half of the key is a weak DES key; agree on another key")]
    Weak,
}

const fn expected_length(algorithm: MacAlgorithm) -> &'static str {
    match algorithm {
        MacAlgorithm::AesCmac => "an aes-cmac key of 16, 24 or 32 bytes",
        MacAlgorithm::RetailX919(_) => "an x9.19 key of 16 bytes",
    }
}

/// Why keys do not make a set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MacKeysError {
    /// Two keys have one version.
    #[error("two MAC keys have version {0}; give each key its own version")]
    SameVersion(KeyVersion),
    /// One key has two versions: nothing would change by changing between them.
    #[error("the MAC keys of versions {0} and {1} are the same key; agree on a new key for each version")]
    SameKey(KeyVersion, KeyVersion),
}

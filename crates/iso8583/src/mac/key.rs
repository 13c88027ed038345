//! One key that cannot be printed by accident.

use std::fmt;

use zeroize::Zeroizing;

use super::{MacKeyError, MacMethod, engine::Engine};

/// Bytes of the longest key.
const LONGEST_KEY: usize = 32;

/// The number that both sides give to a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyVersion(pub u32);

impl fmt::Display for KeyVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Three bytes by which people compare keys without showing them; written as six hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct KeyCheckValue([u8; 3]);

impl KeyCheckValue {
    /// The three bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 3] {
        &self.0
    }
}

impl fmt::Display for KeyCheckValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c] = self.0;
        write!(f, "{a:02X}{b:02X}{c:02X}")
    }
}

impl fmt::Debug for KeyCheckValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A key for MACs with its version and method. It is wiped from memory when dropped; `Debug` shows its version,
/// method and check value only.
pub struct MacKey {
    version: KeyVersion,
    method: MacMethod,
    engine: Engine,
}

impl MacKey {
    /// Takes the bytes of a key: 16, 24 or 32 for `aes-cmac`, 16 for `x9.19` (left half, then right half). The
    /// parity bits of a DES key may have any value, as DES does not use them. The caller wipes its own copy.
    ///
    /// # Errors
    ///
    /// A wrong length; with `x9.19` also equal halves or a weak, semi-weak or possibly weak DES key in a half.
    pub fn from_bytes(version: KeyVersion, method: MacMethod, key: &[u8]) -> Result<Self, MacKeyError> {
        Ok(Self { version, method, engine: Engine::new(method.algorithm, key)? })
    }

    /// Takes a key as hexadecimal digits in upper or lower case, without blanks. The caller wipes its own copy.
    ///
    /// # Errors
    ///
    /// Other characters or half a byte; otherwise as [`MacKey::from_bytes`].
    pub fn from_hex(version: KeyVersion, method: MacMethod, digits: &str) -> Result<Self, MacKeyError> {
        let found = digits.len() / 2;
        let mut buffer = Zeroizing::new([0; LONGEST_KEY]);
        let Some(key) = buffer.get_mut(..found) else {
            return Err(MacKeyError::WrongLength { algorithm: method.algorithm, found });
        };
        // The error of the library shows the wrong character, which is part of somebody's key.
        hex::decode_to_slice(digits, key).map_err(|_| MacKeyError::NotHexadecimal)?;
        Self::from_bytes(version, method, key)
    }

    /// The version.
    #[must_use]
    pub const fn version(&self) -> KeyVersion {
        self.version
    }

    /// The algorithm and the length of the MAC.
    #[must_use]
    pub const fn method(&self) -> MacMethod {
        self.method
    }

    /// The first three bytes of: for `aes-cmac` the CMAC of one block of zeros, for `x9.19` the triple DES
    /// encryption of one block of zeros. That is the common practice; it may be shown.
    #[must_use]
    pub fn check_value(&self) -> KeyCheckValue {
        let [a, b, c, ..] = self.engine.mac_of_zeros();
        KeyCheckValue([a, b, c])
    }

    /// The eight bytes of the field for the covered bytes.
    pub(super) fn field(&self, covered: &[u8]) -> [u8; 8] {
        self.method.length.field(self.engine.mac(covered))
    }

    /// Whether both are the same key with the same method, whatever their versions.
    pub(super) fn is_same_as(&self, other: &Self) -> bool {
        self.method == other.method && self.engine.mac_of_zeros() == other.engine.mac_of_zeros()
    }
}

impl fmt::Debug for MacKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MacKey")
            .field("version", &self.version.0)
            .field("method", &self.method)
            .field("check_value", &self.check_value())
            .finish_non_exhaustive()
    }
}

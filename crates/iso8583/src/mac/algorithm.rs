//! Which MAC is computed and how much of it is sent.

use std::{fmt, str::FromStr};

use thiserror::Error;

/// A MAC algorithm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MacAlgorithm {
    /// CMAC with AES (NIST SP 800-38B, RFC 4493; ISO/IEC 9797-1 algorithm 5), cut to its first eight bytes. The
    /// key has 16, 24 or 32 bytes. `aes-cmac`
    AesCmac,
    /// The retail MAC of ANSI X9.19 (ISO/IEC 9797-1 algorithm 3 with DES). The key has 16 bytes. `x9.19`, and
    /// `x9.19-padding-2` with the other padding.
    RetailX919(MacPadding),
}

impl MacAlgorithm {
    /// All algorithms.
    pub const ALL: [Self; 3] =
        [Self::AesCmac, Self::RetailX919(MacPadding::Zeros), Self::RetailX919(MacPadding::OneThenZeros)];

    /// The name in a configuration, for example `aes-cmac`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::AesCmac => "aes-cmac",
            Self::RetailX919(MacPadding::Zeros) => "x9.19",
            Self::RetailX919(MacPadding::OneThenZeros) => "x9.19-padding-2",
        }
    }
}

impl fmt::Display for MacAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for MacAlgorithm {
    type Err = UnknownMacAlgorithm;

    /// Reads a name as [`MacAlgorithm::name`] writes it.
    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|algorithm| algorithm.name() == name).ok_or(UnknownMacAlgorithm)
    }
}

/// A name that is no MAC algorithm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("unknown MAC algorithm; there are aes-cmac, x9.19 and x9.19-padding-2")]
pub struct UnknownMacAlgorithm;

/// How the covered bytes are filled up to whole blocks of DES (ISO/IEC 9797-1, 6.3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum MacPadding {
    /// Padding method 1: zeros up to the end of the block, none when the block is full. Zeros added at the end of
    /// the covered bytes then give the same MAC; the length of a message must be known otherwise, as by the frame.
    #[default]
    Zeros,
    /// Padding method 2: a one bit and then zeros, always at least one byte.
    OneThenZeros,
}

/// How many bytes of the MAC stand in the field of eight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MacLength {
    /// The first four bytes and four zero bytes behind them: usual with X9.19. The zeros are checked like the MAC.
    Four,
    /// All eight bytes.
    Eight,
}

impl MacLength {
    /// The setting for a number of MAC bytes: 4 or 8, anything else is `None`.
    #[must_use]
    pub const fn of_bytes(bytes: usize) -> Option<Self> {
        match bytes {
            4 => Some(Self::Four),
            8 => Some(Self::Eight),
            _ => None,
        }
    }

    /// The number of MAC bytes, 4 or 8.
    #[must_use]
    pub const fn bytes(self) -> usize {
        match self {
            Self::Four => 4,
            Self::Eight => 8,
        }
    }

    /// The eight bytes of the field for a MAC.
    pub(super) const fn field(self, mac: [u8; 8]) -> [u8; 8] {
        match (self, mac) {
            (Self::Four, [a, b, c, d, ..]) => [a, b, c, d, 0, 0, 0, 0],
            (Self::Eight, mac) => mac,
        }
    }
}

/// What is agreed with the other side beside the key. It belongs to a key, so that a new key may come with a new
/// algorithm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct MacMethod {
    /// How the MAC is computed.
    pub algorithm: MacAlgorithm,
    /// How much of it is sent.
    pub length: MacLength,
}

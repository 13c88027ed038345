//! How a link writes its messages: framing, header, dialect, MAC.

use std::{fmt, sync::Arc};

use iso8583::{Class, Dialect, Length, Version, dialects, framing::Framing, header::Header, mac::MacKeys};

/// The least greatest length of DE48 that holds every loyalty result.
const RESULT_MIN: u32 = 120;
/// What a dialect must have so that the gateway can read and answer messages, for either version.
const NEEDED: [u8; 6] = [2, 3, 4, 7, 11, 39];

/// How messages of a link are written.
#[derive(Debug, Clone)]
pub struct Wire {
    /// Frames on the connection.
    pub framing: Framing,
    /// Messages in the frames, with their header.
    pub dialect: Dialect,
    /// The MAC, if one is agreed.
    pub mac: Option<MacPolicy>,
}

/// The MAC of a link, and what a wrong one does.
#[derive(Clone)]
pub struct MacPolicy {
    /// The keys.
    pub keys: Arc<MacKeys>,
    /// DE39 of the answer to a message whose MAC is missing or wrong, as the bank's profile has it.
    pub response_code: String,
    /// So many wrong MACs on one connection end it.
    pub wrong_max: u32,
}

impl fmt::Debug for MacPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MacPolicy(current key {:?})", self.keys.current_version())
    }
}

impl Default for Wire {
    fn default() -> Self {
        Self { framing: Framing::BINARY_2, dialect: dialects::iso87_ascii().clone(), mac: None }
    }
}

/// Why a dialect cannot be spoken on a link.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WireError {
    /// The gateway has no rules for this version.
    #[error("the gateway speaks ISO 8583 of 1987 and 1993; the dialect {dialect} is of {year}")]
    Version {
        /// The dialect.
        dialect: String,
        /// Its version.
        year: u16,
    },
    /// A data element is not there.
    #[error("the dialect {dialect} has no DE{de}, which the gateway needs")]
    Missing {
        /// The dialect.
        dialect: String,
        /// The data element.
        de: u8,
    },
    /// The loyalty result does not fit.
    #[error(
        "the dialect {dialect} must have DE48 as text of at least {RESULT_MIN} characters: it carries the loyalty result"
    )]
    Result {
        /// The dialect.
        dialect: String,
    },
    /// There is no place for a MAC.
    #[error("the dialect {dialect} must have DE64 and DE128 as b64 to carry a MAC")]
    Mac {
        /// The dialect.
        dialect: String,
    },
}

impl Wire {
    /// Puts a link's settings together, and makes sure that the gateway can answer in them.
    pub fn new(
        framing: Framing,
        header: Option<Header>,
        dialect: &Dialect,
        mac: Option<MacPolicy>,
    ) -> Result<Self, WireError> {
        let name = || dialect.name().to_owned();
        if dialect.version() == Version::V2003 {
            return Err(WireError::Version { dialect: name(), year: dialect.version().year() });
        }
        if let Some(de) = NEEDED.into_iter().find(|de| dialect.field(*de).is_none()) {
            return Err(WireError::Missing { dialect: name(), de });
        }
        let holds_result = dialect.field(48).is_some_and(|spec| {
            spec.format.class == Class::AlphaNumericSpecial
                && matches!(spec.format.length, Length::Variable { max, .. } if max >= RESULT_MIN)
        });
        if !holds_result {
            return Err(WireError::Result { dialect: name() });
        }
        if mac.is_some() && !MacKeys::fit(dialect) {
            return Err(WireError::Mac { dialect: name() });
        }
        let dialect = header.map_or_else(|| dialect.clone(), |header| dialect.with_header(header));
        Ok(Self { framing, dialect, mac })
    }
}

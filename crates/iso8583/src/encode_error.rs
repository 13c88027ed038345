//! Why a message cannot be written.

use std::fmt;

use crate::place::Place;

/// A value that the dialect does not allow. Never carries card data.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
#[error("{place}: {problem}; this program must put right what it sends")]
pub struct EncodeError {
    /// Which data element.
    pub place: Place,
    /// What is wrong with it.
    pub problem: EncodeProblem,
}

/// What is wrong with a value.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EncodeProblem {
    /// The dialect does not have this data element.
    Undefined,
    /// The value is too short or too long.
    WrongLength {
        /// What is allowed.
        expected: crate::Length,
        /// Characters given.
        found: usize,
    },
    /// The value has a character that does not belong there.
    WrongCharacter {
        /// What the value should consist of.
        content: crate::Content,
        /// Position of the wrong character.
        position: usize,
        /// The kind of the wrong character.
        found: &'static str,
    },
    /// The message is longer than [`MAX_MESSAGE`](crate::MAX_MESSAGE).
    TooLarge {
        /// Its length in bytes.
        bytes: usize,
    },
}

impl fmt::Display for EncodeProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Undefined => {
                f.write_str("expected a data element of the dialect, found one it does not have")
            }
            Self::WrongLength { expected: crate::Length::Fixed(length), found } => {
                write!(f, "expected exactly {length} characters, found {found}")
            }
            Self::WrongLength { expected: crate::Length::Variable { max, .. }, found } => {
                write!(f, "expected at most {max} characters, found {found}")
            }
            Self::WrongCharacter { content, position, found } => {
                write!(f, "expected {}, found {found} at position {position}", content.expected())
            }
            Self::TooLarge { bytes } => {
                write!(f, "expected at most {} bytes, found {bytes}", crate::MAX_MESSAGE)
            }
        }
    }
}

//! Why a message cannot be written.

use std::fmt;

use crate::place::Place;

/// A value that the dialect does not allow. Never carries card data.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
#[error("{place}{part}: {problem}; put right what is to be sent")]
pub struct EncodeError {
    /// Which data element.
    pub place: Place,
    /// Which part of it, for example `.0105`; mostly empty.
    pub part: String,
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
        class: crate::Class,
        /// Position of the wrong character.
        position: usize,
        /// The kind of the wrong character.
        found: &'static str,
    },
    /// The parts of the value do not fit what the dialect says.
    Structure {
        /// What should have been given.
        expected: &'static str,
    },
    /// The header cannot be written.
    Header(Box<crate::header::HeaderError>),
    /// The value was masked before: what is hidden cannot be sent.
    Masked,
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
            Self::WrongLength { expected: crate::Length::Variable { min, max, .. }, found } => {
                write!(f, "expected {min} to {max} characters, found {found}")
            }
            Self::WrongCharacter { class, position, found } => {
                write!(f, "expected {}, found {found} at position {position}", class.expected())
            }
            Self::Structure { expected } => write!(f, "expected {expected}, found something else"),
            Self::Header(error) => error.fmt(f),
            Self::Masked => f.write_str("expected a value, found a masked one; describe it with --unmasked"),
            Self::TooLarge { bytes } => {
                write!(f, "expected at most {} bytes, found {bytes}", crate::MAX_MESSAGE)
            }
        }
    }
}

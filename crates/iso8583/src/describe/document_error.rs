//! Why a message in JSON cannot be written.

use crate::{encode_error::EncodeError, mask::mask_free_text};

/// Why a message in JSON cannot be written. Never carries a value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DocumentError {
    /// It is no JSON, or not of the kind that is needed.
    #[error("line {line}, column {column}: {problem}")]
    Syntax {
        /// From 1.
        line: usize,
        /// From 1.
        column: usize,
        /// What is wrong, without any value.
        problem: String,
    },
    /// A key is missing, unknown or of the wrong kind.
    #[error("{path}: expected {expected}")]
    Key {
        /// The path of the key, for example `fields.55.9F26`.
        path: String,
        /// What should be there.
        expected: String,
    },
    /// It describes a message that could not be decoded to its end.
    #[error(
        "error: expected a whole message, found one that was decoded in part; describe it in the right dialect"
    )]
    Incomplete,
    /// One of several messages is wrong.
    #[error("message {number}: {error}")]
    Message {
        /// From 1.
        number: usize,
        /// What is wrong with it.
        error: Box<DocumentError>,
    },
    /// The dialect does not allow what is in it.
    #[error(transparent)]
    Encode(EncodeError),
}

impl From<EncodeError> for DocumentError {
    fn from(mut error: EncodeError) -> Self {
        error.part = mask_free_text(&error.part).into_owned();
        Self::Encode(error)
    }
}

impl DocumentError {
    pub(super) fn key(path: impl Into<String>, expected: impl Into<String>) -> Self {
        // A card number that stands in the wrong place may be a key.
        let path = mask_free_text(&path.into()).into_owned();
        Self::Key { path, expected: expected.into() }
    }

    /// The same, of one of several messages, counted from 1.
    #[must_use]
    pub fn in_message(self, number: usize) -> Self {
        Self::Message { number, error: Box::new(self) }
    }

    /// The text of a JSON error without what was found: that could be a card number.
    pub(super) fn syntax(error: &serde_json::Error) -> Self {
        let told = error.to_string();
        let problem = match error.classify() {
            serde_json::error::Category::Data if !told.contains("comes twice") => {
                "expected texts, whole numbers, objects, and an array of several messages".to_owned()
            }
            _ => told.split(" at line ").next().unwrap_or_default().to_owned(),
        };
        Self::Syntax { line: error.line(), column: error.column(), problem }
    }
}

//! A value that is well formed but does not mean what its data element should mean.

/// Why a typed view of a data element cannot be given. Never carries the value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
#[error("DE{de}: expected {expected}, found {found}; the sender must send it as agreed")]
pub struct FieldError {
    /// The data element.
    pub de: u8,
    /// What should be there.
    pub expected: &'static str,
    /// What is there instead, in general words.
    pub found: &'static str,
}

impl FieldError {
    pub(crate) const fn new(de: u8, expected: &'static str, found: &'static str) -> Self {
        Self { de, expected, found }
    }
}

//! Why bytes do not have the agreed header.

/// The first part of a header that is wrong. Carries no byte of the message, only kinds and lengths.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
#[error("{part} at byte {offset}: expected {expected}, found {found}; {remedy}")]
pub struct HeaderError {
    /// Which part, for example `TPDU identifier` or `VisaNet H4 total length`.
    pub part: &'static str,
    /// Offset in bytes from the start of the header.
    pub offset: usize,
    /// What should be there.
    pub expected: String,
    /// What is there instead, in general words.
    pub found: String,
    remedy: &'static str,
}

impl HeaderError {
    /// Received bytes are not as agreed.
    pub(super) fn received(
        part: &'static str,
        offset: usize,
        expected: impl Into<String>,
        found: impl Into<String>,
    ) -> Self {
        let remedy = "the sender must send the agreed header, or another one is spoken";
        Self { part, offset, expected: expected.into(), found: found.into(), remedy }
    }

    /// Another number of bytes was received.
    pub(super) fn length(part: &'static str, offset: usize, expected: usize, found: usize) -> Self {
        Self::received(part, offset, format!("{expected} bytes"), format!("{found} bytes"))
    }

    /// A header cannot be written.
    pub(super) fn written(
        part: &'static str,
        offset: usize,
        expected: impl Into<String>,
        found: impl Into<String>,
        remedy: &'static str,
    ) -> Self {
        Self { part, offset, expected: expected.into(), found: found.into(), remedy }
    }
}

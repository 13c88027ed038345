//! What is delivered, and what is known after it was.

use std::path::PathBuf;
use std::sync::Arc;

/// One item for one partner.
#[derive(Debug, Clone)]
pub struct Outgoing {
    /// The name of the file: 1 to 200 of the characters A-Z, a-z, 0-9, `-`, `_` and `.`, beginning with a letter or
    /// digit. A webhook does not use it.
    pub name: String,
    /// Its bytes.
    pub content: Content,
    /// SHA-256 of the bytes, as recorded when they were made. Others are not delivered.
    pub sha256: [u8; 32],
    /// By which the partner tells a repetition: the `webhook-id`, and metadata of an object. The same for each attempt.
    pub key: String,
    /// `application/json` and the like.
    pub media_type: &'static str,
}

/// Where the bytes are.
#[derive(Debug, Clone)]
pub enum Content {
    /// In a file, which is streamed.
    Path(PathBuf),
    /// In memory: an event.
    Bytes(Arc<[u8]>),
}

/// The item is where it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// Where exactly: a path or an address, without any secret.
    pub place: String,
    /// Whether it stood there before this attempt.
    pub already: bool,
    /// How many bytes stand there: with PGP more, or fewer, than the item has.
    pub bytes: u64,
    /// SHA-256 of them.
    pub sha256: [u8; 32],
    /// The partner's answer, if there was one: `HTTP 204`.
    pub answer: Option<String>,
}

//! What is delivered, and what is known after it was.

use std::io::{self, Cursor};
use std::path::PathBuf;
use std::sync::Arc;

use aws_lc_rs::digest::{Context, SHA256};
use tokio::fs::File;
use tokio::io::{AsyncRead, AsyncReadExt};

use super::{DeliveryError, Fault};

/// Servers add `.partial` and `.done`; file systems allow 255 bytes.
const NAME_BYTES_MAX: usize = 200;

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

impl Outgoing {
    /// A name becomes a part of paths on other people's servers, so the letters are counted out.
    pub(crate) fn check_name(&self) -> Result<(), DeliveryError> {
        let letters =
            self.name.chars().all(|letter| letter.is_ascii_alphanumeric() || "-_.".contains(letter));
        let begins = self.name.starts_with(|letter: char| letter.is_ascii_alphanumeric());
        if letters && begins && self.name.len() <= NAME_BYTES_MAX {
            return Ok(());
        }
        Err(self.fault(
            "is no name for a file: 1 to 200 of A-Z a-z 0-9 - _ . are expected, a letter or digit first",
        ))
    }

    /// How many bytes it has.
    pub(crate) async fn size(&self) -> Result<u64, DeliveryError> {
        match &self.content {
            Content::Bytes(bytes) => Ok(bytes.len() as u64),
            Content::Path(path) => {
                Ok(tokio::fs::metadata(path).await.map_err(|error| self.unreadable(&error))?.len())
            }
        }
    }

    /// Opens it for reading once from the beginning to the end.
    pub(crate) async fn open(&self) -> Result<Source<'_>, DeliveryError> {
        let reader: Box<dyn AsyncRead + Send + Unpin> = match &self.content {
            Content::Bytes(bytes) => Box::new(Cursor::new(Arc::clone(bytes))),
            Content::Path(path) => Box::new(File::open(path).await.map_err(|error| self.unreadable(&error))?),
        };
        Ok(Source { item: self, reader, hash: Context::new(&SHA256), bytes: 0 })
    }

    /// All of it, if it is the recorded content.
    pub(crate) async fn whole(&self, most: u64) -> Result<Vec<u8>, DeliveryError> {
        let size = self.size().await?;
        if size > most {
            let found = format!("it has {size} bytes; {most} are carried at most");
            return Err(DeliveryError::new(Fault::TooLarge, &self.name, found));
        }
        let mut source = self.open().await?;
        let mut whole = Vec::new();
        while let Some(chunk) = source.chunk(64 << 10).await? {
            whole.extend_from_slice(&chunk);
        }
        source.finish()?;
        Ok(whole)
    }

    fn unreadable(&self, error: &io::Error) -> DeliveryError {
        self.fault(format!("cannot be read: {error}"))
    }

    pub(crate) fn not_recorded(&self) -> DeliveryError {
        self.fault("is not the content that was recorded")
    }

    pub(crate) fn fault(&self, found: impl Into<String>) -> DeliveryError {
        DeliveryError::new(Fault::LocalFile, &self.name, found)
    }
}

/// The bytes of an item on their way, counted and hashed as they pass.
pub(crate) struct Source<'a> {
    item: &'a Outgoing,
    reader: Box<dyn AsyncRead + Send + Unpin>,
    hash: Context,
    bytes: u64,
}

impl Source<'_> {
    /// The next bytes: `size` of them, fewer at the end, `None` after it.
    pub(crate) async fn chunk(&mut self, size: usize) -> Result<Option<Vec<u8>>, DeliveryError> {
        let mut chunk = Vec::with_capacity(size);
        let mut limited = (&mut self.reader).take(size as u64);
        while chunk.len() < size {
            let read = limited.read_buf(&mut chunk).await.map_err(|error| self.item.unreadable(&error))?;
            if read == 0 {
                break;
            }
        }
        self.hash.update(&chunk);
        self.bytes += chunk.len() as u64;
        Ok((!chunk.is_empty()).then_some(chunk))
    }

    /// How many bytes there were.
    ///
    /// # Errors
    /// If they are not those that were recorded.
    pub(crate) fn finish(self) -> Result<u64, DeliveryError> {
        if self.hash.finish().as_ref() == self.item.sha256 {
            return Ok(self.bytes);
        }
        Err(self.item.not_recorded())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(name: &str) -> Outgoing {
        let sha256 = crate::sha256(b"abcdefg");
        let content = Content::Bytes(Arc::from(&b"abcdefg"[..]));
        Outgoing { name: name.into(), content, sha256, key: "1".into(), media_type: "text/plain" }
    }

    #[tokio::test]
    async fn chunks_are_full_but_the_last() {
        let item = item("a");
        let mut source = item.open().await.unwrap();
        let mut chunks = Vec::new();
        while let Some(chunk) = source.chunk(3).await.unwrap() {
            chunks.push(chunk);
        }
        assert_eq!(chunks, [&b"abc"[..], b"def", b"g"]);
        assert_eq!(source.finish().unwrap(), 7);
        let cut = item.open().await.unwrap();
        assert_eq!(cut.finish().unwrap_err().fault(), Fault::LocalFile, "half of it is not it");
        assert_eq!(item.whole(6).await.unwrap_err().fault(), Fault::TooLarge);
    }

    #[test]
    fn a_name_leads_nowhere_else() {
        assert!(item("kosta_boreal-gold_2026-10-10_000001_0.cbs").check_name().is_ok());
        for name in ["", "../a", "a/b", ".a", "-a", "a b", "\u{e4}", &"a".repeat(201)] {
            assert!(item(name).check_name().is_err(), "{name:?}");
        }
    }
}

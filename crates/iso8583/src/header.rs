//! Headers inside a frame, before the MTI, as data: TPDU, VisaNet, fixed texts, opaque bytes, and rows of
//! them.
//!
//! A [`Header`] has a name for configuration files (`none`, `tpdu`, `visanet`, `literal:ISO`, `bytes:6`,
//! `tpdu+bytes:6`). It finds where the message starts, checks what it knows, writes the header of a reply in
//! the peer's terms, and one of its own. [`candidates`] tells which headers fit a message of unknown origin.

mod candidates;
mod error;
mod name;
mod opening;
mod part;
mod visanet;

pub(crate) use self::candidates::{Guess, best_guess};
use self::part::Part;
pub use self::{
    candidates::{Candidate, candidates},
    error::HeaderError,
    name::UnknownHeader,
};

/// The greatest header in bytes.
pub const MAX_HEADER: usize = 64;

/// What comes before the MTI: a row of parts, [`MAX_HEADER`] bytes at most. The default is no header.
///
/// [`Header::from_str`](std::str::FromStr) reads the name, `Display` writes it. Parts are joined with `+`:
///
/// - `none` – no header, only alone
/// - `tpdu` – 5 bytes: identifier 0x60, destination and source of 2 bytes each. `tpdu:6000030000` also says
///   what a sender of its own writes (by itself `6000000000`); another identifier than 0x60 is taken from
///   there.
/// - `visanet` – the 22 bytes of VisaNet. `visanet:` and 12 hexadecimal digits give destination and source
///   station for a sender of its own (by itself zeros).
/// - `literal:TEXT` – printable ASCII; `+` is written `++`
/// - `bytes:N` – N bytes that only the peer understands. `bytes:2:0102` also says what a sender of its own
///   writes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Header {
    parts: Vec<Part>,
}

impl Header {
    /// No header.
    pub const NONE: Self = Self { parts: Vec::new() };

    /// Its length in bytes.
    #[must_use]
    pub fn length(&self) -> usize {
        self.parts.iter().map(Part::length).sum()
    }

    fn is_visanet(&self) -> bool {
        matches!(self.parts.first(), Some(Part::VisaNet(_)))
    }

    /// Checks the header at the start of `bytes`, which are the whole message of a frame, and gives its
    /// length in bytes: the MTI starts there.
    ///
    /// # Errors
    ///
    /// When the bytes do not have this header: the part, its offset, what was expected and the kind of what
    /// is there.
    pub fn split(&self, bytes: &[u8]) -> Result<usize, HeaderError> {
        self.check(bytes, true)
    }

    /// As [`Header::split`]; `whole` says whether `bytes` go to the end of the message.
    fn check(&self, bytes: &[u8], whole: bool) -> Result<usize, HeaderError> {
        let mut at = 0;
        for part in &self.parts {
            let rest = bytes.get(at..).unwrap_or_default();
            part.check(rest, at, whole.then_some(rest.len()))?;
            at += part.length();
        }
        Ok(at)
    }

    /// Appends the header of a reply, in the peer's terms: addresses swapped, lengths counted anew, all else
    /// as in the request. `request_header` are the bytes that [`Header::split`] gave, `message_length` are
    /// the bytes of the reply from its MTI on.
    ///
    /// # Errors
    ///
    /// When the request does not have this header, or the reply is too long for a length in it; nothing is
    /// appended then.
    pub fn reply(
        &self,
        request_header: &[u8],
        message_length: usize,
        out: &mut Vec<u8>,
    ) -> Result<(), HeaderError> {
        let length = self.check(request_header, false)?;
        if length != request_header.len() {
            return Err(HeaderError::length("header", 0, length, request_header.len()));
        }
        let (mut written, mut at) = (Vec::with_capacity(length), 0);
        for part in &self.parts {
            let from = request_header.get(at..).unwrap_or_default();
            let total = (length - at).saturating_add(message_length);
            part.reply(from, at, total, &mut written)?;
            at += part.length();
        }
        out.append(&mut written);
        Ok(())
    }

    /// Appends the header of a message that answers nothing: what the configuration says, or zeros for
    /// addresses. `message_length` are the bytes of the message from its MTI on.
    ///
    /// # Errors
    ///
    /// When the configuration says nothing for a part that only the peer understands, or the message is too
    /// long for a length in the header; nothing is appended then.
    pub fn write_default(&self, message_length: usize, out: &mut Vec<u8>) -> Result<(), HeaderError> {
        let length = self.length();
        let (mut written, mut at) = (Vec::with_capacity(length), 0);
        for part in &self.parts {
            let total = (length - at).saturating_add(message_length);
            part.write_default(at, total, &mut written)?;
            at += part.length();
        }
        out.append(&mut written);
        Ok(())
    }
}

//! How a bank writes: framing, dialect with its header, MAC.
//!
//! Scripts, traffic and the auditor speak of messages as ISO 8583:1987 has them. A [`BankWire`] writes them in the
//! version of its dialect and reads answers back into the terms of 1987.

mod codes;
mod of_1993;
mod spoken;

use std::{borrow::Cow, sync::Arc};

use iso8583::{
    Builder, DecodeError, Dialect, EncodeError, Length, Message, Version, dialects,
    framing::{Frame, FrameError, Framing},
    mac::{MacKeys, MacProblem},
};
use jiff::{Timestamp, civil::Date, tz::TimeZone};

pub use self::codes::{NetworkCodes, NetworkFunction};
use self::spoken::Spoken;

/// The longest answer in bytes that is taken: twice what the link contract allows.
const ANSWER_MAX: usize = 8192;

/// How messages of a bank's link are written. The clones of one share what they remember of sent messages.
#[derive(Clone, Debug)]
pub struct BankWire {
    /// Frames on the connection.
    pub framing: Framing,
    /// Messages in the frames, with their header.
    pub dialect: Dialect,
    /// The keys of the MAC, if one is agreed.
    pub mac: Option<Arc<MacKeys>>,
    /// The codes of network management.
    pub codes: NetworkCodes,
    near: Option<Date>,
    spoken: Arc<Spoken>,
}

impl Default for BankWire {
    /// Two bytes of length, ISO 8583:1987 in ASCII, no MAC.
    fn default() -> Self {
        Self::new(Framing::BINARY_2, dialects::iso87_ascii().clone(), None)
    }
}

/// What is wrong with a received message.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// It is none of the dialect.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// Its MAC is not right.
    #[error(transparent)]
    Mac(#[from] MacProblem),
}

/// The names of what a link speaks, for evidence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WireNames {
    /// The dialect.
    pub dialect: String,
    /// The year of its version of the standard.
    pub version: u16,
    /// The framing.
    pub framing: String,
    /// The header before the message type.
    pub header: String,
    /// The algorithm of the MAC, or `none`.
    pub mac: String,
}

impl Default for WireNames {
    fn default() -> Self {
        BankWire::default().names()
    }
}

impl BankWire {
    /// Puts together what a link speaks, with the usual codes of network management.
    #[must_use]
    pub fn new(framing: Framing, dialect: Dialect, mac: Option<Arc<MacKeys>>) -> Self {
        let codes = NetworkCodes::usual(dialect.version());
        Self { framing, dialect, mac, codes, near: None, spoken: Arc::default() }
    }

    /// The same with other codes of network management; by itself they are the usual ones.
    #[must_use]
    pub fn with_codes(mut self, codes: NetworkCodes) -> Self {
        self.codes = codes;
        self
    }

    /// The same for messages around that date: 1993 writes years, which the terms of 1987 lack. By itself today.
    #[must_use]
    pub fn near(mut self, date: Date) -> Self {
        self.near = Some(date);
        self
    }

    /// The names of what is spoken.
    #[must_use]
    pub fn names(&self) -> WireNames {
        let mac = self.mac.as_ref().map(|keys| format!("key version {}", keys.current_version()));
        WireNames {
            dialect: self.dialect.name().to_owned(),
            version: self.dialect.version().year(),
            framing: self.framing.to_string(),
            header: self.dialect.header().to_string(),
            mac: mac.unwrap_or_else(|| "none".to_owned()),
        }
    }

    /// Writes a message, with its MAC if one is agreed.
    ///
    /// # Errors
    ///
    /// As [`Builder::encode`].
    pub fn encode(&self, message: &Builder) -> Result<Vec<u8>, EncodeError> {
        match &self.mac {
            Some(keys) => keys.sign_message(&self.in_its_version(message), &self.dialect),
            None => self.encode_unsigned(message),
        }
    }

    /// Writes a message without its MAC.
    ///
    /// # Errors
    ///
    /// As [`Builder::encode`].
    pub fn encode_unsigned(&self, message: &Builder) -> Result<Vec<u8>, EncodeError> {
        self.in_its_version(message).encode(&self.dialect)
    }

    /// Reads a message, and checks its MAC if one is agreed.
    ///
    /// # Errors
    ///
    /// When it is none of the dialect, or its MAC is not right.
    pub fn decode(&self, bytes: &[u8]) -> Result<Builder, ReadError> {
        let message = self.dialect.decode(bytes)?;
        if let Some(keys) = &self.mac {
            keys.verify_message(&message, Timestamp::now().as_second())?;
        }
        Ok(self.in_terms_of_1987(&message))
    }

    /// Reads what can be read of a message, whatever its MAC.
    #[must_use]
    pub fn decode_partial(&self, bytes: &[u8]) -> Option<Builder> {
        let (message, _) = self.dialect.decode_partial(bytes);
        message.map(|message| self.in_terms_of_1987(&message))
    }

    /// A message in its frame.
    ///
    /// # Errors
    ///
    /// When it is empty or too long for the framing.
    pub fn frame(&self, payload: &[u8]) -> Result<Vec<u8>, FrameError> {
        let mut frame = Vec::with_capacity(payload.len() + self.framing.prefix());
        self.framing.write(&mut frame, payload)?;
        Ok(frame)
    }

    /// The first whole frame of what was received.
    ///
    /// # Errors
    ///
    /// When the bytes are no frame of this framing.
    pub fn next_frame(&self, buffer: &[u8]) -> Result<Option<Frame>, FrameError> {
        self.framing.next(buffer, ANSWER_MAX)
    }

    /// Where a data element of 1987 stands in this dialect, such as `DE56` for `DE90`.
    pub(crate) fn element<'a>(&self, of_1987: &'a str) -> &'a str {
        if self.is_1987() { of_1987 } else { of_1993::element(of_1987) }
    }

    /// Whether messages are written as scripts speak of them.
    pub(crate) fn is_1987(&self) -> bool {
        self.dialect.version() == Version::V1987
    }

    fn in_its_version<'a>(&self, message: &'a Builder) -> Cow<'a, Builder> {
        if self.is_1987() {
            return self.with_entry_mode(message);
        }
        let near = self.near.unwrap_or_else(|| Timestamp::now().to_zoned(TimeZone::UTC).date());
        let written = of_1993::written(message, near, &self.dialect, &self.spoken);
        self.spoken.remember(message, &written);
        Cow::Owned(written)
    }

    /// DE22 has three digits, but four where a network has put a filler behind them.
    fn with_entry_mode<'a>(&self, message: &'a Builder) -> Cow<'a, Builder> {
        let four = self.dialect.field(22).is_some_and(|spec| spec.format.length == Length::Fixed(4));
        match message.get(22) {
            Some(mode) if four && mode.len() == 3 => Cow::Owned(message.clone().set(22, format!("{mode}0"))),
            _ => Cow::Borrowed(message),
        }
    }

    fn in_terms_of_1987(&self, message: &Message<'_>) -> Builder {
        let received = Builder::from_message(message);
        // A MAC says something of the bytes, nothing of the purchase.
        let received = if self.mac.is_some() { received.remove(64).remove(128) } else { received };
        if self.is_1987() { received } else { of_1993::read(received, &self.spoken) }
    }
}

#[cfg(test)]
mod tests;

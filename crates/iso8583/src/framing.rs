//! Frames on a connection, as data: which form the length has, what it counts, what an empty frame means.
//!
//! A [`Framing`] has a name for configuration files (`binary-2`, `ascii-4-inclusive`, `vmli`), finds the
//! first frame in received bytes and writes frames. Nothing is allocated from an announced length.
//! [`candidates`] tells which framings fit bytes of unknown origin.

mod candidates;
mod error;
mod form;
mod name;
pub(crate) mod nearest;

use std::ops::Range;

pub use self::{
    candidates::{Candidate, Refusal, candidates, refusals, why_not},
    error::FrameError,
    name::UnknownFraming,
};
use self::{error::check, form::Form};

/// How messages are told apart on a connection.
///
/// [`Framing::from_str`](std::str::FromStr) reads the name of a framing, `Display` writes it: a form of
/// [`Framing::names`], then `-keep-alive` or `-no-keep-alive` where that is not the habit of the form, then
/// `:` and the greatest message in bytes where that is not the greatest of the form; for example
/// `ascii-4-inclusive`, `binary-2-keep-alive`, `vmli:4096`. The default is `binary-2`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Framing {
    form: Form,
    inclusive: bool,
    keep_alive: bool,
    /// Greatest message in bytes that was agreed; what the form can write is a bound as well.
    longest: usize,
}

/// The first frame in received bytes; ranges are positions in these bytes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Frame {
    /// A message; the range is the message without its length.
    Message(Range<usize>),
    /// No message but a sign of life; the range is the whole frame, which is to be sent back with
    /// [`Framing::echo_keep_alive`].
    KeepAlive(Range<usize>),
}

impl Frame {
    /// How many bytes the frame takes from the start of the buffer, its length included.
    #[must_use]
    pub const fn consumed(&self) -> usize {
        match self {
            Self::Message(range) | Self::KeepAlive(range) => range.end,
        }
    }
}

impl Default for Framing {
    fn default() -> Self {
        Self::BINARY_2
    }
}

impl Framing {
    /// 2 bytes, most significant first: NAC and most hosts.
    pub const BINARY_2: Self = Self::of(Form::Binary2);
    /// 2 bytes, least significant first.
    pub const BINARY_2_LITTLE: Self = Self::of(Form::Binary2Little);
    /// 4 bytes, most significant first.
    pub const BINARY_4: Self = Self::of(Form::Binary4);
    /// 4 ASCII digits.
    pub const ASCII_4: Self = Self::of(Form::Ascii4);
    /// 2 bytes with 4 packed digits (NCC): `00 36` announces 36 bytes.
    pub const BCD_2: Self = Self::of(Form::Bcd2);
    /// 4 hexadecimal characters; either case is read, upper case is written.
    pub const HEX_4: Self = Self::of(Form::Hex4);
    /// VisaNet: 2 bytes most significant first, a reserved zero byte, and a byte whose upper nibble is the
    /// message format (2 = session control, a heartbeat) and whose lower nibble is the platform. At most 2048
    /// bytes.
    pub const VMLI: Self = Self::of(Form::Vmli);
    /// 2 bytes most significant first and 2 zero bytes; a zero length is a keep-alive.
    pub const CS: Self = Self::of(Form::Cs);

    const fn of(form: Form) -> Self {
        Self { form, inclusive: false, keep_alive: form.has_keep_alive(), longest: form.usual_longest() }
    }

    /// The same form whose length counts itself: everything before the message, so 4 bytes with `vmli` and
    /// `cs`.
    #[must_use]
    pub const fn inclusive(self) -> Self {
        Self { inclusive: true, ..self }
    }

    /// The same form where a zero length is a keep-alive (`true`) or an error (`false`). A heartbeat of
    /// `vmli` is a keep-alive in any case.
    #[must_use]
    pub const fn with_keep_alive(self, keep_alive: bool) -> Self {
        Self { keep_alive, ..self }
    }

    /// The same form with another greatest message, in bytes without the length; what the form cannot write
    /// stays out of reach.
    #[must_use]
    pub const fn with_longest(self, longest: usize) -> Self {
        Self { longest, ..self }
    }

    /// The greatest message in bytes that this framing allows, without the length itself.
    #[must_use]
    pub const fn longest(&self) -> usize {
        let writable = self.form.greatest().saturating_sub(self.counted());
        if self.longest < writable { self.longest } else { writable }
    }

    /// Bytes before the message: the length and what belongs to it.
    #[must_use]
    pub const fn prefix(&self) -> usize {
        self.form.prefix()
    }

    /// Whether the length counts itself.
    #[must_use]
    pub const fn is_inclusive(&self) -> bool {
        self.inclusive
    }

    /// Whether a zero length is a keep-alive and not an error.
    #[must_use]
    pub const fn has_keep_alive(&self) -> bool {
        self.keep_alive
    }

    /// What the length counts besides the message.
    const fn counted(&self) -> usize {
        if self.inclusive { self.form.prefix() } else { 0 }
    }

    /// The first whole frame in `buffer`; `None` while more bytes are needed. `max` is the greatest message
    /// in bytes that the caller takes; the agreed greatest of this framing holds as well.
    ///
    /// Keep-alives cost a peer nothing: the caller bounds how many it answers.
    ///
    /// # Errors
    ///
    /// When the bytes are no length of this form (told at the first wrong byte), or the length is zero where
    /// that is no keep-alive, smaller than itself where it counts itself, or too great (told as soon as the
    /// length is there).
    pub fn next(&self, buffer: &[u8], max: usize) -> Result<Option<Frame>, FrameError> {
        let Some(number) = self.form.read_length(buffer)? else { return Ok(None) };
        let length = self.message_length(number)?;
        check(length, max.min(self.longest()))?;
        let Some(session_control) = self.form.read_rest(buffer)? else { return Ok(None) };
        if length == 0 && !self.keep_alive && !session_control {
            return Err(FrameError::Empty);
        }
        let end = self.prefix().saturating_add(length);
        let start = if length == 0 || session_control { 0 } else { self.prefix() };
        let frame = if start == 0 { Frame::KeepAlive(start..end) } else { Frame::Message(start..end) };
        Ok((buffer.len() >= end).then_some(frame))
    }

    /// How many bytes of the first frame are not in `buffer`: 0 of a whole one; `None` while its length is not there,
    /// or where what is there is none.
    #[must_use]
    pub fn lacking(&self, buffer: &[u8]) -> Option<usize> {
        let number = self.form.read_length(buffer).ok()??;
        let length = self.message_length(number).ok()?;
        Some(self.prefix().saturating_add(length).saturating_sub(buffer.len()))
    }

    /// The message length behind an announced number.
    fn message_length(&self, number: usize) -> Result<usize, FrameError> {
        // Some peers write an empty frame as 0 although their length counts itself; both forms mean the same.
        if number == 0 && self.keep_alive {
            return Ok(0);
        }
        let least = self.counted();
        number.checked_sub(least).ok_or(FrameError::SmallerThanItself { length: number, least })
    }

    /// Appends a frame with `payload`.
    ///
    /// # Errors
    ///
    /// When the message is empty or longer than [`Framing::longest`]; nothing is appended then.
    pub fn write(&self, out: &mut Vec<u8>, payload: &[u8]) -> Result<(), FrameError> {
        if payload.is_empty() {
            return Err(FrameError::Empty);
        }
        check(payload.len(), self.longest())?;
        self.form.write(out, payload.len().saturating_add(self.counted()), false);
        out.extend_from_slice(payload);
        Ok(())
    }

    /// Appends a keep-alive of our own: an empty frame, with `vmli` a heartbeat.
    ///
    /// # Errors
    ///
    /// When this framing has no keep-alive; nothing is appended then.
    pub fn write_keep_alive(&self, out: &mut Vec<u8>) -> Result<(), FrameError> {
        let session_control = matches!(self.form, Form::Vmli);
        if !self.keep_alive && !session_control {
            return Err(FrameError::NoKeepAlive);
        }
        self.form.write(out, self.counted(), session_control);
        Ok(())
    }

    /// Appends the answer to a keep-alive: the very bytes that were received, which are those of
    /// [`Frame::KeepAlive`].
    ///
    /// # Errors
    ///
    /// When `received` is not exactly one keep-alive of this framing; nothing is appended then.
    pub fn echo_keep_alive(&self, out: &mut Vec<u8>, received: &[u8]) -> Result<(), FrameError> {
        match self.next(received, self.longest())? {
            Some(Frame::KeepAlive(range)) if range.end == received.len() => {
                out.extend_from_slice(received);
                Ok(())
            }
            _ => Err(FrameError::NoKeepAlive),
        }
    }
}

/// The range of the first whole message in `buffer`, framed as `binary-2`; `None` while more bytes are
/// needed. The frame is consumed up to the end of that range.
///
/// # Errors
///
/// When the length is zero or greater than `max`; that is told as soon as the length is there.
pub fn next_frame(buffer: &[u8], max: usize) -> Result<Option<Range<usize>>, FrameError> {
    match Framing::BINARY_2.next(buffer, max)? {
        Some(Frame::Message(range)) => Ok(Some(range)),
        // This framing has no keep-alive.
        Some(Frame::KeepAlive(_)) | None => Ok(None),
    }
}

/// Appends a frame as `binary-2`.
///
/// # Errors
///
/// When the message is empty or longer than 65535 bytes; nothing is appended then.
pub fn write_frame(out: &mut Vec<u8>, payload: &[u8]) -> Result<(), FrameError> {
    Framing::BINARY_2.write(out, payload)
}

#[cfg(test)]
mod tests {
    use super::{FrameError, next_frame, write_frame};

    #[test]
    fn frames_come_out_as_they_went_in() {
        let mut stream = Vec::new();
        write_frame(&mut stream, b"first").unwrap();
        write_frame(&mut stream, &[7; 300]).unwrap();
        assert_eq!(stream.get(..2), Some(&[0, 5][..]));
        let range = next_frame(&stream, 512).unwrap().unwrap();
        assert_eq!(&stream[range.clone()], b"first");
        let rest = &stream[range.end..];
        assert_eq!(next_frame(rest, 512), Ok(Some(2..302)));
        for cut in 0..rest.len() {
            assert_eq!(next_frame(&rest[..cut], 512), Ok(None));
        }
    }

    #[test]
    fn lengths_out_of_bounds_are_refused_at_once() {
        assert_eq!(next_frame(&[0, 0], 10), Err(FrameError::Empty));
        assert_eq!(next_frame(&[0, 11], 10), Err(FrameError::TooLong { length: 11, max: 10 }));
        assert_eq!(next_frame(&[0, 10], 10), Ok(None));
        let mut out = vec![1];
        assert_eq!(write_frame(&mut out, b""), Err(FrameError::Empty));
        let error = write_frame(&mut out, &[0; 65_536]);
        assert_eq!(error, Err(FrameError::TooLong { length: 65_536, max: 65_535 }));
        assert_eq!(out, [1]);
        write_frame(&mut out, &[0; 65_535]).unwrap();
    }
}

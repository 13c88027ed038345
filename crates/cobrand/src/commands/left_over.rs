//! What stands behind the last whole frame of a capture.

use std::{fmt, ops::Range};

use iso8583::{
    framing::{self, Frame, Framing},
    header,
};

/// A greater length in bytes is more likely none: no host sends such a message in practice.
const LIKELY_MAX: usize = 8 * 1024;

/// Some hosts end each message with it.
const END_OF_TEXT: u8 = 3;

/// Bytes behind the last whole frame.
pub(super) struct LeftOver {
    messages: usize,
    offset: usize,
    count: usize,
    /// What they may be, in words; none of the bytes.
    pub(super) maybe: String,
    /// The capture ends inside a frame: the link is not at fault.
    pub(super) is_cut: bool,
}

impl fmt::Display for LeftOver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { messages, offset, count, maybe, .. } = self;
        let messages =
            if *messages == 1 { "1 whole message".to_owned() } else { format!("{messages} whole messages") };
        let bytes = if *count == 1 { "byte" } else { "bytes" };
        write!(
            f,
            "{messages}, and behind them {count} {bytes} from byte {offset} on that are no whole frame ({maybe})"
        )
    }
}

impl LeftOver {
    /// `None` if nothing is left over. Signs of life are no messages, and nothing is lost with them.
    pub(super) fn of(bytes: &[u8], framing: Framing, messages: &[Range<usize>]) -> Option<Self> {
        let mut offset = messages.last()?.end;
        while let Ok(Some(frame @ Frame::KeepAlive(_))) =
            framing.next(bytes.get(offset..)?, iso8583::MAX_MESSAGE)
        {
            offset += frame.consumed();
        }
        let rest = bytes.get(offset..).filter(|rest| !rest.is_empty())?;
        let (maybe, is_cut) = maybe(rest, framing);
        Some(Self { messages: messages.len(), offset, count: rest.len(), maybe, is_cut })
    }
}

fn maybe(rest: &[u8], framing: Framing) -> (String, bool) {
    if rest.iter().all(u8::is_ascii_whitespace) {
        return ("line ends or blanks that were added when it was saved".to_owned(), false);
    }
    if rest.iter().all(|byte| *byte == END_OF_TEXT) {
        return ("an end mark, ETX, which this framing does not have".to_owned(), false);
    }
    if rest.len() < framing.prefix() && framing.next(rest, LIKELY_MAX).is_ok() {
        return ("part of a frame length: the capture ends too early".to_owned(), true);
    }
    if rest.iter().all(|byte| *byte == 0) {
        return ("zeros: padding, or a sign of life that is cut".to_owned(), false);
    }
    let starts = |bytes: &[u8]| !header::candidates(bytes).is_empty();
    match framing.next(rest, LIKELY_MAX) {
        Ok(None)
            if starts(rest.get(framing.prefix()..).unwrap_or_default())
                || rest.len() < framing.prefix() + 4 =>
        {
            return ("the beginning of a frame: the capture ends too early".to_owned(), true);
        }
        _ => {}
    }
    let other = framing::candidates(rest).into_iter().find_map(|found| found.framing);
    match other.filter(|other| *other != framing) {
        Some(other) => (format!("frames of {other}"), false),
        None if starts(rest) => ("a message without a frame length".to_owned(), false),
        None => ("another protocol, or bytes in front of them were lost".to_owned(), false),
    }
}

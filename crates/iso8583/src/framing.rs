//! Frames on a connection: a 2-byte big-endian length, then the message.

use std::ops::Range;

const HEADER: usize = 2;

/// Why bytes are not a frame, or a message cannot be framed. The stream cannot be followed after that.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FrameError {
    /// A frame without a message.
    #[error("frame length: expected at least 1 byte, found 0; the sender must not send empty frames")]
    Empty,
    /// A frame that is longer than allowed.
    #[error(
        "frame length: expected at most {max} bytes, found {length}; the sender must send shorter messages"
    )]
    TooLong {
        /// Length as announced.
        length: usize,
        /// Greatest length.
        max: usize,
    },
}

/// The range of the first whole message in `buffer`; `None` while more bytes are needed. The frame is consumed
/// up to the end of that range.
///
/// # Errors
///
/// When the length is zero or greater than `max`; that is told as soon as the length is there.
pub fn next_frame(buffer: &[u8], max: usize) -> Result<Option<Range<usize>>, FrameError> {
    let Some(header) = buffer.first_chunk::<HEADER>() else { return Ok(None) };
    let length = usize::from(u16::from_be_bytes(*header));
    check(length, max)?;
    let end = HEADER + length;
    Ok((buffer.len() >= end).then_some(HEADER..end))
}

/// Appends a frame.
///
/// # Errors
///
/// When the message is empty or longer than 65535 bytes; nothing is appended then.
pub fn write_frame(out: &mut Vec<u8>, payload: &[u8]) -> Result<(), FrameError> {
    let max = usize::from(u16::MAX);
    check(payload.len(), max)?;
    let length =
        u16::try_from(payload.len()).map_err(|_| FrameError::TooLong { length: payload.len(), max })?;
    out.extend_from_slice(&length.to_be_bytes());
    out.extend_from_slice(payload);
    Ok(())
}

const fn check(length: usize, max: usize) -> Result<(), FrameError> {
    if length == 0 {
        return Err(FrameError::Empty);
    }
    if length > max {
        return Err(FrameError::TooLong { length, max });
    }
    Ok(())
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

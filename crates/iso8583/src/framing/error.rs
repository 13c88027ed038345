//! Why bytes are not a frame.

/// Why bytes are not a frame, or a message cannot be framed. The stream cannot be followed after that.
/// Carries no byte of the stream besides a length.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FrameError {
    /// A frame without a message.
    #[error(
        "frame length at byte 0: expected at least 1 byte, found 0; the sender must not send empty frames"
    )]
    Empty,
    /// A frame that is longer than allowed.
    #[error(
        "frame length at byte 0: expected at most {max} bytes, found {length}; the sender must send shorter \
         messages, or another framing is spoken"
    )]
    TooLong {
        /// Length of the message as announced, in bytes.
        length: usize,
        /// Greatest length in bytes.
        max: usize,
    },
    /// A length that counts itself and yet is smaller than itself.
    #[error(
        "frame length at byte 0: expected at least {least}, as the length counts itself, found {length}; the \
         sender must count its length, or the framing must be the one without `-inclusive`"
    )]
    SmallerThanItself {
        /// Length as announced, in bytes.
        length: usize,
        /// What the length takes itself, in bytes.
        least: usize,
    },
    /// A byte that cannot be there.
    #[error(
        "frame length at byte {offset}: expected {expected}, found {found}; the sender must send the agreed \
         framing, or another one is spoken"
    )]
    WrongByte {
        /// Offset in bytes from the start of the frame.
        offset: usize,
        /// What should be there.
        expected: &'static str,
        /// The kind of what is there.
        found: &'static str,
    },
    /// A keep-alive in a framing that has none, or an answer to something that is no keep-alive.
    #[error("frame: expected a keep-alive of this framing, found none; this program must not send one here")]
    NoKeepAlive,
}

/// Refuses a message that is too long.
pub(super) const fn check(length: usize, max: usize) -> Result<(), FrameError> {
    if length > max { Err(FrameError::TooLong { length, max }) } else { Ok(()) }
}

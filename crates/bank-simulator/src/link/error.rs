//! Why a message got no reply.

use std::{io, net::SocketAddr, time::Duration};

use iso8583::{EncodeError, framing::FrameError};

use crate::tls::TlsError;

/// Up to where a connection came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layer {
    /// Not even the network connection.
    Tcp,
    /// The network connection, but not the TLS handshake.
    Tls,
}

/// Why a link cannot be used, or a message on it got no reply.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LinkError {
    /// Our TLS material is of no use.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// Nobody listens, or the handshake failed.
    #[error("gateway at {address}: {source}; check that it runs and that both sides trust each other")]
    Connect {
        /// Where.
        address: SocketAddr,
        /// In what it failed.
        layer: Layer,
        /// What the operating system or TLS says.
        source: io::Error,
    },
    /// The handshake took too long.
    #[error("gateway at {address}: no TLS connection within {after:?}; check that it speaks TLS there")]
    ConnectTimeout {
        /// Where.
        address: SocketAddr,
        /// In what the time ran out.
        layer: Layer,
        /// How long we waited.
        after: Duration,
    },
    /// The link has ended.
    #[error("link closed: {reason}")]
    Closed {
        /// Why.
        reason: String,
    },
    /// No reply in time.
    #[error("no reply within {after:?}; the message may have been taken, so repeat it")]
    NoReply {
        /// How long we waited.
        after: Duration,
    },
    /// A sign-on, sign-off or echo was not answered with 00.
    #[error("network message {function}: expected DE39 00, found `{code}`")]
    Refused {
        /// DE39.
        code: String,
        /// DE70.
        function: String,
    },
    /// The link has no code for it.
    #[error("no code of {function} is agreed on this link: name one")]
    NotAgreed {
        /// Sign-on, sign-off, echo.
        function: &'static str,
    },
    /// The message breaks the dialect.
    #[error(transparent)]
    Encode(#[from] EncodeError),
    /// The message does not fit into a frame.
    #[error(transparent)]
    Frame(#[from] FrameError),
    /// The message has nothing by which its reply is found.
    #[error("message without DE7 and DE11: its reply could not be told apart; set them, or use send_raw")]
    WithoutKey,
}

impl LinkError {
    /// Whether another attempt, perhaps on another link, may succeed.
    #[must_use]
    pub const fn is_worth_repeating(&self) -> bool {
        matches!(
            self,
            Self::Connect { .. } | Self::ConnectTimeout { .. } | Self::Closed { .. } | Self::NoReply { .. }
        )
    }
}

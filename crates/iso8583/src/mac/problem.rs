//! Why a MAC is not accepted.

use super::{KeyVersion, MAC_FIELD_BYTES};

/// Why a MAC is not accepted. Never carries a key, a MAC or covered bytes. It is for our log: the other side learns
/// only that the MAC was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MacProblem {
    /// There is no MAC.
    #[error("expected a MAC, found none; the sender must send one as agreed")]
    Missing,
    /// The field has another length.
    #[error(
        "expected a MAC field of {MAC_FIELD_BYTES} bytes, found {found}; the sender must send it as agreed"
    )]
    WrongLength {
        /// Bytes received.
        found: usize,
    },
    /// The MAC is wrong under every key: another key or method, or altered bytes.
    #[error(
        "the MAC is wrong under every accepted key ({}); both sides must use the same key, method and covered bytes",
        versions(accepted)
    )]
    Wrong {
        /// Versions that would have been accepted, the current one first.
        accepted: Vec<KeyVersion>,
    },
    /// The MAC is right under a key that is accepted no longer: the sender has not changed its key.
    #[error(
        "the MAC is right under key version {version}, which was accepted until {not_after_unix_seconds} (UNIX \
         seconds); the sender must sign with version {current}"
    )]
    Expired {
        /// The version of the key.
        version: KeyVersion,
        /// The last second in which it was accepted, in UNIX seconds.
        not_after_unix_seconds: i64,
        /// The version that signs now.
        current: KeyVersion,
    },
}

fn versions(accepted: &[KeyVersion]) -> String {
    let numbers: Vec<String> = accepted.iter().map(ToString::to_string).collect();
    format!("version {}", numbers.join(", "))
}

//! The keys of one link: one that signs, and others that are still accepted.

use std::iter;

use ctutils::CtEq;

use super::{KeyVersion, MAC_FIELD_BYTES, MacKey, MacKeysError, MacProblem};

/// A key that does not sign but is accepted up to a time.
///
/// Usually that is the key before the current one. The next key may stand here too: then the other side can begin
/// to sign with it before we do, and nobody needs to change at the same second.
#[derive(Debug)]
pub struct AcceptedKey {
    /// The key.
    pub key: MacKey,
    /// The last second in which it is accepted, in UNIX seconds.
    pub not_after_unix_seconds: i64,
}

/// The MAC keys of one link. This crate has no clock: the caller says what time it is.
#[derive(Debug)]
pub struct MacKeys {
    current: MacKey,
    accepted: Vec<AcceptedKey>,
}

/// What checking under one key needs to know of it.
struct Candidate<'a> {
    key: &'a MacKey,
    /// `None` for the current key, which does not expire.
    not_after: Option<i64>,
}

impl Candidate<'_> {
    fn is_accepted_at(&self, now: i64) -> bool {
        self.not_after.is_none_or(|not_after| now <= not_after)
    }
}

impl MacKeys {
    /// Puts together the key that signs, which is also accepted without an end, and the others that are accepted.
    /// A key stays listed for some time after it expired, so that a peer that still uses it can be told from one
    /// with a wrong key.
    ///
    /// # Errors
    ///
    /// Two keys with the same version, or the same key in two versions.
    pub fn new(current: MacKey, accepted: Vec<AcceptedKey>) -> Result<Self, MacKeysError> {
        let keys = Self { current, accepted };
        let all: Vec<&MacKey> = keys.candidates().map(|candidate| candidate.key).collect();
        for (position, key) in all.iter().enumerate() {
            for earlier in all.iter().take(position) {
                differ(earlier, key)?;
            }
        }
        Ok(keys)
    }

    /// The version of the key that signs.
    #[must_use]
    pub const fn current_version(&self) -> KeyVersion {
        self.current.version()
    }

    /// The eight bytes of DE64 or DE128 for a message: by the current key over the covered bytes, which are those
    /// from the MTI up to the byte before the MAC.
    #[must_use]
    pub fn sign(&self, covered: &[u8]) -> [u8; MAC_FIELD_BYTES] {
        self.current.field(covered)
    }

    /// Checks the received bytes of DE64 or DE128 (empty when the message has none) and tells the version of the
    /// key under which they are right.
    ///
    /// How long that takes does not depend on how much of the MAC was right, nor on which key made it.
    ///
    /// # Errors
    ///
    /// The MAC is missing, has another length, is wrong, or is right under a key that has expired by
    /// `now_unix_seconds`.
    pub fn verify(
        &self,
        covered: &[u8],
        received: &[u8],
        now_unix_seconds: i64,
    ) -> Result<KeyVersion, MacProblem> {
        let received = field_bytes(received)?;
        let mut found: Result<KeyVersion, Option<MacProblem>> = Err(None);
        // Every key is tried, also behind one that was right.
        for candidate in self.candidates() {
            let is_right = candidate.key.field(covered).ct_eq(&received).to_bool();
            if is_right && found.is_err() {
                found = self.judge(&candidate, now_unix_seconds).map_err(Some);
            }
        }
        found.map_err(|problem| problem.unwrap_or_else(|| self.wrong(now_unix_seconds)))
    }

    /// All keys, the current one first.
    fn candidates(&self) -> impl Iterator<Item = Candidate<'_>> {
        let current = Candidate { key: &self.current, not_after: None };
        iter::once(current).chain(self.accepted.iter().map(|accepted| Candidate {
            key: &accepted.key,
            not_after: Some(accepted.not_after_unix_seconds),
        }))
    }

    /// What it means that the MAC is right under this key.
    fn judge(&self, candidate: &Candidate<'_>, now: i64) -> Result<KeyVersion, MacProblem> {
        let version = candidate.key.version();
        match candidate.not_after {
            Some(not_after_unix_seconds) if !candidate.is_accepted_at(now) => {
                Err(MacProblem::Expired { version, not_after_unix_seconds, current: self.current_version() })
            }
            _ => Ok(version),
        }
    }

    fn wrong(&self, now: i64) -> MacProblem {
        let accepted = self.candidates().filter(|candidate| candidate.is_accepted_at(now));
        MacProblem::Wrong { accepted: accepted.map(|candidate| candidate.key.version()).collect() }
    }
}

fn differ(one: &MacKey, other: &MacKey) -> Result<(), MacKeysError> {
    if one.version() == other.version() {
        return Err(MacKeysError::SameVersion(one.version()));
    }
    if one.is_same_as(other) {
        return Err(MacKeysError::SameKey(one.version(), other.version()));
    }
    Ok(())
}

fn field_bytes(received: &[u8]) -> Result<[u8; MAC_FIELD_BYTES], MacProblem> {
    if received.is_empty() {
        return Err(MacProblem::Missing);
    }
    received.try_into().map_err(|_| MacProblem::WrongLength { found: received.len() })
}

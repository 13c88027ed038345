//! The MAC of a whole message: which bytes it covers, and where it stands.

use std::borrow::Cow;

use zeroize::Zeroizing;

use super::{KeyVersion, MAC_FIELD_BYTES, MacKeys, MacProblem};
use crate::{
    Builder, Dialect, EncodeError, EncodeProblem, Message, Place,
    field_spec::{Encoding, FieldSpec},
    format::Length,
};

/// The element of the MAC in a message whose last element is at most 64.
const FIRST: u8 = 64;
/// The element of the MAC in a message with elements above 64.
const SECOND: u8 = 128;

impl MacKeys {
    /// Whether a dialect can carry a MAC: DE64 and DE128 are eight bytes of binary data.
    #[must_use]
    pub fn fit(dialect: &Dialect) -> bool {
        [FIRST, SECOND].iter().all(|de| dialect.field(*de).is_some_and(holds_mac))
    }

    /// Verifies the MAC of a received message. It covers everything from the message type to the MAC, without the
    /// header and the MAC itself.
    ///
    /// # Errors
    ///
    /// As [`MacKeys::verify`]; a message whose last element is neither DE64 nor DE128 has no MAC.
    pub fn verify_message(
        &self,
        message: &Message<'_>,
        now_unix_seconds: i64,
    ) -> Result<KeyVersion, MacProblem> {
        let (covered, received) = covered_and_received(message).ok_or(MacProblem::Missing)?;
        self.verify(covered, &received, now_unix_seconds)
    }

    /// Writes a message with its MAC: DE64, or DE128 if it has elements above 64.
    ///
    /// # Errors
    ///
    /// As [`Builder::encode`]; and when the dialect has no place for a MAC.
    pub fn sign_message(&self, builder: &Builder, dialect: &Dialect) -> Result<Vec<u8>, EncodeError> {
        let unsigned = builder.clone().remove(FIRST).remove(SECOND);
        let element = if unsigned.elements().any(|de| de > FIRST) { SECOND } else { FIRST };
        let zeros = "0".repeat(MAC_FIELD_BYTES * 2);
        let bytes = Zeroizing::new(unsigned.clone().set(element, zeros).encode(dialect)?);
        let refuse = |expected| EncodeError {
            place: Place::Field(element),
            part: String::new(),
            problem: EncodeProblem::Structure { expected },
        };
        // What we wrote ourselves decodes, unless the dialect holds something else in this element.
        let message = dialect.decode(&bytes).map_err(|_| refuse("a place for a MAC of eight bytes"))?;
        let (covered, _) =
            covered_and_received(&message).ok_or_else(|| refuse("a place for a MAC of eight bytes"))?;
        unsigned.set(element, hex::encode(self.sign(covered))).encode(dialect)
    }
}

fn holds_mac(spec: &FieldSpec) -> bool {
    let binary = matches!(spec.encoding, Encoding::Binary | Encoding::Hex | Encoding::EbcdicHex(_));
    binary && matches!(spec.format.length, Length::Fixed(bytes) if bytes as usize == MAC_FIELD_BYTES)
}

fn covered_and_received<'a>(message: &Message<'a>) -> Option<(&'a [u8], Cow<'a, [u8]>)> {
    let element = if message.has(SECOND) { SECOND } else { FIRST };
    // What stands behind the MAC is not covered by it.
    if message.values().any(|(de, _)| de > element) {
        return None;
    }
    let value = message.value(element)?;
    let covered = message.bytes().get(message.header().len()..message.offset(element)?)?;
    Some((covered, value.bytes()))
}

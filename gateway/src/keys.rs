//! The keys under which card numbers become tokens. They live outside the database and are wiped on drop.

use aws_lc_rs::hmac::{HMAC_SHA256, Key, sign};
use iso8583::Pan;
use store::CardToken;
use zeroize::Zeroizing;

use crate::hash::array;

/// A key is 256 bits.
const KEY_BYTES: usize = 32;

/// Why a key could not be used. Never shows the key.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum KeyError {
    /// The text is not 64 hexadecimal digits.
    #[error(
        "a card key is 64 hexadecimal digits (256 bits); this text is not. Take card.key of a new set: cobrand certs --out FOLDER"
    )]
    NotAKey,
    /// Another key was used under this id before.
    #[error(
        "card key {0} is not the one that this database's cards were enrolled with; give back the old file, or give a new key a new id and keep the old one"
    )]
    Different(u8),
    /// No key was given.
    #[error("no card key is configured: name at least one file under [[card_key]]")]
    None,
}

/// The current key for new tokens and the older ones under which cards may still be found.
pub struct CardKeys {
    keys: Vec<(u8, Key)>,
    audit: Key,
    lasting: Key,
}

impl CardKeys {
    /// From hexadecimal texts, newest first, each with its id.
    pub fn from_hex(keys: &[(u8, Zeroizing<String>)]) -> Result<Self, KeyError> {
        let mut parsed = Vec::with_capacity(keys.len());
        let (mut audit, mut lasting) = (None, None);
        for (id, text) in keys {
            let bytes = Zeroizing::new(hex::decode(text.trim()).map_err(|_| KeyError::NotAKey)?);
            if bytes.len() != KEY_BYTES {
                return Err(KeyError::NotAKey);
            }
            // The audit hash has a key of its own, derived, so that it can never equal a token.
            let derived = sign(&Key::new(HMAC_SHA256, &bytes), b"cobrand audit key 1");
            audit.get_or_insert_with(|| Key::new(HMAC_SHA256, derived.as_ref()));
            let derived = sign(&Key::new(HMAC_SHA256, &bytes), b"cobrand request key 1");
            lasting = Some(Key::new(HMAC_SHA256, derived.as_ref()));
            parsed.push((*id, Key::new(HMAC_SHA256, &bytes)));
        }
        match (audit, lasting) {
            (Some(audit), Some(lasting)) => Ok(Self { keys: parsed, audit, lasting }),
            _ => Err(KeyError::None),
        }
    }

    /// The tokens of a card number, the current one first.
    pub fn tokens(&self, pan: &Pan) -> Vec<CardToken> {
        self.keys
            .iter()
            .map(|(key_id, key)| CardToken { key_id: *key_id, mac: mac(key, pan.expose().as_bytes()) })
            .collect()
    }

    /// A value of each key that the database keeps, so that another key under the same id is noticed at the start
    /// and not by members who are known no more.
    pub fn check_values(&self) -> Vec<(u8, [u8; 32])> {
        self.keys.iter().map(|(id, key)| (*id, mac(key, b"cobrand check value 1"))).collect()
    }

    /// A keyed hash of a message without its sensitive fields.
    pub fn audit_mac(&self, text: &str) -> [u8; 32] {
        mac(&self.audit, text.as_bytes())
    }

    /// A keyed hash of what a caller named a request by. It goes by the oldest key, which stays configured, so that a
    /// new one makes no request look like one that never came.
    pub fn request_key_mac(&self, text: &str) -> [u8; 32] {
        mac(&self.lasting, text.as_bytes())
    }
}

fn mac(key: &Key, bytes: &[u8]) -> [u8; 32] {
    array(sign(key, bytes).as_ref())
}

impl std::fmt::Debug for CardKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "CardKeys({} keys)", self.keys.len())
    }
}

//! Message authentication codes in DE64 and DE128: signing, checking, and changing keys without a pause.
//!
//! A MAC covers all bytes of the message from the MTI up to the byte before the MAC itself; the caller cuts them
//! out. DE64 or DE128 is given here as its eight bytes; where a dialect sends them as hexadecimal text, the caller
//! decodes that first.
//!
//! ISO 16609:2022 names the algorithms of ISO/IEC 9797-1. New links should take [`MacAlgorithm::AesCmac`]: NIST
//! (SP 800-131A) allows no new protection with DES in any form since the end of 2023.
//! [`MacAlgorithm::RetailX919`] is for partners that have nothing else. Both sides hold the same key, so a MAC
//! proves nothing about which of the two made a message.

mod algorithm;
mod engine;
mod key;
mod key_error;
mod keys;
mod message;
mod problem;

pub use self::{
    algorithm::{MacAlgorithm, MacLength, MacMethod, MacPadding, UnknownMacAlgorithm},
    key::{KeyCheckValue, KeyVersion, MacKey},
    key_error::{MacKeyError, MacKeysError},
    keys::{AcceptedKey, MacKeys},
    problem::MacProblem,
};

/// Bytes of DE64 and of DE128.
pub const MAC_FIELD_BYTES: usize = 8;

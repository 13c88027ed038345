//! What kind of transaction a message was.

use partner_adapters::canonical::Kind;

/// The types of events by which staff, or the partner that keeps the miles, correct what was decided.
const ADJUSTMENTS: [&str; 3] = ["rerate", "reattribution", "miles-refused"];

/// The reason of an adjustment, if the message was one.
pub(crate) fn adjustment(mti: &str) -> Option<&'static str> {
    ADJUSTMENTS.into_iter().find(|reason| *reason == mti)
}

/// By the type of a message that is no adjustment, and the signed amount with which it counted.
pub(crate) fn kind(mti: &str, counted_minor: i64) -> Kind {
    // The second digit of a message type is its class: 4 is a reversal. A clearing file has a word of its own.
    if mti.as_bytes().get(1) == Some(&b'4') || mti == "file-reversal" {
        Kind::Reversal
    } else if counted_minor < 0 {
        Kind::Refund
    } else {
        Kind::Purchase
    }
}

//! A message as it goes to the store: the event and what else is kept of it.

use domain::Event;
use jiff::civil::Date;

/// The event to decide and the references that only people and files need. No card data but the last four digits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageRecord {
    /// What is decided.
    pub event: Event,
    /// The canonical text of the message key.
    pub key_text: String,
    /// `online`, or the id of the file it came in.
    pub source: String,
    /// The message type as it was sent.
    pub mti: String,
    /// DE11.
    pub stan: String,
    /// DE7 as it was sent.
    pub transmitted: String,
    /// DE38, if any.
    pub approval: String,
    /// The acquirer reference number, if any.
    pub arn: String,
    /// The last four digits of the card number.
    pub last4: String,
    /// The bank's own business day of the message: DE15, else its cut-over.
    pub bank_date: Date,
    /// A keyed hash of the message without its sensitive fields.
    pub audit_mac: [u8; 32],
}

//! What a CTF file consists of.

use std::fmt;

use super::{Trailer, TransactionCode};
use crate::Pan;

/// What stands at one place of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Entry {
    /// The file header (90).
    Header(FileHeader),
    /// A draft with all its components.
    Transaction(Box<Transaction>),
    /// A transaction of another kind. It is not read further, but it is not passed over in silence either.
    Other(Other),
    /// A batch trailer (91).
    BatchTrailer(Trailer),
    /// The file trailer (92), always last.
    FileTrailer(Trailer),
}

/// The file header (90).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileHeader {
    /// Center information block: who sends, 6 characters.
    pub center: String,
    /// Processing date, five digits YYDDD: two of the year, three for the day in it.
    pub processing_date: String,
    /// Whether the header says `TEST`.
    pub test: bool,
    /// File id of the sender, up to 3 characters.
    pub file_id: String,
}

/// A transaction that is no draft.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Other {
    /// Number of its first record, from 1.
    pub record: u64,
    /// Its transaction code, two digits.
    pub code: [u8; 2],
    /// How many records it has.
    pub components: usize,
}

/// An amount of money.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Amount {
    /// In minor units of the currency; at most twelve digits.
    pub minor: u64,
    /// ISO 4217 code, three digits as a number, for example 949.
    pub currency: u16,
}

/// A draft: sale, credit or cash, presented, charged back or reversed. `Debug` shows code and place only.
#[derive(Clone, PartialEq, Eq)]
pub struct Transaction {
    /// Number of its first record, from 1.
    pub record: u64,
    /// Its transaction code.
    pub code: TransactionCode,
    /// The card number with its extension.
    pub pan: Pan,
    /// Acquirer reference number, 23 digits.
    pub acquirer_reference: String,
    /// Month (1 to 12) and day (1 to 31) of the purchase. The year is not stated.
    pub purchase_date: (u8, u8),
    /// What the issuer is asked for; `None` where the sender left it to the network (currency blank or 000).
    pub destination: Option<Amount>,
    /// What the cardholder agreed to.
    pub source: Amount,
    /// Name of the merchant, without the blanks behind it.
    pub merchant_name: String,
    /// City of the merchant, without the blanks behind it.
    pub merchant_city: String,
    /// Country of the merchant as sent, without the blanks behind it.
    pub merchant_country: String,
    /// Merchant category code, ISO 18245.
    pub mcc: u16,
    /// Usage code: 1 = first time, 2 = second time.
    pub usage: u8,
    /// Reason code, two digits; 0 where there is none.
    pub reason: u8,
    /// Authorization code, without the blanks behind it.
    pub authorization_code: String,
    /// Card acceptor id from component 1, without the blanks behind it.
    pub card_acceptor: Option<String>,
    /// Terminal id from component 1, without the blanks behind it.
    pub terminal: Option<String>,
    /// What links it to its authorization, from component 5.
    pub authorization: Option<Authorization>,
    /// Whether component 7, chip data, is there. Its content is not read.
    pub has_chip_data: bool,
    /// How many records it has.
    pub components: usize,
}

impl fmt::Debug for Transaction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Transaction({} at record {}, {:?})", self.code, self.record, self.pan)
    }
}

/// What links a draft to its authorization (component 5).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authorization {
    /// Transaction identifier, 15 digits; all zeros where there is none.
    pub transaction_identifier: String,
    /// The amount that was authorized; `None` where the currency is blank or 000.
    pub amount: Option<Amount>,
    /// Multiple clearing: which presentment this is, 0 to 99; 0 where there is but one.
    pub sequence: u8,
    /// Multiple clearing: how many presentments there will be, 0 to 99; 0 where this is not known.
    pub count: u8,
}

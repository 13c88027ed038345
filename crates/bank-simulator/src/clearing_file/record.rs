//! What a clearing file tells of a purchase, whatever the format.

use iso8583::Pan;
use jiff::civil::{Date, DateTime};

use crate::{Merchant, Money};

/// What a record is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClearingKind {
    /// Goods.
    Purchase,
    /// Cash.
    Cash,
    /// Money back.
    Refund,
    /// The issuer takes a purchase back, all of it or a part.
    Chargeback {
        /// A part.
        partial: bool,
    },
    /// The acquirer claims it again.
    SecondPresentment {
        /// A part.
        partial: bool,
    },
    /// The issuer takes it back for the second time.
    Arbitration {
        /// A part.
        partial: bool,
    },
}

/// One record. `Debug` masks the card number.
#[derive(Clone, Debug)]
pub struct ClearingFileRecord {
    /// What it is.
    pub kind: ClearingKind,
    /// Whether it undoes the same record.
    pub reversal: bool,
    /// The card.
    pub pan: Pan,
    /// The merchant.
    pub merchant: Merchant,
    /// The amount.
    pub amount: Money,
    /// What is billed, if the currency is another.
    pub billing: Option<Money>,
    /// When, where the merchant is.
    pub local: DateTime,
    /// DE37; empty if there is none.
    pub retrieval: String,
    /// DE38; empty if there is none.
    pub approval: String,
    /// Acquirer reference number, 23 digits; see [`arn`].
    pub arn: String,
    /// The network's name of the transaction; empty if there is none. In CTF 15 digits.
    pub life_cycle: String,
    /// Tells the presentments of one ARN apart.
    pub sequence: u8,
    /// DE95, the issuer's name of a chargeback; empty if there is none. Only IPM has it.
    pub reference: String,
    /// Of a reversal: the day on which what it undoes was cleared (PDS0025), if it is not the day of the purchase.
    pub undoes_day: Option<Date>,
}

impl ClearingFileRecord {
    /// A purchase without references but its ARN.
    #[must_use]
    pub fn purchase(pan: Pan, merchant: Merchant, amount: Money, local: DateTime, arn: String) -> Self {
        Self {
            kind: ClearingKind::Purchase,
            reversal: false,
            pan,
            merchant,
            amount,
            billing: None,
            local,
            retrieval: String::new(),
            approval: String::new(),
            arn,
            life_cycle: String::new(),
            sequence: 1,
            reference: String::new(),
            undoes_day: None,
        }
    }

    /// The same as another step of its life.
    #[must_use]
    pub fn then(&self, kind: ClearingKind) -> Self {
        Self { kind, ..self.clone() }
    }

    /// The same, undone.
    #[must_use]
    pub fn reversed(&self) -> Self {
        Self { reversal: true, ..self.clone() }
    }
}

/// An acquirer reference number of 23 digits: the format code 7, the last six digits of the acquirer, zeros for the
/// date, a number of eleven digits, and a check digit that nobody here checks.
#[must_use]
pub fn arn(acquirer: &str, number: u64) -> String {
    let padded = format!("{acquirer:0>6}");
    let last = padded.get(padded.len().saturating_sub(6)..).unwrap_or_default();
    format!("7{last}0000{:011}0", number % 100_000_000_000)
}

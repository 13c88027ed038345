//! One record of a clearing file, without its wire format.

use domain::{Currency, TransactionKind};
use iso8583::Pan;
use jiff::civil::DateTime;

/// Which step of a purchase's life a record tells of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// The acquirer claims the money, or gives it back if the transaction is a refund.
    Presentment,
    /// The issuer takes it back.
    Chargeback,
    /// The acquirer claims again what was charged back.
    SecondPresentment,
    /// The issuer takes it back for the second time.
    Arbitration,
}

impl Step {
    /// The word in the identity of a record, the same in every format.
    pub(super) fn name(self, transaction: TransactionKind) -> &'static str {
        match (self, transaction) {
            (Self::Presentment, TransactionKind::Refund) => "refund",
            (Self::Presentment, _) => "presentment",
            (Self::Chargeback, _) => "chargeback",
            (Self::SecondPresentment, _) => "second-presentment",
            (Self::Arbitration, _) => "arbitration",
        }
    }
}

/// One record of a purchase's life.
pub(super) struct ClearingRecord {
    /// Its number in the file, from 1.
    pub(super) number: u64,
    pub(super) step: Step,
    /// Undoes the record with the same ARN, step and clearing sequence.
    pub(super) reversal: bool,
    pub(super) pan: Pan,
    pub(super) transaction: TransactionKind,
    pub(super) amount_minor: u64,
    pub(super) currency: Currency,
    pub(super) billing: Option<(u64, Currency)>,
    /// In the bank's zone.
    pub(super) local: DateTime,
    pub(super) mcc: Option<u16>,
    /// DE32; where a format lacks it, as the ARN says.
    pub(super) acquirer: String,
    pub(super) card_acceptor: String,
    pub(super) terminal: String,
    pub(super) retrieval: String,
    pub(super) approval: String,
    pub(super) arn: String,
    pub(super) life_cycle: String,
    /// Tells the presentments of one ARN apart.
    pub(super) clearing_sequence: u16,
}

/// Why a record could not be known when it comes again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Nameless {
    /// A reversal has no ARN by which it names its presentment.
    Reversal,
    /// Neither an ARN nor a retrieval reference.
    Record,
}

impl ClearingRecord {
    /// Whether it carries what it will be known by.
    pub(super) fn check_names(&self) -> Result<(), Nameless> {
        match (self.arn.is_empty(), self.reversal, self.retrieval.is_empty()) {
            (false, ..) => Ok(()),
            (true, true, _) => Err(Nameless::Reversal),
            (true, false, true) => Err(Nameless::Record),
            (true, false, false) => Ok(()),
        }
    }

    /// What the same record carries in whichever file it comes, its reversal excepted.
    pub(super) fn identity(&self) -> String {
        let step = self.step.name(self.transaction);
        if !self.arn.is_empty() {
            return format!("file:{}:{step}:{}", self.arn, self.clearing_sequence);
        }
        // Without an acquirer reference, everything that a second copy of the record would repeat.
        let reference = [
            self.acquirer.as_str(),
            &self.retrieval,
            &self.approval,
            &self.local.to_string(),
            &self.amount_minor.to_string(),
        ]
        .join("/");
        format!("file:{reference}:{step}:{}", self.clearing_sequence)
    }
}

/// The acquirer in an acquirer reference number of 23 digits: its positions 2 to 7.
pub(super) fn acquirer_of_arn(arn: &str) -> &str {
    if arn.len() == ARN_DIGITS && arn.bytes().all(|byte| byte.is_ascii_digit()) {
        arn.get(1..7).unwrap_or_default()
    } else {
        ""
    }
}

/// Digits of an acquirer reference number.
const ARN_DIGITS: usize = 23;

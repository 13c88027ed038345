//! One record of a clearing file, without its wire format.

use domain::{Currency, TransactionKind};
use iso8583::Pan;
use jiff::civil::{Date, DateTime};

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
    /// Undoes a record with the same ARN, step and clearing sequence.
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
    /// Whether DE24 says that a part is meant; `None` where a format does not say it.
    pub(super) partial: Option<bool>,
    /// DE95, by which the issuer tells its chargebacks apart; empty if there is none.
    pub(super) reference: String,
    /// Of a reversal: the day of the file of what it undoes (PDS0025).
    pub(super) undoes_day: Option<Date>,
}

/// Why a record could not be known when it comes again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Nameless {
    /// A reversal has no ARN by which it names its presentment.
    Reversal,
    /// Neither an ARN nor a retrieval reference, or both of zeros.
    Record,
}

impl ClearingRecord {
    /// The record with its names as they are compared, if it carries what it will be known by. Every format's records
    /// pass here: an ARN that says nothing would make one record of all that carry it.
    pub(super) fn with_names(mut self) -> Result<Self, Nameless> {
        if self.arn.bytes().all(|byte| matches!(byte, b'0' | b' ')) {
            self.arn.clear();
        }
        self.check_names()?;
        Ok(self)
    }

    fn check_names(&self) -> Result<(), Nameless> {
        let retrieval_says_nothing = self.retrieval.bytes().all(|byte| matches!(byte, b'0' | b' '));
        match (self.arn.is_empty(), self.reversal, retrieval_says_nothing) {
            (false, ..) => Ok(()),
            (true, true, _) => Err(Nameless::Reversal),
            (true, false, true) => Err(Nameless::Record),
            (true, false, false) => Ok(()),
        }
    }

    /// What cannot be stored, in words. A record that only the database refuses would be put aside alone, behind
    /// others of its file that are booked.
    pub(super) fn unstorable(&self) -> Option<String> {
        let billing = self.billing.map_or(0, |(amount, _)| amount);
        for (name, amount) in [("amount_minor", self.amount_minor), ("billing_minor", billing)] {
            if amount > AMOUNT_MAX {
                return Some(format!("{name}: expected at most 12 digits, found more"));
            }
        }
        let texts = [
            ("acquirer", &self.acquirer),
            ("card_acceptor", &self.card_acceptor),
            ("terminal", &self.terminal),
            ("retrieval", &self.retrieval),
            ("approval", &self.approval),
            ("arn", &self.arn),
            ("life_cycle", &self.life_cycle),
            ("reference", &self.reference),
        ];
        let (name, _) = texts.into_iter().find(|(_, text)| text.chars().any(char::is_control))?;
        Some(format!("{name}: expected text, found a control character"))
    }

    /// What the same record carries in whichever file it comes, also when it comes again after its reversal. What else
    /// tells two records of one identity apart is in [`domain::FileRecord`].
    pub(super) fn identity(&self) -> String {
        let step = self.step.name(self.transaction);
        if !self.arn.is_empty() {
            return format!("file:{}:{step}:{}", self.arn, self.clearing_sequence);
        }
        // Without an acquirer reference, everything that a second copy of the record would repeat.
        let reference = [
            // Senders write DE32 with and without leading zeros.
            self.acquirer.trim_start_matches('0'),
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
    let digits = arn.len() == ARN_DIGITS && arn.bytes().all(|byte| byte.is_ascii_digit());
    if digits && arn.bytes().any(|byte| byte != b'0') { arn.get(1..7).unwrap_or_default() } else { "" }
}

/// Digits of an acquirer reference number.
pub(super) const ARN_DIGITS: usize = 23;
/// The highest amount of twelve digits, as many as DE4 has.
const AMOUNT_MAX: u64 = 999_999_999_999;

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use domain::{Currency, TransactionKind};
    use iso8583::Pan;
    use jiff::civil::date;

    use super::{ClearingRecord, Nameless, Step, acquirer_of_arn};

    const RUB: Currency = Currency(643);

    fn record(arn: &str, retrieval: &str) -> ClearingRecord {
        ClearingRecord {
            number: 1,
            step: Step::Presentment,
            reversal: false,
            pan: Pan::parse("2200000000000004").unwrap(),
            transaction: TransactionKind::Purchase,
            amount_minor: 100,
            currency: RUB,
            billing: None,
            local: date(2026, 10, 10).at(12, 0, 0, 0),
            mcc: None,
            acquirer: "400001".to_owned(),
            card_acceptor: String::new(),
            terminal: String::new(),
            retrieval: retrieval.to_owned(),
            approval: String::new(),
            arn: arn.to_owned(),
            life_cycle: String::new(),
            clearing_sequence: 1,
            partial: None,
            reference: String::new(),
            undoes_day: None,
        }
    }

    #[test]
    fn an_arn_of_zeros_or_blanks_is_none() {
        for arn in ["00000000000000000000000", "0", "", "   ", " 00 "] {
            assert_eq!(record(arn, "").with_names().err(), Some(Nameless::Record), "{arn:?}");
            let [one, other] =
                ["R1", "R2"].map(|retrieval| record(arn, retrieval).with_names().ok().unwrap());
            assert_ne!(one.identity(), other.identity(), "{arn:?}");
            for nothing in ["000000000000", " 00"] {
                assert_eq!(record(arn, nothing).with_names().err(), Some(Nameless::Record), "{arn:?}");
            }
            let padded = ClearingRecord { acquirer: "00400001".to_owned(), ..record(arn, "R1") };
            assert_eq!(padded.with_names().ok().unwrap().identity(), one.identity(), "{arn:?}");
            let undoes = ClearingRecord { reversal: true, ..record(arn, "R1") };
            assert_eq!(undoes.with_names().err(), Some(Nameless::Reversal), "{arn:?}");
        }
        assert_eq!(acquirer_of_arn("00000000000000000000000"), "");
        let named = record("74000010000000000000000", "").with_names().ok().unwrap();
        assert_eq!((named.arn.len(), acquirer_of_arn(&named.arn)), (23, "400001"));
    }

    #[test]
    fn what_the_database_would_refuse_is_told() {
        let whole = record("", "R1");
        assert_eq!(whole.unstorable(), None);
        let most = ClearingRecord { amount_minor: 999_999_999_999, ..record("", "R1") };
        assert_eq!(most.unstorable(), None);
        let billed = ClearingRecord { billing: Some((u64::MAX, RUB)), ..record("", "R1") };
        for (wrong, field) in [
            (ClearingRecord { amount_minor: 1_000_000_000_000, ..record("", "R1") }, "amount_minor"),
            (billed, "billing_minor"),
            (ClearingRecord { terminal: "T\u{0}1".to_owned(), ..record("", "R1") }, "terminal"),
            (record("", "R\u{7}"), "retrieval"),
        ] {
            assert!(wrong.unstorable().is_some_and(|told| told.starts_with(field)), "{field}");
        }
    }
}

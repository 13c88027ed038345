//! The transaction codes of drafts: sale, credit and cash, each presented, charged back or reversed.

use std::fmt;

use crate::clearing::record_kind::Direction;

/// What a draft is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum What {
    /// A sale (05).
    Sale,
    /// A credit (06).
    Credit,
    /// Cash (07).
    Cash,
}

/// What happens to the draft.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stage {
    /// 05 to 07: presented.
    Presentment,
    /// 15 to 17: charged back.
    Chargeback,
    /// 25 to 27: the presentment is reversed.
    Reversal,
    /// 35 to 37: the chargeback is reversed.
    ChargebackReversal,
}

/// The code of a transaction, for example 05.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TransactionCode {
    /// What happens.
    pub stage: Stage,
    /// To what.
    pub what: What,
}

impl TransactionCode {
    /// The code with these two digits; `None` for all that are no drafts.
    #[must_use]
    pub const fn of(code: [u8; 2]) -> Option<Self> {
        let stage = match code[0] {
            b'0' => Stage::Presentment,
            b'1' => Stage::Chargeback,
            b'2' => Stage::Reversal,
            b'3' => Stage::ChargebackReversal,
            _ => return None,
        };
        let what = match code[1] {
            b'5' => What::Sale,
            b'6' => What::Credit,
            b'7' => What::Cash,
            _ => return None,
        };
        Some(Self { stage, what })
    }

    /// The two digits.
    #[must_use]
    pub const fn digits(self) -> [u8; 2] {
        let stage = match self.stage {
            Stage::Presentment => b'0',
            Stage::Chargeback => b'1',
            Stage::Reversal => b'2',
            Stage::ChargebackReversal => b'3',
        };
        let what = match self.what {
            What::Sale => b'5',
            What::Credit => b'6',
            What::Cash => b'7',
        };
        [stage, what]
    }

    /// Which way money goes on the cardholder's account in the end.
    #[must_use]
    pub const fn effect(self) -> Direction {
        let presented = match self.what {
            What::Sale | What::Cash => Direction::Debit,
            What::Credit => Direction::Credit,
        };
        match self.stage {
            Stage::Presentment | Stage::ChargebackReversal => presented,
            Stage::Chargeback | Stage::Reversal => presented.opposite(),
        }
    }
}

impl fmt::Display for TransactionCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(std::str::from_utf8(&self.digits()).unwrap_or_default())
    }
}

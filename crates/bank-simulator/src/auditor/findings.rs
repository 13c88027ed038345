//! What an audit finds.

use std::collections::BTreeMap;

/// What must have been booked and settled.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Audit {
    /// By account label: every account of the directory.
    pub balances: BTreeMap<String, Balance>,
    /// By partner label: every partner of the program, also one with nothing to pay.
    pub positions: BTreeMap<String, Position>,
    /// Of all members.
    pub totals: Totals,
    /// Messages of which the bank does not know whether they were booked: no answer, or 96 or 91. While there
    /// is one, nothing here is certain.
    pub unknown: Vec<String>,
    /// Answers that what was agreed does not explain.
    pub disagreements: Vec<String>,
}

/// What an account has. Money is in minor units of the program's currency.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Balance {
    /// Miles of what was cleared.
    pub miles: i128,
    /// Miles more if what is still held is cleared.
    pub pending_miles: i128,
    /// Discounts of the mode statement credit, of what was cleared.
    pub credit: i128,
    /// Statement credits more if what is still held is cleared.
    pub pending_credit: i128,
    /// Discounts at the till that a clearing confirmed.
    pub at_till: i128,
    /// Discounts at the till that were offered and wait for their clearing.
    pub pending_at_till: i128,
}

impl Balance {
    /// Discounts of both modes that stand.
    pub fn discount(&self) -> i128 {
        self.credit + self.at_till
    }

    /// Discounts of both modes that wait.
    pub fn pending_discount(&self) -> i128 {
        self.pending_credit + self.pending_at_till
    }
}

/// Sums over all members.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Base miles.
    pub base: i128,
    /// Bonus miles.
    pub bonus: i128,
    /// Discounts of both modes.
    pub discount: i128,
    /// Net turnover at merchant partners.
    pub turnover: i128,
}

/// Who pays whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// The bank pays.
    BankPaysPartner,
    /// The partner pays.
    PartnerPaysBank,
}

impl Direction {
    /// As the files and the demo's summary write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::BankPaysPartner => "bank_pays_partner",
            Self::PartnerPaysBank => "partner_pays_bank",
        }
    }

    pub(super) fn opposite(self) -> Self {
        match self {
            Self::BankPaysPartner => Self::PartnerPaysBank,
            Self::PartnerPaysBank => Self::BankPaysPartner,
        }
    }
}

/// What stands between the bank and one partner: `net_minor + vat_minor = to_pay_minor`, and `to_pay_minor`
/// is never negative.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Position {
    /// Who pays `to_pay_minor`. With nothing to pay: the co-brand partner is paid, a merchant partner pays.
    pub direction: Direction,
    /// Fees and discount shares without tax, in `direction`.
    pub net_minor: i128,
    /// Tax on the fees, in `direction`.
    pub vat_minor: i128,
    /// What is paid.
    pub to_pay_minor: i128,
    /// What the rounded fees of the lines lack to the fee of the whole; with the sign of the lines.
    pub rounding_minor: i128,
    /// Miles that are paid for: the co-brand partner's all, a merchant partner's own bonus miles.
    pub miles: i128,
    /// In the order of the messages.
    pub lines: Vec<Line>,
}

/// One message's part of a position. Positive is what the bank pays to the co-brand partner, and what a
/// merchant partner pays to the bank.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The message type, without its repeat bit.
    pub mti: String,
    /// DE11 of the message.
    pub stan: String,
    /// DE37 of the message.
    pub retrieval: String,
    /// Miles that are paid for.
    pub miles: i128,
    /// Net turnover at the partner's merchants; 0 for the co-brand partner.
    pub turnover: i128,
    /// The fee, rounded half up.
    pub fee: i128,
    /// Tax on the fee; 0 where tax is computed by document.
    pub vat: i128,
    /// The share of a discount; negative where the bank owes it.
    pub share: i128,
    /// `fee + vat + share`.
    pub total: i128,
}

//! Miles that a member spends or sends away, and from which lots they came.

use jiff::{Timestamp, civil::Date};

use crate::{AccountId, Bucket, Currency, MessageKey, ProgramId};

/// What the miles are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// The member pays with them.
    Payment,
    /// They go to another account.
    Transfer {
        /// Where that account lies.
        bucket: Bucket,
        /// That account.
        account: AccountId,
    },
}

/// How far it has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RedemptionState {
    /// The miles have left their lots and wait to be confirmed, or to arrive.
    Reserved,
    /// Spent, or arrived.
    Confirmed,
    /// Given back.
    Cancelled,
    /// Given back because nobody confirmed in time.
    Lapsed,
}

impl RedemptionState {
    /// The stored word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Reserved => "reserved",
            Self::Confirmed => "confirmed",
            Self::Cancelled => "cancelled",
            Self::Lapsed => "lapsed",
        }
    }

    /// Reads [`Self::name`].
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Reserved, Self::Confirmed, Self::Cancelled, Self::Lapsed]
            .into_iter()
            .find(|state| state.name() == text)
    }
}

/// What one lot gave. Its dates are those of the lot when it did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Piece {
    /// The purchase.
    pub lot: MessageKey,
    /// How many miles; above zero.
    pub miles: i64,
    /// The day of the purchase.
    pub granted_on: Date,
    /// See [`crate::Lot::vests_on`].
    pub vests_on: Option<Date>,
    /// See [`crate::Lot::expire_on`].
    pub expire_on: Option<Date>,
}

/// Miles that left their lots together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Redemption {
    /// The key of the event that took them.
    pub key: MessageKey,
    /// Whose they were.
    pub account: AccountId,
    /// Of which program.
    pub program: ProgramId,
    /// What they are for.
    pub purpose: Purpose,
    /// How far it has come.
    pub state: RedemptionState,
    /// How many.
    pub miles: i64,
    /// The currency of the program.
    pub currency: Currency,
    /// What they pay, in its minor units.
    pub worth_minor: i64,
    /// When they are given back unless somebody confirms; `None`: they wait.
    pub reserved_until: Option<Timestamp>,
    /// What each lot gave, the first to expire first.
    pub pieces: Vec<Piece>,
    /// The purchase in whose authorization it was asked for: its messages decide, and nobody else. `None`: it was asked
    /// for by itself.
    pub purchase: Option<MessageKey>,
}

/// What miles pay of a purchase, as the answer to its first authorization said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Redeemed {
    /// The redemption.
    pub redemption: MessageKey,
    /// What was to be paid before the miles, after a discount at the till, in minor units.
    pub amount_minor: u64,
    /// What the miles pay of it, in minor units; always less.
    pub worth_minor: u64,
    /// The gateway answered without a loyalty result: the decision came too late for the bank.
    pub unanswered: bool,
}

impl Redeemed {
    /// The money that remains, in minor units.
    pub fn net_minor(&self) -> u64 {
        self.amount_minor.saturating_sub(self.worth_minor)
    }
}

//! What one side has of one thing.

use jiff::civil::Date;

use super::{BreakClass, Rung, Unit};
use crate::{BankId, Bucket, CycleId, MessageKey, PartnerId, ProgramId, settlement::Direction};

/// Something that one side states: a line, a record, a total.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Item {
    /// What its side calls it; once on its side. Never a card number.
    pub reference: String,
    /// By which people find what it is about: several items may be about the same.
    pub subject: String,
    /// What it is called, by kind.
    pub identifiers: Vec<(Rung, String)>,
    /// What the amount counts.
    pub unit: Unit,
    /// Minor units or miles, signed in one direction for both sides.
    pub amount: i64,
    /// Who pays a positive amount, if the source says it: only what goes the same way is suggested.
    pub direction: Option<Direction>,
    /// The business date.
    pub date: Date,
    /// What the amount is made of, as far as it is said.
    pub parts: Parts,
    /// Whether the other side must have it by now. If not, it is expected and no break.
    pub due: bool,
    /// Whose it is, as far as that is known.
    pub of: Whose,
    /// The transaction in our books, where it is known.
    pub transaction: Option<Transaction>,
}

/// Whose something is, as far as that is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Whose {
    /// The program.
    pub program: Option<ProgramId>,
    /// The bank.
    pub bank: Option<BankId>,
    /// The partner.
    pub partner: Option<PartnerId>,
    /// Our cycle.
    pub cycle: Option<CycleId>,
}

impl Whose {
    /// What is not known here, from another one.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self {
            program: self.program.or(other.program),
            bank: self.bank.or(other.bank),
            partner: self.partner.or(other.partner),
            cycle: self.cycle.or(other.cycle),
        }
    }
}

/// Where a transaction is in our books.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Transaction {
    /// The bucket of the member account.
    pub bucket: Bucket,
    /// The message.
    pub key: MessageKey,
}

/// What an amount is made of. What a side does not say is `None`, and equal to whatever the other says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Parts {
    /// Minor units without tax.
    pub net: Option<i64>,
    /// Tax, in minor units.
    pub vat: Option<i64>,
    /// The part of the amount that is a fee, with the sign that it has in it.
    pub fee: Option<i64>,
    /// The amount before it was converted.
    pub original: Option<(Unit, i64)>,
    /// What miles are given for, in minor units.
    pub base: Option<i64>,
    /// Miles.
    pub miles: Option<i64>,
    /// How many roundings the tax has; 0 counts as 1.
    pub lines: u32,
    /// Of what kind a difference is that nothing explains: of a charge a fee, of a line of miles their rate, of a
    /// converted one the rate of exchange.
    pub means: Option<BreakClass>,
    /// Whether it stands in a later statement or window than the one in which it had to be.
    pub stands_later: bool,
}

impl Item {
    /// What it is called by a kind.
    pub fn identifier(&self, rung: Rung) -> Option<&str> {
        self.identifiers.iter().find(|(kind, _)| *kind == rung).map(|(_, value)| value.as_str())
    }

    /// Whether both are called something by one of these kinds, and not the same.
    pub fn contradicts(&self, other: &Self, kinds: &[Rung]) -> bool {
        kinds.iter().any(|kind| match (self.identifier(*kind), other.identifier(*kind)) {
            (Some(one), Some(other)) => one != other,
            _ => false,
        })
    }
}

//! The terms of settlement: who pays whom for what.

use super::Basis;
use crate::{Currency, Effective, MoneyError, PartnerId, ProgramId, Ratio, Rounding};

/// Who pays whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Direction {
    /// The bank pays the partner.
    BankPaysPartner,
    /// The partner pays the bank.
    PartnerPaysBank,
}

impl Direction {
    /// The word used in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::BankPaysPartner => "bank_pays_partner",
            Self::PartnerPaysBank => "partner_pays_bank",
        }
    }

    /// The other one.
    pub fn opposite(self) -> Self {
        match self {
            Self::BankPaysPartner => Self::PartnerPaysBank,
            Self::PartnerPaysBank => Self::BankPaysPartner,
        }
    }

    /// Reads [`Self::name`].
    pub fn parse(text: &str) -> Option<Self> {
        [Self::BankPaysPartner, Self::PartnerPaysBank].into_iter().find(|direction| direction.name() == text)
    }
}

/// Where an amount is rounded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RoundingLevel {
    /// Each line; the total is the sum of rounded lines.
    Line,
    /// The whole batch; lines are shown rounded and a rounding amount makes them add up.
    Batch,
}

/// Value added tax on an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Vat {
    /// The rate, such as 20/100.
    pub rate: Ratio,
    /// `Line`: on each line. `Batch`: once on the item's net in the document.
    pub level: RoundingLevel,
    /// How fractions of a minor unit are rounded.
    pub rounding: Rounding,
}

/// One item of the terms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TermItem {
    /// What is paid for.
    pub basis: Basis,
    /// Who pays for a positive quantity.
    pub direction: Direction,
    /// Minor units for each unit of the basis.
    pub price: Ratio,
    /// How fractions of a minor unit are rounded.
    pub rounding: Rounding,
    /// Where they are rounded.
    pub level: RoundingLevel,
    /// Value added tax, if any.
    pub vat: Option<Vat>,
}

impl TermItem {
    /// The tax on `net_minor`, if it is computed at this level.
    pub(super) fn vat_of(&self, level: RoundingLevel, net_minor: i64) -> Result<i64, MoneyError> {
        match self.vat {
            Some(vat) if vat.level == level => vat.rate.of(net_minor, vat.rounding),
            _ => Ok(0),
        }
    }
}

/// The terms of settlement between the bank and one partner for one program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    /// The partner.
    pub partner: PartnerId,
    /// The program.
    pub program: ProgramId,
    /// The currency of the settlement.
    pub currency: Currency,
    /// The business dates for which they hold.
    pub effective: Effective,
    /// What is paid for.
    pub items: Vec<TermItem>,
}

impl Terms {
    /// The direction in which the amounts of a batch are positive: that of the first item.
    pub fn stated(&self) -> Direction {
        self.items.first().map_or(Direction::PartnerPaysBank, |item| item.direction)
    }
}

//! The terms of settlement: who pays whom for what.

use super::{Basis, Calendar, PaymentRule};
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

impl Vat {
    /// The tax on `net_minor`, if it is computed at this level.
    pub(super) fn at(vat: Option<Self>, level: RoundingLevel, net_minor: i64) -> Result<i64, MoneyError> {
        match vat {
            Some(vat) if vat.level == level => vat.rate.of(net_minor, vat.rounding),
            _ => Ok(0),
        }
    }
}

/// A price for what is above some quantity of the calendar month.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PriceTier {
    /// The units up to this one have the price before; above zero.
    pub above: i64,
    /// Minor units for each unit above.
    pub price: Ratio,
}

/// How blocks that are bought before are used up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PrepaidBlocks {
    /// With so many units left, or fewer, it is time to buy the next block.
    pub reorder_at: i64,
}

/// One item of the terms that counts what transactions move.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TermItem {
    /// What is paid for; no charge.
    pub basis: Basis,
    /// Who pays for a positive quantity.
    pub direction: Direction,
    /// Minor units for each unit of the basis: of the first units of a calendar month, if there are tiers.
    pub price: Ratio,
    /// Prices for what is above a quantity of the calendar month; `above` rises.
    pub tiers: Vec<PriceTier>,
    /// How fractions of a minor unit are rounded.
    pub rounding: Rounding,
    /// Where they are rounded.
    pub level: RoundingLevel,
    /// Value added tax, if any.
    pub vat: Option<Vat>,
    /// Net that is owed for each calendar month at least.
    pub minimum_minor: Option<i64>,
    /// Blocks that are bought before; without them all is paid afterwards.
    pub prepaid: Option<PrepaidBlocks>,
}

impl TermItem {
    /// An item that is taken one to one, without tax: there is nothing to round.
    pub fn whole(basis: Basis, direction: Direction) -> Self {
        Self {
            basis,
            direction,
            price: Ratio::ONE,
            tiers: Vec::new(),
            rounding: Rounding::HalfUp,
            level: RoundingLevel::Line,
            vat: None,
            minimum_minor: None,
            prepaid: None,
        }
    }
}

/// How often a fee is owed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Every {
    /// Once in each settlement cycle.
    Cycle,
    /// Once in a calendar month, on its last cycle.
    Month,
    /// For each unit of the basis.
    Unit,
}

/// One item of the terms that is owed without a transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TermCharge {
    /// What is paid for; a charge.
    pub basis: Basis,
    /// How often.
    pub every: Every,
    /// Who pays.
    pub direction: Direction,
    /// Minor units for each.
    pub price: Ratio,
    /// How fractions of a minor unit are rounded, on each row.
    pub rounding: Rounding,
    /// Value added tax, if any.
    pub vat: Option<Vat>,
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
    /// What is paid for by transaction: the columns of the lines.
    pub items: Vec<TermItem>,
    /// What is owed without a transaction.
    pub charges: Vec<TermCharge>,
    /// Less than this is not paid but carried forward, in whichever direction.
    pub minimum_payable: Option<i64>,
    /// The rate table by which amounts of the program's currency become those of the terms, where they differ.
    pub rates: Option<String>,
    /// On which days the partner takes files and money.
    pub calendar: Calendar,
    /// When a batch is paid.
    pub payment: PaymentRule,
}

impl Terms {
    /// Terms without charges that always hold; each batch is paid on the day of its file.
    pub fn new(partner: PartnerId, program: ProgramId, currency: Currency, items: Vec<TermItem>) -> Self {
        Self {
            partner,
            program,
            currency,
            effective: Effective::default(),
            items,
            charges: Vec::new(),
            minimum_payable: None,
            rates: None,
            calendar: Calendar::default(),
            payment: PaymentRule::default(),
        }
    }

    /// The direction in which the amounts of a batch are positive: that of the first item, or else charge.
    pub fn stated(&self) -> Direction {
        let charge = self.charges.first().map(|charge| charge.direction);
        let first = self.items.first().map(|item| item.direction).or(charge);
        first.unwrap_or(Direction::PartnerPaysBank)
    }

    /// Whether they price this basis.
    pub fn prices(&self, basis: Basis) -> bool {
        self.items.iter().any(|item| item.basis == basis)
            || self.charges.iter().any(|charge| charge.basis == basis)
    }

    /// `amount`, which is positive in `direction`, in the stated direction.
    pub(super) fn signed(&self, direction: Direction, amount: i64) -> i64 {
        if direction == self.stated() { amount } else { -amount }
    }
}

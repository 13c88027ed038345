//! A line that a receiver disputes, and the amounts by which it can be corrected.

use crate::{MoneyError, settlement::Basis};

/// What is wrong with a line, as the receiver sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum DisputeCode {
    /// It has nothing like it in its books.
    NotFound,
    /// It is there twice.
    Duplicate,
    /// It belongs to another partner.
    NotOurs,
    /// The quantity is wrong: miles, or what a share is taken of.
    Quantity,
    /// The price or rate is wrong.
    Price,
    /// The tax is wrong.
    Vat,
    /// It is rounded otherwise.
    Rounding,
    /// The references belong to another transaction.
    Reference,
    /// The member's number is not that of the transaction.
    Member,
    /// Something else: the reference says more.
    Other,
}

impl DisputeCode {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::NotFound,
        Self::Duplicate,
        Self::NotOurs,
        Self::Quantity,
        Self::Price,
        Self::Vat,
        Self::Rounding,
        Self::Reference,
        Self::Member,
        Self::Other,
    ];

    /// The word in answers.
    pub fn name(self) -> &'static str {
        match self {
            Self::NotFound => "not_found",
            Self::Duplicate => "duplicate",
            Self::NotOurs => "not_ours",
            Self::Quantity => "quantity",
            Self::Price => "price",
            Self::Vat => "vat",
            Self::Rounding => "rounding",
            Self::Reference => "reference",
            Self::Member => "member",
            Self::Other => "other",
        }
    }

    /// Reads [`Self::name`].
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|code| code.name() == text)
    }

    /// Whether the receiver says that nothing of the line should be there.
    pub fn denies_the_line(self) -> bool {
        matches!(self, Self::NotFound | Self::Duplicate | Self::NotOurs)
    }
}

/// Where a dispute stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum DisputeState {
    /// Nobody has proposed anything.
    Open,
    /// Somebody has; another person must decide.
    Proposed,
    /// Two people agree that the line is corrected.
    Accepted,
    /// Two people agree that the line stands.
    Rejected,
}

impl DisputeState {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Open, Self::Proposed, Self::Accepted, Self::Rejected];

    /// The stable word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Proposed => "proposed",
            Self::Accepted => "accepted",
            Self::Rejected => "rejected",
        }
    }

    /// Reads [`Self::name`].
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == text)
    }

    /// Whether nobody can change it any more.
    pub fn is_decided(self) -> bool {
        matches!(self, Self::Accepted | Self::Rejected)
    }
}

/// What one item of a line or of an adjustment comes to, in the direction in which its batch states amounts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AdjustedItem {
    /// The item of the terms; `None`: an amount by itself, which stands in the first item's column.
    pub basis: Option<Basis>,
    /// Miles, or minor units of the program's currency.
    pub quantity: i64,
    /// Net.
    pub net_minor: i64,
    /// Tax.
    pub vat_minor: i64,
}

impl AdjustedItem {
    fn is_nothing(&self) -> bool {
        (self.quantity, self.net_minor, self.vat_minor) == (0, 0, 0)
    }

    fn negated(&self) -> Option<Self> {
        Some(Self {
            basis: self.basis,
            quantity: self.quantity.checked_neg()?,
            net_minor: self.net_minor.checked_neg()?,
            vat_minor: self.vat_minor.checked_neg()?,
        })
    }
}

/// Net and tax of all items.
pub fn sums(items: &[AdjustedItem]) -> Result<(i64, i64), MoneyError> {
    let add = |a: i64, b: i64| a.checked_add(b).ok_or(MoneyError::Overflow);
    items
        .iter()
        .try_fold((0, 0), |(net, vat), item| Ok((add(net, item.net_minor)?, add(vat, item.vat_minor)?)))
}

/// What must be added to a line so that it becomes what the receiver has: the whole line backwards if it denies it, else
/// the difference to its numbers on the first item that carries anything. Empty if there is no difference, or if the
/// receiver has given no numbers: then a person must say them.
pub fn correction(
    ours: &[AdjustedItem],
    code: DisputeCode,
    theirs: Option<(i64, i64)>,
) -> Result<Vec<AdjustedItem>, MoneyError> {
    let carries = || ours.iter().filter(|item| !item.is_nothing());
    if code.denies_the_line() {
        return carries().map(|item| item.negated().ok_or(MoneyError::Overflow)).collect();
    }
    let (Some((net, vat)), (our_net, our_vat)) = (theirs, sums(ours)?) else { return Ok(Vec::new()) };
    let difference = |a: i64, b: i64| a.checked_sub(b).ok_or(MoneyError::Overflow);
    let item = AdjustedItem {
        basis: carries().next().and_then(|item| item.basis),
        quantity: 0,
        net_minor: difference(net, our_net)?,
        vat_minor: difference(vat, our_vat)?,
    };
    Ok(if item.is_nothing() { Vec::new() } else { vec![item] })
}

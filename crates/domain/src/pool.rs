//! Spending from all accounts of a household at once: which account gives how much, and how far that has come.
//!
//! The accounts may lie in many buckets, and a batch writes to the buckets of one lane. So a pool is several reserves,
//! one for each account, under one written intent; whoever drives it can break off and anybody can go on.

use std::collections::BTreeMap;

use crate::{AccountId, Bucket, Currency, HouseholdSpending, MoneyError, OpenLot, RedemptionRules};

/// Where an account lies, and which one it is.
pub type PurseKey = (Bucket, AccountId);

/// What one account gives to a pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PoolShare {
    /// The account.
    pub account: PurseKey,
    /// How many miles; above zero.
    pub miles: i64,
    /// What they pay, in minor units: the shares come to what all miles of the pool pay together.
    pub worth_minor: i64,
}

/// Why nothing is reserved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PoolRefusal {
    /// By the program; a code of [`crate::REASONS`].
    Rules(&'static str),
    /// So many miles may be spent, which is too few.
    TooFew(i64),
}

impl PoolRefusal {
    /// The reason's code.
    pub fn reason(self) -> &'static str {
        match self {
            Self::Rules(reason) => reason,
            Self::TooFew(_) => "not_enough_miles",
        }
    }
}

impl From<MoneyError> for PoolRefusal {
    fn from(_: MoneyError) -> Self {
        // More miles than can be priced are more than anybody has.
        Self::TooFew(0)
    }
}

/// What a household is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PoolAsk {
    /// How many miles.
    pub miles: i64,
    /// The amount of which they pay a part, in minor units, with its currency.
    pub pays: Option<(u64, Currency)>,
}

/// Which account gives how much: the lots of all accounts are spent in the one order of expiry, whosever they are. An
/// account that gives nothing has no share; the first share is that of the first lot.
pub fn share_out(
    rules: Option<RedemptionRules>,
    currency: Currency,
    ask: PoolAsk,
    purses: &BTreeMap<PurseKey, Vec<OpenLot>>,
) -> Result<Vec<PoolShare>, PoolRefusal> {
    let rules = allowed(rules, currency, ask)?;
    let mut lots: Vec<(PurseKey, OpenLot)> = purses
        .iter()
        .flat_map(|(account, lots)| lots.iter().map(|lot| (*account, *lot)))
        .filter(|(_, lot)| lot.spendable > 0)
        .collect();
    lots.sort_by_key(|(account, lot)| (lot.order(), *account));
    let available = lots.iter().fold(0_i64, |sum, (_, lot)| sum.saturating_add(lot.spendable));
    if available < ask.miles {
        return Err(PoolRefusal::TooFew(available));
    }
    let mut left = ask.miles;
    let mut taken: Vec<(PurseKey, i64)> = Vec::new();
    for (account, lot) in lots {
        let miles = lot.spendable.min(left);
        left -= miles;
        match taken.iter_mut().find(|(known, _)| *known == account) {
            Some((_, sum)) => *sum += miles,
            None if miles > 0 => taken.push((account, miles)),
            None => {}
        }
    }
    let mut before = 0;
    let mut shares = Vec::with_capacity(taken.len());
    for (account, miles) in taken {
        // Each floor by itself would lose fractions that the miles pay together.
        let worth_minor = rules.worth(before + miles)? - rules.worth(before)?;
        before += miles;
        shares.push(PoolShare { account, miles, worth_minor });
    }
    Ok(shares)
}

/// The rules, if they let a household spend so much; the same questions as of one account, of all miles together.
fn allowed(
    rules: Option<RedemptionRules>,
    currency: Currency,
    ask: PoolAsk,
) -> Result<RedemptionRules, PoolRefusal> {
    let rules = rules.ok_or(PoolRefusal::Rules("redemption_not_offered"))?;
    if rules.household != HouseholdSpending::Pooled {
        return Err(PoolRefusal::Rules("household_spends_apart"));
    }
    if ask.miles <= 0 || ask.miles.unsigned_abs() < rules.miles_min {
        return Err(PoolRefusal::Rules("below_redemption_minimum"));
    }
    let Some((minor, paid_in)) = ask.pays.filter(|(minor, _)| *minor > 0) else { return Ok(rules) };
    if paid_in != currency {
        return Err(PoolRefusal::Rules("currency_without_billing_amount"));
    }
    let payable = i64::try_from(minor).map_or(Ok(i64::MAX), |minor| rules.payable(minor))?;
    match rules.worth(ask.miles)? > payable {
        true => Err(PoolRefusal::Rules("above_redemption_share")),
        false => Ok(rules),
    }
}

/// How far a pool has come. Its state is changed before what it announces is begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PoolState {
    /// Its shares are being reserved.
    Reserving,
    /// All of them are reserved.
    Reserved,
    /// They are being confirmed; there is no way back.
    Confirming,
    /// All of them are spent.
    Confirmed,
    /// They are being given back; there is no other way.
    Returning,
    /// All of them are back in their lots.
    Returned,
}

impl PoolState {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Reserving, Self::Reserved, Self::Confirming, Self::Confirmed, Self::Returning, Self::Returned];

    /// The stored word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Reserving => "reserving",
            Self::Reserved => "reserved",
            Self::Confirming => "confirming",
            Self::Confirmed => "confirmed",
            Self::Returning => "returning",
            Self::Returned => "returned",
        }
    }

    /// Reads [`Self::name`].
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == text)
    }

    /// The state once all that it announces is done; `None` if it announces nothing.
    pub fn done(self) -> Option<Self> {
        match self {
            Self::Reserving => Some(Self::Reserved),
            Self::Confirming => Some(Self::Confirmed),
            Self::Returning => Some(Self::Returned),
            Self::Reserved | Self::Confirmed | Self::Returned => None,
        }
    }
}

//! What a member has received, by item.

use std::collections::BTreeMap;

/// In the words of the ledger, so that both sides can be compared: `base`, `bonus:<payer>:<rule>`,
/// `discount:<mode>:<payer>:<partner>`, `turnover:<partner>`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Item(pub(crate) String);

impl Item {
    pub(crate) fn base() -> Self {
        Self("base".into())
    }

    pub(crate) fn bonus(rule: &str, payer: &str) -> Self {
        Self(format!("bonus:{payer}:{rule}"))
    }

    /// `None` for the bank's part.
    pub(crate) fn discount(at_till: bool, payer: Option<i32>, partner: i32) -> Self {
        let payer = payer.map_or("bank".to_owned(), |payer| format!("partner-{payer}"));
        Self(format!("discount:{}:{payer}:{partner}", if at_till { "at_till" } else { "statement_credit" }))
    }

    pub(crate) fn turnover(partner: i32) -> Self {
        Self(format!("turnover:{partner}"))
    }

    /// Units towards a tier.
    pub(crate) fn qualifying() -> Self {
        Self("qualifying".into())
    }

    /// Miles that the member spent.
    pub(crate) fn redeemed() -> Self {
        Self("redeemed".into())
    }

    pub(crate) fn expired() -> Self {
        Self("expired".into())
    }

    /// To or from another member.
    pub(crate) fn moved() -> Self {
        Self("moved".into())
    }

    /// One lot's debt, made good by others.
    pub(crate) fn covered() -> Self {
        Self("covered".into())
    }

    pub(crate) fn borne(payer: &str) -> Self {
        Self(format!("borne:{payer}"))
    }

    /// By staff; `None` at the bank's cost.
    pub(crate) fn adjusted(payer: Option<i32>) -> Self {
        Self(payer.map_or("adjusted:bank".into(), |payer| format!("adjusted:partner-{payer}")))
    }

    /// All that moves a member's balance of miles.
    pub(crate) fn moves_miles(&self) -> bool {
        !(self.0 == "qualifying" || self.0.starts_with("discount:") || self.0.starts_with("turnover:"))
    }

    /// What rules grant.
    pub(crate) fn is_miles(&self) -> bool {
        self.0 == "base" || self.0.starts_with("bonus:")
    }
}

/// Zeros are left out.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Positions(pub(crate) BTreeMap<Item, i128>);

impl Positions {
    pub(crate) fn add(&mut self, item: Item, amount: i128) {
        let sum = self.0.entry(item).or_default();
        *sum += amount;
        self.0.retain(|_, amount| *amount != 0);
    }

    pub(crate) fn of(&self, item: &Item) -> i128 {
        self.0.get(item).copied().unwrap_or(0)
    }

    pub(crate) fn miles(&self) -> i128 {
        self.0.iter().filter(|(item, _)| item.is_miles()).map(|(_, miles)| miles).sum()
    }

    /// The balance of miles.
    pub(crate) fn all_miles(&self) -> i128 {
        self.0.iter().filter(|(item, _)| item.moves_miles()).map(|(_, miles)| miles).sum()
    }

    /// What rules granted, by item.
    pub(crate) fn granted(&self) -> Vec<(&Item, i128)> {
        self.0.iter().filter(|(item, _)| item.is_miles()).map(|(item, miles)| (item, *miles)).collect()
    }

    pub(crate) fn and(&self, other: &Self) -> Self {
        let mut both = self.clone();
        other.0.iter().for_each(|(item, amount)| both.add(item.clone(), *amount));
        both
    }

    /// Discounts and turnover.
    pub(crate) fn money(&self) -> Vec<(&Item, i128)> {
        self.0.iter().filter(|(item, _)| !item.moves_miles()).map(|(item, minor)| (item, *minor)).collect()
    }

    /// What is still awaited: the estimate less what is booked, item by item and never below zero. Together they do
    /// not exceed the estimate of miles and that of money.
    pub(crate) fn awaited(estimate: &Self, booked: &Self) -> Self {
        let mut awaited = Self::default();
        for miles in [true, false] {
            let of_kind = |positions: &Self| -> i128 {
                positions.0.iter().filter(|(item, _)| item.is_miles() == miles).map(|(_, n)| n).sum()
            };
            let mut left = (of_kind(estimate) - of_kind(booked)).max(0);
            for (item, amount) in estimate.0.iter().filter(|(item, _)| item.is_miles() == miles) {
                let more = (amount - booked.of(item)).clamp(0, left);
                left -= more;
                awaited.add(item.clone(), more);
            }
        }
        awaited
    }
}

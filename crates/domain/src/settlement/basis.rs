//! What is paid for, and how much of it one message moved.

use crate::{DiscountMode, Funder, Item, PartnerId};

/// What an item of the terms is paid for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Basis {
    /// All miles granted in the program, base and bonus, less claw-back; for the co-brand partner.
    MilesGranted,
    /// Bonus miles that this partner funds.
    BonusMiles,
    /// Net cleared turnover at this partner.
    Turnover,
    /// This partner's share of discounts that the bank paid first: what it credited to cardholders, and what it paid
    /// to other merchants that gave them at the till.
    StatementCreditShare,
    /// The share of others in discounts that this partner gave at the till. The bank pays it, also for a partner, which
    /// owes it to the bank.
    TillShare,
    /// Miles that members spent, less those that came back; for the co-brand partner.
    MilesRedeemed,
    /// Cards that were enrolled for the first time. Replacements are no new cards.
    NewCards,
    /// Nothing is counted: a fee for each cycle or each calendar month.
    FixedFee,
}

impl Basis {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::MilesGranted,
        Self::BonusMiles,
        Self::Turnover,
        Self::StatementCreditShare,
        Self::TillShare,
        Self::MilesRedeemed,
        Self::NewCards,
        Self::FixedFee,
    ];

    /// The word used in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::MilesGranted => "miles_granted",
            Self::BonusMiles => "bonus_miles",
            Self::Turnover => "turnover",
            Self::StatementCreditShare => "statement_credit_share",
            Self::TillShare => "till_share",
            Self::MilesRedeemed => "miles_redeemed",
            Self::NewCards => "new_cards",
            Self::FixedFee => "fixed_fee",
        }
    }

    /// Reads [`Self::name`].
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|basis| basis.name() == text)
    }

    /// Whether it counts miles.
    pub fn is_miles(self) -> bool {
        matches!(self, Self::MilesGranted | Self::BonusMiles | Self::MilesRedeemed)
    }

    /// Whether it counts minor units of the program's currency.
    pub fn is_money(self) -> bool {
        matches!(self, Self::Turnover | Self::StatementCreditShare | Self::TillShare)
    }

    /// Whether it is owed without a transaction: a row of its own, not a column of the lines.
    pub fn is_charge(self) -> bool {
        matches!(self, Self::NewCards | Self::FixedFee)
    }

    /// Whether terms may leave it out although it moves: not every partner pays a commission, or for miles that are
    /// spent. Everything else that moves must have a price.
    pub fn is_optional(self) -> bool {
        matches!(self, Self::Turnover | Self::MilesRedeemed) || self.is_charge()
    }
}

/// What one message moved, as far as one partner is concerned: a quantity for each [`Basis`] that is no charge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Quantities {
    amounts: [i64; 6],
    /// A sum left 64 bits; whoever prices it refuses it.
    pub(super) too_large: bool,
}

impl Quantities {
    /// The quantity of one basis.
    pub fn of(&self, basis: Basis) -> i64 {
        let [miles, bonus, turnover, credit, till, redeemed] = self.amounts;
        match basis {
            Basis::MilesGranted => miles,
            Basis::BonusMiles => bonus,
            Basis::Turnover => turnover,
            Basis::StatementCreditShare => credit,
            Basis::TillShare => till,
            Basis::MilesRedeemed => redeemed,
            Basis::NewCards | Basis::FixedFee => 0,
        }
    }

    /// Puts the quantity of one basis in place of what is there.
    #[cfg(test)]
    pub(super) fn set(&mut self, basis: Basis, quantity: i64) {
        let [miles, bonus, turnover, credit, till, redeemed] = &mut self.amounts;
        *match basis {
            Basis::MilesGranted => miles,
            Basis::BonusMiles => bonus,
            Basis::Turnover => turnover,
            Basis::StatementCreditShare => credit,
            Basis::TillShare => till,
            Basis::MilesRedeemed => redeemed,
            Basis::NewCards | Basis::FixedFee => return,
        } = quantity;
    }

    /// Adds a posted movement; `cobrand` says whether `partner` is the program's co-brand partner.
    pub fn add(&mut self, item: &Item, amount: i64, partner: PartnerId, cobrand: bool) {
        let [miles, bonus, turnover, credit, till, redeemed] = &mut self.amounts;
        let mut too_large = false;
        let mut count = |sum: &mut i64, counted: bool, amount: Option<i64>| {
            if counted {
                let added = amount.and_then(|amount| sum.checked_add(amount));
                too_large |= added.is_none();
                *sum = added.unwrap_or(*sum);
            }
        };
        let moved = Some(amount);
        match item {
            // The partner that keeps the miles is paid for those that it has taken and not given back.
            Item::Base | Item::Refused | Item::WrittenOff { .. } => count(miles, cobrand, moved),
            Item::Bonus { funder, .. } => {
                count(miles, cobrand, moved);
                count(bonus, *funder == Funder::Partner(partner), moved);
            }
            Item::Turnover(at) => count(turnover, *at == partner, moved),
            Item::Discount { mode: DiscountMode::StatementCredit, funder, .. } => {
                count(credit, *funder == Funder::Partner(partner), moved);
            }
            Item::Discount { mode: DiscountMode::AtTill, funder, partner: at } => {
                let ours = *funder == Funder::Partner(partner);
                count(credit, ours && *at != partner, moved);
                count(till, !ours && *at == partner, moved);
            }
            // What a member spends leaves him: it is booked below zero.
            Item::Redeemed => count(redeemed, cobrand, amount.checked_neg()),
            _ => {}
        }
        self.too_large |= too_large;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn miles_that_are_spent_count_for_the_co_brand_partner() {
        for (amounts, cobrand, expected) in
            [(&[-500][..], true, 500), (&[-500, 200], true, 300), (&[300], true, -300), (&[-500], false, 0)]
        {
            let mut quantities = Quantities::default();
            for amount in amounts {
                quantities.add(&Item::Redeemed, *amount, PartnerId(1), cobrand);
            }
            assert_eq!(quantities.of(Basis::MilesRedeemed), expected, "{amounts:?}");
        }
    }

    #[test]
    fn each_partner_is_owed_or_owes_its_part_of_a_discount() {
        let (shop, other) = (PartnerId(2), PartnerId(3));
        for (mode, of_shop, of_other) in [
            // The bank credited 60: it is owed 30 by the shop and 10 by the other.
            (DiscountMode::StatementCredit, (30, 0), (10, 0)),
            // The shop gave 60: it gets 20 of the bank and 10 of the other, which owes these to the bank.
            (DiscountMode::AtTill, (0, 30), (10, 0)),
        ] {
            for (partner, expected) in [(shop, of_shop), (other, of_other)] {
                let mut quantities = Quantities::default();
                for (funder, amount) in
                    [(Funder::Partner(shop), 30), (Funder::Partner(other), 10), (Funder::Bank, 20)]
                {
                    let item = Item::Discount { mode, funder, partner: shop };
                    quantities.add(&item, amount, partner, false);
                }
                let owed = (quantities.of(Basis::StatementCreditShare), quantities.of(Basis::TillShare));
                assert_eq!(owed, expected, "{mode:?} {partner}");
            }
        }
    }
}

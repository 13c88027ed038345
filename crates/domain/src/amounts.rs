//! What a purchase has been awarded, by item.

use std::{collections::BTreeMap, fmt};

use crate::{DiscountMode, Funder, PartnerId};

/// One kind of value that a purchase can carry.
///
/// The item says who pays and who receives, so that a transfer and a settlement line follow from it alone.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Item {
    /// Base miles, funded by the bank.
    Base,
    /// Bonus miles of the named rule, paid by its funder.
    Bonus {
        /// The rule's id in the program file.
        rule: String,
        /// Who pays the bank for these miles.
        funder: Funder,
    },
    /// The part of a discount that `funder` bears, in minor units.
    Discount {
        /// How the discount reaches the cardholder.
        mode: DiscountMode,
        /// Who bears this part.
        funder: Funder,
        /// The merchant partner at which the purchase was made.
        partner: PartnerId,
    },
    /// Net cleared turnover at a merchant partner, in minor units; a memorandum, never paid by itself.
    Turnover(PartnerId),
    /// Units towards a tier. They are never paid for.
    Qualifying,
    /// Miles that staff gave or took, at the cost of `funder`.
    Adjusted {
        /// Who bears it.
        funder: Funder,
    },
    /// Miles that went to another account of the program, or came from one.
    Moved,
    /// Miles whose time was over.
    Expired,
    /// Miles that the member spent.
    Redeemed,
    /// A lot's debt that miles of other lots of the account made good.
    Covered,
    /// Miles that were spent and then taken back, at the cost of `funder` in place of the member's.
    Borne {
        /// Who bears it.
        funder: Funder,
    },
    /// Miles that the partner which keeps them did not take.
    Refused,
    /// Miles taken back here that the partner did not give back, at the cost of `funder`.
    WrittenOff {
        /// Who bears it.
        funder: Funder,
    },
}

impl Item {
    /// Whether nobody pays for the item: turnover, and units towards tiers. It is booked, never pending.
    pub fn is_memorandum(&self) -> bool {
        matches!(self, Self::Turnover(_) | Self::Qualifying)
    }

    /// Whether the item counts miles; otherwise it counts minor units.
    pub fn is_miles(&self) -> bool {
        !matches!(self, Self::Discount { .. }) && !self.is_memorandum()
    }

    /// Whether rules grant it: what caps count, and what a bank is told of as base or bonus.
    pub fn is_granted(&self) -> bool {
        matches!(self, Self::Base | Self::Bonus { .. })
    }
}

/// Writes the stable text form that is stored, such as `bonus:weekend-fuel:partner-3`.
impl fmt::Display for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Base => f.write_str("base"),
            Self::Bonus { rule, funder } => write!(f, "bonus:{funder}:{rule}"),
            Self::Discount { mode, funder, partner } => {
                write!(f, "discount:{}:{funder}:{partner}", mode.name())
            }
            Self::Turnover(partner) => write!(f, "turnover:{partner}"),
            Self::Qualifying => f.write_str("qualifying"),
            Self::Adjusted { funder } => write!(f, "adjusted:{funder}"),
            Self::Moved => f.write_str("moved"),
            Self::Expired => f.write_str("expired"),
            Self::Redeemed => f.write_str("redeemed"),
            Self::Covered => f.write_str("covered"),
            Self::Borne { funder } => write!(f, "borne:{funder}"),
            Self::Refused => f.write_str("refused"),
            Self::WrittenOff { funder } => write!(f, "written-off:{funder}"),
        }
    }
}

impl Item {
    /// Reads the stored text form; `None` if it is not one.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.splitn(4, ':');
        match (parts.next()?, parts.next(), parts.next(), parts.next()) {
            ("base", None, ..) => Some(Self::Base),
            ("qualifying", None, ..) => Some(Self::Qualifying),
            // A rule's id may not hold a colon; program files refuse it.
            ("bonus", Some(funder), Some(rule), None) => {
                Some(Self::Bonus { rule: rule.to_owned(), funder: Funder::parse(funder)? })
            }
            ("discount", Some(mode), Some(funder), Some(partner)) => Some(Self::Discount {
                mode: DiscountMode::parse(mode)?,
                funder: Funder::parse(funder)?,
                partner: PartnerId(partner.parse().ok()?),
            }),
            ("turnover", Some(partner), None, None) => Some(Self::Turnover(PartnerId(partner.parse().ok()?))),
            ("adjusted", Some(funder), None, None) => Some(Self::Adjusted { funder: Funder::parse(funder)? }),
            ("moved", None, ..) => Some(Self::Moved),
            ("expired", None, ..) => Some(Self::Expired),
            ("redeemed", None, ..) => Some(Self::Redeemed),
            ("covered", None, ..) => Some(Self::Covered),
            ("borne", Some(funder), None, None) => Some(Self::Borne { funder: Funder::parse(funder)? }),
            ("refused", None, ..) => Some(Self::Refused),
            ("written-off", Some(funder), None, None) => {
                Some(Self::WrittenOff { funder: Funder::parse(funder)? })
            }
            _ => None,
        }
    }
}

/// Amounts by item; an item that is absent is zero and a zero is never kept.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Amounts(BTreeMap<Item, i64>);

impl Amounts {
    /// Nothing.
    pub fn none() -> Self {
        Self::default()
    }

    /// The amount of one item, zero if absent.
    pub fn amount(&self, item: &Item) -> i64 {
        self.0.get(item).copied().unwrap_or(0)
    }

    /// Sets one item.
    pub fn set(&mut self, item: Item, amount: i64) {
        if amount == 0 {
            self.0.remove(&item);
        } else {
            self.0.insert(item, amount);
        }
    }

    /// The items and their amounts, in a stable order.
    pub fn iter(&self) -> impl Iterator<Item = (&Item, i64)> {
        self.0.iter().map(|(item, amount)| (item, *amount))
    }

    /// Whether nothing is held.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What must be added to `booked` to reach these amounts, in a stable order.
    pub fn difference_to(&self, booked: &Self) -> Vec<(Item, i64)> {
        let mut items: Vec<&Item> = self.0.keys().chain(booked.0.keys()).collect();
        items.sort();
        items.dedup();
        items
            .into_iter()
            .map(|item| (item.clone(), self.amount(item) - booked.amount(item)))
            .filter(|(_, difference)| *difference != 0)
            .collect()
    }

    /// All miles: base, bonus, and what staff or another account gave.
    pub fn miles(&self) -> i64 {
        self.iter().filter(|(item, _)| item.is_miles()).map(|(_, amount)| amount).sum()
    }

    /// Bonus miles of all rules.
    pub fn bonus_miles(&self) -> i64 {
        self.iter().filter(|(item, _)| matches!(item, Item::Bonus { .. })).map(|(_, amount)| amount).sum()
    }

    /// The whole discount, all shares together, in minor units.
    pub fn discount_minor(&self) -> i64 {
        self.iter().filter(|(item, _)| matches!(item, Item::Discount { .. })).map(|(_, amount)| amount).sum()
    }

    /// The stored text form: `item=amount` joined by `;`.
    pub fn to_text(&self) -> String {
        self.iter().map(|(item, amount)| format!("{item}={amount}")).collect::<Vec<_>>().join(";")
    }

    /// Reads the stored text form; `None` if it is damaged.
    pub fn parse(text: &str) -> Option<Self> {
        let mut amounts = Self::none();
        for part in text.split(';').filter(|part| !part.is_empty()) {
            let (item, amount) = part.rsplit_once('=')?;
            amounts.set(Item::parse(item)?, amount.parse().ok()?);
        }
        Some(amounts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_form_is_read_back() {
        let mut amounts = Amounts::none();
        amounts.set(Item::Base, 59);
        amounts.set(Item::Bonus { rule: "weekend-fuel".into(), funder: Funder::Partner(PartnerId(3)) }, -7);
        let funder = Funder::Bank;
        amounts.set(Item::Discount { mode: DiscountMode::AtTill, funder, partner: PartnerId(3) }, 11_175);
        amounts.set(Item::Turnover(PartnerId(3)), 722_650);
        amounts.set(Item::Qualifying, 60);
        assert_eq!(
            amounts.to_text(),
            "base=59;bonus:partner-3:weekend-fuel=-7;discount:at_till:bank:3=11175;turnover:3=722650;qualifying=60"
        );
        amounts.set(Item::Adjusted { funder: Funder::Partner(PartnerId(4)) }, 1);
        amounts.set(Item::Borne { funder: Funder::Bank }, 2);
        amounts.set(Item::WrittenOff { funder: Funder::Bank }, 4);
        for item in [Item::Moved, Item::Expired, Item::Redeemed, Item::Covered, Item::Refused] {
            amounts.set(item, 3);
        }
        assert_eq!(Amounts::parse(&amounts.to_text()), Some(amounts));
        assert_eq!(Amounts::parse(""), Some(Amounts::none()));
        for damaged in ["base", "base=x", "bonus:bank=1", "turnover:=2", "gift=1"] {
            assert_eq!(Amounts::parse(damaged), None, "{damaged}");
        }
    }

    #[test]
    fn the_difference_covers_items_of_both_sides() {
        let (mut target, mut booked) = (Amounts::none(), Amounts::none());
        target.set(Item::Base, 10);
        booked.set(Item::Turnover(PartnerId(1)), 5);
        assert_eq!(target.difference_to(&booked), vec![(Item::Base, 10), (Item::Turnover(PartnerId(1)), -5)]);
    }
}

//! Everything that the core keeps as a sum, summed up again from its transfers.

use std::collections::BTreeMap;

use domain::{
    DiscountMode, Funder, HoldState, Item, LedgerAccount, MessageKey, Outcome, Phase, Transfer, Unit,
    WorkingSet,
};

use crate::model::{Item as Named, Positions};

/// The purchases by their first message: posted and pending.
#[derive(Debug, Clone, Default)]
pub(crate) struct Books {
    purchases: BTreeMap<MessageKey, [Positions; 2]>,
    /// By account.
    miles: BTreeMap<i64, i128>,
}

impl Books {
    /// Books the transfers of a message, and checks who gives and who receives.
    pub(crate) fn book(&mut self, outcome: &Outcome) {
        for transfer in &outcome.transfers {
            let (giver, member) = (giver(transfer), LedgerAccount::Member(transfer.account));
            let sides = [transfer.debit, transfer.credit];
            assert!(sides == [giver, member] || sides == [member, giver], "{transfer:?}");
            assert!(transfer.amount > 0, "{transfer:?}");
            let amount = i128::from(transfer.amount);
            let amount = if transfer.credit == member { amount } else { -amount };
            if transfer.phase == Phase::Posted && matches!(transfer.unit, Unit::Miles(_)) {
                *self.miles.entry(transfer.account.0).or_default() += amount;
            }
            let positions = self.purchases.entry(transfer.purchase).or_default();
            positions[usize::from(transfer.phase == Phase::Pending)]
                .add(Named(transfer.item.to_string()), amount);
        }
    }

    /// A member's miles, from the transfers alone.
    pub(crate) fn balance(&self, member: u32) -> i128 {
        self.miles.get(&i64::from(member)).copied().unwrap_or(0)
    }

    pub(crate) fn of(&self, purchase: &MessageKey) -> [Positions; 2] {
        self.purchases.get(purchase).cloned().unwrap_or_default()
    }

    /// The sums that the core keeps by itself are the sums of its transfers.
    pub(crate) fn audit(&self, rows: &WorkingSet) {
        for purchase in rows.purchases.values() {
            let [posted, pending] = self.of(&purchase.key);
            let [booked, awaited] = [&purchase.booked, &purchase.pending].map(|amounts| {
                let mut positions = Positions::default();
                amounts
                    .iter()
                    .for_each(|(item, amount)| positions.add(Named(item.to_string()), amount.into()));
                positions
            });
            assert_eq!(awaited, pending, "{purchase:?}");
            assert_eq!(posted.all_miles(), i128::from(purchase.open_miles()), "{purchase:?}");
            assert_eq!(posted.money(), booked.money(), "{purchase:?}");
            assert_eq!(posted.granted(), booked.granted(), "{purchase:?}");
        }
    }
}

fn giver(transfer: &Transfer) -> LedgerAccount {
    let payer = |funder| match funder {
        Funder::Partner(partner) => LedgerAccount::Partner(partner),
        Funder::Bank => LedgerAccount::Bank(domain::BankId(1)),
    };
    match &transfer.item {
        Item::Base | Item::Qualifying => payer(Funder::Bank),
        Item::Bonus { funder, .. } => payer(*funder),
        Item::Discount { mode: DiscountMode::AtTill | DiscountMode::StatementCredit, funder, .. } => {
            payer(*funder)
        }
        Item::Turnover(partner) => LedgerAccount::Partner(*partner),
        Item::Adjusted { funder } | Item::Borne { funder } => payer(*funder),
        // No program of the model leaves its miles with the partner.
        Item::Moved
        | Item::Expired
        | Item::Redeemed
        | Item::Covered
        | Item::Refused
        | Item::WrittenOff { .. } => payer(Funder::Bank),
    }
}

/// What is held and not cleared.
pub(crate) fn open(purchase: &domain::Purchase) -> i128 {
    let awaited = purchase.hold == HoldState::Held && purchase.cleared_minor < purchase.held_minor;
    if awaited { purchase.held_minor.into() } else { 0 }
}

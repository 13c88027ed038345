//! Statement credits, and who bears a discount.

use super::{
    fraction::{Round, share},
    position::{Item, Positions},
    rules::{Circumstances, Discount, Rules, Stack},
};

impl Discount {
    /// For an amount that its conditions hold for.
    pub(crate) fn worth(&self, amount: i128) -> i128 {
        let whole = share(amount, self.percent, self.round).min(amount);
        if amount < self.at_least { 0 } else { self.at_most.map_or(whole, |most| whole.min(most)) }
    }

    /// The merchant's part is floored, the bank bears the rest.
    pub(crate) fn borne(&self, discount: i128, positions: &mut Positions) {
        let merchant = share(discount, (self.merchant, 100), Round::Down);
        positions.add(Item::discount(self.at_till, Some(self.partner), self.partner), merchant);
        positions.add(Item::discount(self.at_till, None, self.partner), discount - merchant);
    }
}

/// The discounts that the bank credits for an amount.
pub(crate) fn credits(rules: &Rules, of: &Circumstances, amount: i128, positions: &mut Positions) {
    if !rules.have_loyalty(of) {
        return;
    }
    let applies =
        |rule: &&Discount| !rule.at_till && Some(rule.partner) == of.partner && rule.when.holds(of, amount);
    let apply: Vec<&Discount> = rules.discounts.iter().filter(applies).collect();
    let chosen: Vec<&Discount> = match rules.discounts_stack {
        Stack::Sum => apply,
        Stack::First => apply.into_iter().take(1).collect(),
        Stack::Best => apply.into_iter().rev().max_by_key(|rule| rule.worth(amount)).into_iter().collect(),
    };
    let mut left = amount;
    for rule in chosen {
        let given = rule.worth(amount).min(left);
        left -= given;
        rule.borne(given, positions);
    }
}

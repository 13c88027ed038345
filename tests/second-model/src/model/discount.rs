//! Which discounts hold, what each gives, and who bears it.

use super::{
    fraction::{Round, share},
    limits::Room,
    position::{Item, Positions},
    rules::{Circumstances, Discount, Gives, Rules, Stack},
};

/// What is known of the till when discounts are looked at.
#[derive(Debug, Clone)]
pub(crate) enum Till {
    /// Nothing was offered there.
    Silent,
    /// It asks for the price.
    Asks,
    /// It was offered a discount on this amount.
    Offered(i128),
    /// And gave it: the parts of the rules, by their place in the file.
    Gave(i128, Vec<(usize, i128)>),
}

impl Discount {
    /// For an amount that its conditions hold for.
    fn worth(&self, amount: i128) -> i128 {
        let whole = match self.gives {
            Gives::Share(percent, round) => share(amount, percent, round),
            Gives::Fixed(fixed) => fixed.min(amount),
        };
        if amount < self.at_least { 0 } else { self.at_most.map_or(whole, |most| whole.min(most)) }
    }

    /// The merchant's part is floored, the bank bears the rest.
    pub(crate) fn borne(&self, discount: i128, positions: &mut Positions) {
        let merchant = share(discount, (self.merchant, 100), Round::Down);
        positions.add(Item::discount(self.at_till, Some(self.partner), self.partner), merchant);
        positions.add(Item::discount(self.at_till, None, self.partner), discount - merchant);
    }
}

/// The discounts that hold for an amount, by their place in the file.
pub(crate) fn discounts(
    rules: &Rules,
    of: &Circumstances,
    (amount, till): (i128, &Till),
    room: &Room<'_>,
) -> Vec<(usize, i128)> {
    if !rules.have_loyalty(of) {
        return Vec::new();
    }
    let mut left = amount;
    let mut apply = Vec::new();
    for (place, rule) in rules.discounts.iter().enumerate() {
        // An offer is not lost by being given: its conditions look at the amount before it.
        let looked_at = match till {
            Till::Offered(before) | Till::Gave(before, _) if rule.at_till => *before,
            _ => amount,
        };
        if Some(rule.partner) != of.partner || !rule.when.holds(of, looked_at) {
            continue;
        }
        // What the till took off is off the amount already.
        let asked = match (rule.at_till, till) {
            (true, Till::Silent | Till::Offered(_)) => 0,
            (true, Till::Gave(_, parts)) => part(parts, place).unwrap_or(0),
            _ => rule.worth(amount).min(left),
        };
        // What is used up does not apply, and the next one has its place.
        let Some(given) = room.allows(rule.bounded(), asked) else { continue };
        let takes_from_the_rest = !rule.at_till || matches!(till, Till::Asks);
        left -= if rules.discounts_stack == Stack::Sum && takes_from_the_rest { given } else { 0 };
        apply.push((place, given));
    }
    stacked(rules.discounts_stack, apply, till)
}

fn part(parts: &[(usize, i128)], place: usize) -> Option<i128> {
    parts.iter().find(|(of, _)| *of == place).map(|(_, part)| *part)
}

/// What was given at the till stays, whatever else applies.
fn stacked(stack: Stack, apply: Vec<(usize, i128)>, till: &Till) -> Vec<(usize, i128)> {
    let stays =
        |(place, _): &&(usize, i128)| matches!(till, Till::Gave(_, parts) if part(parts, *place).is_some());
    let one = match stack {
        Stack::Sum => return apply,
        Stack::First => apply.first(),
        Stack::Best => apply.iter().rev().max_by_key(|(_, given)| *given),
    };
    apply.iter().find(stays).or(one).copied().into_iter().collect()
}

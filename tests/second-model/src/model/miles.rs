//! What an amount earns in miles, before any cap.

use super::{
    fraction::share,
    limits::Room,
    position::{Item, Positions},
    rules::{Bonus, Circumstances, Rules, Stack},
};

pub(crate) fn base(rules: &Rules, amount: i128) -> i128 {
    let base = &rules.base;
    match base.round {
        None => amount / base.per * base.miles,
        Some(round) => share(amount, (base.miles, base.per), round),
    }
}

/// Base first, then bonuses in the order of the file, each within its own limits.
pub(crate) fn asked(rules: &Rules, of: &Circumstances, amount: i128, room: &Room<'_>) -> Vec<(Item, i128)> {
    if !rules.have_loyalty(of) {
        return Vec::new();
    }
    let base = base(rules, amount);
    let worth = |bonus: &Bonus| room.allows(bonus.bounded(), share(base, bonus.times, bonus.round));
    let holds = rules.bonuses.iter().filter(|bonus| bonus.when.holds(of, amount));
    let apply: Vec<(&Bonus, i128)> = holds.filter_map(|bonus| Some((bonus, worth(bonus)?))).collect();
    let chosen: Vec<(&Bonus, i128)> = match rules.bonuses_stack {
        Stack::Sum => apply,
        Stack::First => apply.into_iter().take(1).collect(),
        // `max_by_key` gives the last of equals, and the first is wanted.
        Stack::Best => apply.into_iter().rev().max_by_key(|(_, miles)| *miles).into_iter().collect(),
    };
    let bonuses = chosen.into_iter().map(|(bonus, miles)| (Item::bonus(bonus.id, bonus.payer), miles));
    [(Item::base(), base)].into_iter().chain(bonuses).collect()
}

/// What is granted of `asked` where there is room for `room` miles: the first comes first.
pub(crate) fn granted(asked: &[(Item, i128)], room: Option<i128>) -> Positions {
    let mut room = room.unwrap_or(i128::MAX);
    let mut granted = Positions::default();
    for (item, miles) in asked {
        let given = (*miles).min(room).max(0);
        room -= given;
        granted.add(item.clone(), given);
    }
    granted
}

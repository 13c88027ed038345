//! Which stored purchases another map would give to another partner.

use std::collections::BTreeMap;

use domain::{Currency, MerchantMap, PartnerId};
use serde_json::{Value, json};
use store::MerchantPurchases;

use super::MapFile;

/// Purchases and their turnover in minor units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Sum {
    purchases: i64,
    turnover_minor: i128,
}

impl Sum {
    fn add(&mut self, group: &MerchantPurchases) {
        self.purchases += group.purchases;
        self.turnover_minor += i128::from(group.turnover_minor);
    }
}

/// Whose they are, whose they would be, and in which currency.
type Move = (Option<PartnerId>, Option<PartnerId>, Currency);

/// What another map would change.
#[derive(Debug, PartialEq, Eq, Default)]
pub(super) struct Effect {
    moves: BTreeMap<Move, Sum>,
    /// Looked at and the same.
    same: Sum,
    /// The old map does not give them the partner that they have: they were decided by a name in DE43, which is not
    /// stored, or under yet another map.
    otherwise: Sum,
}

/// What `new` would change of these purchases, which `old` has decided.
pub(super) fn of(purchases: &[MerchantPurchases], old: &MerchantMap, new: &MerchantMap) -> Effect {
    let mut effect = Effect::default();
    for group in purchases {
        let whose = |map: &MerchantMap| map.lookup(&group.merchant, group.date).partner();
        let (from, to) = (whose(old), whose(new));
        if from != group.partner {
            effect.otherwise.add(group);
        } else if from == to {
            effect.same.add(group);
        } else {
            effect.moves.entry((from, to, group.currency)).or_default().add(group);
        }
    }
    effect
}

impl Effect {
    pub(super) fn print(&self, days: u32, partners: &MapFile) {
        let code = |id: Option<PartnerId>| id.map_or("nobody", |id| partners.partner(id));
        println!("of the purchases of the last {days} days:");
        for ((from, to, currency), sum) in &self.moves {
            println!(
                "    {} of {} would be {}'s: turnover {} minor units of {currency}",
                sum.purchases,
                code(*from),
                code(*to),
                sum.turnover_minor
            );
        }
        println!("    {} would stay", self.same.purchases);
        if self.otherwise.purchases > 0 {
            println!(
                "    {} cannot be told: the old map does not give them the partner that they have. They were decided by \
                 a name in DE43, which is not stored, or under another map",
                self.otherwise.purchases
            );
        }
        println!("A purchase keeps the partner that it has: the new map is for purchases that come.");
    }

    pub(super) fn as_json(&self, partners: &MapFile) -> Value {
        let code = |id: &Option<PartnerId>| id.map(|id| partners.partner(id));
        let moves = self.moves.iter().map(|((from, to, currency), sum)| {
            json!({
                "from": code(from),
                "to": code(to),
                "currency": currency.to_string(),
                "purchases": sum.purchases,
                "turnover_minor": sum.turnover_minor.to_string(),
            })
        });
        json!({
            "moved": moves.collect::<Vec<_>>(),
            "same": self.same.purchases,
            "cannot_be_told": self.otherwise.purchases,
        })
    }
}

//! Taking miles from the lots that expire first.

use jiff::civil::Date;

use super::{Desk, LotMovement};
use crate::{Explanation, Item, MessageKey, Piece, Purchase};

/// What a spending takes, before it is written.
pub(in crate::decide) struct Drawing {
    /// The lots that changed.
    pub(in crate::decide) lots: Vec<Purchase>,
    /// What each gave to the spending itself.
    pub(in crate::decide) pieces: Vec<Piece>,
    /// All movements, those that cover debts first.
    pub(in crate::decide) movements: Vec<LotMovement>,
    pub(in crate::decide) explanation: Explanation,
}

/// What there is for a spending.
pub(in crate::decide) enum Drawn {
    /// It can be had.
    All(Drawing),
    /// So many miles may be spent, which is too few.
    TooFew(i64),
}

/// Takes `miles` as `item` from the member's lots. Debts of other lots are made good before, in any case: what is owed
/// cannot be spent.
pub(in crate::decide) fn draw(desk: &Desk<'_>, miles: i64, item: &Item) -> Result<Drawn, &'static str> {
    draw_for(desk, miles, item, None)
}

/// The same for a purchase, which does not pay for itself: its clearing may have come before its authorization.
pub(in crate::decide) fn draw_for(
    desk: &Desk<'_>,
    miles: i64,
    item: &Item,
    purchase: Option<MessageKey>,
) -> Result<Drawn, &'static str> {
    let member = desk.event.member.ok_or("member")?;
    let bucket = desk.event.bucket;
    if !desk.state.loaded.lots.contains(&(bucket, member.account)) {
        return Err("open lots");
    }
    let own =
        desk.state.purchases.iter().filter(|((at, _), lot)| *at == bucket && lot.account == member.account);
    let mut lots: Vec<Purchase> = own
        .filter(|((_, key), lot)| lot.open_miles() != 0 && Some(*key) != purchase)
        .map(|(_, lot)| lot.clone())
        .collect();
    for lot in &mut lots {
        // Activity may have kept it longer than the clock has noted yet.
        let kept = desk.rules_of(lot)?.miles.kept_until(desk.account.active_on);
        lot.lot.expire_on = lot.lot.expire_on.map(|day| kept.map_or(day, |kept| day.max(kept)));
    }
    lots.sort_by_key(|lot| (lot.lot.expire_on.unwrap_or(Date::MAX), lot.date, lot.key));
    let day = desk.event.local.date();
    let mut drawing = Drawing {
        lots: Vec::new(),
        pieces: Vec::new(),
        movements: Vec::new(),
        explanation: Explanation::default(),
    };
    cover_debts(&mut lots, day, &mut drawing);
    let spendable = lots.iter().fold(0_i64, |sum, lot| sum.saturating_add(lot.spendable_miles(day)));
    if spendable < miles {
        return Ok(Drawn::TooFew(spendable));
    }
    let mut left = miles;
    for lot in &mut lots {
        let taken = lot.spendable_miles(day).min(left);
        if taken > 0 {
            left -= taken;
            lot.lot.spent_miles += taken;
            drawing.take(lot, taken, item);
        }
    }
    let touched = |lot: &Purchase| drawing.movements.iter().any(|(key, ..)| *key == lot.key);
    drawing.lots = lots.into_iter().filter(touched).collect();
    Ok(Drawn::All(drawing))
}

impl Drawing {
    fn take(&mut self, lot: &Purchase, miles: i64, item: &Item) {
        self.movements.push((lot.key, item.clone(), -miles));
        self.pieces.push(Piece {
            lot: lot.key,
            miles,
            granted_on: lot.date,
            vests_on: lot.lot.vests_on,
            expire_on: lot.lot.expire_on,
        });
        let until = lot.lot.expire_on.map(|day| ("until", day.to_string()));
        let values = [("purchase", lot.key.to_string()), ("miles", miles.to_string())];
        self.explanation.applied("lot", "taken_from_lot", values.into_iter().chain(until).collect());
    }
}

/// Makes the debts of lots good from the others, both in the order of expiry.
fn cover_debts(lots: &mut [Purchase], day: Date, drawing: &mut Drawing) {
    for debtor in 0..lots.len() {
        for lender in 0..lots.len() {
            let owed = lots.get(debtor).map_or(0, |lot| (-lot.open_miles()).max(0));
            let miles = lots.get(lender).map_or(0, |lot| lot.unexpired_miles(day)).min(owed);
            if miles == 0 {
                continue;
            }
            let (from, to) = (key_of(lots, lender), key_of(lots, debtor));
            if let Some(lot) = lots.get_mut(lender) {
                lot.lot.spent_miles += miles;
            }
            if let Some(lot) = lots.get_mut(debtor) {
                lot.lot.covered_miles += miles;
            }
            drawing.movements.extend(from.map(|key| (key, Item::Covered, -miles)));
            drawing.movements.extend(to.map(|key| (key, Item::Covered, miles)));
            let named =
                |name, key: Option<MessageKey>| (name, key.map(|key| key.to_string()).unwrap_or_default());
            let values = vec![named("purchase", from), named("original", to), ("miles", miles.to_string())];
            drawing.explanation.applied("lot", "debt_covered_from_lot", values);
        }
    }
}

fn key_of(lots: &[Purchase], place: usize) -> Option<MessageKey> {
    lots.get(place).map(|lot| lot.key)
}

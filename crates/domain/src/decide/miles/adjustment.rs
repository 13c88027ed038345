//! Miles that staff give or take.

use super::{
    super::nothing,
    Desk,
    draw::{Drawn, draw},
    redemption::too_few,
    transfer::opened,
};
use crate::{Funder, Item, Outcome, ResultStatus};

/// What is given is a lot of its own, as old as the adjustment; what is taken comes from the open lots.
pub(super) fn adjust(desk: &Desk<'_>, miles: i64, funder: Funder) -> Result<Outcome, &'static str> {
    let item = Item::Adjusted { funder };
    if miles == 0 {
        return Ok(nothing(desk.event, "adjusts_nothing"));
    }
    if miles < 0 {
        let taken = miles.checked_neg().ok_or("an amount within 64 bits")?;
        let drawing = match draw(desk, taken, &item)? {
            Drawn::All(drawing) => drawing,
            Drawn::TooFew(available) => return Ok(too_few(desk, taken, available)),
        };
        let mut outcome = desk.answer(ResultStatus::Reversed, "adjusted", miles);
        outcome.explanation.applied("adjustment", "adjusted", values(miles, funder));
        outcome.explanation.0.extend(drawing.explanation.0);
        desk.record(&mut outcome, drawing.lots, &drawing.movements, "miles.adjusted");
        return Ok(outcome);
    }
    let mut lot = opened(desk, desk.event.local.date(), item.clone(), miles)?;
    lot.lot.expire_on = desk.program.miles.expire_on(lot.date);
    let mut outcome = desk.answer(ResultStatus::Booked, "adjusted", miles);
    outcome.explanation.applied("adjustment", "adjusted", values(miles, funder));
    outcome.purchase = Some(lot.key);
    let key = lot.key;
    desk.record(&mut outcome, vec![lot], &[(key, item, miles)], "miles.adjusted");
    Ok(outcome)
}

fn values(miles: i64, funder: Funder) -> Vec<(&'static str, String)> {
    vec![("miles", miles.to_string()), ("funder", funder.to_string())]
}

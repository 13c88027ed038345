//! What the partner that keeps the miles has refused for good.

use super::{super::nothing, Desk};
use crate::{Item, MessageKey, Outcome, ResultStatus};

/// Miles that it did not take leave the mirror; miles that it did not give back come again, at the funder's cost.
pub(super) fn refused(desk: &Desk<'_>, key: MessageKey, miles: i64) -> Result<Outcome, &'static str> {
    let mut lot = desk.purchase(key)?;
    if miles >= 0 {
        // What refunds took meanwhile has left the mirror already; their lines are lowered by it.
        let taken = miles.min(lot.open_miles()).max(0);
        if taken == 0 {
            return Ok(nothing(desk.event, "refused_when_taken_back"));
        }
        lot.lot.expired_miles += taken;
        let mut outcome = desk.answer(ResultStatus::Reversed, "refused_by_the_partner", -taken);
        let values = vec![("miles", taken.to_string()), ("asked", miles.to_string())];
        outcome.explanation.applied("partner", "refused_by_the_partner", values);
        outcome.purchase = Some(key);
        desk.record(&mut outcome, vec![lot], &[(key, Item::Refused, -taken)], "miles.refused");
        return Ok(outcome);
    }
    let funder = desk.rules_of(&lot)?.miles.debts_borne_by.ok_or("funder of what the partner keeps")?;
    let kept = miles.checked_neg().ok_or("an amount within 64 bits")?;
    lot.lot.borne_miles = lot.lot.borne_miles.checked_add(kept).ok_or("an amount within 64 bits")?;
    let mut outcome = desk.answer(ResultStatus::Booked, "kept_by_the_partner", kept);
    let values = vec![("miles", kept.to_string()), ("funder", funder.to_string())];
    outcome.explanation.applied("partner", "kept_by_the_partner", values);
    outcome.purchase = Some(key);
    desk.record(&mut outcome, vec![lot], &[(key, Item::WrittenOff { funder }, kept)], "miles.written-off");
    Ok(outcome)
}

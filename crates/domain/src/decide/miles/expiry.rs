//! The end of a lot's time.

use super::Desk;
use crate::{Item, MessageKey, Outcome, ResultStatus};

pub(super) fn expire(desk: &Desk<'_>, key: MessageKey) -> Result<Outcome, &'static str> {
    let mut lot = desk.purchase(key)?;
    let miles = lot.open_miles();
    let Some(expire_on) = lot.lot.expire_on.filter(|_| miles > 0) else {
        return Ok(super::super::nothing(desk.event, "no_miles_to_expire"));
    };
    let today = desk.event.local.date();
    if expire_on > today {
        return Ok(super::super::nothing(desk.event, "miles_have_time_left"));
    }
    let kept = desk.rules_of(&lot)?.miles.kept_until(desk.account.active_on);
    if let Some(until) = kept.filter(|until| *until > today) {
        let mut outcome = super::super::nothing(desk.event, "miles_kept_by_activity");
        outcome.purchase = Some(key);
        lot.lot.expire_on = Some(until);
        outcome.purchases.push(lot);
        return Ok(outcome);
    }
    lot.lot.expired_miles += miles;
    let mut outcome = desk.answer(ResultStatus::Reversed, "miles_expired", -miles);
    let values = vec![("until", expire_on.to_string()), ("miles", miles.to_string())];
    outcome.explanation.applied("lot", "miles_expired", values);
    outcome.purchase = Some(key);
    desk.record(&mut outcome, vec![lot], &[(key, Item::Expired, -miles)], "miles.expired");
    Ok(outcome)
}

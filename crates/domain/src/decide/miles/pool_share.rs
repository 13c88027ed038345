//! What one account gives to a pool of its household.

use super::{
    super::nothing,
    Desk,
    draw::{Drawn, draw},
    redemption::too_few,
};
use crate::{
    HouseholdSpending, Item, MessageKey, Outcome, Purpose, Redemption, RedemptionState, ResultStatus,
};

/// The least number of miles, the share of the amount and the worth were settled for the pool as a whole. What is reserved
/// waits without a time of its own: the pool has one for all of its shares.
pub(super) fn reserve(
    desk: &Desk<'_>,
    pool: MessageKey,
    miles: u64,
    worth_minor: u64,
) -> Result<Outcome, &'static str> {
    let Some(rules) = desk.program.redemption else {
        return Ok(nothing(desk.event, "redemption_not_offered"));
    };
    if rules.household != HouseholdSpending::Pooled {
        return Ok(nothing(desk.event, "household_spends_apart"));
    }
    if miles == 0 {
        return Ok(nothing(desk.event, "below_redemption_minimum"));
    }
    let range = |_| "an amount within 64 bits";
    let (miles, worth_minor) =
        (i64::try_from(miles).map_err(range)?, i64::try_from(worth_minor).map_err(range)?);
    let drawing = match draw(desk, miles, &Item::Redeemed)? {
        Drawn::All(drawing) => drawing,
        Drawn::TooFew(available) => return Ok(too_few(desk, miles, available)),
    };
    let member = desk.event.member.ok_or("member")?;
    let mut outcome = desk.answer(ResultStatus::Booked, "miles_reserved", -miles);
    let values = vec![
        ("pool", pool.to_string()),
        ("miles", miles.to_string()),
        ("worth_minor", worth_minor.to_string()),
    ];
    outcome.explanation.applied("redemption", "miles_reserved", values);
    outcome.explanation.0.extend(drawing.explanation.0);
    outcome.redemptions.push(Redemption {
        purchase: None,
        key: desk.event.key,
        account: member.account,
        program: member.program,
        purpose: Purpose::Payment,
        state: RedemptionState::Reserved,
        miles,
        currency: desk.program.currency,
        worth_minor,
        reserved_until: None,
        pieces: drawing.pieces,
    });
    desk.record(&mut outcome, drawing.lots, &drawing.movements, "miles.reserved");
    Ok(outcome)
}

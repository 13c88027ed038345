//! Miles that go from one account of a program to another.
//!
//! The accounts may lie in two buckets, and a batch writes to the buckets of one lane. So they leave by one event and
//! arrive by others, one for each piece, each under a key that is a function of the first: they leave once and arrive
//! once, whoever drives them and however often.

use jiff::civil::Date;

use super::{
    super::nothing,
    Desk,
    draw::{Drawn, draw},
    redemption::too_few,
};
use crate::{
    AccountId, Amounts, Bucket, Item, Lot, Outcome, Purchase, Purpose, Redemption, RedemptionState,
    ResultStatus,
};

pub(super) fn send(
    desk: &Desk<'_>,
    miles: u64,
    to_bucket: Bucket,
    to: AccountId,
) -> Result<Outcome, &'static str> {
    let member = desk.event.member.ok_or("member")?;
    if miles == 0 || (desk.event.bucket, member.account) == (to_bucket, to) {
        return Ok(nothing(desk.event, "transfers_nothing"));
    }
    let miles = i64::try_from(miles).map_err(|_| "an amount within 64 bits")?;
    let drawing = match draw(desk, miles, &Item::Moved)? {
        Drawn::All(drawing) => drawing,
        Drawn::TooFew(available) => return Ok(too_few(desk, miles, available)),
    };
    let mut outcome = desk.answer(ResultStatus::Booked, "miles_sent", -miles);
    outcome.explanation.applied("transfer", "miles_sent", vec![("miles", miles.to_string())]);
    outcome.explanation.0.extend(drawing.explanation.0);
    outcome.redemptions.push(Redemption {
        key: desk.event.key,
        account: member.account,
        program: member.program,
        purpose: Purpose::Transfer { bucket: to_bucket, account: to },
        state: RedemptionState::Reserved,
        miles,
        currency: desk.program.currency,
        worth_minor: 0,
        reserved_until: None,
        pieces: drawing.pieces,
        purchase: None,
    });
    desk.record(&mut outcome, drawing.lots, &drawing.movements, "miles.sent");
    Ok(outcome)
}

/// A piece of a lot becomes a lot of this account that is as old.
pub(super) fn arrive(
    desk: &Desk<'_>,
    miles: u64,
    granted_on: Date,
    ages: Lot,
) -> Result<Outcome, &'static str> {
    let miles = i64::try_from(miles).map_err(|_| "an amount within 64 bits")?;
    if miles == 0 {
        return Ok(nothing(desk.event, "transfers_nothing"));
    }
    let lot = Purchase { lot: ages, ..opened(desk, granted_on, Item::Moved, miles)? };
    let mut outcome = desk.answer(ResultStatus::Booked, "miles_arrived", miles);
    let until = lot.lot.expire_on.map(|day| ("until", day.to_string()));
    let values = [("miles", miles.to_string()), ("date", granted_on.to_string())];
    outcome.explanation.applied("transfer", "miles_arrived", values.into_iter().chain(until).collect());
    outcome.purchase = Some(lot.key);
    let key = lot.key;
    desk.record(&mut outcome, vec![lot], &[(key, Item::Moved, miles)], "miles.arrived");
    Ok(outcome)
}

/// A purchase that no bank tells of: only a lot.
pub(super) fn opened(desk: &Desk<'_>, date: Date, item: Item, miles: i64) -> Result<Purchase, &'static str> {
    let mut booked = Amounts::none();
    booked.set(item, miles);
    let account = desk.event.member.ok_or("member")?.account;
    Ok(Purchase { booked, ..Purchase::without_facts(desk.event.key, account, desk.program, date) })
}

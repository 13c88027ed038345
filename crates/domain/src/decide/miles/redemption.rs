//! Spending miles: reserved, then confirmed, or given back to the very lots that they came from.

use jiff::SignedDuration;

use super::{
    super::nothing,
    Desk, LotMovement,
    draw::{Drawn, draw},
};
use crate::{Item, MessageKey, Outcome, Purpose, Redemption, RedemptionRules, RedemptionState, ResultStatus};

const RANGE: &str = "an amount within 64 bits";

pub(super) fn reserve(desk: &Desk<'_>, miles: u64) -> Result<Outcome, &'static str> {
    let Some(rules) = desk.program.redemption else {
        return Ok(nothing(desk.event, "redemption_not_offered"));
    };
    if miles == 0 || miles < rules.miles_min {
        return Ok(nothing(desk.event, "below_redemption_minimum"));
    }
    let miles = i64::try_from(miles).map_err(|_| RANGE)?;
    let worth_minor = rules.worth(miles).map_err(|_| RANGE)?;
    if let Some(reason) = not_payable(desk, rules, worth_minor)? {
        return Ok(nothing(desk.event, reason));
    }
    let drawing = match draw(desk, miles, &Item::Redeemed)? {
        Drawn::All(drawing) => drawing,
        Drawn::TooFew(available) => return Ok(too_few(desk, miles, available)),
    };
    let wait = SignedDuration::from_mins(i64::from(rules.reserve_minutes));
    let reserved_until =
        desk.event.received_at.checked_add(wait).map_err(|_| "an instant within the calendar")?;
    let member = desk.event.member.ok_or("member")?;
    let mut outcome = desk.answer(ResultStatus::Booked, "miles_reserved", -miles);
    let values = vec![
        ("miles", miles.to_string()),
        ("value", format!("{}/{}", rules.value.numerator(), rules.value.denominator())),
        ("worth_minor", worth_minor.to_string()),
    ];
    outcome.explanation.applied("redemption", "miles_reserved", values);
    outcome.explanation.0.extend(drawing.explanation.0);
    outcome.redemptions.push(Redemption {
        key: desk.event.key,
        account: member.account,
        program: member.program,
        purpose: Purpose::Payment,
        state: RedemptionState::Reserved,
        miles,
        currency: desk.program.currency,
        worth_minor,
        reserved_until: Some(reserved_until),
        pieces: drawing.pieces,
        purchase: None,
    });
    desk.record(&mut outcome, drawing.lots, &drawing.movements, "miles.reserved");
    Ok(outcome)
}

/// Why miles of this worth cannot pay for the amount of the event; one without an amount pays for no purchase.
fn not_payable(
    desk: &Desk<'_>,
    rules: RedemptionRules,
    worth_minor: i64,
) -> Result<Option<&'static str>, &'static str> {
    if desk.event.amount_minor == 0 {
        return Ok(None);
    }
    let Some(amount) = desk.event.amount_in(desk.program.currency) else {
        return Ok(Some("currency_without_billing_amount"));
    };
    let amount = i64::try_from(amount).map_err(|_| RANGE)?;
    let payable = rules.payable(amount).map_err(|_| RANGE)?;
    Ok((worth_minor > payable).then_some("above_redemption_share"))
}

/// Refused: fewer miles may be spent than are asked for.
pub(super) fn too_few(desk: &Desk<'_>, asked: i64, available: i64) -> Outcome {
    let mut outcome = nothing(desk.event, "not_enough_miles");
    outcome.explanation.0.clear();
    let values = vec![("asked", asked.to_string()), ("available", available.to_string())];
    outcome.explanation.skipped("redemption", "not_enough_miles", values);
    outcome
}

pub(super) fn confirm(desk: &Desk<'_>, key: MessageKey) -> Result<Outcome, &'static str> {
    let Some(found) = find(desk, key)? else { return Ok(nothing(desk.event, "redemption_not_found")) };
    if found.purchase.is_some() {
        return Ok(nothing(desk.event, "redemption_follows_its_purchase"));
    }
    if found.state != RedemptionState::Reserved {
        return Ok(nothing(desk.event, "redemption_is_not_open"));
    }
    let mut outcome = desk.answer(ResultStatus::Booked, "redemption_confirmed", 0);
    outcome.explanation.applied("redemption", "redemption_confirmed", named(found));
    outcome.redemptions.push(Redemption { state: RedemptionState::Confirmed, ..found.clone() });
    desk.record(&mut outcome, Vec::new(), &[], "miles.confirmed");
    Ok(outcome)
}

/// Gives back what was reserved or, unless it `lapsed`, spent: each lot gets its own miles with its own age.
pub(super) fn give_back(desk: &Desk<'_>, key: MessageKey, lapsed: bool) -> Result<Outcome, &'static str> {
    let Some(found) = find(desk, key)? else { return Ok(nothing(desk.event, "redemption_not_found")) };
    if found.purchase.is_some() {
        return Ok(nothing(desk.event, "redemption_follows_its_purchase"));
    }
    let reserved = found.state == RedemptionState::Reserved;
    if !reserved && (lapsed || found.state != RedemptionState::Confirmed) {
        return Ok(nothing(desk.event, "redemption_is_not_open"));
    }
    // What went to another account is that account's to send back.
    if found.purpose != Purpose::Payment {
        return Ok(nothing(desk.event, "redemption_is_a_transfer"));
    }
    if lapsed && found.reserved_until.is_none_or(|until| until > desk.event.received_at) {
        return Ok(nothing(desk.event, "redemption_has_time_left"));
    }
    let (reason, state) = match lapsed {
        true => ("redemption_lapsed", RedemptionState::Lapsed),
        false => ("redemption_cancelled", RedemptionState::Cancelled),
    };
    let (mut lots, mut movements): (Vec<_>, Vec<LotMovement>) = (Vec::new(), Vec::new());
    let mut outcome = desk.answer(ResultStatus::Reversed, reason, found.miles);
    outcome.explanation.applied("redemption", reason, named(found));
    for piece in &found.pieces {
        let mut lot = desk.purchase(piece.lot)?;
        lot.lot.spent_miles -= piece.miles;
        movements.push((lot.key, Item::Redeemed, piece.miles));
        let values = vec![("purchase", lot.key.to_string()), ("miles", piece.miles.to_string())];
        outcome.explanation.applied("lot", "returned_to_lot", values);
        // The funder bears only what is still owed.
        let borne = lot.bear_debt(&desk.rules_of(&lot)?.miles);
        movements.extend(borne.map(|(item, miles)| (lot.key, item, miles)));
        lots.push(lot);
    }
    outcome.redemptions.push(Redemption { state, ..found.clone() });
    desk.record(&mut outcome, lots, &movements, "miles.returned");
    Ok(outcome)
}

/// The redemption, if it is the member's.
fn find<'a>(desk: &Desk<'a>, key: MessageKey) -> Result<Option<&'a Redemption>, &'static str> {
    let place = (desk.event.bucket, key);
    if !desk.state.loaded.redemptions.contains(&place) {
        return Err("redemption");
    }
    let found = desk.state.redemptions.get(&place);
    Ok(found.filter(|found| desk.event.member.is_some_and(|member| member.account == found.account)))
}

fn named(redemption: &Redemption) -> Vec<(&'static str, String)> {
    vec![("original", redemption.key.to_string()), ("miles", redemption.miles.to_string())]
}

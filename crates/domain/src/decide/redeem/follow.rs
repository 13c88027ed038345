//! What becomes of miles that pay for a purchase, after its authorization.
//!
//! It is a function of what the messages have told of the purchase, not of their order: each message brings the
//! redemption to where it then stands, by giving the miles back to their lots or taking them from there again.

use super::super::{
    miles::{Desk, LotMovement},
    nothing,
};
use crate::{
    HoldState, Item, MessageKey, Outcome, Purchase, Redeemed, Redemption, RedemptionState, ResultStatus,
};

/// Whether the miles are out of their lots.
pub(super) fn takes(state: RedemptionState) -> bool {
    matches!(state, RedemptionState::Reserved | RedemptionState::Confirmed)
}

/// Where the redemption stands, and why. The clearing decides as with a discount at the till: net confirms, gross
/// cancels, anything else is a break for a person, which leaves the miles where they are.
pub(super) fn standing(purchase: &Purchase, by: Redeemed) -> (RedemptionState, &'static str) {
    let original = purchase.till.map_or(by.amount_minor, |till| till.original_minor);
    match (purchase.cleared_minor, purchase.hold) {
        (0, _) if !purchase.is_held_by(by.redemption) => {
            (RedemptionState::Cancelled, "redemption_ended_with_its_hold")
        }
        (0, HoldState::Held) if by.unanswered => (RedemptionState::Lapsed, "redemption_was_not_answered"),
        (0, HoldState::Held) => (RedemptionState::Reserved, "miles_reserved"),
        (0, HoldState::Expired) => (RedemptionState::Lapsed, "redemption_lapsed"),
        (0, _) => (RedemptionState::Cancelled, "redemption_ended_with_its_hold"),
        _ if purchase.net_minor() == 0 => (RedemptionState::Cancelled, "redemption_refunded"),
        (cleared, _) if cleared == by.net_minor() => (RedemptionState::Confirmed, "redemption_confirmed"),
        (cleared, _) if cleared == by.amount_minor || cleared == original => {
            (RedemptionState::Cancelled, "redemption_cancelled_by_gross_clearing")
        }
        // The bank was told of no miles.
        _ if by.unanswered => (RedemptionState::Cancelled, "redemption_was_not_answered"),
        _ if purchase.was_replaced(by.redemption) => {
            (RedemptionState::Cancelled, "redemption_ended_with_its_hold")
        }
        _ => (RedemptionState::Reserved, "redemption_unconfirmed_break"),
    }
}

/// Brings the redemptions of all purchases that an outcome has changed to where they stand now.
pub(in crate::decide) fn follow(desk: &Desk<'_>, mut outcome: Outcome) -> Result<Outcome, &'static str> {
    let paid: Vec<(MessageKey, Redeemed)> =
        outcome.purchases.iter().filter_map(|purchase| Some((purchase.key, purchase.redeemed?))).collect();
    for (key, by) in paid {
        let Some(purchase) = outcome.purchases.iter().find(|other| other.key == key).cloned() else {
            continue;
        };
        // A lot of which only miles have moved has told nothing new of itself.
        let before = desk.state.purchases.get(&(desk.event.bucket, key));
        let known = before.filter(|before| before.redeemed == Some(by));
        let told = |of: &Purchase| (standing(of, by), of.cleared_minor);
        if purchase.redeemed.is_none() || known.is_some_and(|before| told(before) == told(&purchase)) {
            continue;
        }
        let own = outcome.redemptions.iter().find(|redemption| redemption.key == by.redemption);
        let stored = desk.state.redemptions.get(&(desk.event.bucket, by.redemption));
        let redemption = own.or(stored).ok_or("redemption")?.clone();
        release_former(desk, &redemption, key, &mut outcome);
        bring(desk, &purchase, by, &redemption, &mut outcome)?;
    }
    Ok(outcome)
}

/// A presentment may have taken the redemption along from the purchase of its authorization, which has it no more.
fn release_former(desk: &Desk<'_>, redemption: &Redemption, now: MessageKey, outcome: &mut Outcome) {
    let Some(former) = redemption.purchase.filter(|former| *former != now) else { return };
    if let Some(purchase) = outcome.purchases.iter_mut().find(|purchase| purchase.key == former) {
        purchase.redeemed = None;
        return;
    }
    let stored = desk.state.purchases.get(&(desk.event.bucket, former));
    let still = stored.filter(|former| former.redeemed.is_some_and(|by| by.redemption == redemption.key));
    outcome.purchases.extend(still.map(|former| Purchase { redeemed: None, ..former.clone() }));
}

fn bring(
    desk: &Desk<'_>,
    purchase: &Purchase,
    by: Redeemed,
    redemption: &Redemption,
    outcome: &mut Outcome,
) -> Result<(), &'static str> {
    let (state, reason) = standing(purchase, by);
    let created = redemption.key == desk.event.key;
    let values = vec![
        ("original", redemption.key.to_string()),
        ("miles", redemption.miles.to_string()),
        ("amount_minor", by.amount_minor.to_string()),
        ("worth_minor", by.worth_minor.to_string()),
        ("cleared_minor", purchase.cleared_minor.to_string()),
    ];
    if reason == "redemption_unconfirmed_break" {
        outcome.explanation.skipped("redemption", reason, values);
    } else if !created || !takes(state) {
        outcome.explanation.applied("redemption", reason, values);
    }
    if state == redemption.state {
        return Ok(());
    }
    outcome.redemptions.push(Redemption { state, ..redemption.clone() });
    let topic = match (takes(redemption.state), takes(state)) {
        (true, false) => "miles.returned",
        (false, true) => "miles.reserved",
        _ if state == RedemptionState::Confirmed => "miles.confirmed",
        _ => return Ok(()),
    };
    let (mut lots, mut movements): (Vec<Purchase>, Vec<LotMovement>) = (Vec::new(), Vec::new());
    if takes(redemption.state) != takes(state) {
        for piece in &redemption.pieces {
            let changed = outcome.purchases.iter().find(|lot| lot.key == piece.lot).cloned();
            let mut lot = changed.map_or_else(|| desk.purchase(piece.lot), Ok)?;
            let said = match takes(state) {
                true => take_again(&mut lot, piece.miles, &mut movements),
                false => give_back(&mut lot, piece.miles, &mut movements),
            };
            let values = vec![("purchase", lot.key.to_string()), ("miles", piece.miles.to_string())];
            outcome.explanation.applied("lot", said, values);
            let borne = lot.bear_debt(&desk.rules_of(&lot)?.miles);
            movements.extend(borne.map(|(item, miles)| (lot.key, item, miles)));
            lots.push(lot);
        }
    }
    desk.record(outcome, lots, &movements, topic);
    Ok(())
}

fn give_back(lot: &mut Purchase, miles: i64, movements: &mut Vec<LotMovement>) -> &'static str {
    lot.lot.spent_miles -= miles;
    movements.push((lot.key, Item::Redeemed, miles));
    "returned_to_lot"
}

/// Takes the miles from their lot once more, in full. Those that have expired in between were never there to expire;
/// what is not there at all leaves a debt.
fn take_again(lot: &mut Purchase, miles: i64, movements: &mut Vec<LotMovement>) -> &'static str {
    let lacking = miles - lot.open_miles().max(0);
    let expired = lacking.clamp(0, lot.lot.expired_miles);
    lot.lot.expired_miles -= expired;
    movements.push((lot.key, Item::Expired, expired));
    lot.lot.spent_miles += miles;
    movements.push((lot.key, Item::Redeemed, -miles));
    "taken_from_lot"
}

/// The gateway answered the authorization without a loyalty result, because its decision came too late.
pub(in crate::decide) fn unanswered(desk: &Desk<'_>, key: MessageKey) -> Result<Outcome, &'static str> {
    let place = (desk.event.bucket, key);
    if !desk.state.loaded.redemptions.contains(&place) {
        return Err("redemption");
    }
    let ours = |of: &&Redemption| desk.event.member.is_some_and(|member| member.account == of.account);
    let Some(found) = desk.state.redemptions.get(&place).filter(ours) else {
        return Ok(nothing(desk.event, "redemption_not_found"));
    };
    let Some(purchase) = found.purchase else { return Ok(nothing(desk.event, "redemption_not_found")) };
    let mut purchase = desk.purchase(purchase)?;
    let open = purchase.redeemed.filter(|by| by.redemption == key && !by.unanswered);
    let Some(by) = open else { return Ok(nothing(desk.event, "redemption_is_not_open")) };
    purchase.redeemed = Some(Redeemed { unanswered: true, ..by });
    let given_back = takes(found.state) && !takes(standing(&purchase, Redeemed { unanswered: true, ..by }).0);
    let miles = if given_back { found.miles } else { 0 };
    let mut outcome = desk.answer(ResultStatus::Reversed, "redemption_was_not_answered", miles);
    outcome.purchase = Some(purchase.key);
    outcome.purchases.push(purchase);
    Ok(outcome)
}

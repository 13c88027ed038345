//! What an authorization still holds.

use jiff::civil::Date;

use super::{
    clearing::of,
    reversal::Reversals,
    rules::HoldDays,
    till::Offer,
    told::{Says, Told},
};

/// The largest amount that is authorized; zero if the hold has ended.
pub(crate) fn held(facts: &[Told], reversals: &Reversals, offer: Option<&Offer>) -> i128 {
    // A decline ends the hold of the whole purchase, a reversal only what its authorization held.
    if declined(facts) {
        return 0;
    }
    let authorizations = facts.iter().filter(|fact| fact.is_authorization());
    authorizations.map(|authorization| left(authorization, reversals, offer)).max().unwrap_or(0)
}

/// The day at which the hold of the whole purchase is over: a further authorization prolongs it.
pub(crate) fn last_day(facts: &[Told], days: &HoldDays) -> Option<Date> {
    let authorizations = facts.iter().filter(|fact| fact.is_authorization());
    authorizations.map(|fact| days.over(fact.day, fact.mcc, fact.says == Says::AskEarly)).max()
}

/// The authorization that was offered a discount holds the reduced price.
fn left(authorization: &Told, reversals: &Reversals, offer: Option<&Offer>) -> i128 {
    let asked = authorization.billed.unwrap_or(authorization.amount);
    let price = offer.filter(|offer| offer.asked_by == authorization.id).map_or(asked, Offer::price);
    reversals.left_of(authorization, price)
}

fn declined(facts: &[Told]) -> bool {
    [Says::Decline, Says::ClearDeclined].into_iter().any(|says| of(facts, says).next().is_some())
}

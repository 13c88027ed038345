//! The coupon of a purchase: what is known of it, whether the purchase has it, and what is counted.

use std::collections::BTreeMap;

use super::{advance::Role, book::Movements, find::FoundBy};
use crate::{
    AccountId, Bucket, CounterKey, Coupon, CouponCampaign, CouponKey, CouponRoom, CouponState, CouponUse,
    Event, Explanation, Keys, LoyaltyResult, MessageKey, Outcome, Program, ProgramId, Purchase, ResultStatus,
    WRONG_COUPONS_MAX, WorkingSet, limit::counter,
};

/// What is counted for a member of a campaign's coupons, for as long as the campaign has its id.
const ALWAYS: &str = "always";

fn of_campaign(campaign: &str) -> String {
    format!("coupon:{campaign}")
}

/// The counter of wrong codes; its periods are days.
const WRONG: &str = "coupon-wrong:day";

/// Adds the coupon that a message shows.
pub(super) fn keys_shown<'a>(
    event: &Event,
    account: AccountId,
    program: ProgramId,
    versions: impl IntoIterator<Item = &'a Program>,
    keys: &mut Keys,
) {
    let Some(coupon) = event.asked.coupon else { return };
    let key = |rule, period| CounterKey { bucket: event.bucket, account, program, rule, period };
    keys.counters.insert(key(WRONG.to_owned(), event.local.date().to_string()));
    keys.coupons.insert(CouponKey { program, coupon });
    let campaigns = versions.into_iter().flat_map(|version| &version.coupon_campaigns);
    keys.counters.extend(campaigns.map(|campaign| key(of_campaign(&campaign.id), ALWAYS.to_owned())));
}

/// Adds the coupon that a purchase has shown before.
pub(super) fn keys_kept(bucket: Bucket, purchase: &Purchase, keys: &mut Keys) {
    let Some(coupon) = purchase.coupon.as_ref().filter(|coupon| !coupon.campaign.is_empty()) else { return };
    keys.coupons.insert(key_of(purchase, coupon));
    keys.counters.insert(of_member(purchase, bucket, &coupon.campaign));
}

fn key_of(purchase: &Purchase, coupon: &Coupon) -> CouponKey {
    CouponKey { program: purchase.program, coupon: coupon.id }
}

fn of_member(purchase: &Purchase, bucket: Bucket, campaign: &str) -> CounterKey {
    counter(purchase, bucket, of_campaign(campaign), ALWAYS.to_owned())
}

/// Takes the coupon that a message shows; the one that a purchase has stays. A code that is wrong is counted, so that
/// nobody can try many.
pub(super) fn show(
    state: &WorkingSet,
    event: &Event,
    role: Role,
    purchase: &mut Purchase,
    outcome: &mut Outcome,
) -> Result<(), &'static str> {
    let Some(id) = event.asked.coupon.filter(|_| takes(role)) else { return Ok(()) };
    if purchase.coupon.as_ref().is_some_and(|coupon| coupon.counts() || coupon.id == id) {
        return Ok(());
    }
    let key = CouponKey { program: purchase.program, coupon: id };
    let wrong = counter(purchase, event.bucket, WRONG.to_owned(), event.local.date().to_string());
    if !state.loaded.coupons.contains(&key) || !state.loaded.counters.contains(&wrong) {
        return Err("coupon");
    }
    let code = state.coupons.get(&key);
    let member = Some((event.bucket, purchase.account));
    let found = match code {
        _ if state.counters.get(&wrong).is_some_and(|wrong| *wrong >= WRONG_COUPONS_MAX) => {
            CouponState::NotLookedUp
        }
        None => CouponState::Unknown,
        Some(code) if code.member.is_some() && code.member != member => CouponState::OfAnotherMember,
        Some(code) if code.revoked => CouponState::Revoked,
        Some(_) => CouponState::Shown,
    };
    if matches!(found, CouponState::Unknown | CouponState::OfAnotherMember) {
        outcome.counted.push((wrong, 1));
    }
    let campaign = code.filter(|_| found == CouponState::Shown).map(|code| code.campaign.clone());
    purchase.coupon = Some(Coupon { id, campaign: campaign.unwrap_or_default(), state: found });
    Ok(())
}

/// Whether a coupon may be shown with such a message.
fn takes(role: Role) -> bool {
    matches!(role, Role::Hold | Role::Presentment)
}

/// What the purchase's award may know of its coupon.
pub(super) fn room(
    state: &WorkingSet,
    bucket: Bucket,
    versions: &[&Program],
    purchase: &Purchase,
) -> Result<Option<CouponRoom>, &'static str> {
    let Some(coupon) = &purchase.coupon else { return Ok(None) };
    let nothing = CouponRoom { state: coupon.state, ..CouponRoom::fresh(&coupon.campaign) };
    // No rule of theirs can demand it.
    if campaign(versions, &coupon.campaign).is_none() {
        return Ok(Some(nothing));
    }
    let (key, counter) = (key_of(purchase, coupon), of_member(purchase, bucket, &coupon.campaign));
    if !state.loaded.coupons.contains(&key) || !state.loaded.counters.contains(&counter) {
        return Err("coupon");
    }
    let here = i64::from(coupon.counts());
    let uses = state.coupons.get(&key).ok_or("coupon")?.uses;
    let by_member = state.counters.get(&counter).copied().unwrap_or(0);
    Ok(Some(CouponRoom {
        uses_elsewhere: uses.saturating_sub(here),
        member_uses_elsewhere: by_member.saturating_sub(here),
        ..nothing
    }))
}

fn campaign<'a>(versions: &[&'a Program], id: &str) -> Option<&'a CouponCampaign> {
    versions.iter().flat_map(|version| &version.coupon_campaigns).find(|campaign| campaign.id == id)
}

/// The rules that demand coupons of a campaign.
fn demanding<'a>(versions: &[&'a Program], campaign: &str) -> Vec<&'a str> {
    let of_version = |version: &&'a Program| {
        let bonuses = version.bonuses.iter().map(|rule| (&rule.id, &rule.when));
        let version: &'a Program = version;
        bonuses.chain(version.discounts.iter().map(|rule| (&rule.id, &rule.when))).collect::<Vec<_>>()
    };
    let rules = versions.iter().flat_map(of_version);
    let demands = rules.filter(|(_, when)| when.coupon.as_deref() == Some(campaign));
    demands.map(|(id, _)| id.as_str()).collect()
}

/// What rules give to a purchase, in miles or minor units.
type Given = BTreeMap<String, i64>;

/// Whether it must be known what the purchase would be worth without its refunds: those do not give a coupon back.
pub(super) fn outlives_refunds(versions: &[&Program], purchase: &Purchase) -> bool {
    let Some(coupon) = &purchase.coupon else { return false };
    let campaign = campaign(versions, &coupon.campaign);
    campaign.is_some_and(|campaign| !campaign.refund_gives_back)
        && purchase.cleared_minor > 0
        && purchase.net_minor() < purchase.cleared_minor
}

/// The coupon, now that the purchase is worth `booked`: it is used as long as a rule that demands it gives something.
/// `expected` is what an open hold, or what the till was offered, would be worth, `as_cleared` what the purchase would be without its refunds, if they
/// do not give the coupon back.
pub(super) fn after(
    versions: &[&Program],
    purchase: &Purchase,
    booked: &Given,
    expected: &[Given],
    as_cleared: Option<&Given>,
) -> Option<Coupon> {
    let coupon = purchase.coupon.clone()?;
    if coupon.campaign.is_empty() {
        return Some(coupon);
    }
    let rules = demanding(versions, &coupon.campaign);
    let gives = |given: &Given| rules.iter().any(|rule| given.get(*rule).is_some_and(|amount| *amount > 0));
    let refunded = as_cleared.is_some_and(|given| coupon.state == CouponState::Used || gives(given));
    // The till may have given it: nobody knows until the clearing comes.
    let unconfirmed = purchase.is_unconfirmed()
        && coupon.counts()
        && purchase.offered.iter().any(|(rule, _)| rules.contains(&rule.as_str()));
    let state = if gives(booked) || refunded {
        CouponState::Used
    } else if expected.iter().any(gives) || unconfirmed {
        CouponState::Held
    } else {
        CouponState::Shown
    };
    Some(Coupon { state, ..coupon })
}

/// Counts the use that a purchase takes of its code, or gives back.
pub(super) fn count(outcome: &mut Outcome, bucket: Bucket, purchase: &Purchase, movements: &Movements) {
    let sides = [(movements.coupon_before.as_ref(), -1_i64), (purchase.coupon.as_ref(), 1)];
    let mut moved: BTreeMap<(CouponKey, &str), i64> = BTreeMap::new();
    for (coupon, sign) in sides {
        if let Some(coupon) = coupon.filter(|coupon| coupon.counts()) {
            *moved.entry((key_of(purchase, coupon), &coupon.campaign)).or_default() += sign;
        }
    }
    for ((key, campaign), uses) in moved.into_iter().filter(|(_, uses)| *uses != 0) {
        outcome.coupons.push(CouponUse { key, uses });
        outcome.counted.push((of_member(purchase, bucket, campaign), uses));
    }
}

/// The coupon of an authorization that only now turns out to be the same purchase: its use comes along. The purchase is
/// named that gives it up.
pub(super) fn adopt(purchase: &mut Purchase, candidates: &[(FoundBy, &Purchase)]) -> Option<MessageKey> {
    if purchase.coupon.as_ref().is_some_and(Coupon::counts) {
        return None;
    }
    let gives_up = |other: &&Purchase| {
        other.key != purchase.key && other.waits() && other.cleared_minor == 0 && is_held(other)
    };
    let other = candidates.iter().map(|(_, other)| *other).find(gives_up)?;
    purchase.coupon.clone_from(&other.coupon);
    Some(other.key)
}

/// Whether the purchase has the use of a coupon only until it is cleared.
pub(super) fn is_held(purchase: &Purchase) -> bool {
    purchase.coupon.as_ref().is_some_and(|coupon| coupon.state == CouponState::Held)
}

/// Takes the use of its coupon from the rows, as releasing the purchase will.
pub(super) fn give_back(rows: &mut WorkingSet, bucket: Bucket, purchase: &Purchase) {
    let Some(coupon) = &purchase.coupon else { return };
    if let Some(code) = rows.coupons.get_mut(&key_of(purchase, coupon)) {
        code.uses -= 1;
    }
    *rows.counters.entry(of_member(purchase, bucket, &coupon.campaign)).or_default() -= 1;
}

/// What a purchase that is released has of its coupon, and what of it is counted: nothing, if it has come along.
pub(super) fn release(purchase: &mut Purchase, came_along: bool) -> Option<Coupon> {
    let before = purchase.coupon.clone();
    if let Some(coupon) = purchase.coupon.as_mut().filter(|coupon| coupon.state == CouponState::Held) {
        coupon.state = CouponState::Shown;
    }
    if came_along { None } else { before }
}

/// Why a coupon does not count, as explanations of rules say it; a later one says more.
const REFUSALS: [&str; 5] = [
    "coupon_of_another_campaign",
    "coupon_not_yet_valid",
    "coupon_ended",
    "coupon_used_up",
    "coupon_used_by_member",
];

/// Says what became of the coupon that the message shows; if it does not count, the answer says why.
pub(super) fn explain(
    event: &Event,
    role: Role,
    purchase: &Purchase,
    explanation: &mut Explanation,
    result: &mut LoyaltyResult,
) {
    let (Some(id), Some(coupon)) = (event.asked.coupon.filter(|_| takes(role)), &purchase.coupon) else {
        return;
    };
    if coupon.counts() && coupon.id == id {
        explanation.applied("coupon", "coupon_counts", vec![("campaign", coupon.campaign.clone())]);
        return;
    }
    let of_rules = || {
        let reasons = explanation.0.iter().map(|finding| finding.reason);
        reasons.filter_map(|of| REFUSALS.iter().position(|refusal| *refusal == of)).max()
    };
    let reason = match coupon.state {
        _ if coupon.id != id => "another_coupon_counts",
        CouponState::Unknown => "coupon_unknown",
        CouponState::NotLookedUp => "coupon_not_looked_up",
        CouponState::OfAnotherMember => "coupon_of_another_member",
        CouponState::Revoked => "coupon_revoked",
        _ => of_rules().and_then(|place| REFUSALS.get(place).copied()).unwrap_or("coupon_without_use"),
    };
    explanation.skipped("coupon", reason, vec![]);
    // What has ended the purchase, or keeps it from earning at all, says more.
    let says_more = reason == "coupon_without_use" && result.status == ResultStatus::None;
    if !says_more && (role == Role::Presentment || purchase.open_hold_minor() > 0) {
        reason.clone_into(&mut result.reason);
    }
}

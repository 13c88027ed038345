//! Authorizations, presentments, refunds and chargebacks: messages that add facts to a purchase.

use super::{
    answered, book,
    convert::{self, Amount},
    coupons, find, limits,
    miles::Desk,
    redeem,
};
use crate::{
    AccountState, Amounts, AwardInput, DiscountMode, Event, EventKind, Gate, HoldState, Item, LoyaltyResult,
    MatchRefRow, MessageKey, Outcome, PartnerId, Program, Purchase, RefKind, Reply, ReplyCode, ResultStatus,
    Rounding, Rules, Till, TillUnder, TransactionKind, WorkingSet, award_within, mul_div,
};

pub(super) fn advance(
    state: &WorkingSet,
    event: &Event,
    rules: &Rules,
    gate: &Gate,
    account: &AccountState,
    current: &Program,
) -> Result<Outcome, &'static str> {
    let candidates = find::candidates(state, event);
    let found = candidates.first().copied();
    let program = match found {
        Some((_, purchase)) => rules.programs.get(&purchase.rules).ok_or("program version")?,
        None => current,
    };
    // A matched purchase keeps its program's currency, which `refused` has checked for the current version.
    let (amount, rate) = match convert::amount(event, program, found.map(|(_, purchase)| purchase), rules)? {
        Amount::Known(amount, rate) => (amount, rate),
        Amount::NoRate(table) => return Ok(convert::refusal(event, Some(&table))),
        Amount::NotBilled => return Ok(convert::refusal(event, None)),
    };
    let merchant = rules.merchants.lookup(&event.merchant, event.local.date());
    let mut purchase = match found {
        Some((_, purchase)) => purchase.clone(),
        None => opened(event, merchant.partner(), program, account)?,
    };
    purchase.fx = purchase.fx.or_else(|| rate.clone());
    let before = purchase.position_minor();
    let (counts, transaction) = effective_minor(state, event, amount)?;
    let role = match role_of(event, amount) {
        // Its reversal came first: it ends nothing, like a presentment of which nothing is left.
        Role::Completion if find::remaining_minor(state, event, &event.references.own.0) == Some(0) => {
            Role::Presentment
        }
        role => role,
    };
    let adopts = known_by_refund_only(&purchase) && matches!(role, Role::Hold | Role::Presentment);
    let (mut came_along, mut coupon_from) = (None, None);
    if adopts {
        // Only what was cleared releases the other hold, whose offer then comes along.
        let from = if role == Role::Presentment { candidates.as_slice() } else { &[] };
        came_along = adopt(&mut purchase, event, merchant.partner(), from);
        coupon_from = coupons::adopt(&mut purchase, from);
    }

    let mut outcome = answered(
        event,
        Reply { code: ReplyCode::Taken, till: None, result: LoyaltyResult::none(""), miles: None },
    );
    // A purchase keeps the partner that it has: only who tells of it first looks into the map.
    if found.is_none() || adopts {
        merchant.explain(&mut outcome.explanation);
    }
    if let Some((by, purchase)) = found {
        let values = vec![("purchase", purchase.key.to_string())];
        outcome.explanation.applied("match", by.reason(), values);
    } else {
        outcome.explanation.skipped("match", "stands_alone", vec![]);
    }
    if let Some(rate) = &rate {
        convert::explain(event, rate, amount, &mut outcome.explanation);
    }
    outcome.rate = rate;
    coupons::show(state, event, role, &mut purchase, &mut outcome)?;
    let offer = match role {
        // One that came along from another authorization stays: the till has that answer.
        Role::Hold if purchase.hold == HoldState::None && purchase.till.is_none() => {
            till_offer(state, event, program, &purchase, amount, counts)?
        }
        _ => None,
    };
    let desk = Desk { state, event, rules, gate, account, program };
    let mut wish = redeem::ask(&desk, &purchase, amount, offer.as_ref().map(|(till, _)| *till))?;
    if role == Role::Hold {
        await_clearing(&mut purchase, event, program);
    }
    if let Some((_, parts)) = &offer {
        purchase.offered.clone_from(parts);
    }
    let offer = offer.map(|(till, _)| till);
    add_fact(&mut purchase, event.key, role, counts, offer)?;
    wish.hang(&mut purchase, counts, amount)?;
    if role == Role::Presentment && amount > 0 {
        purchase.clear_foreign(event.currency, signed(role, transaction)?, signed(role, counts)?);
    }
    let others = Others { candidates: &candidates, came_along, coupon_from };
    let (released, without_coupon) =
        (others.released(role, purchase.key), others.without_coupon(role, purchase.key));
    let freed = limits::freed(state, event, rules, &released, &without_coupon)?;
    let movements = book::rebook(freed.as_ref().unwrap_or(state), event, rules, program, &mut purchase)?;
    outcome.explanation.0.extend(movements.explanation.0.iter().cloned());
    outcome.reply.result = result(role, &purchase, &movements, counts);
    coupons::explain(event, role, &purchase, &mut outcome.explanation, &mut outcome.reply.result);
    outcome.reply.till = offer.map(|till| (till.original_minor - till.discount_minor, till.original_minor));
    outcome.purchase = Some(purchase.key);
    outcome.counted_minor = purchase.position_minor().saturating_sub(before);
    outcome.refs = refs(event, role, &purchase, amount);
    book::record(&mut outcome, event, gate, account, purchase, &movements);
    wish.record(&desk, offer, &mut outcome);
    if matches!(role, Role::Presentment | Role::Completion) {
        release_others(event, rules, gate, account, &others, &mut outcome)?;
    }
    Ok(outcome)
}

/// What a message contributes to its purchase.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// A hold.
    Hold,
    /// The issuer declined: what is provisional is void.
    Void,
    /// A cleared amount.
    Presentment,
    /// A presentment of nothing: the purchase has ended, and no more of its hold will be cleared.
    Completion,
    /// A refunded amount.
    Refund,
    /// An amount that the issuer took back.
    ChargedBack,
    /// An amount that was taken back and is claimed again.
    PresentedAgain,
}

impl Role {
    /// Whether it takes back what was cleared, or gives it again.
    pub(super) fn is_chargeback(self) -> bool {
        matches!(self, Self::ChargedBack | Self::PresentedAgain)
    }
}

pub(super) fn role_of(event: &Event, amount: u64) -> Role {
    match event.kind {
        EventKind::AuthorizationAdvice { approved: false } | EventKind::Clearing { approved: false, .. } => {
            Role::Void
        }
        EventKind::Clearing { .. } if event.transaction == TransactionKind::Refund => Role::Refund,
        EventKind::Clearing { .. } if amount == 0 => Role::Completion,
        EventKind::Clearing { .. } => Role::Presentment,
        EventKind::Chargeback => Role::ChargedBack,
        EventKind::SecondPresentment => Role::PresentedAgain,
        _ => Role::Hold,
    }
}

/// A purchase that this message is the first to tell of.
pub(super) fn opened(
    event: &Event,
    partner: Option<PartnerId>,
    program: &Program,
    account: &AccountState,
) -> Result<Purchase, &'static str> {
    let member = event.member.ok_or("member")?;
    Ok(Purchase {
        partner,
        mcc: event.merchant.mcc,
        time: event.local_time(),
        // A refund that arrives first opens the purchase that it refunds.
        is_purchase: matches!(event.transaction, TransactionKind::Purchase | TransactionKind::Refund),
        tier: account.standing.rank,
        birthday: account.birthday.filter(|_| program.asks_birthday()),
        ..Purchase::without_facts(event.key, member.account, program, event.local.date())
    })
}

/// Whether nothing has told yet what was bought: neither refunds and declines do, nor presentments that were taken back.
pub(super) fn known_by_refund_only(purchase: &Purchase) -> bool {
    let holds = matches!(purchase.hold, HoldState::Held | HoldState::Expired);
    !holds && purchase.authorized.is_empty() && purchase.cleared_minor == 0
}

/// A refund that arrives first opens the purchase with its own date and merchant; the message that it refunds
/// knows better. Nothing is booked yet, so nothing has to move. An offer made on an authorization that only now
/// turns out to be the same purchase comes along: the purchase is named whose claims on limits came with it.
pub(super) fn adopt(
    purchase: &mut Purchase,
    event: &Event,
    partner: Option<PartnerId>,
    candidates: &[(find::FoundBy, &Purchase)],
) -> Option<MessageKey> {
    purchase.partner = partner;
    purchase.mcc = event.merchant.mcc;
    purchase.date = event.local.date();
    purchase.time = event.local_time();
    (purchase.lot.vests_on, purchase.lot.expire_on) = (None, None);
    purchase.is_purchase = matches!(event.transaction, TransactionKind::Purchase | TransactionKind::Refund);
    let paid = candidates.iter().find_map(|(_, other)| other.redeemed.filter(|_| other.cleared_minor == 0));
    purchase.redeemed = purchase.redeemed.or(paid);
    let offered = candidates.iter().find(|(_, other)| other.cleared_minor == 0 && other.till.is_some());
    let (_, other) = offered.filter(|_| purchase.till.is_none())?;
    purchase.till = other.till;
    let offered_at = other.partner.map(|partner| TillUnder { rules: other.rules, partner });
    let here = |under: &TillUnder| under.rules == purchase.rules && Some(under.partner) == purchase.partner;
    purchase.till_under = other.till_under.or(offered_at).filter(|under| !here(under));
    purchase.offered.clone_from(&other.offered);
    // The other gives its hold up: what it has of limits comes along and is counted already, in the same periods.
    let counted_alike =
        (other.date, other.rules, other.till_under) == (purchase.date, purchase.rules, purchase.till_under);
    if other.key == purchase.key || !other.waits() || !counted_alike {
        return None;
    }
    purchase.claims = purchase.claims.with_held_of(&other.claims);
    Some(other.key)
}

/// The amount with which the message counts, and the same in minor units of DE4: less than its own if a reversal that
/// names it came first.
fn effective_minor(state: &WorkingSet, event: &Event, amount: u64) -> Result<(u64, u64), &'static str> {
    match find::remaining_minor(state, event, &event.references.own.0) {
        None => Ok((amount, event.amount_minor)),
        Some(remaining) => {
            let counts = share_minor(amount, remaining, event.amount_minor)?;
            Ok((counts, remaining.min(event.amount_minor)))
        }
    }
}

/// `amount` in the proportion of `remaining` to `whole`, half up; both are in minor units of DE4.
pub(super) fn share_minor(amount: u64, remaining: u64, whole: u64) -> Result<u64, &'static str> {
    if whole == 0 || remaining >= whole {
        return Ok(amount);
    }
    let amount = i64::try_from(amount).map_err(|_| "an amount within 64 bits")?;
    let share =
        mul_div(amount, remaining, whole, Rounding::HalfUp).map_err(|_| "an amount within 64 bits")?;
    u64::try_from(share).map_err(|_| "an amount within 64 bits")
}

/// A discount at the till, and what each rule has of it, in minor units.
type Offer = (Till, Vec<(String, u64)>);

/// A discount at the till is offered once, in the answer to the first authorization, and only if the final
/// amount is known and stands in the program's currency.
fn till_offer(
    state: &WorkingSet,
    event: &Event,
    program: &Program,
    purchase: &Purchase,
    amount: u64,
    counts: u64,
) -> Result<Option<Offer>, &'static str> {
    let request = matches!(event.kind, EventKind::Authorization { preauthorization: false });
    let untouched = purchase.cleared_minor == 0 && purchase.refunded_minor == 0 && counts == amount;
    if !request || !untouched || event.currency != program.currency || amount != event.amount_minor {
        return Ok(None);
    }
    let input =
        AwardInput { net_minor: amount, may_offer_till: true, ..book::award_input(state, event, purchase)? };
    let counted_before = limits::counted_in(&[program], purchase);
    let rooms = limits::rooms(state, event, &[program], &counted_before, false, purchase)?;
    let offered = award_within(program, &input, &rooms).map_err(|_| "an amount within 64 bits")?;
    let rules = program.discounts.iter().filter(|rule| rule.mode == DiscountMode::AtTill);
    let parts = rules
        .filter_map(|rule| Some((rule.id.clone(), u64::try_from(*offered.by_rule.get(&rule.id)?).ok()?)));
    let parts: Vec<(String, u64)> = parts.filter(|(_, minor)| *minor > 0).collect();
    let discount_minor = parts.iter().map(|(_, minor)| minor).sum();
    let left = discount_minor > 0 && discount_minor < amount;
    Ok(left.then_some((Till { original_minor: amount, discount_minor }, parts)))
}

fn add_fact(
    purchase: &mut Purchase,
    message: MessageKey,
    role: Role,
    counts: u64,
    offer: Option<Till>,
) -> Result<(), &'static str> {
    match role {
        Role::ChargedBack | Role::PresentedAgain => purchase.charge_back(-signed(role, counts)?)?,
        Role::Presentment => purchase.cleared_minor = purchase.cleared_minor.saturating_add(counts),
        Role::Refund => purchase.refunded_minor = purchase.refunded_minor.saturating_add(counts),
        Role::Void | Role::Completion => purchase.hold = HoldState::Released,
        Role::Hold => {
            purchase.till = purchase.till.or(offer);
            purchase.authorize(message, counts - offer.map_or(0, |till| till.discount_minor));
        }
    }
    Ok(())
}

/// How long the hold waits for its clearing. Each authorization of the purchase may prolong it; one that does so after
/// its end opens the hold again, one that is only late does not.
fn await_clearing(purchase: &mut Purchase, event: &Event, program: &Program) {
    let preauthorization = matches!(event.kind, EventKind::Authorization { preauthorization: true });
    let until = program.holds.until(event.local.date(), purchase.mcc, preauthorization);
    if purchase.hold == HoldState::Expired && purchase.hold_until < Some(until) {
        purchase.hold = HoldState::Held;
    }
    purchase.hold_until = purchase.hold_until.max(Some(until));
}

fn signed(role: Role, counts: u64) -> Result<i64, &'static str> {
    let counts = i64::try_from(counts).map_err(|_| "an amount within 64 bits")?;
    Ok(match role {
        Role::Presentment | Role::PresentedAgain => counts,
        Role::Refund | Role::ChargedBack => -counts,
        Role::Hold | Role::Void | Role::Completion => 0,
    })
}

pub(super) fn result(
    role: Role,
    purchase: &Purchase,
    movements: &book::Movements,
    counts: u64,
) -> LoyaltyResult {
    let provisional = role == Role::Hold;
    let amounts = match provisional {
        // What others hold is none of its.
        true if counts == 0 => Amounts::none(),
        true => purchase.pending.clone(),
        false => movements.posted_amounts(),
    };
    let empty = amounts.miles() == 0 && amounts.discount_minor() == 0;
    let (status, reason) = match role {
        Role::Void => (ResultStatus::Reversed, "declined_by_the_issuer"),
        Role::Completion if movements.pending.is_empty() => (ResultStatus::None, "completed_without_amount"),
        Role::Completion => (ResultStatus::Reversed, "completed_without_amount"),
        Role::Hold if purchase.hold == HoldState::Released || counts == 0 => {
            (ResultStatus::None, "authorization_was_reversed_or_declined")
        }
        Role::Hold if purchase.hold == HoldState::Expired => (ResultStatus::None, "hold_has_expired"),
        Role::Hold if purchase.open_hold_minor() == 0 => (ResultStatus::None, "already_cleared"),
        Role::Hold => (ResultStatus::Provisional, "estimate"),
        Role::Refund if counts == 0 => (ResultStatus::None, "refund_of_nothing"),
        Role::Refund => (ResultStatus::Reversed, "refunded"),
        Role::ChargedBack | Role::PresentedAgain if counts == 0 => {
            (ResultStatus::None, "chargeback_was_reversed")
        }
        Role::ChargedBack if purchase.cleared_minor == 0 => {
            (ResultStatus::None, "charged_back_before_its_presentment")
        }
        Role::ChargedBack => (ResultStatus::Reversed, "charged_back"),
        // One above its chargeback gives back what there is to give.
        Role::PresentedAgain if empty && purchase.all_charged_back_minor() < 0 => {
            (ResultStatus::None, "presented_again_before_its_chargeback")
        }
        Role::PresentedAgain => (ResultStatus::Booked, "presented_again"),
        Role::Presentment if counts == 0 => (ResultStatus::None, "presentment_was_reversed"),
        Role::Presentment => (ResultStatus::Booked, "cleared"),
    };
    let discount_mode = amounts.iter().find_map(|(item, _)| match item {
        Item::Discount { mode, .. } => Some(*mode),
        _ => None,
    });
    match (status, empty) {
        (ResultStatus::Provisional | ResultStatus::Booked, true) => {
            LoyaltyResult::none(why_nothing(movements).unwrap_or("below_the_first_mile"))
        }
        _ => LoyaltyResult {
            status,
            reason: reason.to_owned(),
            base_miles: amounts.amount(&Item::Base),
            bonus_miles: amounts.bonus_miles(),
            discount_minor: amounts.discount_minor(),
            discount_mode,
        },
    }
}

/// The first reason in the explanation that keeps a purchase from earning at all.
fn why_nothing(movements: &book::Movements) -> Option<&'static str> {
    let findings = &movements.explanation.0;
    let reasons = ["mcc_excluded", "not_a_purchase", "no_base_rate_on_this_date", "cap_truncates"];
    findings.iter().map(|finding| finding.reason).find(|reason| reasons.contains(reason))
}

pub(super) fn refs(event: &Event, role: Role, purchase: &Purchase, amount: u64) -> Vec<MatchRefRow> {
    let row = |kind, value: &str| MatchRefRow {
        kind,
        value: value.to_owned(),
        purchase: Some(purchase.key),
        amount_minor: amount,
        transaction_minor: event.amount_minor,
        record: None,
    };
    let own = match role {
        Role::Hold | Role::Void => RefKind::Authorization,
        Role::Presentment | Role::Completion => RefKind::Presentment,
        Role::Refund => RefKind::Refund,
        Role::ChargedBack => RefKind::Chargeback,
        Role::PresentedAgain => RefKind::SecondPresentment,
    };
    let mut rows = vec![row(own, &event.references.own.0)];
    rows.extend(event.references.names.iter().map(|names| row(RefKind::NamedBy, &names.0)));
    // A chargeback speaks of a purchase that others have told of: its references lead there only if none has.
    if !role.is_chargeback() || purchase.key == event.key {
        let keys = [find::arn_key(event), find::life_cycle_key(event), find::retrieval_key(event)];
        rows.extend(keys.into_iter().flatten().map(|key| row(key.kind, &key.value)));
    }
    rows
}

/// The purchases to which a message might belong, its own the first of them.
pub(super) struct Others<'a> {
    pub(super) candidates: &'a [(find::FoundBy, &'a Purchase)],
    /// The one whose offer, with its claims on limits, the message's own purchase took over.
    pub(super) came_along: Option<MessageKey>,
    /// The one whose coupon it took over.
    pub(super) coupon_from: Option<MessageKey>,
}

impl Others<'_> {
    /// Those that give up what they have of limits for an offer, so that it is there for the message's own purchase.
    pub(super) fn released(&self, role: Role, own: MessageKey) -> Vec<&Purchase> {
        self.waiting(role, own).filter(|other| self.came_along != Some(other.key)).collect()
    }

    /// Those that give up the use of a coupon, likewise.
    pub(super) fn without_coupon(&self, role: Role, own: MessageKey) -> Vec<&Purchase> {
        self.waiting(role, own).filter(|other| self.coupon_from != Some(other.key)).collect()
    }

    fn waiting(&self, role: Role, own: MessageKey) -> impl Iterator<Item = &Purchase> {
        let releases = matches!(role, Role::Presentment | Role::Completion);
        let others = self.candidates.iter().map(|(_, other)| *other).filter(move |_| releases);
        others.filter(move |other| other.key != own && other.waits())
    }
}

/// A presentment that went to one purchase releases the holds of the others that it might have belonged to: what was
/// pending goes, what is posted stays.
pub(super) fn release_others(
    event: &Event,
    rules: &Rules,
    gate: &Gate,
    account: &AccountState,
    others: &Others<'_>,
    outcome: &mut Outcome,
) -> Result<(), &'static str> {
    let own = outcome.purchase;
    let waits = |other: &Purchase| Some(other.key) != own && other.waits();
    for (_, other) in others.candidates.iter().filter(|(_, other)| waits(other)) {
        let mut other = (*other).clone();
        let pending = Amounts::none().difference_to(&other.pending);
        let program = rules.programs.get(&other.rules).ok_or("program version")?;
        let claims = other.claims.posted_only();
        let versions = book::versions_of(program, &other, rules)?;
        let counted = || limits::counted_in(&versions, &other);
        let (counted_before, counted_in) = (counted(), counted());
        let claims_before = match others.came_along == Some(other.key) {
            true => claims.clone(),
            false => other.claims,
        };
        other.hold = HoldState::Released;
        other.pending = Amounts::none();
        other.claims = claims;
        let came_along = others.coupon_from == Some(other.key);
        let coupon_before = coupons::release(&mut other, came_along);
        book::record(
            outcome,
            event,
            gate,
            account,
            other,
            &book::Movements {
                pending,
                claims_before,
                counted_before,
                counted_in,
                coupon_before,
                ..Default::default()
            },
        );
    }
    Ok(())
}

//! From the changed facts of a purchase to transfers: the target less what is already booked.

use super::{coupons, limits};
use crate::{
    AccountState, Amounts, AwardInput, Awarded, BudgetKey, Claims, CounterKey, Coupon, DiscountMode, Event,
    Explanation, Funder, Gate, Item, LedgerAccount, MILES_GRANTED, OutboxEntry, Outcome, PartnerId, Phase,
    Program, Purchase, Rooms, Rules, TillUnder, Transfer, Unit, WorkingSet, award_keeping_till, award_within,
    limit,
};

/// The input of an award for the purchase as it stands.
pub(super) fn award_input(
    state: &WorkingSet,
    event: &Event,
    purchase: &Purchase,
) -> Result<AwardInput, &'static str> {
    let key = CounterKey {
        bucket: event.bucket,
        account: purchase.account,
        program: purchase.program,
        rule: MILES_GRANTED.to_owned(),
        period: purchase.cap_period(),
    };
    if !state.loaded.counters.contains(&key) {
        return Err("cap counter");
    }
    let counted = state.counters.get(&key).copied().unwrap_or(0);
    Ok(AwardInput {
        net_minor: purchase.net_minor(),
        partner: purchase.partner,
        mcc: purchase.mcc,
        date: purchase.date,
        is_purchase: purchase.is_purchase,
        tier: purchase.tier,
        may_offer_till: false,
        till: purchase.till,
        cleared_minor: purchase.cleared_minor,
        granted_elsewhere: counted - purchase.booked.miles(),
        granted_here: purchase.booked.miles(),
        time: purchase.time,
        miles_minor: purchase.paid_with_miles(purchase.cleared_minor),
        birthday: purchase.birthday,
    })
}

/// What the purchase would be worth if its hold were cleared as authorized.
fn estimate(input: &AwardInput, purchase: &Purchase) -> AwardInput {
    let hold = purchase.held_minor;
    let miles_minor = purchase.paid_with_miles(hold);
    AwardInput { net_minor: purchase.net_of(hold), cleared_minor: hold, miles_minor, ..*input }
}

/// What the purchase would be worth if the till took the price that it was offered, as long as it may. A further
/// authorization holds another amount and does not take the offer back; the reversal of the first one does.
fn offered_input(input: &AwardInput, purchase: &Purchase) -> Option<AwardInput> {
    let open = purchase.open_hold_minor() > 0 || purchase.is_unconfirmed();
    let till = purchase.till.filter(|_| open && !purchase.offer_has_ended())?;
    // What miles would pay of the price changes nothing of the offer.
    let price = till.original_minor.saturating_sub(till.discount_minor);
    Some(AwardInput { net_minor: purchase.net_of(price), cleared_minor: price, miles_minor: 0, ..*input })
}

/// The movements of one message: posted and pending, by item.
#[derive(Debug, Default)]
pub(super) struct Movements {
    pub(super) posted: Vec<(Item, i64)>,
    pub(super) pending: Vec<(Item, i64)>,
    /// Posted beside the booking: what follows for the lot.
    pub(super) lot: Vec<(Item, i64)>,
    pub(super) explanation: Explanation,
    /// What the purchase had of rules with limits.
    pub(super) claims_before: Claims,
    /// Where each of these rules was counted.
    pub(super) counted_before: limits::CountedIn,
    /// Where each rule is counted now.
    pub(super) counted_in: limits::CountedIn,
    /// Rules whose budget gave less than was asked of it.
    pub(super) short: Vec<BudgetKey>,
    /// The coupon that the purchase had.
    pub(super) coupon_before: Option<Coupon>,
}

impl Movements {
    pub(super) fn posted_amounts(&self) -> Amounts {
        let mut amounts = Amounts::none();
        self.posted.iter().for_each(|(item, amount)| amounts.set(item.clone(), *amount));
        amounts
    }
}

/// Brings `booked` and `pending` of the purchase to their targets and returns what had to move.
pub(super) fn rebook(
    state: &WorkingSet,
    event: &Event,
    rules: &Rules,
    program: &Program,
    purchase: &mut Purchase,
) -> Result<Movements, &'static str> {
    let input = award_input(state, event, purchase)?;
    bring(state, event, &input, rules, program, None, purchase)
}

/// The same for a correction of a purchase that followed `before`: a cap that is lower by now takes back what an older
/// version granted above it.
pub(super) fn rebook_anew(
    state: &WorkingSet,
    event: &Event,
    rules: &Rules,
    program: &Program,
    before: (&Program, &Purchase),
    purchase: &mut Purchase,
) -> Result<Movements, &'static str> {
    let input = AwardInput { granted_here: 0, ..award_input(state, event, purchase)? };
    bring(state, event, &input, rules, program, Some(before), purchase)
}

/// What the purchase is worth on these facts.
fn worth(
    program: &Program,
    offered_under: Option<(&Program, PartnerId)>,
    input: &AwardInput,
    rooms: &Rooms,
) -> Result<Awarded, &'static str> {
    let awarded = match offered_under {
        None => award_within(program, input, rooms),
        Some((version, partner)) => award_keeping_till(program, version, partner, input, rooms),
    };
    awarded.map_err(|_| "an amount within 64 bits")
}

/// The versions by which the claims of a purchase are counted, the first to say how first.
pub(super) fn versions_of<'a>(
    program: &'a Program,
    purchase: &Purchase,
    rules: &'a Rules,
) -> Result<Vec<&'a Program>, &'static str> {
    let mut versions = vec![program];
    if let Some(under) = purchase.till_under {
        versions.push(rules.programs.get(&under.rules).ok_or("program version")?);
    }
    Ok(versions)
}

fn bring(
    state: &WorkingSet,
    event: &Event,
    input: &AwardInput,
    rules: &Rules,
    program: &Program,
    before: Option<(&Program, &Purchase)>,
    purchase: &mut Purchase,
) -> Result<Movements, &'static str> {
    let offered_under = match purchase.till_under {
        None => None,
        Some(TillUnder { rules: version, partner }) => {
            Some((rules.programs.get(&version).ok_or("program version")?, partner))
        }
    };
    // A rule that several of them have counts as the first one says.
    let offered_by = offered_under.map(|(version, _)| version);
    let versions: Vec<&Program> = [Some(program), offered_by].into_iter().flatten().collect();
    let counted_before = match before {
        None => limits::counted_in(&versions, purchase),
        Some((before, old)) => limits::counted_in(&versions_of(before, old, rules)?, purchase),
    };
    let rooms = limits::rooms(state, event, &versions, &counted_before, before.is_some(), purchase)?;
    let awarded = worth(program, offered_under, input, &rooms)?;
    let Awarded { amounts: target, mut explanation, by_rule, mut short } = awarded;
    // The counter is a sum over purchases: it too must stay in range, also without a cap.
    input.granted_elsewhere.checked_add(target.miles()).ok_or("an amount within 64 bits")?;
    let mut claims = limits::claims(&versions, &by_rule, None);
    let estimated = || worth(program, offered_under, &estimate(input, purchase), &rooms);
    let mut expected = Vec::new();
    if let Some(input) = offered_input(input, purchase) {
        let offered = worth(program, offered_under, &input, &rooms)?;
        claims = limits::claims(&versions, &by_rule, Some(&offered.by_rule));
        expected.push(offered.by_rule);
    }
    let pending = if purchase.open_hold_minor() > 0 {
        let estimated = estimated()?;
        short.extend(estimated.short);
        if purchase.cleared_minor == 0 {
            explanation = estimated.explanation;
        }
        let pending = still_pending(&estimated.amounts, &target);
        expected.push(estimated.by_rule);
        pending
    } else if purchase.offer_is_unconfirmed() {
        at_till(&estimated()?.amounts)
    } else {
        Amounts::none()
    };
    let as_cleared = match coupons::outlives_refunds(&versions, purchase) {
        true => {
            let input = AwardInput { net_minor: purchase.cleared_minor, ..*input };
            Some(worth(program, offered_under, &input, &rooms)?.by_rule)
        }
        false => None,
    };
    let coupon = coupons::after(&versions, purchase, &by_rule, &expected, as_cleared.as_ref());
    let miles_before = before.map(|(before, _)| &before.miles);
    let before = std::mem::replace(&mut purchase.booked, target);
    let pending_before = std::mem::replace(&mut purchase.pending, pending);
    let lot = purchase.settle_lot(&before, &program.miles, miles_before);
    explain_lot(purchase, &before, &lot, &mut explanation);
    Ok(Movements {
        posted: purchase.booked.difference_to(&before),
        pending: purchase.pending.difference_to(&pending_before),
        lot,
        explanation,
        counted_before,
        claims_before: std::mem::replace(&mut purchase.claims, claims),
        counted_in: limits::counted_in(&versions, purchase),
        short: limits::short(&versions, purchase, &short),
        coupon_before: std::mem::replace(&mut purchase.coupon, coupon),
    })
}

/// Says what became of miles that were taken back after they had expired or were spent.
fn explain_lot(purchase: &Purchase, before: &Amounts, lot: &[(Item, i64)], explanation: &mut Explanation) {
    for (item, miles) in lot {
        let (reason, funder) = match item {
            Item::Borne { funder } => ("debt_borne_by_funder", Some(("funder", funder.to_string()))),
            Item::WrittenOff { funder } => ("given_back_to_funder", Some(("funder", funder.to_string()))),
            Item::Refused => ("taken_back_from_refused", None),
            _ => ("taken_back_from_expired", None),
        };
        explanation.applied(
            "lot",
            reason,
            [("miles", miles.to_string())].into_iter().chain(funder).collect(),
        );
    }
    let debt = purchase.open_miles();
    if debt < 0 && purchase.booked.miles() < before.miles() {
        explanation.applied("lot", "debt_of_the_member", vec![("miles", (-debt).to_string())]);
    }
}

fn at_till(estimated: &Amounts) -> Amounts {
    let mut pending = Amounts::none();
    let till = |item: &Item| matches!(item, Item::Discount { mode: DiscountMode::AtTill, .. });
    let given = estimated.iter().filter(|(item, _)| till(item));
    given.for_each(|(item, amount)| pending.set(item.clone(), amount));
    pending
}

/// The estimate less what is booked already; turnover and units towards tiers are booked, never pending.
///
/// Miles are bounded together, base first: near a cap the estimate's base may be higher than what is booked while
/// its bonus is lower, and posted and pending together must not exceed the cap. So are discounts: another rule may
/// give the best one by then, with other shares.
fn still_pending(estimated: &Amounts, booked: &Amounts) -> Amounts {
    let mut pending = Amounts::none();
    let mut miles_left = (estimated.miles() - booked.miles()).max(0);
    let mut discount_left = (estimated.discount_minor() - booked.discount_minor()).max(0);
    for (item, amount) in estimated.iter().filter(|(item, _)| !item.is_memorandum()) {
        let left = if item.is_miles() { &mut miles_left } else { &mut discount_left };
        let more = (amount - booked.amount(item)).clamp(0, *left);
        *left -= more;
        pending.set(item.clone(), more);
    }
    pending
}

/// Adds one posted movement of a purchase to the outcome.
pub(super) fn add_posted(
    outcome: &mut Outcome,
    event: &Event,
    gate: &Gate,
    purchase: &Purchase,
    item: &Item,
    amount: i64,
) {
    let leg = i16::try_from(outcome.transfers.len()).unwrap_or(i16::MAX);
    outcome.transfers.push(transfer(leg, Phase::Posted, item, amount, event, gate, purchase));
}

/// Adds the movements of one purchase to the outcome, as transfers, counters and events.
pub(super) fn record(
    outcome: &mut Outcome,
    event: &Event,
    gate: &Gate,
    account: &AccountState,
    purchase: Purchase,
    movements: &Movements,
) {
    let phases = [
        (Phase::Posted, &movements.posted),
        (Phase::Pending, &movements.pending),
        (Phase::Posted, &movements.lot),
    ];
    for (phase, moved) in phases {
        for (item, amount) in moved {
            // A message has at most a handful of legs: items of one program, in two phases.
            let leg = i16::try_from(outcome.transfers.len()).unwrap_or(i16::MAX);
            outcome.transfers.push(transfer(leg, phase, item, *amount, event, gate, &purchase));
        }
    }
    let miles: i64 =
        movements.posted.iter().filter(|(item, _)| item.is_granted()).map(|(_, miles)| miles).sum();
    if miles != 0 {
        let period = purchase.cap_period();
        outcome
            .counted
            .push((limit::counter(&purchase, event.bucket, MILES_GRANTED.to_owned(), period), miles));
    }
    limits::count(outcome, event.bucket, &purchase, movements);
    coupons::count(outcome, event.bucket, &purchase, movements);
    outcome.short.extend(movements.short.iter().cloned());
    if !movements.posted.is_empty() || !movements.pending.is_empty() {
        let seq = account.seq + 1 + i64::try_from(outcome.outbox.len()).unwrap_or(i64::MAX);
        outcome.outbox.push(announcement(seq, event, &purchase, movements));
    }
    outcome.purchases.push(purchase);
}

fn funded_by(funder: Funder, event: &Event) -> LedgerAccount {
    match funder {
        Funder::Bank => LedgerAccount::Bank(event.bank),
        Funder::Partner(partner) => LedgerAccount::Partner(partner),
    }
}

fn transfer(
    leg: i16,
    phase: Phase,
    item: &Item,
    amount: i64,
    event: &Event,
    gate: &Gate,
    purchase: &Purchase,
) -> Transfer {
    let giver = match item {
        Item::Base | Item::Qualifying => LedgerAccount::Bank(event.bank),
        Item::Bonus { funder, .. } | Item::Discount { funder, .. } => funded_by(*funder, event),
        Item::Turnover(partner) => LedgerAccount::Partner(*partner),
        Item::Adjusted { funder } | Item::Borne { funder } => funded_by(*funder, event),
        Item::Moved | Item::Expired | Item::Redeemed | Item::Covered => LedgerAccount::Bank(event.bank),
        Item::Refused => LedgerAccount::Bank(event.bank),
        Item::WrittenOff { funder } => funded_by(*funder, event),
    };
    let member = LedgerAccount::Member(purchase.account);
    let (debit, credit) = if amount > 0 { (giver, member) } else { (member, giver) };
    let unit = match item {
        Item::Discount { .. } => Unit::Money(purchase.currency),
        Item::Turnover(_) => Unit::Turnover(purchase.currency),
        Item::Qualifying => Unit::Qualifying(purchase.program),
        _ => Unit::Miles(purchase.program),
    };
    Transfer {
        leg,
        phase,
        item: item.clone(),
        unit,
        debit,
        credit,
        amount: amount.unsigned_abs(),
        purchase: purchase.key,
        account: purchase.account,
        program: purchase.program,
        cycle: gate.cycle,
        rules: purchase.rules,
    }
}

fn announcement(seq: i64, event: &Event, purchase: &Purchase, movements: &Movements) -> OutboxEntry {
    let posted = movements.posted_amounts();
    let taken_back = movements.posted.iter().any(|(item, amount)| *amount < 0 && !item.is_memorandum());
    let topic = match (movements.posted.is_empty(), taken_back) {
        (true, _) => "purchase.provisional",
        (false, false) => "purchase.accrued",
        (false, true) => "purchase.reversed",
    };
    let facts = vec![
        ("purchase", purchase.key.to_string()),
        ("message", event.key.to_string()),
        ("base_miles", posted.amount(&Item::Base).to_string()),
        ("bonus_miles", posted.bonus_miles().to_string()),
        ("discount_minor", posted.discount_minor().to_string()),
        ("pending_miles", purchase.pending.miles().to_string()),
        ("currency", purchase.currency.to_string()),
        ("rules", purchase.rules.short()),
        ("items", item_text(&movements.posted)),
        ("date", purchase.date.to_string()),
        ("at", event.received_at.to_string()),
    ];
    OutboxEntry { account: purchase.account, account_seq: seq, topic, facts }
}

/// Movements as text, such as `base=10;discount:at-till:bank:3=500`: who bears what, so that each partner can be told its
/// own share. No item holds a semicolon.
fn item_text(movements: &[(Item, i64)]) -> String {
    let parts: Vec<String> = movements.iter().map(|(item, amount)| format!("{item}={amount}")).collect();
    parts.join(";")
}

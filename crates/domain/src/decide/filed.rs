//! Records of clearing files: what one brings about is the difference that it makes among those of its identity.

use super::{
    advance::{self, Role},
    answered, book,
    convert::{self, Amount},
    coupons, find, limits, nothing, ref_key, refund_match,
    standing::{Entry, Fate, fates},
};
use crate::{
    AccountState, ClearingSource, Event, EventKind, Explanation, FilePlace, FileRecord, FoundRef, Gate,
    HoldState, LoyaltyResult, MatchRefRow, MessageKey, Outcome, Program, Purchase, RefKey, RefKind,
    References, Reply, ReplyCode, ResultStatus, Rules, WorkingSet,
};

/// The records of one identity that came before, and their purchase.
struct Before<'a> {
    entries: Vec<Entry>,
    purchase: Option<&'a Purchase>,
    /// Whether there are some of another account.
    others: bool,
}

/// Whether a record of the same identity came before.
pub(super) fn is_known(state: &WorkingSet, event: &Event, record: &FileRecord) -> bool {
    let before = before(state, event, record);
    before.others || !before.entries.is_empty()
}

fn before<'a>(state: &'a WorkingSet, event: &Event, record: &FileRecord) -> Before<'a> {
    let references = &event.references;
    let identity = references.names.as_ref().unwrap_or(&references.own);
    let mut before = Before { entries: Vec::new(), purchase: None, others: false };
    for (kind, reversal) in [(record.step, false), (RefKind::ReversalOf, true)] {
        for found in state.refs.get(&ref_key(event, kind, &identity.0)).into_iter().flatten() {
            let purchase = found.purchase.and_then(|key| state.purchases.get(&(event.bucket, key)));
            match (purchase, event.member) {
                (Some(purchase), Some(member)) if purchase.account != member.account => before.others = true,
                _ => {
                    before.purchase = before.purchase.or(purchase);
                    before.entries.push(entry(event, record, found, reversal));
                }
            }
        }
    }
    before
}

fn entry(event: &Event, record: &FileRecord, found: &FoundRef, reversal: bool) -> Entry {
    let record = found.record.clone().unwrap_or_else(|| FileRecord {
        step: record.step,
        file: FilePlace::default(),
        number: 0,
        // What was taken before records were kept has the amount alone.
        amount: (!reversal).then_some((found.transaction_minor, event.currency)),
        partial: None,
        reference: None,
        undoes_day: None,
        undone_behind: false,
        arrival: 0,
        unbilled: false,
        refused: false,
    });
    let (amount_minor, transaction_minor) = (found.amount_minor, found.transaction_minor);
    Entry { record, reversal, amount_minor, transaction_minor }
}

/// A record among those of its identity, before and after it came.
struct Placed {
    entries: Vec<Entry>,
    stood: Vec<Fate>,
    fates: Vec<Fate>,
}

impl Placed {
    fn of(mut entries: Vec<Entry>, mut new: Entry) -> Self {
        new.record.arrival = u32::try_from(entries.len()).unwrap_or(u32::MAX);
        let stood = fates(&entries);
        entries.push(new);
        let fates = fates(&entries);
        Self { entries, stood, fates }
    }

    fn fate(&self) -> Fate {
        self.fates.last().copied().unwrap_or(Fate::Repeats)
    }

    fn record(&self) -> Option<&FileRecord> {
        self.entries.last().map(|entry| &entry.record)
    }

    /// What came to stand, or stands no more (`stands` is false).
    fn changed(&self, stands: bool) -> impl Iterator<Item = &Entry> {
        let stood = self.stood.iter().map(|fate| fate.stands()).chain([false]);
        let both = self.entries.iter().zip(stood.zip(&self.fates));
        both.filter(move |(_, (stood, fate))| fate.stands() != *stood && fate.stands() == stands)
            .map(|(entry, _)| entry)
    }

    fn is_refused(&self, at: usize) -> bool {
        self.entries.get(at).is_some_and(|entry| entry.record.refused)
    }

    /// Whether the new record says nothing else than that one.
    fn agrees(&self, at: usize) -> bool {
        let other = self.entries.get(at).map(|entry| &entry.record);
        self.record().zip(other).is_none_or(|(new, other)| new.agrees_with(other))
    }

    /// Whether both are known in the program's currency, and differ.
    fn is_billed_otherwise(&self, at: usize) -> bool {
        let both = self.entries.last().zip(self.entries.get(at));
        both.is_some_and(|(new, other)| {
            let known = !new.record.unbilled && !other.record.unbilled;
            known && new.amount_minor != other.amount_minor
        })
    }

    fn moves_nothing(&self) -> bool {
        self.changed(true).chain(self.changed(false)).next().is_none()
    }

    /// Brings the purchase to what stands now; what is added goes first, so that nothing falls below zero between.
    fn apply(&self, purchase: &mut Purchase) -> Result<(), &'static str> {
        for (stands, sign) in [(true, 1), (false, -1)] {
            for entry in self.changed(stands) {
                add(purchase, entry, sign)?;
            }
        }
        Ok(())
    }
}

/// `sign` is 1 for what comes to stand and -1 for what stands no more.
fn add(purchase: &mut Purchase, entry: &Entry, sign: i64) -> Result<(), &'static str> {
    let signed = |minor: u64| i64::try_from(minor).map(|minor| sign * minor);
    let out_of_range = |_| "an amount within 64 bits";
    let amount = signed(entry.amount_minor).map_err(out_of_range)?;
    let transaction = signed(entry.transaction_minor).map_err(out_of_range)?;
    let FileRecord { step, amount: stated, unbilled, .. } = &entry.record;
    let currency = stated.map_or(purchase.currency, |(_, currency)| currency);
    match step {
        RefKind::Presentment => {
            purchase.cleared_minor = purchase.cleared_minor.saturating_add_signed(amount);
            purchase.clear_foreign(currency, transaction, amount);
        }
        RefKind::Refund => purchase.refunded_minor = purchase.refunded_minor.saturating_add_signed(amount),
        _ => {
            let back = if *step == RefKind::Chargeback { 1 } else { -1 };
            match unbilled {
                true => purchase.charge_back_foreign(currency, back * transaction),
                false => purchase.charge_back(back * amount)?,
            }
        }
    }
    Ok(())
}

/// The entry of a claim; `amount` is that in the program's currency, if it is known.
fn claimed(event: &Event, record: &FileRecord, amount: Option<u64>) -> Entry {
    Entry {
        record: FileRecord { unbilled: amount.is_none(), ..record.clone() },
        reversal: false,
        amount_minor: amount.unwrap_or(0),
        transaction_minor: event.amount_minor,
    }
}

/// The rows of the same identity, which is all that is looked at where there is no account.
pub(super) fn ref_keys(event: &Event) -> Vec<RefKey> {
    let References { own, names, record, .. } = &event.references;
    let Some(record) = record else { return Vec::new() };
    let identity = names.as_ref().unwrap_or(own);
    [record.step, RefKind::ReversalOf].map(|kind| ref_key(event, kind, &identity.0)).into()
}

/// A refusal that is kept, so that the reversal of what was refused meets it and not the next good record. Not kept:
/// what a bank clears in another way, and what would move others; these stay as they are.
pub(super) fn refused(state: &WorkingSet, event: &Event, rules: &Rules, mut outcome: Outcome) -> Outcome {
    let Some(record) = &event.references.record else { return outcome };
    if outcome.reply.result.reason == "clearing_from_another_source" {
        return outcome;
    }
    let Before { entries, purchase, others } = before(state, event, record);
    let by_file = rules.banks.get(&event.bank).map(|bank| bank.clearing_source) == Some(ClearingSource::File);
    let claims = matches!(record.step, RefKind::Presentment | RefKind::Refund);
    if others || (claims && !by_file && entries.is_empty()) {
        return outcome;
    }
    let reversal = matches!(event.kind, EventKind::Reversal { .. });
    let mut new = claimed(event, record, None);
    (new.reversal, new.record.refused) = (reversal, !reversal);
    let placed = Placed::of(entries, new);
    if placed.moves_nothing() {
        outcome.refs.push(match reversal {
            true => tombstone(event, &placed, purchase.map(|purchase| purchase.key)),
            false => own_row(event, &placed, None),
        });
    }
    outcome
}

/// Whether a presentment or a refund corrects what the bank cleared by file, before it cleared in another way.
pub(super) fn corrects(state: &WorkingSet, event: &Event) -> bool {
    let Some(record) = &event.references.record else { return false };
    let Before { entries, .. } = before(state, event, record);
    !entries.is_empty()
        && !matches!(Placed::of(entries, claimed(event, record, None)).fate(), Fate::SameAs(_))
}

/// A presentment, a refund, a chargeback or a second presentment.
pub(super) fn claim(
    state: &WorkingSet,
    event: &Event,
    record: &FileRecord,
    rules: &Rules,
    gate: &Gate,
    account: &AccountState,
    current: &Program,
) -> Result<Outcome, &'static str> {
    let Before { entries, purchase: known, .. } = before(state, event, record);
    let candidates = find::candidates(state, event);
    let found = known.or_else(|| candidates.first().map(|(_, purchase)| *purchase));
    let program = match found {
        Some(purchase) => rules.programs.get(&purchase.rules).ok_or("program version")?,
        None => current,
    };
    let merchant = rules.merchants.lookup(&event.merchant, event.local.date());
    let mut purchase = match found {
        Some(purchase) => purchase.clone(),
        None => advance::opened(event, merchant.partner(), program, account)?,
    };
    let billed = event.amount_in(program.currency);
    let role = advance::role_of(event, billed.unwrap_or(event.amount_minor));
    // The share of a chargeback is known from what was billed for its purchase.
    let (amount, rate) = match (billed, role.is_chargeback()) {
        (None, false) => match convert::amount(event, program, found, rules)? {
            Amount::Known(amount, rate) => (Some(amount), rate),
            Amount::NoRate(table) => {
                return Ok(refused(state, event, rules, convert::refusal(event, Some(&table))));
            }
            Amount::NotBilled => (None, None),
        },
        _ => (billed, None),
    };
    purchase.fx = purchase.fx.or_else(|| rate.clone());
    if amount.is_none() && !(role.is_chargeback() && purchase.has_share_of(event.currency)) {
        return Ok(refused(state, event, rules, nothing(event, "currency_without_billing_amount")));
    }
    let placed = Placed::of(entries, claimed(event, record, amount));
    if let (Some(reason), true) = (passed_over(&placed, role), placed.moves_nothing()) {
        let mut outcome = nothing(event, reason);
        outcome.refs = vec![own_row(event, &placed, Some(purchase.key))];
        outcome.rate = rate;
        return Ok(outcome);
    }
    let stands = placed.fate().stands();
    let adopts = stands && role == Role::Presentment && advance::known_by_refund_only(&purchase);
    let (mut came_along, mut coupon_from) = (None, None);
    if adopts {
        came_along = advance::adopt(&mut purchase, event, merchant.partner(), &candidates);
        coupon_from = coupons::adopt(&mut purchase, &candidates);
    }
    if stands && role == Role::Completion {
        purchase.hold = HoldState::Released;
    }
    let others = advance::Others { candidates: &candidates, came_along, coupon_from };
    let freed = match stands {
        true => {
            let (released, without_coupon) =
                (others.released(role, purchase.key), others.without_coupon(role, purchase.key));
            limits::freed(state, event, rules, &released, &without_coupon)?
        }
        false => None,
    };
    let how = match known {
        Some(_) if placed.fate() == Fate::StandsAgain => Some("raised_again_after_its_reversal"),
        Some(_) => Some("matched_by_the_same_record"),
        None => candidates.first().map(|(by, _)| by.reason()),
    };
    let opened = purchase.clone();
    let (mut outcome, movements) =
        moved(freed.as_ref().unwrap_or(state), event, rules, &mut purchase, &placed, how)?;
    if let (Some(rate), Some(amount)) = (&rate, amount) {
        convert::explain(event, rate, amount, &mut outcome.explanation);
    }
    outcome.rate = rate;
    if found.is_none() || adopts {
        let mut explanation = Explanation::default();
        merchant.explain(&mut explanation);
        explanation.0.append(&mut outcome.explanation.0);
        outcome.explanation = explanation;
    }
    outcome.reply.result = match (passed_over(&placed, role), placed.fate()) {
        (Some(reason), _) => LoyaltyResult::none(reason),
        (None, Fate::Undone) => LoyaltyResult::none(undone_before(role)),
        (None, _) => {
            let mut result = advance::result(role, &purchase, &movements, u64::from(stands));
            if result.status != ResultStatus::None && placed.fates.contains(&Fate::Awaits) {
                "a_reversal_waits_beside_it".clone_into(&mut result.reason);
            }
            result
        }
    };
    // Its references lead to the refund itself, wherever that counts by now.
    outcome.refs = advance::refs(event, role, &opened, amount.unwrap_or(0));
    outcome.refs.retain(|row| row.kind != record.step);
    outcome.refs.push(own_row(event, &placed, Some(opened.key)));
    book::record(&mut outcome, event, gate, account, purchase, &movements);
    if stands && matches!(role, Role::Presentment | Role::Completion) {
        advance::release_others(event, rules, gate, account, &others, &mut outcome)?;
    }
    Ok(outcome)
}

/// What undoes one of these, in full.
pub(super) fn reversal(
    state: &WorkingSet,
    event: &Event,
    record: &FileRecord,
    rules: &Rules,
    gate: &Gate,
    account: &AccountState,
) -> Result<Outcome, &'static str> {
    let Before { entries, purchase, others } = before(state, event, record);
    if others && entries.is_empty() {
        return Ok(nothing(event, "original_belongs_to_another_account"));
    }
    let new = Entry { record: record.clone(), reversal: true, amount_minor: 0, transaction_minor: 0 };
    let placed = Placed::of(entries, new);
    let reason = match placed.fate() {
        Fate::Awaits => "original_not_seen_yet",
        Fate::Repeats => "already_reversed",
        Fate::Undid(at) if placed.is_refused(at) => "reverses_what_was_not_booked",
        Fate::Undid(at) if !placed.agrees(at) => "reversed_though_it_differs",
        _ => "reversed",
    };
    let (Some(purchase), false) = (purchase, placed.moves_nothing()) else {
        let mut outcome = nothing(event, reason);
        outcome.refs.push(tombstone(event, &placed, purchase.map(|purchase| purchase.key)));
        return Ok(outcome);
    };
    let (mut purchase, opened) = (purchase.clone(), purchase.key);
    let how = Some(find::FoundBy::Named.reason());
    let (mut outcome, movements) = moved(state, event, rules, &mut purchase, &placed, how)?;
    let posted = movements.posted_amounts();
    outcome.reply.result = LoyaltyResult {
        status: ResultStatus::Reversed,
        reason: reason.to_owned(),
        base_miles: posted.amount(&crate::Item::Base),
        bonus_miles: posted.bonus_miles(),
        discount_minor: posted.discount_minor(),
        discount_mode: None,
    };
    outcome.refs.push(tombstone(event, &placed, Some(opened)));
    book::record(&mut outcome, event, gate, account, purchase, &movements);
    Ok(outcome)
}

/// Brings the purchase to what stands now, and says how it was found. A refund that counts elsewhere is brought there:
/// `purchase` is that one then.
fn moved(
    state: &WorkingSet,
    event: &Event,
    rules: &Rules,
    purchase: &mut Purchase,
    placed: &Placed,
    how: Option<&'static str>,
) -> Result<(Outcome, book::Movements), &'static str> {
    let is_refund = placed.record().is_some_and(|record| record.step == RefKind::Refund);
    let mut refund = refund_match::follow(state, event, purchase, is_refund)?;
    let before = purchase.position_minor();
    refund_match::change(refund.as_mut(), purchase, |of| placed.apply(of))?;
    let program = rules.programs.get(&purchase.rules).ok_or("program version")?;
    let movements = book::rebook(state, event, rules, program, purchase)?;
    let reply = Reply { code: ReplyCode::Taken, till: None, result: LoyaltyResult::none(""), miles: None };
    let mut outcome = answered(event, reply);
    match how {
        Some(reason) => {
            let values = vec![("purchase", purchase.key.to_string())];
            outcome.explanation.applied("match", reason, values);
        }
        None => outcome.explanation.skipped("match", "stands_alone", vec![]),
    }
    outcome.explanation.0.extend(movements.explanation.0.iter().cloned());
    outcome.purchase = Some(purchase.key);
    outcome.counted_minor = purchase.position_minor().saturating_sub(before);
    outcome.purchases.extend(refund);
    Ok((outcome, movements))
}

/// Why a claim does not count whose reversal came first.
fn undone_before(role: Role) -> &'static str {
    match role {
        Role::Refund => "refund_was_reversed",
        Role::ChargedBack | Role::PresentedAgain => "chargeback_was_reversed",
        _ => "presentment_was_reversed",
    }
}

/// Why a claim does not count, if it is the same as another one or differs from one that stands.
fn passed_over(placed: &Placed, role: Role) -> Option<&'static str> {
    let record = placed.record()?;
    let other = |at: usize| placed.entries.get(at).map(|entry| &entry.record);
    match placed.fate() {
        Fate::SameAs(at) => {
            let other = other(at)?;
            let unnamed = record.reference.is_none() || other.reference.is_none();
            Some(if other.shares_file_with(record) {
                "twice_in_its_file"
            } else if record.partial == Some(true) && unnamed && other.number != record.number {
                "may_be_another_part"
            } else if placed.is_billed_otherwise(at) {
                "another_billing_amount_stands"
            } else if role.is_chargeback() {
                "chargeback_already_taken"
            } else {
                "presentment_already_cleared"
            })
        }
        Fate::WaitsFor(at) => {
            let other = other(at)?;
            Some(if other.amount != record.amount {
                "another_amount_stands"
            } else if other.partial != record.partial {
                "another_function_stands"
            } else {
                "another_reference_stands"
            })
        }
        _ => None,
    }
}

fn own_row(event: &Event, placed: &Placed, purchase: Option<MessageKey>) -> MatchRefRow {
    let entry = placed.entries.last();
    MatchRefRow {
        kind: entry.map_or(RefKind::Presentment, |entry| entry.record.step),
        value: event.references.own.0.clone(),
        purchase,
        amount_minor: entry.map_or(0, |entry| entry.amount_minor),
        transaction_minor: event.amount_minor,
        record: placed.record().cloned(),
    }
}

fn tombstone(event: &Event, placed: &Placed, purchase: Option<MessageKey>) -> MatchRefRow {
    MatchRefRow {
        kind: RefKind::ReversalOf,
        value: event.references.names.as_ref().map(|names| names.0.clone()).unwrap_or_default(),
        purchase,
        amount_minor: 0,
        transaction_minor: 0,
        record: placed.record().cloned(),
    }
}

/// Whether a presentment, a refund or a reversal of one comes from a bank that clears in another way. What a file
/// brought while it was the way is undone by file as well.
pub(super) fn clears_otherwise(state: &WorkingSet, event: &Event, by_file: bool) -> bool {
    let Some(record) = event.references.record.as_ref() else { return false };
    let reversal = matches!(event.kind, EventKind::Reversal { .. });
    let claims = matches!(record.step, RefKind::Presentment | RefKind::Refund);
    reversal && claims && !by_file && !is_known(state, event, record)
}

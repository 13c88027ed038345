//! Corrections of what was decided: a purchase is computed anew under another version of its program, or as another
//! partner's, and the difference to what is booked is booked now.
//!
//! Nothing that is stored changes but what later messages of the purchase follow. What was given at the till stays
//! given: it is computed under the version and at the partner of its offer.

use super::{answered, book, nothing};
use crate::{
    AccountState, Event, Gate, LoyaltyResult, MessageKey, Outcome, PartnerId, Program, Purchase, Reply,
    ReplyCode, ResultStatus, Rules, RulesHash, RunId, TillUnder, WorkingSet,
};

/// What a correction changes of a purchase.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Change {
    /// It follows this version from now on.
    Rules(RulesHash),
    /// It was made at this partner's, or at nobody's.
    Partner(Option<PartnerId>),
}

pub(super) fn correct(
    state: &WorkingSet,
    event: &Event,
    rules: &Rules,
    gate: &Gate,
    account: &AccountState,
    (purchase, change, run): (MessageKey, Change, RunId),
) -> Result<Outcome, &'static str> {
    let old = state.purchases.get(&(event.bucket, purchase)).ok_or("purchase of the correction")?;
    if event.member.is_none_or(|member| member.account != old.account) {
        return Err("account of the purchase");
    }
    // What staff or another account gave stands by itself; no rules made it.
    if old.booked.iter().any(|(item, _)| item.is_miles() && !item.is_granted()) {
        return Ok(nothing(event, "not_a_purchase"));
    }
    let mut purchase = old.clone();
    let changed = match change {
        Change::Rules(version) => {
            let program = rules.programs.get(&version).ok_or("program version")?;
            if program.id != old.program || program.currency != old.currency {
                return Ok(nothing(event, "version_of_another_program"));
            }
            purchase.rules = version;
            // What no version has asked for yet; what was known then stays.
            purchase.birthday =
                purchase.birthday.or_else(|| account.birthday.filter(|_| program.asks_birthday()));
            "rerated"
        }
        Change::Partner(partner) => {
            purchase.partner = partner;
            "reattributed"
        }
    };
    if purchase == *old {
        return Ok(nothing(event, "correction_was_made_already"));
    }
    purchase.till_under = till_under(old, &purchase);
    let program = rules.programs.get(&purchase.rules).ok_or("program version")?;
    let before = rules.programs.get(&old.rules).ok_or("program version")?;
    follow_days(old, before, program, &mut purchase);
    let movements = book::rebook_anew(state, event, rules, program, (before, old), &mut purchase)?;

    let result = result(&movements, changed);
    let mut outcome = answered(event, Reply { code: ReplyCode::Taken, till: None, result, miles: None });
    outcome.explanation.applied("correction", changed, values(old, &purchase, change, run));
    outcome.explanation.0.extend(movements.explanation.0.iter().cloned());
    outcome.purchase = Some(purchase.key);
    book::record(&mut outcome, event, gate, account, purchase, &movements);
    Ok(outcome)
}

/// Where the discount at the till was offered, unless that is where the purchase is again.
fn till_under(old: &Purchase, new: &Purchase) -> Option<TillUnder> {
    old.till?;
    let offered = old.till_under.or_else(|| Some(TillUnder { rules: old.rules, partner: old.partner? }))?;
    (new.rules != offered.rules || new.partner != Some(offered.partner)).then_some(offered)
}

/// The days of its miles are those of the new version and partner, unless something else has moved them.
fn follow_days(old: &Purchase, before: &Program, program: &Program, purchase: &mut Purchase) {
    if old.booked.miles() <= 0 {
        return;
    }
    if old.lot.vests_on == before.miles.vests_on(old.date, old.partner) {
        purchase.lot.vests_on = program.miles.vests_on(purchase.date, purchase.partner);
    }
    if old.lot.expire_on == before.miles.expire_on(old.date) {
        purchase.lot.expire_on = program.miles.expire_on(purchase.date);
    }
}

fn result(movements: &book::Movements, changed: &str) -> LoyaltyResult {
    let posted = movements.posted_amounts();
    if movements.posted.is_empty() && movements.pending.is_empty() {
        return LoyaltyResult::none("correction_moves_nothing");
    }
    LoyaltyResult {
        status: ResultStatus::Booked,
        reason: changed.to_owned(),
        base_miles: posted.amount(&crate::Item::Base),
        bonus_miles: posted.bonus_miles(),
        discount_minor: posted.discount_minor(),
        discount_mode: None,
    }
}

/// Run, old and new, and the sums between which the booked difference lies.
fn values(old: &Purchase, new: &Purchase, change: Change, run: RunId) -> Vec<(&'static str, String)> {
    let partner = |partner: Option<PartnerId>| partner.map_or("none".to_owned(), |id| id.to_string());
    let [before, after] = match change {
        Change::Rules(_) => [("version_before", old.rules.short()), ("version_after", new.rules.short())],
        Change::Partner(_) => {
            [("partner_before", partner(old.partner)), ("partner_after", partner(new.partner))]
        }
    };
    vec![
        ("run", run.to_string()),
        before,
        after,
        ("miles_before", old.booked.miles().to_string()),
        ("miles_after", new.booked.miles().to_string()),
        ("discount_before_minor", old.booked.discount_minor().to_string()),
        ("discount_after_minor", new.booked.discount_minor().to_string()),
    ]
}

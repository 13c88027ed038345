//! What happens to miles after they are booked: each event moves what its lots hold, and nothing else.

mod adjustment;
pub(super) mod draw;
mod expiry;
mod pool_share;
mod redemption;
mod refusal;
mod transfer;

use super::{answered, book};
use crate::{
    AccountState, Event, Gate, Item, LoyaltyResult, MessageKey, MilesEvent, MilesLedger, OutboxEntry,
    Outcome, Program, Purchase, Reply, ReplyCode, ResultStatus, Rules, WorkingSet,
};

/// What a movement of miles is decided on.
pub(super) struct Desk<'a> {
    pub(super) state: &'a WorkingSet,
    pub(super) event: &'a Event,
    pub(super) rules: &'a Rules,
    pub(super) gate: &'a Gate,
    pub(super) account: &'a AccountState,
    /// The version in force.
    pub(super) program: &'a Program,
}

pub(super) fn decide(
    state: &WorkingSet,
    event: &Event,
    rules: &Rules,
    gate: &Gate,
    account: &AccountState,
    program: &Program,
    asked: MilesEvent,
) -> Result<Outcome, &'static str> {
    let desk = Desk { state, event, rules, gate, account, program };
    let elsewhere = program.miles.ledger == MilesLedger::Partner;
    let spends = matches!(
        asked,
        MilesEvent::Reserve { .. } | MilesEvent::ReserveShare { .. } | MilesEvent::Send { .. }
    );
    if elsewhere && spends {
        return Ok(super::nothing(event, "miles_kept_by_the_partner"));
    }
    match asked {
        MilesEvent::Expiry { purchase } => expiry::expire(&desk, purchase),
        MilesEvent::Reserve { miles } => redemption::reserve(&desk, miles),
        MilesEvent::Confirm { redemption } => redemption::confirm(&desk, redemption),
        MilesEvent::Cancel { redemption } => redemption::give_back(&desk, redemption, false),
        MilesEvent::Unanswered { redemption } => super::redeem::unanswered(&desk, redemption),
        MilesEvent::Lapse { redemption } => redemption::give_back(&desk, redemption, true),
        MilesEvent::Adjust { miles, funder } => adjustment::adjust(&desk, miles, funder),
        MilesEvent::Send { miles, to_bucket, to } => transfer::send(&desk, miles, to_bucket, to),
        MilesEvent::Arrive { miles, granted_on, vests_on, expire_on } => {
            let lot = crate::Lot { vests_on, expire_on, ..crate::Lot::default() };
            transfer::arrive(&desk, miles, granted_on, lot)
        }
        MilesEvent::ReserveShare { pool, miles, worth_minor } => {
            pool_share::reserve(&desk, pool, miles, worth_minor)
        }
        MilesEvent::Refused { purchase, miles } => refusal::refused(&desk, purchase, miles),
    }
}

/// A movement of one lot: what moved, and how many miles the member received.
pub(super) type LotMovement = (MessageKey, Item, i64);

impl Desk<'_> {
    /// The purchase, if it is the member's.
    pub(super) fn purchase(&self, key: MessageKey) -> Result<Purchase, &'static str> {
        let purchase = self.state.purchases.get(&(self.event.bucket, key)).ok_or("purchase of the lot")?;
        let ours = self.event.member.is_some_and(|member| member.account == purchase.account);
        if ours { Ok(purchase.clone()) } else { Err("account of the lot") }
    }

    /// The version of the rules that the purchase follows.
    pub(super) fn rules_of(&self, purchase: &Purchase) -> Result<&Program, &'static str> {
        self.rules.programs.get(&purchase.rules).ok_or("program version")
    }

    /// An answer that says what became of `miles`; `reason` is also the announcement's.
    pub(super) fn answer(&self, status: ResultStatus, reason: &'static str, miles: i64) -> Outcome {
        let result = LoyaltyResult {
            status,
            reason: reason.to_owned(),
            base_miles: miles,
            ..LoyaltyResult::none(reason)
        };
        answered(self.event, Reply { code: ReplyCode::Taken, till: None, result, miles: None })
    }

    /// Writes the lots as they stand now with their movements, and tells the partners.
    pub(super) fn record(
        &self,
        outcome: &mut Outcome,
        lots: Vec<Purchase>,
        movements: &[LotMovement],
        topic: &'static str,
    ) {
        for (lot, item, miles) in movements.iter().filter(|(.., miles)| *miles != 0) {
            if let Some(purchase) = lots.iter().find(|purchase| purchase.key == *lot) {
                book::add_posted(outcome, self.event, self.gate, purchase, item, *miles);
            }
        }
        for lot in lots {
            // The purchase that an event is about may be a lot as well.
            match outcome.purchases.iter_mut().find(|purchase| purchase.key == lot.key) {
                Some(purchase) => purchase.lot = lot.lot,
                None => outcome.purchases.push(lot),
            }
        }
        if let Some(member) = self.event.member {
            let miles: i64 = movements.iter().map(|(.., miles)| miles).sum();
            let mut facts = vec![
                ("message", self.event.key.to_string()),
                ("miles", miles.to_string()),
                ("date", self.event.local.date().to_string()),
                ("at", self.event.received_at.to_string()),
            ];
            // A confirmation moves nothing, so what was confirmed is told beside it.
            if let Some(redemption) = outcome.redemptions.last().filter(|_| is_of_redemption(topic)) {
                facts.push(("redemption", redemption.key.to_string()));
                facts.push(("redeemed", redemption.miles.to_string()));
            }
            let account_seq = self.account.seq + 1 + i64::try_from(outcome.outbox.len()).unwrap_or(i64::MAX);
            outcome.outbox.push(OutboxEntry { account: member.account, account_seq, topic, facts });
        }
    }
}

fn is_of_redemption(topic: &str) -> bool {
    matches!(topic, "miles.reserved" | "miles.confirmed" | "miles.returned")
}

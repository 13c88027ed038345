//! Runs of corrections: an event for each purchase that a run touches, decided by its lane like a message.
//!
//! The key of an event is a function of the run and the purchase, so whoever repeats a run, or goes on with one that
//! stopped, books nothing twice.

mod price;

use domain::{
    Content, Event, EventKind, MemberRef, MerchantMap, OriginalRef, PartnerId, References, ResultStatus,
    RunId, TransactionKind,
};
use jiff::Timestamp;
use store::{Correction, CorrectionPurchase, CorrectionRun, CorrectionScope, MessageRecord, StoreError};

use crate::{Gateway, LaneAnswer, internal_event::PAGE_MAX, translate::message_key};
pub use price::{CorrectionPrice, PriceError, Priced, price_corrections};

/// Under which source the events are stored.
const SOURCE: &str = "staff";

/// What a run has done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Corrected {
    /// Purchases for which something was booked.
    pub booked: u64,
    /// Purchases that are worth the same.
    pub same: u64,
    /// Purchases of which nobody knows whose merchant it was: DE43 decided, which is not stored.
    pub cannot_be_told: u64,
    /// Purchases that cannot be decided: they are put aside and named in the log. Going on would not help.
    pub put_aside: u64,
    /// Purchases that could not be decided now; the run has to go on later.
    pub unanswered: u64,
}

/// What a run wants of a purchase.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Wanted {
    Event(Box<Event>),
    AsItIs,
    CannotBeTold,
}

/// Decides all purchases of a run. Gives way to the banks' messages: it waits for room in the lanes.
pub async fn run_corrections(
    gateway: &Gateway,
    run: &CorrectionRun,
    map: &MerchantMap,
) -> Result<Corrected, StoreError> {
    let mut done = Corrected::default();
    let mut last = None;
    loop {
        let page = store::purchases_to_correct(&gateway.pool, &run.scope, last, PAGE_MAX).await?;
        let mut waiters = Vec::with_capacity(page.len());
        for found in &page {
            match wanted(&run.scope, run.id, run.made_at, found, map) {
                Wanted::Event(event) => {
                    let record = record(gateway, *event, run.scope.correction, found);
                    waiters.push(gateway.batcher.submit_patiently(record).await);
                }
                Wanted::AsItIs => done.same += 1,
                Wanted::CannotBeTold => done.cannot_be_told += 1,
            }
        }
        for waiter in waiters {
            match LaneAnswer::to(waiter).await {
                LaneAnswer::Decided { reply, .. } if reply.result.status == ResultStatus::Booked => {
                    done.booked += 1;
                }
                LaneAnswer::Decided { .. } => done.same += 1,
                LaneAnswer::Quarantined => done.put_aside += 1,
                LaneAnswer::Unavailable => done.unanswered += 1,
            }
        }
        if page.len() < usize::from(PAGE_MAX) {
            return Ok(done);
        }
        last = page.last().map(|found| (found.bucket, found.purchase.key));
    }
}

fn wanted(
    scope: &CorrectionScope,
    run: RunId,
    made_at: Timestamp,
    found: &CorrectionPurchase,
    map: &MerchantMap,
) -> Wanted {
    let purchase = found.purchase.key;
    let (kind, content) = match scope.correction {
        Correction::Rerate(rules) => {
            (EventKind::Rerate { purchase, rules, run }, ("rules", rules.to_string()))
        }
        Correction::Reattribution(version) => match attributed(found, map) {
            None => return Wanted::CannotBeTold,
            Some(partner) if partner == found.purchase.partner => return Wanted::AsItIs,
            Some(partner) => {
                (EventKind::Reattribute { purchase, partner, run }, ("map", version.to_string()))
            }
        },
    };
    let key_text = format!("{}|{run}|{purchase}", scope.correction.name());
    Wanted::Event(Box::new(Event {
        card: None,
        asked: domain::Asked::default(),
        key: message_key(made_at, &key_text),
        bank: found.bank,
        bucket: found.bucket,
        member: Some(MemberRef { account: found.purchase.account, program: found.purchase.program }),
        kind,
        transaction: TransactionKind::Other,
        amount_minor: 0,
        currency: found.currency,
        billing: None,
        // The original's, so that a line of a settlement file shows what it corrects.
        merchant: found.merchant.clone(),
        local: found.local,
        references: References {
            own: OriginalRef(key_text),
            names: None,
            retrieval: Some(found.retrieval.clone()),
            record: None,
            arn: None,
            life_cycle: None,
        },
        content: Content(vec![("run", run.to_string()), content]),
        received_at: made_at,
    }))
}

/// Whose merchant it was by this map; `None` if that cannot be told from what is stored.
fn attributed(found: &CorrectionPurchase, map: &MerchantMap) -> Option<Option<PartnerId>> {
    let decided = found.explanation.iter().find(|finding| finding.rule == "merchant")?;
    let without_name = ["matched_by_terminal", "matched_by_card_acceptor", "not_in_the_map"];
    if found.is_refund || !without_name.contains(&decided.reason.as_str()) {
        return None;
    }
    let now = map.lookup(&found.merchant, found.purchase.date);
    // Under an aggregator the name decides, unless the terminal does.
    (now.row().is_some() || !now.is_of_an_aggregator()).then(|| now.partner())
}

fn record(
    gateway: &Gateway,
    event: Event,
    correction: Correction,
    found: &CorrectionPurchase,
) -> MessageRecord {
    let key_text = event.references.own.0.clone();
    MessageRecord {
        source: SOURCE.to_owned(),
        mti: correction.name().to_owned(),
        stan: found.stan.clone(),
        transmitted: found.transmitted.clone(),
        approval: found.approval.clone(),
        arn: found.arn.clone(),
        last4: found.last4.clone(),
        bank_date: found.local.date(),
        audit_mac: gateway.keys.audit_mac(&key_text),
        key_text,
        event: Event { received_at: gateway.clock.now(), ..event },
    }
}

//! What a run would come to, decided by the same code on rows that were read without a lock. Nothing is written.

use std::collections::BTreeMap;

use domain::{
    AccountState, CounterKey, CycleId, Disposition, Event, Gate, Item, MerchantMap, Phase, Purchase, RunId,
    Standing, WorkingSet, decide, needs, needs_more,
};
use jiff::{Timestamp, civil::Date};
use store::{CorrectionPurchase, CorrectionScope, Pool, StoreError};

use super::{PAGE_MAX, Wanted, wanted};
use crate::RuleBook;

/// What would be booked for one purchase.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Priced {
    /// The purchase as it is.
    pub purchase: Purchase,
    /// The posted movements, signed for the member.
    pub moves: Vec<(Item, i64)>,
}

/// What a run would come to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CorrectionPrice {
    /// Purchases for which something would be booked.
    pub moved: Vec<Priced>,
    /// Purchases that are worth the same, or have nothing but a hold.
    pub same: u64,
    /// Purchases of which nobody knows whose merchant it was.
    pub cannot_be_told: u64,
    /// Purchases that could not be decided; the run would put them aside.
    pub undecidable: u64,
}

/// Why a run could not be priced.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PriceError {
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A version that a purchase follows cannot be read.
    #[error("the version {version} of a program cannot be loaded: {why}")]
    Version {
        /// Its first digits.
        version: String,
        /// Why.
        why: String,
    },
}

/// Prices a run that has not been made yet. The rule book must know the version that it would bring.
pub async fn price_corrections(
    pool: &Pool,
    rules: &RuleBook,
    scope: &CorrectionScope,
    map: &MerchantMap,
) -> Result<CorrectionPrice, PriceError> {
    let mut price = CorrectionPrice::default();
    let mut counters = BTreeMap::new();
    let mut last = None;
    loop {
        let page = store::purchases_to_correct(pool, scope, last, PAGE_MAX).await?;
        let mut events = Vec::new();
        for found in &page {
            match wanted(scope, RunId(0), Timestamp::UNIX_EPOCH, found, map) {
                Wanted::Event(event) => events.push((found, *event)),
                Wanted::AsItIs => price.same += 1,
                Wanted::CannotBeTold => price.cannot_be_told += 1,
            }
        }
        load_versions(rules, &page).await?;
        read_counters(pool, &page, &mut counters).await?;
        for (found, event) in events {
            price_one(rules, found, &event, &mut counters, &mut price);
        }
        if page.len() < usize::from(PAGE_MAX) {
            return Ok(price);
        }
        last = page.last().map(|found| (found.bucket, found.purchase.key));
    }
}

/// What purchases follow may be older than what this process has read.
async fn load_versions(rules: &RuleBook, page: &[CorrectionPurchase]) -> Result<(), PriceError> {
    for version in page.iter().flat_map(|found| found.purchase.versions()) {
        if !rules.current().programs.contains_key(&version) {
            let failed = |why| PriceError::Version { version: version.short(), why };
            rules.load(version).await.map_err(failed)?;
        }
    }
    Ok(())
}

/// Counters that are known already stay: purchases before have moved them.
async fn read_counters(
    pool: &Pool,
    page: &[CorrectionPurchase],
    counters: &mut BTreeMap<CounterKey, i64>,
) -> Result<(), StoreError> {
    let keys: Vec<CounterKey> =
        page.iter().map(counter_key).filter(|key| !counters.contains_key(key)).collect();
    let found: BTreeMap<CounterKey, i64> = store::counters_now(pool, &keys).await?.into_iter().collect();
    counters.extend(keys.into_iter().map(|key| {
        let value = found.get(&key).copied().unwrap_or(0);
        (key, value)
    }));
    Ok(())
}

fn counter_key(found: &CorrectionPurchase) -> CounterKey {
    CounterKey {
        bucket: found.bucket,
        account: found.purchase.account,
        program: found.purchase.program,
        period: found.purchase.cap_period(),
    }
}

fn price_one(
    rules: &RuleBook,
    found: &CorrectionPurchase,
    event: &Event,
    counters: &mut BTreeMap<CounterKey, i64>,
    price: &mut CorrectionPrice,
) {
    let state = state(found, event, counters);
    let outcome = decide(&state, event, &rules.current());
    if outcome.disposition != Disposition::Decided {
        price.undecidable += 1;
        return;
    }
    for (account, program, period, miles) in &outcome.counted {
        let key =
            CounterKey { bucket: found.bucket, account: *account, program: *program, period: period.clone() };
        *counters.entry(key).or_default() += miles;
    }
    let posted = outcome.transfers.iter().filter(|transfer| transfer.phase == Phase::Posted);
    let moves: Vec<_> =
        posted.map(|transfer| (transfer.item.clone(), transfer.signed_for_member())).collect();
    match moves.is_empty() {
        true => price.same += 1,
        false => price.moved.push(Priced { purchase: found.purchase.clone(), moves }),
    }
}

/// The rows that a lane would have read. No cycle is looked up: what is booked does not depend on it.
fn state(found: &CorrectionPurchase, event: &Event, counters: &BTreeMap<CounterKey, i64>) -> WorkingSet {
    let purchase = &found.purchase;
    let mut state = WorkingSet { loaded: needs(event), ..WorkingSet::default() };
    let account = AccountState {
        program: purchase.program,
        enrolled_on: Date::MIN,
        seq: 0,
        standing: Standing::default(),
    };
    state.accounts.insert((found.bucket, purchase.account), account);
    state.purchases.insert((found.bucket, purchase.key), purchase.clone());
    let gate = Gate { cycle: CycleId(0), business_date: purchase.date, rules: purchase.rules };
    state.gates.insert(purchase.program, gate);
    let more = needs_more(event, &state);
    let known = more.counters.iter().filter_map(|key| Some((key.clone(), *counters.get(key)?)));
    state.counters = known.collect();
    state.loaded.merge(more);
    state
}

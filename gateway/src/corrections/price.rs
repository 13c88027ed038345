//! What a run would come to, decided by the same code on rows that were read without a lock. Nothing is written.

use std::collections::BTreeMap;

use domain::{
    AccountState, BudgetKey, BudgetLeft, CounterKey, CouponCode, CouponKey, CycleId, Disposition, Event,
    Gate, Item, Keys, MerchantMap, Outcome, Phase, Purchase, Rules, RunId, Standing, WorkingSet, decide,
    needs, needs_more,
};
use jiff::{Timestamp, civil::Date};
use store::{CorrectionPurchase, CorrectionScope, Pool, StoreError};

use super::{Wanted, wanted};
use crate::{
    RuleBook,
    internal_event::{PAGE_MAX, last_of_full},
};

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
    let mut used = Used::default();
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
        let mut keys = Keys::default();
        for (found, event) in &events {
            let rules = rules.current();
            keys.merge(needs_more(event, &first_round(found, event, &rules), &rules));
        }
        used.read(pool, keys).await?;
        for (found, event) in events {
            price_one(rules, found, &event, &mut used, &mut price);
        }
        let Some(found) = last_of_full(&page) else { return Ok(price) };
        last = Some((found.bucket, found.purchase.key));
    }
}

/// What purchases follow may be older than what this process has read.
async fn load_versions(rules: &RuleBook, page: &[CorrectionPurchase]) -> Result<(), PriceError> {
    for version in page.iter().flat_map(|found| found.purchase.versions().chain([found.in_force])) {
        if !rules.current().programs.contains_key(&version) {
            let failed = |why| PriceError::Version { version: version.short(), why };
            rules.load(version).await.map_err(failed)?;
        }
    }
    Ok(())
}

/// What the purchases so far have left of caps, limits, budgets and coupons.
#[derive(Debug, Default)]
struct Used {
    counters: BTreeMap<CounterKey, i64>,
    /// Amount and uses.
    budgets: BTreeMap<BudgetKey, (i64, i64)>,
    coupons: BTreeMap<CouponKey, CouponCode>,
}

impl Used {
    /// Reads what is not known yet: what is known, purchases before have moved.
    async fn read(&mut self, pool: &Pool, keys: Keys) -> Result<(), StoreError> {
        let counters = keys.counters.into_iter().filter(|key| !self.counters.contains_key(key));
        let counters: Vec<CounterKey> = counters.collect();
        let found: BTreeMap<CounterKey, i64> =
            store::counters_now(pool, &counters).await?.into_iter().collect();
        self.counters.extend(counters.into_iter().map(|key| {
            let value = found.get(&key).copied().unwrap_or(0);
            (key, value)
        }));
        let budgets = keys.budgets.into_iter().filter(|key| !self.budgets.contains_key(key));
        for (key, amount, uses) in store::budgets_now(pool, &budgets.collect::<Vec<_>>()).await? {
            self.budgets.insert(key, (amount, uses));
        }
        let coupons = keys.coupons.into_iter().filter(|key| !self.coupons.contains_key(key));
        self.coupons.extend(store::coupons_now(pool, &coupons.collect::<Vec<_>>()).await?);
        Ok(())
    }

    fn add(&mut self, outcome: &Outcome) {
        for (key, moved) in &outcome.counted {
            *self.counters.entry(key.clone()).or_default() += moved;
        }
        for taken in &outcome.budgeted {
            let (amount, uses) = self.budgets.entry(taken.key.clone()).or_default();
            (*amount, *uses) = (*amount + taken.amount, *uses + taken.uses);
        }
        for used in &outcome.coupons {
            if let Some(code) = self.coupons.get_mut(&used.key) {
                code.uses += used.uses;
            }
        }
    }
}

fn price_one(
    rules: &RuleBook,
    found: &CorrectionPurchase,
    event: &Event,
    used: &mut Used,
    price: &mut CorrectionPrice,
) {
    let rules = rules.current();
    let state = state(found, event, used, &rules);
    let outcome = decide(&state, event, &rules);
    if outcome.disposition != Disposition::Decided {
        price.undecidable += 1;
        return;
    }
    used.add(&outcome);
    let posted = outcome.transfers.iter().filter(|transfer| transfer.phase == Phase::Posted);
    let moves: Vec<_> =
        posted.map(|transfer| (transfer.item.clone(), transfer.signed_for_member())).collect();
    match moves.is_empty() {
        true => price.same += 1,
        false => price.moved.push(Priced { purchase: found.purchase.clone(), moves }),
    }
}

/// What a lane would have read first: the purchase, its account and the version in force, whose budgets are open. No
/// cycle is looked up: what is booked does not depend on it.
fn first_round(found: &CorrectionPurchase, event: &Event, rules: &Rules) -> WorkingSet {
    let purchase = &found.purchase;
    let mut state = WorkingSet { loaded: needs(event, rules), ..WorkingSet::default() };
    let account = AccountState {
        program: purchase.program,
        enrolled_on: Date::MIN,
        seq: 0,
        standing: Standing::default(),
        active_on: None,
        closed_on: None,
        blocked: false,
        birthday: found.birthday,
    };
    state.accounts.insert((found.bucket, purchase.account), account);
    state.purchases.insert((found.bucket, purchase.key), purchase.clone());
    let gate = Gate { cycle: CycleId(0), business_date: purchase.date, rules: found.in_force };
    state.gates.insert(purchase.program, gate);
    state
}

/// The rows that a lane would have read.
fn state(found: &CorrectionPurchase, event: &Event, used: &Used, rules: &Rules) -> WorkingSet {
    let mut state = first_round(found, event, rules);
    let more = needs_more(event, &state, rules);
    let known = more.counters.iter().filter_map(|key| Some((key.clone(), *used.counters.get(key)?)));
    state.counters = known.collect();
    for key in &more.budgets {
        let mut left = BudgetLeft::of(key, &state.gates, rules).unwrap_or_default();
        let (amount, uses) = used.budgets.get(key).copied().unwrap_or_default();
        left.take(amount, uses);
        state.budgets.insert(key.clone(), left);
    }
    let codes = more.coupons.iter().filter_map(|key| Some((*key, used.coupons.get(key)?.clone())));
    state.coupons = codes.collect();
    state.loaded.merge(more);
    state
}

//! What accounts hold as a spending would find it: read without locks, so that it may be otherwise when a lane decides.

use std::collections::BTreeMap;

use domain::{Holding, Program, ProgramId, Purchase, PurseKey, RulesHash};
use jiff::civil::Date;
use store::{SpendingAccount, StoreError};

use crate::Gateway;

/// Why an account spends nothing on a day; `None` if nothing stands against it. The lane asks the same once more.
pub(crate) fn barred(account: &SpendingAccount, day: Date) -> Option<&'static str> {
    if account.closed_on.is_some_and(|last| day > last) {
        return Some("account_closed_before_the_purchase");
    }
    account.blocked.then_some("account_blocked")
}

/// The holdings of some accounts on a day, by bucket and account; one for each of them.
pub(crate) async fn holdings(
    gateway: &Gateway,
    accounts: &[SpendingAccount],
    day: Date,
) -> Result<BTreeMap<PurseKey, Holding>, StoreError> {
    let places: Vec<_> = accounts.iter().map(|account| account.place).collect();
    let mut lots = store::open_lots(&gateway.pool, &places).await?;
    let versions = lots.values().flatten().map(|lot| lot.rules);
    load(gateway, versions.collect()).await;
    let rules = gateway.router.rules().current();
    let mut held = BTreeMap::new();
    for account in accounts {
        let purse = (account.place.bucket, account.place.member.account);
        let kept = |lot: Purchase| {
            let program = rules.programs.get(&lot.rules);
            let until = program.and_then(|program| program.miles.kept_until(account.active_on));
            (lot, until)
        };
        held.insert(purse, Holding::of(lots.remove(&purse).unwrap_or_default().into_iter().map(kept), day));
    }
    Ok(held)
}

/// The version of a program in force; `None` before it first was.
pub(crate) async fn program_in_force(
    gateway: &Gateway,
    program: ProgramId,
) -> Result<Option<Program>, StoreError> {
    let Some(version) = store::running_version(&gateway.pool, program).await? else { return Ok(None) };
    load(gateway, vec![version]).await;
    Ok(gateway.router.rules().current().programs.get(&version).cloned())
}

/// Versions that this gateway has not met yet. One that cannot be loaded keeps no lot longer than its own days.
async fn load(gateway: &Gateway, versions: Vec<RulesHash>) {
    let rules = gateway.router.rules();
    for version in versions {
        if rules.current().programs.contains_key(&version) {
            continue;
        }
        if let Err(error) = rules.load(version).await {
            tracing::error!(error, version = version.short(), "a version of a program could not be loaded");
        }
    }
}

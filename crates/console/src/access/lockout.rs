//! Failed sign-ins: after ten under a name, or a hundred from a network, half an hour passes before the next is looked at.
//! They are counted in the database, so that neither a restart nor another console begins anew.

use jiff::{SignedDuration, Timestamp};
use store::{
    Pool, StoreError,
    staff::{Attempt, Subject, attempt, forget_attempts},
};

/// Of one name, whether anybody has it or not.
pub(crate) const FAILURES_MAX: i32 = 10;
/// Of one network: an office may share an address.
const OF_NETWORK_MAX: i32 = 100;
const LOCKED: SignedDuration = SignedDuration::from_mins(30);

/// Whether the name may be tried now from this network. The attempt counts as failed until [`succeeded`] takes that back.
///
/// The machine's clock is asked, also where business lives on another date.
pub(crate) async fn may_try(pool: &Pool, name: &str, network: Option<&str>) -> Result<Attempt, StoreError> {
    let now = Timestamp::now();
    if let Some(network) = network {
        let counted = attempt(pool, Subject::Network(network), OF_NETWORK_MAX, LOCKED, now).await?;
        if counted == Attempt::Locked {
            return Ok(counted);
        }
    }
    let counted = attempt(pool, Subject::Name(name), FAILURES_MAX, LOCKED, now).await?;
    if counted == Attempt::Locked {
        // Who is locked out tries again and again: his office does not pay for it.
        take_back(pool, network).await?;
    }
    Ok(counted)
}

/// The password was right, and a code is still to come: of the network this attempt is taken back, for the code counts
/// again. The name's stays, or whoever knows the password could guess codes without end.
pub(crate) async fn take_back(pool: &Pool, network: Option<&str>) -> Result<(), StoreError> {
    match network {
        Some(network) => forget_attempts(pool, Subject::Network(network)).await,
        None => Ok(()),
    }
}

/// Whether somebody who has signed in may show now who he is. His proofs are counted by themselves: who fails to sign in
/// under his name keeps nobody from deciding who is in already.
pub(crate) async fn may_prove(pool: &Pool, name: &str) -> Result<Attempt, StoreError> {
    attempt(pool, Subject::Proof(name), FAILURES_MAX, LOCKED, Timestamp::now()).await
}

/// The proof was right.
pub(crate) async fn proved(pool: &Pool, name: &str) -> Result<(), StoreError> {
    forget_attempts(pool, Subject::Proof(name)).await
}

/// It was right all the way: the name's failures are forgotten, and of the network this one.
pub(crate) async fn succeeded(pool: &Pool, name: &str, network: Option<&str>) -> Result<(), StoreError> {
    forget_attempts(pool, Subject::Name(name)).await?;
    take_back(pool, network).await
}

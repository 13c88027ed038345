//! Households that spend from all of their accounts together.
//!
//! Each account has its own lane, so a pool is a written intent with a reserve in each account, and everything that
//! becomes of it is written before it is begun: reserving, confirming, returning. Whoever drives a pool may break off
//! after any step. The events have deterministic keys, so the next one, or another gateway at the same time, repeats
//! what was done and goes on. Two rules make it whole:
//!
//! - a pool that was turned towards its confirmation or its return never turns back;
//! - what is given back is reserved first: then a reserve that comes late, from somebody slow, is a repeat.

use domain::{
    Content, EventKind, MemberRef, MessageKey, MilesEvent, PoolAsk, PoolRefusal, PoolShare, PoolState,
    Program, ResultStatus, share_out,
};
use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use store::{AccountPlace, HouseholdPool, PoolPart, PoolReturn, PoolTurn, SpendingAccount, StoreError};

use super::{
    Asker, MilesDone, Spending,
    holding::{barred, holdings, program_in_force},
};
use crate::{
    Gateway,
    internal_event::{Decided, InternalEvent, PAGE_MAX, decide_events, last_of_full},
    translate::message_key,
};

/// Accounts of a household that may spend together: a family, not a club.
const HOUSEHOLD_MAX: u16 = 64;
/// Steps of one pool from its intent to its end and back, with some to spare.
const STEPS_MAX: u32 = 6 * 64;
/// How often a request turns a pool that others drive at the same time.
const TURNS_MAX: usize = 4;

/// What became of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pooled {
    /// It is so: all parts of the pool.
    Done(HouseholdPool),
    /// Nothing was booked, or all of it was given back: the code of the reason.
    Refused(String),
    /// It is written and not all done yet; the scheduler goes on, and asking again tells what came of it.
    Unanswered,
}

/// Reserves miles of a household, of which `of` asks. All parts are reserved, or none stays so.
pub async fn reserve_pooled(
    gateway: &Gateway,
    asker: &Asker,
    of: &SpendingAccount,
    spending: Spending,
) -> Result<Pooled, StoreError> {
    let key = match begin_pool(gateway, asker, of, spending).await? {
        Ok(key) => key,
        Err(refusal) => return Ok(Pooled::Refused(refusal.reason().to_owned())),
    };
    let Some(pool) = drive_pool(gateway, asker.place, key, STEPS_MAX).await? else {
        return Ok(Pooled::Unanswered);
    };
    Ok(match (pool.state, pool.returned.why.as_str()) {
        (PoolState::Reserving, _) => Pooled::Unanswered,
        // What happened to it later is no answer to who reserved it.
        (_, "" | "cancelled" | "lapsed") => Pooled::Done(pool),
        (_, why) => Pooled::Refused(why.to_owned()),
    })
}

/// Writes down which account is to give how much, and nothing else. The same request again finds what was written.
pub async fn begin_pool(
    gateway: &Gateway,
    asker: &Asker,
    of: &SpendingAccount,
    spending: Spending,
) -> Result<Result<MessageKey, PoolRefusal>, StoreError> {
    // Keys count in seconds, and what is stored in microseconds: cut here, nothing is rounded later.
    let asked_at = Timestamp::from_second(asker.at.as_second()).unwrap_or(asker.at);
    let key = message_key(asked_at, &format!("miles-pool|{}", asker.request()));
    let known = async || store::household_pool(&gateway.pool, asker.place.bucket, key).await;
    if known().await?.is_some() {
        return Ok(Ok(key));
    }
    let (program, shares) = match choose(gateway, asker, of, spending).await? {
        Ok(chosen) => chosen,
        // The same request may have come twice at once: then it is the other one that has taken the miles.
        Err(refusal) => return Ok(if known().await?.is_some() { Ok(key) } else { Err(refusal) }),
    };
    let minutes = program.redemption.map_or(0, |rules| rules.reserve_minutes);
    let wait = SignedDuration::from_mins(i64::from(minutes));
    let mut pool = HouseholdPool {
        place: asker.place,
        key,
        currency: program.currency,
        state: PoolState::Reserving,
        miles: shares.iter().map(|share| share.miles).sum(),
        worth_minor: shares.iter().map(|share| share.worth_minor).sum(),
        asked_at,
        local: asker.local,
        reserved_until: gateway.clock.now().saturating_add(wait).unwrap_or(Timestamp::MAX),
        confirmed_by: String::new(),
        returned: PoolReturn::default(),
        parts: Vec::new(),
    };
    for (place, share) in (0_usize..).zip(&shares) {
        let PoolShare { account, miles, worth_minor } = *share;
        let unnamed = PoolPart { account, redemption: key, miles, worth_minor };
        let redemption = reserve(&pool, place, &unnamed).key();
        pool.parts.push(PoolPart { redemption, ..unnamed });
    }
    store::open_pool(&gateway.pool, &pool).await?;
    Ok(Ok(key))
}

/// Which account gives how much, by what is read now; and the version of the program that allows it.
async fn choose(
    gateway: &Gateway,
    asker: &Asker,
    of: &SpendingAccount,
    spending: Spending,
) -> Result<Result<(Program, Vec<PoolShare>), PoolRefusal>, StoreError> {
    let refused = |reason| Ok(Err(PoolRefusal::Rules(reason)));
    let day = asker.local.date();
    if let Some(reason) = barred(of, day) {
        return refused(reason);
    }
    let household = store::household_spenders(&gateway.pool, of, HOUSEHOLD_MAX + 1).await?;
    if household.len() > usize::from(HOUSEHOLD_MAX) {
        return refused("household_too_large");
    }
    let spenders: Vec<_> = household.into_iter().filter(|account| barred(account, day).is_none()).collect();
    let Some(program) = program_in_force(gateway, asker.place.member.program).await? else {
        return refused("redemption_not_offered");
    };
    let held = holdings(gateway, &spenders, day).await?;
    let purses = held.into_iter().map(|(purse, holding)| (purse, holding.lots().to_vec())).collect();
    // More miles than the ledger counts are more than anybody has.
    let miles = i64::try_from(spending.miles).unwrap_or(i64::MAX);
    let ask = PoolAsk { miles, pays: spending.pays };
    let shares = share_out(program.redemption, program.currency, ask, &purses);
    Ok(shares.map(|shares| (program, shares)))
}

/// Spends what a pool has reserved.
pub async fn confirm_pooled(gateway: &Gateway, asker: &Asker, key: MessageKey) -> Result<Pooled, StoreError> {
    let by = asker.request();
    for _ in 0..TURNS_MAX {
        let Some(pool) = drive_pool(gateway, asker.place, key, STEPS_MAX).await? else {
            return Ok(Pooled::Refused("redemption_not_found".to_owned()));
        };
        let ours = pool.confirmed_by == by;
        match pool.state {
            PoolState::Confirmed | PoolState::Returning | PoolState::Returned if ours => {
                return Ok(Pooled::Done(pool));
            }
            PoolState::Reserving | PoolState::Confirming => return Ok(Pooled::Unanswered),
            PoolState::Confirmed | PoolState::Returning | PoolState::Returned => {
                return Ok(Pooled::Refused("redemption_is_not_open".to_owned()));
            }
            PoolState::Reserved => {
                store::turn_pool(&gateway.pool, &pool, &PoolTurn::Confirm(by.clone())).await?;
            }
        }
    }
    Ok(Pooled::Unanswered)
}

/// Gives back what a pool has reserved or spent.
pub async fn cancel_pooled(gateway: &Gateway, asker: &Asker, key: MessageKey) -> Result<Pooled, StoreError> {
    let by = asker.request();
    for _ in 0..TURNS_MAX {
        let Some(pool) = drive_pool(gateway, asker.place, key, STEPS_MAX).await? else {
            return Ok(Pooled::Refused("redemption_not_found".to_owned()));
        };
        match pool.state {
            PoolState::Returned if pool.returned.by == by => return Ok(Pooled::Done(pool)),
            PoolState::Returned => return Ok(Pooled::Refused("redemption_is_not_open".to_owned())),
            PoolState::Reserving | PoolState::Confirming | PoolState::Returning => {
                return Ok(Pooled::Unanswered);
            }
            PoolState::Reserved | PoolState::Confirmed => {
                let returned = PoolReturn { by: by.clone(), why: "cancelled".to_owned() };
                store::turn_pool(&gateway.pool, &pool, &PoolTurn::Return(returned)).await?;
            }
        }
    }
    Ok(Pooled::Unanswered)
}

/// Finishes the pools whose driver broke off, and gives back those that nobody confirmed in time.
pub async fn finish_pools(gateway: &Gateway) -> Result<MilesDone, StoreError> {
    let mut done = MilesDone::default();
    let mut last = None;
    loop {
        let now = gateway.clock.now();
        let due = store::pools_to_finish(&gateway.pool, now, last, PAGE_MAX).await?;
        for (bucket, key) in &due {
            match finish(gateway, *bucket, *key, now).await? {
                true => done.done += 1,
                false => done.unanswered += 1,
            }
        }
        let Some((_, key)) = last_of_full(&due) else { return Ok(done) };
        last = Some(*key);
    }
}

/// Whether nothing of the pool is under way any more.
async fn finish(
    gateway: &Gateway,
    bucket: domain::Bucket,
    key: MessageKey,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let Some(mut pool) = drive(gateway, bucket, key, STEPS_MAX).await? else { return Ok(true) };
    if pool.state == PoolState::Reserved && pool.reserved_until <= now {
        let returned = PoolReturn { by: String::new(), why: "lapsed".to_owned() };
        store::turn_pool(&gateway.pool, &pool, &PoolTurn::Return(returned)).await?;
        match drive(gateway, bucket, key, STEPS_MAX).await? {
            Some(driven) => pool = driven,
            None => return Ok(true),
        }
    }
    Ok(pool.state.done().is_none())
}

/// Takes at most so many steps of what a pool's state announces; each is an event that a lane has decided, or a change
/// of the state. Returns the pool as it then stands; `None` if that account has asked for none of that key.
pub async fn drive_pool(
    gateway: &Gateway,
    place: AccountPlace,
    key: MessageKey,
    steps_max: u32,
) -> Result<Option<HouseholdPool>, StoreError> {
    let pool = drive(gateway, place.bucket, key, steps_max).await?;
    Ok(pool.filter(|pool| pool.place == place))
}

async fn drive(
    gateway: &Gateway,
    bucket: domain::Bucket,
    key: MessageKey,
    steps_max: u32,
) -> Result<Option<HouseholdPool>, StoreError> {
    let mut steps = Steps { gateway, left: steps_max };
    loop {
        let Some(pool) = store::household_pool(&gateway.pool, bucket, key).await? else { return Ok(None) };
        if pool.state.done().is_none() {
            return Ok(Some(pool));
        }
        let turn = match steps.all(&pool).await {
            Ok(turn) if steps.take() => turn,
            Ok(_) | Err(BrokenOff) => return Ok(Some(pool)),
        };
        // If somebody else was first, the next round sees what it is now.
        store::turn_pool(&gateway.pool, &pool, &turn).await?;
    }
}

/// A step could not be taken now.
struct BrokenOff;

/// Steps that are left.
struct Steps<'a> {
    gateway: &'a Gateway,
    left: u32,
}

impl Steps<'_> {
    fn take(&mut self) -> bool {
        let there = self.left > 0;
        self.left = self.left.saturating_sub(1);
        there
    }

    /// All events that the state announces, and how the pool goes on then.
    async fn all(&mut self, pool: &HouseholdPool) -> Result<PoolTurn, BrokenOff> {
        for (place, part) in (0_usize..).zip(&pool.parts) {
            match pool.state {
                PoolState::Reserving => {
                    let (status, why) = self.one(reserve(pool, place, part)).await?;
                    if status != ResultStatus::Booked {
                        return Ok(PoolTurn::Return(PoolReturn { by: String::new(), why }));
                    }
                }
                PoolState::Confirming => {
                    let asked = MilesEvent::Confirm { redemption: part.redemption };
                    let told = self.one(self.ending(pool, place, part, "miles-pool-confirm", asked)).await?;
                    expect(pool, &told, ResultStatus::Booked)?;
                }
                PoolState::Returning => {
                    let (reserved, _) = self.one(reserve(pool, place, part)).await?;
                    let asked = MilesEvent::Cancel { redemption: part.redemption };
                    let told = self.one(self.ending(pool, place, part, "miles-pool-cancel", asked)).await?;
                    if reserved == ResultStatus::Booked {
                        expect(pool, &told, ResultStatus::Reversed)?;
                    }
                }
                PoolState::Reserved | PoolState::Confirmed | PoolState::Returned => {}
            }
        }
        Ok(PoolTurn::Done)
    }

    async fn one(&mut self, event: InternalEvent) -> Result<(ResultStatus, String), BrokenOff> {
        if !self.take() {
            return Err(BrokenOff);
        }
        let Decided { reply, .. } = decide_events(self.gateway, vec![event]).await.pop().ok_or(BrokenOff)?;
        let result = reply.ok_or(BrokenOff)?.result;
        Ok((result.status, result.reason))
    }

    /// What ends the reserve of a part, at the gateway's own time: the day on which it happens.
    fn ending(
        &self,
        pool: &HouseholdPool,
        place: usize,
        part: &PoolPart,
        name: &'static str,
        asked: MilesEvent,
    ) -> InternalEvent {
        InternalEvent {
            kind: EventKind::Miles(asked),
            name,
            local: self.gateway.clock.now().to_zoned(TimeZone::UTC).datetime(),
            content: Content(vec![
                ("pool", pool.key.to_string()),
                ("redemption", part.redemption.to_string()),
            ]),
            ..reserve(pool, place, part)
        }
    }
}

/// Nobody else ends the parts of a pool, so this cannot be otherwise; if it is, a person must look.
fn expect(
    pool: &HouseholdPool,
    told: &(ResultStatus, String),
    wanted: ResultStatus,
) -> Result<(), BrokenOff> {
    if told.0 == wanted {
        return Ok(());
    }
    tracing::error!(pool = %pool.key, reason = told.1, "a part of a pool is not as its pool says; it is tried again");
    Err(BrokenOff)
}

/// The event that reserves what one account gives: the same from everybody who drives the pool.
fn reserve(pool: &HouseholdPool, place: usize, part: &PoolPart) -> InternalEvent {
    let (bucket, account) = part.account;
    let (miles, worth_minor) = (part.miles.unsigned_abs(), part.worth_minor.unsigned_abs());
    InternalEvent {
        place: AccountPlace {
            bucket,
            bank: pool.place.bank,
            member: MemberRef { account, program: pool.place.member.program },
        },
        kind: EventKind::Miles(MilesEvent::ReserveShare { pool: pool.key, miles, worth_minor }),
        source: "household",
        name: "miles-pool-reserve",
        id: format!("{}|{place}", pool.key),
        key_at: pool.asked_at,
        local: pool.local,
        amount: (0, pool.currency),
        content: Content(vec![
            ("pool", pool.key.to_string()),
            ("miles", miles.to_string()),
            ("worth", worth_minor.to_string()),
        ]),
    }
}

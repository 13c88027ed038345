//! Pools: what a household spends from all of its accounts. Each step is written before it is taken.

use domain::{AccountId, BankId, Bucket, Currency, MemberRef, MessageKey, PoolState, ProgramId, PurseKey};
use jiff::{Timestamp, civil::DateTime};
use tokio_postgres::{Client, Row, types::ToSql};

use crate::{
    AccountPlace, Pool, StoreError,
    columns::{bucket, currency, message_key},
    error::damaged,
};

/// What one account gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PoolPart {
    /// The account.
    pub account: PurseKey,
    /// Its redemption: the key of the event that reserves.
    pub redemption: MessageKey,
    /// How many miles.
    pub miles: i64,
    /// What they pay, in minor units.
    pub worth_minor: i64,
}

/// Why a pool is given back, and by whose request.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PoolReturn {
    /// The request; empty for what nobody asked for.
    pub by: String,
    /// `cancelled`, `lapsed`, or the code of the refusal of a part.
    pub why: String,
}

/// A pool as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HouseholdPool {
    /// Who asked.
    pub place: AccountPlace,
    /// Its key.
    pub key: MessageKey,
    /// The currency of the program.
    pub currency: Currency,
    /// How far it has come.
    pub state: PoolState,
    /// How many miles, all parts together.
    pub miles: i64,
    /// What they pay, in minor units.
    pub worth_minor: i64,
    /// When it was asked for.
    pub asked_at: Timestamp,
    /// That time in the program's zone.
    pub local: DateTime,
    /// When it is given back unless somebody confirms.
    pub reserved_until: Timestamp,
    /// Whose request confirmed it; empty: nobody's.
    pub confirmed_by: String,
    /// Why it is given back, if it is.
    pub returned: PoolReturn,
    /// What each account gives.
    pub parts: Vec<PoolPart>,
}

/// The rights of the message path: a pool is never removed, nor is what it asked for changed.
const ROLE: &str = "SET LOCAL ROLE cobrand_gateway";

/// Writes the intent. If the same one is there already, it stays as it is.
pub async fn open_pool(pool: &Pool, new: &HouseholdPool) -> Result<(), StoreError> {
    let mut client = pool.get().await?;
    let transaction = client.transaction().await?;
    transaction.batch_execute(ROLE).await?;
    let (number, key) = (i32::from(new.place.bucket.number()), new.key.as_bytes().as_slice());
    let (member, currency) = (new.place.member, i32::from(new.currency.0));
    let row: [&(dyn ToSql + Sync); 12] = [
        &number,
        &key,
        &new.place.bank.0,
        &member.account.0,
        &member.program.0,
        &currency,
        &new.state.name(),
        &new.miles,
        &new.worth_minor,
        &new.asked_at,
        &new.local,
        &new.reserved_until,
    ];
    let text = "INSERT INTO redemption_pool (bucket, pool_key, bank_id, account_id, program_id, currency, state, miles, \
                worth_minor, asked_at, local_time, reserved_until) \
                VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT DO NOTHING";
    if transaction.execute(text, &row).await? == 0 {
        return Ok(());
    }
    for (place, part) in (0_i32..).zip(&new.parts) {
        let (bucket, account) = part.account;
        let redemption = part.redemption.as_bytes().as_slice();
        let text = "INSERT INTO redemption_pool_share (bucket, pool_key, share, share_bucket, share_account, share_key, \
                    miles, worth_minor) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
        let row: [&(dyn ToSql + Sync); 8] = [
            &number,
            &key,
            &place,
            &i32::from(bucket.number()),
            &account.0,
            &redemption,
            &part.miles,
            &part.worth_minor,
        ];
        transaction.execute(text, &row).await?;
    }
    Ok(transaction.commit().await?)
}

/// A pool by the bucket of who asked and its key.
pub async fn household_pool(
    pool: &Pool,
    bucket_of: Bucket,
    key: MessageKey,
) -> Result<Option<HouseholdPool>, StoreError> {
    let client = pool.get().await?;
    let text = "SELECT bucket, bank_id, account_id, program_id, pool_key, currency, state, miles, worth_minor, asked_at, \
                local_time, reserved_until, confirmed_by, returned_by, returned_why FROM redemption_pool \
                WHERE bucket = $1 AND pool_key = $2";
    let number = i32::from(bucket_of.number());
    match client.query_opt(text, &[&number, &key.as_bytes().as_slice()]).await? {
        Some(row) => Ok(Some(HouseholdPool { parts: parts(&client, number, key).await?, ..read(&row)? })),
        None => Ok(None),
    }
}

fn read(row: &Row) -> Result<HouseholdPool, StoreError> {
    let state: &str = row.try_get(6)?;
    Ok(HouseholdPool {
        place: AccountPlace {
            bucket: bucket(row, 0)?,
            bank: BankId(row.try_get(1)?),
            member: MemberRef { account: AccountId(row.try_get(2)?), program: ProgramId(row.try_get(3)?) },
        },
        key: message_key(row, 4)?,
        currency: currency(row, 5)?,
        state: PoolState::parse(state).ok_or_else(|| damaged("state of a pool", state))?,
        miles: row.try_get(7)?,
        worth_minor: row.try_get(8)?,
        asked_at: row.try_get(9)?,
        local: row.try_get(10)?,
        reserved_until: row.try_get(11)?,
        confirmed_by: row.try_get(12)?,
        returned: PoolReturn { by: row.try_get(13)?, why: row.try_get(14)? },
        parts: Vec::new(),
    })
}

async fn parts(client: &Client, number: i32, key: MessageKey) -> Result<Vec<PoolPart>, StoreError> {
    let text = "SELECT share_bucket, share_account, share_key, miles, worth_minor FROM redemption_pool_share \
                WHERE bucket = $1 AND pool_key = $2 ORDER BY share";
    let rows = client.query(text, &[&number, &key.as_bytes().as_slice()]).await?;
    let part = |row: &Row| {
        Ok(PoolPart {
            account: (bucket(row, 0)?, AccountId(row.try_get(1)?)),
            redemption: message_key(row, 2)?,
            miles: row.try_get(3)?,
            worth_minor: row.try_get(4)?,
        })
    };
    rows.iter().map(part).collect()
}

/// How a pool goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PoolTurn {
    /// All that its state announced is done.
    Done,
    /// Its parts are to be confirmed, by whose request.
    Confirm(String),
    /// Its parts are to be given back.
    Return(PoolReturn),
}

/// Changes the state of a pool, if it still is as it was read; false if somebody else was first.
pub async fn turn_pool(pool: &Pool, seen: &HouseholdPool, turn: &PoolTurn) -> Result<bool, StoreError> {
    let Some(next) = next_state(seen.state, turn) else { return Ok(false) };
    let (confirmed_by, returned) = match turn {
        PoolTurn::Done => (seen.confirmed_by.as_str(), &seen.returned),
        PoolTurn::Confirm(by) => (by.as_str(), &seen.returned),
        PoolTurn::Return(why) => (seen.confirmed_by.as_str(), why),
    };
    let mut client = pool.get().await?;
    let transaction = client.transaction().await?;
    transaction.batch_execute(ROLE).await?;
    let text = "UPDATE redemption_pool SET state = $4, confirmed_by = $5, returned_by = $6, returned_why = $7 \
                WHERE bucket = $1 AND pool_key = $2 AND state = $3";
    let (number, key) = (i32::from(seen.place.bucket.number()), seen.key.as_bytes().as_slice());
    let row: [&(dyn ToSql + Sync); 7] =
        [&number, &key, &seen.state.name(), &next.name(), &confirmed_by, &returned.by, &returned.why];
    let changed = transaction.execute(text, &row).await? == 1;
    transaction.commit().await?;
    Ok(changed)
}

fn next_state(state: PoolState, turn: &PoolTurn) -> Option<PoolState> {
    match (state, turn) {
        (state, PoolTurn::Done) => state.done(),
        (PoolState::Reserved, PoolTurn::Confirm(_)) => Some(PoolState::Confirming),
        (PoolState::Reserving | PoolState::Reserved | PoolState::Confirmed, PoolTurn::Return(_)) => {
            Some(PoolState::Returning)
        }
        _ => None,
    }
}

/// At most `max` pools that are under way, or reserved for longer than they may be at `now`, in the order of their keys
/// behind the one that was seen last.
pub async fn pools_to_finish(
    pool: &Pool,
    now: Timestamp,
    after: Option<MessageKey>,
    max: u16,
) -> Result<Vec<(Bucket, MessageKey)>, StoreError> {
    let text = "SELECT bucket, pool_key FROM redemption_pool WHERE pool_key > $2 \
                AND (state IN ('reserving', 'confirming', 'returning') OR state = 'reserved' AND reserved_until <= $1) \
                ORDER BY pool_key LIMIT $3";
    let last = after.map(|key| key.as_bytes().to_vec()).unwrap_or_default();
    let rows = pool.get().await?.query(text, &[&now, &last, &i64::from(max)]).await?;
    rows.iter().map(|row| Ok((bucket(row, 0)?, message_key(row, 1)?))).collect()
}

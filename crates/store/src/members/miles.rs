//! What a member has in miles: whose account it is, its open lots, what is reserved and what was spent.

use std::collections::BTreeMap;

use domain::{AccountId, BankId, Currency, MemberRef, MessageKey, ProgramId, Purchase, PurseKey};
use jiff::{Timestamp, civil::Date};
use serde_json::Value;
use tokio_postgres::{Client, Row};

use super::{ChangeError, MemberChange};
use crate::{
    AccountPlace, Pool, StoreError,
    batch::load::purchase_from,
    columns::{bucket, currency, message_key},
    sql,
};

/// A member account with what decides whether it may spend.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpendingAccount {
    /// Where it lies.
    pub place: AccountPlace,
    /// The member's number.
    pub member_number: String,
    /// Empty for none.
    pub household: String,
    /// Nothing may be spent.
    pub blocked: bool,
    /// The last local date on which anything may be spent.
    pub closed_on: Option<Date>,
    /// The last local date on which it was used.
    pub active_on: Option<Date>,
    /// The zone in which the program's days count.
    pub time_zone: String,
    /// The currency of the program.
    pub currency: Currency,
}

macro_rules! account_columns {
    () => {
        "SELECT a.bucket, a.bank_id, a.account_id, a.program_id, a.member_number, a.household, a.blocked, a.closed_on, \
         a.active_on, g.time_zone, g.currency FROM member_account a JOIN program g ON g.program_id = a.program_id "
    };
}

fn account(row: &Row) -> Result<SpendingAccount, StoreError> {
    Ok(SpendingAccount {
        place: AccountPlace {
            bucket: bucket(row, 0)?,
            bank: BankId(row.try_get(1)?),
            member: MemberRef { account: AccountId(row.try_get(2)?), program: ProgramId(row.try_get(3)?) },
        },
        member_number: row.try_get(4)?,
        household: row.try_get(5)?,
        blocked: row.try_get(6)?,
        closed_on: row.try_get(7)?,
        active_on: row.try_get(8)?,
        time_zone: row.try_get(9)?,
        currency: currency(row, 10)?,
    })
}

/// A member of a bank's program by number; `None` if the bank has none.
pub async fn spending_account(
    pool: &Pool,
    bank: BankId,
    program: ProgramId,
    member_number: &str,
) -> Result<Option<SpendingAccount>, StoreError> {
    find(&*pool.get().await?, bank, program, member_number).await
}

async fn find(
    client: &Client,
    bank: BankId,
    program: ProgramId,
    member_number: &str,
) -> Result<Option<SpendingAccount>, StoreError> {
    let text = concat!(
        account_columns!(),
        "WHERE a.program_id = $1 AND a.member_number = $2 AND a.member_number <> '' AND a.bank_id = $3 \
         ORDER BY a.bucket, a.account_id LIMIT 1"
    );
    let row = client.query_opt(text, &[&program.0, &member_number, &bank.0]).await?;
    row.as_ref().map(account).transpose()
}

impl MemberChange<'_> {
    /// The same within this change.
    pub async fn spending_account(
        &self,
        bank: BankId,
        program: ProgramId,
        member_number: &str,
    ) -> Result<Option<SpendingAccount>, StoreError> {
        find(self.transaction.client(), bank, program, member_number).await
    }

    /// Writes down who asked for something with an account's miles. What came of it stands in the message of that key.
    pub async fn note_miles(
        &self,
        place: &AccountPlace,
        what: &str,
        asked: &Value,
    ) -> Result<(), ChangeError> {
        let at = (i32::from(place.bucket.number()), place.member.account.0);
        self.lock_account(at).await?;
        self.note(at, what, &Value::Null, asked).await
    }
}

/// The accounts of a member's household, itself among them, in the order in which accounts are locked; at most `max`.
pub async fn household_spenders(
    pool: &Pool,
    of: &SpendingAccount,
    max: u16,
) -> Result<Vec<SpendingAccount>, StoreError> {
    if of.household.is_empty() {
        return Ok(vec![of.clone()]);
    }
    let text = concat!(
        account_columns!(),
        "WHERE a.program_id = $1 AND a.household = $2 AND a.household <> '' AND a.bank_id = $3 \
         ORDER BY a.bucket, a.account_id LIMIT $4"
    );
    let (program, bank) = (of.place.member.program.0, of.place.bank.0);
    let rows = pool.get().await?.query(text, &[&program, &of.household, &bank, &i64::from(max)]).await?;
    rows.iter().map(account).collect()
}

/// The lots of some accounts with miles that are open or owed, as they stand now.
pub async fn open_lots(
    pool: &Pool,
    accounts: &[AccountPlace],
) -> Result<BTreeMap<PurseKey, Vec<Purchase>>, StoreError> {
    let (buckets, ids): (Vec<i32>, Vec<i64>) =
        accounts.iter().map(|at| (i32::from(at.bucket.number()), at.member.account.0)).unzip();
    let mut lots: BTreeMap<PurseKey, Vec<Purchase>> = BTreeMap::new();
    for row in pool.get().await?.query(sql::LOTS, &[&buckets, &buckets, &ids]).await? {
        let lot = purchase_from(&row, message_key(&row, 1)?, 2)?;
        lots.entry((bucket(&row, 0)?, lot.account)).or_default().push(lot);
    }
    Ok(lots)
}

/// Miles of an account beside its lots.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct MilesBalance {
    /// Booked.
    pub posted: i64,
    /// What authorizations promise.
    pub pending: i64,
    /// Reserved to pay with, and not confirmed yet.
    pub reserved: i64,
}

/// The balance of an account in miles.
pub async fn miles_balance(pool: &Pool, at: &AccountPlace) -> Result<MilesBalance, StoreError> {
    let text = "SELECT coalesce(sum(b.posted), 0)::bigint, coalesce(sum(b.pending), 0)::bigint, \
                (SELECT coalesce(sum(d.miles), 0)::bigint FROM redemption d WHERE d.bucket = $1 AND d.account_id = $2 \
                AND d.state = 'reserved' AND d.to_bucket IS NULL) FROM member_balance b \
                WHERE b.bucket = $1 AND b.account_id = $2 AND b.unit_kind = 1";
    let (bucket, account) = (i32::from(at.bucket.number()), at.member.account.0);
    let row = pool.get().await?.query_one(text, &[&bucket, &account]).await?;
    Ok(MilesBalance { posted: row.try_get(0)?, pending: row.try_get(1)?, reserved: row.try_get(2)? })
}

/// Miles that left an account together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RedemptionView {
    /// Its key.
    pub key: MessageKey,
    /// As it is stored: `reserved`, `confirmed`, `cancelled` or `lapsed`.
    pub state: String,
    /// How many miles.
    pub miles: i64,
    /// What they pay, in minor units.
    pub worth_minor: i64,
    /// The currency of the program.
    pub currency: Currency,
    /// Until when they are kept.
    pub reserved_until: Option<Timestamp>,
    /// The number of the member whose they become.
    pub sent_to: Option<String>,
    /// The pool that it is a part of.
    pub pool: Option<MessageKey>,
}

const REDEMPTION: &str = "SELECT d.redemption_key, d.state, d.miles, d.worth_minor, d.currency, d.reserved_until, \
                          t.member_number FROM redemption d \
                          LEFT JOIN member_account t ON t.bucket = d.to_bucket AND t.account_id = d.to_account \
                          WHERE d.bucket = $1 AND d.account_id = $2 ";

/// At most `max` redemptions of an account, the newest first, behind the one that was seen last.
pub async fn redemptions_of(
    pool: &Pool,
    at: &AccountPlace,
    after: Option<MessageKey>,
    max: u16,
) -> Result<Vec<RedemptionView>, StoreError> {
    let text = format!(
        "{REDEMPTION} AND ($3::bytea IS NULL OR d.redemption_key < $3) ORDER BY d.redemption_key DESC LIMIT $4"
    );
    let (bucket, account) = (i32::from(at.bucket.number()), at.member.account.0);
    let last = after.map(|key| key.as_bytes().to_vec());
    let client = pool.get().await?;
    let rows = client.query(&text, &[&bucket, &account, &last, &i64::from(max)]).await?;
    views(&client, &rows).await
}

/// One redemption of an account; `None` if it has none of that key.
pub async fn redemption_of(
    pool: &Pool,
    at: &AccountPlace,
    key: MessageKey,
) -> Result<Option<RedemptionView>, StoreError> {
    let text = format!("{REDEMPTION} AND d.redemption_key = $3");
    let (bucket, account) = (i32::from(at.bucket.number()), at.member.account.0);
    let client = pool.get().await?;
    let rows = client.query(&text, &[&bucket, &account, &key.as_bytes().as_slice()]).await?;
    Ok(views(&client, &rows).await?.pop())
}

/// The redemptions, each with the pool that it is a part of, which may lie in another bucket.
async fn views(client: &Client, rows: &[Row]) -> Result<Vec<RedemptionView>, StoreError> {
    let keys = rows.iter().map(|row| row.try_get(0)).collect::<Result<Vec<&[u8]>, _>>()?;
    let text = "SELECT share_key, pool_key FROM redemption_pool_share WHERE share_key = ANY($1)";
    let mut pools = BTreeMap::new();
    for row in client.query(text, &[&keys]).await? {
        pools.insert(message_key(&row, 0)?, message_key(&row, 1)?);
    }
    let one = |row: &Row| {
        let key = message_key(row, 0)?;
        Ok(RedemptionView {
            key,
            state: row.try_get(1)?,
            miles: row.try_get(2)?,
            worth_minor: row.try_get(3)?,
            currency: currency(row, 4)?,
            reserved_until: row.try_get(5)?,
            sent_to: row.try_get(6)?,
            pool: pools.get(&key).copied(),
        })
    };
    rows.iter().map(one).collect()
}

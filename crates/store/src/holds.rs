//! Holds whose day has come.

use domain::{AccountId, BankId, Bucket, Currency, MemberRef, MessageKey, ProgramId};
use jiff::{
    Timestamp,
    civil::{Date, date},
};

use crate::{Pool, StoreError, columns, due::latest_day};

/// An open hold whose day has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DueHold {
    /// Where its rows lie.
    pub bucket: Bucket,
    /// The purchase.
    pub purchase: MessageKey,
    /// The bank.
    pub bank: BankId,
    /// Whose purchase it is.
    pub member: MemberRef,
    /// The currency of the purchase.
    pub currency: Currency,
    /// The day, in the program's zone.
    pub until: Date,
}

/// At most `max` holds that expire at `now` or before, oldest first, behind the one that was seen last.
///
/// Pages by what is seen: a hold that cannot be expired does not hide those behind it.
pub async fn due_holds(
    pool: &Pool,
    now: Timestamp,
    after: Option<&DueHold>,
    max: u16,
) -> Result<Vec<DueHold>, StoreError> {
    let latest = latest_day(now);
    let (until, bucket, key) = match after {
        Some(hold) => (hold.until, i32::from(hold.bucket.number()), hold.purchase.as_bytes().to_vec()),
        None => (date(1, 1, 1), -1, Vec::new()),
    };
    let text = "SELECT p.bucket, p.purchase_key, p.bank_id, p.account_id, p.program_id, p.currency, p.hold_until \
                FROM purchase p JOIN program g ON g.program_id = p.program_id \
                WHERE p.hold = 'held' AND p.cleared_minor < p.held_minor AND p.hold_until <= $2 \
                AND p.hold_until <= ($1::timestamptz AT TIME ZONE g.time_zone)::date AND p.hold_until >= $3 \
                AND (p.hold_until, p.bucket, p.purchase_key) > ($3, $4, $5) \
                ORDER BY p.hold_until, p.bucket, p.purchase_key LIMIT $6";
    let client = pool.get().await?;
    let rows = client.query(text, &[&now, &latest, &until, &bucket, &key, &i64::from(max)]).await?;
    rows.iter().map(due_hold).collect()
}

fn due_hold(row: &tokio_postgres::Row) -> Result<DueHold, StoreError> {
    Ok(DueHold {
        bucket: columns::bucket(row, 0)?,
        purchase: columns::message_key(row, 1)?,
        bank: BankId(row.try_get(2)?),
        member: MemberRef { account: AccountId(row.try_get(3)?), program: ProgramId(row.try_get(4)?) },
        currency: columns::currency(row, 5)?,
        until: row.try_get(6)?,
    })
}

//! Miles whose time has come: lots that expire, redemptions that nobody confirmed, transfers that are under way.

use domain::{AccountId, BankId, Bucket, Currency, MemberRef, MessageKey, Piece, ProgramId};
use jiff::{
    Timestamp,
    civil::{Date, date},
};
use tokio_postgres::Row;

use crate::{
    Pool, StoreError,
    columns::{bucket, currency, message_key},
    due::latest_day,
};

/// A member account and where its rows lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AccountPlace {
    /// The bucket.
    pub bucket: Bucket,
    /// The bank.
    pub bank: BankId,
    /// The account and its program.
    pub member: MemberRef,
}

/// A lot whose miles expire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DueLot {
    /// Whose it is.
    pub place: AccountPlace,
    /// The purchase.
    pub purchase: MessageKey,
    /// The currency of the program.
    pub currency: Currency,
    /// The first day without these miles.
    pub expire_on: Date,
    /// Today in the program's zone.
    pub today: Date,
}

/// At most `max` lots whose day has come at `now`, oldest first, behind the one that was seen last.
pub async fn due_lots(
    pool: &Pool,
    now: Timestamp,
    after: Option<&DueLot>,
    max: u16,
) -> Result<Vec<DueLot>, StoreError> {
    let latest = latest_day(now);
    let (since, bucket, key) = match after {
        Some(lot) => (lot.expire_on, i32::from(lot.place.bucket.number()), lot.purchase.as_bytes().to_vec()),
        None => (date(1, 1, 1), -1, Vec::new()),
    };
    let text = "SELECT p.bucket, p.bank_id, p.account_id, p.program_id, p.purchase_key, p.currency, p.expire_on, \
                ($1::timestamptz AT TIME ZONE g.time_zone)::date \
                FROM purchase p JOIN program g ON g.program_id = p.program_id \
                WHERE p.open_miles > 0 AND p.expire_on <= $2 AND p.expire_on >= $3 \
                AND p.expire_on <= ($1::timestamptz AT TIME ZONE g.time_zone)::date \
                AND (p.expire_on, p.bucket, p.purchase_key) > ($3, $4, $5) \
                ORDER BY p.expire_on, p.bucket, p.purchase_key LIMIT $6";
    let client = pool.get().await?;
    let rows = client.query(text, &[&now, &latest, &since, &bucket, &key, &i64::from(max)]).await?;
    let lot = |row: &Row| {
        Ok(DueLot {
            place: place(row)?,
            purchase: message_key(row, 4)?,
            currency: currency(row, 5)?,
            expire_on: row.try_get(6)?,
            today: row.try_get(7)?,
        })
    };
    rows.iter().map(lot).collect()
}

/// Miles that were reserved and that nobody has confirmed in time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DueRedemption {
    /// Whose they are.
    pub place: AccountPlace,
    /// The redemption.
    pub redemption: MessageKey,
    /// The currency of the program.
    pub currency: Currency,
    /// Until when they were kept.
    pub reserved_until: Timestamp,
}

/// At most `max` redemptions whose time is over at `now`, oldest first, behind the one that was seen last.
pub async fn due_redemptions(
    pool: &Pool,
    now: Timestamp,
    after: Option<&DueRedemption>,
    max: u16,
) -> Result<Vec<DueRedemption>, StoreError> {
    let (since, bucket, key) = match after {
        Some(due) => {
            (due.reserved_until, i32::from(due.place.bucket.number()), due.redemption.as_bytes().to_vec())
        }
        None => (Timestamp::UNIX_EPOCH, -1, Vec::new()),
    };
    let text = "SELECT d.bucket, d.bank_id, d.account_id, d.program_id, d.redemption_key, d.currency, d.reserved_until \
                FROM redemption d WHERE d.state = 'reserved' AND d.reserved_until <= $1 AND d.reserved_until >= $2 \
                AND (d.reserved_until, d.bucket, d.redemption_key) > ($2, $3, $4) \
                ORDER BY d.reserved_until, d.bucket, d.redemption_key LIMIT $5";
    let rows = pool.get().await?.query(text, &[&now, &since, &bucket, &key, &i64::from(max)]).await?;
    let due = |row: &Row| {
        Ok(DueRedemption {
            place: place(row)?,
            redemption: message_key(row, 4)?,
            currency: currency(row, 5)?,
            reserved_until: row.try_get(6)?,
        })
    };
    rows.iter().map(due).collect()
}

/// Miles that have left one account and are not known to have arrived at the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Underway {
    /// Whose they were.
    pub from: AccountPlace,
    /// Whose they will be.
    pub to: AccountPlace,
    /// The event by which they left.
    pub sent: MessageKey,
    /// The currency of the program.
    pub currency: Currency,
    /// What each lot gave.
    pub pieces: Vec<Piece>,
}

/// At most `max` transfers that are under way, in the order in which they left, behind the one that was seen last.
pub async fn transfers_under_way(
    pool: &Pool,
    after: Option<MessageKey>,
    max: u16,
) -> Result<Vec<Underway>, StoreError> {
    let text = "SELECT d.bucket, d.bank_id, d.account_id, d.program_id, d.redemption_key, d.currency, d.to_bucket, \
                d.to_account FROM redemption d WHERE d.state = 'reserved' AND d.to_bucket IS NOT NULL \
                AND d.redemption_key > $1 ORDER BY d.redemption_key LIMIT $2";
    let last = after.map(|key| key.as_bytes().to_vec()).unwrap_or_default();
    let client = pool.get().await?;
    let mut found = Vec::new();
    for row in client.query(text, &[&last, &i64::from(max)]).await? {
        let (from, sent) = (place(&row)?, message_key(&row, 4)?);
        let to = AccountPlace {
            bucket: bucket(&row, 6)?,
            bank: from.bank,
            member: MemberRef { account: AccountId(row.try_get(7)?), program: from.member.program },
        };
        let text = "SELECT i.purchase_key, i.miles, i.granted_on, i.vests_on, i.expire_on FROM redemption_piece i \
                    WHERE i.bucket = $1 AND i.redemption_key = $2 ORDER BY i.piece";
        let number = i32::from(from.bucket.number());
        let rows = client.query(text, &[&number, &sent.as_bytes().as_slice()]).await?;
        let pieces = rows.iter().map(piece).collect::<Result<_, StoreError>>()?;
        found.push(Underway { from, to, sent, currency: currency(&row, 5)?, pieces });
    }
    Ok(found)
}

/// The accounts of a program with this member number, at most two: one, unless an operator gave it twice. The empty
/// number is nobody's.
pub async fn members_by_number(
    pool: &Pool,
    program: ProgramId,
    number: &str,
) -> Result<Vec<AccountPlace>, StoreError> {
    let text = "SELECT bucket, bank_id, account_id, program_id FROM member_account \
                WHERE program_id = $1 AND member_number = $2 AND member_number <> '' \
                ORDER BY bucket, account_id LIMIT 2";
    let rows = pool.get().await?.query(text, &[&program.0, &number]).await?;
    rows.iter().map(place).collect()
}

fn place(row: &Row) -> Result<AccountPlace, StoreError> {
    Ok(AccountPlace {
        bucket: bucket(row, 0)?,
        bank: BankId(row.try_get(1)?),
        member: MemberRef { account: AccountId(row.try_get(2)?), program: ProgramId(row.try_get(3)?) },
    })
}

fn piece(row: &Row) -> Result<Piece, StoreError> {
    Ok(Piece {
        lot: message_key(row, 0)?,
        miles: row.try_get(1)?,
        granted_on: row.try_get(2)?,
        vests_on: row.try_get(3)?,
        expire_on: row.try_get(4)?,
    })
}

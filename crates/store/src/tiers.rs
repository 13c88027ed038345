//! Members whose tier is to be reviewed.

use domain::{AccountId, BankId, Bucket, Currency, MemberRef, ProgramId};
use jiff::{Timestamp, civil::Date};

use crate::{Pool, StoreError, columns, due::latest_day};

/// A member whose day of review has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DueReview {
    /// Where his rows lie.
    pub bucket: Bucket,
    /// The bank.
    pub bank: BankId,
    /// The member.
    pub member: MemberRef,
    /// The currency of the program.
    pub currency: Currency,
    /// The day, in the program's zone.
    pub review_on: Date,
}

/// At most `max` members whose review is on the day of `now` or before, behind the one that was seen last.
///
/// Pages by what is seen: a member who cannot be reviewed does not hide those behind him.
pub async fn due_reviews(
    pool: &Pool,
    now: Timestamp,
    after: Option<&DueReview>,
    max: u16,
) -> Result<Vec<DueReview>, StoreError> {
    let latest = latest_day(now);
    let (day, bucket, account) = match after {
        Some(seen) => (seen.review_on, i32::from(seen.bucket.number()), seen.member.account.0),
        None => (jiff::civil::date(1, 1, 1), -1, i64::MIN),
    };
    let text = "SELECT a.bucket, a.account_id, a.bank_id, a.program_id, g.currency, a.tier_review_on \
                FROM member_account a JOIN program g ON g.program_id = a.program_id \
                WHERE a.tier_review_on IS NOT NULL AND a.tier_review_on <= $2 \
                AND a.tier_review_on <= ($1::timestamptz AT TIME ZONE g.time_zone)::date AND a.tier_review_on >= $3 \
                AND (a.tier_review_on, a.bucket, a.account_id) > ($3, $4, $5) \
                ORDER BY a.tier_review_on, a.bucket, a.account_id LIMIT $6";
    let client = pool.get().await?;
    let rows = client.query(text, &[&now, &latest, &day, &bucket, &account, &i64::from(max)]).await?;
    rows.iter().map(due_review).collect()
}

fn due_review(row: &tokio_postgres::Row) -> Result<DueReview, StoreError> {
    Ok(DueReview {
        bucket: columns::bucket(row, 0)?,
        bank: BankId(row.try_get(2)?),
        member: MemberRef { account: AccountId(row.try_get(1)?), program: ProgramId(row.try_get(3)?) },
        currency: columns::currency(row, 4)?,
        review_on: row.try_get(5)?,
    })
}

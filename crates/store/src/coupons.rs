//! Codes of coupons: how they come into the world, how many there are, and how they are taken out of use.

use std::collections::BTreeSet;

use domain::{AccountId, Bucket, CouponCode, CouponId, CouponKey, ProgramId};
use jiff::Timestamp;
use serde_json::json;
use tokio_postgres::Row;

use crate::{
    Pool, StoreError,
    audit::{self, AuditEntry},
    batch::coupons::code_from,
    error::damaged,
};

/// A code that is about to be given out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewCoupon {
    /// What stands for it.
    pub id: CouponId,
    /// The only member that may use it.
    pub member: Option<(Bucket, AccountId)>,
}

/// How many codes of a campaign there are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CouponCount {
    /// The campaign.
    pub campaign: String,
    /// All of them.
    pub codes: i64,
    /// Those that are one member's.
    pub bound: i64,
    /// Those that nothing has come of, and that are not revoked.
    pub unused: i64,
    /// Those that purchases have, and that are not revoked.
    pub used: i64,
    /// Those that were taken out of use, whether purchases have them or not.
    pub revoked: i64,
    /// How many purchases have one of them.
    pub uses: i64,
}

/// Codes as they stand, without a lock: for a look that books nothing.
pub async fn coupons_now(
    pool: &Pool,
    keys: &[CouponKey],
) -> Result<Vec<(CouponKey, CouponCode)>, StoreError> {
    let programs: Vec<i32> = keys.iter().map(|key| key.program.0).collect();
    let hashes: Vec<&[u8]> = keys.iter().map(|key| key.coupon.0.as_slice()).collect();
    let text = "SELECT k.program_id, k.code_hash, k.campaign, k.member_bucket, k.member_account, \
                k.revoked_at IS NOT NULL, k.uses FROM unnest($1::int[], $2::bytea[]) u(program, hash) \
                JOIN coupon_code k ON k.program_id = u.program AND k.code_hash = u.hash";
    let rows = pool.get().await?.query(text, &[&programs, &hashes]).await?;
    rows.iter().map(code_from).collect()
}

/// Counts codes, and counters of members, whose uses are not the purchases that have a coupon: `hash/state/campaign`.
pub(crate) const USES_OFF: &str = "WITH shown AS (SELECT bucket, account_id, program_id, \
    decode(split_part(coupon, '/', 1), 'hex') AS code_hash, split_part(coupon, '/', 3) AS campaign \
    FROM purchase WHERE split_part(coupon, '/', 2) IN ('held', 'used')) \
    SELECT (SELECT count(*) FROM (SELECT program_id, code_hash, count(*) AS uses FROM shown GROUP BY 1, 2) s \
    FULL JOIN coupon_code k USING (program_id, code_hash) WHERE coalesce(s.uses, 0) IS DISTINCT FROM k.uses) \
    + (SELECT count(*) FROM (SELECT bucket, account_id, program_id, 'coupon:' || campaign AS rule, count(*) AS uses \
    FROM shown GROUP BY 1, 2, 3, 4) s \
    FULL JOIN (SELECT * FROM member_counter WHERE rule LIKE 'coupon:%') c USING (bucket, account_id, program_id, rule) \
    WHERE coalesce(s.uses, 0) <> coalesce(c.value, 0))";

/// Which codes are taken out of use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RevokedCoupons {
    /// These.
    Codes(BTreeSet<CouponId>),
    /// All of the campaign.
    Campaign(String),
}

/// Keeps the hashes of new codes: all of them or none. One that is there already is a unique violation.
pub async fn give_out_coupons(
    pool: &Pool,
    program: ProgramId,
    campaign: &str,
    codes: &[NewCoupon],
    by: &str,
    at: Timestamp,
) -> Result<u64, StoreError> {
    let hashes: Vec<&[u8]> = codes.iter().map(|code| code.id.0.as_slice()).collect();
    let bucket = |code: &NewCoupon| code.member.map(|(bucket, _)| i32::from(bucket.number()));
    let buckets: Vec<Option<i32>> = codes.iter().map(bucket).collect();
    let accounts: Vec<Option<i64>> =
        codes.iter().map(|code| code.member.map(|(_, account)| account.0)).collect();
    let text = "INSERT INTO coupon_code (program_id, code_hash, campaign, member_bucket, member_account, made_at, made_by) \
                SELECT $1, hash, $2, bucket, account, $3, $4 \
                FROM unnest($5::bytea[], $6::int[], $7::bigint[]) u(hash, bucket, account)";
    let mut client = pool.get().await?;
    let transaction = client.transaction().await?;
    let given =
        transaction.execute(text, &[&program.0, &campaign, &at, &by, &hashes, &buckets, &accounts]).await?;
    let is = json!({ "program": program.0, "codes": given });
    audit::record(&transaction, &AuditEntry::new(by, "coupon.give_out", "campaign", campaign).to(is)).await?;
    transaction.commit().await?;
    Ok(given)
}

/// The codes of a program by campaign.
pub async fn coupon_counts(pool: &Pool, program: ProgramId) -> Result<Vec<CouponCount>, StoreError> {
    let text = "SELECT campaign, count(*), count(member_bucket), \
                count(*) FILTER (WHERE revoked_at IS NULL AND uses = 0), \
                count(*) FILTER (WHERE revoked_at IS NULL AND uses > 0), count(revoked_at), sum(uses)::bigint \
                FROM coupon_code WHERE program_id = $1 GROUP BY campaign ORDER BY campaign";
    let rows = pool.get().await?.query(text, &[&program.0]).await?;
    let count = |row: &Row| {
        Ok(CouponCount {
            campaign: row.try_get(0)?,
            codes: row.try_get(1)?,
            bound: row.try_get(2)?,
            unused: row.try_get(3)?,
            used: row.try_get(4)?,
            revoked: row.try_get(5)?,
            uses: row.try_get(6)?,
        })
    };
    rows.iter().map(count).collect()
}

/// Takes codes out of use, unless some of those asked for were never given out: then nothing is changed, and the error
/// names how many. What purchases have of them stays. Returns how many were in use until now.
pub async fn revoke_coupons(
    pool: &Pool,
    program: ProgramId,
    which: &RevokedCoupons,
    by: &str,
    at: Timestamp,
) -> Result<u64, StoreError> {
    let mut client = pool.get().await?;
    let transaction = client.transaction().await?;
    // Locked in the order in which lanes do.
    let revoked = match which {
        RevokedCoupons::Campaign(campaign) => {
            let text = "UPDATE coupon_code c SET revoked_at = $3, revoked_by = $4 FROM (SELECT code_hash FROM coupon_code \
                        WHERE program_id = $1 AND campaign = $2 AND revoked_at IS NULL \
                        ORDER BY code_hash FOR UPDATE) l WHERE c.program_id = $1 AND c.code_hash = l.code_hash";
            transaction.execute(text, &[&program.0, campaign, &at, &by]).await?
        }
        RevokedCoupons::Codes(codes) => {
            let hashes: Vec<&[u8]> = codes.iter().map(|code| code.0.as_slice()).collect();
            let text = "SELECT count(*) FROM coupon_code WHERE program_id = $1 AND code_hash = ANY($2)";
            let known: i64 = transaction.query_one(text, &[&program.0, &hashes]).await?.try_get(0)?;
            let asked = i64::try_from(codes.len()).map_err(|_| damaged("number of codes", codes.len()))?;
            if known < asked {
                let missing = asked - known;
                return Err(StoreError::NotFound {
                    what: "coupon code",
                    name: format!("{missing} of {asked}"),
                });
            }
            let text = "UPDATE coupon_code c SET revoked_at = $3, revoked_by = $4 FROM (SELECT code_hash FROM coupon_code \
                        WHERE program_id = $1 AND code_hash = ANY($2) AND revoked_at IS NULL \
                        ORDER BY code_hash FOR UPDATE) l WHERE c.program_id = $1 AND c.code_hash = l.code_hash";
            transaction.execute(text, &[&program.0, &hashes, &at, &by]).await?
        }
    };
    let campaign = match which {
        RevokedCoupons::Campaign(campaign) => campaign.as_str(),
        RevokedCoupons::Codes(_) => "",
    };
    let is = json!({ "program": program.0, "revoked": revoked });
    audit::record(&transaction, &AuditEntry::new(by, "coupon.revoke", "campaign", campaign).to(is)).await?;
    transaction.commit().await?;
    Ok(revoked)
}

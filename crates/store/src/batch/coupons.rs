//! Coupons of a batch: their rows are locked after the budgets, all in one sorted order, so that of two batches that show
//! the last use of a code at once one waits for the other.

use std::collections::{BTreeMap, BTreeSet};

use domain::{AccountId, CouponCode, CouponId, CouponKey, Disposition, Outcome, ProgramId};
use tokio_postgres::{Client, Row, types::ToSql};

use super::{BatchError, write::Statements};
use crate::{StoreError, columns::bucket_numbered, error::damaged};

/// Locks the rows of these codes; one that was never given out has none.
pub(super) async fn lock(
    client: &Client,
    sql: &Statements,
    keys: &BTreeSet<CouponKey>,
) -> Result<BTreeMap<CouponKey, CouponCode>, BatchError> {
    if keys.is_empty() {
        return Ok(BTreeMap::new());
    }
    let (programs, hashes): (Vec<i32>, Vec<&[u8]>) =
        keys.iter().map(|key| (key.program.0, key.coupon.0.as_slice())).unzip();
    let rows = client.query(&sql.lock_coupons, &[&programs, &hashes]).await?;
    Ok(rows.iter().map(code_from).collect::<Result<_, StoreError>>()?)
}

pub(crate) fn code_from(row: &Row) -> Result<(CouponKey, CouponCode), StoreError> {
    let hash: &[u8] = row.try_get(1)?;
    let hash = hash.try_into().map_err(|_| damaged("hash of a coupon", hash.len()))?;
    let key = CouponKey { program: ProgramId(row.try_get(0)?), coupon: CouponId(hash) };
    let member: (Option<i32>, Option<i64>) = (row.try_get(3)?, row.try_get(4)?);
    let member = match member {
        (Some(bucket), Some(account)) => Some((bucket_numbered(bucket)?, AccountId(account))),
        _ => None,
    };
    let code =
        CouponCode { campaign: row.try_get(2)?, member, revoked: row.try_get(5)?, uses: row.try_get(6)? };
    Ok((key, code))
}

/// The uses that the batch takes or gives back, as columns of one statement; none if there are none.
pub(super) fn used(outcomes: &[Outcome]) -> Option<Vec<Box<dyn ToSql + Sync + Send>>> {
    let mut sums: BTreeMap<CouponKey, i64> = BTreeMap::new();
    let decided = outcomes.iter().filter(|outcome| outcome.disposition == Disposition::Decided);
    for used in decided.flat_map(|outcome| &outcome.coupons) {
        let sum = sums.entry(used.key).or_default();
        *sum = sum.saturating_add(used.uses);
    }
    sums.retain(|_, uses| *uses != 0);
    (!sums.is_empty()).then(|| -> Vec<Box<dyn ToSql + Sync + Send>> {
        vec![
            Box::new(sums.keys().map(|key| key.program.0).collect::<Vec<_>>()),
            Box::new(sums.keys().map(|key| key.coupon.0.to_vec()).collect::<Vec<_>>()),
            Box::new(sums.into_values().collect::<Vec<_>>()),
        ]
    })
}

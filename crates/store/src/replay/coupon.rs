//! The stored form of the code that a message showed.

use domain::{AccountId, CouponCode};
use serde::{Deserialize, Serialize};

use crate::{StoreError, columns::bucket_numbered};

/// The stored form of [`CouponCode`], without its uses: those come from the decisions before.
#[derive(Serialize, Deserialize)]
pub(super) struct CouponRow {
    campaign: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    member: Option<(i32, i64)>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    revoked: bool,
}

impl CouponRow {
    pub(super) fn of(code: &CouponCode) -> Self {
        let member = code.member.map(|(bucket, account)| (i32::from(bucket.number()), account.0));
        Self { campaign: code.campaign.clone(), member, revoked: code.revoked }
    }

    pub(super) fn code(self) -> Result<CouponCode, StoreError> {
        let Self { campaign, member, revoked } = self;
        let bound = |(bucket, account)| Ok::<_, StoreError>((bucket_numbered(bucket)?, AccountId(account)));
        Ok(CouponCode { campaign, member: member.map(bound).transpose()?, revoked, uses: 0 })
    }
}

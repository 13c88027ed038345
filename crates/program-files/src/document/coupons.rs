//! The shape of what a file says of coupons.

use schemars::JsonSchema;
use serde::Deserialize;
use toml::Spanned;

use super::{Effective, Table, Text, words};

/// A campaign that gives out codes, which members show when they pay. A rule with `when.coupon` demands one.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Coupon {
    /// Its id, used once among coupons.
    #[schemars(with = "words::Code")]
    pub(crate) id: Text,
    /// The local dates of purchases on which its codes count.
    pub(crate) effective: Option<Table<Effective>>,
    /// To how many purchases each code gives something: 1 if it is left out.
    #[schemars(with = "Option<words::Miles>")]
    pub(crate) uses_max: Option<Spanned<u64>>,
    /// To how many purchases of one member all of its codes give something; no such bound if it is left out.
    #[schemars(with = "Option<words::Miles>")]
    pub(crate) uses_max_per_member: Option<Spanned<u64>>,
    /// What a refund or chargeback of the whole purchase does with the use: `keeps` it if it is left out, or `gives_back`.
    #[schemars(with = "Option<words::CouponRefund>")]
    pub(crate) refund: Option<Text>,
}

//! The sections that say what happens to miles after they are booked.

use schemars::JsonSchema;
use serde::Deserialize;
use toml::Spanned;

use super::{Table, Text};
use crate::words;

/// When miles may be spent, when they expire, and who bears a debt.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Miles {
    /// For so many days after a purchase its miles may not be spent: the partners' return period. 0 if left out.
    #[schemars(with = "Option<words::VestingDays>")]
    pub(crate) vesting_days: Option<Spanned<u64>>,
    /// Partners with a period of their own.
    pub(crate) vesting_by_partner: Option<Vec<Table<VestingByPartner>>>,
    /// When miles expire; never if it is left out.
    #[schemars(with = "Option<Table<Expiry>>")]
    pub(crate) expiry: Option<Spanned<Table<Expiry>>>,
    /// Miles that were spent and are then taken back. `allow`, also if left out: the balance may fall below zero;
    /// `forbid`: the funder bears them.
    #[schemars(with = "Option<words::NegativeBalance>")]
    pub(crate) negative_balance: Option<Text>,
    /// Who bears them under `forbid`: `bank`, or a partner.
    #[schemars(with = "Option<words::Code>")]
    pub(crate) negative_balance_funder: Option<Text>,
}

/// The return period of one partner.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct VestingByPartner {
    /// The partner.
    #[schemars(with = "words::Code")]
    pub(crate) partner: Text,
    /// Its days.
    #[schemars(with = "words::VestingDays")]
    pub(crate) days: Spanned<u64>,
}

/// One of three ways: by age, for want of activity, or on a day of the year.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Expiry {
    /// So many months after the purchase.
    #[schemars(with = "Option<words::Months>")]
    pub(crate) after_months: Option<Spanned<u64>>,
    /// With `after_months`: to which end the last day is put off; `day` if left out.
    #[schemars(with = "Option<words::RoundedTo>")]
    pub(crate) rounded_to: Option<Text>,
    /// So many months after the last purchase or redemption, all miles of the account.
    #[schemars(with = "Option<words::Months>")]
    pub(crate) inactivity_months: Option<Spanned<u64>>,
    /// The last day in each year, such as "12-31".
    #[schemars(with = "Option<words::MonthAndDay>")]
    pub(crate) on: Option<Text>,
    /// With `on`: so many years after the first such day at or after the purchase; 0 if left out.
    #[schemars(with = "Option<words::Years>")]
    pub(crate) years: Option<Spanned<u64>>,
}

/// What a mile pays, and how much may be paid with miles.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Redemption {
    /// The price of one mile in major units, such as "0.50".
    #[schemars(with = "words::Price")]
    pub(crate) value: Text,
    /// The fewest miles of one redemption; 1 if left out.
    #[schemars(with = "Option<words::Miles>")]
    pub(crate) miles_min: Option<Spanned<u64>>,
    /// The largest share of an amount that miles pay; all of it if left out.
    #[schemars(with = "Option<words::Percent>")]
    pub(crate) share_max: Option<Text>,
    /// For so long miles wait for a redemption to be confirmed; then they come back. 30 if left out.
    #[schemars(with = "Option<words::Minutes>")]
    pub(crate) reserve_minutes: Option<Spanned<u64>>,
    /// `own`, also if left out: a member spends from his account. `pooled`: also from all accounts of his household
    /// together, if he asks for that.
    #[schemars(with = "Option<words::Household>")]
    pub(crate) household: Option<Text>,
}

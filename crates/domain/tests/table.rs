//! Tables of messages and what they bring about, in a small language that is explained in `table/language.rs`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_possible_wrap,
    reason = "a test may stop where it fails"
)]

mod support;

#[path = "table/adjustments.rs"]
mod adjustments;
#[path = "table/between_parts.rs"]
mod between_parts;
#[path = "table/birthdays.rs"]
mod birthdays;
#[path = "table/budgets.rs"]
mod budgets;
#[path = "table/caps.rs"]
mod caps;
#[path = "table/chargebacks.rs"]
mod chargebacks;
#[path = "table/coupon_language.rs"]
mod coupon_language;
#[path = "table/coupons.rs"]
mod coupons;
#[path = "table/coupons_in_any_order.rs"]
mod coupons_in_any_order;
#[path = "table/currencies.rs"]
mod currencies;
#[path = "table/discounts.rs"]
mod discounts;
#[path = "table/eligibility.rs"]
mod eligibility;
#[path = "table/holds.rs"]
mod holds;
#[path = "table/language.rs"]
mod language;
#[path = "table/limits.rs"]
mod limits;
#[path = "table/matching.rs"]
mod matching;
#[path = "table/miles.rs"]
mod miles;
#[path = "table/miles_language.rs"]
mod miles_language;
#[path = "table/partner_ledger.rs"]
mod partner_ledger;
#[path = "table/pool_shares.rs"]
mod pool_shares;
#[path = "table/random.rs"]
mod random;
#[path = "table/reattribution.rs"]
mod reattribution;
#[path = "table/redemption.rs"]
mod redemption;
#[path = "table/redemption_in_authorization.rs"]
mod redemption_in_authorization;
#[path = "table/refunds.rs"]
mod refunds;
#[path = "table/refunds_without_original.rs"]
mod refunds_without_original;
#[path = "table/repeats.rs"]
mod repeats;
#[path = "table/rerates.rs"]
mod rerates;
#[path = "table/reversals.rs"]
mod reversals;
#[path = "table/rules.rs"]
mod rules;
#[path = "table/tiers.rs"]
mod tiers;
#[path = "table/till.rs"]
mod till;
#[path = "table/worked_day.rs"]
mod worked_day;

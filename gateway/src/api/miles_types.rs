//! What requests and answers about miles hold.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// An amount of money.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Amount {
    /// In minor units, such as kopecks.
    #[schemars(range(min = 1, max = 999_999_999_999_u64))]
    pub(crate) minor: u64,
    /// Three letters, such as `RUB`.
    pub(crate) currency: String,
}

/// Miles to pay with: they leave the balance at once, and come back unless they are confirmed in time.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MilesReservation {
    /// How many.
    #[schemars(range(min = 1, max = 1_000_000_000))]
    pub(crate) miles: u64,
    /// The amount of which they pay a part; if absent, they pay for no purchase.
    #[serde(default)]
    pub(crate) amount: Option<Amount>,
    /// From all accounts of the member's household together, the first to expire first; the program must allow it.
    #[serde(default)]
    pub(crate) pooled: bool,
    /// Who of your staff asks, if it is not the member.
    #[serde(default)]
    pub(crate) by: String,
}

/// What was reserved is spent, or given back.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RedemptionEnd {
    /// Who of your staff asks, if it is not the member.
    #[serde(default)]
    pub(crate) by: String,
}

/// Miles for another member of the same program.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MilesTransfer {
    /// How many.
    #[schemars(range(min = 1, max = 1_000_000_000))]
    pub(crate) miles: u64,
    /// The number of the member whose they become.
    pub(crate) to: String,
    /// Who of your staff asks, if it is not the member.
    #[serde(default)]
    pub(crate) by: String,
}

/// Miles that staff give or take.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MilesAdjustment {
    /// How many; less than none takes them from the lots that expire first.
    #[schemars(range(min = -1_000_000_000, max = 1_000_000_000))]
    pub(crate) miles: i64,
    /// Why, in your words; kept for ever.
    #[schemars(length(min = 1, max = 64))]
    pub(crate) reason: String,
    /// Who bears it: `bank`, or the code of a partner that the program names.
    pub(crate) funder: String,
    /// Who of your staff does it.
    #[schemars(length(min = 1, max = 64))]
    pub(crate) by: String,
}

/// What came of an adjustment.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Adjusted {
    /// Its id, which the books know it by.
    pub(crate) adjustment: String,
    /// How many miles were given, or taken if there are less than none.
    pub(crate) miles: i64,
}

/// Miles that left a member's account together.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Redemption {
    /// Its id.
    pub(crate) redemption: String,
    /// `payment` or `transfer`.
    pub(crate) kind: &'static str,
    /// Of a payment `reserved`, `confirmed`, `cancelled` or `lapsed`, which is given back because nobody confirmed; of a
    /// transfer `sent` or `arrived`. Of a pool also what is under way: `reserving`, `confirming`, `returning`, and
    /// `refused`, which was never reserved as a whole.
    pub(crate) state: String,
    /// How many miles; of a pool all of them.
    pub(crate) miles: i64,
    /// What they pay, in minor units of the currency.
    pub(crate) worth_minor: i64,
    /// The currency of the program.
    pub(crate) currency: String,
    /// When they are given back unless somebody confirms.
    pub(crate) reserved_until: Option<String>,
    /// Of a transfer, the number of the member whose they become.
    pub(crate) sent_to: Option<String>,
    /// The pool that this is a part of: it is confirmed and cancelled with that.
    pub(crate) pool: Option<String>,
    /// Of a pool, what each account gives.
    pub(crate) parts: Vec<PoolPart>,
}

/// What an account gives to a pool.
#[derive(Serialize, JsonSchema)]
pub(crate) struct PoolPart {
    /// The member's number; empty if the account has none.
    pub(crate) member_number: String,
    /// How many miles.
    pub(crate) miles: i64,
}

/// What a member has in miles.
#[derive(Serialize, JsonSchema)]
pub(crate) struct MilesBalance {
    /// What is booked.
    pub(crate) posted: i64,
    /// What authorizations promise.
    pub(crate) pending: i64,
    /// What may be spent today: nothing if the account is blocked or closed.
    pub(crate) spendable: i64,
    /// What is booked and may not be spent yet.
    pub(crate) vesting: i64,
    /// What is kept for payments that are not confirmed.
    pub(crate) reserved: i64,
    /// What was spent and then taken back; the next miles make it good.
    pub(crate) owed: i64,
}

/// Lots of a member, the first to expire first.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Lots {
    /// The lots of this page.
    pub(crate) lots: Vec<Lot>,
    /// What to send as `after` for the next page; absent on the last one.
    pub(crate) next: Option<String>,
}

/// The miles of one purchase, or of what gave miles without one.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Lot {
    /// Its id.
    pub(crate) lot: String,
    /// The day of the purchase.
    pub(crate) granted_on: String,
    /// The first day on which they may be spent; absent: at once.
    pub(crate) vests_on: Option<String>,
    /// The first day without them; absent: they do not expire.
    pub(crate) expires_on: Option<String>,
    /// What is open; less than none is owed.
    pub(crate) miles: i64,
}

/// Redemptions of a member, the newest first.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Redemptions {
    /// The redemptions of this page.
    pub(crate) redemptions: Vec<Redemption>,
    /// What to send as `after` for the next page; absent on the last one.
    pub(crate) next: Option<String>,
}

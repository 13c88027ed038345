//! What partners are told: the catalogue of events, their payloads, and who is told what.
//!
//! ```text
//! outbox row --tell()--> Told (partner, topic, data) --numbered by the store--> Event --body()--> webhook, pull
//! ```
//!
//! An event never holds card data. The co-brand partner is told of members by the number that it gave them, or by a name
//! that only means something to it; a merchant partner is told of purchases and its own shares, and of no member.

mod catalogue;
mod tell;

pub use catalogue::{TOPICS, Topic, Whom, markdown, schemas, topic};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
pub use tell::{Happened, Told, tell};

/// The version of all payloads. Fields are added under the same number; one that goes or changes its meaning makes the
/// next.
pub const EVENT_VERSION: u32 = 1;

/// An event as it is delivered: the body of a webhook, and an entry of `GET /v1/events`.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Event<T> {
    /// Always the same for this event, however often it comes: also the `webhook-id`. Keep what you have seen.
    pub id: String,
    /// What happened.
    #[serde(rename = "type")]
    pub topic: String,
    /// The version of the payload.
    pub version: u32,
    /// The place among your events, from 1, without gaps.
    pub number: i64,
    /// `TEST` or `LIVE`: test events are never to be booked.
    pub environment: String,
    /// When it happened, UTC.
    pub at: String,
    /// The program's code.
    pub program: String,
    /// Whom or what it is about: a member by your number for him, else by a name of ours that never changes; a purchase;
    /// a file.
    pub subject: String,
    /// The place among the events of this account, where you are told of accounts. Some places are other partners'.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order: Option<i64>,
    /// What its type describes.
    pub data: T,
}

/// The id of a partner's event.
pub fn event_id(partner: &str, number: i64) -> String {
    format!("{partner}-{number:012}")
}

/// The bytes of an event; the same whenever they are made. What stands in `data` is what the store has kept.
pub fn body(event: &Event<Value>) -> Vec<u8> {
    // Strings, numbers and JSON always have a JSON form.
    serde_json::to_vec(event).unwrap_or_default()
}

/// A payload as the text that the store keeps.
pub fn text(payload: &impl Serialize) -> String {
    serde_json::to_string(payload).unwrap_or_default()
}

/// What the store has kept of an event's data.
pub fn data(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_default()
}

/// `purchase.accrued`, `purchase.reversed`: miles that a purchase moved.
#[derive(Debug, Serialize, JsonSchema)]
pub struct PurchaseMiles {
    /// The purchase: the same text as in the lines of settlement files.
    pub purchase: String,
    /// The message of the bank that moved them.
    pub message: String,
    /// The local date of the purchase.
    pub date: String,
    /// Base miles; less than nothing are taken back.
    pub base_miles: i64,
    /// Bonus miles, likewise.
    pub bonus_miles: i64,
    /// Miles of the purchase that may still come.
    pub pending_miles: i64,
}

/// `miles.reserved`, `miles.redeemed`, `miles.returned`: what a member spends.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RedeemedMiles {
    /// The redemption; its events have the same.
    pub redemption: String,
    /// The local date.
    pub date: String,
    /// How many miles.
    pub miles: i64,
}

/// `miles.changed`: what happened to miles beside purchases and redemptions.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ChangedMiles {
    /// `adjusted`, `expired`, `sent` or `arrived`.
    pub reason: String,
    /// The local date.
    pub date: String,
    /// How many; less than nothing left the member.
    pub miles: i64,
}

/// `member.enrolled`.
#[derive(Debug, Serialize, JsonSchema)]
pub struct MemberEnrolled {
    /// The first day on which purchases count.
    pub date: String,
    /// Your number for the member, if it is known already.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub member_number: Option<String>,
}

/// `member.tier_changed`.
#[derive(Debug, Serialize, JsonSchema)]
pub struct TierChanged {
    /// The tier from now on; `none`: none.
    pub tier: String,
    /// The tier before.
    pub tier_before: String,
    /// The day of its next review; empty: none.
    pub until: String,
}

/// `discount.given`, `discount.taken_back`: your share of a discount.
#[derive(Debug, Serialize, JsonSchema)]
pub struct DiscountShare {
    /// The purchase: the same text as in the lines of settlement files.
    pub purchase: String,
    /// Its local date.
    pub date: String,
    /// Your share in minor units of `currency`, never less than nothing.
    pub share_minor: u64,
    /// ISO 4217, three letters.
    pub currency: String,
    /// Whether the purchase was made at one of your merchants.
    pub at_your_merchant: bool,
}

/// `bonus.given`, `bonus.taken_back`: bonus miles that you pay for.
#[derive(Debug, Serialize, JsonSchema)]
pub struct BonusShare {
    /// The purchase: the same text as in the lines of settlement files.
    pub purchase: String,
    /// Its local date.
    pub date: String,
    /// How many, never less than nothing.
    pub miles: u64,
}

/// `settlement.published`: a settlement file for you is there.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SettlementPublished {
    /// Its name, by which `GET /v1/files/{file}` gives it.
    pub file: String,
    /// The business date.
    pub business_date: String,
    /// Its place among your files, from 1, without gaps.
    pub sequence: i32,
    /// 0 for the first edition.
    pub revision: i32,
    /// SHA-256 of its bytes, hexadecimal.
    pub sha256: String,
    /// How many records it has.
    pub records: i32,
}

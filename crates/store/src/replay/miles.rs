//! The stored form of events about miles.

use domain::{AccountId, Bucket, Funder, MilesEvent};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::key_of;
use crate::{StoreError, error::damaged};

/// The stored form of [`MilesEvent`].
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum MilesRow {
    Expiry { purchase: String },
    Reserve { miles: u64 },
    Confirm { redemption: String },
    Cancel { redemption: String },
    Lapse { redemption: String },
    Adjust { miles: i64, funder: String },
    Send { miles: u64, to_bucket: u16, to: i64 },
    Arrive { miles: u64, granted_on: String, vests_on: Option<String>, expire_on: Option<String> },
    Unanswered { redemption: String },
    ReserveShare { pool: String, miles: u64, worth_minor: u64 },
    Refused { purchase: String, miles: i64 },
}

impl MilesRow {
    pub(super) fn of(event: MilesEvent) -> Self {
        match event {
            MilesEvent::Expiry { purchase } => Self::Expiry { purchase: purchase.to_string() },
            MilesEvent::Reserve { miles } => Self::Reserve { miles },
            MilesEvent::Confirm { redemption } => Self::Confirm { redemption: redemption.to_string() },
            MilesEvent::Cancel { redemption } => Self::Cancel { redemption: redemption.to_string() },
            MilesEvent::Lapse { redemption } => Self::Lapse { redemption: redemption.to_string() },
            MilesEvent::Unanswered { redemption } => Self::Unanswered { redemption: redemption.to_string() },
            MilesEvent::Adjust { miles, funder } => Self::Adjust { miles, funder: funder.to_string() },
            MilesEvent::Send { miles, to_bucket, to } => {
                Self::Send { miles, to_bucket: to_bucket.number(), to: to.0 }
            }
            MilesEvent::Arrive { miles, granted_on, vests_on, expire_on } => Self::Arrive {
                miles,
                granted_on: granted_on.to_string(),
                vests_on: vests_on.map(|day| day.to_string()),
                expire_on: expire_on.map(|day| day.to_string()),
            },
            MilesEvent::ReserveShare { pool, miles, worth_minor } => {
                Self::ReserveShare { pool: pool.to_string(), miles, worth_minor }
            }
            MilesEvent::Refused { purchase, miles } => {
                Self::Refused { purchase: purchase.to_string(), miles }
            }
        }
    }

    pub(super) fn event(self) -> Result<MilesEvent, StoreError> {
        Ok(match self {
            Self::Expiry { purchase } => MilesEvent::Expiry { purchase: key_of(&purchase)? },
            Self::Reserve { miles } => MilesEvent::Reserve { miles },
            Self::Confirm { redemption } => MilesEvent::Confirm { redemption: key_of(&redemption)? },
            Self::Cancel { redemption } => MilesEvent::Cancel { redemption: key_of(&redemption)? },
            Self::Lapse { redemption } => MilesEvent::Lapse { redemption: key_of(&redemption)? },
            Self::Unanswered { redemption } => MilesEvent::Unanswered { redemption: key_of(&redemption)? },
            Self::Adjust { miles, funder } => {
                let read = Funder::parse(&funder);
                MilesEvent::Adjust {
                    miles,
                    funder: read.ok_or_else(|| damaged("funder of an event", funder))?,
                }
            }
            Self::Send { miles, to_bucket, to } => MilesEvent::Send {
                miles,
                to_bucket: Bucket::new(to_bucket).ok_or_else(|| damaged("bucket of an event", to_bucket))?,
                to: AccountId(to),
            },
            Self::Arrive { miles, granted_on, vests_on, expire_on } => MilesEvent::Arrive {
                miles,
                granted_on: day(&granted_on)?,
                vests_on: vests_on.as_deref().map(day).transpose()?,
                expire_on: expire_on.as_deref().map(day).transpose()?,
            },
            Self::ReserveShare { pool, miles, worth_minor } => {
                MilesEvent::ReserveShare { pool: key_of(&pool)?, miles, worth_minor }
            }
            Self::Refused { purchase, miles } => MilesEvent::Refused { purchase: key_of(&purchase)?, miles },
        })
    }
}

fn day(text: &str) -> Result<Date, StoreError> {
    text.parse().map_err(|_| damaged("day of an event", text))
}

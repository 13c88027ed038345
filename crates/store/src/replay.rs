//! What is stored of a decision, so that it can be made again; see [`domain::replay`].
//!
//! A message's row holds the whole event: what has no column of its own stands in `event`, as JSON. **A new
//! [`EventKind`]** can be replayed if
//!
//! - it has its row in [`KindRow`], written and read by one `match` each (the compiler asks for both), and its line in
//!   the test of this file;
//! - what its decision reads of the books is in the [`WorkingSet`](domain::WorkingSet) and comes there by
//!   `WorkingSet::apply`: a replay has no tables;
//! - what its decision reads of the world (rules, agreements, tables of rates) is kept with the message and set again in
//!   [`domain::replay`], as how the bank cleared is;
//! - it is decided by a lane, which numbers it with its batch.
//!
//! A new field of [`Event`] or [`References`] does not compile until [`event_text`] names it.

mod coupon;
mod miles;
mod recording;

use coupon::CouponRow;
use domain::{
    Asked, Birthday, ClearingSource, CouponCode, CouponId, Currency, Event, EventKind, MatchParts, Merchant,
    MessageKey, OriginalRef, PartnerId, PinnedRate, References, RefundDecisionId, RulesHash, RunId,
    TransactionKind,
};
use jiff::civil::Date;
use miles::MilesRow;
pub use recording::{Recording, Replayable, replayable};
use serde::{Deserialize, Serialize};

use crate::{MessageRecord, StoreError, error::damaged, rows};

/// The stored form of what an event is; old forms stay readable.
#[derive(Serialize, Deserialize)]
struct EventRow {
    kind: KindRow,
    transaction: TransactionRow,
    /// DE6 and DE51.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    billing: Option<(u64, u16)>,
    /// How a DE90 would name the message, if that does not follow from its columns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    own: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    names: Option<String>,
    /// If it is not what the column says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    arn: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    life_cycle: Option<String>,
    /// Its record of a clearing file, as `match_ref` has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    record: Option<String>,
    /// How the bank cleared then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    clears_by: Option<SourceRow>,
    /// The rate by which it was converted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    rate: Option<String>,
    /// Whether the card or its account was blocked then.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    blocked: bool,
    /// The last day of an account that was closed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    closed_on: Option<String>,
    /// Miles to pay with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    miles_asked: Option<u64>,
    /// The coupon that was shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    coupon: Option<String>,
    /// What the code was found to be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    coupon_found: Option<CouponRow>,
    /// The member's birthday, if a version of the program asked for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    birthday: Option<String>,
}

/// The stored form of [`EventKind`].
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum KindRow {
    Authorization {
        preauthorization: bool,
    },
    AuthorizationAdvice {
        approved: bool,
    },
    Clearing {
        source: SourceRow,
        approved: bool,
    },
    Reversal {
        remaining_minor: u64,
    },
    Chargeback {},
    SecondPresentment {},
    HoldExpiry {
        purchase: String,
    },
    TierReview {},
    Rerate {
        purchase: String,
        rules: String,
        run: i64,
    },
    Reattribute {
        purchase: String,
        partner: Option<i32>,
        run: i64,
    },
    Miles(MilesRow),
    MatchRefund {
        refund: String,
        purchase: Option<String>,
        parts: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        decision: Option<i64>,
    },
}

impl KindRow {
    fn of(kind: EventKind) -> Self {
        match kind {
            EventKind::Authorization { preauthorization } => Self::Authorization { preauthorization },
            EventKind::AuthorizationAdvice { approved } => Self::AuthorizationAdvice { approved },
            EventKind::Clearing { source, approved } => {
                Self::Clearing { source: SourceRow::of(source), approved }
            }
            EventKind::Reversal { remaining_minor } => Self::Reversal { remaining_minor },
            EventKind::Chargeback => Self::Chargeback {},
            EventKind::SecondPresentment => Self::SecondPresentment {},
            EventKind::HoldExpiry { purchase } => Self::HoldExpiry { purchase: purchase.to_string() },
            EventKind::TierReview => Self::TierReview {},
            EventKind::Miles(event) => Self::Miles(MilesRow::of(event)),
            EventKind::MatchRefund { refund, purchase, parts, decision } => Self::MatchRefund {
                refund: refund.to_string(),
                purchase: purchase.map(|key| key.to_string()),
                parts: parts.to_text(),
                decision: decision.map(|id| id.0),
            },
            EventKind::Rerate { purchase, rules, run } => {
                Self::Rerate { purchase: purchase.to_string(), rules: hex::encode(rules.0), run: run.0 }
            }
            EventKind::Reattribute { purchase, partner, run } => Self::Reattribute {
                purchase: purchase.to_string(),
                partner: partner.map(|partner| partner.0),
                run: run.0,
            },
        }
    }

    fn kind(self) -> Result<EventKind, StoreError> {
        Ok(match self {
            Self::Authorization { preauthorization } => EventKind::Authorization { preauthorization },
            Self::AuthorizationAdvice { approved } => EventKind::AuthorizationAdvice { approved },
            Self::Clearing { source, approved } => EventKind::Clearing { source: source.source(), approved },
            Self::Reversal { remaining_minor } => EventKind::Reversal { remaining_minor },
            Self::Chargeback {} => EventKind::Chargeback,
            Self::SecondPresentment {} => EventKind::SecondPresentment,
            Self::HoldExpiry { purchase } => EventKind::HoldExpiry { purchase: key_of(&purchase)? },
            Self::TierReview {} => EventKind::TierReview,
            Self::Miles(row) => EventKind::Miles(row.event()?),
            Self::MatchRefund { refund, purchase, parts, decision } => EventKind::MatchRefund {
                refund: key_of(&refund)?,
                purchase: purchase.map(|key| key_of(&key)).transpose()?,
                parts: MatchParts::parse(&parts).ok_or_else(|| damaged("parts of a match", &parts))?,
                decision: decision.map(RefundDecisionId),
            },
            Self::Rerate { purchase, rules, run } => {
                EventKind::Rerate { purchase: key_of(&purchase)?, rules: rules_of(&rules)?, run: RunId(run) }
            }
            Self::Reattribute { purchase, partner, run } => EventKind::Reattribute {
                purchase: key_of(&purchase)?,
                partner: partner.map(PartnerId),
                run: RunId(run),
            },
        })
    }
}

/// Reads how a key shows itself.
fn key_of(text: &str) -> Result<MessageKey, StoreError> {
    MessageKey::parse(text).ok_or_else(|| damaged("message key of an event", text))
}

fn rules_of(text: &str) -> Result<RulesHash, StoreError> {
    hash_of("rules hash of an event", text).map(RulesHash)
}

fn coupon_of(text: &str) -> Result<CouponId, StoreError> {
    hash_of("coupon of an event", text).map(CouponId)
}

fn hash_of(what: &'static str, text: &str) -> Result<[u8; 32], StoreError> {
    let mut hash = [0; 32];
    hex::decode_to_slice(text, &mut hash).map_err(|_| damaged(what, text))?;
    Ok(hash)
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum SourceRow {
    Advice,
    File,
    SingleMessage,
}

impl SourceRow {
    fn of(source: ClearingSource) -> Self {
        match source {
            ClearingSource::Advice => Self::Advice,
            ClearingSource::File => Self::File,
            ClearingSource::SingleMessage => Self::SingleMessage,
        }
    }

    fn source(self) -> ClearingSource {
        match self {
            Self::Advice => ClearingSource::Advice,
            Self::File => ClearingSource::File,
            Self::SingleMessage => ClearingSource::SingleMessage,
        }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum TransactionRow {
    Purchase,
    Cash,
    Refund,
    Other,
}

impl TransactionRow {
    fn of(kind: TransactionKind) -> Self {
        match kind {
            TransactionKind::Purchase => Self::Purchase,
            TransactionKind::Cash => Self::Cash,
            TransactionKind::Refund => Self::Refund,
            TransactionKind::Other => Self::Other,
        }
    }

    fn kind(self) -> TransactionKind {
        match self {
            Self::Purchase => TransactionKind::Purchase,
            Self::Cash => TransactionKind::Cash,
            Self::Refund => TransactionKind::Refund,
            Self::Other => TransactionKind::Other,
        }
    }
}

/// What is kept of the event beside the columns of its message, and how its bank clears.
pub(crate) fn event_text(record: &MessageRecord, world: &World) -> String {
    // Everything is named: what is left out has a column of its own.
    let Event {
        key: _,
        bank: _,
        bucket: _,
        member: _,
        // Of the card only matters whether it was blocked.
        card: _,
        kind,
        transaction,
        amount_minor: _,
        currency: _,
        billing,
        merchant: Merchant { acquirer, card_acceptor: _, terminal: _, mcc: _, name_and_place: _ },
        local: _,
        references: References { own, names, retrieval: _, record: file_record, arn, life_cycle },
        content: _,
        received_at: _,
        asked,
    } = &record.event;
    let usual = OriginalRef::new(&record.mti, &record.stan, &record.transmitted, acquirer);
    let row = EventRow {
        kind: KindRow::of(*kind),
        transaction: TransactionRow::of(*transaction),
        billing: billing.map(|(minor, currency)| (minor, currency.0)),
        own: (*own != usual).then(|| own.0.clone()),
        names: names.as_ref().map(|names| names.0.clone()),
        arn: (arn.as_deref().unwrap_or_default() != record.arn).then(|| arn.clone().unwrap_or_default()),
        life_cycle: life_cycle.clone(),
        record: file_record.as_ref().map(|record| rows::file_record_text(Some(record))),
        clears_by: world.clears_by.map(SourceRow::of),
        rate: world.rate.as_ref().map(PinnedRate::to_text),
        blocked: world.blocked,
        closed_on: world.closed_on.map(|day| day.to_string()),
        miles_asked: asked.miles,
        coupon: asked.coupon.map(|coupon| hex::encode(coupon.0)),
        coupon_found: world.coupon.as_ref().map(CouponRow::of),
        birthday: world.birthday.map(|day| day.to_string()),
    };
    // A struct of strings and numbers always has a JSON form.
    serde_json::to_string(&row).unwrap_or_default()
}

/// The columns of a message beside its `event`.
struct Columns {
    /// With everything that has a column of its own; the rest is overwritten.
    event: Event,
    mti: String,
    stan: String,
    transmitted: String,
}

/// What a decision looked at in the world, beside the rules.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct World {
    /// How the bank cleared; `None` if nothing was agreed.
    pub(crate) clears_by: Option<ClearingSource>,
    /// The rate by which it was converted, if it was.
    pub(crate) rate: Option<PinnedRate>,
    /// Whether the card or its account was blocked.
    pub(crate) blocked: bool,
    /// The last day of an account that was closed.
    pub(crate) closed_on: Option<Date>,
    /// The code that was shown, as it was given out.
    pub(crate) coupon: Option<CouponCode>,
    /// The member's birthday, if a version of the program asked for it.
    pub(crate) birthday: Option<Birthday>,
}

/// The event of a stored message, and the world then.
fn event_of(text: &str, columns: Columns) -> Result<(Event, World), StoreError> {
    let row: EventRow = serde_json::from_str(text).map_err(|error| damaged("event", error))?;
    let Columns { mut event, mti, stan, transmitted } = columns;
    event.kind = row.kind.kind()?;
    event.transaction = row.transaction.kind();
    event.billing = row.billing.map(|(minor, currency)| (minor, Currency(currency)));
    let references = &mut event.references;
    references.own = match row.own {
        Some(own) => OriginalRef(own),
        None => OriginalRef::new(&mti, &stan, &transmitted, &event.merchant.acquirer),
    };
    references.names = row.names.map(OriginalRef);
    if let Some(arn) = row.arn {
        references.arn = Some(arn).filter(|arn| !arn.is_empty());
    }
    references.life_cycle = row.life_cycle;
    references.record = rows::file_record(row.record.as_deref().unwrap_or_default())?;
    event.asked = Asked { miles: row.miles_asked, coupon: row.coupon.as_deref().map(coupon_of).transpose()? };
    let rate = row.rate.map(|text| PinnedRate::parse(&text).ok_or_else(|| damaged("rate of an event", text)));
    let day = |text: String| text.parse().map_err(|_| damaged("day of an event", text));
    let birthday =
        row.birthday.map(|text| Birthday::parse(&text).ok_or_else(|| damaged("birthday of an event", text)));
    let world = World {
        birthday: birthday.transpose()?,
        clears_by: row.clears_by.map(SourceRow::source),
        rate: rate.transpose()?,
        blocked: row.blocked,
        closed_on: row.closed_on.map(day).transpose()?,
        coupon: row.coupon_found.map(CouponRow::code).transpose()?,
    };
    Ok((event, world))
}

/// What an event is, which message it names, and how its bank cleared then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventTold {
    /// What the message asked for.
    pub kind: EventKind,
    /// The message that it names.
    pub names: Option<OriginalRef>,
    /// How the bank cleared when it was decided.
    pub clears_by: Option<ClearingSource>,
}

/// Reads `message.event`; `None` of messages that were stored before it was kept.
pub(crate) fn event_told(text: &str) -> Result<Option<EventTold>, StoreError> {
    if text.is_empty() {
        return Ok(None);
    }
    let row: EventRow = serde_json::from_str(text).map_err(|error| damaged("event", error))?;
    Ok(Some(EventTold {
        kind: row.kind.kind()?,
        names: row.names.map(OriginalRef),
        clears_by: row.clears_by.map(SourceRow::source),
    }))
}

#[cfg(test)]
mod tests;

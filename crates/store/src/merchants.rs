//! What is stored of merchants: what their purchases came to, and when they were last seen.

use domain::{BUCKETS, Currency, Merchant, MessageKey, PartnerId};
use jiff::{Timestamp, civil::Date};
use tokio_postgres::Row;

use crate::{Pool, StoreError};

/// Of [`merchant_purchases`], by the keys of purchases.
pub const MERCHANT_PURCHASES: &str = "SELECT m.acquirer, m.card_acceptor, m.terminal, m.mcc, p.purchase_date, p.partner_id, p.currency, \
    count(*), sum(greatest(0, p.cleared_minor - p.refunded_minor - greatest(0, p.charged_back_minor)))::bigint \
    FROM purchase p JOIN message m ON m.bucket = p.bucket AND m.message_key = p.purchase_key \
    WHERE p.bucket = ANY($1) AND p.purchase_key >= $2 AND p.is_purchase \
    GROUP BY 1, 2, 3, 4, 5, 6, 7 ORDER BY 1, 2, 3, 4, 5, 6, 7";

/// Of [`merchants_seen`], by the keys of messages.
pub const MERCHANTS_SEEN: &str = "SELECT acquirer, card_acceptor, terminal, mcc, max(received_at), count(*) FROM message \
    WHERE bucket = ANY($1) AND message_key >= $2 AND source NOT IN ('staff', 'scheduler') GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4";

/// The purchases of one day at one merchant, as their first messages name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MerchantPurchases {
    /// The merchant; DE43 is not stored.
    pub merchant: Merchant,
    /// The local date.
    pub date: Date,
    /// Whose merchant it was when they were decided.
    pub partner: Option<PartnerId>,
    /// Of the turnover.
    pub currency: Currency,
    /// How many.
    pub purchases: i64,
    /// Cleared less refunded and charged back, in minor units.
    pub turnover_minor: i64,
}

/// Buckets are named, so that each is read by its own part of an index.
fn buckets() -> Vec<i32> {
    (0..i32::from(BUCKETS)).collect()
}

/// The first key of what was sent at this instant or later: keys begin with the time of sending.
fn first_key(since: Timestamp) -> MessageKey {
    MessageKey::new(u64::try_from(since.as_second()).unwrap_or(0), [0; 16])
}

fn merchant(row: &Row) -> Result<Merchant, StoreError> {
    let mcc: String = row.try_get(3)?;
    Ok(Merchant {
        acquirer: row.try_get(0)?,
        card_acceptor: row.try_get(1)?,
        terminal: row.try_get(2)?,
        mcc: mcc.parse().ok(),
        ..Merchant::default()
    })
}

/// Purchases that were first told of since an instant, by merchant and day.
pub async fn merchant_purchases(pool: &Pool, since: Timestamp) -> Result<Vec<MerchantPurchases>, StoreError> {
    let (buckets, first) = (buckets(), first_key(since));
    let rows = pool.get().await?.query(MERCHANT_PURCHASES, &[&buckets, &first.as_bytes().as_slice()]).await?;
    let purchases = |row: &Row| {
        let currency: i32 = row.try_get(6)?;
        Ok(MerchantPurchases {
            merchant: merchant(row)?,
            date: row.try_get(4)?,
            partner: row.try_get::<_, Option<i32>>(5)?.map(PartnerId),
            currency: Currency(u16::try_from(currency).unwrap_or(0)),
            purchases: row.try_get(7)?,
            turnover_minor: row.try_get(8)?,
        })
    };
    rows.iter().map(purchases).collect()
}

/// When a merchant was last seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MerchantSeen {
    /// The merchant; DE43 is not stored.
    pub merchant: Merchant,
    /// When its last message reached us.
    pub last: Timestamp,
    /// How many messages.
    pub messages: i64,
}

/// The merchants of all messages that were sent since an instant. It reads those messages and no older ones.
pub async fn merchants_seen(pool: &Pool, since: Timestamp) -> Result<Vec<MerchantSeen>, StoreError> {
    let (buckets, first) = (buckets(), first_key(since));
    let rows = pool.get().await?.query(MERCHANTS_SEEN, &[&buckets, &first.as_bytes().as_slice()]).await?;
    let seen = |row: &Row| {
        Ok(MerchantSeen { merchant: merchant(row)?, last: row.try_get(4)?, messages: row.try_get(5)? })
    };
    rows.iter().map(seen).collect()
}

//! The movements that a cycle settles, as a stream: however many there are, one is in memory.

use std::pin::pin;

use domain::{CycleId, MessageKey};
use futures_util::TryStreamExt;
use jiff::civil::Date;
use tokio_postgres::binary_copy::{BinaryCopyOutRow, BinaryCopyOutStream};
use tokio_postgres::types::Type;

use crate::{Pool, StoreError, error::damaged, rows::MEMBER_SIDE};

/// A cycle of tens of millions of movements is sorted and sent in less.
const STATEMENT_MAX: &str = "1h";

/// A posted movement of a cycle with the references by which bank or partner may look for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Movement<'a> {
    /// The message that caused it.
    pub message: MessageKey,
    /// The purchase.
    pub purchase: MessageKey,
    /// The bucket, needed to open the message.
    pub bucket: i32,
    /// What moved, as [`domain::Item`] writes it.
    pub item: &'a str,
    /// How much, positive if the member received.
    pub amount: i64,
    /// The message type.
    pub mti: &'a str,
    /// DE11.
    pub stan: &'a str,
    /// DE7.
    pub transmitted: &'a str,
    /// DE37.
    pub retrieval: &'a str,
    /// DE38.
    pub approval: &'a str,
    /// The acquirer reference number.
    pub arn: &'a str,
    /// The network's own name of the transaction.
    pub network_id: &'a str,
    /// DE32.
    pub acquirer: &'a str,
    /// DE42.
    pub card_acceptor: &'a str,
    /// DE41.
    pub terminal: &'a str,
    /// The signed amount with which the message counted.
    pub counted_minor: i64,
    /// The local date.
    pub local_date: Date,
    /// The member's number at the co-brand partner.
    pub member_number: &'a str,
    /// The version of the rules, shortened for people.
    pub rules: &'a str,
}

const COLUMNS: [Type; 19] = [
    Type::BYTEA,
    Type::BYTEA,
    Type::INT4,
    Type::TEXT,
    Type::INT8,
    Type::TEXT,
    Type::TEXT,
    Type::TEXT,
    Type::TEXT,
    Type::TEXT,
    Type::TEXT,
    Type::TEXT,
    Type::TEXT,
    Type::TEXT,
    Type::TEXT,
    Type::INT8,
    Type::DATE,
    Type::TEXT,
    Type::TEXT,
];

/// The query behind [`each_movement`], in the order of the lines of a file: message, purchase, bucket. Units towards tiers
/// are paid by nobody; they are not among them.
pub fn movements_query(cycle: CycleId) -> String {
    // COPY takes no parameters; the cycle is a number.
    format!(
        "SELECT t.message_key, t.purchase_key, t.bucket, t.item, \
         CASE WHEN t.credit_kind = {MEMBER_SIDE} THEN t.amount ELSE -t.amount END, m.mti, m.stan, m.transmitted, \
         m.retrieval, m.approval, m.arn, CASE WHEN strpos(m.event, '\"life_cycle\":\"') > 0 \
         THEN m.event::json ->> 'life_cycle' ELSE '' END, m.acquirer, m.card_acceptor, m.terminal, m.counted_minor, \
         m.local_time::date, a.member_number, encode(substr(t.rules_hash, 1, 4), 'hex') \
         FROM transfer t JOIN message m ON m.bucket = t.bucket AND m.message_key = t.message_key \
         JOIN member_account a ON a.bucket = t.bucket AND a.account_id = t.account_id \
         WHERE t.cycle_id = {} AND t.phase = 1 AND t.unit_kind <> 4 \
         ORDER BY t.message_key, t.purchase_key, t.bucket, t.leg",
        cycle.0
    )
}

/// Gives every movement of a cut cycle to `take`, which may block: call it from a thread that may be blocked.
///
/// # Errors
/// What `take` returns ends it.
pub async fn each_movement<E: From<StoreError>>(
    pool: &Pool,
    cycle: CycleId,
    mut take: impl FnMut(Movement<'_>) -> Result<(), E>,
) -> Result<(), E> {
    let mut client = pool.get().await.map_err(StoreError::from)?;
    let transaction = client.build_transaction().read_only(true).start().await.map_err(StoreError::from)?;
    let patient = format!("SET LOCAL statement_timeout = '{STATEMENT_MAX}'");
    transaction.execute(patient.as_str(), &[]).await.map_err(StoreError::from)?;
    let copy = format!("COPY ({}) TO STDOUT (FORMAT binary)", movements_query(cycle));
    let stream = transaction.copy_out(copy.as_str()).await.map_err(StoreError::from)?;
    {
        let mut rows = pin!(BinaryCopyOutStream::new(stream, &COLUMNS));
        while let Some(row) = rows.try_next().await.map_err(StoreError::from)? {
            take(movement(&row)?)?;
        }
    }
    Ok(transaction.commit().await.map_err(StoreError::from)?)
}

fn movement(row: &BinaryCopyOutRow) -> Result<Movement<'_>, StoreError> {
    let key = |column| {
        let bytes: &[u8] = row.try_get(column)?;
        MessageKey::from_bytes(bytes).ok_or_else(|| damaged("message key", bytes.len()))
    };
    Ok(Movement {
        message: key(0)?,
        purchase: key(1)?,
        bucket: row.try_get(2)?,
        item: row.try_get(3)?,
        amount: row.try_get(4)?,
        mti: row.try_get(5)?,
        stan: row.try_get(6)?,
        transmitted: row.try_get(7)?,
        retrieval: row.try_get(8)?,
        approval: row.try_get(9)?,
        arn: row.try_get(10)?,
        network_id: row.try_get(11)?,
        acquirer: row.try_get(12)?,
        card_acceptor: row.try_get(13)?,
        terminal: row.try_get(14)?,
        counted_minor: row.try_get(15)?,
        local_date: row.try_get(16)?,
        member_number: row.try_get(17)?,
        rules: row.try_get(18)?,
    })
}

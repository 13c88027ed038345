//! From a message to everything behind it: the cycles that settle it, the files in which those stand, how far the files
//! have come, what went to a partner that keeps the miles, and the clearing file that brought it.

use std::collections::{BTreeMap, BTreeSet};

use domain::{CycleId, MessageKey, PartnerId, ProgramId};
use jiff::{Timestamp, civil::Date};
use tokio_postgres::Row;

use crate::{NUMBER_IN_DATE, Pool, StoreError, columns};

/// A cycle in which a message has posted something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TracedCycle {
    /// The cycle.
    pub cycle: CycleId,
    /// Its program.
    pub program: ProgramId,
    /// Its place among the program's cycles.
    pub sequence: i32,
    /// Its business date.
    pub business_date: Date,
    /// Its place in the date, from 1, if that has several.
    pub number: Option<i64>,
    /// The stored word of its state.
    pub state: String,
}

/// The cycles in which a message has posted something, in their order.
pub async fn cycles_of_message(
    pool: &Pool,
    bucket: i32,
    key: MessageKey,
) -> Result<Vec<TracedCycle>, StoreError> {
    let text = format!(
        "SELECT c.cycle_id, c.program_id, c.sequence, c.business_date, c.state, {NUMBER_IN_DATE} FROM settlement_cycle c \
         WHERE c.cycle_id IN (SELECT t.cycle_id FROM transfer t \
         WHERE t.bucket = $1 AND t.message_key = $2 AND t.phase = 1) ORDER BY c.program_id, c.sequence"
    );
    let rows = pool.get().await?.query(text.as_str(), &[&bucket, &key.as_bytes().as_slice()]).await?;
    let cycle = |row: &Row| {
        Ok(TracedCycle {
            cycle: CycleId(row.try_get(0)?),
            program: ProgramId(row.try_get(1)?),
            sequence: row.try_get(2)?,
            business_date: row.try_get(3)?,
            state: row.try_get(4)?,
            number: row.try_get(5)?,
        })
    };
    rows.iter().map(cycle).collect()
}

/// A published file in which a batch stands, and how far it has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TracedFile {
    /// Who receives it.
    pub receiver: String,
    /// The cycle that it is of.
    pub cycle: CycleId,
    /// The business date of that cycle.
    pub business_date: Date,
    /// The place of that cycle in the date, from 1, if that has several.
    pub number: Option<i64>,
    /// Its place among the receiver's files.
    pub sequence: i32,
    /// 0 for the first edition.
    pub revision: i32,
    /// Its name.
    pub file_name: String,
    /// SHA-256 of its bytes.
    pub sha256: [u8; 32],
    /// How far its outputs have come, way by way.
    pub ways: Vec<TracedWay>,
    /// What its last answer came to, and when it came.
    pub answer: Option<(String, Timestamp)>,
}

/// An output of a file on a way to its receiver.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TracedWay {
    /// The way.
    pub endpoint: String,
    /// The output: `canonical` or a format.
    pub output: String,
    /// The stored word of its state.
    pub state: String,
    /// When it arrived.
    pub delivered_at: Option<Timestamp>,
}

/// The newest published edition of the receiver's file that holds the batches of a cycle: its own, or, where the receiver
/// takes no files on that day, its next. `None` while there is none.
pub async fn file_with_cycle(
    pool: &Pool,
    receiver: &str,
    program: ProgramId,
    sequence: i32,
) -> Result<Option<TracedFile>, StoreError> {
    let text = format!(
        "SELECT f.receiver, f.cycle_id, c.business_date, f.sequence, f.revision, f.file_name, f.sha256, {NUMBER_IN_DATE} \
         FROM settlement_cycle c JOIN settlement_file f ON f.cycle_id = c.cycle_id \
         WHERE f.receiver = $1 AND c.program_id = $2 AND c.sequence >= $3 AND f.published \
         ORDER BY c.sequence, f.revision DESC LIMIT 1"
    );
    let client = pool.get().await?;
    let Some(row) = client.query_opt(text.as_str(), &[&receiver, &program.0, &sequence]).await? else {
        return Ok(None);
    };
    let sha256: &[u8] = row.try_get(6)?;
    let mut file = TracedFile {
        receiver: row.try_get(0)?,
        cycle: CycleId(row.try_get(1)?),
        business_date: row.try_get(2)?,
        number: row.try_get(7)?,
        sequence: row.try_get(3)?,
        revision: row.try_get(4)?,
        file_name: row.try_get(5)?,
        sha256: sha256.try_into().map_err(|_| crate::error::damaged("file hash", sha256.len()))?,
        ways: Vec::new(),
        answer: None,
    };
    let text = "SELECT d.endpoint, d.output, d.state, d.delivered_at FROM delivery_file d \
                JOIN partner p ON p.partner_id = d.partner_id \
                WHERE p.code = $1 AND d.sequence = $2 AND d.revision = $3 ORDER BY d.endpoint, d.place";
    for row in client.query(text, &[&receiver, &file.sequence, &file.revision]).await? {
        file.ways.push(TracedWay {
            endpoint: row.try_get(0)?,
            output: row.try_get(1)?,
            state: row.try_get(2)?,
            delivered_at: row.try_get(3)?,
        });
    }
    let text = "SELECT outcome, received_at FROM settlement_answer WHERE receiver = $1 AND file_sequence = $2 \
                AND revision = $3 AND number IS NOT NULL ORDER BY answer_id DESC LIMIT 1";
    let answer = client.query_opt(text, &[&receiver, &file.sequence, &file.revision]).await?;
    file.answer = answer.map(|row| Ok::<_, StoreError>((row.try_get(0)?, row.try_get(1)?))).transpose()?;
    Ok(Some(file))
}

/// A line that went to a partner that keeps the miles.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TracedAccrual {
    /// Its id.
    pub line_id: String,
    /// Miles, signed.
    pub miles: i64,
    /// The stored word of its state.
    pub state: String,
    /// What the partner answered, if it refused.
    pub code: Option<String>,
    /// The sequence of the file that it went in.
    pub file_sequence: Option<i32>,
    /// The partner's own number of the hand-back that answered.
    pub handback_sequence: Option<i32>,
}

/// The lines of a purchase that went to a partner that keeps the miles.
pub async fn accruals_of_purchase(
    pool: &Pool,
    bucket: i32,
    purchase: MessageKey,
) -> Result<Vec<TracedAccrual>, StoreError> {
    let text = "SELECT line_id, miles, state, code, file_sequence, handback_sequence FROM partner_line \
                WHERE account_bucket = $1 AND purchase_key = $2 ORDER BY activity_date, line_id LIMIT 50";
    let rows = pool.get().await?.query(text, &[&bucket, &purchase.as_bytes().as_slice()]).await?;
    let line = |row: &Row| {
        Ok(TracedAccrual {
            line_id: row.try_get(0)?,
            miles: row.try_get(1)?,
            state: row.try_get(2)?,
            code: row.try_get(3)?,
            file_sequence: row.try_get(4)?,
            handback_sequence: row.try_get(5)?,
        })
    };
    rows.iter().map(line).collect()
}

/// The clearing file that brought a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TracedClearing {
    /// Its id.
    pub file_id: String,
    /// As it was called when it came.
    pub name: String,
    /// csv, ipm or ctf.
    pub format: String,
    /// SHA-256 of its bytes.
    pub sha256: Vec<u8>,
    /// The stored word of its state.
    pub state: String,
    /// How many records it has.
    pub records: i64,
    /// When it came last.
    pub received_at: Timestamp,
    /// The record in it, from 1.
    pub record: Option<i64>,
}

/// The clearing file of a message that came by one; `None` for any other.
pub async fn clearing_of_message(
    pool: &Pool,
    bucket: i32,
    key: MessageKey,
) -> Result<Option<TracedClearing>, StoreError> {
    // `file|<bank>|<file>|<record>`: neither the bank's code nor the number holds the separator.
    let text = "SELECT f.file_id, f.name, f.format, f.sha256, f.state, f.records, f.received_at, \
                substring(m.key_text FROM '\\|([0-9]{1,18})$')::bigint \
                FROM message m JOIN clearing_file f ON f.bank_id = m.bank_id AND f.file_id = m.source \
                AND f.state IN ('checked', 'taken') WHERE m.bucket = $1 AND m.message_key = $2 LIMIT 1";
    let client = pool.get().await?;
    let row = client.query_opt(text, &[&bucket, &key.as_bytes().as_slice()]).await?;
    let clearing = |row: Row| {
        Ok(TracedClearing {
            file_id: row.try_get(0)?,
            name: row.try_get(1)?,
            format: row.try_get(2)?,
            sha256: row.try_get(3)?,
            state: row.try_get(4)?,
            records: row.try_get(5)?,
            received_at: row.try_get(6)?,
            record: row.try_get(7)?,
        })
    };
    row.map(clearing).transpose()
}

/// The batches of a cycle: each partner and currency.
pub async fn batch_places(
    pool: &Pool,
    cycle: CycleId,
) -> Result<Vec<(PartnerId, domain::Currency)>, StoreError> {
    let text =
        "SELECT partner_id, currency FROM settlement_batch WHERE cycle_id = $1 ORDER BY partner_id, currency";
    let rows = pool.get().await?.query(text, &[&cycle.0]).await?;
    rows.iter().map(|row| Ok((PartnerId(row.try_get(0)?), columns::currency(row, 1)?))).collect()
}

/// Where messages lie that lines of a settlement file name by their keys alone. Most are of the cycle itself; a line of
/// staff may name one of an earlier cycle.
pub async fn places_of_messages(
    pool: &Pool,
    cycle: CycleId,
    keys: &[MessageKey],
) -> Result<BTreeMap<MessageKey, i32>, StoreError> {
    let bytes: Vec<&[u8]> = keys.iter().map(|key| key.as_bytes().as_slice()).collect();
    let client = pool.get().await?;
    let text =
        "SELECT message_key, bucket FROM message WHERE cycle_id = $1 AND message_key = ANY($2::bytea[])";
    let mut found = BTreeMap::new();
    for row in client.query(text, &[&cycle.0, &bytes]).await? {
        found.insert(columns::message_key(&row, 0)?, row.try_get(1)?);
    }
    let missing: BTreeSet<MessageKey> = keys.iter().copied().filter(|key| !found.contains_key(key)).collect();
    if missing.is_empty() {
        return Ok(found);
    }
    let bytes: Vec<&[u8]> = missing.iter().map(|key| key.as_bytes().as_slice()).collect();
    let buckets: Vec<i32> = (0..i32::from(domain::BUCKETS)).collect();
    let text = "SELECT message_key, bucket FROM message \
                WHERE bucket = ANY($1::int[]) AND message_key = ANY($2::bytea[])";
    for row in client.query(text, &[&buckets, &bytes]).await? {
        found.insert(columns::message_key(&row, 0)?, row.try_get(1)?);
    }
    Ok(found)
}

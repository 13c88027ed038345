//! The console's own reads, beside those of the store: lists by keyset, and the totals of a tie-out.

pub(crate) mod books;
pub(crate) mod health;
pub(crate) mod morning;
pub(crate) mod partner;
pub(crate) mod waiting;

use domain::{CycleId, MessageKey, PartnerId, ProgramId};
use jiff::{Timestamp, civil::Date};
use store::{NUMBER_IN_DATE, Pool, StoreError};

/// The first rows of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Limited<T> {
    pub(crate) rows: Vec<T>,
    /// How many there are, also beyond the limit.
    pub(crate) all: i64,
}

impl<T> Limited<T> {
    /// Of rows whose column `at` is `count(*) OVER ()`.
    fn of(
        rows: &[store::Row],
        at: usize,
        one: impl Fn(&store::Row) -> Result<T, StoreError>,
    ) -> Result<Self, StoreError> {
        let all = rows.first().map_or(Ok(0), |row| row.try_get(at))?;
        Ok(Self { rows: rows.iter().map(one).collect::<Result<_, _>>()?, all })
    }
}

/// A day of a program, or one of its cycles.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Day {
    pub(crate) sequence: i32,
    pub(crate) business_date: Date,
    /// Its place in the date, if that has several cycles.
    pub(crate) number: Option<i64>,
    pub(crate) state: String,
    pub(crate) files: i64,
    pub(crate) published: i64,
}

/// The days of a program before the cycle with this sequence, newest first.
pub(crate) async fn days(
    pool: &Pool,
    program: ProgramId,
    before: i32,
    limit: i64,
) -> Result<Vec<Day>, StoreError> {
    let text = format!(
        "SELECT c.sequence, c.business_date, c.state, count(DISTINCT f.receiver), \
         count(DISTINCT f.receiver) FILTER (WHERE f.published), {NUMBER_IN_DATE} \
         FROM settlement_cycle c LEFT JOIN settlement_file f ON f.cycle_id = c.cycle_id \
         WHERE c.program_id = $1 AND c.sequence < $2 AND c.state <> 'prepared' \
         GROUP BY c.cycle_id, c.sequence, c.business_date, c.state ORDER BY c.sequence DESC LIMIT $3"
    );
    let client = pool.get().await?;
    let rows = client.query(text.as_str(), &[&program.0, &before, &limit]).await?;
    rows.iter()
        .map(|row| {
            Ok(Day {
                sequence: row.try_get(0)?,
                business_date: row.try_get(1)?,
                state: row.try_get(2)?,
                files: row.try_get(3)?,
                published: row.try_get(4)?,
                number: row.try_get(5)?,
            })
        })
        .collect()
}

/// The business dates that take messages.
pub(crate) async fn open_dates(pool: &Pool) -> Result<Vec<(ProgramId, Date)>, StoreError> {
    let client = pool.get().await?;
    let text =
        "SELECT program_id, business_date FROM settlement_cycle WHERE state = 'open' ORDER BY program_id";
    let rows = client.query(text, &[]).await?;
    rows.iter().map(|row| Ok((ProgramId(row.try_get(0)?), row.try_get(1)?))).collect()
}

/// The partner whose miles a program grants.
pub(crate) async fn cobrand_partner(pool: &Pool, program: ProgramId) -> Result<PartnerId, StoreError> {
    let client = pool.get().await?;
    let text = "SELECT cobrand_partner_id FROM program WHERE program_id = $1";
    match client.query_opt(text, &[&program.0]).await? {
        Some(row) => Ok(PartnerId(row.try_get(0)?)),
        None => Err(StoreError::NotFound { what: "program", name: program.to_string() }),
    }
}

/// A message in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Listed {
    pub(crate) bucket: i32,
    pub(crate) key: MessageKey,
    pub(crate) mti: String,
    pub(crate) received_at: Timestamp,
    pub(crate) retrieval: String,
    pub(crate) last4: String,
    pub(crate) amount_minor: i64,
    pub(crate) currency: i32,
    pub(crate) status: String,
    pub(crate) reason: String,
    pub(crate) purchase: Option<MessageKey>,
    /// The signed amount with which it counted, in the program's currency.
    pub(crate) counted_minor: i64,
    /// The fields that a true repeat carries unchanged, as they are stored.
    pub(crate) content: String,
    /// How much less the message counts that it takes back, if it takes back one.
    pub(crate) taken_back: Option<i64>,
    /// The program's currency, if it belongs to one.
    pub(crate) booked_in: Option<i32>,
}

/// Which messages are listed, and how many at most.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Chosen<'a> {
    /// Those of a cycle after a place in the order of their keys, which begin with their time; of one type, if
    /// `mti` is not empty.
    OfCycle { cycle: CycleId, after: (&'a [u8], i32), mti: &'a str, limit: i64 },
    /// Those with this DE37.
    WithRetrieval { retrieval: &'a str, limit: i64 },
    /// This one.
    One { bucket: i32, key: MessageKey },
    /// These: their buckets and keys.
    These { buckets: &'a [i32], keys: &'a [&'a [u8]] },
}

/// Messages in the order of their keys. They are chosen first and then looked at, so that no other message's
/// explanation is read.
pub(crate) async fn messages(pool: &Pool, chosen: Chosen<'_>) -> Result<Vec<Listed>, StoreError> {
    let text = |condition: &str| {
        format!(
            "SELECT m.bucket, m.message_key, m.mti, m.received_at, m.retrieval, m.last4, m.amount_minor, m.currency, \
             m.reply::json ->> 'status', m.reply::json ->> 'reason', m.purchase_key, m.counted_minor, m.content, \
             (SELECT sum(CASE v ->> 0 WHEN 'counted_before_minor' THEN 1 ELSE -1 END * (v ->> 1)::bigint)::bigint \
              FROM json_array_elements(m.explanation::json -> 'findings') f, json_array_elements(f -> 'values') v \
              WHERE v ->> 0 IN ('counted_before_minor', 'counts_after_minor')), p.currency \
             FROM (SELECT * FROM message WHERE {condition}) m \
             LEFT JOIN settlement_cycle c ON c.cycle_id = m.cycle_id \
             LEFT JOIN program p ON p.program_id = c.program_id ORDER BY m.message_key, m.bucket"
        )
    };
    let client = pool.get().await?;
    let rows = match chosen {
        Chosen::OfCycle { cycle, after: (key, bucket), mti, limit } => {
            let text = text(
                "cycle_id = $1 AND (message_key, bucket) > ($2, $3) AND ($4 = '' OR mti = $4) \
                 ORDER BY message_key, bucket LIMIT $5",
            );
            client.query(text.as_str(), &[&cycle.0, &key, &bucket, &mti, &limit]).await?
        }
        Chosen::WithRetrieval { retrieval, limit } => {
            let text = text("retrieval = $1 ORDER BY message_key, bucket LIMIT $2");
            client.query(text.as_str(), &[&retrieval, &limit]).await?
        }
        Chosen::These { buckets, keys } => {
            let text = text("(bucket, message_key) IN (SELECT * FROM unnest($1::int[], $2::bytea[]))");
            client.query(text.as_str(), &[&buckets, &keys]).await?
        }
        Chosen::One { bucket, key } => {
            let text = text("bucket = $1 AND message_key = $2");
            client.query(text.as_str(), &[&bucket, &key.as_bytes().as_slice()]).await?
        }
    };
    rows.iter()
        .map(|row| {
            let purchase: Option<&[u8]> = row.try_get(10)?;
            Ok(Listed {
                bucket: row.try_get(0)?,
                key: message_key(row.try_get(1)?)?,
                mti: row.try_get(2)?,
                received_at: row.try_get(3)?,
                retrieval: row.try_get(4)?,
                last4: row.try_get(5)?,
                amount_minor: row.try_get(6)?,
                currency: row.try_get(7)?,
                status: row.try_get::<_, Option<String>>(8)?.unwrap_or_default(),
                reason: row.try_get::<_, Option<String>>(9)?.unwrap_or_default(),
                purchase: purchase.map(message_key).transpose()?,
                counted_minor: row.try_get(11)?,
                content: row.try_get(12)?,
                taken_back: row.try_get(13)?,
                booked_in: row.try_get(14)?,
            })
        })
        .collect()
}

/// How many messages of the business day of a program's bank are of no member's card. They have no cycle.
pub(crate) async fn of_no_member(pool: &Pool, program: ProgramId, date: Date) -> Result<i64, StoreError> {
    let text = "SELECT count(*) FROM message WHERE cycle_id IS NULL AND account_id IS NULL AND bank_date = $2 \
                AND bank_id = (SELECT bank_id FROM program WHERE program_id = $1)";
    let client = pool.get().await?;
    Ok(client.query_one(text, &[&program.0, &date]).await?.try_get(0)?)
}

/// The version of the rules that a purchase follows, as hexadecimal digits.
pub(crate) async fn version_of_purchase(
    pool: &Pool,
    bucket: i32,
    purchase: MessageKey,
) -> Result<Option<String>, StoreError> {
    let text = "SELECT encode(rules_hash, 'hex') FROM purchase WHERE bucket = $1 AND purchase_key = $2";
    let client = pool.get().await?;
    let row = client.query_opt(text, &[&bucket, &purchase.as_bytes().as_slice()]).await?;
    Ok(row.map(|row| row.try_get(0)).transpose()?)
}

fn message_key(bytes: &[u8]) -> Result<MessageKey, StoreError> {
    let damaged = || StoreError::Damaged { what: "message key", found: bytes.len().to_string() };
    MessageKey::from_bytes(bytes).ok_or_else(damaged)
}

/// What the store's view of a message leaves out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Further {
    pub(crate) bank: String,
    pub(crate) approval: String,
    pub(crate) arn: String,
    pub(crate) bank_date: Date,
    pub(crate) counted_minor: i64,
    pub(crate) program: Option<ProgramId>,
    /// The place of its cycle in its date, from 1, if that has several.
    pub(crate) cycle_number: Option<i64>,
}

/// The rest of a message; `None` if there is none with this key.
pub(crate) async fn further(
    pool: &Pool,
    bucket: i32,
    key: MessageKey,
) -> Result<Option<Further>, StoreError> {
    let text = format!(
        "SELECT b.code, m.approval, m.arn, m.bank_date, m.counted_minor, c.program_id, {NUMBER_IN_DATE} \
         FROM message m JOIN bank b ON b.bank_id = m.bank_id \
         LEFT JOIN settlement_cycle c ON c.cycle_id = m.cycle_id \
         WHERE m.bucket = $1 AND m.message_key = $2"
    );
    let client = pool.get().await?;
    let Some(row) = client.query_opt(text.as_str(), &[&bucket, &key.as_bytes().as_slice()]).await? else {
        return Ok(None);
    };
    Ok(Some(Further {
        bank: row.try_get(0)?,
        approval: row.try_get(1)?,
        arn: row.try_get(2)?,
        bank_date: row.try_get(3)?,
        counted_minor: row.try_get(4)?,
        program: row.try_get::<_, Option<i32>>(5)?.map(ProgramId),
        cycle_number: row.try_get(6)?,
    }))
}

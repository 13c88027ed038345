//! Messages found by any reference that a bank, a partner or a member may name.
//!
//! Every search reads an index and stops: by the hot tables' own keys, bucket by bucket, or by the local date. None reads
//! the messages of a day.

use domain::{BUCKETS, MessageKey, ProgramId};
use jiff::{Timestamp, civil::Date};
use tokio_postgres::{Row, types::ToSql};

use crate::{Pool, StoreError, columns};

/// By what messages are looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MessageSearch {
    /// DE37, as the bank sent it.
    Retrieval(String),
    /// The acquirer reference number, or the network's own name of the transaction.
    Reference(String),
    /// DE11 of messages that were sent in one of these seconds: what DE7 can mean.
    Sent {
        /// DE11.
        stan: String,
        /// The instants.
        at: Vec<Timestamp>,
    },
    /// The key of the message or of its purchase.
    Key(MessageKey),
    /// The member's number at the co-brand partner.
    Member(String),
    /// What happened on these local dates.
    OfDays(OfDays),
    /// All messages of a purchase.
    Purchase {
        /// Where it lies.
        bucket: i32,
        /// The purchase.
        key: MessageKey,
    },
}

/// Messages of local dates. What is empty is not asked about; at least one is not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfDays {
    /// The first date.
    pub from: Date,
    /// The last one.
    pub until: Date,
    /// The last four digits of the card.
    pub last4: String,
    /// DE4, in minor units of DE49.
    pub amount_minor: Option<i64>,
    /// DE38.
    pub approval: String,
    /// DE42.
    pub card_acceptor: String,
    /// DE41.
    pub terminal: String,
    /// DE32.
    pub acquirer: String,
}

/// Where a found message lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct FoundMessage {
    /// Its key; keys begin with the time of sending.
    pub key: MessageKey,
    /// Its bucket.
    pub bucket: i32,
}

/// DE37 stands in an index of its own.
const BY_RETRIEVAL: &str = "\
SELECT m.message_key, m.bucket FROM message m WHERE m.retrieval = $4 AND (m.message_key, m.bucket) > ($1, $2) \
ORDER BY m.message_key, m.bucket LIMIT $3";

/// What later messages find a transaction by, bucket by bucket: the key leads with them. Then all messages of those purchases.
const BY_REFERENCE: &str = "\
WITH found AS (SELECT r.bucket, r.message_key, r.purchase_key FROM match_ref r \
WHERE r.bucket = ANY($4::int[]) AND r.bank_id = ANY($5::int[]) AND r.kind = ANY($6::smallint[]) AND r.value = $7) \
SELECT f.message_key, f.bucket FROM (SELECT bucket, message_key FROM found \
UNION SELECT m.bucket, m.message_key FROM found JOIN message m ON m.bucket = found.bucket \
AND m.purchase_key = found.purchase_key) f \
WHERE (f.message_key, f.bucket) > ($1, $2) ORDER BY f.message_key, f.bucket LIMIT $3";

/// A key begins with its second: a short piece of each bucket. The innermost limit has the planner read it by the primary key,
/// whatever it thinks of how much lies between two bounds that it does not know.
const BY_SECOND: &str = "\
SELECT f.message_key, f.bucket FROM unnest($5::bytea[], $6::bytea[]) s(first, last) \
CROSS JOIN unnest($4::int[]) b(bucket) CROSS JOIN LATERAL (SELECT m.message_key, m.bucket FROM message m \
WHERE m.bucket = b.bucket AND m.message_key >= s.first AND m.message_key < s.last AND m.stan = $7 \
AND (m.message_key, m.bucket) > ($1, $2) ORDER BY m.message_key LIMIT $3) f \
ORDER BY f.message_key, f.bucket LIMIT $3";

const BY_KEY: &str = "\
SELECT f.message_key, f.bucket FROM (SELECT m.bucket, m.message_key FROM message m \
WHERE m.bucket = ANY($4::int[]) AND m.message_key = $5 \
UNION SELECT m.bucket, m.message_key FROM message m \
WHERE m.bucket = ANY($4::int[]) AND m.purchase_key = $5) f \
WHERE (f.message_key, f.bucket) > ($1, $2) ORDER BY f.message_key, f.bucket LIMIT $3";

const BY_MEMBER: &str = "\
SELECT m.message_key, m.bucket FROM member_account a \
JOIN purchase p ON p.bucket = a.bucket AND p.account_id = a.account_id \
JOIN message m ON m.bucket = p.bucket AND m.purchase_key = p.purchase_key \
WHERE a.program_id = ANY($4::int[]) AND a.member_number = $5 AND (m.message_key, m.bucket) > ($1, $2) \
ORDER BY m.message_key, m.bucket LIMIT $3";

const OF_PURCHASE: &str = "\
SELECT m.message_key, m.bucket FROM message m WHERE m.bucket = $4 AND m.purchase_key = $5 \
AND (m.message_key, m.bucket) > ($1, $2) ORDER BY m.message_key, m.bucket LIMIT $3";

/// Which messages of a local date; each condition that is asked about stands in the index, only DE32 does not.
fn of_days(wanted: &OfDays) -> String {
    let mut conditions = String::new();
    let mut ask = |asked: bool, condition: &str| {
        if asked {
            conditions.push_str(condition);
        }
    };
    ask(!wanted.last4.is_empty(), " AND m.last4 = $6");
    ask(wanted.amount_minor.is_some(), " AND m.amount_minor = $7");
    ask(!wanted.approval.is_empty(), " AND m.approval = $8");
    ask(!wanted.card_acceptor.is_empty(), " AND m.card_acceptor = $9");
    ask(!wanted.terminal.is_empty(), " AND m.terminal = $10");
    ask(!wanted.acquirer.is_empty(), " AND ltrim(m.acquirer, '0') = ltrim($11, '0')");
    format!(
        "SELECT f.message_key, f.bucket FROM generate_series($4::date, $5::date, interval '1 day') d(day) \
         CROSS JOIN LATERAL (SELECT m.message_key, m.bucket FROM message m \
         WHERE m.local_time::date = d.day::date{conditions} AND (m.message_key, m.bucket) > ($1, $2) \
         ORDER BY m.message_key, m.bucket LIMIT $3) f \
         WHERE $6::text IS NOT NULL AND ($7::bigint IS NULL OR true) AND $8::text IS NOT NULL AND $9::text IS NOT NULL \
         AND $10::text IS NOT NULL AND $11::text IS NOT NULL ORDER BY f.message_key, f.bucket LIMIT $3"
    )
}

/// At most `limit` messages behind `after`, in the order of their keys.
///
/// # Errors
/// The database.
pub async fn search_messages(
    pool: &Pool,
    programs: &[ProgramId],
    search: &MessageSearch,
    after: Option<FoundMessage>,
    limit: i64,
) -> Result<Vec<FoundMessage>, StoreError> {
    let (key, bucket) = match after {
        Some(FoundMessage { key, bucket }) => (key.as_bytes().to_vec(), bucket),
        None => (Vec::new(), -1),
    };
    let buckets: Vec<i32> = (0..i32::from(BUCKETS)).collect();
    let mut values: Vec<&(dyn ToSql + Sync)> = vec![&key, &bucket, &limit];
    let client = pool.get().await?;
    let rows = match search {
        MessageSearch::Retrieval(retrieval) => {
            values.push(retrieval);
            client.query(BY_RETRIEVAL, &values).await?
        }
        MessageSearch::Reference(value) => {
            let banks: Vec<i32> = column(&client.query("SELECT bank_id FROM bank", &[]).await?)?;
            let kinds = [domain::RefKind::Arn.number(), domain::RefKind::LifeCycle.number()].to_vec();
            values.extend([&buckets as &(dyn ToSql + Sync), &banks, &kinds, value]);
            client.query(BY_REFERENCE, &values).await?
        }
        MessageSearch::Sent { stan, at } => {
            let second = |at: &Timestamp| u64::try_from(at.as_second()).unwrap_or(0);
            let bound = |second: u64| second.to_be_bytes().to_vec();
            let first: Vec<Vec<u8>> = at.iter().map(|at| bound(second(at))).collect();
            let last: Vec<Vec<u8>> = at.iter().map(|at| bound(second(at).saturating_add(1))).collect();
            values.extend([&buckets as &(dyn ToSql + Sync), &first, &last, stan]);
            client.query(BY_SECOND, &values).await?
        }
        MessageSearch::Key(wanted) => {
            let wanted = wanted.as_bytes().to_vec();
            values.extend([&buckets as &(dyn ToSql + Sync), &wanted]);
            client.query(BY_KEY, &values).await?
        }
        MessageSearch::Member(number) => {
            let programs: Vec<i32> = programs.iter().map(|program| program.0).collect();
            values.extend([&programs as &(dyn ToSql + Sync), number]);
            client.query(BY_MEMBER, &values).await?
        }
        MessageSearch::OfDays(wanted) => {
            let OfDays { from, until, last4, amount_minor, approval, card_acceptor, terminal, acquirer } =
                wanted;
            values.extend([from as &(dyn ToSql + Sync), until, last4, amount_minor, approval]);
            values.extend([card_acceptor as &(dyn ToSql + Sync), terminal, acquirer]);
            client.query(of_days(wanted).as_str(), &values).await?
        }
        MessageSearch::Purchase { bucket: of, key: purchase } => {
            let purchase = purchase.as_bytes().to_vec();
            values.extend([of as &(dyn ToSql + Sync), &purchase]);
            client.query(OF_PURCHASE, &values).await?
        }
    };
    rows.iter()
        .map(|row| Ok(FoundMessage { key: columns::message_key(row, 0)?, bucket: row.try_get(1)? }))
        .collect()
}

fn column(rows: &[Row]) -> Result<Vec<i32>, StoreError> {
    rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
}

/// The texts of all searches, each with how it is called: for a look at what the planner makes of them.
pub fn search_texts() -> Vec<(&'static str, String)> {
    let some = || "x".to_owned();
    let day = Date::constant(2026, 10, 10);
    let of = |last4: String, approval: String, card_acceptor: String| OfDays {
        from: day,
        until: day,
        last4,
        amount_minor: None,
        approval,
        card_acceptor,
        terminal: String::new(),
        acquirer: String::new(),
    };
    vec![
        ("retrieval", BY_RETRIEVAL.to_owned()),
        ("reference", BY_REFERENCE.to_owned()),
        ("second", BY_SECOND.to_owned()),
        ("key", BY_KEY.to_owned()),
        ("member", BY_MEMBER.to_owned()),
        ("purchase", OF_PURCHASE.to_owned()),
        ("card of a day", of_days(&of(some(), String::new(), String::new()))),
        ("approval of a day", of_days(&of(String::new(), some(), String::new()))),
        ("merchant of a day", of_days(&of(String::new(), String::new(), some()))),
    ]
}

//! From the outbox to numbered events, in one transaction that also removes what was relayed.

use std::collections::BTreeMap;

use domain::{PartnerId, ProgramId};
use jiff::{Timestamp, civil::Date};
use tokio_postgres::{Row, Transaction, types::ToSql};

use crate::{Lease, Pool, StoreError};

/// What happened to an account, as the message path wrote it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutboxRow {
    /// The account's bucket.
    pub bucket: i32,
    /// The account.
    pub account: i64,
    /// The place in its order.
    pub order: i64,
    /// What happened.
    pub topic: String,
    /// The facts by name.
    pub facts: BTreeMap<String, String>,
    /// The account's program.
    pub program: ProgramId,
    /// The member's number at the partner; empty if there is none.
    pub member_number: String,
}

/// An edition of a settlement file that its receiver has not been told of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublishedFile {
    /// The partner.
    pub partner: PartnerId,
    /// Its code.
    pub receiver: String,
    /// The program.
    pub program: ProgramId,
    /// The business date of the cycle.
    pub business_date: Date,
    /// Its place among the receiver's files.
    pub sequence: i32,
    /// 0 for the first edition.
    pub revision: i32,
    /// Its name.
    pub file_name: String,
    /// SHA-256 of its bytes.
    pub sha256: Vec<u8>,
    /// How many records it has.
    pub records: i32,
}

/// What a partner is to be told; its number comes when it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewPartnerEvent {
    /// Whom.
    pub partner: PartnerId,
    /// What happened.
    pub topic: &'static str,
    /// In which program.
    pub program: ProgramId,
    /// Whom or what it is about.
    pub subject: String,
    /// The place in the account's order, if the partner is told of accounts.
    pub subject_order: Option<i64>,
    /// When it happened; when it is relayed, if nobody knows.
    pub occurred_at: Option<Timestamp>,
    /// JSON.
    pub data: String,
}

/// What makes events of rows.
pub type NewsSource<'a, T> = &'a (dyn Fn(&T) -> Vec<NewPartnerEvent> + Sync);

/// What one step of the relay did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Relayed {
    /// Rows that were taken.
    pub rows: usize,
    /// Events that partners got of them.
    pub events: usize,
}

/// Takes rows of the outbox in those buckets, at most `limit`, and gives partners their events.
///
/// Rows of an account are committed in its order, so whatever is visible of it is a beginning of it.
pub async fn relay_events(
    pool: &Pool,
    lease: &Lease,
    now: Timestamp,
    buckets: &[i32],
    limit: i64,
    tell: NewsSource<'_, OutboxRow>,
) -> Result<Relayed, StoreError> {
    let mut client = pool.get().await?;
    // Mostly there is nothing: then nothing is written, either.
    let text = "SELECT EXISTS (SELECT FROM outbox o WHERE o.bucket = ANY($1))";
    if !client.query_one(text, &[&buckets]).await?.try_get::<_, bool>(0)? {
        return Ok(Relayed::default());
    }
    let transaction = client.transaction().await?;
    lease.hold(&transaction).await?;
    // First the rows, then their accounts: joined at once, all accounts in front of the first one are read at each step.
    let text = "WITH o AS MATERIALIZED (SELECT bucket, account_id, account_seq, topic, payload FROM outbox \
                WHERE bucket = ANY($1) ORDER BY bucket, account_id, account_seq LIMIT $2) \
                SELECT o.bucket, o.account_id, o.account_seq, o.topic, o.payload, a.program_id, a.member_number \
                FROM o CROSS JOIN LATERAL (SELECT program_id, member_number FROM member_account m \
                WHERE m.bucket = o.bucket AND m.account_id = o.account_id OFFSET 0) a ORDER BY o.bucket, o.account_id, o.account_seq";
    let rows = transaction.query(text, &[&buckets, &limit]).await?;
    let rows = rows.iter().map(outbox_row).collect::<Result<Vec<_>, StoreError>>()?;
    if rows.is_empty() {
        return Ok(Relayed::default());
    }
    let events: Vec<NewPartnerEvent> = rows.iter().flat_map(tell).collect();
    write(&transaction, &events, now).await?;
    let (gone, accounts, orders): (Vec<i32>, Vec<i64>, Vec<i64>) = columns(&rows);
    let text = "DELETE FROM outbox o USING unnest($2::int[], $3::bigint[], $4::bigint[]) u(b, id, seq) \
                WHERE o.bucket = ANY($1::int[]) AND o.bucket = u.b AND o.account_id = u.id AND o.account_seq = u.seq";
    transaction.execute(text, &[&buckets, &gone, &accounts, &orders]).await?;
    transaction.commit().await?;
    Ok(Relayed { rows: rows.len(), events: events.len() })
}

fn columns(rows: &[OutboxRow]) -> (Vec<i32>, Vec<i64>, Vec<i64>) {
    let mut columns = (Vec::new(), Vec::new(), Vec::new());
    for row in rows {
        columns.0.push(row.bucket);
        columns.1.push(row.account);
        columns.2.push(row.order);
    }
    columns
}

fn outbox_row(row: &Row) -> Result<OutboxRow, StoreError> {
    let payload: &str = row.try_get(4)?;
    let (bucket, account, order): (i32, i64, i64) = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
    // A payload that nobody can read tells nobody anything; it must not stop what comes behind it.
    let facts = serde_json::from_str(payload).unwrap_or_else(|error| {
        tracing::error!(
            bucket,
            account,
            order,
            line = error.line(),
            column = error.column(),
            "an event of an account cannot be read; no partner is told of it"
        );
        BTreeMap::new()
    });
    Ok(OutboxRow {
        bucket,
        account,
        order,
        topic: row.try_get(3)?,
        facts,
        program: ProgramId(row.try_get(5)?),
        member_number: row.try_get(6)?,
    })
}

/// Tells receivers that are partners of settlement files that were published.
pub async fn relay_files(
    pool: &Pool,
    lease: &Lease,
    now: Timestamp,
    limit: i64,
    tell: NewsSource<'_, PublishedFile>,
) -> Result<Relayed, StoreError> {
    let mut client = pool.get().await?;
    let transaction = client.transaction().await?;
    lease.hold(&transaction).await?;
    let text = "SELECT p.partner_id, f.receiver, c.program_id, c.business_date, f.sequence, f.revision, f.file_name, \
                f.sha256, f.records FROM settlement_file f JOIN partner p ON p.code = f.receiver \
                JOIN settlement_cycle c ON c.cycle_id = f.cycle_id LEFT JOIN settlement_file_told t \
                ON t.receiver = f.receiver AND t.sequence = f.sequence AND t.revision = f.revision \
                WHERE f.published AND t.receiver IS NULL ORDER BY f.receiver, f.sequence, f.revision LIMIT $1";
    let files = transaction.query(text, &[&limit]).await?;
    let files = files.iter().map(published).collect::<Result<Vec<_>, StoreError>>()?;
    if files.is_empty() {
        return Ok(Relayed::default());
    }
    let events: Vec<NewPartnerEvent> = files.iter().flat_map(tell).collect();
    write(&transaction, &events, now).await?;
    for file in &files {
        let text = "INSERT INTO settlement_file_told (receiver, sequence, revision) VALUES ($1, $2, $3)";
        transaction.execute(text, &[&file.receiver, &file.sequence, &file.revision]).await?;
    }
    transaction.commit().await?;
    Ok(Relayed { rows: files.len(), events: events.len() })
}

fn published(row: &Row) -> Result<PublishedFile, StoreError> {
    Ok(PublishedFile {
        partner: PartnerId(row.try_get(0)?),
        receiver: row.try_get(1)?,
        program: ProgramId(row.try_get(2)?),
        business_date: row.try_get(3)?,
        sequence: row.try_get(4)?,
        revision: row.try_get(5)?,
        file_name: row.try_get(6)?,
        sha256: row.try_get(7)?,
        records: row.try_get(8)?,
    })
}

/// Numbers the events of each partner behind its last one, and writes them.
async fn write(
    transaction: &Transaction<'_>,
    events: &[NewPartnerEvent],
    now: Timestamp,
) -> Result<(), StoreError> {
    let mut next: BTreeMap<i32, i64> = BTreeMap::new();
    for event in events {
        *next.entry(event.partner.0).or_default() += 1;
    }
    // In one order for all who number.
    for (partner, number) in &mut next {
        let text = "INSERT INTO partner_event_last (partner_id, number) VALUES ($1, $2) \
                    ON CONFLICT (partner_id) DO UPDATE SET number = partner_event_last.number + excluded.number \
                    RETURNING number";
        let last: i64 = transaction.query_one(text, &[partner, number]).await?.try_get(0)?;
        *number = last - *number + 1;
    }
    let mut numbers = Vec::with_capacity(events.len());
    for event in events {
        let number = next.entry(event.partner.0).or_default();
        numbers.push(*number);
        *number += 1;
    }
    let text = "INSERT INTO partner_event (partner_id, number, topic, program_id, subject, subject_order, occurred_at, \
                data, told_at) SELECT u.*, $9::timestamptz FROM unnest($1::int[], $2::bigint[], $3::text[], $4::int[], \
                $5::text[], $6::bigint[], $7::timestamptz[], $8::text[]) u";
    let of = |take: fn(&NewPartnerEvent) -> i32| events.iter().map(take).collect::<Vec<i32>>();
    let (partners, programs) = (of(|event| event.partner.0), of(|event| event.program.0));
    let topics: Vec<&str> = events.iter().map(|event| event.topic).collect();
    let subjects: Vec<&str> = events.iter().map(|event| event.subject.as_str()).collect();
    let orders: Vec<Option<i64>> = events.iter().map(|event| event.subject_order).collect();
    let instants: Vec<Timestamp> = events.iter().map(|event| event.occurred_at.unwrap_or(now)).collect();
    let data: Vec<&str> = events.iter().map(|event| event.data.as_str()).collect();
    let parameters: [&(dyn ToSql + Sync); 9] =
        [&partners, &numbers, &topics, &programs, &subjects, &orders, &instants, &data, &now];
    transaction.execute(text, &parameters).await?;
    Ok(())
}

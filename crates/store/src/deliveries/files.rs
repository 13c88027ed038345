//! Settlement files on their way to partners.

use domain::{CycleId, PartnerId};
use jiff::{Timestamp, civil::Date};
use serde_json::json;
use tokio_postgres::Row;

use super::worked;
use crate::{
    Lease, Pool, StoreError,
    audit::{self, AuditEntry},
    error::damaged,
};

/// How far an output of a file has come on one way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileState {
    /// Published before the way was there; it goes out if somebody asks.
    Before,
    /// On its way.
    Waiting,
    /// The partner has it.
    Delivered,
    /// The edition has nothing that this output could say, such as no payment.
    Nothing,
}

impl FileState {
    /// The stored word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Before => "before",
            Self::Waiting => "waiting",
            Self::Delivered => "delivered",
            Self::Nothing => "nothing",
        }
    }

    fn parse(text: &str) -> Result<Self, StoreError> {
        let all = [Self::Before, Self::Waiting, Self::Delivered, Self::Nothing];
        let found = all.into_iter().find(|it| it.name() == text);
        found.ok_or_else(|| damaged("state of a delivery", text))
    }
}

/// An output of an edition of a settlement file on one way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryFileRow {
    /// The place of the file among the receiver's.
    pub sequence: i32,
    /// 0 for the first edition.
    pub revision: i32,
    /// `canonical` or the name of a format.
    pub output: String,
    /// The cycle that it settles.
    pub cycle: CycleId,
    /// How far it has come.
    pub state: FileState,
    /// Since when it waits.
    pub since: Timestamp,
    /// When it arrived last.
    pub delivered_at: Option<Timestamp>,
    /// The name of the canonical file.
    pub file_name: String,
    /// SHA-256 of the canonical file.
    pub sha256: Vec<u8>,
}

const COLUMNS: &str = "d.sequence, d.revision, d.output, d.cycle_id, d.state, d.since, d.delivered_at, \
                       f.file_name, f.sha256";
const TABLES: &str = "FROM delivery_file d JOIN partner p ON p.partner_id = d.partner_id \
                      JOIN settlement_file f ON f.receiver = p.code AND f.sequence = d.sequence \
                      AND f.revision = d.revision";

fn delivery(row: &Row) -> Result<DeliveryFileRow, StoreError> {
    Ok(DeliveryFileRow {
        sequence: row.try_get(0)?,
        revision: row.try_get(1)?,
        output: row.try_get(2)?,
        cycle: CycleId(row.try_get(3)?),
        state: FileState::parse(row.try_get(4)?)?,
        since: row.try_get(5)?,
        delivered_at: row.try_get(6)?,
        file_name: row.try_get(7)?,
        sha256: row.try_get(8)?,
    })
}

/// Puts every published edition that the endpoint does not know into its queue, once for each output. What waits and is
/// no output any more leaves it.
pub async fn enqueue_files(
    pool: &Pool,
    partner: PartnerId,
    endpoint: &str,
    outputs: &[&str],
    now: Timestamp,
) -> Result<u64, StoreError> {
    let text = "INSERT INTO delivery_file (partner_id, endpoint, sequence, revision, place, output, cycle_id, state, \
                since, file_name) SELECT p.partner_id, $2, f.sequence, f.revision, o.place, o.output, f.cycle_id, \
                'waiting', $4, f.file_name FROM partner p JOIN settlement_file f ON f.receiver = p.code \
                CROSS JOIN unnest($3::text[]) WITH ORDINALITY o(output, place) \
                WHERE p.partner_id = $1 AND f.published AND NOT EXISTS (SELECT FROM delivery_file d \
                WHERE d.partner_id = $1 AND d.endpoint = $2 AND d.sequence = f.sequence AND d.revision = f.revision) \
                ON CONFLICT DO NOTHING";
    let client = pool.get().await?;
    let gone = "DELETE FROM delivery_file WHERE partner_id = $1 AND endpoint = $2 AND state = 'waiting' \
                AND output <> ALL ($3::text[])";
    client.execute(gone, &[&partner.0, &endpoint, &outputs]).await?;
    Ok(client.execute(text, &[&partner.0, &endpoint, &outputs, &now]).await?)
}

/// What waits, in the order of the files: a later one never comes before an earlier one.
pub async fn waiting_files(
    pool: &Pool,
    partner: PartnerId,
    endpoint: &str,
    limit: i64,
) -> Result<Vec<DeliveryFileRow>, StoreError> {
    let text = format!(
        "SELECT {COLUMNS} {TABLES} WHERE d.partner_id = $1 AND d.endpoint = $2 AND d.state = 'waiting' \
         ORDER BY d.sequence, d.revision, d.place LIMIT $3"
    );
    let rows = pool.get().await?.query(text.as_str(), &[&partner.0, &endpoint, &limit]).await?;
    rows.iter().map(delivery).collect()
}

/// The partner has this output.
pub async fn file_brought(
    pool: &Pool,
    lease: &Lease,
    partner: PartnerId,
    endpoint: &str,
    file: &DeliveryFileRow,
    (name, sha256): (&str, &[u8]),
    now: Timestamp,
) -> Result<(), StoreError> {
    let mut client = pool.get().await?;
    let transaction = client.transaction().await?;
    lease.hold(&transaction).await?;
    let text = "UPDATE delivery_file SET state = 'delivered', delivered_at = $6, file_name = $7, sha256 = $8 \
                WHERE partner_id = $1 AND endpoint = $2 AND sequence = $3 AND revision = $4 AND output = $5";
    let DeliveryFileRow { sequence, revision, output, .. } = file;
    transaction
        .execute(text, &[&partner.0, &endpoint, sequence, revision, output, &now, &name, &sha256])
        .await?;
    let text =
        "UPDATE delivery_endpoint SET delivered = delivered + 1 WHERE partner_id = $1 AND endpoint = $2";
    transaction.execute(text, &[&partner.0, &endpoint]).await?;
    worked(&transaction, partner, endpoint, now).await?;
    transaction.commit().await?;
    Ok(())
}

/// There was nothing that this output of an edition could say.
pub async fn nothing_to_bring(
    pool: &Pool,
    lease: &Lease,
    partner: PartnerId,
    endpoint: &str,
    file: &DeliveryFileRow,
) -> Result<(), StoreError> {
    let mut client = pool.get().await?;
    let transaction = client.transaction().await?;
    lease.hold(&transaction).await?;
    let text = "UPDATE delivery_file SET state = 'nothing', file_name = '', sha256 = NULL \
                WHERE partner_id = $1 AND endpoint = $2 AND sequence = $3 AND revision = $4 AND output = $5";
    let DeliveryFileRow { sequence, revision, output, .. } = file;
    transaction.execute(text, &[&partner.0, &endpoint, sequence, revision, output]).await?;
    transaction.commit().await?;
    Ok(())
}

/// The newest cycles whose files are published or delivered, each with whether it may become delivered: it is not yet, and
/// something of it went out. Where there is no way to anybody, nobody knows who has fetched what.
pub async fn cycles_on_their_way(pool: &Pool, limit: i64) -> Result<Vec<(CycleId, bool)>, StoreError> {
    let text = "SELECT c.cycle_id, c.state = 'published' AND EXISTS (SELECT FROM delivery_file d \
                WHERE d.cycle_id = c.cycle_id AND d.state IN ('delivered', 'nothing')) FROM settlement_cycle c \
                WHERE c.state IN ('published', 'delivered') ORDER BY c.cycle_id DESC LIMIT $1";
    let rows = pool.get().await?.query(text, &[&limit]).await?;
    rows.iter().map(|row| Ok((CycleId(row.try_get(0)?), row.try_get(1)?))).collect()
}

/// Whether everything that was published of a cycle has reached those to whom there is a way.
pub async fn cycle_is_delivered(pool: &Pool, cycle: CycleId) -> Result<bool, StoreError> {
    let text = "SELECT NOT EXISTS (SELECT FROM settlement_file WHERE cycle_id = $1 AND NOT published) \
                AND NOT EXISTS (SELECT FROM delivery_file WHERE cycle_id = $1 AND state = 'waiting') \
                AND NOT EXISTS (SELECT FROM settlement_file f JOIN partner p ON p.code = f.receiver \
                JOIN delivery_endpoint e ON e.partner_id = p.partner_id AND e.carries = 'files' \
                WHERE f.cycle_id = $1 AND NOT EXISTS (SELECT FROM delivery_file d WHERE d.partner_id = e.partner_id \
                AND d.endpoint = e.endpoint AND d.sequence = f.sequence AND d.revision = f.revision))";
    Ok(pool.get().await?.query_one(text, &[&cycle.0]).await?.try_get(0)?)
}

/// Sends all outputs of a file once more on one way; returns how many. The bytes are the same. What was there before the
/// way goes out with the outputs of now, as if it were new.
pub async fn send_file_again(
    pool: &Pool,
    partner: PartnerId,
    endpoint: &str,
    file_name: &str,
    now: Timestamp,
) -> Result<u64, StoreError> {
    const OF_FILE: &str = "d.partner_id = $1 AND d.endpoint = $2 AND p.partner_id = d.partner_id \
                           AND f.receiver = p.code AND f.file_name = $3 AND d.sequence = f.sequence \
                           AND d.revision = f.revision";
    let text = format!(
        "WITH new AS (DELETE FROM delivery_file d USING settlement_file f, partner p WHERE {OF_FILE} \
         AND d.state = 'before' RETURNING 1), again AS (UPDATE delivery_file d SET state = 'waiting', since = $4 \
         FROM settlement_file f, partner p WHERE {OF_FILE} AND d.state <> 'before' RETURNING 1) \
         SELECT (SELECT count(*) FROM new) + (SELECT count(*) FROM again)"
    );
    let mut client = pool.get().await?;
    let transaction = client.transaction().await?;
    let row = transaction.query_one(text.as_str(), &[&partner.0, &endpoint, &file_name, &now]).await?;
    let again: i64 = row.try_get(0)?;
    if again > 0 {
        let is = json!({ "partner": partner.0, "endpoint": endpoint });
        let entry = AuditEntry::new(audit::OPERATOR, "delivery.send_again", "file", file_name).to(is);
        audit::record(&transaction, &entry).await?;
    }
    transaction.commit().await?;
    Ok(u64::try_from(again).unwrap_or(0))
}

/// A settlement file as its receiver sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartnerFile {
    /// Its name, which is its id.
    pub file_name: String,
    /// The program's code.
    pub program: String,
    /// The business date of its cycle.
    pub business_date: Date,
    /// Its place among the receiver's files.
    pub sequence: i32,
    /// 0 for the first edition.
    pub revision: i32,
    /// SHA-256 of its bytes.
    pub sha256: Vec<u8>,
    /// How many records it has.
    pub records: i32,
}

const PARTNER_FILES: &str = "SELECT f.file_name, g.code, c.business_date, f.sequence, f.revision, f.sha256, f.records \
     FROM settlement_file f JOIN partner p ON p.code = f.receiver JOIN settlement_cycle c ON c.cycle_id = f.cycle_id \
     JOIN program g ON g.program_id = c.program_id WHERE p.partner_id = $1 AND f.published";

fn own_file(row: &Row) -> Result<PartnerFile, StoreError> {
    Ok(PartnerFile {
        file_name: row.try_get(0)?,
        program: row.try_get(1)?,
        business_date: row.try_get(2)?,
        sequence: row.try_get(3)?,
        revision: row.try_get(4)?,
        sha256: row.try_get(5)?,
        records: row.try_get(6)?,
    })
}

/// A partner's published files behind a sequence and revision, in their order.
pub async fn partner_files(
    pool: &Pool,
    partner: PartnerId,
    after: (i32, i32),
    limit: i64,
) -> Result<Vec<PartnerFile>, StoreError> {
    let text = format!(
        "{PARTNER_FILES} AND (f.sequence, f.revision) > ($2, $3) ORDER BY f.sequence, f.revision LIMIT $4"
    );
    let rows = pool.get().await?.query(text.as_str(), &[&partner.0, &after.0, &after.1, &limit]).await?;
    rows.iter().map(own_file).collect()
}

/// One of a partner's published files by its name; another partner's is none.
pub async fn partner_file(
    pool: &Pool,
    partner: PartnerId,
    file_name: &str,
) -> Result<Option<PartnerFile>, StoreError> {
    let text = format!("{PARTNER_FILES} AND f.file_name = $2");
    let row = pool.get().await?.query_opt(text.as_str(), &[&partner.0, &file_name]).await?;
    row.as_ref().map(own_file).transpose()
}

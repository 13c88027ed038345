//! What was settled: positions, batches and files of a cycle, and how far the cycle is. Whoever closes it writes under its
//! fence.

use domain::settlement::{Basis, BatchClosing, Direction, Terms};
use domain::{Currency, CycleId, PartnerId};
use serde_json::json;
use tokio_postgres::{Row, Transaction};

use crate::{
    Cycle, Fence, Pool, StoreError, StoredOpening,
    audit::{self, AuditEntry},
    columns,
    error::damaged,
    record_items,
};

/// What is owed between the bank and a partner for a cycle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PositionRow {
    /// The partner.
    pub partner: PartnerId,
    /// The currency.
    pub currency: Currency,
    /// Who pays.
    pub direction: Direction,
    /// How many lines.
    pub lines: i32,
    /// Miles that were paid for.
    pub miles: i64,
    /// Net, rounding included.
    pub net_minor: i64,
    /// Value added tax.
    pub vat_minor: i64,
    /// The rounding amount.
    pub rounding_minor: i64,
    /// To be paid.
    pub to_pay_minor: i64,
}

/// A batch on the books: what it came to, in its stated direction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BatchRow {
    /// The partner.
    pub partner: PartnerId,
    /// The currency.
    pub currency: Currency,
    /// In which direction its amounts are positive.
    pub stated: Direction,
    /// What earlier batches carried forward.
    pub opening_minor: i64,
    /// What is carried forward.
    pub closing_minor: i64,
    /// Number of TX.
    pub transactions: i64,
    /// Number of AJ.
    pub adjustments: i64,
    /// Number of CH.
    pub charges: i64,
    /// The quantity of each item of the terms, in their order.
    pub quantities: Vec<(Basis, i64)>,
    /// All its records.
    pub records: i64,
    /// SHA-256 of their bytes.
    pub sha256: [u8; 32],
}

/// Who closes a cycle.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Closer<'a> {
    /// The person of the staff, who may not approve it then; empty without one.
    pub staff: &'a str,
    /// Where no person of the staff is named: whom the audit names; empty for the scheduler.
    pub operator: &'a str,
    /// Whether another person must approve.
    pub two_people: bool,
}

/// What later batches ask of one: its terms, what it began with and what it came to.
pub type ComputedItems<'c> = (&'c Terms, &'c StoredOpening, &'c BatchClosing);

/// Books the positions, batches and items of a cut cycle and moves it to `computed`; a second booking changes nothing.
/// False, and nothing is booked, if the items are booked with other numbers.
pub async fn record_computed(
    pool: &Pool,
    fence: &Fence,
    cycle: &Cycle,
    (positions, batches, items): (&[PositionRow], &[BatchRow], Vec<ComputedItems<'_>>),
    by: Closer<'_>,
) -> Result<bool, StoreError> {
    let mut client = pool.get().await?;
    let transaction = client.transaction().await?;
    fence.hold(&transaction).await?;
    insert_positions(&transaction, cycle.id, positions).await?;
    insert_batches(&transaction, cycle.id, batches).await?;
    for (terms, opening, closing) in items {
        if !record_items(&transaction, cycle, terms, opening, closing).await? {
            transaction.rollback().await?;
            return Ok(false);
        }
    }
    let text = "UPDATE settlement_cycle SET state = 'computed', computed_by = $2, two_people = $3 \
                WHERE cycle_id = $1 AND state = 'closing'";
    let done = transaction.execute(text, &[&cycle.id.0, &by.staff, &by.two_people]).await?;
    let named = if by.staff.is_empty() { by.operator } else { by.staff };
    // The scheduler is nobody.
    if done > 0 && !named.is_empty() {
        of_cycle(&transaction, named, "day.close", cycle.id, ("closing", "computed")).await?;
    }
    transaction.commit().await?;
    Ok(true)
}

async fn insert_batches(
    transaction: &Transaction<'_>,
    cycle: CycleId,
    rows: &[BatchRow],
) -> Result<(), StoreError> {
    let insert = "INSERT INTO settlement_batch (cycle_id, partner_id, currency, stated, \
                  transactions, adjustments, charges, quantities, records, sha256) \
                  VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10) ON CONFLICT DO NOTHING";
    for row in rows {
        let currency = i32::from(row.currency.0);
        let quantity = |(basis, quantity): &(Basis, i64)| format!("{}={quantity}", basis.name());
        let quantities = row.quantities.iter().map(quantity).collect::<Vec<_>>().join(";");
        transaction
            .execute(
                insert,
                &[
                    &cycle.0,
                    &row.partner.0,
                    &currency,
                    &row.stated.name(),
                    &row.transactions,
                    &row.adjustments,
                    &row.charges,
                    &quantities,
                    &row.records,
                    &row.sha256.as_slice(),
                ],
            )
            .await?;
    }
    Ok(())
}

/// The batches of a cycle, by partner and currency.
pub async fn batches_of(pool: &Pool, cycle: CycleId) -> Result<Vec<BatchRow>, StoreError> {
    // Balances stand once, as the partner pays them; a batch without one has not been computed.
    let text = "SELECT b.partner_id, b.currency, b.stated, s.sign * l.opening_minor, s.sign * l.closing_minor, \
                b.transactions, b.adjustments, b.charges, b.quantities, b.records, b.sha256 \
                FROM settlement_batch b JOIN settlement_balance l USING (cycle_id, partner_id, currency) \
                CROSS JOIN LATERAL (SELECT CASE b.stated WHEN 'partner_pays_bank' THEN 1 ELSE -1 END AS sign) s \
                WHERE b.cycle_id = $1 ORDER BY b.partner_id, b.currency";
    let rows = pool.get().await?.query(text, &[&cycle.0]).await?;
    rows.iter().map(batch).collect()
}

fn batch(row: &Row) -> Result<BatchRow, StoreError> {
    let stated: &str = row.try_get(2)?;
    let (quantities, hash): (&str, &[u8]) = (row.try_get(8)?, row.try_get(10)?);
    let quantity = |text: &str| {
        let (basis, quantity) = text.split_once('=')?;
        Some((Basis::parse(basis)?, quantity.parse().ok()?))
    };
    // Terms of fees alone have none.
    let read = quantities.split(';').filter(|text| !text.is_empty()).map(quantity).collect::<Option<_>>();
    Ok(BatchRow {
        partner: PartnerId(row.try_get(0)?),
        currency: columns::currency(row, 1)?,
        stated: Direction::parse(stated).ok_or_else(|| damaged("direction", stated))?,
        opening_minor: row.try_get(3)?,
        closing_minor: row.try_get(4)?,
        transactions: row.try_get(5)?,
        adjustments: row.try_get(6)?,
        charges: row.try_get(7)?,
        quantities: read.ok_or_else(|| damaged("quantities of a batch", quantities))?,
        records: row.try_get(9)?,
        sha256: hash.try_into().map_err(|_| damaged("batch hash", hash.len()))?,
    })
}

/// Who computed a cycle and who has approved it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Approval {
    /// Whether two people must.
    pub two_people: bool,
    /// Who computed it; `None` before, empty for the scheduler.
    pub computed_by: Option<String>,
    /// The other person.
    pub approved_by: Option<String>,
}

/// Where the approval of a cycle stands.
pub async fn approval_of(pool: &Pool, cycle: CycleId) -> Result<Approval, StoreError> {
    let text = "SELECT two_people, computed_by, approved_by FROM settlement_cycle WHERE cycle_id = $1";
    let row = pool.get().await?.query_one(text, &[&cycle.0]).await?;
    Ok(Approval { two_people: row.try_get(0)?, computed_by: row.try_get(1)?, approved_by: row.try_get(2)? })
}

/// Approves a computed cycle that asks for nobody; returns whether it is approved or beyond.
pub async fn approve_by_itself(pool: &Pool, fence: &Fence, cycle: CycleId) -> Result<bool, StoreError> {
    let mut client = pool.get().await?;
    let transaction = client.transaction().await?;
    fence.hold(&transaction).await?;
    let text = "UPDATE settlement_cycle SET state = 'approved' \
                WHERE cycle_id = $1 AND state = 'computed' AND NOT two_people";
    transaction.execute(text, &[&cycle.0]).await?;
    let text = "SELECT state NOT IN ('prepared', 'open', 'closing', 'computed') FROM settlement_cycle WHERE cycle_id = $1";
    let approved = transaction.query_one(text, &[&cycle.0]).await?.try_get(0)?;
    transaction.commit().await?;
    Ok(approved)
}

/// Approves a computed cycle as another person than who computed it; false if it is not waiting for that person.
pub async fn approve_cycle(pool: &Pool, cycle: CycleId, by: &str) -> Result<bool, StoreError> {
    let text = "UPDATE settlement_cycle SET state = 'approved', approved_by = $2 \
                WHERE cycle_id = $1 AND state = 'computed' AND two_people AND computed_by <> $2";
    let mut client = pool.get().await?;
    let transaction = client.transaction().await?;
    if transaction.execute(text, &[&cycle.0, &by]).await? == 0 {
        return Ok(false);
    }
    of_cycle(&transaction, by, "day.approve", cycle, ("computed", "approved")).await?;
    transaction.commit().await?;
    Ok(true)
}

/// Leaves the entry of a step of a close that a person made.
async fn of_cycle(
    transaction: &Transaction<'_>,
    by: &str,
    what: &str,
    cycle: CycleId,
    (was, is): (&str, &str),
) -> Result<(), StoreError> {
    let object = cycle.0.to_string();
    let entry = AuditEntry::new(by, what, "cycle", &object);
    audit::record(transaction, &entry.from(json!({ "state": was })).to(json!({ "state": is }))).await
}

async fn insert_positions(
    transaction: &Transaction<'_>,
    cycle: CycleId,
    rows: &[PositionRow],
) -> Result<(), StoreError> {
    let insert = "INSERT INTO settlement_position (cycle_id, partner_id, currency, direction, lines, miles, net_minor, \
                  vat_minor, rounding_minor, to_pay_minor) VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10) ON CONFLICT DO NOTHING";
    for row in rows {
        let currency = i32::from(row.currency.0);
        transaction
            .execute(
                insert,
                &[
                    &cycle.0,
                    &row.partner.0,
                    &currency,
                    &row.direction.name(),
                    &row.lines,
                    &row.miles,
                    &row.net_minor,
                    &row.vat_minor,
                    &row.rounding_minor,
                    &row.to_pay_minor,
                ],
            )
            .await?;
    }
    Ok(())
}

/// The positions of a cycle, by partner and currency.
pub async fn positions_of(pool: &Pool, cycle: CycleId) -> Result<Vec<PositionRow>, StoreError> {
    let text = "SELECT partner_id, currency, direction, lines, miles, net_minor, vat_minor, rounding_minor, to_pay_minor \
                FROM settlement_position WHERE cycle_id = $1 ORDER BY partner_id, currency";
    let rows = pool.get().await?.query(text, &[&cycle.0]).await?;
    rows.iter().map(position).collect()
}

fn position(row: &Row) -> Result<PositionRow, StoreError> {
    let direction: &str = row.try_get(2)?;
    Ok(PositionRow {
        partner: PartnerId(row.try_get(0)?),
        currency: columns::currency(row, 1)?,
        direction: Direction::parse(direction).ok_or_else(|| damaged("direction", direction))?,
        lines: row.try_get(3)?,
        miles: row.try_get(4)?,
        net_minor: row.try_get(5)?,
        vat_minor: row.try_get(6)?,
        rounding_minor: row.try_get(7)?,
        to_pay_minor: row.try_get(8)?,
    })
}

/// A settlement file in the books.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileRow {
    /// The code of the partner or bank that receives it.
    pub receiver: String,
    /// The cycle that it settles.
    pub cycle: CycleId,
    /// Its place among the receiver's files, from 1, without gaps.
    pub sequence: i32,
    /// 0 for the first edition.
    pub revision: i32,
    /// Its name.
    pub file_name: String,
    /// SHA-256 of its bytes.
    pub sha256: [u8; 32],
    /// SHA-256 of the receiver's file before it.
    pub previous_sha256: Option<[u8; 32]>,
    /// How many records it has.
    pub records: i32,
    /// Whether it has been published.
    pub published: bool,
}

const FILE_COLUMNS: &str =
    "receiver, cycle_id, sequence, revision, file_name, sha256, previous_sha256, records, published";

fn file(row: &Row) -> Result<FileRow, StoreError> {
    let hash = |bytes: &[u8]| <[u8; 32]>::try_from(bytes).map_err(|_| damaged("file hash", bytes.len()));
    Ok(FileRow {
        receiver: row.try_get(0)?,
        cycle: CycleId(row.try_get(1)?),
        sequence: row.try_get(2)?,
        revision: row.try_get(3)?,
        file_name: row.try_get(4)?,
        sha256: hash(row.try_get(5)?)?,
        previous_sha256: row.try_get::<_, Option<&[u8]>>(6)?.map(hash).transpose()?,
        records: row.try_get(7)?,
        published: row.try_get(8)?,
    })
}

/// Books a file before it is published; a second booking of the same file changes nothing.
pub async fn record_file(pool: &Pool, fence: &Fence, row: &FileRow) -> Result<(), StoreError> {
    let insert = format!(
        "INSERT INTO settlement_file ({FILE_COLUMNS}) VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9) \
         ON CONFLICT (receiver, cycle_id, revision) DO NOTHING"
    );
    let previous = row.previous_sha256.map(|hash| hash.to_vec());
    let hash = row.sha256.to_vec();
    let mut client = pool.get().await?;
    let transaction = client.transaction().await?;
    fence.hold(&transaction).await?;
    transaction
        .execute(
            insert.as_str(),
            &[
                &row.receiver,
                &row.cycle.0,
                &row.sequence,
                &row.revision,
                &row.file_name,
                &hash,
                &previous,
                &row.records,
                &row.published,
            ],
        )
        .await?;
    transaction.commit().await?;
    Ok(())
}

/// The receiver's newest file of an earlier cycle: the one that the next is chained to.
pub async fn last_file(pool: &Pool, receiver: &str, before: CycleId) -> Result<Option<FileRow>, StoreError> {
    let text = format!(
        "SELECT {FILE_COLUMNS} FROM settlement_file WHERE receiver = $1 AND cycle_id <> $2 \
         AND sequence < coalesce((SELECT min(sequence) FROM settlement_file WHERE receiver = $1 AND cycle_id = $2), 2147483647) \
         ORDER BY sequence DESC, revision DESC LIMIT 1"
    );
    let row = pool.get().await?.query_opt(text.as_str(), &[&receiver, &before.0]).await?;
    row.as_ref().map(file).transpose()
}

/// The batches of cycles before this one that stand in no file of their partner yet, by partner, currency and cycle: the
/// partner takes no files on those days. It is the same whenever it is asked about a cycle.
pub async fn waiting_batches(
    pool: &Pool,
    before: &Cycle,
) -> Result<Vec<(PartnerId, Currency, CycleId)>, StoreError> {
    let text = "SELECT b.partner_id, b.currency, b.cycle_id FROM partner p \
                CROSS JOIN LATERAL (SELECT coalesce(max(c.sequence), 0) AS sequence FROM settlement_file f \
                JOIN settlement_cycle c USING (cycle_id) \
                WHERE f.receiver = p.code AND c.program_id = $1 AND c.sequence < $2) last \
                JOIN settlement_cycle c ON c.program_id = $1 AND c.sequence > last.sequence AND c.sequence < $2 \
                JOIN settlement_batch b ON b.cycle_id = c.cycle_id AND b.partner_id = p.partner_id \
                ORDER BY b.partner_id, b.currency, c.sequence";
    let rows = pool.get().await?.query(text, &[&before.program.0, &before.sequence]).await?;
    let batch =
        |row: &Row| Ok((PartnerId(row.try_get(0)?), columns::currency(row, 1)?, CycleId(row.try_get(2)?)));
    rows.iter().map(batch).collect()
}

/// The files of a cycle, by receiver.
pub async fn files_of(pool: &Pool, cycle: CycleId) -> Result<Vec<FileRow>, StoreError> {
    let text =
        format!("SELECT {FILE_COLUMNS} FROM settlement_file WHERE cycle_id = $1 ORDER BY receiver, revision");
    let rows = pool.get().await?.query(text.as_str(), &[&cycle.0]).await?;
    rows.iter().map(file).collect()
}

/// The published files of all receivers, those of the last cycles first, at most `limit`.
pub async fn last_published_files(pool: &Pool, limit: u32) -> Result<Vec<FileRow>, StoreError> {
    let text = format!(
        "SELECT {FILE_COLUMNS} FROM settlement_file WHERE published \
         ORDER BY cycle_id DESC, receiver, revision LIMIT $1"
    );
    let rows = pool.get().await?.query(text.as_str(), &[&i64::from(limit)]).await?;
    rows.iter().map(file).collect()
}

/// Marks the files of a cycle and the cycle itself as published.
pub async fn mark_published(pool: &Pool, fence: &Fence, cycle: CycleId) -> Result<(), StoreError> {
    let mut client = pool.get().await?;
    let transaction = client.transaction().await?;
    fence.hold(&transaction).await?;
    transaction
        .execute("UPDATE settlement_file SET published = true WHERE cycle_id = $1", &[&cycle.0])
        .await?;
    let text = "UPDATE settlement_cycle SET state = 'published' WHERE cycle_id = $1 AND state = 'approved'";
    transaction.execute(text, &[&cycle.0]).await?;
    transaction.commit().await?;
    Ok(())
}

/// Marks one file as published: a revision of a cycle that is.
pub async fn mark_file_published(pool: &Pool, fence: &Fence, row: &FileRow) -> Result<(), StoreError> {
    let mut client = pool.get().await?;
    let transaction = client.transaction().await?;
    fence.hold(&transaction).await?;
    let text =
        "UPDATE settlement_file SET published = true WHERE receiver = $1 AND cycle_id = $2 AND revision = $3";
    transaction.execute(text, &[&row.receiver, &row.cycle.0, &row.revision]).await?;
    transaction.commit().await?;
    Ok(())
}

/// Notes that every file of a published cycle has reached its receiver; changes nothing if it is known.
pub async fn mark_delivered(pool: &Pool, cycle: CycleId) -> Result<(), StoreError> {
    let text = "UPDATE settlement_cycle SET state = 'delivered' WHERE cycle_id = $1 AND state = 'published'";
    pool.get().await?.execute(text, &[&cycle.0]).await?;
    Ok(())
}

/// Notes that every receiver has taken its file of a published cycle; changes nothing if it is known.
pub async fn mark_acknowledged(pool: &Pool, cycle: CycleId) -> Result<(), StoreError> {
    let text = "UPDATE settlement_cycle SET state = 'acknowledged' \
                WHERE cycle_id = $1 AND state IN ('published', 'delivered')";
    pool.get().await?.execute(text, &[&cycle.0]).await?;
    Ok(())
}

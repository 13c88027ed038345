//! Blocks of miles that are bought before they are given: written down by one person, approved by another.

use domain::settlement::Basis;
use domain::{Currency, CycleId, PartnerId, ProgramId};
use jiff::{Timestamp, civil::Date};
use serde_json::json;
use tokio_postgres::Row;

use crate::{
    Cycle, Pool, StoreError,
    audit::{self, AuditEntry},
    columns,
    error::damaged,
};

/// The number of a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct BlockId(pub i64);

/// A block to be written down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewPrepaidBlock {
    /// The program.
    pub program: ProgramId,
    /// The partner whose terms it is for.
    pub partner: PartnerId,
    /// Which miles it is of.
    pub basis: Basis,
    /// How many; above zero.
    pub units: i64,
    /// When it was bought.
    pub bought_on: Date,
    /// What was paid, tax included.
    pub paid_minor: i64,
    /// The currency of that.
    pub currency: Currency,
    /// The invoice or payment.
    pub reference: String,
    /// Who writes it down.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

/// A block as it stands in the books.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrepaidBlock {
    /// Its number.
    pub id: BlockId,
    /// What was written down.
    pub block: NewPrepaidBlock,
    /// Who approved it, when, and from which cycle on it counts.
    pub approved: Option<(String, Timestamp, CycleId)>,
}

/// What came of an approval.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BlockApproval {
    /// It counts from this cycle on.
    Counts(CycleId),
    /// Who wrote it down may not approve it.
    SamePerson,
    /// It was approved before.
    Already,
    /// There is no such block.
    Unknown,
    /// The program has no open cycle.
    NoCycle,
}

/// Units of one basis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PrepaidLeft {
    /// The partner.
    pub partner: PartnerId,
    /// Which miles.
    pub basis: Basis,
    /// Bought and approved.
    pub bought: i64,
    /// Taken by computed cycles.
    pub drawn: i64,
}

/// Writes a block down; it counts nothing until another person approves it. `None` if the partner's reference is there
/// already.
pub async fn propose_prepaid_block(
    pool: &Pool,
    new: &NewPrepaidBlock,
) -> Result<Option<BlockId>, StoreError> {
    let text = "INSERT INTO prepaid_block (program_id, partner_id, basis, units, bought_on, paid_minor, currency, \
                reference, proposed_by, proposed_at) VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10) \
                ON CONFLICT (program_id, partner_id, reference) DO NOTHING RETURNING block_id";
    let currency = i32::from(new.currency.0);
    let mut client = pool.get().await?;
    let transaction = client.transaction().await?;
    let row = transaction
        .query_opt(
            text,
            &[
                &new.program.0,
                &new.partner.0,
                &new.basis.name(),
                &new.units,
                &new.bought_on,
                &new.paid_minor,
                &currency,
                &new.reference,
                &new.by,
                &new.at,
            ],
        )
        .await?;
    let id: Option<i64> = row.map(|row| row.try_get(0)).transpose()?;
    if let Some(id) = id {
        let is = json!({ "program": new.program.0, "partner": new.partner.0, "basis": new.basis.name(),
                         "units": new.units, "paid_minor": new.paid_minor, "reference": new.reference });
        let object = id.to_string();
        audit::record(
            &transaction,
            &AuditEntry::new(&new.by, "prepaid.propose", "prepaid_block", &object).to(is),
        )
        .await?;
    }
    transaction.commit().await?;
    Ok(id.map(BlockId))
}

/// Approves a block. It counts from the cycle on that is open now: under the gate, so that a cut comes before or after.
pub async fn approve_prepaid_block(
    pool: &Pool,
    block: BlockId,
    by: &str,
    at: Timestamp,
) -> Result<BlockApproval, StoreError> {
    let mut client = pool.get().await?;
    let transaction = client.transaction().await?;
    let text =
        "SELECT program_id, proposed_by, approved_by IS NOT NULL FROM prepaid_block WHERE block_id = $1";
    let Some(row) = transaction.query_opt(text, &[&block.0]).await? else {
        return Ok(BlockApproval::Unknown);
    };
    let (program, proposed_by, approved): (i32, String, bool) =
        (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
    if approved {
        return Ok(BlockApproval::Already);
    }
    if proposed_by == by {
        return Ok(BlockApproval::SamePerson);
    }
    let gate = "SELECT g.cycle_id FROM cycle_gate g WHERE g.bucket = $1 AND g.program_id = $2 FOR SHARE OF g";
    let Some(row) = transaction.query_opt(gate, &[&0_i32, &program]).await? else {
        return Ok(BlockApproval::NoCycle);
    };
    let cycle: i32 = row.try_get(0)?;
    let text = "UPDATE prepaid_block SET approved_by = $2, approved_at = $3, cycle_id = $4 \
                WHERE block_id = $1 AND approved_by IS NULL";
    if transaction.execute(text, &[&block.0, &by, &at, &cycle]).await? == 0 {
        // Of two people at once, one was first.
        return Ok(BlockApproval::Already);
    }
    let (object, is) = (block.0.to_string(), json!({ "proposed_by": proposed_by, "cycle": cycle }));
    audit::record(&transaction, &AuditEntry::new(by, "prepaid.approve", "prepaid_block", &object).to(is))
        .await?;
    transaction.commit().await?;
    Ok(BlockApproval::Counts(CycleId(cycle)))
}

/// The blocks of a program, oldest first.
pub async fn prepaid_blocks(pool: &Pool, program: ProgramId) -> Result<Vec<PrepaidBlock>, StoreError> {
    let text = "SELECT block_id, partner_id, basis, units, bought_on, paid_minor, currency, reference, proposed_by, \
                proposed_at, approved_by, approved_at, cycle_id FROM prepaid_block WHERE program_id = $1 \
                ORDER BY block_id";
    let rows = pool.get().await?.query(text, &[&program.0]).await?;
    rows.iter().map(|row| block(row, program)).collect()
}

fn block(row: &Row, program: ProgramId) -> Result<PrepaidBlock, StoreError> {
    let approved: (Option<String>, Option<Timestamp>, Option<i32>) =
        (row.try_get(10)?, row.try_get(11)?, row.try_get(12)?);
    let approved = match approved {
        (Some(by), Some(at), Some(cycle)) => Some((by, at, CycleId(cycle))),
        _ => None,
    };
    let block = NewPrepaidBlock {
        program,
        partner: PartnerId(row.try_get(1)?),
        basis: basis(row, 2)?,
        units: row.try_get(3)?,
        bought_on: row.try_get(4)?,
        paid_minor: row.try_get(5)?,
        currency: columns::currency(row, 6)?,
        reference: row.try_get(7)?,
        by: row.try_get(8)?,
        at: row.try_get(9)?,
    };
    Ok(PrepaidBlock { id: BlockId(row.try_get(0)?), block, approved })
}

fn basis(row: &Row, column: usize) -> Result<Basis, StoreError> {
    let name: &str = row.try_get(column)?;
    Basis::parse(name).ok_or_else(|| damaged("basis", name))
}

/// What is bought and taken in a program, by partner and basis.
pub async fn prepaid_left(pool: &Pool, program: ProgramId) -> Result<Vec<PrepaidLeft>, StoreError> {
    let text = "SELECT b.partner_id, b.basis, sum(b.units)::bigint, coalesce((SELECT sum(i.prepaid_drawn) \
                FROM settlement_item i JOIN settlement_cycle c USING (cycle_id) WHERE c.program_id = $1 \
                AND i.partner_id = b.partner_id AND i.basis = b.basis), 0)::bigint \
                FROM prepaid_block b WHERE b.program_id = $1 AND b.cycle_id IS NOT NULL \
                GROUP BY b.partner_id, b.basis ORDER BY b.partner_id, b.basis";
    let rows = pool.get().await?.query(text, &[&program.0]).await?;
    let left = |row: &Row| {
        let (partner, bought, drawn) = (PartnerId(row.try_get(0)?), row.try_get(2)?, row.try_get(3)?);
        Ok(PrepaidLeft { partner, basis: basis(row, 1)?, bought, drawn })
    };
    rows.iter().map(left).collect()
}

/// Units left for the batch of a cycle: what counts from it or an earlier one, less what earlier ones took. `None` if
/// no block was ever bought.
pub(super) async fn left_before(
    client: &tokio_postgres::Client,
    cycle: &Cycle,
    partner: PartnerId,
    basis: Basis,
) -> Result<Option<i64>, StoreError> {
    let text = "SELECT (SELECT sum(b.units) FROM prepaid_block b JOIN settlement_cycle c USING (cycle_id) \
                WHERE b.program_id = $1 AND c.sequence <= $2 AND b.partner_id = $3 AND b.basis = $4)::bigint, \
                coalesce((SELECT sum(i.prepaid_drawn) FROM settlement_item i JOIN settlement_cycle c USING (cycle_id) \
                WHERE c.program_id = $1 AND c.sequence < $2 AND i.partner_id = $3 AND i.basis = $4), 0)::bigint";
    let row = client.query_one(text, &[&cycle.program.0, &cycle.sequence, &partner.0, &basis.name()]).await?;
    let (bought, drawn): (Option<i64>, i64) = (row.try_get(0)?, row.try_get(1)?);
    Ok(bought.map(|bought| bought.saturating_sub(drawn)))
}

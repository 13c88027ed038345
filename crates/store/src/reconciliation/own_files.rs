//! Our published files as they stand in the books.

use domain::reconciliation::Whose;
use domain::{BankId, CycleId, PartnerId, ProgramId};
use jiff::civil::Date;
use tokio_postgres::Row;

use crate::{Pool, StoreError, error::damaged};

/// A published edition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnFile {
    /// The receiver.
    pub receiver: String,
    /// Whose it is.
    pub of: Whose,
    /// The id in its header.
    pub file_id: String,
    /// Its name.
    pub file_name: String,
    /// Its place among the receiver's files.
    pub sequence: i32,
    /// 0 for the first edition.
    pub revision: i32,
    /// The business date.
    pub business_date: Date,
    /// SHA-256 of its bytes.
    pub sha256: [u8; 32],
    /// Whether the books have a file before it, or it is the first.
    pub follows: bool,
    /// Whether the file before it, in one of its editions, has the hash that this one names.
    pub is_chained: bool,
}

/// Editions of business dates from `from` on.
pub async fn own_files(pool: &Pool, from: Date) -> Result<Vec<OwnFile>, StoreError> {
    let text = "SELECT f.receiver, p.program_id, p.bank_id, c.cycle_id, (SELECT partner_id FROM partner \
                WHERE code = f.receiver), f.receiver || '-' || p.code || '-' || lpad(c.sequence::text, \
                greatest(6, length(c.sequence::text)), '0') || '-' || f.revision, f.file_name, f.sequence, f.revision, \
                c.business_date, f.sha256, f.sequence = 1 OR EXISTS (SELECT FROM settlement_file b \
                WHERE b.receiver = f.receiver AND b.sequence = f.sequence - 1), f.sequence = 1 OR EXISTS (SELECT FROM \
                settlement_file b WHERE b.receiver = f.receiver AND b.sequence = f.sequence - 1 \
                AND b.sha256 = f.previous_sha256) \
                FROM settlement_file f JOIN settlement_cycle c USING (cycle_id) JOIN program p USING (program_id) \
                WHERE f.published AND c.business_date >= $1 ORDER BY f.receiver, f.sequence, f.revision";
    let rows = pool.get().await?.query(text, &[&from]).await?;
    rows.iter().map(file).collect()
}

fn file(row: &Row) -> Result<OwnFile, StoreError> {
    let (partner, hash): (Option<i32>, &[u8]) = (row.try_get(4)?, row.try_get(10)?);
    Ok(OwnFile {
        receiver: row.try_get(0)?,
        of: Whose {
            program: Some(ProgramId(row.try_get(1)?)),
            bank: Some(BankId(row.try_get(2)?)),
            partner: partner.map(PartnerId),
            cycle: Some(CycleId(row.try_get(3)?)),
        },
        file_id: row.try_get(5)?,
        file_name: row.try_get(6)?,
        sequence: row.try_get(7)?,
        revision: row.try_get(8)?,
        business_date: row.try_get(9)?,
        sha256: hash.try_into().map_err(|_| damaged("file hash", hash.len()))?,
        follows: row.try_get(11)?,
        is_chained: row.try_get(12)?,
    })
}

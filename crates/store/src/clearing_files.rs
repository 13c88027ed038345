//! Clearing files: each is taken once, whatever it is called when it comes again.

use domain::BankId;

use crate::{Pool, StoreError};

/// What is known of a file that is about to be imported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClearingFileState {
    /// Never seen: it is now written down as being imported.
    New,
    /// An import was begun and not finished: its records are safe to send again.
    Unfinished,
    /// Imported before.
    Imported,
    /// The same id came with other bytes.
    Altered,
    /// The same bytes came under another id.
    Renamed {
        /// The id under which they came first.
        first_id: String,
    },
}

/// Writes a file down before its records are sent, or says what is known of it.
pub async fn begin_clearing_file(
    pool: &Pool,
    bank: BankId,
    file_id: &str,
    sequence: i32,
    sha256: [u8; 32],
    records: i32,
) -> Result<ClearingFileState, StoreError> {
    let hash = sha256.as_slice();
    let client = pool.get().await?;
    let insert = "INSERT INTO clearing_file (bank_id, file_id, sequence, sha256, records, state) \
                  VALUES ($1, $2, $3, $4, $5, 'importing') ON CONFLICT DO NOTHING";
    if client.execute(insert, &[&bank.0, &file_id, &sequence, &hash, &records]).await? == 1 {
        return Ok(ClearingFileState::New);
    }
    let by_id = "SELECT sha256, state FROM clearing_file WHERE bank_id = $1 AND file_id = $2";
    if let Some(row) = client.query_opt(by_id, &[&bank.0, &file_id]).await? {
        let (stored, state): (Vec<u8>, String) = (row.try_get(0)?, row.try_get(1)?);
        return Ok(match (stored == sha256, state.as_str()) {
            (false, _) => ClearingFileState::Altered,
            (true, "imported") => ClearingFileState::Imported,
            (true, _) => ClearingFileState::Unfinished,
        });
    }
    let by_hash = "SELECT file_id FROM clearing_file WHERE bank_id = $1 AND sha256 = $2";
    let row = client.query_one(by_hash, &[&bank.0, &hash]).await?;
    Ok(ClearingFileState::Renamed { first_id: row.try_get(0)? })
}

/// Marks a file as imported: every record has been answered.
pub async fn finish_clearing_file(pool: &Pool, bank: BankId, file_id: &str) -> Result<(), StoreError> {
    let text = "UPDATE clearing_file SET state = 'imported' WHERE bank_id = $1 AND file_id = $2";
    pool.get().await?.execute(text, &[&bank.0, &file_id]).await?;
    Ok(())
}

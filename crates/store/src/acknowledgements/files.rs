//! The file that an answer speaks of.

use domain::{CycleId, ProgramId};
use jiff::civil::Date;
use tokio_postgres::Row;

use crate::{Pool, StoreError, error::damaged};

/// An edition that a receiver was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnswersFile {
    /// The code of the one who was sent it.
    pub receiver: String,
    /// The program.
    pub program: ProgramId,
    /// Its code.
    pub program_code: String,
    /// The cycle.
    pub cycle: CycleId,
    /// Its place among the program's cycles.
    pub cycle_sequence: i32,
    /// The business date.
    pub business_date: Date,
    /// Its place among the receiver's files.
    pub sequence: i32,
    /// 0 for the first edition.
    pub revision: i32,
    /// Its name.
    pub file_name: String,
    /// SHA-256 of its bytes.
    pub sha256: [u8; 32],
}

impl AnswersFile {
    /// The id in the file's header.
    pub fn file_id(&self) -> String {
        format!("{}-{}-{:06}-{}", self.receiver, self.program_code, self.cycle_sequence, self.revision)
    }
}

/// The edition of this receiver's, if it was published. Those of others are not there.
pub async fn sent_file(
    pool: &Pool,
    receiver: &str,
    sequence: i32,
    revision: i32,
) -> Result<Option<AnswersFile>, StoreError> {
    let text =
        format!("{FILE} WHERE f.published AND f.receiver = $1 AND f.sequence = $2 AND f.revision = $3");
    let row = pool.get().await?.query_opt(text.as_str(), &[&receiver, &sequence, &revision]).await?;
    row.as_ref().map(file).transpose()
}

pub(super) const FILE: &str = "SELECT f.receiver, p.program_id, p.code, c.cycle_id, c.sequence, c.business_date, f.sequence, \
     f.revision, f.file_name, f.sha256 FROM settlement_file f JOIN settlement_cycle c ON c.cycle_id = f.cycle_id \
     JOIN program p ON p.program_id = c.program_id";

pub(super) fn file(row: &Row) -> Result<AnswersFile, StoreError> {
    let hash: &[u8] = row.try_get(9)?;
    Ok(AnswersFile {
        receiver: row.try_get(0)?,
        program: ProgramId(row.try_get(1)?),
        program_code: row.try_get(2)?,
        cycle: CycleId(row.try_get(3)?),
        cycle_sequence: row.try_get(4)?,
        business_date: row.try_get(5)?,
        sequence: row.try_get(6)?,
        revision: row.try_get(7)?,
        file_name: row.try_get(8)?,
        sha256: hash.try_into().map_err(|_| damaged("file hash", hash.len()))?,
    })
}

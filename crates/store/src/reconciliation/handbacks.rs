//! Files of miles with what their partner has handed back.

use domain::reconciliation::{Transaction, Whose};
use domain::{BankId, CycleId, LineState, PartnerId, ProgramId};
use jiff::civil::Date;
use tokio_postgres::Row;

use crate::{Pool, StoreError, columns, error::damaged};

/// A published file of miles.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HandedFile {
    /// Whose it is.
    pub of: Whose,
    /// The program.
    pub program: ProgramId,
    /// The program's code.
    pub program_code: String,
    /// Its place among the program's files.
    pub sequence: i32,
    /// Of the last cycle in it.
    pub business_date: Date,
    /// The partner's numbers of the hand-backs that answer it.
    pub handbacks: Vec<i32>,
    /// Of these the ones before which a number is missing.
    pub after_gap: Vec<i32>,
    /// What tells its lines' states apart: a hash of all of them.
    pub states: String,
}

/// A line of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HandedLine {
    /// Its id.
    pub line_id: String,
    /// Signed miles.
    pub miles: i64,
    /// Where it stands.
    pub state: LineState,
    /// Why it was rejected.
    pub code: Option<String>,
    /// The date of what moved.
    pub date: Date,
    /// The cycle.
    pub cycle: CycleId,
    /// The message.
    pub transaction: Transaction,
}

/// Files of business dates from `from` on.
pub async fn handed_files(pool: &Pool, from: Date) -> Result<Vec<HandedFile>, StoreError> {
    let text = "SELECT f.program_id, p.bank_id, f.partner_id, p.code, f.sequence, f.business_date, \
                coalesce((SELECT array_agg(h.sequence ORDER BY h.sequence) FROM partner_handback h \
                WHERE h.program_id = f.program_id AND h.file_sequence = f.sequence), '{}'), \
                coalesce((SELECT array_agg(h.sequence ORDER BY h.sequence) FROM partner_handback h \
                WHERE h.program_id = f.program_id AND h.file_sequence = f.sequence AND h.sequence > 1 AND NOT EXISTS \
                (SELECT FROM partner_handback b WHERE b.program_id = h.program_id AND b.sequence = h.sequence - 1)), '{}'), \
                coalesce((SELECT sum(hashtextextended(l.line_id || l.state || coalesce(l.code, ''), 0)::numeric)::text \
                FROM partner_line l WHERE l.program_id = f.program_id AND l.file_sequence = f.sequence), '') \
                FROM partner_file f JOIN program p USING (program_id) WHERE f.published AND f.business_date >= $1 \
                ORDER BY f.program_id, f.sequence";
    let rows = pool.get().await?.query(text, &[&from]).await?;
    rows.iter().map(file).collect()
}

fn file(row: &Row) -> Result<HandedFile, StoreError> {
    let program = ProgramId(row.try_get(0)?);
    Ok(HandedFile {
        of: Whose {
            program: Some(program),
            bank: Some(BankId(row.try_get(1)?)),
            partner: Some(PartnerId(row.try_get(2)?)),
            cycle: None,
        },
        program,
        program_code: row.try_get(3)?,
        sequence: row.try_get(4)?,
        business_date: row.try_get(5)?,
        handbacks: row.try_get(6)?,
        after_gap: row.try_get(7)?,
        states: row.try_get(8)?,
    })
}

/// The lines of a file.
pub async fn handed_lines(
    pool: &Pool,
    program: ProgramId,
    sequence: i32,
) -> Result<Vec<HandedLine>, StoreError> {
    let text = "SELECT line_id, miles, state, code, activity_date, cycle_id, account_bucket, message_key FROM partner_line \
                WHERE program_id = $1 AND file_sequence = $2 ORDER BY place";
    let rows = pool.get().await?.query(text, &[&program.0, &sequence]).await?;
    rows.iter().map(line).collect()
}

fn line(row: &Row) -> Result<HandedLine, StoreError> {
    let state: &str = row.try_get(2)?;
    Ok(HandedLine {
        line_id: row.try_get(0)?,
        miles: row.try_get(1)?,
        state: LineState::parse(state).ok_or_else(|| damaged("state of a line", state))?,
        code: row.try_get(3)?,
        date: row.try_get(4)?,
        cycle: CycleId(row.try_get(5)?),
        transaction: Transaction { bucket: columns::bucket(row, 6)?, key: columns::message_key(row, 7)? },
    })
}

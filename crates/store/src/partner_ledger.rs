//! Lines of miles that a partner keeps: from movements to lines, from lines to files, and what the partner answered.
//!
//! All of it is off the message path. One advisory lock for each program makes those that send or take answers at once
//! agree; what they write is a function of cut cycles and of what was written before, so that whoever breaks off is
//! followed by another.

mod answers;
mod files;
mod lines;
mod view;

pub use answers::{
    AnsweredLine, Handback, HandbackKept, LineBooking, handback_hash, keep_handback, line_booked,
    lines_to_book,
};
pub use files::{
    AccrualFile, AccrualLine, accrual_file, accrual_file_sent, accrual_lines, accruals_have_news,
    assign_accruals, publish_accrual_file, seal_accrual_file, unpublished_accrual_file,
};
pub use lines::{NewLine, cycles_to_tell, keep_lines, movements_to_tell};
pub use view::{LineSums, WaitingLine, accruals_by_state, accruals_waiting, line_account};

use domain::ProgramId;
use tokio_postgres::Transaction;

use crate::StoreError;

/// Of the locks of lines; the program's number is added.
const LOCK: i64 = 0x636f_6272_616e_7000;

/// One at a time for each program, until the end of the transaction.
async fn lock(transaction: &Transaction<'_>, program: ProgramId) -> Result<(), StoreError> {
    let key = LOCK.wrapping_add(i64::from(program.0));
    transaction.execute("SELECT pg_advisory_xact_lock($1)", &[&key]).await?;
    Ok(())
}

/// That the lines of a program must be looked through again. A program of which nothing was told has none.
pub(crate) async fn note_news(transaction: &Transaction<'_>, program: ProgramId) -> Result<(), StoreError> {
    let text = "INSERT INTO partner_news (program_id) SELECT $1::int WHERE EXISTS (SELECT FROM settlement_cycle c \
                JOIN partner_cycle p USING (cycle_id) WHERE c.program_id = $1)";
    transaction.execute(text, &[&program.0]).await?;
    Ok(())
}

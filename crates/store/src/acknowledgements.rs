//! What receivers answer to settlement files, disputes about lines, and adjustments that two people decide.
//!
//! Answers, disputes, proposals and decisions are rows that are only added. One advisory lock for each receiver makes
//! those that take its answers at once agree.

mod adjustments;
mod answers;
pub(crate) mod disputes;
mod files;
mod items;
mod statements;
mod view;

pub use adjustments::{
    AdjustmentDecision, AdjustmentProposal, AdjustmentRow, AdjustmentStep, NewAdjustment,
    adjustment_proposal, adjustment_proposals, adjustments_of, decide_adjustment, propose_adjustment,
    take_adjustments, take_adjustments_of,
};
pub use answers::{
    AnswerIntake, DisputedLine, KeptAnswer, NoAnswer, NotCounted, keep_answer, keep_no_answer,
};
pub use disputes::{DisputeRow, dispute, disputes};
pub use files::{AnswersFile, sent_file};
pub use statements::{NewStatement, StatementRow, keep_statement, receiver_files, statement};
pub use view::{
    AnswerEffectRow, AnswerRow, FileStanding, StandingsOf, answer_effects, answer_numbers, answers_of,
    cycle_is_acknowledged, effect_done, expect_answers, file_standings,
};

use tokio_postgres::Transaction;

use crate::StoreError;

/// Of the locks of receivers; the hash of the receiver's code is the second key.
const LOCK: i32 = 0x636f_6225;
/// One lock for all proposals and decisions about adjustments.
const PROPOSALS_LOCK: i64 = 0x636f_6272_616e_6425;

/// One at a time for each receiver, until the end of the transaction.
async fn lock(transaction: &Transaction<'_>, receiver: &str) -> Result<(), StoreError> {
    transaction.execute("SELECT pg_advisory_xact_lock($1, hashtext($2))", &[&LOCK, &receiver]).await?;
    Ok(())
}

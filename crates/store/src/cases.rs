//! Cases: what people do about breaks, under the row lock of the case and with all that follows in one transaction.
//!
//! What is allowed, [`domain::case`] decides. The database keeps it once more: four eyes, one proposal at a time, never past
//! what is left, rows that are only added, and every approval booked in the instant in which it is said.

mod comparisons;
mod corrected;
mod list;
mod said;
mod show;
mod steps;
mod sums;
mod underway;

pub use comparisons::{CasesFollowed, CasesTurned, follow_run, open_for, turn};
pub use corrected::{Corrected, corrected};
pub use list::{
    CaseFilter, CaseOrder, CasePage, CaseRow, CaseSort, CaseTransaction, LIST_MAX, Owner, WaitingProposal,
    list,
};
pub use said::{attach, attach_in, attachment, comment, comment_in};
pub use show::{
    CaseAdjustmentRow, CaseAttachmentRow, CaseBookingRow, CaseDecisionRow, CaseEventRow, CaseProposalRow,
    CaseView, show,
};
pub use steps::{
    ASSIGN_MAX, Assigned, CaseDecided, CaseDecision, NewCaseAdjustment, NewCaseProposal, assign, assign_in,
    decide, decide_in, propose, propose_in, take_back, take_back_in,
};
pub use sums::{CaseAgeing, CaseSums, ageing, sums};

use domain::case::CaseRefusal;
use jiff::Timestamp;

use crate::StoreError;

/// What can stop a step.
#[derive(Debug, thiserror::Error)]
pub enum CaseError {
    /// It is not allowed; nothing was changed.
    #[error("the step is refused: {0:?}")]
    Refused(CaseRefusal),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<tokio_postgres::Error> for CaseError {
    fn from(error: tokio_postgres::Error) -> Self {
        Self::Store(error.into())
    }
}

impl From<CaseRefusal> for CaseError {
    fn from(refusal: CaseRefusal) -> Self {
        Self::Refused(refusal)
    }
}

/// Who does something about a case, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CaseStep<'a> {
    /// The case.
    pub case: i64,
    /// What the person has seen of it; `None`: whatever it is now.
    pub version: Option<i32>,
    /// Who: a name of the staff.
    pub by: &'a str,
    /// When.
    pub at: Timestamp,
}

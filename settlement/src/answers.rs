//! Answers of receivers to settlement files: taken, decided, and what they set going.

mod intake;
mod intake_statement;
mod sent;
mod statement;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::path::Path;

use domain::CycleId;
use jiff::Timestamp;
use partner_adapters::AcknowledgementError;
use store::{AnswerEffectRow, Pool, StoreError};

use crate::close::revise_after;
use crate::{CloseError, ProgramSetup};

pub use intake::{AnswerTaken, Brought, take_answer};
pub use intake_statement::{StatementBrought, take_statement};
pub use sent::{SentLine, line_in_file};
pub use statement::{compare_with_files, totals_of_period};

/// Why an answer was not taken, or what it asks for was not done. Nothing is half done: the same call goes on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AnswerError {
    /// It cannot be read.
    #[error("the answer cannot be read: {0}; nothing was taken, its sender must send a corrected one")]
    Unreadable(AcknowledgementError),
    /// A statement cannot be read.
    #[error("the statement cannot be read: {0}; nothing was taken, its sender must send a corrected one")]
    Statement(String),
    /// It is of somebody else, to somebody else, or of a trial.
    #[error("the answer is not for here: {0}; nothing was taken")]
    Misdirected(AcknowledgementError),
    /// Nobody of this code receives files.
    #[error("no partner and no bank has the code {0:?}; nothing was taken")]
    UnknownReceiver(String),
    /// The published file is not as it was published.
    #[error(
        "the settlement file {name} is gone from {folder} or changed there; nothing was taken: the operator must close its \
         day again, which puts it there, and give the answer again"
    )]
    FileGone {
        /// Its name.
        name: String,
        /// The folder.
        folder: String,
    },
    /// The database refused or was not there.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The next revision could not be made, or the program is ending.
    #[error(transparent)]
    Close(#[from] CloseError),
}

/// Does what answers have asked for and nobody has done: makes the next revisions from the books and publishes them. `setups`
/// are those of the days of the cycles that are revised; one that is not among them waits for the next call. Returns what
/// must go out once more as it is; whoever delivers files notes it with [`store::effect_done`] when it waits to go out.
///
/// # Errors
/// The first one; nothing else waits for what could not be done.
pub async fn follow_answers(
    pool: &Pool,
    setups: &BTreeMap<CycleId, ProgramSetup>,
    out: &Path,
    now: Timestamp,
) -> Result<Vec<AnswerEffectRow>, AnswerError> {
    let (mut again, mut failed) = (Vec::new(), None);
    for effect in store::answer_effects(pool).await? {
        if !effect.new_revision {
            again.push(effect);
            continue;
        }
        let Some(setup) = setups.get(&effect.cycle) else { continue };
        match revise_after(pool, setup, (effect.cycle, &effect.receiver), effect.revision, out).await {
            Ok(_) => store::effect_done(pool, effect.answer, now).await?,
            Err(error) => failed = failed.or(Some(error)),
        }
    }
    failed.map_or(Ok(again), |error| Err(error.into()))
}

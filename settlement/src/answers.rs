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
pub(crate) use sent::path_of;
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

/// What answers have asked to be sent once more as it is, and nobody has sent; whoever delivers files notes it with
/// [`store::effect_done`] when it waits to go out.
///
/// # Errors
/// Of the database.
pub async fn asked_again(pool: &Pool) -> Result<Vec<AnswerEffectRow>, AnswerError> {
    let effects = store::answer_effects(pool).await?;
    Ok(effects.into_iter().filter(|effect| !effect.new_revision).collect())
}

/// Makes the next revisions that answers have asked for and nobody has made, from the books, and publishes them. `setups`
/// are those of the days of their cycles; one that is not among them waits for the next call.
///
/// # Errors
/// The first one; nothing else waits for what could not be done.
pub async fn make_revisions(
    pool: &Pool,
    setups: &BTreeMap<CycleId, ProgramSetup>,
    out: &Path,
    now: Timestamp,
) -> Result<(), AnswerError> {
    let mut failed = None;
    for effect in store::answer_effects(pool).await?.into_iter().filter(|effect| effect.new_revision) {
        let Some(setup) = setups.get(&effect.cycle) else { continue };
        match revise_after(pool, setup, (effect.cycle, &effect.receiver), effect.revision, out).await {
            Ok(_) => store::effect_done(pool, effect.answer, now).await?,
            Err(error) => failed = failed.or(Some(error)),
        }
    }
    failed.map_or(Ok(()), |error| Err(error.into()))
}

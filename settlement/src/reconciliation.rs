//! Reconciliation: everything that banks and partners have said, compared with the books. Nothing is booked from it.
//!
//! Each source is read for itself, a scope after another, so that no more than one day or file is in memory. What cannot be
//! read makes a run with its problem and stops nothing else. A scope whose inputs are those of its last run is not compared
//! again, unless something has become due since.

mod answers;
mod clearing;
mod clearing_files;
mod desk;
mod handbacks;
mod import;
mod own_files;
mod payments;
mod settings;
mod statements;
mod totals;

use std::path::Path;

use domain::reconciliation::Source;
use jiff::Timestamp;
use store::reconciliation::{Compared, last_runs};
use store::{Pool, StoreError};

use crate::{CloseError, ProgramSetup};
use desk::Desk;
pub use import::{BankStatementBrought, take_bank_statement};
pub use settings::{FilesAgreed, ReconcileSettings, SourceSettings, StatementsAgreed};

/// Why nothing could be compared any more. What was compared until then is kept.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReconcileError {
    /// The database refused or was not there.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The program is ending.
    #[error(transparent)]
    Close(#[from] CloseError),
}

/// What is known of a source after a reconciliation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceSummary {
    /// The source.
    pub source: Source,
    /// Scopes that were compared now: their inputs were new.
    pub compared: u64,
    /// All scopes.
    pub scopes: u64,
    /// The counts of the last run of each scope.
    pub counts: Compared,
    /// Scopes whose input could not be read, with the reason.
    pub problems: Vec<(String, String)>,
}

/// What came of a reconciliation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReconcileSummary {
    /// By source.
    pub sources: Vec<SourceSummary>,
    /// Breaks that were not there before, in the order in which they were found.
    pub new_breaks: Vec<i64>,
    /// Breaks that are no longer found.
    pub cured: u64,
}

/// Compares everything there is. `setups` say when payments are due; `out` is the folder of published files. What is due is
/// judged by `as_of`.
///
/// # Errors
/// Of the database. What is wrong with an input is in the summary.
pub async fn reconcile(
    pool: &Pool,
    out: &Path,
    setups: &[&ProgramSetup],
    settings: &ReconcileSettings,
    as_of: Timestamp,
) -> Result<ReconcileSummary, ReconcileError> {
    let mut desk = Desk::new(pool, settings, as_of).await?;
    Box::pin(clearing_files::compare(&mut desk)).await?;
    Box::pin(clearing::compare(&mut desk)).await?;
    Box::pin(totals::compare(&mut desk)).await?;
    Box::pin(payments::compare(&mut desk, setups)).await?;
    Box::pin(answers::compare(&mut desk)).await?;
    Box::pin(handbacks::compare(&mut desk)).await?;
    Box::pin(statements::compare(&mut desk, out)).await?;
    Box::pin(own_files::compare(&mut desk, out)).await?;
    // What the time does to cases belongs to the same look.
    Box::pin(store::cases::turn(pool, &settings.cases, as_of)).await?;
    summary(desk).await
}

async fn summary(desk: Desk<'_>) -> Result<ReconcileSummary, ReconcileError> {
    let mut sources = Vec::new();
    for source in Source::ALL {
        let mut of = SourceSummary {
            source,
            compared: desk.compared(source),
            scopes: 0,
            counts: Compared::default(),
            problems: Vec::new(),
        };
        for (scope, run) in last_runs(desk.pool, source).await? {
            of.scopes += 1;
            of.counts.matched += run.counts.matched;
            of.counts.suggested += run.counts.suggested;
            of.counts.expected += run.counts.expected;
            of.counts.broken += run.counts.broken;
            if !run.problem.is_empty() {
                of.problems.push((scope, run.problem));
            }
        }
        sources.push(of);
    }
    Ok(ReconcileSummary { sources, new_breaks: desk.new_breaks, cured: desk.cured })
}

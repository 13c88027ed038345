//! Miles that the co-brand partner keeps: what moved in cut cycles goes out in files of its own, and comes back answered.

mod handback;
mod render;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

pub use handback::{HandbackError, HandbackFile};
use partner_adapters::PublishError;
use render::render;
use store::{AccrualFile, Pool, StoreError};

use crate::{CloseError, ProgramSetup, lines};

/// The version of both layouts, the second field of every file.
const LAYOUT_VERSION: &str = "1";
/// Between the fields of a record.
const SEPARATOR: char = '|';
/// Events of staff that give or take miles.
const ADJUSTED: &str = "miles-adjust";

/// What can keep lines from going out. What was done stays: after the mend the same call goes on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AccrualError {
    /// The setup of the program contradicts itself.
    #[error(transparent)]
    Setup(#[from] CloseError),
    /// A file that was begun renders to other bytes than it did.
    #[error(
        "accrual file {name} would be written with other bytes than before; nothing was sent, the operator must compare \
         partner_line with the file and tell the program manager"
    )]
    Changed {
        /// Its name.
        name: String,
    },
    /// The database refused or was not there.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A file could not be published.
    #[error(transparent)]
    Publish(#[from] PublishError),
}

/// A file that went out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccrualSent {
    /// Where it is.
    pub path: PathBuf,
    /// Its place among the program's files.
    pub sequence: i32,
    /// How many lines.
    pub lines: i32,
    /// Their miles, signed.
    pub miles: i64,
}

/// The name of a file of lines.
pub fn accrual_file_name(program: &ProgramSetup, sequence: i32) -> Result<String, CloseError> {
    let partner = program.partner_code(program.cobrand_partner)?;
    Ok(format!("{partner}_{}_accruals_{sequence:06}.cba", program.code))
}

/// Makes lines of every cut cycle and publishes those that can go out; finishes first what an earlier call has begun. A
/// second call changes nothing until something has happened.
pub async fn send_accruals(
    pool: &Pool,
    program: &ProgramSetup,
    out: &Path,
) -> Result<Vec<AccrualSent>, AccrualError> {
    let mut sent = Vec::new();
    if let Some(begun) = store::unpublished_accrual_file(pool, program.id).await? {
        sent.push(publish(pool, program, out, &begun).await?);
    }
    for cycle in store::cycles_to_tell(pool, program.id).await? {
        let movements = store::movements_to_tell(pool, cycle.id).await?;
        let line = |(number, line): (usize, store::NewLine)| {
            let id = format!("{}-{:06}-{:06}", program.code, cycle.sequence, number + 1);
            (id, reason(&line), line)
        };
        let lines: Vec<_> = movements.into_iter().enumerate().map(line).collect();
        store::keep_lines(pool, &cycle, &lines).await?;
    }
    if let Some(file) = store::assign_accruals(pool, program.id, program.cobrand_partner).await? {
        sent.push(publish(pool, program, out, &file).await?);
    }
    Ok(sent)
}

fn reason(line: &store::NewLine) -> &'static str {
    if line.mti == ADJUSTED || lines::adjustment(&line.mti).is_some() {
        return "adjustment";
    }
    lines::kind(&line.mti, line.counted_minor).name()
}

/// Renders a file that was begun and publishes it; the same bytes whenever it is done.
async fn publish(
    pool: &Pool,
    program: &ProgramSetup,
    out: &Path,
    file: &AccrualFile,
) -> Result<AccrualSent, AccrualError> {
    let lines = store::accrual_lines(pool, program.id, file.sequence).await?;
    let (bytes, sha256) = render(program, file, &lines)?;
    let name = accrual_file_name(program, file.sequence)?;
    // On the books before it is in the folder: nobody may read what we do not know.
    store::seal_accrual_file(pool, program.id, file.sequence, sha256).await?;
    let sealed = store::accrual_file(pool, program.id, file.sequence).await?;
    if sealed.and_then(|file| file.sha256) != Some(sha256) {
        return Err(AccrualError::Changed { name });
    }
    let (folder, published) = (out.to_owned(), name.clone());
    let placed =
        crate::booking::aside(move || partner_adapters::publish(&folder, &published, &bytes)).await??;
    store::publish_accrual_file(pool, program.id, file.sequence).await?;
    tracing::info!(file = %name, lines = file.lines, "accrual file published");
    Ok(AccrualSent { path: placed.path, sequence: file.sequence, lines: file.lines, miles: file.miles })
}

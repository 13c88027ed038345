//! Files that are on the books go out.

use std::path::Path;

use domain::CycleId;
use partner_adapters::{Announced, PublishError};
use store::{Fence, FileRow, Pool};

use crate::booking::{self, Booked};
use crate::computed::Place;
use crate::{CloseError, ProgramSetup};

/// Makes the folder, and clears away what a dead close of the cycle has left in it.
pub(super) async fn prepare_folder(out: &Path, spools: &str) -> Result<(), CloseError> {
    create(out).await?;
    let (out, spools) = (out.to_owned(), spools.to_owned());
    Ok(booking::aside(move || partner_adapters::remove_left_over(&out, &spools)).await??)
}

pub(super) async fn create(out: &Path) -> Result<(), CloseError> {
    let out = out.to_owned();
    let created = booking::aside(move || {
        std::fs::create_dir_all(&out).map_err(|source| PublishError::Io {
            step: "create the folder",
            path: out.clone(),
            source,
        })
    });
    Ok(created.await??)
}

/// Gives the files their names.
pub(super) async fn publish(files: Vec<Booked>) -> Result<(), CloseError> {
    Ok(booking::aside(move || files.into_iter().try_for_each(publish_one)).await??)
}

fn publish_one(file: Booked) -> Result<(), PublishError> {
    let published = file.file.staged.publish(&file.row.file_name, file.row.sha256)?;
    if !published.already {
        metrics::counter!("cobrand_settlement_files_published_total").increment(1);
        tracing::info!(file = %file.row.file_name, records = file.row.records, "settlement file published");
    }
    Ok(())
}

pub(super) fn missing_of(out: &Path, rows: Vec<FileRow>) -> Result<Vec<FileRow>, PublishError> {
    let mut missing = Vec::new();
    for row in rows {
        if partner_adapters::announced(out, &row.file_name, &hex::encode(row.sha256))? == Announced::Missing {
            missing.push(row);
        }
    }
    Ok(missing)
}

/// Books and publishes the next revision of a receiver's file; again after a crash, the same one. Nothing is done if one
/// behind `unread` is published.
pub(super) async fn next_revision(
    pool: &Pool,
    fence: &Fence,
    program: &ProgramSetup,
    (cycle, receiver): (CycleId, &str),
    unread: i32,
    out: &Path,
) -> Result<FileRow, CloseError> {
    let cycle = store::cycle_by_id(pool, cycle).await?;
    let last = booking::booked(pool, cycle.id, receiver).await?;
    let Some(last) = last.filter(|_| cycle.state.is_published()) else {
        let (program, receiver) = (program.code.clone(), receiver.to_owned());
        return Err(CloseError::NotPublished { program, receiver, date: cycle.business_date });
    };
    if last.published && last.revision > unread {
        return Ok(last);
    }
    // A revision that was booked and did not go out is finished first.
    let revision = if last.published { last.revision.saturating_add(1) } else { last.revision };
    let place = Place { sequence: last.sequence, revision, previous_sha256: last.previous_sha256 };
    create(out).await?;
    let computed = booking::compute(pool, program, &cycle, (out, out)).await?;
    booking::compare(pool, cycle.id, &computed).await?;
    let (receiver, folder) = (receiver.to_owned(), out.to_owned());
    let file = booking::aside(move || {
        let mut computed = computed;
        computed.stage(&receiver, place, &folder)
    });
    let file = file.await??;
    let row = booking::row_of(cycle.id, &file)?;
    store::record_file(pool, fence, &row).await?;
    publish(vec![Booked { row: row.clone(), file }]).await?;
    store::mark_file_published(pool, fence, &row).await?;
    Ok(FileRow { published: true, ..row })
}

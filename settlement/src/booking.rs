//! Puts positions, batches and files on the books: once, and the same on every run.

use std::path::{Path, PathBuf};
use std::time::Duration;

use domain::CycleId;
use store::{Closer, Cycle, Fence, FileRow, Pool};

use crate::computed::{Computed, Place, StagedFile};
use crate::pass::{Before, Pass};
use crate::{CloseBy, CloseError, ProgramSetup};

/// Two programs that close at once want the same number for a receiver they share; more than a few do not meet.
const BOOKINGS_MAX: u32 = 20;
const BOOKING_PAUSE: Duration = Duration::from_millis(10);

/// A file on the books whose bytes lie ready.
#[derive(Debug)]
pub(crate) struct Booked {
    pub(crate) row: FileRow,
    pub(crate) file: StagedFile,
}

/// Prices a cut cycle in one pass over its movements, on a thread that may be blocked. The batches lie in temporary files
/// in `dir`; what waits since earlier cycles stands in the files in `published`.
pub(crate) async fn compute(
    pool: &Pool,
    program: &ProgramSetup,
    cycle: &Cycle,
    (published, dir): (&Path, &Path),
) -> Result<Computed, CloseError> {
    let waiting = crate::waiting::waiting(pool, program, cycle, published).await?;
    let before = before(pool, cycle, program).await?;
    let (pool, setup, cycle, dir) = (pool.clone(), program.clone(), *cycle, dir.to_owned());
    let runtime = tokio::runtime::Handle::current();
    aside(move || {
        let mut pass = Pass::begin(&setup, cycle, &before, &dir)?;
        runtime.block_on(store::each_movement(&pool, cycle.id, |movement| pass.movement(&movement)))?;
        pass.finish().map(|computed| computed.with_waiting(waiting))
    })
    .await?
}

async fn before(pool: &Pool, cycle: &Cycle, program: &ProgramSetup) -> Result<Before, CloseError> {
    crate::opening::nothing_forgotten(pool, program, cycle).await?;
    // The cycle after it was written down before the cut.
    let in_day = program.in_day(&store::cycles(pool, program.id).await?, cycle);
    let mut openings = Vec::new();
    for terms in program.terms_on(cycle.business_date) {
        openings.push((
            (terms.partner, terms.currency),
            crate::opening(pool, program, cycle, terms, in_day.is_last).await?,
        ));
    }
    let cards = store::new_cards(pool, cycle.id).await?;
    let new_cards = cards.into_iter().map(|card| card.member_number).collect();
    let adjustments = store::adjustments_of(pool, cycle.id).await?;
    Ok(Before { in_day, openings, new_cards, adjustments })
}

/// Runs what takes long on a thread that may be blocked.
pub(crate) async fn aside<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, CloseError> {
    tokio::task::spawn_blocking(work).await.map_err(|_| CloseError::Interrupted)
}

/// Books positions and batches, or finds them booked as they are.
pub(crate) async fn book_computed(
    pool: &Pool,
    fence: &Fence,
    cycle: &Cycle,
    computed: &Computed,
    by: &CloseBy,
) -> Result<(), CloseError> {
    let (positions, batches) = (computed.positions(), computed.batch_rows());
    let what = (positions.as_slice(), batches.as_slice(), computed.items());
    let by = Closer { staff: &by.who, operator: &by.operator, two_people: by.two_people };
    if !store::record_computed(pool, fence, cycle, what, by).await? {
        return Err(CloseError::Changed { cycle: cycle.id, what: "items".to_owned() });
    }
    compare(pool, cycle.id, computed).await
}

/// Refuses what is not what stands on the books.
pub(crate) async fn compare(pool: &Pool, cycle: CycleId, computed: &Computed) -> Result<(), CloseError> {
    if store::positions_of(pool, cycle).await? != computed.positions() {
        return Err(CloseError::Changed { cycle, what: "positions".to_owned() });
    }
    if store::batches_of(pool, cycle).await? != computed.batch_rows() {
        return Err(CloseError::Changed { cycle, what: "batches".to_owned() });
    }
    Ok(())
}

/// Books the file of one receiver, or finds it booked as it is; its bytes lie ready in `dir`.
pub(crate) async fn book_file(
    pool: &Pool,
    fence: &Fence,
    cycle: CycleId,
    mut computed: Computed,
    (receiver, dir): (&str, &Path),
) -> Result<(Computed, Booked), CloseError> {
    for _ in 0..BOOKINGS_MAX {
        let place = match booked(pool, cycle, receiver).await? {
            Some(row) => place_of(&row),
            None => next_place(pool, cycle, receiver).await?,
        };
        let (back, file) = stage(computed, receiver, place, dir).await?;
        computed = back;
        match store::record_file(pool, fence, &row_of(cycle, &file)?).await {
            Err(error) if error.is_unique_violation() => {}
            other => other?,
        }
        // Another close of the same day may have been first: then its row holds, and ours must be the same.
        match booked(pool, cycle, receiver).await? {
            Some(row) if place_of(&row) == place => return Ok((computed, same(file, row)?)),
            _ => tokio::time::sleep(BOOKING_PAUSE).await,
        }
    }
    Err(CloseError::SequenceBusy { receiver: receiver.to_owned(), attempts: BOOKINGS_MAX })
}

/// Renders the file that a row of the books stands for.
pub(crate) async fn rendered_again(
    computed: Computed,
    row: FileRow,
    dir: &Path,
) -> Result<(Computed, Booked), CloseError> {
    let (computed, file) = stage(computed, &row.receiver, place_of(&row), dir).await?;
    Ok((computed, same(file, row)?))
}

async fn stage(
    mut computed: Computed,
    receiver: &str,
    place: Place,
    dir: &Path,
) -> Result<(Computed, StagedFile), CloseError> {
    let (receiver, dir): (String, PathBuf) = (receiver.to_owned(), dir.to_owned());
    aside(move || {
        let staged = computed.stage(&receiver, place, &dir)?;
        Ok((computed, staged))
    })
    .await?
}

/// The newest edition for each receiver.
pub(crate) async fn editions(pool: &Pool, cycle: CycleId) -> Result<Vec<FileRow>, CloseError> {
    let mut rows = store::files_of(pool, cycle).await?;
    rows.sort_by(|left, right| (&left.receiver, right.revision).cmp(&(&right.receiver, left.revision)));
    rows.dedup_by(|later, first| later.receiver == first.receiver);
    Ok(rows)
}

pub(crate) async fn booked(
    pool: &Pool,
    cycle: CycleId,
    receiver: &str,
) -> Result<Option<FileRow>, CloseError> {
    Ok(editions(pool, cycle).await?.into_iter().find(|row| row.receiver == receiver))
}

async fn next_place(pool: &Pool, cycle: CycleId, receiver: &str) -> Result<Place, CloseError> {
    let last = store::last_file(pool, receiver, cycle).await?;
    Ok(Place {
        sequence: last.as_ref().map_or(1, |row| row.sequence.saturating_add(1)),
        revision: 0,
        previous_sha256: last.map(|row| row.sha256),
    })
}

fn place_of(row: &FileRow) -> Place {
    Place { sequence: row.sequence, revision: row.revision, previous_sha256: row.previous_sha256 }
}

pub(crate) fn row_of(cycle: CycleId, file: &StagedFile) -> Result<FileRow, CloseError> {
    let (header, written) = (&file.header, &file.written);
    let too_many =
        |_| CloseError::Arithmetic { partner: header.receiver.clone(), source: domain::MoneyError::Overflow };
    Ok(FileRow {
        receiver: header.receiver.clone(),
        cycle,
        sequence: header.sequence,
        revision: header.revision,
        file_name: header.file_name(),
        sha256: written.sha256,
        previous_sha256: header.previous_sha256,
        records: i32::try_from(written.records).map_err(too_many)?,
        published: false,
    })
}

fn same(file: StagedFile, row: FileRow) -> Result<Booked, CloseError> {
    if file.written.sha256 == row.sha256 && file.header.file_name() == row.file_name {
        return Ok(Booked { row, file });
    }
    Err(CloseError::Changed { cycle: row.cycle, what: format!("contents of the file {}", row.file_name) })
}

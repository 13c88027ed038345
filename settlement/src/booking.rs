//! Puts positions and files on the books: once, and the same on every run.

use std::sync::Arc;
use std::time::Duration;

use domain::CycleId;
use store::{FileRow, Pool, StoreError};

use crate::day::{Day, Place};
use crate::{CloseError, ProgramSetup};

/// Two programs that close at once want the same number for a receiver they share; more than a few do not meet.
const BOOKINGS_MAX: u32 = 20;
const BOOKING_PAUSE: Duration = Duration::from_millis(10);
/// SQLSTATE of a key that is taken.
const UNIQUE_VIOLATION: &str = "23505";

/// A file on the books with its bytes.
#[derive(Debug, Clone)]
pub(crate) struct Booked {
    pub(crate) row: FileRow,
    pub(crate) bytes: Arc<Vec<u8>>,
}

/// Prices a cut cycle, away from the threads that serve messages.
pub(crate) async fn price(
    pool: &Pool,
    program: &ProgramSetup,
    cycle: &store::Cycle,
) -> Result<Arc<Day>, CloseError> {
    let movements = store::movements(pool, cycle.id).await?;
    let (setup, cycle) = (program.clone(), *cycle);
    aside(move || Day::of(setup, cycle, movements)).await?.map(Arc::new)
}

/// Runs what takes long on a thread that may be blocked.
pub(crate) async fn aside<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, CloseError> {
    tokio::task::spawn_blocking(work).await.map_err(|_| CloseError::Interrupted)
}

/// Books the positions, or finds them booked as they are.
pub(crate) async fn book_positions(pool: &Pool, cycle: CycleId, day: &Day) -> Result<(), CloseError> {
    let positions = day.positions();
    store::record_positions(pool, cycle, &positions).await?;
    if store::positions_of(pool, cycle).await? == positions {
        return Ok(());
    }
    Err(CloseError::Changed { cycle, what: "positions".to_owned() })
}

/// Books the file of one receiver, or finds it booked as it is.
pub(crate) async fn book_file(
    pool: &Pool,
    cycle: CycleId,
    day: &Arc<Day>,
    receiver: &str,
) -> Result<Booked, CloseError> {
    for _ in 0..BOOKINGS_MAX {
        let place = match booked(pool, cycle, receiver).await? {
            Some(row) => place_of(&row),
            None => next_place(pool, cycle, receiver).await?,
        };
        let ours = edition(cycle, day, receiver, place).await?;
        match store::record_file(pool, &ours.row).await {
            Err(error) if is_taken(&error) => {}
            other => other?,
        }
        // Another close of the same day may have been first: then its row holds, and ours must be the same.
        match booked(pool, cycle, receiver).await? {
            Some(row) if place_of(&row) == place => return same(ours, row),
            _ => tokio::time::sleep(BOOKING_PAUSE).await,
        }
    }
    Err(CloseError::SequenceBusy { receiver: receiver.to_owned(), attempts: BOOKINGS_MAX })
}

/// Renders the file that a row of the books stands for.
pub(crate) async fn rendered_again(day: &Arc<Day>, row: FileRow) -> Result<Booked, CloseError> {
    let ours = edition(row.cycle, day, &row.receiver, place_of(&row)).await?;
    same(ours, row)
}

/// The newest edition for each receiver.
pub(crate) async fn editions(pool: &Pool, cycle: CycleId) -> Result<Vec<FileRow>, CloseError> {
    let mut rows = store::files_of(pool, cycle).await?;
    rows.sort_by(|left, right| (&left.receiver, right.revision).cmp(&(&right.receiver, left.revision)));
    rows.dedup_by(|later, first| later.receiver == first.receiver);
    Ok(rows)
}

async fn booked(pool: &Pool, cycle: CycleId, receiver: &str) -> Result<Option<FileRow>, CloseError> {
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

async fn edition(cycle: CycleId, day: &Arc<Day>, receiver: &str, place: Place) -> Result<Booked, CloseError> {
    let (day, to) = (Arc::clone(day), receiver.to_owned());
    let (header, rendered) = aside(move || day.file(&to, place)).await??;
    let row = FileRow {
        receiver: receiver.to_owned(),
        cycle,
        sequence: place.sequence,
        revision: place.revision,
        file_name: header.file_name(),
        sha256: rendered.sha256,
        previous_sha256: place.previous_sha256,
        records: rendered.records,
        published: false,
    };
    Ok(Booked { row, bytes: Arc::new(rendered.bytes) })
}

fn same(ours: Booked, row: FileRow) -> Result<Booked, CloseError> {
    if ours.row.sha256 == row.sha256 && ours.row.file_name == row.file_name {
        return Ok(Booked { row, bytes: ours.bytes });
    }
    Err(CloseError::Changed { cycle: row.cycle, what: format!("contents of the file {}", row.file_name) })
}

fn is_taken(error: &StoreError) -> bool {
    matches!(error, StoreError::Database(error) if error.code().is_some_and(|code| code.code() == UNIQUE_VIOLATION))
}

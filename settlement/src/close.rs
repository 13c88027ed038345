//! The close of a day: a sequence of steps, each of which may be done twice, by one owner at a time.

mod owner;
mod publish;
mod told;

use std::path::{Path, PathBuf};
use std::time::Duration;

use domain::{CycleId, InDay};
use jiff::civil::Date;
use store::{Cycle, CycleState, Fence, FileRow, Pool};

use crate::booking::{self, Booked};
use crate::computed::Computed;
use crate::pass::spool_label;
use crate::{CloseError, Closed, ClosedFile, ProgramSetup};
use publish::{missing_of, publish};
use told::told;

/// Who closes, and under which rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CloseBy {
    /// The person of the staff; empty for the scheduler.
    pub who: String,
    /// Where no person of the staff is named: whom the audit names; empty for the scheduler.
    pub operator: String,
    /// Whether another person must approve what was computed before files go out.
    pub two_people: bool,
    /// How long to wait for another process that closes a day of the program.
    pub wait_max: Duration,
}

impl Default for CloseBy {
    /// The scheduler, with no approval and two minutes of patience.
    fn default() -> Self {
        Self {
            who: String::new(),
            operator: String::new(),
            two_people: false,
            wait_max: Duration::from_secs(120),
        }
    }
}

/// [`close_day_by`] the scheduler, without approval.
///
/// # Errors
/// As there.
pub async fn close_day(
    pool: &Pool,
    program: &ProgramSetup,
    business_date: Date,
    out: &Path,
) -> Result<Closed, CloseError> {
    close_day_by(pool, program, business_date, out, &CloseBy::default()).await
}

/// [`close_cycle_by`] for the cycle of a business date; of several the next one that is not done, or else the last.
///
/// # Errors
/// As there; [`CloseError::NoCycle`] if the date has none yet.
pub async fn close_day_by(
    pool: &Pool,
    program: &ProgramSetup,
    business_date: Date,
    out: &Path,
    by: &CloseBy,
) -> Result<Closed, CloseError> {
    let all = store::cycles(pool, program.id).await?;
    let of_date = || all.iter().filter(|cycle| cycle.business_date == business_date);
    let next = of_date().find(|cycle| !cycle.state.is_published()).or_else(|| of_date().next_back());
    let Some(next) = next else {
        let open = all.iter().find(|cycle| cycle.state == CycleState::Open).map(|cycle| cycle.business_date);
        let program = program.code.clone();
        return Err(CloseError::NoCycle { program, date: business_date, open });
    };
    close_cycle_by(pool, program, next.id, out, by).await
}

/// Closes one cycle and publishes its files in the folder `out`.
///
/// The steps: take the lease, write down the next cycle, cut, take what staff have adjusted, price, book the batches and positions, be approved, book
/// each file, publish, mark as published. A call after a crash at any of them completes with the same bytes; of several
/// at once one works and the others wait and find it done. A cycle that is closed stays as it is: only files that are
/// gone from `out` are put there again. One that waits for approval is told as such, without files. Whether its cut-off
/// has passed is for the caller to look at.
///
/// # Errors
/// Each variant of [`CloseError`] says who must do what; the same call goes on afterwards.
pub async fn close_cycle_by(
    pool: &Pool,
    program: &ProgramSetup,
    cycle: CycleId,
    out: &Path,
    by: &CloseBy,
) -> Result<Closed, CloseError> {
    let found = its_turn(pool, program, cycle).await?;
    program.check(found.business_date)?;
    if found.state.is_published() {
        restore_files(pool, program, &found, out).await?;
        keep_numbers(pool, program).await;
        return told(pool, program, found.id, out, true).await;
    }
    if found.state == CycleState::Computed && store::approval_of(pool, found.id).await?.two_people {
        return told(pool, program, found.id, out, false).await;
    }
    let lease = owner::take(pool, program, by.wait_max).await?;
    // Whoever had it before may have been done.
    let already = match store::cycle_by_id(pool, found.id).await {
        Ok(cycle) if cycle.state.is_published() => Ok(true),
        Ok(cycle) => close_owned(pool, &lease.fence(), program, &cycle, out, by).await.map(|()| false),
        Err(error) => Err(error.into()),
    };
    let given_back = lease.give_back().await;
    let already = already?;
    given_back?;
    told(pool, program, found.id, out, already).await
}

/// The steps for whoever holds the lease. Ends early if the cycle waits for approval.
async fn close_owned(
    pool: &Pool,
    fence: &Fence,
    program: &ProgramSetup,
    cycle: &Cycle,
    out: &Path,
    by: &CloseBy,
) -> Result<(), CloseError> {
    let cycle = cut(pool, fence, cycle, program).await?;
    publish::prepare_folder(out, &spool_label(program, &cycle)).await?;
    let batches = program.batches_on(cycle.business_date);
    store::take_adjustments_of(pool, fence, cycle.id, &batches).await?;
    let computed = booking::compute(pool, program, &cycle, (out, out)).await?;
    booking::book_computed(pool, fence, &cycle, &computed, by).await?;
    if !store::approve_by_itself(pool, fence, cycle.id).await? {
        tracing::info!(program = %program.code, cycle = %cycle.id, "the day is computed and waits for approval");
        return Ok(());
    }
    let files = book_files(pool, fence, cycle.id, computed, out).await?;
    publish(files).await?;
    store::mark_published(pool, fence, cycle.id).await?;
    keep_numbers(pool, program).await;
    metrics::counter!("cobrand_settlement_days_closed_total").increment(1);
    tracing::info!(program = %program.code, date = %cycle.business_date, cycle = %cycle.id, "the day is closed");
    Ok(())
}

/// So many cycles are counted behind one close: those that were closed before numbers were kept follow in a few days.
const COUNTED_AT_ONCE: i64 = 31;

/// Keeps what published cycles come to, the newest first. For pages only: a day is closed without it, and pages count by
/// themselves; whatever was not kept is kept with the next close.
async fn keep_numbers(pool: &Pool, program: &ProgramSetup) {
    let kept = async {
        for cycle in store::uncounted_cycles(pool, program.id, COUNTED_AT_ONCE).await? {
            store::keep_numbers(pool, cycle, jiff::Timestamp::now()).await?;
        }
        Ok::<(), store::StoreError>(())
    };
    if let Err(error) = kept.await {
        tracing::warn!(%error, program = %program.code, "what days come to was not kept for the console's pages");
    }
}

/// All of them before the first is published: a full disk is found while nobody sees a file.
async fn book_files(
    pool: &Pool,
    fence: &Fence,
    cycle: CycleId,
    mut computed: Computed,
    out: &Path,
) -> Result<Vec<Booked>, CloseError> {
    let mut files = Vec::new();
    for receiver in computed.receivers() {
        let (back, file) = booking::book_file(pool, fence, cycle, computed, (&receiver, out)).await?;
        computed = back;
        files.push(file);
    }
    Ok(files)
}

/// Renders the files of a settled cycle again in the folder `out`: the same names and bytes as were published. What waited
/// for them since earlier cycles is read from the bank's files in the folder `published`.
///
/// # Errors
/// [`CloseError::Changed`] if movements and terms no longer give what is on the books.
pub async fn regenerate(
    pool: &Pool,
    program: &ProgramSetup,
    cycle: CycleId,
    published: &Path,
    out: &Path,
) -> Result<Vec<PathBuf>, CloseError> {
    let cycle = store::cycle_by_id(pool, cycle).await?;
    let rows = booking::editions(pool, cycle.id).await?;
    let paths = rows.iter().map(|row| out.join(&row.file_name)).collect();
    publish::create(out).await?;
    render_again(pool, program, &cycle, rows, (published, out)).await?;
    Ok(paths)
}

/// Prices a cut cycle as its close does, writes its batches and makes them durable, and throws them away: what the pass
/// takes, without a step that changes the books. Returns positions and the bytes that were written.
///
/// # Errors
/// As [`close_day_by`].
pub async fn rehearse(
    pool: &Pool,
    program: &ProgramSetup,
    cycle: CycleId,
    dir: &Path,
) -> Result<(Vec<store::PositionRow>, u64), CloseError> {
    let cycle = store::cycle_by_id(pool, cycle).await?;
    publish::create(dir).await?;
    let computed = booking::compute(pool, program, &cycle, (dir, dir)).await?;
    let bytes = booking::aside(move || computed.sync().map(|bytes| (computed.positions(), bytes))).await??;
    Ok(bytes)
}

/// Publishes the next revision of a receiver's file: the same lines and totals under the same number, for a receiver that
/// could not read the last one.
///
/// # Errors
/// As [`close_day_by`]; [`CloseError::NotPublished`] if there is no file to revise.
pub async fn revise(
    pool: &Pool,
    program: &ProgramSetup,
    cycle: CycleId,
    receiver: &str,
    out: &Path,
) -> Result<ClosedFile, CloseError> {
    revise_after(pool, program, (cycle, receiver), i32::MAX, out).await
}

/// [`revise`] for a receiver that could not read revision `unread`: if a later one is published, nothing is done.
pub(crate) async fn revise_after(
    pool: &Pool,
    program: &ProgramSetup,
    of: (CycleId, &str),
    unread: i32,
    out: &Path,
) -> Result<ClosedFile, CloseError> {
    let lease = owner::take(pool, program, CloseBy::default().wait_max).await?;
    let revised = publish::next_revision(pool, &lease.fence(), program, of, unread, out).await;
    let given_back = lease.give_back().await;
    let row = revised?;
    given_back?;
    Ok(told::file(row, out))
}

/// The cycle, if its turn has come: files go out in the order of the cycles.
async fn its_turn(pool: &Pool, program: &ProgramSetup, cycle: CycleId) -> Result<Cycle, CloseError> {
    let all = store::cycles(pool, program.id).await?;
    let own = all.iter().find(|other| other.id == cycle);
    let found = own.ok_or_else(|| program.problem(format!("the cycle {cycle} is not of this program")))?;
    let earlier = |other: &&Cycle| other.sequence < found.sequence && !other.state.is_published();
    match all.iter().find(earlier) {
        Some(earlier) => Err(CloseError::EarlierOpen {
            program: program.code.clone(),
            asked: program.in_day(&all, found),
            earlier: program.in_day(&all, earlier),
        }),
        None => Ok(*found),
    }
}

/// Makes sure that the cycle takes no more movements.
async fn cut(pool: &Pool, fence: &Fence, cycle: &Cycle, program: &ProgramSetup) -> Result<Cycle, CloseError> {
    if cycle.state == CycleState::Open {
        let InDay { cycle: place, .. } = program.in_day(&store::cycles(pool, program.id).await?, cycle);
        let next = program.cut_offs.next(place).date;
        let next = store::prepare_next_fenced(pool, fence, cycle, next).await?;
        if !store::cut_fenced(pool, fence, cycle, &next).await? {
            tracing::info!(cycle = %cycle.id, "the cycle was cut already");
        }
    }
    Ok(store::cycle_by_id(pool, cycle.id).await?)
}

/// Puts the files of a closed day again where they are missing.
async fn restore_files(
    pool: &Pool,
    program: &ProgramSetup,
    cycle: &Cycle,
    out: &Path,
) -> Result<(), CloseError> {
    let rows = booking::editions(pool, cycle.id).await?;
    let folder = out.to_owned();
    let missing = booking::aside(move || missing_of(&folder, rows)).await??;
    if missing.is_empty() {
        return Ok(());
    }
    tracing::warn!(files = missing.len(), "settlement files are gone and are published again");
    publish::create(out).await?;
    render_again(pool, program, cycle, missing, (out, out)).await
}

async fn render_again(
    pool: &Pool,
    program: &ProgramSetup,
    cycle: &Cycle,
    rows: Vec<FileRow>,
    (published, out): (&Path, &Path),
) -> Result<(), CloseError> {
    let mut computed = booking::compute(pool, program, cycle, (published, out)).await?;
    let mut files = Vec::new();
    for row in rows {
        let (back, file) = booking::rendered_again(computed, row, out).await?;
        computed = back;
        files.push(file);
    }
    publish(files).await
}

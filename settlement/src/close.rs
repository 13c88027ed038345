//! The close of a day: a sequence of steps, each of which may be done twice.

use std::path::Path;

use domain::CycleId;
use jiff::civil::Date;
use partner_adapters::{Announced, PublishError};
use store::{Cycle, CycleState, FileRow, Pool};

use crate::booking::{self, Booked};
use crate::{CloseError, Closed, ClosedFile, Position, ProgramSetup};

/// Closes a business date of a program and publishes its files in the folder `out`.
///
/// The steps: write down the next cycle, cut, price, book the positions, book each file, publish, mark as
/// published. A call after a crash at any of them completes with the same bytes; several calls at once come to
/// one result. A day that is closed stays as it is: only files that are gone from `out` are put there again.
///
/// # Errors
/// Each variant of [`CloseError`] says who must do what; the same call goes on afterwards.
pub async fn close_day(
    pool: &Pool,
    program: &ProgramSetup,
    business_date: Date,
    out: &Path,
) -> Result<Closed, CloseError> {
    program.check(business_date)?;
    let found = cycle_to_close(pool, program, business_date).await?;
    if found.state == CycleState::Published {
        restore_files(pool, program, &found, out).await?;
        return closed(pool, program, found.id, out, true).await;
    }
    let cycle = cut(pool, &found, business_date, program).await?;
    let day = booking::price(pool, program, &cycle).await?;
    booking::book_positions(pool, cycle.id, &day).await?;
    let mut files = Vec::new();
    for receiver in day.receivers() {
        files.push(booking::book_file(pool, cycle.id, &day, receiver).await?);
    }
    publish(out, files).await?;
    store::mark_published(pool, cycle.id).await?;
    metrics::counter!("cobrand_settlement_days_closed_total").increment(1);
    tracing::info!(program = %program.code, date = %business_date, cycle = %cycle.id, "the day is closed");
    closed(pool, program, cycle.id, out, false).await
}

/// Renders the files of a settled cycle again, by receiver: names and bytes, the same as were published.
///
/// # Errors
/// [`CloseError::Changed`] if movements and terms no longer give what is on the books.
pub async fn regenerate(
    pool: &Pool,
    program: &ProgramSetup,
    cycle: CycleId,
) -> Result<Vec<(String, Vec<u8>)>, CloseError> {
    let cycle = store::cycle_by_id(pool, cycle).await?;
    let rows = booking::editions(pool, cycle.id).await?;
    let files = render_again(pool, program, &cycle, rows).await?;
    Ok(files.into_iter().map(|file| (file.row.file_name, file.bytes.to_vec())).collect())
}

/// The cycle of the date, if its turn has come: files go out in the order of the days.
async fn cycle_to_close(pool: &Pool, program: &ProgramSetup, date: Date) -> Result<Cycle, CloseError> {
    let all = store::cycles(pool, program.id).await?;
    let code = || program.code.clone();
    let Some(found) = all.iter().find(|cycle| cycle.business_date == date) else {
        let open = all.iter().find(|cycle| cycle.state == CycleState::Open).map(|cycle| cycle.business_date);
        return Err(CloseError::NoCycle { program: code(), date, open });
    };
    let earlier = |cycle: &&Cycle| cycle.sequence < found.sequence && cycle.state != CycleState::Published;
    match all.iter().find(earlier) {
        Some(cycle) => Err(CloseError::EarlierOpen { program: code(), date, earlier: cycle.business_date }),
        None => Ok(*found),
    }
}

/// Makes sure that the cycle takes no more movements.
async fn cut(pool: &Pool, cycle: &Cycle, date: Date, program: &ProgramSetup) -> Result<Cycle, CloseError> {
    if cycle.state == CycleState::Open {
        let tomorrow =
            date.tomorrow().map_err(|error| program.problem(format!("no day after {date}: {error}")))?;
        let next = store::prepare_next(pool, cycle, tomorrow).await?;
        if !store::cut(pool, cycle, &next).await? {
            tracing::info!(cycle = %cycle.id, "the cycle was cut already");
        }
    }
    Ok(store::cycle_by_id(pool, cycle.id).await?)
}

async fn publish(out: &Path, files: Vec<Booked>) -> Result<(), CloseError> {
    let out = out.to_owned();
    let published = booking::aside(move || {
        std::fs::create_dir_all(&out).map_err(|source| PublishError::Io {
            step: "create the folder",
            path: out.clone(),
            source,
        })?;
        files.iter().try_for_each(|file| publish_one(&out, file))
    });
    Ok(published.await??)
}

fn publish_one(out: &Path, file: &Booked) -> Result<(), PublishError> {
    let published = partner_adapters::publish(out, &file.row.file_name, &file.bytes)?;
    if !published.already {
        metrics::counter!("cobrand_settlement_files_published_total").increment(1);
        tracing::info!(file = %file.row.file_name, records = file.row.records, "settlement file published");
    }
    Ok(())
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
    let files = render_again(pool, program, cycle, missing).await?;
    publish(out, files).await
}

fn missing_of(out: &Path, rows: Vec<FileRow>) -> Result<Vec<FileRow>, PublishError> {
    let mut missing = Vec::new();
    for row in rows {
        if partner_adapters::announced(out, &row.file_name, &hex::encode(row.sha256))? == Announced::Missing {
            missing.push(row);
        }
    }
    Ok(missing)
}

async fn render_again(
    pool: &Pool,
    program: &ProgramSetup,
    cycle: &Cycle,
    rows: Vec<FileRow>,
) -> Result<Vec<Booked>, CloseError> {
    let day = booking::price(pool, program, cycle).await?;
    let mut files = Vec::new();
    for row in rows {
        files.push(booking::rendered_again(&day, row).await?);
    }
    Ok(files)
}

/// What the books say, so that every caller is told the same.
async fn closed(
    pool: &Pool,
    program: &ProgramSetup,
    cycle: CycleId,
    out: &Path,
    already_closed: bool,
) -> Result<Closed, CloseError> {
    let cycle = store::cycle_by_id(pool, cycle).await?;
    let rows = booking::editions(pool, cycle.id).await?;
    let mut positions = Vec::new();
    for row in store::positions_of(pool, cycle.id).await? {
        positions.push(position(program, &row, &rows)?);
    }
    positions.sort_by(|left, right| (&left.partner, &left.currency).cmp(&(&right.partner, &right.currency)));
    let files = rows.into_iter().map(|row| ClosedFile {
        path: out.join(&row.file_name),
        sha256: hex::encode(row.sha256),
        records: row.records,
        receiver: row.receiver,
    });
    let business_date = cycle.business_date;
    Ok(Closed { cycle, business_date, already_closed, positions, files: files.collect() })
}

fn position(
    program: &ProgramSetup,
    row: &store::PositionRow,
    files: &[FileRow],
) -> Result<Position, CloseError> {
    let partner = program.partner_code(row.partner)?.to_owned();
    let file = files.iter().find(|file| file.receiver == partner);
    let currency = crate::setup::currency(row.currency)
        .map_or_else(|| row.currency.to_string(), |(code, _)| code.to_owned());
    Ok(Position {
        program: program.code.clone(),
        currency,
        direction: row.direction,
        net_minor: row.to_pay_minor,
        before_tax_minor: row.net_minor,
        vat_minor: row.vat_minor,
        rounding_minor: row.rounding_minor,
        miles: row.miles,
        transactions: row.lines,
        file: file.map(|file| file.file_name.clone()).unwrap_or_default(),
        sha256: file.map(|file| hex::encode(file.sha256)).unwrap_or_default(),
        partner,
    })
}

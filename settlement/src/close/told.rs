//! What the books say of a closed day, so that every caller is told the same.

use std::path::Path;

use domain::CycleId;
use store::{FileRow, Pool};

use crate::{CloseError, Closed, ClosedFile, Position, ProgramSetup, booking};

pub(super) async fn told(
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
    let files = rows.into_iter().map(|row| file(row, out)).collect();
    let business_date = cycle.business_date;
    Ok(Closed { cycle, business_date, already_closed, positions, files })
}

pub(super) fn file(row: FileRow, out: &Path) -> ClosedFile {
    ClosedFile {
        path: out.join(&row.file_name),
        sha256: hex::encode(row.sha256),
        records: row.records,
        receiver: row.receiver,
    }
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

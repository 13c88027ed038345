//! What the books have of one cycle: what arrived, positions, files as they lie in their folder, and how it all ties.
//! Pages and API read it here.

use std::collections::BTreeMap;

use store::{Cycle, CycleNumbers, CycleState, CycleTotal, FileRow, PositionRow};

use crate::{
    ConsoleState, FileTotals, ProgramInfo,
    files::{self, Found},
    pages::{PageError, day::numbers},
    queries::{self, books},
    tie_out::{self, Books, Files, Line},
};

/// The books of a cycle.
pub(crate) struct DayBooks {
    /// By message type, with the totals of both sides; `None` if there are many messages, nobody has counted them yet and
    /// nobody asks to.
    pub(crate) numbers: Option<CycleNumbers>,
    /// Messages of the bank's same business day that are of no member's card.
    pub(crate) of_no_member: i64,
    /// What is owed, by partner and currency.
    pub(crate) positions: Vec<PositionRow>,
    /// Each with what was found in the folder, if it is published.
    pub(crate) files: Vec<(FileRow, Option<Found>)>,
    /// The tie-out; `None` without numbers.
    pub(crate) lines: Option<Vec<Line>>,
}

/// Reads the books of a cycle.
pub(crate) async fn read(
    console: &ConsoleState,
    program: &ProgramInfo,
    cycle: &Cycle,
    count_now: bool,
) -> Result<DayBooks, PageError> {
    let pool = &console.pool;
    let numbers = numbers(pool, cycle, count_now).await?;
    let of_no_member = queries::of_no_member(pool, program.id, cycle.business_date).await?;
    let positions = store::positions_of(pool, cycle.id).await?;
    let files = files_of(console, cycle).await?;
    let stated = stated(cycle, &files);
    let lines = match &numbers {
        Some(numbers) => {
            let totals = &numbers.totals;
            Some(lines(console, (program, cycle), totals, &positions, &stated).await?)
        }
        None => None,
    };
    Ok(DayBooks { numbers, of_no_member, positions, files, lines })
}

/// The tie-out of a cycle.
pub(crate) async fn lines(
    console: &ConsoleState,
    (program, cycle): (&ProgramInfo, &Cycle),
    totals: &[CycleTotal],
    positions: &[PositionRow],
    files: &Files,
) -> Result<Vec<Line>, PageError> {
    let books = Books {
        adjusted: &books::adjusted_quantities(&console.pool, cycle.id).await?,
        cobrand: queries::cobrand_partner(&console.pool, program.id).await?,
        partner_codes: &console.partner_codes,
        totals,
        positions,
        files,
    };
    tie_out::lines(&books).map_err(|error| PageError::broken("a tie-out cannot be made", &error))
}

/// The files of a cycle, each looked at if it is published.
pub(crate) async fn files_of(
    console: &ConsoleState,
    cycle: &Cycle,
) -> Result<Vec<(FileRow, Option<Found>)>, PageError> {
    let rows = store::files_of(&console.pool, cycle.id).await?;
    let mut files = Vec::with_capacity(rows.len());
    for row in rows {
        let found = if row.published { Some(files::look_at(console, &row).await) } else { None };
        files.push((row, found));
    }
    Ok(files)
}

/// What the published files state of their cycle, by receiver; the last revision counts. What waited for a file through
/// closed days stands in it too, and belongs to the cycles of those days.
pub(crate) fn stated(cycle: &Cycle, files: &[(FileRow, Option<Found>)]) -> Files {
    let mut stated = BTreeMap::new();
    for (row, found) in files {
        let Some(found) = found else { continue };
        let totals = match found {
            Found::Verified(totals) => Some(of_cycle(totals, cycle.sequence)),
            _ => None,
        };
        stated.insert(row.receiver.clone(), totals);
    }
    match cycle.state {
        CycleState::Prepared | CycleState::Open => Files::NotClosed,
        CycleState::Closing | CycleState::Computed | CycleState::Approved if stated.is_empty() => {
            Files::NotPublished
        }
        _ => Files::Published(stated.into_iter().collect()),
    }
}

/// The batches of a file that are of a cycle.
pub(crate) fn of_cycle(totals: &[FileTotals], sequence: i32) -> Vec<FileTotals> {
    totals.iter().filter(|batch| batch.cycle_sequence == sequence).cloned().collect()
}

#[cfg(test)]
mod tests {
    use domain::settlement::Direction;

    use super::*;

    #[test]
    fn what_waited_in_a_file_is_of_its_own_cycle() {
        let batch = |cycle_sequence, to_pay_minor| FileTotals {
            partner: "kosta".to_owned(),
            currency: "EUR".to_owned(),
            cycle_sequence,
            bases: Vec::new(),
            direction: Direction::PartnerPaysBank,
            miles: None,
            turnover_minor: None,
            discount_share_minor: None,
            lines: 1,
            net_minor: to_pay_minor,
            vat_minor: 0,
            to_pay_minor,
        };
        let file = [batch(3, 100), batch(4, 200), batch(5, 300)];
        assert_eq!(of_cycle(&file, 4), [batch(4, 200)]);
        assert_eq!(of_cycle(&file, 6), []);
    }
}

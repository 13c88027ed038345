//! The cycles of a business date, as the commands of a day name them.

use std::fmt;

use domain::InDay;
use jiff::{Zoned, civil::Date};
use settlement::CloseError;
use store::{Cycle, CycleState};

use crate::assembly::{Assembly, LoadedProgram};
use crate::cli::AnswerIsNo;

/// A cycle on the books, its place in its date, and when it nominally ends.
#[derive(Debug, Clone)]
pub(crate) struct DayCycle {
    pub(crate) cycle: Cycle,
    pub(crate) place: InDay,
    pub(crate) cut_off: Zoned,
}

impl DayCycle {
    /// Whether its date has no other.
    pub(super) fn is_only(&self) -> bool {
        self.place.is_last && self.place.cycle.number == 1
    }
}

impl fmt::Display for DayCycle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.is_only() {
            true => self.cycle.business_date.fmt(f),
            false => write!(f, "cycle {} of {}", self.place.cycle.number, self.cycle.business_date),
        }
    }
}

/// All cycles of a program that take messages or did, oldest first.
pub(crate) async fn day_cycles(
    assembly: &Assembly,
    program: &LoadedProgram,
) -> anyhow::Result<Vec<DayCycle>> {
    let all = store::cycles(&assembly.pool, program.setup.id).await?;
    let begun = all.iter().filter(|cycle| cycle.state != CycleState::Prepared);
    begun
        .map(|cycle| {
            let place = program.setup.in_day(&all, cycle);
            Ok(DayCycle { cycle: *cycle, place, cut_off: program.setup.cut_off(place)? })
        })
        .collect()
}

/// The cycles of a business date.
pub(crate) async fn cycles_of(
    assembly: &Assembly,
    program: &LoadedProgram,
    date: Date,
) -> anyhow::Result<Vec<DayCycle>> {
    let mut all = day_cycles(assembly, program).await?;
    let open = all.iter().find(|of| of.cycle.state == CycleState::Open).map(|of| of.cycle.business_date);
    all.retain(|of| of.cycle.business_date == date);
    match all.is_empty() {
        true => Err(CloseError::NoCycle { program: program.setup.code.clone(), date, open }.into()),
        false => Ok(all),
    }
}

/// The one with this number in its date.
pub(crate) fn numbered(all: Vec<DayCycle>, number: usize) -> anyhow::Result<DayCycle> {
    let (count, date) = (all.len(), all.first().map(|of| of.cycle.business_date));
    let found = all.into_iter().find(|of| of.place.cycle.number == number);
    found.ok_or_else(|| {
        let date = date.map_or_else(String::new, |date| format!(" of {date}"));
        AnswerIsNo(format!("no cycle {number}{date} has begun: there are {count} so far; see day show"))
            .into()
    })
}

/// The one that is named, or else the next that is not done; where all are done, all of them.
pub(super) fn chosen(all: Vec<DayCycle>, number: Option<usize>) -> anyhow::Result<Vec<DayCycle>> {
    if let Some(number) = number {
        return Ok(vec![numbered(all, number)?]);
    }
    let next = all.iter().find(|of| !of.cycle.state.is_published()).cloned();
    Ok(next.map_or(all, |next| vec![next]))
}

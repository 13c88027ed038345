//! Days of two programs through the real lanes and the real close; the last date is open.

use std::collections::BTreeMap;

use jiff::civil::Date;
use second_settlement::{Month, Turn};

use super::must::{self, Must};
use crate::settlement_lanes::Lanes;

/// What must be seen of a cycle that is closed.
pub(crate) struct Closed {
    /// The place of its program.
    pub(crate) program: usize,
    pub(crate) turn: Turn,
    pub(crate) must: Vec<Must>,
    /// By message type.
    pub(crate) arrived: BTreeMap<String, i128>,
}

/// The days, and the first cycles of the date that is open.
pub(crate) struct Days {
    pub(crate) month: Month,
    pub(crate) lanes: Lanes,
    /// In their order.
    pub(crate) closed: Vec<Closed>,
    pub(crate) open: Date,
}

impl Days {
    /// So many dates, closed, and one more that is open.
    pub(crate) async fn pass(month: Month, closed_dates: usize) -> Self {
        let mut lanes = Lanes::open(&month).await;
        let dates = month.dates();
        let open = dates[closed_dates];
        let mut all: Vec<(usize, Turn)> = Vec::new();
        for date in &dates[..closed_dates] {
            for number in 1..=month.cycles_max() {
                let turns = month.turns(*date, number);
                for (program, turn) in &turns {
                    lanes.happen(&month, (*program, *turn)).await;
                    lanes.hear(month.messages(*program, *turn)).await;
                }
                for of in &turns {
                    close(&mut lanes, &month, *of).await;
                }
                all.extend(turns);
            }
        }
        for (program, turn) in month.turns(open, 1) {
            lanes.hear(month.messages(program, turn)).await;
        }
        let mut arrived = BTreeMap::new();
        for program in 0..month.programs.len() {
            let turns: Vec<Turn> =
                all.iter().filter(|(of, _)| *of == program).map(|(_, turn)| *turn).collect();
            arrived.insert(program, must::arrivals(&month, program, &turns));
        }
        let closed = all.into_iter().map(|(program, turn)| Closed {
            program,
            turn,
            must: must::of_cycle(&month, program, turn),
            arrived: arrived[&program][&turn].clone(),
        });
        let closed = closed.collect();
        Self { month, lanes, closed, open }
    }

    /// The code of a program.
    pub(crate) fn code(&self, program: usize) -> &'static str {
        self.month.programs[program].code
    }

    /// The first and the last closed date.
    pub(crate) fn period(&self) -> (Date, Date) {
        (self.closed[0].turn.date, self.closed[self.closed.len() - 1].turn.date)
    }

    /// What the partners of all programs are called.
    pub(crate) fn partners(&self) -> Vec<String> {
        let mut all: Vec<String> =
            self.closed.iter().flat_map(|closed| &closed.must).map(|must| must.partner.clone()).collect();
        all.sort();
        all.dedup();
        all
    }

    /// The last closed cycle of a program.
    pub(crate) fn last(&self, program: usize) -> &Closed {
        self.closed.iter().rev().find(|closed| closed.program == program).unwrap()
    }

    pub(crate) async fn stop(self) {
        self.lanes.gateway.batcher.finish().await;
        let Lanes { world, gateway, .. } = self.lanes;
        drop(gateway);
        world.stop().await.unwrap();
    }
}

/// Closes a cycle, and its receivers answer.
async fn close(lanes: &mut Lanes, month: &Month, (program, turn): (usize, Turn)) {
    let assembly = &lanes.world.assembly;
    let setup = &assembly.program(month.programs[program].code).unwrap().setup;
    let out = &assembly.config.settlement.out;
    let closed = settlement::close_day(&assembly.pool, setup, turn.date, out).await.unwrap();
    for file in &closed.files {
        lanes.answer(month, (program, turn), (&file.receiver, &file.path)).await;
    }
}

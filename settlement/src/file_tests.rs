//! Files rendered from hand-made movements, without a database: their bytes, and that no change escapes.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod any_day;
mod golden;
mod line_search;
#[path = "../tests/worked-day/sample.rs"]
mod sample;
mod tampering;

use std::cell::RefCell;
use std::io::Read as _;
use std::sync::atomic::{AtomicU32, Ordering};

use domain::{Item, MessageKey};
use jiff::civil::Date;
use store::{Cycle, CycleState, Movement, PositionRow};

use crate::computed::{Computed, Place};
use crate::pass::{Before, Pass};
use crate::{CloseError, Environment, FileHeader, ProgramSetup};

const FIRST: Place = Place { sequence: 1, revision: 0, previous_sha256: None };

/// A movement that owns its texts.
#[derive(Debug, Clone)]
struct MovementRow {
    message: MessageKey,
    purchase: MessageKey,
    item: Item,
    amount: i64,
    mti: String,
    stan: String,
    card_acceptor: String,
    terminal: String,
    counted_minor: i64,
    local_date: Date,
    member_number: String,
}

impl MovementRow {
    fn give_to(&self, pass: &mut Pass<'_>) -> Result<(), CloseError> {
        let item = self.item.to_string();
        let (transmitted, retrieval) = (format!("1010{}", self.stan), format!("628300{}", self.stan));
        pass.movement(&Movement {
            message: self.message,
            purchase: self.purchase,
            bucket: 7,
            item: &item,
            amount: self.amount,
            mti: &self.mti,
            stan: &self.stan,
            transmitted: &transmitted,
            retrieval: &retrieval,
            approval: "A1B2C3",
            arn: "",
            network_id: "",
            acquirer: "123456",
            card_acceptor: &self.card_acceptor,
            terminal: &self.terminal,
            counted_minor: self.counted_minor,
            local_date: self.local_date,
            member_number: &self.member_number,
            rules: &sample::RULES[..8],
        })
    }
}

/// The movements of the worked day, in no particular order.
fn movement_rows() -> Vec<MovementRow> {
    let mut rows: Vec<MovementRow> = sample::movements().iter().flat_map(rows_of).collect();
    rows.reverse();
    rows
}

fn rows_of(moved: &sample::Moved) -> Vec<MovementRow> {
    let row = |(item, amount): (&Item, i64)| MovementRow {
        message: moved.message,
        purchase: moved.purchase,
        item: item.clone(),
        amount,
        mti: moved.mti.clone(),
        stan: moved.stan.clone(),
        card_acceptor: "MERCHANT-1".to_owned(),
        terminal: "TERM0001".to_owned(),
        counted_minor: moved.counted_minor,
        local_date: sample::SATURDAY,
        member_number: format!("AB-{}", moved.member),
    };
    moved.amounts.iter().map(row).collect()
}

fn cycle() -> Cycle {
    let (id, program) = (domain::CycleId(1), domain::ProgramId(1));
    Cycle { id, program, sequence: 1, business_date: sample::SATURDAY, state: CycleState::Closing }
}

/// Nothing, on a date with one cycle.
fn nothing_before(cycle: Cycle) -> Before {
    let in_day = domain::CycleOfDay { date: cycle.business_date, number: 1 };
    let in_day = domain::InDay { cycle: in_day, is_last: true };
    Before { in_day, openings: Vec::new(), new_cards: Vec::new(), adjustments: Vec::new() }
}

/// A folder of its own for temporary files, which is gone with the day.
#[derive(Debug)]
struct Folder(std::path::PathBuf);

static NUMBER: AtomicU32 = AtomicU32::new(0);

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A priced day.
#[derive(Debug)]
struct Day {
    computed: RefCell<Computed>,
    folder: Folder,
}

impl Day {
    fn of(setup: ProgramSetup, cycle: Cycle, movements: Vec<MovementRow>) -> Result<Self, CloseError> {
        Self::opened(setup, cycle, movements, &nothing_before(cycle))
    }

    fn opened(
        setup: ProgramSetup,
        cycle: Cycle,
        mut movements: Vec<MovementRow>,
        before: &Before,
    ) -> Result<Self, CloseError> {
        movements.sort_by_key(|row| (row.message, row.purchase));
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let folder =
            Folder(std::env::temp_dir().join(format!("cobrand-day-{}-{number}", std::process::id())));
        std::fs::create_dir_all(&folder.0).unwrap();
        let mut pass = Pass::begin(&setup, cycle, before, &folder.0)?;
        movements.iter().try_for_each(|row| row.give_to(&mut pass))?;
        Ok(Self { computed: RefCell::new(pass.finish()?), folder })
    }

    fn file(&self, receiver: &str, place: Place) -> (FileHeader, Vec<u8>) {
        let mut file = self.computed.borrow_mut().stage(receiver, place, &self.folder.0).unwrap();
        file.staged.rewind().unwrap();
        let mut bytes = Vec::new();
        file.staged.read_to_end(&mut bytes).unwrap();
        assert_eq!(file.written.sha256, sha256(&bytes));
        (file.header, bytes)
    }

    fn positions(&self) -> Vec<PositionRow> {
        self.computed.borrow().positions()
    }

    fn receivers(&self) -> std::collections::BTreeSet<String> {
        self.computed.borrow().receivers()
    }
}

fn sha256(bytes: &[u8]) -> [u8; 32] {
    let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, bytes);
    hash.as_ref().try_into().unwrap()
}

fn day_of(movements: Vec<MovementRow>) -> Day {
    Day::of(sample::setup(), cycle(), movements).unwrap_or_else(|error| panic!("{error}"))
}

fn worked_day() -> Day {
    day_of(movement_rows())
}

/// The bytes of one receiver's file.
fn file(day: &Day, receiver: &str, place: Place) -> Vec<u8> {
    day.file(receiver, place).1
}

//! Files rendered from hand-made movements, without a database: their bytes, and that no change escapes.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod any_day;
mod golden;
#[path = "../tests/worked-day/sample.rs"]
mod sample;
mod tampering;

use store::{Cycle, CycleState, MovementRow};

use crate::day::{Day, Place};
use crate::{Environment, ProgramSetup};

const FIRST: Place = Place { sequence: 1, revision: 0, previous_sha256: None };

/// The store's rows of the worked day, in no particular order.
fn movement_rows() -> Vec<MovementRow> {
    let mut rows: Vec<MovementRow> = sample::movements().iter().flat_map(rows_of).collect();
    rows.reverse();
    rows
}

fn rows_of(moved: &sample::Moved) -> Vec<MovementRow> {
    let row = |(item, amount): (&domain::Item, i64)| MovementRow {
        message: moved.message,
        purchase: moved.purchase,
        bucket: 7,
        item: item.clone(),
        amount,
        mti: moved.mti.clone(),
        stan: moved.stan.clone(),
        transmitted: format!("1010{}", moved.stan),
        retrieval: format!("628300{}", moved.stan),
        approval: "A1B2C3".to_owned(),
        arn: String::new(),
        acquirer: "123456".to_owned(),
        card_acceptor: "MERCHANT-1".to_owned(),
        terminal: "TERM0001".to_owned(),
        counted_minor: moved.counted_minor,
        local_date: sample::SATURDAY,
        member_number: format!("AB-{}", moved.member),
        rules: sample::RULES[..8].to_owned(),
    };
    moved.amounts.iter().map(row).collect()
}

fn cycle() -> Cycle {
    let (id, program) = (domain::CycleId(1), domain::ProgramId(1));
    Cycle { id, program, sequence: 1, business_date: sample::SATURDAY, state: CycleState::Closing }
}

fn day_of(movements: Vec<MovementRow>) -> Day {
    Day::of(sample::setup(), cycle(), movements).unwrap_or_else(|error| panic!("{error}"))
}

fn worked_day() -> Day {
    day_of(movement_rows())
}

/// The bytes of one receiver's file.
fn file(day: &Day, receiver: &str, place: Place) -> Vec<u8> {
    day.file(receiver, place).unwrap().1.bytes
}

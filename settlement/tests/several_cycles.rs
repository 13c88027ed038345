//! A business date with two cut-offs: each cycle has its files, and what belongs to the date or the month is owed once.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

#[allow(dead_code, reason = "other tests use the rest")]
mod database;
#[allow(dead_code, reason = "other tests use the rest")]
#[path = "worked-day/sample.rs"]
mod sample;

use std::collections::BTreeMap;

use database::World;
use domain::settlement::{Basis, Calendar, DayKind, Direction, Every, TermCharge};
use domain::{CutOffs, Effective, Ratio, Rounding};
use jiff::civil::{Date, Weekday, time};
use sample::SATURDAY;
use settlement::{
    CloseBy, CloseError, Closed, Environment, FileSummary, ProgramSetup, close_cycle_by, close_day,
    regenerate, verify_chain, verify_path,
};
use store::CycleState;

/// Noon, and midnight.
fn setup() -> ProgramSetup {
    let cut_offs = CutOffs::new(vec![time(12, 0, 0, 0), time(0, 0, 0, 0)]).unwrap();
    ProgramSetup { cut_offs, ..sample::setup() }
}

fn fee(every: Every) -> TermCharge {
    TermCharge {
        basis: Basis::FixedFee,
        every,
        direction: Direction::PartnerPaysBank,
        price: Ratio::new(500, 1).unwrap(),
        rounding: Rounding::HalfUp,
        vat: None,
    }
}

async fn close(world: &World, setup: &ProgramSetup, date: Date) -> Closed {
    close_day(&world.pool, setup, date, &world.out).await.unwrap_or_else(|error| panic!("{error}"))
}

fn file(closed: &Closed, receiver: &str) -> FileSummary {
    let file = closed.files.iter().find(|file| file.receiver == receiver).unwrap();
    verify_path(&file.path).unwrap()
}

/// Date, place among the program's cycles, and cut-off, of a file.
fn header(closed: &Closed, receiver: &str) -> (String, i32, String) {
    let header = file(closed, receiver).header;
    (header.business_date.to_string(), header.cycle_sequence, header.cut_off)
}

fn to_pay(closed: &Closed, partner: &str) -> i64 {
    closed.positions.iter().find(|position| position.partner == partner).unwrap().net_minor
}

/// The files of the folder, by name.
fn folder(world: &World) -> BTreeMap<String, Vec<u8>> {
    let entries = std::fs::read_dir(&world.out).unwrap().map(|entry| entry.unwrap().path());
    entries
        .map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), std::fs::read(path).unwrap()))
        .collect()
}

/// Half of the movements before noon, the rest after it.
async fn halves(world: &World) -> (Vec<sample::Moved>, Vec<sample::Moved>) {
    let mut all = sample::movements();
    let later = all.split_off(all.len() / 2);
    world.book_in(1, &all).await;
    (all, later)
}

#[tokio::test(flavor = "multi_thread")]
async fn each_cycle_has_its_files_and_the_next_begins_on_the_same_date() {
    let (world, setup) = (World::new().await, setup());
    let (_, later) = halves(&world).await;
    let first = close(&world, &setup, SATURDAY).await;
    let noon = "2026-10-10T12:00:00+03:00[Europe/Moscow]".to_owned();
    assert_eq!(header(&first, "kosta"), ("2026-10-10".to_owned(), 1, noon));
    assert_eq!(world.open_dates().await, ["2026-10-10"], "the date goes on");

    world.book_in(2, &later).await;
    let second = close(&world, &setup, SATURDAY).await;
    let midnight = "2026-10-11T00:00:00+03:00[Europe/Moscow]".to_owned();
    assert_eq!(header(&second, "kosta"), ("2026-10-10".to_owned(), 2, midnight.clone()));
    assert_eq!(world.open_dates().await, ["2026-10-11"]);
    for receiver in ["airboreal", "kosta", "northbank", "skyfuel"] {
        verify_chain(&file(&first, receiver), &file(&second, receiver)).unwrap();
    }
    let lines = |closed: &Closed| file(closed, "airboreal").batches[0].transactions;
    assert!(lines(&first) > 0 && lines(&second) > 0);
    // The worked day in one cycle has as many lines, and kosta owes the same: its amounts are rounded line by line.
    assert_eq!(lines(&first) + lines(&second), 11);
    let bank_gets = |closed: &Closed| to_pay(closed, "kosta");
    assert_eq!(bank_gets(&first) + bank_gets(&second), 55_878);

    // Each is rendered again as it is, and a further close of the date changes nothing.
    let published = folder(&world);
    for cycle in [first.cycle.id, second.cycle.id] {
        regenerate(&world.pool, &setup, cycle, &world.out, &world.out.join("again")).await.unwrap();
    }
    for path in std::fs::read_dir(world.out.join("again")).unwrap().map(|entry| entry.unwrap().path()) {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        assert_eq!(std::fs::read(&path).unwrap(), published[&name], "{name}");
    }
    std::fs::remove_dir_all(world.out.join("again")).unwrap();
    assert!(close(&world, &setup, SATURDAY).await.already_closed);
    let named =
        async |cycle| close_cycle_by(&world.pool, &setup, cycle, &world.out, &CloseBy::default()).await;
    assert_eq!(named(first.cycle.id).await.unwrap().files, first.files);
    assert_eq!((folder(&world), world.open_dates().await), (published, vec!["2026-10-11".to_owned()]));
    let sunday = close(&world, &setup, SATURDAY.tomorrow().unwrap()).await;
    assert_eq!(header(&sunday, "kosta").2, "2026-10-11T12:00:00+03:00[Europe/Moscow]");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fee_of_each_cycle_is_owed_in_each_and_that_of_the_month_with_its_last() {
    let (world, mut setup) = (World::new().await, setup());
    // They end with Saturday, and so does their month.
    setup.terms.iter_mut().for_each(|terms| {
        terms.effective = Effective { from: None, to: SATURDAY.tomorrow().ok() };
    });
    setup.terms[0].charges = vec![fee(Every::Cycle)];
    setup.terms[0].minimum_payable = Some(10_000_000);
    setup.terms[2].charges = vec![fee(Every::Month)];
    let (_, later) = halves(&world).await;
    let first = close(&world, &setup, SATURDAY).await;
    let (kosta, skyfuel) = (file(&first, "kosta"), file(&first, "skyfuel"));
    assert_eq!((kosta.batches[0].charges, skyfuel.batches[0].charges), (1, 0));
    let carried = kosta.batches[0].closing_minor;
    assert_eq!((to_pay(&first, "kosta"), carried != 0), (0, true), "little is carried into the next cycle");

    world.book_in(2, &later).await;
    let second = close(&world, &setup, SATURDAY).await;
    let (kosta, skyfuel) = (file(&second, "kosta"), file(&second, "skyfuel"));
    assert_eq!((kosta.batches[0].charges, skyfuel.batches[0].charges), (1, 1));
    assert_eq!((kosta.batches[0].opening_minor, kosta.batches[0].closing_minor), (carried, 0));
    assert_eq!(to_pay(&second, "kosta"), 55_878 + 2 * 500, "no batch follows: all is paid");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_calendar_groups_whole_cycles() {
    let (world, mut setup) = (World::new().await, setup());
    setup.terms[0].calendar = Calendar::default().with_weekly(&[Weekday::Saturday], DayKind::Closed);
    let (_, later) = halves(&world).await;
    let sunday = SATURDAY.tomorrow().unwrap();
    let mut closed = vec![close(&world, &setup, SATURDAY).await];
    world.book_in(2, &later).await;
    for date in [SATURDAY, sunday, sunday] {
        closed.push(close(&world, &setup, date).await);
    }
    let gets = |closed: &Closed| closed.files.iter().any(|file| file.receiver == "kosta");
    assert_eq!(closed.iter().map(gets).collect::<Vec<_>>(), [false, false, true, true]);
    let cycles = |closed: &Closed| -> Vec<i32> {
        file(closed, "kosta").batches.iter().map(|batch| batch.cycle_sequence).collect()
    };
    assert_eq!((cycles(&closed[2]), cycles(&closed[3])), (vec![1, 2, 3], vec![4]));
    let paid_on = file(&closed[2], "kosta");
    assert!(paid_on.batches.iter().all(|batch| batch.payment_date == sunday), "one file, one day");
    verify_chain(&paid_on, &file(&closed[3], "kosta")).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_close_that_died_in_either_cycle_is_completed_with_the_same_bytes() {
    let setup = setup();
    let mut expected = None;
    for (dies_in, step) in
        [(0, 0)].into_iter().chain((1..=2).flat_map(|of| (1..=database::STEPS).map(move |s| (of, s))))
    {
        let world = World::new().await;
        let (_, later) = halves(&world).await;
        for cycle in 1..=2 {
            if dies_in == cycle {
                world.die_in(&setup, step).await;
            }
            // Whoever takes it over names the cycle: the one after it may be open already.
            let all = store::cycles(&world.pool, setup.id).await.unwrap();
            let id = all.iter().find(|of| of.sequence == cycle).unwrap().id;
            let by = CloseBy::default();
            let closed = close_cycle_by(&world.pool, &setup, id, &world.out, &by).await.unwrap();
            assert_eq!(closed.cycle.state, CycleState::Published);
            if cycle == 1 {
                world.book_in(2, &later).await;
            }
        }
        assert_eq!(world.open_dates().await, ["2026-10-11"], "died in {dies_in} after {step}");
        let found = folder(&world);
        assert_eq!(found.len(), 16);
        assert_eq!(expected.get_or_insert_with(|| found.clone()), &found, "died in {dies_in} after {step}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn closes_at_once_of_one_cycle_leave_the_next_one_open() {
    let (world, setup) = (World::new().await, setup());
    halves(&world).await;
    let id = store::cycle_by_date(&world.pool, setup.id, SATURDAY).await.unwrap().unwrap().id;
    let closes =
        [world.another_pool().await, world.another_pool().await, world.another_pool().await].map(|pool| {
            let (setup, out) = (setup.clone(), world.out.clone());
            tokio::spawn(async move { close_cycle_by(&pool, &setup, id, &out, &CloseBy::default()).await })
        });
    for closing in closes {
        assert_eq!(closing.await.unwrap().unwrap().cycle.sequence, 1);
    }
    let states: Vec<_> = store::cycles(&world.pool, setup.id)
        .await
        .unwrap()
        .iter()
        .map(|cycle| (cycle.sequence, cycle.state))
        .collect();
    assert_eq!(states, [(1, CycleState::Published), (2, CycleState::Open)]);
    assert_eq!(folder(&world).len(), 8);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cycle_is_not_closed_before_the_one_before_it_on_its_date() {
    let (world, setup) = (World::new().await, setup());
    world.die_in(&setup, 2).await;
    let all = store::cycles(&world.pool, setup.id).await.unwrap();
    let second =
        close_cycle_by(&world.pool, &setup, all[1].id, &world.out, &CloseBy::default()).await.unwrap_err();
    assert!(matches!(second, CloseError::EarlierOpen { .. }));
    assert_eq!(
        second.to_string(),
        "program \"boreal-gold\": cycle 2 of 2026-10-10 cannot be closed before cycle 1 of 2026-10-10; the operator must \
         close cycle 1 of 2026-10-10 first"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_date_that_was_closed_as_one_cycle_stays_one() {
    let world = World::new().await;
    world.book(&sample::movements()).await;
    let closed = close(&world, &sample::setup(), SATURDAY).await;
    let again = world.out.join("again");
    // The same program with two cut-offs since.
    let paths = regenerate(&world.pool, &setup(), closed.cycle.id, &world.out, &again).await.unwrap();
    for path in paths {
        let published = world.out.join(path.file_name().unwrap());
        assert_eq!(std::fs::read(&path).unwrap(), std::fs::read(published).unwrap());
    }
}

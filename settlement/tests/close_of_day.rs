//! The close of a day against a real PostgreSQL: once, twice, after a crash, and by two at once.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod database;
#[path = "worked-day/sample.rs"]
mod sample;

use std::collections::BTreeMap;
use std::path::Path;

use database::World;
use domain::settlement::{Calendar, DayKind, Direction};
use jiff::civil::{Weekday, date};
use sample::SATURDAY;
use settlement::{
    CloseError, Closed, Environment, ProgramSetup, close_day, regenerate, verify_chain, verify_path,
};
use store::{CycleState, Pool};

/// Names and bytes of everything in a folder.
fn folder(path: &Path) -> BTreeMap<String, Vec<u8>> {
    let Ok(entries) = std::fs::read_dir(path) else { return BTreeMap::new() };
    entries
        .map(|entry| entry.unwrap())
        .map(|entry| (entry.file_name().into_string().unwrap(), std::fs::read(entry.path()).unwrap()))
        .collect()
}

/// The golden files of the worked day, as the unit tests accepted them.
fn golden() -> BTreeMap<String, Vec<u8>> {
    folder(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/worked-day/golden"))
}

fn files(out: &Path) -> BTreeMap<String, Vec<u8>> {
    folder(out).into_iter().filter(|(name, _)| name.ends_with(".cbs")).collect()
}

async fn close(world: &World) -> Closed {
    close_in(&world.pool, &world.out).await
}

async fn close_in(pool: &Pool, out: &Path) -> Closed {
    close_day(pool, &sample::setup(), SATURDAY, out).await.unwrap_or_else(|error| panic!("{error}"))
}

/// The outcome apart from who did the work.
fn result(closed: Closed) -> Closed {
    Closed { already_closed: true, ..closed }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_worked_day_is_closed_to_the_byte() {
    let world = World::new().await;
    world.book(&sample::movements()).await;
    let closed = close(&world).await;
    assert_eq!(files(&world.out), golden());
    assert_eq!(folder(&world.out).len(), 8, "each file has its announcement");
    assert!(!closed.already_closed);
    assert_eq!((closed.cycle.state, closed.business_date), (CycleState::Published, SATURDAY));

    let positions: Vec<_> = closed
        .positions
        .iter()
        .map(|p| (p.partner.as_str(), p.direction, p.net_minor, p.rounding_minor, p.miles, p.transactions))
        .collect();
    assert_eq!(
        positions,
        [
            ("airboreal", Direction::BankPaysPartner, 164_574, -2, 2_230, 11),
            ("kosta", Direction::PartnerPaysBank, 55_878, 0, 0, 5),
            ("skyfuel", Direction::BankPaysPartner, 1_095, 0, 120, 1),
        ]
    );
    for (position, file) in
        closed.positions.iter().zip(closed.files.iter().filter(|f| f.receiver != "northbank"))
    {
        assert_eq!(position.file, file.path.file_name().unwrap().to_string_lossy());
        assert_eq!((&position.sha256, position.currency.as_str()), (&file.sha256, "RUB"));
        let summary = verify_path(&file.path).unwrap();
        assert_eq!((&summary.sha256, i32::try_from(summary.records).unwrap()), (&file.sha256, file.records));
        assert_eq!(summary.batches[0].to_pay_minor, position.net_minor);
        assert_eq!(position.before_tax_minor + position.vat_minor, position.net_minor);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_close_changes_nothing() {
    let world = World::new().await;
    world.book(&sample::movements()).await;
    let first = close(&world).await;
    let (files, books) = (folder(&world.out), world.books().await);
    let second = close(&world).await;
    assert!(second.already_closed);
    assert_eq!(result(second), result(first));
    assert_eq!((folder(&world.out), world.books().await), (files, books));
}

#[tokio::test(flavor = "multi_thread")]
async fn files_that_are_gone_are_published_again_and_strange_ones_are_left() {
    let world = World::new().await;
    world.book(&sample::movements()).await;
    let closed = close(&world).await;
    let published = folder(&world.out);
    std::fs::remove_file(&closed.files[0].path).unwrap();
    std::fs::remove_file(closed.files[1].path.with_extension("cbs.done")).unwrap();
    assert!(close(&world).await.already_closed);
    assert_eq!(folder(&world.out), published);

    std::fs::write(&closed.files[0].path, b"something else").unwrap();
    let error = close_day(&world.pool, &sample::setup(), SATURDAY, &world.out).await.unwrap_err();
    assert!(matches!(error, CloseError::Publish(_)), "{error}");
    assert_eq!(std::fs::read(&closed.files[0].path).unwrap(), b"something else");
}

#[tokio::test(flavor = "multi_thread")]
async fn regeneration_gives_the_published_bytes() {
    let world = World::new().await;
    world.book(&sample::movements()).await;
    let closed = close(&world).await;
    let again = world.out.with_extension("again");
    let paths = regenerate(&world.pool, &sample::setup(), closed.cycle.id, &world.out, &again).await.unwrap();
    assert_eq!(paths.len(), 4);
    assert_eq!(folder(&again), folder(&world.out));
    std::fs::remove_dir_all(&again).unwrap();

    let mut dearer = sample::setup();
    dearer.terms[0].items[0].price = domain::Ratio::new(13, 1000).unwrap();
    let error = regenerate(&world.pool, &dearer, closed.cycle.id, &world.out, &again).await.unwrap_err();
    assert!(matches!(error, CloseError::Changed { .. }), "{error}");
    assert!(folder(&again).is_empty());
    std::fs::remove_dir_all(&again).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn days_without_traffic_have_files_that_are_chained() {
    let world = World::new().await;
    let mut days = Vec::new();
    let mut date = SATURDAY;
    for _ in 0..3 {
        days.push(close_day(&world.pool, &sample::setup(), date, &world.out).await.unwrap());
        date = date.tomorrow().unwrap();
    }
    for pair in days.windows(2) {
        for (earlier, later) in pair[0].files.iter().zip(&pair[1].files) {
            verify_chain(&verify_path(&earlier.path).unwrap(), &verify_path(&later.path).unwrap()).unwrap();
        }
    }
    assert!(days.iter().flat_map(|day| &day.positions).all(|p| (p.net_minor, p.transactions) == (0, 0)));
    assert_eq!(files(&world.out).len(), 12);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_close_that_died_at_any_step_is_completed_with_the_same_bytes() {
    for step in 0..=database::STEPS {
        let world = World::new().await;
        world.book(&sample::movements()).await;
        world.die_after(step).await;
        let closed = close(&world).await;
        assert_eq!(files(&world.out), golden(), "died after step {step}");
        assert_eq!(closed.cycle.state, CycleState::Published, "died after step {step}");
        assert!(world.books().await.iter().all(|row| !row.contains("published=false")), "step {step}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_cannot_be_written_stops_the_close_and_the_next_call_goes_on() {
    let world = World::new().await;
    world.book(&sample::movements()).await;
    let blocked = world.out.with_extension("blocked");
    std::fs::write(&blocked, b"not a folder").unwrap();
    let error = close_day(&world.pool, &sample::setup(), SATURDAY, &blocked).await.unwrap_err();
    assert!(matches!(error, CloseError::Publish(_)) && error.to_string().contains("operator"), "{error}");
    std::fs::remove_file(&blocked).unwrap();
    close(&world).await;
    assert_eq!(files(&world.out), golden());
}

#[tokio::test(flavor = "multi_thread")]
async fn closes_at_the_same_time_come_to_one_result() {
    for _ in 0..3 {
        let world = World::new().await;
        world.book(&sample::movements()).await;
        let pools = [world.another_pool().await, world.another_pool().await, world.another_pool().await];
        let closes = pools.map(|pool| {
            let out = world.out.clone();
            tokio::spawn(async move { close_in(&pool, &out).await })
        });
        let mut results = Vec::new();
        for close in closes {
            results.push(result(close.await.unwrap()));
        }
        assert!(results.iter().all(|other| *other == results[0]));
        assert_eq!(files(&world.out), golden());
        assert_eq!(folder(&world.out).len(), 8);
        assert_eq!(world.open_dates().await, ["2026-10-11"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn programs_that_share_receivers_get_numbers_without_gaps() {
    let world = World::new().await;
    let mut programs = vec![sample::setup()];
    for code in ["boreal-blue", "boreal-green", "boreal-red"] {
        programs.push(world.another_program(code).await);
    }
    let closes: Vec<_> = programs
        .into_iter()
        .map(|setup| {
            let (pool, out) = (world.pool.clone(), world.out.clone());
            tokio::spawn(async move { close_day(&pool, &setup, SATURDAY, &out).await.unwrap() })
        })
        .collect();
    let mut to_bank = Vec::new();
    for close in closes {
        let closed = close.await.unwrap();
        let file = closed.files.iter().find(|file| file.receiver == "northbank").unwrap();
        to_bank.push(verify_path(&file.path).unwrap());
    }
    to_bank.sort_by_key(|summary| summary.header.sequence);
    assert_eq!(to_bank[0].header.sequence, 1);
    to_bank.windows(2).for_each(|pair| verify_chain(&pair[0], &pair[1]).unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn days_are_closed_in_their_order() {
    let world = World::new().await;
    let close = |date| {
        let (pool, out) = (&world.pool, &world.out);
        async move { close_day(pool, &sample::setup(), date, out).await }
    };
    let error = close(SATURDAY.yesterday().unwrap()).await.unwrap_err().to_string();
    assert!(error.contains("no settlement cycle of 2026-10-09 (open is 2026-10-10)"), "{error}");
    let open = store::cycle_by_date(&world.pool, sample::setup().id, SATURDAY).await.unwrap().unwrap();
    let sunday = SATURDAY.tomorrow().unwrap();
    let next = store::prepare_next(&world.pool, &open, sunday).await.unwrap();
    let early = |error: &CloseError| matches!(error, CloseError::EarlierOpen { earlier, .. } if earlier.cycle.date == SATURDAY);
    assert!(early(&close(sunday).await.unwrap_err()), "the day is only prepared");
    assert!(store::cut(&world.pool, &open, &next).await.unwrap());
    assert!(early(&close(sunday).await.unwrap_err()), "the day before is cut and not published");
    close(SATURDAY).await.unwrap();
    close(sunday).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_not_priced_waits_for_its_terms() {
    let world = World::new().await;
    world.book(&sample::movements()).await;
    let mut setup = sample::setup();
    setup.terms.retain(|terms| terms.partner != sample::KOSTA);
    let error = close_day(&world.pool, &setup, SATURDAY, &world.out).await.unwrap_err();
    assert!(matches!(&error, CloseError::Unpriced { partner, .. } if partner == "kosta"), "{error}");
    assert_eq!(folder(&world.out).len(), 0);
    close(&world).await;
    assert_eq!(files(&world.out), golden());
}

/// Kosta takes no files on Saturdays and Sundays.
fn without_weekends() -> ProgramSetup {
    let mut setup = sample::setup();
    let weekend = [Weekday::Saturday, Weekday::Sunday];
    let calendar = Calendar { name: "kosta".to_owned(), ..Calendar::default() };
    for terms in setup.terms.iter_mut().filter(|terms| terms.partner == sample::KOSTA) {
        terms.calendar = calendar.clone().with_weekly(&weekend, DayKind::Closed);
    }
    setup
}

/// The records of a receiver's file between header and trailer.
fn body(out: &Path, receiver: &str, day: &str) -> Vec<String> {
    let all = files(out);
    let name = |name: &&String| name.starts_with(&format!("{receiver}_")) && name.contains(day);
    let found = all.keys().find(name).unwrap_or_else(|| panic!("no file of {receiver} on {day}"));
    let text = String::from_utf8(all[found].clone()).unwrap();
    let records = text.lines().filter(|record| !record.starts_with("FH|") && !record.starts_with("FT|"));
    records.map(str::to_owned).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_partner_takes_no_file_for_waits_for_its_next_one() {
    let world = World::new().await;
    world.book(&sample::movements()).await;
    let setup = without_weekends();
    let (sunday, monday) = (SATURDAY.tomorrow().unwrap(), date(2026, 10, 12));
    let close = |date| {
        let (pool, out, setup) = (&world.pool, &world.out, &setup);
        async move { close_day(pool, setup, date, out).await }
    };
    for day in [SATURDAY, sunday] {
        let closed = close(day).await.unwrap();
        let receivers: Vec<&str> = closed.files.iter().map(|file| file.receiver.as_str()).collect();
        assert_eq!(receivers, ["airboreal", "northbank", "skyfuel"]);
        assert_eq!((closed.cycle.state, closed.positions.len()), (CycleState::Published, 3));
        let kosta = closed.positions.iter().find(|position| position.partner == "kosta").unwrap();
        assert_eq!(kosta.file, "", "it is owed, and in no file yet");
    }
    // Without the bank's file of the day nothing is guessed; closing that day again brings it back.
    let of_bank = world.out.join("northbank_boreal-gold_2026-10-10_000001_0.cbs");
    let bytes = std::fs::read(&of_bank).unwrap();
    std::fs::remove_file(&of_bank).unwrap();
    let gone = close(monday).await.unwrap_err();
    assert!(matches!(&gone, CloseError::WaitingGone { date, .. } if *date == SATURDAY), "{gone}");
    std::fs::write(&of_bank, String::from_utf8(bytes.clone()).unwrap().replacen("0220", "0221", 1)).unwrap();
    assert!(matches!(close(monday).await.unwrap_err(), CloseError::WaitingGone { .. }));
    std::fs::remove_file(&of_bank).unwrap();
    assert!(close(SATURDAY).await.unwrap().already_closed);
    assert_eq!(std::fs::read(&of_bank).unwrap(), bytes);

    let closed = close(monday).await.unwrap();
    let file = closed.files.iter().find(|file| file.receiver == "kosta").unwrap();
    let summary = verify_path(&file.path).unwrap();
    assert_eq!((summary.header.sequence, summary.header.previous_sha256), (1, None), "only files count");
    let days: Vec<_> =
        summary.batches.iter().map(|batch| (batch.business_date, batch.cycle_sequence)).collect();
    assert_eq!(days, [(SATURDAY, 1), (sunday, 2), (monday, 3)]);
    assert!(summary.batches[0].to_pay_minor > 0);
    assert!(summary.batches.iter().all(|batch| batch.payment_date == monday));
    // Each batch stands in the bank's file of its day, record for record.
    let of_kosta = |day: &str| -> Vec<String> {
        let all = body(&world.out, "northbank", day);
        let begin = all.iter().position(|record| record.starts_with("BH|kosta|")).unwrap();
        let end = begin + all[begin..].iter().position(|record| record.starts_with("BT|")).unwrap();
        all[begin..=end].to_vec()
    };
    let expected: Vec<String> =
        ["2026-10-10", "2026-10-11", "2026-10-12"].iter().flat_map(|day| of_kosta(day)).collect();
    assert_eq!(body(&world.out, "kosta", "2026-10-12"), expected);
    // Again, elsewhere, and on the day after.
    let published = files(&world.out);
    assert!(close(monday).await.unwrap().already_closed);
    let again = world.out.with_extension("again");
    regenerate(&world.pool, &setup, closed.cycle.id, &world.out, &again).await.unwrap();
    assert_eq!(
        std::fs::read(again.join(file.path.file_name().unwrap())).unwrap(),
        std::fs::read(&file.path).unwrap()
    );
    std::fs::remove_dir_all(&again).unwrap();
    std::fs::remove_file(&file.path).unwrap();
    close(monday).await.unwrap();
    assert_eq!(files(&world.out), published);
    let tuesday = close(monday.tomorrow().unwrap()).await.unwrap();
    let next = tuesday.files.iter().find(|file| file.receiver == "kosta").unwrap();
    let next = verify_path(&next.path).unwrap();
    verify_chain(&summary, &next).unwrap();
    assert_eq!(next.batches.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_when_terms_end_still_gets_its_file() {
    let world = World::new().await;
    world.book(&sample::movements()).await;
    let mut setup = without_weekends();
    for terms in setup.terms.iter_mut().filter(|terms| terms.partner == sample::KOSTA) {
        terms.effective.to = Some(SATURDAY.tomorrow().unwrap());
    }
    let mut last = Vec::new();
    for day in [SATURDAY, date(2026, 10, 11), date(2026, 10, 12), date(2026, 10, 13)] {
        let closed = close_day(&world.pool, &setup, day, &world.out).await.unwrap();
        last.push(closed.files.iter().filter(|file| file.receiver == "kosta").count());
    }
    assert_eq!(last, [0, 0, 1, 0]);
    let records = body(&world.out, "kosta", "2026-10-12");
    assert_eq!(records.iter().filter(|record| record.starts_with("BH|")).count(), 1);
}

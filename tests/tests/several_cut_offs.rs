//! A program with two cut-offs a day: each cycle is closed when its own has passed, by hand and by the role, also when
//! it is killed; what is presented after one is in the next cycle of the same date.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support_link;

use std::{
    collections::BTreeMap,
    path::Path,
    process::{Child, Command, Stdio},
};

use bank_simulator::{
    Card, ClearAmount, Day, Money, Purchase, Step, Timed, WorkedMerchants, replay, test_pan,
};
use cobrand::demo::{World, WorldOptions};
use end_to_end::settlement_file::SettlementFile;
use jiff::{
    ToSpan, Zoned,
    civil::{Date, date},
    tz::TimeZone,
};
use serde_json::Value;
use settlement::{close_day, verify_chain, verify_path};
use store::{Cycle, CycleState};
use support_link::{binary, cobrand, eventually, said};

const PROGRAM: &str = include_str!("../../docs/samples/programs/boreal-gold.toml");
const PASSWORD: &str = "correct horse battery staple";
const RECEIVERS: [&str; 4] = ["airboreal", "kosta", "northbank", "skyfuel"];

fn today() -> Date {
    Zoned::now().in_tz("Europe/Moscow").unwrap().date()
}

fn options(business_date: Date) -> WorldOptions {
    let one = "cut_off = \"00:00\"";
    assert!(PROGRAM.contains(one));
    let program = PROGRAM.replace(one, "cut_off = [\"12:00\", \"00:00\"]");
    WorldOptions { business_date, program: Some(program), log_to_file: false, ..WorldOptions::default() }
}

async fn cycles(world: &World) -> Vec<Cycle> {
    let program = world.assembly.program("boreal-gold").unwrap().setup.id;
    store::cycles(&world.assembly.pool, program).await.unwrap()
}

/// Dates and states of all that take messages or did.
async fn states(world: &World) -> Vec<(Date, CycleState)> {
    let all = cycles(world).await;
    let begun = all.iter().filter(|cycle| cycle.state != CycleState::Prepared);
    begun.map(|cycle| (cycle.business_date, cycle.state)).collect()
}

/// `cobrand day …` for a date.
fn day(world: &World, what: &str, date: Date, more: &[&str]) -> std::process::Output {
    let text = date.to_string();
    let call = ["day", what, "--config", "cobrand.toml", "--program", "boreal-gold", &text];
    cobrand(&world.dir, &call.into_iter().chain(more.iter().copied()).collect::<Vec<_>>())
}

fn json(output: &std::process::Output) -> Value {
    assert_eq!(output.status.code(), Some(0), "{}", said(output));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Names and bytes of the folder of files.
fn folder(path: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path());
    let file = |path: std::path::PathBuf| {
        (path.file_name().unwrap().to_string_lossy().into_owned(), std::fs::read(&path).unwrap())
    };
    entries.map(file).collect()
}

fn purchase(step: Step) -> Day {
    let merchants = vec![WorkedMerchants::default().skyfuel];
    let local = date(2026, 10, 10).at(9, 30, 0, 0);
    let of = Purchase {
        id: "late".to_owned(),
        card: 0,
        merchant: 0,
        processing_code: "000000".to_owned(),
        amount: Money::rub(745_000),
        billing: None,
        steps: vec![Timed { at: local, step }],
    };
    let zone = TimeZone::get("Europe/Moscow").unwrap();
    let card = Card { pan: test_pan("220000", 7).unwrap(), label: "AB-0007".to_owned() };
    Day::new(date(2026, 10, 10), zone, vec![card], merchants, vec![of], 1).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_presentment_after_a_cut_off_is_in_the_next_cycle_of_its_date() {
    let date = date(2026, 10, 10);
    let world = World::start(options(date)).await.unwrap();
    let pan = test_pan("220000", 7).unwrap();
    support_link::enroll(&world, &[pan.expose()]).await;
    let bank = world.bank().unwrap();
    let said =
        async |step| replay(&bank, &purchase(step), 1, |_| {}).await.exchanges().next().unwrap().clone();
    let program = world.assembly.program("boreal-gold").unwrap();
    let close = async || {
        close_day(&world.assembly.pool, &program.setup, date, &world.assembly.config.settlement.out)
            .await
            .unwrap()
    };
    assert!(said(Step::Authorize { preauthorization: false }).await.answer.is_some());
    let first = close().await;
    assert!(said(Step::Clear(ClearAmount::Full)).await.answer.is_some());
    bank.stop().await;
    let second = close().await;

    let file = |closed: &settlement::Closed, receiver: &str| {
        let file = closed.files.iter().find(|file| file.receiver == receiver).unwrap();
        SettlementFile::parse(&std::fs::read_to_string(&file.path).unwrap())
    };
    for receiver in ["airboreal", "skyfuel", "northbank"] {
        let header = |closed| file(closed, receiver).header[8..11].to_vec();
        assert_eq!(header(&first), ["2026-10-10", "1", "2026-10-10T12:00:00+03:00[Europe/Moscow]"]);
        assert_eq!(header(&second), ["2026-10-10", "2", "2026-10-11T00:00:00+03:00[Europe/Moscow]"]);
    }
    assert!(file(&first, "skyfuel").batch("skyfuel").lines.is_empty());
    let late = file(&second, "skyfuel");
    let lines = late.batch("skyfuel").lines.iter();
    assert_eq!(lines.map(|line| line.late_days).collect::<Vec<_>>(), [0], "late, but of the date");
    assert_eq!(
        states(&world).await,
        [
            (date, CycleState::Published),
            (date, CycleState::Published),
            (date.tomorrow().unwrap(), CycleState::Open)
        ]
    );
    world.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cycle_is_closed_before_its_own_cut_off_only_when_told_so() {
    // Neither cut-off of this date has passed.
    let date = today().checked_add(2.days()).unwrap();
    let world = World::prepare(options(date)).await.unwrap();
    let shown = json(&day(&world, "show", date, &["--json"]));
    assert_eq!((&shown["cycles_of_date"], shown["cycles"].as_array().unwrap().len()), (&2.into(), 1));
    let noon = shown["cycles"][0]["cut_off"].as_str().unwrap();
    assert!(noon.starts_with(&format!("{date}T12:00:00")), "{noon}");
    let refused = |output: &std::process::Output, text: &str| {
        assert_eq!(output.status.code(), Some(1), "{}", said(output));
        assert!(said(output).contains(text), "{}", said(output));
    };
    refused(
        &day(&world, "close", date, &[]),
        &format!("cycle 1 of {date} ends at its cut-off, {date}T12:00"),
    );
    refused(&day(&world, "close", date, &["--cycle", "2", "--early"]), "no cycle 2");
    assert_eq!(states(&world).await, [(date, CycleState::Open)]);

    let text = date.to_string();
    let rendering = [
        "file",
        "regenerate",
        "--config",
        "cobrand.toml",
        "--program",
        "boreal-gold",
        "--date",
        &text,
        "--out",
        "again",
    ];
    refused(&cobrand(&world.dir, &rendering), "has no files yet");

    let first = json(&day(&world, "close", date, &["--early", "--json"]));
    assert_eq!(
        (&first["cycle"], &first["state"], &first["already_closed"]),
        (&1.into(), &"published".into(), &false.into())
    );
    // The next one is another: it is not closed by a second call.
    refused(&day(&world, "close", date, &[]), &format!("cycle 2 of {date} ends at its cut-off"));
    let again = json(&day(&world, "close", date, &["--early", "--cycle", "1", "--json"]));
    assert_eq!((&again["cycle"], &again["already_closed"]), (&1.into(), &true.into()));
    assert_eq!(states(&world).await, [(date, CycleState::Published), (date, CycleState::Open)]);
    let both = day(&world, "show", date, &[]);
    for words in
        ["has 2 cycles", "cycle 1 (cut-off 12:00", "state published", "cycle 2 (cut-off 00:00", "state open"]
    {
        assert!(said(&both).contains(words), "{words}: {}", said(&both));
    }
    json(&day(&world, "close", date, &["--early", "--cycle", "2", "--json"]));
    let next = date.tomorrow().unwrap();
    assert_eq!(states(&world).await.last(), Some(&(next, CycleState::Open)));

    // Both are rendered again as they are.
    let rendered = cobrand(&world.dir, &rendering);
    assert_eq!(rendered.status.code(), Some(0), "{}", said(&rendered));
    assert_eq!(folder(&world.dir.join("again")), folder(&world.dir.join("out")));
    world.stop().await.unwrap();
}

/// A close in a process of its own.
fn closing(world: &World, date: Date) -> Child {
    Command::new(binary())
        .args(["day", "close", "--config", "cobrand.toml", "--program", "boreal-gold", &date.to_string()])
        .current_dir(&world.dir)
        .env_remove("RUST_LOG")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_close_of_either_cycle_goes_on_and_the_role_closes_what_is_overdue_in_order() {
    // Both cut-offs have passed, and those of the day before.
    let before = today().checked_sub(2.days()).unwrap();
    let yesterday = before.tomorrow().unwrap();
    let world = World::prepare(options(before)).await.unwrap();
    for number in 0..2 {
        // It cannot book its files, and is killed there.
        let mut client = store::connect(&world.assembly.database).await.unwrap();
        let lock = client.transaction().await.unwrap();
        lock.batch_execute("LOCK TABLE settlement_file IN EXCLUSIVE MODE").await.unwrap();
        let mut killed = closing(&world, before);
        eventually("it is about to book its files", async || {
            cycles(&world).await.get(number).is_some_and(|cycle| cycle.state == CycleState::Approved)
        })
        .await;
        killed.kill().unwrap();
        killed.wait().unwrap();
        lock.rollback().await.unwrap();
        // The cycle after it is open already, and is not taken in its place.
        let went_on = json(&day(&world, "close", before, &["--json"]));
        assert_eq!((&went_on["cycle"], &went_on["already_closed"]), (&(number + 1).into(), &false.into()));
    }
    assert_eq!(
        states(&world).await,
        [(before, CycleState::Published), (before, CycleState::Published), (yesterday, CycleState::Open)]
    );

    // Nobody was there yesterday: the role closes both, one after the other.
    let mut settle = support_link::settle(&world.dir);
    eventually("yesterday's first cycle is published", async || {
        cycles(&world).await.get(2).is_some_and(|cycle| cycle.state == CycleState::Published)
    })
    .await;
    eventually("its second is published", async || {
        cycles(&world).await.get(3).is_some_and(|cycle| cycle.state == CycleState::Published)
    })
    .await;
    settle.kill().unwrap();
    settle.wait().unwrap();
    let dates: Vec<_> = states(&world).await.iter().map(|(date, _)| *date).take(5).collect();
    assert_eq!(dates, [before, before, yesterday, yesterday, today()]);
    check_files(&world, &[(before, 1), (before, 2), (yesterday, 3), (yesterday, 4)]);
    world.stop().await.unwrap();
}

/// Each receiver has one file of each of these cycles, with the cut-off of its own, in one chain.
fn check_files(world: &World, cycles: &[(Date, i32)]) {
    let out = world.dir.join("out");
    for receiver in RECEIVERS {
        let mut chain = Vec::new();
        for (date, sequence) in cycles {
            let name = format!("{receiver}_boreal-gold_{date}_{sequence:06}_0.cbs");
            let summary = verify_path(&out.join(name)).unwrap();
            let (day, hour) = if sequence % 2 == 1 { (*date, 12) } else { (date.tomorrow().unwrap(), 0) };
            let end = day.at(hour, 0, 0, 0).in_tz("Europe/Moscow").unwrap().to_string();
            assert_eq!((summary.header.cycle_sequence, &summary.header.cut_off), (*sequence, &end));
            chain.push(summary);
        }
        chain.windows(2).for_each(|pair| verify_chain(&pair[0], &pair[1]).unwrap());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_second_person_approves_the_cycle_that_waits() {
    let date = today().checked_add(2.days()).unwrap();
    let approval = "approval = \"two_people\"".to_owned();
    let world = World::prepare(WorldOptions { settlement: approval, ..options(date) }).await.unwrap();
    for name in ["anna", "boris"] {
        console::add_user(&world.assembly.pool, name, PASSWORD).await.unwrap();
    }
    std::fs::write(world.dir.join("password.txt"), PASSWORD).unwrap();
    let by = |what: &str, name: &str, more: &[&str]| {
        let staff = ["--as", name, "--password-file", "password.txt"];
        day(&world, what, date, &staff.into_iter().chain(more.iter().copied()).collect::<Vec<_>>())
    };
    let waits = json(&by("close", "anna", &["--early", "--json"]));
    assert_eq!((&waits["cycle"], &waits["state"]), (&1.into(), &"computed".into()));
    // A further call of the same person, and a cycle that is open, are not approved.
    for (name, more, words) in [
        ("anna", &[][..], format!("cycle 1 of {date} is not approved: anna closed it")),
        ("boris", &["--cycle", "2"], format!("cycle 2 of {date} is not approved: it is open")),
        ("boris", &["--cycle", "3"], "no cycle 3".to_owned()),
    ] {
        let refused = by("approve", name, more);
        assert_eq!(refused.status.code(), Some(1), "{}", said(&refused));
        assert!(said(&refused).contains(&words), "{words}: {}", said(&refused));
    }
    // Files go out in the order of the cycles.
    let out_of_turn = by("close", "anna", &["--early", "--cycle", "2"]);
    let words = format!("cycle 2 of {date} cannot be closed before cycle 1 of {date}");
    assert!(said(&out_of_turn).contains(&words), "{}", said(&out_of_turn));
    let approved = json(&by("approve", "boris", &["--json"]));
    assert_eq!((&approved["cycle"], &approved["state"]), (&1.into(), &"published".into()));
    assert_eq!(states(&world).await, [(date, CycleState::Published), (date, CycleState::Open)]);
    world.stop().await.unwrap();
}

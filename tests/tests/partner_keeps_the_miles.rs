//! Miles that the partner keeps, over TLS, PostgreSQL and the command line: a day goes out, comes back with rejects, its
//! members are corrected, lines go again, and what the partner will not give back is borne. Every command may break off
//! and be given again.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support_link;

use std::{collections::BTreeMap, fmt::Write as _, process::Output};

use bank_simulator::{Link, LinkOptions};
use cobrand::demo::{World, WorldOptions};
use iso8583::{Builder, Mti};
use serde_json::Value;
use settlement::HandbackFile;
use support_link::{PATIENCE, card, cobrand, purchase, replays, said};

const PASSWORD: &str = "correct horse battery staple";

async fn world() -> World {
    let program = format!(
        "ledger = \"partner\"\n{}\n[miles]\nnegative_balance = \"forbid\"\nnegative_balance_funder = \"kosta\"\n",
        include_str!("../../docs/samples/programs/boreal-gold.toml")
    );
    let options = WorldOptions { log_to_file: false, program: Some(program), ..WorldOptions::default() };
    let world = World::start(options).await.unwrap();
    console::add_user(&world.assembly.pool, "anna", PASSWORD).await.unwrap();
    std::fs::write(world.dir.join("anna.txt"), PASSWORD).unwrap();
    world
}

/// Four members with a card each; the third has no number at the partner yet.
async fn enroll(world: &World) {
    let mut csv = "pan,program,member_number,enrolled_on,name_check\n".to_owned();
    for (number, member) in ["AB-1,IVAI", "AB-2,PETP", ",", "AB-4,SIDS"].iter().enumerate() {
        let (member, check) = member.split_once(',').unwrap();
        writeln!(csv, "{},boreal-gold,{member},2026-01-01,{check}", card(number as u64 + 1)).unwrap();
    }
    let assembly = &world.assembly;
    let (keys, link) = (assembly.card_keys().unwrap(), assembly.link("northbank").unwrap());
    let programs = &assembly.codes.programs;
    gateway::import_enrollment(csv.as_bytes(), link, programs, &keys, &assembly.pool).await.unwrap();
}

async fn link(world: &World) -> Link {
    let address = world.gateway().unwrap().address();
    let link = Link::connect(address, &world.bank_tls().unwrap(), LinkOptions::default()).await.unwrap();
    link.sign_on().await.unwrap();
    link
}

fn cleared(number: u32) -> Builder {
    purchase(&card(u64::from(number)), number).with_mti(Mti::new("0220")).set(38, "123456").set(39, "00")
}

/// Half of a card's purchase, 5 miles.
fn refund(number: u32) -> Builder {
    let refund = cleared(number).set(3, "200000").set(4, "000000030000");
    refund.set(11, format!("{:06}", 100 - number)).set(37, format!("{number:012}"))
}

/// 600.00 RUB at each card, 10 miles; then half of the first purchase is refunded.
async fn buy(world: &World) {
    let link = link(world).await;
    for number in 1..=4 {
        assert!(link.ask(cleared(number), PATIENCE).await.unwrap().is_taken());
    }
    assert!(link.ask(refund(1), PATIENCE).await.unwrap().is_taken());
}

fn run(world: &World, words: &[&str]) -> Output {
    cobrand(&world.dir, words)
}

/// Runs a command that must work, and reads its JSON.
fn json(world: &World, words: &[&str]) -> Value {
    let output = run(world, words);
    assert!(output.status.success(), "{words:?}: {}", said(&output));
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {}", said(&output)))
}

fn close(world: &World, date: &str) {
    json(world, &["day", "close", "--program", "boreal-gold", date, "--early", "--json"]);
}

/// The lines of a file: by member number, id, kind, miles, original and what it resubmits.
fn lines(world: &World, sequence: u32) -> Vec<[String; 6]> {
    let name = format!("airboreal_boreal-gold_accruals_{sequence:06}.cba");
    let text = std::fs::read_to_string(world.dir.join("out").join(name)).unwrap();
    let of = |fields: Vec<&str>| [3, 1, 2, 6, 7, 8].map(|at: usize| fields[at].to_owned());
    let mut lines: Vec<_> = text
        .lines()
        .filter(|line| line.starts_with("AL|"))
        .map(|line| of(line.split('|').collect()))
        .collect();
    lines.sort();
    lines
}

/// A hand-back to a file, with an answer to each of the lines.
fn answer(world: &World, number: u32, sequence: u32, answers: &[(&str, &str)]) -> String {
    let sent: BTreeMap<String, i64> =
        lines(world, sequence).into_iter().map(|line| (line[1].clone(), line[3].parse().unwrap())).collect();
    let mut text = format!("HH|1|TEST|airboreal|northbank|boreal-gold|{sequence}|{number}\n");
    let mut totals = [0_i64; 4];
    for (id, verdict) in answers {
        let rejected = usize::from(*verdict != "accepted|");
        totals[rejected] += 1;
        totals[2 + rejected] += sent[*id];
        writeln!(text, "HL|{id}|{verdict}").unwrap();
    }
    let [accepted, rejected, given, kept] = totals;
    writeln!(text, "HT|{}|{accepted}|{rejected}|{given}|{kept}", answers.len() + 2).unwrap();
    let name = format!("handback-{number}.txt");
    std::fs::write(world.dir.join(&name), text).unwrap();
    name
}

/// Lines and miles by state.
fn states(world: &World) -> BTreeMap<String, (i64, i64)> {
    let shown = json(world, &["partner", "accruals", "--partner", "airboreal", "--json"]);
    let states = shown["programs"][0]["states"].as_array().unwrap();
    let state = |state: &Value| {
        let sums = (state["lines"].as_i64().unwrap(), state["miles"].as_i64().unwrap());
        (state["state"].as_str().unwrap().to_owned(), sums)
    };
    states.iter().map(state).collect()
}

fn waiting(world: &World) -> Vec<(String, String)> {
    let shown = json(world, &["partner", "accruals", "--json"]);
    let lines = shown["programs"][0]["waiting"].as_array().unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    lines.iter().map(|line| (text(&line["reason"]), text(&line["line"]))).collect()
}

fn correct(world: &World, line: &str, more: &[&str]) -> Output {
    let words = ["partner", "member", "--as", "anna", "--password-file", "anna.txt", "--line", line];
    run(world, &words.iter().chain(more).copied().collect::<Vec<_>>())
}

async fn mirror(world: &World) -> i64 {
    let balances = store::balances(&world.assembly.pool).await.unwrap();
    balances.iter().filter(|row| row.unit_kind == 1).map(|row| row.posted).sum()
}

async fn moved(world: &World) -> i64 {
    let client = world.assembly.pool.get().await.unwrap();
    client.query_one("SELECT count(*) FROM transfer", &[]).await.unwrap().get(0)
}

async fn books_agree(world: &World) {
    replays(world).await;
    let check = store::ledger_check(&world.assembly.pool).await.unwrap();
    let off = (check.balances_off, check.counters_off, check.lots_off, check.orphans);
    assert_eq!(off, (0, 0, 0, 0), "{check:?}");
}

/// Miles that the partner was paid for, over all closed days.
async fn settled(world: &World) -> i64 {
    let (pool, program) = (&world.assembly.pool, world.assembly.program("boreal-gold").unwrap());
    let mut miles = 0;
    for cycle in store::cycles(pool, program.setup.id).await.unwrap() {
        let positions = store::positions_of(pool, cycle.id).await.unwrap();
        let ours = positions.iter().filter(|row| row.partner == program.setup.cobrand_partner);
        miles += ours.map(|row| row.miles).sum::<i64>();
    }
    miles
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_goes_out_and_comes_back() {
    let world = world().await;
    enroll(&world).await;
    buy(&world).await;
    assert_eq!(mirror(&world).await, 35);
    assert!(said(&run(&world, &["partner", "send"])).contains("nothing can go out"), "no cycle is cut yet");

    close(&world, "2026-10-10");
    let first = lines(&world, 1);
    let told: Vec<_> =
        first.iter().map(|line| (line[0].as_str(), line[2].as_str(), line[3].as_str())).collect();
    assert_eq!(told, ["AB-1", "AB-2", "AB-4"].map(|member| (member, "accrual", "10")));
    let mut held: Vec<String> = waiting(&world).into_iter().map(|(reason, _)| reason).collect();
    held.sort();
    assert_eq!(held, ["", "", "", "no_member_number", "original_not_answered"]);

    let [known, unknown, late] = [0, 1, 2].map(|at: usize| first[at][1].as_str());
    let answers = [(known, "accepted|"), (unknown, "rejected|unknown_member"), (late, "rejected|too_late")];
    let file = answer(&world, 1, 1, &answers);
    let moved_before = moved(&world).await;
    let dry = json(&world, &["partner", "handback", &file, "--dry-run", "--json"]);
    assert_eq!(
        (&dry["answers"]["accepted"], states(&world)["sent"]),
        (&1.into(), (3, 30)),
        "nothing was taken"
    );
    let taken = json(&world, &["partner", "handback", &file, "--json"]);
    assert_eq!((&taken["reversed"]["miles"], &taken["taken_before"]), (&10.into(), &false.into()));
    let (after, moved_after) = (states(&world), moved(&world).await);
    assert_eq!(moved_after, moved_before + 1, "one transfer takes back what came too late");
    assert_eq!((after["accepted"], after["rejected"], after["reversed"]), ((1, 10), (1, 10), (1, 10)));
    assert_eq!(mirror(&world).await, 25);
    // The same file again changes nothing; other bytes under its number are refused, and so is a damaged file.
    assert_eq!(json(&world, &["partner", "handback", &file, "--json"])["taken_before"], true);
    answer(&world, 1, 1, &answers[..1]);
    let altered = run(&world, &["partner", "handback", &file]);
    assert_eq!(altered.status.code(), Some(1), "{}", said(&altered));
    assert!(said(&altered).contains("was taken before with other bytes"), "{}", said(&altered));
    std::fs::write(world.dir.join("damaged.txt"), "HH|1|TEST\nHT|2|0|0|0|0\n").unwrap();
    let damaged = run(&world, &["partner", "handback", "damaged.txt"]);
    assert!(said(&damaged).contains("line 1, column 6: expected 8 fields"), "{}", said(&damaged));
    assert_eq!((states(&world), moved(&world).await), (after, moved_after));

    the_second_file(&world, unknown).await;
    books_agree(&world).await;
    let at_partner = states(&world)["accepted"].1;
    assert_eq!((at_partner, mirror(&world).await), (30, 30), "nothing waits, so both have the same");
    a_refund_of_what_went_again(&world, unknown).await;
    books_agree(&world).await;
    let at_partner = states(&world)["accepted"].1;
    assert_eq!((at_partner, mirror(&world).await), (25, 25));
    assert_eq!(settled(&world).await, at_partner, "the partner is paid for what it keeps");
    world.stop().await.unwrap();
}

/// A close whose lines cannot go out says so and is a close; the refund names the line that the partner booked.
async fn a_refund_of_what_went_again(world: &World, unknown: &str) {
    let link = link(world).await;
    assert!(link.ask(refund(2), PATIENCE).await.unwrap().is_taken());
    let file = world.dir.join("out/airboreal_boreal-gold_accruals_000003.cba");
    std::fs::write(&file, "not ours").unwrap();
    let words = ["day", "close", "--program", "boreal-gold", "2026-10-11", "--early", "--json"];
    let closed = run(world, &words);
    assert_eq!(closed.status.code(), Some(1), "{}", said(&closed));
    let positions: Value = serde_json::from_slice(&closed.stdout).expect("the positions all the same");
    assert_eq!(positions["already_closed"], false);
    let text = "2026-10-11 is closed, but lines for the partner did not go out";
    assert!(said(&closed).contains(text), "{}", said(&closed));
    std::fs::remove_file(&file).unwrap();
    json(world, &["partner", "send", "--json"]);
    let [line] = &lines(world, 3)[..] else { panic!("one line") };
    assert_eq!([&line[0], &line[3], &line[4]], ["AB-7", "-5", &format!("{unknown}-R1")]);
    let file = answer(world, 3, 3, &[(&line[1], "accepted|")]);
    json(world, &["partner", "handback", &file, "--json"]);
}

/// Corrected members, the refund, and a member who has spent before it came.
async fn the_second_file(world: &World, unknown: &str) {
    let taken = correct(world, unknown, &["--number", "AB-1"]);
    assert!(said(&taken).contains("another account of the program has this number"), "{}", said(&taken));
    let card_number = correct(world, unknown, &["--number", "4111111111111111"]);
    assert_eq!(card_number.status.code(), Some(2), "{}", said(&card_number));
    let wanted = ["--number", "AB-7", "--name-check", "petp"];
    let corrected = correct(world, unknown, &wanted);
    assert!(corrected.status.success(), "{}", said(&corrected));
    assert!(said(&corrected).contains("the bank must name this member as AB-7"), "{}", said(&corrected));
    let again = said(&correct(world, unknown, &wanted));
    assert!(again.contains("nothing was changed") && !again.contains("within 15 s"), "{again}");
    let letters = said(&correct(world, unknown, &["--name-check", "PETR"]));
    assert!(letters.contains("within 15 s") && !letters.contains("the bank must"), "{letters}");
    let without = waiting(world).into_iter().find(|(reason, _)| reason == "no_member_number").unwrap().1;
    assert!(correct(world, &without, &["--number", "AB-3"]).status.success());

    // Whoever sends breaks off when the lines are in the file, and before it is in the folder.
    let (pool, program) = (&world.assembly.pool, &world.assembly.program("boreal-gold").unwrap().setup);
    let begun = store::assign_accruals(pool, program.id, program.cobrand_partner).await.unwrap().unwrap();
    assert_eq!((begun.sequence, begun.lines, begun.miles), (2, 3, 15));
    let sent = json(world, &["partner", "send", "--json"]);
    assert_eq!(sent["files"].as_array().unwrap().len(), 1, "{sent}");
    let bytes = || std::fs::read(world.dir.join("out/airboreal_boreal-gold_accruals_000002.cba")).unwrap();
    let written = bytes();
    let second = lines(world, 2);
    let told: Vec<_> =
        second.iter().map(|line| (line[0].as_str(), line[3].as_str(), line[5].as_str())).collect();
    assert_eq!(told, [("AB-1", "-5", ""), ("AB-3", "10", ""), ("AB-7", "10", unknown)]);
    assert_eq!(second[2][1], format!("{unknown}-R1"));
    assert_eq!(second[0][4], lines(world, 1)[0][1], "the reversal names what it takes back");
    assert!(said(&run(world, &["partner", "send"])).contains("nothing can go out"));

    let [spent, number, again] = [0, 1, 2].map(|at: usize| second[at][1].as_str());
    let answers = [(spent, "rejected|balance_spent"), (number, "accepted|"), (again, "accepted|")];
    let file = answer(world, 2, 2, &answers);
    // Whoever takes the answers breaks off when they are kept, and before anything is booked.
    let read = HandbackFile::read(&std::fs::read(world.dir.join(&file)).unwrap()).unwrap();
    let (of, kept) = (
        store::accrual_file(pool, program.id, 2).await.unwrap(),
        store::accrual_lines(pool, program.id, 2).await.unwrap(),
    );
    store::keep_handback(pool, &read.answers(program, of.as_ref(), &kept).unwrap()).await.unwrap();
    assert_eq!(mirror(world).await, 25);
    let taken = json(world, &["partner", "handback", &file, "--json"]);
    assert_eq!((&taken["taken_before"], &taken["written_off"]["miles"]), (&true.into(), &5.into()));
    assert_eq!(json(world, &["partner", "handback", &file, "--json"])["written_off"]["lines"], 0);
    assert_eq!(bytes(), written);
    let found = states(world);
    assert_eq!((found["accepted"], found["resent"], found["written_off"]), ((3, 30), (1, 10), (1, -5)));
    let client = pool.get().await.unwrap();
    let borne = "SELECT item, amount FROM transfer WHERE item LIKE 'written-off:%'";
    let borne = client.query_one(borne, &[]).await.unwrap();
    let kosta = world.assembly.codes.partners["kosta"];
    assert_eq!(
        (borne.get::<_, &str>(0), borne.get::<_, i64>(1)),
        (&*format!("written-off:partner-{kosta}"), 5)
    );
}

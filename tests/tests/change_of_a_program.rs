//! A program is changed while banks send: one person proposes, a second one approves, the next purchase follows the new
//! version and the earlier ones do not. Two processes run, and the version comes into force once.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support_link;

use std::{
    path::Path,
    process::{Child, Command, Output, Stdio},
};

use bank_simulator::{Link, LinkOptions};
use cobrand::{
    assembly::hash_of,
    demo::{World, WorldOptions},
};
use iso8583::{Builder, Mti};
use jiff::Zoned;
use serde_json::Value;
use support_link::{PATIENCE, binary, card, cobrand, enroll, eventually, free_port, purchase, said};

const SAMPLE: &str = include_str!("../../docs/samples/programs/boreal-gold.toml");
const FILE: &str = "programs/boreal-gold.toml";
const PASSWORD: &str = "correct horse battery";

/// The sample without its tests, with one that says what the base rate is.
fn version(miles: u32) -> String {
    let (rules, _) = SAMPLE
        .split_once("# ---------------------------------------------------------------- tests")
        .unwrap();
    let rules = rules.replace("earn = { miles = 1,", &format!("earn = {{ miles = {miles},"));
    format!(
        "{rules}\n[[test]]\nname = \"600 RUB\"\ngiven = {{ local_date = 2026-10-12, mcc = \"5411\", amount = \"600.00\" }}\n\
         expect = {{ miles = {} }}\n",
        10 * miles
    )
}

fn today() -> Zoned {
    Zoned::now().in_tz("Europe/Moscow").unwrap()
}

fn authorization(number: u32) -> Builder {
    let (now, utc) = (today(), Zoned::now().in_tz("UTC").unwrap());
    purchase(&card(1), number)
        .set(7, utc.strftime("%m%d%H%M%S").to_string())
        .set(12, now.strftime("%H%M%S").to_string())
        .set(13, now.strftime("%m%d").to_string())
}

/// The bank's side of one purchase: what is asked at the till and what is cleared later.
async fn asked(link: &Link, number: u32) -> Builder {
    let message = authorization(number);
    assert!(link.ask(message.clone(), PATIENCE).await.unwrap().is_taken());
    message
}

async fn cleared(link: &Link, asked: Builder) {
    let clearing = asked.with_mti(Mti::new("0220")).set(38, "123456").set(39, "00");
    assert!(link.ask(clearing, PATIENCE).await.unwrap().is_taken());
}

async fn posted_miles(world: &World) -> i64 {
    let client = world.assembly.pool.get().await.unwrap();
    let text = "SELECT coalesce(sum(posted), 0)::bigint FROM member_balance WHERE unit_kind = 1";
    client.query_one(text, &[]).await.unwrap().get(0)
}

/// A role as a process of its own; it ends with the test, also with one that fails.
struct Role(Child);

impl Drop for Role {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn role(world: &World, role: &str) -> Role {
    let mut command = Command::new(binary());
    command.args([role, "--config", "cobrand.toml"]).current_dir(&world.dir).env_remove("RUST_LOG");
    Role(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap())
}

fn rules(folder: &Path, arguments: &[&str]) -> Output {
    let all: Vec<&str> = ["rules"].iter().chain(arguments).copied().collect();
    cobrand(folder, &all)
}

/// A command of a person of the staff.
fn by(folder: &Path, person: &str, arguments: &[&str]) -> Output {
    let staff = ["--as", person, "--password-file", "password"];
    rules(folder, &arguments.iter().chain(&staff).copied().collect::<Vec<_>>())
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {}", said(output)))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_next_purchase_follows_an_approved_change_and_earlier_ones_do_not() {
    let (port, first, second) = (free_port(), version(1), version(2));
    let options = WorldOptions {
        business_date: today().date(),
        port,
        program: Some(first.clone()),
        changes: "approval",
        log_to_file: false,
        ..WorldOptions::default()
    };
    let world = World::prepare(options).await.unwrap();
    let dir = world.dir.as_path();
    enroll(&world, &[&card(1)]).await;
    for name in ["ann", "bob"] {
        console::add_user(&world.assembly.pool, name, PASSWORD).await.unwrap();
    }
    std::fs::write(dir.join("password"), format!("{PASSWORD}\n")).unwrap();

    // Another file on the disk takes over nothing: it is named.
    std::fs::write(dir.join(FILE), &second).unwrap();
    let check = cobrand(dir, &["check", "--config", "cobrand.toml"]);
    assert!(
        said(&check).contains("is not used") && said(&check).contains("rules propose"),
        "{}",
        said(&check)
    );
    let (serve, settle) = (role(&world, "serve"), role(&world, "settle"));
    let address = format!("127.0.0.1:{port}").parse().unwrap();
    let tls = world.bank_tls().unwrap();
    eventually("the gateway listens", async || tokio::net::TcpStream::connect(address).await.is_ok()).await;
    let link = Link::connect(address, &tls, LinkOptions::default()).await.unwrap();
    link.sign_on().await.unwrap();
    let open = asked(&link, 1).await;
    let done = asked(&link, 2).await;
    cleared(&link, done).await;
    assert_eq!(posted_miles(&world).await, 10, "a mile for each 60 RUB, as the version in force says");

    // ann proposes; the differences are told in rules and in money.
    let wrong = rules(dir, &["propose", FILE, "--comment", "x", "--as", "ann", "--password-file", FILE]);
    assert_eq!(wrong.status.code(), Some(1), "{}", said(&wrong));
    let propose = ["propose", FILE, "--comment", "double miles", "--at", "now", "--json"];
    let proposed = by(dir, "ann", &propose);
    assert_eq!(proposed.status.code(), Some(0), "{}", said(&proposed));
    let proposed = json(&proposed);
    assert_eq!((&proposed["state"], &proposed["proposed_by"]), (&"proposed".into(), &"ann".into()));
    let found = &proposed["assessment"];
    assert_eq!((&found["changes"][0]["kind"], &found["changes"][0]["id"]), (&"base".into(), &"base".into()));
    let example = found["examples"].as_array().unwrap().iter().find(|one| one["test"] == "600 RUB").unwrap();
    // 10 and 20 miles at 0.615 and 20 % tax.
    assert_eq!(example["owed"][0]["old"]["en"], "bank pays 7.38 RUB");
    assert_eq!(example["owed"][0]["new"]["en"], "bank pays 14.76 RUB");

    let own = by(dir, "ann", &["approve", "1", "--reason", "mine"]);
    assert_eq!(own.status.code(), Some(1), "{}", said(&own));
    assert!(said(&own).contains("another person must decide"), "{}", said(&own));
    let approved = by(dir, "bob", &["approve", "1", "--reason", "agreed", "--json"]);
    assert_eq!(approved.status.code(), Some(0), "{}", said(&approved));
    let late = by(dir, "bob", &["reject", "1", "--reason", "changed my mind"]);
    assert_eq!(late.status.code(), Some(1), "{}", said(&late));

    let program = world.assembly.program("boreal-gold").unwrap().setup.id;
    let (old, new) = (hash_of(&first), hash_of(&second));
    eventually("the approved version is in force", async || {
        store::running_version(&world.assembly.pool, program).await.unwrap() == Some(new)
    })
    .await;
    let next = asked(&link, 3).await;
    cleared(&link, next).await;
    assert_eq!(posted_miles(&world).await, 30, "two miles for each 60 RUB");
    cleared(&link, open).await;
    assert_eq!(posted_miles(&world).await, 40, "a purchase keeps the version of its first message");

    // Both are explained by their references, each by its own version.
    for (number, version, miles) in [(1, old, 10), (3, new, 20)] {
        let reference = format!("{number:012}");
        let told = rules(dir, &["explain", "--message", &reference, "--json"]);
        assert_eq!(told.status.code(), Some(0), "{}", said(&told));
        let told = json(&told);
        // Both messages were sent within one second: their keys tell no order.
        let messages = told["messages"].as_array().unwrap();
        let clearing = messages.iter().find(|message| message["mti"] == "0220").unwrap();
        assert_eq!((messages.len(), &clearing["rules_version"]), (2, &version.to_string().into()));
        assert_eq!(clearing["result"]["base_miles"], miles);
        let words = rules(dir, &["explain", "--message", &reference, "--lang", "ru"]);
        assert!(said(&words).contains("применено"), "{}", said(&words));
    }
    assert_eq!(rules(dir, &["explain", "--message", "999999999999"]).status.code(), Some(1));

    let kept = rules(dir, &["running", "boreal-gold", "--out", FILE]);
    assert_eq!(kept.status.code(), Some(0), "{}", said(&kept));
    assert_eq!(std::fs::read_to_string(dir.join(FILE)).unwrap(), second);
    let running = rules(dir, &["running", "boreal-gold"]);
    assert_eq!(String::from_utf8_lossy(&running.stdout), second);
    let listed = json(&rules(dir, &["proposals", "--json"]));
    assert_eq!((&listed[0]["state"], &listed[0]["decision"]["by"]), (&"running".into(), &"bob".into()));
    let past = store::versions_in_force(&world.assembly.pool, program, 10).await.unwrap();
    let past: Vec<_> = past.iter().map(|version| (version.hash, version.proposal)).collect();
    assert_eq!(past, [(new, Some(1)), (old, None)], "two processes, one result");
    let again = by(dir, "ann", &propose);
    assert_eq!(again.status.code(), Some(1), "{}", said(&again));
    assert!(said(&again).contains("the text is the one that is in force"), "{}", said(&again));

    drop(link);
    drop((serve, settle));
    let check = store::ledger_check(&world.assembly.pool).await.unwrap();
    assert_eq!((check.balances_off, check.counters_off, check.orphans), (0, 0, 0), "{check:?}");
    world.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_is_settled_under_the_version_that_was_in_force_at_its_end() {
    let options = WorldOptions { changes: "approval", log_to_file: false, ..WorldOptions::default() };
    let world = World::prepare(options).await.unwrap();
    let assembly = &world.assembly;
    for name in ["ann", "bob"] {
        console::add_user(&assembly.pool, name, PASSWORD).await.unwrap();
    }
    let dearer = SAMPLE.replace("price = \"0.615\"", "price = \"0.700\"");
    let (pool, program) = (&assembly.pool, &cobrand::commands::program_infos(assembly)[0]);
    // It is noon of 10 October there.
    let (text, wanted) = (dearer.as_str(), store::Wanted::Now);
    let proposing =
        console::Proposing { text, by: "ann", comment: "the new contract", wanted, backtest: None };
    let (id, found) = console::propose(pool, program, assembly.clock.now(), &proposing).await.unwrap();
    assert_eq!(found.refused, [""; 0]);
    console::approve(pool, program, id, "bob", "signed", assembly.clock.now()).await.unwrap();
    cobrand::commands::put_due_into_force(assembly).await.unwrap();

    let loaded = assembly.program("boreal-gold").unwrap();
    let of = async |end: &str| assembly.setup_at(loaded, end.parse().unwrap()).await.unwrap();
    assert_eq!(
        of("2026-10-09T21:00:00Z").await.terms,
        loaded.setup.terms,
        "the terms that this process began with"
    );
    let (same_day, later) = (of("2026-10-10T21:00:00Z").await, of("2026-10-11T21:00:00Z").await);
    assert_ne!(same_day.terms, loaded.setup.terms);
    assert_eq!(same_day.terms, later.terms);
    world.stop().await.unwrap();
}

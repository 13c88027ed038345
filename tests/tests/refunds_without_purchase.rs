//! A refund that nothing connects with its purchase: the scheduler matches it if that leaves no doubt, else a person does, on
//! the console's page or at the command line. What becomes of the refund becomes of it at the purchase.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support_link;

use std::{
    io::{Cursor, Write},
    net::SocketAddr,
    process::{Command, Stdio},
    sync::Arc,
};

use bank_simulator::{
    Merchant, Money, WorkedMerchants,
    clearing_file::{ClearingFileRecord, ClearingKind, arn, csv_text},
    test_pan,
};
use cobrand::{
    commands::console_state,
    demo::{World, WorldOptions},
};
use end_to_end::settlement_file::{Line, SettlementFile};
use gateway::{Clock, Gateway, ImportOptions, RefundsMatched, match_refunds};
use iso8583::clearing::control::Mode;
use jiff::{
    Timestamp,
    civil::{Date, date},
};
use serde_json::Value;
use support_link::{binary, card, cobrand, enroll, said};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

const PASSWORD: &str = "correct horse battery staple";
const DAY: Date = date(2026, 10, 10);
const SETTLED: &str = "2026-10-14T09:00:00Z";

async fn world() -> World {
    let options = WorldOptions { clearing_source: "file", log_to_file: false, ..WorldOptions::default() };
    let world = World::start(options).await.unwrap();
    console::add_user(&world.assembly.pool, "anna", PASSWORD).await.unwrap();
    enroll(&world, &[&card(1), &card(2), &card(3)]).await;
    world
}

fn bought(card: u64, merchant: &Merchant, minor: u64, number: u64) -> ClearingFileRecord {
    let pan = test_pan("220000", card).unwrap();
    let arn = arn(&merchant.acquirer, number);
    ClearingFileRecord::purchase(pan, merchant.clone(), Money::rub(minor), DAY.at(12, 0, 0, 0), arn)
}

/// A refund with an acquirer reference number of its own, without DE37: nothing in it leads to its purchase.
fn refunded(card: u64, merchant: &Merchant, minor: u64) -> ClearingFileRecord {
    bought(card, merchant, minor, 1_000 + minor).then(ClearingKind::Refund)
}

async fn import(world: &World, name: &str, records: &[ClearingFileRecord]) {
    let options = ImportOptions { by: "olga", ..ImportOptions::new(name, Mode::Test) };
    let link = world.assembly.link("northbank").unwrap();
    let file = Cursor::new(csv_text(records).into_bytes());
    let gateway = world.gateway().unwrap().gateway();
    let taken = Box::pin(gateway::import_clearing(file, &options, link, gateway)).await;
    let report = taken.unwrap_or_else(|error| panic!("{name}: {error}")).report;
    assert_eq!(report.booked, records.len(), "{report:?}");
}

/// What a gateway that looks at that time does.
async fn looked(world: &World, now: &str) -> RefundsMatched {
    let mut gateway = world.assembly.gateway().await.unwrap();
    Arc::<Gateway>::get_mut(&mut gateway).unwrap().clock = Clock::starting_at(now.parse().unwrap());
    let done = match_refunds(&gateway, || false).await.unwrap();
    gateway.batcher.finish().await;
    done
}

/// The posted miles of a card's account.
async fn miles(world: &World, number: u64) -> i64 {
    let token =
        world.assembly.card_keys().unwrap().tokens(&test_pan("220000", number).unwrap())[0].to_bytes();
    let text = "SELECT b.posted FROM card c JOIN member_balance b USING (bucket, account_id) \
                WHERE c.token = $1 AND b.unit_kind = 1";
    world.assembly.pool.get().await.unwrap().query_one(text, &[&token]).await.unwrap().get(0)
}

/// Closes a day; the lines of a partner's file, which verifies.
fn closed(world: &World, date: &str, partner: &str) -> Vec<Line> {
    let close = ["day", "close", "--program", "boreal-gold", date, "--config", "cobrand.toml"];
    let output = cobrand(&world.dir, &close);
    assert!(output.status.success(), "{}", said(&output));
    let name = format!("{partner}_boreal-gold_{date}");
    let files = std::fs::read_dir(world.dir.join("out")).unwrap().map(|entry| entry.unwrap().path());
    let is_ours = |path: &std::path::PathBuf| {
        let file = path.file_name().unwrap().to_string_lossy();
        file.starts_with(&name) && file.ends_with(".cbs")
    };
    let path = files.into_iter().find(is_ours).unwrap();
    let verified = cobrand(&world.dir, &["file", "verify", path.to_str().unwrap()]);
    assert!(verified.status.success(), "{}", said(&verified));
    let file = SettlementFile::parse(&std::fs::read_to_string(path).unwrap());
    file.batches.into_iter().flat_map(|batch| batch.lines).collect()
}

async fn agrees(world: &World) {
    support_link::replays(world).await;
    let check = store::ledger_check(&world.assembly.pool).await.unwrap();
    assert_eq!((check.balances_off, check.counters_off, check.orphans), (0, 0, 0), "{check:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_of_a_file_is_matched_once_it_has_settled_and_its_reversal_follows_it() {
    let world = world().await;
    let at = WorkedMerchants::default();
    let refund = refunded(1, &at.kosta, 120_000);
    let other = bought(1, &at.grocery, 120_000, 2);
    import(&world, "day-1", &[bought(1, &at.kosta, 120_000, 1), other, refund.clone()]).await;
    assert_eq!(miles(&world, 1).await, 40, "it stands alone");
    assert_eq!(looked(&world, "2026-10-13T08:00:00Z").await, RefundsMatched::default(), "it is early");
    let (one, other) = tokio::join!(looked(&world, SETTLED), looked(&world, SETTLED));
    assert_eq!(one.unanswered + other.unanswered, 0);
    assert!(one.matched + other.matched > 0, "{one:?} {other:?}");
    assert_eq!(miles(&world, 1).await, 20);
    assert_eq!(looked(&world, SETTLED).await, RefundsMatched::default(), "nothing waits");
    let events = "SELECT count(*) FROM message WHERE mti = 'match-refund' AND source = 'scheduler' \
                  AND explanation LIKE '%matched_by_likeness%same_card_acceptor%exact_amount%'";
    let client = world.assembly.pool.get().await.unwrap();
    assert_eq!(client.query_one(events, &[]).await.unwrap().get::<_, i64>(0), 1);
    drop(client);
    agrees(&world).await;

    import(&world, "day-2", &[refund.reversed()]).await;
    assert_eq!(miles(&world, 1).await, 40);
    agrees(&world).await;
    // Purchase, match and reversal are lines of the day's file, which says of the match by what the bank knows the refund.
    let lines = closed(&world, "2026-10-10", "kosta");
    let lines: Vec<_> =
        lines.iter().map(|line| (line.kind.as_str(), line.mti.as_str(), line.counted)).collect();
    for expected in [
        ("purchase", "file", 120_000),
        ("refund", "match-refund", -120_000),
        ("reversal", "file-reversal", 120_000),
    ] {
        assert!(lines.contains(&expected), "{lines:?}");
    }
    assert_eq!(lines.len(), 3, "{lines:?}");
    world.stop().await.unwrap();
}

/// A request to the console, and the whole answer.
async fn ask(console: SocketAddr, cookie: &str, path: &str, form: Option<&[(&str, &str)]>) -> String {
    let encoded = |text: &str| text.bytes().map(|byte| format!("%{byte:02X}")).collect::<String>();
    let fields = form.unwrap_or_default().iter().map(|(name, value)| format!("{name}={}", encoded(value)));
    let body = fields.collect::<Vec<_>>().join("&");
    let method = if form.is_some() { "POST" } else { "GET" };
    let head = format!(
        "{method} {path} HTTP/1.1\r\nHost: console\r\nConnection: close\r\nCookie: {cookie}\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    let mut stream = TcpStream::connect(console).await.unwrap();
    stream.write_all(format!("{head}{body}").as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

/// What stands between these two, for the first time.
fn between<'a>(text: &'a str, before: &str, after: &str) -> &'a str {
    let (_, rest) = text.split_once(before).unwrap_or_else(|| panic!("{before:?} is not in {text}"));
    rest.split(after).next().unwrap()
}

/// A console whose clock says that the refunds have settled.
async fn console(world: &World) -> SocketAddr {
    let now: Timestamp = SETTLED.parse().unwrap();
    let state = console::ConsoleState { now: Arc::new(move || now), ..console_state(&world.assembly, None) };
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(console::serve(listener, state, std::future::pending()));
    address
}

/// Signs in and shows once more who it is, as a decision asks for; the session's cookie.
async fn signed_in(console: SocketAddr) -> String {
    const CSRF: &str = "name=\"csrf\" value=\"";
    let form = ask(console, "", "/sign-in", None).await;
    let fields = [("csrf", between(&form, CSRF, "\"")), ("name", "anna"), ("password", PASSWORD)];
    let signed = ask(console, between(&form, "set-cookie: ", ";"), "/sign-in", Some(&fields)).await;
    let cookie = format!("cobrand_session={}", between(&signed, "cobrand_session=", ";"));
    let page = ask(console, &cookie, "/proof", None).await;
    let fields = [("csrf", between(&page, CSRF, "\"")), ("password", PASSWORD)];
    let proved = ask(console, &cookie, "/proof", Some(&fields)).await;
    assert!(proved.starts_with("HTTP/1.1 303"), "{proved}");
    cookie
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_ambiguous_waits_on_the_page_for_a_person_and_the_ledger_follows() {
    let world = world().await;
    let at = WorkedMerchants::default();
    let refund = refunded(2, &at.grocery, 60_000);
    let both = [bought(2, &at.grocery, 60_000, 1), bought(2, &at.grocery, 60_000, 2), refund];
    import(&world, "day-1", &both).await;
    let ambiguous = RefundsMatched { ambiguous: 1, ..RefundsMatched::default() };
    assert_eq!(looked(&world, SETTLED).await, ambiguous);
    assert_eq!(looked(&world, SETTLED).await, ambiguous, "never by itself");
    assert_eq!(miles(&world, 2).await, 20);

    let console = console(&world).await;
    let cookie = &signed_in(console).await;
    let list = ask(console, cookie, "/refunds", None).await;
    let path = format!("/refunds/{}", between(&list, "data-refund=\"", "\""));
    let page = ask(console, cookie, &path, None).await;
    assert_eq!(page.matches("data-candidate=").count(), 2, "{page}");
    let (csrf, chosen) =
        (between(&page, "name=\"csrf\" value=\"", "\""), between(&page, "data-candidate=\"", "\""));
    let form = [("csrf", csrf), ("choice", chosen), ("reason", "the first of her receipts")];
    let answer = ask(console, cookie, &path, Some(&form)).await;
    assert!(answer.starts_with("HTTP/1.1 303"), "{answer}");
    assert_eq!(miles(&world, 2).await, 20, "the console books nothing");

    let gateway = world.gateway().unwrap().gateway();
    let booked = gateway::book_refund_decisions(gateway).await.unwrap();
    assert_eq!((booked.booked, booked.unanswered), (1, 0));
    assert_eq!(miles(&world, 2).await, 10);
    let again = gateway::book_refund_decisions(gateway).await.unwrap();
    assert_eq!(again, gateway::RefundDecisionsBooked::default());
    let page = ask(console, cookie, &path, None).await;
    assert!(page.contains("<strong>anna</strong>") && page.contains("the first of her receipts"), "{page}");
    assert!(page.contains("the refund takes back a purchase that it did not name"), "{page}");
    assert!(!ask(console, cookie, "/refunds", None).await.contains("data-refund"));
    agrees(&world).await;
    world.stop().await.unwrap();
}

/// Runs `cobrand refunds` with the password on standard input; whether it succeeded, and what it printed.
fn refunds(world: &World, arguments: &[&str]) -> (bool, String) {
    let mut child = Command::new(binary())
        .arg("refunds")
        .args(arguments)
        .args(["--config", "cobrand.toml"])
        .current_dir(&world.dir)
        .env_remove("RUST_LOG")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A command that asks for no password may have ended.
    let _ = child.stdin.take().unwrap().write_all(format!("{PASSWORD}\n").as_bytes());
    let output = child.wait_with_output().unwrap();
    (output.status.success(), said(&output))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_line_lists_matches_and_leaves() {
    let world = world().await;
    let at = WorkedMerchants::default();
    let records = [
        bought(3, &at.grocery, 600_000, 1),
        refunded(3, &at.grocery, 60_000),
        refunded(3, &at.hotel, 30_000),
    ];
    import(&world, "day-1", &records).await;
    // The command line goes by the machine's clock, which may be before the demo's day.
    let past = "UPDATE message SET received_at = now() - interval '5 days'";
    world.assembly.pool.get().await.unwrap().execute(past, &[]).await.unwrap();
    let list = || {
        let output = cobrand(&world.dir, &["refunds", "list", "--json", "--config", "cobrand.toml"]);
        assert!(output.status.success(), "{}", said(&output));
        serde_json::from_slice::<Value>(&output.stdout).unwrap()
    };
    let listed = list();
    let of = |minor: u64| {
        let found = listed.as_array().unwrap().iter().find(|one| one["amount_minor"] == minor);
        found.unwrap_or_else(|| panic!("{minor} in {listed}")).clone()
    };
    let (part, strange) = (of(60_000), of(30_000));
    assert_eq!((part["verdict"].as_str(), strange["verdict"].as_str()), (Some("ambiguous"), Some("none")));
    let purchase = part["candidates"][0]["purchase"].as_str().unwrap();
    let name = part["refund"].as_str().unwrap();

    let by = |reason: &'static str| ["--reason", reason, "--as", "anna"];
    let (done, told) =
        refunds(&world, &[&["match", name, "--purchase", "12"][..], &by("it is hers")].concat());
    assert!(!done && told.contains("48 hexadecimal digits"), "{told}");
    let (done, told) = refunds(&world, &[&["match", name, "--purchase", purchase][..], &by(" ")].concat());
    assert!(!done && told.contains("1 to 1,000 characters"), "{told}");
    let (done, told) =
        refunds(&world, &[&["match", name, "--purchase", purchase][..], &by("it is hers")].concat());
    assert!(done && told.contains("decision 1: the refund takes back a purchase"), "{told}");
    assert_eq!(miles(&world, 3).await, 90);
    let (done, told) =
        refunds(&world, &[&["match", name, "--purchase", purchase][..], &by("once more")].concat());
    assert!(!done && told.contains("does not stand alone any more"), "{told}");
    let name = strange["refund"].as_str().unwrap();
    let (done, told) = refunds(&world, &[&["leave", name, "--json"][..], &by("a gift")].concat());
    assert!(done && told.contains("\"result\":\"refund_left_alone\""), "{told}");
    assert_eq!(list().as_array().unwrap().len(), 0);
    assert_eq!(miles(&world, 3).await, 90);
    agrees(&world).await;
    world.stop().await.unwrap();
}

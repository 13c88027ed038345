//! The worked day over links of every dialect, framing and header: the same answers, transfers and documents.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support_link;

use std::sync::{Arc, LazyLock};

use bank_simulator::{BankWire, Link, LinkError, LinkOptions, TEST_PANS, Transcript, replay};
use cobrand::demo::{BankDay, World, WorldOptions};
use end_to_end::settlement_file::SettlementFile;
use gateway::Wire;
use iso8583::{Builder, Dialect, Mti, dialects, header::Header};
use support_link::{PATIENCE, enroll, log_file, logged, purchase};

/// A dialect file of a bank, or a built-in dialect by its name.
#[derive(Clone, Copy)]
enum Spoken {
    BuiltIn(&'static str),
    File(&'static str),
}

const BCD: Spoken = Spoken::File(include_str!("dialect_files/bcd.toml"));
const EBCDIC: Spoken = Spoken::File(include_str!("dialect_files/ebcdic.toml"));
const ISO93: Spoken = Spoken::File(include_str!("dialect_files/iso93.toml"));
const ISO93_BCD: Spoken = Spoken::File(include_str!("dialect_files/iso93-bcd.toml"));

fn options(spoken: Spoken, framing: &str, header: &str) -> WorldOptions {
    let (name, files) = match spoken {
        Spoken::BuiltIn(name) => (name, Vec::new()),
        Spoken::File(text) => ("bank.toml", vec![("bank.toml".to_owned(), text.to_owned())]),
    };
    let link_wire = format!("dialect = \"{name}\"\nframing = \"{framing}\"\nheader = \"{header}\"");
    WorldOptions { log_to_file: false, link_wire, files, ..WorldOptions::default() }
}

/// What a day leaves behind, apart from what says which day it was.
#[derive(Debug, PartialEq, Eq)]
struct Outcome {
    answers: Vec<String>,
    transfers: Vec<String>,
    /// Message type, DE11, DE7 and local time of what is stored.
    messages: Vec<String>,
    /// The last number of each partner's document: what is to be paid.
    payable: [String; 3],
}

static AS_ASCII: LazyLock<Outcome> = LazyLock::new(|| {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(Box::pin(worked_day(Spoken::BuiltIn("iso87-ascii"), "binary-2", "none")))
});

async fn worked_day(spoken: Spoken, framing: &str, header: &str) -> Outcome {
    log_file();
    let day = BankDay::worked().unwrap();
    let world = World::start(options(spoken, framing, header)).await.unwrap();
    world.enroll(&day).await.unwrap();
    let bank = world.bank().unwrap();
    let transcript = replay(&bank, day.day(), 8, |_| {}).await;
    bank.stop().await;
    assert!(transcript.is_complete(), "{framing} {header}");
    let program = world.assembly.program("boreal-gold").unwrap();
    let out = &world.assembly.config.settlement.out;
    let closed =
        settlement::close_day(&world.assembly.pool, &program.setup, day.business_date(), out).await.unwrap();
    let payable = ["airboreal", "kosta", "skyfuel"].map(|partner| {
        let file = closed.files.iter().find(|file| file.receiver == partner).unwrap();
        let text = std::fs::read_to_string(&file.path).unwrap();
        SettlementFile::parse(&text).batch(partner).trailer.last().unwrap().to_string()
    });
    let transfers = "SELECT m.stan || ' ' || t.item || ' ' || t.phase || ' ' || t.credit_kind || ' ' || t.amount \
                     FROM transfer t JOIN message m ON m.bucket = t.bucket AND m.message_key = t.message_key \
                     ORDER BY 1";
    let messages =
        "SELECT mti || ' ' || stan || ' ' || transmitted || ' ' || counted_minor FROM message ORDER BY 1";
    let outcome = Outcome {
        answers: answers(&transcript),
        transfers: rows(&world, transfers).await,
        messages: rows(&world, messages).await,
        payable,
    };
    support_link::replays(&world).await;
    world.stop().await.unwrap();
    outcome
}

fn answers(transcript: &Transcript) -> Vec<String> {
    let told = transcript.exchanges().map(|exchange| {
        let (sent, answer) = (&exchange.sent, exchange.answer.as_ref().unwrap());
        let (code, loyalty) = (&answer.de39, &answer.de48);
        format!("{} {} {code} {:?} {:?} {loyalty:?}", sent.purchase, sent.mti, answer.de4, answer.de54)
    });
    told.collect()
}

async fn rows(world: &World, query: &str) -> Vec<String> {
    let sql = world.assembly.pool.get().await.unwrap();
    sql.query(query, &[]).await.unwrap().iter().map(|row| row.get(0)).collect()
}

async fn is_the_same(spoken: Spoken, framing: &str, header: &str) {
    let outcome = worked_day(spoken, framing, header).await;
    let expected = tokio::task::block_in_place(|| &*AS_ASCII);
    assert_eq!(outcome.payable, ["164574", "55878", "1095"], "{framing} {header}");
    assert_eq!(outcome.answers, expected.answers, "{framing} {header}");
    assert_eq!(outcome.transfers, expected.transfers, "{framing} {header}");
    assert_eq!(outcome.messages, expected.messages, "{framing} {header}");
}

#[tokio::test(flavor = "multi_thread")]
async fn ascii_of_1987() {
    is_the_same(Spoken::BuiltIn("iso87-ascii"), "binary-4", "none").await;
    is_the_same(Spoken::BuiltIn("iso87-ascii"), "hex-4", "literal:ISO").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn packed_digits_of_1987() {
    is_the_same(BCD, "binary-2", "tpdu").await;
    is_the_same(BCD, "vmli", "visanet").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ebcdic_of_1987() {
    is_the_same(EBCDIC, "bcd-2", "none").await;
    is_the_same(EBCDIC, "cs", "visanet").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ascii_of_1993() {
    is_the_same(ISO93, "ascii-4", "literal:ISO").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn packed_digits_of_1993() {
    is_the_same(ISO93_BCD, "ascii-4-inclusive", "tpdu").await;
}

/// Dialects of clearing files: nobody speaks them on a link.
const OF_FILES: [&str; 2] = ["ipm", "ipm-ebcdic"];

#[tokio::test(flavor = "multi_thread")]
async fn every_built_in_dialect() {
    let framings = ["binary-2", "binary-4", "ascii-4", "bcd-2", "vmli", "cs"];
    let on_links = dialects::names().filter(|name| *name != "iso87-ascii" && !OF_FILES.contains(name));
    for (name, framing) in on_links.zip(framings.into_iter().cycle()) {
        let header = dialects::named(name).unwrap().header().to_string();
        is_the_same(Spoken::BuiltIn(name), framing, &header).await;
    }
}

fn in_dialect(world: &World, dialect: Dialect) -> BankWire {
    BankWire::new(world.bank_wire().unwrap().framing, dialect, None)
}

fn in_frames(world: &World, framing: &str) -> BankWire {
    BankWire::new(framing.parse().unwrap(), world.bank_wire().unwrap().dialect, None)
}

/// The bank's wire with its own header.
fn with_header(world: &World, header: &str) -> BankWire {
    let dialect = world.bank_wire().unwrap().dialect.with_header(header.parse().unwrap());
    in_dialect(world, dialect)
}

async fn connect(world: &World, wire: BankWire) -> Link {
    let options = LinkOptions { wire, ..LinkOptions::default() };
    Link::connect(world.gateway().unwrap().address(), &world.bank_tls().unwrap(), options).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn addresses_come_back_swapped_and_keep_alives_as_they_are() {
    log_file();
    let world = World::start(options(BCD, "cs", "tpdu")).await.unwrap();
    enroll(&world, &[TEST_PANS[0]]).await;
    let wire = with_header(&world, "tpdu:6000031234");
    let link = connect(&world, wire.clone()).await;
    link.sign_on().await.unwrap();
    link.send_raw(&wire.encode(&purchase(TEST_PANS[0], 1)).unwrap()).await.unwrap();
    let answer = link.next_raw(PATIENCE).await.unwrap();
    assert_eq!(answer[..5], [0x60, 0x12, 0x34, 0x00, 0x03]);
    assert_eq!(wire.decode(&answer).unwrap().get(39), Some("00"));
    for _ in 0..3 {
        link.keep_alive(PATIENCE).await.unwrap();
    }
    assert!(link.echo().await.unwrap().is_taken());
    world.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_speaks_otherwise_is_told_in_the_log_and_disturbs_nobody() {
    log_file();
    let world = World::start(options(BCD, "cs", "tpdu")).await.unwrap();
    let right = connect(&world, world.bank_wire().unwrap()).await;
    right.sign_on().await.unwrap();
    let ascii = dialects::iso87_ascii().with_header("tpdu".parse::<Header>().unwrap());
    let ebcdic = Dialect::from_toml(include_str!("dialect_files/ebcdic.toml")).unwrap();
    let ebcdic = ebcdic.with_header("tpdu".parse::<Header>().unwrap());
    let framed = "a frame was refused and the link dropped";
    let unreadable = "a message without a readable type: the link is dropped";
    for (what, wire, line) in [
        ("framing", in_frames(&world, "ascii-4"), [framed, "12336"]),
        ("framing", in_frames(&world, "binary-2"), [framed, "a zero byte"]),
        ("header", with_header(&world, "literal:ISO"), [unreadable, "header"]),
        ("header", with_header(&world, "none"), [unreadable, "header"]),
        ("dialect", in_dialect(&world, ebcdic), [unreadable, "MTI"]),
        ("dialect", in_dialect(&world, ascii), ["a message type of another version", "3038"]),
    ] {
        let link = connect(&world, wire).await;
        let refused = link.sign_on().await.unwrap_err();
        assert!(matches!(refused, LinkError::Closed { .. }), "{what}: {refused}");
        logged(&line).await;
        assert!(right.echo().await.unwrap().is_taken(), "{what}");
    }
    // What is written in the agreed way but is not served is answered.
    let served =
        right.ask(Builder::new(iso8583::Mti::new("0600")).set(7, "1010090000").set(11, "000077"), PATIENCE);
    assert_eq!(served.await.unwrap().code, "12");
    world.stop().await.unwrap();
}

fn presentment(mti: &'static str, number: u32) -> Builder {
    purchase(TEST_PANS[0], number).with_mti(Mti::new(mti)).set(38, "123456").set(39, "00")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeat_over_a_link_of_another_version_is_the_same_message() {
    log_file();
    let world = World::start(WorldOptions { log_to_file: false, ..WorldOptions::default() }).await.unwrap();
    enroll(&world, &[TEST_PANS[0]]).await;
    // The bank's link of tomorrow, over the same books.
    let mut gateway = world.assembly.gateway().await.unwrap();
    let iso93 = dialects::named("iso93-ascii").unwrap();
    let next = Arc::get_mut(&mut gateway).unwrap().links.iter_mut().find(|link| link.code == "northbank");
    let next = Arc::make_mut(next.unwrap());
    next.wire = Wire::new("binary-2".parse().unwrap(), None, iso93, None).unwrap();
    next.network_codes = gateway::NetworkCodes::usual(iso93.version());
    let tls = world.assembly.tls().unwrap();
    let gateway = gateway.listen(([127, 0, 0, 1], 0).into(), tls).await.unwrap();

    let old = connect(&world, world.bank_wire().unwrap()).await;
    old.sign_on().await.unwrap();
    let wire = in_dialect(&world, iso93.clone()).near(jiff::civil::date(2026, 10, 10));
    let options = LinkOptions { wire, ..LinkOptions::default() };
    let new = Link::connect(gateway.address(), &world.bank_tls().unwrap(), options).await.unwrap();
    new.sign_on().await.unwrap();

    // The bank writes each message as its link does: 0220 as 1220, and so on.
    let books = "SELECT (SELECT count(*) FROM message) || ' ' || (SELECT count(*) FROM transfer)";
    for (number, first, second, category) in [(1, &old, &new, "DE26"), (2, &new, &old, "DE18")] {
        let sent = first.ask(presentment("0220", number), PATIENCE).await.unwrap();
        assert_eq!(sent.loyalty.as_ref().unwrap().status, "booked");
        let booked = rows(&world, books).await;
        for mti in ["0220", "0221"] {
            let again = second.ask(presentment(mti, number), PATIENCE).await.unwrap();
            assert_eq!((again.code.as_str(), &again.loyalty), ("00", &sent.loyalty), "{mti}");
        }
        let altered = second.ask(presentment("0221", number).set(18, "5412"), PATIENCE).await.unwrap();
        assert_eq!(altered.code, "94");
        assert_eq!(altered.loyalty.unwrap().reason, format!("altered_repeat:{category}"));
        assert_eq!(rows(&world, books).await, booked);
    }
    gateway.drain().await;
    support_link::replays(&world).await;
    world.stop().await.unwrap();
}

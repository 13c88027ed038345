//! Clearing files of every format are taken whole or not at all, once, and come to the same as online clearing.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::print_stdout, reason = "a test that cannot run says so")]

mod support_link;

use std::{
    collections::BTreeMap,
    io::{Cursor, Read, Seek, SeekFrom},
    path::Path,
    process::Command,
};

use bank_simulator::{
    Card, ClearAmount, Day, Merchant, Money, Part, Purchase, Step, Timed, WorkedMerchants,
    clearing_file::{
        ClearingFileRecord, ClearingKind, CtfFileSpec, IpmFileSpec, arn, csv_text, write_ctf, write_ipm,
    },
    replay, test_pan,
};
use cobrand::demo::{World, WorldOptions};
use gateway::{FileProblem, ImportError, ImportOptions, ImportReport, Imported, IpmDialects};
use iso8583::{
    Pan,
    clearing::{
        TextEncoding,
        control::Mode,
        ctf::{Format, RecordEnd, Spacing},
        detect::Blocking,
    },
};
use jiff::{
    civil::{Date, date},
    tz::TimeZone,
};
use serde_json::Value;
use support_link::{card, cobrand, enroll, said};

const DATE: Date = date(2026, 10, 10);
const CTF: Format = Format { text: TextEncoding::Ascii, end: RecordEnd::Line, spacing: Spacing::Ctf };

// --- files ------------------------------------------------------------------------------------------

#[derive(Clone, Copy, Debug)]
enum Form {
    Csv,
    Ctf,
    Ipm(TextEncoding, Blocking),
}

/// PDS0105 of file `number` of the day.
fn ipm_id(number: u32) -> String {
    format!("00126101000000123456{number:05}")
}

fn ipm(records: &[ClearingFileRecord], number: u32, text: TextEncoding, blocking: Blocking) -> Vec<u8> {
    let dialects = IpmDialects::built_in().unwrap();
    let dialect = match text {
        TextEncoding::Ascii => &dialects.ascii,
        TextEncoding::Ebcdic => &dialects.ebcdic,
    };
    write_ipm(records, IpmFileSpec { file_id: &ipm_id(number), test: true, blocking, dialect }).unwrap()
}

/// File `number` of the day, in ASCII without blocks.
fn plain(records: &[ClearingFileRecord], number: u32) -> Vec<u8> {
    ipm(records, number, TextEncoding::Ascii, Blocking::Unblocked)
}

fn written(form: Form, records: &[ClearingFileRecord], number: u32) -> Vec<u8> {
    match form {
        Form::Csv => csv_text(records).into_bytes(),
        Form::Ctf => ctf(records, number),
        Form::Ipm(text, blocking) => ipm(records, number, text, blocking),
    }
}

fn ctf(records: &[ClearingFileRecord], number: u32) -> Vec<u8> {
    let file_id = format!("{number:03}");
    let spec = CtfFileSpec { center: "NORTHB", date: DATE, file_id: &file_id, test: true, format: CTF };
    write_ctf(records, spec).unwrap()
}

fn pan(number: u64) -> Pan {
    test_pan("220000", number).unwrap()
}

fn bought(card: u64, merchant: &Merchant, minor: u64, number: u64) -> ClearingFileRecord {
    let arn = arn(&merchant.acquirer, number);
    ClearingFileRecord::purchase(pan(card), merchant.clone(), Money::rub(minor), DATE.at(12, 0, 0, 0), arn)
}

/// Purchases of one card: no partner, a discount, cash, dollars that are billed in rubles, a part that is refunded,
/// and one that is undone.
fn purchases(card: u64) -> Vec<ClearingFileRecord> {
    let at = WorkedMerchants::default();
    let mut dollars = bought(card, &at.hotel, 10_000, card * 100 + 4);
    dollars.amount = Money::new(10_000, "840");
    dollars.billing = Some(Money::rub(950_000));
    let discounted = bought(card, &at.kosta, 250_000, card * 100 + 2);
    let mut part = discounted.then(ClearingKind::Refund);
    part.amount = Money::rub(100_000);
    let undone = bought(card, &at.grocery, 60_000, card * 100 + 5);
    vec![
        bought(card, &at.grocery, 359_999, card * 100 + 1),
        discounted,
        part,
        bought(card, &at.cash, 500_000, card * 100 + 3).then(ClearingKind::Cash),
        dollars,
        undone.clone(),
        undone.reversed(),
    ]
}

/// The same purchases as messages of the online link.
fn online(card: u64) -> Day {
    let at = WorkedMerchants::default();
    let clear = || Step::Clear(ClearAmount::Full);
    let refund = Step::Refund { presentment: 0, amount: Part::Minor(100_000) };
    let undo =
        Step::Reverse { target: bank_simulator::Target::Presentment(0), remaining: None, advice: true };
    let list = vec![at.grocery, at.kosta, at.cash, at.hotel];
    let plan = [
        ("P1", 0, "000000", Money::rub(359_999), None, vec![clear()]),
        ("P2", 1, "000000", Money::rub(250_000), None, vec![clear(), refund]),
        ("P3", 2, "010000", Money::rub(500_000), None, vec![clear()]),
        ("P4", 3, "000000", Money::new(10_000, "840"), Some(Money::rub(950_000)), vec![clear()]),
        ("P5", 0, "000000", Money::rub(60_000), None, vec![clear(), undo]),
    ];
    let mut minute = 0;
    let mut at = || {
        minute += 1;
        DATE.at(12, minute, 0, 0)
    };
    let purchases = plan.into_iter().map(|(id, merchant, code, amount, billing, steps)| Purchase {
        id: id.to_owned(),
        card: 0,
        merchant,
        processing_code: code.to_owned(),
        amount,
        billing,
        steps: steps.into_iter().map(|step| Timed { at: at(), step }).collect(),
    });
    let cards = vec![Card { pan: pan(card), label: "Anna".to_owned() }];
    let zone = TimeZone::get("Europe/Moscow").unwrap();
    Day::new(DATE, zone, cards, list, purchases.collect(), 1).unwrap()
}

// --- worlds -----------------------------------------------------------------------------------------

async fn world(clearing_source: &'static str, cards: u64) -> World {
    let options = WorldOptions { clearing_source, log_to_file: false, ..WorldOptions::default() };
    let world = World::start(options).await.unwrap();
    let cards: Vec<String> = (1..=cards).map(card).collect();
    enroll(&world, &cards.iter().map(String::as_str).collect::<Vec<_>>()).await;
    world
}

fn options(name: &str) -> ImportOptions<'_> {
    ImportOptions { by: "olga", ..ImportOptions::new(name, Mode::Test) }
}

async fn import_as(
    world: &World,
    file: impl Read + Seek + Send,
    options: &ImportOptions<'_>,
) -> Result<Imported, ImportError> {
    let link = world.assembly.link("northbank").unwrap();
    Box::pin(gateway::import_clearing(file, options, link, world.gateway().unwrap().gateway())).await
}

async fn import(world: &World, name: &str, bytes: &[u8]) -> Result<Imported, ImportError> {
    import_as(world, Cursor::new(bytes), &options(name)).await
}

async fn taken(world: &World, name: &str, bytes: &[u8]) -> ImportReport {
    import(world, name, bytes).await.unwrap_or_else(|error| panic!("{name}: {error}")).report
}

/// The problem under which a file was put aside; it is stored so.
async fn put_aside(world: &World, name: &str, bytes: &[u8]) -> FileProblem {
    put_aside_as(world, bytes, &options(name)).await
}

async fn put_aside_as(world: &World, bytes: &[u8], options: &ImportOptions<'_>) -> FileProblem {
    let before = rows(world).await;
    let problem = match import_as(world, Cursor::new(bytes), options).await {
        Err(ImportError::Quarantined(problem)) => problem,
        other => panic!("{}: {other:?}", options.name),
    };
    assert_eq!(rows(world).await, before, "{}: something was booked", options.name);
    let files = store::clearing_files(&world.assembly.pool, 100).await.unwrap();
    let stored = files.iter().find(|file| file.state == "quarantined" && file.name == options.name);
    let stored = stored.unwrap_or_else(|| panic!("{}: not among {files:?}", options.name));
    assert_eq!(stored.reason, problem.code());
    assert!(!stored.told.contains(pan(1).expose()), "{}", stored.told);
    problem
}

/// Messages and transfers in the books.
async fn rows(world: &World) -> (i64, i64) {
    let text = "SELECT (SELECT count(*) FROM message), (SELECT count(*) FROM transfer)";
    let row = world.assembly.pool.get().await.unwrap().query_one(text, &[]).await.unwrap();
    (row.get(0), row.get(1))
}

/// What a card has in the books, by item, each with every movement in order of size: `base: 10 -10`.
async fn posted(world: &World, card: u64) -> BTreeMap<String, Vec<i64>> {
    let sql = world.assembly.pool.get().await.unwrap();
    let token = world.assembly.card_keys().unwrap().tokens(&pan(card))[0].to_bytes();
    let text = "SELECT t.item, t.unit_kind, CASE WHEN t.credit_kind = 1 THEN t.amount ELSE -t.amount END \
                FROM card c JOIN transfer t ON t.bucket = c.bucket AND t.account_id = c.account_id \
                WHERE c.token = $1 AND t.phase = 1 ORDER BY 3";
    let mut found: BTreeMap<String, Vec<i64>> = BTreeMap::new();
    for row in sql.query(text, &[&token]).await.unwrap() {
        let (item, unit): (String, i16) = (row.get(0), row.get(1));
        found.entry(format!("{item} {unit}")).or_default().push(row.get(2));
    }
    found
}

async fn miles(world: &World, card: u64) -> i64 {
    posted(world, card).await.iter().filter(|(item, _)| item.ends_with(" 1")).flat_map(|(_, all)| all).sum()
}

async fn end(world: World) {
    let ledger = store::ledger_check(&world.assembly.pool).await.unwrap();
    assert_eq!(ledger.balances_off + ledger.counters_off, 0);
    support_link::replays(&world).await;
    world.stop().await.unwrap();
}

// --- the same in every format -----------------------------------------------------------------------

#[tokio::test(flavor = "multi_thread")]
async fn the_same_purchases_come_to_the_same_transfers_by_message_and_in_every_format() {
    let forms = [
        Form::Csv,
        Form::Ctf,
        Form::Ipm(TextEncoding::Ascii, Blocking::Unblocked),
        Form::Ipm(TextEncoding::Ascii, Blocking::Blocks1014),
        Form::Ipm(TextEncoding::Ebcdic, Blocking::Unblocked),
        Form::Ipm(TextEncoding::Ebcdic, Blocking::Blocks1014),
    ];
    let by_message = world("advice", 1).await;
    let bank = by_message.bank().unwrap();
    assert!(replay(&bank, &online(1), 1, |_| {}).await.is_complete());
    bank.stop().await;
    let expected = posted(&by_message, 1).await;
    assert!(expected.len() >= 3, "{expected:?}");
    end(by_message).await;

    let by_file = world("file", 6).await;
    for (card, form) in (1..).zip(forms) {
        let number = u32::try_from(card).unwrap();
        // The IPM files of the day begin with number 3.
        let report = taken(&by_file, &format!("file-{card}"), &written(form, &purchases(card), number)).await;
        // Cash has no loyalty.
        assert_eq!((report.records, report.booked + report.without_loyalty), (7, 7), "{form:?}");
        assert_eq!(posted(&by_file, card).await, expected, "{form:?}");
    }
    // The same purchases once more, in another file of another format: nothing moves.
    let before = rows(&by_file).await.1;
    let again = taken(&by_file, "again", &plain(&purchases(2), 7)).await;
    // Cash is told to be without loyalty again, and a reversal finds nothing more to undo.
    assert_eq!((again.booked, again.without_loyalty + again.already_known), (0, 7));
    assert_eq!(again.differing, 0, "{again:?}");
    assert_eq!(rows(&by_file).await.1, before);
    end(by_file).await;
}

// --- once, whole, in order --------------------------------------------------------------------------

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_taken_once_whole_and_in_its_order() {
    let world = world("file", 1).await;
    let at = WorkedMerchants::default().grocery;
    let one = |number: u64| vec![bought(1, &at, 60_000, number)];
    let first = plain(&one(1), 1);
    assert_eq!(taken(&world, "a", &first).await.booked, 1);
    let again = taken(&world, "another-name", &first).await;
    assert_eq!(again, ImportReport { already_imported: true, ..ImportReport::default() });

    let problem = put_aside(&world, "altered", &plain(&one(2), 1)).await;
    assert_eq!(problem, FileProblem::Altered(ipm_id(1)));
    let problem = put_aside(&world, "gap", &plain(&one(3), 3)).await;
    assert_eq!(problem, FileProblem::Gap { expected: 2, found: 3 });
    assert_eq!(taken(&world, "missing", &plain(&one(2), 2)).await.booked, 1);
    assert_eq!(taken(&world, "gap", &plain(&one(3), 3)).await.booked, 1);
    let accepted = ImportOptions { accept_gap: true, ..options("skips") };
    assert_eq!(import_as(&world, Cursor::new(plain(&one(6), 6)), &accepted).await.unwrap().report.booked, 1);
    // One that was thought to be lost.
    let late = import(&world, "late", &plain(&one(5), 5)).await.unwrap();
    assert_eq!(late.report.booked, 1);
    assert!(late.remarks[0].contains("number 4 is still missing"), "{:?}", late.remarks);

    let csv = csv_text(&one(10)).into_bytes();
    let numbered = |name, sequence| ImportOptions { sequence: Some(sequence), ..options(name) };
    assert!(import_as(&world, Cursor::new(&csv), &numbered("c1", 17)).await.is_ok());
    let problem = put_aside(&world, "c2", &csv).await;
    assert_eq!(problem, FileProblem::Renamed { first_id: "c1".to_owned() });
    let other = csv_text(&one(11)).into_bytes();
    let problem = put_aside_as(&world, &other, &numbered("c3", 17)).await;
    assert_eq!(problem, FileProblem::NumberTaken { sequence: 17, first_id: "c1".to_owned() });
    let problem = put_aside_as(&world, &other, &numbered("c3", 19)).await;
    assert_eq!(problem, FileProblem::Gap { expected: 18, found: 19 });
    assert_eq!(miles(&world, 1).await, 60);

    let files = store::clearing_files(&world.assembly.pool, 100).await.unwrap();
    let accepted: Vec<_> = files.iter().filter(|file| !file.accepted.is_empty()).collect();
    assert_eq!(accepted.len(), 1);
    assert_eq!((accepted[0].accepted.as_str(), accepted[0].accepted_by.as_str()), ("gap:4-5", "olga"));
    end(world).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_cut_anywhere_is_put_aside() {
    let world = world("file", 1).await;
    let records = &purchases(1)[..2];
    let files = [
        ("ipm", plain(records, 1)),
        // Two blocks: of a single one, what is cut of its fill is not missed.
        ("blocks", ipm(&purchases(1), 1, TextEncoding::Ebcdic, Blocking::Blocks1014)),
        ("ctf", ctf(records, 1)),
        ("csv", csv_text(records).into_bytes()),
    ];
    for (name, bytes) in files {
        let lines_end = |end: usize| name == "csv" && bytes[end - 1] == b'\n';
        let mut codes: BTreeMap<&str, usize> = BTreeMap::new();
        // A CSV file that is cut between lines is a file of fewer lines. An IPM file may lack its closing record, a
        // CTF file its last line end.
        let whole = bytes.len() - if name == "ipm" { 4 } else { usize::from(name == "ctf") };
        for end in (1..whole).step_by(37).filter(|end| !lines_end(*end)) {
            *codes
                .entry(put_aside(&world, &format!("{name}-{end}"), &bytes[..end]).await.code())
                .or_default() += 1;
        }
        let allowed = ["truncated", "format"];
        assert!(codes.keys().all(|code| allowed.contains(code)), "{name}: {codes:?}");
        assert!(codes["truncated"] > codes.get("format").copied().unwrap_or(0), "{name}: {codes:?}");
    }
    // Without its closing record it is taken and told.
    let mut unclosed = plain(records, 1);
    unclosed.truncate(unclosed.len() - 4);
    let imported = import(&world, "unclosed", &unclosed).await.unwrap();
    assert_eq!(imported.remarks, ["the file has no closing record of length zero"]);
    end(world).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_for_another_system_bank_or_reader_is_put_aside_and_totals_may_be_accepted() {
    let world = world("file", 1).await;
    let records = &purchases(1)[..2];
    let dialects = IpmDialects::built_in().unwrap();
    let id = ipm_id(1);
    let spec =
        IpmFileSpec { file_id: &id, test: false, blocking: Blocking::Unblocked, dialect: &dialects.ascii };
    let live = write_ipm(records, spec).unwrap();
    assert_eq!(put_aside(&world, "live", &live).await.code(), "mode");
    let test = plain(records, 1);
    let production = ImportOptions { mode: Mode::Production, ..options("test") };
    assert_eq!(put_aside_as(&world, &test, &production).await.code(), "mode");
    let production = ImportOptions { mode: Mode::Production, ..options("ctf-test") };
    assert_eq!(put_aside_as(&world, &ctf(records, 1), &production).await.code(), "mode");

    let foreign: Vec<_> = records
        .iter()
        .map(|record| ClearingFileRecord { pan: test_pan("600000", 1).unwrap(), ..record.clone() })
        .collect();
    assert_eq!(put_aside(&world, "foreign", &plain(&foreign, 1)).await.code(), "other_bank");
    let some = [records[0].clone(), foreign[1].clone()];
    let problem = put_aside(&world, "some", &plain(&some, 1)).await;
    assert_eq!((problem.code(), problem.record()), ("records", Some(3)));
    assert_eq!(put_aside(&world, "noise", &[0xab; 3000]).await.code(), "format");
    let as_ctf = ImportOptions { format: gateway::ClearingFormat::parse("ctf"), ..options("as-ctf") };
    assert_eq!(put_aside_as(&world, &test, &as_ctf).await.code(), "format");
    let misnamed = ImportOptions { file_id: Some("F-1"), ..options("misnamed") };
    assert_eq!(put_aside_as(&world, &test, &misnamed).await.code(), "other_id");

    // The trailer's count is off by one: `00000004` is the last value of the file.
    let mut off = test.clone();
    let at = off.windows(11).rposition(|window| window == b"00800000004").unwrap() + 10;
    off[at] = b'5';
    let problem = put_aside(&world, "totals", &off).await;
    assert_eq!(problem.code(), "totals");
    assert!(problem.to_string().contains("PDS0306: expected 4"), "{problem}");
    let accepted = ImportOptions { accept_totals: true, ..options("totals") };
    let imported = import_as(&world, Cursor::new(&off), &accepted).await.unwrap();
    assert_eq!((imported.report.booked, imported.remarks.len()), (2, 1));
    // What follows the trailer cannot be accepted: here, all records twice.
    let mut twice = plain(records, 2);
    twice.truncate(twice.len() - 4);
    twice.extend(plain(records, 2));
    assert_eq!(
        put_aside_as(&world, &twice, &ImportOptions { accept_totals: true, ..options("twice") }).await.code(),
        "control"
    );
    end(world).await;
}

// --- what stops and goes on -------------------------------------------------------------------------

/// A file on a disk that fails in the third reading: the first finds the file, the second checks it.
struct Failing {
    bytes: Cursor<Vec<u8>>,
    rewinds: usize,
    limit: u64,
}

impl Read for Failing {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        if self.rewinds < 3 {
            return self.bytes.read(out);
        }
        match self.limit.saturating_sub(self.bytes.position()) {
            0 => Err(std::io::Error::other("the disk is gone")),
            left => (&mut self.bytes).take(left).read(out),
        }
    }
}

impl Seek for Failing {
    fn seek(&mut self, to: SeekFrom) -> std::io::Result<u64> {
        self.rewinds += 1;
        self.bytes.seek(to)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_that_stops_between_records_goes_on_without_losing_or_doubling_one() {
    let world = world("file", 1).await;
    let at = WorkedMerchants::default().grocery;
    // 10 miles each; more than wait at once.
    let records: Vec<_> = (1..=149).map(|number| bought(1, &at, 60_000, number)).collect();
    let bytes = plain(&records, 1);
    let mut booked = 0;
    for part in 1..=3 {
        let limit = bytes.len() as u64 * part / 4;
        let file =
            Failing { bytes: Cursor::new(bytes.clone()), rewinds: if part > 1 { 1 } else { 0 }, limit };
        assert!(matches!(import_as(&world, file, &options("stops")).await, Err(ImportError::Read(_))));
        let now = rows(&world).await.0;
        assert!(now > booked && now < 149, "{booked} then {now}");
        booked = now;
        let files = store::clearing_files(&world.assembly.pool, 9).await.unwrap();
        assert_eq!((files.len(), files[0].state.as_str()), (1, "checked"));
    }
    let report = taken(&world, "stops", &bytes).await;
    assert_eq!((report.booked + report.repeated, report.repeated), (149, usize::try_from(booked).unwrap()));
    assert_eq!((rows(&world).await.0, miles(&world, 1).await), (149, 1_490));
    end(world).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sigkill_while_records_are_booked_loses_and_doubles_nothing() {
    let world = world("file", 1).await;
    let at = WorkedMerchants::default().grocery;
    let records: Vec<_> = (1..=20_000).map(|number| bought(1, &at, 6_000, number)).collect();
    std::fs::write(world.dir.join("day.csv"), csv_text(&records)).unwrap();
    let arguments = ["clearing", "import", "--bank", "northbank", "--on", "2026-10-10", "--json", "day.csv"];
    let mut kills = 0;
    for _ in 0..4 {
        let before = rows(&world).await.0;
        let mut child = Command::new(support_link::binary())
            .args(arguments)
            .current_dir(&world.dir)
            .stdout(std::process::Stdio::null())
            .spawn()
            .unwrap();
        while rows(&world).await.0 < before + 500 && child.try_wait().unwrap().is_none() {
            tokio::time::sleep(std::time::Duration::from_millis(2)).await;
        }
        kills += usize::from(child.try_wait().unwrap().is_none());
        child.kill().unwrap();
        child.wait().unwrap();
    }
    assert!(kills > 0, "the import was always done before it was killed");
    let output = cobrand(&world.dir, &arguments);
    assert!(output.status.success(), "{}", said(&output));
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    println!("{kills} kills, {} of 20000 records were booked before the last run", told["repeated"]);
    assert_eq!(told["records"], 20_000);
    assert_eq!((rows(&world).await.0, miles(&world, 1).await), (20_000, 1_500));
    let list = cobrand(&world.dir, &["clearing", "list", "--json"]);
    let list: Value = serde_json::from_slice(&list.stdout).unwrap();
    assert_eq!((&list[0]["state"], &list[0]["file_id"]), (&"taken".into(), &"day".into()));
    // A file that is put aside: status 1, and the reason in the list.
    std::fs::write(world.dir.join("day2.csv"), csv_text(&records)).unwrap();
    let again =
        cobrand(&world.dir, &["clearing", "import", "--bank", "northbank", "--on", "2026-10-10", "day2.csv"]);
    assert_eq!(again.status.code(), Some(1), "{}", said(&again));
    std::fs::write(world.dir.join("x.ipm"), plain(&[bought(1, &at, 60_000, 30_000)], 1)).unwrap();
    let ipm = cobrand(&world.dir, &["clearing", "import", "--bank", "northbank", "--format", "ipm", "x.ipm"]);
    // The month's cap has left no mile.
    let expected = format!("{}: 1 records of ipm; 0 booked, 0 repeated, 1 without loyalty", ipm_id(1));
    assert!(said(&ipm).starts_with(&expected), "{}", said(&ipm));
    let list = said(&cobrand(&world.dir, &["clearing", "list"]));
    assert!(list.contains("imported before as \"day\""), "{list}");
    end(world).await;
}

// --- chargebacks ------------------------------------------------------------------------------------

#[tokio::test(flavor = "multi_thread")]
async fn a_life_of_chargebacks_is_worth_what_is_left_of_it() {
    let world = world("file", 3).await;
    let kosta = WorkedMerchants::default().kosta;
    let mut first = bought(1, &kosta, 250_000, 1);
    first.life_cycle = "MCC1A2B3C1010".to_owned();
    let chargeback = first.then(ClearingKind::Chargeback { partial: false });
    let again = first.then(ClearingKind::SecondPresentment { partial: false });
    let arbitration = first.then(ClearingKind::Arbitration { partial: false });
    let ebcdic = |record: &ClearingFileRecord, number| {
        ipm(std::slice::from_ref(record), number, TextEncoding::Ebcdic, Blocking::Blocks1014)
    };
    for (number, record, left) in
        [(1, &first, 41), (2, &chargeback, 0), (3, &again, 41), (4, &arbitration, 0)]
    {
        assert_eq!(taken(&world, "life", &ebcdic(record, number)).await.booked, 1, "{number}");
        assert_eq!(miles(&world, 1).await, left, "{number}");
    }
    // The same chargeback in another format, and its reversal in a third.
    let known = taken(&world, "csv", csv_text(std::slice::from_ref(&chargeback)).as_bytes()).await;
    assert_eq!((known.booked, known.already_known, known.differing), (0, 1, 0));
    assert_eq!(taken(&world, "undone", &ebcdic(&arbitration.reversed(), 5)).await.booked, 1);
    assert_eq!(miles(&world, 1).await, 41);

    // Part of a purchase, found by the network's name of it and not by its ARN; the second claim is for less.
    let mut whole = bought(2, &kosta, 250_000, 2);
    whole.life_cycle = "MCC9Z8Y7X1010".to_owned();
    let mut part = whole.then(ClearingKind::Chargeback { partial: true });
    (part.amount, part.arn) = (Money::rub(100_000), arn("400001", 777));
    let mut less = part.then(ClearingKind::SecondPresentment { partial: true });
    less.amount = Money::rub(40_000);
    assert_eq!(taken(&world, "part", &plain(&[part, whole, less], 6)).await.records, 3);
    // 2,500 - 1,000 + 400.
    assert_eq!(miles(&world, 2).await, 31);

    // CTF: charged back, presented again, charged back again, which is undone.
    let mut sale = bought(3, &kosta, 250_000, 3);
    sale.life_cycle = "123456789012345".to_owned();
    let life = [
        sale.clone(),
        sale.then(ClearingKind::Chargeback { partial: false }),
        sale.then(ClearingKind::SecondPresentment { partial: false }),
        sale.then(ClearingKind::Arbitration { partial: false }),
        sale.then(ClearingKind::Arbitration { partial: false }).reversed(),
    ];
    for (number, left) in [(1, 41), (2, 0), (3, 41), (4, 0), (5, 41)] {
        taken(&world, "ctf", &ctf(&life[number - 1..number], u32::try_from(number).unwrap())).await;
        assert_eq!(miles(&world, 3).await, left, "{number}");
    }
    let found = "SELECT DISTINCT f ->> 'reason' FROM message, jsonb_array_elements(explanation::jsonb -> 'findings') f \
                 WHERE f ->> 'rule' = 'match' ORDER BY 1";
    let found = world.assembly.pool.get().await.unwrap().query(found, &[]).await.unwrap();
    let found: Vec<String> = found.iter().map(|row| row.get(0)).collect();
    assert!(found.contains(&"matched_by_acquirer_reference".to_owned()), "{found:?}");
    assert!(found.contains(&"matched_by_life_cycle_id".to_owned()), "{found:?}");
    end(world).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn records_of_one_arn_and_step_are_not_dropped_without_a_word() {
    let world = world("file", 1).await;
    let kosta = WorkedMerchants::default().kosta;
    let first = bought(1, &kosta, 250_000, 1);
    let chargeback = first.then(ClearingKind::Chargeback { partial: false });
    let mut corrected = first.clone();
    corrected.amount = Money::rub(100_000);
    let one = std::slice::from_ref;
    assert_eq!(taken(&world, "first", &plain(one(&first), 1)).await.booked, 1);

    // A second copy is none of a person's business; another amount is, and so is a second record in one file.
    let copy = import(&world, "copy", &plain(one(&first), 2)).await.unwrap();
    assert!(copy.report.is_clean() && copy.look_at.is_empty(), "{copy:?}");
    assert_eq!(copy.report.already_known, 1);
    let other = import(&world, "other", &plain(one(&corrected), 3)).await.unwrap();
    assert_eq!((other.report.already_known, other.report.differing), (1, 1));
    assert_eq!(
        other.look_at,
        ["record 2: not booked: one with the same ARN and step, but another amount, was taken before"]
    );
    let life = [chargeback.clone(), chargeback.clone(), chargeback.reversed(), chargeback];
    let again = import(&world, "life", &plain(&life, 4)).await.unwrap();
    // The second is in the file twice; the last one comes again after its reversal.
    assert_eq!((again.report.booked, again.report.differing), (3, 1), "{again:?}");
    let files = store::clearing_files(&world.assembly.pool, 100).await.unwrap();
    let stored = files.iter().find(|file| file.name == "life").unwrap();
    assert_eq!((stored.state.as_str(), stored.already_known, stored.differing), ("taken", 1, 1));
    assert!(stored.told.contains("record 3: "), "{}", stored.told);

    // The command says so, and is no success.
    std::fs::write(world.dir.join("x.csv"), csv_text(&[corrected])).unwrap();
    let output =
        cobrand(&world.dir, &["clearing", "import", "--bank", "northbank", "--on", "2026-10-10", "x.csv"]);
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    let told = said(&output);
    assert!(told.contains("1 already known (1 differ)") && told.contains("record 1: not booked"), "{told}");
    end(world).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_arn_of_zeros_names_nothing_and_csv_is_plausible() {
    let world = world("file", 1).await;
    let at = WorkedMerchants::default().grocery;
    let zeros: Vec<_> = [(1_u64, "000000000001"), (2, "000000000002")]
        .map(|(number, retrieval)| {
            let mut record = bought(1, &at, 60_000, number);
            (record.arn, record.retrieval) = ("0".repeat(23), retrieval.to_owned());
            record
        })
        .into();
    assert_eq!(taken(&world, "ipm", &plain(&zeros, 1)).await.booked, 2);
    let known = taken(&world, "csv", csv_text(&zeros).as_bytes()).await;
    assert_eq!((known.booked, known.already_known, known.differing), (0, 2, 0));

    let line = |change: &dyn Fn(&mut ClearingFileRecord)| {
        let mut record = bought(1, &at, 60_000, 9);
        change(&mut record);
        csv_text(&[record])
    };
    let header = csv_text(&[]);
    assert_eq!(put_aside(&world, "header", header.as_bytes()).await.code(), "empty");
    for (name, text, told) in [
        (
            "old",
            line(&|record| record.local = date(2025, 9, 1).at(12, 0, 0, 0)),
            "column local_time: is more",
        ),
        (
            "ahead",
            line(&|record| record.local = date(2026, 12, 10).at(12, 0, 0, 0)),
            "column local_time: is more",
        ),
        ("arn", line(&|record| record.arn.push('1')), "column arn: expected at most 23"),
        (
            "amount",
            line(&|record| record.amount.minor = 1_000_000_000_000),
            "column amount_minor: expected at most 12",
        ),
        (
            "control",
            line(&|record| record.merchant.terminal = "T\u{1}".to_owned()),
            "column terminal: expected text",
        ),
        ("word", line(&|_| ()).replace(",60000,", ",sixty,"), "column amount_minor: expected a whole number"),
    ] {
        let problem = put_aside(&world, name, text.as_bytes()).await;
        assert_eq!(problem.code(), "records", "{name}");
        assert!(problem.to_string().contains(told), "{name}: {problem}");
    }
    // A file of another year is judged by a day of its own, which is kept with it.
    let old = line(&|record| record.local = date(2025, 9, 1).at(12, 0, 0, 0));
    let on = ImportOptions { on: Some(date(2025, 9, 2)), ..options("old") };
    // Before the member was enrolled.
    assert_eq!(import_as(&world, Cursor::new(old), &on).await.unwrap().report.without_loyalty, 1);
    let files = store::clearing_files(&world.assembly.pool, 100).await.unwrap();
    let stored = files.iter().find(|file| file.state == "taken" && file.name == "old").unwrap();
    assert_eq!((stored.accepted.as_str(), stored.accepted_by.as_str()), ("on:2025-09-02", "olga"));
    end(world).await;
}

// --- again, or the same -----------------------------------------------------------------------------

#[tokio::test(flavor = "multi_thread")]
async fn what_was_undone_comes_again_across_files_of_every_format() {
    let forms = [Form::Csv, Form::Ctf, Form::Ipm(TextEncoding::Ebcdic, Blocking::Blocks1014)];
    let world = world("file", 3).await;
    let at = WorkedMerchants::default();
    for (card, form) in (1..).zip(forms) {
        let first = bought(card, &at.kosta, 250_000, card);
        let chargeback = first.then(ClearingKind::Chargeback { partial: false });
        let mut corrected = first.clone();
        corrected.amount = Money::rub(100_000);
        let other = |number| bought(card, &at.cash, 500_000, number).then(ClearingKind::Cash);
        let life: [(Vec<ClearingFileRecord>, i64); 10] = [
            (vec![first.clone()], 41),
            (vec![chargeback.clone()], 0),
            (vec![chargeback.reversed()], 41),
            (vec![other(50), chargeback.clone()], 0),
            // The same once more inside another file.
            (vec![other(51), other(52), chargeback.clone()], 0),
            (vec![chargeback.reversed(), other(53)], 41),
            (vec![first.reversed()], 0),
            (vec![other(54), corrected.clone()], 16),
            (vec![other(55), other(56), corrected.clone()], 16),
            (vec![other(57), corrected.reversed(), first.clone()], 41),
        ];
        for (number, (records, left)) in (1_u32..).zip(&life) {
            let bytes = written(form, records, number);
            let name = format!("{card}-{number}");
            let imported = import(&world, &name, &bytes).await.unwrap();
            assert_eq!(miles(&world, card).await, *left, "{form:?} {number}");
            assert!(imported.report.is_clean(), "{form:?} {number}: {imported:?}");
            assert!(taken(&world, &name, &bytes).await.already_imported);
        }
    }
    end(world).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_undone_comes_again_in_one_file_and_the_file_again_moves_nothing() {
    let world = world("file", 2).await;
    let kosta = WorkedMerchants::default().kosta;
    let first = bought(1, &kosta, 250_000, 1);
    let chargeback = first.then(ClearingKind::Chargeback { partial: false });
    let mut corrected = first.clone();
    corrected.amount = Money::rub(100_000);
    let life = [
        first.clone(),
        first.reversed(),
        corrected,
        chargeback.clone(),
        chargeback.reversed(),
        chargeback.clone(),
        chargeback.reversed(),
    ];
    assert_eq!(taken(&world, "life", &plain(&life, 1)).await.booked, 7);
    assert_eq!(miles(&world, 1).await, 16);
    let before = rows(&world).await.1;
    for (name, bytes) in
        [("ipm", plain(&life, 2)), ("csv", written(Form::Csv, &life, 0)), ("ctf", ctf(&life, 1))]
    {
        let again = taken(&world, name, &bytes).await;
        assert_eq!((again.booked, again.differing), (0, 0), "{name}: {again:?}");
        assert_eq!(rows(&world).await.1, before, "{name}");
    }

    // The numbers of the files say what came first, not their arrival.
    let second = bought(2, &kosta, 250_000, 2);
    let records = [second.clone(), second.reversed(), second.clone(), second.reversed(), second.clone()];
    let accepted = ImportOptions { accept_gap: true, ..options("late") };
    for (number, left) in [(3_usize, 41), (5, 41), (4, 41), (2, 41), (1, 41)] {
        let bytes = plain(&records[number - 1..number], u32::try_from(number).unwrap() + 10);
        import_as(&world, Cursor::new(bytes), &accepted).await.unwrap();
        assert_eq!(miles(&world, 2).await, left, "{number}");
    }
    end(world).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn parts_are_told_apart_by_the_issuers_reference_and_else_by_a_person() {
    let world = world("file", 2).await;
    let at = WorkedMerchants::default();
    let part = |of: &ClearingFileRecord, reference: &str| {
        let mut part = of.then(ClearingKind::Chargeback { partial: true });
        (part.amount, part.reference) = (Money::rub(60_000), reference.to_owned());
        part
    };
    let first = bought(1, &at.grocery, 240_000, 1);
    let one = std::slice::from_ref;
    assert_eq!(taken(&world, "first", &plain(one(&first), 1)).await.booked, 1);
    for (number, reference, left) in [(2, "0000000071", 30), (3, "0000000072", 20), (4, "0000000071", 20)] {
        let imported = import(&world, "part", &plain(one(&part(&first, reference)), number)).await.unwrap();
        assert!(imported.report.is_clean(), "{imported:?}");
        assert_eq!(miles(&world, 1).await, left, "{number}");
    }
    let undone = part(&first, "0000000072").reversed();
    assert_eq!(taken(&world, "undone", &plain(&[undone], 5)).await.booked, 1);
    assert_eq!(miles(&world, 1).await, 30);

    // Without a reference the same part at another place may be another one.
    let second = bought(2, &at.grocery, 240_000, 2);
    let nameless = part(&second, "");
    assert_eq!(taken(&world, "second", &plain(&[second.clone(), nameless.clone()], 6)).await.booked, 2);
    let copy = import(&world, "copy", &plain(&[second.clone(), nameless.clone()], 7)).await.unwrap();
    assert_eq!((copy.report.already_known, copy.report.differing), (2, 0));
    let doubtful = import(&world, "doubtful", &plain(one(&nameless), 8)).await.unwrap();
    assert_eq!((doubtful.report.already_known, doubtful.report.differing), (1, 1));
    assert!(doubtful.look_at[0].contains("DE71"), "{:?}", doubtful.look_at);
    assert_eq!(miles(&world, 2).await, 30);

    // In full, and in part with the same amount.
    let full = second.then(ClearingKind::SecondPresentment { partial: false });
    let partial = second.then(ClearingKind::SecondPresentment { partial: true });
    taken(&world, "full", &plain(one(&full), 9)).await;
    let differs = import(&world, "partial", &plain(one(&partial), 10)).await.unwrap();
    assert_eq!((differs.report.booked, differs.report.differing), (0, 1));
    assert!(differs.look_at[0].contains("DE24"), "{:?}", differs.look_at);
    end(world).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chargeback_in_dollars_without_a_billing_amount_takes_its_share() {
    let world = world("file", 1).await;
    let at = WorkedMerchants::default();
    let mut dollars = bought(1, &at.hotel, 10_000, 1);
    dollars.amount = Money::new(10_000, "840");
    dollars.billing = Some(Money::rub(950_000));
    assert_eq!(taken(&world, "dollars", &plain(&[dollars.clone()], 1)).await.booked, 1);
    assert_eq!(miles(&world, 1).await, 158);
    let third = |minor, reference: &str| {
        let mut third = dollars.then(ClearingKind::Chargeback { partial: true });
        (third.amount, third.billing, third.reference) =
            (Money::new(minor, "840"), None, reference.to_owned());
        third
    };
    let thirds = [third(3_333, "0000000001"), third(3_333, "0000000002"), third(3_334, "0000000003")];
    for (number, third) in (2..).zip(&thirds) {
        assert_eq!(taken(&world, "third", &plain(std::slice::from_ref(third), number)).await.booked, 1);
    }
    assert_eq!(miles(&world, 1).await, 0);
    assert_eq!(taken(&world, "undone", &plain(&[thirds[1].reversed()], 5)).await.booked, 1);
    // 3,333 of 10,000 are 3,166.35.
    assert_eq!(miles(&world, 1).await, 52);

    // Of a purchase in rubles nobody knows what euros are; a refund that is taken back is for a person too.
    let rubles = bought(1, &at.grocery, 60_000, 2);
    let mut euros = rubles.then(ClearingKind::Chargeback { partial: false });
    euros.amount = Money::new(700, "978");
    let left = import(&world, "euros", &plain(&[rubles, euros], 6)).await.unwrap();
    assert_eq!((left.report.booked, left.report.undecided, left.report.is_clean()), (1, 1, false));
    assert!(left.look_at[0].contains("record 3") && left.look_at[0].contains("DE6"), "{:?}", left.look_at);
    end(world).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bank_that_clears_online_delivers_chargebacks_by_file_and_its_presentments_count_once() {
    let world = world("advice", 1).await;
    let bank = world.bank().unwrap();
    let day = replay(&bank, &online(1), 1, |_| {}).await;
    bank.stop().await;
    assert!(day.is_complete());
    let before = posted(&world, 1).await;
    assert_eq!(miles(&world, 1).await, 59 + 25 + 158);

    let at = WorkedMerchants::default();
    let cleared = day.exchanges().find(|exchange| exchange.sent.purchase == "P1").unwrap();
    let mut presentment = bought(1, &at.grocery, 359_999, 1);
    presentment.retrieval = cleared.sent.de37.clone();
    let chargeback = presentment.then(ClearingKind::Chargeback { partial: false });
    let mut refund = bought(1, &at.kosta, 100_000, 2).then(ClearingKind::Refund);
    refund.retrieval = "000000000077".to_owned();

    // What the link brought is passed over, each record by name, also what undoes it.
    let mixed = [presentment.clone(), chargeback.clone(), refund.clone(), presentment.reversed()];
    let imported = import(&world, "mixed", &plain(&mixed, 1)).await.unwrap();
    assert_eq!((imported.report.booked, imported.report.elsewhere), (1, 3), "{imported:?}");
    assert!(imported.report.is_clean());
    assert_eq!(
        imported.look_at,
        [2, 4, 5].map(|number| format!("record {number}: passed over: the bank clears by advice"))
    );
    assert_eq!(miles(&world, 1).await, 25 + 158);

    // Undone and raised again, and the same again.
    for (number, record, left) in [
        (2, chargeback.reversed(), 59 + 25 + 158),
        (3, chargeback.clone(), 25 + 158),
        (4, chargeback.clone(), 25 + 158),
        (5, presentment.then(ClearingKind::SecondPresentment { partial: false }), 59 + 25 + 158),
        (6, presentment.clone(), 59 + 25 + 158),
    ] {
        assert!(taken(&world, "more", &plain(&[record], number)).await.is_clean(), "{number}");
        assert_eq!(miles(&world, 1).await, left, "{number}");
    }
    let net = |items: &BTreeMap<String, Vec<i64>>| -> BTreeMap<String, i64> {
        items.iter().map(|(item, moved)| (item.clone(), moved.iter().sum())).collect()
    };
    assert_eq!(net(&posted(&world, 1).await), net(&before));

    // No presentment will come that it could belong to.
    let mut stray = bought(1, &at.hotel, 5_000, 9).then(ClearingKind::Chargeback { partial: false });
    stray.retrieval = "000000000099".to_owned();
    let left = import(&world, "stray", &plain(&[stray], 7)).await.unwrap();
    assert_eq!((left.report.undecided, left.report.is_clean()), (1, false));
    assert!(left.look_at[0].contains("no cleared purchase is found"), "{:?}", left.look_at);
    end(world).await;
}

// --- what was refused, and what is doubtful ---------------------------------------------------------

/// The file with another DE3 (DE2 and DE3 follow each other): `28` is a payment to the card, `20` a refund.
fn with_type(mut bytes: Vec<u8>, card: u64, kind: &[u8; 2]) -> Vec<u8> {
    let number = pan(card).expose().to_owned();
    let at = bytes.windows(number.len()).position(|window| window == number.as_bytes()).unwrap();
    bytes[at + number.len()..at + number.len() + 2].copy_from_slice(kind);
    bytes
}

fn enroll_one(world: &World, card: u64) -> impl Future<Output = ()> + '_ {
    let number = pan(card).expose().to_owned();
    async move {
        let csv =
            format!("pan,program,member_number,enrolled_on\n{number},boreal-gold,AB-99{card},2026-01-01\n");
        let (keys, link) = (world.assembly.card_keys().unwrap(), world.assembly.link("northbank").unwrap());
        let (programs, pool) = (&world.assembly.codes.programs, &world.assembly.pool);
        gateway::import_enrollment(csv.as_bytes(), link, programs, &keys, pool).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_reversal_of_what_was_refused_undoes_nothing_else() {
    let world = world("file", 6).await;
    let at = WorkedMerchants::default();
    let one = std::slice::from_ref;
    let dollars = |card| {
        let mut billed = bought(card, &at.hotel, 10_000, card);
        billed.amount = Money::new(10_000, "840");
        billed.billing = Some(Money::rub(950_000));
        let mut unbilled = billed.clone();
        unbilled.billing = None;
        (billed, unbilled)
    };
    // In files of their own, as CSV files that are numbered in no series, and in one file.
    let (billed, unbilled) = dollars(1);
    for (number, (record, left)) in
        (1..).zip([(&unbilled, 0), (&unbilled.reversed(), 0), (&billed, 158), (&billed, 158)])
    {
        assert!(taken(&world, "own", &plain(one(record), number)).await.is_clean(), "{number}");
        assert_eq!(miles(&world, 1).await, left, "{number}");
    }
    let (billed, unbilled) = dollars(2);
    for (name, record) in [("csv-1", &unbilled), ("csv-2", &unbilled.reversed()), ("csv-3", &billed)] {
        assert!(taken(&world, name, csv_text(one(record)).as_bytes()).await.is_clean(), "{name}");
    }
    assert_eq!(miles(&world, 2).await, 158);
    let (billed, unbilled) = dollars(3);
    let all = [unbilled.clone(), unbilled.reversed(), billed.clone(), billed.reversed()];
    assert_eq!(taken(&world, "all", &plain(&all[..3], 5)).await.booked, 1);
    assert_eq!(miles(&world, 3).await, 158);
    assert_eq!(taken(&world, "undone", &plain(&all[3..], 6)).await.booked, 1);
    assert_eq!(miles(&world, 3).await, 0);

    // A payment to the card that turns out to be a purchase; CSV does not know such payments.
    let sale = bought(4, &at.grocery, 600_000, 4);
    taken(&world, "28", &with_type(plain(one(&sale), 7), 4, b"28")).await;
    taken(&world, "28-undone", &with_type(plain(one(&sale.reversed()), 8), 4, b"28")).await;
    assert_eq!(taken(&world, "00", csv_text(one(&sale)).as_bytes()).await.booked, 1);
    assert_eq!(miles(&world, 4).await, 100);

    // Before the card was enrolled.
    let early = bought(50, &at.grocery, 600_000, 50);
    assert_eq!(taken(&world, "early", csv_text(one(&early)).as_bytes()).await.without_loyalty, 1);
    enroll_one(&world, 50).await;
    let undone = taken(&world, "early-undone", csv_text(one(&early.reversed())).as_bytes()).await;
    assert_eq!((undone.without_loyalty, undone.is_clean()), (1, true));
    let again = import(&world, "again", format!("{}\n", csv_text(one(&early))).as_bytes()).await.unwrap();
    assert_eq!((again.report.booked, again.report.is_clean(), miles(&world, 50).await), (1, true, 100));

    // Undecided chargebacks: one of a refund, a second presentment in a currency that nobody knows the rate of.
    let sale = bought(5, &at.grocery, 600_000, 5);
    let chargeback = sale.then(ClearingKind::Chargeback { partial: false });
    taken(&world, "sale", &plain(one(&sale), 9)).await;
    let refunds = with_type(plain(one(&chargeback), 10), 5, b"20");
    assert_eq!(taken(&world, "of-refund", &refunds).await.undecided, 1);
    taken(&world, "undone", &with_type(plain(one(&chargeback.reversed()), 11), 5, b"20")).await;
    assert_eq!(taken(&world, "cb", csv_text(one(&chargeback)).as_bytes()).await.booked, 1);
    assert_eq!(miles(&world, 5).await, 0);
    let mut euros = sale.then(ClearingKind::SecondPresentment { partial: false });
    euros.amount = Money::new(7_000, "978");
    let mut billed = euros.clone();
    billed.billing = Some(Money::rub(600_000));
    assert_eq!(taken(&world, "euros", &plain(one(&euros), 12)).await.undecided, 1);
    taken(&world, "euros-undone", &plain(one(&euros.reversed()), 13)).await;
    assert_eq!(taken(&world, "billed", csv_text(one(&billed)).as_bytes()).await.booked, 1);
    assert_eq!(miles(&world, 5).await, 100);
    end(world).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_reversal_of_doubtful_meaning_does_is_named() {
    let world = world("file", 6).await;
    let at = WorkedMerchants::default();
    let one = std::slice::from_ref;
    let doubt = async |name: &str, bytes: &[u8], told: &str| {
        let imported = import(&world, name, bytes).await.unwrap();
        assert_eq!(
            (imported.report.doubtful, imported.report.is_clean()),
            (1, false),
            "{name}: {imported:?}"
        );
        assert!(imported.look_at[0].contains(told), "{name}: {:?}", imported.look_at);
    };
    // A reversal of another amount, behind what it undoes and before it.
    let sale = |card| bought(card, &at.grocery, 600_000, card);
    let less = |of: &ClearingFileRecord| ClearingFileRecord { amount: Money::rub(100_000), ..of.reversed() };
    assert!(taken(&world, "d", csv_text(one(&sale(1))).as_bytes()).await.is_clean());
    doubt("d-undone", csv_text(one(&less(&sale(1)))).as_bytes(), "record 1: undone in full, although").await;
    assert_eq!(miles(&world, 1).await, 0);
    assert!(taken(&world, "e-undone", csv_text(one(&less(&sale(2)))).as_bytes()).await.is_clean());
    doubt("e", csv_text(one(&sale(2))).as_bytes(), "record 1: booked, although a reversal").await;
    assert_eq!(miles(&world, 2).await, 100);
    // One that comes first by another way takes what comes; in the bank's own order it does not.
    assert!(taken(&world, "f-undone", csv_text(one(&sale(3).reversed())).as_bytes()).await.is_clean());
    doubt("f", &plain(one(&sale(3)), 1), "record 2: not booked: a reversal").await;
    assert_eq!(miles(&world, 3).await, 0);
    doubt("g", &plain(&[sale(4).reversed(), sale(4)], 2), "record 3: booked, although a reversal").await;
    assert_eq!(miles(&world, 4).await, 100);
    let refund = sale(4).then(ClearingKind::Refund);
    assert!(taken(&world, "r-undone", csv_text(one(&refund.reversed())).as_bytes()).await.is_clean());
    doubt("r", &plain(one(&refund), 3), "record 2: not booked: a reversal").await;
    assert_eq!(miles(&world, 4).await, 100);

    // Another billing amount is no second copy.
    let mut low = bought(5, &at.hotel, 10_000, 5);
    (low.amount, low.billing) = (Money::new(10_000, "840"), Some(Money::rub(95_000)));
    let high = ClearingFileRecord { billing: Some(Money::rub(950_000)), ..low.clone() };
    assert_eq!(taken(&world, "low", &plain(one(&low), 4)).await.booked, 1);
    let other = import(&world, "high", &plain(one(&high), 5)).await.unwrap();
    assert_eq!((other.report.differing, other.report.is_clean()), (1, false));
    assert!(other.look_at[0].contains("DE6"), "{:?}", other.look_at);
    taken(&world, "low-undone", &plain(one(&low.reversed()), 6)).await;
    assert_eq!(
        (taken(&world, "right", &plain(one(&high), 7)).await.booked, miles(&world, 5).await),
        (1, 158)
    );

    // A second presentment above its chargeback gives back what there is.
    let whole = sale(6);
    let mut part = whole.then(ClearingKind::Chargeback { partial: true });
    part.amount = Money::rub(300_000);
    let again = whole.then(ClearingKind::SecondPresentment { partial: false });
    assert_eq!(taken(&world, "above", &plain(&[whole, part, again], 8)).await.booked, 3);
    assert_eq!(miles(&world, 6).await, 100);
    end(world).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn identities_do_not_depend_on_how_a_format_writes_them() {
    let world = world("file", 2).await;
    let at = WorkedMerchants::default();
    let one = std::slice::from_ref;
    // The first one is 0 or 1 in CSV.
    let first = bought(1, &at.grocery, 60_000, 1);
    let zero = ClearingFileRecord { sequence: 0, ..first.clone() };
    assert_eq!(taken(&world, "zero", csv_text(one(&zero)).as_bytes()).await.booked, 1);
    let known = taken(&world, "one", &plain(one(&first), 1)).await;
    assert_eq!((known.already_known, known.is_clean()), (1, true));
    // Without an ARN, the acquirer with and without zeros.
    let mut bare = bought(1, &at.grocery, 60_000, 2);
    (bare.arn, bare.retrieval) = (String::new(), "000000000206".to_owned());
    let mut padded = bare.clone();
    padded.merchant.acquirer = format!("0{}", bare.merchant.acquirer);
    assert_eq!(taken(&world, "bare", csv_text(one(&bare)).as_bytes()).await.booked, 1);
    assert_eq!(taken(&world, "padded", csv_text(one(&padded)).as_bytes()).await.already_known, 1);
    assert_eq!(miles(&world, 1).await, 20);
    // Zeros say nothing, in whatever format.
    let zeros = ClearingFileRecord { arn: "0".repeat(23), retrieval: "0".repeat(12), ..bare };
    for (name, bytes) in [("ipm", plain(one(&zeros), 2)), ("csv", csv_text(one(&zeros)).into_bytes())] {
        assert_eq!(put_aside(&world, name, &bytes).await.code(), "records", "{name}");
    }
    end(world).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_content_may_be_another_file_if_somebody_says_so() {
    let world = world("file", 1).await;
    let sale = bought(1, &WorkedMerchants::default().grocery, 600_000, 1);
    let chargeback = sale.then(ClearingKind::Chargeback { partial: false });
    let csv = |record: &ClearingFileRecord| csv_text(std::slice::from_ref(record)).into_bytes();
    for (name, record) in [("P", &sale), ("C1", &chargeback), ("R1", &chargeback.reversed())] {
        taken(&world, name, &csv(record)).await;
    }
    let problem = put_aside(&world, "C2", &csv(&chargeback)).await;
    assert!(problem.to_string().contains("--accept-same-content"), "{problem}");
    let accepted = ImportOptions { accept_same_content: true, ..options("C2") };
    let imported = import_as(&world, Cursor::new(csv(&chargeback)), &accepted).await.unwrap();
    assert_eq!((imported.report.booked, miles(&world, 1).await), (1, 0));
    assert_eq!(imported.remarks, ["accepted: the same content as file \"C1\""]);
    assert!(taken(&world, "C2", &csv(&chargeback)).await.already_imported);
    // Days without clearing.
    let header = csv_text(&[]);
    for (sequence, name) in [(1, "E1"), (2, "E2"), (3, "E3")] {
        let nothing = ImportOptions {
            sequence: Some(sequence),
            accept_totals: true,
            accept_same_content: true,
            ..options(name)
        };
        let report = import_as(&world, Cursor::new(header.as_bytes()), &nothing).await.unwrap().report;
        assert_eq!((report.records, report.already_imported), (0, false), "{name}");
    }
    let files = store::clearing_files(&world.assembly.pool, 100).await.unwrap();
    let accepted = |id: &str| {
        let file = files.iter().find(|file| file.state == "taken" && file.file_id == id).unwrap();
        (file.accepted.clone(), file.accepted_by.clone())
    };
    assert_eq!(accepted("C2"), ("same_content:C1".to_owned(), "olga".to_owned()));
    assert_eq!(accepted("E1"), (String::new(), String::new()));
    assert_eq!(accepted("E3").1, "olga");
    end(world).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_correction_of_what_came_by_file_is_named_when_the_bank_clears_online() {
    let world = world("file", 1).await;
    let sale = bought(1, &WorkedMerchants::default().grocery, 600_000, 1);
    let corrected = ClearingFileRecord { amount: Money::rub(300_000), ..sale.clone() };
    taken(&world, "sale", &plain(std::slice::from_ref(&sale), 1)).await;
    let path = world.dir.join("cobrand.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    let text = text.replace("clearing_source = \"file\"", "clearing_source = \"advice\"");
    std::fs::write(&path, text).unwrap();
    let config = cobrand::config::Config::read(&path).unwrap();
    let assembly = cobrand::assembly::Assembly::load(config, world.assembly.clock).await.unwrap();
    let (gateway, link) = (assembly.gateway().await.unwrap(), assembly.link("northbank").unwrap());
    let import = async |name: &str, bytes: Vec<u8>| {
        gateway::import_clearing(Cursor::new(bytes), &options(name), link, &gateway).await.unwrap()
    };
    let copy = import("copy", plain(std::slice::from_ref(&sale), 2)).await;
    assert_eq!((copy.report.elsewhere, copy.report.is_clean()), (1, true));
    let life = import("life", plain(&[sale.reversed(), corrected.clone()], 3)).await;
    assert_eq!((life.report.booked, life.report.differing, life.report.is_clean()), (1, 1, false));
    assert!(life.look_at[0].contains("no longer clears by file"), "{:?}", life.look_at);
    let undone = import("undone", plain(&[corrected.reversed()], 4)).await;
    assert_eq!((undone.report.booked, undone.report.is_clean()), (0, true));
    assert_eq!(miles(&world, 1).await, 0);
    gateway.batcher.finish().await;
    end(world).await;
}

// --- the samples, and a reader that is not ours -----------------------------------------------------

#[tokio::test(flavor = "multi_thread")]
async fn the_four_samples_are_read_and_their_made_up_totals_are_noticed() {
    let world = world("file", 1).await;
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join("crates/iso8583/tests/clearing");
    for name in ["ipm_ascii_vbs", "ipm_ascii_1014", "ipm_ebcdic_vbs", "ipm_ebcdic_1014"] {
        let bytes = std::fs::read(root.join(format!("{name}.bin"))).unwrap();
        let problem = put_aside(&world, name, &bytes).await;
        assert_eq!(problem.code(), "totals", "{problem}");
        assert!(problem.to_string().contains("PDS0301: expected 30200"), "{problem}");
    }
    let bytes = std::fs::read(root.join("ipm_ebcdic_1014.bin")).unwrap();
    let accepted = ImportOptions { accept_totals: true, ..options("sample") };
    let report = import_as(&world, Cursor::new(bytes), &accepted).await.unwrap().report;
    // Cards of no member; the fee has no loyalty.
    let expected = ImportReport { records: 4, without_loyalty: 3, fees: 1, ..ImportReport::default() };
    assert_eq!(report, expected);
    end(world).await;
}

#[test]
fn cardutil_reads_what_we_write() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let script = root.join("crates/iso8583/tests/clearing/read_with_cardutil.py");
    let python = std::env::var("COBRAND_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let mut records = purchases(1);
    records[0].life_cycle = "MCC1A2B3C1010".to_owned();
    records[0].approval = "A1B2C3".to_owned();
    records.push(records[0].then(ClearingKind::Chargeback { partial: false }));
    for (text, encoding) in [(TextEncoding::Ascii, "latin-1"), (TextEncoding::Ebcdic, "cp500")] {
        for blocking in [Blocking::Unblocked, Blocking::Blocks1014] {
            let file =
                std::env::temp_dir().join(format!("cobrand-ipm-{}-{encoding}.bin", std::process::id()));
            std::fs::write(&file, ipm(&records, 1, text, blocking)).unwrap();
            let mut command = Command::new(&python);
            command.arg(&script).arg(&file).arg(encoding);
            if blocking == Blocking::Blocks1014 {
                command.arg("--blocked");
            }
            let output = command.output();
            let _ = std::fs::remove_file(&file);
            let output = match output {
                Ok(output) if output.status.code() != Some(2) => output,
                other => {
                    println!(
                        "SKIPPED: no {python} with cardutil 0.7.3 (pip install cardutil==0.7.3, or COBRAND_PYTHON): {other:?}"
                    );
                    return;
                }
            };
            assert!(output.status.success(), "{}", said(&output));
            let read: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
            assert_read(&read, &records);
        }
    }
}

/// What an independent reader must find.
fn assert_read(read: &[Value], records: &[ClearingFileRecord]) {
    assert_eq!(read.len(), records.len() + 2);
    let sum: u64 = records.iter().map(|record| record.amount.minor).sum();
    let trailer = read.last().unwrap();
    assert_eq!((&read[0]["PDS0105"], &read[0]["PDS0122"]), (&ipm_id(1).into(), &"T".into()));
    assert_eq!((&read[0]["DE24"], &trailer["DE24"]), (&"697".into(), &"695".into()));
    assert_eq!(trailer["PDS0301"], format!("{sum:016}"));
    assert_eq!(trailer["PDS0306"], format!("{:08}", read.len()));
    for (number, (found, record)) in (2..).zip(read[1..].iter().zip(records)) {
        let chargeback = matches!(record.kind, ClearingKind::Chargeback { .. });
        assert_eq!(found["MTI"], if chargeback { "1442" } else { "1240" });
        assert_eq!(found["DE24"], if chargeback { "450" } else { "200" });
        assert_eq!(found["DE2"], record.pan.expose());
        assert_eq!(found["DE4"], record.amount.minor);
        assert_eq!(found["DE12"], format!("{}", record.local));
        assert_eq!(found["DE26"], record.merchant.mcc.parse::<u64>().unwrap());
        assert_eq!(found["DE31"], record.arn);
        assert_eq!(found["DE32"], record.merchant.acquirer);
        assert_eq!(found["DE42"].as_str().unwrap().trim_end(), record.merchant.card_acceptor);
        assert_eq!(found["DE49"], record.amount.currency);
        assert_eq!(found["DE71"], number);
        assert_eq!(found.get("PDS0025").is_some(), record.reversal);
        if !chargeback {
            assert_eq!(found["DE43_NAME"], record.merchant.name);
        }
        if let Some(billing) = &record.billing {
            assert_eq!(
                (&found["DE6"], &found["DE51"]),
                (&billing.minor.into(), &billing.currency.clone().into())
            );
        }
        if !record.life_cycle.is_empty() {
            assert_eq!(found["DE63"].as_str().unwrap().trim_end(), record.life_cycle);
        }
    }
}

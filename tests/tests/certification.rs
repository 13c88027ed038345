//! A bank certifies a gateway: ours passes, and one with a wrong field is told which.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod altering_relay;
mod support_link;

use std::{
    net::SocketAddr,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use altering_relay::{Alteration, Relay};
use bank_simulator::{
    LinkOptions, TEST_PANS, WireNames, WorkedMerchants,
    certification::{Pack, run},
    evidence,
    report::{Level, Report, Run, Verdict},
    scenario,
    script::{ClearingSource, Composer, Parties, Target},
};
use cobrand::demo::{World, WorldOptions};
use iso8583::{Builder, Mti, Pan};
use jiff::{Timestamp, tz::TimeZone};
use support_link::{PATIENCE, cobrand, enroll};

const MEMBER: &str = TEST_PANS[0];
const STRANGER: &str = TEST_PANS[20];
/// A published test number in none of the bank's ranges.
const OTHER_BANK: &str = "6011111111111117";

/// Skipped where no MAC is agreed.
const MAC_CASES: [&str; 2] = ["MAC-01", "MAC-02"];

async fn world() -> World {
    let world = World::start(WorldOptions { log_to_file: false, ..WorldOptions::default() }).await.unwrap();
    enroll(&world, &[MEMBER]).await;
    world
}

fn target(world: &World, address: SocketAddr) -> Target {
    Target {
        address,
        tls: world.bank_tls().unwrap(),
        options: LinkOptions { wire: world.bank_wire().unwrap(), ..LinkOptions::default() },
        patience: PATIENCE,
        quiet: Duration::from_millis(100),
    }
}

fn at() -> Timestamp {
    "2026-10-10T09:00:00Z".parse().unwrap()
}

fn parties() -> Parties {
    let merchants = WorkedMerchants::default();
    Parties {
        member: Pan::parse(MEMBER).unwrap(),
        stranger: Pan::parse(STRANGER).unwrap(),
        other_bank: Pan::parse(OTHER_BANK),
        plain: merchants.grocery,
        till: Some(merchants.skyfuel),
        currency: "643".to_owned(),
        amount_minor: 60_000,
        clearing_source: ClearingSource::Advice,
        zone: TimeZone::get("Europe/Moscow").unwrap(),
    }
}

fn this_run(pack: &str) -> Run {
    let (pack, gateway) = (pack.to_owned(), "the test's".to_owned());
    Run { pack, gateway, wire: WireNames::default(), seed: 7, at: at(), started: at() }
}

fn said(report: &Report) -> String {
    let lines = report
        .cases
        .iter()
        .flat_map(|case| case.failures().map(move |(step, check)| format!("{} {step}: {check}", case.id)));
    lines.collect::<Vec<_>>().join("\n")
}

#[tokio::test(flavor = "multi_thread")]
async fn our_own_gateway_passes_every_scenario_and_every_case() {
    let world = world().await;
    let target = target(&world, world.gateway().unwrap().address());
    target.probe().await.unwrap();
    let mut composer = Composer::new(parties(), 7, at());
    let cases = [scenario::all(), Pack::standard().cases, Pack::negative().cases].concat();
    let report = run(&cases, &target, &mut composer, this_run("all"), |_| {}).await;
    assert!(report.passed(), "{}", said(&report));
    // Without keys there is no MAC to be wrong.
    let not_passed = report.cases.iter().filter(|case| case.verdict != Verdict::Passed).map(|case| case.id);
    assert_eq!(not_passed.collect::<Vec<_>>(), MAC_CASES, "{}", said(&report));
    let miles = report.cases.iter().flat_map(|case| &case.steps).flat_map(|step| &step.checks);
    assert!(miles.clone().any(|check| check.field == "DE48 BM"));
    assert!(
        miles.clone().all(|check| !check.found.contains("miles were not checked")),
        "a fresh member has miles"
    );
    assert!(report.tally(Some(Level::Mandatory)).passed > 40);
    world.stop().await.unwrap();
}

/// A deliberately wrong answer: which case it breaks, and the field that must be named.
struct Wrong {
    what: &'static str,
    case: &'static str,
    field: &'static str,
    alter: Alteration,
}

/// Changes answers of this type.
fn wrong(
    what: &'static str,
    (case, mti, field): (&'static str, &'static str, &'static str),
    change: impl Fn(Builder) -> Builder + Send + Sync + 'static,
) -> Wrong {
    let alter =
        move |answer: Builder| Some(if answer.mti() == Mti::new(mti) { change(answer) } else { answer });
    Wrong { what, case, field, alter: Arc::new(alter) }
}

/// Adds something to DE48 of an authorization's answer.
fn more_in_result(what: &'static str, text: String) -> Wrong {
    wrong(what, ("TYP-01", "0110", "DE48"), move |answer| {
        let result = answer.get(48).unwrap_or_default().to_owned();
        answer.set(48, format!("{result}{text}"))
    })
}

/// Answers that are well-formed, each by itself, and still not what the contract says.
fn deceptive_answers() -> Vec<Wrong> {
    let result = |what, case, mti, field, when: &'static str, text: &'static str| {
        wrong(what, (case, mti, field), move |answer| {
            let meant = answer.get(48).is_some_and(|result| result.contains(when));
            if meant { answer.set(48, text) } else { answer }
        })
    };
    let booked = "ST006bookedRS007cleared";
    let (fifteen, ten) = ("ST006bookedRS007clearedBM00215XM0010", "ST006bookedRS007clearedBM00210XM0010");
    let great = "ST011provisionalRS008estimateBM0049999XM0010";
    let bonus = "ST011provisionalRS008estimateBM00210XM0017";
    let reversed = "ST008reversedRS008reversedBM002-7XM0010";
    let refunded = "ST008reversedRS008refundedBM002-7XM0010";
    let blanks = MEMBER.as_bytes().chunks(4).map(|four| std::str::from_utf8(four).unwrap());
    let blanks = blanks.collect::<Vec<_>>().join(" ");
    let behind: String = MEMBER.chars().map(|digit| format!("3{digit}")).collect();
    let far = jiff::Zoned::now().date().saturating_add(jiff::Span::new().days(180));
    vec![
        result("miles out of the air", "TYP-04", "0110", "DE48 BM", "estimate", great),
        result("more booked than estimated", "TYP-04", "0230", "DE48 BM", booked, fifteen),
        result("another bonus", "TYP-04", "0110", "DE48 XM", "estimate", bonus),
        result("less taken back by a reversal", "REV-03", "0430", "DE48 BM", "reversed", reversed),
        result("less taken back by a refund", "REF-01", "0230", "DE48 BM", "refunded", refunded),
        result("all in every part", "RES-05", "0230", "DE48 BM", booked, ten),
        more_in_result("a card number", format!("ZZ016{MEMBER}")),
        more_in_result("a card number with blanks", format!("ZZ019{blanks}")),
        more_in_result("a card number in hexadecimal digits", format!("ZZ032{behind}")),
        wrong("an approval", ("TYP-01", "0110", "DE38"), |answer| answer.set(38, "123456")),
        wrong("an element that nobody agreed on", ("TYP-01", "0110", "DE62"), |answer| {
            answer.set(62, "MORE")
        }),
        wrong("another net", ("TOT-01", "0510", "DE97"), |answer| answer.set(97, "C0000000000000777")),
        wrong("in balance never", ("TOT-02", "0510", "DE66"), |answer| answer.set(66, "2")),
        result("another total", "TOT-02", "0510", "DE48 ER", "DE88", "ST004noneRS014out_of_balanceER004DE86"),
        wrong("another date", ("NET-05", "0810", "DE15"), move |answer| match answer.get(15) {
            Some(_) => answer.set(15, far.strftime("%m%d").to_string()),
            None => answer,
        }),
        wrong("no date", ("NET-05", "0810", "DE15"), |answer| answer.remove(15)),
        wrong("a key change that is taken", ("NET-09", "0810", "DE39"), |answer| match answer.get(39) {
            Some("12") => answer.set(39, "00").remove(48),
            _ => answer,
        }),
    ]
}

fn wrong_answers() -> Vec<Wrong> {
    let set = |case, mti, field, de: u8, value: &'static str| {
        wrong("another value", (case, mti, field), move |answer| answer.set(de, value))
    };
    let remove =
        |de: u8, field| wrong("left out", ("TYP-01", "0110", field), move |answer| answer.remove(de));
    let second = AtomicUsize::new(0);
    vec![
        set("TYP-01", "0110", "DE3", 3, "990000"),
        set("TYP-01", "0110", "DE4", 4, "000000000001"),
        set("TYP-01", "0110", "DE7", 7, "0101000000"),
        set("TYP-01", "0110", "DE11", 11, "000000"),
        set("TYP-01", "0110", "DE12", 12, "235959"),
        set("TYP-01", "0110", "DE13", 13, "0101"),
        set("TYP-01", "0110", "DE15", 15, "1010"),
        set("TYP-01", "0110", "DE32", 32, "1"),
        set("TYP-01", "0110", "DE37", 37, "999999999999"),
        set("TYP-01", "0110", "DE39", 39, "05"),
        set("TYP-01", "0110", "DE41", 41, "ANOTHER1"),
        set("TYP-01", "0110", "DE42", 42, "ANOTHERMERCHANT"),
        set("TYP-01", "0110", "DE48 ST", 48, "ST006bookedRS008estimate"),
        set("TYP-01", "0110", "DE48 RS", 48, "ST011provisionalRS003any"),
        set("TYP-01", "0110", "DE49", 49, "840"),
        set("TYP-01", "0110", "DE2", 2, "4111111111111111"),
        set("RES-01", "0110", "DE48 RS", 48, "ST004noneRS007unknown"),
        set("REV-01", "0410", "DE90", 90, "010000000111211200000000012345600000000000"),
        set("NET-04", "0810", "DE70", 70, "302"),
        set("TOT-01", "0510", "DE66", 66, "1"),
        set("ERR-01", "0110", "DE48 ER", 48, "ST004noneRS013field_missingER003DE7"),
        set("REP-07", "0110", "DE39", 39, "00"),
        set("TIL-01", "0110", "DE4", 54, "0057643D000000059999"),
        remove(32, "DE32"),
        remove(37, "DE37"),
        remove(48, "DE48 ST"),
        wrong("another type", ("TYP-01", "0110", "MTI"), |answer| answer.with_mti(Mti::new("0130"))),
        wrong("another result to a repeat", ("REP-01", "0110", "DE48"), move |answer| {
            match second.fetch_add(1, Ordering::Relaxed) {
                0 => answer,
                _ => answer.set(48, "ST011provisionalRS008estimateBM00211XM0010"),
            }
        }),
        Wrong {
            what: "no answer",
            case: "TYP-01",
            field: "link",
            alter: Arc::new(|answer| (answer.mti() != Mti::new("0110")).then_some(answer)),
        },
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_with_one_wrong_field_fails_the_case_that_names_it() {
    let world = world().await;
    let gateway = world.gateway().unwrap().address();
    let bank = world.bank_tls().unwrap();
    for (number, row) in (1..).zip(wrong_answers().into_iter().chain(deceptive_answers())) {
        let Wrong { what, case, field, alter } = row;
        let relay = Relay::start(
            world.assembly.tls().unwrap(),
            bank.clone(),
            gateway,
            world.bank_wire().unwrap(),
            alter,
        )
        .await;
        let target = Target { patience: Duration::from_secs(3), ..target(&world, relay.address) };
        let pack = Pack::standard().only(&[case.to_owned()]);
        let mut composer = Composer::new(parties(), number, at());
        let report = run(&pack.cases, &target, &mut composer, this_run("standard"), |_| {}).await;
        assert!(!report.passed(), "{field}, {what}: the case {case} passed");
        let failures: Vec<_> = report.cases[0].failures().collect();
        assert_eq!(failures[0].1.field, field, "{what}: {}", said(&report));
        // Nothing else is blamed.
        let element = field.split(' ').next().unwrap();
        assert!(failures.iter().all(|(_, check)| check.field.starts_with(element)), "{}", said(&report));
        assert!(!said(&report).contains(MEMBER), "{field}");
        let junit = evidence::junit(&report);
        assert!(junit.contains(&format!("{field}: expected")), "{junit}");
    }
    world.stop().await.unwrap();
}

/// What `cobrand` says, and its exit status.
fn told(folder: &Path, arguments: &[&str]) -> (Option<i32>, String) {
    let output = cobrand(folder, arguments);
    (output.status.code(), support_link::said(&output))
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_commands_write_evidence_without_card_numbers_and_answer_by_status() {
    let world = world().await;
    let gateway = world.gateway().unwrap().address();
    let alter: Alteration = Arc::new(|answer| {
        Some(if answer.mti() == Mti::new("0110") { answer.set(37, "999999999999") } else { answer })
    });
    let relay = Relay::start(
        world.assembly.tls().unwrap(),
        world.bank_tls().unwrap(),
        gateway,
        world.bank_wire().unwrap(),
        alter,
    )
    .await;
    let (to, relayed) = (gateway.to_string(), relay.address.to_string());
    let (dir, known) = (world.dir.as_path(), ["--config", "cobrand.toml", "--link", "northbank", "--at"]);
    let with = |command: &[&str], to: &str| {
        let at = at().to_string();
        let arguments = [command, &["--to", to], &known, &[&at]].concat();
        tokio::task::block_in_place(|| told(dir, &arguments))
    };

    let (status, said) = with(&["certify", "--out", "good"], &to);
    assert_eq!(status, Some(0), "{said}");
    assert!(said.contains("mandatory    ") && said.contains(" 0 failed, 0 skipped"), "{said}");
    let (status, said) = with(&["certify", "--out", "bad", "--case", "TYP-01", "--seed", "2"], &relayed);
    assert_eq!(status, Some(1), "{said}");
    assert!(said.contains("DE37: expected an echo of the request, found another value"), "{said}");
    for folder in ["good", "bad"] {
        for name in ["report.html", "junit.xml", "evidence.json", "SHA256SUMS"] {
            let text = read(&dir.join(folder).join(name));
            let hexadecimal = "34 31 31 31 31 31";
            assert!(!text.contains(MEMBER) && !text.contains(STRANGER), "{folder}/{name}");
            assert!(!text.contains(hexadecimal), "{folder}/{name}");
        }
    }
    assert!(read(&dir.join("bad/report.html")).contains("DE37"));

    let (status, said) = with(&["simulate", "--scenario", "all", "--junit", "junit.xml"], &to);
    assert_eq!(status, Some(0), "{said}");
    assert!(said.contains("chargeback: passed") && !said.contains(MEMBER), "{said}");
    assert!(read(&dir.join("junit.xml")).contains("tests=\"13\" failures=\"0\""));
    let (status, said) = with(&["simulate", "--seed", "3", "--json"], &relayed);
    assert_eq!(status, Some(1), "{said}");

    // The layer that failed is named.
    let nobody = format!("127.0.0.1:{}", support_link::free_port());
    let (status, said) = with(&["simulate"], &nobody);
    assert!(status == Some(1) && said.contains("TCP: "), "{said}");
    let (status, said) = with(&["simulate", "--server-name", "other.example"], &to);
    assert!(status == Some(1) && said.contains("TLS: "), "{said}");
    let stranger = ["simulate", "--certificate", "certs/gateway.pem", "--key", "certs/gateway.key"];
    let (status, said) = with(&stranger, &to);
    assert!(status == Some(1) && said.contains("sign-on: "), "{said}");
    drop(relay);
    world.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bank_that_clears_otherwise_and_a_member_whose_cap_is_used_up_are_certified_too() {
    for (clearing_source, declared) in [
        ("file", ClearingSource::File),
        ("single_message", ClearingSource::SingleMessage),
        ("advice", ClearingSource::Advice),
    ] {
        let options = WorldOptions { log_to_file: false, clearing_source, ..WorldOptions::default() };
        let world = World::start(options).await.unwrap();
        enroll(&world, &[MEMBER]).await;
        let target = target(&world, world.gateway().unwrap().address());
        let mut parties = parties();
        parties.clearing_source = declared;
        if declared == ClearingSource::Advice {
            // One purchase is worth more than the cap of a month.
            parties.amount_minor = 20_000_000;
        }
        let cases = [Pack::standard().cases, scenario::all()].concat();
        let mut composer = Composer::new(parties, 7, at());
        let report = run(&cases, &target, &mut composer, this_run("all"), |_| {}).await;
        assert!(report.passed(), "{clearing_source}: {}", said(&report));
        world.stop().await.unwrap();
    }
}

/// A world whose bank writes otherwise: a dialect file and further lines of its `[[link]]`.
async fn world_of(dialect: &str, link_wire: &str) -> World {
    let file = |name: &str, text: &str| (name.to_owned(), text.to_owned());
    let options = WorldOptions {
        log_to_file: false,
        link_wire: format!("dialect = \"bank.toml\"\n{link_wire}"),
        files: vec![file("bank.toml", dialect), file("bank.key", "2b7e151628aed2a6abf7158809cf4f3c")],
        ..WorldOptions::default()
    };
    let world = World::start(options).await.unwrap();
    enroll(&world, &[MEMBER]).await;
    world
}

const BCD: &str = include_str!("dialect_files/bcd.toml");
const MAC: &str = "[link.mac]\n[[link.mac.key]]\nversion = 1\nfile = \"bank.key\"\n";

#[tokio::test(flavor = "multi_thread")]
async fn links_of_every_kind_are_certified_and_what_has_no_meaning_there_is_skipped() {
    let ebcdic = include_str!("dialect_files/ebcdic.toml");
    let (iso93, iso93_bcd) =
        (include_str!("dialect_files/iso93.toml"), include_str!("dialect_files/iso93-bcd.toml"));
    // A bitmap of bits has no wrong digits, EBCDIC nothing beyond ASCII; an empty frame of cs is a keep-alive; the
    // header of VisaNet counts the message; totals are of 1987.
    for (dialect, more, skipped) in [
        (BCD, format!("framing = \"hex-4\"\nheader = \"tpdu\"\n{MAC}"), &["NEG-02"][..]),
        (
            ebcdic,
            "framing = \"cs\"\nheader = \"visanet\"".to_owned(),
            &["MAC-01", "MAC-02", "NEG-01", "NEG-02", "NEG-07", "NEG-08", "NEG-10"],
        ),
        (iso93, "framing = \"ascii-4\"".to_owned(), &["TOT-01", "TOT-02", "MAC-01", "MAC-02"]),
        (
            iso93_bcd,
            format!(
                "framing = \"bcd-2\"\nheader = \"literal:ISO\"\n{}",
                MAC.replace("[link.mac]", "[link.mac]\nresponse_code = \"909\"")
            ),
            &["TOT-01", "TOT-02", "NEG-02"],
        ),
    ] {
        let world = world_of(dialect, &more).await;
        let target = target(&world, world.gateway().unwrap().address());
        target.probe().await.unwrap();
        let mut composer = Composer::new(parties(), 7, at());
        let cases = [scenario::all(), Pack::standard().cases, Pack::negative().cases].concat();
        let report = run(&cases, &target, &mut composer, this_run("all"), |_| {}).await;
        let failed: Vec<_> = report.cases.iter().filter(|case| case.verdict == Verdict::Failed).collect();
        assert!(failed.is_empty(), "{more}: {}", said(&report));
        let was_skipped = report.cases.iter().filter(|case| matches!(case.verdict, Verdict::Skipped(_)));
        assert_eq!(was_skipped.map(|case| case.id).collect::<Vec<_>>(), skipped, "{more}");
        world.stop().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_that_takes_messages_without_a_right_mac_is_told() {
    let world = world_of(BCD, MAC).await;
    let (gateway, wire) = (world.gateway().unwrap().address(), world.bank_wire().unwrap());
    let alter: Alteration = Arc::new(|answer| {
        let refused = answer.mti() == Mti::new("0230") && answer.get(39) != Some("00");
        Some(if refused { answer.set(39, "00") } else { answer })
    });
    let relay =
        Relay::start(world.assembly.tls().unwrap(), world.bank_tls().unwrap(), gateway, wire, alter).await;
    let cases = Pack::standard().only(&MAC_CASES.map(str::to_owned)).cases;
    let mut composer = Composer::new(parties(), 7, at());
    let report =
        run(&cases, &target(&world, relay.address), &mut composer, this_run("standard"), |_| {}).await;
    assert!(!report.passed());
    for case in &report.cases {
        let blamed: Vec<_> = case.failures().map(|(_, check)| check.field.as_str()).collect();
        assert_eq!(blamed, ["DE39"], "{}", said(&report));
    }
    world.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_commands_speak_as_the_link_does_or_as_they_are_told() {
    let world = world_of(BCD, &format!("framing = \"vmli\"\nheader = \"tpdu\"\n{MAC}")).await;
    let (to, at) = (world.gateway().unwrap().address().to_string(), at().to_string());
    let dir = world.dir.as_path();
    let with = |arguments: &[&str]| {
        let arguments = [arguments, &["--to", &to, "--at", &at]].concat();
        tokio::task::block_in_place(|| told(dir, &arguments))
    };
    let known = ["--config", "cobrand.toml", "--link", "northbank"];
    let (status, said) = with(&[&["certify", "--out", "of-link"][..], &known].concat());
    assert_eq!(status, Some(0), "{said}");
    assert!(said.contains("dialect test-bcd, framing vmli, header tpdu, MAC key version 1"), "{said}");
    for name in ["report.html", "junit.xml", "evidence.json"] {
        let text = read(&dir.join("of-link").join(name));
        assert!(!text.contains(MEMBER) && !text.contains("41 11 11 11"), "{name}");
    }
    assert!(read(&dir.join("of-link/evidence.json")).contains("\"framing\": \"vmli\""));
    assert!(read(&dir.join("of-link/report.html")).contains("dialect test-bcd"));

    let ours =
        ["--ca", "certs/ca.pem", "--certificate", "certs/northbank.pem", "--key", "certs/northbank.key"];
    let spoken = ["--dialect", "bank.toml", "--framing", "vmli", "--header", "tpdu:6000031234"];
    let mac = ["--mac-key", "bank.key", "--mac-algorithm", "aes-cmac"];
    let (status, said) = with(&[&["simulate"][..], &ours, &spoken, &mac].concat());
    assert_eq!(status, Some(0), "{said}");
    // Without its MAC a purchase is refused, and the answer says why.
    let (status, said) = with(&[&["simulate"][..], &ours, &spoken].concat());
    assert!(status == Some(1) && said.contains("mac_missing"), "{said}");
    for (option, value, expected) in [
        ("--dialect", "nobody", "neither a file nor a built-in dialect"),
        ("--framing", "ascii4", "did you mean `ascii-4`"),
        ("--header", "tpud", "found `tpud`"),
        ("--framing", "binary-2", "sign-on: "),
    ] {
        let (status, said) = with(&[&["simulate"][..], &known, &[option, value]].concat());
        assert!(status == Some(1) && said.contains(expected), "{option} {value}: {said}");
    }
    world.stop().await.unwrap();
}

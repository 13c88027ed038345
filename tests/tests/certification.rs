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
    script::{Agreed, ClearingSource, Composer, Parties, Target},
};
use cobrand::demo::{World, WorldOptions};
use iso8583::{Builder, Mti, Pan};
use jiff::{Timestamp, tz::TimeZone};
use support_link::{PATIENCE, cobrand, enroll};

const MEMBER: &str = TEST_PANS[0];
const STRANGER: &str = TEST_PANS[20];
/// A published test number in none of the bank's ranges.
const OTHER_BANK: &str = "6011111111111117";

/// Skipped where the bank clears by advices and no MAC is agreed.
const NOT_FOR_ADVICES: [&str; 3] = ["MAC-01", "MAC-02", "RES-08"];
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
        agreed: boreal_gold(),
        clearing_source: ClearingSource::Advice,
        zone: TimeZone::get("Europe/Moscow").unwrap(),
    }
}

/// What the sample's program grants on a Saturday, as an operator would type it.
fn boreal_gold() -> Agreed {
    Agreed {
        earn: Some("1/6000:each_full_step".parse().unwrap()),
        bonus: Some("0".parse().unwrap()),
        till_bonus: Some("1/1".parse().unwrap()),
        till_discount: Some("3%:floor".parse().unwrap()),
    }
}

fn this_run(pack: &str) -> Run {
    let (pack, gateway) = (pack.to_owned(), "the test's".to_owned());
    let agreed = boreal_gold().to_string();
    Run { pack, gateway, wire: WireNames::default(), agreed, seed: 7, at: at(), started: at() }
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
    // Without keys there is no MAC to be wrong, and no other source presents.
    let not_passed = report.cases.iter().filter(|case| case.verdict != Verdict::Passed).map(|case| case.id);
    assert_eq!(not_passed.collect::<Vec<_>>(), NOT_FOR_ADVICES, "{}", said(&report));
    let miles = report.cases.iter().flat_map(|case| &case.steps).flat_map(|step| &step.checks);
    assert!(miles.clone().any(|check| check.field == "DE48 BM"));
    assert!(
        miles.clone().all(|check| !check.found.contains("miles were not checked")),
        "a fresh member has miles"
    );
    assert!(report.tally(Some(Level::Mandatory)).passed > 40);
    support_link::replays(&world).await;
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

/// DE15 of a day that is not near.
fn far_away() -> String {
    jiff::Zoned::now().date().saturating_add(jiff::Span::new().days(120)).strftime("%m%d").to_string()
}

/// Answers that are well-formed, each by itself, and still not what the contract says.
fn deceptive_answers() -> Vec<Wrong> {
    let result = |what, case, mti, field, when, text| other_result(what, (case, mti, field), when, text);
    let booked = "ST006bookedRS007cleared";
    let (fifteen, ten) = ("ST006bookedRS007clearedBM00215XM0010", "ST006bookedRS007clearedBM00210XM0010");
    let great = "ST011provisionalRS008estimateBM0049999XM0010";
    let bonus = "ST011provisionalRS008estimateBM00210XM0017";
    let reversed = "ST008reversedRS008reversedBM002-7XM0010";
    let refunded = "ST008reversedRS008refundedBM002-7XM0010";
    let blanks = MEMBER.as_bytes().chunks(4).map(|four| std::str::from_utf8(four).unwrap());
    let blanks = blanks.collect::<Vec<_>>().join(" ");
    let behind: String = MEMBER.chars().map(|digit| format!("3{digit}")).collect();
    let far = far_away();
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
        wrong("a number that does not move", ("TOT-02", "0510", "DE76"), |answer| {
            answer.set(76, "0000000000")
        }),
        wrong("authorizations that do not count", ("TOT-02", "0510", "DE81"), |answer| {
            answer.set(81, "0000000000")
        }),
        wrong("a fee left out", ("TOT-02", "0510", "DE82"), |answer| answer.remove(82)),
        wrong("a fee out of the air", ("TOT-02", "0510", "DE85"), counting_up(85, 12)),
        wrong("an advice out of balance", ("TOT-03", "0530", "DE66"), |answer| answer.set(66, "2")),
        wrong("an advice without DE66", ("TOT-03", "0530", "DE66"), |answer| answer.remove(66)),
        wrong("an advice without the totals", ("TOT-03", "0530", "DE74"), |answer| answer.remove(74)),
        Wrong {
            what: "no answer to an advice",
            case: "TOT-03",
            field: "link",
            alter: Arc::new(|answer| (answer.mti() != Mti::new("0530")).then_some(answer)),
        },
        wrong("in balance never", ("TOT-02", "0510", "DE66"), |answer| answer.set(66, "2")),
        result("another total", "TOT-02", "0510", "DE48 ER", "DE88", "ST004noneRS014out_of_balanceER004DE86"),
        wrong("another date", ("NET-05", "0810", "DE15"), move |answer| match answer.get(15) {
            Some(_) => answer.set(15, far.clone()),
            None => answer,
        }),
        wrong("no date", ("NET-05", "0810", "DE15"), |answer| answer.remove(15)),
        wrong("a key change that is taken", ("NET-09", "0810", "DE39"), |answer| match answer.get(39) {
            Some("12") => answer.set(39, "00"),
            _ => answer,
        }),
        wrong("a key change that is unknown", ("NET-09", "0810", "DE48 ST"), |answer| answer.remove(48)),
    ]
}

/// Another value of an amount each time.
fn counting_up(de: u8, digits: usize) -> impl Fn(Builder) -> Builder + Send + Sync {
    let count = AtomicUsize::new(0);
    move |answer| answer.set(de, format!("{:0digits$}", count.fetch_add(1, Ordering::Relaxed)))
}

/// Changes DE48 of answers of this type that have that text in it.
fn other_result(
    what: &'static str,
    (case, mti, field): (&'static str, &'static str, &'static str),
    when: &'static str,
    text: &'static str,
) -> Wrong {
    wrong(what, (case, mti, field), move |answer| {
        let meant = answer.get(48).is_some_and(|result| result.contains(when));
        if meant { answer.set(48, text) } else { answer }
    })
}

/// Answers that agree among themselves and still are not what the program grants: only who knows the rates sees it.
fn answers_of_another_rate() -> Vec<Wrong> {
    let bm = |case, mti| (case, mti, "DE48 BM");
    let dc = |case, mti| (case, mti, "DE48 DC");
    let (cleared, refunded, offered) = ("cleared", "refunded", "ST011provisionalRS008estimate");
    let nine = "ST011provisionalRS008estimateBM0019XM0010";
    let booked_nine = "ST006bookedRS007clearedBM0019XM0010";
    vec![
        other_result("less for a request", bm("TYP-01", "0110"), offered, nine),
        other_result(
            "nothing taken back by a reversal",
            bm("REV-03", "0430"),
            "reversed",
            "ST008reversedRS008reversed",
        ),
        other_result(
            "nothing taken back by a refund",
            bm("REF-01", "0230"),
            "refunded",
            "ST008reversedRS008refunded",
        ),
        other_result("less for an advice", bm("TYP-02", "0130"), offered, nine),
        other_result("less for a financial request", bm("TYP-03", "0210"), offered, nine),
        other_result(
            "none for a request",
            bm("TYP-01", "0110"),
            offered,
            "ST004noneRS020below_the_first_mile",
        ),
        other_result("less without authorization", bm("RES-06", "0230"), cleared, booked_nine),
        other_result(
            "what was authorized",
            bm("RES-07", "0230"),
            cleared,
            "ST006bookedRS007clearedBM00210XM0010",
        ),
        other_result(
            "more for a part of a reversal",
            bm("REV-02", "0430"),
            "reversed",
            "ST008reversedRS022authorization_reversedBM002-7XM0010",
        ),
        other_result(
            "less than is left",
            bm("REV-07", "0230"),
            cleared,
            "ST006bookedRS007clearedBM0013XM0010",
        ),
        other_result(
            "less for a refunded part",
            bm("REF-02", "0230"),
            refunded,
            "ST008reversedRS008refundedBM002-3XM0010",
        ),
        other_result(
            "all for a refunded part",
            bm("REF-02", "0230"),
            refunded,
            "ST008reversedRS008refundedBM003-10XM0010",
        ),
        other_result(
            "something for no original",
            bm("REF-03", "0230"),
            refunded,
            "ST008reversedRS008refundedBM002-1XM0010",
        ),
        other_result(
            "a bonus",
            ("RES-06", "0230", "DE48 XM"),
            cleared,
            "ST006bookedRS007clearedBM00210XM00210",
        ),
        other_result(
            "a discount anywhere",
            dc("RES-06", "0230"),
            cleared,
            "ST006bookedRS007clearedBM00210XM0010DC003100",
        ),
        wrong("another discount", dc("TIL-01", "0110"), |answer| match answer.get(54) {
            Some(_) => answer
                .set(4, "000000058800")
                .set(48, "ST011provisionalRS008estimateBM0019XM0019DC0041200DM007at_till"),
            None => answer,
        }),
        other_result(
            "no bonus at the till",
            ("TIL-01", "0110", "DE48 XM"),
            "at_till",
            "ST011provisionalRS008estimateBM0019XM0010DC0041800DM007at_till",
        ),
        other_result(
            "less discount than offered",
            dc("TIL-02", "0230"),
            cleared,
            "ST006bookedRS007clearedBM0019XM0019DC0041799DM007at_till",
        ),
        other_result(
            "a discount all the same",
            dc("TIL-03", "0230"),
            cleared,
            "ST006bookedRS007clearedBM00210XM00210DC0041800DM007at_till",
        ),
        other_result(
            "fewer at another amount",
            bm("TIL-05", "0230"),
            cleared,
            "ST006bookedRS007clearedBM0018XM0018",
        ),
        other_result(
            "a discount at another amount",
            dc("TIL-05", "0230"),
            cleared,
            "ST006bookedRS007clearedBM0019XM0019DC0041620DM007at_till",
        ),
        other_result(
            "a discount that stays",
            dc("TIL-06", "0230"),
            refunded,
            "ST008reversedRS008refundedBM002-9XM002-9",
        ),
        other_result(
            "a discount rounded otherwise",
            dc("TIL-07", "0230"),
            refunded,
            "ST008reversedRS008refundedBM002-4XM002-4DC004-742DM007at_till",
        ),
    ]
}

/// The same on links that clear by files or by 0200.
fn answers_of_another_rate_elsewhere(clearing_source: ClearingSource) -> Vec<Wrong> {
    let bm = |case, mti| (case, mti, "DE48 BM");
    let nine = "ST011provisionalRS008estimateBM0019XM0010";
    let booked_nine = "ST006bookedRS007clearedBM0019XM0010";
    let booked = other_result(
        "a presentment that books",
        ("RES-08", "0230", "DE48 BM"),
        "another_source",
        "ST004noneRS028clearing_from_another_sourceBM00210XM0010",
    );
    let partly = other_result(
        "less for a part of a reversal",
        bm("REV-02", "0430"),
        "reversed",
        "ST008reversedRS022authorization_reversedBM002-5XM0010",
    );
    let both =
        vec![booked, partly, other_result("less for a request", bm("TYP-01", "0110"), "estimate", nine)];
    let of_source = match clearing_source {
        ClearingSource::File => {
            vec![other_result("less for a financial request", bm("TYP-03", "0210"), "estimate", nine)]
        }
        _ => vec![
            other_result("less for all", bm("TYP-04", "0210"), "cleared", booked_nine),
            other_result(
                "more than is cleared",
                bm("RES-07", "0210"),
                "cleared",
                "ST006bookedRS007clearedBM00212XM0010",
            ),
            other_result(
                "all in every part",
                bm("RES-05", "0210"),
                "cleared",
                "ST006bookedRS007clearedBM00210XM0010",
            ),
            other_result(
                "less for a refunded part",
                bm("REF-02", "0210"),
                "refunded",
                "ST008reversedRS008refundedBM002-3XM0010",
            ),
            other_result(
                "no discount",
                ("TIL-02", "0210", "DE48 DC"),
                "cleared",
                "ST006bookedRS007clearedBM0019XM0019DM007at_till",
            ),
        ],
    };
    both.into_iter().chain(of_source).collect()
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

/// Each of these fails its case, which names the field and nothing else.
async fn each_is_named(world: &World, parties: &Parties, rows: impl IntoIterator<Item = Wrong>) {
    let gateway = world.gateway().unwrap().address();
    let bank = world.bank_tls().unwrap();
    for (number, row) in (1..).zip(rows) {
        let Wrong { what, case, field, alter } = row;
        let relay = Relay::start(
            world.assembly.tls().unwrap(),
            bank.clone(),
            gateway,
            world.bank_wire().unwrap(),
            alter,
        )
        .await;
        let target = Target { patience: Duration::from_secs(3), ..target(world, relay.address) };
        let pack = Pack::standard().only(&[case.to_owned()]);
        let mut composer = Composer::new(parties.clone(), number, at());
        let report = run(&pack.cases, &target, &mut composer, this_run("standard"), |_| {}).await;
        let failures: Vec<_> = report.cases[0].failures().collect();
        assert!(!report.passed(), "{field}, {what}: the case {case} passed");
        assert_eq!(failures[0].1.field, field, "{case}, {what}: {}", said(&report));
        // Nothing else is blamed; but a wrong date, or wrong totals, are what the next messages of these cases say.
        let element = field.split(' ').next().unwrap();
        let says_it_again = ["NET-05", "TOT-02", "TOT-03"].contains(&case);
        let alone = failures.iter().all(|(_, check)| check.field.starts_with(element));
        assert!(alone || says_it_again, "{}", said(&report));
        assert!(!said(&report).contains(MEMBER), "{field}");
        let junit = evidence::junit(&report);
        assert!(junit.contains(&format!("{field}: expected")), "{junit}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_with_one_wrong_field_fails_the_case_that_names_it() {
    let world = world().await;
    let rows = wrong_answers().into_iter().chain(deceptive_answers());
    each_is_named(&world, &parties(), rows).await;
    world.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_that_grants_other_miles_than_were_stated_is_told_where() {
    let roomy = || {
        let rules = include_str!("../../docs/samples/programs/boreal-gold.toml");
        let rules =
            rules.split("# ---------------------------------------------------------------- tests").next();
        // So many purchases of one member would reach the cap.
        Some(rules.unwrap().replace("miles_max = 1500", "miles_max = 1500000"))
    };
    for (source, declared) in [
        ("advice", ClearingSource::Advice),
        ("file", ClearingSource::File),
        ("single_message", ClearingSource::SingleMessage),
    ] {
        let options = WorldOptions {
            log_to_file: false,
            clearing_source: source,
            program: roomy(),
            ..WorldOptions::default()
        };
        let world = World::start(options).await.unwrap();
        enroll(&world, &[MEMBER]).await;
        let parties = Parties { clearing_source: declared, ..parties() };
        let rows = match declared {
            ClearingSource::Advice => answers_of_another_rate(),
            _ => answers_of_another_rate_elsewhere(declared),
        };
        each_is_named(&world, &parties, rows).await;
        world.stop().await.unwrap();
    }
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
    let far = far_away();
    let alter: Alteration = Arc::new(move |answer| {
        Some(match (answer.mti().as_str(), answer.get(15)) {
            ("0110", _) => answer.set(37, "999999999999"),
            ("0810", Some(_)) => answer.set(15, far.clone()),
            _ => answer,
        })
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
    assert!(said.contains("standard: failed"), "{said}");
    let (status, said) = with(&["certify", "--out", "date", "--case", "NET-05", "--seed", "2"], &relayed);
    assert_eq!(status, Some(1), "{said}");
    assert!(said.contains("hint: the gateway's clock shows another day"), "{said}");
    for folder in ["good", "bad"] {
        for name in ["report.html", "junit.xml", "evidence.json", "SHA256SUMS"] {
            let text = read(&dir.join(folder).join(name));
            let hexadecimal = "34 31 31 31 31 31";
            assert!(!text.contains(MEMBER) && !text.contains(STRANGER), "{folder}/{name}");
            assert!(!text.contains(hexadecimal), "{folder}/{name}");
        }
    }
    assert!(read(&dir.join("bad/report.html")).contains("DE37"));

    // What is stated is what answers are held against, and the evidence says so.
    let stated = ["certify", "--out", "stated", "--case", "TYP-01", "--seed", "4", "--bonus", "0"];
    let (status, said) = with(&[&stated[..], &["--earn", "1/6000"]].concat(), &to);
    assert_eq!(status, Some(0), "{said}");
    let (status, said) = with(&[&stated[..], &["--earn", "1/7000:half_up"]].concat(), &to);
    assert_eq!(status, Some(1), "{said}");
    let expected = "DE48 BM: expected 9: 60000 minor units at 1/7000:half_up, found 10";
    assert!(said.contains(expected), "{said}");
    assert!(read(&dir.join("stated/report.html")).contains("earn 1/7000:half_up, bonus 0/1:floor"));
    let (status, said) = with(&[&stated[..], &["--earn", "7000"]].concat(), &to);
    assert!(status == Some(2) && said.contains("such as 1/6000"), "{said}");
    let (status, said) = with(&["certify", "--out", "no"], "127.0.0.1:0");
    assert!(status == Some(1) && said.contains("any free port (0)"), "{said}");

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
            parties.agreed = Agreed::default();
        }
        let cases = [Pack::standard().cases, scenario::all()].concat();
        let mut composer = Composer::new(parties, 7, at());
        let report = run(&cases, &target, &mut composer, this_run("all"), |_| {}).await;
        assert!(report.passed(), "{clearing_source}: {}", said(&report));
        world.stop().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rates_are_not_held_against_what_a_used_up_cap_has_kept() {
    let world = world().await;
    let target = target(&world, world.gateway().unwrap().address());
    // One purchase is worth more than the cap of a month.
    let great = Parties { amount_minor: 20_000_000, agreed: Agreed::default(), ..parties() };
    let once = [scenario::named("force-post").unwrap()];
    let report = run(&once, &target, &mut Composer::new(great, 7, at()), this_run("all"), |_| {}).await;
    assert!(report.passed(), "{}", said(&report));
    let cases = [Pack::standard().cases, scenario::all()].concat();
    let mut composer = Composer::new(parties(), 8, at());
    let report = run(&cases, &target, &mut composer, this_run("standard"), |_| {}).await;
    assert!(report.passed(), "{}", said(&report));
    let refund = report.cases.iter().find(|case| case.id == "REF-01").unwrap();
    let why = "miles were not checked, because the answer to \"clearing\" says cap_truncates";
    assert!(refund.steps.iter().flat_map(|step| &step.checks).any(|check| check.found == why));

    // Nobody can take back what was never granted.
    let rows = vec![
        other_result(
            "what a cap has kept is taken back",
            ("REV-03", "0430", "DE48 BM"),
            "reversed",
            "ST008reversedRS008reversedBM003-10XM0010",
        ),
        other_result(
            "miles at the till beside those that the cap has kept",
            ("TIL-02", "0110", "DE48 BM"),
            "at_till",
            "ST011provisionalRS008estimateBM0015XM0010DC0041800DM007at_till",
        ),
    ];
    each_is_named(&world, &parties(), rows).await;
    world.stop().await.unwrap();
}

/// An answer to totals with zeros in all of them, that says of the first that state some that they are in balance.
fn counting_nothing() -> Alteration {
    let asked = AtomicUsize::new(0);
    Arc::new(move |answer: Builder| {
        if answer.mti() != Mti::new("0510") {
            return Some(answer);
        }
        let zeros = (74..=89).filter_map(|de| Some((de, "0".repeat(answer.get(de)?.len()))));
        let zeros = zeros.collect::<Vec<_>>();
        let answer = zeros.into_iter().fold(answer, |answer, (de, zeros)| answer.set(de, zeros));
        let answer = answer.set(97, format!("C{:016}", 0));
        if answer.get(66) == Some("9") {
            return Some(answer);
        }
        Some(match asked.fetch_add(1, Ordering::Relaxed) {
            0 => answer.set(66, "1").set(48, "ST004noneRS010in_balance"),
            _ => answer.set(66, "2").set(48, "ST004noneRS014out_of_balanceER004DE88"),
        })
    })
}

/// The date of a cut-over's answer, one day earlier.
fn the_day_before(answer: Builder) -> Option<Builder> {
    let of_cut_over = answer.get(15).filter(|_| answer.mti() == Mti::new("0810"));
    let Some(date) = of_cut_over else { return Some(answer) };
    let (month, day) = date.split_at(2);
    let date = jiff::civil::date(2024, month.parse().unwrap(), day.parse().unwrap()).yesterday().unwrap();
    Some(answer.set(15, date.strftime("%m%d").to_string()))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_that_counts_nothing_or_opens_no_date_is_told_by_what_does_not_move() {
    let world = world().await;
    for (case, alter, named) in [
        (
            "TOT-02",
            counting_nothing(),
            &["DE74", "DE75", "DE76", "DE77", "DE81", "DE86", "DE87", "DE88", "DE89"][..],
        ),
        ("NET-05", Arc::new(the_day_before), &["DE81"]),
    ] {
        let relay = Relay::start(
            world.assembly.tls().unwrap(),
            world.bank_tls().unwrap(),
            world.gateway().unwrap().address(),
            world.bank_wire().unwrap(),
            alter,
        )
        .await;
        let cases = Pack::standard().only(&[case.to_owned()]).cases;
        let mut composer = Composer::new(parties(), 9, at());
        let target = target(&world, relay.address);
        let report = run(&cases, &target, &mut composer, this_run("standard"), |_| {}).await;
        assert!(!report.passed(), "{case}");
        let after = report.cases[0].steps.iter().find(|step| step.label == "totals after").unwrap();
        let blamed: Vec<_> = after.failures().map(|check| check.field.as_str()).collect();
        assert_eq!(blamed, named, "{case}: {}", said(&report));
    }
    world.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_totals_of_1993_are_named_too() {
    let dialect = "name = \"bank\"\nextends = \"iso93-ascii\"\nversion = 1993";
    let world = world_of(dialect, "framing = \"ascii-4\"").await;
    let own = target(&world, world.gateway().unwrap().address());
    let cases = Pack::standard().only(&["TOT-01", "TOT-02", "TOT-03", "NET-05"].map(str::to_owned)).cases;
    let mut composer = Composer::new(parties(), 7, at());
    let report = run(&cases, &own, &mut composer, this_run("standard"), |_| {}).await;
    assert_eq!(report.tally(None).passed, cases.len(), "{}", said(&report));
    let never = |answer: Builder| match answer.get(39) {
        Some("500") => answer.set(39, "501"),
        _ => answer,
    };
    let rows = vec![
        wrong("a number that does not move", ("TOT-02", "1510", "DE76"), |answer| {
            answer.set(76, "0000000000")
        }),
        wrong("a number out of the air", ("TOT-02", "1510", "DE83"), counting_up(83, 10)),
        wrong("in balance never", ("TOT-02", "1510", "DE39"), never),
        wrong("an advice out of balance", ("TOT-03", "1530", "DE39"), never),
    ];
    each_is_named(&world, &parties(), rows).await;
    world.stop().await.unwrap();
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
    // header of VisaNet counts the message. All clear by advices.
    for (dialect, more, skipped) in [
        (BCD, format!("framing = \"hex-4\"\nheader = \"tpdu\"\n{MAC}"), &["NEG-02"][..]),
        (
            ebcdic,
            "framing = \"cs\"\nheader = \"visanet\"".to_owned(),
            &["MAC-01", "MAC-02", "NEG-01", "NEG-02", "NEG-07", "NEG-08", "NEG-10"],
        ),
        (iso93, "framing = \"ascii-4\"".to_owned(), &["MAC-01", "MAC-02"]),
        (
            iso93_bcd,
            format!(
                "framing = \"bcd-2\"\nheader = \"literal:ISO\"\n{}",
                MAC.replace("[link.mac]", "[link.mac]\nresponse_code = \"909\"")
            ),
            &["NEG-02"],
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
        let was_skipped = was_skipped.map(|case| case.id).filter(|id| *id != "RES-08");
        assert_eq!(was_skipped.collect::<Vec<_>>(), skipped, "{more}");
        world.stop().await.unwrap();
    }
}

/// The codes of network management that a run has sent, each once.
fn codes_sent(report: &Report) -> Vec<String> {
    let steps = report.cases.iter().flat_map(|case| &case.steps).filter_map(|step| step.sent.as_ref());
    let codes =
        steps.flat_map(|sent| &sent.fields).filter(|field| ["DE70", "DE24"].contains(&&*field.element));
    let mut codes: Vec<String> = codes.map(|field| field.value.clone()).collect();
    codes.sort_unstable();
    codes.dedup();
    codes
}

#[tokio::test(flavor = "multi_thread")]
async fn network_management_has_the_codes_that_are_agreed() {
    let network: Vec<String> = ["NET-01", "NET-02", "NET-04", "NET-05", "NET-06", "NET-07", "NET-09"]
        .into_iter()
        .map(str::to_owned)
        .collect();
    for (version, codes, sent) in [
        (
            1987,
            "sign_on = [\"081\"]\nsign_off = [\"082\"]\necho = [\"999\"]\ncut_over = [\"202\"]\n\
          key_change = [\"163\", \"164\"]",
            &["081", "082", "163", "164", "202", "998", "999"][..],
        ),
        (1993, "sign_on = [\"803\"]\nkey_change = [\"813\"]", &["802", "803", "813", "821", "831", "999"]),
    ] {
        let dialect = if version == 1987 { "iso87-ascii" } else { "iso93-ascii" };
        let link_wire = format!("dialect = \"{dialect}\"\n[link.network_codes]\n{codes}");
        let world = World::start(WorldOptions { log_to_file: false, link_wire, ..WorldOptions::default() })
            .await
            .unwrap();
        enroll(&world, &[MEMBER]).await;
        let target = target(&world, world.gateway().unwrap().address());
        target.probe().await.unwrap();
        let mut composer = Composer::new(parties(), 7, at());
        let cases = Pack::standard().only(&network).cases;
        let report = run(&cases, &target, &mut composer, this_run("standard"), |_| {}).await;
        assert_eq!(report.tally(None).passed, cases.len(), "{}", said(&report));
        let codes: Vec<String> = codes_sent(&report);
        assert!(sent.iter().all(|code| codes.iter().any(|one| one == code)), "{codes:?}");
        assert!(!codes.iter().any(|code| ["001", "161", "801", "812"].contains(&&**code)), "{codes:?}");

        // The command takes them from the link, or is told them.
        let (to, at) = (world.gateway().unwrap().address().to_string(), at().to_string());
        let known = ["certify", "--config", "cobrand.toml", "--link", "northbank", "--to", &to, "--at", &at];
        let case = ["--case", "NET-09", "--out", "of-link"];
        let told = |more: &[&str]| {
            let arguments = [&known[..], &case, more].concat();
            tokio::task::block_in_place(|| told(&world.dir, &arguments))
        };
        let (status, said) = told(&[]);
        assert_eq!(status, Some(0), "{said}");
        let (status, said) = told(&["--network-code", "key_change=199"]);
        assert!(status == Some(1) && said.contains("DE48 RS: expected key_exchange_needs_hsm"), "{said}");
        let (status, said) = told(&["--network-code", "key_change="]);
        assert!(status == Some(0) && said.contains("no code of network management is agreed"), "{said}");
        let (status, said) = told(&["--network-code", "key=161"]);
        assert!(status == Some(2) && said.contains("expected one of sign_on, sign_off"), "{said}");
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
    for (option, value, status, expected) in [
        ("--dialect", "nobody", 2, "neither a file nor a built-in dialect"),
        ("--framing", "ascii4", 2, "did you mean `ascii-4`"),
        ("--header", "tpud", 2, "found `tpud`"),
        ("--framing", "binary-2", 1, "sign-on: "),
    ] {
        let (ended, said) = with(&[&["simulate"][..], &known, &[option, value]].concat());
        assert!(ended == Some(status) && said.contains(expected), "{option} {value}: {ended:?} {said}");
    }
    world.stop().await.unwrap();
}

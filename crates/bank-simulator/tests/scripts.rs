//! Scripts against gateways that the test makes up: what is sent is the same again, what comes back wrong is named,
//! and nothing that may be shown has a card number.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use std::time::Duration;

use bank_simulator::{
    Case, LinkOptions, NetworkFunction, TEST_PANS, WireNames,
    certification::{Pack, run},
    evidence,
    report::{Level, Report, Run, Verdict},
    scenario,
    script::{
        Agreed, ClearingSource, Composer, Damage, Draft, Edit, Parties, ShownMessage, Step, Target,
        masked_bytes, masked_value,
    },
};
use iso8583::{Builder, Dialect, Mti, Pan, Version, dialects};
use jiff::{Timestamp, tz::TimeZone};
use support::{Gateway, SECOND, authorization, merchants, reply};

const MEMBER: &str = TEST_PANS[0];

fn at() -> Timestamp {
    "2026-10-10T09:00:00Z".parse().unwrap()
}

fn parties() -> Parties {
    Parties {
        member: Pan::parse(MEMBER).unwrap(),
        stranger: Pan::parse(TEST_PANS[20]).unwrap(),
        other_bank: None,
        plain: merchants()[0].clone(),
        till: None,
        currency: "643".to_owned(),
        amount_minor: 60_000,
        agreed: Agreed::default(),
        clearing_source: ClearingSource::Advice,
        zone: TimeZone::UTC,
    }
}

fn target(gateway: &Gateway) -> Target {
    Target {
        address: gateway.address,
        tls: gateway.pki.client_tls(),
        options: LinkOptions::default(),
        patience: SECOND,
        quiet: Duration::from_millis(50),
    }
}

async fn report(cases: &[Case], target: &Target, seed: u64) -> Report {
    let run_of = Run {
        pack: "test".into(),
        gateway: "<&\">".into(),
        wire: WireNames::default(),
        agreed: "nothing".into(),
        seed,
        at: at(),
        started: at(),
    };
    run(cases, target, &mut Composer::new(parties(), seed, at()), run_of, |_| {}).await
}

fn said(report: &Report) -> Vec<String> {
    let failures = report.cases.iter().flat_map(|case| case.failures());
    failures.map(|(step, check)| format!("{step}: {check}")).collect()
}

/// A gateway that takes everything, with the loyalty result of a plain purchase.
fn taking(request: &Builder) -> Builder {
    let echoed = [12, 13, 15, 90].into_iter().filter_map(|de| Some((de, request.get(de)?.to_owned())));
    let answer = echoed.fold(reply(request, "00"), |answer, (de, value)| answer.set(de, value));
    match request.mti().class() {
        8 => answer,
        _ => answer.set(48, "ST011provisionalRS008estimate"),
    }
}

fn sent(report: &Report) -> Vec<Vec<String>> {
    let of_case = |case: &bank_simulator::report::CaseResult| {
        case.steps.iter().filter_map(|step| Some(format!("{:?}", step.sent.as_ref()?.fields))).collect()
    };
    report.cases.iter().map(of_case).collect()
}

#[tokio::test]
async fn the_same_seed_and_time_give_the_same_messages_whatever_else_is_played() {
    let gateway = Gateway::answering(taking).await;
    let target = target(&gateway);
    let all = [scenario::named("cut-over").unwrap(), scenario::named("late-reply").unwrap()];
    let first = sent(&report(&all, &target, 1).await);
    assert_eq!(first, sent(&report(&all, &target, 1).await));
    assert_eq!(first[1..], sent(&report(&all[1..], &target, 1).await));
    assert_ne!(first, sent(&report(&all, &target, 2).await));
}

#[tokio::test]
async fn what_is_wrong_is_named_and_what_is_lacking_is_skipped() {
    let gateway = Gateway::start(|_, mut peer| async move {
        while let Some(request) = peer.next_financial().await {
            match request.mti().as_str() {
                "0110" => peer.send(&taking(&request)).await,
                "0120" => peer.send_frame(b"0130nonsense").await,
                "0200" => {
                    peer.send(&taking(&request)).await;
                    peer.send(&taking(&request)).await;
                }
                "0400" => return,
                _ => peer.send(&taking(&request).remove(37).set(2, MEMBER)).await,
            }
        }
    })
    .await;
    let case = |step| vec![Case::new("X", "", "", "").step(step)];
    let target = target(&gateway);
    let of = async |step| said(&report(&case(step), &target, 1).await).join("\n");

    let text = of(Step::send("it", Draft::new("0100")).code("00")).await;
    assert_eq!(
        text,
        "it: DE37: expected an echo of the request, found nothing\n\
         it: DE2: expected nothing in an answer, found card data\n\
         it: DE2: expected nothing: the contract has no such element in this answer, found a value\n\
         it: DE2: expected no card number in an answer, found one"
    );
    let text = of(Step::send_in_vain("it", Draft::new("0110"))).await;
    assert_eq!(text, "it: answer: expected none, found one");
    let text = of(Step::send("it", Draft::new("0120"))).await;
    assert!(text.starts_with("it: answer: expected a message of the dialect, found bitmap 1 at"), "{text}");
    let text = of(Step::send("it", Draft::new("0400"))).await;
    assert!(text.starts_with("it: link: expected an answer, found link closed"), "{text}");
    let text = of(Step::send_fatal("it", Draft::new("0100"), Damage::FrameCutShort)).await;
    assert!(text.contains("that the gateway ends the connection"), "{text}");
    let twice = Case::new("X", "", "", "")
        .step(Step::send("it", Draft::new("0200")))
        .step(Step::send("echo", Draft::network(NetworkFunction::Echo)));
    let text = said(&report(&[twice], &target, 1).await).join("\n");
    assert!(text.contains("end: link: expected no further messages, found 1"), "{text}");

    let till = Pack::standard().only(&["TIL-01".to_owned()]);
    let skipped = report(&till.cases, &target, 1).await;
    assert!(matches!(&skipped.cases[0].verdict, Verdict::Skipped(why) if why.contains("no merchant")));
    assert!(skipped.passed());
    assert!(evidence::junit(&skipped).contains("<skipped message="));
}

#[tokio::test]
async fn a_message_that_is_never_answered_and_a_card_that_is_wrong_are_no_panic() {
    let gateway =
        Gateway::start(|_, mut peer| async move { while peer.next_financial().await.is_some() {} }).await;
    let target = Target { patience: Duration::from_millis(100), ..target(&gateway) };
    let cases = [scenario::named("reversal-on-timeout").unwrap(), scenario::named("late-reply").unwrap()];
    let report = report(&cases, &target, 1).await;
    assert_eq!(report.tally(None).failed, 2);
    assert!(said(&report).iter().all(|line| line.contains("no reply within 100ms")), "{:?}", said(&report));
    let unmakeable = Draft::new("0100").edit(Edit::Set(4, "x"));
    let cases = [Case::new("X", "", "", "").step(Step::send("it", unmakeable))];
    let report = self::report(&cases, &target, 1).await;
    assert!(said(&report)[0].starts_with("it: message: expected that it can be made"), "{:?}", said(&report));
}

#[tokio::test]
async fn an_optional_case_that_does_not_pass_is_told_and_makes_no_build_fail() {
    let gateway = Gateway::answering(taking).await;
    let case = |id, level| {
        let echo = Step::send("echo", Draft::network(NetworkFunction::Echo)).code("12");
        Case::new(id, "", "", "").level(level).step(echo)
    };
    let optional = report(&[case("X", Level::Optional)], &target(&gateway), 1).await;
    let junit = evidence::junit(&optional);
    let told = "<skipped message=\"optional and not passed: echo: DE39: expected 12, found 00\"/>";
    assert!(optional.passed() && junit.contains(told), "{junit}");
    assert!(
        junit.contains("failures=\"0\" errors=\"0\" skipped=\"1\"") && !junit.contains("<failure"),
        "{junit}"
    );
    assert!(junit.contains("<property name=\"agreed\" value=\"nothing\"/>"), "{junit}");
    is_well_formed(&junit);
    let binding = report(&[case("X", Level::Conditional)], &target(&gateway), 1).await;
    let junit = evidence::junit(&binding);
    assert!(!binding.passed() && junit.contains("failures=\"1\"") && junit.contains("<failure"), "{junit}");
    is_well_formed(&junit);
}

/// Every element is closed, attributes are quoted, and there is no raw control character.
fn is_well_formed(xml: &str) {
    let mut open = Vec::new();
    for tag in xml.split('<').skip(1) {
        let (tag, text) = tag.split_once('>').unwrap();
        assert!(!text.contains('"') || !text.contains('&') || text.contains(';'), "{text}");
        let name = tag.split([' ', '/']).find(|part| !part.is_empty()).unwrap();
        if tag.starts_with('/') {
            assert_eq!(open.pop(), Some(name), "{xml}");
        } else if !tag.ends_with(['/', '?']) {
            open.push(name);
        }
        assert!(tag.matches('"').count().is_multiple_of(2), "{tag}");
    }
    assert!(open.is_empty() && !xml.chars().any(|c| c.is_control() && c != '\n'), "{xml}");
}

#[tokio::test]
async fn evidence_is_whole_escaped_and_has_its_hashes() {
    let gateway = Gateway::answering(|request| taking(request).set(44, "<script>&\"'</script>")).await;
    let report = report(&Pack::standard().cases, &target(&gateway), 1).await;
    // The contract has no DE44 in an answer, so no case that gets one passes.
    assert!(report.tally(None).failed > 0);
    let folder = std::env::temp_dir().join(format!("evidence-{}", std::process::id()));
    evidence::write(&report, &folder).unwrap();
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap();
    let (page, xml, json) = (read("report.html"), read("junit.xml"), read("evidence.json"));
    is_well_formed(&xml);
    let value: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(value["cases"].as_array().unwrap().len(), report.cases.len());
    assert!(!page.contains("<script>") && page.contains("prefers-color-scheme"));
    for text in [&page, &xml, &json] {
        assert!(!text.contains(MEMBER) && !text.contains(TEST_PANS[20]) && !text.contains("34 31 31 31 31"));
    }
    let sums = read("SHA256SUMS");
    for line in sums.lines() {
        let (sum, name) = line.split_once("  ").unwrap();
        let found = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, read(name).as_bytes());
        assert_eq!(hex::encode(found), sum, "{name}");
    }
    assert_eq!(sums.lines().count(), 3);
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn every_case_and_step_can_be_told_apart_and_names_what_is_there() {
    let cases = [scenario::all(), Pack::standard().cases, Pack::negative().cases].concat();
    let mut ids: Vec<_> = cases.iter().map(|case| case.id).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), cases.len());
    let contract = include_str!("../../../docs/message-spec/link.md");
    for case in &cases {
        assert!(contract.contains(&format!("# {}\n", case.section)), "{}: {}", case.id, case.section);
        assert!(!case.title.is_empty() && case.purpose.ends_with('.'), "{}", case.id);
    }
    assert_eq!(scenario::all().len(), 13);
    assert!(scenario::named("nobody").is_none() && Pack::named("nobody").is_none());
    assert!(Pack::NAMES.iter().all(|name| Pack::named(name).unwrap().name == *name));
}

#[test]
fn bytes_and_values_of_cards_are_masked_wherever_the_message_breaks() {
    let track = format!("{MEMBER}=29121010000012345678");
    let message = authorization(1)
        .set(14, "2912")
        .set(35, track)
        .set(37, "000000000001")
        .set(48, format!("CARD {MEMBER}."))
        .set(52, "0123456789ABCDEF");
    let whole = message.encode(dialects::iso87_ascii()).unwrap();
    let shown = |bytes: &[u8]| {
        let text: String = masked_bytes(dialects::iso87_ascii(), bytes)
            .iter()
            .map(|byte| char::from(byte.unwrap_or(b'*')))
            .collect();
        (text, format!("{:?}", ShownMessage::of(dialects::iso87_ascii(), bytes)))
    };
    let (text, all) = shown(&whole);
    assert_eq!(text.len(), whole.len());
    assert!(text.contains("16************1111000000") && text.contains("000000000001"), "{text}");
    assert!(text.contains("CARD ************1111."), "{text}");
    assert!(!text.contains("2912") && !text.contains("0123456789ABCDEF"), "{text}");
    assert!(all.contains("****1111") && !all.contains("411111"), "{all}");
    // Cut anywhere, and with each byte wrong: nothing of the number but its end.
    let free_text = dialects::iso87_ascii().decode(&whole).unwrap().offset(48).unwrap();
    for cut in 0..whole.len() {
        let mut wrong = whole.clone();
        // A number that is broken inside free text is none.
        wrong[cut.min(free_text - 1)] = b'~';
        for bytes in [&whole[..cut], &wrong[..]] {
            let (text, all) = shown(bytes);
            assert!(!text.contains("411111") && !all.contains("411111"), "{cut}: {text}");
            assert!(!text.contains("ABCDEF"), "{cut}: {text}");
        }
    }
    assert_eq!(masked_value(2, "4111"), "****");
    assert_eq!(masked_value(39, "00"), "00");
    assert_eq!(masked_value(35, "4111"), "[dropped]");
    assert_eq!(ShownMessage::of(dialects::iso87_ascii(), b"\x00\x01\x02\x03\x04").summary, "????");
    // A message that lacks what is mandatory may be of another dialect, so it is whole here.
    let reply = Builder::new(Mti::new("0810")).set(7, "1010090500").set(11, "000001").set(39, "00");
    let reply = reply.set(70, "301").encode(dialects::iso87_ascii()).unwrap();
    let shown = ShownMessage::of(dialects::iso87_ascii(), &reply).summary;
    assert_eq!(shown, "0810 DE39=00 DE70=301 DE11=000001");
}

/// Dialects in which the same card is written in other bytes.
fn other_dialects() -> Vec<Dialect> {
    let wires = [
        "mti = \"bcd\"\nbitmap = \"binary\"\ndigits = \"bcd\"\nlengths = \"bcd\"\nbinary = \"binary\"\npad_variable = \"right\"",
        "digits = \"bcd\"\ntrack = \"bcd\"\npad_digit = \"f\"",
        "mti = \"ebcdic-037\"\ntext = \"ebcdic-037\"\nlengths = \"ebcdic\"\nbitmap = \"ebcdic-hex-037\"",
        "header = \"literal:ISO\"\nlengths = \"binary\"",
    ];
    let made = wires.iter().enumerate().map(|(number, wire)| {
        Dialect::from_toml(&format!("name = \"d{number}\"\nextends = \"iso87-ascii\"\n[wire]\n{wire}\n"))
            .unwrap()
    });
    made.chain(dialects::all().cloned()).collect()
}

/// The hexadecimal digits of what is left of a message: of packed, ASCII and EBCDIC digits.
fn left(dialect: &Dialect, bytes: &[u8]) -> [String; 2] {
    let masked = masked_bytes(dialect, bytes);
    let packed = masked.iter().map(|byte| byte.map_or("**".to_owned(), |byte| format!("{byte:02x}")));
    let digits = masked.iter().map(|byte| match byte {
        Some(byte @ (0x30..=0x39 | 0xF0..=0xF9)) => char::from(b'0' + (byte & 15)),
        _ => '*',
    });
    [packed.collect(), digits.collect()]
}

#[test]
fn cards_are_masked_in_every_encoding_wherever_the_message_breaks() {
    // 16 and 19 digits: an odd number has a pad.
    for pan in [MEMBER, "4111111111111111110"] {
        let tail = &pan[pan.len() - 4..];
        let message = authorization(1)
            .set(2, pan)
            .set(14, "2912")
            .set(35, format!("{MEMBER}=29121010000012345678"))
            .set(48, format!("CARD {MEMBER}."))
            .set(52, "0123456789ABCDEF");
        for dialect in other_dialects().iter().filter(|dialect| dialect.version() == Version::V1987) {
            let Ok(whole) = message.encode(dialect) else { continue };
            let shown = ShownMessage::of(dialect, &whole);
            assert!(shown.summary.contains(&format!("DE2=****{tail}")), "{dialect:?} {}", shown.summary);
            assert!(!format!("{shown:?}").contains("41111111"), "{dialect:?}");
            let free_text = dialect.decode(&whole).unwrap().offset(48).unwrap();
            for cut in 0..=whole.len() {
                let mut wrong = whole.clone();
                // A number that is broken inside free text is none.
                wrong[cut.min(free_text - 1)] = 0xAF;
                for bytes in [&whole[..cut], &wrong[..]] {
                    assert!(!format!("{:?}", ShownMessage::of(dialect, bytes)).contains("1111111111"));
                }
                for text in [left(dialect, &whole[..cut]), left(dialect, &wrong)].as_flattened() {
                    assert!(!text.contains("4111111"), "{dialect:?} {cut}: {text}");
                    assert!(!text.contains("1111111111"), "{dialect:?} {cut}: {text}");
                    assert!(!text.contains("0123456789abcdef"), "{dialect:?} {cut}: {text}");
                }
            }
        }
    }
}

//! A day from messages to files, with what its bank and partners say of it afterwards: honest inputs have no break, and each
//! that is altered has one of its class. By the command line.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support_answers;
mod support_link;
mod support_statements;

use bank_simulator::{
    Money, WorkedMerchants,
    clearing_file::{ClearingFileRecord, ClearingKind, arn, csv_text},
    test_pan,
};
use cobrand::demo::World;
use domain::AnswerVerdict;
use serde_json::Value;
use support_answers::answer_to;
use support_link::{cobrand, said};
use support_statements::{DATE, HEADER, closed_day, file, must, state, told};

const PARTNERS: [&str; 3] = ["airboreal", "kosta", "skyfuel"];
const LATER: &str = "2026-11-05T00:00:00Z";

fn clearing(world: &World, sequence: u32, minor: u64) -> bool {
    let at = WorkedMerchants::default().kosta;
    let reference = arn(&at.acquirer, 900 + u64::from(sequence));
    let record = ClearingFileRecord::purchase(
        test_pan("220000", 77).unwrap(),
        at,
        Money::rub(minor),
        DATE.at(12, 0, 0, 0),
        reference,
    );
    let text = csv_text(&[record.then(ClearingKind::Chargeback { partial: false })]);
    let name = format!("clr-{sequence}.csv");
    std::fs::write(world.dir.join(&name), text).unwrap();
    let (id, number) = (format!("CLR-{sequence}"), sequence.to_string());
    let words = ["clearing", "import", "--bank", "northbank", "--file-id", &id, "--sequence", &number];
    let output = cobrand(&world.dir, &[&words[..], &["--on", "2026-10-10", "--accept-gap", &name]].concat());
    output.status.success()
}

/// What is open, as `source class subject`, and the whole answer.
fn open(world: &World) -> (Vec<String>, Value) {
    let output = cobrand(&world.dir, &["reconcile", "--as-of", LATER, "--json"]);
    let found: Value =
        serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {}", said(&output)));
    let word = |of: &Value, key: &str| of[key].as_str().unwrap().to_owned();
    let told = |of: &Value| format!("{} {} {}", word(of, "source"), word(of, "class"), word(of, "subject"));
    let mut open: Vec<String> = found["open"].as_array().unwrap().iter().map(told).collect();
    open.sort();
    assert_eq!(output.status.code(), Some(i32::from(!open.is_empty())), "{}", said(&output));
    (open, found)
}

#[tokio::test(flavor = "multi_thread")]
async fn honest_inputs_have_no_break_and_each_altered_one_has_one_of_its_class() {
    let world = closed_day().await;
    let mut paid = Vec::new();
    for (number, partner) in PARTNERS.into_iter().enumerate() {
        let (lines, payments) = told(&world, partner);
        state(&world, partner, &lines);
        paid.extend(payments);
        // Kosta's answer waits.
        if number != 1 {
            let answer = answer_to(&file(&world, partner), 1, AnswerVerdict::Accepted);
            std::fs::write(world.dir.join("answer.txt"), answer.to_text()).unwrap();
            must(&world, &["partner", "acknowledge", "--file", "answer.txt"]);
        }
    }
    std::fs::write(world.dir.join("account.csv"), format!("{HEADER}{}\n", paid.join("\n"))).unwrap();
    let import = ["reconcile", "bank-statement", "--bank", "northbank", "--file", "account.csv"];
    must(&world, &import);
    clearing(&world, 1, 10_000);
    let (found, whole) = open(&world);
    assert_eq!(found, Vec::<String>::new(), "{whole}");
    let matched = |source: &str| {
        let of = whole["sources"].as_array().unwrap().iter().find(|of| of["source"] == source).unwrap();
        of["matched"].as_i64().unwrap()
    };
    for source in ["bank_clearing", "bank_statement", "acknowledgement", "partner_statement", "own_file"] {
        assert!(matched(source) > 0, "{source}: {whole}");
    }
    // Again: nothing is new, so nothing is compared.
    let (_, again) = open(&world);
    assert!(again["sources"].as_array().unwrap().iter().all(|of| of["compared"] == 0), "{again}");

    // The bank leaves a file out and sends the first one with another amount.
    assert!(!clearing(&world, 1, 20_000));
    clearing(&world, 3, 10_000);
    // An answer has the hash of other bytes.
    let mut answer = answer_to(&file(&world, "kosta"), 1, AnswerVerdict::Accepted);
    answer.answer.sha256 = Some([7; 32]);
    std::fs::write(world.dir.join("answer.txt"), answer.to_text()).unwrap();
    assert!(!cobrand(&world.dir, &["partner", "acknowledge", "--file", "answer.txt"]).status.success());
    // A further statement has a line once more, and one that is not ours.
    let (lines, _) = told(&world, "kosta");
    let twice = lines[0].clone();
    let id = twice.split(',').next().unwrap().to_owned();
    state(&world, "kosta", &[twice, "BOOK-9,2026-10-10,100,RUB,partner_pays_bank,".to_owned()]);
    // Our own file has another digit.
    let path = file(&world, "northbank");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.replacen("FH|2|TEST", "FH|2|LIVE", 1)).unwrap();
    let mut expected = vec![
        "bank_clearing altered_file CLR-1".to_owned(),
        "bank_clearing sequence_gap CLR-3".to_owned(),
        "acknowledgement altered_file kosta-boreal-gold-000001-0".to_owned(),
        format!("partner_statement duplicate {id}"),
        "partner_statement missing_ours BOOK-9".to_owned(),
        "own_file altered_file northbank-boreal-gold-000001-0".to_owned(),
    ];
    expected.sort();
    let (found, whole) = open(&world);
    assert_eq!(found, expected, "{whole}");
    // Each has a case, and what is put right is cured with it.
    let count = async |text: &str| -> i64 {
        world.assembly.pool.get().await.unwrap().query_one(text, &[]).await.unwrap().get(0)
    };
    assert_eq!(count("SELECT count(*) FROM break_case WHERE state <> 'resolved'").await, 6);
    std::fs::write(&path, &text).unwrap();
    assert_eq!(open(&world).0.len(), 5);
    assert_eq!(count("SELECT count(*) FROM break_case WHERE state = 'resolved'").await, 1);
    // Another instant than now moves cases as if it were then: not where money is paid.
    let config = world.dir.join("cobrand.toml");
    let text = std::fs::read_to_string(&config).unwrap();
    std::fs::write(&config, text.replacen("environment = \"test\"", "environment = \"live\"", 1)).unwrap();
    let before = count("SELECT count(*) FROM reconciliation_run").await;
    let output = cobrand(&world.dir, &["reconcile", "--as-of", "2026-10-12T00:00:00Z"]);
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    assert!(said(&output).contains("--as-of"), "{}", said(&output));
    assert_eq!(count("SELECT count(*) FROM reconciliation_run").await, before);
    world.stop().await.unwrap();
}

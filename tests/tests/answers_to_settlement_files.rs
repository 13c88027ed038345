//! Answers to settlement files over TLS, PostgreSQL and the command line: acknowledged, sent again, revised, disputed by
//! lines that two people decide, and everything that is no answer. Nothing of it changes what was published or booked.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support_answers;
mod support_link;

use std::{path::PathBuf, process::Output};

use bank_simulator::{Link, LinkOptions};
use cobrand::demo::{World, WorldOptions};
use domain::{AnswerOutcome, AnswerVerdict, DisputeCode, FileState, LineAnswer};
use iso8583::Mti;
use partner_adapters::{Acknowledgement, canonical::Environment};
use serde_json::Value;
use settlement::{AnswerError, AnswerTaken, Brought, ProgramSetup, verify_path};
use store::{FileStanding, StandingsOf};
use support_answers::answer_to;
use support_link::{PATIENCE, card, cobrand, enroll, purchase, said};

const PASSWORD: &str = "correct horse battery staple";
const PARTNER: &str = "airboreal";

/// What is done to a right answer.
type Change<'a> = &'a dyn Fn(&mut Acknowledgement);

/// A day with two purchases, closed; anna and boris are staff.
async fn closed_day() -> World {
    let world = World::start(WorldOptions { log_to_file: false, ..WorldOptions::default() }).await.unwrap();
    for name in ["anna", "boris"] {
        console::add_user(&world.assembly.pool, name, PASSWORD).await.unwrap();
    }
    std::fs::write(world.dir.join("password.txt"), PASSWORD).unwrap();
    enroll(&world, &[&card(1), &card(2)]).await;
    let address = world.gateway().unwrap().address();
    let link = Link::connect(address, &world.bank_tls().unwrap(), LinkOptions::default()).await.unwrap();
    link.sign_on().await.unwrap();
    for number in 1..=2 {
        let cleared = purchase(&card(u64::from(number)), number).with_mti(Mti::new("0220"));
        assert!(link.ask(cleared.set(38, "123456").set(39, "00"), PATIENCE).await.unwrap().is_taken());
    }
    json(&world, &["day", "close", "--program", "boreal-gold", "2026-10-10", "--early", "--json"]);
    world
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

/// Runs a command as a person of the staff.
fn by(world: &World, name: &str, words: &[&str]) -> Output {
    let staff = ["--as", name, "--password-file", "password.txt"];
    run(world, &words.iter().copied().chain(staff).collect::<Vec<_>>())
}

fn setup(world: &World) -> &ProgramSetup {
    &world.assembly.program("boreal-gold").unwrap().setup
}

fn sent(world: &World, receiver: &str, revision: i32) -> PathBuf {
    world.dir.join(format!("out/{receiver}_boreal-gold_2026-10-10_000001_{revision}.cbs"))
}

/// A right answer to a file, for the tests to change.
fn answer(world: &World, receiver: &str, number: i32, verdict: AnswerVerdict) -> Acknowledgement {
    answer_to(&sent(world, receiver, 0), number, verdict)
}

/// Brings bytes as the partner's own way would.
async fn bring(world: &World, bytes: &[u8]) -> Result<AnswerTaken, AnswerError> {
    let brought = Brought { receiver: Some(PARTNER), by: "test", at: world.assembly.clock.now() };
    let out = &world.assembly.config.settlement.out;
    settlement::take_answer(&world.assembly.pool, &[setup(world)], out, brought, bytes).await
}

async fn outcome(world: &World, answer: &Acknowledgement) -> AnswerOutcome {
    bring(world, answer.to_text().as_bytes()).await.unwrap().outcome
}

async fn standing(world: &World, revision: i32) -> FileStanding {
    let pool = &world.assembly.pool;
    let files = store::file_standings(pool, StandingsOf::Newest, Some(PARTNER), 10).await.unwrap();
    files.into_iter().find(|file| file.revision == revision).unwrap()
}

async fn count(world: &World, text: &str) -> i64 {
    world.assembly.pool.get().await.unwrap().query_one(text, &[]).await.unwrap().get(0)
}

/// All that is published and booked: answers change none of it.
async fn books(world: &World) -> (i64, i64, Vec<PathBuf>) {
    let transfers = count(world, "SELECT count(*) FROM transfer").await;
    let positions =
        count(world, "SELECT coalesce(sum(to_pay_minor), 0)::bigint FROM settlement_position").await;
    let folder = std::fs::read_dir(world.dir.join("out")).unwrap();
    let mut files: Vec<PathBuf> = folder.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    (transfers, positions, files)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_right_answer_changes_nothing_and_is_named() {
    let world = closed_day().await;
    let before = books(&world).await;
    let good = || answer(&world, PARTNER, 1, AnswerVerdict::Accepted);
    let with = |number: i32, change: Change<'_>| {
        let mut answer = good();
        answer.answer.number = number;
        change(&mut answer);
        answer
    };
    // Bytes that are no answer: each is kept once, and no number is used up.
    let text = good().to_text();
    let malformed: [Vec<u8>; 8] = [
        b"ACK".to_vec(),
        b"\xff\xfe\n".to_vec(),
        text.replace("END|2\n", "").into_bytes(),
        text.replace("|1|0|", "|1\0|0|").into_bytes(),
        text.replace("|1|0|", "|\u{661}|0|").into_bytes(),
        text.replace("airboreal-", "../../airboreal-").into_bytes(),
        vec![b'A'; partner_adapters::ACKNOWLEDGEMENT_BYTES_MAX + 1],
        b"{\"version\":\"1\",\"answer\":\"4111111111111111\"}".to_vec(),
    ];
    for bytes in &malformed {
        for _ in 0..2 {
            assert!(matches!(bring(&world, bytes).await, Err(AnswerError::Unreadable(_))), "{bytes:?}");
        }
    }
    let kept = "SELECT count(*) FROM settlement_answer WHERE outcome = 'unreadable' AND number IS NULL";
    assert_eq!(count(&world, kept).await, 8);
    let shown = "SELECT count(*) FROM settlement_answer WHERE body LIKE '%4111111111111111%'";
    assert_eq!(count(&world, shown).await, 0, "no card number is kept");
    // Somebody else's, to somebody else, of a trial that is none.
    let misdirected: [Change<'_>; 3] = [
        &|answer| answer.sender = "skyfuel".to_owned(),
        &|answer| answer.receiver = "southbank".to_owned(),
        &|answer| answer.environment = Environment::Live,
    ];
    for change in misdirected {
        let bytes = with(1, change).to_text();
        assert!(matches!(bring(&world, bytes.as_bytes()).await, Err(AnswerError::Misdirected(_))), "{bytes}");
    }
    // Read, and wrong: each takes a number and changes nothing but the state of its own file.
    let wrong: [(Change<'_>, AnswerOutcome); 9] = [
        (&|of| of.answer.file_id = "skyfuel-boreal-gold-000001-0".to_owned(), AnswerOutcome::UnknownFile),
        (&|of| of.answer.file_id = "northbank-boreal-gold-000001-0".to_owned(), AnswerOutcome::UnknownFile),
        (&|of| of.answer.file_id = "airboreal-boreal-gold-000002-0".to_owned(), AnswerOutcome::UnknownFile),
        (&|of| of.answer.sequence = 2, AnswerOutcome::UnknownFile),
        (
            &|of| {
                of.answer.revision = 1;
                of.answer.file_id = "airboreal-boreal-gold-000001-1".to_owned();
            },
            AnswerOutcome::UnknownFile,
        ),
        (&|of| of.answer.records = Some(1), AnswerOutcome::TotalsDiffer),
        (&|of| of.answer.totals = Some(Vec::new()), AnswerOutcome::TotalsDiffer),
        (&|of| of.answer.totals.as_mut().unwrap()[0].to_pay_minor += 1, AnswerOutcome::TotalsDiffer),
        (&|of| of.answer.sha256 = Some([0; 32]), AnswerOutcome::OtherBytes),
    ];
    for (number, (change, expected)) in (1..).zip(wrong) {
        assert_eq!(outcome(&world, &with(number, change)).await, expected, "answer {number}");
    }
    assert_eq!(standing(&world, 0).await.state, FileState::Differing);
    // Guessing tells nothing: whether the file is somebody's or nobody's, the answer is the same.
    assert_eq!(
        outcome(&world, &with(1, &|of| of.answer.records = Some(7))).await,
        AnswerOutcome::NumberTaken
    );
    // At last the right one, and again.
    assert_eq!(outcome(&world, &with(10, &|_| {})).await, AnswerOutcome::Acknowledged);
    let again = bring(&world, with(10, &|_| {}).to_text().as_bytes()).await.unwrap();
    assert_eq!((again.outcome, again.before), (AnswerOutcome::Replayed, Some(AnswerOutcome::Acknowledged)));
    assert_eq!(outcome(&world, &with(12, &|_| {})).await, AnswerOutcome::AcknowledgedAgain);
    assert_eq!(standing(&world, 0).await.state, FileState::Acknowledged);
    assert_eq!(books(&world).await, before);
    // Answer 11 has not come.
    let shown = json(&world, &["partner", "acknowledgements", "--partner", PARTNER, "--json"]);
    assert_eq!(shown["gaps"][0]["answers"][0], serde_json::json!({ "first": 11, "last": 11 }), "{shown}");
    world.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_cannot_be_read_comes_again_with_the_same_lines() {
    let world = closed_day().await;
    let nack = answer(&world, PARTNER, 1, AnswerVerdict::Transport);
    std::fs::write(world.dir.join("nack.txt"), nack.to_text()).unwrap();
    let taken = json(&world, &["partner", "acknowledge", "--file", "nack.txt", "--json"]);
    assert_eq!((&taken["outcome"], &taken["alarm"]), (&"resend".into(), &false.into()));
    assert_eq!(standing(&world, 0).await.state, FileState::Resent);

    let first = std::fs::read(sent(&world, PARTNER, 0)).unwrap();
    let layout = answer(&world, PARTNER, 2, AnswerVerdict::Layout);
    // Whoever takes the answer breaks off before the revision is made; then two make it at once.
    assert_eq!(outcome(&world, &layout).await, AnswerOutcome::NewRevision);
    assert!(!sent(&world, PARTNER, 1).exists());
    let (pool, out, now) =
        (&world.assembly.pool, &world.assembly.config.settlement.out, world.assembly.clock.now());
    // Without the terms of its day nothing is made, and nothing is lost.
    settlement::make_revisions(pool, &Default::default(), out, now).await.unwrap();
    assert!(!sent(&world, PARTNER, 1).exists());
    let setups = [(standing(&world, 0).await.cycle, setup(&world).clone())].into();
    let follow = || settlement::make_revisions(pool, &setups, out, now);
    let (one, other) = tokio::join!(follow(), follow());
    one.unwrap();
    other.unwrap();
    assert!(settlement::asked_again(pool).await.unwrap().is_empty());
    let (old, new) =
        (verify_path(&sent(&world, PARTNER, 0)).unwrap(), verify_path(&sent(&world, PARTNER, 1)).unwrap());
    assert_eq!((&old.batches, &old.totals, old.records), (&new.batches, &new.totals, new.records));
    assert_eq!(std::fs::read(sent(&world, PARTNER, 0)).unwrap(), first, "what was published stays");
    assert!(!sent(&world, PARTNER, 2).exists(), "two who follow one answer make one revision");
    let records = |revision| -> Vec<String> {
        let text = std::fs::read_to_string(sent(&world, PARTNER, revision)).unwrap();
        let lines = text.lines().filter(|record| !record.starts_with("FH|") && !record.starts_with("FT|"));
        lines.map(str::to_owned).collect()
    };
    assert_eq!(records(0), records(1));
    // Rendering again gives the same bytes.
    let cycle = standing(&world, 0).await.cycle;
    let again = out.join("again");
    settlement::regenerate(pool, setup(&world), cycle, out, &again).await.unwrap();
    let name = sent(&world, PARTNER, 1).file_name().unwrap().to_owned();
    let rendered = std::fs::read(again.join(name)).expect("the newest edition");
    assert_eq!(rendered, std::fs::read(sent(&world, PARTNER, 1)).unwrap());

    // The edition before is nobody's business any more; the new one is acknowledged.
    assert_eq!(standing(&world, 0).await.state, FileState::Replaced);
    let late = answer(&world, PARTNER, 3, AnswerVerdict::Accepted);
    assert_eq!(outcome(&world, &late).await, AnswerOutcome::OlderRevision);
    let mut ack = answer(&world, PARTNER, 4, AnswerVerdict::Accepted);
    ack.answer.revision = 1;
    ack.answer.file_id = "airboreal-boreal-gold-000001-1".to_owned();
    let mut hash = [0; 32];
    hex::decode_to_slice(&new.sha256, &mut hash).unwrap();
    ack.answer.sha256 = Some(hash);
    assert_eq!(outcome(&world, &ack).await, AnswerOutcome::Acknowledged);
    ack.answer.number = 5;
    ack.answer.verdict = AnswerVerdict::Layout;
    assert_eq!(outcome(&world, &ack).await, AnswerOutcome::Contradiction);
    // A file that is gone from the folder is no reason to take an answer blindly.
    std::fs::remove_file(sent(&world, PARTNER, 1)).unwrap();
    ack.answer.number = 6;
    let gone = bring(&world, ack.to_text().as_bytes()).await.unwrap_err();
    assert!(matches!(gone, AnswerError::FileGone { .. }), "{gone}");
    world.stop().await.unwrap();
}

/// Ids of the lines in the partner's file.
fn lines(world: &World) -> Vec<String> {
    let text = std::fs::read_to_string(sent(world, PARTNER, 0)).unwrap();
    let lines = text.lines().filter(|line| line.starts_with("TX|"));
    lines.map(|line| line.split('|').nth(1).unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn disputed_lines_become_adjustments_when_two_people_agree() {
    let world = closed_day().await;
    let before = books(&world).await;
    let [first, second] = &lines(&world)[..] else { panic!("two lines") };
    let line =
        |id: &str, code, theirs| LineAnswer { line: id.to_owned(), code, theirs, reference: "INV-7".into() };
    let disputed =
        vec![line(first, DisputeCode::Duplicate, None), line(second, DisputeCode::Price, Some((500, 100)))];
    let unknown = vec![line("boreal-gold-000001-airboreal-RUB-999999", DisputeCode::NotOurs, None)];
    let nack = |number, lines| answer(&world, PARTNER, number, AnswerVerdict::Content(lines));
    assert_eq!(outcome(&world, &nack(1, unknown)).await, AnswerOutcome::UnknownLines);
    // As JSON, as the API has it.
    let bytes = serde_json::to_vec(&nack(2, disputed.clone()).to_json()).unwrap();
    assert_eq!(bring(&world, &bytes).await.unwrap().outcome, AnswerOutcome::Disputed);
    assert_eq!(outcome(&world, &nack(3, disputed.clone())).await, AnswerOutcome::DisputedAgain);
    assert_eq!(standing(&world, 0).await.state, FileState::Disputed);

    let listed = json(&world, &["partner", "dispute", "list", "--json"]);
    let ids: Vec<String> =
        listed.as_array().unwrap().iter().map(|dispute| dispute["dispute"].to_string()).collect();
    assert_eq!((ids.len(), &listed[0]["state"], &listed[1]["net_minor"]), (2, &"open".into(), &500.into()));
    let reason = ["--reason", "seen in their ledger"];
    let propose = |name: &str, words: &[&str]| {
        let all: Vec<&str> =
            ["partner", "dispute", "propose"].iter().chain(words).chain(&reason).copied().collect();
        by(&world, name, &all)
    };
    let decide = |name: &str, words: &[&str]| {
        let all: Vec<&str> =
            ["partner", "dispute", "decide"].iter().chain(words).chain(&reason).copied().collect();
        by(&world, name, &all)
    };
    assert!(propose("anna", &[&ids[0], "--correct"]).status.success());
    let twice = propose("boris", &[&ids[0], "--leave"]);
    assert!(said(&twice).contains("the dispute is proposed already"), "{}", said(&twice));
    let own = decide("anna", &[&ids[0], "--approve"]);
    assert_eq!(own.status.code(), Some(1), "{}", said(&own));
    assert!(said(&own).contains("nobody approves his own proposal"), "{}", said(&own));
    // The database itself refuses it.
    let client = world.assembly.pool.get().await.unwrap();
    let text = "INSERT INTO adjustment_decision SELECT proposal_id, proposed_by, verdict, 'approved', proposed_by, now(), 'x' \
                FROM adjustment_proposal";
    let refused = client.execute(text, &[]).await.unwrap_err();
    assert_eq!(
        refused.as_db_error().unwrap().constraint(),
        Some("adjustment_decision_by_another_person"),
        "{refused:?}"
    );
    drop(client);
    assert!(decide("boris", &[&ids[0], "--refuse"]).status.success());
    assert!(propose("boris", &[&ids[0], "--correct"]).status.success());
    assert!(decide("anna", &[&ids[0], "--approve"]).status.success());
    assert!(said(&decide("anna", &[&ids[0], "--approve"])).contains("somebody has decided"), "once");
    let card = by(
        &world,
        "anna",
        &["partner", "dispute", "propose", &ids[1], "--leave", "--reason", "4111111111111111"],
    );
    assert_eq!(card.status.code(), Some(2), "{}", said(&card));
    assert!(propose("anna", &[&ids[1], "--leave"]).status.success());
    assert_eq!(standing(&world, 0).await.state, FileState::Disputed);
    assert!(decide("boris", &[&ids[1], "--approve"]).status.success());
    assert_eq!(standing(&world, 0).await.state, FileState::Acknowledged, "all is decided");
    let late = nack(4, vec![disputed[0].clone()]);
    assert_eq!(outcome(&world, &late).await, AnswerOutcome::LinesDecided);
    assert_eq!(books(&world).await, before, "nothing is booked before the next close");

    the_next_cycle_takes_them_once(&world, first).await;
    world.stop().await.unwrap();
}

/// The correction of the line and a manual adjustment go into one cycle, the same ones however often it asks.
async fn the_next_cycle_takes_them_once(world: &World, line: &str) {
    let manual_by = |name: &str, direction: &str| {
        let words = [
            "partner",
            "adjust",
            "propose",
            "--program",
            "boreal-gold",
            "--partner",
            PARTNER,
            "--currency",
            "RUB",
            "--direction",
            direction,
            "--net",
            "-700",
            "--original",
            "contract 7",
            "--reason",
            "agreed by letter",
        ];
        by(world, name, &words)
    };
    let manual = |direction: &str| manual_by("anna", direction);
    let wrong = manual("sideways");
    assert_eq!(wrong.status.code(), Some(2), "{}", said(&wrong));
    assert!(manual("bank_pays_partner").status.success());
    let listed = json(world, &["partner", "adjust", "list", "--json"]);
    let waits = listed.as_array().unwrap().iter().find(|one| one["state"] == "proposed").unwrap();
    let id = waits["proposal"].to_string();
    let approve =
        |name: &str| by(world, name, &["partner", "adjust", "approve", &id, "--reason", "so it is"]);
    assert_eq!(approve("anna").status.code(), Some(1), "not by the one who proposed it");
    assert!(approve("boris").status.success());
    // Whoever proposed takes it back with the role with which one proposes; of others only an approver says no.
    for name in ["rita", "nina"] {
        let roles = domain::Roles::from_iter([domain::Role::Reconciler]);
        let new = console::NewUser { name, password: PASSWORD, roles, partner: None, by: "operator" };
        console::add_user_as(&world.assembly.pool, &new).await.unwrap();
    }
    assert!(manual_by("rita", "bank_pays_partner").status.success());
    let listed = json(world, &["partner", "adjust", "list", "--json"]);
    let waits = listed.as_array().unwrap().iter().find(|one| one["state"] == "proposed").unwrap();
    let own = waits["proposal"].to_string();
    let reject = |name: &str| by(world, name, &["partner", "adjust", "reject", &own, "--reason", "wrong"]);
    let refused = reject("nina");
    assert!(said(&refused).contains("nina does not have the role approver"), "{}", said(&refused));
    let taken_back = reject("rita");
    assert!(taken_back.status.success(), "{}", said(&taken_back));

    let (pool, setup) = (&world.assembly.pool, setup(world));
    let cycles = store::cycles(pool, setup.id).await.unwrap();
    let (next, rub) = (cycles.last().unwrap().id, domain::Currency(643));
    let take = async |commit: bool| {
        let mut client = pool.get().await.unwrap();
        let transaction = client.transaction().await.unwrap();
        let partner = setup.cobrand_partner;
        let taken = store::take_adjustments(&transaction, next, partner, rub).await.unwrap();
        if commit {
            transaction.commit().await.unwrap();
        }
        taken
    };
    let broken_off = take(false).await;
    let taken = take(true).await;
    assert_eq!(broken_off, taken);
    let originals: Vec<&str> = taken.iter().map(|row| row.original.as_str()).collect();
    assert_eq!(originals, [line, "contract 7"]);
    assert!(taken[0].record.as_deref().unwrap().starts_with("TX|"));
    let sent = settlement::line_in_file(&self::sent(world, PARTNER, 0), &hash(world), line).unwrap();
    let sum = |items: &[domain::AdjustedItem]| domain::sums(items).unwrap();
    let ((net, vat), (net_back, vat_back)) = (sum(&sent.items), sum(&taken[0].items));
    assert_eq!((net + net_back, vat + vat_back), (0, 0), "the whole line is taken back");
    assert_eq!(sum(&taken[1].items), (-700, 0));
    // What is approved afterwards waits for the cycle behind.
    assert!(manual("bank_pays_partner").status.success());
    let listed = json(world, &["partner", "adjust", "list", "--json"]);
    let id = listed.as_array().unwrap().iter().find(|one| one["state"] == "proposed").unwrap()["proposal"]
        .to_string();
    assert!(by(world, "boris", &["partner", "adjust", "approve", &id, "--reason", "yes"]).status.success());
    assert_eq!(take(true).await, taken);
    assert_eq!(store::adjustments_of(pool, next).await.unwrap(), taken);
    the_next_files_have_them(world, line).await;
}

/// A close that comes after one that was killed when it had taken them writes the same ones; the day behind has the rest.
/// Nothing moved on either day.
async fn the_next_files_have_them(world: &World, line: &str) {
    let (pool, out, setup) = (&world.assembly.pool, &world.assembly.config.settlement.out, setup(world));
    let original = std::fs::read_to_string(sent(world, PARTNER, 0)).unwrap();
    let original: Vec<&str> =
        original.lines().find(|record| record.contains(line)).unwrap().split('|').collect();
    let mut earlier = verify_path(&sent(world, PARTNER, 0)).unwrap();
    for (day, expected) in [(11, vec![("contract 7", -700), (line, 0)]), (12, vec![("contract 7", -700)])] {
        let date = jiff::civil::date(2026, 10, day);
        let closed = settlement::close_day(pool, setup, date, out).await.unwrap();
        let file = closed.files.iter().find(|file| file.receiver == PARTNER).unwrap();
        let summary = verify_path(&file.path).unwrap();
        settlement::verify_chain(&earlier, &summary).unwrap();
        let bytes = std::fs::read_to_string(&file.path).unwrap();
        let corrections: Vec<Vec<&str>> = bytes
            .lines()
            .filter(|record| record.starts_with("AJ|"))
            .map(|record| record.split('|').collect())
            .collect();
        let originals: Vec<&str> = corrections.iter().map(|record| record[3]).collect();
        assert_eq!(originals, expected.iter().map(|(original, _)| *original).collect::<Vec<_>>(), "{bytes}");
        let mut owed = 0;
        for (record, (what, net)) in corrections.iter().zip(&expected) {
            let total: i64 = record.last().unwrap().parse().unwrap();
            owed += total;
            if *what == line {
                // By what its purchase is found, and what it took: all of it, backwards.
                assert_eq!(record[4..19], original[3..18], "{bytes}");
                assert_eq!(total, -original.last().unwrap().parse::<i64>().unwrap());
                // The terms tax miles with 20 % for the document, so the tax on the line goes back with it.
                assert!(bytes.contains("\nVD|") && total % 5 == 0, "{bytes}");
                owed += total / 5;
            } else {
                assert_eq!((record[4], total), ("0".repeat(48).as_str(), *net), "{bytes}");
            }
        }
        let [batch] = &summary.batches[..] else { panic!("one batch: {bytes}") };
        assert_eq!((batch.to_pay_minor, batch.direction.name()), (-owed, "partner_pays_bank"), "{bytes}");
        // The bank's file has the same batch, and rendering again gives the same bytes.
        let of_bank = closed.files.iter().find(|file| file.receiver == "northbank").unwrap();
        let of_bank = std::fs::read_to_string(&of_bank.path).unwrap();
        assert!(
            bytes
                .lines()
                .skip(1)
                .filter(|record| !record.starts_with("FT|"))
                .all(|record| { of_bank.lines().any(|other| other == record) })
        );
        let again = out.join(format!("again-{day}"));
        let rendered = settlement::regenerate(pool, setup, closed.cycle.id, out, &again).await.unwrap();
        assert_eq!(rendered.len(), closed.files.len());
        assert_eq!(std::fs::read_to_string(again.join(file.path.file_name().unwrap())).unwrap(), bytes);
        let twice = settlement::close_day(pool, setup, date, out).await.unwrap();
        assert!(twice.already_closed && twice.files == closed.files);
        earlier = summary;
    }
    let open = "SELECT count(*) FROM settlement_adjustment WHERE cycle_id IS NULL";
    assert_eq!(count(world, open).await, 0, "all are in a file");
}

fn hash(world: &World) -> [u8; 32] {
    let mut hash = [0; 32];
    hex::decode_to_slice(verify_path(&sent(world, PARTNER, 0)).unwrap().sha256, &mut hash).unwrap();
    hash
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_does_not_come_is_overdue_and_a_cycle_is_acknowledged_by_all_who_are_to() {
    let world = closed_day().await;
    let (pool, now) = (&world.assembly.pool, world.assembly.clock.now());
    let cycle = standing(&world, 0).await.cycle;
    assert!(!store::cycle_is_acknowledged(pool, cycle).await.unwrap(), "nobody is to answer");
    for (receiver, new) in [(PARTNER, 1), (PARTNER, 0), ("northbank", 1)] {
        assert_eq!(store::expect_answers(pool, receiver, 24, now).await.unwrap(), new, "{receiver}");
    }
    let file = standing(&world, 0).await;
    let hours = |hours| now + jiff::SignedDuration::from_hours(hours);
    assert_eq!((file.is_overdue(hours(23)), file.is_overdue(hours(24))), (false, true));
    assert_eq!(
        outcome(&world, &answer(&world, PARTNER, 1, AnswerVerdict::Accepted)).await,
        AnswerOutcome::Acknowledged
    );
    assert!(!standing(&world, 0).await.is_overdue(hours(1_000)));
    assert!(!store::cycle_is_acknowledged(pool, cycle).await.unwrap(), "the bank has not answered");
    let bank = answer(&world, "northbank", 1, AnswerVerdict::Accepted);
    std::fs::write(world.dir.join("ack.txt"), bank.to_text()).unwrap();
    let someone = run(&world, &["partner", "acknowledge", "--file", "ack.txt", "--partner", "skyfuel"]);
    assert_eq!(someone.status.code(), Some(1), "{}", said(&someone));
    let taken = json(&world, &["partner", "acknowledge", "--file", "ack.txt", "--json"]);
    assert_eq!(taken["outcome"], "acknowledged");
    assert!(store::cycle_is_acknowledged(pool, cycle).await.unwrap());
    let waiting = json(&world, &["partner", "acknowledgements", "--waiting", "--json"]);
    let receivers: Vec<&str> =
        waiting["files"].as_array().unwrap().iter().map(|file| file["receiver"].as_str().unwrap()).collect();
    assert!(!receivers.contains(&PARTNER) && !receivers.contains(&"northbank"), "{receivers:?}");
    world.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_s_statement_is_compared_with_what_was_settled() {
    let world = closed_day().await;
    let before = books(&world).await;
    let (ids, total) = (lines(&world), verify_path(&sent(&world, PARTNER, 0)).unwrap().totals[0].clone());
    let amount = |id: &str| {
        let line = settlement::line_in_file(&sent(&world, PARTNER, 0), &hash(&world), id).unwrap();
        let (net, vat) = domain::sums(&line.items).unwrap();
        (net + vat, line.stated.name())
    };
    let ((first, stated), (second, _)) = (amount(&ids[0]), amount(&ids[1]));
    let rows = [
        format!("{},2026-10-11,{first},RUB,{stated},", ids[0]),
        format!("INV-9,2026-10-11,{},RUB,{stated},our copy of {}", second + 1, ids[1]),
        format!("{},2026-10-12,{first},RUB,{stated},again", ids[0]),
        format!(
            "airboreal-boreal-gold-000001-0,2026-10-12,{},RUB,{},",
            total.to_pay_minor,
            total.direction.name()
        ),
        "boreal-gold-000001-airboreal-RUB-999999,2026-10-12,1,RUB,bank_pays_partner,".to_owned(),
        "skyfuel-boreal-gold-000001-0,2026-10-10,1,RUB,bank_pays_partner,somebody else's".to_owned(),
    ];
    let text = format!("reference,date,amount_minor,currency,direction,text\n{}\n", rows.join("\n"));
    std::fs::write(world.dir.join("statement.csv"), &text).unwrap();
    let import =
        ["partner", "statement", "import", "--partner", PARTNER, "--file", "statement.csv", "--json"];
    let shown = json(&world, &import);
    let results: Vec<&str> =
        shown["lines"].as_array().unwrap().iter().map(|line| line["result"].as_str().unwrap()).collect();
    assert_eq!(results, ["matched", "amount_differs", "repeated", "matched", "unknown_id", "not_named"]);
    assert_eq!((&shown["lines"][1]["our_minor"], &shown["imported_before"]), (&second.into(), &false.into()));
    let theirs = 2 * first + second + 1 + total.to_pay_minor + 2;
    assert_eq!(shown["totals"][0]["theirs_minor"], theirs, "{shown}");
    assert_eq!(shown["totals"][0]["ours_minor"], total.to_pay_minor);
    // The same bytes again are the same statement; what cannot be read, or is nobody's, is not kept.
    let again = json(&world, &import);
    assert_eq!((&again["statement"], &again["imported_before"]), (&shown["statement"], &true.into()));
    let id = shown["statement"].to_string();
    assert_eq!(json(&world, &["partner", "statement", "show", &id, "--json"])["lines"], shown["lines"]);
    std::fs::write(world.dir.join("bad.csv"), text.replace("2026-10-12", "12.10.2026")).unwrap();
    let bad = run(&world, &["partner", "statement", "import", "--partner", PARTNER, "--file", "bad.csv"]);
    assert!(said(&bad).contains("line 4: date: expected a date"), "{}", said(&bad));
    let nobody =
        run(&world, &["partner", "statement", "import", "--partner", "../x", "--file", "statement.csv"]);
    assert!(said(&nobody).contains("no partner and no bank has the code"), "{}", said(&nobody));
    assert_eq!(count(&world, "SELECT count(*) FROM partner_statement").await, 1);
    assert_eq!(books(&world).await, before);
    world.stop().await.unwrap();
}

//! A day's files reach partners in the formats of their files, and what partners put into their inboxes comes back: the
//! way from a bank's messages to an acknowledged cycle.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support_answers;
mod support_link;

use std::{collections::BTreeSet, path::PathBuf};

use cobrand::demo::{World, WorldOptions};
use domain::AnswerVerdict;
use serde_json::Value;
use settlement::{Collection, ProgramSetup};
use support_answers::answer_to;
use support_link::{cobrand, said, two_purchases};

const ALL: &str = "\"payout-csv\", \"camt.054\", \"camt.053\", \"statement.xlsx\", \"statement.pdf\"";

fn file(code: &str, of_file: &str, more: &str) -> (String, String) {
    let text = format!(
        "schema = \"partner/1\"\ncode = \"{code}\"\n[file]\n{of_file}\n[[transport]]\nkind = \"folder\"\n\
         path = \"../for-{code}\"\n[transport.inbox]\npath = \"../from-{code}\"\n{more}"
    );
    (format!("partners/{code}.toml"), text)
}

/// Three receivers, each with a folder for its files and one for its answers, and a day with two purchases, closed.
async fn closed_day(bank: &str) -> World {
    let mut files = vec![
        file(
            "skyfuel",
            &format!("also = [{ALL}]"),
            "[acknowledgement]\nexpected_within_hours = 24\n[statement]\nnames_begin_with = \"STATEMENT\"\n\
             format = \"payout\"\n",
        ),
        file("airboreal", "layout = \"own.toml\"\nalso = [\"payout-csv\"]", ""),
        file("northbank", bank, ""),
    ];
    let layout = include_str!("../../partner-adapters/src/formats/layouts/delimited.toml");
    files.push(("partners/own.toml".to_owned(), layout.replace("name = \"delimited\"", "name = \"own\"")));
    for code in ["skyfuel", "airboreal", "northbank"] {
        files.push((format!("for-{code}/.here"), String::new()));
        files.push((format!("from-{code}/.here"), String::new()));
    }
    let settlement =
        "partners = [\"partners/skyfuel.toml\", \"partners/airboreal.toml\", \"partners/northbank.toml\"]"
            .to_owned();
    let options = WorldOptions { log_to_file: false, files, settlement, ..WorldOptions::default() };
    let world = World::start(options).await.unwrap();
    let dispatch = world.assembly.dispatch().unwrap();
    for partner in world.assembly.connect_partners().unwrap() {
        settlement::register(&dispatch, &partner).await.unwrap();
    }
    two_purchases(&world).await;
    json(&world, &["day", "close", "--program", "boreal-gold", "2026-10-10", "--early", "--json"]);
    world
}

fn json(world: &World, words: &[&str]) -> Value {
    let output = cobrand(&world.dir, words);
    assert!(output.status.success(), "{words:?}: {}", said(&output));
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {}", said(&output)))
}

/// What `settle` does all the time, once: delivers what is due and looks into the inboxes.
async fn work(world: &World) -> Vec<Collection> {
    let dispatch = world.assembly.dispatch().unwrap();
    let setups: Vec<&ProgramSetup> = world.assembly.programs.iter().map(|loaded| &loaded.setup).collect();
    let mut found = Vec::new();
    for partner in world.assembly.connect_partners().unwrap() {
        for endpoint in &partner.endpoints {
            settlement::deliver_due(&dispatch, &partner, endpoint).await.unwrap();
            found.push(settlement::collect_answers(&dispatch, &setups, &partner, endpoint).await.unwrap());
        }
    }
    settlement::give_back(&dispatch).await.unwrap();
    found
}

/// The names of what a partner has got, each announced.
fn got(world: &World, code: &str) -> BTreeSet<String> {
    let folder = std::fs::read_dir(world.dir.join(format!("for-{code}"))).unwrap();
    let names: BTreeSet<String> =
        folder.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    let files: BTreeSet<String> =
        names.iter().filter(|name| !name.ends_with(".done") && *name != ".here").cloned().collect();
    for file in &files {
        assert!(names.contains(&format!("{file}.done")), "{file} is announced: {names:?}");
    }
    files
}

fn stems(code: &str, revision: i32, endings: &[&str]) -> BTreeSet<String> {
    let name = |ending: &&str| format!("{code}_boreal-gold_2026-10-10_000001_{revision}.{ending}");
    endings.iter().map(name).collect()
}

fn sent(world: &World, code: &str, revision: i32) -> PathBuf {
    world.dir.join(format!("out/{code}_boreal-gold_2026-10-10_000001_{revision}.cbs"))
}

fn put(world: &World, code: &str, name: &str, text: &str) {
    std::fs::write(world.dir.join(format!("from-{code}/{name}")), text).unwrap();
}

async fn text(world: &World, query: &str) -> String {
    world.assembly.pool.get().await.unwrap().query_one(query, &[]).await.unwrap().get(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn files_go_out_in_every_format_and_answers_come_back_by_the_inbox() {
    let world = closed_day("also = [\"statement.xlsx\"]").await;
    json(&world, &["partner", "acknowledgements", "--json"]);
    work(&world).await;
    let endings = ["cbs", "payout.csv", "camt.054.xml", "camt.053.xml", "statement.xlsx", "statement.pdf"];
    assert_eq!(got(&world, "skyfuel"), stems("skyfuel", 0, &endings));
    assert_eq!(
        got(&world, "airboreal"),
        stems("airboreal", 0, &["own.csv", "payout.csv"]),
        "no canonical one"
    );
    assert_eq!(got(&world, "northbank"), stems("northbank", 0, &["cbs", "statement.xlsx"]));
    let own = |ending: &str| {
        world.dir.join(format!("for-skyfuel/skyfuel_boreal-gold_2026-10-10_000001_0.{ending}"))
    };
    assert_eq!(std::fs::read(own("cbs")).unwrap(), std::fs::read(sent(&world, "skyfuel", 0)).unwrap());
    assert!(std::fs::read(own("statement.xlsx")).unwrap().starts_with(b"PK"));
    assert!(std::fs::read(own("statement.pdf")).unwrap().starts_with(b"%PDF"));

    // Each form says what the books say: read back, its sum is the position.
    for (ending, format) in
        [("payout.csv", "payout"), ("camt.054.xml", "camt"), ("camt.053.xml", "camt"), ("cbs", "native")]
    {
        let path = own(ending);
        let import = ["partner", "statement", "import", "--partner", "skyfuel", "--format", format, "--json"];
        let words: Vec<&str> = import.into_iter().chain(["--file", path.to_str().unwrap()]).collect();
        let shown = json(&world, &words);
        let (theirs, ours) = (&shown["totals"][0]["theirs_minor"], &shown["totals"][0]["ours_minor"]);
        assert_ne!(*ours, 0, "{ending}: {shown}");
        // A statement of camt.053 ends at nothing: its last entry is the payment of what the others come to.
        let last = &shown["lines"].as_array().unwrap().last().unwrap()["amount_minor"];
        match ending {
            "camt.053.xml" => {
                assert_eq!((theirs, last.as_i64()), (&0.into(), ours.as_i64().map(|ours| -ours)))
            }
            _ => assert_eq!(theirs, ours, "{ending}: {shown}"),
        }
    }

    // An ACK, a statement and junk in the inbox.
    let ack = answer_to(&sent(&world, "skyfuel", 0), 1, AnswerVerdict::Accepted).to_text();
    put(&world, "skyfuel", "ACK_1.txt", &ack);
    put(&world, "skyfuel", "junk.txt", "4111111111111111\n");
    put(&world, "skyfuel", "STATEMENT_1.csv", "no;statement\n");
    assert_eq!(text(&world, "SELECT state FROM settlement_cycle WHERE sequence = 1").await, "published");
    assert_eq!(work(&world).await[0].taken, 3);
    assert_eq!(work(&world).await[0].taken, 0, "what was taken in is known");
    let shown = json(&world, &["partner", "acknowledgements", "--partner", "skyfuel", "--json"]);
    assert_eq!(shown["files"][0]["state"], "acknowledged", "{shown}");
    let wrong = shown["not_taken"].as_array().unwrap();
    let named =
        |name: &str| wrong.iter().find(|file| file["file"] == name).unwrap_or_else(|| panic!("{shown}"));
    assert_eq!(named("junk.txt")["outcome"], "unreadable");
    assert_eq!(named("junk.txt")["sha256"].as_str().unwrap().len(), 64);
    assert_eq!(named("STATEMENT_1.csv")["outcome"], "statement_unreadable");
    assert!(!shown.to_string().contains("4111111111111111"));
    assert_eq!(text(&world, "SELECT state FROM settlement_cycle WHERE sequence = 1").await, "acknowledged");

    // A crash between taking and marking: everything is taken again and changes nothing.
    let count = "SELECT count(*)::text FROM settlement_answer";
    let before = text(&world, count).await;
    world.assembly.pool.get().await.unwrap().execute("DELETE FROM partner_inbox", &[]).await.unwrap();
    assert_eq!(work(&world).await[0].taken, 3);
    assert_eq!(text(&world, count).await, before);
    assert_eq!(text(&world, "SELECT outcome FROM partner_inbox WHERE name = 'ACK_1.txt'").await, "replayed");

    // A partner that renames a file for ever, which nobody fetches: the newest are remembered.
    let many = "INSERT INTO partner_inbox (partner_id, endpoint, mark, name, outcome, problem, taken_at) \
                SELECT partner_id, endpoint, 'refused ' || n, n, 'not_fetched', 'x', '2026-01-01' \
                FROM partner_inbox, generate_series(1, 1005) n WHERE name = 'ACK_1.txt'";
    assert_eq!(world.assembly.pool.get().await.unwrap().execute(many, &[]).await.unwrap(), 1_005);
    put(&world, "skyfuel", "-rf", "no");
    work(&world).await;
    let refused = "SELECT count(*) || ' ' || count(*) FILTER (WHERE name = '-rf') FROM partner_inbox \
                   WHERE outcome = 'not_fetched'";
    assert_eq!(text(&world, refused).await, "1000 1");
    assert_eq!(work(&world).await[0].taken, 0, "what was taken in is still known");
    world.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_nack_brings_the_same_bytes_or_the_next_revision_by_the_same_way() {
    let world = closed_day("").await;
    work(&world).await;
    let bytes = std::fs::read(sent(&world, "airboreal", 0)).unwrap();
    let delivered = "SELECT delivered::text FROM delivery_endpoint d JOIN partner p ON p.partner_id = d.partner_id \
                     WHERE p.code = 'airboreal'";
    assert_eq!(text(&world, delivered).await, "2");
    let nack = |number, verdict| answer_to(&sent(&world, "airboreal", 0), number, verdict).to_text();
    put(&world, "airboreal", "NACK_1.txt", &nack(1, AnswerVerdict::Transport));
    work(&world).await;
    json(&world, &["partner", "acknowledgements", "--json"]);
    work(&world).await;
    assert_eq!(text(&world, delivered).await, "4", "both outputs once more");
    assert_eq!(got(&world, "airboreal"), stems("airboreal", 0, &["own.csv", "payout.csv"]));

    put(&world, "airboreal", "NACK_2.txt", &nack(2, AnswerVerdict::Layout));
    work(&world).await;
    json(&world, &["partner", "acknowledgements", "--json"]);
    work(&world).await;
    let both: BTreeSet<String> = [0, 1]
        .into_iter()
        .flat_map(|revision| stems("airboreal", revision, &["own.csv", "payout.csv"]))
        .collect();
    assert_eq!(got(&world, "airboreal"), both);
    assert_eq!(std::fs::read(sent(&world, "airboreal", 0)).unwrap(), bytes, "what was published stays");
    world.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revision_that_cannot_be_made_keeps_nobody_else_s_file_back() {
    let world = closed_day("").await;
    work(&world).await;
    // Something lies where the next revision would go.
    let in_the_way = sent(&world, "airboreal", 1);
    std::fs::create_dir(&in_the_way).unwrap();
    let nack = |code, verdict| answer_to(&sent(&world, code, 0), 1, verdict).to_text();
    put(&world, "airboreal", "NACK_1.txt", &nack("airboreal", AnswerVerdict::Layout));
    put(&world, "skyfuel", "NACK_1.txt", &nack("skyfuel", AnswerVerdict::Transport));
    work(&world).await;
    let listed = cobrand(&world.dir, &["partner", "acknowledgements", "--json"]);
    assert!(!listed.status.success(), "what cannot be done is an error: {}", said(&listed));
    let shown: Value = serde_json::from_slice(&listed.stdout).unwrap_or_else(|_| panic!("{}", said(&listed)));
    assert_eq!(shown["files"].as_array().unwrap().len(), 4, "and the list is shown: {shown}");
    let undone = "SELECT string_agg(a.receiver, ' ') FROM settlement_answer_effect e \
                  JOIN settlement_answer a USING (answer_id) WHERE e.done_at IS NULL";
    assert_eq!(text(&world, undone).await, "airboreal");
    let delivered = "SELECT delivered::text FROM delivery_endpoint d JOIN partner p ON p.partner_id = d.partner_id \
                     WHERE p.code = 'skyfuel'";
    assert_eq!(text(&world, delivered).await, "6");
    work(&world).await;
    assert_eq!(text(&world, delivered).await, "12", "skyfuel has its file once more");
    std::fs::remove_dir(&in_the_way).unwrap();
    json(&world, &["partner", "acknowledgements", "--json"]);
    work(&world).await;
    assert!(got(&world, "airboreal").is_superset(&stems("airboreal", 1, &["own.csv", "payout.csv"])));
    world.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_rendered_stops_its_own_way_only() {
    let world = closed_day("also = [\"pain.001\"]").await;
    work(&world).await;
    assert_eq!(
        got(&world, "northbank"),
        stems("northbank", 0, &["cbs"]),
        "without accounts there is no payment"
    );
    assert_eq!(got(&world, "skyfuel").len(), 6);
    let shown = json(&world, &["partner", "deliveries", "northbank", "--json"]);
    let way = &shown["deliveries"][0];
    assert_eq!(way["stopped"], "not-rendered", "{shown}");
    assert!(way["last_error"].as_str().unwrap().contains("pain.001"), "{shown}");
    // With the accounts it goes on.
    let party = |code: &str| {
        format!(
            "[file.parties.{code}]\nname = \"{code}\"\naccount = \"40702810900000000001\"\n\
             clearing = {{ system = \"RUCBC\", member = \"044525225\" }}\n"
        )
    };
    let parties = ["northbank", "airboreal", "skyfuel", "kosta"].map(party).concat();
    let (name, mended) = file("northbank", &format!("also = [\"pain.001\"]\n{parties}"), "");
    std::fs::write(world.dir.join(name), mended).unwrap();
    assert!(cobrand(&world.dir, &["partner", "enable", "northbank"]).status.success());
    work(&world).await;
    assert_eq!(got(&world, "northbank"), stems("northbank", 0, &["cbs", "pain.001.xml"]));
    world.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_sees_outputs_layouts_and_what_is_wrong_before_the_start() {
    let world = closed_day("").await;
    let (dir, canonical) = (&world.dir, sent(&world, "skyfuel", 0));
    let canonical = canonical.to_str().unwrap();
    let run = |words: &[&str]| {
        let output = cobrand(dir, words);
        (output.status.success(), said(&output))
    };
    let (shown, text) = run(&["partner", "test", "airboreal"]);
    assert!(shown && text.contains("own.toml") && text.contains("_0.own.csv"), "{text}");
    let show = ["file", "show", canonical, "--as", "camt.054", "--out", "seen.xml"];
    let (made, text) = run(&show);
    assert!(made && text.contains("seen.xml") && text.contains("SHA-256"), "{text}");
    assert!(std::fs::read_to_string(dir.join("seen.xml")).unwrap().contains("camt.054.001.08"));
    assert!(!run(&show).0, "nothing is overwritten");
    assert!(!run(&["file", "show", canonical, "--as", "camt.54", "--out", "other.xml"]).0);
    let (listed, text) = run(&["partner", "layout", "list"]);
    assert!(listed && text.contains("fixed-width"), "{text}");
    let (told, text) = run(&["partner", "layout", "document", "delimited"]);
    assert!(told && text.starts_with('#'), "{text}");
    assert!(run(&["partner", "layout", "schema"]).1.contains("$schema"));

    let (name, good) = file("airboreal", "layout = \"own.toml\"\nalso = [\"payout-csv\"]", "");
    for (from, to, says) in [
        ("own.toml", "away.toml", "away.toml"),
        ("\"payout-csv\"", "\"pain.001\"", "it goes into the bank's own file"),
        ("\"payout-csv\"", "\"payout-csv\", \"payout-csv\"", "two files of a day would be called"),
    ] {
        std::fs::write(dir.join(&name), good.replace(from, to)).unwrap();
        let (works, text) = run(&["check"]);
        assert!(!works && text.contains(says), "{to}: {text}");
    }
    world.stop().await.unwrap();
}

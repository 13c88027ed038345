//! Cases by the command line, as processes on a cluster of their own: found, assigned, talked about, proposed, refused to
//! their maker, approved by another; what was written off stands in the ledger, what was adjusted in the partner's next
//! file and in no later one. The pages and the API for staff show the same.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod console_reader;
mod support_link;
mod support_statements;

use std::process::Output;

use cobrand::demo::World;
use console_reader::{Reader, table::money};
use domain::Role;
use serde_json::Value;
use support_link::{card, cobrand, said};
use support_statements::{HEADER, closed_day, must, state, told};

const PASSWORD: &str = "correct horse battery staple";
/// After the time within which all of the day is to be answered and paid.
const LATER: &str = "2026-11-05T00:00:00Z";
/// By how much three lines of Kosta's statement differ from ours, in minor units.
const DIFFERENCES: [i64; 3] = [12_345, 20_100, 31_000];
const PARTNERS: [&str; 3] = ["airboreal", "kosta", "skyfuel"];

/// `cobrand case ...`, by somebody if a name is given.
fn case(world: &World, by: &str, words: &[&str]) -> Output {
    let file = format!("{by}.txt");
    let mut all = vec!["case"];
    all.extend(words);
    if !by.is_empty() {
        all.extend(["--as", by, "--password-file", &file]);
    }
    cobrand(&world.dir, &all)
}

/// What a command says that is to succeed.
#[track_caller]
fn done(world: &World, by: &str, words: &[&str]) -> String {
    let output = case(world, by, words);
    assert_eq!(output.status.code(), Some(0), "{words:?}: {}", said(&output));
    String::from_utf8(output.stdout).unwrap()
}

/// A command ends with this status and says this; nothing was done.
#[track_caller]
fn refused(world: &World, by: &str, words: &[&str], (status, text): (i32, &str)) {
    let output = case(world, by, words);
    assert_eq!(output.status.code(), Some(status), "{words:?}: {}", said(&output));
    assert!(said(&output).contains(text), "{words:?}: {}", said(&output));
    assert!(output.stdout.is_empty(), "{words:?}: {}", said(&output));
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// The case as `case show --json` has it.
fn shown(world: &World, id: &str) -> Value {
    json(&done(world, "", &["show", id, "--json"]))
}

async fn people(world: &World) {
    let pool = &world.assembly.pool;
    for name in ["anna", "boris"] {
        console::add_user(pool, name, PASSWORD).await.unwrap();
    }
    let vera = console::NewUser {
        name: "vera",
        password: PASSWORD,
        roles: [Role::parse("viewer").unwrap()].into_iter().collect(),
        partner: None,
        by: "the test",
    };
    console::add_user_as(pool, &vera).await.unwrap();
    for name in ["anna", "boris", "vera"] {
        std::fs::write(world.dir.join(format!("{name}.txt")), format!("{PASSWORD}\n")).unwrap();
    }
    std::fs::write(world.dir.join("wrong.txt"), "another password\n").unwrap();
}

/// All say what we have settled, but Kosta has other amounts in three lines.
fn statements(world: &World) {
    let mut paid = Vec::new();
    for partner in PARTNERS {
        let (mut lines, payments) = told(world, partner);
        if partner == "kosta" {
            for (line, more) in lines.iter_mut().zip(DIFFERENCES) {
                let mut fields: Vec<String> = line.split(',').map(str::to_owned).collect();
                fields[2] = (fields[2].parse::<i64>().unwrap() + more).to_string();
                *line = fields.join(",");
            }
        }
        state(world, partner, &lines);
        paid.extend(payments);
    }
    std::fs::write(world.dir.join("account.csv"), format!("{HEADER}{}\n", paid.join("\n"))).unwrap();
    must(world, &["reconcile", "bank-statement", "--bank", "northbank", "--file", "account.csv"]);
    let output = cobrand(&world.dir, &["reconcile", "--as-of", LATER]);
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
}

/// The cases by their differences, the smallest first.
fn cases(world: &World) -> [String; 3] {
    let listed = json(&done(world, "", &["list", "--json"]));
    let mut found: Vec<(i64, String)> = listed["cases"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["difference"].as_i64().unwrap().abs(), one["case"].to_string()))
        .collect();
    found.sort();
    let differences: Vec<i64> = found.iter().map(|(difference, _)| *difference).collect();
    assert_eq!(differences, DIFFERENCES, "{listed}");
    let [(_, first), (_, second), (_, third)] = found.try_into().unwrap();
    [first, second, third]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_case_goes_its_way_by_commands_and_is_settled_once() {
    let world = closed_day().await;
    people(&world).await;
    statements(&world);
    let [written, adjusted, left] = cases(&world);
    wrong_use(&world, &written);
    assigned_and_talked_about(&world, &[&written, &adjusted, &left]);
    written_off(&world, &written);
    ledger_has(&world, &written).await;
    let (proposal, original) = an_adjustment(&world, &adjusted);
    enters_one_file(&world, &adjusted, &proposal, &original);
    sums_hold(&world);
    pages_and_api_say_the_same(&world, [&written, &adjusted, &left]).await;
    sums_that_do_not_hold(&world).await;
    world.stop().await.unwrap();
}

/// 2 for wrong use, 1 for "no", 78 for a configuration that is not there.
fn wrong_use(world: &World, id: &str) {
    refused(world, "", &["list", "--class", "nonsense"], (2, "nonsense"));
    refused(world, "", &["show"], (2, "Usage"));
    refused(world, "", &["show", "999999"], (1, "there is no case 999999"));
    refused(world, "", &["list", "--config", "nowhere.toml"], (78, "nowhere.toml"));
    refused(world, "anna", &["propose", id, "--kind", "forget", "--reason", "x"], (2, "forget"));
    refused(world, "vera", &["comment", id, "--text", "I only look"], (1, "does not have the role"));
    let wrong = ["case", "comment", id, "--text", "x", "--as", "anna", "--password-file", "wrong.txt"];
    let output = cobrand(&world.dir, &wrong);
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert!(said(&output).contains("the name or the password is wrong"), "{}", said(&output));
    let listed = done(world, "", &["list", "--partner", "kosta", "--unassigned", "--class", "amount,fee"]);
    assert!(listed.lines().count() >= 1, "{listed}");
    assert_eq!(done(world, "", &["list", "--partner", "skyfuel"]), "");
}

fn assigned_and_talked_about(world: &World, ids: &[&str]) {
    let assign = |to: &'static str| {
        let mut words = vec!["assign"];
        words.extend(ids);
        words.extend(["--to", to]);
        words
    };
    refused(world, "boris", &assign("nobody-of-this-name"), (1, "no such person"));
    assert!(ids.iter().all(|id| shown(world, id)["assigned_to"].is_null()), "all of them or none");
    done(world, "boris", &assign("anna"));
    done(world, "boris", &["assign", ids[2], "--nobody"]);
    assert_eq!(shown(world, ids[0])["assigned_to"], "anna");
    assert!(shown(world, ids[2])["assigned_to"].is_null());

    let id = ids[0];
    let version = shown(world, id)["version"].to_string();
    done(world, "anna", &["comment", id, "--text", "asked the partner"]);
    let number = format!("card {}", card(1));
    refused(world, "anna", &["comment", id, "--text", &number], (1, "card number"));
    std::fs::write(world.dir.join("letter.txt"), "They agree by letter.\n").unwrap();
    done(world, "anna", &["attach", id, "--file", "letter.txt", "--version", &version]);
    refused(world, "anna", &["attach", id, "--file", "letter.txt"], (1, "attached already"));
    std::fs::write(world.dir.join("letter.exe"), "MZ").unwrap();
    refused(world, "anna", &["attach", id, "--file", "letter.exe"], (1, "type"));
    let case = shown(world, id);
    assert_eq!(case["attachments"][0]["name"], "letter.txt");
    assert_eq!(case["attachments"][0]["bytes"], 22);
    let history: Vec<&str> =
        case["history"].as_array().unwrap().iter().map(|event| event["what"].as_str().unwrap()).collect();
    assert_eq!(history, ["opened", "assigned", "commented", "attached"], "{case}");
}

/// Four eyes: nobody decides his own, who proposed takes back, another one approves.
fn written_off(world: &World, id: &str) {
    let propose = ["propose", id, "--kind", "write_off", "--reason", "below what a letter costs"];
    let decide = |verdict: &'static str| ["decide", id, verdict, "--reason", "seen"];
    let more = (DIFFERENCES[0] + 1).to_string();
    let sign = if shown(world, id)["difference"].as_i64().unwrap() < 0 { "-" } else { "" };
    let too_much = format!("--amount={sign}{more}");
    refused(world, "anna", &[&propose[..], &[too_much.as_str()]].concat(), (1, "more than that"));
    done(world, "anna", &propose);
    refused(world, "anna", &propose, (1, "waits for a decision"));
    refused(world, "anna", &decide("--approve"), (1, "nobody approves his own"));
    refused(world, "vera", &decide("--approve"), (1, "does not have the role"));
    refused(world, "boris", &["take-back", id, "--reason", "not mine"], (1, "only whoever proposed"));
    refused(world, "anna", &["take-back", id, "--reason", " "], (2, "--reason"));
    done(world, "anna", &["take-back", id, "--reason", "looked again"]);
    refused(world, "boris", &decide("--approve"), (1, "no such proposal waits"));
    done(world, "anna", &propose);
    done(world, "boris", &decide("--refuse"));
    let case = shown(world, id);
    assert_eq!(
        (case["left"].clone(), case["bookings"].as_array().unwrap().len()),
        (case["difference"].clone(), 0)
    );
    done(world, "anna", &propose);
    let outdated = ["decide", id, "--approve", "--reason", "seen", "--version", "1"];
    refused(world, "boris", &outdated, (1, "somebody else has changed the case"));
    let decided = json(&done(world, "boris", &[&decide("--approve")[..], &["--json"]].concat()));
    assert_eq!((&decided["state"], decided["left"].as_i64()), (&"resolved".into(), Some(0)), "{decided}");
    assert_eq!(
        (&decided["booked"]["kind"], &decided["booked"]["amount"]),
        (&"write_off".into(), &case["difference"])
    );
    refused(world, "anna", &propose, (1, "resolved"));
    let case = shown(world, id);
    assert_eq!((&case["state"], &case["resolution"]), (&"resolved".into(), &"written_off".into()));
    let [booking] = &case["bookings"].as_array().unwrap()[..] else { panic!("{case}") };
    assert_eq!(
        (&booking["kind"], &booking["amount"], &booking["account"]),
        (&"write_off".into(), &case["difference"], &"differences".into())
    );
}

/// The row itself, not what a command says of it.
async fn ledger_has(world: &World, id: &str) {
    let client = world.assembly.pool.get().await.unwrap();
    let text = "SELECT b.kind, b.amount = c.difference, p.proposed_by, d.decided_by FROM case_booking b \
                JOIN break_case c USING (case_id) JOIN case_proposal p USING (proposal_id) \
                JOIN case_decision d USING (proposal_id) WHERE b.case_id = $1";
    let rows = client.query(text, &[&id.parse::<i64>().unwrap()]).await.unwrap();
    let found: Vec<(String, bool, String, String)> =
        rows.iter().map(|row| (row.get(0), row.get(1), row.get(2), row.get(3))).collect();
    assert_eq!(found, [("write_off".to_owned(), true, "anna".to_owned(), "boris".to_owned())]);
}

/// The number of the adjustment, and the line that it corrects.
fn an_adjustment(world: &World, id: &str) -> (String, String) {
    let case = shown(world, id);
    let propose = ["propose", id, "--kind", "adjust", "--reason", "agreed by letter"];
    // Kosta's file states amounts in the direction in which Kosta pays, and so does its statement.
    done(world, "anna", &[&propose[..], &["--direction", "partner_pays_bank", "--vat", "0"]].concat());
    refused(world, "anna", &["decide", id, "--approve", "--reason", "mine"], (1, "nobody approves his own"));
    let decided = json(&done(world, "boris", &["decide", id, "--approve", "--reason", "seen", "--json"]));
    assert_eq!((&decided["state"], &decided["booked"]["amount"]), (&"resolved".into(), &case["difference"]));
    (decided["adjustment"].to_string(), case["subject"].as_str().unwrap().to_owned())
}

/// Closes a further day, on which nothing came; the adjustments in Kosta's file, as original, reason and total.
fn closed_without_messages(world: &World, date: &str, sequence: u32) -> (Vec<[String; 3]>, String) {
    must(world, &["day", "close", "--program", "boreal-gold", date, "--early"]);
    let path = world.dir.join(format!("out/kosta_boreal-gold_{date}_{sequence:06}_0.cbs"));
    let text = std::fs::read_to_string(path).unwrap();
    let (mut adjusted, mut paid) = (Vec::new(), String::new());
    for record in text.lines() {
        let fields: Vec<&str> = record.split('|').collect();
        match fields[0] {
            "AJ" => adjusted.push([fields[3], fields[2], fields[fields.len() - 1]].map(str::to_owned)),
            "BT" => paid = fields[fields.len() - 2..].join(" "),
            _ => {}
        }
    }
    (adjusted, paid)
}

fn enters_one_file(world: &World, id: &str, adjustment: &str, original: &str) {
    let [_, minor, _] = DIFFERENCES;
    let (adjusted, paid) = closed_without_messages(world, "2026-10-11", 2);
    assert_eq!(adjusted, [[original.to_owned(), "agreed by letter".to_owned(), minor.to_string()]]);
    assert_eq!(paid, format!("partner_pays_bank {minor}"));
    let (adjusted, paid) = closed_without_messages(world, "2026-10-12", 3);
    assert_eq!((adjusted, paid.as_str()), (Vec::new(), "partner_pays_bank 0"), "it is in one file only");
    let case = shown(world, id);
    let [booking] = &case["bookings"].as_array().unwrap()[..] else { panic!("{case}") };
    assert_eq!(
        (&booking["kind"], booking["adjustment"].to_string()),
        (&"adjust".into(), adjustment.to_owned())
    );
    assert!(booking["cycle"].is_i64(), "the cycle that took it: {case}");
}

fn sums_hold(world: &World) {
    let sums = json(&done(world, "", &["sums", "--json"]));
    let [of] = &sums.as_array().unwrap()[..] else { panic!("{sums}") };
    let number = |name: &str| of[name].as_str().unwrap().parse::<i64>().unwrap();
    let [written_off, adjusted, left] = ["written_off", "adjusted", "left"].map(number);
    assert_eq!([written_off, adjusted, left].map(i64::abs), DIFFERENCES, "{sums}");
    assert_eq!(number("differences"), written_off + adjusted + left + number("matched") + number("cured"));
    assert_eq!((&of["unit"], &of["holds"], &of["unresolved"]), (&"RUB".into(), &true.into(), &1.into()));
    assert!(done(world, "", &["sums"]).starts_with("RUB  differences "));
}

/// Somebody with all rights changes a difference.
async fn sums_that_do_not_hold(world: &World) {
    let connection = &world.assembly.config.database.connection;
    let (owner, driver) = tokio_postgres::connect(connection, tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(driver);
    owner.batch_execute("UPDATE reconciliation_break SET difference = difference + 1").await.unwrap();
    let output = case(world, "", &["sums"]);
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert!(said(&output).contains("do not hold"), "{}", said(&output));
}

/// Minor units as the API has them, beside an amount of a page.
fn same(shown: &str, told: &Value) {
    let (minor, currency) = money(shown);
    assert_eq!((minor, currency.as_str()), (i128::from(told.as_i64().unwrap()), "RUB"));
}

async fn pages_and_api_say_the_same(world: &World, ids: [&str; 3]) {
    let reader = Reader::of(world, "paul").await;
    the_lists(&reader, ids.len()).await;
    for id in ids {
        one_break(world, &reader, id).await;
    }
    the_days(&reader).await;
}

async fn the_lists(reader: &Reader, all: usize) {
    for (page, api, count) in [
        ("/breaks?state=", "/api/v1/breaks", all),
        ("/breaks?state=unresolved", "/api/v1/breaks?state=open", 1),
        ("/breaks?state=resolved&order=largest", "/api/v1/breaks?state=resolved&sort=amount", 2),
        ("/breaks?state=&partner=kosta&class=amount", "/api/v1/breaks?partner=kosta&class=amount", all),
        ("/breaks?state=&partner=skyfuel", "/api/v1/breaks?partner=skyfuel", 0),
    ] {
        let (shown, told) = (reader.page(page).await.table("breaks"), reader.api(api).await);
        let told = told["breaks"].as_array().unwrap();
        assert_eq!((shown.rows.len(), told.len()), (count, count), "{page} {told:?}");
        for line in shown.lines() {
            let id = &line.row.keys["data-break"];
            let one = told.iter().find(|one| one["id"].as_i64() == id.parse().ok()).unwrap();
            same(line.text("Difference"), &one["difference"]);
            same(line.text("Left"), &one["left"]);
            for (head, name) in
                [("Partner", "partner"), ("About", "subject"), ("Business date", "business_date")]
            {
                assert_eq!(line.text(head), one[name], "{page} {head}");
            }
            let owner = one["assigned_to"].as_str().unwrap_or("nobody");
            assert!([owner, ""].contains(&line.text("Owner")), "{page} {owner} {:?}", line.row);
            for (head, name) in [("State", "state"), ("Severity", "severity"), ("Timing or data", "timing")] {
                let word = one[name].as_str().unwrap();
                assert!(line.text(head).contains(word), "{page}: {word} is not {}", line.text(head));
            }
        }
        if page.contains("largest") {
            let order: Vec<String> = shown.lines().map(|line| line.row.keys["data-break"].clone()).collect();
            assert_eq!(order, told.iter().map(|one| one["id"].to_string()).collect::<Vec<_>>());
        }
    }
}

async fn one_break(world: &World, reader: &Reader, id: &str) {
    let page = reader.page(&format!("/breaks/{id}")).await;
    let told = reader.api(&format!("/api/v1/breaks/{id}")).await;
    let command = shown(world, id);
    let listed = &told["listed"];
    let [difference, decided, left] =
        ["Theirs less ours", "Decided so far", "Left to explain"].map(|term| page.fact(term));
    same(&difference, &listed["difference"]);
    same(&left, &listed["left"]);
    assert_eq!(money(&difference).0, money(&decided).0 + money(&left).0, "{id}");
    let (bookings, booked) = (page.table("bookings"), told["bookings"].as_array().unwrap());
    assert_eq!(
        (bookings.rows.len(), command["bookings"].as_array().unwrap().len()),
        (booked.len(), booked.len())
    );
    for (line, one) in bookings.lines().zip(booked) {
        same(line.text("Amount"), &one["amount"]);
    }
    let sum: i128 = bookings.lines().map(|line| line.money("Amount").0).sum();
    assert_eq!(sum, money(&decided).0, "what was decided is what was booked of {id}");
    let (proposals, proposed) = (page.table("proposals"), told["proposals"].as_array().unwrap());
    assert_eq!(proposals.rows.len(), proposed.len());
    for (line, one) in proposals.lines().zip(proposed) {
        same(line.text("Amount"), &one["amount"]);
        assert_eq!(
            (line.text("Reason"), line.text("Proposed by")),
            (one["reason"].as_str().unwrap(), one["by"].as_str().unwrap())
        );
        assert_eq!(line.text("Decided by"), one["decision"]["by"].as_str().unwrap_or_default());
    }
    for name in ["state", "left", "difference", "subject", "class", "assigned_to", "version", "severity"] {
        assert_eq!(command[name], listed[name], "{name} of {id}");
    }
    let events = told["events"].as_array().unwrap();
    assert_eq!(page.body.matches("<li><time ").count(), events.len(), "{id}");
    assert_eq!(command["history"].as_array().unwrap().len(), events.len());
}

/// Days, their positions and what arrived.
async fn the_days(reader: &Reader) {
    let days = reader.page("/days").await.table("days-boreal-gold");
    let told = reader.api("/api/v1/programs/boreal-gold/days").await;
    let told = told["days"].as_array().unwrap();
    // A day with nothing to pay has one row, too; each has one currency.
    assert_eq!(days.rows.len(), told.len());
    for (line, one) in days.lines().zip(told) {
        let keys = ["data-date", "data-state"].map(|name| line.row.keys[name].as_str());
        assert_eq!(keys, [one["date"].as_str().unwrap(), one["state"].as_str().unwrap()]);
        let path = format!("/api/v1/programs/boreal-gold/days/{}", keys[0]);
        let (day, page) = (reader.api(&path).await, reader.page(&line.row.href).await);
        let positions = day["positions"].as_array().unwrap();
        let signed = |one: &Value| {
            let sign = if one["direction"] == "bank_pays_partner" { -1 } else { 1 };
            sign * i128::from(one["to_pay"]["minor"].as_i64().unwrap())
        };
        let net: i128 = positions.iter().map(signed).sum();
        if !positions.is_empty() {
            assert_eq!(line.minor("Net of all partners; positive is what they pay", "RUB"), net, "{path}");
        }
        let shown = page.captioned("What the bank and each partner owe").map_or(0, |table| table.rows.len());
        assert_eq!(shown, positions.len(), "{path}");
        for one in positions {
            let table = page.captioned("What the bank and each partner owe").unwrap();
            let line = table.line(&[("Partner", one["partner"].as_str().unwrap())]);
            for (head, name) in [("Net", "net"), ("VAT", "vat"), ("To pay", "to_pay")] {
                same(line.text(head), &one[name]["minor"]);
            }
            assert_eq!(line.number("Lines"), i128::from(one["lines"].as_i64().unwrap()));
        }
        let arrived: Vec<(String, i128)> = page
            .captioned("Messages of members' cards")
            .iter()
            .flat_map(|table| table.lines())
            .filter_map(|line| Some((line.row.keys.get("data-mti")?.clone(), line.number("Messages"))))
            .collect();
        let of = |one: &Value| {
            (one["mti"].as_str().unwrap().to_owned(), i128::from(one["messages"].as_i64().unwrap()))
        };
        assert_eq!(arrived, day["arrivals"].as_array().unwrap().iter().map(of).collect::<Vec<_>>(), "{path}");
    }
}

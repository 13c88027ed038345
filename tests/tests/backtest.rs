//! The back-test decides every stored message again: the versions that held give exactly the ledger, a candidate gives
//! what would really have been booked under it, and a ledger that was changed is found.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support_link;

use std::{collections::BTreeMap, process::Output};

use bank_simulator::{Link, LinkOptions};
use cobrand::{
    backtest::{Plan, run},
    bench::back_test::{changed, store_lives, versions},
    demo::{World, WorldOptions},
};
use iso8583::Mti;
use jiff::civil::{Date, date};
use serde_json::Value;
use support_link::{PATIENCE, card, cobrand, enroll, purchase, said};

const MESSAGES: u64 = 20_000;
const MEMBERS: u32 = 160;
/// All purchases.
const ALWAYS: (Date, Date) = (date(2026, 9, 1), date(2026, 12, 1));

async fn world() -> World {
    World::start(WorldOptions { log_to_file: false, ..WorldOptions::default() }).await.unwrap()
}

/// The command on a candidate of the world's folder.
fn backtest(world: &World, candidate: &str, more: &[&str]) -> Output {
    std::fs::write(world.dir.join("candidate.toml"), candidate).unwrap();
    let arguments = ["rules", "backtest", "candidate.toml", "--config", "cobrand.toml"];
    cobrand(&world.dir, &[&arguments, more].concat())
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {}", said(output)))
}

const OCTOBER: [&str; 4] = ["--from", "2026-10-01", "--to", "2026-11-01"];

/// Miles and discounts that members were given, by item without its rule.
async fn given(world: &World) -> (i64, i64) {
    let client = world.assembly.pool.get().await.unwrap();
    let sql = "SELECT coalesce(sum(s) FILTER (WHERE unit_kind = 1), 0)::bigint, \
               coalesce(sum(s) FILTER (WHERE unit_kind = 2), 0)::bigint FROM \
               (SELECT unit_kind, CASE WHEN credit_kind = 1 THEN amount ELSE -amount END AS s FROM transfer \
                WHERE phase = 1) t";
    let row = client.query_one(sql, &[]).await.unwrap();
    (row.get(0), row.get(1))
}

fn number(value: &Value, key: &str) -> i64 {
    value[key].as_i64().unwrap_or_else(|| panic!("{key} of {value}"))
}

/// Sums of a list of the report: miles and discounts.
fn sums(report: &Value, list: &str) -> (i64, i64) {
    let all = report[list].as_array().unwrap();
    let sum = |key: &str| all.iter().map(|one| number(one, key)).sum();
    (sum("miles"), sum("discount_minor"))
}

#[tokio::test(flavor = "multi_thread")]
async fn unchanged_rules_give_the_ledger_and_a_candidate_what_would_have_been_booked() {
    let world = world().await;
    let texts = versions(&world.assembly).unwrap();
    store_lives(&world.assembly, MESSAGES, MEMBERS, &texts).await.unwrap();
    let before = given(&world).await;
    // Some more over the link, as a bank sends them.
    enroll(&world, &[&card(1)]).await;
    let gateway = world.gateway().unwrap();
    let link =
        Link::connect(gateway.address(), &world.bank_tls().unwrap(), LinkOptions::default()).await.unwrap();
    link.sign_on().await.unwrap();
    for mti in ["0100", "0220", "0400"] {
        let message = purchase(&card(1), 1).with_mti(Mti::new(mti));
        let message = if mti == "0220" { message.set(38, "123456").set(39, "00") } else { message };
        let message = if mti == "0400" { message.set(90, "0".repeat(42)) } else { message };
        assert!(link.ask(message, PATIENCE).await.unwrap().is_taken(), "{mti}");
    }

    let same = backtest(&world, &texts[1], &[&OCTOBER[..], &["--json", "--threads", "1"]].concat());
    assert!(same.status.success(), "{}", said(&same));
    let report = json(&same);
    assert!(number(&report, "messages") > i64::try_from(MESSAGES).unwrap(), "{report}");
    assert_eq!(report["equals_the_ledger"], true, "{report}");
    assert_eq!((number(&report, "purchases_changed"), sums(&report, "accounts")), (0, (0, 0)), "{report}");
    assert!(number(&report, "purchases_in_period") > 5_000, "{report}");

    // The same bytes by any number of threads, and in one order as well.
    let candidate = changed(&texts[1]);
    let [one, many] = ["1", "3"].map(|threads| {
        let arguments = [&OCTOBER[..], &["--json", "--threads", threads]].concat();
        backtest(&world, &candidate, &arguments)
    });
    assert_eq!(String::from_utf8_lossy(&one.stdout), String::from_utf8_lossy(&many.stdout));
    let (database, pool) = (&world.assembly.database, &world.assembly.pool);
    let plan = Plan::of_text(database, pool, ("it", &candidate), ALWAYS, 2).await.unwrap();
    let apart = run(&plan).await.unwrap();
    let together = run(&Plan { in_one_order: true, ..plan }).await.unwrap();
    assert_eq!(apart.findings, together.findings);

    // What changes adds up, whichever way it is looked at.
    let report = json(&one);
    let total = (number(&report["total"], "miles"), number(&report["total"], "discount_minor"));
    assert!(total.0 > 0 && total.1 < 0, "{report}");
    assert_eq!((sums(&report, "partners"), sums(&report, "funders")), (total, total), "{report}");
    let rules = report["rules"].as_array().unwrap();
    let of_rules = |key: &str| -> i64 {
        rules.iter().map(|rule| number(&rule["candidate"], key) - number(&rule["booked"], key)).sum()
    };
    assert_eq!((of_rules("miles"), of_rules("discount_minor")), total, "{report}");
    assert_eq!(report["accounts"].as_array().unwrap().len(), 10);
    let text = said(&backtest(&world, &candidate, &OCTOBER));
    for words in ["exactly the ledger", "weekend-fuel", "skyfuel", "accounts that change most", "/s per core"]
    {
        assert!(text.contains(words), "{words:?}: {text}");
    }
    promised(&apart.findings, before, &candidate).await;
    world.stop().await.unwrap();
}

/// The same lives once more, in a world in which the candidate holds from the beginning. What came over the link would
/// be worth the same.
async fn promised(found: &domain::replay::Findings, before: (i64, i64), candidate: &str) {
    let other = world().await;
    let both = [candidate.to_owned(), candidate.to_owned()];
    store_lives(&other.assembly, MESSAGES, MEMBERS, &both).await.unwrap();
    let after = given(&other).await;
    let total = found.moved.total();
    assert_eq!((after.0 - before.0, after.1 - before.1), (total.miles, total.discount_minor));
    other.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ledger_that_was_changed_is_found_and_named() {
    let world = world().await;
    let texts = versions(&world.assembly).unwrap();
    store_lives(&world.assembly, 1_500, 20, &texts).await.unwrap();
    let client = world.assembly.pool.get().await.unwrap();
    let sql = "UPDATE transfer SET amount = amount + 1 WHERE (bucket, message_key, leg) = \
               (SELECT bucket, message_key, leg FROM transfer WHERE phase = 1 AND unit_kind = 1 \
                ORDER BY message_key LIMIT 1) RETURNING encode(message_key, 'hex'), account_id";
    let admin = admin(&world).await;
    let row = admin.query_one(sql, &[]).await.unwrap();
    let (message, account): (String, i64) = (row.get(0), row.get(1));
    let found = backtest(&world, &texts[1], &OCTOBER);
    assert_eq!(found.status.code(), Some(1), "{}", said(&found));
    let text = said(&found);
    assert!(text.contains("1 messages DIFFER from the ledger"), "{text}");
    assert!(text.contains(&format!("account {account}, message {message}")), "{text}");
    let report = json(&backtest(&world, &texts[1], &[&OCTOBER[..], &["--json"]].concat()));
    assert_eq!(
        (&report["equals_the_ledger"], number(&report, "differing_messages")),
        (&Value::Bool(false), 1)
    );

    // Messages of before are not guessed.
    admin.execute("UPDATE message SET event = '' WHERE mti = '0120'", &[]).await.unwrap();
    let old = client.query_one("SELECT count(*) FROM message WHERE event = ''", &[]).await.unwrap();
    let old: i64 = old.get(0);
    assert!(old > 0);
    let refused = backtest(&world, &texts[1], &OCTOBER);
    assert_eq!(refused.status.code(), Some(1), "{}", said(&refused));
    assert!(said(&refused).contains(&format!("{old} of ")), "{}", said(&refused));
    drop(client);
    world.stop().await.unwrap();
}

async fn admin(world: &World) -> tokio_postgres::Client {
    let connection = &world.assembly.config.database.connection;
    let (client, driver) = tokio_postgres::connect(connection, tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(driver);
    client
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_use_is_told() {
    let world = world().await;
    let [text, _] = versions(&world.assembly).unwrap();
    let cases: BTreeMap<&str, (String, Vec<&str>, i32)> = [
        ("after 2026-10-02", (text.clone(), vec!["--from", "2026-10-02", "--to", "2026-10-02"], 2)),
        ("--threads", (text.clone(), [&OCTOBER[..], &["--threads", "0"]].concat(), 2)),
        ("is a version of boreal-gold", (text.clone(), [&OCTOBER[..], &["--program", "other"]].concat(), 2)),
        (
            "has no stored transactions",
            (text.replace("code = \"boreal-gold\"", "code = \"boreal-iron\""), OCTOBER.to_vec(), 1),
        ),
        ("candidate.toml:", (text.replace("miles_max = 1500", "miles_max = \"x\""), OCTOBER.to_vec(), 1)),
    ]
    .into();
    for (words, (candidate, arguments, status)) in cases {
        let output = backtest(&world, &candidate, &arguments);
        assert_eq!(output.status.code(), Some(status), "{words}: {}", said(&output));
        assert!(said(&output).contains(words), "{words}: {}", said(&output));
    }
    world.stop().await.unwrap();
}

//! The merchant map in a running gateway: whose merchant a purchase was made at, and why, from messages over TLS to
//! what is stored.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support_link;

use bank_simulator::{Link, LinkOptions};
use cobrand::demo::{World, WorldOptions};
use iso8583::{Builder, Mti};
use serde_json::{Value, json};
use support_link::{PATIENCE, card, cobrand, enroll, purchase, said};

/// A shop that changed hands on 2026-10-05, a till of its own, and two merchants behind an aggregator.
const MAP: &str = "\
name,partner,acquirer,card_acceptor,terminal,valid_from,valid_to
,skyfuel,400001,SHOP00000000001,,,2026-10-05
,kosta,400001,SHOP00000000001,,2026-10-05,
,skyfuel,400001,SHOP00000000001,TILL0009,,
SQ *,,,,,,
SQ *KOSTA CAFE,kosta,400001,,,,
,skyfuel,400001,SHARED000000001,,,
";

/// A world whose map is [`MAP`], with one member, and a link of its bank.
async fn world() -> (World, Link) {
    let options = WorldOptions { log_to_file: false, ..WorldOptions::default() };
    let world = World::start(options).await.unwrap();
    put_into_force(&world, MAP).await;
    enroll(&world, &[&card(1)]).await;
    let (address, tls) = (world.gateway().unwrap().address(), world.bank_tls().unwrap());
    let link = Link::connect(address, &tls, LinkOptions::default()).await.unwrap();
    link.sign_on().await.unwrap();
    (world, link)
}

/// What SIGHUP does.
async fn put_into_force(world: &World, map: &str) {
    std::fs::write(world.dir.join("merchants.csv"), map).unwrap();
    world.assembly.reload_programs().await.unwrap();
}

/// A clearing of 600.00 RUB: 10 miles anywhere.
fn clearing(number: u32, date: &str, card_acceptor: &str, terminal: &str, name: &str) -> Builder {
    let message = purchase(&card(1), number)
        .with_mti(Mti::new("0220"))
        .set(13, date)
        .set(38, "123456")
        .set(39, "00")
        .set(41, terminal)
        .set(42, card_acceptor);
    if name.is_empty() { message } else { message.set(43, format!("{name:25}MOSCOW       RU")) }
}

/// The partner's code, the finding of the map and its line, as stored with the message of this number.
async fn stored(world: &World, number: u32) -> String {
    let text = "SELECT coalesce(c.code, '-') || ' ' || (f ->> 'reason') || coalesce(' ' || (v ->> 1), '') \
                FROM message m JOIN purchase p ON p.bucket = m.bucket AND p.purchase_key = m.purchase_key \
                LEFT JOIN partner c ON c.partner_id = p.partner_id \
                CROSS JOIN jsonb_array_elements(m.explanation::jsonb -> 'findings') f \
                LEFT JOIN LATERAL jsonb_array_elements(f -> 'values') v ON v ->> 0 = 'map_line' \
                WHERE m.stan = $1 AND f ->> 'rule' = 'merchant'";
    let sql = world.assembly.pool.get().await.unwrap();
    let row = sql.query_one(text, &[&format!("{number:06}")]).await.unwrap();
    row.get(0)
}

async fn count(world: &World, text: &str) -> i64 {
    world.assembly.pool.get().await.unwrap().query_one(text, &[]).await.unwrap().get(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_purchase_is_the_partner_s_who_held_the_merchant_on_its_day_and_says_why() {
    let (world, link) = world().await;
    let cases = [
        ("1004", "SHOP00000000001", "TILL0001", "", "skyfuel matched_by_card_acceptor 2"),
        ("1005", "SHOP00000000001", "TILL0001", "", "kosta matched_by_card_acceptor 3"),
        ("1005", "SHOP00000000001", "TILL0009", "", "skyfuel matched_by_terminal 4"),
        ("1005", "GROCER000000001", "TILL0001", "", "- not_in_the_map"),
        ("1005", "ANY000000000001", "TILL0001", "SQ *Kosta Cafe", "kosta matched_by_sub_merchant 6"),
        ("1005", "SHARED000000001", "TILL0001", "SQ *SOMEBODY", "- sub_merchant_not_in_the_map"),
        ("1005", "SHARED000000001", "TILL0001", "SHARED*CAFE", "skyfuel matched_by_card_acceptor 7"),
    ];
    for (number, (date, card_acceptor, terminal, name, expected)) in (1..).zip(cases) {
        let sent = clearing(number, date, card_acceptor, terminal, name);
        let reply = link.ask(sent, PATIENCE).await.unwrap();
        let loyalty = reply.loyalty.unwrap();
        assert_eq!((loyalty.status.as_str(), loyalty.base_miles), ("booked", 10), "{expected}");
        assert_eq!(stored(&world, number).await, expected);
    }
    // Every decision names the map, whose text is kept: first the sample was in force, then this one.
    let (_, maps) = asked(&world, &["log", "--config", "cobrand.toml"]);
    let maps: Vec<&str> =
        maps.as_array().unwrap().iter().map(|map| map["sha256"].as_str().unwrap()).collect();
    let named =
        format!("SELECT count(*) FROM message WHERE explanation LIKE '%[\"map\",\"{}\"]%'", &maps[0][..8]);
    assert_eq!((maps.len(), count(&world, &named).await), (2, 7));
    let shown =
        cobrand(&world.dir, &["merchants", "log", "--config", "cobrand.toml", "--show", &maps[0][..8]]);
    assert_eq!(String::from_utf8(shown.stdout).unwrap(), MAP);
    // DE43 is looked at and not kept.
    let kept =
        "SELECT count(*) FROM message m WHERE m::text ILIKE '%kosta cafe%' OR m::text ILIKE '%somebody%'";
    assert_eq!(count(&world, kept).await, 0);
    support_link::replays(&world).await;
    world.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_purchase_keeps_its_partner_and_a_wrong_map_changes_nothing() {
    let (world, link) = world().await;
    let told = async |message: Builder| link.ask(message, PATIENCE).await.unwrap().loyalty.unwrap();
    let hold = clearing(1, "1010", "SHOP00000000001", "TILL0001", "").with_mti(Mti::new("0100"));
    assert_eq!(told(hold).await.status, "provisional");
    let moved = MAP.replace("kosta,400001,SHOP", "skyfuel,400001,SHOP");
    put_into_force(&world, &moved).await;
    // The clearing of the same purchase, by DE37; it does not look into the map again.
    let clears = clearing(2, "1010", "SHOP00000000001", "TILL0001", "").set(37, format!("{:012}", 1));
    assert_eq!(told(clears).await.status, "booked");
    assert_eq!(stored(&world, 1).await, "kosta matched_by_card_acceptor 3");
    let found = "SELECT count(*) FROM message WHERE stan = '000002' AND explanation LIKE '%\"merchant\"%'";
    assert_eq!(count(&world, found).await, 0);

    std::fs::write(world.dir.join("merchants.csv"), moved.replace("2026-10-05,\n", "2026-10-04,\n")).unwrap();
    let refused = world.assembly.reload_programs().await.map(drop);
    assert!(refused.is_ok(), "two rows of one partner may overlap: {refused:?}");
    std::fs::write(world.dir.join("merchants.csv"), MAP.replace("2026-10-05,\n", "2026-10-04,\n")).unwrap();
    let refused = world.assembly.reload_programs().await.map(drop).unwrap_err().to_string();
    assert!(refused.contains("merchants.csv:3:1: partner: expected one partner"), "{refused}");
    let next = clearing(3, "1010", "SHOP00000000001", "TILL0001", "");
    assert_eq!(told(next).await.status, "booked");
    assert_eq!(stored(&world, 3).await, "skyfuel matched_by_card_acceptor 3");
    support_link::replays(&world).await;
    world.stop().await.unwrap();
}

fn asked(world: &World, arguments: &[&str]) -> (bool, Value) {
    let output = cobrand(&world.dir, &[&["merchants"], arguments, &["--json"]].concat());
    let told = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", said(&output)));
    (output.status.success(), told)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_map_is_tried_on_stored_purchases_and_silent_merchants_are_named() {
    let (world, link) = world().await;
    for (number, card_acceptor, terminal, name) in [
        (1, "SHOP00000000001", "TILL0001", ""),
        (2, "SHOP00000000001", "TILL0001", ""),
        (3, "SHOP00000000001", "TILL0009", ""),
        (4, "GROCER000000001", "TILL0001", ""),
        (5, "ANY000000000001", "TILL0001", "SQ *KOSTA CAFE"),
    ] {
        let reply =
            link.ask(clearing(number, "1010", card_acceptor, terminal, name), PATIENCE).await.unwrap();
        assert!(reply.is_taken());
    }
    let new = MAP.replace("kosta,400001,SHOP", "airboreal,400001,SHOP").replace("TILL0009", "TILL0008");
    std::fs::write(world.dir.join("new.csv"), format!("{new},newcomer,400001,GROCER000000001,,,\n")).unwrap();
    let now = ["--config", "cobrand.toml", "--now", "2026-10-20T00:00:00Z"];
    let (_, told) = asked(&world, &[&["diff", "merchants.csv", "new.csv"], &now[..]].concat());
    let moved = |from: Value, to: &str, purchases: i64| {
        let turnover = (purchases * 60_000).to_string();
        json!({ "from": from, "to": to, "currency": "643", "purchases": purchases, "turnover_minor": turnover })
    };
    let purchases = &told["purchases"];
    let mut found = purchases["moved"].as_array().unwrap().clone();
    found.sort_by_key(ToString::to_string);
    let mut expected = vec![
        moved(Value::Null, "newcomer", 1),
        moved(json!("kosta"), "airboreal", 2),
        moved(json!("skyfuel"), "airboreal", 1),
    ];
    expected.sort_by_key(ToString::to_string);
    assert_eq!(found, expected);
    // Who stood behind the aggregator is not stored.
    assert_eq!((&purchases["same"], &purchases["cannot_be_told"]), (&json!(0), &json!(1)));
    // The purchases are older than the time that is looked at.
    let (_, told) = asked(&world, &[&["diff", "merchants.csv", "new.csv", "--days", "5"], &now[..]].concat());
    assert_eq!(told["purchases"]["moved"], json!([]));

    let (quiet, told) = asked(&world, &[&["silent", "--days", "15"], &now[..]].concat());
    let lines = |told: &Value| -> Vec<i64> {
        told["silent"]
            .as_array()
            .unwrap()
            .iter()
            .map(|silent| silent["row"]["line"].as_i64().unwrap())
            .collect()
    };
    // Line 2 has ended, line 6 goes by a name; only the shared card acceptor was never seen.
    assert_eq!((quiet, lines(&told), &told["not_looked_at"]), (false, vec![7], &json!(1)));
    assert_eq!(told["silent"][0]["last_seen"], Value::Null);
    let (_, told) = asked(&world, &[&["silent", "--days", "5"], &now[..]].concat());
    assert_eq!(lines(&told), [3, 4, 7]);
    assert!(told["silent"][0]["last_seen"].as_str().unwrap().starts_with("2026-10-10T"), "{told}");
    support_link::replays(&world).await;
    world.stop().await.unwrap();
}

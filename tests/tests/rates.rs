//! A rate table from its file to what is booked: imported, read on SIGHUP, pinned on the purchase, kept for its refund.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support_link;

use bank_simulator::{Link, LinkOptions};
use cobrand::demo::{World, WorldOptions};
use iso8583::{Builder, Mti};
use support_link::{PATIENCE, card, cobrand, enroll, purchase, said};

const PASSWORD: &str = "correct horse battery staple";

/// A clearing of 100.00 US dollars that is not billed in roubles.
fn dollars(number: u32, date: &str) -> Builder {
    purchase(&card(1), number)
        .with_mti(Mti::new("0220"))
        .set(4, "000000010000")
        .set(13, date)
        .set(38, "123456")
        .set(39, "00")
        .set(49, "840")
}

/// Imports a table; what was printed.
fn import(world: &World, rates: &str) -> (bool, String) {
    std::fs::write(world.dir.join("rates.csv"), format!("date,from,to,per,rate\n{rates}")).unwrap();
    let of = ["rates", "import", "rates.csv", "--name", "daily", "--config", "cobrand.toml"];
    let output = cobrand(&world.dir, &[&of[..], &["--as", "anna", "--password-file", "anna.txt"]].concat());
    (output.status.success(), said(&output))
}

/// Status, reason and base miles of the answer.
async fn told(link: &Link, message: Builder) -> (String, String, i64) {
    let loyalty = link.ask(message, PATIENCE).await.unwrap().loyalty.unwrap();
    (loyalty.status, loyalty.reason, loyalty.base_miles)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_billed_is_converted_by_the_rate_of_its_day_and_refunded_by_the_same() {
    let sample = include_str!("../../docs/samples/programs/boreal-gold.toml");
    let fx = "fx = { rates = \"daily\", rounding = \"half_up\", date = \"transaction\" }\n\n[[base]]";
    let program = Some(sample.replacen("[[base]]", fx, 1));
    let world =
        World::start(WorldOptions { log_to_file: false, program, ..WorldOptions::default() }).await.unwrap();
    enroll(&world, &[&card(1)]).await;
    let (address, tls) = (world.gateway().unwrap().address(), world.bank_tls().unwrap());
    let link = Link::connect(address, &tls, LinkOptions::default()).await.unwrap();
    link.sign_on().await.unwrap();
    std::fs::write(world.dir.join("anna.txt"), PASSWORD).unwrap();
    let (taken, told_of) = import(&world, "2026-10-10,USD,RUB,1,12\n");
    assert!(!taken && told_of.contains("the name or the password is wrong"), "{told_of}");
    console::add_user(&world.assembly.pool, "anna", PASSWORD).await.unwrap();
    let none = |reason: &str| ("none".to_owned(), reason.to_owned(), 0);
    assert_eq!(told(&link, dollars(1, "1010")).await, none("no_rate_for_the_day"));

    let (taken, told_of) = import(&world, "2026-10-10,USD,RUB,1,nothing\n");
    assert!(!taken && told_of.contains("rates.csv:2:1: rate: expected a rate"), "{told_of}");
    let (taken, told_of) = import(&world, "2026-10-10,USD,RUB,1,92.5050\n2026-10-09,USD,RUB,1,60\n");
    assert!(taken && told_of.contains("with 2 rates"), "{told_of}");
    // What SIGHUP does.
    world.assembly.reload_programs().await.unwrap();
    // 9,250.50 roubles.
    assert_eq!(told(&link, dollars(2, "1010")).await, ("booked".into(), "cleared".into(), 154));
    assert_eq!(told(&link, dollars(3, "1009")).await, ("booked".into(), "cleared".into(), 100));
    assert_eq!(told(&link, dollars(4, "1008")).await, none("no_rate_for_the_day"));
    // Another table comes; the purchase keeps its rate, and all of it is refunded.
    assert!(import(&world, "2026-10-10,USD,RUB,1,10\n").0);
    world.assembly.reload_programs().await.unwrap();
    let refund = dollars(5, "1010").set(3, "200000").set(37, format!("{:012}", 2));
    assert_eq!(told(&link, refund).await, ("reversed".into(), "refunded".into(), -154));
    assert_eq!(told(&link, dollars(6, "1010")).await, ("booked".into(), "cleared".into(), 16));

    let client = world.assembly.pool.get().await.unwrap();
    let pinned = "SELECT fx FROM purchase p JOIN message m ON m.bucket = p.bucket AND m.message_key = p.purchase_key \
                  WHERE m.stan = '000002' AND p.cleared_minor = 925050 AND p.refunded_minor = 925050";
    let pinned: String = client.query_one(pinned, &[]).await.unwrap().get(0);
    assert!(
        pinned.starts_with("daily|") && pinned.ends_with("|840|2026-10-10|9250500/100000|half_up"),
        "{pinned}"
    );
    let version = pinned.split('|').nth(1).unwrap().to_owned();
    let explained =
        format!("SELECT count(*) FROM message WHERE explanation LIKE '%[\"rates\",\"{}\"]%'", &version[..8]);
    let explained: i64 = client.query_one(explained.as_str(), &[]).await.unwrap().get(0);
    assert_eq!(explained, 3, "two clearings and the refund name their version");
    let kept: i64 = client
        .query_one("SELECT count(*) FROM rate_table_in_force WHERE imported_by = 'anna'", &[])
        .await
        .unwrap()
        .get(0);
    assert_eq!(kept, 2);
    support_link::replays(&world).await;
    let check = store::ledger_check(&world.assembly.pool).await.unwrap();
    assert_eq!((check.balances_off, check.counters_off), (0, 0), "{check:?}");
    drop(client);
    world.stop().await.unwrap();
}

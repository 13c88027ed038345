//! What real banks send that a strict reading would lose: zeros in fields that are always sent, malformed messages
//! while the database hangs, ranges without a date.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support_link;

use std::sync::Arc;

use bank_simulator::{ClientTls, Link, LinkOptions, Loyalty, Reply};
use cobrand::demo::{World, WorldOptions};
use iso8583::{Builder, Mti};
use support_link::{PATIENCE, card, enroll, purchase};

const AUTO_ENROLL: &str = "\n[[auto_enroll]]\nbin_from = \"220000\"\nbin_to = \"220000\"\n";

async fn world(program: Option<String>) -> (World, Link) {
    let options = WorldOptions { log_to_file: false, program, ..WorldOptions::default() };
    let world = World::start(options).await.unwrap();
    let (address, tls) = (world.gateway().unwrap().address(), world.bank_tls().unwrap());
    let link = Link::connect(address, &tls, LinkOptions::default()).await.unwrap();
    link.sign_on().await.unwrap();
    (world, link)
}

fn clearing(pan: &str, number: u32) -> Builder {
    purchase(pan, number).with_mti(Mti::new("0220")).set(38, "123456").set(39, "00")
}

async fn told(link: &Link, message: Builder) -> (Reply, Loyalty) {
    let reply = link.ask(message, PATIENCE).await.unwrap();
    assert!(reply.is_taken(), "{reply:?}");
    let loyalty = reply.loyalty.clone().unwrap();
    (reply, loyalty)
}

#[tokio::test(flavor = "multi_thread")]
async fn zeros_in_fields_that_are_always_sent_say_nothing() {
    let (world, link) = world(None).await;
    enroll(&world, &[&card(1)]).await;
    // DE6 of zeros is no billing amount: the purchase counts with DE4.
    let billed = clearing(&card(1), 1).set(6, "000000000000").set(51, "643");
    let (_, loyalty) = told(&link, billed).await;
    assert_eq!((loyalty.status.as_str(), loyalty.base_miles), ("booked", 10));
    // DE90 with a zero acquirer names a message of the reversal's own acquirer.
    let named = format!("0220{}{}{}", "000001", "1010090000", "0".repeat(22));
    let reversal =
        purchase(&card(1), 2).with_mti(Mti::new("0420")).set(37, format!("{:012}", 1)).set(90, named);
    let (_, loyalty) = told(&link, reversal).await;
    assert_eq!((loyalty.status.as_str(), loyalty.base_miles), ("reversed", -10));
    // An advice of a refund is no hold.
    let advice = purchase(&card(1), 3).with_mti(Mti::new("0120")).set(3, "200000").set(39, "00");
    let (_, loyalty) = told(&link, advice).await;
    assert_eq!(loyalty.reason, "refund_is_booked_when_cleared");
    support_link::replays(&world).await;
    world.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_card_of_a_range_earns_whatever_the_order_and_dates_of_its_messages() {
    let sample = include_str!("../../docs/samples/programs/boreal-gold.toml");
    let (world, link) = world(Some(format!("{sample}{AUTO_ENROLL}"))).await;
    // First a terminal whose clock is wrong, then yesterday's purchase.
    let (_, loyalty) = told(&link, clearing(&card(5), 1).set(13, "0330")).await;
    assert_eq!((loyalty.status.as_str(), loyalty.base_miles), ("booked", 10));
    let (_, loyalty) = told(&link, clearing(&card(5), 2).set(13, "1009")).await;
    assert_eq!((loyalty.status.as_str(), loyalty.base_miles), ("booked", 10));
    support_link::replays(&world).await;
    world.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_malformed_message_is_answered_while_the_quarantine_cannot_be_written() {
    let (world, link) = world(None).await;
    enroll(&world, &[&card(1)]).await;
    let mut other = store::connect(&world.assembly.database).await.unwrap();
    let lock = other.transaction().await.unwrap();
    lock.execute("LOCK TABLE quarantine IN ACCESS EXCLUSIVE MODE", &[]).await.unwrap();
    let mut malformed = purchase(&card(1), 1).encode(iso8583::dialects::iso87_ascii()).unwrap();
    malformed.push(b'0');
    link.send_raw(&malformed).await.unwrap();
    // The refusal comes, and so does the answer to the next message of the same link.
    let refusal = link.next_raw(PATIENCE).await.unwrap();
    let refusal = iso8583::dialects::iso87_ascii().decode(&refusal).unwrap();
    assert_eq!(refusal.text(39).as_deref(), Some("30"));
    assert!(link.ask(purchase(&card(1), 2), PATIENCE).await.unwrap().is_taken());
    lock.rollback().await.unwrap();
    world.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bank_cannot_take_the_places_of_the_others() {
    let options = WorldOptions { log_to_file: false, ..WorldOptions::default() };
    let world = World::prepare(options).await.unwrap();
    let mut gateway = world.assembly.gateway().await.unwrap();
    Arc::get_mut(&mut gateway).unwrap().limits.link_connections_max = 1;
    let handle = gateway.listen(([127, 0, 0, 1], 0).into(), world.assembly.tls().unwrap()).await.unwrap();
    let (north, certs) = (world.bank_tls().unwrap(), world.dir.join("certs"));
    let file = |name: &str| certs.join(name);
    let name = cobrand::certs::GATEWAY_NAME;
    let south = ClientTls::from_pem_files(file("ca.pem"), file("southbank.pem"), file("southbank.key"), name)
        .unwrap();
    let first = Link::connect(handle.address(), &north, LinkOptions::default()).await.unwrap();
    first.sign_on().await.unwrap();
    let second = Link::connect(handle.address(), &north, LinkOptions::default()).await;
    // TLS 1.3 tells the client of a refusal only with the next message.
    let refused = match second {
        Ok(link) => link.sign_on().await.is_err(),
        Err(_) => true,
    };
    assert!(refused);
    let other = Link::connect(handle.address(), &south, LinkOptions::default()).await.unwrap();
    other.sign_on().await.unwrap();
    assert!(first.echo().await.unwrap().is_taken());
    handle.drain().await;
    world.stop().await.unwrap();
}

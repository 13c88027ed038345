//! Paying with miles at the till, over TLS and PostgreSQL: the bank asks in its authorization, the answer says what is
//! reserved and what remains, and clearing, reversal, the end of the hold or a late answer decide what becomes of it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support_link;

use std::{sync::Arc, time::Duration};

use bank_simulator::{Link, LinkOptions, Reply, paying_with_miles};
use cobrand::demo::{World, WorldOptions};
use gateway::{Clock, Gateway, GatewayHandle, expire_holds};
use iso8583::{Builder, Mti};
use jiff::Timestamp;
use support_link::{PATIENCE, card, enroll, eventually, purchase};

async fn world() -> World {
    let program = concat!(
        include_str!("../../docs/samples/programs/boreal-gold.toml"),
        include_str!("../../docs/samples/miles.toml")
    );
    let options =
        WorldOptions { log_to_file: false, program: Some(program.to_owned()), ..WorldOptions::default() };
    let world = World::prepare(options).await.unwrap();
    enroll(&world, &[&card(1)]).await;
    world
}

async fn listen(world: &World, now: &str, answer_max: Duration) -> GatewayHandle {
    let mut gateway = world.assembly.gateway().await.unwrap();
    let now: Timestamp = now.parse().unwrap();
    let set = Arc::<Gateway>::get_mut(&mut gateway).unwrap();
    set.clock = Clock::starting_at(now);
    set.limits.answer_max = answer_max;
    gateway.listen(([127, 0, 0, 1], 0).into(), world.assembly.tls().unwrap()).await.unwrap()
}

async fn connect(world: &World, gateway: &GatewayHandle) -> Link {
    let tls = world.bank_tls().unwrap();
    let link = Link::connect(gateway.address(), &tls, LinkOptions::default()).await.unwrap();
    assert!(link.sign_on().await.unwrap().is_taken());
    link
}

/// Three purchases of 600.00 RUB on 10 October 2026, 10 miles each, which may be spent from the 24th on.
async fn buy(world: &World) {
    let gateway = listen(world, "2026-10-10T09:00:00Z", PATIENCE).await;
    let link = connect(world, &gateway).await;
    for number in 1..=3 {
        assert!(link.ask(purchase(&card(1), number), PATIENCE).await.unwrap().is_taken());
        let clearing = purchase(&card(1), number).with_mti(Mti::new("0220")).set(38, "123456").set(39, "00");
        assert!(link.ask(clearing, PATIENCE).await.unwrap().is_taken());
    }
    drop(link);
    gateway.drain().await;
    assert_eq!(miles(world).await, 30);
}

const NOW: &str = "2026-10-24T09:00:00Z";

/// An authorization of 100.00 RUB on 24 October 2026.
fn authorization(number: u32) -> Builder {
    purchase(&card(1), number).set(4, "000000010000").set(7, "1024090000").set(13, "1024")
}

fn clearing(number: u32, minor: u64) -> Builder {
    let clearing = authorization(number).with_mti(Mti::new("0220")).set(4, format!("{minor:012}"));
    clearing.set(38, "123456").set(39, "00").set(11, format!("{:06}", number + 500_000))
}

fn reversal(number: u32) -> Builder {
    let names = format!("0100{number:06}1024090000{:011}{:011}", 400_001, 0);
    let reversal = authorization(number).with_mti(Mti::new("0420")).set(90, names);
    reversal.set(11, format!("{:06}", number + 600_000))
}

/// What the answer says: DE4, DE54, reserved miles, what remains, and the reason.
fn said(reply: &Reply) -> (Option<u64>, Option<u64>, Option<u64>, Option<u64>, String) {
    assert!(reply.is_taken(), "{reply:?}");
    let loyalty = reply.loyalty.as_ref().unwrap();
    let reason = loyalty.reason.clone();
    (reply.amount, reply.original_amount, loyalty.reserved_miles, loyalty.remaining_minor, reason)
}

/// 20 miles pay 10.00 of 100.00 RUB.
fn reserved() -> (Option<u64>, Option<u64>, Option<u64>, Option<u64>, String) {
    (Some(9_000), Some(10_000), Some(20), Some(9_000), "miles_reserved".to_owned())
}

/// Posted miles of the member.
async fn miles(world: &World) -> i64 {
    let balances = store::balances(&world.assembly.pool).await.unwrap();
    balances.iter().filter(|row| row.unit_kind == 1).map(|row| row.posted).sum()
}

/// How far the redemptions have come, in the order of their authorizations.
async fn states(world: &World) -> Vec<String> {
    let client = world.assembly.pool.get().await.unwrap();
    let text = "SELECT d.state FROM redemption d JOIN message m ON m.bucket = d.bucket \
                AND m.message_key = d.redemption_key ORDER BY m.stan";
    client.query(text, &[]).await.unwrap().iter().map(|row| row.get(0)).collect()
}

async fn books_agree(world: &World) {
    support_link::replays(world).await;
    let check = store::ledger_check(&world.assembly.pool).await.unwrap();
    let off = (check.balances_off, check.counters_off, check.lots_off, check.orphans);
    assert_eq!(off, (0, 0, 0, 0), "{check:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_clearing_and_the_reversal_decide_what_becomes_of_reserved_miles() {
    let world = world().await;
    buy(&world).await;
    let gateway = listen(&world, NOW, PATIENCE).await;
    let link = connect(&world, &gateway).await;
    let ask = async |message: Builder| link.ask(message, PATIENCE).await.unwrap();

    let too_many = ask(paying_with_miles(authorization(10), 31)).await;
    let refused = (Some(10_000), None, Some(0), Some(10_000), "not_enough_miles".to_owned());
    assert_eq!(said(&too_many), refused, "the bank decides without miles");

    // Net clearing: spent. Miles are earned by the 90.00 that were paid.
    assert_eq!(said(&ask(paying_with_miles(authorization(11), 20)).await), reserved());
    assert_eq!((miles(&world).await, states(&world).await), (10, vec!["reserved".to_owned()]));
    assert!(ask(clearing(11, 9_000)).await.is_taken());
    assert_eq!((miles(&world).await, states(&world).await), (11, vec!["confirmed".to_owned()]));
    let balance = "SELECT count(*) FROM outbox WHERE topic IN ('miles.reserved', 'miles.confirmed')";
    let client = world.assembly.pool.get().await.unwrap();
    assert_eq!(client.query_one(balance, &[]).await.unwrap().get::<_, i64>(0), 2);

    // Reversed: given back to their lots. A refund of all of the first gives its miles back too.
    let ten = paying_with_miles(authorization(12), 10);
    let answer = said(&ask(ten.clone()).await);
    assert_eq!(answer, (Some(9_500), Some(10_000), Some(10), Some(9_500), "miles_reserved".to_owned()));
    assert_eq!(miles(&world).await, 1);
    assert!(ask(reversal(12)).await.is_taken());
    assert_eq!(miles(&world).await, 11);
    assert_eq!(said(&ask(ten.with_mti(Mti::new("0101"))).await), answer, "a repeat hears the first result");
    assert_eq!(miles(&world).await, 11);
    let refund = clearing(11, 9_000).set(3, "200000").set(11, "700011");
    assert!(ask(refund).await.is_taken());
    assert_eq!(miles(&world).await, 30);
    assert_eq!(states(&world).await, ["cancelled", "cancelled"]);
    books_agree(&world).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_gateway_gives_the_same_answer_and_the_end_of_the_hold_lets_the_miles_go() {
    let world = world().await;
    buy(&world).await;
    let first = listen(&world, NOW, PATIENCE).await;
    let link = connect(&world, &first).await;
    let request = paying_with_miles(authorization(11), 20);
    let answer = link.ask(request.clone(), PATIENCE).await.unwrap();
    assert_eq!(said(&answer), reserved());
    drop(link);
    first.drain().await;

    let second = listen(&world, NOW, PATIENCE).await;
    let link = connect(&world, &second).await;
    let again = link.ask(request.with_mti(Mti::new("0101")), PATIENCE).await.unwrap();
    assert_eq!((said(&again), again.loyalty), (said(&answer), answer.loyalty));
    assert_eq!(miles(&world).await, 10);

    let later = listen(&world, "2026-11-20T09:00:00Z", PATIENCE).await;
    assert_eq!(expire_holds(later.gateway()).await.unwrap().expired, 1);
    assert_eq!((miles(&world).await, states(&world).await), (30, vec!["lapsed".to_owned()]));
    // The clearing is late: the miles are taken again.
    assert!(link.ask(clearing(11, 9_000), PATIENCE).await.unwrap().is_taken());
    assert_eq!((miles(&world).await, states(&world).await), (11, vec!["confirmed".to_owned()]));
    books_agree(&world).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_comes_too_late_gives_the_miles_back() {
    let world = world().await;
    buy(&world).await;
    let hasty = listen(&world, NOW, Duration::ZERO).await;
    let link = connect(&world, &hasty).await;
    let late = link.ask(paying_with_miles(authorization(11), 20), PATIENCE).await.unwrap();
    assert_eq!((late.code.as_str(), late.loyalty.unwrap().reason.as_str()), ("96", "not_in_time"));
    eventually("the miles come back", async || states(&world).await == ["lapsed"]).await;
    assert_eq!(miles(&world).await, 30);
    // The bank went on without miles, or with them: only the clearing tells.
    let patient = listen(&world, NOW, PATIENCE).await;
    let link = connect(&world, &patient).await;
    assert!(link.ask(clearing(11, 9_000), PATIENCE).await.unwrap().is_taken());
    assert_eq!((miles(&world).await, states(&world).await), (11, vec!["confirmed".to_owned()]));
    books_agree(&world).await;
}

//! A hold for which no clearing comes is given up on its day, once, whoever looks; a clearing that comes later counts.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support_link;

use std::sync::Arc;

use bank_simulator::{Link, LinkOptions};
use cobrand::{
    assembly::Assembly,
    demo::{World, WorldOptions},
};
use gateway::{Clock, Gateway, GatewayHandle, HoldsExpired, expire_holds};
use iso8583::Mti;
use jiff::Timestamp;
use support_link::{PATIENCE, card, enroll, purchase};

async fn listen(assembly: &Assembly, now: &str) -> GatewayHandle {
    let mut gateway = assembly.gateway().await.unwrap();
    let now: Timestamp = now.parse().unwrap();
    Arc::<Gateway>::get_mut(&mut gateway).unwrap().clock = Clock::starting_at(now);
    gateway.listen(([127, 0, 0, 1], 0).into(), assembly.tls().unwrap()).await.unwrap()
}

/// Pending and posted miles of all members, from the balances and again from the transfers.
async fn miles(world: &World) -> ((i64, i64), (i64, i64)) {
    let client = world.assembly.pool.get().await.unwrap();
    let balances = "SELECT coalesce(sum(pending), 0)::bigint, coalesce(sum(posted), 0)::bigint FROM member_balance \
                    WHERE unit_kind = 1";
    let transfers = "SELECT coalesce(sum(s) FILTER (WHERE phase = 2), 0)::bigint, \
                     coalesce(sum(s) FILTER (WHERE phase = 1), 0)::bigint FROM \
                     (SELECT phase, CASE WHEN credit_kind = 1 THEN amount ELSE -amount END AS s FROM transfer \
                      WHERE unit_kind = 1) t";
    let balances = client.query_one(balances, &[]).await.unwrap();
    let transfers = client.query_one(transfers, &[]).await.unwrap();
    ((balances.get(0), balances.get(1)), (transfers.get(0), transfers.get(1)))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hold_expires_once_and_late_clearing_posts_in_full() {
    let world = World::prepare(WorldOptions { log_to_file: false, ..WorldOptions::default() }).await.unwrap();
    enroll(&world, &[&card(1)]).await;
    let gateway = listen(&world.assembly, "2026-10-10T09:00:00Z").await;
    let link =
        Link::connect(gateway.address(), &world.bank_tls().unwrap(), LinkOptions::default()).await.unwrap();
    link.sign_on().await.unwrap();
    // Three purchases of 600.00 RUB: one is cleared, two wait.
    for number in 1..=3 {
        assert!(link.ask(purchase(&card(1), number), PATIENCE).await.unwrap().is_taken());
    }
    let clearing =
        |number| purchase(&card(1), number).with_mti(Mti::new("0220")).set(38, "123456").set(39, "00");
    assert!(link.ask(clearing(1), PATIENCE).await.unwrap().is_taken());
    assert_eq!(miles(&world).await, ((20, 10), (20, 10)));
    assert_eq!(expire_holds(gateway.gateway()).await.unwrap(), HoldsExpired::default(), "it is early");

    // The last day counts in full, in Moscow.
    let before = listen(&world.assembly, "2026-10-17T20:59:00Z").await;
    assert_eq!(expire_holds(before.gateway()).await.unwrap(), HoldsExpired::default());
    let (one, other) = (
        listen(&world.assembly, "2026-10-17T21:00:01Z").await,
        listen(&world.assembly, "2026-10-20T09:00:00Z").await,
    );
    let (first, second) = tokio::join!(expire_holds(one.gateway()), expire_holds(other.gateway()));
    let (first, second) = (first.unwrap(), second.unwrap());
    assert_eq!((first.unanswered, second.unanswered), (0, 0));
    assert_eq!(miles(&world).await, ((0, 10), (0, 10)));
    assert_eq!(expire_holds(one.gateway()).await.unwrap(), HoldsExpired::default(), "nothing is left");
    let client = world.assembly.pool.get().await.unwrap();
    let events: i64 = client
        .query_one("SELECT count(*) FROM message WHERE source = 'scheduler'", &[])
        .await
        .unwrap()
        .get(0);
    assert_eq!(events, 2, "{first:?} {second:?}");

    // The bank is late.
    assert!(link.ask(clearing(2), PATIENCE).await.unwrap().is_taken());
    assert_eq!(miles(&world).await, ((0, 20), (0, 20)));
    let check = store::ledger_check(&world.assembly.pool).await.unwrap();
    assert_eq!((check.balances_off, check.counters_off), (0, 0), "{check:?}");
    drop(client);
    // Also what no bank has sent is decided again.
    support_link::replays(&world).await;
}

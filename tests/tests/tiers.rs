//! Tiers over real TLS and PostgreSQL: a clearing lifts a member, his next purchase has the tier, a review takes it, once.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support_link;

use std::sync::Arc;

use bank_simulator::{Link, LinkOptions};
use cobrand::{
    assembly::Assembly,
    demo::{World, WorldOptions},
};
use gateway::{Clock, Gateway, GatewayHandle, TiersReviewed, review_tiers};
use iso8583::Mti;
use jiff::Timestamp;
use support_link::{PATIENCE, card, enroll, purchase};

const TIERS: &str = r#"
[tiers]
qualifying = "base_miles"
fall = "one_tier"

[[tiers.tier]]
id = "silver"
rank = 1
units_from = 10

[[tiers.tier]]
id = "gold"
rank = 2
units_from = 20

[[bonus]]
id = "gold-extra"
when = { tier = "gold" }
times_base = "1/2"
rounding = "floor"
funded_by = "bank"
"#;

async fn listen(assembly: &Assembly, now: &str) -> GatewayHandle {
    let mut gateway = assembly.gateway().await.unwrap();
    let now: Timestamp = now.parse().unwrap();
    Arc::<Gateway>::get_mut(&mut gateway).unwrap().clock = Clock::starting_at(now);
    gateway.listen(([127, 0, 0, 1], 0).into(), assembly.tls().unwrap()).await.unwrap()
}

/// Rank, day of review and units of the one member.
async fn standing(world: &World) -> (i16, Option<String>, i64) {
    let text = "SELECT tier_rank, tier_review_on::text, qualifying_units FROM member_account";
    let row = world.assembly.pool.get().await.unwrap().query_one(text, &[]).await.unwrap();
    (row.get(0), row.get(1), row.get(2))
}

async fn count(world: &World, text: &str) -> i64 {
    world.assembly.pool.get().await.unwrap().query_one(text, &[]).await.unwrap().get(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_rises_at_once_and_falls_at_the_review() {
    let program = include_str!("../../docs/samples/programs/boreal-gold.toml").to_owned() + TIERS;
    let options = WorldOptions { log_to_file: false, program: Some(program), ..WorldOptions::default() };
    let world = World::prepare(options).await.unwrap();
    enroll(&world, &[&card(1)]).await;
    let gateway = listen(&world.assembly, "2026-10-10T09:00:00Z").await;
    let link =
        Link::connect(gateway.address(), &world.bank_tls().unwrap(), LinkOptions::default()).await.unwrap();
    link.sign_on().await.unwrap();
    let cleared = async |number| {
        let advice = purchase(&card(1), number).with_mti(Mti::new("0220")).set(38, "123456").set(39, "00");
        let answer = link.ask(advice, PATIENCE).await.unwrap();
        assert!(answer.is_taken());
        let bonus =
            "SELECT coalesce(sum(amount), 0)::bigint FROM transfer WHERE phase = 1 AND item LIKE 'bonus:%'";
        (standing(&world).await, count(&world, bonus).await)
    };
    let silver = (1, Some("2028-01-01".to_owned()), 10);
    let gold = |units| (2, Some("2028-01-01".to_owned()), units);
    assert_eq!(cleared(1).await, (silver.clone(), 0));
    assert_eq!(cleared(2).await, (gold(20), 0));
    assert_eq!(cleared(3).await, (gold(30), 5), "the third purchase is the first with the tier");

    // Nothing is due on the last day of the year, in Moscow.
    let early = listen(&world.assembly, "2027-12-31T20:59:00Z").await;
    assert_eq!(review_tiers(early.gateway()).await.unwrap(), TiersReviewed::default());
    let (one, other) = (
        listen(&world.assembly, "2027-12-31T21:00:01Z").await,
        listen(&world.assembly, "2028-01-03T09:00:00Z").await,
    );
    let (first, second) = tokio::join!(review_tiers(one.gateway()), review_tiers(other.gateway()));
    let (first, second) = (first.unwrap(), second.unwrap());
    assert_eq!((first.unanswered, second.unanswered), (0, 0));
    assert!(first.reviewed + second.reviewed >= 1, "{first:?} {second:?}");
    assert_eq!(standing(&world).await, (1, Some("2029-01-01".to_owned()), 30), "one tier lower, once");
    assert_eq!(count(&world, "SELECT count(*) FROM message WHERE mti = 'tier-review'").await, 1);
    assert_eq!(count(&world, "SELECT count(*) FROM outbox WHERE topic = 'member.tier_changed'").await, 3);

    support_link::replays(&world).await;
    let check = store::ledger_check(&world.assembly.pool).await.unwrap();
    assert_eq!((check.balances_off, check.counters_off, check.standings_off), (0, 0, 0), "{check:?}");
    // The check can fail.
    let client = world.assembly.pool.get().await.unwrap();
    client.execute("UPDATE member_account SET qualifying_units = 31", &[]).await.unwrap();
    assert_eq!(store::ledger_check(&world.assembly.pool).await.unwrap().standings_off, 1);
}

//! Lots and redemptions through a lane and back, and the check that would notice if they went wrong.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use domain::{EventKind, Funder, MilesEvent, Outcome, ResultStatus};
use store::{MessageRecord, Route};
use support::{CLEARING, World};

/// Two purchases of 20 miles, 25 miles sent away, 10 taken by staff, and the word that what was sent has arrived.
fn a_life(world: &World, route: Route, to: Route) -> Vec<MessageRecord> {
    let miles = |id, asked| world.message(Some(route), id, EventKind::Miles(asked), 0);
    let (to_bucket, to) = (to.bucket, to.member.account);
    let sent = miles(3, MilesEvent::Send { miles: 25, to_bucket, to });
    let redemption = sent.event.key;
    vec![
        world.message(Some(route), 1, CLEARING, 120_000),
        world.message(Some(route), 2, CLEARING, 120_000),
        sent,
        miles(4, MilesEvent::Adjust { miles: -10, funder: Funder::Bank }),
        miles(5, MilesEvent::Adjust { miles: -10, funder: Funder::Bank }),
        miles(6, MilesEvent::Confirm { redemption }),
        miles(7, MilesEvent::Confirm { redemption }),
    ]
}

fn reasons(outcomes: &[Outcome]) -> Vec<&str> {
    outcomes.iter().map(|outcome| outcome.reply.result.reason.as_str()).collect()
}

const ENDS: [&str; 7] = [
    "cleared",
    "cleared",
    "miles_sent",
    "adjusted",
    "not_enough_miles",
    "redemption_confirmed",
    "redemption_is_not_open",
];

const WRITTEN: [&str; 7] =
    ["purchase", "redemption", "redemption_piece", "transfer", "member_balance", "member_account", "outbox"];

#[tokio::test]
async fn one_batch_and_one_by_one_spend_alike() {
    let mut dumps = Vec::new();
    for at_once in [true, false] {
        let world = World::new().await;
        let (route, to) = (world.member(3, 1).await, world.member(700, 2).await);
        let batch = a_life(&world, route, to);
        let mut lane = world.lane().await;
        let mut outcomes = Vec::new();
        for records in batch.chunks(if at_once { batch.len() } else { 1 }) {
            outcomes.extend(lane.run(records, &world.rules).await.unwrap().outcomes);
        }
        assert_eq!(reasons(&outcomes), ENDS);
        world.audit().await;
        let mut rows = Vec::new();
        for table in WRITTEN {
            rows.push(world.dump(table).await);
        }
        dumps.push(rows);
        let under_way = store::transfers_under_way(&world.pool, None, 10).await.unwrap();
        assert!(under_way.is_empty(), "it was told to have arrived: {under_way:?}");
    }
    assert_eq!(dumps[0], dumps[1]);
}

#[tokio::test]
async fn what_is_under_way_is_found_with_its_pieces() {
    let world = World::new().await;
    let (route, to) = (world.member(3, 1).await, world.member(700, 2).await);
    let batch = a_life(&world, route, to);
    world.lane().await.run(&batch[..4], &world.rules).await.unwrap();
    let under_way = store::transfers_under_way(&world.pool, None, 10).await.unwrap();
    let [transfer] = under_way.as_slice() else { panic!("one transfer: {under_way:?}") };
    assert_eq!((transfer.from.member, transfer.to.member), (route.member, to.member));
    assert_eq!((transfer.from.bucket, transfer.to.bucket), (route.bucket, to.bucket));
    assert_eq!(transfer.pieces.iter().map(|piece| piece.miles).collect::<Vec<_>>(), [20, 5]);
    assert!(store::transfers_under_way(&world.pool, Some(transfer.sent), 10).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_purchase_of_before_lots_were_kept_is_a_lot_too() {
    let world = World::new().await;
    let (route, to) = (world.member(3, 1).await, world.member(700, 2).await);
    let batch = a_life(&world, route, to);
    let mut lane = world.lane().await;
    lane.run(&batch[..2], &world.rules).await.unwrap();
    world.admin.batch_execute("UPDATE purchase SET open_miles = NULL").await.unwrap();
    world.audit().await;
    let sent = lane.run(&batch[2..4], &world.rules).await.unwrap().outcomes;
    assert!(sent.iter().all(|outcome| outcome.reply.result.status != ResultStatus::None), "{sent:?}");
    world.audit().await;
}

#[tokio::test]
async fn the_check_notices_a_lot_that_is_not_the_sum_of_its_transfers() {
    let world = World::new().await;
    let (route, to) = (world.member(3, 1).await, world.member(700, 2).await);
    world.lane().await.run(&a_life(&world, route, to), &world.rules).await.unwrap();
    for (planted, mended) in [
        (
            "UPDATE purchase SET open_miles = open_miles + 1",
            "UPDATE purchase SET open_miles = open_miles - 1",
        ),
        ("UPDATE purchase SET expired_miles = 1", "UPDATE purchase SET expired_miles = 0"),
    ] {
        world.admin.batch_execute(planted).await.unwrap();
        let check = store::ledger_check(&world.pool).await.unwrap();
        assert_eq!((check.lots_off, check.balances_off), (2, 0), "{planted}: {check:?}");
        world.admin.batch_execute(mended).await.unwrap();
    }
    world.audit().await;
}

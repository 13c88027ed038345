//! Answers, disputes and adjustments under contention: of several at once one counts, and a batch takes its adjustments once.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use domain::{AdjustedItem, CycleId, settlement::Direction};
use jiff::Timestamp;
use store::{AdjustmentDecision, AdjustmentStep, NewAdjustment, NoAnswer, NotCounted, take_adjustments};
use support::{DAY, RUB, World, count};

fn noon() -> Timestamp {
    "2026-10-10T09:00:00Z".parse().unwrap()
}

async fn world() -> World {
    let world = World::new().await;
    let staff = "INSERT INTO staff_user VALUES ('ann', 'x'), ('bob', 'x'), ('eve', 'x')";
    world.admin.batch_execute(staff).await.unwrap();
    world
}

async fn proposed(world: &World, partner: domain::PartnerId) -> i64 {
    let items = [AdjustedItem { basis: None, quantity: 0, net_minor: -700, vat_minor: 0 }];
    let new = NewAdjustment {
        dispute: None,
        program: world.program,
        partner,
        currency: RUB,
        stated: Direction::BankPaysPartner,
        original: "contract 7",
        items: &items,
        reason: "agreed",
        by: "ann",
        at: noon(),
    };
    match store::propose_adjustment(&world.pool, &new).await.unwrap() {
        AdjustmentStep::Done(id) => id,
        step => panic!("{step:?}"),
    }
}

async fn decide(world: &World, proposal: i64, by: &str, approves: bool) -> AdjustmentStep {
    let decision = AdjustmentDecision { proposal, approves, reason: "seen", by, at: noon() };
    store::decide_adjustment(&world.pool, &decision).await.unwrap()
}

async fn approved(world: &World, partner: domain::PartnerId) -> i64 {
    let id = proposed(world, partner).await;
    assert_eq!(decide(world, id, "bob", true).await, AdjustmentStep::Done(id));
    id
}

#[tokio::test(flavor = "multi_thread")]
async fn of_several_who_decide_one_counts_and_never_the_proposer() {
    let world = world().await;
    let id = proposed(&world, world.fuel).await;
    assert_eq!(decide(&world, id, "ann", true).await, AdjustmentStep::SamePerson);
    assert_eq!(decide(&world, 99, "bob", true).await, AdjustmentStep::NotFound);
    let steps = tokio::join!(
        decide(&world, id, "bob", true),
        decide(&world, id, "eve", true),
        decide(&world, id, "eve", false)
    );
    let done =
        [steps.0, steps.1, steps.2].into_iter().filter(|step| *step == AdjustmentStep::Done(id)).count();
    assert_eq!(done, 1, "{steps:?}");
    // Whoever proposed may take it back, once.
    let own = proposed(&world, world.fuel).await;
    assert_eq!(decide(&world, own, "ann", false).await, AdjustmentStep::Done(own));
    assert_eq!(decide(&world, own, "bob", true).await, AdjustmentStep::Decided);
    let none = format!("SELECT count(*) FROM settlement_adjustment WHERE proposal_id = {own}");
    assert_eq!(count(&world.admin, &none).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_takes_its_adjustments_once_whoever_asks_and_whenever() {
    let world = world().await;
    let first = approved(&world, world.fuel).await;
    let other = approved(&world, world.shop).await;
    let cycle = store::cycle_by_date(&world.pool, world.program, DAY).await.unwrap().unwrap();
    let take = async |cycle: CycleId| {
        let mut client = world.pool.get().await.unwrap();
        let transaction = client.transaction().await.unwrap();
        let taken = take_adjustments(&transaction, cycle, world.fuel, RUB).await.unwrap();
        transaction.commit().await.unwrap();
        taken.iter().map(|row| row.id).collect::<Vec<_>>()
    };
    // One holds what it has taken and has not committed: the other waits for it and gets the same.
    let mut client = world.pool.get().await.unwrap();
    let transaction = client.transaction().await.unwrap();
    let held = take_adjustments(&transaction, cycle.id, world.fuel, RUB).await.unwrap();
    let second = async {
        let waits = "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' \
                     AND query LIKE 'INSERT INTO settlement_adjustments_taken%')";
        support::until(&world.admin, "the other waits", waits).await;
        transaction.commit().await.unwrap();
    };
    let (taken, ()) = tokio::join!(take(cycle.id), second);
    assert_eq!((held.len(), taken), (1, vec![first]));
    // What is approved afterwards waits for the next cycle, and what is another partner's for its own batch.
    let later = approved(&world, world.fuel).await;
    assert_eq!(take(cycle.id).await, [first]);
    let next = store::prepare_next(&world.pool, &cycle, DAY.tomorrow().unwrap()).await.unwrap();
    assert_eq!(take(next.id).await, [later]);
    let open = format!(
        "SELECT count(*) FROM settlement_adjustment WHERE proposal_id = {other} AND cycle_id IS NULL"
    );
    assert_eq!(count(&world.admin, &open).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_answer_is_kept_once_and_not_without_end() {
    let world = world().await;
    let keep = async |number: u16, at: Timestamp| {
        let mut sha256 = [0; 32];
        sha256[..2].copy_from_slice(&number.to_be_bytes());
        let of = NotCounted {
            receiver: "skyfuel",
            why: NoAnswer::Unreadable,
            sha256,
            body: "x",
            problem: "line 1",
            brought_by: "inbox",
            at,
        };
        store::keep_no_answer(&world.pool, &of).await.unwrap()
    };
    assert!(keep(0, noon()).await);
    assert!(!keep(0, noon()).await, "the same bytes are kept once");
    for number in 1..200 {
        assert!(keep(number, noon()).await, "{number}");
    }
    assert!(!keep(200, noon()).await, "enough for a day");
    assert!(keep(200, noon() + jiff::SignedDuration::from_hours(25)).await);
}

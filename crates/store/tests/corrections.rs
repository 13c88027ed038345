//! Corrections in PostgreSQL: what a lane writes of them, and what the table of runs refuses.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use domain::{EventKind, PartnerId, RulesHash, RunId};
use jiff::{
    Timestamp,
    civil::{date, time},
};
use store::{BatchError, Correction, CorrectionScope, MessageRecord, NewRun, RunState, StoreError};
use support::{CLEARING, DAY, HASH, World, content, count};

const OTHER: RulesHash = RulesHash([8; 32]);

fn correction(of: &MessageRecord, id: u32, kind: EventKind, world: &World) -> MessageRecord {
    let mut record = world.message(None, id, kind, 0);
    record.event.member = of.event.member;
    record.event.bucket = of.event.bucket;
    record
}

/// What is stored of the one purchase.
async fn purchase(world: &World) -> (Vec<u8>, Option<i32>, String) {
    let text = "SELECT rules_hash, partner_id, purchase_date::text FROM purchase";
    let row = world.admin.query_one(text, &[]).await.unwrap();
    (row.get(0), row.get(1), row.get(2))
}

#[tokio::test]
async fn what_a_refund_opened_takes_the_facts_of_its_presentment() {
    let world = World::new().await;
    let route = world.member(9, 1).await;
    let mut lane = world.lane().await;
    let presentment = world.at("KOSTA", world.message(Some(route), 1, CLEARING, 120_000));
    let mut refund = world.refund_of(&presentment, 2, 60_000);
    refund.event.local = date(2026, 11, 2).to_datetime(time(12, 0, 0, 0));
    refund.event.content = content(&refund.event);
    for record in [refund, presentment] {
        lane.run(std::slice::from_ref(&record), &world.rules).await.unwrap();
    }
    assert_eq!(purchase(&world).await, (HASH.0.to_vec(), Some(world.shop.0), DAY.to_string()));
    world.audit().await;
}

#[tokio::test]
async fn a_lane_asks_for_the_version_and_writes_what_the_purchase_follows_from_then_on() {
    let mut world = World::new().await;
    let route = world.member(9, 1).await;
    let mut lane = world.lane().await;
    let first = world.at("KOSTA", world.message(Some(route), 1, CLEARING, 120_000));
    lane.run(std::slice::from_ref(&first), &world.rules).await.unwrap();
    let rerate = EventKind::Rerate { purchase: first.event.key, rules: OTHER, run: RunId(1) };
    let rerate = correction(&first, 2, rerate, &world);
    let missing = lane.run(std::slice::from_ref(&rerate), &world.rules).await.unwrap_err();
    assert!(matches!(missing, BatchError::MissingRules(OTHER)), "{missing}");

    let mut other = world.program_of(OTHER);
    other.base[0].miles = 3;
    world.rules.programs.insert(OTHER, other);
    let to = EventKind::Reattribute { purchase: first.event.key, partner: Some(world.fuel), run: RunId(2) };
    let moved = correction(&first, 3, to, &world);
    for record in [&rerate, &moved, &rerate] {
        lane.run(std::slice::from_ref(record), &world.rules).await.unwrap();
    }
    assert_eq!(purchase(&world).await, (OTHER.0.to_vec(), Some(world.fuel.0), DAY.to_string()));
    world.audit().await;
    // A price is reckoned with the budgets that are open.
    let scope = CorrectionScope {
        correction: Correction::Rerate(HASH),
        program: Some(world.program),
        first: DAY,
        end: DAY.tomorrow().unwrap(),
    };
    let found = store::purchases_to_correct(&world.pool, &scope, None, 10).await.unwrap();
    let versions: Vec<_> = found.iter().map(|found| (found.purchase.rules, found.in_force)).collect();
    assert_eq!(versions, [(OTHER, HASH)]);
    let miles = "SELECT posted FROM member_balance WHERE unit_kind = 1";
    // 20 times 3, and as much as the bonus for fuel.
    assert_eq!(count(&world.admin, miles).await, 120);
    let turnover = "SELECT coalesce(sum(CASE WHEN credit_kind = 1 THEN amount ELSE -amount END), 0)::bigint \
                    FROM transfer WHERE item = 'turnover:";
    for (partner, expected) in [(world.fuel, 120_000), (world.shop, 0)] {
        let PartnerId(partner) = partner;
        assert_eq!(count(&world.admin, &format!("{turnover}{partner}'")).await, expected);
    }
}

#[tokio::test]
async fn nobody_approves_his_own_run() {
    let world = World::new().await;
    world.admin.batch_execute("INSERT INTO staff_user VALUES ('anna', 'x'), ('boris', 'x')").await.unwrap();
    let scope = CorrectionScope {
        correction: Correction::Rerate(HASH),
        program: Some(world.program),
        first: DAY,
        end: DAY.tomorrow().unwrap(),
    };
    let at = Timestamp::from_second(1_791_622_800).unwrap();
    let run = |reason| NewRun { scope, reason, price: "{}", maker: "anna", at };
    assert!(store::propose_run(&world.pool, &run(" ")).await.is_err(), "a reason is asked for");
    let id = store::propose_run(&world.pool, &run("kosta's rate was wrong")).await.unwrap();
    let refused = store::approve_run(&world.pool, id, "anna", at).await.unwrap_err();
    let StoreError::Database(refused) = refused else { panic!("{refused}") };
    assert_eq!(refused.code().unwrap().code(), "23514", "a check of the table");
    let found = store::correction_run(&world.pool, id).await.unwrap();
    assert_eq!((found.state, found.scope, found.checker), (RunState::Proposed, scope, None));
    assert!(store::approve_run(&world.pool, id, "boris", at).await.unwrap());
    assert!(!store::approve_run(&world.pool, id, "boris", at).await.unwrap(), "once");
    store::finish_run(&world.pool, id).await.unwrap();
    let runs = store::correction_runs(&world.pool, 10).await.unwrap();
    let seen: Vec<_> = runs.iter().map(|run| (run.id, run.state, run.checker.as_deref())).collect();
    assert_eq!(seen, [(id, RunState::Done, Some("boris"))]);
    let other = store::propose_run(&world.pool, &run("a mistake")).await.unwrap();
    assert!(store::reject_run(&world.pool, other, "anna", at).await.unwrap(), "she takes it back");
    assert!(!store::approve_run(&world.pool, other, "boris", at).await.unwrap(), "it is rejected");
    assert!(!store::reject_run(&world.pool, id, "boris", at).await.unwrap(), "it is done");
    assert_eq!(store::correction_run(&world.pool, other).await.unwrap().state, RunState::Rejected);
    assert!(store::correction_run(&world.pool, RunId(99)).await.is_err());
}

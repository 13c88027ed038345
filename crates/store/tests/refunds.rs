//! Refunds that came without their purchase, in PostgreSQL: how they and their candidates are found, what a lane writes of a
//! match, and what the table of decisions refuses.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use domain::{
    EventKind, MatchParts, MessageKey, RefundDecisionId, RefundMatch, refund_candidates, refund_verdict,
};
use jiff::{Timestamp, ToSpan};
use store::{CameWithin, LoneRefund, MessageRecord, NewRefundDecision, lone_refunds};
use support::{AUTHORIZATION, CLEARING, World, committed, content, count};

fn now() -> Timestamp {
    Timestamp::from_second(1_791_622_800).unwrap() + 96.hours()
}

/// What came before now.
fn ever() -> CameWithin {
    CameWithin { since: Timestamp::UNIX_EPOCH, until: now() }
}

/// A refund at that merchant that nothing connects with its purchase.
fn alone(world: &World, first: &MessageRecord, id: u32, minor: u64) -> MessageRecord {
    let mut refund = world.refund_of(first, id, minor);
    refund.event.references.retrieval = None;
    refund.event.content = content(&refund.event);
    refund
}

fn matched(world: &World, refund: &MessageRecord, id: u32, purchase: Option<MessageKey>) -> MessageRecord {
    let parts = MatchParts::default();
    let decision = Some(RefundDecisionId(1));
    let kind = EventKind::MatchRefund { refund: refund.event.key, purchase, parts, decision };
    let mut record = world.message(None, id, kind, 0);
    record.event.member = refund.event.member;
    record.event.bucket = refund.event.bucket;
    record
}

async fn found(world: &World) -> Vec<LoneRefund> {
    lone_refunds(&world.pool, now(), ever(), None, 100).await.unwrap()
}

async fn miles(world: &World) -> i64 {
    count(&world.admin, "SELECT sum(posted)::bigint FROM member_balance WHERE unit_kind = 1").await
}

#[tokio::test]
async fn a_refund_is_found_with_its_candidates_until_it_is_matched() {
    let world = World::new().await;
    let route = world.member(9, 1).await;
    let stranger = world.member(10, 2).await;
    let mut lane = world.lane().await;
    let first = world.at("KOSTA", world.message(Some(route), 1, CLEARING, 120_000));
    let refund = alone(&world, &first, 5, 120_000);
    let with_original = world.message(Some(route), 6, CLEARING, 30_000);
    let batch = [
        first.clone(),
        world.at("SKYFUEL", world.message(Some(route), 2, CLEARING, 60_000)),
        world.at("KOSTA", world.message(Some(route), 3, AUTHORIZATION, 90_000)),
        world.at("KOSTA", world.message(Some(stranger), 4, CLEARING, 120_000)),
        refund.clone(),
        with_original.clone(),
        world.refund_of(&with_original, 7, 30_000),
    ];
    lane.run(&batch, &world.rules).await.unwrap();
    let before = miles(&world).await;

    let listed = found(&world).await;
    let keys: Vec<_> = listed.iter().map(|refund| refund.at.purchase.key).collect();
    assert_eq!(keys, [refund.event.key], "one that has its purchase is not listed");
    assert_eq!(listed[0].at.merchant, refund.event.merchant);
    assert_eq!((listed[0].place.member, listed[0].is_decided), (route.member, false));
    let client = world.pool.get().await.unwrap();
    let others = store::purchases_before_refund(&*client, &listed[0]).await.unwrap();
    drop(client);
    assert_eq!(others.len(), 4, "those of the account, not the refund itself");
    let candidates = refund_candidates(&listed[0].at, &others);
    assert_eq!(refund_verdict(&listed[0].at, &candidates).name(), "certain");
    let keys: Vec<_> = candidates.iter().map(|candidate| candidate.purchase).collect();
    assert_eq!(keys[0], first.event.key);
    assert!(!keys.contains(&with_original.event.key), "nothing is left of it");
    let too_soon = CameWithin { since: Timestamp::UNIX_EPOCH, until: refund.event.received_at };
    assert!(lone_refunds(&world.pool, now(), too_soon, None, 100).await.unwrap().is_empty());
    let last = &listed[0].at.purchase;
    let behind = Some((last.date, listed[0].place.bucket, last.key));
    assert!(lone_refunds(&world.pool, now(), ever(), behind, 100).await.unwrap().is_empty());

    lane.run(&[matched(&world, &refund, 8, Some(first.event.key))], &world.rules).await.unwrap();
    assert_eq!(miles(&world).await, before - 20);
    assert!(found(&world).await.is_empty());
    let bucket = refund.event.bucket;
    let stored = store::lone_refund(&world.pool, now(), bucket, refund.event.key).await.unwrap().unwrap();
    let to = RefundMatch::To { purchase: first.event.key, most_minor: 120_000, minor: 120_000 };
    assert_eq!(stored.at.purchase.refund_match, Some(to));
    assert!(store::lone_refund(&world.pool, now(), bucket, first.event.key).await.unwrap().is_none());
    world.audit().await;

    // A batch that knows of the refund's references alone finds the purchase in which it counts.
    world.lane().await.run(&[world.reversal_of(&refund, 9)], &world.rules).await.unwrap();
    assert_eq!(miles(&world).await, before);
    world.audit().await;
}

#[tokio::test]
async fn match_and_reversal_in_one_batch_and_a_refund_that_is_left_alone() {
    let world = World::new().await;
    let route = world.member(9, 1).await;
    let mut lane = world.lane().await;
    let first = world.at("KOSTA", world.message(Some(route), 1, CLEARING, 120_000));
    let (refund, other) = (alone(&world, &first, 2, 60_000), alone(&world, &first, 3, 30_000));
    lane.run(&[first.clone(), refund.clone(), other.clone()], &world.rules).await.unwrap();
    let batch = [
        matched(&world, &refund, 4, Some(first.event.key)),
        world.reversal_of(&refund, 5),
        matched(&world, &other, 6, None),
    ];
    lane.run(&batch, &world.rules).await.unwrap();
    assert_eq!(miles(&world).await, 20);
    assert!(found(&world).await.is_empty(), "nobody is asked about either any more");
    let kept = "SELECT string_agg(refund_match, ' ' ORDER BY purchase_key) FROM purchase WHERE refund_match IS NOT NULL";
    let text: String = world.admin.query_one(kept, &[]).await.unwrap().get(0);
    assert_eq!(text, format!("{}:60000:0 alone", first.event.key));
    world.audit().await;
}

#[tokio::test]
async fn a_decision_waits_until_it_is_booked_and_two_never_wait_at_once() {
    let world = World::new().await;
    world.admin.batch_execute("INSERT INTO staff_user VALUES ('anna', 'x'), ('boris', 'x')").await.unwrap();
    let route = world.member(9, 1).await;
    let first = world.at("KOSTA", world.message(Some(route), 1, CLEARING, 120_000));
    let refund = alone(&world, &first, 2, 60_000);
    world.lane().await.run(&[first.clone(), refund.clone()], &world.rules).await.unwrap();
    let decision = |by, reason, purchase| NewRefundDecision {
        bucket: refund.event.bucket,
        refund: refund.event.key,
        purchase,
        parts: MatchParts::default(),
        reason,
        by,
        at: now(),
    };
    let console = store::console_pool(&world.database);
    assert!(
        committed!(console, |step| store::decide_refund(&step, &decision("anna", " ", None))).is_err(),
        "a reason is asked for"
    );
    let own = decision("anna", "the receipt", Some(refund.event.key));
    assert!(
        committed!(console, |step| store::decide_refund(&step, &own)).is_err(),
        "a refund takes back no refund"
    );
    let asked = decision("anna", "the receipt", Some(first.event.key));
    let id = committed!(console, |step| store::decide_refund(&step, &asked)).unwrap().unwrap();
    assert_eq!(
        committed!(console, |step| store::decide_refund(&step, &decision("boris", "no", None))).unwrap(),
        None
    );
    assert!(found(&world).await[0].is_decided);
    let start = RefundDecisionId(0);
    let waiting = store::waiting_refund_decisions(&world.pool, now(), start, 10).await.unwrap();
    assert_eq!(waiting.len(), 1);
    assert_eq!((waiting[0].decision.id, waiting[0].decision.purchase), (id, Some(first.event.key)));
    assert_eq!((waiting[0].decision.by.as_str(), waiting[0].refund.place.member), ("anna", route.member));
    assert!(store::waiting_refund_decisions(&world.pool, now(), id, 10).await.unwrap().is_empty());

    assert!(
        store::note_refund_decision(&console, id, "mine", now()).await.is_err(),
        "the console books nothing"
    );
    store::note_refund_decision(&world.pool, id, "refund_matched", now()).await.unwrap();
    store::note_refund_decision(&world.pool, id, "another", now()).await.unwrap();
    assert!(store::waiting_refund_decisions(&world.pool, now(), start, 10).await.unwrap().is_empty());
    let key = Some((refund.event.bucket, refund.event.key));
    let kept = store::refund_decisions(&world.pool, key, 10).await.unwrap();
    assert_eq!(kept[0].result.as_deref(), Some("refund_matched"));
    assert_eq!(store::refund_decisions(&world.pool, None, 10).await.unwrap(), kept);
    assert!(
        committed!(console, |step| store::decide_refund(&step, &decision("boris", "wrong one", None)))
            .unwrap()
            .is_some()
    );
}

#[tokio::test]
async fn the_list_and_the_candidates_are_found_by_indexes() {
    let world = World::new().await;
    world.admin.batch_execute("SET enable_seqscan = off").await.unwrap();
    for (text, index) in [
        (
            "SELECT 1 FROM purchase WHERE refunded_minor > 0 AND cleared_minor = 0 AND hold = 'none' \
             AND refund_match IS NULL ORDER BY purchase_date, bucket, purchase_key LIMIT 5",
            "purchase_refund_alone",
        ),
        ("SELECT 1 FROM purchase WHERE bucket = 1 AND account_id = 1", "purchase_by_account"),
    ] {
        let plan = world.admin.query(format!("EXPLAIN {text}").as_str(), &[]).await.unwrap();
        let lines: Vec<String> = plan.iter().map(|row| row.get(0)).collect();
        assert!(lines.iter().any(|line| line.contains(index)), "{lines:?}");
    }
}

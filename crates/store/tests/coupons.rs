//! Coupons on a real database: codes that several lanes show at once, and what is kept of them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use std::collections::BTreeSet;

use domain::{CouponCampaign, CouponId, CouponKey, Effective, Outcome, Rules};
use store::{BatchError, Lane, MessageRecord, NewCoupon, RevokedCoupons, Route};
use support::{AUTHORIZATION, CLEARING, HASH, World, content};

fn code(number: u8) -> CouponId {
    CouponId([number; 32])
}

/// 5 % at the shop for whoever shows a code of the campaign.
fn campaign(world: &World, uses_max: u64) -> Rules {
    let mut rules = world.rules.clone();
    let program = rules.programs.get_mut(&HASH).unwrap();
    program.coupon_campaigns.push(CouponCampaign {
        id: "spring".into(),
        effective: Effective::default(),
        uses_max,
        uses_max_per_member: None,
        refund_gives_back: false,
    });
    let rule = program.discounts.iter_mut().find(|rule| rule.partner == world.shop).unwrap();
    rule.when.coupon = Some("spring".into());
    rules
}

async fn give_out(world: &World, codes: &[NewCoupon]) {
    let at = world.message(None, 0, CLEARING, 1).event.received_at;
    let made = store::give_out_coupons(&world.pool, world.program, "spring", codes, "ada", at).await.unwrap();
    assert_eq!(made, codes.len() as u64);
}

fn shows(world: &World, member: Route, id: u32, kind: domain::EventKind, coupon: CouponId) -> MessageRecord {
    let mut record = world.at("KOSTA", world.message(Some(member), id, kind, 100_000));
    record.event.asked.coupon = Some(coupon);
    record.event.content = content(&record.event);
    record
}

async fn run(lane: &mut Lane, record: &MessageRecord, rules: &Rules) -> Outcome {
    loop {
        match lane.run(std::slice::from_ref(record), rules).await {
            Ok(mut batch) => return batch.outcomes.remove(0),
            Err(BatchError::Contended(_)) => {}
            Err(error) => panic!("{error}"),
        }
    }
}

const USES: &str = "SELECT sum(uses)::bigint FROM coupon_code";

/// Two members in two buckets show the same code at once, again and again: one of them gets it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_lanes_that_show_one_code_at_once_one_gets_it() {
    const CODES: u8 = 30;
    let world = World::new().await;
    let rules = campaign(&world, 1);
    let codes: Vec<_> = (1..=CODES).map(|number| NewCoupon { id: code(number), member: None }).collect();
    give_out(&world, &codes).await;
    let mut tasks = Vec::new();
    for lane in 0..2_u8 {
        let member = world.member(u16::from(lane) * 7 + 1, lane + 1).await;
        let messages: Vec<_> = (1..=CODES)
            .map(|number| {
                let id = u32::from(lane) * 1_000 + u32::from(number);
                shows(&world, member, id, AUTHORIZATION, code(number))
            })
            .collect();
        let (mut lane, rules) = (world.lane().await, rules.clone());
        tasks.push(tokio::spawn(async move {
            let mut got = BTreeSet::new();
            for (number, record) in messages.iter().enumerate() {
                let result = run(&mut lane, record, &rules).await.reply.result;
                let reason = if result.discount_minor > 0 { "estimate" } else { "coupon_used_up" };
                assert_eq!((result.reason.as_str(), result.base_miles), (reason, 16));
                got.extend((result.discount_minor > 0).then_some(number));
            }
            got
        }));
    }
    let mut got = Vec::new();
    for task in tasks {
        got.push(task.await.unwrap());
    }
    assert_eq!(got[0].len() + got[1].len(), usize::from(CODES), "{got:?}");
    assert!(got[0].is_disjoint(&got[1]), "{got:?}");
    assert_eq!(support::count(&world.admin, USES).await, i64::from(CODES));
    world.audit().await;
}

/// The second one waits for the row, and finds the code used up.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_comes_second_waits_for_the_row_of_the_code() {
    let world = World::new().await;
    let rules = campaign(&world, 1);
    give_out(&world, &[NewCoupon { id: code(1), member: None }]).await;
    let member = world.member(3, 1).await;
    let (mut lane, pid) = world.lane_with_pid().await;
    let other = support::client(&world.text).await;
    other.batch_execute("BEGIN; UPDATE coupon_code SET uses = 1").await.unwrap();
    let record = shows(&world, member, 1, AUTHORIZATION, code(1));
    let task = tokio::spawn(async move { lane.run(&[record], &rules).await.unwrap().outcomes.remove(0) });
    support::until_blocked(&world.admin, pid).await;
    other.batch_execute("COMMIT").await.unwrap();
    assert_eq!(task.await.unwrap().reply.result.reason, "coupon_used_up");
}

#[tokio::test]
async fn what_a_purchase_has_of_a_code_is_kept_between_batches() {
    let world = World::new().await;
    let rules = campaign(&world, 1);
    let (one, other) = (world.member(3, 1).await, world.member(9, 2).await);
    let bound = NewCoupon { id: code(2), member: Some((other.bucket, other.member.account)) };
    give_out(&world, &[NewCoupon { id: code(1), member: None }, bound]).await;
    let mut lane = world.lane().await;
    let first = shows(&world, one, 1, AUTHORIZATION, code(1));
    let mut reasons = Vec::new();
    for record in [
        &first,
        // A repeat has the same answer.
        &first,
        &shows(&world, other, 2, AUTHORIZATION, code(1)),
        &world.reversal_of(&first, 3),
        &shows(&world, other, 4, CLEARING, code(1)),
        &shows(&world, one, 5, CLEARING, code(2)),
        &shows(&world, other, 6, CLEARING, code(2)),
        &shows(&world, one, 7, CLEARING, code(3)),
    ] {
        reasons.push(run(&mut lane, record, &rules).await.reply.result.reason);
        world.audit().await;
    }
    let expected = [
        "estimate",
        "estimate",
        "coupon_used_up",
        "authorization_reversed",
        "cleared",
        "coupon_of_another_member",
        "cleared",
        "coupon_unknown",
    ];
    assert_eq!(reasons, expected);
    let counts = store::coupon_counts(&world.pool, world.program).await.unwrap();
    let count = &counts[0];
    assert_eq!((count.codes, count.bound, count.used, count.uses), (2, 1, 2, 2), "{counts:?}");
    // The check would notice.
    world.admin.execute("UPDATE coupon_code SET uses = uses - 1", &[]).await.unwrap();
    assert_eq!(store::ledger_check(&world.pool).await.unwrap().coupons_off, 2);
}

#[tokio::test]
async fn codes_are_given_out_and_revoked_all_or_none() {
    let world = World::new().await;
    let rules = campaign(&world, 1);
    give_out(&world, &[1, 2, 3].map(|number| NewCoupon { id: code(number), member: None })).await;
    let at = world.message(None, 0, CLEARING, 1).event.received_at;
    let again = [4, 1].map(|number| NewCoupon { id: code(number), member: None });
    let error =
        store::give_out_coupons(&world.pool, world.program, "spring", &again, "ada", at).await.unwrap_err();
    assert!(error.is_unique_violation(), "{error}");
    let revoke = async |which| store::revoke_coupons(&world.pool, world.program, &which, "ada", at).await;
    let codes = |numbers: &[u8]| RevokedCoupons::Codes(numbers.iter().map(|number| code(*number)).collect());
    let error = revoke(codes(&[1, 4])).await.unwrap_err();
    assert!(error.to_string().contains("1 of 2"), "{error}");
    assert_eq!(revoke(codes(&[1, 2])).await.unwrap(), 2);
    assert_eq!(revoke(RevokedCoupons::Campaign("spring".into())).await.unwrap(), 1);
    let counts = store::coupon_counts(&world.pool, world.program).await.unwrap();
    assert_eq!((counts[0].codes, counts[0].unused, counts[0].revoked), (3, 0, 3));
    let member = world.member(3, 1).await;
    let record = shows(&world, member, 1, AUTHORIZATION, code(1));
    let outcome = run(&mut world.lane().await, &record, &rules).await;
    assert_eq!(outcome.reply.result.reason, "coupon_revoked");
}

/// A replay has no table of codes: what it needs is kept with the messages.
#[tokio::test]
async fn a_replay_uses_the_same_codes() {
    let world = World::new().await;
    let mut rules = campaign(&world, 1);
    let members = [world.member(3, 1).await, world.member(9, 2).await];
    give_out(&world, &[NewCoupon { id: code(1), member: None }]).await;
    let mut lane = world.lane().await;
    let first = shows(&world, members[0], 1, AUTHORIZATION, code(1));
    let mut uses = Vec::new();
    for record in [
        &first,
        &shows(&world, members[1], 2, CLEARING, code(1)),
        &world.reversal_of(&first, 3),
        &shows(&world, members[1], 4, CLEARING, code(1)),
        &shows(&world, members[0], 5, CLEARING, code(1)),
    ] {
        uses.push(run(&mut lane, record, &rules).await.coupons);
    }
    // Revoked since then, which changes nothing of what was decided.
    let at = first.event.received_at;
    let all = RevokedCoupons::Campaign("spring".into());
    store::revoke_coupons(&world.pool, world.program, &all, "ada", at).await.unwrap();
    let client = support::client(&world.text).await;
    let buckets = members.map(|route| route.bucket);
    let mut recording = store::Recording::open(&client, world.bank, &buckets, i64::MAX).await.unwrap();
    let mut replay = domain::replay::Replay::new(recording.accounts());
    let mut again = Vec::new();
    while let Some((recorded, booked)) = recording.next().await.unwrap() {
        let current = recorded.gate.map(|gate| gate.rules);
        let outcome = replay.decide(&recorded, current, &mut rules);
        assert_eq!(outcome.transfers, booked);
        again.push(outcome.coupons);
    }
    assert_eq!(again, uses);
    let key = CouponKey { program: world.program, coupon: code(1) };
    let taken: Vec<i64> = uses.iter().map(|uses| uses.iter().map(|used| used.uses).sum()).collect();
    assert_eq!(taken, [1, 0, -1, 1, 0]);
    assert!(uses.iter().flatten().all(|used| used.key == key));
}

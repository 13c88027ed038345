//! What discounts need of the store: facts of a purchase that decide them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use domain::{DiscountTier, Limit, Ratio, Reduction, Rules, Window};
use store::{BatchError, Lane, MessageRecord};
use support::{AUTHORIZATION, CLEARING, DAY, HASH, World, content};

/// A refund that comes first opens the purchase with its own day and time; the presentment knows better.
#[tokio::test]
async fn what_a_refund_could_not_know_is_kept() {
    let (together, apart) = (World::new().await, World::new().await);
    let member = together.member(3, 1).await;
    assert_eq!(member, apart.member(3, 1).await);
    let mut presented = together.at("KOSTA", together.message(Some(member), 2, CLEARING, 200_000));
    presented.event.local = DAY.at(23, 15, 0, 0);
    let mut refund = together.refund_of(&presented, 1, 50_000);
    refund.event.local = DAY.tomorrow().unwrap().at(9, 0, 0, 0);
    refund.event.merchant.mcc = None;
    refund.event.content = content(&refund.event);
    let batch = [refund, presented];
    together.lane().await.run(&batch, &together.rules).await.unwrap();
    let mut lane = apart.lane().await;
    for record in &batch {
        lane.run(std::slice::from_ref(record), &apart.rules).await.unwrap();
    }
    for table in ["purchase", "transfer", "member_counter"] {
        assert_eq!(together.dump(table).await, apart.dump(table).await, "{table}");
    }
    let known = "SELECT count(*) FROM purchase WHERE purchase_time = '23:15' AND mcc = 5411 AND purchase_date = '2026-10-10'";
    assert_eq!(support::count(&apart.admin, known).await, 1);
}

/// 10 % at the shop, all members together at most so much.
fn campaign(world: &World, budget: Limit) -> Rules {
    let mut rules = world.rules.clone();
    let program = rules.programs.get_mut(&HASH).unwrap();
    let rule = program.discounts.iter_mut().find(|rule| rule.partner == world.shop).unwrap();
    rule.tiers = DiscountTier::of_all(Reduction::Percent(Ratio::new(10, 100).unwrap()));
    rule.discount_max = None;
    rule.budget = Some(budget);
    rules
}

fn budget(most: Option<u64>, uses: Option<u64>) -> Limit {
    Limit { most, uses, window: Window::Always }
}

const TAKEN: &str = "SELECT coalesce(sum(used_amount), 0)::bigint FROM campaign_budget_slice";
const USES: &str = "SELECT coalesce(sum(used_uses), 0)::bigint FROM campaign_budget_slice";
const GIVEN: &str = "SELECT coalesce(sum(CASE WHEN credit_kind = 1 THEN amount ELSE -amount END), 0)::bigint \
                     FROM transfer WHERE item LIKE 'discount:%' AND phase = 1";

/// Sends the messages of one member one batch after another, and each batch again while it meets others.
async fn hammer(mut lane: Lane, batches: Vec<Vec<MessageRecord>>, rules: Rules) {
    for batch in batches {
        loop {
            match lane.run(&batch, &rules).await {
                Ok(_) => break,
                Err(BatchError::Contended(_)) => {}
                Err(error) => panic!("{error}"),
            }
        }
    }
}

/// Four lanes, one budget: it is never exceeded, and used to the last kopeck.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_budget_is_exact_while_many_take_from_it() {
    let world = World::new().await;
    // 4 lanes of 30 purchases of 100.10: 10.01 each, 1,201.20 asked of 777.77.
    let rules = campaign(&world, budget(Some(77_777), None));
    let mut tasks = Vec::new();
    for lane in 0..4_u8 {
        let member = world.member(u16::from(lane) * 7 + 1, lane + 1).await;
        let clear = |id: u32| {
            world.at("KOSTA", world.message(Some(member), u32::from(lane) * 1_000 + id, CLEARING, 10_010))
        };
        let batches =
            (0..10).map(|batch| (0..3).map(|place| clear(batch * 3 + place + 1)).collect()).collect();
        tasks.push(tokio::spawn(hammer(world.lane().await, batches, rules.clone())));
    }
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(support::count(&world.admin, TAKEN).await, 77_777);
    assert_eq!(support::count(&world.admin, GIVEN).await, 77_777);
    world.audit().await;
}

/// The same with a number of purchases, while others are given back.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn so_is_a_number_of_purchases_while_some_are_refunded() {
    let world = World::new().await;
    let rules = campaign(&world, budget(None, Some(25)));
    let mut tasks = Vec::new();
    for lane in 0..3_u8 {
        let member = world.member(u16::from(lane) * 7 + 1, lane + 1).await;
        let mut batches = Vec::new();
        for number in 0..20_u32 {
            let id = u32::from(lane) * 1_000 + number * 2 + 1;
            let clearing = world.at("KOSTA", world.message(Some(member), id, CLEARING, 10_000));
            let refund = world.refund_of(&clearing, id + 1, 10_000);
            batches.push(vec![clearing]);
            // Of each three, one comes back.
            batches.extend((number % 3 == 0).then(|| vec![refund]));
        }
        tasks.push(tokio::spawn(hammer(world.lane().await, batches, rules.clone())));
    }
    for task in tasks {
        task.await.unwrap();
    }
    // 39 of 60 stay: more than there are, so all 25 are taken in the end.
    let last = world.member(40, 9).await;
    let more =
        (0..25).map(|id| vec![world.at("KOSTA", world.message(Some(last), 9_000 + id, CLEARING, 10_000))]);
    hammer(world.lane().await, more.collect(), rules.clone()).await;
    assert_eq!(support::count(&world.admin, USES).await, 25);
    assert_eq!(support::count(&world.admin, GIVEN).await, 25 * 1_000);
    world.audit().await;
}

/// What a version in force says of a budget holds from then on: a higher one gives more, a lower one nothing more.
#[tokio::test]
async fn another_total_is_divided_anew() {
    let world = World::new().await;
    let member = world.member(3, 1).await;
    let mut lane = world.lane().await;
    let mut id = 0;
    for (total, given) in [(1_500, 1_500), (2_500, 2_500), (2_000, 2_500), (2_600, 2_600)] {
        let rules = campaign(&world, budget(Some(total), None));
        for _ in 0..3 {
            id += 1;
            let record = world.at("KOSTA", world.message(Some(member), id, CLEARING, 10_000));
            lane.run(&[record], &rules).await.unwrap();
        }
        assert_eq!(support::count(&world.admin, TAKEN).await, given, "of {total}");
    }
    world.audit().await;
}

/// What a purchase has of a limit is counted once, also in several lanes' batches and after a repeat.
#[tokio::test]
async fn a_members_limit_is_kept_between_batches() {
    let world = World::new().await;
    let member = world.member(3, 1).await;
    let mut rules = world.rules.clone();
    for rule in &mut rules.programs.get_mut(&HASH).unwrap().discounts {
        rule.limit = Some(Limit { most: Some(7_000), uses: Some(2), window: Window::CalendarMonth });
    }
    let mut lane = world.lane().await;
    let first = world.at("KOSTA", world.message(Some(member), 1, CLEARING, 100_000));
    let asked = world.at("SKYFUEL", world.message(Some(member), 2, AUTHORIZATION, 100_000));
    let second = world.at("KOSTA", world.message(Some(member), 3, CLEARING, 100_000));
    let third = world.at("KOSTA", world.message(Some(member), 4, CLEARING, 100_000));
    let mut given = Vec::new();
    for record in [&first, &first, &asked, &second, &third] {
        let outcome = lane.run(std::slice::from_ref(record), &rules).await.unwrap().outcomes.remove(0);
        given.push(outcome.reply.result.discount_minor);
    }
    assert_eq!(given, [5_000, 5_000, 3_000, 2_000, 0]);
    world.audit().await;
    let offer =
        "SELECT count(*) FROM purchase WHERE offered LIKE 'fuel%=3000' AND claims LIKE 'fuel%=0/3000/l'";
    assert_eq!(support::count(&world.admin, offer).await, 1);
    lane.run(&[world.reversal_of(&asked, 5)], &rules).await.unwrap();
    world.audit().await;
    // The check would notice.
    world
        .admin
        .execute("UPDATE member_counter SET value = value + 1 WHERE rule LIKE 'uses:%'", &[])
        .await
        .unwrap();
    assert!(store::ledger_check(&world.pool).await.unwrap().limits_off > 0);
}

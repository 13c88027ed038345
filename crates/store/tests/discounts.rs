//! What discounts need of the store: facts of a purchase that decide them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use support::{CLEARING, DAY, World, content};

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

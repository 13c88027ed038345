//! Pools of households: an intent is written once, each state follows one other, and of two who turn it one does.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use domain::{MessageKey, PoolState};
use jiff::{Timestamp, civil::date};
use store::{AccountPlace, HouseholdPool, PoolPart, PoolReturn, PoolTurn, Profile};
use support::{World, by, count, token};

fn key(number: u64) -> MessageKey {
    MessageKey::new(number, [7; 16])
}

fn second(number: i64) -> Timestamp {
    Timestamp::from_second(1_791_622_800 + number).unwrap()
}

/// Of two accounts in two buckets.
async fn pool(world: &World, number: u64) -> HouseholdPool {
    let (one, other) = (world.member(1, 1).await, world.member(2, 2).await);
    let part = |route: store::Route, place: u64| PoolPart {
        account: (route.bucket, route.member.account),
        redemption: key(1_000 * number + place),
        miles: 10,
        worth_minor: 5,
    };
    HouseholdPool {
        place: AccountPlace { bucket: one.bucket, bank: world.bank, member: one.member },
        key: key(number),
        currency: support::RUB,
        state: PoolState::Reserving,
        miles: 20,
        worth_minor: 10,
        asked_at: second(0),
        local: date(2026, 10, 10).at(12, 0, 0, 0),
        reserved_until: second(900),
        confirmed_by: String::new(),
        returned: PoolReturn::default(),
        parts: vec![part(one, 1), part(other, 2)],
    }
}

#[tokio::test]
async fn an_intent_is_written_once_and_read_back() {
    let world = World::new().await;
    let new = pool(&world, 1).await;
    store::open_pool(&world.pool, &new).await.unwrap();
    // The same key again changes nothing, whatever it would say.
    let other = HouseholdPool { miles: 5, parts: vec![new.parts[0]], ..new.clone() };
    store::open_pool(&world.pool, &other).await.unwrap();
    let found = store::household_pool(&world.pool, new.place.bucket, new.key).await.unwrap();
    assert_eq!(found, Some(new.clone()));
    assert_eq!(store::household_pool(&world.pool, new.place.bucket, key(2)).await.unwrap(), None);
}

#[tokio::test]
async fn each_state_follows_one_other_and_only_once() {
    let world = World::new().await;
    let new = pool(&world, 1).await;
    store::open_pool(&world.pool, &new).await.unwrap();
    let turn = async |from: PoolState, turn: &PoolTurn| {
        let seen = HouseholdPool { state: from, ..new.clone() };
        let turned = store::turn_pool(&world.pool, &seen, turn).await.unwrap();
        let now = store::household_pool(&world.pool, new.place.bucket, new.key).await.unwrap().unwrap();
        (turned, now.state)
    };
    let (done, confirm) = (PoolTurn::Done, PoolTurn::Confirm("anna".to_owned()));
    let back = PoolTurn::Return(PoolReturn { by: "ben".to_owned(), why: "cancelled".to_owned() });
    use PoolState::{Confirmed, Confirming, Reserved, Reserving, Returned, Returning};
    for (from, way, expected) in [
        (Reserving, &confirm, (false, Reserving)),
        (Reserved, &done, (false, Reserving)),
        (Reserving, &done, (true, Reserved)),
        (Reserving, &back, (false, Reserved)),
        (Reserved, &done, (false, Reserved)),
        (Reserved, &confirm, (true, Confirming)),
        // Somebody who saw it before it was turned.
        (Reserved, &back, (false, Confirming)),
        (Confirming, &back, (false, Confirming)),
        (Confirming, &done, (true, Confirmed)),
        (Confirmed, &confirm, (false, Confirmed)),
        (Confirmed, &back, (true, Returning)),
        (Returning, &confirm, (false, Returning)),
        (Returning, &done, (true, Returned)),
        (Returned, &back, (false, Returned)),
    ] {
        assert_eq!(turn(from, way).await, expected, "{from:?} {way:?}");
    }
}

#[tokio::test]
async fn what_is_under_way_or_over_time_is_found_page_by_page() {
    let world = World::new().await;
    for number in 1..=3 {
        let new = pool(&world, number).await;
        store::open_pool(&world.pool, &new).await.unwrap();
    }
    let reserved = pool(&world, 2).await;
    assert!(store::turn_pool(&world.pool, &reserved, &PoolTurn::Done).await.unwrap());
    let found = async |now, after| {
        let page = store::pools_to_finish(&world.pool, now, after, 2).await.unwrap();
        page.into_iter().map(|(_, key)| key).collect::<Vec<_>>()
    };
    assert_eq!(found(second(899), None).await, [key(1), key(3)]);
    assert_eq!(found(second(900), None).await, [key(1), key(2)]);
    assert_eq!(found(second(900), Some(key(2))).await, [key(3)]);
}

#[tokio::test]
async fn the_gateway_s_role_changes_nothing_of_what_was_asked() {
    let world = World::new().await;
    let new = pool(&world, 1).await;
    store::open_pool(&world.pool, &new).await.unwrap();
    for forbidden in [
        "UPDATE redemption_pool SET miles = 1",
        "UPDATE redemption_pool SET reserved_until = now()",
        "UPDATE redemption_pool_share SET miles = 1",
        "DELETE FROM redemption_pool_share",
        "DELETE FROM redemption_pool",
    ] {
        let tried = world.admin.batch_execute(&format!("SET ROLE cobrand_gateway; {forbidden}")).await;
        let error = tried.unwrap_err();
        assert!(error.as_db_error().unwrap().message().contains("permission denied"), "{forbidden}");
        world.admin.batch_execute("RESET ROLE").await.unwrap();
    }
    assert_eq!(count(&world.admin, "SELECT count(*) FROM redemption_pool_share").await, 2);
}

#[tokio::test]
async fn who_may_spend_together_is_of_one_household_program_and_bank() {
    let world = World::new().await;
    for (number, household) in [(1, "H-1"), (2, "H-1"), (3, ""), (4, "")] {
        let profile = Profile { household: household.into(), ..Profile::default() };
        let new = store::NewMember {
            profile,
            ..world.new_member(token(u16::from(number), number), &format!("M-{number}"))
        };
        store::enroll(&world.pool, &new, &by()).await.unwrap();
    }
    let account = async |number: &str| {
        store::spending_account(&world.pool, world.bank, world.program, number).await.unwrap()
    };
    let names = async |number: &str, max| {
        let of = account(number).await.unwrap();
        let found = store::household_spenders(&world.pool, &of, max).await.unwrap();
        found.into_iter().map(|account| account.member_number).collect::<Vec<_>>().join(" ")
    };
    let mut together = names("M-1", 9).await;
    together.truncate(7);
    assert!(["M-1 M-2", "M-2 M-1"].contains(&together.as_str()), "{together}");
    assert_eq!(names("M-1", 1).await.len(), 3);
    assert_eq!(names("M-3", 9).await, "M-3", "no household is nobody's");
    assert_eq!(account("").await, None);
    let stranger =
        store::spending_account(&world.pool, domain::BankId(99), world.program, "M-1").await.unwrap();
    assert_eq!(stranger, None, "another bank has no such member");
    let own = account("M-1").await.unwrap();
    let balance = store::miles_balance(&world.pool, &own.place).await.unwrap();
    assert_eq!(balance, store::MilesBalance::default());
    assert_eq!(store::redemptions_of(&world.pool, &own.place, None, 9).await.unwrap(), vec![]);
    assert_eq!(store::redemption_of(&world.pool, &own.place, key(1)).await.unwrap(), None);
    assert!(store::open_lots(&world.pool, &[own.place]).await.unwrap().is_empty());
}

//! Members, their cards and the routes by which messages find them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use domain::{Bucket, MemberRef, RulesHash};
use futures_util::future::join_all;
use store::{CardToken, NewMember, ProgramEntry, Route, StoreError};
use support::{CLEARING, DAY, World, by, count, token};

/// Where the account of a card lies, whichever card it is.
fn whose(route: Route) -> (Bucket, MemberRef) {
    (route.bucket, route.member)
}

#[tokio::test]
async fn a_card_is_enrolled_once() {
    let world = World::new().await;
    let new = world.new_member(token(42, 1), "M-1");
    let first = store::enroll(&world.pool, &new, &by()).await.unwrap();
    assert!(first.created);
    assert_eq!(first.route.bucket, Bucket::of_token(&new.token.mac));
    assert_eq!((first.route.bucket.number(), first.route.bank), (42, world.bank));
    assert_eq!(first.route.member.program, world.program);
    let rows = [world.dump("member_account").await, world.dump("card").await, world.dump("card_route").await];
    // A second enrollment changes nothing, whatever it says.
    let later = NewMember { enrolled_on: DAY, last4: "9999".into(), ..new };
    let again = store::enroll(&world.pool, &later, &by()).await.unwrap();
    assert_eq!((again.route, again.created), (first.route, false));
    let after =
        [world.dump("member_account").await, world.dump("card").await, world.dump("card_route").await];
    assert_eq!(rows, after);
    assert!(rows.iter().all(|table| table.len() == 1));
}

#[tokio::test]
async fn a_card_that_several_enroll_at_once_is_created_once() {
    let world = World::new().await;
    for (number, member_number) in [(1, ""), (2, "M-2")] {
        let new = world.new_member(token(7, number), member_number);
        let by = by();
        let results = join_all((0..6).map(|_| store::enroll(&world.pool, &new, &by))).await;
        let results: Vec<_> = results.into_iter().map(|result| result.unwrap()).collect();
        assert_eq!(results.iter().filter(|enrolled| enrolled.created).count(), 1);
        assert!(results.iter().all(|enrolled| enrolled.route == results[0].route));
        assert_eq!(world.rows("member_account").await, i64::from(number));
        assert_eq!(world.rows("card").await, i64::from(number));
    }
}

#[tokio::test]
async fn cards_with_one_member_number_share_an_account() {
    let world = World::new().await;
    let first = store::enroll(&world.pool, &world.new_member(token(1, 1), "M-1"), &by()).await.unwrap();
    // Another card, and the same card under another key of the tokens.
    let second = store::enroll(&world.pool, &world.new_member(token(900, 2), "M-1"), &by()).await.unwrap();
    let rotated = CardToken { key_id: 2, mac: [3; 32] };
    let third = store::enroll(&world.pool, &world.new_member(rotated, "M-1"), &by()).await.unwrap();
    assert!(second.created && third.created);
    assert_eq!(
        (whose(second.route), whose(third.route)),
        (whose(first.route), whose(first.route)),
        "the bucket of the account, not of the card"
    );
    assert_eq!((world.rows("member_account").await, world.rows("card").await), (1, 3));
    assert_eq!(world.rows("card_route").await, 3);
    // Both cards earn for one account.
    let by = |route, id| world.message(Some(route), id, CLEARING, 60_000);
    let batch = [by(first.route, 1), by(second.route, 2)];
    world.lane().await.run(&batch, &world.rules).await.unwrap();
    let sql = "SELECT posted FROM member_balance WHERE unit_kind = 1";
    assert_eq!(count(&world.admin, sql).await, 20);
}

#[tokio::test]
async fn cards_with_one_member_number_share_an_account_also_when_enrolled_at_once() {
    let world = World::new().await;
    for round in 0..8_u16 {
        let member_number = format!("M-{round}");
        let cards: Vec<NewMember> =
            (0..4).map(|n| world.new_member(token(round * 100 + u16::from(n), n), &member_number)).collect();
        let by = by();
        let results = join_all(cards.iter().map(|new| store::enroll(&world.pool, new, &by))).await;
        let routes: Vec<_> = results.into_iter().map(|result| result.unwrap().route).collect();
        assert!(
            routes.iter().all(|route| whose(*route) == whose(routes[0])),
            "one member, two accounts: {routes:?}"
        );
    }
    assert_eq!((world.rows("member_account").await, world.rows("card").await), (8, 32));
}

#[tokio::test]
async fn no_number_and_other_programs_share_nothing() {
    let world = World::new().await;
    for number in 1..=3 {
        store::enroll(&world.pool, &world.new_member(token(1, number), ""), &by()).await.unwrap();
    }
    assert_eq!(world.rows("member_account").await, 3);
    let entry = ProgramEntry {
        code: "other".into(),
        bank: world.bank,
        cobrand_partner: world.airline,
        currency: support::RUB,
        time_zone: "Europe/Moscow".into(),
    };
    let other = store::register_program(&world.pool, &entry, RulesHash([9; 32]), "other").await.unwrap();
    let here = store::enroll(&world.pool, &world.new_member(token(1, 4), "M-1"), &by()).await.unwrap();
    let there = NewMember { program: other, ..world.new_member(token(1, 5), "M-1") };
    let there = store::enroll(&world.pool, &there, &by()).await.unwrap();
    assert_ne!(here.route.member.account, there.route.member.account);
    assert_eq!(there.route.member.program, other);
}

#[tokio::test]
async fn a_card_keeps_its_account_and_leaves_no_empty_one_behind() {
    let world = World::new().await;
    let card = token(1, 1);
    let first = store::enroll(&world.pool, &world.new_member(card, "M-1"), &by()).await.unwrap();
    let other = store::enroll(&world.pool, &world.new_member(token(2, 2), "M-2"), &by()).await.unwrap();
    let moved = store::enroll(&world.pool, &world.new_member(card, "M-2"), &by()).await.unwrap();
    assert_eq!((moved.route, moved.created), (first.route, false));
    assert_ne!(moved.route, other.route);
    let empty = "SELECT count(*) FROM member_account a WHERE NOT EXISTS \
                 (SELECT FROM card c WHERE c.bucket = a.bucket AND c.account_id = a.account_id)";
    assert_eq!(count(&world.admin, empty).await, 0);
    assert_eq!(world.rows("card").await, 2);
    // A second card of M-1 that is asked for under a number of its own.
    let second = store::enroll(&world.pool, &world.new_member(token(3, 3), "M-1"), &by()).await.unwrap();
    let renamed = store::enroll(&world.pool, &world.new_member(token(3, 3), "M-3"), &by()).await.unwrap();
    assert_eq!(renamed.route, second.route);
    assert_eq!(count(&world.admin, empty).await, 0);
}

#[tokio::test]
async fn routes_come_in_the_order_of_the_cards_with_nothing_for_unknown_ones() {
    let world = World::new().await;
    let mut known = Vec::new();
    for number in 1..=3_u8 {
        known.push(world.member(u16::from(number), number).await);
    }
    let unknown = token(9, 9);
    let other_key = CardToken { key_id: 2, ..token(1, 1) };
    let asked = [token(3, 3), unknown, token(1, 1), other_key, token(2, 2), token(1, 1)];
    let found = store::routes(&world.pool, &asked).await.unwrap();
    assert_eq!(found, vec![Some(known[2]), None, Some(known[0]), None, Some(known[1]), Some(known[0])]);
    assert_eq!(store::routes(&world.pool, &[]).await.unwrap(), vec![]);
    assert_eq!(store::routes(&world.pool, &[unknown]).await.unwrap(), vec![None]);
}

#[tokio::test]
async fn a_stored_bucket_out_of_range_is_named_as_damage() {
    let world = World::new().await;
    world.member(1, 1).await;
    world.admin.batch_execute("UPDATE card_route SET bucket = 1024").await.unwrap();
    let damaged = store::routes(&world.pool, &[token(1, 1)]).await;
    assert!(matches!(damaged, Err(StoreError::Damaged { what: "bucket", .. })), "{damaged:?}");
}

#[tokio::test]
async fn an_unknown_bank_or_program_is_refused_and_leaves_nothing() {
    let world = World::new().await;
    let new = world.new_member(token(1, 1), "M-1");
    for wrong in [
        NewMember { bank: domain::BankId(99), ..new.clone() },
        NewMember { program: domain::ProgramId(99), ..new.clone() },
        NewMember { last4: "123".into(), ..new.clone() },
    ] {
        assert!(store::enroll(&world.pool, &wrong, &by()).await.is_err());
        assert_eq!((world.rows("member_account").await, world.rows("card_route").await), (0, 0));
    }
    assert!(store::enroll(&world.pool, &new, &by()).await.unwrap().created);
}

#[test]
fn a_token_is_read_back_and_its_bucket_is_stable() {
    let token = CardToken { key_id: 3, mac: [0xa5; 32] };
    assert_eq!(token.to_bytes().len(), 33);
    assert_eq!(CardToken::from_bytes(&token.to_bytes()), Some(token));
    for length in [0, 1, 32, 34] {
        assert_eq!(CardToken::from_bytes(&vec![1; length]), None, "{length}");
    }
    assert_eq!(Bucket::of_token(&token.mac).number(), 0xa5a5 % 1024);
}

#[tokio::test]
async fn the_empty_member_number_is_nobodys() {
    let world = World::new().await;
    for (number, member_number) in [(1, ""), (2, "M-2")] {
        let new = world.new_member(token(7, number), member_number);
        store::enroll(&world.pool, &new, &by()).await.unwrap();
    }
    let found =
        async |number| store::members_by_number(&world.pool, world.program, number).await.unwrap().len();
    assert_eq!((found("").await, found("M-2").await), (0, 1));
}

//! The texts of the merchant map, and what is stored of merchants.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use domain::MapHash;
use futures_util::future::join_all;
use jiff::{Timestamp, ToSpan};
use store::StoreError;
use support::{World, count};

const FIRST: MapHash = MapHash([1; 32]);
const SECOND: MapHash = MapHash([2; 32]);

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_791_622_800 + second).unwrap()
}

#[tokio::test]
async fn a_map_is_kept_with_every_instant_at_which_it_came_into_force() {
    let (_, _, pool, _) = World::migrated().await;
    let register =
        async |hash, second| store::register_merchant_map(&pool, hash, "text", at(second)).await.unwrap();
    assert!(register(FIRST, 0).await);
    assert!(!register(FIRST, 1).await, "another gateway, or a start");
    assert!(register(SECOND, 2).await);
    assert!(register(FIRST, 3).await, "it comes back");
    // A clock that was set back does not change the order.
    assert!(register(SECOND, 0).await);
    let maps = store::merchant_maps_in_force(&pool, 10).await.unwrap();
    let last = at(3).checked_add(1.microsecond()).unwrap();
    let expected = [(last, SECOND), (at(3), FIRST), (at(2), SECOND), (at(0), FIRST)];
    assert_eq!(maps.iter().map(|map| (map.since, map.hash)).collect::<Vec<_>>(), expected);
    assert_eq!(store::merchant_maps_in_force(&pool, 1).await.unwrap().len(), 1);
}

#[tokio::test]
async fn the_text_of_a_map_never_changes_and_is_found_by_its_first_digits() {
    let (_, _, pool, _) = World::migrated().await;
    store::register_merchant_map(&pool, FIRST, "first text", at(0)).await.unwrap();
    store::register_merchant_map(&pool, SECOND, "second text", at(1)).await.unwrap();
    store::register_merchant_map(&pool, FIRST, "another text", at(2)).await.unwrap();
    assert_eq!(store::merchant_map_text(&pool, "01010101").await.unwrap(), "first text");
    // Neither none nor several.
    for digits in ["03030303", "0"] {
        let error = store::merchant_map_text(&pool, digits).await.unwrap_err();
        assert!(matches!(error, StoreError::NotFound { what: "one merchant map", .. }), "{error}");
    }
}

#[tokio::test]
async fn gateways_that_start_at_once_register_a_map_once() {
    let (_, _, pool, admin) = World::migrated().await;
    let all = (0..8).map(|second| store::register_merchant_map(&pool, FIRST, "text", at(second)));
    let new = join_all(all).await.into_iter().filter(|new| *new.as_ref().unwrap()).count();
    assert_eq!(new, 1);
    assert_eq!(count(&admin, "SELECT count(*) FROM merchant_map_in_force").await, 1);
}

/// Both reads must find their rows by bucket and time of sending, not by looking at all rows.
#[tokio::test]
async fn messages_and_purchases_of_a_time_are_read_by_their_keys() {
    let (_, _, pool, admin) = World::migrated().await;
    assert_eq!(store::merchants_seen(&pool, at(0)).await.unwrap(), []);
    assert_eq!(store::merchant_purchases(&pool, at(0)).await.unwrap(), []);
    // Empty tables are read whole if that is allowed.
    admin.batch_execute("SET enable_seqscan = off; SET enable_bitmapscan = off").await.unwrap();
    for text in [store::MERCHANTS_SEEN, store::MERCHANT_PURCHASES] {
        let text = text.replace("$1", "'{1,2}'::int[]").replace("$2", "'\\x00'::bytea");
        let plan = format!("EXPLAIN {text}");
        let rows = admin.simple_query(&plan).await.unwrap();
        let plan: Vec<&str> = rows
            .iter()
            .filter_map(|row| match row {
                tokio_postgres::SimpleQueryMessage::Row(row) => row.get(0),
                _ => None,
            })
            .collect();
        let by_key =
            |line: &&str| line.contains("Index Cond") && line.contains("bucket = ANY") && line.contains(">=");
        assert!(plan.iter().any(by_key), "{}", plan.join("\n"));
    }
}

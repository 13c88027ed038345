//! Banks, partners, programs and their versions: numbers that stay, texts that never change.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use std::collections::BTreeSet;

use domain::RulesHash;
use futures_util::future::join_all;
use store::{ProgramEntry, StoreError};
use support::{HASH, World};

fn codes(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[tokio::test]
async fn numbers_stay_and_have_no_gaps() {
    let (_, _, pool, _) = World::migrated().await;
    let first = store::allot_partners(&pool, &codes(&["b", "a"])).await.unwrap();
    assert_eq!((first["b"].0, first["a"].0), (1, 2));
    // Known ones keep their number, in any order and twice; the answer has all.
    let second = store::allot_partners(&pool, &codes(&["c", "a", "c", "b"])).await.unwrap();
    assert_eq!((second["b"], second["a"], second["c"].0), (first["b"], first["a"], 3));
    assert_eq!(store::allot_partners(&pool, &[]).await.unwrap(), second);
    // Banks are counted by themselves.
    let banks = store::allot_banks(&pool, &codes(&["a"])).await.unwrap();
    assert_eq!((banks.len(), banks["a"].0), (1, 1));
}

#[tokio::test]
async fn several_that_allot_at_once_agree() {
    let (_, _, pool, _) = World::migrated().await;
    let asked: Vec<Vec<String>> = (0..8_usize)
        .map(|start| (0..6).map(|n| format!("code-{}", (start * 3 + n * 5) % 12)).collect())
        .collect();
    let banks = join_all(asked.iter().map(|codes| store::allot_banks(&pool, codes))).await;
    let partners = join_all(asked.iter().map(|codes| store::allot_partners(&pool, codes))).await;
    let all = store::allot_banks(&pool, &[]).await.unwrap();
    for (codes, answer) in asked.iter().zip(banks) {
        let answer = answer.unwrap();
        assert!(codes.iter().all(|code| answer[code] == all[code]));
    }
    let numbers: BTreeSet<i32> = all.values().map(|bank| bank.0).collect();
    let expected: BTreeSet<i32> = (1..=i32::try_from(all.len()).unwrap()).collect();
    assert_eq!(numbers, expected, "each number once, without gaps");
    assert!(partners.into_iter().all(|answer| answer.is_ok()));
}

#[tokio::test]
async fn a_program_version_never_changes() {
    let world = World::without_cycle().await;
    let entry = ProgramEntry {
        code: "boreal-gold".into(),
        bank: world.bank,
        cobrand_partner: world.airline,
        currency: support::RUB,
        time_zone: "Europe/Moscow".into(),
    };
    let again = store::register_program(&world.pool, &entry, HASH, "another text").await.unwrap();
    assert_eq!(again, world.program);
    assert_eq!(store::program_version(&world.pool, HASH).await.unwrap(), "first text");
    let second = RulesHash([8; 32]);
    assert_eq!(
        store::register_program(&world.pool, &entry, second, "second text").await.unwrap(),
        world.program
    );
    assert_eq!(store::program_version(&world.pool, second).await.unwrap(), "second text");
    assert_eq!(store::program_version(&world.pool, HASH).await.unwrap(), "first text");
    let unknown = store::program_version(&world.pool, RulesHash([1; 32])).await.unwrap_err();
    assert!(matches!(&unknown, StoreError::NotFound { what: "program version", .. }), "{unknown}");
    // The bank and the partner of a program stay as well.
    let other = ProgramEntry { cobrand_partner: world.fuel, ..entry };
    store::register_program(&world.pool, &other, second, "second text").await.unwrap();
    let kept: i32 =
        world.admin.query_one("SELECT cobrand_partner_id FROM program", &[]).await.unwrap().get(0);
    assert_eq!(kept, world.airline.0);
}

#[tokio::test]
async fn programs_registered_at_once_get_one_number_each() {
    let world = World::without_cycle().await;
    let entry = |number: u8| ProgramEntry {
        code: format!("program-{}", number % 3),
        bank: world.bank,
        cobrand_partner: world.airline,
        currency: support::RUB,
        time_zone: "Europe/Moscow".into(),
    };
    let register = |number: u8| {
        let world = &world;
        async move {
            let entry = entry(number);
            store::register_program(&world.pool, &entry, RulesHash([100 + number; 32]), "text").await.unwrap()
        }
    };
    let ids = join_all((0..9).map(register)).await;
    for number in 0..9 {
        assert_eq!(ids[number], ids[number % 3]);
    }
    let distinct: BTreeSet<i32> = ids.iter().map(|id| id.0).collect();
    assert_eq!(distinct, BTreeSet::from([2, 3, 4]), "after the one that is there");
    assert_eq!(world.rows("program_version").await, 10);
}

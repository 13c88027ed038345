//! A clearing file is taken once, whatever it is called when it comes again.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use futures_util::future::join_all;
use store::{ClearingFileState, begin_clearing_file, finish_clearing_file};
use support::World;

#[tokio::test]
async fn a_file_goes_from_new_to_imported() {
    let world = World::without_cycle().await;
    let begin =
        |id: &'static str, byte: u8| begin_clearing_file(&world.pool, world.bank, id, 1, [byte; 32], 10);
    assert_eq!(begin("F1", 1).await.unwrap(), ClearingFileState::New);
    assert_eq!(begin("F1", 1).await.unwrap(), ClearingFileState::Unfinished);
    assert_eq!(begin("F1", 2).await.unwrap(), ClearingFileState::Altered);
    assert_eq!(begin("F2", 1).await.unwrap(), ClearingFileState::Renamed { first_id: "F1".into() });
    finish_clearing_file(&world.pool, world.bank, "F1").await.unwrap();
    assert_eq!(begin("F1", 1).await.unwrap(), ClearingFileState::Imported);
    assert_eq!(begin("F1", 2).await.unwrap(), ClearingFileState::Altered);
    assert_eq!(begin("F2", 1).await.unwrap(), ClearingFileState::Renamed { first_id: "F1".into() });
    finish_clearing_file(&world.pool, world.bank, "F1").await.unwrap();
    assert_eq!(begin("F1", 1).await.unwrap(), ClearingFileState::Imported);
    assert_eq!(world.rows("clearing_file").await, 1, "only the first is written down");
    // Known id, known bytes, but of two different files: the id speaks first.
    assert_eq!(begin("F3", 3).await.unwrap(), ClearingFileState::New);
    assert_eq!(begin("F3", 1).await.unwrap(), ClearingFileState::Altered);
    assert_eq!(begin("F3", 3).await.unwrap(), ClearingFileState::Unfinished);
}

#[tokio::test]
async fn each_bank_has_its_own_files() {
    let world = World::without_cycle().await;
    let other = store::allot_banks(&world.pool, &["other".to_owned()]).await.unwrap()["other"];
    for bank in [world.bank, other] {
        let state = begin_clearing_file(&world.pool, bank, "F1", 1, [1; 32], 10).await.unwrap();
        assert_eq!(state, ClearingFileState::New);
    }
    finish_clearing_file(&world.pool, other, "F1").await.unwrap();
    let state = begin_clearing_file(&world.pool, world.bank, "F1", 1, [1; 32], 10).await.unwrap();
    assert_eq!(state, ClearingFileState::Unfinished);
    let unknown = begin_clearing_file(&world.pool, domain::BankId(99), "F1", 1, [1; 32], 10).await;
    assert!(unknown.is_err());
}

#[tokio::test]
async fn of_several_imports_at_once_one_is_the_first() {
    let world = World::without_cycle().await;
    let begin = |id: String| {
        let world = &world;
        async move { begin_clearing_file(&world.pool, world.bank, &id, 1, [1; 32], 10).await.unwrap() }
    };
    let states = join_all((0..6).map(|_| begin("F1".into()))).await;
    assert_eq!(states.iter().filter(|state| **state == ClearingFileState::New).count(), 1);
    assert_eq!(states.iter().filter(|state| **state == ClearingFileState::Unfinished).count(), 5);

    let begin = |id: String| {
        let world = &world;
        async move { begin_clearing_file(&world.pool, world.bank, &id, 2, [2; 32], 10).await.unwrap() }
    };
    let states = join_all((10..16).map(|n| begin(format!("F{n}")))).await;
    assert_eq!(states.iter().filter(|state| **state == ClearingFileState::New).count(), 1);
    let renamed = |state: &&ClearingFileState| matches!(state, ClearingFileState::Renamed { .. });
    assert_eq!(states.iter().filter(renamed).count(), 5);
    assert_eq!(world.rows("clearing_file").await, 2);
}

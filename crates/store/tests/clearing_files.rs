//! A clearing file is taken once, whatever it is called when it comes again, and in the order of its series.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use domain::BankId;
use futures_util::future::join_all;
use jiff::Timestamp;
use store::{
    ClearingArrival, ClearingFileConsent, ClearingFileCounts, ClearingFileKey, ClearingFileOutcome,
    ClearingFileReason, ClearingFileState, check_clearing_file, clearing_files, finish_clearing_file,
    quarantine_clearing_file, receive_clearing_file,
};
use support::World;

fn arrival(bank: BankId, id: &str, byte: u8) -> ClearingArrival {
    ClearingArrival {
        key: ClearingFileKey { bank, file_id: id.to_owned(), sha256: [byte; 32] },
        name: format!("{id}.csv"),
        format: "csv".to_owned(),
        series: String::new(),
        series_date: None,
        sequence: None,
        received_at: Timestamp::from_second(1_791_622_800).unwrap(),
        accept_same_content: false,
    }
}

async fn receive(world: &World, arrival: &ClearingArrival) -> ClearingFileState {
    receive_clearing_file(&world.pool, arrival, false).await.unwrap()
}

async fn check(world: &World, arrival: &ClearingArrival) {
    let counts = ClearingFileCounts { records: 10, fees: 1, passed_over: 2 };
    let consent = ClearingFileConsent { codes: "totals".to_owned(), by: "olga".to_owned() };
    let state = check_clearing_file(&world.pool, arrival, counts, &consent).await.unwrap();
    assert_eq!(state, ClearingFileState::New);
}

async fn finish(world: &World, arrival: &ClearingArrival) {
    let outcome = ClearingFileOutcome::default();
    assert!(finish_clearing_file(&world.pool, &arrival.key, &outcome).await.unwrap());
}

/// By id: the state.
async fn states(world: &World) -> Vec<(String, String)> {
    let files = clearing_files(&world.pool, 100).await.unwrap();
    let mut states: Vec<_> = files.into_iter().map(|file| (file.file_id, file.state)).collect();
    states.sort();
    states
}

#[tokio::test]
async fn a_file_goes_from_received_over_checked_to_taken() {
    let world = World::without_cycle().await;
    let [first, altered, renamed] =
        [("F1", 1), ("F1", 2), ("F2", 1)].map(|(id, byte)| arrival(world.bank, id, byte));
    assert_eq!(receive(&world, &first).await, ClearingFileState::New);
    assert_eq!(receive(&world, &first).await, ClearingFileState::New, "nothing of it is booked yet");
    check(&world, &first).await;
    assert_eq!(receive(&world, &first).await, ClearingFileState::Unfinished);
    for _ in 0..2 {
        assert_eq!(receive(&world, &altered).await, ClearingFileState::Altered);
        let renamed = receive(&world, &renamed).await;
        assert_eq!(renamed, ClearingFileState::Renamed { first_id: "F1".into() });
        finish(&world, &first).await;
        assert_eq!(receive(&world, &first).await, ClearingFileState::Taken);
    }
    let reason = ClearingFileReason { code: "altered".into(), told: "words".into(), record: Some(7) };
    for late in [&altered, &first] {
        // What is taken is not put aside any more.
        let put_aside = quarantine_clearing_file(&world.pool, &late.key, &reason).await.unwrap();
        assert_eq!(put_aside, late.key == altered.key);
    }
    let files = clearing_files(&world.pool, 100).await.unwrap();
    let file =
        |byte: u8| files.iter().find(|file| file.sha256 == [byte; 32] && file.file_id == "F1").unwrap();
    assert_eq!((file(1).state.as_str(), file(1).reason.as_str()), ("taken", ""));
    assert_eq!((file(1).records, file(1).fees, file(1).passed_over), (10, 1, 2));
    assert_eq!((file(1).accepted.as_str(), file(1).accepted_by.as_str()), ("totals", "olga"));
    assert_eq!((file(2).state.as_str(), file(2).reason.as_str()), ("quarantined", "altered"));
}

#[tokio::test]
async fn a_file_that_was_put_aside_leaves_its_id_free_and_may_come_again() {
    let world = World::without_cycle().await;
    let [broken, mended] = [1, 2].map(|byte| arrival(world.bank, "F1", byte));
    let reason = ClearingFileReason { code: "records".into(), told: "words".into(), record: None };
    assert_eq!(receive(&world, &broken).await, ClearingFileState::New);
    quarantine_clearing_file(&world.pool, &broken.key, &reason).await.unwrap();
    assert_eq!(receive(&world, &broken).await, ClearingFileState::New);
    assert_eq!(receive(&world, &mended).await, ClearingFileState::New);
    check(&world, &mended).await;
    assert_eq!(receive(&world, &broken).await, ClearingFileState::Altered);
}

#[tokio::test]
async fn files_of_different_banks_do_not_meet() {
    let world = World::without_cycle().await;
    let other = store::allot_banks(&world.pool, &["other".to_owned()]).await.unwrap()["other"];
    for bank in [world.bank, other] {
        let file = arrival(bank, "F1", 1);
        assert_eq!(receive(&world, &file).await, ClearingFileState::New);
        check(&world, &file).await;
    }
    finish(&world, &arrival(other, "F1", 1)).await;
    assert_eq!(receive(&world, &arrival(world.bank, "F1", 1)).await, ClearingFileState::Unfinished);
    let unknown = receive_clearing_file(&world.pool, &arrival(BankId(99), "F1", 1), false).await;
    assert!(unknown.is_err());
}

#[tokio::test]
async fn a_gap_is_told_until_the_missing_file_comes_or_is_not_waited_for() {
    let world = World::without_cycle().await;
    let numbered = |id: &str, byte, sequence| ClearingArrival {
        series: "file".to_owned(),
        sequence: Some(sequence),
        ..arrival(world.bank, id, byte)
    };
    let (first, second, third) = (numbered("F7", 7, 7), numbered("F8", 8, 8), numbered("F9", 9, 9));
    assert_eq!(receive(&world, &first).await, ClearingFileState::New);
    check(&world, &first).await;
    assert_eq!(receive(&world, &third).await, ClearingFileState::Gap { expected: 8 });
    let accepted = receive_clearing_file(&world.pool, &third, true).await.unwrap();
    assert_eq!(accepted, ClearingFileState::New);
    assert_eq!(receive(&world, &second).await, ClearingFileState::New);
    check(&world, &second).await;
    assert_eq!(receive(&world, &third).await, ClearingFileState::New);
    let taken = receive(&world, &numbered("F8b", 10, 8)).await;
    assert_eq!(taken, ClearingFileState::NumberTaken { first_id: "F8".into() });
}

#[tokio::test]
async fn imports_at_once_end_with_one_file() {
    let world = World::without_cycle().await;
    let same = join_all((0..6).map(|_| async { receive(&world, &arrival(world.bank, "F1", 1)).await })).await;
    assert!(same.iter().all(|state| *state == ClearingFileState::New), "{same:?}");
    check(&world, &arrival(world.bank, "F1", 1)).await;
    // Both were received before either was checked: only one is.
    let [one, other] = ["A", "B"].map(|id| arrival(world.bank, id, 2));
    assert_eq!(receive(&world, &one).await, ClearingFileState::New);
    assert_eq!(receive(&world, &other).await, ClearingFileState::New);
    check(&world, &one).await;
    let consent = ClearingFileConsent::default();
    let counts = ClearingFileCounts::default();
    let second = check_clearing_file(&world.pool, &other, counts, &consent).await.unwrap();
    assert_eq!(second, ClearingFileState::Renamed { first_id: "A".into() });
    let twice = check_clearing_file(&world.pool, &one, counts, &consent).await.unwrap();
    assert_eq!(twice, ClearingFileState::Unfinished, "another import of it is under way");
    let expected = [("A", "checked"), ("B", "received"), ("F1", "checked")];
    assert_eq!(states(&world).await, expected.map(|(id, state)| (id.to_owned(), state.to_owned())));
}

#[tokio::test]
async fn a_number_is_given_once_and_a_late_file_tells_what_is_missing_before_it() {
    let world = World::without_cycle().await;
    let numbered = |byte: u8, sequence| ClearingArrival {
        series: "file".to_owned(),
        sequence: Some(sequence),
        ..arrival(world.bank, &format!("F{byte}"), byte)
    };
    let [one, other] = [numbered(1, 5), numbered(2, 5)];
    for file in [&one, &other] {
        assert_eq!(receive(&world, file).await, ClearingFileState::New);
    }
    check(&world, &one).await;
    let (counts, consent) = (ClearingFileCounts::default(), ClearingFileConsent::default());
    let second = check_clearing_file(&world.pool, &other, counts, &consent).await.unwrap();
    assert_eq!(second, ClearingFileState::NumberTaken { first_id: "F1".into() });

    // Mistyped: what really follows number 5 is late from now on.
    let mistyped = numbered(3, 1_000);
    assert_eq!(receive_clearing_file(&world.pool, &mistyped, true).await.unwrap(), ClearingFileState::New);
    check(&world, &mistyped).await;
    let seven = numbered(4, 7);
    assert_eq!(receive(&world, &seven).await, ClearingFileState::Late { missing: 6 });
    check(&world, &seven).await;
    assert_eq!(receive(&world, &numbered(5, 6)).await, ClearingFileState::New);
    assert_eq!(receive(&world, &numbered(6, 8)).await, ClearingFileState::New);
}

#[tokio::test]
async fn a_file_with_records_put_aside_stays_checked() {
    let world = World::without_cycle().await;
    let file = arrival(world.bank, "F1", 1);
    assert_eq!(receive(&world, &file).await, ClearingFileState::New);
    let outcome = ClearingFileOutcome { put_aside: 1, already_known: 3, differing: 2, told: "look".into() };
    assert!(!finish_clearing_file(&world.pool, &file.key, &outcome).await.unwrap(), "not checked");
    check(&world, &file).await;
    assert!(finish_clearing_file(&world.pool, &file.key, &outcome).await.unwrap());
    assert_eq!(receive(&world, &file).await, ClearingFileState::Unfinished);
    let row = clearing_files(&world.pool, 1).await.unwrap().remove(0);
    assert_eq!((row.put_aside, row.already_known, row.differing), (1, 3, 2));
    assert_eq!((row.state.as_str(), row.told.as_str()), ("checked", "look"));
    finish(&world, &file).await;
    assert_eq!(receive(&world, &file).await, ClearingFileState::Taken);
}

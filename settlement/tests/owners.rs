//! One owner of a close at a time, and two people where the bank asks for them; against a real PostgreSQL.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

#[allow(dead_code, reason = "other tests use the rest")]
mod database;
#[allow(dead_code, reason = "other tests use the rest")]
#[path = "worked-day/sample.rs"]
mod sample;

use std::time::Duration;

use database::World;
use sample::SATURDAY;
use settlement::{
    CloseBy, CloseError, Environment, ProgramSetup, close_day, close_day_by, revise, verify_path,
};
use store::{CycleState, StoreError, take_close_lease};

fn names(world: &World) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(&world.out) else { return Vec::new() };
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

async fn cycle(world: &World) -> store::Cycle {
    store::cycle_by_date(&world.pool, sample::setup().id, SATURDAY).await.unwrap().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_lease_has_one_owner_until_its_time_is_out_or_its_session_is_gone() {
    let world = World::new().await;
    let program = sample::setup().id;
    let first = take_close_lease(&world.pool, program, "first").await.unwrap().unwrap();
    let pool = world.another_pool().await;
    assert_eq!(take_close_lease(&pool, program, "second").await.unwrap().unwrap_err(), "first");
    let impatient = CloseBy { wait_max: Duration::ZERO, ..CloseBy::default() };
    let refused = close_day_by(&pool, &sample::setup(), SATURDAY, &world.out, &impatient).await.unwrap_err();
    assert!(matches!(&refused, CloseError::Busy { owner, .. } if owner == "first"), "{refused}");
    assert_eq!(cycle(&world).await.state, CycleState::Open);
    // Given back, it is free at once.
    first.give_back().await.unwrap();
    let second = take_close_lease(&pool, program, "second").await.unwrap().unwrap();
    // The second one stalls until its time is out.
    world.run("UPDATE close_lease SET until = now()").await;
    let third = take_close_lease(&world.pool, program, "third").await.unwrap().unwrap();
    assert_ne!(second.fence(), third.fence());
    let lost = store::mark_published(&pool, &second.fence(), cycle(&world).await.id).await.unwrap_err();
    assert!(matches!(lost, StoreError::LeaseLost { .. }), "{lost}");
    // A fence that lost gives nothing back that is not its own.
    second.give_back().await.unwrap();
    assert!(take_close_lease(&pool, program, "fourth").await.unwrap().is_err());
    third.give_back().await.unwrap();
    // A process that is killed: its sessions are gone.
    let doomed = world.another_pool().await;
    let fifth = take_close_lease(&doomed, program, "fifth").await.unwrap().unwrap();
    assert!(take_close_lease(&pool, program, "sixth").await.unwrap().is_err());
    world.run("SELECT pg_terminate_backend(session) FROM close_lease").await;
    world.run("DO $$ BEGIN WHILE EXISTS (SELECT FROM pg_stat_activity a JOIN close_lease l ON a.pid = l.session) LOOP \
               PERFORM pg_stat_clear_snapshot(); END LOOP; END $$").await;
    assert!(take_close_lease(&pool, program, "sixth").await.unwrap().is_ok());
    drop(fifth);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_lost_the_lease_writes_nothing_more() {
    let world = World::new().await;
    world.book(&sample::movements()).await;
    let open = cycle(&world).await;
    let stalled = take_close_lease(&world.pool, open.program, "stalled").await.unwrap().unwrap();
    let fence = stalled.fence();
    world.run("UPDATE close_lease SET until = now()").await;
    let other = take_close_lease(&world.pool, open.program, "other").await.unwrap().unwrap();
    let books = world.books().await;
    let next = store::prepare_next_fenced(&world.pool, &fence, &open, SATURDAY.tomorrow().unwrap()).await;
    let file = store::FileRow {
        receiver: "kosta".to_owned(),
        cycle: open.id,
        sequence: 1,
        revision: 0,
        file_name: "x".to_owned(),
        sha256: [0; 32],
        previous_sha256: None,
        records: 1,
        published: false,
    };
    let refused = [
        next.err(),
        store::cut_fenced(&world.pool, &fence, &open, &open).await.err(),
        store::record_computed(&world.pool, &fence, &open, (&[], &[], Vec::new()), store::Closer::default())
            .await
            .err(),
        store::approve_by_itself(&world.pool, &fence, open.id).await.err(),
        store::record_file(&world.pool, &fence, &file).await.err(),
        store::mark_published(&world.pool, &fence, open.id).await.err(),
        store::mark_file_published(&world.pool, &fence, &file).await.err(),
    ];
    for error in refused {
        assert!(matches!(error, Some(StoreError::LeaseLost { .. })), "{error:?}");
    }
    assert_eq!(world.books().await, books);
    other.give_back().await.unwrap();
    close_day(&world.pool, &sample::setup(), SATURDAY, &world.out).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn two_people_close_a_day_and_never_one() {
    let world = World::new().await;
    world.book(&sample::movements()).await;
    world.run("INSERT INTO staff_user (name, password_hash) VALUES ('anna', ''), ('boris', '')").await;
    let by = CloseBy { who: "anna".to_owned(), two_people: true, ..CloseBy::default() };
    let close =
        async || close_day_by(&world.pool, &sample::setup(), SATURDAY, &world.out, &by).await.unwrap();
    for _ in 0..2 {
        let closed = close().await;
        assert_eq!((closed.cycle.state, closed.files.len()), (CycleState::Computed, 0));
        assert_eq!(closed.positions.len(), 3);
        assert_eq!(names(&world), Vec::<String>::new());
    }
    let id = cycle(&world).await.id;
    let approval = store::approval_of(&world.pool, id).await.unwrap();
    assert_eq!((approval.two_people, approval.computed_by.as_deref()), (true, Some("anna")));
    assert!(!store::approve_cycle(&world.pool, id, "anna").await.unwrap(), "she computed it");
    for text in [
        "UPDATE settlement_cycle SET state = 'approved'",
        "UPDATE settlement_cycle SET state = 'approved', approved_by = 'anna'",
        "UPDATE settlement_cycle SET state = 'approved', approved_by = 'nobody'",
    ] {
        assert!(!world.can_run(&format!("{text} WHERE cycle_id = 1")).await, "{text}");
    }
    assert!(store::approve_cycle(&world.pool, id, "boris").await.unwrap());
    assert!(!store::approve_cycle(&world.pool, id, "boris").await.unwrap(), "once");
    let closed = close().await;
    assert_eq!((closed.cycle.state, closed.files.len()), (CycleState::Published, 4));
    let approval = store::approval_of(&world.pool, id).await.unwrap();
    assert_eq!(approval.approved_by.as_deref(), Some("boris"));
    for (mark, state) in [("delivered", CycleState::Delivered), ("acknowledged", CycleState::Acknowledged)] {
        for _ in 0..2 {
            match mark {
                "delivered" => store::mark_delivered(&world.pool, id).await.unwrap(),
                _ => store::mark_acknowledged(&world.pool, id).await.unwrap(),
            }
            assert_eq!(cycle(&world).await.state, state);
        }
    }
    store::mark_delivered(&world.pool, id).await.unwrap();
    assert_eq!(cycle(&world).await.state, CycleState::Acknowledged, "never back");
    assert!(close().await.already_closed);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revision_has_the_same_lines_under_the_same_number() {
    let world = World::new().await;
    world.book(&sample::movements()).await;
    let closed = close_day(&world.pool, &sample::setup(), SATURDAY, &world.out).await.unwrap();
    let id = closed.cycle.id;
    let first = closed.files.iter().find(|file| file.receiver == "kosta").unwrap();
    let revised = revise(&world.pool, &sample::setup(), id, "kosta", &world.out).await.unwrap();
    let lines = |path: &std::path::Path| -> Vec<String> {
        let text = std::fs::read_to_string(path).unwrap();
        text.lines().filter(|line| !line.starts_with('F')).map(str::to_owned).collect()
    };
    assert_eq!(lines(&first.path), lines(&revised.path));
    let (old, new) = (verify_path(&first.path).unwrap(), verify_path(&revised.path).unwrap());
    assert_eq!((new.header.revision, new.header.sequence), (1, old.header.sequence));
    assert_eq!((new.batches, new.totals), (old.batches, old.totals));
    let sunday =
        close_day(&world.pool, &sample::setup(), SATURDAY.tomorrow().unwrap(), &world.out).await.unwrap();
    let next = sunday.files.iter().find(|file| file.receiver == "kosta").unwrap();
    assert_eq!(verify_path(&next.path).unwrap().header.previous_text(), revised.sha256);
    let error = revise(&world.pool, &sample::setup(), id, "nobody", &world.out).await.unwrap_err();
    assert!(matches!(error, CloseError::NotPublished { .. }), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_dead_close_left_in_the_folder_is_cleared_away() {
    let world = World::new().await;
    world.book(&sample::movements()).await;
    std::fs::create_dir_all(&world.out).unwrap();
    std::fs::write(world.out.join("spool-boreal-gold-000001-kosta-RUB.1-0.partial"), b"half").unwrap();
    close_day(&world.pool, &sample::setup(), SATURDAY, &world.out).await.unwrap();
    assert_eq!(names(&world).len(), 8, "{:?}", names(&world));
    assert!(names(&world).iter().all(|name| name.ends_with(".cbs") || name.ends_with(".done")));
}

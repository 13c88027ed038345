//! Cycles: opened once, prepared once, and cut under running batches without a gap and without an error.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation
)]

mod support;

use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use domain::{BUCKETS, CycleId, RulesHash};
use store::{Cycle, CycleState, ProgramEntry, StoreError};
use support::{CLEARING, DAY, HASH, World, count, until};

async fn only_cycle(world: &World) -> Cycle {
    let cycles = store::cycles(&world.pool, world.program).await.unwrap();
    assert_eq!(cycles.len(), 1, "{cycles:?}");
    cycles[0]
}

async fn prepared(world: &World, after: &Cycle) -> Cycle {
    let date = after.business_date.tomorrow().unwrap();
    store::prepare_next(&world.pool, after, date).await.unwrap()
}

/// The cycles that the gates name, with how many gates name each.
async fn gates(world: &World) -> Vec<(CycleId, i64)> {
    let sql = "SELECT cycle_id, count(*) FROM cycle_gate WHERE program_id = $1 GROUP BY 1 ORDER BY 1";
    let rows = world.admin.query(sql, &[&world.program.0]).await.unwrap();
    rows.iter().map(|row| (CycleId(row.get(0)), row.get(1))).collect()
}

async fn all_gates_name(world: &World, cycle: &Cycle) {
    assert_eq!(gates(world).await, vec![(cycle.id, i64::from(BUCKETS))]);
}

async fn second_version(world: &World) -> RulesHash {
    let entry = ProgramEntry {
        code: "boreal-gold".into(),
        bank: world.bank,
        cobrand_partner: world.airline,
        currency: support::RUB,
        time_zone: "Europe/Moscow".into(),
    };
    let hash = RulesHash([8; 32]);
    store::register_program(&world.pool, &entry, hash, "second text").await.unwrap();
    hash
}

#[tokio::test]
async fn the_first_cycle_is_opened_once_also_by_several_at_once() {
    let world = World::without_cycle().await;
    let open = || store::open_first(&world.pool, world.program, DAY, HASH);
    let results = tokio::join!(open(), open(), open(), open());
    for result in [results.0, results.1, results.2, results.3] {
        result.unwrap();
    }
    let cycle = only_cycle(&world).await;
    assert_eq!((cycle.sequence, cycle.business_date, cycle.state), (1, DAY, CycleState::Open));
    all_gates_name(&world, &cycle).await;
    // Later calls change nothing, whatever they ask for.
    store::open_first(&world.pool, world.program, DAY.tomorrow().unwrap(), HASH).await.unwrap();
    assert_eq!(only_cycle(&world).await, cycle);
    assert_eq!(store::cycle_by_id(&world.pool, cycle.id).await.unwrap(), cycle);
    assert_eq!(store::cycle_by_date(&world.pool, world.program, DAY).await.unwrap(), Some(cycle));
    let missing = store::cycle_by_id(&world.pool, CycleId(99)).await;
    assert!(matches!(missing, Err(StoreError::NotFound { .. })), "{missing:?}");
}

#[tokio::test]
async fn the_next_cycle_is_prepared_once_also_by_several_at_once() {
    let world = World::new().await;
    let first = only_cycle(&world).await;
    let prepare = || prepared(&world, &first);
    let (a, b, c) = tokio::join!(prepare(), prepare(), prepare());
    assert_eq!((a, b), (b, c));
    assert_eq!((a.sequence, a.state), (2, CycleState::Prepared));
    // A later call with another date keeps the first.
    let again = store::prepare_next(&world.pool, &first, DAY).await.unwrap();
    assert_eq!(again, a);
    all_gates_name(&world, &first).await;
}

#[tokio::test]
async fn a_second_cut_is_no_cut() {
    let world = World::new().await;
    let first = only_cycle(&world).await;
    let next = prepared(&world, &first).await;
    assert!(store::cut(&world.pool, &first, &next).await.unwrap());
    all_gates_name(&world, &next).await;
    assert!(!store::cut(&world.pool, &first, &next).await.unwrap());
    let states: Vec<CycleState> =
        store::cycles(&world.pool, world.program).await.unwrap().iter().map(|cycle| cycle.state).collect();
    assert_eq!(states, vec![CycleState::Closing, CycleState::Open]);
    all_gates_name(&world, &next).await;
}

#[tokio::test]
async fn of_several_closers_one_cuts() {
    let world = World::new().await;
    let first = only_cycle(&world).await;
    let next = prepared(&world, &first).await;
    let cut = || store::cut(&world.pool, &first, &next);
    let (a, b, c) = tokio::join!(cut(), cut(), cut());
    let cuts = [a, b, c].into_iter().filter(|result| *result.as_ref().unwrap()).count();
    assert_eq!(cuts, 1);
    all_gates_name(&world, &next).await;
}

#[tokio::test]
async fn a_cycle_that_is_not_prepared_is_not_opened() {
    let world = World::new().await;
    let first = only_cycle(&world).await;
    let next = prepared(&world, &first).await;
    let nowhere = Cycle { id: CycleId(77), ..next };
    for wrong in [first, nowhere] {
        let refused = store::cut(&world.pool, &first, &wrong).await;
        assert!(matches!(refused, Err(StoreError::WrongState { .. })), "{refused:?}");
        all_gates_name(&world, &first).await;
        assert_eq!(store::cycle_by_id(&world.pool, first.id).await.unwrap(), first);
    }
    // Nor one of another program.
    let entry = ProgramEntry {
        code: "other".into(),
        bank: world.bank,
        cobrand_partner: world.airline,
        currency: support::RUB,
        time_zone: "Europe/Moscow".into(),
    };
    let other = store::register_program(&world.pool, &entry, RulesHash([9; 32]), "other").await.unwrap();
    store::open_first(&world.pool, other, DAY, RulesHash([9; 32])).await.unwrap();
    let others = store::cycles(&world.pool, other).await.unwrap()[0];
    let others_next = prepared(&world, &others).await;
    let refused = store::cut(&world.pool, &first, &others_next).await;
    assert!(matches!(refused, Err(StoreError::WrongState { .. })), "{refused:?}");
    all_gates_name(&world, &first).await;
    // What is right still goes, and leaves the other program alone.
    assert!(store::cut(&world.pool, &first, &next).await.unwrap());
    all_gates_name(&world, &next).await;
    let sql = "SELECT count(*) FROM cycle_gate WHERE cycle_id = (SELECT min(cycle_id) FROM settlement_cycle c \
               WHERE c.program_id = cycle_gate.program_id AND c.state = 'open')";
    assert_eq!(count(&world.admin, sql).await, 2 * i64::from(BUCKETS));
}

#[tokio::test]
async fn cuts_under_running_batches_leave_no_gap_and_no_error() {
    const LANES: u32 = 3;
    const CUTS: usize = 10;
    const MESSAGES_MAX: u32 = 1_000_000;
    let world = World::new().await;
    let stop = Arc::new(AtomicBool::new(false));
    let mut running = Vec::new();
    for number in 0..LANES {
        let route = world.member(100 * number as u16 + 1, 1).await;
        let mut lane = world.lane().await;
        let (rules, stop) = (world.rules.clone(), Arc::clone(&stop));
        // Messages are made inside the task, from one of each kind.
        let pattern = world.message(Some(route), 1, CLEARING, 6_000);
        running.push(tokio::spawn(async move {
            let mut cycles = Vec::new();
            let mut id = number * MESSAGES_MAX + 1;
            while !stop.load(Ordering::Relaxed) {
                let batch: Vec<_> = (0..3).map(|n| renumbered(&pattern, id + n)).collect();
                id += 3;
                let done = lane.run(&batch, &rules).await.unwrap_or_else(|error| panic!("{error:?}"));
                let cycle = done.outcomes[0].cycle.unwrap();
                assert!(done.outcomes.iter().all(|outcome| outcome.cycle == Some(cycle)), "one gate a batch");
                cycles.push(cycle.0);
            }
            (id, cycles)
        }));
    }

    let in_cycle = |cycle: CycleId| {
        let sql = format!(
            "SELECT (SELECT count(*) FROM transfer WHERE cycle_id = {cycle}) \
             + (SELECT count(*) FROM message WHERE cycle_id = {cycle})"
        );
        let admin = &world.admin;
        async move { count(admin, &sql).await }
    };
    let mut current = only_cycle(&world).await;
    let mut counted = Vec::new();
    for _ in 0..CUTS {
        let busy = format!("SELECT count(*) >= 6 FROM transfer WHERE cycle_id = {}", current.id);
        until(&world.admin, "the cycle has transfers", &busy).await;
        let next = prepared(&world, &current).await;
        assert!(store::cut(&world.pool, &current, &next).await.unwrap());
        counted.push((current.id, in_cycle(current.id).await));
        current = Cycle { state: CycleState::Open, ..next };
    }
    let busy = format!("SELECT count(*) >= 6 FROM transfer WHERE cycle_id = {}", current.id);
    until(&world.admin, "the last cycle has transfers", &busy).await;
    stop.store(true, Ordering::Relaxed);
    let mut sent = 0;
    let mut met = BTreeSet::new();
    for (number, task) in (0..LANES).zip(running) {
        let (id, cycles) = task.await.unwrap();
        sent += id - (number * MESSAGES_MAX + 1);
        assert!(cycles.is_sorted(), "a lane never goes back to an earlier cycle");
        met.extend(cycles);
    }
    for (cycle, rows) in counted {
        assert_eq!(in_cycle(cycle).await, rows, "rows came into cycle {cycle} after its cut");
    }
    assert_eq!(met.len(), CUTS + 1, "every cycle took batches");
    assert_eq!(
        (world.rows("message").await, world.rows("transfer").await),
        (i64::from(sent), i64::from(sent))
    );
    let differing = "SELECT count(*) FROM transfer t JOIN message m ON m.bucket = t.bucket \
                     AND m.message_key = t.message_key WHERE m.cycle_id <> t.cycle_id";
    assert_eq!(count(&world.admin, differing).await, 0);
    world.audit().await;
}

fn renumbered(pattern: &store::MessageRecord, id: u32) -> store::MessageRecord {
    let mut record = pattern.clone();
    let mut hash = [0; 16];
    hash[..4].copy_from_slice(&id.to_be_bytes());
    record.event.key = domain::MessageKey::new(1_791_622_800, hash);
    record.event.references.own =
        domain::OriginalRef::new("0220", &format!("{id:09}"), "1010090000", "123456");
    record.event.references.retrieval = Some(format!("RRN{id}"));
    record
}

/// Waits until the statement has waited for a lock in two transactions: it gave up once and came again.
async fn until_it_tried_twice(world: &World, statement: &str) {
    let sql = format!(
        "SELECT xact_start::text FROM pg_stat_activity WHERE wait_event_type = 'Lock' \
         AND datname = current_database() AND query LIKE '{statement}%'"
    );
    let mut tries = BTreeSet::new();
    for _ in 0..20_000 {
        let rows = world.admin.query(sql.as_str(), &[]).await.unwrap();
        tries.extend(rows.iter().map(|row| row.get::<_, String>(0)));
        if tries.len() >= 2 {
            return;
        }
        tokio::task::yield_now().await;
    }
    panic!("{statement} was not seen to try twice");
}

#[tokio::test]
async fn a_held_gate_makes_the_cut_try_again_and_messages_pass_meanwhile() {
    let world = World::new().await;
    let first = only_cycle(&world).await;
    let next = prepared(&world, &first).await;
    let route = world.member(0, 1).await;
    let mut lane = world.lane().await;
    let holder = support::client(&world.text).await;
    holder.batch_execute("BEGIN; SELECT 1 FROM cycle_gate WHERE bucket = 1023 FOR SHARE").await.unwrap();
    let pool = world.pool.clone();
    let cutting = tokio::spawn(async move { store::cut(&pool, &first, &next).await });
    until_it_tried_twice(&world, "UPDATE cycle_gate").await;
    assert_eq!(gates(&world).await, vec![(first.id, i64::from(BUCKETS))], "nothing is changed by halves");
    // The gate of bucket 0 is among those that the cut has changed and waits with: it lets go in time.
    let done = lane.run(&[world.message(Some(route), 1, CLEARING, 6_000)], &world.rules).await.unwrap();
    assert_eq!(done.outcomes[0].cycle.unwrap().0, first.id);
    assert!(!cutting.is_finished());
    holder.batch_execute("COMMIT").await.unwrap();
    assert!(cutting.await.unwrap().unwrap());
    all_gates_name(&world, &next).await;
    let done = lane.run(&[world.message(Some(route), 2, CLEARING, 6_000)], &world.rules).await.unwrap();
    assert_eq!(done.outcomes[0].cycle.unwrap().0, next.id);
}

#[tokio::test]
async fn a_batch_that_holds_its_gate_is_in_the_old_cycle_and_the_cut_waits_for_it() {
    let world = World::new().await;
    let first = only_cycle(&world).await;
    let next = prepared(&world, &first).await;
    let route = world.member(4, 1).await;
    let (mut lane, pid) = world.lane_with_pid().await;
    // The lane has read its gate and waits with the write of the ledger.
    let holder = support::client(&world.text).await;
    holder.batch_execute("BEGIN; LOCK TABLE outbox IN SHARE MODE").await.unwrap();
    let (rules, batch) = (world.rules.clone(), [world.message(Some(route), 1, CLEARING, 6_000)]);
    let running = tokio::spawn(async move { lane.run(&batch, &rules).await });
    support::until_blocked(&world.admin, pid).await;
    let pool = world.pool.clone();
    let cutting = tokio::spawn(async move { store::cut(&pool, &first, &next).await });
    until_it_tried_twice(&world, "UPDATE cycle_gate").await;
    holder.batch_execute("COMMIT").await.unwrap();
    let done = running.await.unwrap().unwrap();
    assert_eq!(done.outcomes[0].cycle.unwrap().0, first.id);
    assert!(cutting.await.unwrap().unwrap());
    let sql = format!("SELECT count(*) FROM transfer WHERE cycle_id = {}", first.id);
    assert_eq!(count(&world.admin, &sql).await, 1);
    all_gates_name(&world, &next).await;
}

#[tokio::test]
async fn rules_are_switched_for_all_buckets_at_once_and_only_for_their_program() {
    let world = World::new().await;
    let second = second_version(&world).await;
    let sql = "SELECT count(*) FROM cycle_gate WHERE rules_hash = decode(repeat('08', 32), 'hex')";
    store::switch_rules(&world.pool, world.program, second).await.unwrap();
    assert_eq!(count(&world.admin, sql).await, i64::from(BUCKETS));
    // A second switch to the same version writes nothing.
    let versions = "SELECT count(DISTINCT xmin::text) FROM cycle_gate";
    let before = world.dump("cycle_gate").await;
    store::switch_rules(&world.pool, world.program, second).await.unwrap();
    assert_eq!(count(&world.admin, versions).await, 1);
    assert_eq!(world.dump("cycle_gate").await, before);
    let unknown = store::switch_rules(&world.pool, world.program, RulesHash([1; 32])).await;
    assert!(unknown.is_err(), "a version that is not in the catalog");
    assert_eq!(world.dump("cycle_gate").await, before);
    // The cut keeps the version.
    let first = only_cycle(&world).await;
    let next = prepared(&world, &first).await;
    assert!(store::cut(&world.pool, &first, &next).await.unwrap());
    assert_eq!(count(&world.admin, sql).await, i64::from(BUCKETS));
}

#[tokio::test]
async fn a_held_gate_makes_the_switch_of_rules_try_again_and_messages_pass_meanwhile() {
    let world = World::new().await;
    let second = second_version(&world).await;
    let route = world.member(0, 1).await;
    let mut lane = world.lane().await;
    let holder = support::client(&world.text).await;
    holder.batch_execute("BEGIN; SELECT 1 FROM cycle_gate WHERE bucket = 1023 FOR SHARE").await.unwrap();
    let (pool, program) = (world.pool.clone(), world.program);
    let switching = tokio::spawn(async move { store::switch_rules(&pool, program, second).await });
    let waits = "SELECT bool_or(wait_event_type = 'Lock') FROM pg_stat_activity WHERE query LIKE 'UPDATE cycle_gate%' \
                 AND datname = current_database()";
    until(&world.admin, "the switch waits for the held gate", waits).await;
    lane.run(&[world.message(Some(route), 1, CLEARING, 6_000)], &world.rules).await.unwrap();
    holder.batch_execute("COMMIT").await.unwrap();
    switching.await.unwrap().unwrap();
    let sql = "SELECT count(*) FROM cycle_gate WHERE rules_hash = decode(repeat('08', 32), 'hex')";
    assert_eq!(count(&world.admin, sql).await, i64::from(BUCKETS));
}

#[tokio::test]
async fn a_cut_and_a_switch_of_rules_at_once_both_happen() {
    let world = World::new().await;
    let second = second_version(&world).await;
    let mut current = only_cycle(&world).await;
    for number in 0..10_u8 {
        let next = prepared(&world, &current).await;
        let hash = if number % 2 == 0 { second } else { HASH };
        let (cut, switched) = tokio::join!(
            store::cut(&world.pool, &current, &next),
            store::switch_rules(&world.pool, world.program, hash)
        );
        switched.unwrap();
        assert!(cut.unwrap());
        all_gates_name(&world, &next).await;
        let sql = format!(
            "SELECT count(*) FROM cycle_gate WHERE rules_hash = decode(repeat('0{}', 32), 'hex')",
            hash.0[0]
        );
        assert_eq!(count(&world.admin, &sql).await, i64::from(BUCKETS));
        current = Cycle { state: CycleState::Open, ..next };
    }
}

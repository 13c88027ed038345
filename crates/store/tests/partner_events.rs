//! From the outbox to numbered events of partners: in the order of each account, each once, whoever relays and whenever
//! he dies.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use jiff::{SignedDuration, Timestamp};
use store::{Lease, NewPartnerEvent, OutboxRow, StoreError, relay_events, take_lease};
use support::{CLEARING, World, until_blocked};

const ALL: std::ops::Range<i32> = 0..1_024;

fn now() -> Timestamp {
    "2026-10-10T09:00:00Z".parse().unwrap()
}

async fn lease(world: &World, owner: &str, now: Timestamp) -> Option<Lease> {
    take_lease(&world.pool, "relay", owner, now, now + SignedDuration::from_secs(30)).await.unwrap()
}

/// The co-brand partner is told everything, the fuel station every purchase.
fn tell(world: &World) -> impl Fn(&OutboxRow) -> Vec<NewPartnerEvent> + Sync + use<> {
    let (airline, fuel, program) = (world.airline, world.fuel, world.program);
    move |row| {
        let event = |partner| NewPartnerEvent {
            partner,
            topic: if row.topic == "member.enrolled" { "member.enrolled" } else { "purchase.accrued" },
            program,
            subject: format!("{}-{}", row.bucket, row.account),
            subject_order: Some(row.order),
            occurred_at: None,
            data: "{}".to_owned(),
        };
        let mut events = vec![event(airline)];
        events.extend((row.topic != "member.enrolled").then(|| event(fuel)));
        events
    }
}

/// Ten purchases of three members.
async fn purchases(world: &World) {
    let mut members = Vec::new();
    for (bucket, number) in [(3, 1), (3, 2), (900, 3)] {
        members.push(world.member(bucket, number).await);
    }
    let batch: Vec<_> =
        (0..10).map(|n| world.message(Some(members[n as usize % 3]), n + 1, CLEARING, 120_000)).collect();
    // A batch is of one lane; these buckets are of one.
    for record in batch {
        world.lane().await.run(&[record], &world.rules).await.unwrap();
    }
}

/// Numbers have no gap, and each account's order is 1, 2, 3 … by number.
async fn in_order(world: &World, events: usize) {
    let told = store::partner_events(&world.pool, world.airline, 0, 1_000).await.unwrap();
    assert_eq!(told.len(), events);
    let mut orders = std::collections::BTreeMap::<&str, i64>::new();
    for (number, event) in (1..).zip(&told) {
        assert_eq!(event.number, number);
        let last = orders.entry(&event.subject).or_default();
        *last += 1;
        assert_eq!(event.subject_order, Some(*last), "{}", event.subject);
    }
}

async fn drain(world: &World, lease: &Lease, limit: i64) -> usize {
    let (buckets, tell) = (ALL.collect::<Vec<_>>(), tell(world));
    let mut steps = 0;
    while relay_events(&world.pool, lease, now(), &buckets, limit, &tell).await.unwrap().rows > 0 {
        steps += 1;
    }
    steps
}

#[tokio::test]
async fn every_row_becomes_events_once_and_in_the_order_of_its_account() {
    let world = World::new().await;
    purchases(&world).await;
    world.audit().await;
    let held = lease(&world, "one", now()).await.unwrap();
    assert_eq!(drain(&world, &held, 4).await, 4, "13 rows, at most 4 in a step");
    in_order(&world, 13).await;
    assert_eq!(store::last_partner_event(&world.pool, world.fuel).await.unwrap(), 10);
    assert_eq!(store::last_partner_event(&world.pool, world.shop).await.unwrap(), 0);
    assert_eq!(world.rows("outbox").await, 0);
    // What comes later goes on behind.
    world.member(3, 9).await;
    drain(&world, &held, 4).await;
    in_order(&world, 14).await;
}

#[tokio::test]
async fn a_relay_that_is_killed_at_any_statement_leaves_all_or_nothing() {
    // The relay waits at this table when its server process is ended.
    for table in ["work_lease", "outbox", "partner_event_last", "partner_event"] {
        let world = World::new().await;
        purchases(&world).await;
        let held = lease(&world, "one", now()).await.unwrap();
        let (buckets, told) = (ALL.collect::<Vec<_>>(), tell(&world));
        relay_events(&world.pool, &held, now(), &buckets, 2, &told).await.unwrap();
        let other = support::client(&world.text).await;
        other.batch_execute(&format!("BEGIN; LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")).await.unwrap();
        let (pool, lease_of_task) = (world.pool.clone(), held.clone());
        let running = tokio::spawn(async move {
            relay_events(&pool, &lease_of_task, now(), &(ALL.collect::<Vec<_>>()), 5, &told).await
        });
        let waiting = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
        let pid = loop {
            if let Some(row) = world.admin.query_opt(waiting, &[]).await.unwrap() {
                break row.get::<_, i32>(0);
            }
            tokio::task::yield_now().await;
        };
        until_blocked(&world.admin, pid).await;
        world.terminate(pid).await;
        assert!(running.await.unwrap().is_err(), "{table}");
        other.batch_execute("ROLLBACK").await.unwrap();
        drain(&world, &held, 3).await;
        in_order(&world, 13).await;
        assert_eq!(store::last_partner_event(&world.pool, world.fuel).await.unwrap(), 10, "{table}");
    }
}

#[tokio::test]
async fn of_two_relays_one_works_and_the_one_that_lost_its_lease_writes_nothing() {
    let world = World::new().await;
    purchases(&world).await;
    let first = lease(&world, "one", now()).await.unwrap();
    assert_eq!(lease(&world, "two", now()).await, None, "it is taken");
    let (buckets, told) = (ALL.collect::<Vec<_>>(), tell(&world));
    relay_events(&world.pool, &first, now(), &buckets, 3, &told).await.unwrap();
    // The first one is silent for too long; it does not know yet.
    let later = now() + SignedDuration::from_secs(31);
    let second = lease(&world, "two", later).await.unwrap();
    let stale = relay_events(&world.pool, &first, later, &buckets, 3, &told).await.unwrap_err();
    assert!(matches!(stale, StoreError::LeaseLost { .. }), "{stale}");
    drain(&world, &second, 3).await;
    in_order(&world, 13).await;
    assert_eq!(lease(&world, "one", later).await, None);
    store::give_back_leases(&world.pool, "two", later).await.unwrap();
    assert!(lease(&world, "one", later).await.is_some(), "it was given back");
}

#[tokio::test]
async fn two_relays_at_once_never_number_twice() {
    let world = World::new().await;
    purchases(&world).await;
    let held = lease(&world, "one", now()).await.unwrap();
    // Both believe to be the owner: the row of the lease keeps them apart.
    let work = |world: &World| {
        let (pool, held, told) = (world.pool.clone(), held.clone(), tell(world));
        tokio::spawn(async move {
            let buckets = ALL.collect::<Vec<_>>();
            while relay_events(&pool, &held, now(), &buckets, 1, &told).await.unwrap().rows > 0 {}
        })
    };
    let (one, two) = (work(&world), work(&world));
    one.await.unwrap();
    two.await.unwrap();
    in_order(&world, 13).await;
}

/// 20,480 members with two rows each, and a partner with 100,000 events of which three are old.
const MUCH: &str = "SET session_replication_role = replica; \
    INSERT INTO member_account (bucket, account_id, bank_id, program_id, member_number, enrolled_on) \
    SELECT b, a, 1, p.program_id, '', '2026-01-01' FROM generate_series(0, 1023) b, generate_series(1, 20) a, program p; \
    INSERT INTO outbox SELECT b, a, s, '', 'member.enrolled', '{}' \
    FROM generate_series(0, 1023) b, generate_series(1, 20) a, generate_series(1, 2) s; \
    INSERT INTO partner_event SELECT p.partner_id, n, 't', p.program_id, 's', n, '2026-10-10', \
    CASE WHEN n <= 3 THEN '2026-01-01' ELSE '2026-10-10' END::timestamptz, '{}' \
    FROM (SELECT cobrand_partner_id partner_id, program_id FROM program) p, generate_series(1, 100000) n; \
    INSERT INTO partner_event_last SELECT cobrand_partner_id, 100000 FROM program; \
    RESET session_replication_role; ANALYZE";

/// Rows of a table that were read in any way since the last call, once so many of another one are told as deleted.
async fn read_since(world: &World, table: &str, deleted: (&str, i64), before: i64) -> i64 {
    let (from, count) = deleted;
    let told = format!("SELECT n_tup_del >= {count} FROM pg_stat_user_tables WHERE relname = '{from}'");
    support::until(&world.admin, "the statistics are told", &told).await;
    let read =
        "SELECT (coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0))::bigint FROM pg_stat_user_tables";
    support::count(&world.admin, &format!("{read} WHERE relname = '{table}'")).await - before
}

#[tokio::test]
async fn a_step_reads_what_it_takes_however_much_waits_and_however_many_members_there_are() {
    let world = World::new().await;
    world.admin.batch_execute(MUCH).await.unwrap();
    let held = lease(&world, "one", now()).await.unwrap();
    let accounts = read_since(&world, "member_account", ("outbox", 0), 0).await;
    let events = read_since(&world, "partner_event", ("outbox", 0), 0).await;
    let last = (960..1_024).collect::<Vec<_>>();
    relay_events(&world.pool, &held, now(), &last, 500, &tell(&world)).await.unwrap();
    let accounts = read_since(&world, "member_account", ("outbox", 500), accounts).await;
    assert!(accounts <= 1_000, "{accounts} accounts were read for 500 rows");

    let before = now() - SignedDuration::from_hours(24 * 90);
    assert_eq!(store::forget_partner_events(&world.pool, before, 1_000).await.unwrap(), 3);
    let events = read_since(&world, "partner_event", ("partner_event", 3), events).await;
    assert!(events <= 5_000, "{events} events were read to find three old ones");
    assert_eq!(store::partner_events(&world.pool, world.airline, 0, 1).await.unwrap()[0].number, 4);
}

#[tokio::test]
async fn a_way_that_is_made_known_by_halves_is_not_known() {
    let world = World::new().await;
    let file = "INSERT INTO settlement_file (receiver, cycle_id, sequence, revision, file_name, sha256, previous_sha256, \
                records, published) SELECT p.code, c.cycle_id, 1, 0, 'old.cbs', $1, $1, 2, true \
                FROM partner p, settlement_cycle c WHERE p.partner_id = $2 LIMIT 1";
    world.admin.execute(file, &[&[7_u8; 32].as_slice(), &world.airline.0]).await.unwrap();
    let other = support::client(&world.text).await;
    other.batch_execute("BEGIN; LOCK TABLE delivery_file IN ACCESS EXCLUSIVE MODE").await.unwrap();
    let (pool, airline) = (world.pool.clone(), world.airline);
    let running =
        tokio::spawn(
            async move { store::register_endpoint(&pool, airline, "sftp", store::Carries::Files).await },
        );
    let waiting =
        "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    let pid = loop {
        if let Some(row) = world.admin.query_opt(waiting, &[]).await.unwrap() {
            break row.get::<_, i32>(0);
        }
        tokio::task::yield_now().await;
    };
    world.terminate(pid).await;
    assert!(running.await.unwrap().is_err());
    other.batch_execute("ROLLBACK").await.unwrap();
    store::register_endpoint(&world.pool, airline, "sftp", store::Carries::Files).await.unwrap();
    store::enqueue_files(&world.pool, airline, "sftp", &["canonical"], now()).await.unwrap();
    let waiting = store::waiting_files(&world.pool, airline, "sftp", 10).await.unwrap();
    assert_eq!(waiting, [], "what was published before is not sent again");
}

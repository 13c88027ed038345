//! The migrations: applied once, whole or not at all, and never onto a database that does not belong to them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use private_postgres::{Options, PrivateCluster};
use store::{MIGRATIONS, StoreError, migrate};
use support::{client, count, empty_database, until};

const TABLES: &str = "SELECT count(*) FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace \
                      AND relname <> 'schema_migration'";

#[tokio::test]
async fn a_second_run_applies_nothing_and_keeps_the_data() {
    let text = empty_database();
    let mut client = client(&text).await;
    assert_eq!(migrate(&mut client).await.unwrap(), MIGRATIONS.len());
    client.batch_execute("INSERT INTO bank VALUES (1, 'boreal')").await.unwrap();
    let row = "SELECT string_agg(applied_at::text || version || name || works_from, ';' ORDER BY version) \
               FROM schema_migration";
    let before: String = client.query_one(row, &[]).await.unwrap().get(0);
    assert_eq!(migrate(&mut client).await.unwrap(), 0);
    let after: String = client.query_one(row, &[]).await.unwrap().get(0);
    assert_eq!(before, after);
    assert_eq!(count(&client, "SELECT count(*) FROM bank").await, 1);
}

#[tokio::test]
async fn of_several_runs_at_once_one_applies() {
    let text = empty_database();
    let (mut a, mut b, mut c) = (client(&text).await, client(&text).await, client(&text).await);
    let (one, two, three) = tokio::join!(migrate(&mut a), migrate(&mut b), migrate(&mut c));
    let mut applied = [one.unwrap(), two.unwrap(), three.unwrap()];
    applied.sort_unstable();
    assert_eq!(applied, [0, 0, MIGRATIONS.len()]);
    assert!(count(&a, TABLES).await > 20);
}

/// The role of the message path belongs to the whole cluster: here another database's migration is just making it.
#[tokio::test]
async fn databases_of_one_cluster_may_be_migrated_at_once() {
    // A cluster of its own: in the shared one the role is there as soon as any test has migrated.
    let cluster = PrivateCluster::start(Options::default()).unwrap_or_else(|error| panic!("{error}"));
    cluster.create_database("other").unwrap();
    cluster.create_database("ours").unwrap();
    let (other, admin) = (cluster.connection_string("other"), cluster.connection_string("ours"));
    let (other, admin, mut ours) = (client(&other).await, client(&admin).await, client(&admin).await);
    other.batch_execute("BEGIN; CREATE ROLE cobrand_gateway NOLOGIN").await.unwrap();
    let running = tokio::spawn(async move { migrate(&mut ours).await });
    let waits = "SELECT bool_or(wait_event_type = 'Lock') FROM pg_stat_activity WHERE query LIKE '%CREATE ROLE%' \
                 AND datname = 'ours'";
    until(&admin, "the migration waits for the other one's role", waits).await;
    other.batch_execute("COMMIT").await.unwrap();
    assert_eq!(running.await.unwrap().unwrap(), MIGRATIONS.len());
    let may = "SELECT has_table_privilege('cobrand_gateway', 'transfer', 'INSERT')";
    assert!(admin.query_one(may, &[]).await.unwrap().get::<_, bool>(0));
    cluster.stop().unwrap();
}

#[tokio::test]
async fn a_changed_text_is_refused_by_name() {
    let mut client = client(&empty_database()).await;
    migrate(&mut client).await.unwrap();
    client.batch_execute("UPDATE schema_migration SET checksum = '\\x00' WHERE version = 1").await.unwrap();
    let refused = migrate(&mut client).await;
    assert!(matches!(refused, Err(StoreError::MigrationChanged { version: 1 })), "{refused:?}");
    assert!(refused.unwrap_err().to_string().contains("do not belong together"));
    the_lock_is_free(&client).await;
}

#[tokio::test]
async fn a_newer_database_is_refused_by_name() {
    let mut client = client(&empty_database()).await;
    migrate(&mut client).await.unwrap();
    let known = MIGRATIONS.last().unwrap().version;
    let newer = "INSERT INTO schema_migration (version, name, works_from, checksum) VALUES ($1, 'later', '9.0.0', '')";
    client.execute(newer, &[&(known + 1)]).await.unwrap();
    let refused = migrate(&mut client).await;
    let Err(StoreError::DatabaseIsNewer { found, known: ours }) = refused else { panic!("{refused:?}") };
    assert_eq!((found, ours), (known + 1, known));
    the_lock_is_free(&client).await;
}

#[tokio::test]
async fn a_migration_that_fails_leaves_nothing_and_can_be_run_again() {
    let mut client = client(&empty_database()).await;
    // In the way of a table in the middle of the first migration.
    client.batch_execute("CREATE TABLE transfer (note text)").await.unwrap();
    let failed = migrate(&mut client).await;
    let Err(StoreError::Database(error)) = failed else { panic!("{failed:?}") };
    assert_eq!(error.code().map(|code| code.code()), Some("42P07"));
    assert_eq!(count(&client, TABLES).await, 1, "only what was there");
    assert_eq!(count(&client, "SELECT count(*) FROM schema_migration").await, 0);
    the_lock_is_free(&client).await;
    client.batch_execute("DROP TABLE transfer").await.unwrap();
    assert_eq!(migrate(&mut client).await.unwrap(), MIGRATIONS.len());
}

#[test]
fn migrations_are_numbered_without_gaps() {
    for (place, migration) in (1..).zip(MIGRATIONS) {
        assert_eq!(migration.version, place, "{}", migration.name);
        assert!(!migration.name.is_empty() && !migration.works_from.is_empty());
    }
}

/// No session of the database holds an advisory lock.
async fn the_lock_is_free(client: &tokio_postgres::Client) {
    let held = "SELECT count(*) FROM pg_locks l JOIN pg_database d ON d.oid = l.database \
                WHERE l.locktype = 'advisory' AND d.datname = current_database()";
    assert_eq!(count(client, held).await, 0);
}
